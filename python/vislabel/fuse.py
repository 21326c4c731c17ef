"""PM-VIS's pseudo-masks: masks of several sources fused under box annotations.

Source: Yang, Liu, Cheng, Wang, Wu, "PM-VIS: High-Performance Box-Supervised Video Instance Segmentation",
Sec. III-B to III-E. ``boxes`` are float64 [N, T, 4], x, y, width, height of N annotated instances in T
frames; a row of NaN stands for null: the instance is not annotated there. Arrays in a result are NumPy, or
torch where an argument is a tensor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from vislabel import _core
from vislabel._arrays import (
    ArrayLike,
    box_tracks,
    indices,
    integer,
    items,
    like,
    number,
    shown,
    table,
)
from vislabel._core import Error
from vislabel._device import on_device
from vislabel._options import BoxOverlap, Rule
from vislabel._tracks import Tracks, as_tracks

OneToOne = Literal["greedy", "hungarian", "none"]
Spread = Literal["top", "per_segment"]
KeyframeChoice = Literal["nearest", "shqm"]
MissingPer = Literal["frame", "instance"]
DoobOn = Literal["fused", "sources_and_fused"]

__all__ = [
    "Assigned",
    "Filtered",
    "Fused",
    "FusedKeyframes",
    "Keyframed",
    "PseudoMasks",
    "Unassigned",
    "assign",
    "doob",
    "fuse_keyframes",
    "keyframes",
    "missing_data",
    "pseudo_masks",
    "remove_inaccurate",
    "scm",
    "shqm",
]


@dataclass(frozen=True, eq=False)
class Fused:
    """What `shqm` selects."""

    tracks: Tracks
    """[N, T]: the winners."""
    winner: Any
    """int64 [N, T]: which source won; -1: absent."""
    score: Any
    """float64 [S, N, T]: A of every source (Eq. 7)."""
    names: tuple[str, ...]
    """The sources' names, by their index."""


@dataclass(frozen=True, eq=False)
class Assigned:
    """What `assign` finds."""

    tracks: Tracks
    """[N, T]: the predicted mask of each instance; absent: none."""
    prediction: Any
    """int64 [N, T]: its row among the predictions; -1: none."""
    score: Any
    """float64 [N, T]: its score; 0: none."""


@dataclass(frozen=True, eq=False)
class FusedKeyframes:
    """What `fuse_keyframes` makes."""

    tracks: Tracks
    """[N, T]."""
    winner: Any
    """int64 [N, T]: which keyframe's track it is; -1: absent."""


@dataclass(frozen=True, eq=False)
class Filtered:
    """What `missing_data` and `remove_inaccurate` leave."""

    tracks: Tracks
    """[N, T]: what was removed is absent; all rows stay."""
    removed: Any
    """bool [N, T]: where a mask was removed."""
    kept: Any
    """int64 [K]: the rows that still have a mask."""
    iou: Any
    """float64 [N, T] of `remove_inaccurate`: IoU with the fused mask; else None."""


@dataclass(frozen=True, eq=False)
class PseudoMasks:
    """What `pseudo_masks` makes."""

    tracks: Tracks
    """[N, T]: after DOOB."""
    fused: Tracks
    """[N, T]: what SHQM selected, before DOOB."""
    winner: Any
    """int64 [N, T]: which source won; -1: absent."""
    score: Any
    """float64 [S, N, T]: A of every source (Eq. 7)."""
    names: tuple[str, ...]
    """The sources' names, by their index."""
    sources: dict[str, Tracks]
    """[N, T] each, as they were compared."""


@dataclass(frozen=True, eq=False)
class Unassigned:
    """A source whose rows belong to no box yet: a detector's tracks [P, T]."""

    tracks: Tracks | ArrayLike


@dataclass(frozen=True, eq=False)
class Keyframed:
    """A source of K tracks [N, T], started from the frames ``keyframes`` [N, K]: see `fuse_keyframes`."""

    tracks: Sequence[Tracks | ArrayLike]
    keyframes: ArrayLike


Source: TypeAlias = Tracks | Unassigned | Keyframed | ArrayLike


def _named(sources: Any, name: str) -> dict[str, tuple[str, Any]]:
    """The sources of a dict or a list by their names, each with what it is called in a message."""
    if isinstance(sources, (Tracks, Unassigned, Keyframed)):
        raise Error(f"{name} is one {type(sources).__name__}, expected a dict or a list of several")
    if isinstance(sources, Mapping):
        for key in sources:
            if not isinstance(key, str):
                raise Error(f"{name} has the key {shown(key)}, expected names")
        return {key: (f"{name}[{shown(key)}]", x) for key, x in sources.items()}
    return {str(i): (f"{name}[{i}]", x) for i, x in enumerate(items(sources, name))}


def _packed(named: dict[str, tuple[str, Any]]) -> list[_core.Tracks]:
    return [as_tracks(x, place)._packed for place, x in named.values()]


def _given(named: dict[str, tuple[str, Any]]) -> list[Any]:
    """Everything that was given as sources, of which any may be a tensor."""
    out = []
    for _, x in named.values():
        out += [x.tracks] if isinstance(x, Unassigned) else []
        out += [*x.tracks, x.keyframes] if isinstance(x, Keyframed) else [x]
    return out


@contextmanager
def _naming(**given: dict[str, tuple[str, Any]]) -> Iterator[None]:
    """Calls sources in errors as the caller does: by the keys of his dicts."""
    try:
        yield
    except Error as error:
        message = str(error)
        for name, named in given.items():
            for i, (place, _) in enumerate(named.values()):
                if message.startswith(f"{name}[{i}]"):
                    raise Error(place + message[len(f"{name}[{i}]") :]) from None
        raise


def scm(a: Any, b: Any, boxes: ArrayLike, *, box_overlap: BoxOverlap = "iou") -> Any:
    """Score of corresponding masks: how far two masks agree with each other and with the annotated box.

    IoU(a, b) * H_a * H_b, where H is the overlap of the box around a mask with the annotated one; 0 where a
    mask is absent or empty, or there is no box. Symmetric to the last bit.

    Parameters
    ----------
    a, b : Tracks [N, T]
        Or a dict or list of S of them.
    boxes : array [N, T, 4]
        x, y, width, height in pixels; a row of NaN: none.
    box_overlap : {"iou", "giou"}
        The paper cites GIoU for the IoU of its boxes; negative values count as 0.

    Returns
    -------
    float64 [N, T]
        Where `a` is several sources, they are a first axis; where `b` is, they are the axis before N.

    Raises
    ------
    vislabel.Error
        Shapes that do not fit; boxes that are not finite or have a negative side.

    Notes
    -----
    Source: PM-VIS, Eq. 4-5.
    """
    several = [isinstance(x, (Mapping, list, tuple)) for x in (a, b)]
    left, right = (
        _named(x, name) if many else {name: (name, x)}
        for x, many, name in zip((a, b), several, ("a", "b"), strict=True)
    )
    alone = tuple(axis for axis, many in enumerate(several) if not many)
    if on_device(*_given(left), *_given(right), boxes):
        from vislabel.cuda import _fuse

        return _fuse.scm(left, right, boxes, box_overlap).squeeze(alone)
    with _naming(a=left, b=right):
        scores = _core.scm(_packed(left), _packed(right), box_tracks(boxes, "boxes"), box_overlap)
    return like(scores.squeeze(alone), *_given(left), *_given(right), boxes)


def shqm(sources: Any, boxes: ArrayLike, *, box_overlap: BoxOverlap = "iou") -> Fused:
    """Select, per instance and frame, the mask that agrees best with those of the other sources.

    A source's score is the sum of its SCM with every other one; the largest wins, ties go to the first
    source. Absent masks are no candidates; empty ones are, with score 0; a mask alone wins with score 0. No
    candidate, or no box: absent.

    Parameters
    ----------
    sources : dict of name: Tracks [N, T]
        Or a list of them; at least two.
    boxes : array [N, T, 4]
        x, y, width, height in pixels; a row of NaN: none.
    box_overlap : {"iou", "giou"}
        As for `scm`.

    Raises
    ------
    vislabel.Error
        Fewer than two sources; shapes that do not fit; bad boxes.

    Notes
    -----
    Source: PM-VIS, Eq. 6-8. Equal candidates tie to the last bit, whatever their places. Of two candidates
    the first always wins: the score of both is their common SCM.
    """
    named = _named(sources, "sources")
    with _naming(sources=named):
        core, winner, score = _core.shqm(_packed(named), box_tracks(boxes, "boxes"), box_overlap)
    given = (boxes, *_given(named))
    return Fused(Tracks._wrap(core), like(winner, *given), like(score, *given), tuple(named))


def doob(
    tracks: Tracks | ArrayLike,
    boxes: ArrayLike,
    *,
    margin: int = 0,
    box_overlap: BoxOverlap = "iou",
    rule: Rule = "paper",
) -> Tracks:
    """Delete what overlaps and what leaves the annotated boxes.

    The pixels of a frame that exactly the same two or more masks cover are one region. It goes to the
    instance among them whose annotated box overlaps most with the box around the region (ties: the lower
    index); the others lose it. After that columns [floor(x) - margin, ceil(x + width) + margin) and rows
    likewise stay of every mask. No two masks of a frame then share a pixel.

    Parameters
    ----------
    tracks : Tracks [N, T]
    boxes : array [N, T, 4]
        x, y, width, height in pixels; a row of NaN: none. Without a box an instance is absent, and takes no
        part in overlaps.
    margin : int
        Pixels by which a box is grown before it cuts.
    box_overlap : {"iou", "giou"}
    rule : {"paper", "reference"}
        "reference": x and x + width are truncated, not rounded outward.

    Returns
    -------
    Tracks [N, T]
        A mask may end up empty: it stays present.

    Raises
    ------
    vislabel.Error
        Shapes that do not fit; bad boxes; a negative margin.

    Notes
    -----
    Source: PM-VIS, Sec. III-D3; regions of three and more masks, ties and roundings are this library's.
    """
    video = as_tracks(tracks, "tracks")
    given = box_tracks(boxes, "boxes")
    return Tracks._wrap(_core.doob(video._packed, given, integer(margin, "margin"), box_overlap, rule))


def assign(
    predicted: Tracks | ArrayLike,
    helper: Tracks | ArrayLike | None,
    boxes: ArrayLike,
    *,
    one_to_one: OneToOne = "greedy",
    min_score: float = 0.0,
    box_overlap: BoxOverlap = "iou",
    rule: Rule = "paper",
) -> Assigned:
    """Assign predicted masks to annotated instances, frame by frame.

    The score of a pair is the SCM of the prediction and the helper's mask of the instance; without a helper,
    the overlap of the prediction's box with the annotated one. Pairs count iff it is above ``min_score``.

    Parameters
    ----------
    predicted : Tracks [P, T]
        A detector's, in an order of its own.
    helper : Tracks [N, T] or None
        In the paper HQ-SAM's masks, prompted with the boxes.
    boxes : array [N, T, 4]
        x, y, width, height in pixels; a row of NaN: none.
    one_to_one : {"greedy", "hungarian", "none"}
        "greedy": best pair first, ties by lower instance, then lower prediction. "hungarian": the largest
        total score. "none": each instance takes its best prediction, which may serve several.
    min_score : float
    box_overlap : {"iou", "giou"}
    rule : {"paper", "reference"}
        "reference": each prediction goes to the annotated box with the largest GIoU, if above 0 (ties: the
        first); those of one instance are united; neither helper nor other options count.

    Raises
    ------
    vislabel.Error
        Shapes that do not fit; bad boxes; a negative ``min_score``.

    Notes
    -----
    Source: PM-VIS, Sec. III-B1 and III-C2.
    """
    video = as_tracks(predicted, "predicted")
    other = None if helper is None else as_tracks(helper, "helper")
    core, prediction, score = _core.assign(
        video._packed,
        None if other is None else other._packed,
        box_tracks(boxes, "boxes"),
        one_to_one,
        number(min_score, "min_score"),
        box_overlap,
        rule,
    )
    given = (predicted, helper, boxes)
    return Assigned(Tracks._wrap(core), like(prediction, *given), like(score, *given))


def keyframes(scm: ArrayLike, *, every: int = 10, spread: Spread = "top") -> Any:
    """Frames from which to start a tracker, int64 [N, max(1, T // every)]: those of highest SCM.

    Without frames there is none: [N, 0].

    Parameters
    ----------
    scm : array [N, T]
        As made by `scm`, of the assigned predictions and the helper.
    every : int
        K; the paper's: 10 on YouTube-VIS, 100 on OVIS.
    spread : {"top", "per_segment"}
        "top": best first, ties: the earlier frame. "per_segment": the best frame of each of as many equal
        parts of the video, in order.

    Raises
    ------
    vislabel.Error
        NaN; ``every`` below 1.

    Notes
    -----
    Source: PM-VIS, Sec. III-C3.
    """
    return like(_core.keyframes(table(scm, "scm"), integer(every, "every"), spread), scm)


def fuse_keyframes(
    tracks: Sequence[Tracks | ArrayLike],
    keyframes: ArrayLike,
    *,
    by: KeyframeChoice = "nearest",
    boxes: ArrayLike | None = None,
    box_overlap: BoxOverlap = "iou",
) -> FusedKeyframes:
    """Make one track of the tracks that were started from several keyframes of each instance.

    Parameters
    ----------
    tracks : list of K Tracks [N, T]
        Row n of the k-th was started from frame ``keyframes[n, k]``. Absent masks are no candidates.
    keyframes : int array [N, K]
        -1: no track.
    by : {"nearest", "shqm"}
        "nearest": in each frame the track of the nearest keyframe (ties: the earlier one). "shqm": the one
        that agrees best with the others; needs ``boxes``.
    boxes : array [N, T, 4], optional
    box_overlap : {"iou", "giou"}

    Raises
    ------
    vislabel.Error
        Shapes that do not fit; a keyframe outside of the video.

    Notes
    -----
    Source: PM-VIS, Sec. III-C3; the two ways are this library's.
    """
    tracks = tracks if isinstance(tracks, Tracks) else items(tracks, "tracks")
    core, winner = _core.fuse_keyframes(
        _started(tracks, "tracks"),
        indices(keyframes, "keyframes", axes=2),
        by,
        None if boxes is None else box_tracks(boxes, "boxes"),
        box_overlap,
    )
    return FusedKeyframes(Tracks._wrap(core), like(winner, *tracks, keyframes, boxes))


def missing_data(
    truth: Tracks | ArrayLike, fused: Tracks | ArrayLike, *, per: MissingPer = "frame"
) -> Filtered:
    """Remove the ground truth that has no counterpart among the pseudo-masks: no mask with pixels there.

    Parameters
    ----------
    truth, fused : Tracks [N, T]
        Row n of both is the same instance.
    per : {"frame", "instance"}
        Remove single frames of an instance, or only whole instances without any counterpart.

    Raises
    ------
    vislabel.Error
        Shapes that do not fit.

    Notes
    -----
    Source: PM-VIS, Sec. III-E1 (Missing-Data).
    """
    core, removed, kept = _core.missing_data(
        as_tracks(truth, "truth")._packed, as_tracks(fused, "fused")._packed, per
    )
    return Filtered(Tracks._wrap(core), like(removed, truth, fused), like(kept, truth, fused), None)


def remove_inaccurate(
    truth: Tracks | ArrayLike, fused: Tracks | ArrayLike, *, threshold: float = 0.6
) -> Filtered:
    """Remove the ground truth whose IoU with its pseudo-mask is below the threshold.

    Parameters
    ----------
    truth, fused : Tracks [N, T]
        Row n of both is the same instance. No pseudo-mask: IoU 0.
    threshold : float
        0 to 1; 0 removes nothing.

    Raises
    ------
    vislabel.Error
        Shapes that do not fit; a threshold out of range.

    Notes
    -----
    Source: PM-VIS, Sec. III-E2 (RIA) and Table IX.
    """
    (core, removed, kept), iou = _core.remove_inaccurate(
        as_tracks(truth, "truth")._packed,
        as_tracks(fused, "fused")._packed,
        number(threshold, "threshold"),
    )
    arrays = (like(array, truth, fused) for array in (removed, kept, iou))
    return Filtered(Tracks._wrap(core), *arrays)


def _started(tracks: Any, name: str) -> list[_core.Tracks]:
    """The tracks of several keyframes."""
    if isinstance(tracks, Tracks):
        raise Error(f"{name} is one Tracks, expected a list of them, one per keyframe")
    return [as_tracks(x, f"{name}[{k}]")._packed for k, x in enumerate(items(tracks, name))]


def _source(x: Any, name: str) -> Any:
    """A source as the extension module takes it."""
    if isinstance(x, Unassigned):
        return [as_tracks(x.tracks, name)._packed]
    if isinstance(x, Keyframed):
        return _started(x.tracks, f"{name}.tracks"), indices(x.keyframes, f"{name}.keyframes", axes=2)
    return as_tracks(x, name)._packed


def pseudo_masks(
    sources: Mapping[str, Source] | Sequence[Source],
    boxes: ArrayLike,
    *,
    helper: str | None = None,
    one_to_one: OneToOne = "greedy",
    min_score: float = 0.0,
    keyframes_by: KeyframeChoice = "nearest",
    box_overlap: BoxOverlap = "iou",
    margin: int = 0,
    doob_on: DoobOn = "fused",
    rule: Rule = "paper",
) -> PseudoMasks:
    """Fuse masks of several sources under box annotations.

    Tracks from several keyframes become one, a detector's predictions are assigned to the boxes, SHQM selects
    among the sources, and DOOB removes overlaps and what leaves the boxes.

    Parameters
    ----------
    sources : dict of name: source
        Or a list; at least two. A source is Tracks [N, T] (row n belongs to box n), `Unassigned` or
        `Keyframed`.
    boxes : array [N, T, 4]
        x, y, width, height in pixels; a row of NaN: none.
    helper : str, optional
        The source that unassigned predictions are compared with. Default: the first one that is not
        unassigned; where all are, the boxes alone decide.
    one_to_one, min_score
        As for `assign`.
    keyframes_by : {"nearest", "shqm"}
        As ``by`` of `fuse_keyframes`.
    box_overlap : {"iou", "giou"}
        In every step.
    margin : int
        As for `doob`.
    doob_on : {"fused", "sources_and_fused"}
        Whether each source is cleaned before they are compared, too; a mask of which DOOB then leaves nothing
        is absent.
    rule : {"paper", "reference"}
        As for `assign` and `doob`.

    Raises
    ------
    vislabel.Error
        Those of the steps; a helper that is no source, or is itself unassigned.

    Notes
    -----
    Source: PM-VIS, Sec. III-B to III-D.
    """
    named = _named(sources, "sources")
    names = tuple(named)
    if helper is not None and (not isinstance(helper, str) or helper not in names):
        raise Error(f"helper is {shown(helper)}, expected one of the names {', '.join(map(repr, names))}")
    if helper is not None and isinstance(named[helper][1], Unassigned):
        raise Error(
            f"helper is {shown(helper)}, whose rows are unassigned, expected a source with a row per box"
        )
    with _naming(sources=named):
        core, fused, winner, score, compared = _core.pseudo_masks(
            [_source(x, place) for place, x in named.values()],
            box_tracks(boxes, "boxes"),
            -1 if helper is None else names.index(helper),
            one_to_one,
            number(min_score, "min_score"),
            keyframes_by,
            box_overlap,
            integer(margin, "margin"),
            doob_on,
            rule,
        )
    given = (boxes, *_given(named))
    return PseudoMasks(
        Tracks._wrap(core),
        Tracks._wrap(fused),
        like(winner, *given),
        like(score, *given),
        names,
        {name: Tracks._wrap(tracks) for name, tracks in zip(names, compared, strict=True)},
    )
