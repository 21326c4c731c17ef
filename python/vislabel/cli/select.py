"""AutoQ-VIS: select pseudo-labels among the results of a detector.

Spatiotemporal NMS, quality = score x predicted IoU, selection, retention, merge with the round before.
Results are read and the dataset is written one video at a time. Videos without any pseudo-label are left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from vislabel import select
from vislabel._core import Error, __version__
from vislabel.cli.frames import sized, video_of
from vislabel.cli.rounds import Labels, merged
from vislabel.cli.terminal import (
    Clock,
    add_threads,
    file_name,
    finite,
    print_json,
    print_steps,
    print_table,
    progress,
    require_apart,
    use_threads,
)
from vislabel.io import Annotations, Dataset, Detections, Video, read_dataset, read_results, write_dataset

SUMMARY = "AutoQ-VIS: results to pseudo-labels"
EXAMPLE = "vislabel select results.json -o pseudo.json --videos train.json --previous pseudo0.json"

_COUNTS = {
    "detections": "detections",
    "scored": "reach the score threshold",
    "survivors": "survive the NMS",
    "retained": "retained tracks",
    "selected": "selected instance-frames",
    "frames": "frames kept",
    "matched": "matched to the previous round",
    "appended": "new since the previous round",
    "tracks": "tracks written",
    "videos": "videos written",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("results", type=file_name, help="results JSON, may end in .gz")
    parser.add_argument(
        "-o", "--output", type=file_name, required=True, help="dataset JSON to write, may end in .gz"
    )
    parser.add_argument(
        "--quality",
        type=file_name,
        metavar="FILE",
        help='predicted IoUs, one entry per result; "none" takes them as 1 everywhere',
    )
    parser.add_argument(
        "--videos",
        type=file_name,
        metavar="FILE",
        help="dataset JSON with names, sizes and lengths of the videos",
    )
    parser.add_argument(
        "--previous", type=file_name, metavar="FILE", help="pseudo-labels of the round before, to merge with"
    )
    add = parser.add_argument
    add(
        "--rule",
        choices=("paper", "reference"),
        default="paper",
        help="where paper and published code differ (paper)",
    )
    add("--threshold", type=finite, default=0.75, help="least quality of a selected frame (0.75)")
    add("--iou-threshold", type=finite, default=0.5, help="IoU from which the NMS suppresses (0.5)")
    add("--score-threshold", type=finite, default=0.25, help="least score of a detection (0.25)")
    add(
        "--over-time",
        choices=("any_frame", "volume", "frame_mean"),
        default="any_frame",
        help="IoU of the NMS (any_frame)",
    )
    add(
        "--suppress",
        choices=("at_least", "more_than"),
        default="at_least",
        help="at the IoU threshold itself (at_least)",
    )
    add(
        "--merge-iou-threshold",
        type=finite,
        default=0.5,
        help="IoU from which two rounds' tracks match (0.5)",
    )
    add("--per-class", action="store_true", help="the NMS suppresses within a category only")
    add_threads(parser)


def run(arguments: argparse.Namespace) -> int:
    """Select, write, and say what every step kept."""
    use_threads(arguments)
    given = None if arguments.quality == "none" else arguments.quality
    inputs = [("the results", arguments.results), ("--videos", arguments.videos), ("--quality", given)]
    require_apart([("-o", arguments.output)], inputs)  # but it may be --previous, whose place it then takes
    with progress("select") as report:
        selection = _Selection(arguments)
        write_dataset(
            arguments.output,
            selection.annotations(report),
            categories=selection.categories,
            info=_info(arguments),
            licenses=selection.licenses,
            extra=selection.extra,
        )
    seconds = selection.clock.finish("write")
    left_out = () if arguments.previous else ("matched", "appended")
    counts = {name: count for name, count in selection.counts.items() if name not in left_out}
    source = {None: "results", "none": "none"}.get(arguments.quality, arguments.quality)
    if arguments.json:
        read = {"videos_read": len(selection.results), "predicted_iou": source, "rule": arguments.rule}
        best = {"best_quality": selection.best_quality}
        print_json({"output": arguments.output, **read, "counts": counts, **best, "seconds": seconds})
        return 0
    print_table(("kept", "count"), [(_COUNTS[name], count) for name, count in counts.items()])
    if not counts["retained"]:
        print(f"nothing selected: {_why_nothing(selection)}")
    taken = "The predicted IoU was taken as 1 everywhere (--quality none): the quality is the score."
    print_steps(seconds, [arguments.output], taken if source == "none" else "")
    return 0


def _info(arguments: argparse.Namespace) -> dict[str, Any]:
    """How the file came to be; no date, so that the same input gives the same bytes."""
    names = ("rule", "threshold", "iou_threshold", "score_threshold", "over_time", "suppress", "per_class")
    return {
        "description": f"AutoQ-VIS pseudo-labels by vislabel {__version__}",
        **{name: getattr(arguments, name) for name in names},
    }


def _why_nothing(selection: _Selection) -> str:
    options, counts, best = selection.arguments, selection.counts, selection.best_quality
    if not counts["detections"]:
        return "there are no results"
    if not counts["scored"]:
        return f"no result reaches --score-threshold {options.score_threshold:g}"
    if best is None:
        return "no mask has pixels"
    if best < options.threshold:
        return f"the best quality is {best:g}, below --threshold {options.threshold:g}"
    return f"the best quality is {best:g}, but --rule {options.rule} wants tracks selected in 2 common frames"


class _Selection:
    """One pass over all videos: what every step keeps, and how long it takes."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.clock = Clock()
        self.counts = dict.fromkeys(_COUNTS, 0)
        self.best_quality: float | None = None  # of what survives the NMS
        with self.clock.step("read"):
            self.videos: Dataset | None = read_dataset(arguments.videos) if arguments.videos else None
            self.previous: Dataset | None = read_dataset(arguments.previous) if arguments.previous else None
            self.results = read_results(
                arguments.results,
                quality=None if arguments.quality == "none" else arguments.quality,
                videos=None if self.videos is None else self.videos.videos,
            )
        known = [dataset for dataset in (self.videos, self.previous) if dataset is not None]
        # Grows with the labels met where no dataset fixes them; write_dataset writes it last.
        self.categories = list(next((dataset.categories for dataset in known if dataset.categories), []))
        self.licenses = next((dataset.licenses for dataset in known if dataset.licenses), None)
        self.extra = {key: value for dataset in reversed(known) for key, value in dataset.extra.items()}
        self._open = self.videos is None or not self.videos.categories

    def annotations(self, report: Any) -> Iterator[Annotations]:
        """The pseudo-labels, one video after the other; videos of the previous round alone come last."""
        for done, video_id in enumerate(self.results.video_ids):
            report(done, len(self.results))
            labels = self._labels(video_id)
            if len(labels):
                yield self._counted(labels)
        if self.previous is None:
            return
        for video in self.previous.videos:
            if video.id not in self.results:
                with self.clock.step("read"):
                    old = self._old(self.previous, video.id)
                if len(old):
                    # numbered anew: ids of two rounds would collide
                    yield self._counted(replace(old, ids=None))

    def _counted(self, labels: Annotations) -> Annotations:
        self.counts["tracks"] += len(labels)
        self.counts["videos"] += 1
        known = {category["id"] for category in self.categories}
        for label in sorted(set(labels.labels.tolist()) - known) if self._open else ():
            self.categories.append({"id": label, "name": f"category {label}"})
        return labels

    def _require_categories(self, labels: npt.NDArray[np.int64], where: str) -> None:
        unknown = set(labels.tolist()) - {category["id"] for category in self.categories}
        if unknown and not self._open:
            raise Error(
                f"{where}: category_id {min(unknown)} is not among the categories of {self.arguments.videos}"
            )

    def _old(self, previous: Dataset, video_id: int) -> Annotations:
        old = previous.annotations(video_id)
        self._require_categories(old.labels, f"{previous.path}: video {video_id}")
        return old

    def _labels(self, video_id: int) -> Annotations:
        with self.clock.step("read"):
            detections = self.results.video(video_id)
            video = self._video(detections)
        detections = sized(detections, video)
        new = self._select(detections, self._predicted_iou(detections))
        self._require_categories(new.labels, f"{self.results.path}: video {video_id}")
        if self.previous is None or video_id not in self.previous:
            self.counts["appended"] += len(new.tracks)
            return new.annotations(video)
        with self.clock.step("read"):
            old = self._old(self.previous, video_id)
        with self.clock.step("merge"):
            options = {"iou_threshold": self.arguments.merge_iou_threshold, "rule": self.arguments.rule}
            both, matched = merged(old, new, video, str(self.previous.path), options)
        self.counts["matched"] += matched
        self.counts["appended"] += len(new.tracks) - matched
        return both

    def _video(self, detections: Detections) -> Video:
        """The video with all its frames, before some of them are dropped."""
        if self.videos is not None:
            return self.videos.video(detections.video_id)
        known = () if self.previous is None else self.previous.videos
        return video_of(detections, next((old for old in known if old.id == detections.video_id), None))

    def _predicted_iou(self, detections: Detections) -> npt.NDArray[np.float64]:
        if self.arguments.quality == "none":
            return np.ones(detections.tracks.shape)
        if detections.predicted_iou is None:
            raise Error(
                f"{self.arguments.quality or self.results.path}: the results of video {detections.video_id} "
                'have no "quality" (predicted IoU per frame): give it by --quality FILE, or --quality none '
                "to take it as 1"
            )
        return detections.predicted_iou

    def _select(self, detections: Detections, predicted_iou: npt.NDArray[np.float64]) -> Labels:
        """The three steps of `vislabel.select.pseudo_labels`, each with its time."""
        options, tracks, scores = self.arguments, detections.tracks, detections.scores
        with self.clock.step("nms"):
            nms = select.spatiotemporal_nms(
                tracks,
                scores,
                iou_threshold=options.iou_threshold,
                score_threshold=options.score_threshold,
                over_time=options.over_time,
                suppress=options.suppress,
                labels=detections.labels if options.per_class else None,
            )
        with self.clock.step("quality and retention"):
            quality = select.quality(scores, predicted_iou)[nms.kept]
            retained = select.retain(
                tracks[nms.kept], quality, threshold=options.threshold, rule=options.rule
            )
        seen = quality[tracks.area[nms.kept] > 0]
        if seen.size:
            self.best_quality = max(float(seen.max()), self.best_quality or 0.0)
        kept = nms.kept[retained.kept]
        for name, count in (
            ("detections", len(detections)),
            ("scored", int((scores >= options.score_threshold).sum())),
            ("survivors", len(nms.kept)),
            ("retained", len(kept)),
            ("selected", int(retained.selected.sum())),
            ("frames", len(retained.frames) if len(kept) else 0),
        ):
            self.counts[name] += count
        return Labels(
            retained.tracks,
            retained.frames,
            quality[retained.kept][:, retained.frames],
            scores[kept],
            detections.labels[kept],
            [dict(detections.extra[n]) for n in kept],
        )
