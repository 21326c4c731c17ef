"""The projection loss: a case by hand, values and gradients as the oracle's, layouts, types, odd boxes."""

from __future__ import annotations

from functools import partial
from typing import Any

import loss_oracle as oracle
import numpy as np
import pytest
import torch
import vislabel as vl
from loss_cases import (
    KINDS,
    LAYOUTS,
    NO_BOX,
    SIZES,
    agree_in_slope,
    agree_with,
    boxes,
    gradient,
    logits,
)

Tensor = torch.Tensor
projection = vl.loss.projection
ONE = 1e-15  # a dice loss is 1 less something
REDUCTIONS: list[Any] = ["mean", "sum", "none"]


def test_a_case_by_hand_is_what_equations_1_and_2_say() -> None:
    x = torch.zeros(1, 2, 3, dtype=torch.float64)  # all probabilities are 1/2
    loss = projection(x, [[0, 0, 2, 2]])
    by_rows = 1 - 2 * (0.5 + 0.5) / (2 * 0.25 + 2 + 1e-5)
    by_columns = 1 - 2 * (0.5 + 0.5) / (3 * 0.25 + 2 + 1e-5)
    assert loss.item() == pytest.approx(by_rows + by_columns, rel=1e-15)


def test_the_right_mask_costs_next_to_nothing_and_the_wrong_one_two() -> None:
    x = torch.full((2, 6, 7), -1000.0)
    x[0, 1:4, 2:6] = 1000.0
    x[1, 0, 0] = 1000.0
    loss = projection(x, [[2, 1, 4, 3]] * 2, reduction="none")
    assert 0 <= loss[0] < 1e-5
    assert loss[1] == 2


@pytest.mark.parametrize("kind", KINDS)
def test_values_and_gradients_are_those_of_plain_torch(kind: str) -> None:
    for seed, size in enumerate(SIZES * 4):
        rng = np.random.default_rng([31, seed])
        shape = (4,) if seed % 2 else (2, 3)
        x, given = logits(rng, (*shape, *size), kind), boxes(rng, shape, size)
        for reduction in REDUCTIONS:
            agree_with(
                partial(projection, boxes=given, reduction=reduction),
                partial(oracle.projection, boxes=given, reduction=reduction),
                x,
                (seed, reduction),
                ONE,
            )


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(3, 5, 6), (2, 3, 5, 6)], ids=str)
def test_the_layout_of_the_logits_changes_no_bit(layout: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(32)
    x, given = logits(rng, shape), boxes(rng, shape[:-2], (5, 6))
    view = LAYOUTS[layout](x)
    assert torch.equal(view, x)
    assert torch.equal(projection(view, given), projection(x, given))
    leaf = view.detach().requires_grad_()
    (slope,) = torch.autograd.grad(projection(leaf, given), leaf)
    assert torch.equal(slope, gradient(lambda y: projection(y, given), x))


def test_logits_of_an_expanded_map_get_their_gradients_summed() -> None:
    rng = np.random.default_rng(33)
    one, given = logits(rng, (1, 5, 6)), boxes(rng, (4,), (5, 6))
    expanded = gradient(lambda y: projection(y.expand(4, 5, 6), given, reduction="sum"), one)
    parts = gradient(lambda y: projection(y, given, reduction="sum"), one.repeat(4, 1, 1))
    agree_in_slope(expanded, parts.sum(0, keepdim=True))
    column = torch.ones(2, 1, 1, dtype=torch.float64)
    value = projection(column.expand(2, 4, 3), given[:2])
    assert torch.equal(value, projection(torch.ones(2, 4, 3, dtype=torch.float64), given[:2]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_types_are_computed_in_float32_and_get_gradients_of_their_type(dtype: torch.dtype) -> None:
    rng = np.random.default_rng(34)
    x, given = logits(rng, (3, 6, 7)).to(dtype), boxes(rng, (3,), (6, 7))
    value = projection(x, given)
    assert value.dtype == torch.float32
    assert torch.equal(value, projection(x.float(), given))
    slope = gradient(lambda y: projection(y, given), x)
    assert slope.dtype == dtype
    assert torch.equal(slope, gradient(lambda y: projection(y, given), x.float()).to(dtype))


def test_weights_per_instance_and_a_scaled_loss_scale_the_gradients() -> None:
    rng = np.random.default_rng(35)
    x, given = logits(rng, (4, 5, 6)), torch.tensor([[1.0, 1, 3, 3]] * 4)
    weights = torch.tensor([0.0, 1.0, -2.0, 0.25], dtype=torch.float64)
    slope = gradient(lambda y: (projection(y, given, reduction="none") * weights).sum(), x)
    each = gradient(lambda y: projection(y, given, reduction="sum"), x)
    agree_in_slope(slope, each * weights[:, None, None])
    assert torch.equal(slope[0], torch.zeros(5, 6, dtype=torch.float64))
    scaled = gradient(lambda y: 65536.0 * projection(y, given), x.float())
    plain = gradient(lambda y: projection(y, given), x.float())
    assert torch.equal(scaled, 65536.0 * plain)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 2, 4, 5)], ids=str)
def test_gradcheck_in_double(reduction: Any, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(36)
    x = logits(rng, shape).requires_grad_()
    given = boxes(rng, shape[:-2], (4, 5))
    given.view(-1, 4)[0] = torch.tensor([0.5, 1, 2, 2])
    assert torch.autograd.gradcheck(
        lambda y: projection(y, given, reduction=reduction),
        (x,),
    )


@pytest.mark.parametrize("shape", [(0, 4, 5), (0, 3, 4, 5), (2, 0, 4, 5)], ids=str)
def test_without_instances_the_loss_is_0_with_gradients(shape: tuple[int, ...]) -> None:
    x = torch.zeros(shape, requires_grad=True)
    for reduction in ("mean", "sum", "none"):
        value = projection(x, torch.zeros(*shape[:-2], 4), reduction=reduction)
        assert value.requires_grad
        assert value.shape == (shape[:-2] if reduction == "none" else ())
        assert value.sum() == 0
        (slope,) = torch.autograd.grad(value.sum(), x)
        assert slope.shape == shape


def test_instances_without_a_box_cost_nothing_are_not_counted_and_not_read() -> None:
    x = torch.zeros(3, 4, 5, dtype=torch.float64)
    given = torch.tensor([NO_BOX, [1, 1, 2, 2], NO_BOX])
    x[0], x[2] = float("nan"), float("inf")
    alone = projection(x[1:2], given[1:2])
    assert torch.equal(projection(x, given), alone)
    assert projection(x, given, reduction="none").tolist() == [0, alone.item(), 0]
    slope = gradient(lambda y: projection(y, given), x)
    assert torch.equal(slope[[0, 2]], torch.zeros(2, 4, 5, dtype=torch.float64))
    nobody = gradient(lambda y: projection(y, given[:1].expand(3, 4)), x)
    assert torch.equal(nobody, torch.zeros(3, 4, 5, dtype=torch.float64))


BOXES: dict[str, list[float]] = {
    "fractions": [0.3, 0.9, 1.5, 1.2],
    "no width between pixels": [2.5, 1, 0, 2],
    "no width on an edge": [2, 1, 0, 2],
    "no height on an edge": [1, 2, 3, 0],
    "left of the frame": [-5, 1, 3, 2],
    "below the frame": [1, 9, 3, 2],
    "right of and below the frame": [8, 8, 2, 2],
    "from left of the frame to its right": [-3, 1, 99, 2],
    "huge": [-1e30, -1e30, 3e30, 3e30],
    "hardly reaching a pixel": [-1, -1, 1.0000001, 1.0000001],
}


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
def test_a_box_covers_what_its_mask_covers(box: list[float]) -> None:
    x = logits(np.random.default_rng(37), (1, 4, 6))
    given = torch.tensor([box], dtype=torch.float64)
    agree_with(partial(projection, boxes=given), partial(oracle.projection, boxes=given), x, box, ONE)


def test_equal_maxima_give_the_gradient_to_the_first() -> None:
    x = torch.zeros(1, 3, 4, dtype=torch.float64)
    slope = gradient(lambda y: projection(y, [[0, 0, 4, 3]]), x)
    assert (slope != 0).tolist() == [[[True] * 4, [True] + [False] * 3, [True] + [False] * 3]]
    x[0, :, 1:] = -0.0  # equal to 0
    assert torch.equal(gradient(lambda y: projection(y, [[0, 0, 4, 3]]), x), slope)


def test_infinite_logits_are_certain() -> None:
    x = torch.full((1, 3, 4), -torch.inf)
    x[0, 1, 2] = torch.inf
    assert 0 <= projection(x, [[2, 1, 1, 1]]).item() < 2e-5
    assert torch.equal(gradient(lambda y: projection(y, [[2, 1, 1, 1]]), x), torch.zeros(1, 3, 4))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", ">f4"])
def test_numpy_arrays_give_numpy(dtype: str) -> None:
    rng = np.random.default_rng(38)
    x, given = logits(rng, (3, 5, 6)), boxes(rng, (3,), (5, 6)).numpy()
    array: Any = x.numpy().astype(dtype)
    value = projection(array, given, reduction="none")
    assert isinstance(value, np.ndarray)
    expected = oracle.projection(torch.from_numpy(array.astype(np.float64)), torch.from_numpy(given), "none")
    np.testing.assert_allclose(value, expected.numpy(), rtol=1e-6)
    assert not isinstance(projection(array, given), torch.Tensor)
