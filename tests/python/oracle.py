"""Slow and obvious: masks and IoU on dense arrays, from the written semantics alone; seeded random masks.

Masks are bool [N, H, W]; tracks are a pair (dense bool [N, T, H, W], all False where absent, and present
bool [N, T]).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bool = NDArray[np.bool_]
Int = NDArray[np.int64]
Float = NDArray[np.float64]
DenseTracks = tuple[Bool, Bool]

# (H, W): around the sizes of words, blocks (32 x 16) and occupancy words (1024 columns), thin and empty ones.
SIZES = [
    (1, 1), (1, 31), (31, 1), (33, 31), (31, 33), (63, 64), (64, 65), (65, 63), (1, 130), (130, 1),
    (32, 16), (33, 17),
    (4096, 3), (2, 4096), (40, 1100), (0, 5), (5, 0), (0, 0),
]  # fmt: skip


# --- random masks -------------------------------------------------------------------------------------------


def random_masks(seed: int, count: int, size: tuple[int, int]) -> Bool:
    """Noise of several densities, rectangles, rectangles with holes, empty and full masks."""
    rng = np.random.default_rng(seed)
    masks = np.zeros((count, *size), bool)
    for n in range(count):
        kind = rng.integers(6)
        if kind == 0:
            masks[n] = rng.random(size) < rng.choice([0.02, 0.5, 0.98])
        elif kind == 1:
            masks[n] = True
        elif kind >= 3:
            y, x = (np.sort(rng.integers(0, side + 1, 2)) for side in size)
            masks[n, y[0] : y[1], x[0] : x[1]] = True
            if kind == 5:
                masks[n] &= rng.random(size) < 0.95
    return masks


def random_tracks(seed: int, count: int, frames: int, size: tuple[int, int]) -> DenseTracks:
    """Drifting rectangles, some of them copies of another track; some slots absent, empty or full."""
    rng = np.random.default_rng(seed)
    height, width = size
    dense = np.zeros((count, frames, height, width), bool)
    present = rng.random((count, frames)) < 0.85
    for n in range(count):
        if n > 0 and rng.random() < 0.5:
            dense[n] = dense[rng.integers(n)] & (rng.random(dense[n].shape) < rng.choice([0.4, 0.6, 1.0]))
        else:
            y, x = rng.integers(0, max(height, 1)), rng.integers(0, max(width, 1))
            tall, wide = rng.integers(1, max(height // 2, 2)), rng.integers(1, max(width // 2, 2))
            for t in range(frames):
                dense[n, t, y : y + tall, max(0, x + t - 2) : x + wide + t] = True
        dense[n, rng.random(frames) < 0.15] = False
        dense[n, rng.random(frames) < 0.05] = True
    dense[~present] = False
    return dense, present


# --- masks --------------------------------------------------------------------------------------------------


def area(masks: Bool) -> Int:
    return np.array([int(mask.sum()) for mask in masks], np.int64)


def box(mask: Bool) -> list[float]:
    ys, xs = np.nonzero(mask)
    if len(ys) == 0:
        return [0.0, 0.0, 0.0, 0.0]
    return [float(v) for v in (xs.min(), ys.min(), xs.max() - xs.min() + 1, ys.max() - ys.min() + 1)]


def boxes(masks: Bool) -> Float:
    return np.array([box(mask) for mask in masks], np.float64).reshape(len(masks), 4)


def runs(mask: Bool) -> list[int]:
    """COCO's run lengths: column-major, zeros first; only the first may be 0."""
    counts, colour = [0], False
    for pixel in mask.T.reshape(-1).tolist():
        if pixel != colour:
            counts.append(0)
            colour = pixel
        counts[-1] += 1
    return counts


def text(counts: list[int]) -> bytes:
    """COCO's compressed text of run lengths."""
    out = bytearray()
    for i, count in enumerate(counts):
        x = count - counts[i - 2] if i > 2 else count
        while True:
            group, x = x & 31, x >> 5
            last = x == (-1 if group & 16 else 0)
            out.append(group + (0 if last else 32) + 48)
            if last:
                break
    return bytes(out)


def crop(mask: Bool, given: list[float]) -> Bool:
    x, y, width, height = given
    out = np.zeros_like(mask)
    for row in range(mask.shape[0]):
        for column in range(mask.shape[1]):
            inside_x = np.floor(x) <= column < np.ceil(x + width)
            inside_y = np.floor(y) <= row < np.ceil(y + height)
            out[row, column] = mask[row, column] and inside_x and inside_y
    return out


# --- IoU ----------------------------------------------------------------------------------------------------


def counts(a: Bool, b: Bool) -> tuple[int, int]:
    return int((a & b).sum()), int((a | b).sum())


def quotient(intersection: int, union: int, empty_pair: str = "zero") -> float:
    if union == 0:
        return 1.0 if empty_pair == "one" else 0.0
    return intersection / union


def mask_iou(a: Bool, b: Bool, crowd: Any = None, empty_pair: str = "zero") -> Float:
    out = np.zeros((len(a), len(b)))
    for n in range(len(a)):
        for m in range(len(b)):
            common, union = counts(a[n], b[m])
            if (
                crowd is not None and crowd[m] and b[m].any()
            ):  # a crowd region with pixels: never an empty pair
                out[n, m] = quotient(common, int(a[n].sum()))
            else:
                out[n, m] = quotient(common, union, empty_pair)
    return out


def pair_iou(a: Bool, b: Bool, over_time: str, empty_pair: str = "zero") -> float:
    """IoU of two tracks [T, H, W]."""
    pairs = [counts(x, y) for x, y in zip(a, b, strict=True)]
    if over_time == "volume":
        return quotient(sum(i for i, _ in pairs), sum(u for _, u in pairs), empty_pair)
    ious = [quotient(i, u, empty_pair) for i, u in pairs]
    if not ious:
        return quotient(0, 0, empty_pair)
    if over_time == "any_frame":
        return max(ious)
    total = 0.0
    for iou in ious:  # one after the other: `sum` and `np.mean` round differently
        total += iou
    return total / len(ious)


def track_iou(a: Bool, b: Bool, over_time: str, empty_pair: str = "zero") -> Float:
    rows = [[pair_iou(x, y, over_time, empty_pair) for y in b] for x in a]
    return np.array(rows, np.float64).reshape(len(a), len(b))


def box_iou(a: Float, b: Float, kind: str = "iou") -> Float:
    out = np.zeros((len(a), len(b)))
    for n, (x0, y0, w0, h0) in enumerate(a):
        for m, (x1, y1, w1, h1) in enumerate(b):
            wide = max(0.0, min(x0 + w0, x1 + w1) - max(x0, x1))
            tall = max(0.0, min(y0 + h0, y1 + h1) - max(y0, y1))
            union = w0 * h0 + w1 * h1 - wide * tall
            hull = (max(x0 + w0, x1 + w1) - min(x0, x1)) * (max(y0 + h0, y1 + h1) - min(y0, y1))
            out[n, m] = wide * tall / union if union > 0 else 0.0
            if kind == "giou":
                out[n, m] = out[n, m] - (hull - union) / hull if hull > 0 else 0.0
    return out
