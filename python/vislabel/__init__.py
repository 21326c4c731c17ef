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
from typing import Any

from vislabel import _core, iou, mask, select
from vislabel._arrays import integer
from vislabel._core import Error, __version__, build_info, get_num_threads
from vislabel._masks import Masks
from vislabel._tracks import Tracks

__all__ = [
    "Error",
    "Masks",
    "Tracks",
    "__version__",
    "build_info",
    "draw",
    "get_cmake_dir",
    "get_include",
    "get_num_threads",
    "io",
    "iou",
    "mask",
    "propose",
    "select",
    "set_num_threads",
]


def __getattr__(name: str) -> Any:
    """`io`, `draw` and `propose` are imported when first used: they need the extras."""
    if name in ("draw", "io", "propose"):
        return importlib.import_module(f"vislabel.{name}")
    raise AttributeError(f"module 'vislabel' has no attribute {name!r}")


def set_num_threads(n: int) -> None:
    """Let every later call use at most ``n`` threads; 0: all cores.

    Raises
    ------
    vislabel.Error
        Anything but an integer from 0 to 1024.
    """
    count = integer(n, "n")
    if not 0 <= count <= 1024:
        raise Error(f"n is {count}, expected 0 (all cores) to 1024")
    _core.set_num_threads(count)


def get_include() -> str:
    """The folder of the C++ headers, for ``#include <vislabel/...>``."""
    return str(Path(_core.__file__).parent / "include")


def get_cmake_dir() -> str:
    """The folder of the CMake package configuration, for ``cmake -Dvislabel_DIR=...``."""
    return str(Path(_core.__file__).parent / "cmake")
