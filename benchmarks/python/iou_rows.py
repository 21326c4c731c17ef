"""Rows of the room `iou` on masks of images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import vislabel as vl
from data_sets import HD, Rle, blob, noisy, small
from libraries import coco, rlemasklib
from timing import BEST, OURS, Row, Rows

ULTRAFAST = "ultrafast-pycocotools"


def rows(quick: bool) -> Rows:
    """The rows in the table's order, each made when its turn comes."""
    few, many = (30, 60) if quick else (100, 500)
    sets = {"blob": blob, "noisy": noisy, "small": small}
    for count, kinds in ((few, ("blob", "noisy", "small")), (many, ("blob", "noisy"))):
        for kind in kinds:
            for state, make in (("from text", from_text), ("already read", packed)):
                yield (
                    f"{count} x {count}, {kind}, {state}",
                    lambda name, make=make, a=sets[kind], n=count: make(name, a(n), a(n, 1)),
                )


def from_text(name: str, a: list[Rle], b: list[Rle]) -> Row:
    """Reading the text and, for ours, packing are part of the call."""
    contenders = on_text(a, b)
    if rlemasklib:
        read, matrix = rlemasklib.RLEMask.from_dict, rlemasklib.RLEMask.iou_matrix
        contenders["rlemasklib"] = lambda: matrix([read(rle) for rle in a], [read(rle) for rle in b])
    contenders[OURS] = lambda: vl.iou.mask_iou(a, b)
    return Row(name, contenders, goals=goals(6, a, contenders))


def packed(name: str, a: list[Rle], b: list[Rle]) -> Row:
    """Whoever has a form of his own starts from that; the others start from text, which is all they have."""
    contenders = on_text(a, b)
    if rlemasklib:
        read, matrix = rlemasklib.RLEMask.from_dict, rlemasklib.RLEMask.iou_matrix
        left, right = [read(rle) for rle in a], [read(rle) for rle in b]
        contenders["rlemasklib"] = lambda: matrix(left, right)
    ours = vl.Masks.from_rle(a), vl.Masks.from_rle(b)
    contenders[OURS] = lambda: vl.iou.mask_iou(*ours)
    return Row(name, contenders, goals=goals(15, a, contenders))


def goals(times: float, rles: list[Rle], contenders: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """At 100 and more masks of 720p: of the newest that merges runs, where it is installed."""
    full_size = len(rles) >= 100 and rles[0]["size"] == list(HD)
    return {ULTRAFAST: times} if full_size and ULTRAFAST in contenders else {BEST: 1.0}


def on_text(a: list[Rle], b: list[Rle]) -> dict[str, Callable[[], Any]]:
    crowd = [0] * len(b)
    return {peer: lambda mask=mask: np.asarray(mask.iou(a, b, crowd)) for peer, mask in coco.items()}
