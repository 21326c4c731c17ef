"""Packed masks and tracks on a device: what `Masks` and `Tracks` hold there in place of the extension's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from vislabel import _core, _device
from vislabel._arrays import Int64, flags, number
from vislabel._core import Error
from vislabel.cuda import _homes
from vislabel.cuda._homes import Home, at_home

Kind = TypeVar("Kind", "DeviceMasks", "DeviceTracks")


class DeviceMasks:
    """N masks: all their bits, and the areas and boxes that were measured when they were made.

    ``words`` int32 [N, rows, columns], as `vislabel/cuda/mask/words.hpp` lays them out; ``areas`` int64 [N];
    ``edges`` int32 [N, 4]: left, top, right, bottom.
    """

    __slots__ = ("areas", "edges", "home", "shape", "words")

    def __init__(self, home: Home, shape: tuple[int, int], words: Any, areas: Any, edges: Any) -> None:
        self.home, self.shape, self.words, self.areas, self.edges = home, shape, words, areas, edges

    @classmethod
    def new(cls, home: Home, shape: tuple[int, int], count: int) -> DeviceMasks:
        """Room for ``count`` masks."""
        words = home.empty((count, *home.backend.layout(shape)), "int32")
        return cls(home, shape, words, home.empty((count,), "int64"), home.empty((count, 4), "int32"))

    def measure(self) -> DeviceMasks:
        """Finds areas and boxes; the masks themselves."""
        at = self.home.address
        measured = at(self.areas), at(self.edges)
        self.home.backend.measure(at(self.words), self.shape, self.count(), *measured, self.home.place)
        return self

    def handle(self) -> tuple[int, int, int, int, tuple[int, int]]:
        """What the backend takes for masks."""
        at = self.home.address
        return at(self.words), at(self.areas), at(self.edges), self.count(), self.shape

    def count(self) -> int:
        return int(self.words.shape[0])

    def size(self) -> tuple[int, int]:
        return self.shape

    def memory(self) -> int:
        return 4 * _homes.count_of(tuple(self.words.shape)) + 24 * self.count()

    def area(self) -> Any:
        return self.home.give(self.home.copy(self.areas))

    def box(self) -> Any:
        boxes = self.home.cast(self.edges, "float64")
        boxes[..., 2:] -= boxes[..., :2]
        return self.home.give(boxes)

    def select(self, index: Int64) -> DeviceMasks:
        return self._taken(_slice_or_array(self.home, index))

    def select_there(self, index: Any) -> DeviceMasks:
        """By an index on the device."""
        return self._taken(_index_there(self.home, index, self.count()))

    def _taken(self, index: Any) -> DeviceMasks:
        parts = (self.words[index], self.areas[index], self.edges[index])
        return DeviceMasks(self.home, self.shape, *(self.home.whole(part) for part in parts))

    def joined(self, others: list[DeviceMasks]) -> DeviceMasks:
        """These masks and the others."""
        all_ = [self, *others]
        for other in others:
            if other.shape != self.shape:
                raise Error(f"masks of different sizes: {self.shape} and {other.shape}")
        parts = ([getattr(masks, name) for masks in all_] for name in ("words", "areas", "edges"))
        return DeviceMasks(self.home, self.shape, *(self.home.join(part) for part in parts))

    def equal(self, other: DeviceMasks) -> bool:
        if not isinstance(other, DeviceMasks):
            raise Error(f"masks on {self.home} and on the CPU cannot be compared: use .cpu()")
        if self.shape != other.shape or self.count() != other.count():
            return False
        return bool((self.words == other.words).all())

    def changes(self) -> tuple[Int64, npt.NDArray[np.uint32]]:
        """Where the colours change: counted, placed and written on the device; waits for it twice, the first
        time for the number."""
        home, count = self.home, self.count()
        at, backend = home.address, home.backend
        before = home.empty((count, max(self.shape[1], 1)), "int32")
        changes, begin = home.empty((count,), "int64"), home.empty((count + 1,), "int64")
        counted = at(before), at(changes), at(begin)
        backend.count_changes(at(self.words), self.shape, count, *counted, home.place)
        begins = home.fetch(begin)
        places = home.empty((int(begins[-1]),), "int32")
        where = at(before), at(begin), at(places)
        backend.write_changes(at(self.words), self.shape, count, *where, home.place)
        return begins, home.fetch(places).view(np.uint32)

    def cpu(self) -> _core.Masks:
        return _core.Masks.from_changes(*self.changes(), *self.shape)

    def to_rle(self, counts: Any) -> Any:
        return self.cpu().to_rle(counts)

    def to_dense(self, shape: tuple[int, ...], out: Any) -> Any:
        """Bool of ``shape``, or ``out`` filled."""
        result = self.home.empty(shape, "bool") if out is None else _dense_output(self.home, out, shape)
        if _homes.count_of(shape) > 0:
            view = self.home.view(result)
            self.home.backend.unpack(self.home.address(self.words), view, self.home.place)
        return self.home.give(result) if out is None else out


class DeviceTracks:
    """N x T masks, some of them absent: those are without pixels."""

    __slots__ = ("masks", "present_", "rows")

    def __init__(self, masks: DeviceMasks, rows: tuple[int, int], present: Any) -> None:
        self.masks, self.rows, self.present_ = masks, rows, present

    @property
    def home(self) -> Home:
        return self.masks.home

    def handle(self) -> tuple[int, int, int, int, tuple[int, int]]:
        return self.masks.handle()

    def count(self) -> int:
        return self.rows[0]

    def frames(self) -> int:
        return self.rows[1]

    def size(self) -> tuple[int, int]:
        return self.masks.shape

    def memory(self) -> int:
        return self.masks.memory() + _homes.count_of(self.rows)

    def present(self) -> Any:
        return self.home.give(self.home.copy(self.present_))

    def area(self) -> Any:
        return self.home.give(self.home.copy(self.masks.areas).reshape(self.rows))

    def box(self) -> Any:
        boxes = self.home.cast(self.masks.edges, "float64").reshape((*self.rows, 4))
        boxes[..., 2:] -= boxes[..., :2]
        return self.home.give(boxes)

    def select(self, index: Int64) -> DeviceTracks:
        return self._taken(_slice_or_array(self.home, index), None)

    def select_there(self, index: Any) -> DeviceTracks:
        """By an index on the device."""
        return self._taken(_index_there(self.home, index, self.count()), None)

    def select_frames(self, index: Int64) -> DeviceTracks:
        return self._taken(None, _slice_or_array(self.home, index))

    def frame(self, t: int) -> DeviceMasks:
        return self._taken(None, slice(t, t + 1)).masks

    def track(self, n: int) -> DeviceMasks:
        return self._taken(slice(n, n + 1), None).masks

    def _taken(self, tracks: Any, frames: Any) -> DeviceTracks:
        def take(x: Any) -> Any:
            x = x.reshape((*self.rows, *x.shape[1:]))
            return x[:, frames] if tracks is None else x[tracks]

        masks = self.masks
        present = take(self.present_.reshape((_homes.count_of(self.rows),)))
        rows = int(present.shape[0]), int(present.shape[1])
        parts = (take(x) for x in (masks.words, masks.areas, masks.edges))
        flat = [self.home.whole(x.reshape((rows[0] * rows[1], *x.shape[2:]))) for x in parts]
        return DeviceTracks(DeviceMasks(self.home, masks.shape, *flat), rows, self.home.whole(present))

    def joined(self, other: DeviceTracks) -> DeviceTracks:
        if self.rows[1] != other.rows[1]:
            raise Error(f"tracks of {self.rows[1]} and {other.rows[1]} frames")
        rows = self.rows[0] + other.rows[0], self.rows[1]
        present = self.home.join([self.present_, other.present_])
        return DeviceTracks(self.masks.joined([other.masks]), rows, present)

    def equal(self, other: DeviceTracks) -> bool:
        if not isinstance(other, DeviceTracks):
            raise Error(f"tracks on {self.home} and on the CPU cannot be compared: use .cpu()")
        return (
            self.rows == other.rows
            and bool((self.present_ == other.present_).all())
            and self.masks.equal(other.masks)
        )

    def cpu(self) -> _core.Tracks:
        present = self.home.fetch(self.home.cast(self.present_, "bool")).reshape(self.rows)
        track, frame = np.nonzero(present)
        here = self.masks.cpu().select(np.flatnonzero(present))
        return _core.Tracks.from_masks(here, track, frame, *self.rows)

    def to_rle(self, counts: Any) -> Any:
        return self.cpu().to_rle(counts)

    def to_dense(self, shape: tuple[int, ...], out: Any) -> Any:
        return self.masks.to_dense(shape, out)


def _slice_or_array(home: Home, index: Int64) -> Any:
    """An index as a slice, which copies nothing, where its positions follow one another."""
    if len(index) == 0 or bool((np.diff(index) == 1).all()):
        return slice(int(index[0]), int(index[-1]) + 1) if len(index) else slice(0, 0)
    return home.put(index)


def _index_there(home: Home, index: Any, length: int) -> Any:
    """An index on the device. Its values cannot be looked at without waiting: that they are in range is the
    framework's to check, and the caller's to see to."""
    array = _homes.there(home, index, "index")
    kind = home.kind(array)
    if len(array.shape) != 1 or not ("int" in kind or (kind == "bool" and int(array.shape[0]) == length)):
        raise Error(
            f"index has shape {list(array.shape)} and dtype {kind}, expected integers or bool [{length}]"
        )
    return array


def _dense_output(home: Home, out: Any, shape: tuple[int, ...]) -> Any:
    """``out`` at home. Errors: another shape or type, or elements that share memory."""
    if not _device.on_device(out):
        raise Error(f"out is on the CPU, expected {home}, where the masks are")
    array = _homes.there(home, out, "out")
    if tuple(array.shape) != shape or home.kind(array) not in ("bool", "uint8", "int8"):
        raise Error(
            f"out has shape {list(array.shape)} and dtype {home.kind(array)}, "
            f"expected {list(shape)} of bool or 8-bit integers"
        )
    _, _, strides, _ = home.view(array)
    if any(stride == 0 and n > 1 for stride, n in zip(strides, shape, strict=True)):
        raise Error("out has elements that share memory, expected an array of its own")
    return array


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
    array = _homes.there(home, x, name)
    wanted = axes.split(",")
    if len(array.shape) != len(wanted):
        raise Error(f"{name} has shape {list(array.shape)}, expected [{', '.join(wanted)}]")
    kind = home.kind(array)
    if kind.startswith("float8"):
        array, kind = home.cast(array, "float32"), "float32"
    floats = "float" in kind
    if "complex" in kind or not (floats or "int" in kind or kind == "bool"):
        raise Error(f"{name} has dtype {kind}, expected bool, integers or floats")
    if threshold is None and floats:
        raise Error(f"{name} has dtype {kind}: floats need {floats_need}, set where x > threshold")
    level = None if threshold is None else _rounded(number(threshold, "threshold"), kind)
    if level is not None and not floats:
        if size is not None:
            raise Error(f"{name} has dtype {kind}: only floats with a threshold can be resized to size")
        array, level = array > level, None
    if size is not None and level is None:
        raise Error(f"{name} has dtype {kind}: only floats with a threshold can be resized to size")
    *leading, height, width = (int(n) for n in array.shape)
    shape = (height, width) if size is None else size
    masks = DeviceMasks.new(home, shape, _homes.count_of(tuple(leading)))
    view = home.view(array)
    home.backend.pack(view, level, None if size is None else shape, home.address(masks.words), home.place)
    return masks.measure()


def _rounded(threshold: float, kind: str) -> float:
    """A threshold as elements of the type see it: rounded, as NumPy and torch round it."""
    if kind == "bfloat16":
        torch = sys.modules["torch"]
        return float(torch.tensor(threshold, dtype=torch.bfloat16))
    if kind in ("float16", "float32"):
        with np.errstate(over="ignore"):
            return float(np.dtype(kind).type(threshold))
    return threshold


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
    masks = packed(home, x, "N,T,H,W", threshold, size, name, floats_need)
    rows = int(x.shape[0]), int(x.shape[1])
    if present is None:
        return DeviceTracks(masks, rows, home.filled(rows, "bool", 1))
    if not _device.on_device(present):
        present = flags(present, "present", rows, str(list(rows)))
    there = _homes.shaped(home, present, "present", rows, str(list(rows))) != 0
    masks.words *= home.cast(there, "int32").reshape((masks.count(), 1, 1))
    return DeviceTracks(masks.measure(), rows, there)


def sent_masks(masks: _core.Masks, home: Home) -> DeviceMasks:
    """Masks of the host on a device."""
    begin, places = masks.changes()
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
    public = kind.__name__.removeprefix("Device")
    if hasattr(x, "_packed"):
        if type(x).__name__ != public:
            raise Error(f"{name} is {type(x).__name__}, expected {public} or a dense array")
        if x.device != str(home):
            raise Error(f"{name} is on {x.device}, expected {home}: use {name}.cuda({home.index})")
        held: Kind = x._packed
        return held
    if not _device.on_device(x):
        raise Error(f"{name} is on the CPU, expected {home}, where the others are")
    return pack(f"{public}({name}, threshold=...)")


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
    home = _homes.home_of(*batches)
    first, *others = (as_device_masks(home, batch, "batches") for batch in batches)
    return first.joined(others)


def joined_tracks(a: Any, b: Any) -> DeviceTracks:
    """The tracks of both."""
    home = _homes.home_of(a, b)
    return as_device_tracks(home, a, "a").joined(as_device_tracks(home, b, "b"))
