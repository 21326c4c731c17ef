"""vislabel: the primitives of pseudo-labelling for video instance segmentation, exact and fast.

>>> import numpy as np, vislabel as vl
>>> video = np.zeros((2, 3, 4, 4), bool)
>>> video[0, :, :2], video[1, 1:, 1:3] = True, True
>>> tracks = vl.Tracks(video)
>>> vl.select.spatiotemporal_nms(tracks, [0.9, 0.8]).kept
array([0, 1])
"""

from __future__ import annotations

from pathlib import Path

from vislabel import iou, select
from vislabel._core import Error, __version__, build_info, get_num_threads, set_num_threads
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
    "propose",
    "select",
    "set_num_threads",
]


def get_include() -> str:
    """The folder of the C++ headers, for ``#include <vislabel/...>``."""
    from vislabel import _core

    return str(Path(_core.__file__).parent / "include")


def get_cmake_dir() -> str:
    """The folder of the CMake package configuration, for ``cmake -Dvislabel_DIR=...``."""
    from vislabel import _core

    return str(Path(_core.__file__).parent / "cmake")
