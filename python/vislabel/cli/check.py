"""Check a results or dataset file: count what is in it, and list everything that is wrong with it."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from vislabel._tracks import Tracks
from vislabel.cli.terminal import Report, file_name, print_json, print_table, printable, progress
from vislabel.io import Annotations, Dataset, Defect, Results
from vislabel.io.defects import (
    LIST_OR_NULL,
    NUMBER_OR_NULL,
    UNIT_OR_NULL,
    Kind,
    in_fields,
    in_list,
    is_number,
)
from vislabel.io.json_files import JsonFile

SUMMARY = "what is in a file, and what is wrong with it"
EXAMPLE = "vislabel check pseudo.json"

_SCORE = Kind("a number", lambda value: is_number(value) or isinstance(value, list))  # per frame, by fuse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("file", type=file_name, help="results or dataset JSON, may end in .gz")


def run(arguments: argparse.Namespace) -> int:
    """Print counts and defects; 2 if there are any."""
    with progress("check") as report:
        survey = _Survey()
        file = JsonFile(arguments.file)  # opened once: it may be a pipe
        if file.is_list:
            kind = "results"
            survey.read_results(Results(file), report)
        else:
            kind = "dataset"
            survey.read_dataset(Dataset(file), report)
    defects = [{"where": defect.where, "what": defect.what} for defect in survey.defects]
    if arguments.json:
        categories = {str(label): count for label, count in sorted(survey.categories.items())}
        summary = {"file": arguments.file, "kind": kind, **survey.counts, "categories": categories}
        print_json({**summary, "notes": survey.notes, "defects": defects})
    else:
        print(f"{printable(arguments.file)}: {kind}\n")
        rows = [(name.replace("_", " "), count) for name, count in survey.counts.items()]
        rows += [(f"category {name}", count) for name, count in sorted(survey.categories.items())]
        print_table(("holds", "count"), rows)
        print("\ndefects:" if defects else "\nno defects")
        for defect in survey.defects:
            print(f"  {printable(defect)}")
        for note in survey.notes:
            print(f"note: {note}")
    if not defects:
        return 0
    count = f"{len(defects)} defect{'' if len(defects) == 1 else 's'}"
    sys.stderr.write(f"vislabel check: {printable(arguments.file)}: {count}\n")
    return 2


class _Survey:
    """What is in a file; tracks of a video with defects are not counted, as they cannot be read."""

    def __init__(self) -> None:
        names = (
            "videos",
            "frames",
            "tracks",
            "with_quality",
            "present",
            "absent",
            "empty",
            "unreadable_videos",
        )
        self.counts = dict.fromkeys(names, 0)
        self.categories: Counter[str | int] = Counter()
        self.defects: list[Defect] = []
        self.notes: list[str] = []

    def read_results(self, results: Results, report: Report) -> None:
        self.defects += results.defects
        without: list[int] = []
        for done, video_id in enumerate(results.video_ids):
            report(done, len(results))
            detections, defects = results.inspect(video_id)
            self.defects += defects
            if detections is None:
                self._unreadable()
                continue
            self._count(detections.tracks, detections.tracks.frames, detections.labels)
            if detections.predicted_iou is None:
                without.append(video_id)
                continue
            self.counts["with_quality"] += len(detections)
            for i, row in zip(results.indices(video_id), detections.predicted_iou.tolist(), strict=True):
                where = f"video {video_id}, result {i}, quality"
                self.defects += in_list(row, where, len(row), "", UNIT_OR_NULL)
        if self.counts["with_quality"]:
            what = 'has no "quality", expected one as the results of other videos have'
            self.defects += [Defect(f"video {video_id}", what) for video_id in without]
        elif without:
            self.notes.append('no result has a "quality" (predicted IoU per frame): select needs --quality')

    def read_dataset(self, dataset: Dataset, report: Report) -> None:
        self.defects += dataset.defects
        self.counts["boxes_only"] = 0
        names = {
            category["id"]: f"{category['id']} {category.get('name', '')}".strip()
            for category in dataset.categories
        }
        for done, video in enumerate(dataset.videos):
            report(done, len(dataset))
            annotations, defects = dataset.inspect(video.id)
            self.defects += defects
            if annotations is None:
                self._unreadable()
                continue
            self._count(annotations.tracks, video.length, annotations.labels, names)
            self.counts["with_quality"] += sum("quality" in extra for extra in annotations.extra)
            self.counts["boxes_only"] += int(_boxes_only(annotations).sum())
            self.defects += _in_annotations(annotations)

    def _unreadable(self) -> None:
        self.counts["videos"] += 1
        self.counts["unreadable_videos"] += 1

    def _count(
        self, tracks: Tracks, frames: int, labels: npt.NDArray[np.int64], names: dict[int, str] | None = None
    ) -> None:
        present = tracks.present
        for name, count in (
            ("videos", 1),
            ("frames", frames),
            ("tracks", len(tracks)),
            ("present", int(present.sum())),
            ("absent", int((~present).sum())),
            ("empty", int((present & (tracks.area == 0)).sum())),
        ):
            self.counts[name] += count
        self.categories.update((names or {}).get(label, label) for label in labels.tolist())


def _in_annotations(annotations: Annotations) -> Iterator[Defect]:
    """What a reader accepts and an evaluator or a trainer stumbles over."""
    tracks, length = annotations.tracks, annotations.video.length
    boxes_only = _boxes_only(annotations)
    for n in range(len(annotations)):
        given = 0 if annotations.ids is None else int(annotations.ids[n])
        where = f"video {annotations.video.id}, annotation id {given}"
        if given < 1:
            yield Defect(where, "expected ids from 1 (the official evaluator never matches id 0)")
        extra = annotations.extra[n] if annotations.extra else {}
        yield from in_fields(extra, where, {}, {"score": _SCORE, "quality": LIST_OR_NULL})
        for name, kind in (("score", NUMBER_OR_NULL), ("quality", UNIT_OR_NULL)):
            if isinstance(extra.get(name), list):
                yield from in_list(extra[name], f"{where}, {name}", length, "the video's length", kind)
        boxes = None if annotations.boxes is None else annotations.boxes[n]
        if boxes is not None and boxes_only[n]:
            for t in np.flatnonzero((boxes[:, 2:] < 0).any(axis=1)):
                place = f"{where}, bboxes[{t}]"
                yield Defect(place, f"is {_text(boxes[t])}, expected sides of at least 0")
            continue
        if annotations.areas is not None:
            yield from _disagreements(where, "areas", annotations.areas[n], tracks.area[n], tracks.present[n])
        fused = isinstance(extra.get("source"), list)  # by fuse: the boxes are those that it was given
        if boxes is not None and not fused and not np.isnan(boxes).all():
            yield from _disagreements(where, "bboxes", boxes, tracks.box[n], tracks.present[n])


def _boxes_only(annotations: Annotations) -> npt.NDArray[np.bool_]:
    """Which annotations [N] have a box in some frame and a mask in none."""
    if annotations.boxes is None:
        return np.zeros(len(annotations), np.bool_)
    boxed = ~np.isnan(annotations.boxes).all(axis=(1, 2))
    return np.asarray(boxed & ~annotations.tracks.present.any(axis=1))


def _disagreements(
    where: str, name: str, given: Any, own: Any, present: npt.NDArray[np.bool_]
) -> Iterator[Defect]:
    """Areas [T] or boxes [T, 4] that are not those of the masks, by more than rounding."""
    for t, (value, expected, there) in enumerate(zip(given, own, present, strict=True)):
        missing = bool(np.isnan(value).any())
        place = f"{where}, {name}[{t}]"
        if missing == there:
            what = "is null where there is a mask" if missing else "is not null where the segmentation is"
            yield Defect(place, what)
        elif there and np.abs(value - expected).max() > 0.5:
            yield Defect(place, f"is {_text(value)}, the mask's is {_text(expected)}")


def _text(value: Any) -> str:
    numbers = np.atleast_1d(value).tolist()
    text = ", ".join(f"{number:g}" for number in numbers)
    return f"[{text}]" if len(numbers) > 1 else text
