"""The one place where OpenCV, an optional dependency, is imported."""

from __future__ import annotations

import importlib
from typing import Any


def opencv(purpose: str) -> Any:
    """Return the module ``cv2``, or explain how to get it.

    Errors
    ------
    ``vislabel.Error`` that names the extra to install, where OpenCV is missing.
    """
    from vislabel import Error

    try:
        return importlib.import_module("cv2")
    except ImportError as cause:
        raise Error(f"{purpose} needs OpenCV, which is not installed: pip install 'vislabel[draw]'") from cause
