"""Around what pycocotools 2.0.11 cannot do with NumPy 2."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco


def areas(rles: list[Any]) -> NDArray[np.int64]:
    """`coco.area` of any number of masks: beyond 255 at once it raises OverflowError."""
    parts = [coco.area(rles[i : i + 255]) for i in range(0, len(rles), 255)]
    return np.concatenate([np.zeros(0, np.int64), *parts]).astype(np.int64)
