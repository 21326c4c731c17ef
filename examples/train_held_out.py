"""What `train.py` learns from and what it keeps for the end; how good masks are that look at no picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import vislabel as vl
from train_data import Array, Prompt, prompts_of
from vislabel import Error

LEARNED = 3 / 4  # of the frames: the others are held out
SHAPE = (96, 48)  # rows and columns of the masks that are stretched to boxes


@dataclass(frozen=True)
class Split:
    """Labels in two parts that have neither a frame nor a track in common.

    Held out are the masks of the frames from `first` on. To learn from are the tracks that end before; what
    the other tracks have in the frames before `first` is in neither part.
    """

    labels: vl.Tracks
    first: int
    held_out: Array
    """Bool [N, T]."""
    learned: Array
    """Bool [N, T]."""

    @classmethod
    def of(cls, labels: vl.Tracks) -> Split:
        """The split of labels [N, T]."""
        first = round(LEARNED * labels.frames)
        seen = labels.area > 0
        held_out = seen & (np.arange(labels.frames) >= first)
        learned = seen & ~held_out.any(axis=1, keepdims=True)
        for what, part in {"ends before": learned, "goes on after": held_out}.items():
            if not part.any():
                raise Error(f"the labels have no track that {what} frame {first}: a longer video may")
        return cls(labels, first, held_out, learned)

    def prompts(self, candidates: vl.Tracks) -> list[Prompt]:
        """To learn from: the boxes of labels, and of candidates that touch nothing that is held out."""
        others = self.labels.box[self.held_out.any(axis=1)]
        free = np.zeros(candidates.shape, bool)
        for t in range(self.first):
            free[:, t] = (vl.iou.box_iou(candidates.box[:, t], others[:, t]) == 0).all(axis=1)
        return prompts_of(self.labels, self.learned) + prompts_of(candidates, free)


def baselines(split: Split) -> dict[str, float]:
    """The mean IoU with what is held out of shapes that are stretched to its boxes."""
    x, y = ((np.arange(side) + 0.5) / side - 0.5 for side in SHAPE[::-1])
    learned = [stretched(mask.astype(np.float64), SHAPE) for mask in in_boxes(split.labels, split.learned)]
    shapes = {
        "the filled box": np.ones(SHAPE),
        "the ellipse in the box": 0.25 - x**2 - y[:, None] ** 2,
        "the mean of the masks learned from": np.mean(learned, axis=0) - 0.5,
    }
    held_out = in_boxes(split.labels, split.held_out)

    def iou(logits: Array) -> float:
        drawn = [stretched(logits, mask.shape) > 0 for mask in held_out]
        return float(
            np.mean([vl.iou.mask_iou(a[None], b[None]) for a, b in zip(drawn, held_out, strict=True)])
        )

    return {name: iou(logits) for name, logits in shapes.items()}


def in_boxes(labels: vl.Tracks, where: Array) -> list[Array]:
    """The masks where [N, T] is True, each cut out of its box."""
    found, boxes = [], labels.box.astype(int)
    for n, t in np.argwhere(where).tolist():
        x, y, width, height = boxes[n, t]
        found.append(labels.frame(t)[[n]].to_dense()[0, y : y + height, x : x + width])
    return found


def stretched(shape: Array, size: tuple[int, int]) -> Array:
    """A picture [h, w] of another size."""
    return np.asarray(cv2.resize(shape, size[::-1], interpolation=cv2.INTER_LINEAR))
