"""GBOpt's proposals: what AutoQ-VIS's two rounds proposed, and masks that are wrong on purpose.

GBOpt expects a detector that is asked for everything: every object several times, some in parts, some with
their neighbours. The background and the flow of both rounds, each at thresholds of its own, are that already.
Over- and under-segmentation are made here, from the masks of the last round: a `part` is what is left of a
mask where that is wide, `merged` are neighbours grown together.

A row is a place in a list, as detectors have it: row n of a source holds its n-th mask of every frame,
whatever it shows. GBOpt needs no identities, and no scores: all are 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import vislabel as vl

Dense = npt.NDArray[np.bool_]

ALIKE = 0.85  # IoU from which two masks of a frame are one proposal
APART = 1 / 23  # of the height: how far masks grow to meet, 25 pixels of 576
NARROW = 0.4  # of a mask's width: where it is narrower, it is cut
LEAST_PART = 50  # pixels


def propose(rounds: Sequence[Path]) -> vl.io.Detections:
    """The proposals of results files of one video, the most trusted file first."""
    every = [next(iter(vl.io.read_results(path))) for path in rounds]
    frames = [_proposals(every, t) for t in range(every[0].tracks.frames)]
    pool: list[vl.Masks] = [every[0].tracks.frame(0)[:0]]
    rows: dict[tuple[str, int], int] = {}
    row, frame = [], []
    for t, (masks, sources) in enumerate(frames):
        pool.append(masks)
        frame += [t] * len(masks)
        row += [rows.setdefault((s, sources[:n].count(s)), len(rows)) for n, s in enumerate(sources)]
    tracks = vl.Tracks.from_masks(vl.Masks.concatenate(pool), row, frame, (len(rows), len(frames)))
    ones = np.ones(len(rows))
    extra = [{"source": source} for source, _ in rows]
    return vl.io.Detections(every[0].video_id, tracks, ones, ones.astype(np.int64), extra=extra)


def _proposals(every: Sequence[vl.io.Detections], t: int) -> tuple[vl.Masks, list[str]]:
    """The masks of one frame that are not alike, and who proposes them."""
    found: list[vl.Masks] = []
    sources: list[str] = []
    for detections in every:
        masks = detections.tracks.frame(t)
        for source in ("background", "flow", "background-joined"):
            rows = [n for n, own in enumerate(detections.extra) if own["source"] == source and masks.area[n]]
            found.append(masks[rows])
            sources += [source] * len(rows)
    for masks in found[:2]:  # of the first file
        for source, wrong in (("part", parts(masks)), ("merged", merged(masks))):
            found.append(wrong)
            sources += [source] * len(wrong)
    pool = vl.Masks.concatenate(found)
    alike = vl.iou.mask_iou(pool, pool) >= ALIKE
    kept: list[int] = []
    for n, others in enumerate(alike):
        if not others[kept].any():
            kept.append(n)
    return pool[kept], [sources[n] for n in kept]


def parts(masks: vl.Masks) -> vl.Masks:
    """Over-segmentation: what is left of each mask without its narrow places, if that is several parts."""
    found = []
    for dense, box in zip(masks.to_dense(), masks.box, strict=True):
        inside = _around(box, 0)
        side = int(NARROW * box[2]) | 1
        pieces = _components(_morphology("OPEN", dense[inside], side))
        pieces = [piece for piece in pieces if piece.sum() >= LEAST_PART]
        found += [(inside, piece) for piece in pieces if len(pieces) > 1]
    return _placed(found, masks.size)


def merged(masks: vl.Masks) -> vl.Masks:
    """Under-segmentation: masks that meet when all grow, as one."""
    if len(masks) < 2:
        return masks[:0]
    side = int(APART * masks.size[0]) | 1
    both = masks.union()
    inside = _around(both.box[0], side)
    grown = _components(_morphology("CLOSE", both.to_dense()[0][inside], side))
    each = masks.to_dense()[:, inside[0], inside[1]]
    several = [one for one in grown if (each & one).any(axis=(1, 2)).sum() > 1]
    return _placed([(inside, one) for one in several], masks.size)


def _around(box: Any, margin: int) -> tuple[slice, slice]:
    """Rows and columns of a box, and of the `margin` pixels around."""
    x, y, width, height = (int(v) for v in box)
    return (
        slice(max(0, y - margin), y + height + margin),
        slice(max(0, x - margin), x + width + margin),
    )


def _morphology(operation: str, mask: Dense, side: int) -> Any:
    import cv2  # here: without OpenCV it is `vislabel propose` that says so

    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
    return cv2.morphologyEx(mask.astype(np.uint8), getattr(cv2, f"MORPH_{operation}"), kernel)


def _components(mask: Any) -> list[Dense]:
    import cv2

    count, labels = cv2.connectedComponents(mask)
    return [labels == n for n in range(1, count)]


def _placed(pieces: Sequence[tuple[tuple[slice, slice], Dense]], size: tuple[int, int]) -> vl.Masks:
    """Parts of frames as masks of whole frames."""
    dense = np.zeros((len(pieces), *size), bool)
    for frame, (inside, piece) in zip(dense, pieces, strict=True):
        frame[inside] = piece
    return vl.Masks(dense)
