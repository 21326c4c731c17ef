"""Rows of the room `fuse`: PM-VIS's chain from three models' masks to one that neither overlaps nor leaves
its box."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import vislabel as vl
from data_sets import HD, Rle, annotated
from libraries import pycocotools
from timing import OURS, Row, Rows

Video = list[list[Rle | None]]
Mask = npt.NDArray[Any]
Boxes = npt.NDArray[np.float64]
LOOP, DENSE = "pycocotools loop", "NumPy, dense"


def rows(quick: bool) -> Rows:
    """The rows in the table's order, each made when its turn comes."""
    count, frames = (8, 4) if quick else (50, 36)
    for state in ("from text", "already packed"):
        yield (
            f"PM-VIS fusion, 3 x {count} masks x {frames} frames, {state}",
            lambda name, packed=state == "already packed": fusion(name, count, frames, packed),
        )


def fusion(name: str, count: int, frames: int, packed: bool) -> Row:
    """From text to text; already packed, whoever has a form of his own starts and ends with that."""
    sources, boxes = annotated(count, frames)
    contenders: dict[str, Callable[[], Any]] = {LOOP: lambda: fuse(sources, boxes)}
    contenders[DENSE], times = dense_frames(sources, boxes, packed)
    if packed:
        ours = [vl.Tracks.from_rle(source, HD) for source in sources]
        contenders[OURS] = lambda: vl.fuse.pseudo_masks(ours, boxes)
    else:
        contenders[OURS] = lambda: vl.fuse.pseudo_masks(
            [vl.Tracks.from_rle(source, HD) for source in sources], boxes
        ).tracks.to_rle()

    def canonical(result: Any) -> Video:
        return result if isinstance(result, list) else result.tracks.to_rle()

    return Row(
        name,
        contenders,
        canonical=canonical,
        reference=LOOP,
        goals={LOOP: 30.0, DENSE: 100.0} if frames == 36 else {LOOP: 1.0},
        scale={DENSE: times},
    )


def fuse(sources: list[Video], boxes: Boxes) -> Video:
    """A careful loop: frame by frame, masks decoded only where they have to be cut."""
    frames = []
    for t in range(boxes.shape[1]):
        given = boxes[:, t].tolist()
        masks = [best_supported(each, box) for each, box in zip(slots(sources, t), given, strict=True)]
        frames.append(separated(masks, given))
    return [list(row) for row in zip(*frames, strict=True)]


def slots(sources: list[Any], t: int) -> Iterator[list[Any]]:
    """Every instance's candidates in one frame."""
    for instance in zip(*sources, strict=True):
        yield [row[t] for row in instance if row[t] is not None]


def best_supported(masks: list[Rle], box: list[float]) -> Rle | None:
    """SHQM on run lengths: one call per mask and all that follow it, in place of one per pair."""
    if len(masks) < 2:
        return masks[0] if masks else None
    agreement = [box_iou(own, box) for own in pycocotools.toBbox(masks).tolist()]
    ious = np.zeros((len(masks), len(masks)))
    for i in range(len(masks) - 1):
        ious[i, i + 1 :] = pycocotools.iou([masks[i]], masks[i + 1 :], [0] * (len(masks) - 1 - i))
    return masks[most_supported(agreement, lambda i, j: ious[i, j])]


def most_supported(agreement: list[float], iou: Callable[[int, int], float]) -> int:
    """The candidate of the largest sum of SCM with the others; ties to the first."""
    scores = [0.0] * len(agreement)
    for i, j in combinations(range(len(agreement)), 2):
        scm = iou(i, j) * (agreement[i] * agreement[j])
        scores[i] += scm
        scores[j] += scm
    return scores.index(max(scores))


def box_iou(a: list[float], b: list[float]) -> float:
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / (a[2] * a[3] + b[2] * b[3] - common)


def separated(masks: list[Rle | None], boxes: list[list[float]]) -> list[Rle | None]:
    """DOOB: decodes only masks that may overlap others or leave their boxes, and works in their windows."""
    own = {n: pycocotools.toBbox(mask).tolist() for n, mask in enumerate(masks) if mask is not None}
    sets = np.zeros(HD, np.uint64, order="F")
    changing = []
    for n, around in own.items():
        if inside(around, boxes[n]) and not any(box_iou(around, own[m]) for m in own if m != n):
            continue
        where = window(around)
        sets[where] |= pycocotools.decode(masks[n])[where] * np.uint64(1 << n)
        changing.append(n)
    owner = owners(sets, np.array(boxes))
    answers = list(masks)
    for n in changing:
        cut = np.zeros(HD, np.uint8, order="F")
        where = window(boxes[n])
        cut[where] = owner[where] == n
        answers[n] = pycocotools.encode(cut)
    return answers


def inside(box: list[float], other: list[float]) -> bool:
    starts = box[0] >= other[0] and box[1] >= other[1]
    return starts and box[0] + box[2] <= other[0] + other[2] and box[1] + box[3] <= other[1] + other[3]


def window(box: list[float]) -> tuple[slice, slice]:
    """Rows and columns of a box without fractions."""
    x, y, width, height = map(int, box)
    return slice(y, y + height), slice(x, x + width)


def owners(sets: npt.NDArray[np.uint64], boxes: Boxes) -> npt.NDArray[np.int8]:
    """Whose every pixel is, or -1: [H, W], from the masks that cover it, bit n for mask n.

    The pixels of one set are one region. Runs of one set down a column stand for their pixels: they are far
    fewer to sort.
    """
    height, width = sets.shape
    flat = sets.ravel(order="F")
    begins = np.empty(flat.size, bool)
    np.not_equal(flat[1:], flat[:-1], out=begins[1:])
    begins[::height] = True
    begin = np.flatnonzero(begins)
    length = np.diff(begin, append=flat.size)
    members, region = np.unique(flat[begin], return_inverse=True)
    x, y = np.divmod(begin, height)
    low = np.full((len(members), 2), max(height, width))
    high = np.zeros((len(members), 2), int)
    for axis, first, last in ((0, x, x + 1), (1, y, y + length)):
        np.minimum.at(low[:, axis], region, first)
        np.maximum.at(high[:, axis], region, last)
    chosen = choose(members, low, high, boxes)
    return np.repeat(chosen[region], length).reshape(width, height).T


def choose(
    members: npt.NDArray[np.uint64],
    low: npt.NDArray[np.int64],
    high: npt.NDArray[np.int64],
    boxes: Boxes,
) -> npt.NDArray[np.int8]:
    """The member of each set [R] whose box overlaps the region's [low, high) most; ties to the lowest."""
    begin, end = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    common = np.maximum(0, np.minimum(high[:, None], end) - np.maximum(low[:, None], begin)).prod(axis=2)
    together = (high - low).prod(axis=1)[:, None] + boxes[:, 2:].prod(axis=1) - common
    member = members[:, None] >> np.arange(len(boxes), dtype=np.uint64) & np.uint64(1)
    chosen = np.where(member, common / together, -1.0).argmax(axis=1).astype(np.int8)
    chosen[members == 0] = -1
    return chosen


def dense_frames(
    sources: list[Video], boxes: Boxes, decoded: bool, few: int = 2
) -> tuple[Callable[[], Any], float]:
    """The chain on boolean arrays, from text or from those.

    A few frames, whose masks are checked here, to be scaled to all.
    """
    parts, part_boxes = [[row[:few] for row in source] for source in sources], boxes[:, :few]
    arrays = [dense(part) for part in parts]

    def run() -> list[list[Any]]:
        if decoded:
            return dense_fuse(arrays, part_boxes)
        return text(dense_fuse([dense(part) for part in parts], part_boxes))

    answers = run()
    if (text(answers) if decoded else answers) != fuse(parts, part_boxes):
        raise AssertionError(f"{DENSE} disagrees with the {LOOP}")
    return run, boxes.shape[1] / few


def dense(rows: Video) -> list[list[Mask | None]]:
    return [
        [None if rle is None else pycocotools.decode(rle).astype(bool, order="C") for rle in row]
        for row in rows
    ]


def text(rows: list[list[Mask | None]]) -> Video:
    return [
        [
            None if mask is None else pycocotools.encode(np.asfortranarray(mask, dtype=np.uint8))
            for mask in row
        ]
        for row in rows
    ]


def dense_fuse(sources: list[list[list[Mask | None]]], boxes: Boxes) -> list[list[Mask | None]]:
    frames = []
    for t in range(boxes.shape[1]):
        given = boxes[:, t].tolist()
        masks = [dense_best_supported(each, box) for each, box in zip(slots(sources, t), given, strict=True)]
        frames.append(dense_separated(masks, boxes[:, t]))
    return [list(row) for row in zip(*frames, strict=True)]


def dense_best_supported(masks: list[Mask], box: list[float]) -> Mask | None:
    """SHQM on boolean arrays: every mask's box and area once."""
    if len(masks) < 2:
        return masks[0] if masks else None
    agreement = [box_iou(dense_box(mask), box) for mask in masks]
    area = [int(np.count_nonzero(mask)) for mask in masks]

    def iou(i: int, j: int) -> float:
        common = int(np.count_nonzero(masks[i] & masks[j]))
        return common / max(area[i] + area[j] - common, 1)

    return masks[most_supported(agreement, iou)]


def dense_box(mask: Mask) -> list[float]:
    x, y = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return [x[0], y[0], x[-1] + 1 - x[0], y[-1] + 1 - y[0]] if len(x) else [0, 0, 0, 0]


def dense_separated(masks: list[Mask | None], boxes: Boxes) -> list[Mask | None]:
    """DOOB on boolean arrays."""
    sets = np.zeros(HD, np.uint64)
    for n, mask in enumerate(masks):
        if mask is not None:
            np.bitwise_or(sets, np.uint64(1 << n), out=sets, where=mask)
    owner = owners(sets, boxes)
    answers: list[Mask | None] = []
    for n, (mask, box) in enumerate(zip(masks, boxes.tolist(), strict=True)):
        cut = None if mask is None else np.zeros(HD, bool)
        if cut is not None:
            cut[window(box)] = owner[window(box)] == n
        answers.append(cut)
    return answers
