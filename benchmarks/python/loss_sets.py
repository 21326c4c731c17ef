"""What the room `loss` is measured on, from fixed seeds: what a network says of the objects of a clip.

Logits are the signed distance from an object's outline in pixels of the frame, over 4 and between -8 and 8:
smooth, as a trained network leaves them; *noisy* ones add noise of standard deviation 4 to every pixel.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from data_sets import HD, Outline, outline
from libraries import pycocotools

Size = tuple[int, int]
CLIP, CLIP_LOGITS = (480, 864), (120, 216)
IMAGE = (192, 320)
SHARES = (0.005, 0.2)


@cache
def clip(kind: str, queries: int, truths: int, frames: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [Q, T, 120, 216] and truth [G, T, 480, 864]: three queries in five see an object, more or less
    well, one in ten nothing, the others something that is none."""
    rng = np.random.default_rng([8, queries])
    objects = [path(rng, CLIP, frames) for _ in range(truths)]
    logits = np.full((queries, frames, *CLIP_LOGITS), -8, np.float32)
    for row in logits:
        chance = rng.random()
        step = rng.uniform(0.02, 0.35)
        seen = objects[rng.integers(truths)] if chance < 0.6 else path(rng, CLIP, frames)
        for t in range(frames if chance < 0.9 else 0):
            row[t] = field(seen[t].moved(rng, step), CLIP, CLIP_LOGITS)
    truth = np.stack([[drawn(seen, CLIP) for seen in row] for row in objects])
    return torch.from_numpy(roughened(logits, kind)), torch.from_numpy(truth)


@cache
def frame(kind: str, predicted: int, truths: int, divisor: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [N, 720 / divisor, 1280 / divisor] and truth [G, 720, 1280]: half of the predictions see an
    object, the others are anywhere."""
    rng = np.random.default_rng([9, predicted])
    objects = [outline(rng, HD, SHARES) for _ in range(truths)]
    small = HD[0] // divisor, HD[1] // divisor
    logits = np.empty((predicted, *small), np.float32)
    for n in range(predicted):
        seen = objects[rng.integers(truths)].moved(rng, 0.2) if n % 2 else outline(rng, HD, SHARES)
        logits[n] = field(seen, HD, small)
    truth = np.stack([drawn(seen, HD) for seen in objects])
    return torch.from_numpy(roughened(logits, kind)), torch.from_numpy(truth)


@cache
def image(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Logits [N, 192, 320], a Lab image [3, 192, 320] and boxes [N, 4]: a gradient of light with the objects
    in colours of their own, each with the noise of a camera."""
    rng = np.random.default_rng([10, count])
    objects = [outline(rng, IMAGE, SHARES) for _ in range(count)]
    lab = np.empty((3, *IMAGE), np.float32)
    lab[:] = np.linspace(30, 70, IMAGE[1])
    lab[1:] = rng.uniform(-20, 20, (2, 1, 1))
    for seen in objects:
        lab[:, drawn(seen, IMAGE)] = rng.uniform((20, -40, -40), (90, 40, 40))[:, None]
    lab += rng.normal(0, 0.8, lab.shape).astype(np.float32)
    logits = np.stack([field(seen.moved(rng, 0.1), IMAGE, IMAGE) for seen in objects])
    boxes = pycocotools.toBbox([seen.rle(IMAGE) for seen in objects])
    return torch.from_numpy(logits), torch.from_numpy(lab), torch.from_numpy(boxes)


def path(rng: np.random.Generator, size: Size, frames: int) -> list[Outline]:
    """An object that moves."""
    seen = [outline(rng, size, SHARES)]
    for _ in range(frames - 1):
        seen.append(seen[-1].moved(rng, 0.03))
    return seen


def field(shape: Outline, size: Size, grid: Size) -> npt.NDArray[np.float32]:
    """The logits of a shape in a frame of ``size``, sampled at the centres of a grid's cells."""
    y, x = ((np.arange(cells) + 0.5) * side / cells for cells, side in zip(grid, size, strict=True))
    dy, dx = (y[:, None] - shape.y) * shape.aspect, (x[None] - shape.x) / shape.aspect
    angles = np.linspace(-np.pi, np.pi, 721)
    reach = np.interp(np.arctan2(dy, dx), angles, shape.radius * shape.stretch(angles))
    return np.clip((reach - np.hypot(dx, dy)) / 4, -8, 8).astype(np.float32)


def drawn(shape: Outline, size: Size) -> npt.NDArray[np.bool_]:
    mask: npt.NDArray[Any] = pycocotools.decode(shape.rle(size))
    return np.ascontiguousarray(mask).astype(bool)


def roughened(logits: npt.NDArray[np.float32], kind: str) -> npt.NDArray[np.float32]:
    if kind == "noisy":
        logits += np.random.default_rng(11).normal(0, 4, logits.shape).astype(np.float32)
    return logits
