"""What `train.py` learns from, what it keeps for the end, and how good a mask is that knows nothing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import vislabel as vl
from train_data import Array, Clip, Prompt, Prompts, View, prompts_of
from vislabel import Error

LEARNED = 3 / 4  # of the frames: the others are held out


@dataclass(frozen=True)
class Split:
    """Labels in two parts that have neither a frame nor a track in common.

    Held out are the frames from `first` on; to learn from are the tracks that are over before. What the other
    tracks have before `first` is in neither part.
    """

    labels: vl.Tracks
    first: int

    @classmethod
    def of(cls, labels: vl.Tracks) -> Split:
        split = cls(labels, round(LEARNED * labels.frames))
        parts = {"ends before": split.learned, "goes on after": split.held_out}
        for what, part in parts.items():
            if not part.any():
                raise Error(f"the labels have no track that {what} frame {split.first}: give a longer video")
        return split

    @property
    def seen(self) -> Array:
        """Where there are pixels, [N, T]."""
        return self.labels.area > 0

    @property
    def held_out(self) -> Array:
        """Which masks to compare with, [N, T]."""
        return self.seen & (np.arange(self.labels.frames) >= self.first)

    @property
    def learned(self) -> Array:
        """Which masks to learn from, [N, T]."""
        return self.seen & ~self.held_out.any(axis=1)[:, None]

    def prompts(self, candidates: vl.Tracks) -> list[Prompt]:
        """To learn from: the boxes of the labels, and of candidates that come near nothing that is held out."""
        (others,) = np.nonzero(self.held_out.any(axis=1))
        free = np.zeros(candidates.shape, bool)
        for t in range(self.first):
            near = vl.iou.box_iou(candidates.box[:, t], self.labels.box[others, t])
            free[:, t] = (near == 0).all(axis=1)
        return prompts_of(self.labels, self.learned) + prompts_of(candidates, free)


def baselines(split: Split) -> dict[str, float]:
    """Mean IoU with what is held out of masks that are drawn into its boxes without a look at the picture."""
    shape = (96, 48)
    y, x = (np.arange(side) / side + 0.5 / side - 0.5 for side in shape)
    (rows, columns) = np.nonzero(split.learned)
    masks, boxes = split.labels, split.labels.box
    own = [View(*map(int, boxes[n, t, [1, 0, 3, 2]])) for n, t in zip(rows, columns, strict=True)]
    average = np.zeros(shape)
    for view, n, t in zip(own, rows, columns, strict=True):
        dense = masks.frame(t)[[n]].to_dense()[0].astype(np.float64)
        average += cv2.resize(view.cut(dense), shape[::-1], interpolation=cv2.INTER_AREA) / len(own)
    drawn = {
        "the filled box": np.ones(shape),
        "the ellipse in the box": 0.25 - x**2 - y[:, None] ** 2,
        "the mean of the masks learned from": average - 0.5,
    }
    return {name: float(iou_of_shape(split, logits).mean()) for name, logits in drawn.items()}


def iou_of_shape(split: Split, logits: Array) -> Array:
    """The IoU with each held-out mask of one shape that is stretched to its box."""
    found = []
    for n, t in np.argwhere(split.held_out):
        x, y, width, height = map(int, split.labels.box[n, t])
        drawn = View(y, x, height, width).paste(logits, split.labels.size)
        found.append(vl.iou.mask_iou(drawn[None], split.labels.frame(t)[[n]])[0, 0])
    return np.array(found)
