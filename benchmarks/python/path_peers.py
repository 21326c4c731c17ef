"""What the room `path` is measured against: dense NumPy, brute force, an integer program, the paper's
iterated shortest paths, and networkx.

A subset is a tuple of ascending indices; subsets of equal cost come in lexicographic order.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import islice
from typing import Any

import networkx
import numpy as np
import numpy.typing as npt
from path_sets import Bool, Float32, Float64, Graph
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

Subset = tuple[int, ...]
Best = tuple[list[Subset], Float64]


def stage_one(masks: Bool, background: Float32, k: int) -> Best:
    """The K best subsets of a frame from dense arrays."""
    base, weights, conflicts = frame_costs(masks, background)
    subsets, costs = brute_force(weights, conflicts, k)
    return subsets, base + costs


def frame_costs(masks: Bool, background: Float32) -> tuple[float, Float64, Bool]:
    """The empty set's cost, what every mask adds, and who overlaps, by way of the regions: the pixels that
    the same masks cover."""
    probability = np.clip(background.astype(np.float64), 1e-6, 1 - 1e-6).ravel()
    logarithm = np.log(probability)
    gain = logarithm - np.log(1 - probability)
    code = region_codes(masks)
    counts = np.bincount(code)
    members = np.flatnonzero(counts)
    table = ((members[:, None] >> np.arange(len(masks))) & 1).astype(np.float64)
    weights = np.bincount(code, gain)[members] @ table
    conflicts = table.T @ table > 0
    np.fill_diagonal(conflicts, False)
    return -float(logarithm.sum()) / code.size, weights / code.size, conflicts


def region_codes(masks: Bool) -> npt.NDArray[Any]:
    """The masks that cover every pixel, bit n for mask n, at most 16 of them."""
    code = np.zeros(masks[0].size, np.uint16)
    flags = masks.reshape(len(masks), -1).view(np.uint8)
    for n, flag in enumerate(flags):
        code |= np.left_shift(flag, n, dtype=np.uint16)
    return code


def brute_force(weights: Float64, conflicts: Bool, k: int) -> Best:
    """Every feasible subset, one mask after the other added to all that came before and are free of it."""
    bits = np.left_shift(1, np.arange(len(weights)))
    blocked = (conflicts * bits).sum(axis=1)
    codes, costs = np.zeros(1, np.int64), np.zeros(1)
    for weight, bit, against in zip(weights, bits, blocked, strict=True):
        free = codes & against == 0
        codes = np.concatenate([codes, codes[free] | bit])
        costs = np.concatenate([costs, costs[free] + weight])
    limit = np.partition(costs, k - 1)[k - 1] if len(costs) > k else np.inf
    few = np.flatnonzero(costs <= limit)
    return ranked([(float(costs[n]), indices(int(codes[n]))) for n in few], k)


def brute_force_by_parts(weights: Float64, conflicts: Bool, k: int) -> Best:
    """Brute force in every connected part; the best of all are sums of the parts' best."""
    count, label = connected_components(conflicts)
    best: list[tuple[float, Subset]] = [(0.0, ())]
    for part in range(count):
        own = np.flatnonzero(label == part)
        subsets, costs = brute_force(weights[own], conflicts[np.ix_(own, own)], k)
        options = [(cost, own[list(subset)].tolist()) for subset, cost in zip(subsets, costs, strict=True)]
        sums = [(cost + more, (*chosen, *added)) for cost, chosen in best for more, added in options]
        best = sorted(sums)[:k]
    return ranked([(cost, tuple(sorted(subset))) for cost, subset in best], k)


def indices(code: int) -> Subset:
    return tuple(n for n in range(code.bit_length()) if code >> n & 1)


def ranked(found: list[tuple[float, Subset]], k: int) -> Best:
    best = sorted(found)[:k]
    return [subset for _, subset in best], np.array([cost for cost, _ in best])


def integer_programs(weights: Float64, conflicts: Bool, k: int) -> Best:
    """HiGHS: one row per clique in place of one per conflict; found subsets are cut off one by one."""
    scale = 1e3 / np.abs(weights).max()  # HiGHS takes 1e-6 for nothing
    rows = edge_cliques(conflicts)
    most = np.ones(len(rows))
    found: list[tuple[float, Subset]] = []
    for _ in range(k):
        solved = milp(
            weights * scale,
            integrality=np.ones(len(weights)),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(rows, -np.inf, most) if len(rows) else (),
            options={"mip_rel_gap": 0},
        )
        if solved.x is None:
            break
        chosen = solved.x > 0.5
        found.append((float(weights[chosen].sum()), tuple(np.flatnonzero(chosen).tolist())))
        rows = np.vstack([rows, np.where(chosen, 1.0, -1.0)])
        most = np.append(most, chosen.sum() - 1.0)
    return ranked(found, k)


def edge_cliques(conflicts: Bool) -> Float64:
    """Cliques [C, N] that together hold every edge, each grown from an edge that none holds yet."""
    rows = []
    left = np.triu(conflicts)
    while left.any():
        i, j = np.unravel_index(left.argmax(), left.shape)
        members, common = [i, j], conflicts[i] & conflicts[j]
        while common.any():
            members.append(common.argmax())
            common &= conflicts[members[-1]]
        left[np.ix_(members, members)] = False
        rows.append(np.isin(np.arange(len(conflicts)), members))
    return np.array(rows, np.float64).reshape(-1, len(conflicts))


def iterated_dijkstra(graph: Graph, k: int) -> tuple[Best, int]:
    """The paper's way (sec. B.1) on its own costs, made correct: after every path found, one search beside
    each of its edges, below what earlier searches fixed (Lawler). Also: how many nodes were expanded."""
    include, exclude = graph.include.tolist(), graph.exclude.tolist()
    blocked = [sum(1 << int(j) for j in np.flatnonzero(row)) for row in graph.conflicts]
    nodes = 0

    def dijkstra(code: int, level: int) -> tuple[float, int] | None:
        """The cheapest path below a node of the binary tree: cost of the whole path, its masks."""
        nonlocal nodes
        start = sum(include[n] if code >> n & 1 else exclude[n] for n in range(level))
        heap = [(start, -level, code)]
        while heap:
            cost, depth, taken = heappop(heap)
            n = -depth
            if n == len(include):
                return cost, taken
            nodes += 1
            heappush(heap, (cost + exclude[n], depth - 1, taken))
            if not taken & blocked[n]:
                heappush(heap, (cost + include[n], depth - 1, taken | 1 << n))
        return None

    open_paths = [(*dijkstra(0, 0), 0)]
    found: list[tuple[float, Subset]] = []
    while open_paths and len(found) < k:
        _, code, fixed = heappop(open_paths)
        found.append((float(graph.weights[list(indices(code))].sum()), indices(code)))
        for level in range(fixed, len(include)):
            other = (code & (1 << level) - 1) | (~code & 1 << level)
            if not (other >> level and other & blocked[level]):
                path = dijkstra(other, level + 1)
                if path:
                    heappush(open_paths, (*path, level + 1))
    return ranked(found, k), nodes


def simple_paths(weights: Float64, conflicts: Bool, k: int) -> Best:
    """networkx's K shortest simple paths through the decision diagram: the binary tree with nodes made one
    where the same later masks are blocked. Each way through it is a subset; costs are reduced to be never
    negative."""
    diagram = networkx.DiGraph()
    blocked = [
        sum(1 << int(j) for j in np.flatnonzero(row)) for row in np.triu(conflicts)
    ]  # later masks alone
    layer = {0}
    for n, weight in enumerate(weights.tolist()):
        later = set()
        for state in layer:
            without = state & ~(1 << n)
            diagram.add_edge((n, state), (n + 1, without), cost=max(0.0, -weight))
            later.add(without)
            if state == without:
                taken = state | blocked[n]
                diagram.add_edge((n, state), (n, state, "taken"), cost=max(0.0, weight))
                diagram.add_edge((n, state, "taken"), (n + 1, taken), cost=0.0)
                later.add(taken)
        layer = later
    paths = networkx.shortest_simple_paths(diagram, (0, 0), (len(weights), 0), weight="cost")
    subsets = [tuple(node[0] for node in path if len(node) == 3) for path in islice(paths, k)]
    return ranked([(float(weights[list(subset)].sum()), subset) for subset in subsets], k)


def pairwise_costs(
    masks: Bool, following: Bool, flow: Float32, subsets: list[Subset], later: list[Subset]
) -> tuple[Float64, Float64]:
    """Flow costs [K] and consistency costs [K, K'] of one pair of frames, the flow rigid in every mask."""
    return flow_costs(masks, flow, subsets), consistency(unions(masks, subsets), unions(following, later))


def flow_costs(masks: Bool, flow: Float32, subsets: list[Subset]) -> Float64:
    """The flow is sorted by region once: then all inside of a mask or outside of a subset is a few slices."""
    code = region_codes(masks)
    values = np.take(flow.reshape(-1, 2), np.argsort(code, kind="stable"), axis=0)
    values = values.T.astype(np.float64, order="C")
    counts = np.bincount(code)
    members = np.flatnonzero(counts)
    ends = counts[members].cumsum()
    slices = [slice(end - count, end) for end, count in zip(ends, counts[members], strict=True)]

    def deviation(regions: npt.NDArray[np.bool_]) -> float:
        """L1 of the flow from its mean there."""
        if not regions.any():
            return 0.0
        there = np.concatenate([values[:, slices[r]] for r in np.flatnonzero(regions)], axis=1)
        there -= there.mean(axis=1, keepdims=True)
        return float(np.abs(there, out=there).sum())

    inside = [deviation(members >> n & 1 > 0) for n in range(len(masks))]
    costs = []
    for subset in subsets:
        outside = members & sum(1 << n for n in subset) == 0
        costs.append(sum(inside[n] for n in subset) + deviation(outside))
    return np.array(costs) / code.size


def unions(masks: Bool, subsets: list[Subset]) -> Bool:
    return np.stack([masks[list(subset)].any(axis=0) for subset in subsets])


def consistency(first: Bool, second: Bool) -> Float64:
    """Minus the IoU of unions, counted on 64 pixels at a time."""
    a, b = words(first), words(second)
    common = np.array([np.bitwise_count(row & b).sum(axis=1) for row in a], np.float64)
    together = np.bitwise_count(a).sum(axis=1)[:, None] + np.bitwise_count(b).sum(axis=1) - common
    return -common / np.maximum(together, 1)


def words(masks: Bool) -> npt.NDArray[np.uint64]:
    packed = np.packbits(masks.reshape(len(masks), -1), axis=1)
    return np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8))).view(np.uint64)


def cheapest_path(unary: list[Float64], pairwise: list[Float64]) -> float:
    costs = unary[0]
    for node, edge in zip(unary[1:], pairwise, strict=True):
        costs = (costs[:, None] + edge).min(axis=0) + node
    return float(costs.min())
