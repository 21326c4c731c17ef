"""GBOpt's primitives: cases worked by hand, ties, what goes in and out."""

from __future__ import annotations

from itertools import combinations, product
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import path_oracle as slow
import pytest
import torch
import vislabel as vl
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import coo_array

ALGORITHMS: list[Any] = ["best_first", "dijkstra"]
inf = float("inf")


def strips(*masks: str) -> vl.Masks:
    """Masks of 1 x W pixels: "1100"."""
    return vl.Masks(np.array([[[c == "1" for c in mask]] for mask in masks]))


def lists(subsets: Any) -> list[list[int]]:
    return [subset.tolist() for subset in subsets]


def shown(masks: vl.Masks) -> list[str]:
    """The inverse of `strips`."""
    return ["".join("01"[int(pixel)] for pixel in mask[0]) for mask in masks.to_dense()]


def odds(*weights: float) -> Any:
    """A map of 1 x W pixels that cost this much more as foreground than as background."""
    return 1 / (1 + np.exp(-np.array([weights], np.float64)))


def no_conflicts(count: int) -> Any:
    return np.zeros((count, count), bool)


# --- background cost ----------------------------------------------------------------------------------------


def test_the_cost_is_the_cross_entropy_of_all_pixels_as_equations_3_and_12_say() -> None:
    masks, background = strips("1100", "0010", "0000"), [[0.25, 0.5, 0.75, 0.9]]
    cost = vl.path.background_cost(masks, np.array(background), reduction="sum")
    base = -log(0.25) - log(0.5) - log(0.75) - log(0.9)
    weights = [log(0.25 / 0.75), log(0.75 / 0.25), 0]
    assert cost.base == pytest.approx(base, rel=1e-12)
    assert cost.per_mask.tolist() == pytest.approx(weights, rel=1e-12)
    assert (cost.per_mask.dtype, type(cost.base)) == (np.float64, float)
    mean = vl.path.background_cost(masks, np.array(background))
    assert mean.base == pytest.approx(base / 4, rel=1e-12)
    assert mean.per_mask.tolist() == pytest.approx([w / 4 for w in weights], rel=1e-12)


def test_certain_pixels_are_clamped_to_a_millionth() -> None:
    masks, w = strips("10", "01"), log(1e-6) - log(1 - 1e-6)
    for dtype in (np.float16, np.float32, np.float64):
        cost = vl.path.background_cost(masks, np.array([[0, 1]], dtype), reduction="sum")
        assert cost.base == pytest.approx(-log(1e-6) - log(1 - 1e-6), rel=1e-11)
        assert cost.per_mask.tolist() == pytest.approx([w, -w], rel=1e-11)


def test_an_uncertain_pixel_costs_nothing_to_choose() -> None:
    cost = vl.path.background_cost(strips("110", "011"), np.full((1, 3), 0.5), reduction="sum")
    assert cost.per_mask.tolist() == [0, 0]
    assert cost.base == pytest.approx(3 * log(2), rel=1e-12)


# --- sub-masks and conflicts --------------------------------------------------------------------------------


def test_covered_pixels_are_cut_where_the_set_of_masks_that_cover_them_changes() -> None:
    parts = vl.path.submasks(strips("1111000", "0011100", "0000000", "0001110"))
    found = {tuple(np.flatnonzero(column)): mask for mask, column in zip(
        shown(parts.regions), parts.table.T, strict=True
    )}  # fmt: skip
    assert found == {
        (0,): "1100000",
        (0, 1): "0010000",
        (0, 1, 3): "0001000",
        (1, 3): "0000100",
        (3,): "0000010",
    }
    assert (parts.table.dtype, parts.table.shape) == (bool, (4, 5))


def test_a_region_may_be_of_several_parts_and_nothing_covered_makes_none() -> None:
    parts = vl.path.submasks(strips("10101", "10111"))
    assert sorted(shown(parts.regions)) == ["00010", "10101"]
    for masks in (strips("000", "000"), strips("000")[:0]):
        parts = vl.path.submasks(masks)
        assert (len(parts.regions), parts.table.shape) == (0, (len(masks), 0))


def test_masks_conflict_that_share_more_pixels_than_allowed() -> None:
    masks = strips("11110", "00111", "00001", "00000")
    assert np.argwhere(vl.path.conflicts(masks)).tolist() == [[0, 1], [1, 0], [1, 2], [2, 1]]
    assert np.argwhere(vl.path.conflicts(masks, max_overlap=1)).tolist() == [[0, 1], [1, 0]]
    assert not vl.path.conflicts(masks, max_overlap=2).any()
    assert vl.path.conflicts(masks).dtype == bool
    assert vl.path.conflicts(masks[:0]).shape == (0, 0)


# --- the K best subsets -------------------------------------------------------------------------------------

PENALTIES = [0, 1, 1.5, 2, 2.5, 3, 3.5, 4.5]  # of the eight subsets of three disjoint masks: 1, 1.5 and 2


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("signs", list(product([-1, 1], repeat=3)))
def test_every_path_of_three_disjoint_masks_is_found_where_the_paper_s_procedure_misses_the_third(
    algorithm: Any, signs: tuple[int, ...]
) -> None:
    weights = np.array(signs) * [1, 1.5, 2]
    best = weights[weights < 0].sum()
    for k in range(1, 10):
        found = vl.path.k_best_subsets(weights, no_conflicts(3), k=k, algorithm=algorithm)
        assert found.costs.tolist() == [best + penalty for penalty in PENALTIES[:k]]
        assert found.costs.tolist() == [weights[subset].sum() for subset in found.subsets]
        assert found.optimal
    found = vl.path.k_best(
        strips("100", "010", "001"), odds(*weights), k=8, algorithm=algorithm, reduction="sum"
    )
    steps = found.costs - found.costs[0]
    assert steps.tolist() == pytest.approx(PENALTIES, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_mask_and_one_mask_have_one_subset_and_two(algorithm: Any) -> None:
    masks, background = strips("10"), odds(-1, 1)
    nothing = vl.path.k_best(masks[:0], background, algorithm=algorithm)
    assert (lists(nothing.subsets), nothing.optimal) == ([[]], True)
    assert nothing.costs[0] == pytest.approx(vl.path.background_cost(masks, background).base, rel=1e-11)
    one = vl.path.k_best(masks, background, k=5, algorithm=algorithm, reduction="sum")
    assert (lists(one.subsets), one.optimal) == ([[0], []], True)
    assert one.costs[1] - one.costs[0] == pytest.approx(1, rel=1e-11)
    assert [s.dtype for s in one.subsets] == [np.int64] * 2
    assert (one.costs.dtype, type(one.bound), type(one.nodes)) == (np.float64, float, int)
    empty = vl.path.k_best_subsets(np.zeros(0), no_conflicts(0), algorithm=algorithm)
    assert (lists(empty.subsets), empty.costs.tolist(), empty.optimal) == ([[]], [0], True)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_there_are_fewer_subsets_than_asked_for_where_masks_conflict(algorithm: Any) -> None:
    masks = strips("110", "011", "010")
    found = vl.path.k_best(masks, odds(-1, -3, 1), k=10**6, algorithm=algorithm, reduction="sum")
    assert lists(found.subsets) == [[0], [2], [1], []]  # -4, -3, -2, 0
    assert found.optimal


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_equal_costs_go_by_the_lexicographically_smaller_set(algorithm: Any) -> None:
    whole_and_parts = strips("110", "001", "111", "000", "010", "100")
    found = vl.path.k_best(whole_and_parts, odds(-1, -1, -1), k=8, algorithm=algorithm)
    everything = [[0, 1], [0, 1, 3], [1, 3, 4, 5], [1, 4, 5], [2], [2, 3]]
    assert lists(found.subsets)[:6] == everything
    assert len(set(found.costs[:6].tolist())) == 1
    assert found.costs[6] > found.costs[0]
    twins = vl.path.k_best(strips("11", "11", "11"), odds(-1, -1), algorithm=algorithm)
    assert lists(twins.subsets) == [[0], [1], [2], []]
    either = vl.path.k_best(whole_and_parts, np.full((1, 3), 0.5), k=5, algorithm=algorithm)
    assert lists(either.subsets) == [[], [0], [0, 1], [0, 1, 3], [0, 3]]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_hundreds_of_equal_costs_take_no_hundreds_of_subsets(algorithm: Any) -> None:
    first = [list(range(n)) for n in range(10)]
    found = vl.path.k_best_subsets(np.zeros(200), no_conflicts(200), algorithm=algorithm)
    assert lists(found.subsets) == first
    everybody = list(range(200))
    found = vl.path.k_best_subsets(np.full(200, -1.0), no_conflicts(200), k=4, algorithm=algorithm)
    assert lists(found.subsets) == [everybody] + [everybody[:n] + everybody[n + 1 :] for n in (199, 198, 197)]
    alone = np.ones((200, 200), bool) & ~np.eye(200, dtype=bool)
    found = vl.path.k_best_subsets(np.full(200, -1.0), alone, k=3, algorithm=algorithm)
    assert lists(found.subsets) == [[0], [1], [2]]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_within_the_tolerance_shared_pixels_are_counted_once(algorithm: Any) -> None:
    masks, background = strips("1110", "0111"), odds(-1, -2, -4, 8)
    strict = vl.path.k_best(masks, background, algorithm=algorithm, reduction="sum")
    assert lists(strict.subsets) == [[0], [], [1]]
    loose = vl.path.k_best(masks, background, algorithm=algorithm, reduction="sum", max_overlap=2)
    assert lists(loose.subsets) == [[0], [], [0, 1], [1]]
    base = -np.log(background).sum()
    assert loose.costs.tolist() == pytest.approx([base - 7, base, base + 1, base + 2], rel=1e-11)
    almost = vl.path.k_best(masks, background, algorithm=algorithm, reduction="sum", max_overlap=1)
    assert lists(almost.subsets) == lists(strict.subsets)


def graph_of(weights: list[int], *pairs: tuple[int, int]) -> tuple[Any, Any]:
    conflict = no_conflicts(len(weights))
    for i, j in pairs:
        conflict[i, j] = conflict[j, i] = True
    return np.array(weights, np.float64), conflict


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_subset_that_ties_is_lost_behind_a_bound(algorithm: Any) -> None:
    graph = graph_of([-2, -1, -2, -1, -2], (0, 1), (0, 2), (1, 4), (3, 4))
    found = vl.path.k_best_subsets(*graph, k=5, algorithm=algorithm)
    assert lists(found.subsets) == [[0, 4], [1, 2, 3], [2, 4], [0, 3], [1, 2]]
    graph = graph_of([-2, -1, -1, -2, -2], (0, 2), (0, 3), (0, 4), (1, 4), (2, 4), (3, 4))
    found = vl.path.k_best_subsets(*graph, k=3, algorithm=algorithm)
    assert lists(found.subsets) == [[1, 2, 3], [0, 1], [1, 3]]
    graph = graph_of(
        [-1, -2, -3, -1, -1, -2, -2, -2, -3],
        *((0, 1), (0, 7), (0, 8), (1, 2), (1, 5), (1, 8), (2, 3), (2, 4), (2, 5), (2, 6), (2, 7)),
        *((3, 6), (3, 7), (4, 5), (4, 8), (5, 6), (5, 8)),
    )
    found = vl.path.k_best_subsets(*graph, k=8, algorithm=algorithm)
    assert lists(found.subsets) == [
        [1, 4, 6, 7], [6, 7, 8], [1, 6, 7], [2, 8], [1, 4, 6], [1, 4, 7], [4, 6, 7], [6, 8],
    ]  # fmt: skip


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_masks_that_add_no_pixel_are_left_out_of_the_first_subset_that_ties(algorithm: Any) -> None:
    certain = np.zeros((1, 6))
    masks = strips("001001", "000110", "111111", "111011", "000000")
    nested = strips("011", "001", "111")
    copies = strips("11", "10", "10")
    for k in range(1, 6):

        def found(masks: vl.Masks, background: Any, max_overlap: int = 0, k: int = k) -> list[list[int]]:
            best = vl.path.k_best(masks, background, k=k, algorithm=algorithm, max_overlap=max_overlap)
            return lists(best.subsets)

        assert found(masks, certain)[:2] == [[2], [2, 4]][:k]
        assert found(nested, odds(2, -2, -2), 3)[:4] == [[0], [0, 1], [0, 1, 2], [0, 2]][:k]
        assert found(copies, odds(-2, -1), 1) == [[0], [0, 1], [0, 1, 2], [0, 2], [1]][:k]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_bound_is_what_the_next_subset_costs_at_least(algorithm: Any) -> None:
    weights = [-3.5, -3.25, -0.5, 1.75, -0.75]
    pairs = ((0, 1), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4), (2, 3), (3, 4))
    found = vl.path.k_best_subsets(*graph_of(weights, *pairs), k=1, algorithm=algorithm)  # type: ignore[arg-type]
    assert (lists(found.subsets), found.costs.tolist()) == ([[0, 2]], [-4.0])
    assert -4.0 <= found.bound <= -3.5
    masks, background = strips("10110011", "01011001"), [0.1, 0.2, 0.5, 0.8, 0.5, 0.4, 0.5, 0.6]
    found = vl.path.k_best(masks, np.array([background]), k=1, algorithm=algorithm, max_overlap=2)
    others = vl.path.k_best(masks, np.array([background]), k=4, algorithm=algorithm, max_overlap=2)
    assert lists(found.subsets) == [[0, 1]]
    assert found.costs[0] <= found.bound <= others.costs[1] + 1e-12
    assert others.bound == inf


def hard(seed: int, count: int) -> tuple[Any, Any]:
    """Weights and conflicts of a random graph in which every mask has about six others against it."""
    rng = np.random.default_rng([21, seed])
    upper = np.triu(rng.random((count, count)) < 6 / count, 1)
    return rng.normal(-1, 1, count), upper | upper.T


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_exhausted_budget_is_said_and_its_bound_holds(algorithm: Any) -> None:
    stopped = 0
    for seed, budget in product(range(20), (1, 2, 3, 5, 10, 30, 100, 10_000)):
        weights, conflict = hard(seed, 11)
        ranked = slow.ranked_sums(weights, conflict)
        found = vl.path.k_best_subsets(weights, conflict, k=5, algorithm=algorithm, max_nodes=budget)
        names = [tuple(subset.tolist()) for subset in found.subsets]
        costs = {r.name: r.cost for r in ranked}
        assert len(names) <= 5
        assert len(set(names)) == len(names)
        assert set(names) <= set(costs), "not feasible"
        assert found.costs.tolist() == pytest.approx([costs[name] for name in names], abs=1e-10)
        assert (np.diff(found.costs) >= 0).all()
        assert all(r.cost >= found.bound - 1e-10 for r in ranked if r.name not in names)
        assert found.nodes <= budget
        if found.optimal:
            slow.check_ranking(found.subsets, found.costs, ranked, 5, float(np.abs(weights).sum()))
            assert found.bound >= found.costs[-1] - 1e-10
        else:
            stopped += 1
    assert stopped > 20


def test_a_budget_works_on_masks_too() -> None:
    rng = np.random.default_rng(5)
    masks, background = vl.Masks(rng.random((14, 16, 16)) < 0.02), rng.random((16, 16))
    whole = vl.path.k_best(masks, background)
    assert whole.optimal
    few = vl.path.k_best(masks, background, max_nodes=2)
    assert not few.optimal
    assert few.bound <= whole.costs[0] + 1e-12
    again = vl.path.k_best(masks, background, max_nodes=whole.nodes)
    assert (lists(again.subsets), again.optimal) == (lists(whole.subsets), True)


def clusters(seed: int, count: int, most: int = 7) -> tuple[Any, Any]:
    """Masks around objects: those of one object conflict nearly always, with the neighbour's sometimes."""
    rng = np.random.default_rng([22, seed])
    of = np.sort(rng.integers(0, max(1, count // most) + 1, count))
    near = np.abs(of[:, None] - of)
    upper = np.triu(rng.random((count, count)) < np.select([near == 0, near == 1], [0.9, 0.02], 0.0), 1)
    weights = rng.normal(-0.3, 1, count) if seed % 3 else rng.integers(-3, 4, count) / 2
    return weights, upper | upper.T


@pytest.mark.parametrize("count", [15, 40, 100, 200])
def test_both_algorithms_find_the_same_of_many_masks(count: int) -> None:
    for seed in range(12):
        weights, conflict = clusters(seed, count)
        a, b = (
            vl.path.k_best_subsets(weights, conflict, k=10, algorithm=algorithm) for algorithm in ALGORITHMS
        )
        assert lists(a.subsets) == lists(b.subsets)
        assert a.costs.tolist() == b.costs.tolist()
        assert a.optimal
        assert b.optimal
        for subset, cost in zip(a.subsets, a.costs, strict=True):
            assert not conflict[np.ix_(subset, subset)].any()
            assert cost == pytest.approx(weights[subset].sum(), rel=1e-11, abs=1e-11)


def test_the_best_subset_is_the_exact_integer_program_s() -> None:
    for seed in range(8):
        weights, conflict = clusters(100 + seed, 100)
        i, j = np.nonzero(np.triu(conflict))
        rows = np.arange(len(i)).repeat(2)
        pairs = coo_array((np.ones(2 * len(i)), (rows, np.stack([i, j], 1).ravel())), (len(i), 100))
        exact = milp(
            weights,
            integrality=np.ones(100),
            bounds=(0, 1),
            constraints=LinearConstraint(pairs.tocsr(), ub=1),
        )
        for algorithm in ALGORITHMS:
            found = vl.path.k_best_subsets(weights, conflict, k=1, algorithm=algorithm)
            assert found.costs[0] == pytest.approx(exact.fun, rel=1e-9)


# --- the best paths -----------------------------------------------------------------------------------------


def test_the_cheapest_paths_of_a_graph_of_three_layers() -> None:
    unary = [[0, 1], [5, 0, 2], [1]]
    pairwise = [[[0, 3, 1], [1, -2, inf]], [[0], [inf], [-1]]]
    found = vl.path.shortest_paths(unary, pairwise, paths=10)
    # 0-0-0: 0+0+5+0+1, 0-2-0: 0+1+2-1+1, 1-0-0: 1+1+5+0+1; what goes over node 1 or from 1 to 2 does not end
    assert found.labels.tolist() == [[0, 2, 0], [0, 0, 0], [1, 0, 0]]
    assert found.costs.tolist() == [3, 6, 8]
    assert (found.labels.dtype, found.costs.dtype) == (np.int64, np.float64)
    best = vl.path.shortest_paths(unary, pairwise)
    assert (best.labels.tolist(), best.costs.tolist()) == ([[0, 2, 0]], [3])


def test_the_last_layer_s_costs_count() -> None:
    found = vl.path.shortest_paths([[0, 0], [5, 1]], [[[-1, 0], [0, 0]]], paths=4)
    assert found.labels.tolist() == [[0, 1], [1, 1], [0, 0], [1, 0]]
    assert found.costs.tolist() == [1, 1, 4, 5]


def test_one_layer_is_sorted_and_no_layer_has_one_path_of_nothing() -> None:
    found = vl.path.shortest_paths([[3, -1, inf, -1]], [], paths=9)
    assert (found.labels.tolist(), found.costs.tolist()) == ([[1], [3], [0]], [-1, -1, 3])
    nothing = vl.path.shortest_paths([], [], paths=3)
    assert (nothing.labels.shape, nothing.costs.tolist()) == ((1, 0), [0])
    nothing = vl.path.shortest_paths(np.zeros((0, 4)), np.zeros((0, 4, 4)))
    assert (nothing.labels.shape, nothing.costs.tolist()) == ((1, 0), [0])


def test_without_a_finite_path_there_is_none() -> None:
    for unary, pairwise in (
        ([[1], []], [np.zeros((1, 0))]),
        ([[], [1]], [np.zeros((0, 1))]),
        ([[1], [], [1]], [np.zeros((1, 0)), np.zeros((0, 1))]),
        ([[inf, inf]], []),
        ([[0, 0], [0, inf]], [[[inf, 0], [inf, 0]]]),
    ):
        found = vl.path.shortest_paths(unary, pairwise, paths=2)
        assert (found.labels.shape, found.costs.shape) == ((0, len(unary)), (0,))


def test_equal_paths_go_by_their_labels() -> None:
    unary, pairwise = np.zeros((3, 2)), np.zeros((2, 2, 2))
    found = vl.path.shortest_paths(unary, pairwise, paths=100)
    assert found.labels.tolist() == [list(labels) for labels in product(range(2), repeat=3)]
    pairwise[0, 0, 0] = 1
    found = vl.path.shortest_paths(unary, pairwise, paths=7)
    assert found.labels.tolist() == [
        [0, 1, 0], [0, 1, 1], [1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1], [0, 0, 0],
    ]  # fmt: skip
    long = vl.path.shortest_paths(np.zeros((2000, 3)), np.zeros((1999, 3, 3)), paths=4)
    assert not long.labels[:, :-2].any()
    assert long.labels[:, -2:].tolist() == [[0, 0], [0, 1], [0, 2], [1, 0]]


# --- flow, consistency, composed frames ---------------------------------------------------------------------

FLOW = np.array([[[2, 0], [4, 0], [0, 1], [0, 3], [0, 8]]], np.float64)


def test_the_synthetic_flow_is_the_background_s_mean_and_each_mask_s() -> None:
    masks = strips("11000", "00100")
    outside = 2.5 + 2.5  # |3 - 5.5| + |8 - 5.5|
    assert vl.path.flow_cost(masks, FLOW, reduction="sum") == 1 + 1 + 0 + outside
    assert vl.path.flow_cost(masks, FLOW) == pytest.approx((2 + outside) / 5, rel=1e-15)
    assert vl.path.flow_cost(masks, FLOW, inside="measured", reduction="sum") == outside
    given = np.array([[[2, 1], [0, 0], [5, 5], [9, 9], [9, 9]]], np.float64)
    cost = vl.path.flow_cost(masks, FLOW, inside="given", given=given, reduction="sum")
    assert cost == (1 + 4 + 9) + outside
    assert type(cost) is float


def test_each_subset_has_its_flow_cost() -> None:
    masks = strips("11000", "00100", "00111")
    costs = vl.path.flow_cost(masks, FLOW, [[], [0], [0, 1], [0, 2], [2]], reduction="sum")
    # nothing: the means are 1.2 and 2.4; [0]: 1 + 1, then |1 - 4|, |3 - 4|, |8 - 4|
    assert costs.tolist() == pytest.approx([7.2 + 12.4, 2 + 8, 2 + 5, 2 + 8, 2 + 8], rel=1e-12)
    assert costs.dtype == np.float64
    given = np.stack([FLOW, FLOW + 1])
    costs = vl.path.flow_cost(masks, FLOW, [[0], [0, 1]], inside="given", given=given, reduction="sum")
    assert costs.tolist() == [8, 5 + 3 * 2]
    assert vl.path.flow_cost(masks, FLOW, []).shape == (0,)


def test_a_frame_without_background_or_without_masks_has_one_flow_only() -> None:
    full = strips("11111")
    assert vl.path.flow_cost(full, FLOW, inside="measured") == 0
    rigid = vl.path.flow_cost(full, FLOW, reduction="sum")
    assert rigid == pytest.approx(vl.path.flow_cost(full[:0], FLOW, reduction="sum"), rel=1e-12)


def test_a_pixel_that_two_chosen_masks_share_moves_with_the_lower_one() -> None:
    masks = strips("11100", "00110")
    # pixels 0 to 2 move by 2 and 1/3, the means of mask 0; pixel 3 by 0 and 2, those of mask 1
    cost = vl.path.flow_cost(masks, FLOW, reduction="sum")
    assert cost == pytest.approx((0 + 2 + 2) + (1 / 3 + 1 / 3 + 2 / 3) + 1, rel=1e-12)
    swapped = vl.path.flow_cost(masks[::-1], FLOW, reduction="sum")
    assert swapped == pytest.approx((1 + 1) + (0 + 2) + (1 / 3 + 1 / 3), rel=1e-12)


def test_consistency_is_the_negative_iou_of_what_is_chosen() -> None:
    a, b = strips("11000", "00100"), strips("01100", "00011", "00000")
    assert vl.path.consistency_cost(a, b) == -2 / 5
    assert type(vl.path.consistency_cost(a, b)) is float
    table = vl.path.consistency_cost(a, b, [[], [0], [0, 1]], [[], [0], [0, 1], [2]])
    assert table.tolist() == [[0, 0, 0, 0], [0, -1 / 3, -1 / 5, 0], [0, -2 / 3, -2 / 5, 0]]
    assert table.dtype == np.float64
    assert vl.path.consistency_cost(a[:0], b[:0]) == 0
    assert vl.path.consistency_cost(a, b, [], [[0]]).shape == (0, 1)


def test_the_masks_pixels_are_pasted_on_the_background() -> None:
    frames = np.arange(24, dtype=np.uint8).reshape(2, 1, 4, 3) + 1
    background = np.full((1, 4, 3), 200, np.uint8)
    out = vl.path.compose_frames(frames, [strips("1000", "0010"), strips("0000")[:0]], background)
    expected = np.stack([frames[0], background])
    expected[0, 0, [1, 3]] = 200
    expected[1] = 200
    np.testing.assert_array_equal(out, expected)
    assert out.dtype == np.uint8
    once = vl.path.compose_frames([frames[0]], [strips("1000", "0010")], background)
    np.testing.assert_array_equal(once, expected[:1])
    floats = vl.path.compose_frames(frames / 255, [strips("1111"), strips("0001")], background / 255)
    np.testing.assert_array_equal(floats[0], frames[0] / 255)
    np.testing.assert_array_equal(floats[1, 0, :3], background[0, :3] / 255)


# --- what goes in and out -----------------------------------------------------------------------------------


def test_maps_flows_and_masks_come_in_as_whatever_the_caller_has(tmp_path: Path) -> None:
    rng = np.random.default_rng(31)
    dense, background, flow = (
        rng.random((6, 20, 33)) < 0.1,
        rng.random((20, 33)),
        rng.normal(0, 3, (20, 33, 2)),
    )
    masks = vl.Masks(dense)
    best = vl.path.k_best(masks, background)
    cost = vl.path.flow_cost(masks, flow, best.subsets)
    np.save(tmp_path / "background.npy", background)
    np.save(tmp_path / "flow.npy", flow)
    mapped = (
        np.load(tmp_path / "background.npy", mmap_mode="r"),
        np.load(tmp_path / "flow.npy", mmap_mode="r"),
    )
    wide = np.zeros((40, 66))
    wide[::2, ::2] = background
    channels = np.ascontiguousarray(flow.transpose(2, 0, 1)).transpose(1, 2, 0)
    for a, b, c in (
        (dense, background.tolist(), flow.tolist()),
        (torch.from_numpy(dense), torch.from_numpy(background), torch.from_numpy(flow)),
        (masks, np.asfortranarray(background), np.asfortranarray(flow)),
        (masks, wide[::2, ::2], channels),
        (masks, background[::-1, ::-1].copy()[::-1, ::-1], flow[::-1].copy()[::-1]),
        (masks, *mapped),
        (masks, background.astype(">f8"), flow.astype(">f8")),
    ):
        found = vl.path.k_best(a, b)
        assert lists(found.subsets) == lists(best.subsets)
        assert found.costs.tolist() == pytest.approx(best.costs.tolist(), rel=1e-12)
        per_mask = vl.path.background_cost(a, b).per_mask
        assert per_mask.tolist() == pytest.approx(
            vl.path.background_cost(masks, background).per_mask.tolist()
        )
        assert vl.path.flow_cost(a, c, best.subsets).tolist() == pytest.approx(cost.tolist(), rel=1e-12)
        np.testing.assert_array_equal(vl.path.conflicts(a), vl.path.conflicts(masks))
        assert vl.path.submasks(a).regions == vl.path.submasks(masks).regions
        assert vl.path.consistency_cost(a, masks) == -1


def test_tables_and_weights_come_in_as_lists_and_tensors() -> None:
    weights, conflict = clusters(1, 12)
    unary, pairwise = np.random.default_rng(32).random((4, 3)), np.random.default_rng(33).random((3, 3, 3))
    subsets = vl.path.k_best_subsets(weights, conflict)
    paths = vl.path.shortest_paths(unary, pairwise, paths=5)
    for make in (np.ndarray.tolist, torch.from_numpy, np.asfortranarray, list):
        again = vl.path.k_best_subsets(make(weights), make(conflict))
        assert (lists(again.subsets), again.costs.tolist()) == (
            lists(subsets.subsets),
            subsets.costs.tolist(),
        )
        found = vl.path.shortest_paths(make(unary), make(pairwise), paths=5)
        assert np.asarray(found.labels).tolist() == paths.labels.tolist()
        assert np.asarray(found.costs).tolist() == paths.costs.tolist()
    single = vl.path.shortest_paths(unary.astype(np.float32), pairwise.astype(np.float32), paths=5)
    assert single.labels.tolist() == paths.labels.tolist()
    halves = np.rint(2 * weights)
    whole = vl.path.k_best_subsets(halves.astype(np.int64), conflict)
    assert lists(whole.subsets) == lists(vl.path.k_best_subsets(halves, conflict).subsets)


def test_subsets_come_in_as_any_integers() -> None:
    masks = strips("11000", "00100", "00011")
    expected = vl.path.flow_cost(masks, FLOW, [[], [0, 2]]).tolist()
    for subsets in (
        [np.zeros(0, np.int64), np.array([0, 2])],
        [(), (0, 2)],
        (torch.zeros(0, dtype=torch.int64), torch.tensor([0, 2])),
        [np.array([], np.float64), np.array([0, 2], np.uint8)],
    ):
        assert vl.path.flow_cost(masks, FLOW, subsets).tolist() == expected


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
def test_frames_without_pixels_cost_nothing(size: tuple[int, int]) -> None:
    masks, background = vl.Masks(np.zeros((2, *size), bool)), np.zeros(size)
    for reduction in ("mean", "sum"):
        cost = vl.path.background_cost(masks, background, reduction=reduction)
        assert (cost.base, cost.per_mask.tolist()) == (0, [0, 0])
        found = vl.path.k_best(masks, background, reduction=reduction)
        assert (lists(found.subsets), found.costs.tolist()) == ([[], [0], [0, 1], [1]], [0] * 4)
        assert vl.path.flow_cost(masks, np.zeros((*size, 2)), reduction=reduction) == 0
    assert len(vl.path.submasks(masks).regions) == 0
    assert vl.path.consistency_cost(masks, masks) == 0


def test_the_cost_of_disjoint_masks_is_the_sum_of_theirs_and_of_their_regions() -> None:
    rng = np.random.default_rng(34)
    dense = np.sort(rng.integers(0, 7, 300)).reshape(15, 20) == np.arange(6)[:, None, None]
    masks, background = vl.Masks(dense), rng.random((15, 20))
    cost = vl.path.background_cost(masks, background)
    for subset in (s for size in range(7) for s in combinations(range(6), size)):
        expected = slow.background_cost(slow.foreground(dense, subset), background)
        assert cost.base + cost.per_mask[list(subset)].sum() == pytest.approx(expected, rel=1e-11)
    overlapping = vl.Masks(rng.random((6, 15, 20)) < 0.3)
    parts = vl.path.submasks(overlapping)
    of_regions = vl.path.background_cost(parts.regions, background).per_mask
    of_masks = vl.path.background_cost(overlapping, background).per_mask
    assert (parts.table @ of_regions).tolist() == pytest.approx(of_masks.tolist(), rel=1e-11)
