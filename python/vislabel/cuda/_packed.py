"""Packed masks and tracks on a device: what `Masks` and `Tracks` hold there in place of the extension's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from vislabel import _core, _device
from vislabel._arrays import Int64, elements_overlap
from vislabel._core import Error
from vislabel.cuda import _given, _homes
from vislabel.cuda._homes import Home

P = ParamSpec("P")
R = TypeVar("R")
Self_ = TypeVar("Self_", "DeviceMasks", "DeviceTracks")


def _within(method: Callable[Concatenate[Self_, P], R]) -> Callable[Concatenate[Self_, P], R]:
    """The method, on the device of the object's home."""

    @functools.wraps(method)
    def entered(self: Self_, /, *arguments: P.args, **options: P.kwargs) -> R:
        with self.home.entered():
            return _given.opaque(method)(self, *arguments, **options)

    return entered


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

    @_within
    def area(self) -> Any:
        return self.home.give(self.home.copy(self.areas))

    @_within
    def box(self) -> Any:
        boxes = self.home.cast(self.edges, "float64")
        boxes[..., 2:] -= boxes[..., :2]
        return self.home.give(boxes)

    @_within
    def select(self, index: Int64) -> DeviceMasks:
        return self._taken(_slice_or_array(self.home, index))

    @_within
    def select_there(self, index: Any) -> DeviceMasks:
        """By an index on the device."""
        return self._taken(_given.index(self.home, index, self.count()))

    def _taken(self, index: Any) -> DeviceMasks:
        parts = (self.words[index], self.areas[index], self.edges[index])
        return DeviceMasks(self.home, self.shape, *(self.home.whole(part) for part in parts))

    @_within
    def joined(self, others: list[DeviceMasks]) -> DeviceMasks:
        """These masks and the others."""
        all_ = [self, *others]
        for other in others:
            if other.shape != self.shape:
                sizes = " and ".join(f"{height} x {width}" for height, width in (self.shape, other.shape))
                raise Error(f"masks of different sizes: {sizes} (height x width)")
        parts = [
            [_given.there(self.home, getattr(masks, name), "batches") for masks in all_]
            for name in ("words", "areas", "edges")
        ]
        return DeviceMasks(self.home, self.shape, *(self.home.join(part) for part in parts))

    @_within
    def equal(self, other: DeviceMasks) -> bool:
        _require_comparable(self.home, other)
        if self.shape != other.shape or self.count() != other.count():
            return False
        return bool((self.words == _given.there(self.home, other.words, "the other one")).all())

    @_within
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

    @_within
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

    @_within
    def present(self) -> Any:
        return self.home.give(self.home.copy(self.present_))

    @_within
    def area(self) -> Any:
        return self.home.give(self.home.copy(self.masks.areas).reshape(self.rows))

    @_within
    def box(self) -> Any:
        boxes = self.home.cast(self.masks.edges, "float64").reshape((*self.rows, 4))
        boxes[..., 2:] -= boxes[..., :2]
        return self.home.give(boxes)

    @_within
    def select(self, index: Int64) -> DeviceTracks:
        return self._taken(_slice_or_array(self.home, index), None)

    @_within
    def select_there(self, index: Any) -> DeviceTracks:
        """By an index on the device."""
        return self._taken(_given.index(self.home, index, self.count()), None)

    @_within
    def select_frames(self, index: Int64) -> DeviceTracks:
        return self._taken(None, _slice_or_array(self.home, index))

    @_within
    def frame(self, t: int) -> DeviceMasks:
        return self._taken(None, slice(t, t + 1)).masks

    @_within
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

    @_within
    def joined(self, other: DeviceTracks) -> DeviceTracks:
        if self.rows[1] != other.rows[1]:
            raise Error(f"tracks of {self.rows[1]} and {other.rows[1]} frames, expected the same number")
        rows = self.rows[0] + other.rows[0], self.rows[1]
        present = self.home.join([self.present_, _given.there(self.home, other.present_, "b")])
        return DeviceTracks(self.masks.joined([other.masks]), rows, present)

    @_within
    def equal(self, other: DeviceTracks) -> bool:
        _require_comparable(self.home, other)
        if self.rows != other.rows or not self.masks.equal(other.masks):
            return False
        return bool((self.present_ == _given.there(self.home, other.present_, "the other one")).all())

    @_within
    def cpu(self) -> _core.Tracks:
        present = self.home.fetch(self.home.cast(self.present_, "bool")).reshape(self.rows)
        track, frame = np.nonzero(present)
        here = self.masks.cpu().select(np.flatnonzero(present))
        return _core.Tracks.from_masks(here, track, frame, *self.rows)

    def to_rle(self, counts: Any) -> Any:
        return self.cpu().to_rle(counts)

    @_within
    def to_dense(self, shape: tuple[int, ...], out: Any) -> Any:
        return self.masks.to_dense(shape, out)


def _require_comparable(home: Home, other: Any) -> None:
    """Errors: the other one is on the CPU, or on another device."""
    where = getattr(other, "home", None)
    if where is None or where.index != home.index:
        place = "the CPU" if where is None else str(where)
        raise Error(f"masks on {home} and on {place} cannot be compared: use .cpu()")


def _slice_or_array(home: Home, index: Int64) -> Any:
    """An index as a slice, which copies nothing, where its positions follow one another."""
    if len(index) == 0 or bool((np.diff(index) == 1).all()):
        return slice(int(index[0]), int(index[-1]) + 1) if len(index) else slice(0, 0)
    return home.put(index)


def _dense_output(home: Home, out: Any, shape: tuple[int, ...]) -> Any:
    """``out`` at home. Errors: another shape or type, or elements that share memory."""
    if not _device.on_device(out):
        raise Error(f"out is on the CPU, expected {home}, where the masks are")
    array = _given.there(home, out, "out")
    if tuple(array.shape) != shape or home.kind(array) not in ("bool", "uint8", "int8"):
        raise Error(
            f"out has shape {list(array.shape)} and dtype {home.kind(array)}, "
            f"expected {list(shape)} of bool or 8-bit integers"
        )
    if elements_overlap(shape, home.strides(array), 1):
        raise Error("out has elements that share memory, expected an array of its own")
    return array
