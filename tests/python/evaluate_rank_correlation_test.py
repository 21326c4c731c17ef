"""Rank correlation: equal to scipy, exact where it must be, what goes in and out."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import oracle
import pytest
import torch
import vislabel as vl
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

nan, inf = float("nan"), float("inf")
seeds = st.integers(0, 2**32 - 1)
CLOSE = 1e-12


def pairs(seed: int, count: int, different: int | None) -> tuple[Any, Any]:
    """Two sides that depend on each other; ``different``: how many values there are to tie on."""
    rng = np.random.default_rng(seed)
    a = rng.random(count)
    b = rng.choice([-1, 0.3, 2]) * a + rng.random(count)
    return (a, b) if different is None else (np.floor(a * different), np.floor(b * different))


def check(a: Any, b: Any) -> None:
    result = vl.evaluate.rank_correlation(a, b)
    assert abs(result.spearman - stats.spearmanr(a, b).statistic) < CLOSE
    assert abs(result.pearson - stats.pearsonr(a, b).statistic) < CLOSE


@pytest.mark.parametrize("count", [2, 3, 5, 8, 9, 255, 256, 257, 1000, 20_000])
@pytest.mark.parametrize("different", [None, 1000, 7, 2])
def test_both_equal_scipy(count: int, different: int | None) -> None:
    for seed in range(5):
        a, b = pairs(count + seed, count, different)
        if (a == a[0]).all() or (b == b[0]).all():
            continue
        check(a, b)
        check(a * 1e-200, b * 1e200)
        check(np.exp(20 * a / a.max()), -b)


def test_offsets_cost_no_digits_where_scipy_agrees_and_none_where_it_gives_in() -> None:
    a, b = pairs(1, 1000, 1 << 12)
    expected = vl.evaluate.rank_correlation(a, b)
    check(a + 2.0**20, b)
    for offset in (2.0**20, 1e9, 2.0**39):  # exact sums: whole numbers
        moved = vl.evaluate.rank_correlation(a + offset, b - offset)
        assert moved.spearman == expected.spearman
        assert abs(moved.pearson - expected.pearson) < 1e-15
    assert abs(vl.evaluate.rank_correlation(1e9 + a * 2.0**-22, b).pearson - expected.pearson) < 1e-15


def test_the_largest_and_smallest_numbers_neither_overflow_nor_vanish() -> None:
    a, b = pairs(2, 100, None)
    expected = vl.evaluate.rank_correlation(a, b)
    for factor in (1e300, -1.7e308, 1e-290):
        result = vl.evaluate.rank_correlation(a * factor, b)
        assert result.spearman == np.sign(factor) * expected.spearman
        assert abs(result.pearson - np.sign(factor) * expected.pearson) < 1e-15
    assert vl.evaluate.rank_correlation([-1.7e308, 1.7e308], [5e-324, 0]) == (-1, -1)


@given(seeds)
def test_one_order_is_exactly_1_and_its_reverse_exactly_minus_1(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.permutation(np.concatenate([[0, 1], rng.integers(0, 50, 60)]))
    assert vl.evaluate.rank_correlation(a, np.exp(a)).spearman == 1
    assert vl.evaluate.rank_correlation(a, -(a.astype(float) ** 3)).spearman == -1
    assert vl.evaluate.rank_correlation(a, a) == (1, 1)
    assert vl.evaluate.rank_correlation(a, -a) == (-1, -1)
    assert vl.evaluate.rank_correlation(a, np.where(a == 49, inf, a)).spearman == 1


@given(seeds)
def test_the_sides_and_the_order_of_pairs_do_not_matter(seed: int) -> None:
    a, b = pairs(seed, 50, 10)
    order = np.random.default_rng(seed).permutation(50)
    result = vl.evaluate.rank_correlation(a, b)
    assert vl.evaluate.rank_correlation(b, a) == result
    shuffled = vl.evaluate.rank_correlation(a[order], b[order])
    assert shuffled.spearman == result.spearman
    assert abs(shuffled.pearson - result.pearson) < 1e-15
    assert abs(result.spearman) <= 1
    assert abs(result.pearson) <= 1


def test_constants_and_fewer_than_two_pairs_have_no_correlation_and_warn_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for a, b in [
            ([], []),
            ([1], [2]),
            ([1, 1, 1], [1, 2, 3]),
            ([1, 2], [1e300, 1e300]),
            ([0, -0.0], [1, 2]),
        ]:
            for side in ((a, b), (b, a)):
                assert np.isnan(vl.evaluate.rank_correlation(*side)).all()
        assert np.isnan(vl.evaluate.rank_correlation([1, 2], [1, 2], where=[True, False])).all()


def test_infinite_numbers_are_ranked_as_scipy_ranks_them() -> None:
    a, b = [inf, 1, -inf, 0.5, inf], [1, 2, 3, 4, 5]
    result = vl.evaluate.rank_correlation(a, b)
    assert abs(result.spearman - stats.spearmanr(a, b).statistic) < CLOSE
    assert np.isnan(result.pearson)


# --- tables of detections and frames ------------------------------------------------------------------------


def test_tables_are_taken_flat_and_absent_frames_left_out() -> None:
    dense, present = oracle.random_tracks(5, 12, 7, (20, 30))
    tracks, truth = vl.Tracks(dense, present=present), vl.Tracks(*oracle.random_tracks(6, 4, 7, (20, 30)))
    rng = np.random.default_rng(7)
    quality = vl.select.quality(rng.random(12), rng.random((12, 7)))
    iou = vl.iou.frame_iou(tracks, truth).max(axis=1)
    result = vl.evaluate.rank_correlation(quality, iou, where=tracks.present)
    assert result == vl.evaluate.rank_correlation(quality[present], iou[present])
    assert result != vl.evaluate.rank_correlation(quality, iou)
    missing = np.where(present, quality, nan), np.where(present, iou, inf)
    assert vl.evaluate.rank_correlation(*missing, where=present) == result
    turned = np.asfortranarray(quality), iou[:, ::-1][:, ::-1]
    assert vl.evaluate.rank_correlation(*turned, where=present.astype(np.int64)) == result
    assert vl.evaluate.rank_correlation(quality[None], iou[None], where=[present.tolist()]) == result


def test_a_score_per_detection_counts_in_each_of_its_frames() -> None:
    rng = np.random.default_rng(8)
    scores, iou, where = rng.random(5), rng.random((5, 4)), rng.random((5, 4)) < 0.8
    spread = np.repeat(scores, 4).reshape(5, 4)
    assert vl.evaluate.rank_correlation(scores, iou) == vl.evaluate.rank_correlation(spread, iou)
    given = vl.evaluate.rank_correlation(scores, iou, where=where)
    assert given == vl.evaluate.rank_correlation(spread, iou, where=where)
    one = vl.evaluate.rank_correlation(scores, iou[:, :1])
    assert one == vl.evaluate.rank_correlation(scores, iou[:, 0])


def test_whatever_holds_numbers_is_taken_and_floats_are_given() -> None:
    a, b = pairs(9, 64, 16)
    expected = vl.evaluate.rank_correlation(a, b)
    for side in (
        a.tolist(),
        torch.from_numpy(a),
        torch.from_numpy(a).half(),
        a.astype(np.int16),
        a.astype(">f4"),
    ):
        result = vl.evaluate.rank_correlation(side, torch.from_numpy(b).requires_grad_())
        assert result == expected
        assert isinstance(result.spearman, float)
        assert isinstance(result.pearson, float)
    spearman, pearson = expected
    assert (spearman, pearson) == (expected.spearman, expected.pearson)


def test_the_number_of_threads_never_changes_a_bit(all_threads_after: None) -> None:
    a, b = pairs(10, 100_000, None)
    expected = vl.evaluate.rank_correlation(a, b)
    for threads in (1, 2, 3):
        vl.set_num_threads(threads)
        assert vl.evaluate.rank_correlation(a, b) == expected
