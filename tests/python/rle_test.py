"""COCO's run-length encoding, in and out of `Masks` and `Tracks`, and everything that is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import oracle
import pytest
import torch
import vislabel as vl
from hypothesis import given
from hypothesis import strategies as st
from refusal import refused


@pytest.mark.parametrize("size", oracle.SIZES)
def test_run_lengths_and_text_are_those_of_the_pixels(size: tuple[int, int]) -> None:
    dense = oracle.random_masks(21, 9, size)
    masks = vl.Masks(dense)
    runs = [oracle.runs(mask) for mask in dense]
    texts = [oracle.text(counts) for counts in runs]
    assert masks.to_rle() == [{"size": list(size), "counts": text} for text in texts]
    assert masks.to_rle("str") == [{"size": list(size), "counts": text.decode()} for text in texts]
    assert masks.to_rle("list") == [{"size": list(size), "counts": counts} for counts in runs]


@pytest.mark.parametrize("size", oracle.SIZES)
def test_every_way_to_write_counts_reads_back(size: tuple[int, int]) -> None:
    dense = oracle.random_masks(22, 6, size)
    masks = vl.Masks(dense)
    lists = [rle["counts"] for rle in masks.to_rle("list")]
    ways: list[list[Any]] = [
        [rle["counts"] for rle in masks.to_rle("bytes")],
        [rle["counts"] for rle in masks.to_rle("str")],
        lists,
        [tuple(counts) for counts in lists],
        [np.array(counts) for counts in lists],
        [np.array(counts, np.uint32) for counts in lists],
        [[np.int64(count) for count in counts] for counts in lists],
        [[0, 0, *counts, 0, 0, 0] for counts in lists],
    ]
    for way in ways:
        for given_size in (list(size), size, np.array(size), torch.Size(size)):
            assert vl.Masks.from_rle([{"size": given_size, "counts": counts} for counts in way]) == masks
    assert vl.Tracks.from_rle([masks.to_rle("str")]).track(0) == masks


@given(st.lists(st.integers(0, 70), max_size=40), st.integers(1, 70))
def test_zero_runs_are_legal_and_vanish(counts: list[int], height: int) -> None:
    counts = [*counts, -sum(counts) % height]
    size = [height, sum(counts) // height]
    flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    dense = flat.reshape(size[1], height).T[None]
    masks = vl.Masks.from_rle([{"size": size, "counts": counts}])
    np.testing.assert_array_equal(masks.to_dense(), dense)
    canonical = masks.to_rle("list")[0]["counts"]
    assert canonical == oracle.runs(dense[0])
    assert vl.Masks.from_rle([{"size": size, "counts": oracle.text(counts)}]) == masks


@given(st.binary(max_size=30), st.integers(0, 9), st.integers(0, 9))
def test_garbage_is_decoded_or_refused_and_nothing_else(text: bytes, height: int, width: int) -> None:
    rles = [{"size": [height, width], "counts": text}]
    try:
        masks = vl.Masks.from_rle(rles)
    except vl.Error:
        with refused("rles[0]: "):
            vl.Masks.from_rle(rles)
    else:
        assert vl.Masks(masks.to_dense()) == masks


@given(st.lists(st.integers(-(2**66), 2**66), max_size=6))
def test_wild_run_lengths_are_refused(counts: list[int]) -> None:
    if any(counts):
        with refused("rles[0]: "):
            vl.Masks.from_rle([{"size": [0, 3], "counts": counts}])


def test_a_large_frame_of_few_runs_is_exact() -> None:
    height, width = 5000, 40000
    counts = [height * width - 7, 3, 4]
    masks = vl.Masks.from_rle([{"size": [height, width], "counts": counts}])
    assert masks.box.tolist() == [[width - 1, height - 7, 1, 3]]
    assert masks.to_rle("list")[0]["counts"] == counts
    assert (~masks).area.tolist() == [height * width - 3]


BAD_SIZES: list[tuple[Any, str]] = [
    ([2], "expected (height, width)"),
    ([2, 2, 1], "expected (height, width)"),
    (None, "size is None"),
    (4, "size is 4"),
    ("22", "size is '22'"),
    (np.array(4), "size is array(4)"),
    ([2.0, 2.0], "size is [2.0, 2.0]"),
    ({1: 2, 4: 1}, "size is {1: 2, 4: 1}"),
    ({1, 4}, "size is {1, 4}"),
    (b"\x01\x04", "size is "),
    (["2", "2"], "size is ['2', '2']"),
    ([None, 2], "size is [None, 2]"),
    ([-1, 2], "size is -1 x 2, expected height and width of at least 0"),
    ([2**31, 2], "sides of at most 67108864"),
    ([2**16, 2**16], "at most 4294967295 pixels"),
    ([2**40, 1], "sides of at most 67108864"),
    ([2**63, 0], "size is "),
    ([2**70, 2**70], "size is "),
]


@pytest.mark.parametrize(("size", "message"), BAD_SIZES, ids=[repr(size) for size, _ in BAD_SIZES])
def test_a_size_that_is_none_is_refused(size: Any, message: str) -> None:
    good = {"size": [2, 2], "counts": [4]}
    bad = {"size": size, "counts": [4]}
    with refused("rles[0]: ", message):
        vl.Masks.from_rle([bad, good])
    with refused("rows[0][0]: ", message):
        vl.Tracks.from_rle([[bad]], size=(2, 2))
    with refused("size"):
        vl.Masks.from_rle([], size=size)
    with refused("size"):
        vl.Tracks.from_rle([[None]], size=size)
    with refused("size"):
        vl.Tracks.from_rle([[bad]])


BAD_COUNTS: list[tuple[Any, str]] = [
    ([1, 2], "the runs add up to 3, expected height x width (2 x 2 = 4)"),
    ([], "the runs add up to 0"),
    (b"", "the runs add up to 0"),
    ([1, 4], "the runs up to run 1 add up to more than height x width (2 x 2 = 4)"),
    ([2**63 - 1, 2**63 - 1, 6], "the runs up to run 0 add up to more"),
    ([-1, 5], "run 0 is -1, expected at least 0"),
    ([5, -1], "run"),
    ([1.0, 3], "run 0 is 1.0, expected an integer"),
    (np.array([1.0, 3.0]), "expected an integer"),
    (["1", "3"], "run 0 is '1', expected an integer"),
    ([None], "run 0 is None"),
    ([1, [3]], "run 1 is [3], expected an integer"),
    ([2**64, 0], "run 0 is 18446744073709551616, expected an integer"),
    ([-(2**70)], "run 0 is -1180591620717411303424"),
    (np.array([[1, 3]]), "run 0 is array([1, 3]), expected an integer"),
    (np.array(4), "counts"),
    (None, "counts is a NoneType, expected bytes, str or a list"),
    (4, "counts is a int"),
    ({1: 3}, "counts is a dict"),
    ({1, 3}, "counts is a set"),
    (iter([1, 3]), "counts is a list_iterator"),
    (b"1", "the runs add up to 1"),
    (b"o", "the text ends inside a run length"),
    (b"13P", "the text ends inside a run length"),
    (b"\x00", "character 0 of the text has code 0, expected 48 to 111"),
    (b"1\xff", "character 1 of the text has code 255"),
    (b"1 3", "character 1 of the text has code 32"),
    (b"o" * 20, "overflows"),
    ("o" * 12 + "0", "overflows"),
    (b"121M", "run 3 is -1, expected at least 0"),
    ("é", "character 0 of the text has code 195"),
    ("\ud800", "counts is a str that is no text"),
    ("1p", "character 1 of the text has code 112"),
]


@pytest.mark.parametrize(("counts", "message"), BAD_COUNTS, ids=[repr(counts) for counts, _ in BAD_COUNTS])
def test_counts_that_are_none_are_refused_by_their_place(counts: Any, message: str) -> None:
    good, bad = {"size": [2, 2], "counts": [1, 3]}, {"size": [2, 2], "counts": counts}
    with refused("rles[1]: ", message):
        vl.Masks.from_rle([good, bad, good])
    with refused("rows[1][2]: ", message):
        vl.Tracks.from_rle([[good, good, None], [good, None, bad]])


def test_a_bytearray_of_text_is_not_taken_for_run_lengths() -> None:
    text = vl.Masks(np.ones((1, 10, 10), bool)).to_rle()[0]["counts"]
    assert sum(b"04") == 100  # as run lengths it would be a legal mask of 10 x 10: another one
    for counts in (bytearray(b"04"), memoryview(b"04")):
        with refused("rles[0]: "):
            vl.Masks.from_rle([{"size": [10, 10], "counts": counts}])
    for counts in (bytearray(text), memoryview(text)):
        try:
            masks = vl.Masks.from_rle([{"size": [10, 10], "counts": counts}])
        except vl.Error:
            continue
        assert masks.area.tolist() == [100]


def test_what_is_no_rle_is_refused_by_its_place() -> None:
    good = {"size": [2, 2], "counts": [4]}
    for bad, message in [
        ({"size": [2, 2]}, 'the dict has no "counts"'),
        ({"counts": [4]}, 'the dict has no "size"'),
        ({}, "the dict has no"),
        (None, "a NoneType was given"),
        ("aQ1", "a str was given"),
        ([4], "a list was given"),
    ]:
        with refused("rles[1]: ", message):
            vl.Masks.from_rle([good, bad])
    with refused("rles[1]", "2 x 3", "expected 2 x 2"):
        vl.Masks.from_rle([good, {"size": [2, 3], "counts": [6]}])
    with refused("rles[0]", "2 x 2", "expected 4 x 1"):
        vl.Masks.from_rle([good], size=(4, 1))
    with refused("rles is empty: pass size"):
        vl.Masks.from_rle([])
    with refused("rles is a dict"):
        vl.Masks.from_rle(good)  # type: ignore[arg-type]
    with refused("rles is a str, expected a list"):
        vl.Masks.from_rle("aQ1")  # type: ignore[arg-type]


@pytest.mark.parametrize("rles", [5, None, 1.5, "ab", b"ab", {1}, np.array(5), torch.tensor(5)], ids=repr)
def test_a_list_of_rles_that_is_no_list_is_refused(rles: Any) -> None:
    with refused("rles is ", "expected a list"):
        vl.Masks.from_rle(rles)


def test_what_an_iterator_raises_is_the_caller_s() -> None:
    def failing() -> Iterator[Any]:
        yield {"size": [2, 2], "counts": [4]}
        raise TypeError("out of order")

    with pytest.raises(TypeError, match="out of order"):
        vl.Masks.from_rle(failing())  # type: ignore[arg-type]


class Shy:
    def __index__(self) -> int:
        raise RuntimeError("not now")

    def __repr__(self) -> str:
        raise RuntimeError("not now")


@pytest.mark.parametrize(
    ("side", "shown"),
    [
        (True, "True"),
        (float("nan"), "nan"),
        (np.float64(2), "np.float64(2.0)"),
        (10**5000, "<int that cannot be shown>"),
        (torch.tensor(2, device="meta"), "tensor(..., device='meta'"),
        (Shy(), "<Shy that cannot be shown>"),
    ],
    ids=["bool", "NaN", "float64", "5000 digits", "meta", "shy"],
)
def test_a_side_that_is_no_integer_is_refused_whatever_it_is(side: Any, shown: str) -> None:
    with refused(f"size[1] is {shown}", "expected an integer of at most 63 bits"):
        vl.Masks.from_rle([], size=(2, side))


def test_a_size_may_be_any_pair_of_integers() -> None:
    for size in ((2, 3), [2, 3], np.array([2, 3]), torch.tensor([2, 3]), iter((np.int8(2), np.uint64(3)))):
        assert vl.Masks.from_rle([], size=size).size == (2, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize("counts", ["text", "BYTES", "", None, 1, ["list"]], ids=repr)
def test_an_unknown_kind_of_counts_is_refused(counts: Any) -> None:
    masks = vl.Masks(np.ones((1, 2, 2), bool))
    for write in (masks.to_rle, vl.Tracks(np.ones((1, 1, 2, 2), bool)).to_rle):
        with refused("counts is ", "expected one of: bytes, str, list"):
            write(counts)


def test_the_error_of_the_lowest_index_is_told_whatever_the_threads(all_threads_after: None) -> None:
    rles: list[Any] = [{"size": [64, 64], "counts": [0, 64 * 64]} for _ in range(400)]
    for n in (399, 250, 101):
        rles[n] = {"size": [64, 64], "counts": b"o"}
        for threads in (1, 2, 4):
            vl.set_num_threads(threads)
            with refused(f"rles[{n}]: the text ends inside a run length"):
                vl.Masks.from_rle(rles)
