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

from vislabel import select, set_num_threads
from vislabel._core import Error, __version__
from vislabel.cli.rounds import Labels, merged
from vislabel.cli.terminal import Clock, at_least, finite, print_json, print_table, progress
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
    parser.add_argument("results", help="results JSON, may end in .gz")
    parser.add_argument("-o", "--output", required=True, help="dataset JSON to write, may end in .gz")
    parser.add_argument(
        "--quality",
        metavar="FILE",
        help='predicted IoUs, one entry per result; "none" takes them as 1 everywhere',
    )
    parser.add_argument(
        "--videos", metavar="FILE", help="dataset JSON with names, sizes and lengths of the videos"
    )
    parser.add_argument("--previous", metavar="FILE", help="pseudo-labels of the round before, to merge with")
    add = parser.add_argument
    add(
        "--rule",
        choices=("paper", "reference"),
        default="paper",
        help="where paper and published code differ",
    )
    add("--threshold", type=finite, default=0.75, help="least quality of a selected frame (0.75)")
    add("--iou-threshold", type=finite, default=0.5, help="IoU from which the NMS suppresses (0.5)")
    add("--score-threshold", type=finite, default=0.25, help="least score of a detection (0.25)")
    add(
        "--over-time",
        choices=("any_frame", "volume", "frame_mean"),
        default="any_frame",
        help="IoU of the NMS",
    )
    add(
        "--suppress",
        choices=("at_least", "more_than"),
        default="at_least",
        help="at the IoU threshold itself",
    )
    add(
        "--merge-iou-threshold",
        type=finite,
        default=0.5,
        help="IoU from which two rounds' tracks match (0.5)",
    )
    add("--per-class", action="store_true", help="the NMS suppresses within a category only")
    add("--threads", type=at_least(1), metavar="N", help="threads to use (all cores)")


def run(arguments: argparse.Namespace) -> int:
    """Select, write, and say what every step kept."""
    if arguments.threads is not None:
        set_num_threads(arguments.threads)
    with progress("select") as report:
        selection = _Selection(arguments)
        write_dataset(
            arguments.output,
            selection.annotations(report),
            categories=selection.categories,
            info=_info(arguments),
        )
    seconds = selection.clock.finish("write")
    counts = (
        selection.counts
        if arguments.previous
        else {name: count for name, count in selection.counts.items() if name not in ("matched", "appended")}
    )
    source = {None: "results", "none": "none"}.get(arguments.quality, arguments.quality)
    if arguments.json:
        read = {"videos_read": len(selection.results), "predicted_iou": source, "rule": arguments.rule}
        print_json({"output": arguments.output, **read, "counts": counts, "seconds": seconds})
        return 0
    print_table(("kept", "count"), [(_COUNTS[name], count) for name, count in counts.items()])
    print()
    print_table(("step", "seconds"), list(seconds.items()))
    if source == "none":
        print(
            "\nThe predicted IoU was taken as 1 everywhere (--quality none): the quality is the score alone."
        )
    print(f"\n{arguments.output}")
    return 0


def _info(arguments: argparse.Namespace) -> dict[str, Any]:
    """How the file came to be; no date, so that the same input gives the same bytes."""
    names = ("rule", "threshold", "iou_threshold", "score_threshold", "over_time", "suppress", "per_class")
    return {
        "description": f"AutoQ-VIS pseudo-labels by vislabel {__version__}",
        **{name: getattr(arguments, name) for name in names},
    }


class _Selection:
    """One pass over all videos: what every step keeps, and how long it takes."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.clock = Clock()
        self.counts = dict.fromkeys(_COUNTS, 0)
        with self.clock.step("read"):
            self.videos: Dataset | None = read_dataset(arguments.videos) if arguments.videos else None
            self.previous: Dataset | None = read_dataset(arguments.previous) if arguments.previous else None
            self.results = read_results(
                arguments.results,
                quality=None if arguments.quality == "none" else arguments.quality,
                videos=None if self.videos is None else self.videos.videos,
            )
        # Grows with the labels met where no dataset fixes them; write_dataset writes it last.
        self.categories: list[dict[str, Any]] = []
        for dataset in (self.videos, self.previous):
            if dataset is not None and not self.categories:
                self.categories = list(dataset.categories)
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
                    old = self.previous.annotations(video.id)
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

    def _labels(self, video_id: int) -> Annotations:
        with self.clock.step("read"):
            detections = self.results.video(video_id)
            video = self._video(detections)
        new = self._select(detections, self._predicted_iou(detections))
        if self.previous is None or video_id not in self.previous:
            self.counts["appended"] += len(new.tracks)
            return new.annotations(video)
        with self.clock.step("read"):
            old = self.previous.annotations(video_id)
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
        height, width = detections.tracks.size
        frames = detections.tracks.frames
        names = tuple(f"{detections.video_id}/{t:05d}.jpg" for t in range(frames))
        return Video(detections.video_id, width, height, frames, names)

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
