"""How often does GBOpt choose the right masks? Real masks of DAVIS-2017 among wrong ones.

OSVOS's masks stand for the truth, at half of their resolution. Of 15 proposals per frame as many as there are
objects are right; the others are grown, shifted, parts, several objects as one, or show nothing. The
background map is the truth, blurred and noisy, that now and then overlooks an object, and sees one where none
is. No clock: quality only.

    python benchmarks/python/path_quality.py            the tables of docs/gbopt.md
    python benchmarks/python/path_quality.py --quick    every eighth frame and one seed
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import vislabel as vl
from fusion_sources import Dense, Float, one_error, videos
from table import markdown

PROPOSALS = 15
Subsets = Sequence[npt.NDArray[np.int64]]

# --- what there is to choose from ---------------------------------------------------------------------------


@dataclass
class Scene:
    """A sequence: proposals of every frame, how many of which come first and are right, and the flow."""

    truth: Dense
    """[N, T, H, W]"""
    distractors: Dense
    """[D, T, H, W]: what may look like an object, and is none."""
    proposals: list[vl.Masks]
    right: list[int]
    flows: list[npt.NDArray[np.float32]]


def scene(truth: Dense, shapes: Sequence[Dense], tiling: bool, rng: np.random.Generator) -> Scene:
    """The proposals of a truth [N, T, H, W]; distractors have the shapes of other videos' objects."""
    frames, size = truth.shape[1], truth.shape[2:]
    distractors = np.stack([_standing(rng, shape, size, frames) for shape in shapes])
    proposals, right = [], []
    for t in range(frames):
        objects = truth[truth[:, t].any(axis=(1, 2)), t]
        wrong = [w for mask in objects for w in _wrong(mask, tiling, rng)]
        wrong += [_hull(a | b) for i, a in enumerate(objects) for b in objects[:i]]
        wrong += [mask for mask in distractors[:, t] if not (mask & objects.any(axis=0)).any()]
        picked = rng.permutation(len(wrong))[: PROPOSALS - len(objects)]
        masks = np.array([*objects, *(wrong[i] for i in picked)], bool).reshape(-1, *size)
        proposals.append(vl.Masks(masks))
        right.append(len(objects))
    return Scene(truth, distractors, proposals, right, [_flow(truth, t, rng) for t in range(frames - 1)])


def _wrong(mask: Dense, tiling: bool, rng: np.random.Generator) -> list[Dense]:
    """A mask grown, shifted, and in two parts across its longer side: cut from it, or thinner than it."""
    angle = rng.uniform(0, 2 * np.pi)
    whole = mask if tiling else one_error(mask, "eroded", 0.04, 0)
    rows, columns = np.nonzero(mask)
    along, axis = (rows, 0) if np.ptp(rows) > np.ptp(columns) else (columns, 1)
    first = np.expand_dims(np.arange(mask.shape[axis]) < np.median(along), 1 - axis)
    grown = [one_error(mask, "dilated", strength, 0) for strength in (0.06, 0.12)]
    return [*grown, one_error(mask, "shifted", 0.12, angle), whole & first, whole & ~first]


def _hull(mask: Dense) -> Dense:
    """Everything between two objects belongs to them."""
    points = np.argwhere(mask)[:, ::-1].astype(np.int32)
    return cv2.fillConvexPoly(np.zeros(mask.shape, np.uint8), cv2.convexHull(points), 1) > 0


def _standing(rng: np.random.Generator, shape: Dense, size: tuple[int, ...], frames: int) -> Dense:
    """A shape [h, w] somewhere in the frame, through the video."""
    out = np.zeros((frames, *size), bool)
    h, w = (min(a, b) for a, b in zip(shape.shape, size, strict=True))
    y, x = rng.integers(0, size[0] - h + 1), rng.integers(0, size[1] - w + 1)
    out[:, y : y + h, x : x + w] = shape[:h, :w]
    return out


def _flow(truth: Dense, t: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Every object moves as its centre does, the camera pans, and all of it is noisy."""
    noise = np.stack([_noise(rng, truth.shape[2:]) for _ in range(2)], axis=-1)
    flow = np.array([1.0, 0.3]) + 0.3 * noise
    for now, then in zip(truth[:, t], truth[:, t + 1], strict=True):
        if now.any() and then.any():
            flow[now] += (np.argwhere(then).mean(axis=0) - np.argwhere(now).mean(axis=0))[::-1]
    return flow.astype(np.float32)


def _noise(rng: np.random.Generator, size: tuple[int, ...]) -> Float:
    """Spots of about 16 pixels, and grain; standard deviation 1."""
    height, width = size
    spots: Any = cv2.resize(rng.normal(0, 1, (height // 16, width // 16)), (width, height))
    noise = spots + rng.normal(0, 0.5, size)
    scaled: Float = noise / noise.std()
    return scaled


# --- background maps ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Errors:
    """How often a map overlooks an object, and sees one where none is, and for how many frames."""

    share: float
    frames: int


MAPS = {
    "no errors but blur and noise": Errors(0.0, 1),
    "errors in single frames": Errors(0.2, 1),
    "errors for ten frames": Errors(0.2, 10),
}


def backgrounds(given: Scene, errors: Errors, rng: np.random.Generator) -> list[Float]:
    """P(background) of every frame."""
    count = len(given.proposals)
    moments = np.arange(count) // errors.frames
    missed, seen = (
        rng.random((len(masks), count))[:, moments] < errors.share
        for masks in (given.truth, given.distractors)
    )
    found = np.where(missed, 0.25, rng.uniform(0.7, 0.95, (len(missed), 1)))
    maps = []
    for t in range(count):
        foreground = np.full(given.truth.shape[2:], 0.05)
        for masks, strengths in ((given.truth, found), (given.distractors, 0.75 * seen)):
            for mask, strength in zip(masks[:, t], strengths[:, t], strict=True):
                foreground[mask] = np.maximum(foreground[mask], strength)
        blurred = cv2.GaussianBlur(foreground, (0, 0), 4) + 0.08 * _noise(rng, foreground.shape)
        maps.append(1 - blurred.clip(0.01, 0.99))
    return maps


# --- choices, and how right they are ------------------------------------------------------------------------


def greedy(masks: vl.Masks, background: Float) -> npt.NDArray[np.int64]:
    """Masks that lower the cost, the best first, of which none overlaps one taken before."""
    weights, pairs = vl.path.background_cost(masks, background).per_mask, vl.path.conflicts(masks)
    taken: list[int] = []
    for n in np.argsort(weights, kind="stable"):
        if weights[n] < 0 and not pairs[n, taken].any():
            taken.append(int(n))
    return np.array(sorted(taken), np.int64)


def choices(given: Scene, maps: list[Float]) -> dict[str, Subsets]:
    """What is chosen by each rule."""
    steady = vl.path.select_masks(given.proposals, maps)
    whole = vl.path.select_masks(given.proposals, maps, given.flows)
    more = vl.path.select_masks(given.proposals, maps, given.flows, k=100)
    measured = vl.path.select_masks(given.proposals, maps, given.flows, inside="measured")
    return {
        "greedy": [
            greedy(masks, background) for masks, background in zip(given.proposals, maps, strict=True)
        ],
        "Stage 1 alone": [best.subsets[0] for best in whole.candidates],
        "path, without flow": steady.chosen,
        "path, flow outside alone": measured.chosen,
        "path (GBOpt)": whole.chosen,
        "path, K = 100": more.chosen,
    }


def counts(given: Scene, chosen: Subsets) -> Float:
    """Right masks chosen, right masks, chosen masks, frames with just the right ones, frames."""
    right = [int((subset < count).sum()) for subset, count in zip(chosen, given.right, strict=True)]
    sizes = [len(subset) for subset in chosen]
    perfect = sum(r == count == n for r, count, n in zip(right, given.right, sizes, strict=True))
    return np.array([sum(right), sum(given.right), sum(sizes), perfect, len(chosen)], float)


def cells(total: Float) -> list[str]:
    right, there, chosen, perfect, frames = total
    return [f"{right / there:.1%}", f"{right / max(chosen, 1):.1%}", f"{perfect / frames:.1%}"]


HEADER = ["right ones chosen", "chosen ones right", "frames all right"]


def table(every: list[list[Scene]], names: Sequence[str]) -> str:
    """Map by map, rule by rule."""
    lines = []
    for name in names:
        totals: dict[str, Any] = {}
        for seed, scenes in enumerate(every):
            for place, given in enumerate(scenes):
                maps = backgrounds(given, MAPS[name], np.random.default_rng([seed, place, 1]))
                for rule, chosen in choices(given, maps).items():
                    totals[rule] = totals.get(rule, 0) + counts(given, chosen)
        lines += [[name, rule, *cells(total)] for rule, total in totals.items()]
    return markdown(["the map has", "choice", *HEADER], lines)


def weights(every: list[list[Scene]]) -> str:
    """The weight of the overlap, and K, where the map has errors in single frames."""
    settings: list[dict[str, Any]] = [{"consistency_weight": w} for w in (0.0, 0.05, 0.5, 5.0)] + [
        {"k": k} for k in (1, 3, 30, 100)
    ]
    totals: list[Any] = [0] * len(settings)
    for seed, scenes in enumerate(every):
        for place, given in enumerate(scenes):
            rng = np.random.default_rng([seed, place, 1])
            maps = backgrounds(given, MAPS["errors in single frames"], rng)
            for i, setting in enumerate(settings):
                selected = vl.path.select_masks(given.proposals, maps, given.flows, **setting)
                there = sum(
                    any(subset.tolist() == list(range(right)) for subset in best.subsets)
                    for best, right in zip(selected.candidates, given.right, strict=True)
                )
                totals[i] = totals[i] + np.array([*counts(given, selected.chosen), there])
    names = [", ".join(f"{key} = {value:g}" for key, value in setting.items()) for setting in settings]
    lines = [
        [name, f"{total[5] / total[4]:.1%}", *cells(total[:5])]
        for name, total in zip(names, totals, strict=True)
    ]
    return markdown(["errors in single frames", "right set among the K", *HEADER], lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="every eighth frame and one seed")
    quick = parser.parse_args().quick
    truths = [video.truth[:, :, ::2, ::2] for video in videos(8 if quick else 1)]
    shapes = [_cut_out(truth[0, 0]) for truth in truths]

    def scenes(tiling: bool) -> list[list[Scene]]:
        return [
            [
                scene(
                    truth, shapes[:place] + shapes[place + 1 :], tiling, np.random.default_rng([seed, place])
                )
                for place, truth in enumerate(truths)
            ]
            for seed in range(1 if quick else 3)
        ]

    every = scenes(tiling=False)
    frames = sum(len(given.proposals) for given in every[0])
    objects = sum(sum(given.right) for given in every[0])
    print(f"{frames} frames, {objects} right masks, {len(every)} seeds\n\n" + table(every, list(MAPS)))
    print("\nWeight of the overlap, and sets per frame\n\n" + weights(every))
    print("\nParts that cover an object to the pixel\n\n" + table(scenes(tiling=True), list(MAPS)[:1]))


def _cut_out(mask: Dense) -> Dense:
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


if __name__ == "__main__":
    main()
