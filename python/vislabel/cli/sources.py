"""The sources of a fusion: files of masks, and how their rows meet the annotations of a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from vislabel._core import Error
from vislabel._tracks import Tracks
from vislabel.cli.frames import sized
from vislabel.fuse import Keyframed, Unassigned
from vislabel.io import Annotations, Dataset, Results, Video
from vislabel.io.defects import INTEGER, in_fields, is_integer, shown
from vislabel.io.given import PathLike
from vislabel.io.json_files import JsonFile

Given = Tracks | Keyframed | Unassigned


@dataclass(frozen=True, eq=False)
class Rows:
    """What a source holds of one video.

    *Shapes*: `tracks` [P, T]; `ids` [P], of the annotations that the rows belong to, or None: not known;
    `keyframes` [P], the frame that each row was started from, None where the file has no such key; `wheres`
    [P], the place in the file.
    """

    tracks: Tracks
    ids: list[int] | None
    keyframes: list[Any]
    wheres: list[str]


class Source:
    """A results or a dataset file with a name.

    *Errors*: a file that is neither, or whose entries belong to no video.
    """

    def __init__(self, name: str, path: PathLike, *, order: str = "by_id") -> None:
        self.name, self.path = name, path
        self._order = order
        file = JsonFile(path)
        self._file: Results | Dataset = Results(file) if file.is_list else Dataset(file)
        if self._file.defects:
            raise Error(f"{path}: {self._file.defects[0]}")

    def __contains__(self, video_id: int) -> bool:
        return video_id in self._file

    @property
    def video_ids(self) -> tuple[int, ...]:
        """The videos, in the order of the file."""
        file = self._file
        return file.video_ids if isinstance(file, Results) else tuple(video.id for video in file.videos)

    def has_masks(self) -> bool:
        """Whether any video of the file has a mask, with or without pixels."""
        file = self._file
        read = file.video if isinstance(file, Results) else file.annotations
        return any(read(video_id).tracks.present.any() for video_id in self.video_ids)

    def read(self, video: Video) -> Rows | str:
        """The rows of a video that the source has, or why they do not fit it."""
        file = self._file
        if isinstance(file, Results):
            return self._of_results(file, video)
        own = file.video(video.id)
        if misfit := self._misfit(own.length, own.size, video):
            return misfit
        found = file.annotations(video.id)
        ids = [] if found.ids is None else found.ids.tolist()
        wheres = [f"{self.path}: video {video.id}, annotation id {given}" for given in ids]
        return Rows(found.tracks, ids, [None] * len(ids), wheres)

    def given(self, rows: Rows, annotations: Annotations, boxes: PathLike) -> Given:
        """The rows as `vislabel.fuse` takes them; `boxes` names the file of the annotations in messages.

        *Units and conventions*: an annotation without a row is absent in every frame. Several rows of one
        annotation are tracks from several keyframes.
        *Errors*: another number of rows where they are in order; ids of no annotation; keyframes that are no
        frames; several rows of one annotation without different ones.
        """
        count, video = len(annotations), annotations.video.id
        if self._order == "in_order":
            if len(rows.tracks) != count:
                raise Error(
                    f"{self.path}: video {video}: has {len(rows.tracks)} rows, expected {count}, one per "
                    f"annotation of {boxes}, as {self.name} is --in-order"
                )
            return rows.tracks
        if rows.ids is None:
            return Unassigned(rows.tracks)
        groups: dict[int, list[int]] = {given: [] for given in ids_of(annotations)}
        for p, (given, where) in enumerate(zip(rows.ids, rows.wheres, strict=True)):
            if given not in groups:
                raise Error(f"{where}: {boxes} has no annotation {given} of this video")
            _require_frame(rows.keyframes[p], rows.tracks.frames, where)
            groups[given].append(p)
        several = max(map(len, groups.values()), default=0)
        columns = [[group[k] if k < len(group) else -1 for group in groups.values()] for k in range(several)]
        if several < 2:
            return picked(rows.tracks, columns[0] if columns else [-1] * count)
        starts = [_starts(rows, given, group, several) for given, group in groups.items()]
        return Keyframed([picked(rows.tracks, column) for column in columns], np.array(starts))

    def _of_results(self, results: Results, video: Video) -> Rows | str:
        found = results.video(video.id)
        size = found.tracks.size if found.tracks.present.any() else video.size
        if misfit := self._misfit(found.tracks.frames, size, video):
            return misfit
        wheres = [f"{self.path}: video {video.id}, result {i}" for i in results.indices(video.id)]
        ids = None
        if self._order == "by_id" and any("annotation_id" in extra for extra in found.extra):
            pairs = zip(found.extra, wheres, strict=True)
            for defect in chain.from_iterable(
                in_fields(extra, where, {"annotation_id": INTEGER}) for extra, where in pairs
            ):
                raise Error(str(defect))
            ids = [extra["annotation_id"] for extra in found.extra]
        keyframes = [extra.get("keyframe") for extra in found.extra]
        return Rows(sized(found, video).tracks, ids, keyframes, wheres)

    def _misfit(self, length: int, size: tuple[int, int], video: Video) -> str | None:
        if length != video.length:
            return f"{length} frames in {self.name}, expected {video.length}"
        if size != video.size:
            return f"size {size} in {self.name}, expected {video.size}"
        return None


def ids_of(annotations: Annotations) -> list[int]:
    """The ids of annotations that were read, which all have one."""
    return [] if annotations.ids is None else annotations.ids.tolist()


def some_of(annotations: Annotations, rows: npt.NDArray[np.int64]) -> Annotations:
    """The given ones of a video's annotations."""
    crowd, areas, boxes = annotations.crowd, annotations.areas, annotations.boxes
    return Annotations(
        annotations.video,
        annotations.tracks[rows],
        annotations.labels[rows],
        None if annotations.ids is None else annotations.ids[rows],
        None if crowd is None else crowd[rows],
        None if areas is None else areas[rows],
        None if boxes is None else boxes[rows],
        [annotations.extra[n] for n in rows] if annotations.extra else (),
    )


def picked(tracks: Tracks, rows: Sequence[int]) -> Tracks:
    """The given rows of tracks; -1: one that is absent in every frame."""
    index = np.array(rows, np.int64)
    if (index >= 0).all():
        return tracks[index]
    nothing = Tracks.from_rle([[None] * tracks.frames], tracks.size, frames=tracks.frames)
    return Tracks.concatenate(tracks, nothing)[np.where(index < 0, len(tracks), index)]


def _require_frame(keyframe: Any, frames: int, where: str) -> None:
    """A keyframe, if there is one, is a frame of the video."""
    if keyframe is not None and (not is_integer(keyframe) or not 0 <= keyframe < frames):
        wanted = f"an integer from 0 to {frames - 1}"
        raise Error(f"{where}, keyframe: expected {wanted}, got {shown(keyframe)}")


def _starts(rows: Rows, given: int, group: list[int], several: int) -> list[int]:
    """The keyframes of the rows of one annotation, and -1 up to the number of those that has the most."""
    if len(group) < 2:
        return [0] * len(group) + [-1] * (several - len(group))  # nothing to choose: no keyframe needed
    starts: list[int] = []
    for p in group:
        start, where = rows.keyframes[p], rows.wheres[p]
        if start is None:
            other = rows.wheres[group[p == group[0]]].rpartition(", ")[2]
            raise Error(
                f"{where}: annotation_id is {given}, as that of {other}, expected one result of each "
                'annotation, or a "keyframe" in all of them'
            )
        if start in starts:
            raise Error(f"{where}, keyframe: is {start}, as that of another result of annotation {given}")
        starts.append(start)
    return starts + [-1] * (several - len(group))
