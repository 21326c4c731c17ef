"""What the network of `train.py` is shown: the picture around a box, and what is labelled there.

A sample is made by a worker of the DataLoader, a fork of a process that has used threads; it compares boxes,
unpacks masks and packs new ones with vislabel itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch
import vislabel as vl
from torch.utils.data import Dataset

Array = npt.NDArray[Any]

PICTURE, MASK = (
    (96, 64),
    (48, 32),
)  # rows and columns of what the network sees, and cells of the mask it makes
CONTEXT = 1.5  # how much larger than its box a view is, in each direction
MATCHED = 0.5  # IoU from which the box of a prompt is taken for that of a label


@dataclass(frozen=True)
class View:
    """The part of a frame around a box, all of it within the frame."""

    top: int
    left: int
    height: int
    width: int

    @classmethod
    def around(cls, box: Array, size: tuple[int, int]) -> View:
        """The view of a box x, y, width, height in a frame of a size."""
        x, y = (box[:2] + box[2:] / 2).tolist()
        sides = zip(box[2:].tolist(), size[::-1], strict=True)
        width, height = (min(max(8, round(CONTEXT * side)), most) for side, most in sides)
        left, top = round(x - width / 2), round(y - height / 2)
        return cls(min(max(0, top), size[0] - height), min(max(0, left), size[1] - width), height, width)

    def cut(self, picture: Array) -> Array:
        """This part of a picture [H, W, ..]."""
        return picture[self.top : self.top + self.height, self.left : self.left + self.width]

    def shown(self, frame: Array) -> Array:
        """This part of a frame as the network sees it, float32 [96, 64, 3] from 0 to 1."""
        return cv2.resize(self.cut(frame), PICTURE[::-1]).astype(np.float32) / 255

    def cells(self, box: Array) -> Array:
        """A box of the frame, in cells of the mask."""
        across, down = MASK[1] / self.width, MASK[0] / self.height
        return (box - (self.left, self.top, 0, 0)) * (across, down, across, down)

    def paste(self, logits: Array, size: tuple[int, int]) -> Array:
        """The mask in a frame of a size, bool [H, W], that logits of the view stand for."""
        out = np.zeros(size, bool)
        self.cut(out)[:] = cv2.resize(logits, (self.width, self.height)) > 0
        return out


class Clip(NamedTuple):
    """A video in memory and what is known about it."""

    frames: Array
    """Uint8 [T, H, W, 3]."""
    labels: vl.Tracks
    """[N, T]."""


class Prompt(NamedTuple):
    """A box x, y, width, height in frame t."""

    t: int
    box: Array


class Sample(NamedTuple):
    """What is known about one prompt. In a batch: tensors of B rows, and a list of B `labels`."""

    picture: torch.Tensor
    """float32 [3, 96, 64], -0.5 to 0.5."""
    is_object: torch.Tensor
    """float32: 1 where the box of the prompt is a label's."""
    mask: torch.Tensor
    """float32 [48, 32]: how much of each cell that label covers."""
    box: torch.Tensor
    """float32 [4]: its box, in cells; NaN where there is none."""
    lab: torch.Tensor
    """float32 [3, 48, 32]: the colours of the cells in CIE Lab."""
    labels: Any
    """Masks [G, h, w]: all labels in the view, in pixels of the frame."""


class Prompts(Dataset[Sample]):
    """Every prompt `times` over, each time in another view.

    Each side of the view moves by up to `vary` of its prompt's length, its colours change, and half of the
    views are mirrored; sample i is always the same. The network is never told the box: were it told, or
    always shown the same view of it, it would learn from boxes alone to fill them.
    """

    def __init__(self, clip: Clip, prompts: Sequence[Prompt], times: int, vary: float, seed: int) -> None:
        self.clip, self.prompts, self.times, self.vary, self.seed = clip, prompts, times, vary, seed

    def __len__(self) -> int:
        return self.times * len(self.prompts)

    def __getitem__(self, i: int) -> Sample:
        t, box = self.prompts[i % len(self.prompts)]
        labels = self.clip.labels.frame(t)
        rng = np.random.default_rng((self.seed, i))
        low, high = rng.uniform(-self.vary, self.vary, (2, 2)) * box[2:]
        view = View.around(np.concatenate([box[:2] + low, box[2:] + high - low]), labels.size)
        shown = view.shown(self.clip.frames[t])
        lab = cv2.cvtColor(cv2.resize(shown, MASK[::-1], interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)
        near, mask, own = in_view(labels, view, box)
        layers = [shown * rng.uniform(0.8, 1.2, 3) - 0.5, lab, mask[..., None], near]
        if rng.random() < 0.5:
            layers = [layer[:, ::-1] for layer in layers]
            own[0] = MASK[1] - own[0] - own[2]
        picture, lab, mask, near = (np.ascontiguousarray(layer.transpose(2, 0, 1)) for layer in layers)
        return Sample(
            torch.from_numpy(picture.astype(np.float32)),
            torch.tensor(float(not np.isnan(own[0]))),
            torch.from_numpy(mask[0]),
            torch.from_numpy(own.astype(np.float32)),
            torch.from_numpy(lab),
            vl.Masks(near),
        )


def in_view(labels: vl.Masks, view: View, box: Array) -> tuple[Array, Array, Array]:
    """The labels in a view, bool [h, w, G]; of the one whose box it is, cells and box, or 0 and NaN."""
    whole = np.array([[view.left, view.top, view.width, view.height]], float)
    labels = labels[np.flatnonzero(vl.iou.box_iou(whole, labels.box)[0])]
    near = np.zeros((view.height, view.width, len(labels)), bool)
    for n, mask in enumerate(labels.to_dense()):
        near[..., n] = view.cut(mask)
    overlap = vl.iou.box_iou(box[None], labels.box)[0]
    if overlap.max(initial=0) < MATCHED:
        return near, np.zeros(MASK, np.float32), np.full(4, np.nan)
    n = overlap.argmax()
    cells = cv2.resize(near[..., n].astype(np.float32), MASK[::-1], interpolation=cv2.INTER_AREA)
    return near, cells, view.cells(labels.box[n])


def batched(samples: Sequence[Sample]) -> Sample:
    """Samples as one batch."""
    *tensors, labels = zip(*samples, strict=True)
    picture, is_object, mask, box, lab = map(torch.stack, tensors)
    return Sample(picture, is_object, mask, box, lab, list(labels))


def prompts_of(tracks: vl.Tracks, where: Array) -> list[Prompt]:
    """The box of each mask that has pixels, where [N, T] is True; frame by frame."""
    boxes = tracks.box
    return [Prompt(t, boxes[n, t]) for t, n in np.argwhere((where & (tracks.area > 0)).T).tolist()]
