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

from vislabel._arrays import box_tracks, table
from vislabel._core import Error
from vislabel._lettering import (
    WHITE,
    Colour,
    Picture,
    fitted,
    label,
    track_ids,
    write,
)
from vislabel._opencv import opencv
from vislabel._timeline import timeline
from vislabel._tracks import Tracks

__all__ = ["colour", "contact_sheet", "overlay", "timeline", "write_png"]


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
    colours: Sequence[Colour] | None = None,
    boxes: npt.ArrayLike | None = None,
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
    colours : sequence of N (red, green, blue), optional
        Default: those of the ids.
    boxes : array [N, T, 4], optional
        x, y, width, height, drawn as they are; NaN: none.

    Raises
    ------
    vislabel.Error
        Shapes that do not fit each other; ``t`` or ``alpha`` out of range; OpenCV missing.
    """
    cv2 = opencv("drawing")
    out = _picture(frame, "frame").copy()
    _require_overlay(out, tracks, t, alpha)
    names = track_ids(ids, len(tracks))
    values = None if quality is None else _quality_at(quality, tracks, t)
    inks = [colour(name) for name in names] if colours is None else _colours(colours, len(tracks))
    outlines = None if boxes is None else _boxes_at(boxes, tracks, t)
    area, box = np.asarray(tracks.area)[:, t], np.asarray(tracks.box)[:, t]
    # Largest first: a small mask in front of a large one stays visible.
    order = np.array(sorted(np.flatnonzero(area > 0), key=lambda n: (-area[n], n)), np.int64)
    dense = tracks.frame(t)[order].to_dense()
    contours = [cv2.findContours(m.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)[0] for m in dense]
    for n, mask in zip(order, dense, strict=True):
        tint = np.array(inks[n], np.float64)
        out[mask] = np.rint((1 - alpha) * out[mask] + alpha * tint).astype(np.uint8)
    for n, lines in zip(order, contours, strict=True):
        cv2.drawContours(out, lines, -1, inks[n], max(1, round(out.shape[0] / 500)), cv2.LINE_AA)
    if outlines is not None:
        _draw_boxes(out, outlines, inks)
    taken: list[tuple[int, int, int, int]] = []
    for n in order:
        text = f"{names[n]}" if values is None else f"{names[n]}  {values[n]:.2f}"
        taken.append(label(out, text, box[n], inks[n], taken))
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
            write(sheet, fitted(captions[i], 0.45, cell), (x, y + cell_height + 15), 0.45, WHITE)
    return sheet


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


def _colours(colours: Sequence[Colour], count: int) -> list[Colour]:
    rows = table(colours, "colours", count, 3)
    if not ((rows >= 0) & (rows <= 255)).all():
        raise Error("colours has numbers that are not 0 to 255")
    return [(int(red), int(green), int(blue)) for red, green, blue in rows]


def _boxes_at(boxes: npt.ArrayLike, tracks: Tracks, t: int) -> npt.NDArray[np.float64]:
    rows = box_tracks(boxes, "boxes")
    if rows.shape != (*tracks.shape, 4):
        raise Error(f"boxes has shape {list(rows.shape)}, expected {[*tracks.shape, 4]}")
    return rows[:, t]


def _draw_boxes(out: Picture, boxes: npt.NDArray[np.float64], inks: Sequence[Colour]) -> None:
    """Lines on the pixels that each box [N, 4] touches outermost."""
    cv2 = opencv("drawing")
    for box, ink in zip(boxes, inks, strict=True):
        if np.isfinite(box).all():
            # Far corners are cut just outside the picture: OpenCV counts in C's ints.
            first = np.clip(np.floor(box[:2]), -2, max(out.shape))
            last = np.clip(np.ceil(box[:2] + box[2:]) - 1, -2, max(out.shape) + 1)
            corners = [tuple(int(v) for v in corner) for corner in (first, last)]
            cv2.rectangle(out, *corners, ink, max(1, round(out.shape[0] / 500)))


def _quality_at(quality: npt.ArrayLike, tracks: Tracks, t: int) -> npt.NDArray[np.float64]:
    values = np.asarray(quality, np.float64)
    if values.shape not in ((len(tracks),), (len(tracks), tracks.frames)):
        n = len(tracks)
        raise Error(f"quality has shape {list(values.shape)}, expected [{n}, {tracks.frames}] or [{n}]")
    return values if values.ndim == 1 else values[:, t]
