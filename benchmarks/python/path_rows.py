"""Rows of the room `path`: GBOpt's K best subsets of masks, its pairwise costs, and a whole video."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import path_peers
import vislabel as vl
from path_peers import Best, Subset
from path_sets import SIZE, Graph, crowd, frames, video
from timing import OURS, Row, Rows

NUMPY, HIGHS, DIJKSTRA, NETWORKX = "NumPy", "HiGHS", "the paper's Dijkstra", "networkx"
K = 10
FRAME = f"{SIZE[0]} x {SIZE[1]}"
ROUNDING = 1e-11
"""Relative: sums of double precision in another order."""


def rows(quick: bool) -> Rows:
    """The rows in the table's order, each made when its turn comes."""
    for state in ("from dense masks", "already packed"):
        yield (
            f"K best of a frame of {FRAME}, N = 15, {state}",
            lambda name, packed=state == "already packed": stage_one(name, packed),
        )
    for k in (K, 1):
        for n in (15, 30, 60, 100):
            yield f"K best subsets, N = {n}, K = {k}", lambda name, n=n, k=k: subsets(name, n, k, 0)
    n = 15 if quick else 100
    yield (
        f"K best subsets, N = {n}, K = {K}, upper and lower bodies",
        lambda name: subsets(name, n, K, 0.3),
    )
    yield f"costs of {K} x {K} pairs of subsets of {FRAME}", pairwise
    count = 8 if quick else 180
    yield f"whole video, {count} frames of {FRAME}, N = 15, K = {K}", lambda name: whole_video(name, count)


def stage_one(name: str, packed: bool) -> Row:
    """Packed: ours starts from packed masks, NumPy from arrays all the same."""
    frame = next(frames(1))
    masks = vl.Masks(frame.masks) if packed else frame.masks
    contenders: dict[str, Callable[[], Any]] = {
        NUMPY: lambda: path_peers.stage_one(frame.masks, frame.background, K),
        OURS: lambda: vl.path.k_best(masks, frame.background, k=K),
    }
    require_costs(contenders)
    return Row(name, contenders, canonical=chosen, reference=NUMPY, goals={NUMPY: 5.0})


def subsets(name: str, n: int, k: int, parts: float) -> Row:
    graphs = [crowd(n, seed, parts) for seed in range(4)]

    def on_all(run: Callable[[Graph], Any]) -> Callable[[], list[Any]]:
        return lambda: [run(graph) for graph in graphs]

    brute_force = path_peers.brute_force if n <= 15 else path_peers.brute_force_by_parts
    contenders = {
        NUMPY: on_all(lambda graph: brute_force(graph.weights, graph.conflicts, k)),
        HIGHS: on_all(lambda graph: path_peers.integer_programs(graph.weights, graph.conflicts, k)),
    }
    if n <= 30:
        contenders[DIJKSTRA] = on_all(lambda graph: path_peers.iterated_dijkstra(graph, k)[0])
        contenders[NETWORKX] = on_all(
            lambda graph: path_peers.simple_paths(graph.weights, graph.conflicts, k)
        )
    given = [(graph.weights, graph.conflicts) for graph in graphs]
    contenders[OURS] = lambda: [vl.path.k_best_subsets(*pair, k=k) for pair in given]
    require_costs(contenders)
    return Row(
        name,
        contenders,
        items=len(graphs),
        canonical=lambda results: [chosen(result) for result in results],
        reference=NUMPY,
        goals={NUMPY: 50.0 if n > 15 else 10.0, HIGHS: 100.0 if k == 1 else 1000.0},
    )


def pairwise(name: str) -> Row:
    """From packed masks; NumPy from arrays."""
    here, there = frames(2)
    masks, following = vl.Masks(here.masks), vl.Masks(there.masks)
    first, second = (vl.path.k_best(frame.masks, frame.background, k=K).subsets for frame in (here, there))
    lists = plain(first), plain(second)
    contenders: dict[str, Callable[[], Any]] = {
        NUMPY: lambda: path_peers.pairwise_costs(here.masks, there.masks, here.flow, *lists),
        OURS: lambda: (
            vl.path.flow_cost(masks, here.flow, first),
            vl.path.consistency_cost(masks, following, first, second),
        ),
    }
    return Row(name, contenders, reference=NUMPY, goals={NUMPY: 5.0}, tolerance=ROUNDING)


def whole_video(name: str, count: int) -> Row:
    """NumPy does a few frames, checked here, of which all are estimated."""
    few = 3
    given = video(count)
    masks = [proposals.to_dense() for proposals in given.proposals[: few + 1]]
    maps = given.backgrounds[: few + 1]

    def dense() -> tuple[list[Best], list[Any]]:
        best = [path_peers.stage_one(masks[t], maps[t], K) for t in range(few)]
        best.append(last)
        return best, [
            path_peers.pairwise_costs(masks[t], masks[t + 1], given.flows[t], best[t][0], best[t + 1][0])
            for t in range(few)
        ]

    last = path_peers.stage_one(masks[few], maps[few], K)
    require_path(dense(), vl.path.select_masks(given.proposals[: few + 1], maps, given.flows[:few], k=K))
    contenders = {
        NUMPY: dense,
        OURS: lambda: vl.path.select_masks(given.proposals, given.backgrounds, given.flows, k=K),
    }
    return Row(name, contenders, reference=OURS, goals={NUMPY: 5.0}, scale={NUMPY: count / few})


def require_path(dense: tuple[list[Best], list[Any]], ours: Any) -> None:
    """A whole selection against what NumPy finds for its frames and pairs."""
    unary = [costs for _, costs in dense[0]]
    pairs = [flow[:, None] + 0.5 * consistency for flow, consistency in dense[1]]
    if [chosen(best) for best in dense[0]] != [chosen(best) for best in ours.candidates]:
        raise AssertionError("the candidates of select_masks disagree with NumPy's")
    for given, expected in ((ours.unary, unary), (ours.pairwise, pairs)):
        for one, other in zip(given, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=ROUNDING)
    np.testing.assert_allclose(ours.cost, path_peers.cheapest_path(unary, pairs), rtol=ROUNDING)


def require_costs(contenders: dict[str, Callable[[], Any]]) -> None:
    """Ours and NumPy's are equal but for rounding."""
    given, expected = contenders[OURS](), contenders[NUMPY]()
    if not isinstance(given, list):
        given, expected = [given], [expected]
    for one, (_, costs) in zip(given, expected, strict=True):
        np.testing.assert_allclose(one.costs, costs, rtol=ROUNDING)
        if not one.optimal:
            raise AssertionError("a search without a budget must be optimal")


def chosen(result: Any) -> list[Subset]:
    """The subsets of a KBest or of a peer's answer."""
    return result[0] if isinstance(result, tuple) else plain(result.subsets)


def plain(arrays: list[Any]) -> list[Subset]:
    return [tuple(array.tolist()) for array in arrays]
