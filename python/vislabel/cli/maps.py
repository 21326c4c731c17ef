"""Background and flow of a video's frames: made from the clip, or read from a user's NumPy files.

Either way one frame after the other, never all at once.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vislabel._arrays import reason
from vislabel._core import Error
from vislabel._video import natural_order
from vislabel.cli.frames import PickedFrames, clip_of
from vislabel.cues import background_maps, flows
from vislabel.io import Video
from vislabel.io.given import PathLike

Array = npt.NDArray[Any]

_SUFFIXES = (".npy", ".npz")


def require_sources(arguments: argparse.Namespace) -> None:
    """Every map comes from somewhere, and --learn-from is of use."""
    if _needs_clip(arguments) and not arguments.video:
        unless = "--backgrounds and --flows (or --no-flow) are given"
        raise Error(f"argument --video: is left out, expected the video unless {unless}")
    if arguments.learn_from and arguments.backgrounds:
        raise Error("argument --learn-from: is of no use with --backgrounds, expected one of them")


def _needs_clip(arguments: argparse.Namespace) -> bool:
    return not arguments.backgrounds or not (arguments.flows or arguments.no_flow)


class Maps:
    """The maps of a video, and the files that they come from, each with its name in messages.

    *Errors*: clips and files that do not fit the video. While looping: what is wrong with one of the frames.
    """

    def __init__(self, arguments: argparse.Namespace, video: Video) -> None:
        self.files: list[tuple[str, PathLike]] = []
        self.backgrounds: Iterable[Array] = ()
        self.flows: Iterable[Array] | None = None
        if arguments.backgrounds:
            self.backgrounds = self._noted("--backgrounds", background_files(arguments.backgrounds, video))
        if arguments.flows:
            self.flows = self._noted("--flows", flow_files(arguments.flows, video))
        if not _needs_clip(arguments):
            return
        clip, numbers = clip_of(video, arguments, arguments.videos or arguments.results)
        self.files += [("the video", path) for path in clip.images or (clip.path,)]
        frames = PickedFrames(clip, numbers)
        if not arguments.backgrounds:
            self.backgrounds = background_maps(frames, learn_from=arguments.learn_from)
            self.files += [("--learn-from", arguments.learn_from)] if arguments.learn_from else []
        if not (arguments.flows or arguments.no_flow):
            self.flows = flows(frames)

    def _noted(self, option: str, maps: MapFiles) -> MapFiles:
        self.files += [(f"a file of {option}", path) for path in maps.files]
        return maps


class MapFiles:
    """Maps that a user brings, checked one by one while looping.

    They lie in a folder with a .npy or .npz file per frame, in natural order (2.npy before 10.npy); in one
    .npz file with an array per frame, in the order of their names; or in one .npy file with the frames as its
    first axis, which is mapped into memory.
    """

    def __init__(
        self,
        path: str,
        shape: tuple[int, ...],
        video: Video,
        holds: Callable[[Array], npt.NDArray[np.bool_]],
        wanted: str,
    ) -> None:
        self._shape, self._video, self._holds, self._wanted = shape[1:], video, holds, wanted
        self.files = [Path(path)]
        self._entries: list[tuple[str, Callable[[], Array]]]
        if os.path.isdir(path):
            found = (file for file in Path(path).iterdir() if file.suffix.lower() in _SUFFIXES)
            self.files = sorted(found, key=natural_order)
            self._entries = [(str(file), partial(_only_array, file)) for file in self.files]
        else:
            self._entries = _entries(Path(path), shape, video)
        if len(self._entries) != shape[0]:
            has = f"has {len(self._entries)} maps ({' or '.join(_SUFFIXES)})"
            raise Error(
                f"{path}: {has}, expected {shape[0]} for the {video.length} frames of video {video.id}"
            )

    def __iter__(self) -> Iterator[Array]:
        for name, load in self._entries:
            array = load()
            if array.shape != self._shape or array.dtype.kind != "f":
                has = f"shape {list(array.shape)} and dtype {array.dtype}"
                raise Error(
                    f"{name}: has {has}, expected floats {list(self._shape)} for video {self._video.id}"
                )
            bad = ~self._holds(array)
            if bad.any():
                place = np.argwhere(bad)[0].tolist()
                raise Error(f"{name}: is {array[tuple(place)]:g} at {place}, expected {self._wanted}")
            yield array


def background_files(path: str, video: Video) -> MapFiles:
    """P(background) of every frame, [H, W].

    *Errors*: what is no such file, or has another number of maps. While looping: a map of another shape or of
    integers, or with NaN or values outside [0, 1].
    """
    shape = (video.length, *video.size)
    return MapFiles(path, shape, video, lambda x: (x >= 0) & (x <= 1), "probabilities from 0 to 1")


def flow_files(path: str, video: Video) -> MapFiles:
    """The flow from every frame but the last to the next one, [H, W, 2]: x and y.

    *Errors*: as of `background_files`, but that all finite values are good.
    """
    shape = (max(0, video.length - 1), *video.size, 2)
    return MapFiles(path, shape, video, np.isfinite, "finite numbers")


def _entries(path: Path, shape: tuple[int, ...], video: Video) -> list[tuple[str, Callable[[], Array]]]:
    """The maps in one file, with the names that they have in messages."""
    loaded = _loaded(path)
    if not isinstance(loaded, np.ndarray):
        names = sorted(loaded.files, key=lambda name: natural_order(Path(name)))
        return [(f"{path}: {name}", partial(_member, path, loaded, name)) for name in names]
    if loaded.shape != shape:
        has = f"has shape {list(loaded.shape)}, expected {list(shape)}"
        raise Error(f"{path}: {has} for the {video.length} frames of video {video.id}")
    return [(f"{path}: frame {t}", partial(loaded.__getitem__, t)) for t in range(len(loaded))]


def _only_array(path: Path) -> Array:
    """The array of a file that holds one."""
    loaded = _loaded(path)
    if isinstance(loaded, np.ndarray):
        return loaded
    with loaded:
        if len(loaded.files) != 1:
            raise Error(f"{path}: has {len(loaded.files)} arrays, expected one")
        return _member(path, loaded, loaded.files[0])


def _loaded(path: Path) -> Any:
    """A mapped array, or an archive, of which no array is read yet. *Errors*: what is neither."""
    return _read(path, lambda: np.load(path, mmap_mode="r"))


def _member(path: Path, archive: Any, name: str) -> Array:
    array: Array = _read(path, lambda: archive[name])
    return array


def _read(path: Path, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except (OSError, MemoryError):
        raise
    except Exception as error:  # NumPy's, zipfile's and zlib's
        raise Error(f"{path}: cannot be read as NumPy's .npy or .npz: {reason(error)}") from None
