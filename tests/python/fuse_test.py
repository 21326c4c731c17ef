"""PM-VIS's fusion: the paper's cases by hand, what goes in and out, threads."""

from __future__ import annotations

import dataclasses
from typing import Any

import fusion_scenes
import numpy as np
import oracle
import pytest
import torch
import vislabel as vl

nan = float("nan")
NO_BOX = [nan] * 4


def row(*masks: str | None) -> tuple[list[Any], list[bool]]:
    """A track of frames of 1 x W pixels: "1100", or None where absent."""
    width = max(len(mask) for mask in masks if mask is not None)
    return [[[c == "1" for c in mask or "0" * width]] for mask in masks], [mask is not None for mask in masks]


def tracks_of(*rows: tuple[list[Any], list[bool]]) -> vl.Tracks:
    return vl.Tracks(
        np.array([dense for dense, _ in rows]), present=np.array([present for _, present in rows])
    )


def shown(tracks: vl.Tracks) -> list[list[str | None]]:
    """The inverse of `tracks_of`."""
    return [
        ["".join("01"[int(pixel)] for pixel in mask[0]) if here else None for mask, here in zip(*pair)]  # noqa: B905
        for pair in zip(tracks.to_dense(), tracks.present, strict=True)
    ]


def strip(x: float, width: float) -> list[float]:
    """The box of columns [x, x + width) of a frame that is one pixel tall."""
    return [x, 0, width, 1]


# --- SCM ----------------------------------------------------------------------------------------------------


def test_the_score_is_the_iou_of_the_masks_times_those_of_their_boxes_as_equations_4_and_5_say() -> None:
    a = tracks_of(row("11110000", "10010000"))
    b = tracks_of(row("00111100", "11110000"))
    scores = vl.fuse.scm(a, b, [[strip(0, 4), strip(0, 2)]])
    assert scores.tolist() == [[(2 / 6) * (1.0 * (2 / 6)), (2 / 4) * ((2 / 4) * (2 / 4))]]
    assert scores.dtype == np.float64


def test_the_score_is_0_without_a_mask_a_pixel_or_a_box() -> None:
    a = tracks_of(row("1100", None, "0000", "1100", "1100"))
    b = tracks_of(row("1100", "1100", "1100", "1100", None))
    boxes = [[strip(0, 2)] * 3 + [NO_BOX, strip(0, 2)]]
    assert vl.fuse.scm(a, b, boxes).tolist() == [[1, 0, 0, 0, 0]]
    assert vl.fuse.scm(b, a, boxes).tolist() == [[1, 0, 0, 0, 0]]


def test_a_negative_generalised_iou_counts_as_0() -> None:
    a = tracks_of(row("11000000", "11000000", "11000000"))
    boxes = [[strip(0, 2), strip(4, 4), strip(1, 2)]]
    assert vl.fuse.scm(a, a, boxes, box_overlap="giou").tolist() == [[1, 0, (1 / 3) * (1 / 3)]]
    tall = vl.Tracks(np.ones((1, 1, 1, 2), bool))  # 2 x 1 and 1 x 2 from one corner: hull 4, union 3
    assert vl.fuse.scm(tall, tall, [[[0, 0, 1, 2]]], box_overlap="giou").tolist() == [[(1 / 3 - 1 / 4) ** 2]]


def test_several_sources_at_once_are_scored_pair_by_pair() -> None:
    dense, boxes = fusion_scenes.scene(7, 5, 3, 4, (8, 9))
    every = [vl.Tracks(*tracks) for tracks in dense]
    left, right = every[:2], dict(zip("abc", every[2:], strict=True))
    table = vl.fuse.scm(left, right, boxes)
    assert table.shape == (2, 3, 3, 4)
    for s, a in enumerate(left):
        np.testing.assert_array_equal(vl.fuse.scm(a, right, boxes), table[s])
        for r, b in enumerate(right.values()):
            np.testing.assert_array_equal(vl.fuse.scm(left, b, boxes), table[:, r])
            np.testing.assert_array_equal(vl.fuse.scm(a, b, boxes), table[s, r])
            np.testing.assert_array_equal(vl.fuse.scm(b, a, boxes), table[s, r])


# --- SHQM ---------------------------------------------------------------------------------------------------


def test_the_mask_that_agrees_most_with_the_others_wins_as_equations_6_to_8_say() -> None:
    wide, good, thin = (tracks_of(row(mask)) for mask in ("111111", "111100", "110000"))
    fused = vl.fuse.shqm({"wide": wide, "good": good, "thin": thin}, [[strip(0, 4)]])
    h = {"wide": 4 / 6, "good": 1.0, "thin": 2 / 4}
    wide_good = (4 / 6) * (h["wide"] * h["good"])
    wide_thin = (2 / 6) * (h["wide"] * h["thin"])
    good_thin = (2 / 4) * (h["good"] * h["thin"])
    a = [wide_thin + wide_good, good_thin + wide_good, wide_thin + good_thin]
    assert fused.score[:, 0, 0].tolist() == a
    assert (fused.winner.tolist(), fused.names) == ([[1]], ("wide", "good", "thin"))
    assert shown(fused.tracks) == [["111100"]]
    assert (fused.winner.dtype, fused.score.dtype) == (np.int64, np.float64)


def test_two_sources_that_share_an_error_outvote_the_good_one_where_the_box_does_not_show_it() -> None:
    good, hollow = tracks_of(row("111100")), tracks_of(row("100100"))  # one box: A = 1/2 + 1/2 and 1/2 + 1
    boxes = [[strip(0, 4)]]
    outvoted = vl.fuse.shqm([good, hollow, hollow], boxes)
    assert (outvoted.winner.tolist(), outvoted.score[:, 0, 0].tolist()) == ([[1]], [1, 1.5, 1.5])
    shifted = tracks_of(row("001111"))  # IoU 1/3 of the masks and of the boxes: A = 1/9 + 1/9 and 1/9 + 1/9
    assert vl.fuse.shqm([good, shifted, shifted], boxes).winner.tolist() == [[0]]


def test_of_two_sources_the_first_always_wins_where_it_is_present() -> None:
    a = tracks_of(row("1000", "0000", None, "1100"))
    b = tracks_of(row("1100", "1100", "1100", None))
    fused = vl.fuse.shqm([a, b], [[strip(0, 2)] * 4])
    assert fused.winner.tolist() == [[0, 0, 1, 0]]
    assert fused.names == ("0", "1")
    assert fused.score.tolist() == [[[0.25, 0, 0, 0]], [[0.25, 0, 0, 0]]]


def test_equal_candidates_tie_and_the_first_wins_in_any_order_of_the_terms() -> None:
    """Sums that add up in another order differ in the last bit: then a tie is none."""
    masks = ["1111111000", "1111111000", "1111100000", "0111111110", "1110000000"]
    boxes = [[strip(0.3, 6.1)]]
    for shift in range(5):
        order = [(i + shift) % 5 for i in range(5)]
        fused = vl.fuse.shqm([tracks_of(row(masks[i])) for i in order], boxes)
        a = dict(zip(order, fused.score[:, 0, 0].tolist(), strict=True))
        assert a[0] == a[1] == max(a.values())
        assert fused.winner.tolist() == [[min(order.index(0), order.index(1))]]


def test_absent_candidates_never_win_and_a_lonely_one_wins_without_a_score() -> None:
    a = tracks_of(row(None, None, None, "1100"))
    b = tracks_of(row(None, "0000", None, "1100"))
    c = tracks_of(row("0011", None, None, "1100"))
    fused = vl.fuse.shqm({"a": a, "b": b, "c": c}, [[strip(0, 2)] * 3 + [NO_BOX]])
    assert fused.winner.tolist() == [[2, 1, -1, -1]]
    assert shown(fused.tracks) == [["0011", "0000", None, None]]
    assert not fused.score.any()


# --- DOOB ---------------------------------------------------------------------------------------------------


def test_an_overlap_goes_to_the_box_that_fits_it_best() -> None:
    tracks = tracks_of(row("1111110000"), row("0000111111"))
    fixed = vl.fuse.doob(tracks, [[strip(0, 6)], [strip(4, 5)]])  # IoU 2/6 and 2/5
    assert shown(fixed) == [["1111000000"], ["0000111110"]]
    fixed = vl.fuse.doob(tracks, [[strip(0, 5)], [strip(4, 6)]])  # IoU 1/6 and 2/6
    assert shown(fixed) == [["1111000000"], ["0000111111"]]


def test_a_tie_goes_to_the_lower_index() -> None:
    tracks = tracks_of(row("1111110000"), row("0000111111"))
    boxes = [[strip(0, 6)], [strip(4, 6)]]
    assert shown(vl.fuse.doob(tracks, boxes)) == [["1111110000"], ["0000001111"]]
    assert shown(vl.fuse.doob(tracks[::-1], boxes[::-1])) == [["0000111111"], ["1111000000"]]


def test_every_set_of_instances_that_share_pixels_is_a_region_of_its_own() -> None:
    tracks = tracks_of(
        row("1111111000"),
        row("0111100000"),
        row("0001111110"),
    )
    # {0, 1}: columns 1-2, {0, 1, 2}: 3-4, {0, 2}: 5-6.
    boxes = [[strip(0, 7)], [strip(1, 4)], [strip(3, 3)]]
    # IoU with {0, 1}: 2/7, 2/4; with {0, 1, 2}: 2/7, 2/4, 2/3; with {0, 2}: 2/7, 1/4.
    assert shown(vl.fuse.doob(tracks, boxes, margin=9)) == [["1000011000"], ["0110000000"], ["0001100110"]]
    assert shown(vl.fuse.doob(tracks, boxes)) == [["1000011000"], ["0110000000"], ["0001100000"]]


def test_a_region_of_several_parts_has_one_box_and_one_owner() -> None:
    tracks = tracks_of(row("1100000011"), row("1100110011"))
    boxes = [[strip(0, 2)], [strip(0, 9)]]  # the box of the region is 10 wide: IoU 2/10 and 9/10
    assert shown(vl.fuse.doob(tracks, boxes)) == [["0000000000"], ["1100110010"]]


def test_pixels_outside_of_the_box_are_deleted_to_the_pixel() -> None:
    tracks = tracks_of(row("1111111111"))

    def columns(box: list[float], **options: Any) -> str | None:
        return shown(vl.fuse.doob(tracks, [[box]], **options))[0][0]

    assert columns(strip(2, 3)) == "0011100000"
    assert columns(strip(1.5, 2)) == "0111000000"
    assert columns(strip(1.5, 2), rule="reference") == "0110000000"
    assert columns(strip(1.5, 2), margin=2) == "1111110000"
    assert columns(strip(1.5, 2), margin=1, rule="reference") == "1111000000"
    assert columns(strip(-0.5, 2.25)) == "1100000000"
    assert columns(strip(-0.5, 2.25), rule="reference") == "1000000000"
    assert columns(strip(-5, 2)) == "0000000000"
    assert columns(strip(20, 2)) == "0000000000"
    assert columns(strip(20, 2), margin=12) == "0000000011"
    assert columns(strip(4, 0)) == "0000000000"
    assert columns(strip(4.5, 0)) == "0000100000"
    assert columns([0, -1, 10, 1]) == "0000000000"
    assert columns([0, 0.999, 10, 0.001]) == "1111111111"
    assert columns([-1e99, -1e99, 2e99, 2e99]) == "1111111111"


def test_without_a_box_an_instance_is_absent_and_takes_nothing() -> None:
    tracks = tracks_of(row("1110", None), row("0111", "0000"), row("1111", "1111"))
    boxes = [[strip(0, 3), strip(0, 3)], [strip(1, 3), strip(1, 3)], [NO_BOX, NO_BOX]]
    assert shown(vl.fuse.doob(tracks, boxes)) == [["1110", None], ["0001", "0000"], [None, None]]


def test_what_loses_every_pixel_stays_present() -> None:
    tracks = tracks_of(row("0110"), row("0110"))
    fixed = vl.fuse.doob(tracks, [[strip(0, 4)], [strip(1, 2)]])
    assert shown(fixed) == [["0000"], ["0110"]]


# --- assignment ---------------------------------------------------------------------------------------------

# Boxes of columns 0-9 and 0-7; IoU of the predictions 9/10, 8/9 and 7/10, 5/10.
PREDICTED = tracks_of(row("1111111110"), row("0001111111"))
TWO_BOXES = [[strip(0, 10)], [strip(0, 8)]]


def test_predictions_go_to_boxes_one_to_one_or_to_the_best_of_each() -> None:
    greedy = vl.fuse.assign(PREDICTED, None, TWO_BOXES)
    assert (greedy.prediction.tolist(), greedy.score.tolist()) == ([[0], [1]], [[0.9], [0.5]])
    best = vl.fuse.assign(PREDICTED, None, TWO_BOXES, one_to_one="hungarian")
    assert (best.prediction.tolist(), best.score.tolist()) == ([[1], [0]], [[0.7], [8 / 9]])
    both = vl.fuse.assign(PREDICTED, None, TWO_BOXES, one_to_one="none")
    assert (both.prediction.tolist(), both.score.tolist()) == ([[0], [0]], [[0.9], [8 / 9]])
    assert shown(best.tracks) == [["0001111111"], ["1111111110"]]
    assert (best.prediction.dtype, best.score.dtype) == (np.int64, np.float64)


def test_only_scores_above_the_least_count() -> None:
    for way in ("greedy", "hungarian", "none"):
        result = vl.fuse.assign(PREDICTED, None, TWO_BOXES, one_to_one=way, min_score=0.9)
        assert (result.prediction.tolist(), shown(result.tracks)) == ([[-1], [-1]], [[None], [None]])
        assert not result.score.any()
    result = vl.fuse.assign(PREDICTED, None, TWO_BOXES, min_score=0.89)
    assert result.prediction.tolist() == [[0], [-1]]


def test_the_helper_says_which_of_two_equal_boxes_is_meant() -> None:
    predicted = tracks_of(row("1100", "1100", "1100"), row("1010", "1010", "1010"))
    helper = tracks_of(row("1010", None, "0000"))
    boxes = [[strip(0, 3)] * 3]
    result = vl.fuse.assign(predicted, helper, boxes)
    assert result.prediction.tolist() == [[1, -1, -1]]
    assert result.score.tolist() == [[1, 0, 0]]


def test_equal_scores_go_to_the_lower_instance_and_then_the_lower_prediction() -> None:
    predicted = tracks_of(row("1100"), row("1100"), row("1100"))
    boxes = [[strip(0, 2)], [strip(0, 2)]]
    assert vl.fuse.assign(predicted, None, boxes).prediction.tolist() == [[0], [1]]
    assert vl.fuse.assign(predicted[:1], None, boxes).prediction.tolist() == [[0], [-1]]
    assert vl.fuse.assign(predicted, None, boxes, one_to_one="none").prediction.tolist() == [[0], [0]]


def test_the_reference_rule_unites_what_goes_to_one_box() -> None:
    masks = ["110000", "001100", "000001", "000000", "000000"]  # GIoU 2/4 with both boxes, 2/4, -1/6, no box
    predicted = vl.Tracks(
        np.array([row(mask)[0] for mask in masks]), present=np.array([[1], [1], [1], [1], [0]])
    )
    result = vl.fuse.assign(predicted, None, [[strip(0, 4)], [strip(0, 4)]], rule="reference")
    assert (result.prediction.tolist(), result.score.tolist()) == ([[0], [-1]], [[0.5], [0.0]])
    assert shown(result.tracks) == [["111100"], [None]]


# --- keyframes ----------------------------------------------------------------------------------------------


def test_keyframes_are_the_best_frames_or_the_best_of_each_segment() -> None:
    scores = np.zeros((2, 25))
    scores[0, [3, 20, 24]] = 0.5, 0.9, 0.9
    assert vl.fuse.keyframes(scores).tolist() == [[20, 24], [0, 1]]
    assert vl.fuse.keyframes(scores, spread="per_segment").tolist() == [[3, 20], [0, 12]]
    assert vl.fuse.keyframes(scores, every=100).tolist() == [[20], [0]]
    assert vl.fuse.keyframes(scores, every=8, spread="per_segment").tolist() == [[3, 8, 20], [0, 8, 16]]
    assert vl.fuse.keyframes(scores[:, :3], every=1).tolist() == [[0, 1, 2], [0, 1, 2]]
    assert vl.fuse.keyframes(scores).dtype == np.int64


def test_tracks_of_several_keyframes_are_cut_where_the_next_one_is_nearer() -> None:
    a = tracks_of(row("1000", "1000", "1000", "1000", None))
    b = tracks_of(row("0100", "0100", "0100", "0100", "0000"))
    nearest = vl.fuse.fuse_keyframes([a, b], [[0, 4]])
    assert nearest.winner.tolist() == [[0, 0, 0, 1, 1]]
    assert shown(nearest.tracks) == [["1000", "1000", "1000", "0100", "0000"]]
    assert vl.fuse.fuse_keyframes([a, b], [[4, 0]]).winner.tolist() == [[1, 1, 1, 0, 1]]
    assert vl.fuse.fuse_keyframes([a, b], [[2, 2]]).winner.tolist() == [[0, 0, 0, 0, 1]]
    by_vote = vl.fuse.fuse_keyframes([a, b, b], [[0, 2, 4]], by="shqm", boxes=[[strip(1, 1)] * 5])
    assert by_vote.winner.tolist() == [[1, 1, 1, 1, 1]]


def test_no_keyframe_makes_no_candidate_and_no_frame_no_keyframe() -> None:
    a, b = tracks_of(row("1000", "1000")), tracks_of(row("0100", None))
    assert vl.fuse.fuse_keyframes([a, b], [[-1, 0]]).winner.tolist() == [[1, -1]]
    by_vote = vl.fuse.fuse_keyframes([a, b], [[-1, 0]], by="shqm", boxes=[[strip(0, 1)] * 2])
    assert by_vote.winner.tolist() == [[1, -1]]
    assert vl.fuse.keyframes(np.zeros((2, 0))).shape == (2, 0)


# --- filters ------------------------------------------------------------------------------------------------


def test_truth_without_a_counterpart_is_removed_frame_by_frame_or_as_a_whole() -> None:
    truth = tracks_of(row("1100", "1100", "0000", None), row("0011", "0011", None, None))
    fused = tracks_of(row("1000", "0000", None, "1111"), row("0000", None, "0000", None))
    frames = vl.fuse.missing_data(truth, fused)
    assert frames.removed.tolist() == [[False, True, True, False], [True, True, False, False]]
    assert shown(frames.tracks) == [["1100", None, None, None], [None] * 4]
    assert (frames.kept.tolist(), frames.iou) == ([0], None)
    whole = vl.fuse.missing_data(truth, fused, per="instance")
    assert whole.removed.tolist() == [[False] * 4, [True, True, False, False]]
    assert shown(whole.tracks)[0] == ["1100", "1100", "0000", None]


def test_inaccurate_truth_is_removed_below_the_threshold() -> None:
    truth = tracks_of(row("1111100000", "1111000000", "1100000000", None))
    fused = tracks_of(
        row("1110000000", "1100000000", None, "1100000000")
    )  # IoU 3/5, 1/2, 0, nothing to remove
    result = vl.fuse.remove_inaccurate(truth, fused)
    assert result.iou.tolist() == [[3 / 5, 1 / 2, 0, 0]]
    assert result.removed.tolist() == [[False, True, True, False]]
    assert result.kept.tolist() == [0]
    assert vl.fuse.remove_inaccurate(truth, fused, threshold=0).tracks == truth
    everything = vl.fuse.remove_inaccurate(truth, fused, threshold=1)
    assert (everything.kept.tolist(), everything.removed.tolist()) == ([], [[True, True, True, False]])
    assert everything.tracks.shape == (1, 4)


# --- what goes in and out -----------------------------------------------------------------------------------


def whole(sources: Any, boxes: Any, starts: Any) -> dict[str, Any]:
    """Every function on five sources and some keyframes."""
    a, b, c, d, e = sources
    every = dict(zip("abcde", sources, strict=True))
    mixed = {
        "sam": a,
        "idol": vl.fuse.Unassigned(b),
        "tracked": vl.fuse.Keyframed([c, d], starts),
        "more": e,
    }
    return {
        "scm": vl.fuse.scm([a, b], every, boxes),
        "shqm": vl.fuse.shqm(every, boxes, box_overlap="giou"),
        "doob": vl.fuse.doob(a, boxes, margin=1),
        "assign": vl.fuse.assign(a, b, boxes, one_to_one="hungarian"),
        "assign, reference": vl.fuse.assign(a, None, boxes, rule="reference"),
        "keyframes": vl.fuse.keyframes(vl.fuse.scm(a, b, boxes), every=2),
        "fuse_keyframes": vl.fuse.fuse_keyframes([a, b], starts),
        "fuse_keyframes by SHQM": vl.fuse.fuse_keyframes([a, b], starts, by="shqm", boxes=boxes),
        "missing_data": vl.fuse.missing_data(a, b),
        "remove_inaccurate": vl.fuse.remove_inaccurate(a, b),
        "pseudo_masks": vl.fuse.pseudo_masks(mixed, boxes),
        "pseudo_masks, all options": vl.fuse.pseudo_masks(
            mixed,
            boxes,
            helper="more",
            one_to_one="none",
            keyframes_by="shqm",
            doob_on="sources_and_fused",
            margin=2,
        ),
    }


def plain(x: Any) -> Any:
    """``x`` as values to be compared with ``==``, to the last bit."""
    if isinstance(x, vl.Tracks):
        return x.present.tolist(), x.to_dense().tobytes()
    if dataclasses.is_dataclass(x):
        return {field.name: plain(getattr(x, field.name)) for field in dataclasses.fields(x)}
    if isinstance(x, dict):
        return {name: plain(value) for name, value in x.items()}
    return np.asarray(x).tolist() if isinstance(x, (np.ndarray, torch.Tensor)) else x


def arrays(x: Any) -> list[Any]:
    """The arrays in a result."""
    if dataclasses.is_dataclass(x):
        return [y for field in dataclasses.fields(x) for y in arrays(getattr(x, field.name))]
    return [x] if isinstance(x, (np.ndarray, torch.Tensor)) else []


STARTS = np.array([[0, 2], [1, 1], [3, 0]])


def test_arrays_and_tensors_are_taken_for_tracks_and_tensors_come_out() -> None:
    tracks, boxes = fusion_scenes.scene(3, 5, 3, 4, (20, 24))
    dense = [d for d, _ in tracks]
    expected = whole([vl.Tracks(d) for d in dense], boxes, STARTS)
    assert all(isinstance(x, np.ndarray) for result in expected.values() for x in arrays(result))
    for made in (lambda d: d, np.asfortranarray, lambda d: d.astype(np.int64)):
        assert plain(whole([made(d) for d in dense], boxes, STARTS)) == plain(expected)
    assert plain(whole(dense, boxes.tolist(), STARTS.tolist())) == plain(expected)
    tensors = whole([torch.from_numpy(d) for d in dense], torch.from_numpy(boxes), torch.from_numpy(STARTS))
    assert plain(tensors) == plain(expected)
    for name, result in tensors.items():
        assert all(isinstance(x, torch.Tensor) for x in arrays(result)), name
    only_boxes = whole([vl.Tracks(d) for d in dense], torch.from_numpy(boxes), STARTS)
    assert isinstance(only_boxes["scm"], torch.Tensor)
    assert isinstance(only_boxes["shqm"].winner, torch.Tensor)


def test_boxes_of_single_precision_and_of_integers_are_read_as_they_are() -> None:
    tracks, boxes = fusion_scenes.scene(4, 3, 3, 4, (8, 9))
    single = boxes.astype(np.float32)
    a, b, _ = (vl.Tracks(*pair) for pair in tracks)
    np.testing.assert_array_equal(vl.fuse.scm(a, b, single), vl.fuse.scm(a, b, single.astype(np.float64)))
    whole_numbers = np.nan_to_num(boxes).astype(np.int64)
    assert vl.fuse.doob(a, whole_numbers) == vl.fuse.doob(a, whole_numbers.astype(np.float64))


@pytest.mark.parametrize("shape", [(0, 3, (5, 5)), (3, 0, (5, 5)), (2, 3, (0, 5)), (2, 3, (5, 0))], ids=repr)
def test_nothing_at_all_is_fused_to_nothing(shape: Any) -> None:
    count, frames, size = shape
    a = vl.Tracks(np.zeros((count, frames, *size), bool))
    boxes = np.ones((count, frames, 4))
    assert vl.fuse.scm(a, a, boxes).tolist() == np.zeros((count, frames)).tolist()
    assert vl.fuse.scm([a, a, a], [a, a], boxes).shape == (3, 2, count, frames)
    assert vl.fuse.shqm([a, a], boxes).tracks == a
    assert vl.fuse.doob(a, boxes) == a
    assert vl.fuse.assign(a, a, boxes).prediction.tolist() == np.full((count, frames), -1).tolist()
    assert vl.fuse.missing_data(a, a).kept.tolist() == []
    result = vl.fuse.pseudo_masks({"a": a, "b": vl.fuse.Unassigned(a)}, boxes)
    assert (result.tracks, result.score.shape) == (a, (2, count, frames))


@pytest.mark.usefixtures("all_threads_after")
def test_the_number_of_threads_never_changes_a_bit() -> None:
    sources, boxes = [], np.zeros((6, 8, 4))
    for seed in range(5):
        dense, present = oracle.random_tracks(seed // 2, 6, 8, (300, 1100))
        dense &= np.random.default_rng(seed).random(dense.shape[:2])[..., None, None] < 0.9
        sources.append(vl.Tracks(dense, present=present))
        boxes = boxes if seed else sources[0].box + 0.5
    starts = np.tile([[2, 7]], (6, 1))
    vl.set_num_threads(1)
    expected = plain(whole(sources, boxes, starts))
    for threads in (2, 3):
        vl.set_num_threads(threads)
        assert plain(whole(sources, boxes, starts)) == expected


def test_a_tensor_in_a_list_or_a_source_gives_tensors_too() -> None:
    tracks, boxes = fusion_scenes.scene(3, 3, 3, 4, (20, 24))
    tensors = [torch.from_numpy(dense) for dense, _ in tracks]
    a, starts = vl.Tracks(tracks[0][0]), np.zeros((3, 2), int)
    assert isinstance(vl.fuse.fuse_keyframes(tensors[:2], starts).winner, torch.Tensor)
    for source in (vl.fuse.Unassigned(tensors[1]), vl.fuse.Keyframed(tensors[:2], starts)):
        assert isinstance(vl.fuse.pseudo_masks({"a": a, "b": source}, boxes).winner, torch.Tensor)
