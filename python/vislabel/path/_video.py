"""The whole selection of a video."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from vislabel import _core
from vislabel._arrays import ArrayLike, Float64, Int64, a_type, integer, items, number
from vislabel._core import Error
from vislabel._link import LinkRule, link
from vislabel._masks import Masks, as_masks
from vislabel._tracks import Tracks
from vislabel.path._composed import FlowModel, GivenFlow
from vislabel.path._frame import Algorithm, KBest, Reduction
from vislabel.path._maps import Map, of_one_type, one_by_one
from vislabel.path._steps import Inside

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class LinkedMasks:
    """Chosen masks as tracks."""

    tracks: Tracks
    """[C, T]: one row per chain."""
    proposal: Int64
    """int64 [C, T]: which proposal of the frame it is; -1: absent."""


@dataclass(frozen=True, eq=False)
class SelectedMasks:
    """What `select_masks` finds."""

    chosen: list[Int64]
    """T subsets: what the best path chooses in each frame."""
    masks: list[Masks]
    """T batches: the chosen masks."""
    costs: Float64
    """float64 [P]: of the paths, ascending."""
    labels: Int64
    """int64 [P, T]: which of its frame's candidates each path takes."""
    candidates: list[KBest]
    """T times the K best subsets of the frame alone."""
    unary: list[Float64]
    """T times float64 [K_t]: their weighted costs."""
    pairwise: list[Float64]
    """T - 1 times float64 [K_t, K_t+1]: the weighted costs between them."""
    proposals: list[int]
    """T counts of masks with pixels."""
    conflicts: list[int]
    """T counts of pairs that exclude each other."""

    @property
    def cost(self) -> float:
        """Of the best path."""
        return float(self.costs[0])

    @property
    def optimal(self) -> bool:
        """Whether every frame's K best are proven."""
        return all(best.optimal for best in self.candidates)

    @property
    def nodes(self) -> int:
        """Nodes expanded in all frames."""
        return sum(best.nodes for best in self.candidates)

    def link(self, *, iou_threshold: float = 0.5, gap: int = 0) -> LinkedMasks:
        """Link the chosen masks of consecutive frames into tracks, by overlap alone.

        In each frame the pairs (open chain, mask) are taken greedily, largest overlap first, ties by older
        chain, then by lower index. Overlap is the larger of the masks' IoU and the IoU of the boxes, the
        chain's moved on with its velocity.

        Parameters
        ----------
        iou_threshold : float
            Least overlap of two masks of one object, more than 0 and at most 1.
        gap : int
            Frames that an object may be missing.
        """
        least = number(iou_threshold, "iou_threshold")
        if not 0 < least <= 1:
            raise Error(f"iou_threshold is {least}, expected more than 0 and at most 1")
        if integer(gap, "gap") < 0:
            raise Error(f"gap is {gap}, expected at least 0 frames")
        if not self.masks:
            return LinkedMasks(Tracks(np.zeros((0, 0, 0, 0), bool)), np.zeros((0, 0), np.int64))
        chains = link(self.masks, LinkRule(least_iou=least, least_area_ratio=0.0, gap=gap))
        proposal = np.full((len(chains), len(self.masks)), -1, np.int64)
        index, track, frame = [], [], []
        for row, chain in enumerate(chains):
            for t, k in zip(chain.frame, chain.index, strict=True):
                proposal[row, t] = self.chosen[t][k]
                index.append(k)
                track.append(row)
                frame.append(t)
        firsts = np.cumsum([0, *map(len, self.masks)])
        order = np.array([firsts[t] + k for t, k in zip(frame, index, strict=True)], np.int64)
        pool = Masks.concatenate(self.masks)[order]
        return LinkedMasks(Tracks.from_masks(pool, track, frame, proposal.shape), proposal)

    def tracks(self, *, iou_threshold: float = 0.5, gap: int = 0) -> Tracks:
        """The chosen masks as tracks [C, T]: see `link`."""
        return self.link(iou_threshold=iou_threshold, gap=gap).tracks


def select_masks(
    proposals: Any,
    backgrounds: Any,
    flows: Any = None,
    *,
    k: int = 10,
    paths: int = 1,
    image_weight: float = 1.0,
    flow_weight: float = 1.0,
    consistency_weight: float = 0.5,
    inside: Inside = "rigid",
    reduction: Reduction = "mean",
    max_overlap: int = 0,
    algorithm: Algorithm = "best_first",
    max_nodes: int | None = None,
    flow_model: FlowModel | None = None,
    frames: Any = None,
    background_image: ArrayLike | None = None,
    batch: int = 16,
    progress: Progress | None = None,
) -> SelectedMasks:
    """Choose the masks of a whole video: the K best subsets of every frame, then the best path through them.

    Maps are read one after the other and never kept: give generators or memory-mapped arrays for a long
    video.

    Parameters
    ----------
    proposals : T times Masks
        Any number per frame, none too. Or Tracks [N, T]: subsets are then rows. Masks without pixels are no
        proposals.
    backgrounds : T maps [H, W]
        Probabilities that a pixel is background: any iterable, or an array [T, H, W].
    flows : T - 1 fields [H, W, 2], optional
        Measured flow from each frame to the next: any iterable, or an array [T - 1, H, W, 2]. None: no flow
        loss.
    k, algorithm, max_overlap, reduction
        As for `k_best`.
    max_nodes : int, optional
        As for `k_best`, for each frame.
    paths : int
        How many label sequences.
    image_weight, flow_weight, consistency_weight : float
        lambda_I, lambda_F and lambda_p of Eq. 11.
    inside : {"rigid", "measured", "given"}
        As for `flow_cost`; "given" needs ``flow_model``, ``frames`` and ``background_image``.
    flow_model : callable, optional
        Takes two arrays of composed frames [B, H, W, C], gives B flows [H, W, 2]. Called for each two subsets
        of consecutive frames, for those that cover the same pixels once, with at most ``batch`` at a time.
    frames : T images [H, W, C], optional
        Any iterable.
    background_image : array [H, W, C], optional
        What masks are pasted on.
    progress : callable, optional
        Called with the frames done and T.

    Returns
    -------
    SelectedMasks

    Raises
    ------
    vislabel.Error
        What the steps refuse, naming the frame; too few or too many maps; negative weights.

    Notes
    -----
    Source: GBOpt, Sec. 3.3 and Eq. 17, where the last frame's own loss counts too. Exact over the K subsets
    of every frame.
    """
    masks = _proposals(proposals)
    count, size = len(masks), masks[0].size if masks else (0, 0)
    if progress is not None and not callable(progress):
        raise Error(f"progress is {a_type(progress)}, expected a function of two numbers")
    given = GivenFlow(flow_model, frames, background_image, batch, count, size) if inside == "given" else None
    if given is None:
        for name, x in (
            ("flow_model", flow_model),
            ("frames", frames),
            ("background_image", background_image),
        ):
            if x is not None:
                raise Error(f"{name} is {a_type(x)}, expected None for inside {inside!r}")
    elif flows is None:
        raise Error("flows is None, expected the measured flows for inside 'given'")
    selector = _core.MaskSelector(
        size,
        integer(k, "k"),
        algorithm,
        None if max_nodes is None else integer(max_nodes, "max_nodes"),
        integer(max_overlap, "max_overlap"),
        reduction,
        number(image_weight, "image_weight"),
        number(flow_weight, "flow_weight"),
        number(consistency_weight, "consistency_weight"),
        inside,
        integer(paths, "paths"),
    )
    maps = one_by_one(backgrounds, "backgrounds", count, "H,W", "T")
    fields = iter(()) if flows is None else one_by_one(flows, "flows", max(0, count - 1), "H,W,2", "T - 1")
    done = 0
    for some in _chunks(masks, 1 if given else min(8, 2 * _core.get_num_threads())):
        with _naming_frames():
            own = [next(maps) for _ in some]
            moved = list(islice(fields, min(len(some), count - 1 - done)))
            typed = of_one_type(own + moved)
            last: list[Map | None] = [*typed[len(some) :], *[None] * (len(some) - len(moved))]
            selector.add([batch_._packed for batch_ in some], typed[: len(some)], last)
        if given:
            given.add(selector, done, moved, reduction)
        done += len(some)
        del own, moved, typed, last
        if progress:
            progress(done, count)
    for rest in (maps, fields):
        next(rest, None)  # which complains where there is more
    if given:
        given.finish()
    return _selected(masks, selector.finish())


def _proposals(proposals: Any) -> list[Masks]:
    if isinstance(proposals, Tracks):
        return [proposals.frame(t) for t in range(proposals.frames)]
    if isinstance(proposals, Masks):
        raise Error("proposals is Masks, expected a list of them, one per frame")
    masks = [as_masks(x, f"proposals[{t}]") for t, x in enumerate(items(proposals, "proposals"))]
    for t, batch in enumerate(masks):
        if batch.size != masks[0].size:
            raise Error(
                f"proposals[{t}] has size {batch.size}, expected {masks[0].size}, that of proposals[0]"
            )
    return masks


def _chunks(masks: list[Masks], length: int) -> Iterable[list[Masks]]:
    return (masks[begin : begin + length] for begin in range(0, len(masks), length))


@contextmanager
def _naming_frames() -> Iterator[None]:
    """Calls a frame's maps in errors as the caller does."""
    try:
        yield
    except Error as error:
        found = re.fullmatch(r"frame (\d+): (background|flow)(.*)", str(error), re.DOTALL)
        if found:
            raise Error(f"{found[2]}s[{found[1]}]{found[3]}") from None
        raise


def _selected(masks: list[Masks], core: Any) -> SelectedMasks:
    labels, costs, found, unary, pairwise = core
    candidates = [KBest(*best) for best, _, _ in found]
    best_path = labels[0] if len(labels) else []
    chosen = [frame.subsets[label] for frame, label in zip(candidates, best_path, strict=True)]
    return SelectedMasks(
        chosen=chosen,
        masks=[batch[subset] for batch, subset in zip(masks, chosen, strict=True)],
        costs=costs,
        labels=labels,
        candidates=candidates,
        unary=unary,
        pairwise=pairwise,
        proposals=[proposals for _, proposals, _ in found],
        conflicts=[pairs for _, _, pairs in found],
    )
