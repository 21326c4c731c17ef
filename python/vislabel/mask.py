"""COCO run-length encodings with pycocotools' names: ``from vislabel import mask as mask_utils``.

Values, types and shapes are those of ``pycocotools.mask``; bad input raises `vislabel.Error`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vislabel import _arrays, _core
from vislabel import iou as _iou
from vislabel._arrays import ArrayLike
from vislabel._core import Error
from vislabel._masks import Masks, Rle

__all__ = ["area", "decode", "encode", "frPyObjects", "iou", "merge", "toBbox"]


def encode(bimask: ArrayLike) -> Any:
    """Encode a dense mask [H, W] as one RLE dict, or masks [H, W, N] as a list of N.

    Parameters
    ----------
    bimask : array [H, W] or [H, W, N]
        Bool or integers, any memory order: non-zero is set.
    """
    array = _arrays.as_array(bimask, "bimask")
    if array.ndim not in (2, 3) or array.dtype.kind == "f":
        given = f"shape {list(array.shape)} and dtype {array.dtype}"
        raise Error(f"bimask has {given}, expected [H, W] or [H, W, N] of bool or integers")
    if array.ndim == 2:
        return Masks(array[None]).to_rle()[0]
    return Masks(array.transpose(2, 0, 1)).to_rle()


def decode(rleObjs: Rle | Sequence[Rle]) -> Any:
    """Decode one RLE dict to uint8 [H, W], or a list of N to uint8 [H, W, N]; column-major memory."""
    single = isinstance(rleObjs, dict)
    masks = Masks.from_rle([rleObjs] if isinstance(rleObjs, dict) else rleObjs)
    height, width = masks.size
    memory = np.empty((len(masks), width, height), np.uint8)
    masks.to_dense(out=memory.transpose(0, 2, 1))
    return memory[0].T if single else memory.transpose(2, 1, 0)


def frPyObjects(pyobj: Any, h: int, w: int) -> Any:
    """RLE dicts from polygons, boxes or RLE dicts with lists of run lengths.

    Parameters
    ----------
    pyobj : list of polygons, boxes or dicts, or one of them
        A polygon is ``[x0, y0, x1, y1, ..]`` of more than four numbers, a box is x, y, width, height; boxes
        may also be an array [N, 4].
    h, w : int
        Height and width of the frame.
    """
    single = isinstance(pyobj, dict) or (
        isinstance(pyobj, (list, tuple)) and len(pyobj) > 0 and np.isscalar(pyobj[0])
    )
    entries = [pyobj] if single else _rles(pyobj)
    dicts = [isinstance(entry, dict) for entry in entries]
    if any(dicts) and not all(dicts):
        raise Error("pyobj mixes dicts with polygons or boxes, expected one kind")
    for i, entry in enumerate(entries):
        if isinstance(entry, dict) and "size" in entry and list(entry["size"]) != [h, w]:
            raise Error(f"pyobj[{i}] has size {entry['size']}, expected [{h}, {w}]")
    if any(dicts):
        result = _core.rle_compress(entries)
    else:
        result = _core.rle_from_polygons([_corners(entry, i) for i, entry in enumerate(entries)], h, w)
    return result[0] if single else result


def _corners(entry: Any, i: int) -> npt.NDArray[np.float64]:
    """A polygon's corners, or a box's, as float64 [2 * corners]."""
    numbers = np.ascontiguousarray(_arrays.as_array(entry, f"pyobj[{i}]"), np.float64).ravel()
    if len(numbers) != 4:
        return numbers
    x, y, width, height = numbers
    return np.array([x, y, x, y + height, x + width, y + height, x + width, y])


def area(rleObjs: Rle | Sequence[Rle]) -> Any:
    """Set pixels: one number, or uint32 [N]."""
    if isinstance(rleObjs, dict):
        return _core.rle_area([rleObjs]).astype(np.uint32)[0]
    return _core.rle_area(_rles(rleObjs)).astype(np.uint32)


def toBbox(rleObjs: Rle | Sequence[Rle]) -> Any:
    """Boxes x, y, width, height: float64 [4] or [N, 4]."""
    if isinstance(rleObjs, dict):
        return _core.rle_box([rleObjs])[0]
    return _core.rle_box(_rles(rleObjs))


def merge(rleObjs: Sequence[Rle], intersect: bool = False) -> Rle:
    """The union of masks, or their intersection, as one RLE dict."""
    return _core.rle_merge(_rles(rleObjs), bool(intersect))


def iou(dt: Any, gt: Any, pyiscrowd: ArrayLike) -> Any:
    """IoU of every pair of masks (lists of RLE dicts) or boxes ([N, 4] x, y, width, height), float64 [N, M].

    Parameters
    ----------
    dt, gt : list of dict, or array [N, 4]
    pyiscrowd : array [M]
        Where it is not 0, the divisor is the detection's area.
    """
    if len(dt) == 0 or len(gt) == 0:
        return []
    if isinstance(dt[0], dict) and isinstance(gt[0], dict):
        return _iou.mask_iou(Masks.from_rle(dt), Masks.from_rle(gt), crowd=pyiscrowd)
    return _iou.box_iou(dt, gt, crowd=pyiscrowd)


def _rles(rles: Any) -> list[Any]:
    return _arrays.items(rles, "rleObjs")
