"""What AutoQ-VIS trains with: which predictions have a mask loss, and the quality of each mask."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt

from vislabel import _core
from vislabel._arrays import ArrayLike, as_array, is_tensor, like, number
from vislabel._core import Error
from vislabel._device import on_device
from vislabel._masks import Masks, as_masks
from vislabel._options import Rule
from vislabel._tracks import Tracks, as_tracks
from vislabel.cuda import _loss as device
from vislabel.iou import EmptyPair
from vislabel.loss._inputs import OnNaN, chosen, floats, named_for, readable


class QualityTarget(NamedTuple):
    """What `quality_target` makes."""

    iou: Any
    """[Q, T]: the IoU of every query's mask with its truth, per frame; 0 where there is no truth."""
    truth: Any
    """Int64 [Q]: which truth that is; -1: there are none."""


def quality_target(
    logits: ArrayLike,
    truth: Tracks | ArrayLike,
    *,
    threshold: float = 0.0,
    empty_pair: EmptyPair = "zero",
    nan: OnNaN = "error",
) -> QualityTarget:
    """The IoU per frame of every query with the truth that it fits best: what the quality predictor learns.

    Parameters
    ----------
    logits : array [Q, T, h, w]
        Floats; resized bilinearly to the truth's size (half-pixel centers) and never stored there.
    truth : Tracks [G, T]
        Or array [G, T, H, W] of bool or integers. Absent frames are empty.
    threshold : float
        A pixel is predicted where the resized logit is above it; 0 is a probability of 0.5.
    empty_pair : {"zero", "one"}
        The IoU of a frame where neither has a pixel.
    nan : {"error", "propagate"}
        What NaN among the logits does: "propagate" makes the target of its frame NaN.

    Returns
    -------
    QualityTarget
        Best is the truth of the largest mean IoU over all T frames, the first of several. Targets of the
        logits' type, float32 for half precision; NumPy: float64. Without gradients.

    Raises
    ------
    vislabel.Error
        Another number of frames, logits that are no floats, maps without pixels, NaN.

    Source: AutoQ-VIS, Sec. 2.1.
    """
    chosen(empty_pair, "empty_pair", EmptyPair)
    chosen(nan, "nan", OnNaN)
    maps = floats(logits, "logits", ("Q,T,h,w",))
    level = number(threshold, "threshold")
    if is_tensor(maps) and is_tensor(truth):
        from vislabel.loss import _ops

        _require_dense(truth, 4, "truth", "[G, T, H, W]")
        _same_device(maps, truth, "truth", "logits")
        return QualityTarget(*_ops.quality_target(maps.detach(), truth.detach(), level, empty_pair, nan))
    if on_device(maps):
        found, best = device.quality_target(maps.detach(), truth, level, empty_pair)
        return QualityTarget(found.to(maps.dtype), best)
    values, tracks = as_array(maps, "logits"), as_tracks(truth, "truth")
    iou, index = _core.quality_target(values, tracks._packed, level, empty_pair, nan)
    if is_tensor(maps):
        return QualityTarget(like(iou, maps).to(maps.dtype), like(index, maps))
    return QualityTarget(like(iou, truth), like(index, truth))


def drop_loss_weights(
    predicted: Masks | Tracks | ArrayLike,
    truth: Masks | Tracks | ArrayLike,
    *,
    threshold: float = 0.01,
    rule: Rule = "paper",
    nan: OnNaN = "error",
) -> Any:
    """DropLoss: the weight of every predicted mask's loss, 1 iff it overlaps some truth, else 0.

    Multiply the mask loss of each prediction by it: objects that the labels miss are not punished.

    Parameters
    ----------
    predicted : Masks [N] or Tracks [N, T]
        Or arrays [N, H, W], [N, T, H, W] of bool or integers, or of floats: logits, predicted where above 0,
        and resized bilinearly where the truth has another size. With ``rule="reference"``: the logits [N, P]
        of sampled points.
    truth : Masks [M] or Tracks [M, T]
        Or arrays [M, H, W], [M, T, H, W] of bool or integers. With ``rule="reference"``: the labels [N, P] of
        the same points, from 0 to 1, of each prediction's own truth.
    threshold : float
        An IoU up to it is none.
    rule : {"paper", "reference"}
        "paper": the largest IoU with any truth, of tracks over the whole video. "reference" (AutoQ-VIS's
        code): the soft IoU of the points, ``sum(p l) / (sum(p) + sum(l) - sum(p l))`` with ``p =
        sigmoid(logit)``; 0 / 0 keeps the row.
    nan : {"error", "propagate"}
        What NaN among logits or labels does: "propagate" makes the weight NaN.

    Returns
    -------
    array [N]
        Of the logits' type; of masks float32 for tensors, float64 for NumPy. No truth: all 0.

    Raises
    ------
    vislabel.Error
        Different sizes, shapes or numbers of frames; labels outside of 0 to 1; NaN.

    Source: AutoQ-VIS, Eq. 1 and its published code.
    """
    chosen(rule, "rule", Rule)
    chosen(nan, "nan", OnNaN)
    level = number(threshold, "threshold")
    if is_tensor(predicted) and is_tensor(truth):
        from vislabel.loss import _ops

        for x, name in ((predicted, "predicted"), (truth, "truth")):
            readable(x, name)
        _same_device(predicted, truth, "truth", "predicted")
        return _ops.drop_loss_weights(predicted.detach(), truth.detach(), level, rule, nan)
    if on_device(predicted, truth):
        return device_weights(predicted, truth, level, rule)
    weights = like(weights_of(predicted, truth, level, rule, nan), predicted, truth)
    if not is_tensor(weights):
        return weights
    return (
        weights.to(predicted.dtype)
        if is_tensor(predicted) and predicted.is_floating_point()
        else weights.float()
    )


def device_weights(predicted: Any, truth: Any, threshold: float, rule: str) -> Any:
    """The weights [N] on the device, of the type of the logits, else float32."""
    if rule == "reference":
        for x, name in ((predicted, "predicted"), (truth, "truth")):
            _refuse_packed(x, name)
        return device.drop_loss_weights_of_points(predicted, truth, threshold)
    return device.drop_loss_weights(predicted, truth, threshold, _of_tracks(predicted, truth))


def _refuse_packed(x: Any, name: str) -> None:
    """Errors: masks or tracks."""
    if isinstance(x, (Masks, Tracks)):
        raise Error(f"{name} is {type(x).__name__}, expected the points [N, P] of rule='reference'")


def _of_tracks(predicted: Any, truth: Any) -> bool:
    """Whether tracks are compared, and not masks. Errors: one of each."""
    tracks = isinstance(predicted, Tracks) or isinstance(truth, Tracks) or _axes(predicted) == 4
    kind: Any = Tracks if tracks else Masks
    for x, name in ((predicted, "predicted"), (truth, "truth")):
        if isinstance(x, (Masks, Tracks)) and not isinstance(x, kind):
            raise Error(f"{name} is {type(x).__name__}, expected {kind.__name__}, as the other one")
    return tracks


def weights_of(predicted: Any, truth: Any, threshold: float, rule: str, nan: str) -> npt.NDArray[Any]:
    """The weights as float64 [N]."""
    if rule == "reference":
        return _weights_of_points(predicted, truth, threshold, nan)
    of_tracks = _of_tracks(predicted, truth)
    packed: Any = as_tracks if of_tracks else as_masks
    labels = packed(truth, "truth")._packed
    if not isinstance(predicted, (Masks, Tracks)):
        predicted = as_array(predicted, "predicted")
        if predicted.dtype.kind == "f":
            maps = floats(predicted, "predicted", ("N,T,h,w",) if of_tracks else ("N,h,w",))
            with named_for(("logits", "predicted")):
                return _core.drop_loss_weights_of_logits(maps, labels, threshold, nan)
    return _core.drop_loss_weights(packed(predicted, "predicted")._packed, labels, threshold)


def _weights_of_points(predicted: Any, truth: Any, threshold: float, nan: str) -> npt.NDArray[Any]:
    for x, name in ((predicted, "predicted"), (truth, "truth")):
        _refuse_packed(x, name)
    logits = floats(as_array(predicted, "predicted"), "predicted", ("N,P",))
    labels = as_array(truth, "truth").astype(logits.dtype, copy=False)
    if labels.shape != logits.shape:
        raise Error(f"truth has shape {list(labels.shape)}, expected {list(logits.shape)} as predicted")
    with named_for(("logits", "predicted"), ("labels", "truth")):
        return _core.drop_loss_weights_of_points(logits, labels, threshold, nan)


def _axes(x: Any) -> int:
    return getattr(x, "ndim", 0)


def _require_dense(x: Any, axes: int, name: str, expected: str) -> None:
    """Errors: a tensor that is no dense masks of so many axes."""
    if readable(x, name).ndim != axes:
        raise Error(f"{name} has shape {list(x.shape)}, expected {expected}")


def _same_device(a: Any, b: Any, name: str, other: str) -> None:
    """Errors: tensors on different devices."""
    if a.device != b.device:
        raise Error(f"{name} is on {b.device}, expected {a.device} as {other}")
