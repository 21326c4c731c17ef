"""`Masks`: measures, dense output, equality, copies."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import oracle
import pytest
import torch
import vislabel as vl
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from refusal import refused

Bool = NDArray[np.bool_]
DENSE = oracle.random_masks(11, 7, (45, 70))
batches = arrays.arrays(bool, arrays.array_shapes(min_dims=3, max_dims=3, min_side=0, max_side=40))


# --- measures -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", oracle.SIZES)
def test_area_and_box_are_those_of_the_pixels(size: tuple[int, int]) -> None:
    dense = oracle.random_masks(12, 9, size)
    masks = vl.Masks(dense)
    assert (masks.size, len(masks)) == (size, 9)
    assert (masks.area.dtype, masks.area.shape) == (np.int64, (9,))
    assert (masks.box.dtype, masks.box.shape) == (np.float64, (9, 4))
    np.testing.assert_array_equal(masks.area, oracle.area(dense))
    np.testing.assert_array_equal(masks.box, oracle.boxes(dense))


def test_the_box_of_one_pixel_is_one_wide_and_of_no_pixel_all_zero() -> None:
    dense = np.zeros((2, 9, 9), bool)
    dense[0, 2, 5] = True
    assert vl.Masks(dense).box.tolist() == [[5, 2, 1, 1], [0, 0, 0, 0]]


def test_no_masks_at_all_keep_their_size() -> None:
    masks = vl.Masks(np.zeros((0, 4, 6), bool))
    assert (len(masks), masks.size, masks.area.shape, masks.box.shape) == (0, (4, 6), (0,), (0, 4))
    assert (masks.to_rle(), masks.to_dense().shape, list(masks)) == ([], (0, 4, 6), [])
    assert masks.union().area.tolist() == [0]


# --- dense output -------------------------------------------------------------------------------------------


def outs(shape: tuple[int, ...]) -> dict[str, Any]:
    """Arrays to write into, filled with rubbish."""
    twice = np.full([2 * side + 1 for side in shape], 77, np.uint8)
    return {
        "bool": np.ones(shape, bool),
        "int8": np.full(shape, -5, np.int8),
        "F": np.full(shape, 77, np.uint8, order="F"),
        "images in F order": np.full((shape[0], shape[2], shape[1]), 77, np.uint8).transpose(0, 2, 1),
        "strided": twice[1::2, 1::2, 1::2],
        "negative strides": np.full(shape, 77, np.uint8)[::-1, ::-1, ::-1],
        "field": np.full(shape, 77, np.dtype([("pad", "u1"), ("value", "u1")]))["value"],
        "tensor": torch.full(shape, 77, dtype=torch.uint8),
        "bool tensor": torch.ones(shape, dtype=torch.bool),
        "strided tensor": torch.full((*shape[:2], 2 * shape[2]), 7, dtype=torch.int8)[..., ::2],
        "memoryview": memoryview(bytearray(int(np.prod(shape)))).cast("B", shape),
    }


@pytest.mark.parametrize("size", [(45, 70), (64, 64), (1, 31), (33, 1)])
def test_to_dense_fills_whatever_array_it_is_given(size: tuple[int, int]) -> None:
    dense = oracle.random_masks(13, 4, size)
    for name, out in outs(dense.shape).items():
        assert vl.Masks(dense).to_dense(out=out) is out
        np.testing.assert_array_equal(np.asarray(out), dense, err_msg=name)


def test_to_dense_writes_only_where_it_should() -> None:
    frame = np.full((3, 8, 9), 77, np.uint8)
    vl.Masks(np.ones((1, 4, 4), bool)).to_dense(out=frame[1:2, 2:6, 3:7])
    assert ((frame == 1).sum(), (frame == 77).sum()) == (16, frame.size - 16)


def test_an_out_without_elements_is_filled_in_any_order() -> None:
    masks = vl.Masks(np.zeros((1, 0, 5), bool))
    for out in (np.zeros((1, 0, 5), bool), np.empty((1, 5, 0), np.uint8).transpose(0, 2, 1)):
        assert masks.to_dense(out=out) is out


def test_to_dense_without_out_is_a_new_bool_array() -> None:
    masks = vl.Masks(torch.from_numpy(DENSE))
    first, second = masks.to_dense(), masks.to_dense()
    assert (type(first), first.dtype, first.shape) == (np.ndarray, bool, DENSE.shape)
    assert not np.shares_memory(first, second)


def test_an_out_that_does_not_fit_is_refused() -> None:
    masks, shape = vl.Masks(DENSE), DENSE.shape
    read_only = np.zeros(shape, bool)
    read_only.flags.writeable = False
    for out, message in [
        (np.zeros((7, 45, 71), bool), "out has shape [7, 45, 71] and dtype bool, expected [7, 45, 70]"),
        (np.zeros(shape), "out has shape [7, 45, 70] and dtype float64"),
        (np.zeros(shape, np.int16), "8-bit integers"),
        (5, "out has shape []"),
        (read_only, "out is read-only"),
        (memoryview(bytes(read_only.size)).cast("B", shape), "out is read-only"),
        (torch.zeros(shape, dtype=torch.bool, device="meta"), "out is a tensor on meta"),
        (np.zeros(shape, bool).tolist(), "out"),
    ]:
        with refused(message):
            masks.to_dense(out=out)


def test_an_out_whose_elements_share_memory_is_refused() -> None:
    one = np.zeros((45, 70), bool)
    for out in (
        np.lib.stride_tricks.as_strided(one, (7, 45, 70), (0, 70, 1)),
        torch.zeros(1, 45, 70, dtype=torch.bool).expand(7, 45, 70),
    ):
        with refused("out"):
            vl.Masks(DENSE).to_dense(out=out)


# --- equality and copies ------------------------------------------------------------------------------------


def test_equal_are_masks_of_one_size_with_the_same_pixels() -> None:
    masks, other = vl.Masks(DENSE), DENSE.copy()
    other[3, 5, 5] ^= True
    assert masks == vl.Masks(DENSE.astype(np.int64)) == vl.Masks(np.asfortranarray(DENSE))
    assert masks != vl.Masks(other)
    assert masks != masks[:6]
    assert vl.Masks(np.zeros((1, 2, 3), bool)) != vl.Masks(np.zeros((1, 3, 2), bool))
    assert masks != "masks"
    with pytest.raises(TypeError, match="unhashable"):
        hash(masks)


@pytest.mark.parametrize("size", oracle.SIZES)
def test_pickles_and_copies_are_equal(size: tuple[int, int]) -> None:
    for count in (0, 5):
        masks = vl.Masks(oracle.random_masks(17, count, size))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(masks, protocol))
            assert again == masks
            assert again.size == size
        assert copy.copy(masks) == copy.deepcopy(masks) == masks


def test_repr_names_the_number_the_size_and_the_memory() -> None:
    masks = vl.Masks(DENSE)
    assert repr(masks) == f"Masks(7 of 45 x 70, {masks.nbytes / 1024:.1f} KiB)"
    assert masks.nbytes > 0
