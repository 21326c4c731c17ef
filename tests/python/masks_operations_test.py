"""`Masks`: indexing, joining, boolean operations, crops."""

from __future__ import annotations

from typing import Any

import numpy as np
import oracle
import pytest
import torch
import vislabel as vl
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from refusal import refused

Bool = NDArray[np.bool_]
DENSE = oracle.random_masks(11, 7, (45, 70))
batches = arrays.arrays(bool, arrays.array_shapes(min_dims=3, max_dims=3, min_side=0, max_side=40))


# --- indexing -----------------------------------------------------------------------------------------------

INDICES: list[Any] = [
    0, -1, np.int32(3), slice(None), slice(2, 5), slice(None, None, -2), slice(9, 20), [1, 1, -7],
    [2, 4], [], range(3),
    np.array([6, 0], np.uint8), np.arange(7) % 2 == 0, [True] * 7, torch.tensor([5, 2]), torch.tensor(4),
    torch.arange(7) > 3, np.array(2),
]  # fmt: skip


@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_indexing_is_that_of_numpy_and_always_gives_masks(index: Any) -> None:
    rows = np.asarray(index) if not isinstance(index, slice) else index
    rows = rows.astype(int) if not isinstance(rows, slice) and rows.size == 0 else rows
    expected = np.atleast_3d(DENSE[rows]).reshape(-1, 45, 70)
    chosen = vl.Masks(DENSE)[index]
    assert isinstance(chosen, vl.Masks)
    np.testing.assert_array_equal(chosen.to_dense(), expected)


@pytest.mark.parametrize("index", [7, -8, [0, 7], np.int64(-8), 2**63, 2**70, -(2**70)], ids=repr)
def test_an_index_out_of_range_is_an_index_error(index: Any) -> None:
    with pytest.raises(IndexError, match="out of range"):
        vl.Masks(DENSE)[index]


@pytest.mark.parametrize(
    "index",
    [
        1.0,
        None,
        ...,
        "a",
        [True],
        [[0, 1]],
        [0.5],
        True,
        (slice(1), 2),
        (0, 1),
        (),
        slice("a"),
        slice(None, None, 0),
        np.ma.masked_array([0], [1]),
    ],
    ids=repr,
)
def test_an_index_of_another_kind_is_refused(index: Any) -> None:
    with refused("index"):
        vl.Masks(DENSE)[index]


def test_masks_can_be_iterated_over_and_unpacked() -> None:
    masks = vl.Masks(DENSE)
    assert [m.area.tolist() for m in masks] == [[a] for a in oracle.area(DENSE)]
    assert vl.Masks.concatenate(list(masks)) == masks
    assert vl.Masks.concatenate([masks[:2], DENSE[2:], masks[:0]]) == masks


def test_only_batches_of_one_size_can_be_joined() -> None:
    with refused("no batch given"):
        vl.Masks.concatenate([])
    with refused("45 x 70 and 70 x 45"):
        vl.Masks.concatenate([vl.Masks(DENSE), vl.Masks(DENSE.transpose(0, 2, 1))])
    for wrong in (5, None, [5], ["a"]):
        with refused("batches"):
            vl.Masks.concatenate(wrong)  # type: ignore[arg-type]


# --- boolean operations -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", oracle.SIZES)
def test_boolean_operations_are_those_of_the_pixels(size: tuple[int, int]) -> None:
    x, y = oracle.random_masks(14, 8, size), oracle.random_masks(15, 8, size)
    a, b = vl.Masks(x), vl.Masks(y)
    results = [(a | b, x | y), (a & b, x & y), (a - b, x & ~y), (a ^ b, x ^ y), (~a, ~x)]
    results += [(a.union(), x.any(0)[None]), (a.intersection(), x.all(0)[None])]
    for result, expected in results:
        np.testing.assert_array_equal(result.to_dense(), expected)
        np.testing.assert_array_equal(result.area, oracle.area(expected))
        np.testing.assert_array_equal(result.box, oracle.boxes(expected))


@given(batches, st.data())
def test_boolean_algebra_holds(x: Bool, data: st.DataObject) -> None:
    a, b = vl.Masks(x), vl.Masks(data.draw(arrays.arrays(bool, x.shape)))
    assert ~~a == a
    assert ~(a | b) == ~a & ~b
    assert a ^ b == (a | b) - (a & b)
    assert (a - b) | (a & b) == a
    assert (a & ~a).area.sum() == 0
    assert ((a | b).area + (a & b).area == a.area + b.area).all()


def test_operations_on_batches_that_do_not_fit_are_refused() -> None:
    a = vl.Masks(DENSE)
    with refused("batches of 7 and 6 masks"):
        a | a[:6]
    with refused("masks of different sizes: 45 x 70 and 70 x 45"):
        a & vl.Masks(DENSE.transpose(0, 2, 1))
    with refused("intersection of no masks"):
        a[:0].intersection()
    for other in (5, None, DENSE, torch.from_numpy(DENSE)):
        with pytest.raises(TypeError, match=r"unsupported operand|does not support ufuncs"):
            a | other
        with pytest.raises(TypeError, match=r"unsupported operand|does not support ufuncs"):
            other | a


@pytest.mark.parametrize("size", [s for s in oracle.SIZES if s[0] * s[1] < 5000])
def test_crops_keep_whole_pixels_of_fractional_boxes(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(16)
    dense = oracle.random_masks(16, 12, size)
    boxes = rng.uniform(-5, 1.2 * max(size), (12, 4)) * rng.integers(0, 2, (12, 1)) + rng.integers(
        0, 3, (12, 4)
    )
    boxes[:, 2:] = np.abs(boxes[:, 2:])
    boxes[:2] = [[0, 0, 1e300, 1e300], [-1e300, 0, 0, 1e300]]
    expected = np.array([oracle.crop(m, b) for m, b in zip(dense, boxes.tolist(), strict=True)]).reshape(
        dense.shape
    )
    cropped = vl.Masks(dense).crop_to(boxes)
    np.testing.assert_array_equal(cropped.to_dense(), expected)
    assert cropped.crop_to(torch.from_numpy(boxes)) == cropped


def test_cropping_to_its_own_box_changes_nothing() -> None:
    masks = vl.Masks(DENSE)
    assert masks.crop_to(masks.box) == masks
    assert masks[:0].crop_to([]) == masks[:0]
    whole = vl.Masks(np.ones((1, 5, 5), bool)).crop_to([[1.5, 2, 1, 0.5]])  # columns 1 to 3, row 2
    assert whole.box.tolist() == [[1, 2, 2, 1]]


def test_boxes_that_are_none_are_refused() -> None:
    one = vl.Masks(DENSE[:1])
    for boxes, message in [
        ([[0, 0, 1, 1]] * 2, "boxes has 2 boxes, expected one per mask (1)"),
        ([[0, 0, 1]], "boxes has shape [1, 3], expected"),
        ([[0, 0, 1, -1]], "boxes[0] is (0, 0, 1, -1)"),
        ([[0, np.nan, 1, 1]], "boxes[0]"),
        ([[0, 0, np.inf, 1]], "boxes[0]"),
        (["abcd"], "boxes has dtype"),
    ]:
        with refused(message):
            one.crop_to(boxes)
