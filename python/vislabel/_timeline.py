"""The picture of quality over time: a table of tracks x frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vislabel._core import Error
from vislabel._lettering import BLACK, GREY, WHITE, Picture, fitted, text_size, track_ids, write
from vislabel._opencv import opencv


def timeline(
    quality: npt.ArrayLike,
    present: npt.ArrayLike,
    *,
    threshold: float,
    ids: Sequence[int] | None = None,
    frames: Sequence[int] | None = None,
) -> Picture:
    """Return a table of tracks x frames coloured by quality, with a colour bar that marks the threshold.

    Cells at or above the threshold are framed in black, one frame per run of them; absent ones stay blank.

    Parameters
    ----------
    quality : array [N, T]
        0 to 1; values beyond are coloured like the ends.
    present : array [N, T] of bool
    threshold : float
        0 to 1.
    ids : sequence of N int, optional
        Names of the rows. Default: 0 to N - 1.
    frames : sequence of T int, optional
        Names of the columns. Default: 0 to T - 1.

    Raises
    ------
    vislabel.Error
        Shapes that do not fit each other; NaN where present; a threshold outside [0, 1].
    """
    q, p = np.asarray(quality, np.float64), np.asarray(present, bool)
    if q.ndim != 2 or q.shape != p.shape or 0 in q.shape:
        raise Error(
            f"quality has shape {list(q.shape)} and present {list(p.shape)}, expected one [N, T] for both"
        )
    if np.isnan(q[p]).any():
        raise Error("quality is NaN where present, expected a number")
    if not 0 <= threshold <= 1:
        raise Error(f"threshold is {threshold}, expected 0 to 1")
    if frames is not None and len(frames) != q.shape[1]:
        raise Error(f"frames has {len(frames)} entries, expected one per frame ({q.shape[1]})")
    rows = track_ids(ids, q.shape[0])
    columns = list(range(q.shape[1])) if frames is None else [int(frame) for frame in frames]
    cell = (int(np.clip(640 // q.shape[0], 3, 26)), int(np.clip(1200 // q.shape[1], 2, 26)))
    left, top, right, bottom = 70, 34, 120, 50
    table = _table(q, p, threshold, cell)
    body = max(table.shape[0], 160)  # room for the colour bar beside a few tracks
    out = np.full((top + body + bottom, left + table.shape[1] + right, 3), 255, np.uint8)
    out[top : top + table.shape[0], left : left + table.shape[1]] = table
    _axes(out, (left, top), cell, rows, columns)
    _colour_bar(out, (left + table.shape[1] + 24, top), body, threshold)
    title = fitted(f"quality; framed: at least {threshold:.2f}; blank: absent", 0.45, out.shape[1] - left)
    write(out, title, (left, top - 14), 0.45, BLACK)
    return out


def _colours(values: npt.NDArray[np.float64]) -> Picture:
    """Viridis colours of values in [0, 1], [..., 3]."""
    cv2 = opencv("drawing")
    levels = np.rint(np.clip(np.nan_to_num(values), 0, 1) * 255).astype(np.uint8).reshape(-1, 1)
    colours: Picture = cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS)[..., ::-1].reshape(*values.shape, 3)
    return colours


def _table(
    q: npt.NDArray[np.float64], present: npt.NDArray[np.bool_], threshold: float, cell: tuple[int, int]
) -> Picture:
    cv2 = opencv("drawing")
    small = np.where(present[..., None], _colours(q), np.uint8(255))
    table: Picture = np.ascontiguousarray(small.repeat(cell[0], axis=0).repeat(cell[1], axis=1))
    if cell[0] > 4:
        table[cell[0] - 1 :: cell[0]] = 235
    for n, row in enumerate(present & (q >= threshold)):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(np.int8)))
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            left, right = int(first) * cell[1], int(last) * cell[1] - 1
            top, bottom = n * cell[0], (n + 1) * cell[0] - 1 - (cell[0] > 4)
            # Nested lines, for a thick one would lie half in the neighbouring cells.
            for i in range(2 if min(cell) >= 8 else 1):
                cv2.rectangle(table, (left + i, top + i), (right - i, bottom - i), BLACK, 1)
    return table


def _axes(
    out: Picture, origin: tuple[int, int], cell: tuple[int, int], rows: Sequence[int], columns: Sequence[int]
) -> None:
    """Ids at the rows and frame numbers at the columns, as many as are readable."""
    left, top = origin
    below = top + len(rows) * cell[0]
    out[top - 1 : below + 1, left - 1] = out[top - 1 : below + 1, left + len(columns) * cell[1]] = GREY
    out[top - 1, left - 1 : left + len(columns) * cell[1] + 1] = out[
        below, left - 1 : left + len(columns) * cell[1] + 1
    ] = GREY
    for n in range(0, len(rows), _stride(11 / cell[0])):
        width, height = text_size(str(rows[n]), 0.36)
        write(out, str(rows[n]), (left - 6 - width, top + n * cell[0] + (cell[0] + height) // 2), 0.36, BLACK)
    widest = max(text_size(str(name), 0.36)[0] for name in columns)
    for t in range(0, len(columns), _stride((widest + 14) / cell[1])):
        x = left + t * cell[1] + cell[1] // 2
        out[below : below + 5, x] = BLACK
        write(out, str(columns[t]), (x - text_size(str(columns[t]), 0.36)[0] // 2, below + 17), 0.36, BLACK)
    write(out, "frame", (left, below + 36), 0.42, BLACK)
    write(out, "track", (6, top - 8), 0.42, BLACK)


def _stride(least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, ... that is not below `least`."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if step >= least:
                return step
        power *= 10


def _colour_bar(out: Picture, origin: tuple[int, int], height: int, threshold: float) -> None:
    cv2 = opencv("drawing")
    left, top = origin
    out[top : top + height, left : left + 18] = _colours(np.linspace(1, 0, height))[:, None]
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = top + round((1 - value) * (height - 1))
        out[y, left + 18 : left + 22] = BLACK
        if abs(value - threshold) * height > 14:
            write(out, f"{value:.2f}", (left + 25, y + 4), 0.36, BLACK)
    y = top + round((1 - threshold) * (height - 1))
    cv2.line(out, (left - 4, y), (left + 21, y), BLACK, 3)
    cv2.line(out, (left - 4, y), (left + 21, y), WHITE, 1)
    write(out, f"{threshold:.2f}", (left + 25, y + 4), 0.42, BLACK)
    write(out, f"{threshold:.2f}", (left + 26, y + 4), 0.42, BLACK)
