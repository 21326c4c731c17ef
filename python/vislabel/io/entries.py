"""The annotations of one video as a dataset file holds them: what is wrong with them, and their arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from vislabel._tracks import Tracks
from vislabel.io.defects import (
    BOX_OR_NULL,
    FLAG,
    INTEGER,
    LIST,
    LIST_OR_NULL,
    NUMBER_OR_NULL,
    Defect,
    Kind,
    Shape,
    in_fields,
    in_list,
    in_segmentations,
    is_integer,
)
from vislabel.io.records import Annotations, Video

_NEEDED = {"id": INTEGER, "video_id": INTEGER, "category_id": INTEGER}
_MASKS = {"segmentations": Kind('a list (only with "bboxes" may it be missing)', LIST.holds)}
_OPTIONAL = {
    "areas": LIST,
    "bboxes": LIST,
    "iscrowd": FLAG,
    "width": INTEGER,
    "height": INTEGER,
    "length": INTEGER,
}
_KNOWN = {*_NEEDED, *_MASKS, *_OPTIONAL}


def shape_of(video: Video) -> Shape:
    """What the segmentations of a video must agree with."""
    return Shape(video.length, video.size, f"as video {video.id} has")


def in_annotation(entry: Any, where: str, video: Video, categories: set[int]) -> Iterator[Defect]:
    """Everything that is wrong with an annotation but the run lengths themselves."""
    shape = shape_of(video)
    if "bboxes" in entry:
        yield from in_fields(entry, where, _NEEDED, {"segmentations": LIST_OR_NULL, **_OPTIONAL})
    else:
        yield from in_fields(entry, where, {**_NEEDED, **_MASKS}, _OPTIONAL)
    label = entry.get("category_id")
    if categories and is_integer(label) and label not in categories:
        yield Defect(f"{where}, category_id", f"is {label}, which is not among the categories")
    for name, value in (("width", video.width), ("height", video.height), ("length", video.length)):
        if is_integer(entry.get(name)) and entry[name] != value:
            yield Defect(f"{where}, {name}", f"is {entry[name]}, expected {value}, {shape.source}")
    if isinstance(entry.get("segmentations"), list):
        yield from in_segmentations(entry["segmentations"], f"{where}, segmentations", shape)
    for name, kind in (("areas", NUMBER_OR_NULL), ("bboxes", BOX_OR_NULL)):
        if isinstance(entry.get(name), list):
            yield from in_list(entry[name], f"{where}, {name}", shape.length, shape.source, kind)


def segmentations_of(entry: Any, length: int) -> list[Any]:
    """The run lengths per frame; null in all of them where there are boxes only."""
    masks: list[Any] | None = entry.get("segmentations")
    return [None] * length if masks is None else masks


def annotations_of(video: Video, tracks: Tracks, entries: list[Any]) -> Annotations:
    """The arrays of checked annotations."""
    areas = None
    if entries and all("areas" in entry for entry in entries):
        areas = np.array([entry["areas"] for entry in entries], dtype=np.float64)  # null becomes NaN
    return Annotations(
        video,
        tracks,
        np.array([entry["category_id"] for entry in entries], dtype=np.int64),
        np.array([entry["id"] for entry in entries], dtype=np.int64),
        np.array([entry.get("iscrowd", 0) for entry in entries], dtype=np.bool_),
        areas,
        _boxes(entries, video.length),
        tuple({key: value for key, value in entry.items() if key not in _KNOWN} for entry in entries),
    )


def _boxes(entries: list[Any], length: int) -> npt.NDArray[np.float64] | None:
    """Boxes [N, T, 4], NaN where there is none."""
    if not any("bboxes" in entry for entry in entries):
        return None
    nothing = [np.nan] * 4
    rows = [
        [nothing if box is None else box for box in entry.get("bboxes", [None] * length)] for entry in entries
    ]
    return np.array(rows, dtype=np.float64).reshape(len(entries), length, 4)
