"""The quality target: every query's IoU with the truth that it fits best, from logits of any resolution."""

from __future__ import annotations

from itertools import product
from typing import Any

import loss_cases
import loss_oracle as oracle
import numpy as np
import pytest
import torch
import vislabel as vl
from loss_cases import LAYOUTS
from oracle import random_tracks

Tensor = torch.Tensor
target = vl.loss.quality_target
SIDES = [1, 2, 7, 63, 64, 65]


def agree(given: Any, expected: oracle.Target, what: object = "") -> None:
    assert given.truth.tolist() == expected.truth.tolist(), what
    assert given.iou.shape == expected.iou.shape
    rounded = expected.iou.to(given.iou.dtype)  # quotients of the same integers
    assert torch.equal(given.iou, rounded), what


def smooth(rng: np.random.Generator, shape: tuple[int, ...]) -> Tensor:
    """Blobs and noise, of values that float32 holds."""
    queries, frames, height, width = shape
    y, x = np.arange(height)[:, None] / height, np.arange(width)[None] / width
    centre, radius = rng.random((2, queries, frames, 1, 1)), rng.uniform(0, 0.6, (queries, 1, 1, 1))
    distance = radius - np.hypot(y - centre[0], x - centre[1])
    values = 10 * distance + rng.choice([0.0, 0.5, 3.0], (queries, 1, 1, 1)) * rng.normal(0, 1, shape)
    return torch.from_numpy(np.asarray(values, np.float32)).double()


def test_a_case_by_hand() -> None:
    """2 x 2 logits of one row doubled: weights 1, 3/4, 1/4; values 1, -1 cross 0 in the middle."""
    logits = torch.tensor([[[[1.0, -1.0]]]])  # resized: 1, 0.5, -0.5, -1
    truth = torch.tensor([[[[0, 1, 1, 0]]], [[[1, 1, 1, 0]]], [[[1, 1, 0, 1]]]]).bool()
    found = target(logits, truth)
    assert isinstance(found, vl.loss.QualityTarget)
    assert found.truth.tolist() == [1]  # 1/3, 2/3, 2/3: the first of the best
    assert found.iou.tolist() == [[pytest.approx(2 / 3)]]


@pytest.mark.parametrize(("height", "width"), list(product(SIDES, SIDES)))
def test_any_pair_of_sizes_gives_the_oracle_s_targets(height: int, width: int) -> None:
    """Up, down, and by factors that are no integers."""
    done = 0
    for seed, (h, w) in enumerate([(1, 1), (3, 5), (16, 17), (width, height), (height, width), (70, 66)]):
        rng = np.random.default_rng([61, seed, height, width])
        logits = smooth(rng, (4, 2, h, w))
        if oracle.nearest_to(logits, (height, width)) < 1e-5:
            continue  # a rounding may decide
        dense, present = random_tracks(seed, 3, 2, (height, width))
        truth = torch.from_numpy(dense)
        expected = oracle.quality_target(logits, truth)
        for dtype in (torch.float64, torch.float32):
            agree(target(logits.to(dtype), truth), expected, (h, w, dtype))
        agree(target(logits, vl.Tracks(dense, present)), expected)
        done += 1
    assert done > 0


def test_pixels_that_lie_exactly_at_the_threshold_are_not_set() -> None:
    """Quarters between small integers are exact: whole runs of resized logits are 0."""
    for seed in range(30):
        rng = np.random.default_rng([62, seed])
        logits = torch.from_numpy(rng.integers(-2, 3, (3, 2, 5, 6)).astype(np.float64))
        dense, _ = random_tracks(seed, 3, 2, (20, 24))
        for threshold in (0.0, 0.5, -1.0, 0.25):
            expected = oracle.quality_target(logits, torch.from_numpy(dense), threshold)
            for dtype in (torch.float32, torch.float64, torch.float16, torch.bfloat16):
                found = target(logits.to(dtype), torch.from_numpy(dense), threshold=threshold)
                assert found.iou.dtype == (dtype if dtype.itemsize > 2 else torch.float32)
                agree(found, expected, (seed, threshold, dtype))


def test_the_same_size_is_taken_as_it_is() -> None:
    rng = np.random.default_rng(63)
    logits, (dense, _) = loss_cases.logits(rng, (3, 2, 65, 33), "tied"), random_tracks(5, 4, 2, (65, 33))
    agree(target(logits, torch.from_numpy(dense)), oracle.quality_target(logits, torch.from_numpy(dense)))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_logits_and_truth_changes_no_bit(layout: str) -> None:
    rng = np.random.default_rng(64)
    logits, (dense, _) = smooth(rng, (4, 2, 8, 9)), random_tracks(6, 3, 2, (31, 40))
    change, truth = LAYOUTS[layout], torch.from_numpy(dense)
    expected = target(logits, truth)
    for given in (
        target(change(logits), truth),
        target(logits, change(truth)),
        target(logits, change(truth).byte()),
    ):
        assert torch.equal(given.iou, expected.iou)
        assert torch.equal(given.truth, expected.truth)
    expanded = target(logits[:1].expand(5, 2, 8, 9), truth)
    assert torch.equal(expanded.iou, target(logits[:1].repeat(5, 1, 1, 1), truth).iou)


def test_equal_truths_tie_to_the_first_and_queries_without_pixels_too() -> None:
    truth = torch.zeros(4, 2, 4, 4, dtype=torch.bool)
    truth[1:3, :, 1:3, 1:3] = True
    logits = torch.where(truth[1], 1.0, -1.0)[None]
    assert target(logits, truth).truth.tolist() == [1]
    assert target(logits, truth[[0, 3]]).truth.tolist() == [0]  # all 0
    empty = target(-torch.ones(1, 2, 4, 4), truth)
    assert (empty.truth.tolist(), empty.iou.tolist()) == ([0], [[0, 0]])


def test_the_mean_over_the_frames_decides_not_the_best_frame() -> None:
    frame = torch.zeros(4, 4, dtype=torch.bool)
    full, half = ~frame, frame.clone()
    half[:2] = True
    truth = torch.stack(
        [torch.stack([full, frame]), torch.stack([half, half])]
    )  # means 1/2 and 1/2, then 1/4
    found = target(torch.ones(1, 2, 4, 4), truth)
    assert (found.truth.tolist(), found.iou.tolist()) == ([0], [[1, 0]])
    truth[0, 0, 0, 0] = False
    found = target(torch.ones(1, 2, 4, 4), truth)
    assert (found.truth.tolist(), found.iou.tolist()) == ([1], [[0.5, 0.5]])


@pytest.mark.parametrize("empty_pair", ["zero", "one"])
def test_absent_frames_and_empty_masks_are_empty_pairs(empty_pair: Any) -> None:
    one = float(empty_pair == "one")
    dense = np.ones((1, 3, 2, 2), bool)
    dense[0, 2] = False
    truth = vl.Tracks(dense, [[True, False, True]])
    logits = torch.ones(2, 3, 2, 2)
    logits[0, 1:] = -1
    found = target(logits, truth, empty_pair=empty_pair)
    assert found.iou.tolist() == [[1, one, one], [1, 0, 0]]
    for seed in range(10):
        tracks, _ = random_tracks(seed, 4, 3, (6, 7))
        x = smooth(np.random.default_rng([65, seed]), (5, 3, 6, 7)) - 3
        agree(
            target(x, torch.from_numpy(tracks), empty_pair=empty_pair),
            oracle.quality_target(x, torch.from_numpy(tracks), empty_pair=empty_pair),
        )


def test_no_truths_no_queries_no_frames() -> None:
    logits, truth = torch.ones(2, 3, 4, 5), torch.ones(2, 3, 8, 9, dtype=torch.bool)
    nobody = target(logits, truth[:0])
    assert (nobody.truth.tolist(), nobody.iou.tolist()) == ([-1, -1], [[0] * 3] * 2)
    assert nobody.truth.dtype == torch.int64
    nothing = target(logits[:0], truth)
    assert (nothing.truth.shape, nothing.iou.shape) == ((0,), (0, 3))
    never = target(logits[:, :0], truth[:, :0])
    assert (never.truth.tolist(), never.iou.shape) == ([0, 0], (2, 0))


def test_nan_makes_its_own_frame_nan_and_leaves_the_others() -> None:
    logits, truth = torch.ones(2, 3, 4, 5), torch.ones(2, 3, 8, 10, dtype=torch.bool)
    truth[0] = False
    logits[1, 1, 2, 2] = float("nan")
    found = target(logits, truth, nan="propagate")
    assert found.truth.tolist() == [1, 1]
    assert found.iou[0].tolist() == [1, 1, 1]
    assert found.iou[1].isnan().tolist() == [False, True, False]
    assert found.iou[1, [0, 2]].tolist() == [1, 1]


def test_infinite_logits_are_very_large_ones() -> None:
    logits, truth = torch.full((1, 1, 2, 2), -torch.inf), torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    logits[0, 0, :, 0] = torch.inf
    truth[:, :, :, :2] = True
    assert target(logits, truth).iou.item() == 1
    agree(target(logits[:, :, :1, :1], truth), oracle.Target(torch.tensor([[0.5]]), torch.tensor([0])))


def test_gradients_end_here_and_numpy_gives_numpy() -> None:
    rng = np.random.default_rng(66)
    logits, (dense, _) = smooth(rng, (3, 2, 5, 6)), random_tracks(8, 2, 2, (9, 9))
    found = target(logits.requires_grad_(), torch.from_numpy(dense))
    assert not found.iou.requires_grad
    given = logits.detach().numpy()
    for truth in (dense, vl.Tracks(dense)):
        by_numpy = target(given, truth)
        assert isinstance(by_numpy.iou, np.ndarray)
        assert (by_numpy.iou.dtype, by_numpy.truth.dtype) == (np.float64, np.int64)
        np.testing.assert_array_equal(by_numpy.iou, found.iou.numpy())
