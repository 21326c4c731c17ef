"""Tables without a peer: memory of packed masks beside their run lengths, two threads against one."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import vislabel as vl
from data_sets import (
    HD,
    Rle,
    adversarial,
    annotated,
    blob,
    dense_rows,
    noisy,
    real,
    run_lengths,
    scores,
    small,
    video,
)
from libraries import pin
from timing import Row
from vislabel import mask


def memory() -> list[list[str]]:
    """Bytes per mask of every set."""
    sets: dict[str, list[Rle]] = {
        "blob": blob(),
        "noisy": noisy(),
        "small": small(),
        "adversarial": adversarial(),
        **real(),
    }
    return [_memory(name, rles) for name, rles in sets.items()]


def _memory(name: str, rles: list[Rle]) -> list[str]:
    sizes: dict[tuple[int, ...], list[Rle]] = {}
    for rle in rles:
        sizes.setdefault(tuple(rle["size"]), []).append(rle)
    packed = sum(vl.Masks.from_rle(same).nbytes for same in sizes.values()) / len(rles)
    runs = float(np.mean([len(run_lengths(rle)) for rle in rles]))
    text = float(np.mean([len(rle["counts"]) for rle in rles]))
    numbers = [f"{value:,.0f}" for value in (len(rles), runs, packed, 4 * runs, text)]
    return [name, *numbers, f"{packed / (4 * runs):.2f}", f"{packed / text:.2f}"]


def overhead() -> list[list[str]]:
    """What every call costs beside its work: batched calls on one mask of 8 x 8 pixels."""
    x = np.zeros((1, 8, 8), np.uint8)
    x[0, 2:5, 2:6] = 1
    masks, tracks, one = vl.Masks(x), vl.Tracks(x[None]), np.ones(1)
    rles, rows, out = masks.to_rle(), tracks.to_rle(), np.empty_like(x)
    calls: dict[str, Callable[[], Any]] = {
        "Masks(dense)": lambda: vl.Masks(x),
        "Masks.from_rle": lambda: vl.Masks.from_rle(rles),
        "to_rle": lambda: masks.to_rle(),
        "to_dense(out=)": lambda: masks.to_dense(out=out),
        "a | b": lambda: masks | masks,
        "mask_iou": lambda: vl.iou.mask_iou(masks, masks),
        "mask_iou of RLE dicts": lambda: vl.iou.mask_iou(rles, rles),
        "box_iou": lambda: vl.iou.box_iou(masks.box, masks.box),
        "Tracks(dense)": lambda: vl.Tracks(x[None]),
        "Tracks.from_rle": lambda: vl.Tracks.from_rle(rows, (8, 8)),
        "track_iou": lambda: vl.iou.track_iou(tracks, tracks),
        "spatiotemporal_nms": lambda: vl.select.spatiotemporal_nms(tracks, one),
        "quality": lambda: vl.select.quality(one, one[None]),
        "retain": lambda: vl.select.retain(tracks, one[None]),
        "merge_rounds": lambda: vl.select.merge_rounds(tracks, tracks),
        "mask.encode": lambda: mask.encode(x[0]),
        "mask.decode": lambda: mask.decode(rles),
        "mask.area": lambda: mask.area(rles),
        "mask.iou": lambda: mask.iou(rles, rles, [0]),
        "mask.merge": lambda: mask.merge(rles),
    }
    return [
        [name, f"{1e6 * min(timeit.repeat(run, number=200, repeat=20)) / 200:.1f}"]
        for name, run in calls.items()
    ]


def threads(quick: bool, budget_s: float) -> list[list[str]]:
    """Every batched operation of ours on one and on two threads."""
    pin(2)
    try:
        return [_threads(name, run, budget_s) for name, run in batched(quick)]
    finally:
        vl.set_num_threads(1)
        pin(1)


def _threads(name: str, run: Callable[[], Any], budget_s: float) -> list[str]:
    def on(count: int) -> Callable[[], None]:
        def call() -> None:
            vl.set_num_threads(count)
            run()

        return call

    row = Row(name, {"1": on(1), "2": on(2)})
    on(2)()
    times = row.measure(budget_s)
    one, two = times["1"].median, times["2"].median
    return [
        name,
        f"{one * 1e3:.2f} ms",
        f"{two * 1e3:.2f} ms",
        f"{one / two:.2f}x" + (" (below 1 ms)" if one < 1e-3 else ""),
    ]


def batched(quick: bool) -> Iterator[tuple[str, Callable[[], Any]]]:
    count, t = (20, 8) if quick else (100, 36)
    rles, more = blob(count), blob(count, 1)
    x = dense_rows(rles)
    a, b = vl.Masks.from_rle(rles), vl.Masks.from_rle(more)
    out = np.empty_like(x)
    yield f"pack {count} dense masks", lambda: vl.Masks(x)
    yield f"pack {count} masks from text", lambda: vl.Masks.from_rle(rles)
    yield f"{count} masks to text", lambda: a.to_rle()
    yield f"{count} masks to dense", lambda: a.to_dense(out=out)
    yield f"union of {count} and {count} masks, pair by pair", lambda: a | b
    yield f"mask IoU {count} x {count}, packed", lambda: vl.iou.mask_iou(a, b)
    yield f"mask IoU {count} x {count}, from text", lambda: vl.iou.mask_iou(rles, more)
    rows, values = video(count, t), scores(count)
    tracks = vl.Tracks.from_rle(rows, HD)
    few = tracks[: count // 5]
    yield f"pack {count} x {t} masks from text", lambda: vl.Tracks.from_rle(rows, HD)
    yield f"{count} x {t} masks to text", lambda: tracks.to_rle()
    yield f"track IoU {count} x {len(few)} x {t}, packed", lambda: vl.iou.track_iou(tracks, few)
    yield f"spatiotemporal NMS {count} x {t}, packed", lambda: vl.select.spatiotemporal_nms(tracks, values)
    given, boxes = annotated(count // 2, t)
    sources = [vl.Tracks.from_rle(source, HD) for source in given]
    yield (
        f"PM-VIS fusion 3 x {count // 2} x {t}, packed",
        lambda: vl.fuse.pseudo_masks(sources, boxes),
    )
