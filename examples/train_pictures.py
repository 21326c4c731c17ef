"""Pictures of a training: the course of loss and IoU, and masks of instances that were held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
import vislabel as vl
from train_data import Array, Clip, View
from vislabel._lettering import BLACK, GREY, write

INKS = {"masks": (0, 110, 220), "boxes": (220, 90, 0)}
GREEN = (0, 170, 60)
HEIGHT, WIDTH, MARGIN = 400, 560, 64  # pixels of a panel, and around it
POINTS = 40  # of the curve of the loss: each is a mean
INSTANCES = 12  # on the sheet of held-out masks
CELL = 200  # pixels of its cells before they are put together


@dataclass
class Course:
    """How a training went: the loss of each step, and the IoU of held-out masks after some of them."""

    losses: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    ious: list[float] = field(default_factory=list)

    def check(self, iou: float) -> None:
        """Note the IoU after the steps so far."""
        self.steps.append(len(self.losses))
        self.ious.append(iou)


def curves(courses: Mapping[str, Course], baselines: Mapping[str, float]) -> Array:
    """Beside each other: the loss, as a share of what it was at first, and the IoU of held-out masks."""
    left, right = _panel("loss, as a share of the first"), _panel("mean IoU with the held-out labels")
    last = max(own.steps[-1] for own in courses.values())
    for k, (mode, own) in enumerate(courses.items()):
        parts = np.array_split(own.losses, min(POINTS, len(own.losses)))
        ends = np.cumsum([len(part) for part in parts])
        means = np.array([part.mean() for part in parts])
        for panel, steps, values in ((left, ends, means / means[0]), (right, own.steps, own.ious)):
            points = [(_x(s / last), _y(v)) for s, v in zip(steps, values, strict=True)]
            cv2.polylines(panel, [np.array(points, np.int32)], False, INKS[mode], 2, cv2.LINE_AA)
            write(panel, f"from {mode}", (MARGIN + 130 * k, MARGIN - 12), 0.5, INKS[mode])
    for name, value in baselines.items():
        right[_y(value), MARGIN : MARGIN + WIDTH : 4] = GREY
        write(right, f"{name}: {value:.2f}", (MARGIN + WIDTH // 2, _y(value) - 3), 0.42, GREY)
    for panel in (left, right):
        write(panel, f"step {last}", (MARGIN + WIDTH - 60, MARGIN + HEIGHT + 22), 0.45, GREY)
    return np.concatenate([left, right], axis=1)


def _panel(title: str) -> Array:
    """An empty panel with a scale from 0 to 1."""
    out = np.full((HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN, 3), 255, np.uint8)
    write(out, title, (MARGIN, MARGIN - 36), 0.6, BLACK)
    for share in np.linspace(0, 1, 6):
        out[_y(share), MARGIN : MARGIN + WIDTH] = 225
        write(out, f"{share:.1f}", (MARGIN - 36, _y(share) + 5), 0.45, GREY)
    return out


def _x(share: float) -> int:
    return round(MARGIN + WIDTH * share)


def _y(share: float) -> int:
    return round(MARGIN + HEIGHT * (1 - min(max(share, 0), 1)))


def sheet(clip: Clip, where: Array, made: Mapping[str, vl.Tracks]) -> Array:
    """Instances `where` [N, T] is True: as they are, with their label, and with the masks of each mode."""
    labels, sources = clip.labels, {"label": clip.labels, **made}
    iou = {name: vl.iou.frame_iou(own, labels).diagonal().T for name, own in made.items()}
    cells, captions = [], []
    for n, t in spread(where, INSTANCES):
        view = View.around(_square(labels.box[n, t]), labels.size)
        picture = _enlarged(view.cut(clip.frames[t]))
        cells.append(picture)
        captions.append(f"track {n + 1}, frame {t}")
        for name, own in sources.items():
            mask = _enlarged(view.cut(own.frame(t)[[n]].to_dense()[0]))
            ink = INKS.get(name, GREEN)
            cells.append(vl.draw.overlay(picture, _one(mask), 0, ids=[n + 1], alpha=0.4, colours=[ink]))
            captions.append(f"from {name}: {iou[name][n, t]:.2f}" if name in iou else "pseudo-label")
    return vl.draw.contact_sheet(cells, columns=2 * (1 + len(sources)), captions=captions)


def spread(where: Array, count: int) -> list[tuple[int, int]]:
    """Up to `count` places where [N, T] is True, of as many rows as possible, far apart in each."""
    columns = {n: np.flatnonzero(row).tolist() for n, row in enumerate(where) if row.any()}
    each = -(-count // len(columns))
    places = [
        (n, own[len(own) * (2 * k + 1) // (2 * each)]) for k in range(each) for n, own in columns.items()
    ]
    return sorted(list(dict.fromkeys(places))[:count])


def _one(mask: Array) -> vl.Tracks:
    return vl.Tracks(mask[None, None])


def _square(box: Array) -> Array:
    """The square around a box."""
    side = box[2:].max()
    return np.concatenate([box[:2] + (box[2:] - side) / 2, [side, side]])


def _enlarged(picture: Array) -> Array:
    """A picture [h, w, ..] with pixels repeated until it is `CELL` high."""
    height, width = picture.shape[:2]
    columns = np.arange(max(1, round(CELL * width / height))) * height // CELL
    rows = np.arange(CELL) * height // CELL
    out: Array = picture[rows[:, None], columns.clip(max=width - 1)]
    return out
