"""`vislabel.mask` stands in for `pycocotools.mask`: the same values, types and shapes."""

from __future__ import annotations

from collections import UserDict
from typing import Any

import numpy as np
import oracle
import pytest
import vislabel as vl
from peer import areas, assert_alike
from pycocotools import mask as coco
from refusal import refused
from vislabel import mask

SIZES = [size for size in oracle.SIZES if 0 not in size]
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def column_major(size: tuple[int, int], count: int = 8, seed: int = 81) -> Any:
    """uint8 [H, W, N] in Fortran order, as pycocotools wants it."""
    return np.asfortranarray(oracle.random_masks(seed, count, size).transpose(1, 2, 0).astype(np.uint8))


@pytest.mark.parametrize("size", SIZES)
def test_every_function_gives_what_pycocotools_gives(size: tuple[int, int]) -> None:
    dense = column_major(size)
    rles = coco.encode(dense)
    assert mask.encode(dense) == rles
    assert mask.encode(dense[:, :, 0]) == coco.encode(dense[:, :, 0])
    assert_alike(mask.decode(rles), coco.decode(rles))
    assert_alike(mask.area(rles), coco.area(rles))
    assert_alike(mask.toBbox(rles), coco.toBbox(rles))
    for one in rles:
        assert_alike(mask.decode(one), coco.decode(one))
        assert_alike(mask.area(one), coco.area(one))
        assert_alike(mask.toBbox(one), coco.toBbox(one))
    for intersect in (False, True, 0, 1):
        for part in (rles[:1], rles[1:3], rles):
            assert mask.merge(part, intersect) == coco.merge(part, intersect)
    crowd = [n % 2 for n in range(5)]
    for flags in (crowd, np.array(crowd), np.array(crowd, np.uint8), [0] * 5):
        assert_alike(mask.iou(rles, rles[:5], flags), coco.iou(rles, rles[:5], flags))


def test_boxes_have_the_same_iou_also_with_crowds() -> None:
    boxes = np.random.default_rng(82).uniform(0, 40, (30, 4)).round(1)
    crowd = [n % 2 for n in range(30)]
    for a in (boxes, boxes.tolist()):
        for flags in (crowd, [0] * 30):
            assert_alike(mask.iou(a, boxes, flags), coco.iou(a, boxes, flags))


def test_masks_too_many_for_the_areas_of_pycocotools_are_fine() -> None:
    rles = coco.encode(column_major((20, 30), 700))
    np.testing.assert_array_equal(mask.area(rles), areas(rles))


def test_nothing_in_gives_nothing_out() -> None:
    rles = coco.encode(column_major((4, 5)))
    assert mask.iou([], rles, [0] * 8) == mask.iou(rles, [], []) == []
    assert mask.encode(np.zeros((3, 4, 0), np.uint8, order="F")) == []
    assert_alike(mask.iou([], [], []), coco.iou([], [], []))
    assert_alike(mask.area([]), coco.area([]))
    assert_alike(mask.toBbox([]), coco.toBbox([]))
    assert_alike(mask.merge([]), coco.merge([]))
    assert_alike(mask.merge([], intersect=True), coco.merge([], intersect=True))
    boxes = np.zeros((0, 4))
    assert_alike(mask.frPyObjects(boxes, 4, 5), coco.frPyObjects(boxes, 4, 5))
    for call in (mask.decode, lambda nothing: mask.frPyObjects(nothing, 4, 5)):
        with refused("is empty, expected"):
            call([])


def test_frames_without_pixels_are_the_same() -> None:
    for size in ((0, 5), (5, 0), (0, 0)):
        dense = np.zeros((*size, 2), np.uint8, order="F")
        rles = coco.encode(dense)
        assert_alike(mask.encode(dense), rles)
        for name in ("decode", "area", "toBbox", "merge"):
            assert_alike(getattr(mask, name)(rles), getattr(coco, name)(rles))
        assert_alike(mask.decode(rles[0]), coco.decode(rles[0]))
        assert_alike(mask.iou(rles, rles, [0, 1]), coco.iou(rles, rles, [0, 1]))


def test_a_dict_may_be_any_mapping() -> None:
    rles: list[Any] = [UserDict(rle) for rle in coco.encode(column_major((37, 21)))]
    for name in ("decode", "area", "toBbox"):
        assert_alike(getattr(mask, name)(rles), getattr(coco, name)(rles))
        assert_alike(getattr(mask, name)(rles[0]), getattr(coco, name)(rles[0]))
    assert_alike(mask.merge(rles), coco.merge(rles))


def test_any_memory_order_and_type_is_encoded() -> None:
    dense = column_major((37, 21))
    expected = coco.encode(dense)
    for x in (np.ascontiguousarray(dense), dense.astype(bool), dense.astype(np.int64), dense[::-1][::-1]):
        assert mask.encode(x) == expected


def test_counts_may_be_text_or_lists_everywhere() -> None:
    masks = vl.Masks(oracle.random_masks(83, 6, (37, 21)))
    expected = masks.to_rle()
    for kind in ("bytes", "str", "list"):
        rles = masks.to_rle(kind)  # type: ignore[arg-type]
        np.testing.assert_array_equal(mask.area(rles), masks.area)
        np.testing.assert_array_equal(mask.toBbox(rles), masks.box)
        np.testing.assert_array_equal(mask.decode(rles), coco.decode(expected))
        np.testing.assert_array_equal(mask.iou(rles, expected, [0] * 6), vl.iou.mask_iou(masks, masks))
        assert mask.merge(rles) == coco.merge(expected)


def test_what_pycocotools_crashes_on_or_misreads_is_refused() -> None:
    good, bad = {"size": [2, 2], "counts": b"4"}, {"size": [2, 2], "counts": b"o"}
    for call in (mask.area, mask.toBbox, mask.decode, mask.merge):
        with refused("rles[1]: the text ends inside a run length"):
            call([good, bad])  # type: ignore[operator]
    with refused("bimask has shape [4] and dtype uint8, expected [H, W] or [H, W, N]"):
        mask.encode(np.zeros(4, np.uint8))
    with refused("bimask", "float64", "expected [H, W] or [H, W, N] of bool or integers"):
        mask.encode(np.zeros((2, 2)))
    with refused("2 x 2", "4 x 1"):
        mask.merge([good, {"size": [4, 1], "counts": b"4"}])
    with refused("2 x 2", "4 x 1"):
        mask.iou([good], [{"size": [4, 1], "counts": b"4"}], [0])
    with refused("crowd"):
        mask.iou([good], [good], [0, 0])
    for wrong in (None, 5, [None], ["4"]):
        with refused("rle"):
            mask.area(wrong)  # type: ignore[arg-type]
