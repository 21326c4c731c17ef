"""DropLoss: the paper's rule on every kind of masks, the published code's on sampled points."""

from __future__ import annotations

from typing import Any

import loss_cases
import loss_oracle as oracle
import numpy as np
import pytest
import torch
import vislabel as vl
from loss_cases import LAYOUTS
from oracle import random_masks, random_tracks

weights = vl.loss.drop_loss_weights
SIZES = [(1, 1), (5, 7), (33, 31), (64, 65)]


def strip(*pixels: int, width: int = 200) -> np.ndarray[Any, Any]:
    """Masks of one row, the first so many pixels set."""
    return np.array([[[x < count for x in range(width)]] for count in pixels])


def test_the_weight_is_1_iff_the_largest_iou_is_above_0_01_strictly() -> None:
    truth = strip(100)
    assert weights(strip(1, 2, 0, 100), truth).tolist() == [0, 1, 0, 1]  # 1 / 100 is not above
    assert weights(strip(1), strip(99)).tolist() == [1]
    assert weights(strip(1), strip(101)).tolist() == [0]
    assert weights(strip(1), strip(101, 99, 150)).tolist() == [1]
    assert weights(strip(3, 50), strip(100), threshold=0.5).tolist() == [0, 0]
    assert weights(strip(3, 51), strip(100), threshold=0.5).tolist() == [0, 1]
    assert weights(strip(1, 1, 2), strip(100, 100)).tolist() == [0, 0, 1]  # duplicates change nothing


def test_at_1_of_100_per_hundred_the_rule_is_exact_at_every_scale() -> None:
    """I / U = 1 / 100 in many integers, as binary fractions that are all rounded alike."""
    for count in range(1, 20):
        truth = strip(100 * count, width=2000)
        assert weights(strip(count, count + 1, width=2000), truth).tolist() == [0, 1], count


def test_no_truth_no_prediction_and_no_pixel() -> None:
    some, none = strip(5, 10), strip(5)[:0]
    assert weights(some, none).tolist() == [0, 0]
    assert weights(none, some).tolist() == []
    assert weights(strip(0), strip(0)).tolist() == [0]
    assert weights(strip(0, 5), strip(0), threshold=0.0).tolist() == [0, 0]
    no_pixels = np.zeros((2, 0, 4), bool)
    assert weights(no_pixels, no_pixels).tolist() == [0, 0]
    assert weights(vl.Masks(some), vl.Masks(none)).tolist() == [0, 0]
    assert weights(torch.randn(2, 1, 50), torch.from_numpy(none)).tolist() == [0, 0]


def test_a_negative_threshold_keeps_all_and_1_drops_all() -> None:
    assert weights(strip(0, 5), strip(5), threshold=-1.0).tolist() == [1, 1]
    assert weights(strip(0, 5), strip(5), threshold=1.0).tolist() == [0, 0]
    assert weights(strip(0, 5), strip(5)[:0], threshold=-1.0).tolist() == [0, 0]  # no truth: all 0


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_kind_of_masks_gives_the_oracle_s_weights(size: tuple[int, int]) -> None:
    for seed in range(6):
        a, b = random_masks(seed, 7, size), random_masks(seed + 100, seed % 4, size)
        for threshold in (0.01, 0.3):
            expected = oracle.drop_loss_weights(torch.from_numpy(a), torch.from_numpy(b), threshold)
            masks = vl.Masks(a), vl.Masks(b)
            logits = torch.where(torch.from_numpy(a), 3.0, -0.0)  # 0 is not set
            forms: list[tuple[Any, Any]] = [
                (a, b),
                (a.astype(np.uint8), b.astype(np.int64)),
                (torch.from_numpy(a), torch.from_numpy(b)),
                (torch.from_numpy(a), masks[1]),
                (masks[0], b),
                masks,
                (masks[0], masks[1].to_rle() or b),
                (logits, torch.from_numpy(b)),
                (logits.double(), masks[1]),
                (logits.numpy(), b),
                (logits.bfloat16(), torch.from_numpy(b)),
                *((change(logits), change(torch.from_numpy(b))) for change in LAYOUTS.values()),
            ]
            for n, (predicted, truth) in enumerate(forms):
                found = weights(predicted, truth, threshold=threshold)
                assert found.tolist() == expected, (seed, threshold, n)


def test_the_result_is_of_the_caller_s_kind_and_of_the_logits_type() -> None:
    a = torch.zeros(2, 4, 5, dtype=torch.bool)
    for given, dtype in (
        (a, torch.float32),
        (a.int(), torch.float32),
        (a.float(), torch.float32),
        (a.double(), torch.float64),
        (a.half(), torch.float16),
    ):
        for truth in (a, vl.Masks(a)):
            found = weights(given, truth)
            assert isinstance(found, torch.Tensor)
            assert (found.dtype, found.requires_grad) == (dtype, False)
    assert weights(vl.Masks(a), a).dtype == torch.float32
    for array in (a.numpy(), a.float().numpy(), vl.Masks(a)):
        found = weights(array, a.numpy())
        assert isinstance(found, np.ndarray)
        assert found.dtype == np.float64
    leaf = torch.randn(2, 4, 5, requires_grad=True)
    assert not weights(leaf, a).requires_grad


@pytest.mark.parametrize("size", [(7, 9), (64, 65), (3, 4), (6, 20)], ids=str)
def test_logits_of_another_size_are_resized_bilinearly(size: tuple[int, int]) -> None:
    for seed in range(8):
        rng = np.random.default_rng([51, seed])
        logits = loss_cases.logits(rng, (5, 6, 8)) - 3
        truth = torch.from_numpy(random_masks(seed, 3, size))
        assert oracle.nearest_to(logits, size) > 1e-9
        expected = oracle.drop_loss_weights(oracle.predicted(logits, size), truth, 0.2)
        for given in (logits, *(change(logits) for change in LAYOUTS.values())):
            assert weights(given, truth, threshold=0.2).tolist() == expected
            assert weights(given, vl.Masks(truth), threshold=0.2).tolist() == expected


def test_tracks_are_compared_over_the_whole_video() -> None:
    for seed in range(8):
        a, here = random_tracks(seed, 6, 3, (9, 11))
        b, there = random_tracks(seed + 50, 3, 3, (9, 11))
        for threshold in (0.01, 0.3):
            expected = oracle.drop_loss_weights(torch.from_numpy(a), torch.from_numpy(b), threshold)
            tracks = vl.Tracks(a, here), vl.Tracks(b, there)  # absent: all False
            logits = torch.where(torch.from_numpy(a), 3.0, -1.0)
            for predicted, truth in (
                (a, b),
                tracks,
                (a, tracks[1]),
                (tracks[0], b),
                (torch.from_numpy(a), tracks[1]),
                (logits, tracks[1]),
                (logits, torch.from_numpy(b)),
            ):
                assert weights(predicted, truth, threshold=threshold).tolist() == expected


def test_a_video_s_logits_of_another_size_are_resized_too() -> None:
    rng = np.random.default_rng(52)
    logits, (b, _) = loss_cases.logits(rng, (5, 3, 4, 5)) - 2, random_tracks(7, 3, 3, (9, 11))
    expected = oracle.drop_loss_weights(oracle.predicted(logits, (9, 11)), torch.from_numpy(b), 0.2)
    assert len(set(expected)) == 2
    assert weights(logits, vl.Tracks(b), threshold=0.2).tolist() == expected
    assert weights(logits, torch.from_numpy(b), threshold=0.2).tolist() == expected


# --- the published code's -----------------------------------------------------------------------------------


def test_of_sampled_points_the_soft_iou_counts_and_0_by_0_keeps_the_row() -> None:
    logits = torch.tensor([[0.0, 0.0, 0.0], [-200.0, -200.0, -200.0], [-200.0, 0.0, 0.0], [9.0, 9.0, 9.0]])
    labels = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    assert weights(logits, labels, rule="reference").tolist() == [1, 1, 0, 0]
    assert weights(torch.zeros(2, 0), torch.zeros(2, 0), rule="reference").tolist() == [1, 1]
    assert weights(torch.zeros(0, 5), torch.zeros(0, 5), rule="reference").tolist() == []


def test_a_soft_iou_of_exactly_0_01_is_dropped() -> None:
    labels = torch.zeros(1, 99, dtype=torch.float64)
    labels[0, 7] = 1  # 0.5 / (99 * 0.5 + 1 - 0.5)
    assert weights(torch.zeros(1, 99, dtype=torch.float64), labels, rule="reference").tolist() == [0]
    assert weights(torch.zeros(1, 98, dtype=torch.float64), labels[:, :98], rule="reference").tolist() == [1]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16], ids=str)
def test_random_points_give_the_oracle_s_weights(dtype: torch.dtype) -> None:
    seen = set()
    for seed in range(40):
        rng = np.random.default_rng([53, seed])
        logits = (loss_cases.logits(rng, (6, 40)) - torch.from_numpy(rng.uniform(0, 12, (6, 1)))).to(dtype)
        labels = torch.from_numpy((rng.random((6, 40)) < rng.choice([0, 0.1, 0.5])) * rng.random((6, 40)))
        labels = labels.to(dtype)
        expected = oracle.drop_loss_weights_of_points(logits.double(), labels.double(), 0.02)
        found = weights(logits, labels, rule="reference", threshold=0.02)
        assert (found.tolist(), found.dtype) == (expected, dtype), seed
        by_numpy = weights(logits.numpy(), labels.numpy(), rule="reference", threshold=0.02)
        assert by_numpy.tolist() == expected
        for change in (loss_cases.transposed, loss_cases.sliced):
            same = weights(change(logits), change(labels), rule="reference", threshold=0.02)
            assert same.tolist() == expected
        seen |= set(expected)
    assert seen == {0.0, 1.0}


# --- NaN ----------------------------------------------------------------------------------------------------


def test_nan_makes_its_own_weight_nan_where_it_may() -> None:
    logits, truth = torch.ones(3, 4, 5), torch.ones(1, 4, 5, dtype=torch.bool)
    logits[1, 2, 3] = float("nan")
    for given in (truth, vl.Masks(truth), torch.ones(1, 8, 9, dtype=torch.bool)):
        found = weights(logits, given, nan="propagate")
        assert found.isnan().tolist() == [False, True, False]
        assert found[[0, 2]].tolist() == [1, 1]
    points = weights(logits[:, 2], torch.ones(3, 5), rule="reference", nan="propagate")
    assert points.isnan().tolist() == [False, True, False]
    video = torch.ones(3, 2, 4, 5)
    video[1, 1, 0, 0] = float("nan")
    for size in ((4, 5), (8, 9)):
        found = weights(video, vl.Tracks(torch.ones(1, 2, *size, dtype=torch.bool)), nan="propagate")
        assert found.isnan().tolist() == [False, True, False]
