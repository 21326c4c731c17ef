"""vislabel: the primitives of pseudo-labelling for video instance segmentation, exact and fast.

>>> import numpy as np, vislabel as vl
>>> video = np.zeros((2, 3, 4, 4), bool)
>>> video[0, :, :2], video[1, 1:, 1:3] = True, True
>>> tracks = vl.Tracks(video)
>>> vl.select.spatiotemporal_nms(tracks, [0.9, 0.8]).kept
array([0, 1])
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vislabel import _core, cuda, evaluate, fuse, iou, loss, mask, path, select
from vislabel._arrays import integer
from vislabel._core import Error, __version__
from vislabel._masks import Masks
from vislabel._tracks import Tracks

if TYPE_CHECKING:
    from vislabel import cues, draw, io, propose

__all__ = [
    "Error",
    "Masks",
    "Tracks",
    "__version__",
    "build_info",
    "cuda",
    "cues",
    "draw",
    "evaluate",
    "fuse",
    "get_cmake_dir",
    "get_include",
    "get_num_threads",
    "io",
    "iou",
    "loss",
    "mask",
    "path",
    "propose",
    "select",
    "set_num_threads",
]


if not TYPE_CHECKING:  # for a type checker it would give a type to every misspelt name

    def __getattr__(name: str) -> Any:
        """`cues`, `draw`, `io` and `propose` are imported when first used: they need the extras."""
        if name in ("cues", "draw", "io", "propose"):
            return importlib.import_module(f"vislabel.{name}")
        raise AttributeError(f"module 'vislabel' has no attribute {name!r}")


def set_num_threads(n: int) -> None:
    """Let every later call of the process use at most ``n`` threads; 0: the default.

    The default is the environment variable ``VISLABEL_NUM_THREADS``, read once, when the number is first
    needed; without it, or where it is 0 or empty, OpenMP's own: ``OMP_NUM_THREADS``, else all cores. Results
    are the same bits on every number. Work of less than a millisecond stays on the calling thread, and so
    does all work in a forked child of a process that had threads.

    Raises
    ------
    vislabel.Error
        Anything but an integer from 0 to 1024. For a bad ``VISLABEL_NUM_THREADS`` the first call that needs
        the number raises, unless one was set here: never the import.
    """
    count = integer(n, "n")
    if not 0 <= count <= 1024:
        raise Error(f"n is {count}, expected 0 (all cores) to 1024")
    _core.set_num_threads(count)


def get_num_threads() -> int:
    """How many threads a call may use: what `set_num_threads` chose, or the default named there."""
    return _core.get_num_threads()


def build_info() -> dict[str, str | bool]:
    """Version, compiler, whether there is OpenMP and CUDA, and the instruction set chosen on this machine."""
    return {**_core.build_info(), "cuda": bool(cuda.build_info()["built"])}


def get_include() -> str:
    """The folder of the C++ headers, for ``#include <vislabel/...>``."""
    return str(Path(_core.__file__).parent / "include")


def get_cmake_dir() -> str:
    """The folder of the CMake package configuration, for ``cmake -Dvislabel_DIR=...``."""
    return str(Path(_core.__file__).parent / "cmake")
