"""AutoQ-VIS's selection: equal to the oracle on random videos, the paper's cases by hand, properties."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import oracle
import pytest
import selection_oracle as slow
import torch
import vislabel as vl
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

seeds = st.integers(0, 2**32 - 1)
SHAPES = [
    (0, 3, (5, 5)),
    (3, 0, (5, 5)),
    (1, 1, (1, 1)),
    (9, 4, (33, 31)),
    (12, 6, (40, 65)),
    (6, 3, (0, 7)),
    (8, 5, (3, 1100)),
]


def video(
    seed: int, count: int, frames: int, size: tuple[int, int]
) -> tuple[oracle.DenseTracks, NDArray[Any], NDArray[Any]]:
    """Tracks, scores with ties, predicted IoUs some of which lie outside [0, 1]."""
    rng = np.random.default_rng(seed)
    tracks = oracle.random_tracks(seed, count, frames, size)
    scores = rng.choice([0.1, 0.25, 0.5, 0.75, 0.9, 1.0], count)
    return tracks, scores, rng.choice([-0.5, 0.0, 0.5, 0.75, 0.8, 1.0, 1.5], (count, frames))


def same(tracks: vl.Tracks, expected: oracle.DenseTracks) -> None:
    np.testing.assert_array_equal(tracks.present, expected[1])
    np.testing.assert_array_equal(tracks.to_dense(), expected[0])


# --- by hand ------------------------------------------------------------------------------------------------


def row(*masks: str | None) -> tuple[list[Any], list[bool]]:
    """A track of frames of 1 x 4 pixels: "1100", or None where absent."""
    return [[[c == "1" for c in mask or "0000"]] for mask in masks], [mask is not None for mask in masks]


def tracks_of(*rows: tuple[list[Any], list[bool]]) -> vl.Tracks:
    return vl.Tracks(
        np.array([dense for dense, _ in rows]), present=np.array([present for _, present in rows])
    )


def test_one_frame_of_overlap_suppresses_as_equation_18_says() -> None:
    tracks = tracks_of(
        row("1100", "0011"),  # 0: the best
        row("0110", "1100"),  # 1: IoU 1/3 and 0 with 0
        row("0010", "1000"),  # 2: IoU 1/2 with 1 in frame 0: at the threshold
        row("0000", "0010"),  # 3: IoU 1/2 with 0 in frame 1
        row("1100", "0011"),  # 4: equals 0, but its score is below 0.25
        row("0001", None),  # 5: meets nobody
    )
    result = vl.select.spatiotemporal_nms(tracks, [0.9, 0.8, 0.7, 0.6, 0.24, 0.25])
    assert result.kept.tolist() == [0, 1, 5]
    assert result.suppressed_by.tolist() == [-1, -1, 1, 0, -1, -1]
    strict = vl.select.spatiotemporal_nms(tracks, [0.9, 0.8, 0.7, 0.6, 0.24, 0.25], suppress="more_than")
    assert strict.kept.tolist() == [0, 1, 2, 3, 5]


def test_a_suppressed_detection_suppresses_nobody() -> None:
    tracks = tracks_of(row("1100", "0000"), row("1100", "1100"), row("0000", "1100"))
    assert vl.select.spatiotemporal_nms(tracks, [0.9, 0.8, 0.7]).kept.tolist() == [0, 2]


def test_equal_scores_go_by_the_lower_index_and_labels_keep_classes_apart() -> None:
    tracks = tracks_of(row("1100"), row("1100"), row("1100"))
    result = vl.select.spatiotemporal_nms(tracks, [0.5, 0.9, 0.9])
    assert (result.kept.tolist(), result.suppressed_by.tolist()) == ([1], [1, -1, 1])
    result = vl.select.spatiotemporal_nms(tracks, [0.5, 0.9, 0.9], labels=[7, 2, 7])
    assert (result.kept.tolist(), result.suppressed_by.tolist()) == ([1, 2], [2, -1, -1])


def test_quality_is_the_score_times_the_clipped_predicted_iou() -> None:
    q = vl.select.quality([0.9, 0.5], [[1.0, 0.5, 1.25], [-0.1, 0.0, 1.0]])
    assert q.tolist() == [[0.9, 0.45, 0.9], [0.0, 0.0, 0.5]]
    assert (q.dtype, q.shape) == (np.float64, (2, 3))


def test_retention_as_equations_21_and_22_say() -> None:
    tracks = tracks_of(
        row("1100", "1100", "0000", None), row("0011", "0011", "0011", "0011"), row("1000", None, None, None)
    )
    q = [[0.75, 0.5, 0.9, 0.9], [0.8, 0.74, 0.9, 0.9], [0.7, 1.0, 1.0, 1.0]]
    paper = vl.select.retain(tracks, q)
    assert (paper.kept.tolist(), paper.frames.tolist()) == ([0, 1], [0, 1, 2, 3])
    assert paper.selected.tolist() == [[True, False, False, False], [True, False, True, True], [False] * 4]
    assert paper.tracks.present.tolist() == paper.selected[:2].tolist()
    assert paper.tracks.area.tolist() == [[2, 0, 0, 0], [2, 0, 2, 2]]
    # Only detection 1 is selected twice; it is present but not selected in frame 1.
    code = vl.select.retain(tracks, q, rule="reference")
    assert (code.kept.tolist(), code.frames.tolist(), code.tracks.shape) == ([1], [0, 2, 3], (1, 3))


def test_the_reference_rule_drops_a_video_of_fewer_than_two_frames() -> None:
    tracks = tracks_of(row("1100", "1100", "1100"), row("0011", "0011", "0011"))
    result = vl.select.retain(
        tracks, [[1, 1, 0], [0, 1, 1]], rule="reference"
    )  # only frame 1 is good in both
    assert (result.kept.tolist(), result.frames.tolist(), result.tracks.shape) == ([], [], (0, 0))
    assert result.selected.tolist() == [[True, True, False], [False, True, True]]


def test_rounds_merge_frame_by_frame() -> None:
    old = tracks_of(row("1100", "1100", None, "1100", "0000"), row("0011", None, None, None, None))
    new = tracks_of(
        row("0001", None, None, None, None),  # IoU 1/2 with old 1
        row("1000", "0000", "0110", None, None),  # IoU 1/2 with old 0
        row("0100", None, None, None, "1111"),  # also old 0, applied after the one before
        row("0110", None, None, None, None),  # IoU 1/3 with both: its own row
    )
    for rule, second in (("paper", 2), ("reference", 0)):
        merged = vl.select.merge_rounds(old, new, rule=rule)  # type: ignore[arg-type]
        assert merged.match.tolist() == [1, 0, 0, 2]
        assert merged.tracks.area.tolist() == [[1, second, 2, 2, 4], [1, 0, 0, 0, 0], [2, 0, 0, 0, 0]]
        assert merged.tracks.to_dense()[0, 0, 0].tolist() == [False, True, False, False]


# --- against the oracle -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_suppression_equals_the_oracle_under_every_option(shape: Any) -> None:
    for seed in range(4):
        tracks, scores, _ = video(100 + seed, *shape)
        packed, labels = vl.Tracks(*tracks), np.arange(shape[0]) % 2
        ways = product(
            ["any_frame", "volume", "frame_mean"], ["at_least", "more_than"], [0.0, 0.3, 0.5, 1.0, -1.0, 2.0]
        )
        for over_time, suppress, threshold in ways:
            for options in ({}, {"labels": labels, "score_threshold": 0.5}):
                options = {
                    "over_time": over_time,
                    "suppress": suppress,
                    "iou_threshold": threshold,
                    **options,
                }
                result = vl.select.spatiotemporal_nms(packed, scores, **options)
                kept, suppressed_by = slow.spatiotemporal_nms(tracks[0], scores, **options)
                assert (result.kept.dtype, result.suppressed_by.dtype) == (np.int64, np.int64)
                assert (result.kept.tolist(), result.suppressed_by.tolist()) == (kept, suppressed_by), options


@pytest.mark.parametrize("rule", ["paper", "reference"])
@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_quality_and_retention_equal_the_oracle(shape: Any, rule: Any) -> None:
    for seed in range(6):
        tracks, scores, predicted = video(200 + seed, *shape)
        q = vl.select.quality(scores, predicted)
        np.testing.assert_array_equal(q, slow.quality(scores, predicted))
        for threshold in (0.75, 0.375, 0.0, -1.0, 2.0):
            result = vl.select.retain(vl.Tracks(*tracks), q, threshold=threshold, rule=rule)
            expected, kept, selected, frames = slow.retain(tracks, q, threshold, rule)
            assert (result.kept.dtype, result.selected.dtype, result.frames.dtype) == (
                np.int64,
                bool,
                np.int64,
            )
            assert (result.kept.tolist(), result.frames.tolist()) == (kept, frames)
            np.testing.assert_array_equal(result.selected, selected)
            same(result.tracks, expected)


@pytest.mark.parametrize("rule", ["paper", "reference"])
@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_merged_rounds_equal_the_oracle(shape: Any, rule: Any) -> None:
    count, frames, size = shape
    for seed in range(6):
        both, present = oracle.random_tracks(
            300 + seed, count + 4, frames, size
        )  # copies of one another match
        old, new = (both[: count // 2], present[: count // 2]), (both[count // 2 :], present[count // 2 :])
        for threshold in (0.5, 0.0, 1.0, -1.0, 2.0):
            result = vl.select.merge_rounds(
                vl.Tracks(*old), vl.Tracks(*new), iou_threshold=threshold, rule=rule
            )
            expected, match = slow.merge_rounds(old, new, threshold, rule)
            assert (result.match.dtype, result.match.tolist()) == (np.int64, match)
            same(result.tracks, expected)


@pytest.mark.parametrize("rule", ["paper", "reference"])
@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_the_whole_selection_is_its_four_steps(shape: Any, rule: Any) -> None:
    for seed in range(6):
        tracks, scores, predicted = video(400 + seed, *shape)
        old = oracle.random_tracks(seed, 3, *shape[1:])
        result = vl.select.pseudo_labels(
            vl.Tracks(*tracks), scores, predicted, threshold=0.5, rule=rule, previous=vl.Tracks(*old)
        )
        survivors, suppressed_by = slow.spatiotemporal_nms(tracks[0], scores)
        q = slow.quality(scores, predicted)
        best = tracks[0][survivors], tracks[1][survivors]
        staying, kept, selected, frames = slow.retain(best, q[survivors], 0.5, rule)
        expected, match = slow.merge_rounds(old, slow.spread(staying, frames, shape[1]), 0.5, rule)
        assert result.survivors.tolist() == survivors
        assert result.suppressed_by.tolist() == suppressed_by
        assert result.kept.tolist() == [survivors[k] for k in kept]
        assert (result.frames.tolist(), result.match.tolist()) == (frames, match)
        np.testing.assert_array_equal(result.quality, q)
        np.testing.assert_array_equal(result.selected[survivors], selected)
        assert not np.delete(result.selected, survivors, axis=0).any()
        same(result.tracks, expected)
        alone = vl.select.pseudo_labels(vl.Tracks(*tracks), scores, predicted, threshold=0.5, rule=rule)
        assert alone.match is None
        same(alone.tracks, staying)


# --- properties ---------------------------------------------------------------------------------------------


@given(seeds, st.sampled_from(["any_frame", "volume", "frame_mean"]))
def test_suppressing_the_kept_ones_again_changes_nothing(seed: int, over_time: Any) -> None:
    tracks, scores, _ = video(seed, 10, 3, (20, 24))
    packed = vl.Tracks(*tracks)
    kept = vl.select.spatiotemporal_nms(packed, scores, over_time=over_time).kept
    again = vl.select.spatiotemporal_nms(packed[kept], scores[kept], over_time=over_time)
    assert again.kept.tolist() == list(range(len(kept)))
    table = vl.iou.track_iou(packed[kept], packed[kept], over_time=over_time) - np.eye(len(kept))
    assert (table < 0.5).all()
    assert (np.diff(scores[kept]) <= 0).all()


@given(seeds)
def test_a_round_merged_with_itself_or_nothing_is_itself(seed: int) -> None:
    tracks = vl.Tracks(*oracle.random_tracks(seed, 5, 3, (20, 24)))
    kept = tracks[vl.select.spatiotemporal_nms(tracks, np.ones(5)).kept]
    kept = kept[kept.area.sum(axis=1) > 0]
    assert vl.select.merge_rounds(kept, kept).tracks == kept
    assert vl.select.merge_rounds(kept[:0], tracks).tracks == tracks
    assert vl.select.merge_rounds(tracks, tracks[:0]).tracks == tracks


@given(seeds)
def test_everything_that_is_retained_was_selected(seed: int) -> None:
    tracks, scores, predicted = video(seed, 6, 4, (12, 20))
    result = vl.select.retain(vl.Tracks(*tracks), vl.select.quality(scores, predicted), threshold=0.4)
    np.testing.assert_array_equal(result.tracks.present, result.selected[result.kept])
    assert (result.tracks.area.sum(axis=1) > 0).all()
    assert vl.select.retain(result.tracks, np.ones(result.tracks.shape)).tracks == result.tracks


def test_arrays_and_tensors_are_taken_for_tracks() -> None:
    (dense, _), scores, predicted = video(500, 6, 3, (20, 24))
    packed = vl.Tracks(dense)
    for x in (dense, torch.from_numpy(dense), np.asfortranarray(dense), dense.astype(np.int64)):
        for s in (scores, scores.tolist(), torch.from_numpy(scores), scores[::-1].copy()[::-1]):
            result = vl.select.pseudo_labels(x, s, torch.from_numpy(predicted))
            assert result.tracks == vl.select.pseudo_labels(packed, scores, predicted).tracks
            assert isinstance(result.kept, torch.Tensor)
        assert vl.select.merge_rounds(x, packed).tracks == vl.select.merge_rounds(packed, packed).tracks


def test_the_round_before_may_be_an_array_or_is_refused() -> None:
    (dense, _), scores, predicted = video(501, 6, 3, (20, 24))
    expected = vl.select.pseudo_labels(dense, scores, predicted, previous=vl.Tracks(dense)).tracks
    try:
        given = vl.select.pseudo_labels(dense, scores, predicted, previous=dense)  # type: ignore[arg-type]
    except vl.Error:
        return
    assert given.tracks == expected
