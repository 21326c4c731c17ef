"""Polygons and boxes to RLE, in the forms that pycocotools' ``frPyObjects`` takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vislabel import _arrays, _core
from vislabel._arrays import Float64
from vislabel._core import Error
from vislabel._masks import Rle

_CORNERS = np.array([0, 1, 0, 3, 2, 3, 2, 1])  # of a box left, top, right, bottom, as x, y


def from_entries(entries: list[Any], height: int, width: int) -> list[Rle]:
    """RLE dicts from polygons, or from boxes where the first entry has four numbers."""
    outlines = [_numbers(entry, i) for i, entry in enumerate(entries)]
    if len(outlines[0]) != 4:
        return _from_polygons(outlines, height, width)
    for i, box in enumerate(outlines):
        if len(box) != 4:
            raise Error(f"pyobj[{i}] has {len(box)} numbers, expected the 4 of a box as pyobj[0] has")
    return from_boxes(np.array(outlines), height, width)


def from_boxes(boxes: npt.NDArray[Any], height: int, width: int) -> list[Rle]:
    """RLE dicts from boxes [N, 4] x, y, width, height."""
    boxes = boxes.astype(np.float64, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):  # the sum is refused below
        sides = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    return _core.rle_from_polygons(list(sides.take(_CORNERS, axis=1)), height, width)


def _from_polygons(polygons: list[Float64], height: int, width: int) -> list[Rle]:
    """One or two corners behind the first polygon are a polygon as well: empty."""
    for i, polygon in enumerate(polygons):
        if i > 0 and len(polygon) in (0, 2, 4):
            polygons[i] = np.resize(polygon, 6)
    return _core.rle_from_polygons(polygons, height, width)


def _numbers(entry: Any, i: int) -> Float64:
    """A polygon or a box as float64 [numbers]."""
    try:
        array = np.array(entry, np.float64) if type(entry) is list else _arrays.as_array(entry, f"pyobj[{i}]")
    except (TypeError, ValueError, OverflowError, RuntimeError):
        array = _arrays.as_array(entry, f"pyobj[{i}]")
    if array.ndim == 2 and array.shape[1] == 2 and len(array) > 2:
        array = array.ravel()
    if array.ndim != 1:
        raise Error(f"pyobj[{i}] has shape {list(array.shape)}, expected [x0, y0, x1, y1, ..]")
    return array.astype(np.float64, copy=False)
