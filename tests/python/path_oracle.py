"""Slow and obvious: GBOpt on dense arrays, from the paper and the written semantics alone.

Masks are bool [N, H, W]; a subset is a tuple of ascending indices, so that Python's order of tuples is the
order of ties.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
from oracle import Bool, Float, counts, quotient

Subset = tuple[int, ...]

# Costs are sums of many terms in no given order; below this share of the largest possible sum they tie.
TIE = 1e-11


@dataclass(frozen=True)
class Ranked:
    """One of all candidates. Two of equal ``same`` tie to the last bit, whatever rounds."""

    cost: float
    name: tuple[int, ...]
    same: Hashable


# --- Stage 1: one frame -------------------------------------------------------------------------------------


def pixel_costs(background: Any) -> tuple[Float, Float]:
    """What each pixel costs as background and as foreground; Eq. 3, 13 and 14."""
    p = np.clip(np.asarray(background).astype(np.float64), 1e-6, 1 - 1e-6)
    return -np.log(p), -np.log(1 - p)


def reduced(pixels: Float, reduction: str, size: tuple[int, ...]) -> float:
    total = float(pixels.sum())
    return total / (size[0] * size[1]) if reduction == "mean" else total


def largest_cost(background: Any, reduction: str = "mean") -> float:
    """What no image of this frame can exceed: the scale of all its costs."""
    return reduced(np.maximum(*pixel_costs(background)), reduction, np.shape(background))


def background_cost(foreground: Bool, background: Any, reduction: str = "mean") -> float:
    """L_I of one binary image."""
    out, inside = pixel_costs(background)
    return reduced(np.where(foreground, inside, out), reduction, foreground.shape)


def foreground(masks: Bool, subset: Iterable[int]) -> Bool:
    out = np.zeros(masks.shape[1:], bool)
    for i in subset:
        out |= masks[i]
    return out


def submasks(masks: Bool) -> dict[Subset, Bool]:
    """The covered pixels, by the set of masks that cover them."""
    out: dict[Subset, Bool] = {}
    for y, x in np.argwhere(masks.any(axis=0)):
        covering = tuple(np.flatnonzero(masks[:, y, x]).tolist())
        out.setdefault(covering, np.zeros(masks.shape[1:], bool))[y, x] = True
    return out


def conflicts(masks: Bool, max_overlap: int = 0) -> Bool:
    out = np.zeros((len(masks), len(masks)), bool)
    for i, j in combinations(range(len(masks)), 2):
        out[i, j] = out[j, i] = (masks[i] & masks[j]).sum() > max_overlap
    return out


def feasible_subsets(conflict: Bool) -> list[Subset]:
    """All subsets without a conflict, in lexicographic order."""
    out: list[Subset] = [()]
    for n, row in enumerate(conflict):
        against = set(np.flatnonzero(row).tolist())
        out += [(*subset, n) for subset in out if against.isdisjoint(subset)]
    return sorted(out)


def ranked_subsets(
    masks: Bool, background: Any, max_overlap: int = 0, reduction: str = "mean"
) -> list[Ranked]:
    """Every feasible subset, cheapest first; one foreground has one cost."""
    subsets = feasible_subsets(conflicts(masks, max_overlap))
    images = np.array([foreground(masks, subset) for subset in subsets])
    out, inside = pixel_costs(background)
    costs = np.where(images, inside, out).reshape(len(images), -1).sum(axis=1)
    costs /= out.size if reduction == "mean" else 1
    ranked = zip(costs.tolist(), subsets, (image.tobytes() for image in images), strict=True)
    return sorted((Ranked(*r) for r in ranked), key=lambda r: (r.cost, r.name))


def ranked_sums(weights: Sequence[float], conflict: Bool) -> list[Ranked]:
    """The same for any weights of the masks; those of weight 0 change nothing."""
    out = []
    for subset in feasible_subsets(conflict):
        terms = sorted(float(weights[i]) for i in subset if weights[i] != 0)
        out.append(Ranked(sum(terms, 0.0), subset, tuple(terms)))
    return sorted(out, key=lambda r: (r.cost, r.name))


# --- Stage 2: the video -------------------------------------------------------------------------------------


def ranked_paths(unary: Sequence[Any], pairwise: Sequence[Any]) -> list[Ranked]:
    """Every labelling of finite cost, cheapest first."""
    out = []
    for labels in product(*(range(len(row)) for row in unary)):
        terms = [float(unary[t][k]) for t, k in enumerate(labels)]
        terms += [float(pairwise[t][labels[t]][labels[t + 1]]) for t in range(len(labels) - 1)]
        terms = sorted(term for term in terms if term != 0)
        if np.inf not in terms:
            out.append(Ranked(sum(terms, 0.0), labels, tuple(terms)))
    return sorted(out, key=lambda r: (r.cost, r.name))


def consistency_cost(a: Bool, b: Bool) -> float:
    """L_p of two foregrounds, Eq. 5."""
    return -quotient(*counts(a, b))


def synthetic_flow(masks: Bool, flow: Float, subset: Subset, inside: str, given: Any = None) -> Float:
    """Appendix C; what it leaves open is the measured flow itself, which costs nothing."""
    out = flow.copy()
    chosen = foreground(masks, subset)
    if not chosen.all():
        out[~chosen] = flow[~chosen].mean(axis=0)
    if inside == "given":
        out[chosen] = given[chosen]
    if inside == "rigid":
        taken = np.zeros_like(chosen)
        for i in subset:
            if masks[i].any():
                out[masks[i] & ~taken] = flow[masks[i]].mean(axis=0)
            taken |= masks[i]
    return out


def flow_cost(
    masks: Bool,
    flow: Any,
    subset: Subset,
    inside: str = "rigid",
    given: Any = None,
    reduction: str = "mean",
) -> float:
    """L_F, Eq. 4."""
    flow = np.asarray(flow).astype(np.float64)
    given = None if given is None else np.asarray(given).astype(np.float64)
    return reduced(
        np.abs(flow - synthetic_flow(masks, flow, subset, inside, given)), reduction, flow.shape[:2]
    )


def largest_flow(*flows: Any, reduction: str = "mean") -> float:
    return sum(reduced(np.abs(np.asarray(f, np.float64)), reduction, np.shape(f)[:2]) for f in flows) or 1.0


def composed(frame: Any, chosen: Bool, background: Any) -> Any:
    return np.where(chosen[..., None], frame, background)


# --- the whole ----------------------------------------------------------------------------------------------


def tables(
    video: Any,
    flows: Sequence[Any] | None,
    subsets: Sequence[Sequence[Subset]],
    weights: tuple[float, float, float] = (1.0, 1.0, 0.5),
    inside: str = "rigid",
    reduction: str = "mean",
    model: Callable[[Any, Any], Any] | None = None,
) -> tuple[list[Float], list[Float]]:
    """The weighted unary [K_t] and pairwise [K_t, K_t+1] costs of these subsets, Eq. 17.

    ``model`` makes one flow [H, W, 2] of two composed images.
    """
    images = [
        [foreground(masks, s) for s in some] for masks, some in zip(video.proposals, subsets, strict=True)
    ]
    unary = [
        np.array([weights[0] * background_cost(image, background, reduction) for image in some])
        for some, background in zip(images, video.backgrounds, strict=True)
    ]
    pairwise = []
    for t in range(len(images) - 1):
        table = np.zeros((len(images[t]), len(images[t + 1])))
        for j, k in np.ndindex(table.shape):
            a, b = images[t][j], images[t + 1][k]
            table[j, k] = weights[2] * consistency_cost(a, b)
            if flows is not None:
                pasted = [
                    composed(video.frames[u], image, video.background_image)
                    for u, image in ((t, a), (t + 1, b))
                ]
                given = None if model is None else model(*pasted)
                masks, subset = video.proposals[t], subsets[t][j]
                table[j, k] += weights[1] * flow_cost(masks, flows[t], subset, inside, given, reduction)
        pairwise.append(table)
    return unary, pairwise


# --- comparison ---------------------------------------------------------------------------------------------


def check_ranking(
    found: Sequence[Iterable[Any]], costs: Any, ranked: Sequence[Ranked], k: int, scale: float
) -> None:
    """The first ``k`` of ``ranked`` were found, in order.

    Candidates whose costs differ by less than rounding may come in any order, except that those which tie
    to the last bit come lexicographically.
    """
    names = [tuple(int(i) for i in entry) for entry in found]
    known = {r.name: r for r in ranked}
    tolerance = TIE * scale
    assert len(names) == len(costs) == min(k, len(ranked))
    assert set(names) <= set(known), "not feasible"
    assert all(a < b for a, b in itertools.pairwise(zip(costs, names, strict=True))), "not in order"
    for name, cost, expected in zip(names, costs, ranked, strict=False):
        assert abs(cost - known[name].cost) <= tolerance
        assert abs(cost - expected.cost) <= tolerance, f"{name} is not as cheap as {expected.name}"
    last = ranked[len(names) - 1].cost + tolerance if names else -np.inf
    near = [r for r in ranked if r.cost <= last]
    cost_of = dict(zip(names, costs, strict=True))
    ties: dict[Hashable, list[tuple[int, ...]]] = {}
    for r in near:
        ties.setdefault(r.same, []).append(r.name)
    for tied in map(sorted, ties.values()):
        here = [name for name in tied if name in cost_of]
        assert len({cost_of[name] for name in here}) <= 1, "what ties to the last bit has two costs"
        assert here == tied[: len(here)], "the lexicographically smaller comes first"
    if all(b.cost - a.cost > tolerance or a.same == b.same for a, b in itertools.pairwise(near)):
        assert names == [r.name for r in ranked[: len(names)]]
