"""Seeded random logits, boxes, colours and layouts for the losses of training, and how they are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch

Tensor = torch.Tensor
Rng = np.random.Generator
nan = float("nan")
NO_BOX = [nan] * 4

# (H, W): thin, around the distance of neighbours and the lengths of words.
SIZES = [(1, 1), (1, 2), (1, 7), (5, 1), (2, 2), (3, 3), (4, 5), (9, 6), (5, 33), (17, 12)]


def logits(rng: Rng, shape: tuple[int, ...], kind: str = "plain") -> Tensor:
    """Float64 values that float32 holds."""
    values = rng.normal(0, 3, shape)
    if kind == "tied":
        values = rng.integers(-2, 3, shape).astype(float)
    elif kind == "saturated":
        extreme = rng.choice([20.0, 100.0, 1000.0], shape) * rng.choice([-1.0, 1.0], shape)
        values = np.where(rng.random(shape) < 0.5, extreme, values)
    return torch.from_numpy(np.asarray(values, np.float32)).double()


KINDS = ("plain", "tied", "saturated")


def boxes(rng: Rng, shape: tuple[int, ...], size: tuple[int, int]) -> Tensor:
    """Whole and fractional, without area, in part or wholly outside, huge ones, and none."""
    height, width = size
    out = np.empty((*shape, 4))
    for place in np.ndindex(shape):
        x, y = rng.uniform(-0.5 * width, width), rng.uniform(-0.5 * height, height)
        box = [x, y, rng.uniform(0, width), rng.uniform(0, height)]
        match rng.integers(10):
            case 0:
                box = NO_BOX
            case 1:
                box[2 + rng.integers(2)] = 0.0
            case 2:
                box = [-1e6, -1e6, 3e6, 3e6]
            case 3:
                box = [width + 1.5, y, 3.0, 3.0]
            case 4 | 5 | 6:
                box = [float(round(v)) for v in box]
        out[place] = box
    return torch.from_numpy(out)


def lab(rng: Rng, shape: tuple[int, ...], size: tuple[int, int]) -> Tensor:
    """Patches of nearly one colour, some of exactly one; no distance near that of a similarity of 0.2 or 0.3.

    Float64 [.., 3, H, W], values that float32 holds.
    """
    step = 0.5  # 2 ln 5 = 3.22 and 2 ln (10 / 3) = 2.41 are far from square roots of multiples of 1/4
    patches = rng.integers(0, 3, (*shape, 1, *size)) * rng.integers(0, 8, (*shape, 3, 1, 1))
    noise = rng.integers(-2, 3, (*shape, 3, *size)) * rng.integers(0, 2, (*shape, 1, 1, 1))
    return torch.from_numpy(step * (patches + noise) + 40.0)


# --- layouts ------------------------------------------------------------------------------------------------


def transposed(x: Tensor) -> Tensor:
    return x.transpose(-1, -2).contiguous().transpose(-1, -2)


def reversed_axes(x: Tensor) -> Tensor:
    axes = list(range(x.ndim))[::-1]
    return x.permute(axes).contiguous().permute(axes)


def sliced(x: Tensor) -> Tensor:
    wide = torch.full([2 * side + 3 for side in x.shape], 7.0, dtype=x.dtype)
    view = wide[tuple(slice(1, 1 + 2 * side, 2) for side in x.shape)]
    view.copy_(x)
    return view


def channels_last(x: Tensor) -> Tensor:
    """Instances lie side by side, as the channels of a network's output."""
    return x.movedim(0, -1).contiguous().movedim(-1, 0)


def part_of_more(x: Tensor) -> Tensor:
    """Some channels of [N, C, H, W]."""
    wide = torch.full((x.shape[0], 3, *x.shape[1:]), 7.0, dtype=x.dtype)
    wide[:, 1] = x
    return wide[:, 1]


LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "transposed": transposed,
    "reversed axes": reversed_axes,
    "sliced": sliced,
    "channels last": channels_last,
    "part of more": part_of_more,
}


# --- comparing ----------------------------------------------------------------------------------------------


def gradient(loss: Callable[[Tensor], Tensor], x: Tensor, upstream: Tensor | None = None) -> Tensor:
    """By the logits; those of ``upstream`` times the loss where it is given."""
    leaf = x.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    value = loss(leaf)
    (slope,) = torch.autograd.grad(value, leaf, upstream)
    return slope


TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-12}
TINY = {torch.float32: 1e-37, torch.float64: 1e-300}
"""Where a type has few digits left."""


def agree(given: Tensor, expected: Tensor, what: object = "", rounding: float = 0.0) -> None:
    """Values: to a relative 1e-6 in float32 and 1e-12 in float64, or ``rounding`` of the terms of a sum."""
    assert given.shape == expected.shape, what
    torch.testing.assert_close(
        given.double(),
        expected,
        rtol=TOLERANCE[given.dtype],
        atol=TINY[given.dtype] + rounding,
        msg=lambda text: f"{what}: {text}",
    )


def agree_in_slope(given: Tensor, expected: Tensor, what: object = "", rounding: float = 0.0) -> None:
    """Gradients: relative to the largest of the map, or ``rounding`` of the terms of a sum."""
    assert given.shape == expected.shape, what
    if given.numel() == 0:
        return
    tolerance, tiny = TOLERANCE[given.dtype], TINY[given.dtype]
    maps = expected.reshape(-1, *expected.shape[-2:])
    for n, (one, other) in enumerate(zip(given.reshape(maps.shape), maps, strict=True)):
        torch.testing.assert_close(
            one.double(),
            other,
            rtol=tolerance,
            atol=tolerance * float(other.abs().max()) + tiny + rounding,
            msg=lambda text, n=n: f"{what}, map {n}: {text}",
        )


@contextmanager
def one_thread() -> Iterator[None]:
    """For torch, which otherwise waits for a second thread at every small maximum."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def agree_with(
    ours: Callable[[Tensor], Tensor],
    truth: Callable[[Tensor], Tensor],
    x: Tensor,
    what: object = "",
    rounding: float = 0.0,
) -> None:
    """Values, and gradients of a random upstream one, in float32 and float64; the truth in float64."""
    with one_thread():
        expected = truth(x)
        upstream = torch.from_numpy(np.random.default_rng(39).normal(0, 1, tuple(expected.shape))).float()
        slope = gradient(truth, x, upstream.double())
    for dtype in TOLERANCE:
        value, own = ours(x.to(dtype)), gradient(ours, x.to(dtype), upstream.to(dtype))
        assert (value.dtype, own.dtype) == (dtype, dtype)
        agree(value, expected, (what, dtype), rounding)
        agree_in_slope(own, slope, (what, dtype), rounding)
