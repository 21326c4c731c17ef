"""COCO run-length encodings with pycocotools' names: ``from vislabel import mask as mask_utils``.

Values, types, shapes and the order in memory are those of ``pycocotools.mask``; what it crashes on or
misreads raises `vislabel.Error` (docs/pycocotools.md lists each difference).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from vislabel import _arrays, _core, _outlines, _pycocotools
from vislabel._arrays import ArrayLike, Float64
from vislabel._core import Error
from vislabel._masks import Rle

__all__ = [
    "area",
    "decode",
    "encode",
    "frPyObjects",
    "install_as_pycocotools",
    "iou",
    "merge",
    "run_lengths",
    "toBbox",
    "uninstall_as_pycocotools",
]

Bytes: TypeAlias = npt.NDArray[np.uint8]
T = TypeVar("T")
_TEXT = (str, bytes, bytearray, memoryview)
_NO_CROWD = np.zeros(0, np.uint8)


def encode(bimask: ArrayLike) -> Any:
    """Encode a dense mask [H, W] as one RLE dict, or masks [H, W, N] as a list of N.

    Parameters
    ----------
    bimask : array [H, W] or [H, W, N]
        Bool or integers, any memory order: non-zero is set.
    """
    plain = type(bimask) is np.ndarray and bimask.dtype.char in "?B"
    array = bimask if plain else _arrays.as_array(bimask, "bimask")
    if array.ndim not in (2, 3) or array.dtype.kind == "f":
        given = f"shape {list(array.shape)} and dtype {array.dtype}"
        raise Error(f"bimask has {given}, expected [H, W] or [H, W, N] of bool or integers")
    masks = array[:, :, None] if array.ndim == 2 else array
    if masks.flags.f_contiguous and masks.dtype.itemsize == 1:
        rles = _core.rle_encode(masks)
    else:
        rles = _core.Masks.from_dense(masks.transpose(2, 0, 1), None).to_rle("bytes")
    return rles[0] if array.ndim == 2 else rles


def decode(rleObjs: Rle | Sequence[Rle]) -> Any:
    """Decode one RLE dict to uint8 [H, W], or a list of N to uint8 [H, W, N]; column-major memory."""
    if isinstance(rleObjs, Mapping):
        return _read(_core.rle_decode, [rleObjs])[:, :, 0]
    return _read(_core.rle_decode, _listed(rleObjs))


def run_lengths(rleObjs: Rle | Sequence[Rle]) -> Any:
    """Run lengths down the columns, zeros first: uint32 [R] of one RLE dict, or a list of N such arrays.

    The way back is `frPyObjects` of dicts with run lengths. (pycocotools has no such function.)
    """
    if isinstance(rleObjs, Mapping):
        return _read(_core.rle_runs, [rleObjs])[0]
    return _read(_core.rle_runs, _listed(rleObjs))


def area(rleObjs: Rle | Sequence[Rle]) -> Any:
    """Set pixels: one number, or uint32 [N]."""
    if isinstance(rleObjs, Mapping):
        return _read(_core.rle_area, [rleObjs]).astype(np.uint32)[0]
    return _read(_core.rle_area, _listed(rleObjs)).astype(np.uint32)


def toBbox(rleObjs: Rle | Sequence[Rle]) -> Any:
    """Boxes x, y, width, height: float64 [4] or [N, 4]."""
    if isinstance(rleObjs, Mapping):
        return _read(_core.rle_box, [rleObjs])[0]
    return _read(_core.rle_box, _listed(rleObjs))


def merge(rleObjs: Sequence[Rle], intersect: int = 0) -> Rle:
    """The union of masks, or their intersection, as one RLE dict; of no masks: of size 0 x 0.

    Parameters
    ----------
    rleObjs : list of dict
    intersect : bool or int
        Not 0: the intersection.
    """
    rles, intersection = _listed(rleObjs), _integer(intersect, "intersect") != 0
    if len(rles) == 0:
        return {"size": [0, 0], "counts": b""}
    return _read(_core.rle_merge, rles, intersection)


def iou(dt: Any, gt: Any, pyiscrowd: ArrayLike) -> Any:
    """IoU of every pair of masks (lists of RLE dicts) or boxes (x, y, width, height), float64 [N, M].

    The table is column-major; where one side is empty it is the list ``[]``. A box with a negative side has
    IoU 0.

    Parameters
    ----------
    dt, gt : list of dict, or array [N, 4]
    pyiscrowd : array [M]
        Where it is not 0, the divisor is the detection's area.
    """
    (left, masks), (right, masks_too) = _side(dt, "dt"), _side(gt, "gt")
    crowd = _crowd(pyiscrowd, len(right))
    if len(left) == 0 or len(right) == 0:
        return []
    if masks != masks_too:
        raise Error("dt and gt are masks on one side and boxes on the other, expected one kind")
    table: Callable[[Any, Any, Bytes], Float64] = _mask_iou if masks else _box_iou
    if len(crowd) == 0:  # symmetric: the other way round it is column-major as it comes
        return table(right, left, crowd).T
    return np.ascontiguousarray(table(left, right, crowd).T).T


def _mask_iou(a: list[Rle], b: list[Rle], crowd: Bytes) -> Float64:
    return _core.mask_iou(_packed(a), _packed(b), crowd, "zero")


def _box_iou(a: Float64, b: Float64, crowd: Bytes) -> Float64:
    try:
        return _core.box_iou(a, b, "iou", crowd)
    except Error:  # a negative side is as good as none
        a, b = (np.concatenate([boxes[:, :2], np.maximum(boxes[:, 2:], 0)], axis=1) for boxes in (a, b))
        return _core.box_iou(a, b, "iou", crowd)


def _side(objs: Any, name: str) -> tuple[Any, bool]:
    """A list of RLE dicts or an array of boxes, and whether they are masks."""
    if not hasattr(objs, "ndim"):
        objs = _listed(objs, name)
        if len(objs) == 0 or isinstance(objs[0], Mapping):
            return objs, len(objs) > 0
    boxes = _arrays.as_array(objs, name)
    if boxes.shape[1:] != (4,) and boxes.shape[:1] != (0,):
        raise Error(f"{name} has shape {list(boxes.shape)}, expected [N, 4] or a list of RLE dicts")
    return boxes, False


def _crowd(pyiscrowd: Any, count: int) -> npt.NDArray[np.uint8]:
    """Which columns are crowd regions; of length 0: none."""
    if type(pyiscrowd) is list and len(pyiscrowd) == count and set(map(type, pyiscrowd)) <= {int, bool}:
        chosen = set(pyiscrowd)
        if chosen <= {0, 1}:
            return np.array(pyiscrowd, np.uint8) if 1 in chosen else _NO_CROWD
    given = _arrays.as_array(pyiscrowd, "pyiscrowd")
    if given.shape != (count,):
        raise Error(f"pyiscrowd has shape {list(given.shape)}, expected one per mask or box of gt ({count})")
    with np.errstate(invalid="ignore"):
        flags = given.astype(np.uint8)
    if (flags != given).any():
        raise Error(f"pyiscrowd is {_arrays.shown(given.tolist())}, expected 0 or 1 each")
    return flags if flags.any() else _NO_CROWD


def frPyObjects(pyobj: Any, h: int, w: int) -> Any:
    """RLE dicts from polygons, boxes or RLE dicts with lists of run lengths.

    Parameters
    ----------
    pyobj : list of polygons, boxes or dicts, or one of them
        A polygon is ``[x0, y0, x1, y1, ..]`` of at least three corners, or an array [corners, 2]; a box is x,
        y, width, height; boxes may also be an array [N, 4]. Behind a polygon, one or two corners are a
        polygon without area.
    h, w : int
        Height and width of the frame; a dict has its own size.
    """
    height, width = _integer(h, "h"), _integer(w, "w")
    if isinstance(pyobj, Mapping):
        return _read(_core.rle_compress, [dict(pyobj)])[0]
    if hasattr(pyobj, "ndim"):
        pyobj = _arrays.as_array(pyobj, "pyobj")
        if pyobj.ndim == 2 and pyobj.shape[1] == 4:
            return _outlines.from_boxes(pyobj, height, width)
    entries = _listed(pyobj, "pyobj")
    if len(entries) == 0:
        raise Error("pyobj is empty, expected polygons, boxes or RLE dicts")
    if isinstance(entries[0], Mapping):
        return _read(_core.rle_compress, entries)
    if hasattr(entries[0], "__len__"):
        return _outlines.from_entries(entries, height, width)
    return _outlines.from_entries([entries], height, width)[0]


def _listed(objs: Any, name: str = "rleObjs") -> list[Any]:
    if type(objs) is list:
        return objs
    if isinstance(objs, (Mapping, *_TEXT)):
        raise Error(f"{name} is a {type(objs).__name__}, expected a list")
    return _arrays.items(objs, name)


def _packed(rles: list[Rle]) -> _core.Masks:
    return _read(_core.Masks.from_rle, rles, None)


def _read(function: Callable[..., T], rles: list[Rle], *options: Any) -> T:
    """`function` of RLE dicts; where it refuses them, of the same with integers for whole floats."""
    try:
        return function(rles, *options)
    except Error:
        pass
    return function([_with_integers(rle) for rle in rles], *options)


def _with_integers(rle: Any) -> Any:
    if not isinstance(rle, Mapping):
        return rle
    return {
        key: [_whole(number) for number in value]
        if np.iterable(value) and not isinstance(value, _TEXT)
        else value
        for key, value in rle.items()
    }


def _integer(x: Any, name: str) -> int:
    return x if type(x) is int and 0 <= x < 1 << 32 else _arrays.integer(_whole(x), name)


def _whole(x: Any) -> Any:
    """``x``, or an int where it is a bool or a whole float: pycocotools takes both for integers."""
    if isinstance(x, (np.generic, np.ndarray)) and x.ndim == 0:
        x = x.item()
    return int(x) if isinstance(x, bool) or (isinstance(x, float) and x.is_integer()) else x


_mask = _pycocotools.module(
    "pycocotools._mask",
    {function.__name__: function for function in (encode, decode, area, toBbox, merge, iou, frPyObjects)}
    | {"frBbox": frPyObjects, "frPoly": frPyObjects, "frUncompressedRLE": frPyObjects},
)


def install_as_pycocotools() -> None:
    """Let ``pycocotools.mask`` and ``pycocotools._mask`` be this module, for code that cannot be edited.

    pycocotools need not be installed; where it is, its ``coco`` and ``cocoeval`` run on this module, also
    when they have been imported before. Functions that someone imported before by name (``from
    pycocotools.mask import decode``) stay pycocotools'. Each process has to call this itself; a second call
    does nothing.
    """
    _pycocotools.install({"mask": sys.modules[__name__], "_mask": _mask})


def uninstall_as_pycocotools() -> None:
    """Undo `install_as_pycocotools`."""
    _pycocotools.uninstall()
