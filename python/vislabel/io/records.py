"""What the files hold of one video: its frames, its detections, its annotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt

from vislabel._core import Error
from vislabel._tracks import Tracks

_NAMES: Mapping[type, str] = {Integral: "an integer", Sequence: "a list", Mapping: "a dict"}


@dataclass(frozen=True)
class Video:
    """A video of a dataset: its id, its size in pixels, and the names of its frames, `length` of them.

    *Errors*: fields of other types.
    """

    id: int
    width: int
    height: int
    length: int
    file_names: tuple[str, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sizes = dict.fromkeys(("id", "width", "height", "length"), Integral)
        _require(self, {**sizes, "file_names": Sequence, "extra": Mapping})

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.height, self.width


@dataclass(frozen=True, eq=False)
class Annotations:
    """The annotations of one video.

    *Shapes*: `tracks` [N, T]; `labels` int64 [N], the category ids; `ids` int64 [N], from 1, or None:
    numbered when written; `crowd` bool [N], or None: none is; `areas` float64 [N, T] and `boxes` float64 [N,
    T, 4], as in the file, NaN where it has null, or None: those of the masks; `extra` [N], the keys of each
    annotation that this library does not know, or (). *Units and conventions*: an annotation of boxes only is
    absent in every frame; one without boxes among others with boxes has NaN alone, and is written with those
    of its masks. *Errors*: other shapes; tracks of another size than the video.
    """

    video: Video
    tracks: Tracks
    labels: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int64] | None = None
    crowd: npt.NDArray[np.bool_] | None = None
    areas: npt.NDArray[np.float64] | None = None
    boxes: npt.NDArray[np.float64] | None = None
    extra: Sequence[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        _require(self, {"video": Video, "tracks": Tracks})
        count, frames = self.tracks.present.shape
        if frames != self.video.length or (count and tuple(self.tracks.size) != self.video.size):
            wanted = f"{self.video.length} of size {self.video.size} as the video has"
            raise Error(f"tracks have {frames} frames of size {self.tracks.size}, expected {wanted}")
        arrays = {
            "labels": (np.int64, (count,)),
            "ids": (np.int64, (count,)),
            "crowd": (np.bool_, (count,)),
            "areas": (np.float64, (count, frames)),
            "boxes": (np.float64, (count, frames, 4)),
        }
        _convert(self, arrays, optional=("ids", "crowd", "areas", "boxes"))
        for name in ("areas", "boxes"):
            array = getattr(self, name)
            if array is not None and np.isinf(array).any():
                raise Error(f"{name} holds an infinite number")

    def __len__(self) -> int:
        """The number of tracks."""
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Detections:
    """What a detector found in one video.

    *Shapes*: `tracks` [N, T]; `scores` float64 [N]; `labels` int64 [N], the category ids; `predicted_iou`
    float64 [N, T] or None where the file has none, 0 where it has null; `extra` [N], the keys of each result
    that this library does not know, or (). *Errors*: other shapes; NaN.
    """

    video_id: int
    tracks: Tracks
    scores: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]
    predicted_iou: npt.NDArray[np.float64] | None = None
    extra: Sequence[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        _require(self, {"video_id": Integral, "tracks": Tracks})
        count, frames = self.tracks.present.shape
        arrays = {
            "scores": (np.float64, (count,)),
            "labels": (np.int64, (count,)),
            "predicted_iou": (np.float64, (count, frames)),
        }
        _convert(self, arrays, optional=("predicted_iou",))
        for name in ("scores", "predicted_iou"):
            array = getattr(self, name)
            if array is not None and not np.isfinite(array).all():
                raise Error(f"{name} holds a number that is not finite")

    def __len__(self) -> int:
        """The number of tracks."""
        return len(self.scores)


def _require(record: Detections | Annotations | Video, kinds: Mapping[str, type]) -> None:
    """Check the types of fields that are not arrays."""
    for name, kind in kinds.items():
        value = getattr(record, name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise Error(f"{name} is a {type(value).__name__}, expected {_NAMES.get(kind, kind.__name__)}")


def _convert(
    record: Detections | Annotations,
    arrays: Mapping[str, tuple[type[np.generic], tuple[int, ...]]],
    optional: Sequence[str],
) -> None:
    """Turn what was given into arrays of the fields' types, and check their shapes."""
    for name, (kind, shape) in arrays.items():
        given = getattr(record, name)
        if given is None and name in optional:
            continue
        try:
            array = np.asarray(given)
        except ValueError:
            raise Error(f"{name} has rows of different lengths, expected shape {list(shape)}") from None
        if array.size and not np.can_cast(array.dtype, kind, "same_kind"):
            raise Error(f"{name} has dtype {array.dtype}, expected {np.dtype(kind)}")
        array = array.astype(kind, copy=False)
        if array.shape != shape:
            raise Error(f"{name} has shape {list(array.shape)}, expected {list(shape)}")
        object.__setattr__(record, name, array)  # the records are frozen
    if not isinstance(record.extra, Sequence) or not all(
        isinstance(entry, Mapping) for entry in record.extra
    ):
        raise Error("extra: expected a list of one dict per track")
    if len(record.extra) not in (0, shape[0]):
        raise Error(f"extra has {len(record.extra)} entries, expected one per track ({shape[0]}) or none")
