"""`vislabel.mask` and `pycocotools.mask` on thousands of random calls: the same bits, types, memory order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from peer import assert_alike
from pycocotools import mask as coco
from vislabel import mask

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SIDES = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 129]


def compare(name: str, *arguments: Any, **options: Any) -> Any:
    """Call both; give back pycocotools' result."""
    theirs = getattr(coco, name)(*arguments, **options)
    assert_alike(getattr(mask, name)(*arguments, **options), theirs)
    return theirs


# --- seeded -----------------------------------------------------------------------------------------


def dense_masks(rng: np.random.Generator, count: int) -> NDArray[np.uint8]:
    """Noise of any density, or noise inside a box: uint8 [H, W, count], column-major, 0 and 1."""
    height, width = (int(side) for side in rng.choice(SIDES, 2))
    masks = np.asfortranarray(rng.random((height, width, count)) < rng.choice([0, 0.02, 0.5, 0.98, 1], count))
    for n in range(0, count, 2):
        top, left = rng.integers(0, height), rng.integers(0, width)
        inside = np.zeros((height, width), bool)
        inside[top : top + rng.integers(1, 40), left : left + rng.integers(1, 40)] = True
        masks[:, :, n] &= inside
    return masks.view(np.uint8)


def in_some_form(rng: np.random.Generator, rles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same masks with counts as bytes or str, sizes as list, tuple or array, keys in any order."""

    def one(rle: dict[str, Any]) -> dict[str, Any]:
        counts = rle["counts"].decode() if rng.random() < 0.5 else rle["counts"]
        size = [rle["size"], tuple(rle["size"]), np.array(rle["size"]), [float(side) for side in rle["size"]]]
        form = {"size": size[rng.integers(len(size))], "counts": counts}
        return dict(reversed(form.items())) if rng.random() < 0.3 else form

    return [one(rle) for rle in rles]


def crowd_flags(rng: np.random.Generator, count: int) -> Any:
    flags = rng.integers(0, 2, count) if rng.random() < 0.6 else np.zeros(count, np.int64)
    forms: list[Callable[[], Any]] = [
        flags.tolist,
        lambda: [bool(flag) for flag in flags],
        lambda: tuple(flags.tolist()),
        lambda: flags,
        lambda: flags.astype(bool),
        lambda: flags.astype(np.uint8) * 7,
        lambda: flags.astype(np.float32),
        lambda: list(flags),
    ]
    return forms[rng.integers(len(forms))]()


@pytest.mark.parametrize("seed", range(60))
def test_masks_at_random(seed: int) -> None:
    rng = np.random.default_rng(seed)
    dense = dense_masks(rng, int(rng.integers(1, 7)))
    rles = compare("encode", dense)
    compare("encode", dense.view(np.bool_))
    compare("encode", dense * np.uint8(255))
    compare("encode", dense[:, :, 0])
    compare("encode", bimask=dense[:, :, -1].view(np.bool_))
    given = in_some_form(rng, rles)
    for name in ("decode", "area", "toBbox"):
        compare(name, rles)
        compare(name, given)
        compare(name, rleObjs=given[:1])
        for one in given:
            compare(name, one)
    for flag in (False, True, 0, 1, np.bool_(True), 1.0):
        part = given[: rng.integers(1, len(given) + 1)]
        compare("merge", part)
        compare("merge", part, flag)
        compare("merge", rleObjs=tuple(part), intersect=flag)
    for _ in range(6):
        left = [given[n] for n in rng.integers(0, len(given), rng.integers(0, 5))]
        right = [given[n] for n in rng.integers(0, len(given), rng.integers(0, 5))]
        compare("iou", left, right, crowd_flags(rng, len(right)))
    compare("iou", dt=given, gt=rles, pyiscrowd=[0] * len(rles))


def random_boxes(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Boxes on pixels or between them, some empty, some with negative sides."""
    boxes = rng.uniform(-10, 60, (count, 4))
    if rng.random() < 0.5:
        boxes = boxes.round()
    boxes[rng.random((count, 4)) < 0.1] = 0
    if rng.random() < 0.7:
        boxes[:, 2:] = abs(boxes[:, 2:])
    return boxes


def boxes_in_some_form(rng: np.random.Generator, boxes: NDArray[np.float64]) -> Any:
    forms: list[Callable[[], Any]] = [
        lambda: boxes,
        boxes.tolist,
        lambda: list(boxes),
        lambda: boxes.astype(np.float32),
        lambda: boxes.astype(np.int64),
        lambda: boxes.astype(np.int16).tolist(),
        lambda: boxes.astype(">f8"),
        lambda: np.concatenate([boxes, boxes])[::2].copy(),
    ]
    return forms[rng.integers(len(forms))]()


@pytest.mark.parametrize("seed", range(60))
def test_boxes_at_random(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(20):
        left = boxes_in_some_form(rng, random_boxes(rng, int(rng.integers(0, 6))))
        right = boxes_in_some_form(rng, random_boxes(rng, int(rng.integers(0, 6))))
        compare("iou", left, right, crowd_flags(rng, len(right)))
    for _ in range(10):
        height, width = (int(side) for side in rng.choice(SIDES, 2))
        compare("frPyObjects", random_boxes(rng, int(rng.integers(0, 5))), height, width)


def random_polygon(rng: np.random.Generator) -> list[float]:
    """Corners in and around the frame, on pixels, between them or anywhere; some twice, some closed."""
    corners = rng.uniform(-20, 120, (int(rng.integers(3, 14)), 2))
    step = rng.choice([0, 0, 0.1, 0.2, 0.5, 1])
    if step > 0:
        corners = (corners / step).round() * step
    if rng.random() < 0.2:
        corners = corners.repeat(2, axis=0)
    if rng.random() < 0.3:
        corners[-1] = corners[0]
    if rng.random() < 0.2:
        corners[:, rng.integers(2)] = corners[0, 0]
    numbers: list[float] = corners.ravel().tolist()
    return numbers


@pytest.mark.parametrize("seed", range(60))
def test_polygons_at_random(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(15):
        height, width = (int(side) for side in rng.choice(SIDES, 2))
        polygons: list[Any] = [random_polygon(rng) for _ in range(rng.integers(1, 4))]
        forms: list[Callable[[Any], Any]] = [
            list,
            tuple,
            np.array,
            lambda polygon: np.array(polygon, np.float32),
            lambda polygon: [round(x) for x in polygon],
        ]
        polygons = [forms[rng.integers(len(forms))](polygon) for polygon in polygons]
        if rng.random() < 0.3:
            polygons.append(polygons[0][: rng.choice([0, 2, 4])])  # no area
        rles = compare("frPyObjects", polygons, height, width)
        compare("frPyObjects", pyobj=polygons, w=np.int64(width), h=float(height))
        compare("merge", rles)
        compare("area", rles)
        compare("toBbox", rles[0])


@pytest.mark.parametrize("seed", range(60))
def test_run_lengths_at_random(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(10):
        dense = dense_masks(rng, 1)[:, :, 0]
        height, width = dense.shape
        edges = np.flatnonzero(np.diff(dense.ravel("F"), prepend=0))
        counts = np.diff(edges, prepend=0, append=dense.size)
        forms: list[Any] = [
            counts.tolist(),
            tuple(counts.tolist()),
            counts,
            counts.astype(np.uint32),
            counts.astype(float).tolist(),
            list(counts),
        ]
        rle = {"size": [height, width], "counts": forms[rng.integers(len(forms))]}
        compare("frPyObjects", rle, height, width)
        compare("frPyObjects", [rle, rle], height, width)
        made = compare("frPyObjects", rle, int(rng.integers(0, 9)), int(rng.integers(0, 9)))  # its own size
        assert made == compare("encode", dense)


# --- made by hypothesis -------------------------------------------------------------------------------


@st.composite
def rle_batches(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Masks of one size with any run lengths, as pycocotools writes them."""
    height, width = draw(st.integers(1, 90)), draw(st.integers(1, 90))
    cuts = st.sets(st.integers(1, height * width - 1), max_size=40) if height * width > 1 else st.just(set())
    batch = []
    for places in draw(st.lists(cuts, min_size=1, max_size=5)):
        counts = np.diff([0, *sorted(places), height * width]).tolist()
        starts_set = draw(st.booleans())
        rle = {"size": [height, width], "counts": [0, *counts] if starts_set else counts}
        batch.append(coco.frPyObjects(rle, height, width))
        if draw(st.booleans()):
            batch[-1]["counts"] = batch[-1]["counts"].decode()
    return batch


@settings(max_examples=250)
@given(rle_batches(), st.booleans(), st.data())
def test_any_masks(rles: list[dict[str, Any]], intersect: bool, data: st.DataObject) -> None:
    for name in ("decode", "area", "toBbox"):
        compare(name, rles)
        compare(name, rles[0])
    compare("encode", compare("decode", rles))
    compare("merge", rles, intersect)
    crowd = data.draw(st.lists(st.sampled_from([0, 1, True, False]), min_size=len(rles), max_size=len(rles)))
    compare("iou", rles, rles, crowd)
    compare("iou", rles[1:], rles, crowd)


@settings(max_examples=250)
@given(
    st.lists(st.lists(st.floats(-300, 300), min_size=6, max_size=30), min_size=1, max_size=3),
    st.integers(0, 200),
    st.integers(1, 200),
)
def test_any_polygons(polygons: list[list[float]], height: int, width: int) -> None:
    even = [polygon[: len(polygon) // 2 * 2] for polygon in polygons]
    compare("frPyObjects", even, height, width)


finite = st.floats(-1e6, 1e6) | st.integers(-100, 100).map(float)
boxes = st.lists(st.tuples(finite, finite, finite, finite).map(list), max_size=6)


@settings(max_examples=250)
@given(boxes, boxes, st.data())
def test_any_boxes(left: list[list[float]], right: list[list[float]], data: st.DataObject) -> None:
    left = [box for box in left if not 0 < abs(box[2] * box[3]) < 1e-300]  # 0 / 0 there
    crowd = data.draw(st.lists(st.integers(0, 1), min_size=len(right), max_size=len(right)))
    compare("iou", left, right, crowd)
    compare("iou", np.array(left).reshape(-1, 4), np.array(right).reshape(-1, 4), np.array(crowd, np.uint8))


@settings(max_examples=150)
@given(st.lists(st.tuples(*[st.floats(-300, 300)] * 4), max_size=5), st.integers(0, 200), st.integers(1, 200))
def test_any_boxes_drawn(given_boxes: list[tuple[float, ...]], height: int, width: int) -> None:
    compare("frPyObjects", np.array(given_boxes, float).reshape(-1, 4), height, width)
