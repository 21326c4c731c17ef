"""Frames as callers have them: in a video file or a folder of images, or already read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np

from vislabel._arrays import a_type, as_array, integer
from vislabel._core import Error
from vislabel._video import Frame, Video, read_video


class Loop(Protocol):
    """What has a length and can be looped over more than once: arrays, lists, a `Video`."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...


#: A path, or frames [H, W, 3] of uint8, RGB.
Frames: TypeAlias = str | Path | Loop


class Given:
    """The frames [start, stop) that a caller has read; `path` is what they are called in messages.

    *Errors*, also while looping: what are no frames, or not all of one size.
    """

    def __init__(self, frames: Any, path: str, start: int, stop: int | None) -> None:
        loops = isinstance(frames, Sized) and isinstance(frames, Iterable)
        if not loops or isinstance(frames, str | bytes | Mapping):
            wanted = "a path, or frames that have a length and can be looped over more than once"
            raise Error(f"{path} is {a_type(frames)}, expected {wanted}")
        count = len(frames)
        self.path, self._frames = path, frames
        self._start, self._stop = start, count if stop is None else stop
        if not 0 <= self._start < self._stop <= count:
            given = f"the range [{start}, {'the end' if stop is None else stop})"
            raise Error(f"{path} has {count} frames, expected some of them in {given}")
        self.size = next(self._checked(None)).shape[:2]

    def __len__(self) -> int:
        return self._stop - self._start

    def __iter__(self) -> Iterator[Frame]:
        return self._checked(self.size)

    def _checked(self, size: tuple[int, ...] | None) -> Iterator[Frame]:
        for t, given in islice(enumerate(self._frames), self._start, self._stop):
            frame = as_array(given, f"{self.path}[{t}]")
            if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8 or not frame.size:
                what = f"shape {list(frame.shape)} and dtype {frame.dtype}"
                raise Error(f"{self.path}[{t}] has {what}, expected [H, W, 3] of uint8")
            if size is not None and frame.shape[:2] != size:
                raise Error(f"{self.path}[{t}] has size {frame.shape[:2]}, expected {size} like the first")
            yield np.ascontiguousarray(frame)


Clip: TypeAlias = Video | Given


def opened(frames: Frames, name: str, start: int = 0, stop: int | None = None) -> Clip:
    """The frames [start, stop), of which number and size are known.

    *Errors*: what `read_video` raises; frames that are none.
    """
    if isinstance(frames, str | Path):
        return read_video(frames, start=start, stop=stop)
    stop = None if stop is None else integer(stop, "stop")
    path = str(getattr(frames, "path", name))  # a `Video` knows where it is from
    return Given(frames, path, integer(start, "start"), stop)
