"""`Tracks`: instance tracks of one video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from vislabel import _core
from vislabel._arrays import (
    ArrayLike,
    Bool,
    Float64,
    Given,
    Int64,
    flags,
    indices,
    integer,
    items,
    position,
    positions,
    size_pair,
)
from vislabel._core import Error
from vislabel._device import on_device
from vislabel._masks import Counts, Masks, Rle, as_masks, dense_input, dense_output, named, resized_input
from vislabel._packed import Packed


class Tracks(Packed):
    """N tracks over T frames of one video; each slot holds a mask or is absent.

    *Absent* (no annotation there: ``None`` in a file) is not the same as *empty* (annotated, no pixel).
    Tracks never change and share their pixels, so indexing costs nothing per pixel.

    Parameters
    ----------
    x : array [N, T, H, W]
        Bool or integers: non-zero is set. Floats need ``threshold``. NumPy, torch, buffer protocol or DLPack.
        From arrays on a GPU (torch, CuPy, Numba) tracks are made, and live, there.
    present : array [N, T] of bool, optional
        False marks an absent slot. Default: all are present.
    threshold : float, optional
        Set where ``x > threshold``.
    size : (H, W), optional
        Of the masks, where the floats are maps [N, T, h, w] of another size, as for `Masks`.

    Raises
    ------
    vislabel.Error
        Shapes that do not fit; floats without a threshold.
    """

    __slots__ = ()
    _packed: Any

    def __init__(
        self,
        x: ArrayLike,
        present: ArrayLike | None = None,
        threshold: float | None = None,
        size: tuple[int, int] | None = None,
    ) -> None:
        if on_device(x):
            from vislabel.cuda import _packing

            pair = None if size is None else size_pair(size)
            self._packed = _packing.tracks_of(x, present, threshold, pair)
            return
        array, rounded = dense_input(x, "N,T,H,W", threshold)
        shape = array.shape[:2]
        given = (
            np.ones(shape, np.uint8)
            if present is None
            else flags(present, "present", shape, str(list(shape)))
        )
        if size is None:
            self._packed = _core.Tracks.from_dense(array, rounded, given)
        else:
            maps = resized_input(array, rounded)
            self._packed = _core.Tracks.from_resized(*maps, *size_pair(size), given)

    @classmethod
    def from_rle(
        cls,
        rows: Sequence[Sequence[Rle | None]],
        size: tuple[int, int] | None = None,
        *,
        frames: int | None = None,
    ) -> Tracks:
        """Tracks from COCO run-length encodings.

        Parameters
        ----------
        rows : N sequences of T entries
            An RLE dict, or None where the track is absent.
        size : (H, W), optional
            Needed where there may be no RLE at all.
        frames : int, optional
            T, needed where ``rows`` may be empty.

        Raises
        ------
        vislabel.Error
            Malformed or mixed input, naming the track, the frame and what is wrong.
        """
        lists = [items(row, f"rows[{n}]") for n, row in enumerate(items(rows, "rows"))]
        if frames is None:
            frames = len(lists[0]) if lists else 0
        height, width = _first_size(lists) if size is None else size_pair(size)
        return cls._wrap(_core.Tracks.from_rle(lists, height, width, integer(frames, "frames")))

    @classmethod
    def from_masks(cls, masks: Masks, track: ArrayLike, frame: ArrayLike, shape: tuple[int, int]) -> Tracks:
        """Mask i goes to slot (track[i], frame[i]); slots without a mask are absent.

        Parameters
        ----------
        masks : Masks [M]
        track, frame : int arrays [M]
        shape : (N, T)
        """
        masks = as_masks(masks, "masks")
        count, frames = size_pair(shape, "shape")
        track, frame = indices(track, "track", len(masks)), indices(frame, "frame", len(masks))
        return cls._wrap(_core.Tracks.from_masks(masks._packed, track, frame, count, frames))

    @property
    def frames(self) -> int:
        """T, the number of frames."""
        return int(self._packed.frames())

    @property
    def shape(self) -> tuple[int, int]:
        """(N, T)."""
        return len(self), self.frames

    @property
    def present(self) -> Bool:
        """Where a mask is, empty or not; bool [N, T]."""
        present: Bool = self._packed.present()
        return present

    @property
    def area(self) -> Int64:
        """Set pixels, int64 [N, T]; absent: 0."""
        area: Int64 = self._packed.area()
        return area

    @property
    def box(self) -> Float64:
        """Boxes, float64 [N, T, 4]: x, y, width, height; absent or empty: zeros."""
        box: Float64 = self._packed.box()
        return box

    def select_frames(self, index: Any) -> Tracks:
        """The given frames (int, slice, array of ints or of bool) of every track."""
        return self._wrap(self._packed.select_frames(positions(index, self.frames)))

    def frame(self, t: int) -> Masks:
        """The N masks of frame t; absent ones are empty."""
        return Masks._wrap(self._packed.frame(position(t, self.frames)))

    def track(self, n: int) -> Masks:
        """The T masks of track n; absent ones are empty."""
        return Masks._wrap(self._packed.track(position(n, len(self))))

    @classmethod
    def concatenate(cls, a: Tracks, b: Tracks) -> Tracks:
        """The tracks of ``a``, then those of ``b``, of the same video."""
        if on_device(a, b):
            from vislabel.cuda import _packing

            return cls._wrap(_packing.joined_tracks(a, b))
        return cls._wrap(_core.Tracks.concatenate(as_tracks(a, "a")._packed, as_tracks(b, "b")._packed))

    def to_rle(self, counts: Counts = "bytes") -> list[list[Rle | None]]:
        """N lists of T COCO run-length encodings, None where absent."""
        rows: list[list[Rle | None]] = self._packed.to_rle(counts)
        return rows

    @overload
    def to_dense(self, out: None = None) -> Bool: ...
    @overload
    def to_dense(self, out: Given) -> Given: ...
    def to_dense(self, out: Any = None) -> Any:
        """Bool [N, T, H, W] (absent: all False), or ``out`` filled with 0 and 1."""
        if on_device(self):
            return self._packed.to_dense((*self.shape, *self.size), out)
        array, result = dense_output(out, (len(self), self.frames, *self.size), out)
        self._packed.write_dense(array)
        return result

    def _sent(self, home: Any) -> Any:
        from vislabel.cuda import _packing

        return _packing.sent_tracks(self._packed, home)

    def __reduce__(self) -> Any:
        rows = [[None if rle is None else rle["counts"] for rle in row] for row in self.to_rle()]
        return _unpickle, (rows, self.size, self.frames, self._place())

    def __repr__(self) -> str:
        height, width = self.size
        video = f"{len(self)} x {self.frames} frames of {height} x {width}"
        where = f" on {self.device}" if on_device(self) else f", {int(self.present.sum())} masks"
        return f"Tracks({video}{where}, {self.nbytes / 1024:.1f} KiB)"


def _unpickle(
    rows: list[list[bytes | None]],
    size: tuple[int, int],
    frames: int,
    place: tuple[str, str] | None = None,
) -> Tracks:
    rles = [[None if text is None else {"size": list(size), "counts": text} for text in row] for row in rows]
    tracks = Tracks.from_rle(rles, size, frames=frames)
    return tracks if place is None else tracks._returned(*place)


def _first_size(rows: list[list[Any]]) -> tuple[int, int]:
    """The size of the first RLE."""
    for n, row in enumerate(rows):
        for t, rle in enumerate(row):
            if isinstance(rle, dict) and "size" in rle:
                return size_pair(rle["size"], f"rows[{n}][{t}]: size")
    if any(rle is not None for row in rows for rle in row):
        raise Error('rows: no entry has a "size", expected RLE dicts or None')
    raise Error("rows has no RLE to take the size from: pass size=(height, width)")


def as_tracks(x: Any, name: str) -> Tracks:
    """``x`` itself, or the tracks of a dense bool or integer array."""
    if isinstance(x, Tracks):
        x._here(name)
        return x
    if isinstance(x, Masks):
        raise Error(f"{name} is Masks, expected Tracks or an array [N, T, H, W]")
    try:
        array, _ = dense_input(x, "N,T,H,W", None, name, f"Tracks({name}, threshold=...)")
        return Tracks._wrap(_core.Tracks.from_dense(array, None, np.ones(array.shape[:2], np.uint8)))
    except Error as error:
        raise named(error, name) from None
