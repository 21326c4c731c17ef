"""Linking the masks of consecutive frames into chains, by overlap alone: no appearance, no learning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vislabel import iou
from vislabel._masks import Masks

Table = NDArray[np.float64]

# Frames over which a chain's velocity is averaged: about half a stride of a person at 10 frames a second, so
# that a swinging leg does not pull the predicted box to and fro.
VELOCITY_FRAMES = 5

# Masks whose median area is a chain's usual one. Compared with the last area alone, a chain grew into a group
# in two or three steps and left it as somebody else (vtest.avi, frames 160 to 173).
AREA_FRAMES = 9


@dataclass(frozen=True)
class LinkRule:
    """What makes two masks the same object: `vislabel.propose.Settings` explains the numbers."""

    least_iou: float
    least_area_ratio: float
    gap: int


@dataclass
class Chain:
    """The masks of one object: mask `index[i]` of frame `frame[i]`, frames ascending."""

    frame: list[int] = field(default_factory=list)
    index: list[int] = field(default_factory=list)
    box: list[NDArray[np.float64]] = field(default_factory=list)
    area: list[int] = field(default_factory=list)

    def append(self, frame: int, index: int, box: NDArray[np.float64], area: int) -> None:
        self.frame.append(frame)
        self.index.append(index)
        self.box.append(box)
        self.area.append(area)

    def predicted_box(self, frame: int) -> NDArray[np.float64]:
        """The last box, moved on with the mean velocity of the last few frames."""
        first = max(0, len(self.frame) - 1 - VELOCITY_FRAMES)
        passed = self.frame[-1] - self.frame[first]
        if passed == 0:
            return self.box[-1]
        a, b = self.box[first], self.box[-1]
        velocity = ((b[:2] + b[2:] / 2) - (a[:2] + a[2:] / 2)) / passed
        moved = b.copy()
        moved[:2] += velocity * (frame - self.frame[-1])
        return moved


def link(frames: Sequence[Masks], rule: LinkRule) -> list[Chain]:
    """Chain the masks of T frames into objects; every mask belongs to exactly one chain.

    In each frame the pairs (open chain, mask) are taken greedily, largest overlap first, ties by older chain,
    then by lower mask index. Overlap is the larger of the masks' IoU and, because fast or long unseen objects
    no longer overlap themselves, the IoU of the boxes, moved on with the chain's velocity. A pair whose areas
    differ too much is refused: it is people who met, not one who grew.
    """
    chains: list[Chain] = []
    alive: list[Chain] = []
    for t, masks in enumerate(frames):
        alive = [chain for chain in alive if t - chain.frame[-1] <= rule.gap + 1]
        boxes, areas = np.asarray(masks.box), np.asarray(masks.area)
        owner = _match(_overlap(alive, frames, t, boxes, areas, rule), rule.least_iou)
        for k in range(len(masks)):
            chain = alive[owner[k]] if k in owner else Chain()
            chain.append(t, k, boxes[k], int(areas[k]))
            if k not in owner:
                chains.append(chain)
        alive += [chain for chain in chains if chain.frame[0] == t]
    return chains


def _overlap(
    alive: Sequence[Chain],
    frames: Sequence[Masks],
    t: int,
    boxes: NDArray[np.float64],
    areas: NDArray[np.int64],
    rule: LinkRule,
) -> Table:
    """Overlap of every open chain with every mask of frame t, [C, K]; 0 where the areas do not fit."""
    table = np.zeros((len(alive), len(boxes)))
    if table.size == 0:
        return table
    table[:] = iou.box_iou(np.stack([chain.predicted_box(t) for chain in alive]), boxes)
    recent = [c for c, chain in enumerate(alive) if chain.frame[-1] == t - 1]
    if recent:
        before = frames[t - 1][np.array([alive[c].index[-1] for c in recent], dtype=np.int64)]
        table[recent] = np.maximum(table[recent], iou.mask_iou(before, frames[t]))
    usual = np.array([np.median(chain.area[-AREA_FRAMES:]) for chain in alive])[:, None]
    table[np.minimum(usual, areas) < rule.least_area_ratio * np.maximum(usual, areas)] = 0
    return table


def _match(table: Table, least: float) -> dict[int, int]:
    """Greedy one-to-one matching of columns to rows, largest entry first: {column: row}."""
    owner: dict[int, int] = {}
    used: set[int] = set()
    for entry in np.argsort(-table, axis=None, kind="stable"):
        c, k = divmod(int(entry), table.shape[1])
        if table[c, k] < least or table[c, k] <= 0:
            break
        if c not in used and k not in owner:
            owner[k] = c
            used.add(c)
    return owner
