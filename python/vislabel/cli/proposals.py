"""The masks of results that GBOpt chooses from, and the tracks that the chosen ones make."""

from __future__ import annotations

import argparse
import statistics
from typing import Any

import numpy as np
import numpy.typing as npt

from vislabel._core import Error
from vislabel._tracks import Tracks
from vislabel.cli.frames import chosen_results, video_of
from vislabel.io import Annotations, Dataset, read_dataset, read_results
from vislabel.path import SelectedMasks


class Proposals:
    """The masks of every frame, [T] batches, of the results of one video that reach the score threshold.

    *Units and conventions*: identical masks of a frame are one, of the result with the best score (ties: the
    first); masks without pixels are none. `identical` counts those that are therefore left out. `members` are
    those of a dataset that --videos brings.
    *Errors*: whatever is wrong with the files of results and of videos; no masks.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        dataset = read_dataset(arguments.videos) if arguments.videos else None
        results = read_results(arguments.results, videos=None if dataset is None else dataset.videos)
        found = chosen_results(results, arguments.video_id)
        number, least = found.video_id, arguments.score_threshold
        self.video = video_of(found, None) if dataset is None else dataset.video(number)
        counted = np.arange(len(found)) if least is None else np.flatnonzero(found.scores >= least)
        self._scores, self._labels = found.scores[counted], found.labels[counted]
        self._indices = np.array(results.indices(number), np.int64)[counted]
        self.members = {} if dataset is None else self._members(dataset, arguments.results)
        tracks = found.tracks[counted]
        self._rows = _distinct(tracks, self._scores)
        self.masks = [tracks.frame(t)[rows] for t, rows in enumerate(self._rows)]
        self.identical = int((tracks.area > 0).sum()) - sum(map(len, self._rows))

    def _members(self, dataset: Dataset, path: str) -> dict[str, Any]:
        """What the dataset to write has of that of the videos. *Errors*: labels of none of its categories."""
        unknown = set(self._labels.tolist()) - {category["id"] for category in dataset.categories}
        if dataset.categories and unknown:
            raise Error(
                f"{path}: video {self.video.id}: category_id {min(unknown)} is not among the categories of "
                f"{dataset.path}"
            )
        categories = dataset.categories or None  # None: one for each label
        return {"categories": categories, "licenses": dataset.licenses, "extra": dataset.extra}

    def annotations(self, selected: SelectedMasks, *, iou_threshold: float, gap: int) -> Annotations:
        """The chosen masks as tracks, with the results that they come from.

        *Units and conventions*: the category is that of most masks (ties: the lower id), the score the mean;
        the key "results" has the index in the file per frame, or None.
        """
        linked = selected.link(iou_threshold=iou_threshold, gap=gap)
        labels, extra = [], []
        for row in linked.proposal.tolist():
            sources = [None if k < 0 else rows[k] for k, rows in zip(row, self._rows, strict=True)]
            chosen = [n for n in sources if n is not None]
            values, counts = np.unique(self._labels[chosen], return_counts=True)
            labels.append(values[counts.argmax()])
            indices = [None if n is None else int(self._indices[n]) for n in sources]
            extra.append({"score": statistics.mean(self._scores[chosen].tolist()), "results": indices})
        return Annotations(self.video, linked.tracks, np.array(labels, np.int64), extra=extra)


def _distinct(tracks: Tracks, scores: npt.NDArray[np.float64]) -> list[list[int]]:
    """Per frame the tracks that have pixels, each different ones, ascending.

    Sets that differ only in which of two identical masks they hold would take the places of the K best.
    """
    texts, seen = tracks.to_rle(), tracks.area > 0
    order = np.argsort(-scores, kind="stable")
    out = []
    for t in range(tracks.frames):
        first: dict[object, int] = {}
        for n in order[seen[order, t]].tolist():
            rle = texts[n][t]
            assert rle is not None  # it has pixels
            first.setdefault(rle["counts"], n)
        out.append(sorted(first.values()))
    return out
