"""PM-VIS: remove the ground truth that its pseudo-masks contradict.

Missing-Data removes what has no pseudo-mask, RIA what overlaps too little with it. Annotations are matched by
their ids. Read and written one video at a time; annotations without any mask left are left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from vislabel import fuse
from vislabel._core import Error
from vislabel._tracks import Tracks
from vislabel.cli.sources import ids_of, picked, some_of
from vislabel.cli.terminal import (
    Clock,
    Report,
    add_threads,
    file_name,
    finite,
    first_of,
    print_json,
    print_steps,
    print_table,
    progress,
    require_apart,
    require_writable,
    use_threads,
    write_list,
)
from vislabel.io import Annotations, Dataset, read_dataset, write_dataset

SUMMARY = "PM-VIS: ground truth without what its pseudo-masks contradict"
EXAMPLE = "vislabel filter train.json --pseudo pseudo.json -o filtered.json --removed removed.json"

_COUNTS = {
    "annotations": "annotations",
    "matched": "with pseudo-masks",
    "masks": "masks",
    "missing": "removed by Missing-Data",
    "inaccurate": "removed by RIA",
    "left": "masks left",
    "dropped": "annotations without any mask, left out",
    "written": "annotations written",
    "videos": "videos written",
    "videos_without": "without pseudo-masks",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("truth", type=file_name, help="dataset JSON, the ground truth, may end in .gz")
    parser.add_argument(
        "--pseudo",
        type=file_name,
        required=True,
        metavar="FILE",
        help="dataset JSON with pseudo-masks of the same annotations, as fuse writes it",
    )
    parser.add_argument(
        "-o", "--output", type=file_name, required=True, help="dataset JSON to write, may end in .gz"
    )
    parser.add_argument(
        "--missing-data",
        choices=("frame", "instance", "off"),
        default="frame",
        help="remove frames without a pseudo-mask, or only annotations without any (frame)",
    )
    parser.add_argument("--ria", type=finite, default=0.6, help="IoU below which RIA removes; 0: off (0.6)")
    parser.add_argument(
        "--removed", type=file_name, metavar="FILE", help="also write what was removed, as a JSON list"
    )
    add_threads(parser)


def run(arguments: argparse.Namespace) -> int:
    """Filter, write, and say what was removed."""
    use_threads(arguments)
    if not 0 <= arguments.ria <= 1:
        raise Error(f"argument --ria: is {arguments.ria:g}, expected 0 to 1")
    written = [("-o", arguments.output)]
    if arguments.removed:
        written.append(("--removed", arguments.removed))
        require_writable(arguments.removed)
    require_apart(written, [("the ground truth", arguments.truth), ("--pseudo", arguments.pseudo)])
    with progress("filter") as report:
        filtering = _Filtering(arguments)
        write_dataset(
            arguments.output,
            filtering.annotations(report),
            categories=filtering.truth.categories,
            info=filtering.truth.info,
            licenses=filtering.truth.licenses,
            extra=filtering.truth.extra,
        )
    if arguments.removed:
        write_list(arguments.removed, filtering.removed)
    seconds, counts = filtering.clock.finish("write"), filtering.counts
    if arguments.json:
        options = {"missing_data": arguments.missing_data, "ria": arguments.ria}
        told = {"output": arguments.output, "removed": arguments.removed, **options}
        print_json({**told, "counts": counts, "seconds": seconds})
        return 0
    print_table(("filtered", "count"), [(_COUNTS[name], count) for name, count in counts.items()])
    print_steps(seconds, filter(None, (arguments.output, arguments.removed)))
    return 0


class _Filtering:
    """One pass over all videos: what every step removes, and how long it takes."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.clock = Clock()
        self.counts = dict.fromkeys(_COUNTS, 0)
        self.removed: list[dict[str, Any]] = []
        with self.clock.step("read"):
            self.truth = read_dataset(arguments.truth)
            self._pseudo = read_dataset(arguments.pseudo)
        _require_same_videos(self.truth, self._pseudo)

    def annotations(self, report: Report) -> Iterator[Annotations]:
        """What is left, one video after the other, those without annotations too.

        *Errors*: at the end, where there was no mask or no pseudo-mask of any annotation.
        """
        for done, video in enumerate(self.truth.videos):
            report(done, len(self.truth))
            with self.clock.step("read"):
                annotations = self.truth.annotations(video.id)
                fused = self._fused(annotations)
            yield self._filtered(annotations, fused)
        if self.counts["annotations"] and not self.counts["masks"]:
            raise Error(f"{self.truth.path}: has no masks, expected ground truth with some to filter")
        if self.counts["annotations"] and not self.counts["matched"]:
            if not any(found.tracks.present.any() for found in self._pseudo):
                raise Error(f"{self._pseudo.path}: has no masks, expected pseudo-masks as fuse writes them")
            raise Error(
                f"{self._pseudo.path}: has no masks of annotations of {self.truth.path}, expected the same "
                "ids in the same videos"
            )

    def _fused(self, annotations: Annotations) -> Tracks:
        """The pseudo-masks [N, T] of the annotations, absent where there are none."""
        video = annotations.video
        if video.id not in self._pseudo:
            self.counts["videos_without"] += 1
            return picked(annotations.tracks[[]], [-1] * len(annotations))
        pseudo = self._pseudo.annotations(video.id)
        places = {given: p for p, given in enumerate(ids_of(pseudo))}
        rows = [places.get(given, -1) for given in ids_of(annotations)]
        fused = picked(pseudo.tracks, rows)
        self.counts["matched"] += int(fused.present.any(axis=1).sum())
        return fused

    def _filtered(self, annotations: Annotations, fused: Tracks) -> Annotations:
        options, tracks = self.arguments, annotations.tracks
        masks = int(tracks.present.sum())
        if options.missing_data != "off":
            with self.clock.step("Missing-Data"):
                found = fuse.missing_data(tracks, fused, per=options.missing_data)
            tracks = found.tracks
            self.counts["missing"] += self._note(annotations, found.removed, None, "missing-data")
        if options.ria:
            with self.clock.step("RIA"):
                found = fuse.remove_inaccurate(tracks, fused, threshold=options.ria)
            tracks = found.tracks
            self.counts["inaccurate"] += self._note(annotations, found.removed, found.iou, "ria")
        kept = np.flatnonzero(tracks.present.any(axis=1))
        for name, count in (
            ("annotations", len(annotations)),
            ("masks", masks),
            ("left", int(tracks.present.sum())),
            ("dropped", len(annotations) - len(kept)),
            ("written", len(kept)),
            ("videos", 1),
        ):
            self.counts[name] += count
        removed = annotations.tracks.present & ~tracks.present
        areas, boxes = annotations.areas, annotations.boxes
        return some_of(
            replace(
                annotations,
                tracks=tracks,
                areas=None if areas is None else np.where(removed, np.nan, areas),
                boxes=None if boxes is None else np.where(removed[..., None], np.nan, boxes),
            ),
            kept,
        )

    def _note(
        self,
        annotations: Annotations,
        removed: npt.NDArray[np.bool_],
        iou: npt.NDArray[np.float64] | None,
        by: str,
    ) -> int:
        """Remember what a step removed, and count it."""
        for n in np.flatnonzero(removed.any(axis=1)):
            frames = np.flatnonzero(removed[n])
            self.removed.append(
                {
                    "video_id": annotations.video.id,
                    "annotation_id": ids_of(annotations)[n],
                    "frames": frames.tolist(),
                    "iou": [0.0] * len(frames) if iou is None else iou[n, frames].tolist(),
                    "by": by,
                }
            )
        return int(removed.sum())


def _require_same_videos(truth: Dataset, pseudo: Dataset) -> None:
    """The videos in both have the same length and size. *Errors*: all that have not."""
    texts = []
    for video in pseudo.videos:
        if video.id not in truth:
            continue
        own = truth.video(video.id)
        if video.length != own.length:
            texts.append(f"video {video.id} ({video.length} frames, expected {own.length})")
        elif video.size != own.size:
            texts.append(f"video {video.id} (size {video.size}, expected {own.size})")
    if texts:
        raise Error(f"{pseudo.path}: does not fit {truth.path}: {first_of(texts)}")
