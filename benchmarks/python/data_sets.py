"""The masks that everything is measured on, from fixed seeds.

Smooth shapes are polygons around a star-shaped outline, drawn by pycocotools; noisy ones are the same
outlines with a jittered edge and specks, as a network leaves them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from libraries import pycocotools

Rle = dict[str, Any]
Dense = npt.NDArray[np.uint8]
HD, NHD = (720, 1280), (360, 640)


@dataclass
class Outline:
    """r(angle) = radius * (1 + sum of waves), stretched by `aspect` along x, around (x, y)."""

    x: float
    y: float
    radius: float
    aspect: float
    heights: npt.NDArray[np.float64]
    phases: npt.NDArray[np.float64]

    def stretch(self, angle: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        waves = np.arange(2, 2 + len(self.heights))
        return 1 + np.cos(np.multiply.outer(angle, waves) + self.phases) @ self.heights

    def rle(self, size: tuple[int, int]) -> Rle:
        rle: Rle = pycocotools.frPyObjects([self.polygon(size)], *size)[0]
        return rle

    def polygon(self, size: tuple[int, int]) -> list[float]:
        """72 corners x, y inside of the frame."""
        angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
        r = self.radius * self.stretch(angle)
        points = np.stack(
            [self.x + r * np.cos(angle) * self.aspect, self.y + r * np.sin(angle) / self.aspect], axis=1
        )
        numbers: list[float] = np.clip(points, 0, [size[1] - 1, size[0] - 1]).ravel().tolist()
        return numbers

    def moved(self, rng: np.random.Generator, step: float) -> Outline:
        """The same object a moment later, or as another detection sees it: `step` in shares of its radius."""
        dx, dy, grow, turn = rng.normal(0, step, 4)
        return Outline(
            self.x + dx * self.radius,
            self.y + dy * self.radius,
            self.radius * (1 + 0.3 * grow),
            self.aspect,
            self.heights * (1 + 0.3 * turn),
            self.phases + turn,
        )


def outline(rng: np.random.Generator, size: tuple[int, int], shares: tuple[float, float]) -> Outline:
    """An object of about a share of the frame between `shares`, small ones as likely as large ones."""
    height, width = size
    share = np.exp(rng.uniform(np.log(shares[0]), np.log(shares[1])))
    radius = np.sqrt(share * height * width / np.pi)
    x, y = rng.uniform(0.6 * radius, width - 0.6 * radius), rng.uniform(0.6 * radius, height - 0.6 * radius)
    return Outline(x, y, radius, rng.uniform(0.75, 1.4), rng.normal(0, 0.09, 5), rng.uniform(0, 2 * np.pi, 5))


def blob_outlines(count: int = 100, seed: int = 0) -> list[list[float]]:
    """The polygons of `blob`."""
    rng = np.random.default_rng([1, seed])
    return [outline(rng, HD, (0.005, 0.2)).polygon(HD) for _ in range(count)]


@cache
def blob(count: int = 100, seed: int = 0) -> list[Rle]:
    """Smooth objects of 0.5 to 20 % of a 720 x 1280 frame."""
    rng = np.random.default_rng([1, seed])
    return [outline(rng, HD, (0.005, 0.2)).rle(HD) for _ in range(count)]


@cache
def small(count: int = 100, seed: int = 0) -> list[Rle]:
    """Smooth small objects in a 360 x 640 frame."""
    rng = np.random.default_rng([2, seed])
    return [outline(rng, NHD, (0.001, 0.017)).rle(NHD) for _ in range(count)]


@cache
def noisy(count: int = 100, seed: int = 0) -> list[Rle]:
    """The objects of `blob` with ragged edges and specks."""
    rng = np.random.default_rng([3, seed])
    return [_noisy(rng) for _ in range(count)]


def _noisy(rng: np.random.Generator) -> Rle:
    shape = outline(rng, HD, (0.005, 0.2))
    y, x = np.ogrid[: HD[0], : HD[1]]
    reach = 1.7 * shape.radius * 1.4
    rows = slice(max(0, int(shape.y - reach)), int(shape.y + reach) + 1)
    columns = slice(max(0, int(shape.x - reach)), int(shape.x + reach) + 1)
    dy, dx = (y[rows] - shape.y) * shape.aspect, (x[:, columns] - shape.x) / shape.aspect
    angles = np.linspace(-np.pi, np.pi, 721)
    inside = np.interp(np.arctan2(dy, dx), angles, shape.radius * shape.stretch(angles)) - np.hypot(dx, dy)
    mask = np.zeros(HD, np.uint8, order="F")
    mask[rows, columns] = inside + _rough(rng, inside.shape, 7, 1.8) + _rough(rng, inside.shape, 2, 0.35) > 0
    for _ in range(rng.integers(0, 14)):
        top, left, side = (
            rng.integers(rows.start, rows.stop),
            rng.integers(columns.start, columns.stop),
            rng.integers(1, 9),
        )
        mask[top : top + side, left : left + side] ^= 1
    rle: Rle = pycocotools.encode(mask)
    return rle


def _rough(
    rng: np.random.Generator, shape: tuple[int, ...], cell: int, height: float
) -> npt.NDArray[np.float64]:
    """Noise in cells of so many pixels."""
    coarse = rng.normal(0, height, [side // cell + 1 for side in shape])
    return np.kron(coarse, np.ones((cell, cell)))[: shape[0], : shape[1]].astype(np.float64)


@cache
def adversarial() -> list[Rle]:
    """A checkerboard and noise of several densities, 720 x 1280."""
    rng = np.random.default_rng(4)
    y, x = np.ogrid[: HD[0], : HD[1]]
    dense = [(x + y) % 2 == 0, *(rng.random(HD) < share for share in (0.5, 0.5, 0.3, 0.1))]
    return [pycocotools.encode(np.asfortranarray(mask, dtype=np.uint8)) for mask in dense]


def dense_rows(rles: list[Rle]) -> Dense:
    """[N, H, W] uint8, every mask in C order."""
    return np.stack([np.ascontiguousarray(pycocotools.decode(rle)) for rle in rles])


def dense_columns(rles: list[Rle]) -> Dense:
    """[N, H, W] uint8, every mask in Fortran order."""
    return np.stack([np.ascontiguousarray(pycocotools.decode(rle).T) for rle in rles]).transpose(0, 2, 1)


def mean_runs(rles: list[Rle]) -> float:
    """Run lengths per mask."""
    return float(np.mean([len(run_lengths(rle)) for rle in rles]))


def run_lengths(rle: Rle) -> list[int]:
    """The run lengths of compressed text, read the slow and plain way."""
    text = rle["counts"] if isinstance(rle["counts"], bytes) else rle["counts"].encode()
    runs: list[int] = []
    value = shift = 0
    for byte in text:
        group = byte - 48
        value |= (group & 31) << shift
        shift += 5
        if not group & 32:
            if group & 16:
                value -= 1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    return runs


@cache
def video(count: int, frames: int, seed: int = 0) -> list[list[Rle | None]]:
    """Detections of one 720p video as rows of RLE.

    Three in five are objects of their own, the others see one of those again, more or less well; one slot in
    ten is absent.
    """
    rng = np.random.default_rng([5, seed])
    objects: list[list[Outline]] = []
    rows: list[list[Rle | None]] = []
    for n in range(count):
        if n == 0 or rng.random() < 0.6:
            path = [outline(rng, HD, (0.005, 0.2))]
            for _ in range(frames - 1):
                path.append(path[-1].moved(rng, 0.03))
            objects.append(path)
        else:
            step = rng.uniform(0.02, 0.35)
            path = [seen.moved(rng, step) for seen in objects[rng.integers(len(objects))]]
        rows.append([None if rng.random() < 0.1 else seen.rle(HD) for seen in path])
    return rows


@cache
def annotated(
    count: int, frames: int, seed: int = 0
) -> tuple[list[list[list[Rle | None]]], npt.NDArray[np.float64]]:
    """Three models' masks of the annotated objects of one 720p video, and the objects' boxes [N, T, 4].

    Every model sees every object where it is, more or less well; one slot in ten is absent.
    """
    rng = np.random.default_rng([7, seed])
    sources: list[list[list[Rle | None]]] = [[], [], []]
    boxes = np.empty((count, frames, 4))
    for n in range(count):
        path = [outline(rng, HD, (0.005, 0.2))]
        for _ in range(frames - 1):
            path.append(path[-1].moved(rng, 0.03))
        boxes[n] = pycocotools.toBbox([seen.rle(HD) for seen in path])
        for source, step in zip(sources, (0.02, 0.04, 0.08), strict=True):
            source.append([None if rng.random() < 0.1 else seen.moved(rng, step).rle(HD) for seen in path])
    return sources, boxes


def scores(count: int) -> npt.NDArray[np.float64]:
    """One per detection, all above the paper's score threshold."""
    return np.random.default_rng(6).uniform(0.25, 1, count)


def real() -> dict[str, list[Rle]]:
    """The masks of the public data sets that lie beside the project, if they do."""
    root = Path(os.environ.get("VISLABEL_DATA", Path(__file__).parents[3] / "shared/data"))
    return {
        name: masks
        for name, masks in {"SA-V": _segment_anything(root), "DAVIS": _davis(root)}.items()
        if masks
    }


def _segment_anything(root: Path) -> list[Rle]:
    import json

    rles = []
    for path in sorted(root.glob("facebookresearch_sam2/**/sav_*.json")):
        rles += [rle for frame in json.loads(path.read_text())["masklet"] for rle in frame]
    return rles


def _davis(root: Path) -> list[Rle]:
    try:
        from PIL import Image
    except ImportError:
        return []
    rles = []
    for path in sorted(root.glob("davis2017-evaluation/results/unsupervised/rvos/**/*.png"))[::4]:
        labels = np.asfortranarray(Image.open(path))
        rles += [
            pycocotools.encode((labels == label).astype(np.uint8)) for label in np.unique(labels) if label > 0
        ]
    return rles
