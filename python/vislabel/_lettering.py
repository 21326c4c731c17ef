"""Text on pictures: what the drawing modules share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vislabel._core import Error
from vislabel._opencv import opencv

Picture = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

WHITE, BLACK, GREY = (255, 255, 255), (0, 0, 0), (128, 128, 128)


def track_ids(ids: Sequence[int] | None, count: int) -> list[int]:
    if ids is None:
        return list(range(count))
    if len(ids) != count:
        raise Error(f"ids has {len(ids)} entries, expected one per track ({count})")
    return [int(i) for i in ids]


def write(out: Picture, text: str, origin: tuple[int, int], scale: float, ink: Colour) -> None:
    cv2 = opencv("drawing")
    cv2.putText(out, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, 1, cv2.LINE_AA)


def text_size(text: str, scale: float) -> tuple[int, int]:
    cv2 = opencv("drawing")
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    return int(width), int(height)


def fitted(text: str, scale: float, width: int) -> str:
    """The text, cut where it would be wider than `width` pixels."""
    while text and text_size(text, scale)[0] > width:
        text = text[:-1]
    return text


def label(
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
    width, height = text_size(text, scale)
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
    free = [p for p in plates if not any(overlap(p, other) for other in taken)]
    left, top, right, bottom = plate = (free or plates)[0]
    out[top:bottom, left:right] = background
    # Relative luminance as the eye weighs it: dark ink on light plates and the other way round.
    light = 0.299 * background[0] + 0.587 * background[1] + 0.114 * background[2] > 140
    write(out[top:bottom, left:right], text, (3, height + 2), scale, BLACK if light else WHITE)
    return plate


def overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
