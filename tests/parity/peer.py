"""pycocotools as the other side of a comparison, and what it cannot do with NumPy 2."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco


def areas(rles: list[Any]) -> NDArray[np.int64]:
    """`coco.area` of any number of masks: beyond 255 at once it raises OverflowError."""
    parts = [coco.area(rles[i : i + 255]) for i in range(0, len(rles), 255)]
    return np.concatenate([np.zeros(0, np.int64), *parts]).astype(np.int64)


def assert_alike(ours: Any, theirs: Any) -> None:
    """Equal to the last bit, of the same types, dtypes, shapes and order in memory, all the way down."""
    assert type(ours) is type(theirs)
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        assert_alike(list(ours.values()), list(theirs.values()))
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_alike(one, other)
    elif isinstance(theirs, (np.ndarray, np.generic)):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        assert str(ours.flags) == str(theirs.flags)
        assert ours.tobytes() == theirs.tobytes()
    else:
        assert ours == theirs
