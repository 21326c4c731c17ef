"""Stage 1: what the masks of one frame cost, which of them exclude each other, and its K best subsets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vislabel import _core
from vislabel._arrays import ArrayLike, Bool, Float64, Int64, as_array, flags, integer, vector
from vislabel._masks import Masks, as_masks
from vislabel.path._maps import float_map

Algorithm = Literal["best_first", "dijkstra"]
Reduction = Literal["mean", "sum"]


@dataclass(frozen=True, eq=False)
class BackgroundCost:
    """What `background_cost` finds: disjoint masks S cost ``base + per_mask[S].sum()``."""

    base: float
    """Of choosing none."""
    per_mask: Float64
    """float64 [N]: what choosing a mask adds."""


@dataclass(frozen=True, eq=False)
class Submasks:
    """What `submasks` finds."""

    regions: Masks
    """[R]: none empty, no two share a pixel; ordered by the masks that cover them."""
    table: Bool
    """bool [N, R]: the region is a part of the mask."""


@dataclass(frozen=True, eq=False)
class KBest:
    """What `k_best` finds: at most K subsets, fewer where no more exist."""

    subsets: list[Int64]
    """Ascending mask indices each; ascending cost, equal costs by lexicographically smaller subset."""
    costs: Float64
    """float64 [K]."""
    optimal: bool
    """False: ``max_nodes`` was reached, and cheaper subsets may exist."""
    bound: float
    """No other subset costs less than this; infinite where there is no other."""
    nodes: int
    """Nodes of search trees that were expanded."""


def background_cost(
    masks: Masks | ArrayLike, background: ArrayLike, *, reduction: Reduction = "mean"
) -> BackgroundCost:
    """Cross entropy of a map of background probabilities with what chosen masks leave to the background.

    The sum over all pixels of -log(1 - Bg) in a chosen mask and of -log Bg elsewhere.

    Parameters
    ----------
    masks : Masks [N]
    background : float array [H, W]
        Probabilities that a pixel is background; clamped to [1e-6, 1 - 1e-6].
    reduction : {"mean", "sum"}
        Divide by the H x W pixels of the frame, or not.

    Raises
    ------
    vislabel.Error
        Another size; integers; a value outside [0, 1], or NaN.

    Notes
    -----
    Source: GBOpt, Eq. 3, 12 to 16. Costs are rounded to a grid on which their sums are exact, 2**-46 of the
    largest one.
    """
    base, per_mask = _core.background_cost(
        as_masks(masks, "masks")._packed, float_map(background, "background", "H,W"), reduction
    )
    return BackgroundCost(base, per_mask)


def submasks(masks: Masks | ArrayLike) -> Submasks:
    """Divide the covered pixels into maximal regions that the same masks cover.

    Notes
    -----
    Source: GBOpt, App. B.1 ("decomposing-then-hashing").
    """
    regions, own = _core.submasks(as_masks(masks, "masks")._packed)
    return Submasks(Masks._wrap(regions), own)


def conflicts(masks: Masks | ArrayLike, *, max_overlap: int = 0) -> Bool:
    """Which masks exclude each other: bool [N, N], those that share more than ``max_overlap`` pixels.

    Notes
    -----
    Source: GBOpt, Sec. 3.2.3, which allows none.
    """
    return _core.conflicts(as_masks(masks, "masks")._packed, integer(max_overlap, "max_overlap"))


def k_best(
    masks: Masks | ArrayLike,
    background: ArrayLike,
    *,
    k: int = 10,
    algorithm: Algorithm = "best_first",
    max_overlap: int = 0,
    reduction: Reduction = "mean",
    max_nodes: int | None = None,
) -> KBest:
    """Find the K subsets of a frame's masks of least background loss, no two masks of which overlap.

    Parameters
    ----------
    masks : Masks [N]
    background : float array [H, W]
        Probabilities that a pixel is background, as for `background_cost`.
    k : int
        How many; the paper's K.
    algorithm : {"best_first", "dijkstra"}
        One A* pass, or the paper's iterated shortest paths, made correct by Lawler's partition. The answers
        are the same.
    max_overlap : int
        Masks that share at most so many pixels may be chosen together; a shared pixel counts once.
    reduction : {"mean", "sum"}
    max_nodes : int, optional
        Nodes of search trees that may be expanded, each of about 100 bytes; none: ten million. Where they do
        not suffice, ``optimal`` is False, the subsets are the best that were met, and ``bound`` says what
        others cost at least.

    Raises
    ------
    vislabel.Error
        As for `background_cost`; k < 1; max_nodes < 1; a negative tolerance; an unknown name.

    Notes
    -----
    Source: GBOpt, Sec. 3.3 and App. B.1. The empty subset takes part. A mask without pixels costs nothing:
    subsets with and without it tie. Two subsets that cover the same pixels cost exactly the same.

    Examples
    --------
    >>> import numpy as np, vislabel as vl
    >>> masks = np.zeros((3, 4, 6), bool)
    >>> masks[0, :, :4], masks[1, :, :2], masks[2, :, 2:4] = True, True, True
    >>> background = np.where(np.arange(6) < 4, 0.1, 0.9) * np.ones((4, 1))
    >>> [subset.tolist() for subset in vl.path.k_best(masks, background, k=3).subsets]
    [[0], [1, 2], [1]]
    """
    return _k_best(
        _core.k_best(
            as_masks(masks, "masks")._packed,
            float_map(background, "background", "H,W"),
            integer(k, "k"),
            algorithm,
            integer(max_overlap, "max_overlap"),
            reduction,
            _limit(max_nodes),
        )
    )


def k_best_subsets(
    weights: ArrayLike,
    conflicts: ArrayLike,
    *,
    k: int = 10,
    algorithm: Algorithm = "best_first",
    max_nodes: int | None = None,
) -> KBest:
    """Find the K subsets of least total weight of which no two members conflict: `k_best` for any costs.

    Parameters
    ----------
    weights : float array [N]
        What choosing each one adds; negative, zero or positive.
    conflicts : bool array [N, N]
        Symmetric, false on the diagonal.
    k, algorithm, max_nodes
        As for `k_best`.

    Raises
    ------
    vislabel.Error
        Other shapes; weights that are not finite; a table that is not symmetric or has a true diagonal.

    Notes
    -----
    The empty subset costs 0. Sums are exact, and rounded to double once, when they are given back.
    """
    given = vector(weights, "weights", None, "mask")
    shape = (len(given), len(given))
    array = as_array(conflicts, "conflicts")
    if array.shape == (0,) and len(given) == 0:
        array = array.reshape(0, 0)
    pairs = flags(array, "conflicts", shape, f"{list(shape)}, as many rows and columns as weights")
    return _k_best(_core.k_best_subsets(given, pairs, integer(k, "k"), algorithm, _limit(max_nodes)))


def _limit(max_nodes: int | None) -> int | None:
    return None if max_nodes is None else integer(max_nodes, "max_nodes")


def _k_best(core: tuple[list[Int64], Float64, bool, float, int]) -> KBest:
    return KBest(*core)
