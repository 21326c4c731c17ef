"""Polygons and boxes equal pycocotools' to the pixel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vislabel as vl
from vislabel import mask

peer = pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed")


def test_every_annotation_of_coco_s_sample_is_the_same(data_dir: Path) -> None:
    (file,) = (data_dir / "faster_coco_eval").rglob("instances_val2014_100.json")
    truth = json.loads(file.read_text())
    sizes = {image["id"]: (image["height"], image["width"]) for image in truth["images"]}
    for annotation in truth["annotations"]:
        given, size = annotation["segmentation"], sizes[annotation["image_id"]]
        expected = peer.frPyObjects(given, *size)
        assert mask.frPyObjects(given, *size) == expected
        if isinstance(given, list):
            assert vl.Masks.from_polygons([given], size).to_rle() == [peer.merge(expected)]


def polygon(rng: np.random.Generator, k: int) -> list[float]:
    corners = rng.uniform(-20, 90, 2 * rng.integers(3, 12))
    if k % 3 == 0:
        corners = corners.round()
    if k % 5 == 0:
        corners[-2:] = corners[:2]  # closed explicitly
    numbers: list[float] = ((corners * 2).round() / 2 if k % 7 == 0 else corners).tolist()
    return numbers


def test_random_polygons_and_boxes_are_the_same() -> None:
    rng = np.random.default_rng(0)
    for k in range(2000):
        height, width = (int(side) for side in rng.integers(1, 70, 2))
        one = polygon(rng, k)
        expected = peer.frPyObjects([one], height, width)
        assert mask.frPyObjects([one], height, width) == expected
        assert mask.frPyObjects(one, height, width) == expected[0]  # pycocotools fails on a polygon by itself
        boxes = rng.uniform(-10, 60, (2, 4))
        boxes[:, 2:] = abs(boxes[:, 2:])
        assert mask.frPyObjects(boxes, height, width) == peer.frPyObjects(boxes, height, width)


def test_masks_of_polygons_take_one_polygon_several_or_arrays() -> None:
    one, other = [1, 1, 5, 1, 5, 3, 1, 3], [6.0, 0, 8, 0, 8, 4]
    masks = vl.Masks.from_polygons([one, [one, other], np.reshape(one, (4, 2)), []], size=(6, 9))
    alone = vl.Masks.from_rle(peer.frPyObjects([one], 6, 9))
    assert masks[0] == masks[2] == alone
    assert masks[1] == alone | vl.Masks.from_rle(peer.frPyObjects([other], 6, 9))
    assert masks.area[3] == 0


@pytest.mark.parametrize(
    ("polys", "message"),
    [
        ([[[0, 0, 1, 1]]], "polys[0]: polygons[0]: a polygon has 4 coordinates"),
        ([[[0, 0, 1, 1, 2, 2]], [[0, 0, 1, 1, float("nan"), 2]]], "polys[1]: polygons[0]: coordinate 4"),
        ([5], "polys[0] is a int, expected a list"),
        (5, "polys is a int, expected a list"),
        ([["a", "b"]], "polys[0]"),
    ],
)
def test_polygons_that_are_none_are_refused_by_their_place(polys: Any, message: str) -> None:
    with pytest.raises(vl.Error) as caught:
        vl.Masks.from_polygons(polys, (4, 4))
    assert message in str(caught.value)
