"""Seeded random videos for the fusion: sources that see the same instances, and the boxes of these."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from oracle import Bool, DenseTracks, Float, box

SMALL = [(1, 1), (1, 5), (3, 4), (5, 6), (8, 9)]  # (H, W): so few pixels that ties are common
AWKWARD = [(31, 33), (33, 31), (32, 32), (1, 64), (63, 3), (64, 65), (3, 63), (65, 2), (2, 1030), (1030, 2)]

Scene = tuple[list[DenseTracks], Float]


def scene(seed: int, sources: int, count: int, frames: int, size: tuple[int, int]) -> Scene:
    """Sources of one video and its boxes: rectangles seen more or less well, often alike or overlapping."""
    rng = np.random.default_rng([2, seed])
    truth = rectangles(rng, count, frames, size)
    every: list[DenseTracks] = []
    for _ in range(sources):
        dense, present = np.zeros_like(truth), rng.random((count, frames)) < rng.choice([0.0, 0.7, 0.95, 1.0])
        for n, t in np.ndindex(present.shape):
            dense[n, t] = seen(rng, truth, every, n, t) & present[n, t]
        every.append((dense, present))
    return every, random_boxes(rng, truth)


def rectangles(rng: np.random.Generator, count: int, frames: int, size: tuple[int, int]) -> Bool:
    out = np.zeros((count, frames, *size), bool)
    for n, t in np.ndindex(count, frames):
        y, x = (np.sort(rng.integers(0, side + 1, 2)) for side in size)
        out[n, t, y[0] : y[1] + 1, x[0] : x[1] + 1] = True
        if t > 0 and rng.random() < 0.5:
            out[n, t] = out[n, t - 1]
    return out


def seen(rng: np.random.Generator, truth: Bool, before: list[DenseTracks], n: int, t: int) -> Bool:
    """What a source sees of an instance in a frame."""
    mask: Bool = truth[n, t]
    match rng.integers(8):
        case 0:
            return np.roll(mask, rng.integers(-1, 2, 2), (0, 1))
        case 1:
            return mask & (rng.random(mask.shape) < 0.7)
        case 2:
            return mask | (rng.random(mask.shape) < 0.2)
        case 3:
            return np.zeros_like(mask)
        case 4:
            return rng.random(mask.shape) < 0.5
        case 5 if before:
            copy: Bool = before[rng.integers(len(before))][0][n, t]
            return copy
        case 6:
            other: Bool = truth[rng.integers(len(truth)), t]
            return other
    return mask


def random_boxes(rng: np.random.Generator, truth: Bool) -> Float:
    """Boxes of the truth: exact, fractional, shifted over the border, thin, far outside, or none."""
    out = np.array([[box(mask) for mask in row] for row in truth]).reshape(*truth.shape[:2], 4)
    for n, t in np.ndindex(out.shape[:2]):
        given = out[n, t]
        match rng.integers(12):
            case 0:
                given[:] = np.nan
            case 1:
                given += rng.choice([-0.5, -0.25, 0.0, 0.75], 4)
            case 2:
                given[:2] += rng.random(2) * 4 - 2
            case 3:
                given[:2] += rng.integers(-3, 4, 2)
            case 4:
                given[2 + rng.integers(2)] = 0
            case 5:
                given[:2] += rng.choice([-1.0, 1.0], 2) * 2000
            case 6:
                given[:] = out[rng.integers(n + 1), t]
        given[2:] = np.maximum(given[2:], 0)
    return out


def scenes(kind: str, number: int, sources: int | None = None) -> Iterator[tuple[int, Scene]]:
    """Seeds and scenes: "small" ones with many ties, or ones of "awkward" sizes."""
    sizes = SMALL if kind == "small" else AWKWARD
    for seed in range(number):
        rng = np.random.default_rng([1, seed])
        how_many = int(rng.choice([2, 3, 5])) if sources is None else sources
        count, frames = int(rng.integers(1, 5)), int(rng.integers(1, 4))
        yield seed, scene(seed, how_many, count, frames, sizes[seed % len(sizes)])
