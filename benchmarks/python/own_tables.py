"""Tables without a peer: memory of packed masks beside their run lengths, two threads against one, and what
the search for the K best subsets has to do."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import path_peers
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
from path_sets import PROPOSALS, SIZE, crowd, frames
from path_sets import video as proposals
from table import duration
from timing import OURS, Row
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
    background, flow, table = np.full((8, 8), 0.5), np.zeros((8, 8, 2)), np.zeros((1, 1), bool)
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
        "background_cost": lambda: vl.path.background_cost(masks, background),
        "k_best": lambda: vl.path.k_best(masks, background),
        "k_best_subsets": lambda: vl.path.k_best_subsets(one, table),
        "flow_cost": lambda: vl.path.flow_cost(masks, flow),
        "consistency_cost": lambda: vl.path.consistency_cost(masks, masks),
        "shortest_paths": lambda: vl.path.shortest_paths([one, one], [one[None]]),
        "select_masks, two frames": lambda: vl.path.select_masks([masks] * 2, [background] * 2, [flow]),
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
    scene, few = next(frames(1)), proposals(8 if quick else 24)
    best = vl.path.k_best(scene.masks, scene.background)
    yield (
        f"K best of a frame of {SIZE[0]} x {SIZE[1]}, dense",
        lambda: vl.path.k_best(scene.masks, scene.background),
    )
    yield (
        "flow costs of 10 subsets",
        lambda: vl.path.flow_cost(scene.masks, scene.flow, best.subsets),
    )
    yield (
        f"GBOpt on {len(few.proposals)} frames",
        lambda: vl.path.select_masks(few.proposals, few.backgrounds, few.flows),
    )


def selection(quick: bool, budget_s: float) -> list[list[str]]:
    """GBOpt's steps in absolute numbers: what there is to search, and how long it takes."""
    here, there = frames(2)
    masks, following = vl.Masks(here.masks), vl.Masks(there.masks)
    best = vl.path.k_best(masks, here.background)
    later = vl.path.k_best(following, there.background)
    of_frame = [str(PROPOSALS), f"{vl.path.conflicts(masks).sum() // 2}"]
    whole = proposals(8 if quick else 180)
    count = len(whole.proposals)

    def select() -> Any:
        return vl.path.select_masks(whole.proposals, whole.backgrounds, whole.flows)

    found = select()
    evaluations = "about 10^7" if count == 180 else ""
    return [
        [
            "K best of a frame, from dense masks",
            *of_frame,
            f"{best.nodes}",
            "",
            *_timed(lambda: vl.path.k_best(here.masks, here.background), budget_s, 2e-3),
        ],
        *(_search(n, budget_s, goal) for n, goal in ((15, 1e-5), (30, 1e-5), (60, 3e-5), (100, 5e-5))),
        [
            "costs of 10 x 10 pairs of subsets",
            *of_frame,
            "",
            "",
            *_timed(
                lambda: (
                    vl.path.flow_cost(masks, here.flow, best.subsets),
                    vl.path.consistency_cost(masks, following, best.subsets, later.subsets),
                ),
                budget_s,
                5e-3,
            ),
        ],
        [
            f"whole video, {count} frames",
            str(PROPOSALS),
            f"{np.mean(found.conflicts):.0f}",
            f"{found.nodes:,}",
            evaluations,
            *_timed(select, budget_s, count * 7e-3),
        ],
    ]


def _search(n: int, budget_s: float, goal_s: float) -> list[str]:
    graphs = [crowd(n, seed) for seed in range(4)]

    def run() -> list[Any]:
        return [vl.path.k_best_subsets(graph.weights, graph.conflicts) for graph in graphs]

    by_paper = [path_peers.iterated_dijkstra(graph, 10)[1] for graph in graphs] if n <= 30 else []
    return [
        "K best subsets",
        str(n),
        f"{np.mean([graph.conflicts.sum() // 2 for graph in graphs]):.0f}",
        f"{np.mean([best.nodes for best in run()]):.0f}",
        f"{np.mean(by_paper):,.0f}" if by_paper else "",
        *_timed(run, budget_s, goal_s, len(graphs)),
    ]


def _timed(run: Callable[[], Any], budget_s: float, goal_s: float, items: int = 1) -> list[str]:
    time = Row("", {OURS: run}, items).measure(budget_s)[OURS]
    ratio = time.median / goal_s
    return [duration(time), f"{1e3 * goal_s:g} ms", "met" if ratio <= 1 else f"**missed**: {ratio:.1f}x"]
