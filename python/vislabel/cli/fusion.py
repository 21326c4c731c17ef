"""Fusion of the sources' masks, one video after the other: what `vislabel fuse` writes and counts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from vislabel import fuse
from vislabel._core import Error
from vislabel._options import BoxOverlap
from vislabel._tracks import Tracks
from vislabel.cli.boxes import boxes_of
from vislabel.cli.sources import Given, Rows, Source, ids_of, some_of
from vislabel.cli.terminal import Clock, Report, first_of
from vislabel.io import Annotations, Video, read_dataset

_COUNTS = (
    "videos",
    "annotations",
    "boxes",
    "boxes_of_masks",
    "masks",
    "alone",
    "empty",
    "deleted",
    "absent",
    "written",
)


class Fusion:
    """One pass over all videos: what every step makes, what comes of each source, and how long it takes."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.clock = Clock()
        self.counts = dict.fromkeys(_COUNTS, 0)
        self.keyframes: list[dict[str, Any]] = []
        self.misfits: dict[int, list[str]] = {}
        with self.clock.step("read"):
            self.boxes = read_dataset(arguments.boxes)
            self._sources = [
                Source(name, path, order="in_order" if name in arguments.in_order else "by_id")
                for name, path in arguments.source
            ]
        self._of_sources = {
            source.name: {"masks": 0, "of_annotations": 0, "won": 0} for source in self._sources
        }
        self._overlaps = {source.name: (0.0, 0) for source in self._sources}  # sums of H, numbers of masks

    @property
    def of_sources(self) -> dict[str, dict[str, float | None]]:
        """What came of each source; `box_overlap` is the mean H of Eq. 5, None without a mask in a box."""
        means = {name: total / count if count else None for name, (total, count) in self._overlaps.items()}
        return {name: {**counts, "box_overlap": means[name]} for name, counts in self._of_sources.items()}

    def annotations(self, report: Report) -> Iterator[Annotations]:
        """The pseudo-masks, one video after the other.

        *Errors*: at the end, all videos that do not fit, unless these are to be left out; sources without
        any mask.
        """
        for done, video in enumerate(self.boxes.videos):
            report(done, len(self.boxes))
            with self.clock.step("read"):
                annotations = self.boxes.annotations(video.id)
                rows = self._rows(video, len(annotations))
            # after the first misfit the others are looked for only
            if video.id not in self.misfits and (self.arguments.skip_missing or not self.misfits):
                yield self._fused(annotations, rows)
        for source in self._sources:
            for video_id in source.video_ids:
                if video_id not in self.boxes:
                    self.misfits.setdefault(video_id, []).append(f"in {source.name} alone")
        if self.misfits and not self.arguments.skip_missing:
            raise Error(f"{self.arguments.boxes}: {self._refusal()}: leave such out by --skip-missing")
        if len(self.boxes) and not self.counts["videos"]:
            raise Error(f"{self.arguments.boxes}: nothing is left: {self._refusal()}")
        for source in self._sources:
            masks = self._of_sources[source.name]["masks"]
            if self.counts["boxes"] and not masks and not source.has_masks():
                raise Error(f"{source.path}: has no masks, expected some as it is --source {source.name}")

    def left_out(self) -> list[str]:
        """Every video that does not fit, and why."""
        return [f"video {video} ({', '.join(whys)})" for video, whys in self.misfits.items()]

    def _refusal(self) -> str:
        texts = self.left_out()
        do = "1 video does" if len(texts) == 1 else f"{len(texts)} videos do"
        return f"{do} not fit the sources: {first_of(texts)}"

    def _rows(self, video: Video, count: int) -> dict[str, Rows]:
        """What each source has of a video; a video without annotations need not be there."""
        out: dict[str, Rows] = {}
        for source in self._sources:
            found: Rows | str | None = f"not in {source.name}" if count else None
            if video.id in source:
                found = source.read(video)
            if isinstance(found, str):
                self.misfits.setdefault(video.id, []).append(found)
            elif found is not None:
                out[source.name] = found
        return out

    def _fused(self, annotations: Annotations, rows: dict[str, Rows]) -> Annotations:
        given = {
            source.name: source.given(rows[source.name], annotations, self.arguments.boxes)
            for source in self._sources
            if source.name in rows
        }
        self.counts["videos"] += 1
        if not len(annotations):
            return annotations
        boxes = self._boxes(annotations)
        helper = self._helper(given, annotations.video)
        options = self.arguments
        with self.clock.step("fuse"):
            masks = fuse.pseudo_masks(
                given,
                boxes,
                helper=helper,
                one_to_one=options.one_to_one,
                min_score=options.min_score,
                keyframes_by=options.keyframes_by,
                box_overlap=options.box_overlap,
                margin=options.margin,
                doob_on=options.doob_on,
                rule=options.rule,
            )
            for name, tracks in masks.sources.items():
                found = _box_overlaps(tracks, boxes, options.box_overlap)
                total, count = self._overlaps[name]
                self._overlaps[name] = total + float(found.sum()), count + len(found)
        if options.keyframes:
            with self.clock.step("keyframes"):
                self._choose_keyframes(masks, boxes, annotations, helper)
        self._count(masks, boxes, rows)
        return self._labelled(masks, boxes, annotations)

    def _boxes(self, annotations: Annotations) -> npt.NDArray[np.float64]:
        """The boxes [N, T, 4] of annotations, counted."""
        boxes = boxes_of(annotations, self.boxes.path)
        there = ~np.isnan(boxes[..., 0])
        of_masks = there.any(axis=1)
        if annotations.boxes is not None:
            of_masks &= np.isnan(annotations.boxes).all(axis=(1, 2))
        self.counts["boxes"] += int(there.sum())
        self.counts["boxes_of_masks"] += int(of_masks.sum())
        return boxes

    def _helper(self, given: dict[str, Given], video: Video) -> str | None:
        """The source that unassigned results are compared with, None where there is none."""
        aligned = [name for name, source in given.items() if not isinstance(source, fuse.Unassigned)]
        helper: str | None = self.arguments.helper
        if helper is None:
            helper = aligned[0] if aligned else None
        elif helper not in aligned:
            raise Error(
                f"argument --helper: the results of video {video.id} in {helper} have no annotation_id, "
                "expected a source with one row per annotation"
            )
        if self.arguments.keyframes and helper in (None, self.arguments.keyframes[0]):
            what = "there is none" if helper is None else f"it is {helper} itself"
            raise Error(
                f"argument --keyframes: needs a helper to compare with, but in video {video.id} {what}: "
                "name one by --helper"
            )
        return helper

    def _choose_keyframes(
        self,
        masks: fuse.PseudoMasks,
        boxes: npt.NDArray[np.float64],
        annotations: Annotations,
        helper: str | None,
    ) -> None:
        options = self.arguments
        assert helper is not None  # as `_helper` says
        scm = fuse.scm(
            masks.sources[options.keyframes[0]], masks.sources[helper], boxes, box_overlap=options.box_overlap
        )
        chosen = fuse.keyframes(scm, every=options.every, spread=options.spread)
        for annotation, frames, scores in zip(ids_of(annotations), chosen, scm, strict=True):
            self.keyframes.append(
                {
                    "video_id": annotations.video.id,
                    "annotation_id": annotation,
                    "keyframes": frames.tolist(),
                    "scm": scores[frames].tolist(),
                }
            )

    def _count(self, masks: fuse.PseudoMasks, boxes: npt.NDArray[np.float64], rows: dict[str, Rows]) -> None:
        present = masks.tracks.present
        candidates = np.sum([tracks.present for tracks in masks.sources.values()], axis=0)
        for name, count in (
            ("annotations", len(boxes)),
            ("masks", present.sum()),
            ("alone", (present & (candidates == 1)).sum()),
            ("empty", (present & (masks.tracks.area == 0)).sum()),
            ("deleted", masks.fused.area.sum() - masks.tracks.area.sum()),
            ("absent", (~present.any(axis=1)).sum()),
            ("written", len(self._kept(masks))),
        ):
            self.counts[name] += int(count)
        for s, name in enumerate(masks.names):
            counts = self._of_sources[name]
            counts["masks"] += int(rows[name].tracks.present.sum())
            counts["of_annotations"] += int(masks.sources[name].present.sum())
            counts["won"] += int((masks.winner == s).sum())

    def _kept(self, masks: fuse.PseudoMasks) -> npt.NDArray[np.int64]:
        """Which annotations are written."""
        present = masks.tracks.present
        return np.flatnonzero(present.any(axis=1) | np.bool_(self.arguments.keep_boxes))

    def _labelled(
        self, masks: fuse.PseudoMasks, boxes: npt.NDArray[np.float64], annotations: Annotations
    ) -> Annotations:
        """The fused masks with the annotations' ids, labels and keys.

        Annotations without any mask are left out, and boxes of frames without one, unless boxes are kept.
        """
        tracks, winner, rows = masks.tracks, masks.winner, self._kept(masks)
        score = np.take_along_axis(masks.score, np.maximum(winner, 0)[None], axis=0)[0]
        extra = [
            {
                **annotations.extra[int(n)],
                "score": [None if s < 0 else float(a) for s, a in zip(winner[n], score[n], strict=True)],
                "source": [None if s < 0 else masks.names[s] for s in winner[n]],
            }
            for n in rows
        ]
        fused = replace(
            annotations,
            tracks=tracks,
            areas=None,
            boxes=boxes if self.arguments.keep_boxes else np.where(tracks.present[..., None], boxes, np.nan),
        )
        return replace(some_of(fused, rows), extra=extra)


def _box_overlaps(
    tracks: Tracks, boxes: npt.NDArray[np.float64], box_overlap: BoxOverlap
) -> npt.NDArray[np.float64]:
    """Of every mask with pixels, the overlap H of the box around it with the annotated one."""
    there = (tracks.area > 0) & ~np.isnan(boxes[..., 0])
    # the SCM of a mask with itself is H * H
    scores: npt.NDArray[np.float64] = fuse.scm(tracks, tracks, boxes, box_overlap=box_overlap)
    return np.sqrt(scores[there])
