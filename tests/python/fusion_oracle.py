"""Slow and obvious: PM-VIS's fusion on dense arrays, from the paper and the written semantics alone.

Boxes are [N, T, 4] (x, y, width, height), four NaN where an instance is not annotated; tracks are pairs as
in `oracle`.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
from oracle import Bool, DenseTracks, Float, Int, box, counts, quotient
from scipy.optimize import linear_sum_assignment


def box_overlap(mask_box: Any, given: Any, kind: str = "iou", negative: bool = False) -> float:
    """IoU of two boxes, or generalised IoU, whose negative values count as 0 unless ``negative``."""
    x0, y0, w0, h0 = (float(v) for v in mask_box)
    x1, y1, w1, h1 = (float(v) for v in given)
    wide = max(0.0, min(x0 + w0, x1 + w1) - max(x0, x1))
    tall = max(0.0, min(y0 + h0, y1 + h1) - max(y0, y1))
    common = wide * tall
    union = w0 * h0 + w1 * h1 - common
    value = common / union if union > 0 else 0.0
    if kind == "giou":
        hull = (max(x0 + w0, x1 + w1) - min(x0, x1)) * (max(y0 + h0, y1 + h1) - min(y0, y1))
        value -= (hull - union) / hull if hull > 0 else 0.0
    return value if negative else max(0.0, value)


def annotated(given: Any) -> bool:
    return not math.isnan(given[0])


# --- SCM and SHQM -------------------------------------------------------------------------------------------


def scm_of_masks(a: Bool, b: Bool, given: Any, kind: str = "iou") -> float:
    """Eq. 4-5 of two masks; an absent one is all False."""
    if not annotated(given) or not a.any() or not b.any():
        return 0.0
    return quotient(*counts(a, b)) * (box_overlap(box(a), given, kind) * box_overlap(box(b), given, kind))


def scm(a: Bool, b: Bool, boxes: Float, kind: str = "iou") -> Float:
    out = np.zeros(a.shape[:2])
    for n, t in np.ndindex(out.shape):
        out[n, t] = scm_of_masks(a[n, t], b[n, t], boxes[n, t], kind)
    return out


def from_the_smallest(terms: list[float]) -> float:
    total = 0.0
    for term in sorted(terms):
        total += term
    return total


def vote(masks: list[Bool], there: list[bool], given: Any, kind: str = "iou") -> tuple[int, list[float]]:
    """The winner among the candidates of one slot (-1: nobody is there), and every A; Eq. 6-8."""
    everyone = range(len(masks))
    s = {(i, j): scm_of_masks(masks[i], masks[j], given, kind) for i, j in combinations(everyone, 2)}
    a = [from_the_smallest([s[min(i, j), max(i, j)] for j in everyone if j != i]) for i in everyone]
    here = [i for i in everyone if there[i]] if annotated(given) else []
    return min(here, key=lambda i: (-a[i], i), default=-1), a


def shqm(sources: list[DenseTracks], boxes: Float, kind: str = "iou") -> tuple[DenseTracks, Int, Float]:
    """The fused tracks, the winner [N, T] and the score [S, N, T]."""
    dense, present = np.zeros_like(sources[0][0]), np.zeros_like(sources[0][1])
    winner, score = np.full(present.shape, -1), np.zeros((len(sources), *present.shape))
    for n, t in np.ndindex(present.shape):
        masks, there = [d[n, t] for d, _ in sources], [bool(p[n, t]) for _, p in sources]
        winner[n, t], score[:, n, t] = vote(masks, there, boxes[n, t], kind)
        if winner[n, t] >= 0:
            dense[n, t], present[n, t] = masks[winner[n, t]], True
    return (dense, present), winner, score


# --- DOOB ---------------------------------------------------------------------------------------------------


def inside(given: Any, size: tuple[int, int], margin: int = 0, rule: str = "paper") -> Bool:
    """The pixels of a frame that belong to a box."""
    x, y, width, height = (float(v) for v in given)
    low, high = (math.floor, math.ceil) if rule == "paper" else (math.trunc, math.trunc)
    columns, rows = np.arange(size[1]), np.arange(size[0])
    wide = (columns >= low(x) - margin) & (columns < high(x + width) + margin)
    tall = (rows >= low(y) - margin) & (rows < high(y + height) + margin)
    return np.logical_and.outer(tall, wide)


def doob(
    tracks: DenseTracks, boxes: Float, margin: int = 0, kind: str = "iou", rule: str = "paper"
) -> DenseTracks:
    dense, present = tracks[0].copy(), tracks[1].copy()
    count, frames, *size = dense.shape
    for t in range(frames):
        for n in range(count):
            if not annotated(boxes[n, t]):
                dense[n, t], present[n, t] = False, False
        covering = np.tensordot(2 ** np.arange(count), dense[:, t], 1)  # the set of instances, as bits
        for bits in np.unique(covering):
            owners = [n for n in range(count) if bits >> n & 1]
            if len(owners) < 2:
                continue
            region = covering == bits
            around = box(region)
            best = min(owners, key=lambda n: (-box_overlap(around, boxes[n, t], kind), n))
            for n in owners:
                if n != best:
                    dense[n, t] &= ~region
        for n in range(count):
            if present[n, t]:
                dense[n, t] &= inside(boxes[n, t], (size[0], size[1]), margin, rule)
    return dense, present


# --- assignment ---------------------------------------------------------------------------------------------


def assignment_scores(
    predicted: DenseTracks, helper: DenseTracks | None, boxes: Float, t: int, kind: str = "iou"
) -> Float:
    """Score of every prediction with every instance of a frame, [P, N]."""
    out = np.zeros((len(predicted[0]), len(boxes)))
    for p, n in np.ndindex(out.shape):
        mask, given = predicted[0][p, t], boxes[n, t]
        if helper is not None:
            out[p, n] = scm_of_masks(mask, helper[0][n, t], given, kind)
        elif annotated(given) and mask.any():
            out[p, n] = box_overlap(box(mask), given, kind)
    return out


def pairs(scores: Float, one_to_one: str, min_score: float) -> list[tuple[int, int]]:
    """(p, n) of one frame."""
    good = [(p, n) for p, n in np.ndindex(scores.shape) if scores[p, n] > min_score]
    if one_to_one == "none":
        best = {n: max((q for q, m in good if m == n), key=lambda q: (scores[q, n], -q)) for _, n in good}
        return [(p, n) for n, p in best.items()]
    if one_to_one == "hungarian":
        rows, columns = linear_sum_assignment(np.where(scores > min_score, scores, 0.0), maximize=True)
        return [(p, n) for p, n in zip(rows, columns, strict=True) if scores[p, n] > min_score]
    chosen: list[tuple[int, int]] = []
    for p, n in sorted(good, key=lambda pair: (-scores[pair], pair[1], pair[0])):
        if all(p != q and n != m for q, m in chosen):
            chosen.append((p, n))
    return chosen


def best_totals(scores: Float, min_score: float) -> list[float]:
    """The total score of every one-to-one set of pairs of one frame, best first: brute force."""

    def totals(n: int, free: frozenset[int]) -> list[float]:
        if n == scores.shape[1]:
            return [0.0]
        below = totals(n + 1, free)
        for p in free:
            if scores[p, n] > min_score:
                below = below + [scores[p, n] + rest for rest in totals(n + 1, free - {p})]
        return below

    return sorted(totals(0, frozenset(range(len(scores)))), reverse=True)


def assign(
    predicted: DenseTracks,
    helper: DenseTracks | None,
    boxes: Float,
    one_to_one: str = "greedy",
    min_score: float = 0.0,
    kind: str = "iou",
    rule: str = "paper",
) -> tuple[DenseTracks, Int, Float]:
    """The tracks [N, T], the prediction of each slot (-1: none), and its score."""
    count, frames = boxes.shape[:2]
    dense = np.zeros((count, *predicted[0].shape[1:]), bool)
    prediction, score = np.full((count, frames), -1), np.zeros((count, frames))
    for t in range(frames):
        if rule == "reference":
            table = reference_overlaps(predicted[0][:, t], boxes[:, t])
            found = [(p, int(np.argmax(row))) for p, row in enumerate(table) if max(row, default=0.0) > 0]
        else:
            table = assignment_scores(predicted, helper, boxes, t, kind)
            found = pairs(table, one_to_one, min_score)
        for p, n in sorted(found):
            dense[n, t] |= predicted[0][p, t]
            prediction[n, t] = p if prediction[n, t] < 0 else prediction[n, t]
            score[n, t] = max(score[n, t], table[p, n])
    return (dense, prediction >= 0), prediction, score


def reference_overlaps(masks: Bool, boxes: Float) -> Float:
    """Generalised IoU of the boxes of predictions [P, H, W] and instances [N, 4]; -1 where one has none."""
    out = np.full((len(masks), len(boxes)), -1.0)
    for p, n in np.ndindex(out.shape):
        if masks[p].any() and annotated(boxes[n]):
            out[p, n] = box_overlap(box(masks[p]), boxes[n], "giou", negative=True)
    return out


# --- keyframes ----------------------------------------------------------------------------------------------


def keyframes(scores: Float, every: int = 10, spread: str = "top") -> Int:
    count, frames = scores.shape
    k = max(1, frames // every)
    out = np.zeros((count, k), np.int64)
    for n, row in enumerate(scores):
        if spread == "top":
            out[n] = sorted(range(frames), key=lambda t: (-row[t], t))[:k]
        else:
            for s in range(k):
                segment = range(s * frames // k, (s + 1) * frames // k)
                out[n, s] = max(segment, key=lambda t: (row[t], -t))
    return out


def fuse_keyframes(
    tracks: list[DenseTracks], starts: Int, by: str = "nearest", boxes: Any = None, kind: str = "iou"
) -> tuple[DenseTracks, Int]:
    """The fused tracks, and which of the K tracks each slot is from."""
    if by == "shqm":
        fused, winner, _ = shqm(tracks, boxes, kind)
        return fused, winner
    dense, present = np.zeros_like(tracks[0][0]), np.zeros_like(tracks[0][1])
    winner = np.full(present.shape, -1)
    for n, t in np.ndindex(present.shape):
        here = [k for k in range(len(tracks)) if tracks[k][1][n, t]]
        if here:
            k = min(here, key=lambda k: (abs(t - int(starts[n, k])), starts[n, k], k))
            dense[n, t], present[n, t], winner[n, t] = tracks[k][0][n, t], True, k
    return (dense, present), winner


# --- filters ------------------------------------------------------------------------------------------------


def without(truth: DenseTracks, removed: Bool) -> tuple[DenseTracks, Bool, list[int]]:
    present = truth[1] & ~removed
    left = truth[0] & present[:, :, None, None]
    return (left, present), removed, [n for n, row in enumerate(present) if row.any()]


def missing_data(
    truth: DenseTracks, fused: DenseTracks, per: str = "frame"
) -> tuple[DenseTracks, Bool, list[int]]:
    removed = np.zeros(truth[1].shape, bool)
    for n, t in np.ndindex(removed.shape):
        counterpart = fused[0][n, t] if per == "frame" else fused[0][n]
        removed[n, t] = truth[1][n, t] and not counterpart.any()
    return without(truth, removed)


def remove_inaccurate(
    truth: DenseTracks, fused: DenseTracks, threshold: float = 0.6
) -> tuple[DenseTracks, Bool, list[int], Float]:
    iou = np.zeros(truth[1].shape)
    for n, t in np.ndindex(iou.shape):
        iou[n, t] = quotient(*counts(truth[0][n, t], fused[0][n, t]))
    return *without(truth, truth[1] & (iou < threshold)), iou


# --- the whole ----------------------------------------------------------------------------------------------


def pseudo_masks(
    sources: dict[str, Any],
    boxes: Float,
    helper: str | None = None,
    one_to_one: str = "greedy",
    min_score: float = 0.0,
    keyframes_by: str = "nearest",
    kind: str = "iou",
    margin: int = 0,
    doob_on: str = "fused",
    rule: str = "paper",
) -> dict[str, Any]:
    """A source is ("aligned", tracks), ("unassigned", tracks) or ("keyframed", tracks, keyframes)."""
    ready: dict[str, DenseTracks] = {}
    for name, (what, *parts) in sources.items():
        if what == "aligned":
            ready[name] = parts[0]
        elif what == "keyframed":
            ready[name] = fuse_keyframes(parts[0], parts[1], keyframes_by, boxes, kind)[0]
    helper = helper or next(iter(ready), None)
    given = None if helper is None else ready[helper]
    for name, (what, *parts) in sources.items():
        if what == "unassigned":
            ready[name] = assign(parts[0], given, boxes, one_to_one, min_score, kind, rule)[0]
    ready = {name: ready[name] for name in sources}
    if doob_on == "sources_and_fused":
        clean = {name: doob(tracks, boxes, margin, kind, rule) for name, tracks in ready.items()}
        for name, (dense, present) in clean.items():
            present &= dense.any(axis=(2, 3)) | ~ready[name][0].any(axis=(2, 3))  # emptied by DOOB: absent
        ready = clean
    fused, winner, score = shqm(list(ready.values()), boxes, kind)
    return {
        "tracks": doob(fused, boxes, margin, kind, rule),
        "fused": fused,
        "winner": winner,
        "score": score,
        "sources": ready,
    }
