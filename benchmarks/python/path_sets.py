"""What the room `path` is measured on, from fixed seeds: a video of moving objects with proposals, background
maps and flows, and the conflict graphs of crowded frames."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import vislabel as vl
from data_sets import Outline, Rle, outline
from libraries import pycocotools
from scipy.ndimage import gaussian_filter

Bool = npt.NDArray[np.bool_]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
SIZE = (480, 854)
PROPOSALS = 15


@dataclass
class Frame:
    """Proposals [15, H, W], the probability of background [H, W], the flow to the next frame [H, W, 2]."""

    masks: Bool
    background: Float32
    flow: Float32


@dataclass
class Video:
    """Packed proposals of every frame; maps [T, H, W] and flows [T - 1, H, W, 2] that stay on the disk."""

    proposals: list[vl.Masks]
    backgrounds: Float32
    flows: Float32


@dataclass
class Graph:
    """What each mask adds to the cost where it is chosen and where it is not [N], and who overlaps [N, N]."""

    include: Float64
    exclude: Float64
    conflicts: Bool

    @property
    def weights(self) -> Float64:
        return self.include - self.exclude


@cache
def video(count: int) -> Video:
    shape = (count, *SIZE)
    made = Video([], _on_disk(shape), _on_disk((count - 1, *SIZE, 2)))
    for t, frame in enumerate(frames(count)):
        made.proposals.append(vl.Masks(frame.masks))
        made.backgrounds[t] = frame.background
        if t < count - 1:
            made.flows[t] = frame.flow
    return made


def _on_disk(shape: tuple[int, ...]) -> Float32:
    with tempfile.TemporaryFile() as file:  # has no name; gone when the array is
        return np.memmap(file, np.float32, "w+", shape=shape)


def frames(count: int, seed: int = 0) -> Iterator[Frame]:
    """Four objects that swing before a panning camera; the background network sees some of them less well,
    and something that is none.

    The proposals: every object well and badly, two of them in two parts each, two of them in one, and two of
    what is not there.
    """
    rng = np.random.default_rng([8, seed])
    objects = [outline(rng, SIZE, (0.02, 0.09)) for _ in range(4)]
    distractor = outline(rng, SIZE, (0.01, 0.04))
    phases = rng.uniform(0, 2 * np.pi, 4)
    noise = _noise(rng)
    shown = [_swung(each, phase, 0) for each, phase in zip(objects, phases, strict=True)]
    for t in range(count):
        shapes, shown = (
            shown,
            [_swung(each, phase, t + 1) for each, phase in zip(objects, phases, strict=True)],
        )
        truths = np.stack([_dense(shape) for shape in shapes])
        camera = np.array([1.5 * np.cos(t / 20), -0.4])
        flow = np.stack([_crop(rng, noise), _crop(rng, noise)], axis=-1) * 0.15 + camera
        for truth, here, there in zip(truths, shapes, shown, strict=True):
            flow[truth] += [there.x - here.x, there.y - here.y]
        strengths = np.array([0.88, 0.8, 0.6, 0.4])[:, None, None]
        background = _background((truths * strengths).max(axis=0) + 0.4 * _dense(distractor), rng, noise)
        yield Frame(_proposals(rng, shapes), background, flow.astype(np.float32))


def _swung(shape: Outline, phase: float, t: int) -> Outline:
    x = shape.x + 60 * np.sin(2 * np.pi * t / 60 + phase)
    return Outline(x, shape.y, shape.radius, shape.aspect, shape.heights, shape.phases)


def _proposals(rng: np.random.Generator, shapes: list[Outline]) -> Bool:
    masks = [_dense(shape.moved(rng, step)) for shape in shapes for step in (0.03, 0.1)]
    for shape in shapes[:2]:
        whole = _dense(shape.moved(rng, 0.03))
        masks += [_part(whole, shape, True), _part(whole, shape, False)]
    masks.append(_dense(shapes[2].moved(rng, 0.03)) | _dense(shapes[3].moved(rng, 0.03)))
    masks += [_dense(outline(rng, SIZE, (0.005, 0.04))) for _ in range(2)]
    return np.stack([masks[n] for n in rng.permutation(PROPOSALS)])


def _part(mask: Bool, shape: Outline, upper: bool) -> Bool:
    """What a detector takes for an object of its own: the upper third or the rest."""
    rows = np.arange(SIZE[0])[:, None] < shape.y - 0.3 * shape.radius / shape.aspect
    return mask & (rows if upper else ~rows)


def _dense(shape: Outline) -> Bool:
    return np.ascontiguousarray(pycocotools.decode(shape.rle(SIZE))).astype(bool)


def _noise(rng: np.random.Generator) -> Float32:
    """Larger than a frame, to be cropped."""
    coarse, fine = rng.normal(0, 1, (91, 154)), rng.normal(0, 0.3, (546, 924))
    return (np.kron(coarse, np.ones((6, 6))) + fine).astype(np.float32)


def _crop(rng: np.random.Generator, noise: Float32) -> Float32:
    y, x = rng.integers(0, 66), rng.integers(0, 70)
    return noise[y : y + SIZE[0], x : x + SIZE[1]]


def _background(foreground: npt.NDArray[Any], rng: np.random.Generator, noise: Float32) -> Float32:
    """A map as a network gives it: blurred at edges, noisy, never quite sure."""
    seen = gaussian_filter(foreground.astype(np.float32), 4)
    return np.clip(0.95 - seen + 0.05 * _crop(rng, noise), 0.02, 0.98)


@cache
def crowd(count: int, seed: int = 0, parts: float = 0.0) -> Graph:
    """Proposals of people in a frame, ten or so of each; a share of them sees upper or lower bodies."""
    rng = np.random.default_rng([9, seed, count])
    people = _people(rng, max(2, count // 10))
    foreground = np.zeros(SIZE)
    for person in people:
        foreground = np.maximum(foreground, rng.uniform(0.35, 0.9) * _dense(person))
    background = _background(foreground, rng, _noise(rng)).astype(np.float64)
    masks = []
    for n in range(count):
        person = people[n % len(people)]
        mask = _dense(person.moved(rng, rng.uniform(0.03, 0.15)))
        masks.append(_part(mask, person, bool(rng.integers(2))) if rng.random() < parts else mask)
    pixels = background.size
    return Graph(
        include=np.array([-np.log1p(-background[mask]).sum() for mask in masks]) / pixels,
        exclude=np.array([-np.log(background[mask]).sum() for mask in masks]) / pixels,
        conflicts=_overlaps([pycocotools.encode(np.asfortranarray(mask, np.uint8)) for mask in masks]),
    )


def _people(rng: np.random.Generator, count: int) -> list[Outline]:
    """Upright, one to a cell of a grid of two rows, most of them clear of their neighbours."""
    columns = -(-count // 2)
    people = []
    for n in range(count):
        x, y = (
            (n // 2 + rng.uniform(0.4, 0.6)) / columns * SIZE[1],
            (n % 2 + rng.uniform(0.4, 0.6)) / 2 * SIZE[0],
        )
        radius = min(0.3 * SIZE[1] / columns, 0.13 * SIZE[0])
        people.append(Outline(x, y, radius, 0.75, rng.normal(0, 0.06, 5), rng.uniform(0, 2 * np.pi, 5)))
    return people


def _overlaps(rles: list[Rle]) -> Bool:
    overlaps: Bool = pycocotools.iou(rles, rles, [0] * len(rles)) > 0
    np.fill_diagonal(overlaps, False)
    return overlaps
