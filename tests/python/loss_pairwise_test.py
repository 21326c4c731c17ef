"""The pairwise affinity loss: a case by hand, values and gradients as the oracle's, thresholds, images."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import loss_cases
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
    agree,
    agree_in_slope,
    agree_with,
    boxes,
    gradient,
    logits,
)

Tensor = torch.Tensor
affinity = vl.loss.pairwise_affinity
FLOATS = [torch.float32, torch.float64]
RULES: list[Any] = ["paper", "reference"]


def grey(*columns: float) -> Tensor:
    """A Lab image of one row."""
    return torch.tensor([[columns], [[0.0] * len(columns)], [[0.0] * len(columns)]], dtype=torch.float64)


def test_a_case_by_hand_is_what_equation_3_says() -> None:
    """One row: pixels 0-2, 1-3, 2-4 are neighbours; columns 0 to 3 are in the box, so the edges 0-2, 1-3,
    2-0, 2-4 and 3-1 count if they are alike, and 1-3, 3-1 are not."""
    p = [0.9, 0.5, 0.8, 0.5, 0.25]
    x = torch.tensor([[[math.log(q / (1 - q)) for q in p]]], dtype=torch.float64)
    lab, box = grey(50, 50, 50, 90, 50), [[0, 0, 4, 1]]
    same_02, same_24 = 0.9 * 0.8 + 0.1 * 0.2, 0.8 * 0.25 + 0.2 * 0.75
    total = -2 * math.log(same_02) - math.log(same_24)
    for rule, divisor in zip(RULES, (5, 3), strict=True):
        assert affinity(x, lab, box, rule=rule).item() == pytest.approx(total / divisor, rel=1e-14)
        assert affinity(x, lab, box, rule=rule, reduction="sum").item() == pytest.approx(total, rel=1e-14)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", KINDS)
def test_values_and_gradients_are_those_of_plain_torch(kind: str, rule: Any) -> None:
    for seed, size in enumerate(SIZES * 2):
        rng = np.random.default_rng([41, seed])
        x, given, lab = logits(rng, (4, *size), kind), boxes(rng, (4,), size), loss_cases.lab(rng, (), size)
        for reduction in ("mean", "sum", "none"):
            options: dict[str, Any] = {"lab": lab, "boxes": given, "rule": rule, "reduction": reduction}
            agree_with(
                partial(affinity, **options),
                partial(oracle.pairwise_affinity, **options),
                x,
                (seed, reduction),
            )


@pytest.mark.parametrize("rule", RULES)
def test_a_video_has_one_image_per_frame(rule: Any) -> None:
    for seed, size in enumerate(SIZES):
        rng = np.random.default_rng([42, seed])
        x, given = logits(rng, (2, 3, *size)), boxes(rng, (2, 3), size)
        lab = loss_cases.lab(rng, (3,), size)
        for reduction in ("mean", "sum", "none"):
            options: dict[str, Any] = {"lab": lab, "boxes": given, "rule": rule, "reduction": reduction}
            agree_with(partial(affinity, **options), partial(oracle.pairwise_affinity, **options), x, seed)


def test_instances_of_several_images_name_theirs() -> None:
    rng = np.random.default_rng(43)
    x, given, lab = logits(rng, (6, 7, 8)), boxes(rng, (6,), (7, 8)), loss_cases.lab(rng, (3,), (7, 8))
    image = [2, 0, 0, 2, 0, 2]
    expected = oracle.pairwise_affinity(x, lab, given, image=image)
    for form in (image, np.array(image), np.array(image, np.uint8), torch.tensor(image)):
        agree(affinity(x, lab, given, image=form), expected)
    each = [affinity(x[n : n + 1], lab[i], given[n : n + 1], reduction="none") for n, i in enumerate(image)]
    assert torch.equal(affinity(x, lab, given, image=image, reduction="none"), torch.cat(each))


@pytest.mark.parametrize("distance", [3.0, 5.0, 1.5, 2.5])
def test_a_similarity_exactly_at_the_threshold_counts_only_for_the_reference(distance: float) -> None:
    x, box = torch.zeros(1, 1, 3, dtype=torch.float64), [[0, 0, 3, 1]]
    lab = grey(50, 0, 50 + distance)
    at = math.exp(-distance / 2)
    for rule, counts in zip(RULES, (False, True), strict=True):
        loss = partial(affinity, x, lab, box, rule=rule, reduction="sum")
        assert (loss(threshold=at).item() > 0) == counts
        assert loss(threshold=math.nextafter(at, 0)).item() > 0
        assert loss(threshold=math.nextafter(at, 1)).item() == 0


def test_equal_colours_have_similarity_1() -> None:
    x, lab, box = torch.zeros(1, 1, 3, dtype=torch.float64), grey(50, 0, 50), [[0, 0, 3, 1]]
    assert affinity(x, lab, box, threshold=1.0).item() == 0
    assert affinity(x, lab, box, threshold=1.0, rule="reference").item() == pytest.approx(math.log(2))
    assert affinity(x, lab, box, threshold=0.0, theta=1e-3).item() == pytest.approx(math.log(2))


def test_the_defaults_are_the_paper_s_0_2_and_the_reference_s_0_3_with_theta_2() -> None:
    x, box = torch.zeros(1, 1, 3, dtype=torch.float64), [[0, 0, 3, 1]]
    for distance, counts in (
        (2.4, (True, True)),
        (2.42, (True, False)),
        (3.21, (True, False)),
        (3.22, (False, False)),
    ):
        found = tuple(
            affinity(x, grey(0, 9, distance), box, rule=rule, reduction="sum").item() > 0 for rule in RULES
        )
        assert found == counts, distance
    assert affinity(x, grey(0, 9, 3.22), box, theta=2.1).item() > 0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_the_logits_and_of_the_image_changes_no_bit(layout: str) -> None:
    rng = np.random.default_rng(44)
    x, given, lab = logits(rng, (3, 6, 9)), boxes(rng, (3,), (6, 9)), loss_cases.lab(rng, (), (6, 9))
    change = LAYOUTS[layout]
    assert torch.equal(affinity(change(x), change(lab), given), affinity(x, lab, given))
    leaf = change(x).detach().requires_grad_()
    (slope,) = torch.autograd.grad(affinity(leaf, change(lab), given), leaf)
    assert torch.equal(slope, gradient(lambda y: affinity(y, lab, given), x))
    turned = lab.permute(1, 2, 0).contiguous().permute(2, 0, 1)  # as a picture lies in memory
    assert torch.equal(affinity(x, turned, given), affinity(x, lab, given))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_types_are_computed_in_float32_and_get_gradients_of_their_type(dtype: torch.dtype) -> None:
    rng = np.random.default_rng(45)
    x, given, lab = (
        logits(rng, (3, 6, 7)).to(dtype),
        boxes(rng, (3,), (6, 7)),
        loss_cases.lab(rng, (), (6, 7)),
    )
    for colours in (lab.to(dtype), lab.float(), lab):
        value = affinity(x, colours, given)
        assert value.dtype == torch.float32
        assert torch.equal(value, affinity(x.float(), colours.float(), given))
        slope = gradient(partial(affinity, lab=colours, boxes=given), x)
        assert slope.dtype == dtype
        same = gradient(partial(affinity, lab=colours.float(), boxes=given), x.float())
        assert torch.equal(slope, same.to(dtype))


@pytest.mark.parametrize("rule", RULES)
def test_weights_per_instance_and_a_scaled_loss_scale_the_gradients(rule: Any) -> None:
    rng = np.random.default_rng(46)
    x, given = logits(rng, (4, 6, 7)), torch.tensor([[1.0, 1, 4, 4]] * 4)
    lab = loss_cases.lab(rng, (), (6, 7))
    loss = partial(affinity, lab=lab, boxes=given, rule=rule)
    weights = torch.tensor([0.0, 1.0, -2.0, 0.25], dtype=torch.float64)
    slope = gradient(lambda y: (loss(y, reduction="none") * weights).sum(), x)
    agree_in_slope(
        slope,
        gradient(
            lambda y: (oracle.pairwise_affinity(y, lab, given, rule=rule, reduction="none") * weights).sum(),
            x,
        ),
    )
    assert torch.equal(slope[0], torch.zeros(6, 7, dtype=torch.float64))
    scaled, plain = (gradient(lambda y, s=s: s * loss(y), x) for s in (65536.0, 1.0))
    assert torch.equal(scaled, 65536.0 * plain)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("rule", RULES)
def test_gradcheck_in_double(rule: Any, reduction: Any) -> None:
    rng = np.random.default_rng(47)
    x, lab = logits(rng, (3, 5, 6)).requires_grad_(), loss_cases.lab(rng, (), (5, 6))
    given = torch.tensor([[0.5, 1, 3, 3], [-2, -2, 20, 20], [3, 0, 1, 5]])
    loss = partial(affinity, lab=lab, boxes=given, rule=rule, reduction=reduction)
    assert torch.autograd.gradcheck(loss, (x,))


@pytest.mark.parametrize("shape", [(0, 4, 5), (0, 3, 4, 5), (2, 0, 4, 5)], ids=str)
def test_without_instances_the_loss_is_0_with_gradients(shape: tuple[int, ...]) -> None:
    x = torch.zeros(shape, requires_grad=True)
    lab = torch.zeros(3, 4, 5) if len(shape) == 3 else torch.zeros(shape[1], 3, 4, 5)
    for reduction in ("mean", "sum", "none"):
        value = affinity(x, lab, torch.zeros(*shape[:-2], 4), reduction=reduction)
        assert value.requires_grad
        assert value.sum() == 0
        (slope,) = torch.autograd.grad(value.sum(), x)
        assert slope.shape == shape


def test_instances_without_a_box_cost_nothing_are_not_counted_and_not_read() -> None:
    x = torch.zeros(3, 4, 5, dtype=torch.float64)
    lab, given = torch.zeros(3, 4, 5), torch.tensor([NO_BOX, [1, 1, 2, 2], NO_BOX])
    x[0] = float("nan")
    alone = affinity(x[1:2], lab, given[1:2])
    assert torch.equal(affinity(x, lab, given), alone)
    assert affinity(x, lab, given, reduction="none").tolist() == [0, alone.item(), 0]
    slope = gradient(lambda y: affinity(y, lab, given), x)
    assert torch.equal(slope[[0, 2]], torch.zeros(2, 4, 5, dtype=torch.float64))


def test_certain_logits_that_agree_cost_nothing_and_those_that_do_not_cost_their_size() -> None:
    lab, box = grey(50, 0, 50), [[0, 0, 3, 1]]
    given = torch.tensor(box * 3)
    for a in (7.0, 7.6, 8.5, 12.0, 20.0, 100.0, 700.0, 715.0, 740.0, 1000.0, 1e30):
        x = torch.tensor([[[a, 0.0, a]], [[-a, 0.0, -a]], [[a, 0.0, -a]]]).double()
        options: dict[str, Any] = {"lab": lab, "boxes": given, "reduction": "none"}
        agree_with(partial(affinity, **options), partial(oracle.pairwise_affinity, **options), x, a)


def test_infinite_logits_are_the_largest_ones() -> None:
    lab, box = grey(50, 0, 50), [[0, 0, 3, 1]]
    loss = partial(affinity, lab=lab, boxes=box, reduction="sum")
    for dtype in FLOATS:
        for a in (torch.inf, -torch.inf):
            x = torch.tensor([[[a, 0.0, a]]], dtype=dtype)
            assert loss(x).item() == 0
            assert torch.equal(gradient(loss, x), torch.zeros(1, 1, 3, dtype=dtype))
            x[0, 0, 2] = -a
            assert loss(x).item() >= torch.finfo(dtype).max
            large = torch.tensor([[[math.copysign(1e30, a), 0.0, -math.copysign(1e30, a)]]], dtype=dtype)
            assert torch.equal(gradient(loss, x), gradient(loss, large))


def test_numpy_arrays_give_numpy() -> None:
    rng = np.random.default_rng(48)
    x, given, lab = logits(rng, (3, 5, 6)), boxes(rng, (3,), (5, 6)), loss_cases.lab(rng, (), (5, 6))
    value: Any = affinity(x.numpy(), lab.numpy(), given.numpy(), reduction="none")
    assert isinstance(value, np.ndarray)
    expected = oracle.pairwise_affinity(x, lab, given, reduction="none")
    np.testing.assert_allclose(value, expected.numpy(), rtol=1e-12)
    assert not isinstance(affinity(x.numpy(), lab.numpy(), given.numpy()), torch.Tensor)
