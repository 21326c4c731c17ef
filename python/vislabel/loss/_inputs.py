"""What the losses take: maps of logits, and arrays that go with them, on one device."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from vislabel._arrays import ArrayLike, as_array, indices, is_tensor, like, shown
from vislabel._core import Error

OnNaN = Literal["error", "propagate"]
Reduction = Literal["mean", "sum", "none"]


def chosen(value: Any, name: str, choices: Any) -> None:
    """Errors: a value that the option ``name`` does not have."""
    if not isinstance(value, str) or value not in get_args(choices):
        raise Error(f"{name} is {shown(value)}, expected one of: {', '.join(get_args(choices))}")


def floats(x: ArrayLike, name: str, axes: tuple[str, ...]) -> Any:
    """``x`` as a tensor if it is one, else as an array: float32 or float64.

    ``axes`` are the shapes that it may have, such as ``"N,H,W"``.
    """
    array: Any = readable(x, name) if is_tensor(x) else as_array(x, name)
    if array.ndim not in [len(shape.split(",")) for shape in axes]:
        shapes = " or ".join(f"[{shape.replace(',', ', ')}]" for shape in axes)
        raise Error(f"{name} has shape {list(array.shape)}, expected {shapes}")
    kind = str(array.dtype).removeprefix("torch.")
    if kind in ("float16", "bfloat16"):
        return array.float()
    if kind not in ("float32", "float64"):
        raise Error(f"{name} has dtype {kind}, expected floats")
    return array


@contextmanager
def named_for(*names: tuple[str, str]) -> Iterator[None]:
    """Errors of the body whose message begins with the first of a pair begin with the second instead."""
    try:
        yield
    except Error as error:
        for ours, callers in names:
            if str(error).startswith(ours):
                raise Error(callers + str(error).removeprefix(ours)) from None
        raise


def readable(x: Any, name: str) -> Any:
    """The tensor itself. Errors: it is neither on the CPU nor on a GPU, or not dense."""
    dense = str(x.layout) == "torch.strided" and not x.is_nested
    if dense and x.device.type in ("cpu", "cuda") and not x.is_complex():
        return x
    as_array(x, name)  # says why not
    raise Error(f"{name} is a tensor on {x.device}, expected the CPU or a GPU")


def beside(x: ArrayLike, name: str, logits: Any, dtype: Any, kind: str) -> Any:
    """``x`` as the kind of array that ``logits`` is, without a gradient; ``kind`` is torch's ``dtype``."""
    if is_tensor(x):
        x = readable(x, name).detach()
        if not is_tensor(logits):
            x = as_array(x, name)
        elif x.device != logits.device:
            raise Error(f"{name} is on {x.device}, expected {logits.device} as logits")
    elif is_tensor(logits):
        import torch

        compiling = torch.compiler.is_compiling()  # which cannot look into arrays
        x = torch.as_tensor(x) if compiling else like(np.ascontiguousarray(as_array(x, name)), logits)
    if is_tensor(x):
        import torch

        return x.to(logits.device, getattr(torch, kind))
    return np.asarray(as_array(x, name), dtype)


def boxes_beside(boxes: ArrayLike, logits: Any) -> Any:
    """One box per map of logits, float64 [.., 4], where logits are [.., H, W]."""
    boxes = beside(boxes, "boxes", logits, np.float64, "float64")
    wanted = [*logits.shape[:-2], 4]
    if list(boxes.shape) == [0] and wanted[0] == 0:
        boxes = boxes.reshape(wanted)
    if list(boxes.shape) != wanted:
        raise Error(f"boxes has shape {list(boxes.shape)}, expected {wanted}: one box per map of logits")
    return boxes


def integers_beside(x: ArrayLike, name: str, count: int, logits: Any) -> Any:
    """``x`` as int64 [count], the kind of array that ``logits`` is."""
    if is_tensor(x) and is_tensor(logits):
        x = readable(x, name)
        if list(x.shape) == [count] and not (x.is_floating_point() or str(x.dtype) == "torch.bool"):
            return x.long()
        if x.device.type != "cpu":
            kind = str(x.dtype).removeprefix("torch.")
            raise Error(f"{name} has shape {list(x.shape)} and dtype {kind}, expected {count} integers")
    found = like(indices(x, name, count), logits)
    return found.to(logits.device) if is_tensor(found) else found


@contextmanager
def affinity_input(
    maps: npt.NDArray[Any],
    lab: npt.NDArray[Any],
    image: npt.NDArray[np.int64] | None,
    boxes: npt.NDArray[np.float64],
) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    """The arrays as the extension takes them: a batch of images, and one of them for every map of logits."""
    images = lab[None] if lab.ndim == 3 else lab
    if image is None:
        each = np.arange(maps.shape[1]) if maps.ndim == 4 and len(images) > 1 else np.zeros(1, np.int64)
        image = np.resize(each, math.prod(maps.shape[:-2]))
    with named_for(*([("lab[0, ", "lab[")] if lab.ndim == 3 else [])):
        yield maps, images, image, boxes


def reduced(losses: Any, counts: Any, reduction: Reduction) -> Any:
    """One loss per instance as ``reduction`` has it; ``counts`` are their divisors."""
    if reduction == "none":
        return losses / counts.clip(1)
    return losses.sum() if reduction == "sum" else losses.sum() / counts.sum().clip(1)
