"""GBOpt on hundreds of random frames and videos: equal to brute force on dense images."""

from __future__ import annotations

import itertools
from itertools import product
from typing import Any

import numpy as np
import path_oracle as slow
import path_scenes as scenes
import pytest
import vislabel as vl

ALGORITHMS: list[Any] = ["best_first", "dijkstra"]
KS = [1, 2, 3, 10, 10, 60, 10**6]


def close(found: Any, expected: Any, scale: float) -> None:
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=0, atol=slow.TIE * scale)


# --- one frame ----------------------------------------------------------------------------------------------


def check_k_best(masks: Any, background: Any, ranked: list[slow.Ranked], **options: Any) -> None:
    found = vl.path.k_best(vl.Masks(masks), background, **options)
    scale = slow.largest_cost(background, options["reduction"])
    slow.check_ranking(found.subsets, found.costs, ranked, options["k"], scale)
    assert found.optimal
    names = {tuple(subset.tolist()) for subset in found.subsets}
    assert all(r.name in names or r.cost >= found.bound - slow.TIE * scale for r in ranked)
    assert found.bound >= found.costs[-1] - slow.TIE * scale


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_k_best_subsets_are_those_of_all(algorithm: Any) -> None:
    for seed, masks, background in scenes.frames(500, 8):
        reduction = ["mean", "sum"][seed // 5 % 2]
        ranked = slow.ranked_subsets(masks, background, reduction=reduction)
        check_k_best(masks, background, ranked, k=KS[seed % 7], algorithm=algorithm, reduction=reduction)


def test_the_k_best_of_twelve_masks_are_those_of_all() -> None:
    for seed, (family, kind) in enumerate(product(scenes.FAMILIES, ("guided", "coarse"))):
        rng = np.random.default_rng([13, seed])
        masks = scenes.masks_of(rng, family, 12, (9, 31))
        background = scenes.background_of(rng, kind, masks)
        ranked = slow.ranked_subsets(masks, background)
        for algorithm in ALGORITHMS:
            check_k_best(masks, background, ranked, k=25, algorithm=algorithm, reduction="mean")


def test_with_a_tolerance_shared_pixels_are_counted_once() -> None:
    overlapping = 0
    for seed, masks, background in scenes.frames(1000, 7):
        options: dict[str, Any] = {"max_overlap": [1, 2, 5, 40, 10**6][seed % 5], "reduction": "sum"}
        ranked = slow.ranked_subsets(masks, background, **options)
        overlapping += len(ranked) - len(slow.feasible_subsets(slow.conflicts(masks)))
        for algorithm in ALGORITHMS:
            check_k_best(masks, background, ranked, k=KS[seed % 7], algorithm=algorithm, **options)
    assert overlapping > 1000


def test_with_too_few_nodes_the_subsets_are_feasible_and_the_bound_holds() -> None:
    stopped = 0
    for seed, masks, background in scenes.frames(400, 8):
        overlap, budget = [0, 0, 2, 40][seed % 4], [1, 2, 4, 9, 25][seed % 5]
        costs = {r.name: r.cost for r in slow.ranked_subsets(masks, background, overlap)}
        tolerance = slow.TIE * slow.largest_cost(background)
        for algorithm in ALGORITHMS:
            found = vl.path.k_best(
                vl.Masks(masks), background, algorithm=algorithm, max_overlap=overlap, max_nodes=budget
            )
            names = [tuple(subset.tolist()) for subset in found.subsets]
            assert len(set(names)) == len(names) <= 10
            assert set(names) <= set(costs), "not feasible"
            assert found.nodes <= budget
            assert all(a <= b for a, b in itertools.pairwise(zip(found.costs, names, strict=True)))
            for name, cost in zip(names, found.costs, strict=True):
                assert abs(cost - costs[name]) <= tolerance
            others = [cost for name, cost in costs.items() if name not in names]
            assert found.bound <= min(others, default=np.inf) + tolerance
            if found.optimal:
                assert len(names) == min(10, len(costs))
                assert found.costs[-1] <= min(others, default=np.inf) + tolerance
            stopped += not found.optimal
    assert stopped > 100


@pytest.mark.parametrize("max_overlap", [0, 3])
def test_what_covers_the_same_pixels_ties_whatever_else_there_is(max_overlap: int) -> None:
    """Copies, masks without pixels, and maps on which a pixel costs as much as any other."""
    for seed in range(400):
        rng = np.random.default_rng([19, seed])
        size = [(2, 3), (5, 1), (3, 4), (8, 8), (1, 65)][seed % 5]
        masks = scenes.masks_of(rng, ["shapes", "nested", "duplicates"][seed % 3], 7, size)
        masks[rng.integers(7, size=int(rng.integers(1, 4)))] = False
        background = scenes.background_of(rng, ["zero", "coarse", "one", "random"][seed // 5 % 4], masks)
        ranked = slow.ranked_subsets(masks, background, max_overlap)
        options: dict[str, Any] = {"k": [1, 2, 5][seed % 3], "reduction": "mean", "max_overlap": max_overlap}
        for algorithm in ALGORITHMS:
            check_k_best(masks, background, ranked, algorithm=algorithm, **options)


def test_costs_regions_and_conflicts_equal_the_oracle() -> None:
    for seed, masks, background in scenes.frames(500, 9):
        reduction: Any = ["mean", "sum"][seed // 5 % 2]
        scale = slow.largest_cost(background, reduction)
        cost = vl.path.background_cost(vl.Masks(masks), background, reduction=reduction)
        nothing = np.zeros(masks.shape[1:], bool)
        base = slow.background_cost(nothing, background, reduction)
        close(cost.base, base, scale)
        close(cost.per_mask, [slow.background_cost(m, background, reduction) - base for m in masks], scale)
        overlap = [0, 1, 5, 40][seed % 4]
        conflict = vl.path.conflicts(vl.Masks(masks), max_overlap=overlap)
        np.testing.assert_array_equal(conflict, slow.conflicts(masks, overlap))
        parts = vl.path.submasks(vl.Masks(masks))
        regions = zip(parts.regions.to_dense(), parts.table.T, strict=True)
        found = {tuple(np.flatnonzero(column).tolist()): region for region, column in regions}
        expected = slow.submasks(masks)
        assert len(parts.regions) == len(expected)
        assert found.keys() == expected.keys()
        assert all((found[covering] == region).all() for covering, region in expected.items())


@pytest.mark.parametrize("count", [63, 64, 65, 130])
def test_more_masks_than_a_word_has_bits(count: int) -> None:
    rng = np.random.default_rng([18, count])
    dense = np.zeros((count, 40, 65), bool)
    for n in range(count):
        y, x = rng.integers(0, 38), rng.integers(0, 60)
        dense[n, y : y + rng.integers(2, 9), x : x + rng.integers(2, 9)] = True
    masks, background = vl.Masks(dense), scenes.background_of(rng, "guided", dense)
    conflict = vl.path.conflicts(masks)
    np.testing.assert_array_equal(conflict, slow.conflicts(dense))
    parts, expected = vl.path.submasks(masks), slow.submasks(dense)
    found = {tuple(np.flatnonzero(column).tolist()): n for n, column in enumerate(parts.table.T)}
    assert found.keys() == expected.keys()
    assert all((parts.regions.to_dense()[n] == expected[covering]).all() for covering, n in found.items())
    weights = vl.path.background_cost(masks, background).per_mask
    by_weights = vl.path.k_best_subsets(weights, conflict, k=20)
    for algorithm in ALGORITHMS:
        best = vl.path.k_best(masks, background, k=20, algorithm=algorithm)
        assert [s.tolist() for s in best.subsets] == [s.tolist() for s in by_weights.subsets]
        for subset, cost in zip(best.subsets, best.costs, strict=True):
            exact = slow.background_cost(slow.foreground(dense, subset), background)
            close(cost, exact, slow.largest_cost(background))


# --- any weights and conflicts ------------------------------------------------------------------------------


def graph(seed: int) -> tuple[Any, Any]:
    """Up to 10 nodes, from no conflict to a clique, with weights that tie often, or hardly ever."""
    rng = np.random.default_rng([14, seed])
    count = int(rng.integers(0, 11))
    upper = np.triu(rng.random((count, count)) < rng.choice([0.0, 0.2, 0.6, 1.0]), 1)
    weights = [
        rng.choice([-1.0, 0.0, 1.0], count),
        rng.choice([-1.0, 1.0, 0.5], count) + rng.integers(-3, 4, count) * 2.0**-40,
        rng.integers(-4, 5, count) / 2,
        rng.normal(size=count),
        1e6 + rng.random(count),
        -np.abs(rng.normal(size=count)),
    ][seed % 6]
    return weights, upper | upper.T


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_k_best_of_any_weights_are_those_of_all(algorithm: Any) -> None:
    for seed in range(600):
        weights, conflict = graph(seed)
        ranked, k = slow.ranked_sums(weights, conflict), KS[seed % 7]
        found = vl.path.k_best_subsets(weights, conflict, k=k, algorithm=algorithm)
        slow.check_ranking(found.subsets, found.costs, ranked, k, float(np.abs(weights).sum()))
        assert found.optimal
        if seed % 6 < 3:  # exact sums: every tie is one, and no other two are
            assert [tuple(subset.tolist()) for subset in found.subsets] == [r.name for r in ranked[:k]]
            assert found.costs.tolist() == [r.cost for r in ranked[:k]]


def test_of_many_equal_costs_the_lexicographically_smallest_are_found() -> None:
    for seed in range(300):
        rng = np.random.default_rng([20, seed])
        count, density = int(rng.integers(10, 15)), rng.choice([0.4, 0.6])
        upper = np.triu(rng.random((count, count)) < density, 1)
        weights, conflict = -rng.integers(1, 3, count).astype(float), upper | upper.T
        ranked, k = slow.ranked_sums(weights, conflict), [1, 3, 10, 30][seed % 4]
        for algorithm in ALGORITHMS:
            found = vl.path.k_best_subsets(weights, conflict, k=k, algorithm=algorithm)
            assert [tuple(subset.tolist()) for subset in found.subsets] == [r.name for r in ranked[:k]]
            assert found.costs.tolist() == [r.cost for r in ranked[:k]]


# --- layered graphs -----------------------------------------------------------------------------------------


def layers(seed: int) -> tuple[list[Any], list[Any]]:
    """Up to 5 layers of up to 4 nodes: whole numbers, halves or any, some of them infinite."""
    rng = np.random.default_rng([15, seed])
    widths = rng.integers(1 if seed % 9 else 0, 5, rng.integers(0, 6))

    def costs(*shape: int) -> Any:
        out: Any = rng.normal(size=shape) if seed % 2 else rng.integers(-2, 3, shape) / (1 + seed // 2 % 2)
        return np.where(rng.random(shape) < (0, 0.1, 0.5)[seed % 3], np.inf, out)

    return [costs(w) for w in widths], [costs(a, b) for a, b in itertools.pairwise(widths)]


def test_the_best_paths_are_those_of_all() -> None:
    lost = 0
    for seed in range(500):
        unary, pairwise = layers(seed)
        ranked, paths = slow.ranked_paths(unary, pairwise), [1, 2, 5, 1000][seed % 4]
        found = vl.path.shortest_paths(unary, pairwise, paths=paths)
        assert found.labels.shape == (min(paths, len(ranked)), len(unary))
        slow.check_ranking(found.labels, found.costs, ranked, paths, 10.0)
        if seed % 2 == 0:
            assert [tuple(labels.tolist()) for labels in found.labels] == [r.name for r in ranked[:paths]]
            assert found.costs.tolist() == [r.cost for r in ranked[:paths]]
        lost += not ranked
    assert lost > 20


# --- flow and consistency -----------------------------------------------------------------------------------


def some_subsets(rng: np.random.Generator, masks: Any) -> list[slow.Subset]:
    return [tuple(np.flatnonzero(rng.random(len(masks)) < 0.5).tolist()) for _ in range(int(rng.integers(5)))]


@pytest.mark.parametrize("inside", ["rigid", "measured", "given"])
def test_flow_costs_equal_the_oracle_also_of_masks_that_overlap(inside: Any) -> None:
    for seed, masks, _ in scenes.frames(300, 6):
        rng = np.random.default_rng([16, seed])
        flow = scenes.flow_of(rng, scenes.FLOWS[seed // 8 % 4], masks, scenes.FLOATS[1 + seed % 2])
        subsets, reduction = some_subsets(rng, masks), ["mean", "sum"][seed // 3 % 2]
        every: Any = [None] * (len(subsets) + 1)
        if inside == "given":
            every = [scenes.flow_of(rng, "random", masks, np.float32) for _ in every]
        given: Any = {"given": np.stack([*every[1:], every[0]])[:-1]} if inside == "given" else {}
        packed, options = vl.Masks(masks), {"inside": inside, "reduction": reduction}
        scale = slow.largest_flow(flow, *(g for g in every if g is not None), reduction=reduction)
        costs = vl.path.flow_cost(packed, flow, subsets, **given, **options)
        expected = [
            slow.flow_cost(masks, flow, subset, inside, g, reduction)
            for subset, g in zip(subsets, every[1:], strict=True)
        ]
        close(costs, expected, scale)
        if inside == "given":
            given = {"given": every[0]}
        whole = slow.flow_cost(masks, flow, tuple(range(len(masks))), inside, every[0], reduction)
        close(vl.path.flow_cost(packed, flow, **given, **options), whole, scale)


def test_consistency_and_composed_frames_equal_the_oracle() -> None:
    for seed in range(200):
        video, rng = scenes.video(seed, 3, 6), np.random.default_rng([17, seed])
        a, b = video.proposals[:2]
        subsets = some_subsets(rng, a), some_subsets(rng, b)
        table = vl.path.consistency_cost(vl.Masks(a), vl.Masks(b), *subsets)
        assert table.shape == (len(subsets[0]), len(subsets[1]))
        for i, j in np.ndindex(table.shape):
            images = slow.foreground(a, subsets[0][i]), slow.foreground(b, subsets[1][j])
            assert table[i, j] == slow.consistency_cost(*images)
        packed = [vl.Masks(masks) for masks in video.proposals]
        frames = vl.path.compose_frames(video.frames, packed, video.background_image)
        assert frames.dtype == np.uint8
        for frame, masks, out in zip(video.frames, video.proposals, frames, strict=True):
            expected = slow.composed(frame, masks.any(axis=0), video.background_image)
            np.testing.assert_array_equal(out, expected)


# --- whole videos -------------------------------------------------------------------------------------------


def model_of(first: Any, second: Any) -> Any:
    """A flow "model" that sees every pixel of both images."""
    return (second.astype(np.float64) - first)[..., :2] / 16 + first[..., 2:] / 32


WEIGHTS = [(1.0, 1.0, 0.5), (1.0, 0.25, 2.0), (0.5, 0.0, 1.0), (2.0, 1.0, 0.0)]


def options_of(seed: int, video: scenes.Video, inside: str) -> dict[str, Any]:
    out: dict[str, Any] = {
        "k": 1 + seed % 5,
        "paths": [1, 3, 40][seed % 3],
        "inside": inside,
        "reduction": ["mean", "sum"][seed // 3 % 2],
        "max_overlap": [0, 0, 3][seed % 3],
        "algorithm": ALGORITHMS[seed % 2],
    }
    names = ("image_weight", "flow_weight", "consistency_weight")
    out |= dict(zip(names, WEIGHTS[seed % 4], strict=True))
    if inside == "given":
        out |= {"flow_model": model_of, "batch": 1 + seed % 7}
        out |= {"frames": video.frames, "background_image": video.background_image}
    return out


def check_video(seed: int, video: scenes.Video, inside: str, flows: Any) -> bool:
    """Whether no two choices tie, so that the oracle's own one could be compared as well."""
    options = options_of(seed, video, inside)
    k, paths, overlap, reduction = (options[name] for name in ("k", "paths", "max_overlap", "reduction"))
    found = vl.path.select_masks(
        [vl.Masks(masks) for masks in video.proposals], video.backgrounds, flows, **options
    )
    weights = WEIGHTS[seed % 4]
    largest_flow = 100.0 * (1 if reduction == "mean" else video.backgrounds[0].size)
    scale = len(video.proposals) * (weights[1] * largest_flow + weights[2])
    subsets, expected = [], []
    for t, (masks, background) in enumerate(zip(video.proposals, video.backgrounds, strict=True)):
        candidates = found.candidates[t]
        empty = {n for n, mask in enumerate(masks) if not mask.any()}
        ranked = slow.ranked_subsets(masks, background, overlap, reduction)
        ranked = [r for r in ranked if not empty & set(r.name)]
        largest = slow.largest_cost(background, reduction)
        slow.check_ranking(candidates.subsets, candidates.costs, ranked, k, largest)
        subsets.append([tuple(subset.tolist()) for subset in candidates.subsets])
        expected.append([r.name for r in ranked[:k]])
        scale += weights[0] * largest
        chosen = candidates.subsets[found.labels[0, t]]
        assert found.chosen[t].tolist() == chosen.tolist()
        np.testing.assert_array_equal(found.masks[t].to_dense(), masks[chosen])
        assert found.proposals[t] == len(masks) - len(empty)
        assert found.conflicts[t] == np.triu(slow.conflicts(masks, overlap)).sum()
    assert found.optimal
    assert found.nodes == sum(candidates.nodes for candidates in found.candidates)
    assert found.cost == found.costs[0]

    model = model_of if inside == "given" else None
    unary, pairwise = slow.tables(video, flows, subsets, weights, inside, reduction, model)
    for a, b in zip(found.unary + found.pairwise, unary + pairwise, strict=True):
        close(a, b, scale)
    of_found = slow.ranked_paths(found.unary, found.pairwise)
    slow.check_ranking(found.labels, found.costs, of_found, paths, scale)
    ranked = [slow.Ranked(r.cost, r.name, r.name) for r in slow.ranked_paths(unary, pairwise)]
    slow.check_ranking(found.labels, found.costs, ranked, paths, scale)
    alone = subsets == expected and (len(ranked) == 1 or ranked[1].cost - ranked[0].cost > slow.TIE * scale)
    if alone:
        best = [expected[t][label] for t, label in enumerate(ranked[0].name)]
        assert [tuple(chosen.tolist()) for chosen in found.chosen] == best
    return alone


@pytest.mark.parametrize("inside", ["rigid", "measured", "given"])
def test_whole_videos_equal_brute_force(inside: str) -> None:
    videos = [scenes.video(seed, 1 + seed % 4, 4) for seed in range(80)]
    alone = sum(check_video(seed, video, inside, video.flows) for seed, video in enumerate(videos))
    assert alone > 20


def test_whole_videos_without_flow_equal_brute_force() -> None:
    videos = [scenes.video(seed, 1 + seed % 4, 5) for seed in range(80)]
    alone = sum(check_video(seed, video, "rigid", None) for seed, video in enumerate(videos))
    assert alone > 20
