"""What the evaluation refuses, each with one sentence that names the argument."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import vislabel as vl
from refusal import refused

nan = float("nan")
T = vl.Tracks(np.ones((2, 3, 4, 5), bool))
SHORT, TURNED = T.select_frames([0]), vl.Tracks(np.ones((2, 3, 5, 4), bool))
ONES, NAN = np.ones((2, 3)), [[1, 1, 1], [1, nan, 1]]

CORRELATIONS: list[tuple[Any, Any, dict[str, Any], str]] = [
    ([1, 2], [1, 2, 3], {}, "quality has shape [2], expected that of iou, [3]"),
    (ONES, ONES.T, {}, "quality has shape [2, 3], expected that of iou, [3, 2]"),
    ([1, 2, 3], ONES, {}, "quality has shape [3], expected that of iou, [2, 3]"),
    ([1, 2], np.ones((2, 3, 4)), {}, "quality has shape [2], expected that of iou, [2, 3, 4]"),
    (ONES, [1, 1], {}, "quality has shape [2, 3], expected that of iou, [2]"),
    (ONES, ONES, {"where": [True, False]}, "where has shape [2], expected that of iou, [2, 3]"),
    (ONES, ONES, {"where": NAN}, "where[1, 1] is nan, expected 0 or 1"),
    (ONES, ONES, {"where": "all"}, "where"),
    (NAN, ONES, {}, "quality[1, 1] is NaN, expected a number"),
    (ONES, NAN, {}, "iou[1, 1] is NaN, expected a number"),
    (NAN, ONES, {"where": ONES}, "quality[1, 1] is NaN, expected a number"),
    ([1, nan], ONES, {}, "quality[1] is NaN, expected a number"),
    ([1, 2], [nan, 1], {}, "iou[0] is NaN, expected a number"),
    (None, [1, 2], {}, "quality is None, expected an array"),
    ([1, 2], None, {}, "iou is None, expected an array"),
    (["a", "b"], [1, 2], {}, "quality has dtype"),
    ([1j, 2], [1, 2], {}, "quality has dtype complex128"),
    (np.ma.masked_array([1.0, 2.0], [False, True]), [1, 2], {}, "quality has masked elements"),
    (T, [1, 2], {}, "quality is Tracks, expected an array"),
]


@pytest.mark.parametrize(
    ("quality", "iou", "options", "message"), CORRELATIONS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_rank_correlation_refuses(quality: Any, iou: Any, options: dict[str, Any], message: str) -> None:
    with refused(message):
        vl.evaluate.rank_correlation(quality, iou, **options)


LABELS: dict[str, Any] = {"predicted_labels": [0, 1], "truth_labels": [0, 1]}

ONE_VIDEO: list[tuple[dict[str, Any], str]] = [
    ({"truth": SHORT}, "predicted has 3 frames of 4 x 5, expected 1 of 4 x 5 as truth"),
    ({"truth": TURNED}, "predicted has 3 frames of 4 x 5, expected 3 of 5 x 4 as truth"),
    ({"predicted": np.ones((2, 4, 5), bool)}, "predicted has shape [2, 4, 5], expected [N, T, H, W]"),
    ({"truth": np.ones((2, 3, 4, 5))}, "truth has dtype float64: floats need Tracks(truth, threshold=...)"),
    ({"predicted": None}, "predicted is None, expected an array"),
    ({"predicted": {}}, "predicted is a dict"),
    ({"predicted": T.frame(0)}, "predicted"),
    ({"truth": [T]}, "truth is a list, expected one video as predicted is"),
    ({"predicted_labels": [0]}, "predicted_labels has shape [1] and dtype int64, expected 2 integers"),
    ({"truth_labels": [0, 1, 2]}, "truth_labels has shape [3] and dtype int64, expected 2 integers"),
    ({"truth_labels": [0.0, 1.0]}, "truth_labels has shape [2] and dtype float64, expected 2 integers"),
    ({"predicted_labels": ["cat", "dog"]}, "predicted_labels has dtype"),
    ({"predicted_labels": None}, "predicted_labels is None"),
    ({"predicted_labels": [True, False]}, "predicted_labels has shape [2] and dtype bool"),
    ({"predicted_labels": np.array([0, 2**63], np.uint64)}, "predicted_labels has 9223372036854775808"),
    ({"scores": [1]}, "scores has shape [1], expected one per track (2) or [2, 3]"),
    ({"scores": ONES.T}, "scores has shape [3, 2], expected one per track (2) or [2, 3]"),
    ({"scores": [1, nan]}, "scores[1] is NaN, expected a number"),
    ({"scores": NAN}, "scores[1, 1] is NaN, expected a number"),
    ({"scores": ["a", "b"]}, "scores has dtype"),
    ({"scores": 0.5}, "scores has shape [], expected one per track (2) or [2, 3]"),
    ({"classes": [1, 0, 1]}, "classes has 1 twice, expected every class once"),
    ({"classes": [0.5]}, "classes has shape [1] and dtype float64, expected integers"),
    ({"classes": 1}, "classes has shape [] and dtype int64, expected integers"),
    ({"iou_threshold": nan}, "iou_threshold is nan, expected 0 to 1"),
    ({"iou_threshold": 1.5}, "iou_threshold is 1.5, expected 0 to 1"),
    ({"iou_threshold": -0.5}, "iou_threshold is -0.5, expected 0 to 1"),
    ({"iou_threshold": "half"}, "iou_threshold is 'half', expected a number"),
]


@pytest.mark.parametrize(("given", "message"), ONE_VIDEO, ids=lambda v: v if isinstance(v, str) else "")
def test_f1_refuses_of_one_video(given: dict[str, Any], message: str) -> None:
    with refused(message):
        vl.evaluate.f1(**{"predicted": T, "truth": T, **LABELS, **given})


MANY_VIDEOS: list[tuple[dict[str, Any], str]] = [
    ({"truth": [T, SHORT]}, "predicted[1] has 3 frames of 4 x 5, expected 1 of 4 x 5 as truth[1]"),
    ({"truth": [T]}, "truth has 1 entries, expected one per video (2)"),
    ({"truth": T}, "truth is one Tracks, expected a list of 2 as predicted"),
    ({"truth": None}, "truth is None, expected a list"),
    ({"truth": [T, 7]}, "truth[1] has shape [], expected [N, T, H, W]"),
    ({"predicted": [T, T[:1]]}, "predicted_labels[1] has shape [2] and dtype int64, expected 1 integers"),
    ({"predicted": [T, None]}, "predicted[1] is None"),
    ({"predicted": T}, "truth is a list, expected one video as predicted is"),
    ({"predicted_labels": [[0, 1]]}, "predicted_labels has 1 entries, expected one per video (2)"),
    ({"predicted_labels": [0, 1]}, "predicted_labels[0] has shape [] and dtype int64, expected 2 integers"),
    ({"truth_labels": [[0, 1], [0]]}, "truth_labels[1] has shape [1]"),
    ({"truth_labels": "ab"}, "truth_labels is a str, expected a list"),
    ({"scores": [[1, 1]]}, "scores has 1 entries, expected one per video (2)"),
    ({"scores": [[1, 1], [1, nan]]}, "scores[1][1] is NaN, expected a number"),
    ({"scores": [NAN, [1, 1]]}, "scores[0][1, 1] is NaN, expected a number"),
    ({"scores": [[1, 1], [1, 1, 1]]}, "scores[1] has shape [3], expected one per track (2) or [2, 3]"),
]


@pytest.mark.parametrize(("given", "message"), MANY_VIDEOS, ids=lambda v: v if isinstance(v, str) else "")
def test_f1_refuses_of_many_videos_naming_the_video(given: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {
        "predicted": [T, T],
        "truth": [T, T],
        "predicted_labels": [[0, 1]] * 2,
        "truth_labels": [[0, 1]] * 2,
    }
    with refused(message):
        vl.evaluate.f1(**{**good, **given})
