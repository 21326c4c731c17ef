"""Rows on whole tracks: track IoU and spatiotemporal NMS, against the loops that people write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import vislabel as vl
from data_sets import HD, Rle, scores, video
from libraries import installed, pycocotools
from timing import OURS, Row, Rows

Video = list[list[Rle | None]]
LOOP, MATRIX, DENSE = "pycocotools loop", "pycocotools, a matrix per frame", "torch, dense"


def rows(quick: bool) -> Rows:
    """The rows in the table's order, each made when its turn comes."""
    n, m, t = (16, 6, 8) if quick else (100, 20, 36)
    for state in ("from text", "already packed"):
        packed = state == "already packed"
        yield (
            f"track IoU, {n} x {m} tracks x {t} frames, {state}",
            lambda name, packed=packed: track_iou(name, n, m, t, packed),
        )
    for state in ("from text", "already packed"):
        packed = state == "already packed"
        yield (
            f"spatiotemporal NMS, {n} tracks x {t} frames, {state}",
            lambda name, packed=packed: suppression(name, n, t, packed),
        )


def track_iou(name: str, n: int, m: int, frames: int, packed: bool) -> Row:
    a, b = video(n, frames), video(n, frames, 1)[: m // 2] + video(n, frames)[: m - m // 2]
    contenders: dict[str, Callable[[], Any]] = {
        LOOP: lambda: np.array([[volume_iou(row, column) for column in b] for row in a]),
        MATRIX: lambda: volume_iou_by_frames(a, b),
    }
    if packed:
        ours = vl.Tracks.from_rle(a, HD), vl.Tracks.from_rle(b, HD)
        contenders[OURS] = lambda: vl.iou.track_iou(*ours)
    else:
        contenders[OURS] = lambda: vl.iou.track_iou(vl.Tracks.from_rle(a, HD), vl.Tracks.from_rle(b, HD))
    return Row(name, contenders, reference=LOOP, goals={LOOP: 60.0} if frames == 36 else {LOOP: 1.0})


def volume_iou(a: list[Rle | None], b: list[Rle | None]) -> float:
    """The form of the official YouTube-VIS evaluator: two merges per frame."""
    common = together = 0
    for one, other in zip(a, b, strict=True):
        if one and other:
            common += int(pycocotools.area(pycocotools.merge([one, other], True)))
            together += int(pycocotools.area(pycocotools.merge([one, other], False)))
        elif one or other:
            together += int(pycocotools.area(one or other))
    return common / together if together > 0 else 0.0


def volume_iou_by_frames(a: Video, b: Video) -> npt.NDArray[np.float64]:
    """The best that Python does: one IoU matrix per frame, from which I = IoU (A + B) / (1 + IoU)."""
    common, together = np.zeros((len(a), len(b))), np.zeros((len(a), len(b)))
    for t in range(len(a[0])):
        left, right = ([n for n, row in enumerate(rows) if row[t]] for rows in (a, b))
        area_a, area_b = np.zeros(len(a)), np.zeros(len(b))
        ious = np.zeros((len(a), len(b)))
        masks_a, masks_b = [a[n][t] for n in left], [b[m][t] for m in right]
        area_a[left], area_b[right] = pycocotools.area(masks_a), pycocotools.area(masks_b)
        ious[np.ix_(left, right)] = pycocotools.iou(masks_a, masks_b, [0] * len(right))
        both = area_a[:, None] + area_b
        frame = np.rint(ious * both / (1 + ious))
        common += frame
        together += both - frame
    return common / np.maximum(together, 1)


def suppression(name: str, n: int, frames: int, packed: bool) -> Row:
    tracks, values = video(n, frames), scores(n)
    contenders: dict[str, Callable[[], Any]] = {
        LOOP: lambda: suppress(tracks, values)[0],
        MATRIX: lambda: suppress_by_frames(tracks, values),
    }
    scale = {}
    if "torch" in installed:
        contenders[DENSE], scale[DENSE] = dense_pairs(tracks, suppress(tracks, values)[1])
    if packed:
        ours = vl.Tracks.from_rle(tracks, HD)
        contenders[OURS] = lambda: vl.select.spatiotemporal_nms(ours, values)
    else:
        contenders[OURS] = lambda: vl.select.spatiotemporal_nms(vl.Tracks.from_rle(tracks, HD), values)

    def canonical(result: Any) -> list[int]:
        return list(getattr(result, "kept", result))

    return Row(
        name,
        contenders,
        canonical=canonical,
        reference=LOOP,
        goals={LOOP: 50.0} if frames == 36 else {LOOP: 1.0},
        scale=scale,
    )


def suppress(tracks: Video, values: npt.NDArray[np.float64]) -> tuple[list[int], int]:
    """A careful loop: kept detections only, frames where both are, out at the first one that suffices.

    Returns the kept ones and how many pairs were looked at.
    """
    kept: list[int] = []
    pairs = 0
    for n in np.argsort(-values, kind="stable"):
        for k in kept:
            pairs += 1
            if overlap(tracks[k], tracks[n]):
                break
        else:
            kept.append(int(n))
    return kept, pairs


def overlap(a: list[Rle | None], b: list[Rle | None]) -> bool:
    return any(x and y and pycocotools.iou([x], [y], [0])[0, 0] >= 0.5 for x, y in zip(a, b, strict=True))


def suppress_by_frames(tracks: Video, values: npt.NDArray[np.float64]) -> list[int]:
    """All pairs at once, one IoU matrix per frame, then the walk on the table."""
    overlaps = np.zeros((len(tracks), len(tracks)), bool)
    for t in range(len(tracks[0])):
        here = [n for n, row in enumerate(tracks) if row[t]]
        masks = [tracks[n][t] for n in here]
        overlaps[np.ix_(here, here)] |= pycocotools.iou(masks, masks, [0] * len(masks)) >= 0.5
    kept: list[int] = []
    for n in np.argsort(-values, kind="stable"):
        if not overlaps[n, kept].any():
            kept.append(int(n))
    return kept


def dense_pairs(tracks: Video, pairs: int) -> tuple[Callable[[], Any], float]:
    """Dense boolean masks as the AutoQ-VIS code compares them, decoding not counted.

    A few pairs, to be scaled to the number of pairs of the loop.
    """
    torch = installed["torch"]
    empty = np.zeros(HD, np.uint8)
    videos = [
        torch.from_numpy(np.stack([pycocotools.decode(rle) if rle else empty for rle in row])).bool()
        for row in tracks[:3]
    ]
    few = [(0, 1), (0, 2), (1, 2)]

    def run() -> list[bool]:
        answers = []
        for n, m in few:
            common = (videos[n] & videos[m]).flatten(1).sum(1).double()
            together = (videos[n] | videos[m]).flatten(1).sum(1).double()
            answers.append(bool((common / together.clamp(min=1) >= 0.5).any()))
        return answers

    return run, pairs / len(few)
