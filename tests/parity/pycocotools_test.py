"""Against `pycocotools.mask`, on COCO's real detections and random masks: the same bytes and doubles."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import pytest
import vislabel as vl
from peer import areas
from pycocotools import mask as coco

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SIZES = [size for size in oracle.SIZES if 0 not in size]


@pytest.fixture(scope="module")
def detections(data_dir: Path) -> dict[tuple[int, int], list[dict[str, Any]]]:
    """COCO's 734 fake detections on 100 images, by size of the image."""
    path = data_dir / "cocoapi/results/instances_val2014_fakesegm100_results.json"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    by_size = defaultdict(list)
    for entry in json.loads(path.read_text()):
        by_size[tuple(entry["segmentation"]["size"])].append(entry["segmentation"])
    assert sum(map(len, by_size.values())) == 734
    return dict(by_size)


def test_real_detections_decode_to_the_same_pixels_areas_and_boxes(detections: dict[Any, Any]) -> None:
    for size, rles in detections.items():
        masks = vl.Masks.from_rle(rles)
        assert masks.size == size
        np.testing.assert_array_equal(masks.to_dense(), coco.decode(rles).transpose(2, 0, 1).astype(bool))
        np.testing.assert_array_equal(masks.area, areas(rles))
        np.testing.assert_array_equal(masks.box, coco.toBbox(rles))


def test_real_detections_are_encoded_to_the_same_bytes(detections: dict[Any, Any]) -> None:
    for rles in detections.values():
        masks = vl.Masks.from_rle(rles)
        assert masks.to_rle("str") == rles
        dense = coco.decode(rles)  # F order, masks last
        assert vl.Masks(dense.transpose(2, 0, 1)).to_rle() == coco.encode(dense)
        assert vl.Masks(np.ascontiguousarray(dense.transpose(2, 0, 1))).to_rle("bytes") == coco.encode(dense)


def test_iou_of_real_detections_is_the_same_to_the_last_bit(detections: dict[Any, Any]) -> None:
    rng = np.random.default_rng(71)
    for rles in detections.values():
        masks = vl.Masks.from_rle(rles)
        for crowd in (np.zeros(len(rles), int), rng.integers(0, 2, len(rles))):
            expected = coco.iou(rles, rles, crowd.tolist())
            np.testing.assert_array_equal(vl.iou.mask_iou(masks, masks, crowd=crowd), expected)
            np.testing.assert_array_equal(vl.iou.mask_iou(rles, masks, crowd=crowd), expected)
        boxes = coco.toBbox(rles)
        np.testing.assert_array_equal(
            vl.iou.box_iou(masks.box, boxes), coco.iou(boxes, boxes, [0] * len(boxes))
        )


def test_unions_and_intersections_of_real_detections_are_those_of_merge(detections: dict[Any, Any]) -> None:
    for rles in detections.values():
        masks = vl.Masks.from_rle(rles)
        assert masks.union().to_rle() == [coco.merge(rles)]
        assert masks[:3].intersection().to_rle() == [coco.merge(rles[:3], intersect=True)]


@pytest.mark.parametrize("size", SIZES)
def test_random_masks_are_encoded_to_the_same_bytes(size: tuple[int, int]) -> None:
    for seed in range(5):
        dense = oracle.random_masks(seed, 12, size)
        expected = coco.encode(np.asfortranarray(dense.transpose(1, 2, 0).astype(np.uint8)))
        masks = vl.Masks(dense)
        assert masks.to_rle() == expected
        assert vl.Masks.from_rle(expected) == masks
        np.testing.assert_array_equal(masks.area, areas(expected))
        np.testing.assert_array_equal(masks.box, coco.toBbox(expected))


@pytest.mark.parametrize("size", SIZES)
def test_random_masks_have_the_same_iou(size: tuple[int, int]) -> None:
    dense = oracle.random_masks(72, 15, size)
    rles = vl.Masks(dense).to_rle()
    crowd = (np.arange(len(rles)) % 2).tolist()
    for given in (None, crowd):
        expected = coco.iou(rles, rles, given or [0] * len(rles))
        np.testing.assert_array_equal(vl.iou.mask_iou(dense, dense, crowd=given), expected)


def test_uncompressed_run_lengths_mean_the_same() -> None:
    rng = np.random.default_rng(73)
    for _ in range(50):
        counts = rng.integers(0, 40, rng.integers(1, 30)).tolist()
        counts.append(-sum(counts) % 37)
        size = [37, sum(counts) // 37]
        ours = vl.Masks.from_rle([{"size": size, "counts": counts}])
        np.testing.assert_array_equal(
            ours.to_dense()[0], coco.decode(coco.frPyObjects({"size": size, "counts": counts}, *size))
        )


def test_random_boxes_have_the_same_iou() -> None:
    rng = np.random.default_rng(74)
    boxes = rng.uniform(0, 60, (80, 4))
    boxes[40:] = boxes[40:].round()
    np.testing.assert_array_equal(vl.iou.box_iou(boxes, boxes[::2]), coco.iou(boxes, boxes[::2], [0] * 40))
