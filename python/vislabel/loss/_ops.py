"""The losses as operators of torch, ``torch.ops.vislabel``, on the CPU and on GPUs.

Imported when the first tensor comes in. Every operator knows shapes and types without values, for
``torch.compile``; the losses know their gradients.
"""

# No postponed annotations: torch reads the operators' schemas from the real ones.
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vislabel import _core
from vislabel._arrays import as_array
from vislabel._device import on_device
from vislabel.cuda import _loss as device
from vislabel.loss._inputs import affinity_input

Arrays: TypeAlias = AbstractContextManager[
    tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.int64], npt.NDArray[np.float64]]
]


_DEVICES = ("cpu", "cuda")


def _values(x: Tensor, name: str) -> npt.NDArray[Any]:
    return as_array(x, name)


def _upstream(gradient: Tensor) -> npt.NDArray[np.float64]:
    return np.ascontiguousarray(as_array(gradient, "gradient"), np.float64)


def _result(x: npt.NDArray[Any], like: Tensor, *shape: int) -> Tensor:
    return torch.from_numpy(x).to(like.dtype).reshape(shape or like.shape[:-2])


@torch.library.custom_op("vislabel::projection", mutates_args=(), device_types=_DEVICES)
def projection(logits: Tensor, boxes: Tensor, nan: str) -> Tensor:
    """Losses [N] or [N, T]."""
    if on_device(logits):
        found: Tensor = device.projection(logits, boxes).to(logits.dtype)
        return found
    losses = _core.projection_loss(_values(logits, "logits"), _values(boxes, "boxes"), nan)
    return _result(losses, logits)


@projection.register_fake
def _(logits: Tensor, boxes: Tensor, nan: str) -> Tensor:
    return logits.new_empty(logits.shape[:-2])


@torch.library.custom_op("vislabel::projection_backward", mutates_args=(), device_types=_DEVICES)
def projection_backward(gradient: Tensor, logits: Tensor, boxes: Tensor, nan: str) -> Tensor:
    """The gradient by the logits, of their shape."""
    if on_device(logits):
        found: Tensor = device.projection_backward(logits, gradient, boxes)
        return found
    out = torch.empty(logits.shape, dtype=logits.dtype)
    _core.projection_loss_backward(
        _upstream(gradient), _values(logits, "logits"), _values(boxes, "boxes"), nan, out.numpy()
    )
    return out


@projection_backward.register_fake
def _(gradient: Tensor, logits: Tensor, boxes: Tensor, nan: str) -> Tensor:
    return logits.new_empty(logits.shape)


def _keep_projection(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    logits, boxes, ctx.nan = inputs
    ctx.save_for_backward(logits, boxes)


def _projection_gradient(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
    return projection_backward(gradient, *ctx.saved_tensors, ctx.nan), None, None


projection.register_autograd(_projection_gradient, setup_context=_keep_projection)


def _affinity_input(logits: Tensor, lab: Tensor, image: Tensor | None, boxes: Tensor) -> Arrays:
    given = None if image is None else _values(image, "image")
    return affinity_input(_values(logits, "logits"), _values(lab, "lab"), given, _values(boxes, "boxes"))


@torch.library.custom_op("vislabel::pairwise_affinity", mutates_args=(), device_types=_DEVICES)
def pairwise_affinity(
    logits: Tensor,
    lab: Tensor,
    image: Tensor | None,
    boxes: Tensor,
    rule: str,
    threshold: float | None,
    theta: float,
    nan: str,
) -> tuple[Tensor, Tensor]:
    """Sums and divisors, [N] or [N, T]."""
    if on_device(logits):
        sums, divisors = device.pairwise_affinity(logits, lab, image, boxes, rule, threshold, theta)
        return sums.to(logits.dtype), divisors
    with _affinity_input(logits, lab, image, boxes) as arrays:
        losses, pairs = _core.pairwise_affinity_loss(*arrays, rule, threshold, theta, nan)
    return _result(losses, logits), torch.from_numpy(pairs).reshape(logits.shape[:-2])


@pairwise_affinity.register_fake
def _(logits: Tensor, *others: Any) -> tuple[Tensor, Tensor]:
    shape = logits.shape[:-2]
    return logits.new_empty(shape), logits.new_empty(shape, dtype=torch.int64)


@torch.library.custom_op("vislabel::pairwise_affinity_backward", mutates_args=(), device_types=_DEVICES)
def pairwise_affinity_backward(
    gradient: Tensor,
    logits: Tensor,
    lab: Tensor,
    image: Tensor | None,
    boxes: Tensor,
    rule: str,
    threshold: float | None,
    theta: float,
    nan: str,
) -> Tensor:
    """The gradient of the sums by the logits, of their shape."""
    if on_device(logits):
        given = logits, gradient, lab, image, boxes, rule, threshold, theta
        found: Tensor = device.pairwise_affinity_backward(*given)
        return found
    out = torch.empty(logits.shape, dtype=logits.dtype)
    with _affinity_input(logits, lab, image, boxes) as arrays:
        options = rule, threshold, theta, nan
        _core.pairwise_affinity_loss_backward(_upstream(gradient), *arrays, *options, out.numpy())
    return out


@pairwise_affinity_backward.register_fake
def _(gradient: Tensor, logits: Tensor, *others: Any) -> Tensor:
    return logits.new_empty(logits.shape)


def _keep_affinity(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    ctx.save_for_backward(*inputs[:4])
    ctx.options = inputs[4:]
    ctx.mark_non_differentiable(output[1])


def _affinity_gradient(ctx: Any, of_losses: Tensor, of_pairs: Tensor) -> tuple[Tensor | None, ...]:
    gradient = pairwise_affinity_backward(of_losses, *ctx.saved_tensors, *ctx.options)
    return gradient, None, None, None, None, None, None, None


pairwise_affinity.register_autograd(_affinity_gradient, setup_context=_keep_affinity)


@torch.library.custom_op("vislabel::quality_target", mutates_args=(), device_types=_DEVICES)
def quality_target(
    logits: Tensor, truth: Tensor, threshold: float, empty_pair: str, nan: str
) -> tuple[Tensor, Tensor]:
    """IoUs [Q, T] and truths [Q]."""
    if on_device(logits):
        ious, best = device.quality_target(logits, truth, threshold, empty_pair)
        return ious.to(logits.dtype), best
    from vislabel._tracks import as_tracks

    maps, tracks = _values(logits, "logits"), as_tracks(truth, "truth")
    iou, index = _core.quality_target(maps, tracks._packed, threshold, empty_pair, nan)
    return _result(iou, logits), torch.from_numpy(index)


@quality_target.register_fake
def _(logits: Tensor, truth: Tensor, threshold: float, empty_pair: str, nan: str) -> tuple[Tensor, Tensor]:
    return logits.new_empty(logits.shape[:2]), logits.new_empty(logits.shape[:1], dtype=torch.int64)


@torch.library.custom_op("vislabel::drop_loss_weights", mutates_args=(), device_types=_DEVICES)
def drop_loss_weights(predicted: Tensor, truth: Tensor, threshold: float, rule: str, nan: str) -> Tensor:
    """Weights [N], of the type of the logits, else float32."""
    from vislabel.loss._targets import device_weights, weights_of

    if on_device(predicted):
        found: Tensor = device_weights(predicted, truth, threshold, rule)
        return found
    return torch.from_numpy(weights_of(predicted, truth, threshold, rule, nan)).to(_weight_type(predicted))


@drop_loss_weights.register_fake
def _(predicted: Tensor, truth: Tensor, threshold: float, rule: str, nan: str) -> Tensor:
    return predicted.new_empty(predicted.shape[:1], dtype=_weight_type(predicted))


def _weight_type(predicted: Tensor) -> torch.dtype:
    return predicted.dtype if predicted.is_floating_point() else torch.float32
