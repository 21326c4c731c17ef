"""Frames of a video file or of a folder of images, streamed: the one place that reads videos.

A `Video` holds names and sizes, never frames; every loop over it reads the frames anew, so that a caller
may make several passes in constant memory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vislabel._arrays import integer
from vislabel._core import Error
from vislabel._opencv import opencv

Frame = NDArray[np.uint8]

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Video:
    """The frames [start, stop) of a video: ``len`` of them, each [H, W, 3] uint8 RGB when looped over.

    Attributes
    ----------
    path : Path
    size : (H, W)
    start, stop : int
        Numbers of the first frame and of the one behind the last.
    names : tuple of T str
        The frames' names, as YouTube-VIS files want them: ``<video>/<file>`` for images,
        ``<video>/<frame number, five digits>.jpg`` for the frames of a file.
    images : tuple of T Path
        The files, where the video is a folder of images.

    Raises
    ------
    vislabel.Error
        While looping: a frame that cannot be read any more, or of another size than the first.
    """

    path: Path
    size: tuple[int, int]
    start: int
    stop: int
    names: tuple[str, ...]
    images: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return self.stop - self.start

    def __iter__(self) -> Iterator[Frame]:
        read = _read_images(self.images) if self.images else _read_stream(self.path, self.start)
        count = 0
        for frame in islice(read, len(self)):
            if frame.shape[:2] != self.size:
                raise Error(
                    f"{self.names[count]}: frame {self.start + count} of {self.path} has size "
                    f"{frame.shape[:2]}, expected {self.size} like the first"
                )
            yield frame
            count += 1
        if count < len(self):
            raise Error(f"frame {self.start + count} of {self.path} cannot be read any more")


def read_video(path: str | Path, *, start: int = 0, stop: int | None = None) -> Video:
    """Open a video file, a folder of images (in natural order: 2.png before 10.png) or a single image.

    Parameters
    ----------
    path : str or Path
    start, stop : int
        Frames, numbered from 0; `stop` is exclusive, None means the end. The frames up to `stop` are counted
        by walking through the file, because the count in a video's header is only a guess. A file that ends
        earlier than its header says is therefore read up to where it ends, without `stop`.

    Raises
    ------
    vislabel.Error
        A path that does not exist, holds no images or cannot be decoded; a name that is not UTF-8; a start or
        stop that is no integer, a range that is empty or reaches beyond the end; OpenCV missing.
    """
    path, start = Path(path), integer(start, "start")
    stop = None if stop is None else integer(stop, "stop")
    for name, value in (("start", start), ("stop", stop)):
        if value is not None and value < 0:
            raise Error(f"{name} is {value}, expected at least 0")
    if stop is not None and stop <= start:
        raise Error(f"the range of frames [{start}, {stop}) of {path} is empty, expected start < stop")
    if not path.exists():
        raise Error(f"{path} does not exist, expected a video file or a folder of images")
    single = path.suffix.lower() in IMAGE_SUFFIXES
    images = _image_files(path) if path.is_dir() else ((path,) if single else ())
    count = len(images) if images else sum(1 for _ in islice(_grab_stream(path), stop))
    if stop is not None and stop > count:
        raise Error(f"{path} has {count} frames, expected at least stop = {stop}")
    if start >= count:
        raise Error(f"{path} has {count} frames, expected more than start = {start}")
    stop = count if stop is None else stop
    images = images[start:stop]
    files = [image.name for image in images] or [f"{t:05d}.jpg" for t in range(start, stop)]
    folder = path.resolve().stem  # "." has no name of its own
    names = tuple(f"{folder}/{file}" for file in files)
    for name in names:
        _require_utf8(name)
    first = next(_read_images(images) if images else _read_stream(path, start), None)
    if first is None:
        raise Error(f"frame {start} of {path} cannot be read")
    return Video(path, (first.shape[0], first.shape[1]), start, stop, names, images)


def _image_files(folder: Path) -> tuple[Path, ...]:
    files = [file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES]
    if not files:
        raise Error(f"{folder} holds no images ({', '.join(sorted(IMAGE_SUFFIXES))})")
    return tuple(sorted(files, key=natural_order))


def natural_order(file: Path) -> tuple[list[tuple[int, str]], str]:
    """What files are sorted by: numbers as numbers; the name decides between 1.png and 01.png."""
    parts = re.split(r"(\d+)", file.name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], file.name


def _require_utf8(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError as cause:
        shown = name.encode(errors="backslashreplace").decode()
        raise Error(f"the name {shown} is not UTF-8, as OpenCV and JSON files need it") from cause


def _grab_stream(path: Path) -> Iterator[Any]:
    cv2 = opencv("reading videos")
    # VideoCapture crashes the interpreter on other names (opencv-python 5.0.0).
    _require_utf8(str(path))
    # With a folder in front, FFmpeg takes a name like http:clip.avi for a file.
    stream = cv2.VideoCapture(os.path.join(os.curdir, path))
    try:
        if not stream.isOpened():
            raise Error(f"{path} cannot be read as a video")
        while stream.grab():
            yield stream
    finally:
        stream.release()


def _read_stream(path: Path, start: int) -> Iterator[Frame]:
    cv2 = opencv("reading videos")
    for stream in islice(_grab_stream(path), start, None):
        decoded, frame = stream.retrieve()
        if not decoded:
            return
        yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)


def _read_images(files: tuple[Path, ...]) -> Iterator[Frame]:
    cv2 = opencv("reading images")
    for file in files:
        # Bytes first: cv2.imread prints a warning and cannot tell a missing file from a broken one.
        try:
            data = file.read_bytes()
        except OSError as cause:
            raise Error(f"{file} cannot be read as an image: {cause.strerror}") from cause
        # libpng, which no log level silences, is not shown a file cut short: it would refuse it, too.
        whole = b"IEND" in data if data.startswith(PNG_SIGNATURE) else bool(data)
        try:
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if whole else None
        except cv2.error as cause:  # more pixels than OpenCV takes, or than memory holds
            raise Error(f"{file} cannot be read as an image: OpenCV says {cause.err}") from cause
        if image is None:
            raise Error(f"{file} cannot be read as an image")
        yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
