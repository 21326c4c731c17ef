"""Stage 2: what the subsets of consecutive frames cost each other, and the cheapest paths through a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np

from vislabel import _core
from vislabel._arrays import ArrayLike, Float64, Int64, a_type, indices, integer, items, table, vector
from vislabel._core import Error
from vislabel._masks import Masks, as_masks
from vislabel.path._frame import Reduction
from vislabel.path._maps import calling, float_map, of_one_type

Inside = Literal["rigid", "measured", "given"]


@dataclass(frozen=True, eq=False)
class ShortestPaths:
    """What `shortest_paths` finds: at most P paths, fewer where no more exist."""

    labels: Int64
    """int64 [P, T]: ascending cost, equal costs by lexicographically smaller labels."""
    costs: Float64
    """float64 [P]."""


def shortest_paths(unary: Any, pairwise: Any, *, paths: int = 1) -> ShortestPaths:
    """Find the cheapest label sequences: one label per frame, with costs of labels and of consecutive pairs.

    Parameters
    ----------
    unary : T arrays [K_t]
        Or one array [T, K]; each label's own cost, the last frame's too.
    pairwise : T - 1 arrays [K_t, K_t+1]
        Or one array [T - 1, K, K]; infinity forbids a step, in `unary` a label.
    paths : int
        How many.

    Returns
    -------
    ShortestPaths
        Fewer rows where no more finite paths exist: none where a frame has no label.

    Raises
    ------
    vislabel.Error
        Shapes that do not fit; NaN or minus infinity; paths < 1.

    Notes
    -----
    Source: GBOpt, Sec. 3.3 and Eq. 17, by dynamic programming: negative costs are fine. Costs are added frame
    by frame, in double; ties are decided at every frame.
    """
    own = [vector(x, f"unary[{t}]", None, "label") for t, x in enumerate(items(unary, "unary"))]
    between = [table(x, f"pairwise[{t}]") for t, x in enumerate(items(pairwise, "pairwise"))]
    between = [
        x.reshape(len(a), len(b)) if x.size == 0 and 0 in (len(a), len(b)) else x
        for x, a, b in zip(between, own, own[1:], strict=False)
    ] + between[max(0, len(own) - 1) :]
    labels, costs = _core.shortest_paths(own, between, integer(paths, "paths"))
    return ShortestPaths(labels, costs)


def _subsets(subsets: Any, name: str) -> list[Int64]:
    return [indices(x, f"{name}[{k}]") for k, x in enumerate(items(subsets, name))]


@overload
def flow_cost(
    masks: Masks | ArrayLike,
    flow: ArrayLike,
    subsets: None = None,
    *,
    inside: Inside = "rigid",
    given: ArrayLike | None = None,
    reduction: Reduction = "mean",
) -> float: ...
@overload
def flow_cost(
    masks: Masks | ArrayLike,
    flow: ArrayLike,
    subsets: Sequence[Any],
    *,
    inside: Inside = "rigid",
    given: ArrayLike | None = None,
    reduction: Reduction = "mean",
) -> Float64: ...
def flow_cost(
    masks: Masks | ArrayLike,
    flow: ArrayLike,
    subsets: Sequence[Any] | None = None,
    *,
    inside: Inside = "rigid",
    given: ArrayLike | None = None,
    reduction: Reduction = "mean",
) -> float | Float64:
    """L1 distance of the measured flow from the synthetic one, which knows only which masks are chosen.

    Outside of the chosen masks the synthetic flow is the mean of the measured one over the pixels there.

    Parameters
    ----------
    masks : Masks [N]
        Of frame t.
    flow : float array [H, W, 2]
        Measured from frame t to frame t + 1.
    subsets : K subsets, optional
        None: all masks are chosen.
    inside : {"rigid", "measured", "given"}
        The synthetic flow in the chosen masks: the mean over each mask, the measured one (which costs
        nothing there), or ``given``. A pixel of several chosen masks moves with the first one.
    given : float array [H, W, 2], or [K, H, W, 2] with subsets
        What the caller's model finds between composed frames (`compose_frames`).
    reduction : {"mean", "sum"}
        Divide by the H x W pixels of the frame, or not.

    Returns
    -------
    float, or float64 [K] with subsets

    Raises
    ------
    vislabel.Error
        Other shapes; values that are not finite; indices outside [0, N) or not ascending; ``given`` where it
        is not needed, or missing where it is.

    Notes
    -----
    Source: GBOpt, Eq. 4 and App. C; ``rigid`` and ``measured`` are ours, and need no model.
    """
    batch = as_masks(masks, "masks")
    chosen = [np.arange(len(batch))] if subsets is None else _subsets(subsets, "subsets")
    field = float_map(flow, "flow", "H,W,2")
    costs = _core.flow_cost(batch._packed, field, chosen, inside, reduction)
    if (given is not None) != (inside == "given"):
        raise Error(
            f"given is {a_type(given)}, expected {'a flow' if given is None else 'None'} for {inside!r}"
        )
    if given is not None:
        if subsets is None:
            models = [float_map(given, "given", "H,W,2")]
        else:
            models = [float_map(x, f"given[{k}]", "H,W,2") for k, x in enumerate(items(given, "given"))]
        field, *models = of_one_type([field, *models])
        covered = _core.foregrounds(batch._packed, chosen)
        costs = costs + _core.given_flow_cost(covered, field, models, reduction)
    return float(costs[0]) if subsets is None else costs


@overload
def consistency_cost(
    a: Masks | ArrayLike, b: Masks | ArrayLike, subsets_a: None = None, subsets_b: None = None
) -> float: ...
@overload
def consistency_cost(
    a: Masks | ArrayLike, b: Masks | ArrayLike, subsets_a: Sequence[Any], subsets_b: Sequence[Any]
) -> Float64: ...
def consistency_cost(
    a: Masks | ArrayLike,
    b: Masks | ArrayLike,
    subsets_a: Sequence[Any] | None = None,
    subsets_b: Sequence[Any] | None = None,
) -> float | Float64:
    """Minus the IoU of what is chosen in one frame and in the next; both empty: 0.

    Parameters
    ----------
    a, b : Masks [N], Masks [M]
        Of two consecutive frames.
    subsets_a, subsets_b : K and L subsets, optional
        Both or none: without them all masks are chosen.

    Returns
    -------
    float, or float64 [K, L] with subsets

    Notes
    -----
    Source: GBOpt, Eq. 5.
    """
    if (subsets_a is None) != (subsets_b is None):
        missing, present = ("subsets_a", "subsets_b") if subsets_a is None else ("subsets_b", "subsets_a")
        raise Error(f"{missing} is None, expected subsets as for {present}")
    covered = []
    for masks, subsets, name in ((a, subsets_a, "a"), (b, subsets_b, "b")):
        batch = as_masks(masks, name)
        chosen = [np.arange(len(batch))] if subsets is None else _subsets(subsets, f"subsets_{name}")
        with calling({"subsets": f"subsets_{name}"}):
            covered.append(_core.foregrounds(batch._packed, chosen))
    costs = _core.consistency_cost(*covered)
    return float(costs[0, 0]) if subsets_a is None else costs
