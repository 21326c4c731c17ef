"""IoU of masks, boxes and tracks: integer intersections and unions first, the division last.

Functions take `Masks` and `Tracks`, or dense arrays that make them. Results are NumPy arrays, or torch
tensors where an argument is a tensor. What lies on a GPU is compared there; `best_match` and `box_iou` work
on the CPU alone.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from vislabel import _arrays, _core
from vislabel._arrays import ArrayLike, Float64, Given, Int64, Tensor, like
from vislabel._device import on_device
from vislabel._masks import Masks, as_masks
from vislabel._options import BoxOverlap, Rule
from vislabel._tracks import Tracks, as_tracks

EmptyPair = Literal["zero", "one"]
OverTime = Literal["volume", "any_frame", "frame_mean"]

__all__ = [
    "BestMatch",
    "best_match",
    "box_iou",
    "frame_iou",
    "intersection_and_union",
    "mask_iou",
    "track_iou",
]


@overload
def mask_iou(
    a: Tensor[Given], b: Masks | ArrayLike, *, crowd: ArrayLike | None = ..., empty_pair: EmptyPair = ...
) -> Given: ...
@overload
def mask_iou(
    a: Masks | ArrayLike, b: Tensor[Given], *, crowd: ArrayLike | None = ..., empty_pair: EmptyPair = ...
) -> Given: ...
@overload
def mask_iou(
    a: Masks | ArrayLike, b: Masks | ArrayLike, *, crowd: ArrayLike | None = ..., empty_pair: EmptyPair = ...
) -> Float64: ...
def mask_iou(
    a: Masks | ArrayLike,
    b: Masks | ArrayLike,
    *,
    crowd: ArrayLike | None = None,
    empty_pair: EmptyPair = "zero",
) -> Any:
    """IoU of every pair of masks, float64 [N, M].

    Parameters
    ----------
    a, b : Masks [N], [M]
        Or arrays [N, H, W] of bool or integers, or lists of RLE dicts.
    crowd : array [M], optional
        Where it is not 0, b's mask is a COCO crowd region: intersection / area of a's mask.
    empty_pair : {"zero", "one"}
        The IoU of two empty masks: 0 (COCO, YouTube-VIS, AutoQ-VIS) or 1 (IDOL).

    Raises
    ------
    vislabel.Error
        Different sizes; ``crowd`` of another length than M.
    """
    if on_device(a, b):
        from vislabel.cuda import _iou

        return _iou.mask_iou(a, b, crowd, empty_pair)
    left, right = as_masks(a, "a"), as_masks(b, "b")
    return like(_core.mask_iou(left._packed, right._packed, _flags(crowd, len(right)), empty_pair), a, b)


@overload
def track_iou(
    a: Tensor[Given], b: Tracks | ArrayLike, *, over_time: OverTime = ..., empty_pair: EmptyPair = ...
) -> Given: ...
@overload
def track_iou(
    a: Tracks | ArrayLike, b: Tensor[Given], *, over_time: OverTime = ..., empty_pair: EmptyPair = ...
) -> Given: ...
@overload
def track_iou(
    a: Tracks | ArrayLike, b: Tracks | ArrayLike, *, over_time: OverTime = ..., empty_pair: EmptyPair = ...
) -> Float64: ...
def track_iou(
    a: Tracks | ArrayLike,
    b: Tracks | ArrayLike,
    *,
    over_time: OverTime = "volume",
    empty_pair: EmptyPair = "zero",
) -> Any:
    """IoU of every pair of tracks of one video, float64 [N, M].

    Parameters
    ----------
    a, b : Tracks [N, T], [M, T]
        Or arrays [N, T, H, W] of bool or integers.
    over_time : {"volume", "any_frame", "frame_mean"}
        Sum of intersections / sum of unions (YouTube-VIS); the largest frame IoU (AutoQ-VIS, supplement Eq.
        18); the mean frame IoU over all T frames (AutoQ-VIS's quality target).
    empty_pair : {"zero", "one"}
        The IoU where nothing is on either side (absent or empty): of a frame for "any_frame" and
        "frame_mean", of the whole tracks for "volume".

    Raises
    ------
    vislabel.Error
        Different sizes or numbers of frames.
    """
    if on_device(a, b):
        from vislabel.cuda import _iou

        return _iou.track_iou(a, b, over_time, empty_pair)
    left, right = as_tracks(a, "a"), as_tracks(b, "b")
    return like(_core.track_iou(left._packed, right._packed, over_time, empty_pair), a, b)


@overload
def frame_iou(a: Tensor[Given], b: Tracks | ArrayLike, *, empty_pair: EmptyPair = ...) -> Given: ...
@overload
def frame_iou(a: Tracks | ArrayLike, b: Tensor[Given], *, empty_pair: EmptyPair = ...) -> Given: ...
@overload
def frame_iou(a: Tracks | ArrayLike, b: Tracks | ArrayLike, *, empty_pair: EmptyPair = ...) -> Float64: ...
def frame_iou(a: Tracks | ArrayLike, b: Tracks | ArrayLike, *, empty_pair: EmptyPair = "zero") -> Any:
    """IoU of every pair of tracks in every frame, float64 [N, M, T].

    Parameters
    ----------
    a, b : Tracks [N, T], [M, T]
    empty_pair : {"zero", "one"}
        The IoU of a frame where neither track has a pixel.
    """
    if on_device(a, b):
        from vislabel.cuda import _iou

        return _iou.frame_iou(a, b, empty_pair)
    left, right = as_tracks(a, "a"), as_tracks(b, "b")
    rows = _core.frame_iou(left._packed, right._packed, empty_pair)
    return like(rows.reshape(len(left), len(right), left.frames), a, b)


class BestMatch(NamedTuple):
    """What `best_match` finds."""

    match: Any
    """Int64 [N]: the best track of b; -1: there is none."""
    iou: Any
    """Float64 [N, T]: the frame IoUs with it; 0 where there is none."""


def best_match(
    a: Tracks | ArrayLike, b: Tracks | ArrayLike, *, empty_pair: EmptyPair = "zero", rule: Rule = "paper"
) -> BestMatch:
    """For every track of ``a`` the track of ``b`` with the largest mean frame IoU.

    What the quality of a predicted track is compared with (AutoQ-VIS, Fig. 4): see
    `vislabel.evaluate.rank_correlation`.

    Parameters
    ----------
    a, b : Tracks [N, T], [M, T]
        Or arrays [N, T, H, W] of bool or integers.
    empty_pair : {"zero", "one"}
        The IoU of a frame where neither track has a pixel.
    rule : {"paper", "reference"}
        Of equally good tracks the first, or the last as in the published code.

    Raises
    ------
    vislabel.Error
        Different sizes or numbers of frames.
    """
    left, right = as_tracks(a, "a"), as_tracks(b, "b")
    match, iou = _core.best_match(left._packed, right._packed, empty_pair, rule)
    return BestMatch(like(match, a, b), like(iou, a, b))


@overload
def intersection_and_union(a: Tensor[Given], b: Masks | Tracks | ArrayLike) -> tuple[Given, Given]: ...
@overload
def intersection_and_union(a: Masks | Tracks | ArrayLike, b: Tensor[Given]) -> tuple[Given, Given]: ...
@overload
def intersection_and_union(
    a: Masks | Tracks | ArrayLike, b: Masks | Tracks | ArrayLike
) -> tuple[Int64, Int64]: ...
def intersection_and_union(a: Masks | Tracks | ArrayLike, b: Masks | Tracks | ArrayLike) -> tuple[Any, Any]:
    """Pixels in common and pixels together of every pair, two int64 [N, M]; of tracks summed over the frames.

    Parameters
    ----------
    a, b : Masks or Tracks
        Or arrays [N, H, W] or [N, T, H, W] of bool or integers.
    """
    tracks = isinstance(a, Tracks) or isinstance(b, Tracks) or len(getattr(a, "shape", ())) == 4
    if on_device(a, b):
        from vislabel.cuda import _iou

        return _iou.intersection_and_union(a, b, tracks)
    if tracks:
        counts = _core.track_counts(as_tracks(a, "a")._packed, as_tracks(b, "b")._packed)
    else:
        counts = _core.mask_counts(as_masks(a, "a")._packed, as_masks(b, "b")._packed)
    return like(counts[0], a, b), like(counts[1], a, b)


@overload
def box_iou(
    a: Tensor[Given], b: ArrayLike, *, kind: BoxOverlap = ..., crowd: ArrayLike | None = ...
) -> Given: ...
@overload
def box_iou(
    a: ArrayLike, b: Tensor[Given], *, kind: BoxOverlap = ..., crowd: ArrayLike | None = ...
) -> Given: ...
@overload
def box_iou(
    a: ArrayLike, b: ArrayLike, *, kind: BoxOverlap = ..., crowd: ArrayLike | None = ...
) -> Float64: ...
def box_iou(a: ArrayLike, b: ArrayLike, *, kind: BoxOverlap = "iou", crowd: ArrayLike | None = None) -> Any:
    """IoU or generalised IoU of every pair of boxes, float64 [N, M].

    Parameters
    ----------
    a, b : arrays [N, 4], [M, 4]
        x, y, width, height.
    kind : {"iou", "giou"}
        "giou" subtracts the share of the hull that neither box covers (Rezatofighi et al. 2019), so it lies
        in [-1, 1].

    Raises
    ------
    vislabel.Error
        Boxes that are not finite or have a negative side.
    """
    left, right = _arrays.boxes(a, "a"), _arrays.boxes(b, "b")
    return like(_core.box_iou(left, right, kind, _flags(crowd, len(right))), a, b)


def _flags(crowd: ArrayLike | None, count: int) -> npt.NDArray[np.uint8]:
    """Which columns are crowd regions; of length 0: none."""
    if crowd is None:
        return np.zeros(0, np.uint8)
    return _arrays.flags(crowd, "crowd", (count,), f"one entry per mask or box of b ({count})")
