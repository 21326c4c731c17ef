"""F1 and mF1: by hand, equal to the slow oracle on random videos, what goes in and out."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from typing import Any

import evaluate_oracle as slow
import numpy as np
import pytest
import torch
import vislabel as vl
from evaluate_oracle import Scene, random_scene
from hypothesis import given
from hypothesis import strategies as st

nan, inf = float("nan"), float("inf")
seeds = st.integers(0, 2**32 - 1)
SHAPES = [
    (0, 3, (5, 5)),
    (3, 0, (5, 5)),
    (2, 1, (1, 1)),
    (5, 3, (1, 3)),
    (6, 4, (2, 2)),
    (9, 4, (33, 31)),
    (12, 6, (40, 65)),
    (6, 3, (0, 7)),
    (8, 3, (3, 1100)),
]


def row(*masks: str | None) -> tuple[list[Any], list[bool]]:
    """A track of frames of 1 x W pixels: "1100", or None where absent."""
    width = max(len(mask) for mask in masks if mask is not None)
    return [[[c == "1" for c in mask or "0" * width]] for mask in masks], [mask is not None for mask in masks]


def tracks_of(*rows: tuple[list[Any], list[bool]]) -> vl.Tracks:
    return vl.Tracks(
        np.array([dense for dense, _ in rows]), present=np.array([present for _, present in rows])
    )


def f1_of(scenes: list[Scene], **options: Any) -> vl.evaluate.F1Scores:
    return vl.evaluate.f1(
        [vl.Tracks(*scene.predicted) for scene in scenes],
        [vl.Tracks(*scene.truth) for scene in scenes],
        predicted_labels=[scene.predicted_labels for scene in scenes],
        truth_labels=[scene.truth_labels for scene in scenes],
        scores=[scene.scores for scene in scenes],
        **options,
    )


def plain(result: vl.evaluate.F1Scores) -> dict[str, Any]:
    """As the oracle gives it: lists, None instead of NaN."""
    out = {}
    for name, value in vars(result).items():
        values = np.atleast_1d(value).tolist()
        values = [None if x != x else x for x in values]
        out[name] = values[0] if name == "mean" else values
    return out


# --- by hand ------------------------------------------------------------------------------------------------


def test_two_classes_over_two_frames_by_hand() -> None:
    predicted = tracks_of(row("111000", None), row("110000", "001100"), row("000011", "000011"))
    truth = tracks_of(row("111000", "001100"), row("000010", "000011"))
    result = vl.evaluate.f1(
        predicted, truth, predicted_labels=[1, 1, 2], truth_labels=[1, 2], scores=[0.9, 0.8, 0.7]
    )
    # Frame 0: the second finds its truth taken; class 2: IoU 1/2 is not above 1/2. Frame 1: both classes.
    assert result.classes.tolist() == [1, 2]
    assert (result.tp.tolist(), result.fp.tolist(), result.fn.tolist()) == ([2, 1], [1, 1], [0, 1])
    assert result.f1.tolist() == [4 / 5, 2 / 4]
    assert result.precision.tolist() == [2 / 3, 1 / 2]
    assert result.recall.tolist() == [1.0, 1 / 2]
    assert result.mean == (4 / 5 + 2 / 4) / 2
    assert isinstance(result.mean, float)
    assert {name: value.dtype.name for name, value in vars(result).items() if name != "mean"} == {
        **dict.fromkeys(["classes", "tp", "fp", "fn"], "int64"),
        **dict.fromkeys(["f1", "precision", "recall"], "float64"),
    }


def test_the_order_of_scores_decides_who_takes_a_truth() -> None:
    predicted = tracks_of(row("11110000", "11110000"), row("11100000", "11100000"))
    truth = tracks_of(row("11110000", "11110000"), row("11000000", "11000000"))

    def tp(scores: Any) -> int:
        labels = [0, 0]
        return int(
            vl.evaluate.f1(predicted, truth, predicted_labels=labels, truth_labels=labels, scores=scores).tp[
                0
            ]
        )

    assert (
        tp(None) == tp([1, 1]) == tp([0.0, -0.0]) == tp([inf, -inf]) == 4
    )  # of equal scores the lower index
    assert tp([0.5, 0.6]) == 2  # the narrow one first: the wide one then has IoU 1/2 with what is left
    assert tp([[0.5, 0.7], [0.6, 0.6]]) == 3  # a score per frame
    assert tp(np.array([[5, 7], [6, 6]], np.uint8)) == 3


def test_the_threshold_is_an_option_and_strict() -> None:
    predicted, truth = tracks_of(row("1100")), tracks_of(row("1000"))
    labels: dict[str, Any] = {"predicted_labels": [0], "truth_labels": [0]}
    assert vl.evaluate.f1(predicted, truth, **labels).tp.tolist() == [0]
    assert vl.evaluate.f1(predicted, truth, **labels, iou_threshold=0.49).tp.tolist() == [1]
    assert vl.evaluate.f1(predicted, predicted, **labels, iou_threshold=1).tp.tolist() == [0]


def test_absent_and_empty_masks_count_nowhere_whatever_their_scores() -> None:
    seen, unseen = tracks_of(row("11", "11", "11")), tracks_of(row(None, "00", "11"))
    scores = [[nan, nan, 0.5]]
    missed = vl.evaluate.f1(unseen, seen, predicted_labels=[4], truth_labels=[4], scores=scores)
    assert (missed.tp.tolist(), missed.fp.tolist(), missed.fn.tolist()) == ([1], [0], [2])
    invented = vl.evaluate.f1(seen, unseen, predicted_labels=[4], truth_labels=[4])
    assert (invented.tp.tolist(), invented.fp.tolist(), invented.fn.tolist()) == ([1], [2], [0])


def test_classes_asked_for_keep_their_order_and_those_that_are_nowhere_have_no_part_in_the_mean() -> None:
    tracks = tracks_of(row("1100"), row("0011"))
    labels: dict[str, Any] = {"predicted_labels": [5, -3], "truth_labels": [5, 2**62]}
    everything = vl.evaluate.f1(tracks, tracks, **labels)
    assert everything.classes.tolist() == [-3, 5, 2**62]
    assert everything.mean == 1 / 3
    asked = vl.evaluate.f1(tracks, tracks, **labels, classes=[9, 5])
    assert (asked.classes.tolist(), asked.tp.tolist(), asked.fp.tolist()) == ([9, 5], [0, 1], [0, 0])
    assert np.isnan(asked.f1[0])
    assert asked.mean == 1


def test_there_is_no_mean_of_nothing_and_no_warning_either() -> None:
    none = tracks_of(row(None, "00"))
    calls: list[Callable[[], vl.evaluate.F1Scores]] = [
        lambda: vl.evaluate.f1([], [], predicted_labels=[], truth_labels=[]),
        lambda: vl.evaluate.f1(none, none, predicted_labels=[1], truth_labels=[1]),
        lambda: vl.evaluate.f1(none[:0], none[:0], predicted_labels=[], truth_labels=[], scores=[]),
        lambda: vl.evaluate.f1(none, none, predicted_labels=[1], truth_labels=[1], classes=[]),
        lambda: vl.evaluate.f1(none, none, predicted_labels=[1], truth_labels=[1], classes=[2]),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for call in calls:
            result = call()
            assert np.isnan(result.mean)
            assert np.isnan(result.f1).all()
            assert result.tp.sum() == result.fp.sum() == result.fn.sum() == 0


# --- against the oracle -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
@pytest.mark.parametrize("threshold", [0.0, 1 / 3, 0.5, 0.9])
def test_one_video_equals_the_oracle(shape: Any, threshold: float) -> None:
    for seed in range(12):
        scene = random_scene(700 + seed, *shape)
        result = vl.evaluate.f1(
            vl.Tracks(*scene.predicted),
            vl.Tracks(*scene.truth),
            predicted_labels=scene.predicted_labels,
            truth_labels=scene.truth_labels,
            scores=scene.scores,
            iou_threshold=threshold,
        )
        assert plain(result) == slow.f1([scene], None, threshold)


def test_many_videos_of_different_sizes_equal_the_oracle_on_any_number_of_threads(
    all_threads_after: None,
) -> None:
    scenes = [random_scene(800 + seed, *SHAPES[seed % len(SHAPES)]) for seed in range(40)]
    for classes in (None, [1, 7, -1], [0]):
        expected = slow.f1(scenes, classes)
        for threads in (1, 2, 3, 0):
            vl.set_num_threads(threads)
            assert plain(f1_of(scenes, classes=classes)) == expected


@given(seeds)
def test_all_figures_of_a_set_follow_from_those_of_its_videos(seed: int) -> None:
    scenes = [random_scene(seed + i, 6, 3, (9, 12)) for i in range(3)]
    whole = f1_of(scenes)
    parts = [f1_of([scene], classes=whole.classes) for scene in scenes]
    for name in ("tp", "fp", "fn"):
        np.testing.assert_array_equal(getattr(whole, name), sum(getattr(part, name) for part in parts))
    for labels in ("predicted_labels", "truth_labels"):
        for scene in scenes:
            setattr(scene, labels, [0] * len(getattr(scene, labels)))
    assert f1_of(scenes).tp[0] >= whole.tp.sum() // 2  # one class: what fitted still fits


@given(seeds)
def test_what_equals_the_truth_has_an_f1_of_1_in_any_order_of_its_tracks(seed: int) -> None:
    tracks = vl.Tracks(*random_scene(seed, 5, 3, (9, 12)).predicted)
    labels = np.random.default_rng(seed).integers(0, 3, len(tracks))
    order = np.random.default_rng(seed).permutation(len(tracks))
    result = vl.evaluate.f1(tracks[order], tracks, predicted_labels=labels[order], truth_labels=labels)
    there = result.tp + result.fp + result.fn > 0
    assert (result.f1[there] == 1).all()
    assert np.isnan(result.f1[~there]).all()


# --- what goes in and out -----------------------------------------------------------------------------------


def test_arrays_and_tensors_are_taken_and_tensors_given_back() -> None:
    scene = random_scene(902, 6, 3, (9, 12))
    (dense, _), (truth, _), scores = scene.predicted, scene.truth, scene.scores
    labels, truth_labels = np.array(scene.predicted_labels), np.array(scene.truth_labels)
    expected = vl.evaluate.f1(
        vl.Tracks(dense),
        vl.Tracks(truth),
        predicted_labels=labels,
        truth_labels=truth_labels,
        scores=scores,
    )
    assert isinstance(expected.f1, np.ndarray)
    result = vl.evaluate.f1(
        torch.from_numpy(dense),
        np.asfortranarray(truth),
        predicted_labels=torch.from_numpy(labels),
        truth_labels=truth_labels.astype(np.int8).tolist(),
        scores=torch.from_numpy(scores).to(torch.bfloat16),
    )
    again = vl.evaluate.f1(
        (vl.Tracks(dense),),
        [truth],
        predicted_labels=labels[None],
        truth_labels=iter([truth_labels]),
        scores=[torch.from_numpy(scores)],
    )
    for taken in (result, again):
        assert taken.mean == expected.mean
        for field in dataclasses.fields(expected):
            if field.name != "mean":
                assert isinstance(getattr(taken, field.name), torch.Tensor)
                np.testing.assert_array_equal(getattr(taken, field.name), getattr(expected, field.name))


def test_a_video_without_scores_may_stand_among_others() -> None:
    scenes = [random_scene(910, 6, 3, (9, 12)), random_scene(912, 6, 3, (9, 12))]  # [N, T] and none
    scenes[1].scores = None
    assert plain(f1_of(scenes)) == slow.f1(scenes)
