"""What `fusion_quality` fuses: real masks of DAVIS-2017, and seeded corruptions of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import vislabel as vl
from PIL import Image

Dense = npt.NDArray[np.bool_]
Float = npt.NDArray[np.float64]
Sources = dict[str, Any]

SEQUENCES = ["blackswan", "car-shadow", "dogs-jump", "gold-fish", "judo", "pigs"]
SEGMENT = 10  # frames for which a source keeps one kind of error


# --- real masks ---------------------------------------------------------------------------------------------


@dataclass
class Video:
    """A sequence: masks [N, T, H, W], boxes [N, T, 4], and where the truth has pixels [N, T]."""

    name: str
    truth: Dense
    proposals: Dense
    boxes: Float
    there: Dense


def videos(every: int) -> list[Video]:
    root = Path(os.environ.get("VISLABEL_DATA", Path(__file__).parents[3] / "shared/data"))
    results = root / "davis2017-evaluation/results"
    if not results.is_dir():
        raise SystemExit("no real masks: set VISLABEL_DATA to a folder that holds davis2017-evaluation/")
    return [_video(results, name, every) for name in SEQUENCES]


def _video(results: Path, name: str, every: int) -> Video:
    truth, proposals = (
        _tracks(results / method / name, every) for method in ("semi-supervised/osvos", "unsupervised/rvos")
    )
    there = truth.any(axis=(2, 3))
    boxes = vl.Tracks(truth).box
    boxes[~there] = np.nan
    return Video(name, truth, proposals, boxes, there)


def _tracks(folder: Path, every: int) -> Dense:
    """One dense track per object id."""
    labels = np.stack([np.array(Image.open(path)) for path in sorted(folder.glob("*.png"))[::every]])
    return np.stack([labels == i for i in range(1, int(labels.max()) + 1)])


# --- corruptions --------------------------------------------------------------------------------------------

HABITS: dict[str, dict[str, float]] = {  # how often a source errs in which way
    "tight": {"eroded": 0.5, "holes": 0.3, "shifted": 0.1, "absent": 0.1},
    "loose": {"dilated": 0.6, "shifted": 0.2, "neighbour": 0.1, "eroded": 0.1},
    "drifting": {"shifted": 0.5, "dilated": 0.15, "neighbour": 0.15, "holes": 0.1, "absent": 0.1},
}


def corrupted(video: Video, habit: dict[str, float], seed: list[int]) -> vl.Tracks:
    """The truth as a source of these habits sees it: one kind and strength of error per ten frames."""
    rng = np.random.default_rng(seed)
    out = np.zeros_like(video.truth)
    for n, track in enumerate(video.truth):
        for start in range(0, len(track), SEGMENT):
            kind = str(rng.choice(list(habit), p=list(habit.values())))
            strength, angle = rng.uniform(0.01, 0.12), rng.uniform(0, 2 * np.pi)
            others = [m for m in range(len(video.truth)) if m != n]
            neighbour = int(rng.choice(others)) if others else n
            for t in range(start, min(start + SEGMENT, len(track))):
                if kind == "neighbour" and video.truth[neighbour, t].any() and others:
                    out[n, t] = video.truth[neighbour, t]
                elif kind != "absent":
                    out[n, t] = one_error(track[t], kind, strength, angle)
    return vl.Tracks(out, present=out.any(axis=(2, 3)))


def one_error(mask: Dense, kind: str, strength: float, angle: float) -> Dense:
    """``strength`` is in shares of the square root of the mask's area; without a neighbour, a long shift."""
    if kind == "neighbour":
        kind, strength = "shifted", 5 * strength
    reach = strength * np.sqrt(mask.sum())
    if kind in ("eroded", "dilated"):
        side = 2 * max(1, round(float(reach) / 2)) + 1
        change = cv2.erode if kind == "eroded" else cv2.dilate
        element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        return change(mask.astype(np.uint8), element) > 0
    if kind == "shifted":
        matrix = np.array([[1, 0, reach * np.cos(angle)], [0, 1, reach * np.sin(angle)]])
        moved = cv2.warpAffine(mask.astype(np.uint8), matrix, mask.shape[::-1], flags=cv2.INTER_NEAREST)
        return moved > 0
    return mask & ~_holes(mask, reach, angle)


def _holes(mask: Dense, reach: Any, angle: float) -> Dense:
    """Three discs around pixels of the mask: their places depend on the angle alone."""
    ys, xs = np.nonzero(mask)
    rows, columns = np.ogrid[: mask.shape[0], : mask.shape[1]]
    out = np.zeros_like(mask)
    for share in (0.2, 0.5, 0.8):
        at = int((share + angle / 40) % 1 * len(ys))
        if len(ys):
            out |= (rows - ys[at]) ** 2 + (columns - xs[at]) ** 2 <= (1.5 * reach) ** 2
    return out


# --- sources ------------------------------------------------------------------------------------------------


def three_sources(video: Video, seed: int) -> Sources:
    """The corruptions alone."""
    place = SEQUENCES.index(video.name)
    habits = enumerate(HABITS.items())
    return {name: corrupted(video, habit, [seed, place, s]) for s, (name, habit) in habits}


def four_sources(video: Video, seed: int) -> Sources:
    """The corruptions, and RVOS's proposals."""
    return {**three_sources(video, seed), "rvos": vl.fuse.Unassigned(vl.Tracks(video.proposals))}


def twins(video: Video, seed: int, common: float, habit: dict[str, float]) -> Sources:
    """Three sources of one habit; in a share ``common`` of the slots the second repeats the first's error."""
    first, second, third = (corrupted(video, habit, [seed, 10 + s]) for s in range(3))
    again = np.random.default_rng([seed, 20]).random(first.shape) < common
    pick = again[:, :, None, None]
    dense = np.where(pick, first.to_dense(), second.to_dense())
    present = np.where(again, first.present, second.present)
    return {"first": first, "its twin": vl.Tracks(dense, present=present), "third": third}
