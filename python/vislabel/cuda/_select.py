"""Suppression on a device: see `vislabel.select`."""

from __future__ import annotations

from typing import Any

from vislabel.cuda import _given
from vislabel.cuda._given import at_home
from vislabel.cuda._homes import Home
from vislabel.cuda._iou import common_pixels, of_tracks
from vislabel.cuda._packing import as_device_tracks


@at_home
def spatiotemporal_nms(
    home: Home,
    tracks: Any,
    scores: Any,
    labels: Any,
    iou_threshold: float,
    score_threshold: float,
    over_time: str,
    suppress: str,
) -> tuple[Any, Any, Any]:
    """Int64 [N] kept ones, best score first, then -1; int64 [1] how many; int64 [N] who suppressed each."""
    video = as_device_tracks(home, tracks, "tracks")
    count = video.count()
    expected = f"one per track ({count})"
    values = _given.doubles(home, scores, "scores", (count,), expected)
    classes = None if labels is None else _given.integers(home, labels, "labels", count)
    own = of_tracks(video)
    common = common_pixels(home, own, own, frames_first=True)
    overlaps = home.empty((count, (count + 31) // 32), "int32")
    order, kept, suppressed_by = (home.empty((count,), "int64") for _ in range(3))
    kept_count = home.empty((1,), "int64")
    home.backend.spatiotemporal_nms(
        home.address(common),
        own.areas(),
        own.frames,
        home.address(values),
        iou_threshold,
        score_threshold,
        over_time,
        suppress,
        0 if classes is None else home.address(classes),
        [home.address(x) for x in (overlaps, order, kept, kept_count, suppressed_by)],
        home.place,
    )
    return home.give(kept), home.give(kept_count), home.give(suppressed_by)
