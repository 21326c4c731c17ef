"""What the selection refuses, each with one sentence that names the argument."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import vislabel as vl
from refusal import refused

T = vl.Tracks(np.ones((2, 3, 4, 5), bool))
ONES, NAN = np.ones((2, 3)), [[1, 1, 1], [1, float("nan"), 1]]
nms, quality, retain = vl.select.spatiotemporal_nms, vl.select.quality, vl.select.retain
merge, whole = vl.select.merge_rounds, vl.select.pseudo_labels
nan = float("nan")

CALLS: list[tuple[Any, tuple[Any, ...], dict[str, Any], str]] = [
    (nms, (T, [1, nan]), {}, "scores[1] is NaN"),
    (nms, (T, [1]), {}, "scores has shape [1], expected one per track (2)"),
    (nms, (T, [[1, 1]]), {}, "scores has shape [1, 2]"),
    (nms, (T, ["a", "b"]), {}, "scores has dtype"),
    (nms, (T, None), {}, "scores is None, expected an array"),
    (nms, (T, [1, 1]), {"iou_threshold": nan}, "iou_threshold is NaN"),
    (nms, (T, [1, 1]), {"score_threshold": nan}, "score_threshold is NaN"),
    (nms, (T, [1, 1]), {"iou_threshold": "high"}, "iou_threshold"),
    (nms, (T, [1, 1]), {"score_threshold": None}, "score_threshold"),
    (
        nms,
        (T, [1, 1]),
        {"over_time": "any"},
        "over_time is 'any', expected one of: volume, any_frame, frame_mean",
    ),
    (nms, (T, [1, 1]), {"over_time": ["volume"]}, "over_time is ['volume']"),
    (nms, (T, [1, 1]), {"suppress": True}, "suppress is True, expected one of: at_least, more_than"),
    (nms, (T, [1, 1]), {"labels": [1]}, "labels has shape [1]"),
    (nms, (T, [1, 1]), {"labels": []}, "labels has shape [0]"),
    (nms, (T, [1, 1]), {"labels": [1.0, 2.0]}, "labels has shape [2] and dtype float64"),
    (nms, (T, [1, 1]), {"labels": ["cat", "dog"]}, "labels has dtype"),
    (nms, (T, [1, 1]), {"labels": np.array([0, 2**63], np.uint64)}, "labels has 9223372036854775808"),
    (nms, (T, np.ma.masked_array([1.0, 1.0], [0, 1])), {}, "scores has masked elements"),
    (nms, (np.ones((2, 4, 5), bool), [1, 1]), {}, "tracks has shape [2, 4, 5], expected [N, T, H, W]"),
    (
        nms,
        (np.ones((2, 3, 4, 5)), [1, 1]),
        {},
        "tracks has dtype float64: floats need Tracks(tracks, threshold=...)",
    ),
    (nms, (T.frame(0), [1, 1]), {}, "tracks"),
    (quality, ([1, nan], ONES), {}, "scores[1] is NaN"),
    (quality, ([1, 1], NAN), {}, "predicted_iou[1, 1] is NaN"),
    (quality, ([1], ONES), {}, "predicted_iou has shape [2, 3]"),
    (quality, ([1, 1], [1, 1]), {}, "predicted_iou has shape [2]"),
    (quality, ([[1, 1]], ONES), {}, "scores has shape [1, 2]"),
    (quality, ([1, 1], np.full((2, 3), 0.9 + 0j)), {}, "predicted_iou has dtype complex128"),
    (retain, (T, NAN), {}, "quality[1, 1] is NaN"),
    (retain, (T[:0], np.zeros((5, 0))), {}, "quality has shape [5, 0], expected [0, 3]"),
    (retain, (T, ONES), {"threshold": "0.75"}, "threshold is '0.75', expected a number"),
    (retain, (T, ONES[:, :2]), {}, "quality has shape [2, 2], expected [2, 3]"),
    (retain, (T, ONES), {"threshold": nan}, "threshold is NaN"),
    (retain, (T, ONES), {"threshold": "high"}, "threshold"),
    (retain, (T, ONES), {"rule": "code"}, "rule is 'code', expected one of: paper, reference"),
    (merge, (T, T.select_frames([0])), {}, "tracks of 3 and 1 frames"),
    (merge, (T, vl.Tracks(np.ones((1, 3, 5, 4), bool))), {}, "4 x 5 and 5 x 4"),
    (merge, (T, T), {"iou_threshold": nan}, "iou_threshold is NaN"),
    (merge, (T, T), {"rule": None}, "rule is None"),
    (merge, (T, None), {}, "new is None, expected an array"),
    (whole, (T, [1, 1], ONES[:, :2]), {}, "predicted_iou has shape [2, 2], expected [2, 3]"),
    (whole, (T, [1], ONES), {}, "scores has shape [1], expected one per track (2)"),
    (whole, (T, [1, nan], ONES), {}, "scores[1] is NaN"),
    (whole, (T, [1, 1], NAN), {}, "predicted_iou[1, 1] is NaN"),
    (whole, (T, [1, 1], ONES), {"threshold": nan}, "threshold is NaN"),
    (whole, (T, [1, 1], ONES), {"rule": "x"}, "rule is 'x'"),
    (whole, (T, [1, 1], ONES), {"labels": [1]}, "labels has shape [1]"),
    (whole, (T, [1, 1], ONES), {"previous": T.select_frames([0])}, "tracks of 1 and 3 frames"),
    (whole, (T, [1, 1], ONES), {"previous": vl.Tracks(np.ones((1, 3, 5, 4), bool))}, "5 x 4"),
    (whole, (T, [1, 1], ONES), {"previous": 5}, "previous"),
]


@pytest.mark.parametrize(
    ("function", "arguments", "options", "message"), CALLS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_the_selection_refuses(
    function: Any, arguments: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    with refused(message):
        function(*arguments, **options)


def test_infinite_scores_are_refused_or_never_make_a_nan() -> None:
    try:
        assert not np.isnan(vl.select.quality([np.inf], [[0.0]])).any()
    except vl.Error:
        return
