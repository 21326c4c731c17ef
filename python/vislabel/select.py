"""AutoQ-VIS's selection of pseudo-labels, and UVIS's labels and filters of instances.

AutoQ-VIS: spatiotemporal NMS, quality, retention, rounds (Lu, Kaya, Papadopoulos, Sec. 2.2 and supplement
Eq. 16-22). UVIS: scores, prompts, prototype memory (Huang et al., supplement A and B). Arrays in a result are
NumPy, or torch where an argument is a tensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np

from vislabel import _arrays, _core
from vislabel._arrays import ArrayLike, Float64, Given, Tensor, like, number, table, vector
from vislabel._device import on_device
from vislabel._options import Rule
from vislabel._tracks import Tracks, as_tracks
from vislabel._uvis import (
    PROMPT_TEMPLATES,
    PromptMatch,
    Prompts,
    PrototypeMemory,
    match_prompts,
    prompts,
    prototype_filter,
    score_filter,
)
from vislabel.iou import OverTime

Suppress = Literal["at_least", "more_than"]

__all__ = [
    "DeviceNmsResult",
    "MergedRounds",
    "NmsResult",
    "PROMPT_TEMPLATES",
    "PromptMatch",
    "Prompts",
    "PrototypeMemory",
    "PseudoLabels",
    "Retention",
    "match_prompts",
    "merge_rounds",
    "prompts",
    "prototype_filter",
    "pseudo_labels",
    "quality",
    "retain",
    "score_filter",
    "spatiotemporal_nms",
]


@dataclass(frozen=True, eq=False)
class NmsResult:
    """What `spatiotemporal_nms` decides."""

    kept: Any
    """int64 [K]: indices of the kept detections, best score first."""
    suppressed_by: Any
    """int64 [N]: the kept detection that suppressed each one; -1: kept, or below the score threshold."""


class DeviceNmsResult(NmsResult):
    """What `spatiotemporal_nms` decides on a device, of shapes that are known before it is done."""

    kept_padded: Any
    """int64 [N]: `kept`, then -1."""
    kept_count: Any
    """int64 [1]: how many are kept."""

    def __init__(self, kept_padded: Any, kept_count: Any, suppressed_by: Any) -> None:
        for name, value in (
            ("kept_padded", kept_padded),
            ("kept_count", kept_count),
            ("suppressed_by", suppressed_by),
        ):
            object.__setattr__(self, name, value)

    @property
    def kept(self) -> Any:
        """int64 [K]: indices of the kept detections, best score first. Waits for the device, to learn K."""
        return self.kept_padded[: int(self.kept_count[0])]


@dataclass(frozen=True, eq=False)
class Retention:
    """What `retain` decides."""

    tracks: Tracks
    """[K, T']: the staying detections in the staying frames."""
    kept: Any
    """int64 [K]: their indices."""
    selected: Any
    """bool [N, T]: where the quality reaches the threshold and the mask has pixels."""
    frames: Any
    """int64 [T']: the staying frames."""


@dataclass(frozen=True, eq=False)
class MergedRounds:
    """What `merge_rounds` makes."""

    tracks: Tracks
    """[old + unmatched new, T]."""
    match: Any
    """int64 [new]: the row of `tracks` that each new track went to."""


@dataclass(frozen=True, eq=False)
class PseudoLabels:
    """What `pseudo_labels` makes of the detections of a video."""

    tracks: Tracks
    """[K, T']: this round's pseudo-labels, best score first; with ``previous`` [M, T]: both rounds'."""
    kept: Any
    """int64 [K]: which detections stay after this round's retention."""
    frames: Any
    """int64 [T']: which frames stay."""
    survivors: Any
    """int64 [S]: the detections that survive the suppression, best score first."""
    suppressed_by: Any
    """int64 [N]: as in `NmsResult`."""
    quality: Any
    """float64 [N, T]."""
    selected: Any
    """bool [N, T]: quality reaches the threshold and the mask has pixels; of survivors only."""
    match: Any
    """int64 [K] with ``previous``: the row of `tracks` that each kept detection went to; else None."""


def _nms_options(
    tracks: Tracks,
    iou_threshold: float,
    score_threshold: float,
    over_time: OverTime,
    suppress: Suppress,
    labels: ArrayLike | None,
) -> _core.NmsOptions:
    given = np.zeros(0, np.int64) if labels is None else _arrays.indices(labels, "labels", len(tracks))
    return _core.NmsOptions(
        number(iou_threshold, "iou_threshold"),
        number(score_threshold, "score_threshold"),
        over_time,
        suppress,
        given,
    )


def spatiotemporal_nms(
    tracks: Tracks | ArrayLike,
    scores: ArrayLike,
    *,
    iou_threshold: float = 0.5,
    score_threshold: float = 0.25,
    over_time: OverTime = "any_frame",
    suppress: Suppress = "at_least",
    labels: ArrayLike | None = None,
) -> NmsResult:
    """Remove the detections that overlap a better one.

    Detections with a score below ``score_threshold`` are dropped. The others are walked in descending order
    of score, equal scores by lower index; one is suppressed iff its IoU with some detection kept before it
    reaches ``iou_threshold``.

    Parameters
    ----------
    tracks : Tracks [N, T]
        Or an array [N, T, H, W] of bool or integers.
    scores : array [N]
    iou_threshold, score_threshold : float
    over_time : {"any_frame", "volume", "frame_mean"}
        Which IoU of two tracks counts; the paper's: the largest over the frames.
    suppress : {"at_least", "more_than"}
        Whether an IoU equal to the threshold suppresses (the paper: it does).
    labels : int array [N], optional
        Only detections of one label suppress each other.

    Raises
    ------
    vislabel.Error
        NaN, or lengths that do not fit.

    Notes
    -----
    Source: AutoQ-VIS, supplement Eq. 16-18. On a device the result is a `DeviceNmsResult`, which does not
    wait until `kept` is asked for, and a NaN score is below every threshold.
    """
    if on_device(tracks, scores):
        from vislabel.cuda import _select

        limits = number(iou_threshold, "iou_threshold"), number(score_threshold, "score_threshold")
        return DeviceNmsResult(
            *_select.spatiotemporal_nms(tracks, scores, labels, *limits, over_time, suppress)
        )
    video = as_tracks(tracks, "tracks")
    values = vector(scores, "scores", len(video), "track")
    options = _nms_options(video, iou_threshold, score_threshold, over_time, suppress, labels)
    kept, suppressed_by = _core.spatiotemporal_nms(video._packed, values, options)
    return NmsResult(like(kept, tracks, scores), like(suppressed_by, tracks, scores))


@overload
def quality(scores: Tensor[Given], predicted_iou: ArrayLike) -> Given: ...
@overload
def quality(scores: ArrayLike, predicted_iou: Tensor[Given]) -> Given: ...
@overload
def quality(scores: ArrayLike, predicted_iou: ArrayLike) -> Float64: ...
def quality(scores: ArrayLike, predicted_iou: ArrayLike) -> Any:
    """Quality of each detection in each frame, float64 [N, T]: score * predicted IoU clipped to [0, 1].

    Parameters
    ----------
    scores : array [N]
    predicted_iou : array [N, T]

    Raises
    ------
    vislabel.Error
        NaN, or shapes that do not fit.

    Notes
    -----
    Source: AutoQ-VIS, supplement Eq. 20.
    """
    values = vector(scores, "scores", None, "detection")
    return like(
        _core.quality(values, table(predicted_iou, "predicted_iou", len(values))), scores, predicted_iou
    )


def retain(
    tracks: Tracks | ArrayLike, quality: ArrayLike, *, threshold: float = 0.75, rule: Rule = "paper"
) -> Retention:
    """Keep the detections that are good enough to learn from.

    Parameters
    ----------
    tracks : Tracks [N, T]
    quality : array [N, T]
        As made by `quality`.
    threshold : float
        Selected is where quality >= threshold and the mask has pixels.
    rule : {"paper", "reference"}
        "paper": a detection stays iff it is selected in at least one frame; its other frames become absent.
        "reference" (the published code): a detection stays iff it is selected in at least two frames; a frame
        stays iff every staying detection is selected there or has no pixel there; fewer than two frames:
        nothing stays.

    Raises
    ------
    vislabel.Error
        NaN, or shapes that do not fit.

    Notes
    -----
    Source: AutoQ-VIS, supplement Eq. 21-22.
    """
    video = as_tracks(tracks, "tracks")
    values = table(quality, "quality", len(video), video.frames)
    core, kept, selected, frames = _core.retain(video._packed, values, number(threshold, "threshold"), rule)
    given = (tracks, quality)
    return Retention(Tracks._wrap(core), like(kept, *given), like(selected, *given), like(frames, *given))


def merge_rounds(
    old: Tracks | ArrayLike, new: Tracks | ArrayLike, *, iou_threshold: float = 0.5, rule: Rule = "paper"
) -> MergedRounds:
    """Merge the retained tracks of a new round into those of the round before.

    A new track with a frame IoU of at least the threshold with an old one, in any frame where both have
    pixels, is the same object; of several old ones the first. In each frame the new mask then wins if it is
    selected or the old one is not, where selected means present and not empty. Unmatched new tracks are
    appended.

    Parameters
    ----------
    old, new : Tracks [N, T], [M, T]
        As `retain` returns them.
    iou_threshold : float
    rule : {"paper", "reference"}
        "reference" (the published code): a new mask that is present but empty wins too.

    Raises
    ------
    vislabel.Error
        NaN; different sizes or numbers of frames.
    """
    before, after = as_tracks(old, "old"), as_tracks(new, "new")
    core, match = _core.merge_rounds(
        before._packed, after._packed, number(iou_threshold, "iou_threshold"), rule
    )
    return MergedRounds(Tracks._wrap(core), like(match, old, new))


def pseudo_labels(
    tracks: Tracks | ArrayLike,
    scores: ArrayLike,
    predicted_iou: ArrayLike,
    *,
    iou_threshold: float = 0.5,
    score_threshold: float = 0.25,
    over_time: OverTime = "any_frame",
    suppress: Suppress = "at_least",
    labels: ArrayLike | None = None,
    threshold: float = 0.75,
    rule: Rule = "paper",
    previous: Tracks | ArrayLike | None = None,
    merge_iou_threshold: float = 0.5,
) -> PseudoLabels:
    """Suppress, score, select and retain one video's detections, and merge them with a round before.

    Parameters
    ----------
    tracks : Tracks [N, T]
        Or an array [N, T, H, W] of bool or integers.
    scores : array [N]
    predicted_iou : array [N, T]
        The predicted IoU of each mask with its object.
    iou_threshold, score_threshold, over_time, suppress, labels
        As for `spatiotemporal_nms`.
    threshold, rule
        As for `retain`.
    previous : Tracks, optional
        The pseudo-labels of the round before, over the same T frames, merged by `merge_rounds`. The result
        then covers all T frames: ``rule="reference"`` drops frames of this round only.
    merge_iou_threshold : float
        The IoU from which a kept detection and a track of the round before are the same object.

    Raises
    ------
    vislabel.Error
        Those of the four steps.

    Notes
    -----
    Source: AutoQ-VIS, Sec. 2.2 and supplement Eq. 16-22.
    """
    video = as_tracks(tracks, "tracks")
    values = vector(scores, "scores", len(video), "track")
    predicted = table(predicted_iou, "predicted_iou", len(video), video.frames)
    options = _nms_options(video, iou_threshold, score_threshold, over_time, suppress, labels)
    before = None if previous is None else as_tracks(previous, "previous")
    core, *arrays, match = _core.pseudo_labels(
        video._packed,
        values,
        predicted,
        options,
        number(threshold, "threshold"),
        rule,
        None if before is None else before._packed,
        number(merge_iou_threshold, "merge_iou_threshold"),
    )
    given = (tracks, scores, predicted_iou)
    kept, frames, survivors, suppressed_by, all_quality, selected = (like(array, *given) for array in arrays)
    return PseudoLabels(
        Tracks._wrap(core),
        kept,
        frames,
        survivors,
        suppressed_by,
        all_quality,
        selected,
        None if before is None else like(match, *given),
    )
