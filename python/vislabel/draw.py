"""Pictures of tracks: masks over a frame, sheets of pictures, and quality over time.

Every picture is an array [H, W, 3] of uint8, RGB. Needs OpenCV: ``pip install 'vislabel[draw]'``.
"""

from __future__ import annotations

import colorsys
import contextlib
import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vislabel._core import Error
from vislabel._opencv import opencv
from vislabel._tracks import Tracks

__all__ = ["colour", "contact_sheet", "overlay", "timeline", "write_png"]

Picture = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

WHITE, BLACK, GREY = (255, 255, 255), (0, 0, 0), (128, 128, 128)


def colour(track: int) -> Colour:
    """The colour of a track id, the same in every picture: neighbouring ids are far apart in hue.

    Examples
    --------
    >>> from vislabel import draw
    >>> draw.colour(0) == draw.colour(0), draw.colour(0) == draw.colour(1)
    (True, False)
    """
    # Multiples of the golden ratio never come close to an earlier hue before they must; three brightnesses
    # tell apart the ids whose hues are near.
    hue = (track * 0.6180339887498949 + 0.02) % 1.0
    saturation, value = ((0.90, 1.0), (0.55, 1.0), (0.95, 0.75))[track // 8 % 3]
    red, green, blue = (round(255 * c) for c in colorsys.hsv_to_rgb(hue, saturation, value))
    return red, green, blue


def overlay(
    frame: npt.ArrayLike,
    tracks: Tracks,
    t: int,
    *,
    ids: Sequence[int] | None = None,
    quality: npt.ArrayLike | None = None,
    alpha: float = 0.5,
) -> Picture:
    """Return the frame with the masks of frame ``t`` in their tracks' colours, outlined and labelled.

    Parameters
    ----------
    frame : array [H, W, 3] of uint8
        RGB; not changed.
    tracks : Tracks [N, T]
    t : int
        Which frame of ``tracks``. Absent and empty masks are not drawn.
    ids : sequence of N int, optional
        Names of the tracks, which also choose the colours. Default: 0 to N - 1.
    quality : array [N, T] or [N], optional
        Written behind the id, with two digits.
    alpha : float
        Opacity of the masks, 0 to 1.

    Raises
    ------
    vislabel.Error
        Shapes that do not fit each other; ``t`` or ``alpha`` out of range; OpenCV missing.
    """
    cv2 = opencv("drawing")
    out = _picture(frame, "frame").copy()
    _require_overlay(out, tracks, t, alpha)
    names = _ids(ids, len(tracks))
    values = None if quality is None else _quality_at(quality, tracks, t)
    area, box = np.asarray(tracks.area)[:, t], np.asarray(tracks.box)[:, t]
    # Largest first: a small mask in front of a large one stays visible.
    order = np.array(sorted(np.flatnonzero(area > 0), key=lambda n: (-area[n], n)), np.int64)
    dense = tracks.frame(t)[order].to_dense()
    contours = [cv2.findContours(m.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)[0] for m in dense]
    for n, mask in zip(order, dense, strict=True):
        tint = np.array(colour(names[n]), np.float64)
        out[mask] = np.rint((1 - alpha) * out[mask] + alpha * tint).astype(np.uint8)
    for n, lines in zip(order, contours, strict=True):
        cv2.drawContours(out, lines, -1, colour(names[n]), max(1, round(out.shape[0] / 500)), cv2.LINE_AA)
    taken: list[tuple[int, int, int, int]] = []
    for n in order:
        text = f"{names[n]}" if values is None else f"{names[n]}  {values[n]:.2f}"
        taken.append(_label(out, text, box[n], colour(names[n]), taken))
    return out


def contact_sheet(
    images: Sequence[npt.ArrayLike],
    *,
    columns: int | None = None,
    captions: Sequence[str] | None = None,
    width: int = 1600,
) -> Picture:
    """Return the pictures side by side, each shrunk or enlarged to fit its cell, row by row.

    Parameters
    ----------
    images : sequence of arrays [H, W, 3] of uint8
        Sizes may differ; proportions are kept.
    columns : int, optional
        Default: as many as make the sheet about as wide as a screen.
    captions : sequence of str, optional
        One line under each picture.
    width : int
        Of the sheet, in pixels.

    Raises
    ------
    vislabel.Error
        No pictures; a number of captions other than of pictures; ``columns`` or ``width`` too small.
    """
    cv2 = opencv("drawing")
    pictures = [_picture(image, f"images[{i}]") for i, image in enumerate(images)]
    if not pictures:
        raise Error("images is empty, expected at least 1")
    if captions is not None and len(captions) != len(pictures):
        raise Error(f"captions has {len(captions)} entries, expected one per image ({len(pictures)})")
    tallest = max(p.shape[0] / p.shape[1] for p in pictures)
    columns = max(1, round(math.sqrt(len(pictures) * tallest * 16 / 9))) if columns is None else columns
    if columns < 1:
        raise Error(f"columns is {columns}, expected at least 1")
    columns = min(columns, len(pictures))
    gap = 4
    cell = (width - gap * (columns + 1)) // columns
    if cell < 16:
        raise Error(
            f"width is {width}, expected at least {columns * 16 + gap * (columns + 1)} for {columns} columns"
        )
    cell_height = max(1, round(cell * tallest))
    strip = 0 if captions is None else 22
    rows = -(-len(pictures) // columns)
    sheet = np.full((gap + rows * (cell_height + strip + gap), width, 3), 24, np.uint8)
    for i, picture in enumerate(pictures):
        y, x = gap + i // columns * (cell_height + strip + gap), gap + i % columns * (cell + gap)
        scale = min(cell / picture.shape[1], cell_height / picture.shape[0])
        h, w = max(1, int(picture.shape[0] * scale + 0.5)), max(1, int(picture.shape[1] * scale + 0.5))
        small = cv2.resize(picture, (w, h), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        sheet[y + (cell_height - h) // 2 :, x + (cell - w) // 2 :][:h, :w] = small
        if captions is not None:
            _text(sheet, _fitted(captions[i], 0.45, cell), (x, y + cell_height + 15), 0.45, WHITE)
    return sheet


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
    rows = _ids(ids, q.shape[0])
    columns = list(range(q.shape[1])) if frames is None else [int(frame) for frame in frames]
    cell = (int(np.clip(640 // q.shape[0], 3, 26)), int(np.clip(1200 // q.shape[1], 2, 26)))
    left, top, right, bottom = 70, 34, 120, 50
    table = _table(q, p, threshold, cell)
    body = max(table.shape[0], 160)  # room for the colour bar beside a few tracks
    out = np.full((top + body + bottom, left + table.shape[1] + right, 3), 255, np.uint8)
    out[top : top + table.shape[0], left : left + table.shape[1]] = table
    _axes(out, (left, top), cell, rows, columns)
    _colour_bar(out, (left + table.shape[1] + 24, top), body, threshold)
    title = _fitted(f"quality; framed: at least {threshold:.2f}; blank: absent", 0.45, out.shape[1] - left)
    _text(out, title, (left, top - 14), 0.45, BLACK)
    return out


def write_png(path: str | Path, image: npt.ArrayLike) -> None:
    """Write a picture as PNG, atomically: whoever looks finds the old file or the whole new one.

    Parameters
    ----------
    path : str or Path
        In a folder that exists.
    image : array [H, W, 3] of uint8
        RGB.

    Raises
    ------
    vislabel.Error
        Not a picture; a folder that does not exist or cannot be written to.
    """
    cv2 = opencv("writing PNG files")
    path = Path(path)
    encoded, data = cv2.imencode(".png", cv2.cvtColor(_picture(image, "image"), cv2.COLOR_RGB2BGR))
    if not encoded:
        raise Error(f"image cannot be encoded as PNG for {path}")
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(data.tobytes())
        # mkstemp makes files that only the owner reads.
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as cause:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise Error(f"{path} cannot be written: {cause.strerror}") from cause


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _picture(image: npt.ArrayLike, name: str) -> Picture:
    array = np.asarray(image)
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8 or 0 in array.shape:
        raise Error(
            f"{name} has shape {list(array.shape)} and dtype {array.dtype}, expected [H, W, 3] of uint8"
        )
    return np.ascontiguousarray(array)


def _require_overlay(frame: Picture, tracks: Tracks, t: int, alpha: float) -> None:
    if frame.shape[:2] != tuple(tracks.size):
        raise Error(f"frame has size {frame.shape[:2]}, expected {tuple(tracks.size)} like tracks")
    if not 0 <= t < tracks.frames:
        raise Error(f"t is {t}, expected 0 to {tracks.frames - 1}")
    if not 0 <= alpha <= 1:
        raise Error(f"alpha is {alpha}, expected 0 to 1")


def _ids(ids: Sequence[int] | None, count: int) -> list[int]:
    if ids is None:
        return list(range(count))
    if len(ids) != count:
        raise Error(f"ids has {len(ids)} entries, expected one per track ({count})")
    return [int(i) for i in ids]


def _quality_at(quality: npt.ArrayLike, tracks: Tracks, t: int) -> npt.NDArray[np.float64]:
    values = np.asarray(quality, np.float64)
    if values.shape not in ((len(tracks),), (len(tracks), tracks.frames)):
        n = len(tracks)
        raise Error(f"quality has shape {list(values.shape)}, expected [{n}, {tracks.frames}] or [{n}]")
    return values if values.ndim == 1 else values[:, t]


def _text(out: Picture, text: str, origin: tuple[int, int], scale: float, ink: Colour) -> None:
    cv2 = opencv("drawing")
    cv2.putText(out, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, 1, cv2.LINE_AA)


def _text_size(text: str, scale: float) -> tuple[int, int]:
    cv2 = opencv("drawing")
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    return int(width), int(height)


def _fitted(text: str, scale: float, width: int) -> str:
    """The text, cut where it would be wider than `width` pixels."""
    while text and _text_size(text, scale)[0] > width:
        text = text[:-1]
    return text


def _label(
    out: Picture,
    text: str,
    box: npt.NDArray[np.float64],
    background: Colour,
    taken: Sequence[tuple[int, int, int, int]],
) -> tuple[int, int, int, int]:
    """Write text on a plate inside the picture, near the box, off the plates already there where possible.

    Returns the plate: left, top, right, bottom.
    """
    scale = max(0.35, out.shape[0] / 1500)
    width, height = _text_size(text, scale)
    w, h = min(width + 6, out.shape[1]), min(height + 6, out.shape[0])
    x, y, box_width, box_height = (int(v) for v in box)
    places = [
        (x, y - h - 1),
        (x, y + box_height + 1),
        (x + box_width + 1, y),
        (x - w - 1, y),
        (x, y - 2 * h - 2),
    ]
    plates = []
    for left, top in places:
        left, top = max(0, min(left, out.shape[1] - w)), max(0, min(top, out.shape[0] - h))
        plates.append((left, top, left + w, top + h))
    free = [p for p in plates if not any(_overlap(p, other) for other in taken)]
    left, top, right, bottom = plate = (free or plates)[0]
    out[top:bottom, left:right] = background
    # Relative luminance as the eye weighs it: dark ink on light plates and the other way round.
    light = 0.299 * background[0] + 0.587 * background[1] + 0.114 * background[2] > 140
    _text(out[top:bottom, left:right], text, (3, height + 2), scale, BLACK if light else WHITE)
    return plate


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


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
        width, height = _text_size(str(rows[n]), 0.36)
        _text(out, str(rows[n]), (left - 6 - width, top + n * cell[0] + (cell[0] + height) // 2), 0.36, BLACK)
    widest = max(_text_size(str(name), 0.36)[0] for name in columns)
    for t in range(0, len(columns), _stride((widest + 14) / cell[1])):
        x = left + t * cell[1] + cell[1] // 2
        out[below : below + 5, x] = BLACK
        _text(out, str(columns[t]), (x - _text_size(str(columns[t]), 0.36)[0] // 2, below + 17), 0.36, BLACK)
    _text(out, "frame", (left, below + 36), 0.42, BLACK)
    _text(out, "track", (6, top - 8), 0.42, BLACK)


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
            _text(out, f"{value:.2f}", (left + 25, y + 4), 0.36, BLACK)
    y = top + round((1 - threshold) * (height - 1))
    cv2.line(out, (left - 4, y), (left + 21, y), BLACK, 3)
    cv2.line(out, (left - 4, y), (left + 21, y), WHITE, 1)
    _text(out, f"{threshold:.2f}", (left + 25, y + 4), 0.42, BLACK)
    _text(out, f"{threshold:.2f}", (left + 26, y + 4), 0.42, BLACK)
