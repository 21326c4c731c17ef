"""Slow and obvious: AutoQ-VIS's selection on dense arrays, from the written semantics alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from oracle import Bool, DenseTracks, Float, counts, pair_iou, quotient


def spatiotemporal_nms(
    dense: Bool,
    scores: Any,
    iou_threshold: float = 0.5,
    score_threshold: float = 0.25,
    over_time: str = "any_frame",
    suppress: str = "at_least",
    labels: Any = None,
) -> tuple[list[int], list[int]]:
    """Kept detections, best first, and who suppressed each one (-1: nobody)."""

    def overlap(a: int, b: int) -> bool:
        if labels is not None and labels[a] != labels[b]:
            return False
        if over_time == "any_frame":
            ious = [quotient(*counts(x, y)) for x, y in zip(dense[a], dense[b], strict=True)]
        else:
            ious = [pair_iou(dense[a], dense[b], over_time)]
        return any(iou >= iou_threshold if suppress == "at_least" else iou > iou_threshold for iou in ious)

    order = sorted(
        (n for n in range(len(dense)) if scores[n] >= score_threshold), key=lambda n: (-scores[n], n)
    )
    kept: list[int] = []
    suppressed_by = [-1] * len(dense)
    for n in order:
        better = [k for k in kept if overlap(k, n)]
        if better:
            suppressed_by[n] = better[0]
        else:
            kept.append(n)
    return kept, suppressed_by


def quality(scores: Any, predicted_iou: Float) -> Float:
    out = np.zeros(np.shape(predicted_iou))
    for n, row in enumerate(predicted_iou):
        for t, iou in enumerate(row):
            out[n, t] = scores[n] * min(max(iou, 0.0), 1.0)
    return out


def retain(
    tracks: DenseTracks, q: Float, threshold: float = 0.75, rule: str = "paper"
) -> tuple[DenseTracks, list[int], Bool, list[int]]:
    """The staying tracks, their indices, what is selected [N, T], and the staying frames."""
    dense, present = tracks
    count, length = present.shape
    selected = np.zeros((count, length), bool)
    for n in range(count):
        for t in range(length):
            selected[n, t] = q[n, t] >= threshold and present[n, t] and dense[n, t].any()
    frames = list(range(length))
    if rule == "paper":
        kept = [n for n in range(count) if selected[n].sum() >= 1]
        stay = selected[kept]
        return (dense[kept] & stay[:, :, None, None], stay), kept, selected, frames
    kept = [n for n in range(count) if selected[n].sum() >= 2]
    frames = [t for t in frames if all(selected[n, t] or not dense[n, t].any() for n in kept)]
    if len(frames) < 2 or not kept:
        kept, frames = [], []
    return (dense[kept][:, frames], present[kept][:, frames]), kept, selected, frames


def merge_rounds(
    old: DenseTracks, new: DenseTracks, iou_threshold: float = 0.5, rule: str = "paper"
) -> tuple[DenseTracks, list[int]]:
    """The merged tracks, and the row that each new track went to."""

    def same_object(n: int, m: int) -> bool:
        for a, b in zip(old[0][n], new[0][m], strict=True):
            if a.any() and b.any() and quotient(*counts(a, b)) >= iou_threshold:
                return True
        return False

    def selected(mask: Bool, here: bool) -> bool:
        return bool(here and (rule == "reference" or mask.any()))

    dense, present = list(old[0].copy()), list(old[1].copy())
    match = []
    for m in range(len(new[0])):
        same = [n for n in range(len(old[0])) if same_object(n, m)]
        match.append(same[0] if same else len(dense))
        if not same:
            dense.append(new[0][m].copy())
            present.append(new[1][m].copy())
            continue
        n = same[0]
        for t in range(new[1].shape[1]):
            if selected(new[0][m, t], new[1][m, t]) or not selected(dense[n][t], present[n][t]):
                dense[n][t], present[n][t] = new[0][m, t], new[1][m, t]
    rows = len(dense)
    return (
        np.array(dense, bool).reshape(rows, *old[0].shape[1:]),
        np.array(present, bool).reshape(rows, -1),
    ), match


def spread(tracks: Any, frames: list[int], total: int) -> Any:
    """The tracks of some frames in a video of all frames, absent in the others."""
    dense, present = tracks
    count, _, height, width = dense.shape
    full, there = np.zeros((count, total, height, width), bool), np.zeros((count, total), bool)
    full[:, frames], there[:, frames] = dense, present
    return full, there
