"""IoU of masks, boxes and tracks: equal to the oracle to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import oracle
import pytest
import torch
import vislabel as vl
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from refusal import refused

OVER_TIME = ["volume", "any_frame", "frame_mean"]
EMPTY_PAIR = ["zero", "one"]
seeds = st.integers(0, 2**32 - 1)


def counts_of(a: NDArray[Any], b: NDArray[Any]) -> tuple[list[list[int]], list[list[int]]]:
    pairs = [[oracle.counts(x, y) for y in b] for x in a]
    return [[i for i, _ in row] for row in pairs], [[u for _, u in row] for row in pairs]


@pytest.mark.parametrize("empty_pair", EMPTY_PAIR)
@pytest.mark.parametrize("size", oracle.SIZES)
def test_mask_iou_is_that_of_the_pixels(size: tuple[int, int], empty_pair: Any) -> None:
    a, b = oracle.random_masks(41, 7, size), oracle.random_masks(42, 9, size)
    crowd = np.arange(9) % 3 == 1
    for given_crowd in (None, crowd, crowd.tolist(), torch.from_numpy(crowd)):
        table = vl.iou.mask_iou(a, b, crowd=given_crowd, empty_pair=empty_pair)
        assert (table.dtype, table.shape) == (np.float64, (7, 9))
        np.testing.assert_array_equal(table, oracle.mask_iou(a, b, given_crowd, empty_pair))
    intersection, union = vl.iou.intersection_and_union(a, b)
    assert (intersection.dtype, union.dtype) == (np.int64, np.int64)
    assert (intersection.tolist(), union.tolist()) == counts_of(a, b)


@pytest.mark.parametrize("frames", [0, 1, 5])
@pytest.mark.parametrize("size", [(1, 1), (33, 63), (64, 65), (3, 1100), (0, 4)])
def test_track_iou_is_that_of_the_pixels(size: tuple[int, int], frames: int) -> None:
    (a, pa), (b, pb) = oracle.random_tracks(43, 6, frames, size), oracle.random_tracks(44, 5, frames, size)
    left, right = vl.Tracks(np.concatenate([a, b]), np.concatenate([pa, pb])), vl.Tracks(b, pb)
    a = np.concatenate([a, b])
    for empty_pair in EMPTY_PAIR:
        for over_time in OVER_TIME:
            table = vl.iou.track_iou(left, right, over_time=over_time, empty_pair=empty_pair)  # type: ignore[arg-type]
            np.testing.assert_array_equal(table, oracle.track_iou(a, b, over_time, empty_pair))
        table = vl.iou.frame_iou(left, right, empty_pair=empty_pair)  # type: ignore[arg-type]
        assert table.shape == (11, 5, frames)
        for t in range(frames):
            np.testing.assert_array_equal(table[:, :, t], oracle.mask_iou(a[:, t], b[:, t], None, empty_pair))
    intersection, union = vl.iou.intersection_and_union(left, right)
    assert (intersection.tolist(), union.tolist()) == counts_of(a, b)


def test_an_absent_frame_adds_the_others_area_to_the_union() -> None:
    """Worked by hand: two tracks over three frames of 1 x 4 pixels."""
    a = vl.Tracks([[[[1, 1, 0, 0]], [[1, 1, 1, 0]], [[0, 0, 0, 0]]]], present=[[1, 1, 0]])
    b = vl.Tracks([[[[0, 1, 1, 0]], [[1, 1, 1, 1]], [[0, 0, 0, 0]]]], present=[[1, 0, 0]])
    # Frame 0: I 1, U 3.  Frame 1, b absent: I 0, U 3.  Frame 2, both absent: nothing.
    assert vl.iou.frame_iou(a, b).tolist() == [[[1 / 3, 0, 0]]]
    assert vl.iou.frame_iou(a, b, empty_pair="one").tolist() == [[[1 / 3, 0, 1]]]
    assert vl.iou.track_iou(a, b).tolist() == [[1 / 6]]
    assert vl.iou.track_iou(a, b, over_time="any_frame").tolist() == [[1 / 3]]
    assert vl.iou.track_iou(a, b, over_time="frame_mean").tolist() == [[1 / 3 / 3]]
    assert vl.iou.track_iou(a, b, over_time="any_frame", empty_pair="one").tolist() == [[1]]
    assert vl.iou.track_iou(a, b, over_time="frame_mean", empty_pair="one").tolist() == [[(1 / 3 + 1) / 3]]
    assert vl.iou.track_iou(a, b, empty_pair="one").tolist() == [[1 / 6]]


def test_tracks_without_a_pixel_are_an_empty_pair() -> None:
    nothing = vl.Tracks(np.zeros((1, 2, 3, 3), bool), present=[[1, 0]])
    for over_time in OVER_TIME:
        assert vl.iou.track_iou(nothing, nothing, over_time=over_time).tolist() == [[0]]  # type: ignore[arg-type]
        assert vl.iou.track_iou(nothing, nothing, over_time=over_time, empty_pair="one").tolist() == [[1]]  # type: ignore[arg-type]


@given(seeds, st.integers(1, 40), st.integers(1, 70))
def test_iou_is_symmetric_bounded_and_one_on_itself(seed: int, height: int, width: int) -> None:
    masks = vl.Masks(oracle.random_masks(seed, 6, (height, width)))
    table = vl.iou.mask_iou(masks, masks, empty_pair="one")
    np.testing.assert_array_equal(table, table.T)
    assert ((table >= 0) & (table <= 1)).all()
    np.testing.assert_array_equal(np.diag(table), 1)
    np.testing.assert_array_equal(vl.iou.mask_iou(~masks, ~masks, empty_pair="one") == 1, table == 1)


@given(seeds, st.integers(1, 4))
def test_the_mean_over_frames_never_exceeds_any_frame(seed: int, frames: int) -> None:
    tracks = vl.Tracks(*oracle.random_tracks(seed, 5, frames, (20, 30)))
    volume, most, mean = (vl.iou.track_iou(tracks, tracks, over_time=way) for way in OVER_TIME)  # type: ignore[arg-type]
    assert (mean <= most).all()
    assert (volume <= most).all()
    for table in (volume, most, mean):
        np.testing.assert_array_equal(table, table.T)


@given(seeds)
def test_disjoint_masks_share_nothing_and_parts_share_their_area(seed: int) -> None:
    dense = oracle.random_masks(seed, 2, (35, 40))
    masks = vl.Masks(dense)
    rest = masks[0] - masks[1]
    assert vl.iou.intersection_and_union(rest, masks[1])[0].tolist() == [[0]]
    assert vl.iou.intersection_and_union(rest, masks[0])[0].tolist() == [rest.area.tolist()]


def test_masks_come_as_arrays_or_run_lengths_too() -> None:
    dense = oracle.random_masks(45, 4, (20, 20))
    masks, expected = vl.Masks(dense), oracle.mask_iou(dense, dense)
    for a in (
        masks,
        dense,
        masks.to_rle(),
        tuple(masks.to_rle("list")),
        dense.tolist(),
        memoryview(dense.view(np.uint8)),
    ):
        np.testing.assert_array_equal(vl.iou.mask_iou(a, masks), expected)
        np.testing.assert_array_equal(vl.iou.mask_iou(masks, a), expected)
    video = dense[:, None]
    for a in (vl.Tracks(video), video, torch.from_numpy(video), memoryview(video.view(np.uint8))):
        np.testing.assert_array_equal(
            np.asarray(vl.iou.intersection_and_union(a, video)[0]), counts_of(dense, dense)[0]
        )
    assert vl.iou.mask_iou(masks, masks[:0]).shape == (4, 0)
    assert vl.iou.frame_iou(video[:0], video).shape == (0, 4, 1)


# --- boxes --------------------------------------------------------------------------------------------------


def test_box_iou_worked_by_hand() -> None:
    """Two boxes of 2 x 2 that share one pixel in a hull of 3 x 3: IoU 1/7, GIoU 1/7 - 2/9."""
    a, b = [[0, 0, 2, 2]], [[1, 1, 2, 2], [2, 0, 2, 2], [4, 0, 2, 2], [0, 0, 0, 0]]
    assert vl.iou.box_iou(a, b).tolist() == [[1 / 7, 0, 0, 0]]
    assert vl.iou.box_iou(a, b, kind="giou").tolist() == [[1 / 7 - 2 / 9, 0, -4 / 12, 0]]


@pytest.mark.parametrize("kind", ["iou", "giou"])
def test_box_iou_is_that_of_the_oracle(kind: Any) -> None:
    rng = np.random.default_rng(46)
    boxes = rng.uniform(0, 30, (40, 4)) * rng.integers(0, 3, (40, 4))
    boxes[20:] = boxes[20:].round()
    for a in (boxes, np.asfortranarray(boxes), boxes.tolist(), torch.from_numpy(boxes)):
        np.testing.assert_array_equal(
            np.asarray(vl.iou.box_iou(a, boxes[:9], kind=kind)), oracle.box_iou(boxes, boxes[:9], kind)
        )
    for nothing in ([], np.zeros((0, 4)), torch.zeros(0, 4)):
        assert tuple(vl.iou.box_iou(nothing, boxes, kind=kind).shape) == (0, 40)


@given(st.lists(st.tuples(*[st.integers(0, 1000)] * 4), min_size=1, max_size=6))
def test_giou_is_bounded_symmetric_and_at_most_iou(sixteenths: list[tuple[int, ...]]) -> None:
    boxes = np.array(sixteenths) / 16  # so that sums and areas are exact
    iou, giou = vl.iou.box_iou(boxes, boxes), vl.iou.box_iou(boxes, boxes, kind="giou")
    np.testing.assert_array_equal(giou, giou.T)
    assert (giou <= iou).all()
    assert ((giou >= -1) & (iou >= 0) & (iou <= 1)).all()


@pytest.mark.parametrize("kind", ["iou", "giou"])
def test_boxes_too_large_for_their_area_are_refused_or_exact(kind: Any) -> None:
    huge = [[0, 0, 1e200, 1e200]]  # finite, but the area is not
    try:
        assert vl.iou.box_iou(huge, huge, kind=kind).tolist() == [[1]]
    except vl.Error:
        return


# --- refusals -----------------------------------------------------------------------------------------------


def test_what_does_not_fit_is_refused() -> None:
    masks, tracks = vl.Masks(np.ones((2, 3, 4), bool)), vl.Tracks(np.ones((2, 5, 3, 4), bool))
    turned = vl.Masks(np.ones((2, 4, 3), bool))
    calls: list[tuple[Any, str]] = [
        (lambda: vl.iou.mask_iou(masks, turned), "masks of different sizes: 3 x 4 and 4 x 3"),
        (lambda: vl.iou.intersection_and_union(masks, turned), "masks of different sizes"),
        (lambda: vl.iou.mask_iou(masks, masks, crowd=[1]), "crowd has shape [1]"),
        (lambda: vl.iou.mask_iou(masks, masks, crowd=["a", "b"]), "crowd has dtype"),
        (
            lambda: vl.iou.mask_iou(masks, masks, empty_pair="two"),
            "empty_pair is 'two', expected one of: zero, one",
        ),  # type: ignore[arg-type]
        (lambda: vl.iou.mask_iou(masks, tracks), "b"),
        (lambda: vl.iou.mask_iou(masks, [{"size": [3, 4]}]), "rles[0]"),
        (
            lambda: vl.iou.mask_iou(np.ones((2, 3, 4)), masks),
            "a has dtype float64: floats need Masks(a, threshold=...)",
        ),
        (lambda: vl.iou.track_iou(tracks, tracks.select_frames([0])), "tracks of 5 and 1 frames"),
        (lambda: vl.iou.track_iou(tracks, np.ones((1, 5, 4, 3), bool)), "3 x 4 and 4 x 3"),
        (
            lambda: vl.iou.track_iou(tracks, tracks, over_time="mean"),
            "expected one of: volume, any_frame, frame_mean",
        ),  # type: ignore[arg-type]
        (lambda: vl.iou.track_iou(tracks, masks), "b"),
        (lambda: vl.iou.frame_iou(tracks, tracks.select_frames([0])), "tracks of 5 and 1 frames"),
        (lambda: vl.iou.frame_iou(tracks, tracks, empty_pair="none"), "empty_pair is 'none'"),  # type: ignore[arg-type]
        (lambda: vl.iou.intersection_and_union(tracks, masks), "b"),
        (lambda: vl.iou.mask_iou(masks, masks, crowd=[0, np.nan]), "crowd[1] is nan, expected 0 or 1"),
        (lambda: vl.iou.mask_iou(masks, masks, crowd=[0, 0.5]), "crowd[1] is 0.5, expected 0 or 1"),
        (lambda: vl.iou.mask_iou(masks, [None, {}]), "b: rles[0]: a NoneType was given"),
        (lambda: vl.iou.mask_iou(masks, {}), "b is a dict, expected an array"),
        (lambda: vl.iou.box_iou([[0, 0, 1]], []), "a has shape [1, 3]"),
        (lambda: vl.iou.box_iou(np.zeros((5, 0)), []), "a has shape [5, 0], expected [any, 4]"),
        (lambda: vl.iou.box_iou([], np.zeros((0, 7))), "b has shape [0, 7], expected [any, 4]"),
        (lambda: vl.iou.box_iou([], [0, 0, 1, 1]), "b has shape [4]"),
        (lambda: vl.iou.box_iou([[0, 0, 1, -1]], []), "a[0] is (0, 0, 1, -1)"),
        (lambda: vl.iou.box_iou([], [[0, 0, np.nan, 1]]), "b[0] is (0, 0, nan, 1)"),
        (lambda: vl.iou.box_iou([], [[np.inf, 0, 1, 1]]), "b[0] is (inf, 0, 1, 1)"),
        (lambda: vl.iou.box_iou([], [], kind="diou"), "kind is 'diou', expected one of: iou, giou"),  # type: ignore[arg-type]
    ]
    for call, message in calls:
        with refused(message):
            call()
