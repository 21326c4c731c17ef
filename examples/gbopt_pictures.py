"""Pictures of GBOpt's selection: what it chose from, what it chose, and what else it could have chosen.

`./dev demo` draws them after `vislabel path`. A sheet shows the part of one frame in which the sets of masks
differ most, in six cells: the proposals, the background map and the optical flow; below them the chosen set
and two runner-ups, with what the whole video would cost if that frame alone took them. `graph.png` shows the
layered graph: ten sets per frame, and the path through them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import vislabel as vl
from fusion_pictures import CELL, Window
from vislabel._lettering import BLACK, GREY, write
from vislabel.propose import Video

Array = npt.NDArray[Any]

K = 10  # sets per frame, the default of `vislabel path`
ZOOM = 2.2  # enlargement in a sheet, of a frame as high as vtest.avi's 576
APART = 12  # fewest frames between two sheets
LEFT, PANEL = 80, 240  # pixels beside the graph, and of the height of its halves
PATH, DOTS = (230, 90, 0), (170, 170, 170)


@dataclass(frozen=True)
class Selection:
    """What `vislabel path` chose from and what it chose."""

    masks: list[vl.Masks]
    """T batches of proposals."""
    sources: list[list[str]]
    """T times who made each of them."""
    chosen: list[list[int]]
    """T subsets of them."""
    sets: list[vl.path.KBest]
    """T times the K best subsets of the frame alone."""
    place: list[int]
    """T places of the chosen one among them."""


def read_selection(results: Path, labels: Path, video: Video) -> Selection:
    """Find the K best sets of every frame again, to see what there was to choose from."""
    (found,) = vl.io.read_results(results)
    (annotations,) = vl.io.read_dataset(labels)
    masks, sources, chosen, sets = [], [], [], []
    for t, background in enumerate(vl.cues.background_maps(video)):
        rows = np.flatnonzero(found.tracks.area[:, t] > 0)
        results_of = (own["results"][t] for own in annotations.extra)
        masks.append(found.tracks.frame(t)[rows])
        sources.append([found.extra[row]["source"] for row in rows.tolist()])
        chosen.append(sorted(rows.tolist().index(row) for row in results_of if row is not None))
        sets.append(vl.path.k_best(masks[-1], background, k=K))
    place = [
        [subset.tolist() for subset in best.subsets].index(own)
        for best, own in zip(sets, chosen, strict=True)
    ]
    return Selection(masks, sources, chosen, sets, place)


def chosen_by_source(selection: Selection) -> dict[str, tuple[int, int]]:
    """How many masks each source proposed, and how many of them are chosen."""
    counts: dict[str, tuple[int, int]] = {}
    for sources, chosen in zip(selection.sources, selection.chosen, strict=True):
        for n, source in enumerate(sources):
            proposed, taken = counts.get(source, (0, 0))
            counts[source] = proposed + 1, taken + (n in chosen)
    return counts


def draw(selection: Selection, video: Video, folder: Path) -> list[Path]:
    """A sheet of each kind of moment, and the graph."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*_frame_*.png"):
        old.unlink()
    moments = {kind: t for kind, t in zip(KINDS, _moments(selection), strict=True) if t is not None}
    frames = {t: frame for t, frame in enumerate(video) if {t, t - 1} & set(moments.values())}
    shown = [frames[t] for t in moments.values()]
    maps = list(vl.cues.background_maps(shown, learn_from=video)) if shown else []
    paths = []
    for (kind, t), background in zip(moments.items(), maps, strict=True):
        flow = next(vl.cues.flows([frames[t], frames[t + 1]]))
        paths.append(folder / f"{kind}_frame_{t:05d}.png")
        vl.draw.write_png(paths[-1], sheet(selection, t, frames[t], background, flow))
    vl.draw.write_png(folder / "graph.png", graph(selection))
    return [*paths, folder / "graph.png"]


KINDS = ("overruled", "agreed", "crowded")


def _moments(selection: Selection) -> list[int | None]:
    """The frames of the sheets.

    Where the frame's own best set was given up at the highest price; where it was kept, and the others are
    most unlike it, of the frames with no fewer conflicts than usual; with most conflicts.
    """
    count = range(len(selection.masks))
    conflicts = np.array([vl.path.conflicts(masks).sum() for masks in selection.masks])
    costs = [best.costs for best in selection.sets]
    price = np.array([costs[t][selection.place[t]] - costs[t][0] for t in count])
    kept = (price == 0) & (conflicts >= np.median(conflicts))
    unlike = np.array([_unlike(selection, t) if kept[t] else 0 for t in count])
    found: list[int | None] = []
    for values in (price, unlike, conflicts):
        values = values[:-1].astype(float)  # no flow starts at the last frame
        for t in found:
            if t is not None:
                values[max(0, t - APART + 1) : t + APART] = 0
        found.append(int(values.argmax()) if values.max(initial=0) > 0 else None)
    return found


def _covered(selection: Selection, t: int) -> Array:
    """Every pixel that each set of frame t covers, [K, H, W]."""
    masks, sets = selection.masks[t], selection.sets[t].subsets
    return vl.Masks.concatenate([masks[subset].union() for subset in sets]).to_dense()


def _unlike(selection: Selection, t: int) -> int:
    """In how many pixels the most different of the sets of frame t differs from the chosen one."""
    covered = _covered(selection, t)
    return int((covered ^ covered[selection.place[t]]).sum(axis=(1, 2)).max())


def runner_ups(selection: Selection, t: int) -> tuple[list[int], Window]:
    """Two other places in the frame's sets, and a window in which they are seen to differ.

    One is the frame's own best set, or, where that is chosen, the set that is most unlike it; the other is
    the one that is most unlike both in the window.
    """
    covered, own = _covered(selection, t), selection.place[t]
    others = [k for k in range(len(covered)) if k != own]
    pixels = (covered ^ covered[own]).sum(axis=(1, 2))
    first = 0 if own else max(others, key=lambda k: pixels[k], default=own)
    view = _window(covered[first] ^ covered[own])
    near = [view.enlarged(one) for one in covered]
    rest = [k for k in others if k != first]
    second = sorted(rest, key=lambda k: -min((near[k] ^ near[other]).sum() for other in (own, first)))[:1]
    return sorted({first, *second} - {own}), view


def swaps(selection: Selection, t: int, places: list[int], flow: Array) -> Array:
    """What the video would cost more if frame t alone took other sets: background, flow, overlap [len, 3]."""
    masks, own = selection.masks[t], [selection.chosen[t]]
    sets = own + [selection.sets[t].subsets[k].tolist() for k in places]
    image = selection.sets[t].costs[[selection.place[t], *places]]
    overlap = np.zeros(len(sets))
    for s in (t - 1, t + 1):
        if 0 <= s < len(selection.masks):
            near, kept = selection.masks[s], [selection.chosen[s]]
            overlap += vl.path.consistency_cost(near, masks, kept, sets)[0]
    costs = np.stack([image, vl.path.flow_cost(masks, flow, sets), 0.5 * overlap], axis=1)
    more: Array = costs[1:] - costs[0]
    return more


def sheet(selection: Selection, t: int, frame: Array, background: Array, flow: Array) -> Array:
    """The six cells of frame t."""
    masks, best = selection.masks[t], selection.sets[t]
    places, view = runner_ups(selection, t)
    grey = np.rint(255 * background).astype(np.uint8)[..., None].repeat(3, axis=2)
    cells = [
        _cell(view, frame, masks, range(len(masks)), lines=True),
        view.enlarged(grey),
        view.enlarged(_coloured(flow)),
        _cell(view, frame, masks, selection.chosen[t]),
    ]
    own = selection.place[t]
    captions = [
        f"frame {t}, proposals: {_by_source(view, masks, selection.sources[t])}",
        "background map: white is background, black is not",
        "optical flow to the next frame: hue is direction, brightness speed",
        f"chosen: number {own + 1} of {len(best.subsets)} by background loss, which is {best.costs[own]:.5f}",
    ]
    for k, terms in zip(places, swaps(selection, t, places, flow), strict=True):
        cells.append(_cell(view, frame, masks, best.subsets[k]))
        each = "background {:+.4f}, flow {:+.4f}, overlap {:+.4f}".format(*terms)
        captions.append(f"number {k + 1}: {best.costs[k]:.5f}; video {terms.sum():+.4f} ({each})")
    return vl.draw.contact_sheet(cells, columns=3, captions=captions)


def _by_source(view: Window, masks: vl.Masks, sources: list[str]) -> str:
    """The numbers of the masks in the window, source by source."""
    numbers: dict[str, list[str]] = {}
    for n, source in enumerate(sources):
        if view.enlarged(masks[[n]].to_dense()[0]).any():
            numbers.setdefault(source, []).append(str(n))
    return ", ".join(f"{source} {' '.join(own)}" for source, own in numbers.items())


def _window(different: Array) -> Window:
    """The part of the frame with the most of these pixels [H, W]."""
    full, across = different.shape
    height = min(full, int(full / 576 * CELL[0] / ZOOM))
    width = min(across, height * CELL[1] // CELL[0])
    sums = np.pad(different.astype(np.int64), ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    inside = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    places = np.argwhere(inside == inside.max())
    middle = ((places - places.mean(axis=0)) ** 2).sum(axis=1).argmin()
    top, left = places[middle]
    return Window(int(top), int(left), height, width)


def _cell(view: Window, frame: Array, masks: vl.Masks, rows: Iterable[int], lines: bool = False) -> Array:
    """Some masks in the window, each in the colour of its number; or their outlines alone."""
    near = [(n, view.enlarged(masks[[n]].to_dense()[0])) for n in map(int, rows)]
    seen = [(n, mask) for n, mask in near if mask.any()]
    dense = np.array([mask for _, mask in seen], bool).reshape(-1, *CELL)
    picture = view.enlarged(frame)
    if lines:
        for n, mask in seen:
            picture[mask & ~_eroded(mask, 2)] = vl.draw.colour(n)
    return vl.draw.overlay(
        picture, vl.Tracks(dense[:, None]), 0, ids=[n for n, _ in seen], alpha=0.0 if lines else 0.45
    )


def _eroded(mask: Array, by: int) -> Array:
    """The pixels of a mask that are not within `by` pixels of what is not in it, across or down."""
    out, (height, width) = np.pad(mask, by, mode="edge"), mask.shape
    rows = np.logical_and.reduce([out[y : y + height] for y in range(2 * by + 1)])
    inside: Array = np.logical_and.reduce([rows[:, x : x + width] for x in range(2 * by + 1)])
    return inside


def _coloured(flow: Array) -> Array:
    """The direction of a flow as hue, its speed as brightness, [H, W, 3]."""
    x, y = np.moveaxis(flow, -1, 0)
    speed = np.hypot(x, y)
    third = 2 * np.pi / 3 * np.arange(3)
    waves = 0.5 + 0.5 * np.cos(np.arctan2(y, x)[..., None] - third)
    bright = np.clip(speed / max(np.quantile(speed, 0.995), 1), 0, 1)
    picture: Array = np.rint(255 * waves * bright[..., None]).astype(np.uint8)
    return picture


def graph(selection: Selection) -> Array:
    """The layered graph: the ten sets of every frame by their place, then by their price, and the path."""
    count, places = len(selection.sets), selection.place
    pitch = max(2, min(24, 1400 // count))
    out = np.full((680, max(760, LEFT + pitch * count + 40), 3), 255, np.uint8)
    x = LEFT + pitch * np.arange(count) + pitch // 2
    prices = [best.costs - best.costs[0] for best in selection.sets]
    # the dots of a few frames may be cut, so that the others are told apart, but never the path
    highest = float(np.quantile(np.concatenate(prices), 0.98))
    most = max(highest, *(float(price[k]) for price, k in zip(prices, places, strict=True))) or 1.0
    _panel(out, 40, x, [np.arange(len(price)) / (K - 1) for price in prices], places)
    _panel(out, 360, x, [price / most for price in prices], places)
    sets = "the ten cheapest sets of masks of every frame (grey)"
    _say(out, f"orange: the best path of the video through {sets}, by their place", LEFT, 20)
    _say(out, "the same, by what a set costs more (background alone) than its frame's best", LEFT, 340)
    for k in range(K):
        _say(out, str(k + 1), LEFT - 30, 45 + round(PANEL * k / (K - 1)), GREY)
    for share in (0.0, 0.5, 1.0):
        _say(out, f"{share * most:.4f}", LEFT - 65, 365 + round(PANEL * share), GREY)
    for t in range(0, count, max(1, round(100 / pitch / 10) * 10)):
        _say(out, str(t), int(x[t]) - 4, 640, GREY)
    _say(out, "frame", LEFT, 664, GREY)
    return out


def _panel(out: Array, top: int, x: Array, layers: list[Array], places: list[int]) -> None:
    """A dot per set, 0 at the top and 1 at the bottom, and the path through those at `places`."""
    ys = [top + (PANEL * layer[layer <= 1]).round().astype(int) for layer in layers]
    for t, column in enumerate(ys):
        for y in column:
            out[y - 1 : y + 2, x[t] - 1 : x[t] + 2] = DOTS
    path = [column[k] for column, k in zip(ys, places, strict=True)]
    for t, (here, there) in enumerate(pairwise(path)):
        steps = 2 * max(abs(there - here), x[t + 1] - x[t])
        down = np.linspace(here, there, steps).round().astype(int)
        across = np.linspace(x[t], x[t + 1], steps).round().astype(int)
        for dy, dx in np.ndindex(2, 2):
            out[down + dy, across + dx] = PATH


def _say(out: Array, text: str, x: int, y: int, ink: tuple[int, int, int] = BLACK) -> None:
    write(out, text, (x, y), 0.45, ink)
