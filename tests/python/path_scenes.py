"""Seeded random frames and videos for GBOpt: masks that conflict in every way, background maps, flows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import oracle
from oracle import Bool

SIZES = [
    (1, 1), (1, 2), (1, 63), (1, 64), (1, 65), (63, 1), (64, 1), (65, 1), (3, 4), (8, 8), (7, 9), (5, 13),
    (31, 33), (33, 31), (2, 130), (65, 3),
]  # fmt: skip

FAMILIES = ["disjoint", "nested", "chain", "clique", "unions", "duplicates", "noise", "shapes"]
MAPS = ["random", "extreme", "coarse", "guided", "zero", "one", "half", "near the ends"]
FLOWS = ["random", "zero", "constant", "rigid"]
FLOATS = [np.float16, np.float32, np.float64]


@dataclass(frozen=True)
class Video:
    """T frames of dense masks [N_t, H, W], maps [H, W], T - 1 flows [H, W, 2], T images [H, W, 3]."""

    proposals: list[Bool]
    backgrounds: list[Any]
    flows: list[Any]
    frames: list[Any]
    background_image: Any


def masks_of(rng: np.random.Generator, family: str, count: int, size: tuple[int, int]) -> Bool:
    """N masks of one family, some of them empty or full, in any order."""
    pixels = size[0] * size[1]
    flat: Any = np.zeros((count, pixels), bool)
    match family:
        case "disjoint":
            owner = np.sort(rng.integers(-1, count + 1, pixels))
            flat = owner == np.arange(count)[:, None]
        case "nested":
            ends = rng.integers(0, pixels + 1, (count, 1))
            flat = rng.permutation(pixels) < ends
        case "chain":
            step, reach = max(1, pixels // (count + 1)), int(rng.integers(1, 4))
            starts = np.arange(count)[:, None] * step
            flat = (np.arange(pixels) >= starts) & (np.arange(pixels) < starts + step + reach)
        case "clique":
            flat = rng.random((count, pixels)) < rng.choice([0.1, 0.5])
            flat[:, rng.integers(pixels)] = True
        case "unions":
            owner = rng.integers(0, max(1, count // 2) + 1, pixels)
            for n in range(count):  # parts first, then pairs of what is there already
                parts = rng.integers(0, max(1, n), 2)
                flat[n] = owner == n if n < count / 2 else flat[parts[0]] | flat[parts[1]]
        case "duplicates":
            some = np.sort(rng.integers(0, 4, pixels)) == np.arange(3)[:, None]
            flat = some[rng.integers(0, 3, count)]
        case "noise":
            flat = rng.random((count, pixels)) < rng.choice([0.02, 0.1, 0.5], (count, 1))
        case "shapes":
            flat = oracle.random_masks(int(rng.integers(2**31)), count, size).reshape(count, pixels)
    if count > 0 and rng.random() < 0.3:
        flat[rng.integers(count)] = bool(rng.random() < 0.3)
    return np.ascontiguousarray(rng.permutation(flat)).reshape(count, *size)


def background_of(rng: np.random.Generator, kind: str, masks: Bool, dtype: Any = np.float64) -> Any:
    """A map of background probabilities [H, W]."""
    size = masks.shape[1:]
    out: Any
    match kind:
        case "extreme":
            out = rng.choice([0.0, 1.0, 0.5, 1e-7, 1 - 1e-7], size)
        case "coarse":  # weights that tie although the foregrounds differ
            out = rng.choice([0.25, 0.5, 0.75], size)
        case "guided":
            objects = rng.random(len(masks)) < 0.5
            out = np.where(masks[objects].any(axis=0), 0.2, 0.8) + rng.uniform(-0.15, 0.15, size)
        case "near the ends":
            out = rng.choice([1e-6, 2e-6, 1e-5, 1e-3], size)
            out = np.where(rng.random(size) < 0.5, out, 1 - out)
        case "zero" | "one" | "half":
            out = np.full(size, {"zero": 0.0, "one": 1.0, "half": 0.5}[kind])
        case _:
            out = rng.random(size)
    return out.astype(dtype)


def flow_of(rng: np.random.Generator, kind: str, masks: Bool, dtype: Any = np.float64) -> Any:
    """A flow [H, W, 2]."""
    out = np.zeros((*masks.shape[1:], 2))
    match kind:
        case "random":
            out = rng.normal(0, 5, out.shape)
        case "constant":
            out += [0.1, -3.7]
        case "rigid":
            for mask in masks:
                out[mask] = rng.normal(0, 5, 2)
            out += rng.normal(0, 0.1, out.shape)
    return out.astype(dtype)


def frames(number: int, most: int) -> Iterator[tuple[int, Bool, Any]]:
    """Seeds, up to ``most`` masks of one frame, and its background map."""
    for seed in range(number):
        rng = np.random.default_rng([11, seed])
        family, kind = FAMILIES[seed % len(FAMILIES)], MAPS[seed // len(FAMILIES) % len(MAPS)]
        size = SIZES[int(rng.integers(len(SIZES)))]
        masks = masks_of(rng, family, int(rng.integers(0, most + 1)), size)
        yield seed, masks, background_of(rng, kind, masks, FLOATS[seed % len(FLOATS)])


def video(seed: int, length: int, most: int, size: tuple[int, int] | None = None) -> Video:
    """``length`` frames whose masks are often those of the frame before, a bit off."""
    rng = np.random.default_rng([12, seed])
    size = size or SIZES[int(rng.integers(len(SIZES)))]
    family, kind = FAMILIES[seed % len(FAMILIES)], MAPS[seed // 3 % len(MAPS)]
    proposals: list[Bool] = []
    for t in range(length):
        masks = masks_of(rng, family, int(rng.integers(0, most + 1)), size)
        if t > 0 and rng.random() < 0.5:
            masks = np.roll(proposals[-1], int(rng.integers(-1, 2)), axis=2)
        proposals.append(masks)
    dtype = FLOATS[int(rng.integers(3))]
    flow_kind = FLOWS[seed // 2 % len(FLOWS)]
    return Video(
        proposals,
        [background_of(rng, kind, masks, dtype) for masks in proposals],
        [flow_of(rng, flow_kind, masks, FLOATS[1 + seed % 2]) for masks in proposals[:-1]],
        [rng.integers(0, 256, (*size, 3), np.uint8) for _ in proposals],
        rng.integers(0, 256, (*size, 3), np.uint8),
    )
