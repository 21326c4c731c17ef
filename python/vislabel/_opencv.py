"""The one place where OpenCV, an optional dependency, is imported."""

from __future__ import annotations

import importlib
from typing import Any

from vislabel._core import Error


def opencv(purpose: str) -> Any:
    """Return the module ``cv2``, or explain how to get it.

    Raises
    ------
    vislabel.Error
        OpenCV is missing: the message names the extra to install.
    """
    try:
        return importlib.import_module("cv2")
    except ImportError as cause:
        raise Error(f"{purpose} needs OpenCV: pip install 'vislabel[draw]'") from cause
