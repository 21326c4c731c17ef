"""F1 and mF1 of pseudo-labels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from vislabel import _core
from vislabel._arrays import ArrayLike, Float64, Int64, as_array, indices, is_tensor, items, like, number
from vislabel._core import Error
from vislabel._tracks import Tracks, as_tracks


@dataclass(frozen=True, eq=False)
class F1Scores:
    """What `f1` measures, a class per row."""

    classes: Any
    """int64 [C]."""
    tp: Any
    """int64 [C]: predictions that take a truth."""
    fp: Any
    """int64 [C]: predictions that do not."""
    fn: Any
    """int64 [C]: truths that no prediction takes."""
    f1: Any
    """float64 [C]: 2 TP / (2 TP + FP + FN); NaN: no instance of the class on either side."""
    precision: Any
    """float64 [C]: TP / (TP + FP); NaN: no prediction."""
    recall: Any
    """float64 [C]: TP / (TP + FN); NaN: no truth."""
    mean: float
    """mF1: the plain mean of `f1` over the classes where it is not NaN; NaN: there are none."""


def f1(
    predicted: Any,
    truth: Any,
    *,
    predicted_labels: Any,
    truth_labels: Any,
    scores: Any = None,
    classes: ArrayLike | None = None,
    iou_threshold: float = 0.5,
) -> F1Scores:
    """F1 of every class over all frames of one or many videos, and its mean.

    In every frame the predictions of a class are walked in descending order of score, equal scores by lower
    index; each takes the still free truth of its class with the largest IoU (ties: the first) iff that IoU is
    above ``iou_threshold``. So a truth is found once, and a second prediction of it is a false positive.

    An instance is a mask with pixels: absent and empty masks of either side count nowhere, neither as false
    positives nor as false negatives.

    Parameters
    ----------
    predicted, truth : Tracks [N, T], [M, T]
        Or arrays [N, T, H, W] of bool or integers. Of many videos: lists of them, and so are the next three.
    predicted_labels, truth_labels : int array [N], [M]
        The class of each track.
    scores : array [N] or [N, T], optional
        Of the predictions, or of each in each frame. None, also of one of many videos: all are equal. Where
        the masks of one side share no pixel, scores change no count at thresholds from 0.5 on.
    classes : int array [C], optional
        What to evaluate, in the order of the result. Other labels are passed over; a class that is nowhere
        has F1 NaN and no part in the mean. Default: all labels of either side, ascending.
    iou_threshold : float
        0 to 1; an IoU equal to it is not enough.

    Raises
    ------
    vislabel.Error
        Different sizes or numbers of frames; lengths that do not fit; NaN scores (of masks that are there); a
        class asked for twice; a threshold out of range.

    Notes
    -----
    Source: UVIS, supplement A and Table 1. That matching is one to one, the order, ties and empty masks are
    this library's.
    """
    given = {
        "predicted": predicted,
        "truth": truth,
        "predicted_labels": predicted_labels,
        "truth_labels": truth_labels,
        "scores": scores,
    }
    several = isinstance(predicted, (list, tuple))
    if not several and isinstance(truth, (list, tuple)):
        raise Error(f"truth is a {type(truth).__name__}, expected one video as predicted is")
    videos = _by_video(given) if several else [given]
    asked = None if classes is None else indices(classes, "classes").tolist()
    threshold = number(iou_threshold, "iou_threshold")
    try:
        results = _core.f1([_packed(video) for video in videos], asked, threshold)
    except Error as error:
        raise Error(re.sub(r"videos(\[\d+\])\.(\w+)", r"\2\1" if several else r"\2", str(error))) from None
    tensors = [x for video in videos for x in video.values() if is_tensor(x)][:1]
    return F1Scores(*(like(x, *tensors) if isinstance(x, np.ndarray) else x for x in results))


def _by_video(given: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of lists with one entry per video, each under the name that it has in messages."""
    lists = {}
    count = len(given["predicted"])
    for name, x in given.items():
        if isinstance(x, Tracks):
            raise Error(f"{name} is one Tracks, expected a list of {count} as predicted")
        lists[name] = [None] * count if name == "scores" and x is None else items(x, name)
        if len(lists[name]) != count:
            raise Error(f"{name} has {len(lists[name])} entries, expected one per video ({count})")
    return [{f"{name}[{v}]": entries[v] for name, entries in lists.items()} for v in range(count)]


def _packed(video: dict[str, Any]) -> tuple[_core.Tracks, Int64, _core.Tracks, Int64, Float64]:
    """A video as the extension module takes it, from its parts in their order, by their names in messages."""
    (a, predicted), (b, truth), (a_labels, predicted_labels), (b_labels, truth_labels), (c, scores) = (
        video.items()
    )
    left, right = as_tracks(predicted, a), as_tracks(truth, b)
    return (
        left._packed,
        indices(predicted_labels, a_labels, len(left)),
        right._packed,
        indices(truth_labels, b_labels, len(right)),
        _scores(scores, c, left),
    )


def _scores(x: ArrayLike | None, name: str, tracks: Tracks) -> Float64:
    """``x`` as float64 [N] or [N * T]; none: of length 0."""
    if x is None:
        return np.zeros(0)
    array = as_array(x, name)
    if array.shape not in (tracks.shape[:1], tracks.shape):
        expected = f"one per track ({len(tracks)}) or {list(tracks.shape)}"
        raise Error(f"{name} has shape {list(array.shape)}, expected {expected}")
    return np.ascontiguousarray(array, dtype=np.float64).reshape(-1)
