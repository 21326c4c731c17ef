"""`Masks`: a batch of packed masks of one size."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from vislabel import _core
from vislabel._arrays import (
    ArrayLike,
    Bool,
    Float64,
    Given,
    Int64,
    as_array,
    boxes,
    elements_overlap,
    is_tensor,
    items,
    like,
    number,
    size_pair,
    speaks_only_dlpack,
)
from vislabel._core import Error
from vislabel._device import on_device
from vislabel._packed import Packed

Counts = Literal["bytes", "str", "list"]
Rle = dict[str, Any]


def dense_input(
    x: ArrayLike, axes: str, threshold: float | None, name: str = "x", floats_need: str = "threshold=..."
) -> tuple[npt.NDArray[Any], float | None]:
    """``x`` with as many axes as ``axes`` names, and the threshold as its elements see it.

    NumPy and torch round a threshold to the array's type before they compare; so do we.
    """
    array = as_array(x, name)
    wanted = axes.split(",")
    if array.ndim != len(wanted):
        raise Error(f"{name} has shape {list(array.shape)}, expected [{', '.join(wanted)}]")
    if threshold is None:
        if array.dtype.kind == "f":
            raise Error(f"{name} has dtype {array.dtype}: floats need {floats_need}, set where x > threshold")
        return array, None
    value = number(threshold, "threshold")
    if is_tensor(x) and x.is_floating_point():
        value = sys.modules["torch"].tensor(value, dtype=x.dtype, device="cpu").item()
    elif isinstance(x, np.ndarray) and x.dtype.kind == "f":
        with np.errstate(over="ignore"):
            value = float(x.dtype.type(value))
    return array, value


def resized_input(array: npt.NDArray[Any], threshold: float | None) -> tuple[npt.NDArray[Any], float]:
    """Maps that can be resized, and their threshold."""
    if array.dtype.kind != "f" or threshold is None:
        raise Error(f"x has dtype {array.dtype}: only floats with a threshold can be resized to size")
    return array, threshold


def dense_output(out: Any, shape: tuple[int, ...], x: object) -> tuple[npt.NDArray[Any], Any]:
    """The array to write, and what to return for it: ``out`` itself, or a new one."""
    if out is None:
        array = np.empty(shape, np.uint8)
        return array, like(array.view(np.bool_), x)
    array = as_array(out, "out")
    if array.shape != shape or array.dtype.itemsize != 1 or array.dtype.kind not in "biu":
        raise Error(
            f"out has shape {list(array.shape)} and dtype {array.dtype}, "
            f"expected {list(shape)} of bool or 8-bit integers"
        )
    if elements_overlap(array.shape, array.strides, array.itemsize):
        raise Error("out has elements that share memory, expected an array of its own")
    shares = is_tensor(out) or array is out or speaks_only_dlpack(out)
    shares = shares or (array.size > 0 and np.shares_memory(array, np.asarray(out)))
    if not array.flags.writeable or not shares:
        raise Error("out is read-only, expected an array that can be written")
    return array.view(np.uint8), out


class Masks(Packed):
    """N packed masks of one size.

    Masks never change and share their pixels: indexing, joining and copying cost nothing per pixel.

    Parameters
    ----------
    x : array [N, H, W]
        Bool or integers: non-zero is set. Floats need ``threshold``. NumPy, torch, buffer protocol or DLPack,
        any strides; read in place. From arrays on a GPU (torch, CuPy, Numba) masks are made, and live, there.
    threshold : float, optional
        Set where ``x > threshold``; NaN is not set.
    size : (H, W), optional
        Of the masks, where the floats are maps [N, h, w] of another size: they are resized bilinearly
        (half-pixel centers: torch's ``interpolate(mode="bilinear", align_corners=False)``) and compared with
        the threshold in one pass that never stores them.

    Raises
    ------
    vislabel.Error
        Another number of axes; floats without a threshold; ``size`` for anything but floats; a frame of more
        than 2**32 - 1 pixels.

    Examples
    --------
    >>> import numpy as np, vislabel as vl
    >>> m = vl.Masks(np.eye(4, dtype=bool)[None])
    >>> m.area, m.box
    (array([4]), array([[0., 0., 4., 4.]]))
    """

    __slots__ = ()
    _packed: Any

    def __init__(
        self, x: ArrayLike, threshold: float | None = None, size: tuple[int, int] | None = None
    ) -> None:
        if on_device(x):
            from vislabel.cuda import _packing

            self._packed = _packing.masks_of(x, threshold, None if size is None else size_pair(size))
            return
        array, rounded = dense_input(x, "N,H,W", threshold)
        if size is None:
            self._packed = _core.Masks.from_dense(array, rounded)
        else:
            self._packed = _core.Masks.from_resized(*resized_input(array, rounded), *size_pair(size))

    @classmethod
    def from_rle(cls, rles: Sequence[Rle], size: tuple[int, int] | None = None) -> Masks:
        """Masks from COCO run-length encodings.

        Parameters
        ----------
        rles : sequence of dict
            ``{"size": [H, W], "counts": bytes | str | list of run lengths}``, all of one size.
        size : (H, W), optional
            Needed where ``rles`` may be empty.

        Raises
        ------
        vislabel.Error
            Malformed or mixed input, naming the mask's index and what is wrong.
        """
        if isinstance(rles, dict):
            raise Error("rles is a dict, expected a list of dicts")
        return cls._wrap(_core.Masks.from_rle(items(rles, "rles"), None if size is None else size_pair(size)))

    @classmethod
    def from_polygons(cls, polys: Sequence[Any], size: tuple[int, int]) -> Masks:
        """Masks of polygons, to the pixel as COCO draws them.

        Parameters
        ----------
        polys : sequence of N
            Per mask one polygon, ``[x0, y0, x1, y1, ..]`` or an array [corners, 2], or a list of polygons
            whose union it is (COCO's ``segmentation``).
        size : (H, W)

        Raises
        ------
        vislabel.Error
            Fewer than three corners, coordinates that are no numbers or beyond 1e6, by mask and polygon.
        """
        lists = [polygon_list(mask, f"polys[{n}]") for n, mask in enumerate(items(polys, "polys"))]
        return cls._wrap(_core.masks_from_polygons(lists, *size_pair(size)))

    @classmethod
    def concatenate(cls, batches: Sequence[Masks]) -> Masks:
        """All masks of the batches, one after the other, where the first one is."""
        given = items(batches, "batches")
        if on_device(*given):
            from vislabel.cuda import _packing

            return cls._wrap(_packing.joined_masks(given))
        return cls._wrap(_core.Masks.concatenate([as_masks(batch, "batches")._packed for batch in given]))

    @property
    def area(self) -> Int64:
        """Set pixels, int64 [N]; on a device, an array there."""
        area: Int64 = self._packed.area()
        return area

    @property
    def box(self) -> Float64:
        """The smallest box around each mask, float64 [N, 4]: x, y, width, height; empty: zeros (COCO). On a
        device, an array there."""
        box: Float64 = self._packed.box()
        return box

    def __iter__(self) -> Iterator[Masks]:
        return (self[n] for n in range(len(self)))

    def __or__(self, other: Masks) -> Masks:
        return self._combine(other, _core.Masks.unite)

    def __and__(self, other: Masks) -> Masks:
        return self._combine(other, _core.Masks.intersect)

    def __sub__(self, other: Masks) -> Masks:
        return self._combine(other, _core.Masks.subtract)

    def __xor__(self, other: Masks) -> Masks:
        return self._combine(other, _core.Masks.exclusive_or)

    def __invert__(self) -> Masks:
        return self._wrap(self._here().complement())

    def _combine(self, other: Masks, operation: Any) -> Masks:
        if not isinstance(other, Masks):
            return NotImplemented
        return self._wrap(operation(self._here(), other._here("the other one")))

    def union(self) -> Masks:
        """One mask: the pixels in any of them; of no masks: empty."""
        return self._wrap(self._here().unite_all())

    def intersection(self) -> Masks:
        """One mask: the pixels in all of them; of no masks: an error."""
        return self._wrap(self._here().intersect_all())

    def crop_to(self, boxes_: ArrayLike) -> Masks:
        """Each mask without its pixels outside its box.

        Parameters
        ----------
        boxes_ : array [N, 4]
            x, y, width, height in pixels; columns floor(x) to ceil(x + width) and rows likewise stay.
        """
        return self._wrap(self._here().crop_to(boxes(boxes_, "boxes")))

    def to_rle(self, counts: Counts = "bytes") -> list[Rle]:
        """COCO run-length encodings, as `pycocotools.mask.encode` writes them.

        Parameters
        ----------
        counts : {"bytes", "str", "list"}
            Compressed text as bytes (pycocotools) or str (JSON), or plain run lengths.
        """
        rles: list[Rle] = self._packed.to_rle(counts)
        return rles

    @overload
    def to_dense(self, out: None = None) -> Bool: ...
    @overload
    def to_dense(self, out: Given) -> Given: ...
    def to_dense(self, out: Any = None) -> Any:
        """Bool [N, H, W], or ``out`` filled with 0 and 1.

        Parameters
        ----------
        out : array [N, H, W] of bool or 8-bit integers, optional
            Any strides; NumPy or torch, where the masks are.
        """
        if on_device(self):
            return self._packed.to_dense((len(self), *self.size), out)
        array, result = dense_output(out, (len(self), *self.size), out)
        self._packed.write_dense(array)
        return result

    def _sent(self, home: Any) -> Any:
        from vislabel.cuda import _packing

        return _packing.sent_masks(self._packed, home)

    def __reduce__(self) -> Any:
        return _unpickle, ([rle["counts"] for rle in self.to_rle()], self.size, self._place())

    def __repr__(self) -> str:
        height, width = self.size
        where = f" on {self.device}" if on_device(self) else ""
        return f"Masks({len(self)} of {height} x {width}, {self.nbytes / 1024:.1f} KiB{where})"


def polygon_list(polygons: Any, name: str) -> list[npt.NDArray[np.float64]]:
    """One polygon, or several, as float64 [2 * corners] each."""
    entries = items(polygons, name)
    one = len(entries) > 0 and (
        np.ndim(polygons) <= 2 if hasattr(polygons, "ndim") else np.isscalar(entries[0])
    )
    if one:
        return [polygon(polygons, name)]
    return [polygon(entry, f"{name}[{i}]") for i, entry in enumerate(entries)]


def polygon(x: Any, name: str) -> npt.NDArray[np.float64]:
    """``[x0, y0, x1, y1, ..]`` or an array [corners, 2], as float64 [2 * corners]."""
    array = as_array(x, name)
    if array.ndim != 1 and array.shape[1:] != (2,):
        raise Error(f"{name} has shape {list(array.shape)}, expected [x0, y0, x1, y1, ..] or [corners, 2]")
    return np.ascontiguousarray(array, np.float64).ravel()


def _unpickle(counts: list[bytes], size: tuple[int, int], place: tuple[str, str] | None = None) -> Masks:
    masks = Masks.from_rle([{"size": list(size), "counts": text} for text in counts], size)
    return masks if place is None else masks._returned(*place)


def as_masks(x: Any, name: str) -> Masks:
    """``x`` itself, or the masks of a dense bool or integer array or of a list of RLE dicts."""
    if isinstance(x, Masks):
        x._here(name)
        return x
    try:
        if isinstance(x, (list, tuple)) and any(isinstance(entry, dict) for entry in x):
            return Masks.from_rle(x)
        dense = dense_input(x, "N,H,W", None, name, f"Masks({name}, threshold=...)")
        return Masks._wrap(_core.Masks.from_dense(*dense))
    except Error as error:
        raise named(error, name) from None


def named(error: Error, name: str) -> Error:
    """The error, with the argument's name in front unless it has it."""
    text = str(error)
    return error if text.startswith((f"{name} ", f"{name}:", f"{name}[")) else Error(f"{name}: {text}")
