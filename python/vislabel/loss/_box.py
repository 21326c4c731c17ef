"""The box-supervised losses: what a mask owes to its box, and to the colours under it."""

from __future__ import annotations

from typing import Any

import numpy as np

from vislabel import _core
from vislabel._arrays import ArrayLike, is_tensor, number
from vislabel._core import Error
from vislabel._options import Rule
from vislabel.loss._inputs import (
    OnNaN,
    Reduction,
    affinity_input,
    beside,
    boxes_beside,
    chosen,
    floats,
    integers_beside,
    reduced,
)

_MAPS = ("N,H,W", "N,T,H,W")


def projection(
    logits: ArrayLike, boxes: ArrayLike, *, reduction: Reduction = "mean", nan: OnNaN = "error"
) -> Any:
    """The projection loss: a mask's shadows on both axes against those of its box.

    Per instance the sum of two dice losses, ``1 - 2 sum(x t) / (sum(x^2) + sum(t^2) + 1e-5)``: x the largest
    probability of every row (every column), t the same of the filled box.

    Parameters
    ----------
    logits : array [N, H, W] or [N, T, H, W]
        Floats. The gradient goes to them, and to the first maximum of each row and column.
    boxes : array [N, 4] or [N, T, 4]
        x, y, width, height in the logits' own pixels; a box covers columns floor(x) up to ceil(x + width) and
        rows likewise. A row of NaN: no box there, no loss, not counted.
    reduction : {"mean", "sum", "none"}
        Over the boxes; "none": [N] or [N, T].
    nan : {"error", "propagate"}
        What NaN among the logits does.

    Returns
    -------
    tensor or NumPy value
        Of the logits' type, float32 for half precision; NumPy: float64. No instances: 0.

    Raises
    ------
    vislabel.Error
        Shapes that do not fit, logits that are no floats, boxes that are not finite or have a negative side,
        tensors on different devices, NaN.

    Source: PM-VIS, Eq. 1-2; BoxInst's dice loss.
    """
    chosen(reduction, "reduction", Reduction)
    chosen(nan, "nan", OnNaN)
    maps = floats(logits, "logits", _MAPS)
    slots = boxes_beside(boxes, maps)
    if is_tensor(maps):
        from vislabel.loss import _ops

        losses = _ops.projection(maps, slots, nan)
    else:
        losses = _core.projection_loss(maps, slots, nan).reshape(maps.shape[:-2])
    counts = 1 if reduction == "none" else (slots == slots).any(-1).sum()
    return losses if reduction == "none" else reduced(losses, counts, reduction)


def pairwise_affinity(
    logits: ArrayLike,
    lab: ArrayLike,
    boxes: ArrayLike,
    *,
    image: ArrayLike | None = None,
    rule: Rule = "paper",
    threshold: float | None = None,
    theta: float = 2.0,
    reduction: Reduction = "mean",
    nan: OnNaN = "error",
) -> Any:
    """The pairwise affinity loss: neighbours of the same colour should get the same label.

    ``-log(p_i p_j + (1 - p_i)(1 - p_j))`` over ordered pairs: a center pixel in the box, and one of its eight
    neighbours at distance 2 (a 3 x 3 kernel of dilation 2), in or out of the box, inside of the frame. A pair
    counts iff ``exp(-|Lab_i - Lab_j| / theta)`` is above the threshold.

    Parameters
    ----------
    logits : array [N, H, W] or [N, T, H, W]
        Floats. The gradient goes to them.
    lab : array [3, H, W], [B, 3, H, W] or [T, 3, H, W]
        The image in CIE L*a*b*, L from 0 to 100, at the logits' resolution: of all instances; of a batch,
        with ``image``; or of the frames of [N, T, H, W].
    boxes : array [N, 4] or [N, T, 4]
        As for `projection`.
    image : array [N] of int, optional
        Which image of ``lab`` each instance is in.
    rule : {"paper", "reference"}
        "paper": similarity > 0.2, the divisor is the number of all pairs; "reference" (AdelaiDet): similarity
        >= 0.3, the divisor is the number of those that count.
    threshold : float, optional
        Another one than the rule's, from 0 to 1.
    theta : float
        In the units of ``lab``.
    reduction : {"mean", "sum", "none"}
        "mean": the sum over all instances by the divisors of all, or by 1 (Eq. 3's 1/N); "sum": the sum over
        all pairs; "none": each instance by its own divisor, [N] or [N, T].
    nan : {"error", "propagate"}
        What NaN among logits or colours does: a NaN colour is like no other one.

    Returns
    -------
    tensor or NumPy value
        Of the logits' type, float32 for half precision; NumPy: float64. No instances: 0.

    Raises
    ------
    vislabel.Error
        As for `projection`; ``lab`` of another size, ``image`` out of range, options out of range.

    Source: PM-VIS, Eq. 3; BoxInst.
    """
    chosen(rule, "rule", Rule)
    chosen(reduction, "reduction", Reduction)
    chosen(nan, "nan", OnNaN)
    maps = floats(logits, "logits", _MAPS)
    slots = boxes_beside(boxes, maps)
    colours = _colours(lab, maps)
    index = _checked_image(image, maps, colours)
    level = None if threshold is None else number(threshold, "threshold")
    options = (rule, level, number(theta, "theta"), nan)
    if is_tensor(maps):
        from vislabel.loss import _ops

        losses, pairs = _ops.pairwise_affinity(maps, colours, index, slots, *options)
    else:
        with affinity_input(maps, colours, index, slots) as arrays:
            results = _core.pairwise_affinity_loss(*arrays, *options)
        losses, pairs = (x.reshape(maps.shape[:-2]) for x in results)
    return reduced(losses, pairs, reduction)


def _colours(lab: ArrayLike, maps: Any) -> Any:
    """[3, H, W] or [B, 3, H, W] of the logits' type."""
    kind = str(maps.dtype).removeprefix("torch.")
    colours = beside(floats(lab, "lab", ("3,H,W", "B,3,H,W")), "lab", maps, np.dtype(kind), kind)
    wanted = [3, *maps.shape[-2:]]
    if list(colours.shape[-3:]) != wanted:
        expected = str(wanted) if colours.ndim == 3 else f"[B, {str(wanted)[1:]}"
        raise Error(f"lab has shape {list(colours.shape)}, expected {expected} as logits")
    return colours


def _checked_image(image: ArrayLike | None, maps: Any, colours: Any) -> Any:
    """``image`` as int64 [N], or None. Errors: images that no instance, or not every one, can find."""
    count, images = maps.shape[0], colours.shape[0] if colours.ndim == 4 else 1
    if maps.ndim == 4:
        if image is not None:
            raise Error("image is given, but logits [N, T, H, W] have one image per frame")
        if images not in (1, maps.shape[1]):
            raise Error(f"lab has {images} images, expected 1 or one per frame of logits ({maps.shape[1]})")
    elif image is None:
        if images != 1 and count > 0:
            raise Error(f"lab has {images} images: image must say which of them each instance is in")
    else:
        return integers_beside(image, "image", count, maps)
    return None
