"""Which frames of a clip a video holds, and how the frames of two rounds lie in one another.

A round may have dropped frames, or have been made of another part of the clip; then names tell which are the
same. A video without names gets invented ones, which only number its frames.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vislabel._core import Error
from vislabel._tracks import Tracks
from vislabel._video import Frame, read_video
from vislabel._video import Video as Clip
from vislabel.cli.terminal import at_least
from vislabel.io import Dataset, Detections, Results, Video
from vislabel.io.given import PathLike

Ints = npt.NDArray[np.int64]


def invented_names(video_id: int, length: int) -> tuple[str, ...]:
    """The names of frames that nobody has named."""
    return tuple(f"{video_id}/{t:05d}.jpg" for t in range(length))


def has_invented_names(video: Video) -> bool:
    """Whether the names only number the frames; they may be fewer than were numbered."""
    numbers = frame_indices(video)
    return all(name == f"{video.id}/{t:05d}.jpg" for name, t in zip(video.file_names, numbers, strict=True))


def frame_indices(video: Video) -> list[int]:
    """Which frames of the clip a video's frames are: all of them, unless the file says otherwise."""
    return list(video.extra.get("frame_indices", range(video.length)))


def clip_frames(video: Video, start: int) -> list[int]:
    """The numbers of the video's frames in a clip, of which `start` is the first that it was made of.

    *Errors*: `start` repeats what `frame_indices` say, but says something else.
    """
    indices = frame_indices(video)
    # Named frames may be numbered from the clip's start already, as `propose` does, and `start` repeat it.
    if start and indices[0] >= start and not has_invented_names(video):
        if indices[0] > start:
            raise Error(
                f"argument --start: is {start}, but frame_indices of video {video.id} start at {indices[0]}: "
                "leave it out if they count from the first frame of the clip"
            )
        start = 0
    return [start + index for index in indices]


def add_frame_arguments(parser: argparse.ArgumentParser, video: str = "the dataset") -> None:
    """--start, --stop and --video-id, as `clip_of` and `chosen_video` or `chosen_results` take them."""
    parser.add_argument(
        "--start",
        type=at_least(0),
        default=0,
        metavar="N",
        help=f"the first frame is the video's N-th (0, or what the frame_indices of {video} say)",
    )
    parser.add_argument(
        "--stop",
        type=at_least(1),
        metavar="N",
        help=f"frame to stop before (the end, or what the frame_indices of {video} say)",
    )
    parser.add_argument("--video-id", type=int, metavar="ID", help="which video of the file (the only one)")


def clip_of(video: Video, arguments: argparse.Namespace, source: PathLike) -> tuple[Clip, list[int]]:
    """The clip that a video of the file `source` is of, and which of the clip's frames it has.

    *Units and conventions*: `arguments` are --video's path and those of `add_frame_arguments`. The clip goes
    from the video's first frame to its last; the video may have left out some between.
    *Errors*: another number or size of frames; a --stop that contradicts --start or the video.
    """
    numbers = _numbers(video, arguments, source)
    clip = read_video(arguments.video, start=numbers[0], stop=numbers[-1] + 1)
    if clip.size != video.size:
        raise Error(
            f"{arguments.video}: has frames of size {clip.size}, expected {video.size} as video "
            f"{video.id} of {source}"
        )
    return clip, numbers


@dataclass(frozen=True)
class PickedFrames:
    """The frames of a clip that a video has, by their numbers in the file; every loop reads them anew."""

    clip: Clip
    numbers: Sequence[int]

    @property
    def path(self) -> Path:
        """Of the clip."""
        return self.clip.path

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Frame]:
        wanted = set(self.numbers)
        return (frame for number, frame in enumerate(self.clip, self.clip.start) if number in wanted)


def _numbers(video: Video, arguments: argparse.Namespace, source: PathLike) -> list[int]:
    start, stop = arguments.start, arguments.stop
    if stop is not None and stop <= start:
        raise Error(f"argument --stop: is {stop}, expected more than --start, which is {start}")
    numbers = clip_frames(video, start)
    if "frame_indices" in video.extra:
        if stop is not None and stop <= numbers[-1]:
            raise Error(
                f"argument --stop: is {stop}, but video {video.id} goes up to frame {numbers[-1]} of the clip"
            )
        return numbers
    if stop is None:
        stop = read_video(arguments.video, start=start).stop
    if stop - start != video.length:
        raise Error(
            f"{arguments.video}: has {stop - start} frames from {start} to {stop - 1}, "
            f"expected {video.length} as video {video.id} of {source}: choose by --start and --stop"
        )
    return numbers


def chosen_video(dataset: Dataset, wanted: int | None) -> Video:
    """The video of an id, or the only one.

    *Errors*: there is none, or several; one without frames.
    """
    if wanted is None and not dataset.videos:
        raise Error(f"{dataset.path}: has no videos: nothing was selected")
    ids = [video.id for video in dataset.videos]
    video = dataset.video(_only(ids, "", dataset.path) if wanted is None else wanted)
    if not video.length:
        raise Error(f"{dataset.path}: video {video.id} has no frames")
    return video


def chosen_results(results: Results, wanted: int | None) -> Detections:
    """The results of the video of an id, or of the only one.

    *Errors*: there are none, or those of several videos; a video without frames, results without masks.
    """
    if wanted is None and not results.video_ids:
        raise Error(f"{results.path}: has no results: nothing was proposed")
    found = results.video(_only(results.video_ids, "results of ", results.path) if wanted is None else wanted)
    if not found.tracks.present.any():
        raise Error(f"{results.path}: video {found.video_id} has no masks: nothing was proposed")
    return found


def _only(ids: Sequence[int], what: str, path: PathLike) -> int:
    if len(ids) != 1:
        first = ", ".join(str(given) for given in ids[:10])
        more = ", .." if len(ids) > 10 else ""
        raise Error(f"{path}: has {what}{len(ids)} videos ({first}{more}): choose one by --video-id ID")
    return ids[0]


def video_of(detections: Detections, old: Video | None) -> Video:
    """The video of results that come without one: as the round before has it, or with invented names."""
    frames, (height, width) = detections.tracks.frames, detections.tracks.size
    if old is not None and not detections.tracks.present.any():
        height, width = old.size
    if old is not None and old.length == frames:
        return replace(old, width=width, height=height)
    names = invented_names(detections.video_id, frames)
    return Video(detections.video_id, width, height, frames, names)


def sized(detections: Detections, video: Video) -> Detections:
    """The detections in the size of their video, where no mask has told it."""
    if detections.tracks.present.any():
        return detections
    nothing = [[None] * video.length] * len(detections)
    return replace(detections, tracks=Tracks.from_rle(nothing, video.size, frames=video.length))


def cut(video: Video, frames: Ints) -> Video:
    """The video with some of its frames only; `frame_indices` then tells which of the clip they are."""
    if len(frames) == video.length:
        return video
    names = tuple(video.file_names[t] for t in frames)
    indices = frame_indices(video)
    extra = {**video.extra, "frame_indices": [indices[t] for t in frames]}
    return replace(video, length=len(frames), file_names=names, extra=extra)


def aligned(old: Video, video: Video, source: str) -> tuple[Video, Ints, Ints]:
    """The frames of two rounds as one video [T], and which of them the old and the new one hold.

    *Units and conventions*: by name; by position where two videos of one length have the same names, or
    where those of one are invented. Other keys are those of both, the new video's first.
    *Errors*: no name in common, another order, or an order that cannot be known.
    """
    numbered = any(video.file_names == invented_names(video.id, video.length) for video in (old, video))
    if old.length == video.length and (numbered or old.file_names == video.file_names):
        every = np.arange(video.length, dtype=np.int64)
        named = old if has_invented_names(video) else video
        return _joined(old, video, named.file_names, named), every, every
    known, given = set(old.file_names), set(video.file_names)
    unknown = [name for name in old.file_names if name not in given]
    if unknown and (not known & given or has_invented_names(video)):
        raise Error(
            f"{source}: video {old.id} has {old.length} frames, the results {video.length}, and frame "
            f'"{unknown[0]}" is not among theirs: give the names by --videos FILE'
        )
    if known <= given:
        whole = _joined(old, video, video.file_names, video)
    elif given <= known:
        whole = _joined(old, video, old.file_names, old)
    else:
        whole = _united(old, video, source)
    places = {name: t for t, name in enumerate(whole.file_names)}
    both = [np.array([places[name] for name in part.file_names], np.int64) for part in (old, video)]
    if any((np.diff(frames) <= 0).any() for frames in both):
        raise Error(f"{source}: video {old.id}: file_names are in another order than those of the results")
    return whole, both[0], both[1]


def _joined(old: Video, video: Video, names: Sequence[str], numbers: Video | list[int] | None) -> Video:
    """A video with the keys of both; the frames' numbers are those given, or of a video that has them."""
    extra = {**old.extra, **video.extra}
    extra.pop("frame_indices", None)
    if isinstance(numbers, Video):
        numbers = numbers.extra.get("frame_indices")
        if numbers is None and old.file_names == video.file_names:
            numbers = old.extra.get("frame_indices")
    if numbers is not None:
        extra["frame_indices"] = numbers
    return replace(video, length=len(names), file_names=tuple(names), extra=extra)


def _united(old: Video, video: Video, source: str) -> Video:
    """The frames of two videos of which none has all: in the order of the clip, or of what both have."""
    before, after = (dict(zip(v.file_names, frame_indices(v), strict=True)) for v in (old, video))
    numbers = {**before, **after}
    agree = all(before[name] == after[name] for name in before.keys() & after.keys())
    if agree and len(set(numbers.values())) == len(numbers):
        names = sorted(numbers, key=numbers.__getitem__)
        return _joined(old, video, names, [numbers[name] for name in names])
    if "frame_indices" in old.extra or "frame_indices" in video.extra:
        raise Error(
            f"{source}: video {old.id}: frame_indices disagree with those of the results' video, "
            "expected the same number for the same file name"
        )
    return _joined(old, video, _interleaved(old, video, source), None)


def _interleaved(old: Video, video: Video, source: str) -> list[str]:
    """The names of both, where what lies between two common ones is of one video only."""
    common = set(old.file_names) & set(video.file_names)
    anchors, olds = _gaps(old.file_names, common)
    others, news = _gaps(video.file_names, common)
    if anchors != others:
        raise Error(f"{source}: video {old.id}: file_names are in another order than those of the results")
    out: list[str] = []
    for left, right, anchor in zip(olds, news, [*anchors, None], strict=True):
        if left and right:
            raise Error(
                f'{source}: video {old.id}: whether frame "{left[0]}" comes before "{right[0]}" of the '
                "results is not known: give frame_indices by --videos FILE"
            )
        out += [*left, *right, *([] if anchor is None else [anchor])]
    return out


def _gaps(names: Sequence[str], common: set[str]) -> tuple[list[str], list[list[str]]]:
    """The common names, and the others before, between and after them."""
    anchors: list[str] = []
    gaps: list[list[str]] = [[]]
    for name in names:
        if name in common:
            anchors.append(name)
            gaps.append([])
        else:
            gaps[-1].append(name)
    return anchors, gaps
