"""Pictures of PM-VIS's fusion: what each source says about an instance, who wins, and what DOOB takes away.

`./dev demo` draws them after `vislabel fuse`. One sheet shows one frame, close up, in six cells: the masks of
the three sources, each in a colour of its own; the winner of each instance in the colour of its source; the
winners before and after DOOB in the colours of the instances, and what DOOB takes away in white.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import vislabel as vl
from vislabel.propose import Video

Array = npt.NDArray[Any]

COLOURS = {"background": (255, 150, 0), "flow": (0, 200, 255), "grabcut": (255, 60, 220)}
TITLES = {
    "background": "background subtraction (orange)",
    "flow": "optical flow (blue)",
    "grabcut": "GrabCut in each box, a stand-in for HQ-SAM (pink)",
}
CELL = (396, 528)  # pixels of a cell, of which three make a sheet of 1600
APART = 12  # fewest frames between two sheets
SHEETS = 2  # of each kind


@dataclass(frozen=True)
class Fusion:
    """What the fusion of one video came from and came to: `vislabel fuse` computes the same."""

    ids: list[int]
    boxes: Array  # [N, T, 4]
    masks: vl.fuse.PseudoMasks


def read_fusion(boxes: Path, sources: dict[str, Path], helper: str) -> Fusion:
    """Fuse again what `vislabel fuse` was given, to see every step of it."""
    (annotations,) = vl.io.read_dataset(boxes)
    given: dict[str, Any] = {}
    for name, path in sources.items():
        (found,) = vl.io.read_results(path)
        given[name] = found.tracks if name == helper else vl.fuse.Unassigned(found.tracks)
    assert annotations.boxes is not None
    assert annotations.ids is not None
    masks = vl.fuse.pseudo_masks(given, annotations.boxes, helper=helper)
    return Fusion(annotations.ids.tolist(), annotations.boxes, masks)


def draw(fusion: Fusion, video: Video, folder: Path) -> list[Path]:
    """One sheet per moment in which something is to be seen."""
    kinds = {"sources": disagreement(fusion), **taken(fusion)}
    moments: list[tuple[str, int, int]] = []
    for kind, values in kinds.items():
        moments += [(kind, n, t) for n, t in peaks(values, [t for *_, t in moments])]
    frames = {t: frame for t, frame in enumerate(video) if t in {t for *_, t in moments}}
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*_frame_*.png"):
        old.unlink()
    paths = []
    for kind, n, t in moments:
        paths.append(folder / f"{kind}_frame_{t:05d}.png")
        vl.draw.write_png(paths[-1], sheet(fusion, frames[t], n, t))
    return paths


def disagreement(fusion: Fusion) -> Array:
    """1 - the mean IoU of the sources with one another, [N, T]; 0 where a source has no mask."""
    sources = list(fusion.masks.sources.values())
    everywhere = np.all([tracks.area > 0 for tracks in sources], axis=0)
    rows = np.arange(len(fusion.ids))
    pairs = [(a, b) for i, a in enumerate(sources) for b in sources[:i]]
    agreement = np.mean([vl.iou.frame_iou(a, b)[rows, rows] for a, b in pairs], axis=0)
    return np.where(everywhere, 1 - agreement, 0)


def taken(fusion: Fusion) -> dict[str, Array]:
    """Pixels that DOOB takes from each instance [N, T]: those that another one gets, and the rest."""
    before, after = fusion.masks.fused, fusion.masks.tracks
    given, gone = np.zeros((2, *before.shape))
    for t, boxes in enumerate(np.nan_to_num(fusion.boxes).swapaxes(0, 1)):
        # not of two annotations of one object, which claim all of it
        others = (vl.iou.box_iou(boxes, boxes) < 0.5) | np.eye(len(boxes), dtype=bool)
        shared, _ = vl.iou.intersection_and_union(before.frame(t), after.frame(t))
        given[:, t] = others.all(axis=1) * (shared.sum(axis=1) - shared.diagonal())
        gone[:, t] = others.all(axis=1) * (before.area - after.area)[:, t]
    return {"overlap": given, "outside": gone - given}


def peaks(values: Array, chosen: Sequence[int]) -> list[tuple[int, int]]:
    """The instances and frames of the largest values, `APART` frames from one another and the chosen ones."""
    found: list[tuple[int, int]] = []
    for place in np.argsort(-values, axis=None, kind="stable"):
        n, t = (int(i) for i in np.unravel_index(place, values.shape))
        if len(found) == SHEETS or values[n, t] <= 0:
            break
        if all(abs(t - other) >= APART for other in (*chosen, *(other for _, other in found))):
            found.append((n, t))
    return found


def sheet(fusion: Fusion, frame: Array, n: int, t: int) -> Array:
    """The six cells around instance n in frame t."""
    masks, view = fusion.masks, Window.around(fusion.boxes[:, t], n, frame.shape)
    colours = [COLOURS[name] for name in masks.names]
    cells, captions = [], []
    for name, tracks in masks.sources.items():
        cells.append(view.cell(frame, tracks, t, fusion, [COLOURS[name]] * len(fusion.ids)))
        captions.append(TITLES[name])
    best = masks.score.max(axis=0)
    cells.append(
        view.cell(frame, masks.fused, t, fusion, [colours[s] for s in masks.winner[:, t]], best[:, t])
    )
    captions.append("SHQM: the winners in the colour of their source, and their scores")
    before, after = (view.cell(frame, tracks, t, fusion) for tracks in (masks.fused, masks.tracks))
    gone = (masks.fused.frame(t) - masks.tracks.frame(t)).union().to_dense()[0]
    before[view.enlarged(gone)] = 255
    cells += [before, after]
    captions += [
        "before DOOB; white: what it takes from a mask",
        "after DOOB: no overlap, nothing outside a box",
    ]
    captions[0] = f"frame {t}: {captions[0]}"
    return vl.draw.contact_sheet(cells, columns=3, captions=captions)


@dataclass(frozen=True)
class Window:
    """A part of the frame that is shown enlarged: CELL pixels of it, from (top, left)."""

    top: int
    left: int
    height: int
    width: int

    @classmethod
    def around(cls, boxes: Array, n: int, shape: tuple[int, ...]) -> Window:
        """The window around instance n of boxes [N, 4] and those that its box touches."""
        low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
        touching = ((low < high[n]) & (low[n] < high)).all(axis=1)
        first, last = low[touching].min(axis=0), high[touching].max(axis=0)
        width = max(1.3 * (last[0] - first[0]), 1.3 * (last[1] - first[1]) * CELL[1] / CELL[0], 120)
        width = min(width, shape[1], shape[0] * CELL[1] / CELL[0])
        height = width * CELL[0] / CELL[1]
        x, y = (first + last) / 2 - (width / 2, height / 2)
        left, top = (int(min(max(v, 0), most)) for v, most in ((x, shape[1] - width), (y, shape[0] - height)))
        return cls(top, left, int(height), int(width))

    def enlarged(self, picture: Array) -> Array:
        """The window of a picture [H, W, ...], each pixel repeated."""
        rows = self.top + np.arange(CELL[0]) * self.height // CELL[0]
        columns = self.left + np.arange(CELL[1]) * self.width // CELL[1]
        return picture[rows[:, None], columns]

    def cell(
        self,
        frame: Array,
        tracks: vl.Tracks,
        t: int,
        fusion: Fusion,
        colours: Any = None,
        quality: Array | None = None,
    ) -> Array:
        """The masks of frame t in the window, with the boxes."""
        dense = tracks.frame(t).to_dense()
        near = vl.Tracks(np.stack([self.enlarged(mask) for mask in dense])[:, None])
        scale = CELL[1] / self.width
        boxes = (fusion.boxes[:, t : t + 1] - (self.left, self.top, 0, 0)) * scale
        return vl.draw.overlay(
            self.enlarged(frame),
            near,
            0,
            ids=fusion.ids,
            quality=quality,
            alpha=0.45,
            colours=colours,
            boxes=boxes,
        )
