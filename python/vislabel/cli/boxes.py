"""The boxes of a dataset's annotations."""

from __future__ import annotations

import numpy as np

from vislabel._arrays import Float64
from vislabel._core import Error
from vislabel.io import Annotations
from vislabel.io.given import PathLike


def boxes_of(annotations: Annotations, path: PathLike) -> Float64:
    """The boxes [N, T, 4], NaN where there is none; those of the masks for an annotation without any.

    *Errors*: a side below 0 or a number from 1e100, naming the annotation of the file.
    """
    tracks, video = annotations.tracks, annotations.video
    boxes = np.where((tracks.area > 0)[..., None], tracks.box, np.nan)
    if annotations.boxes is not None:
        given = np.flatnonzero(~np.isnan(annotations.boxes).all(axis=(1, 2)))
        boxes[given] = annotations.boxes[given]
    for n, t in np.argwhere((boxes[..., 2:] < 0).any(axis=-1) | (abs(boxes) >= 1e100).any(axis=-1)):
        number = n + 1 if annotations.ids is None else annotations.ids[n]
        raise Error(
            f"{path}: video {video.id}, annotation id {number}, bboxes[{t}]: is {boxes[n, t].tolist()}, "
            "expected numbers below 1e100 with sides of at least 0"
        )
    return boxes
