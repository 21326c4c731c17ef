"""The pseudo-labels of one video, and their merge with those of the round before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vislabel import Tracks, select
from vislabel._core import Error
from vislabel.cli.frames import aligned, cut
from vislabel.io import Annotations, Video

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Labels:
    """The pseudo-labels of one video in one round.

    *Shapes*: `tracks` [K, T']; `frames` [T'], of the video's T; `quality` [K, T']; `scores`, `labels`,
    `extra` [K].
    """

    tracks: Tracks
    frames: Ints
    quality: Floats
    scores: Floats
    labels: Ints
    extra: list[dict[str, Any]]

    def annotations(self, video: Video) -> Annotations:
        """As a dataset holds them, with the keys score and quality."""
        extra = [
            {**given, "score": float(score), "quality": quality}
            for given, score, quality in zip(
                self.extra, self.scores, _or_null(self.quality, self.tracks.present), strict=True
            )
        ]
        return Annotations(cut(video, self.frames), self.tracks, self.labels, extra=extra)


def merged(
    old: Annotations, new: Labels, video: Video, source: str, options: dict[str, Any]
) -> tuple[Annotations, int]:
    """Merge a round into the one before, and count the tracks that matched.

    *Units and conventions*: the frames are those of either round; a round is absent from a frame it dropped.
    A matched track keeps the category and the other keys of the old one and takes the score of the new one;
    the quality of a frame goes with the mask. *Errors*: rounds whose frames or sizes do not fit.
    """
    if old.video.size != video.size:
        raise Error(
            f"{source}: video {video.id} has size {old.video.size}, expected {video.size} as the results have"
        )
    whole, old_frames, places = aligned(old.video, video, source)
    new_frames = places[new.frames]
    frames = np.union1d(old_frames, new_frames).astype(np.int64)
    before = _spread(old.tracks, old_frames, frames)
    after = _spread(new.tracks, new_frames, frames)
    both = select.merge_rounds(before, after, **options)
    old_extra = [dict(extra) for extra in old.extra] or [{} for _ in range(len(old))]
    qualities = _merged_qualities(
        [_placed(_quality_of(extra, len(old_frames)), old_frames, frames) for extra in old_extra],
        [_placed(quality, new_frames, frames) for quality in new.quality],
        _counts(before, options["rule"]),
        _counts(after, options["rule"]),
        both.match,
    )
    extras = old_extra + [{} for _ in range(len(both.tracks) - len(old))]
    labels = np.concatenate([old.labels, np.zeros(len(both.tracks) - len(old), np.int64)])
    for m, row in enumerate(both.match):
        if row >= len(old):
            extras[row], labels[row] = dict(new.extra[m]), new.labels[m]
        extras[row]["score"] = float(new.scores[m])
    for extra, quality in zip(extras, _or_null(qualities, both.tracks.present), strict=True):
        extra["quality"] = quality
    crowd = np.zeros(len(both.tracks), np.bool_)
    crowd[: len(old)] = False if old.crowd is None else old.crowd
    out = Annotations(cut(whole, frames), both.tracks, labels, crowd=crowd, extra=extras)
    return out, int((both.match < len(old)).sum())


def _spread(tracks: Tracks, frames: Ints, wanted: Ints) -> Tracks:
    """The tracks over other frames, absent where they have none."""
    if np.array_equal(frames, wanted):
        return tracks
    places = np.searchsorted(wanted, frames)
    rows: list[list[Any]] = []
    for row in tracks.to_rle():
        wide: list[Any] = [None] * len(wanted)
        for place, rle in zip(places, row, strict=True):
            wide[place] = rle
        rows.append(wide)
    return Tracks.from_rle(rows, tracks.size, frames=len(wanted))


def _placed(quality: Floats, frames: Ints, wanted: Ints) -> Floats:
    out = np.full(len(wanted), np.nan)
    out[np.searchsorted(wanted, frames)] = quality
    return out


def _quality_of(extra: dict[str, Any], frames: int) -> Floats:
    """The quality written by an earlier round, NaN where there is none."""
    given = extra.get("quality")
    if not isinstance(given, list) or len(given) != frames:
        return np.full(frames, np.nan)
    return np.array(
        [value if isinstance(value, int | float) else np.nan for value in given], dtype=np.float64
    )


def _counts(tracks: Tracks, rule: str) -> npt.NDArray[np.bool_]:
    """Where a round has the say in a frame, as `merge_rounds` decides."""
    there: npt.NDArray[np.bool_] = tracks.present if rule == "reference" else tracks.area > 0
    return there


def _merged_qualities(
    old: Sequence[Floats],
    new: Sequence[Floats],
    old_counts: npt.NDArray[np.bool_],
    new_counts: npt.NDArray[np.bool_],
    match: Ints,
) -> list[Floats]:
    """The quality that goes with the mask that `merge_rounds` took, frame by frame."""
    rows = [quality.copy() for quality in old]
    say = [row.copy() for row in old_counts]
    for m, row in enumerate(match):
        if row >= len(rows):
            rows.append(new[m].copy())
            say.append(new_counts[m].copy())
            continue
        wins = new_counts[m] | ~say[row]
        rows[row][wins] = new[m][wins]
        say[row] |= new_counts[m]
    return rows


def _or_null(
    qualities: Sequence[Floats] | Floats, present: npt.NDArray[np.bool_]
) -> list[list[float | None]]:
    return [
        [
            float(value) if there and np.isfinite(value) else None
            for value, there in zip(row, flags, strict=True)
        ]
        for row, flags in zip(qualities, present, strict=True)
    ]
