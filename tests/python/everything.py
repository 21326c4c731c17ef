"""Every algorithm, on enough work for several threads: in other processes, in other threads, on other numbers
of threads the results must be the same bits.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import oracle
import vislabel as vl
from vislabel import mask

DENSE = oracle.random_masks(61, 400, (90, 120))
WIDE = np.tile(DENSE[:40], (1, 8, 10)).view(np.uint8)  # 40 x 720 x 1200: what a second thread pays for
VIDEO, PRESENT = oracle.random_tracks(62, 46, 16, (60, 80))
MASKS, WIDE_MASKS = vl.Masks(DENSE), vl.Masks(WIDE)
TRACKS = vl.Tracks(VIDEO, present=PRESENT)
RLES, ROWS = MASKS.to_rle(), TRACKS.to_rle()
BOXES = np.tile(MASKS.box, (2, 1))
SCORES = np.random.default_rng(63).random(46)
PREDICTED = np.random.default_rng(64).random((46, 16))
LONG = vl.Tracks(np.tile(VIDEO.swapaxes(0, 1), (2, 1, 1, 1)), present=np.tile(PRESENT.T, (2, 1)))  # 32 x 46
FRAME_BOXES = np.where(LONG.present[..., None], LONG.box, np.nan)
BACKGROUND, FLOW = np.random.default_rng(65).random((90, 120)), np.random.default_rng(66).random((90, 120, 2))
BACKGROUNDS = np.random.default_rng(67).random((16, 60, 80))
FLOWS = np.random.default_rng(68).random((15, 60, 80, 2))
SUBSETS = [list(range(n, n + 9)) for n in range(0, 50, 5)]
GRAPH = np.random.default_rng(69).random((40, 8)), np.random.default_rng(70).random((39, 8, 8))
RANDOM = np.random.default_rng(71)
FEATURES = RANDOM.normal(size=(6000, 48)).astype(np.float32)
NAMES = np.where(np.arange(6000) % 5 < 3, 3, np.arange(6000) % 7)  # class 3 takes all threads by itself
LOGITS = RANDOM.normal(size=(60, 90, 120)).astype(np.float32)
VIDEO_LOGITS = RANDOM.normal(size=(60, 16, 15, 20))
COLOURS = RANDOM.random((3, 90, 120)).astype(np.float32) * 3
LOSS_BOXES = np.tile([[20.0, 10.0, 70.0, 60.0]], (60, 1))
VIDEO_LABELS = [np.arange(len(video)) % 3 for video in (TRACKS, LONG)]
NUMBERS = RANDOM.random((2, 20_000))
SOURCES = {"a": LONG, "b": LONG[::-1], "c": vl.fuse.Unassigned(LONG[::2])}

CALLS: dict[str, Callable[[], Any]] = {
    "select_masks": lambda: vl.path.select_masks(
        TRACKS, BACKGROUNDS, FLOWS
    ),  # first: at most 8 frames at once
    "Masks": lambda: vl.Masks(WIDE),
    "Masks above a threshold": lambda: vl.Masks(WIDE, threshold=0.5),
    "Tracks": lambda: vl.Tracks(WIDE.reshape(4, 10, 720, 1200)),
    "Masks.from_rle": lambda: vl.Masks.from_rle(RLES),
    "Masks.to_rle": lambda: MASKS.to_rle(),
    "Masks.to_rle as lists": lambda: MASKS.to_rle("list"),
    "Masks.to_dense": lambda: WIDE_MASKS.to_dense(),
    "a | b": lambda: MASKS | MASKS[::-1],
    "a - b": lambda: MASKS - MASKS[::-1],
    "~a": lambda: ~MASKS,
    "crop_to": lambda: MASKS.crop_to(MASKS.box / 2),
    "Tracks.from_rle": lambda: vl.Tracks.from_rle(ROWS),
    "Tracks.to_rle": lambda: TRACKS.to_rle(),
    "mask_iou": lambda: vl.iou.mask_iou(MASKS, MASKS),
    "box_iou": lambda: vl.iou.box_iou(BOXES, BOXES, kind="giou"),
    "frame_iou": lambda: vl.iou.frame_iou(TRACKS, TRACKS),
    "track_iou": lambda: vl.iou.track_iou(TRACKS, TRACKS),
    "track_iou in any frame": lambda: vl.iou.track_iou(TRACKS, TRACKS, over_time="any_frame"),
    "intersection_and_union of masks": lambda: vl.iou.intersection_and_union(MASKS, MASKS),
    "intersection_and_union of tracks": lambda: vl.iou.intersection_and_union(TRACKS, TRACKS),
    "scm": lambda: vl.fuse.scm([LONG] * 5, [LONG[::-1]] * 5, FRAME_BOXES),
    "doob": lambda: vl.fuse.doob(LONG, FRAME_BOXES, margin=1),
    "assign": lambda: vl.fuse.assign(LONG, LONG[::-1], FRAME_BOXES, one_to_one="hungarian"),
    "pseudo_masks": lambda: vl.fuse.pseudo_masks(SOURCES, FRAME_BOXES, doob_on="sources_and_fused"),
    "merge_rounds": lambda: vl.select.merge_rounds(TRACKS, TRACKS[::-1]),
    "Masks resized": lambda: vl.Masks(LOGITS, threshold=0.0, size=(360, 480)),
    "best_match": lambda: vl.iou.best_match(LONG, LONG[::-1]),
    "quality_target": lambda: vl.loss.quality_target(VIDEO_LOGITS, TRACKS),
    "projection": lambda: vl.loss.projection(LOGITS, LOSS_BOXES, reduction="none"),
    "pairwise_affinity": lambda: vl.loss.pairwise_affinity(LOGITS, COLOURS, LOSS_BOXES, reduction="none"),
    "match_prompts": lambda: vl.select.match_prompts(FEATURES, FEATURES[:90], NAMES[:90]),
    "f1": lambda: vl.evaluate.f1(
        [TRACKS, LONG], [TRACKS[::-1], LONG[::-1]], predicted_labels=VIDEO_LABELS, truth_labels=VIDEO_LABELS
    ),
}
PATH: dict[str, Callable[[], Any]] = {
    "background_cost": lambda: vl.path.background_cost(MASKS[:60], BACKGROUND),
    "submasks": lambda: vl.path.submasks(MASKS[:60]),
    "conflicts": lambda: vl.path.conflicts(MASKS[:60]),
    "k_best": lambda: vl.path.k_best(MASKS[:60], BACKGROUND),
    "k_best by iterated paths": lambda: vl.path.k_best(MASKS[:60], BACKGROUND, algorithm="dijkstra"),
    "k_best with a tolerance": lambda: vl.path.k_best(MASKS[:60], BACKGROUND, max_overlap=200, max_nodes=500),
    "shortest_paths": lambda: vl.path.shortest_paths(*GRAPH, paths=5),
    "flow_cost": lambda: vl.path.flow_cost(MASKS[:60], FLOW, SUBSETS),
    "consistency_cost": lambda: vl.path.consistency_cost(MASKS, MASKS[::-1], SUBSETS, SUBSETS),
}
SERIAL: dict[str, Callable[[], Any]] = {
    **PATH,
    "pseudo_labels": lambda: vl.select.pseudo_labels(
        TRACKS, SCORES, PREDICTED, threshold=0.2, previous=TRACKS[:3]
    ),
    "drop_loss_weights": lambda: vl.loss.drop_loss_weights(VIDEO_LOGITS, TRACKS),
    "PrototypeMemory.fit": lambda: vl.select.PrototypeMemory.fit(FEATURES, NAMES, k=8),
    "prototype_filter": lambda: vl.select.prototype_filter(FEATURES, NAMES, k=8, threshold=0.4),
    "rank_correlation": lambda: vl.evaluate.rank_correlation(*NUMBERS),
    "mask.area": lambda: mask.area(RLES),
    "mask.merge": lambda: mask.merge(RLES),
}


def plain(x: Any) -> Any:
    """``x`` as values to be compared with ``==``, to the last bit."""
    if isinstance(x, (vl.Masks, vl.Tracks)):
        return plain(x.to_rle())
    if isinstance(x, np.ndarray):
        return x.dtype.str, x.shape, x.tobytes()
    if dataclasses.is_dataclass(x):
        return [plain(value) for value in vars(x).values()]
    if isinstance(x, dict):
        return {name: plain(value) for name, value in x.items()}
    return [plain(value) for value in x] if isinstance(x, (list, tuple)) else x


def everything() -> dict[str, Any]:
    """All results."""
    return {name: plain(call()) for name, call in {**CALLS, **SERIAL}.items()}
