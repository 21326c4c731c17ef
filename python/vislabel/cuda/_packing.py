"""How masks and tracks come to be on a device: packed there, or sent there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from vislabel import _core, _device
from vislabel._arrays import is_tensor, number
from vislabel._core import Error
from vislabel.cuda import _given, _homes
from vislabel.cuda._given import at_home
from vislabel.cuda._homes import ELEMENTS, Home
from vislabel.cuda._packed import DeviceMasks, DeviceTracks

Kind = TypeVar("Kind", DeviceMasks, DeviceTracks)


def packed(
    home: Home,
    x: Any,
    axes: str,
    threshold: float | None = None,
    size: tuple[int, int] | None = None,
    name: str = "x",
    floats_need: str = "threshold=...",
) -> DeviceMasks:
    """The masks of a dense array on a device, all axes but the last two taken together."""
    array = _given.there(home, x, name)
    wanted = axes.split(",")
    if len(array.shape) != len(wanted):
        raise Error(f"{name} has shape {list(array.shape)}, expected [{', '.join(wanted)}]")
    array, level = _elements(home, array, threshold, size, name, floats_need)
    *leading, height, width = (int(n) for n in array.shape)
    shape = (height, width) if size is None else size
    masks = DeviceMasks.new(home, shape, _homes.count_of(tuple(leading)))
    view = home.view(array)
    home.backend.pack(view, level, None if size is None else shape, home.address(masks.words), home.place)
    return masks.measure()


def _elements(
    home: Home, array: Any, threshold: float | None, size: Any, name: str, floats_need: str
) -> tuple[Any, float | None]:
    """The array as the backend reads it, and the threshold as its elements see it: rounded, as NumPy and
    torch round it. Errors: elements without order; floats without a threshold; integers with a size."""
    kind = home.kind(array)
    floats = kind in ("float16", "bfloat16", "float32", "float64") or kind.startswith("float8")
    if not floats and kind not in ELEMENTS:
        raise Error(f"{name} has dtype {kind}, expected bool, integers or floats")
    if threshold is None and floats:
        raise Error(f"{name} has dtype {kind}: floats need {floats_need}, set where x > threshold")
    if size is not None and not floats:
        raise Error(f"{name} has dtype {kind}: only floats with a threshold can be resized to size")
    if threshold is None:
        return array, None
    level = number(threshold, "threshold")
    if not floats:
        if level != level:
            raise Error("threshold is NaN, expected a number")
        return home.cast(array, "float64") > level, None
    if is_tensor(array):
        level = float(sys.modules["torch"].tensor(level, dtype=array.dtype, device="cpu"))
    else:
        with np.errstate(over="ignore"):
            level = float(np.dtype(kind).type(level))
    return home.cast(array, "float32") if kind.startswith("float8") else array, level


def packed_tracks(
    home: Home,
    x: Any,
    present: Any = None,
    threshold: float | None = None,
    size: tuple[int, int] | None = None,
    name: str = "x",
    floats_need: str = "threshold=...",
) -> DeviceTracks:
    """The tracks of a dense array [N, T, H, W] on a device."""
    video = _given.there(home, x, name)
    masks = packed(home, video, "N,T,H,W", threshold, size, name, floats_need)
    rows = int(video.shape[0]), int(video.shape[1])
    if present is None:
        return DeviceTracks(masks, rows, home.filled(rows, "bool", 1))
    there = _given.flags(home, present, "present", rows, str(list(rows)))
    masks.words *= home.cast(there, "int32").reshape((masks.count(), 1, 1))
    return DeviceTracks(masks.measure(), rows, there)


def sent_masks(masks: _core.Masks, home: Home) -> DeviceMasks:
    """Masks of the host on a device."""
    begin, places = masks.changes()
    with home.entered():
        return _filled(home, begin, places, masks)


def _filled(home: Home, begin: Any, places: Any, masks: _core.Masks) -> DeviceMasks:
    out = DeviceMasks.new(home, masks.size(), masks.count())
    sent, starts = home.put(places.view(np.int32)), home.put(begin)
    at = home.address
    home.backend.fill_changes(at(sent), at(starts), out.count(), out.shape, at(out.words), home.place)
    return out.measure()


def sent_tracks(tracks: _core.Tracks, home: Home) -> DeviceTracks:
    """Tracks of the host on a device."""
    rows = tracks.count(), tracks.frames()
    slots = [tracks.track(n) for n in range(rows[0])]
    flat = _core.Masks.concatenate(slots) if slots else None
    with home.entered():
        masks = DeviceMasks.new(home, tracks.size(), 0) if flat is None else sent_masks(flat, home)
        return DeviceTracks(masks, rows, home.put(tracks.present()))


def as_device_masks(home: Home, x: Any, name: str) -> DeviceMasks:
    """What a function takes for masks at home: `Masks` that live there, or dense arrays."""
    return _as_packed(
        home, x, name, DeviceMasks, lambda need: packed(home, x, "N,H,W", None, None, name, need)
    )


def as_device_tracks(home: Home, x: Any, name: str) -> DeviceTracks:
    """What a function takes for tracks at home: `Tracks` that live there, or dense arrays."""
    return _as_packed(
        home, x, name, DeviceTracks, lambda need: packed_tracks(home, x, None, None, None, name, need)
    )


def _as_packed(home: Home, x: Any, name: str, kind: type[Kind], pack: Callable[[str], Kind]) -> Kind:
    from vislabel._masks import Masks
    from vislabel._tracks import Tracks

    public: Any = Masks if kind is DeviceMasks else Tracks
    if isinstance(x, (Masks, Tracks)):
        if not isinstance(x, public):
            raise Error(f"{name} is {type(x).__name__}, expected {public.__name__} or a dense array")
        if x.device != str(home):
            raise Error(f"{name} is on {x.device}, expected {home}: use {name}.cuda({home.index})")
        held: Kind = x._packed
        return held
    if not _device.on_device(x):
        raise Error(f"{name} is on the CPU, expected {home}, where the others are")
    return pack(f"{public.__name__}({name}, threshold=...)")


@at_home
def masks_of(home: Home, x: Any, threshold: float | None, size: tuple[int, int] | None) -> DeviceMasks:
    """What ``Masks(x, threshold, size)`` holds."""
    return packed(home, x, "N,H,W", threshold, size)


@at_home
def tracks_of(
    home: Home, x: Any, present: Any, threshold: float | None, size: tuple[int, int] | None
) -> DeviceTracks:
    """What ``Tracks(x, present, threshold, size)`` holds."""
    return packed_tracks(home, x, present, threshold, size)


def joined_masks(batches: list[Any]) -> DeviceMasks:
    """All masks of the batches."""
    home = _given.home_of(("batches", batch) for batch in batches)
    with home.entered():
        first, *others = (as_device_masks(home, batch, "batches") for batch in batches)
        return first.joined(others)


def joined_tracks(a: Any, b: Any) -> DeviceTracks:
    """The tracks of both."""
    home = _given.home_of((("a", a), ("b", b)))
    with home.entered():
        return as_device_tracks(home, a, "a").joined(as_device_tracks(home, b, "b"))
