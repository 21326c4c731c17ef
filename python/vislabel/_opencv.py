"""The one place where OpenCV, an optional dependency, is imported."""

from __future__ import annotations

import functools
import importlib
import os
import sys
from typing import Any

from vislabel._core import Error

# OpenCV's LOG_LEVEL_SILENT and LOG_LEVEL_WARNING, which not every version exports.
SILENT_LEVEL, DEFAULT_LEVEL = 0, 3


def opencv(purpose: str) -> Any:
    """Return the module ``cv2``, or explain how to get it.

    OpenCV and FFmpeg write lines of their own to stderr about a broken file, which vislabel names in an
    `Error`. The first call turns them off for the process and its children, unless the user has chosen what
    they say: by the variables OPENCV_LOG_LEVEL, OPENCV_FFMPEG_LOGLEVEL and OPENCV_FFMPEG_DEBUG, or by a level
    other than OpenCV's default. FFmpeg listens only until the process opens its first video.

    Raises
    ------
    vislabel.Error
        OpenCV is missing: the message names the extra to install.
    """
    _silence()
    try:
        return importlib.import_module("cv2")
    except ImportError as cause:
        raise Error(f"{purpose} needs OpenCV: pip install 'vislabel[draw]'") from cause


@functools.cache  # once: whoever raises the level later wants to hear
def _silence() -> None:
    level_chosen = "OPENCV_LOG_LEVEL" in os.environ
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    if "OPENCV_FFMPEG_DEBUG" not in os.environ:
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET
    cv2 = sys.modules.get("cv2")
    if cv2 is not None and not level_chosen:
        # It was imported before the variable was set. OpenCV 4.8 has the two functions in cv2 itself.
        logging = getattr(cv2.utils, "logging", cv2)
        if logging.getLogLevel() == DEFAULT_LEVEL:
            logging.setLogLevel(SILENT_LEVEL)
