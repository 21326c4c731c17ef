"""IoU of masks and tracks on a device: see `vislabel.iou`."""

from __future__ import annotations

from typing import Any, NamedTuple

from vislabel._core import Error
from vislabel.cuda import _given
from vislabel.cuda._given import at_home
from vislabel.cuda._homes import Home
from vislabel.cuda._packed import DeviceMasks, DeviceTracks
from vislabel.cuda._packing import as_device_masks, as_device_tracks


class Video(NamedTuple):
    """Masks of N tracks, or N masks in one frame."""

    masks: DeviceMasks
    rows: int
    frames: int

    def areas(self) -> tuple[int, int]:
        """What the backend takes for areas of tracks."""
        return self.masks.home.address(self.masks.areas), self.rows


def of_masks(masks: DeviceMasks) -> Video:
    return Video(masks, masks.count(), 1)


def of_tracks(tracks: DeviceTracks) -> Video:
    return Video(tracks.masks, *tracks.rows)


def common_pixels(home: Home, one: Video, other: Video, *, frames_first: bool) -> Any:
    """Int64 [N, M, T], or [T, N, M]. Errors: different sizes or numbers of frames."""
    a, b, frames = one.masks, other.masks, one.frames
    if frames != other.frames:
        raise Error(f"tracks of {frames} and {other.frames} frames, expected the same number")
    if a.shape != b.shape:
        sizes = " and ".join(f"{height} x {width}" for height, width in (a.shape, b.shape))
        raise Error(f"masks of different sizes: {sizes} (height x width)")
    n, m = one.rows, other.rows
    common = home.empty((frames, n, m) if frames_first else (n, m, frames), "int64")
    if frames > 0:
        where = home.address(common), frames_first, home.place
        home.backend.common_pixels(a.handle(), b.handle(), frames, *where)
    return common


@at_home
def mask_iou(home: Home, a: Any, b: Any, crowd: Any, empty_pair: str) -> Any:
    left, right = as_device_masks(home, a, "a"), as_device_masks(home, b, "b")
    flags = None
    if crowd is not None:
        expected = f"one entry per mask or box of b ({right.count()})"
        flags = home.cast(_given.flags(home, crowd, "crowd", (right.count(),), expected), "uint8")
    return home.give(frame_table(home, of_masks(left), of_masks(right), flags, empty_pair)[:, :, 0])


def frame_table(home: Home, a: Video, b: Video, crowd: Any, empty_pair: str) -> Any:
    """Float64 [N, M, T]."""
    common = common_pixels(home, a, b, frames_first=False)
    out = home.empty(tuple(common.shape), "float64")
    given = home.address(common), a.areas(), b.areas(), a.frames, 0 if crowd is None else home.address(crowd)
    home.backend.frame_iou(*given, empty_pair, home.address(out), home.place)
    return out


@at_home
def frame_iou(home: Home, a: Any, b: Any, empty_pair: str) -> Any:
    left, right = as_device_tracks(home, a, "a"), as_device_tracks(home, b, "b")
    return home.give(frame_table(home, of_tracks(left), of_tracks(right), None, empty_pair))


@at_home
def track_iou(home: Home, a: Any, b: Any, over_time: str, empty_pair: str) -> Any:
    left, right = as_device_tracks(home, a, "a"), as_device_tracks(home, b, "b")
    return home.give(track_table(home, of_tracks(left), of_tracks(right), over_time, empty_pair))


def track_table(home: Home, a: Video, b: Video, over_time: str, empty_pair: str) -> Any:
    """Float64 [N, M]."""
    common = common_pixels(home, a, b, frames_first=True)
    out = home.empty((a.rows, b.rows), "float64")
    given = home.address(common), a.areas(), b.areas(), a.frames, over_time, empty_pair
    home.backend.track_iou(*given, home.address(out), home.place)
    return out


@at_home
def intersection_and_union(home: Home, a: Any, b: Any, tracks: bool) -> tuple[Any, Any]:
    if tracks:
        one, other = (of_tracks(as_device_tracks(home, x, name)) for x, name in ((a, "a"), (b, "b")))
    else:
        one, other = (of_masks(as_device_masks(home, x, name)) for x, name in ((a, "a"), (b, "b")))
    both = common_pixels(home, one, other, frames_first=True).sum(0)
    of_a, of_b = (x.masks.areas.reshape((x.rows, x.frames)).sum(1) for x in (one, other))
    return home.give(both), home.give(of_a[:, None] + of_b[None, :] - both)
