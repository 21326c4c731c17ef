"""GrabCut: an object cut out of a picture along the edges of its colours, from a guess of where it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vislabel._core import Error
from vislabel._opencv import opencv
from vislabel._video import Frame

Mask = NDArray[np.uint8]

# GrabCut models object and background by so many colours each, and needs as many pixels of both.
COLOURS = 5
# A box of fewer pixels has too few of each colour.
LEAST_BOX = 16
# The thinnest ring around a box that still shows what the background looks like, pixels.
LEAST_RING = 4


@dataclass(frozen=True)
class BoxPrompt:
    """How a box becomes a mask: `vislabel.propose.prompt_boxes` explains the numbers."""

    iterations: int
    ring: float
    pixels: int

    def __post_init__(self) -> None:
        for name, low, high in (("iterations", 1, 100), ("ring", 0.01, 10), ("pixels", 100, 2**31 - 1)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise Error(f"{name} is {value}, expected {low} to {high}")

    def cut_out(self, frame: Frame, box: NDArray[np.float64]) -> tuple[slice, slice, Mask] | None:
        """The object in a box x, y, width, height: rows and columns of the box in the frame, the mask there.

        None where the box holds too few pixels of the frame; all of the box where nothing is left around it.
        """
        x, y, w, h = (float(v) for v in box)
        top, bottom = _clipped(y, h, frame.shape[0])
        left, right = _clipped(x, w, frame.shape[1])
        if w <= 0 or h <= 0 or (bottom - top) * (right - left) < LEAST_BOX:
            return None
        ring = max(LEAST_RING, round(self.ring * math.sqrt((bottom - top) * (right - left))))
        above, before = max(0, top - ring), max(0, left - ring)
        crop = frame[above : bottom + ring, before : right + ring]
        rows, columns = slice(top - above, bottom - above), slice(left - before, right - before)
        return slice(top, bottom), slice(left, right), self._mask(crop, rows, columns)[rows, columns]

    def _mask(self, crop: Frame, rows: slice, columns: slice) -> Mask:
        """The object in rows and columns of the crop, whose rest is certain background."""
        cv2 = opencv("GrabCut")
        width, height = reduced_size(crop.shape, self.pixels)
        down, across = height / crop.shape[0], width / crop.shape[1]
        guess = np.full((height, width), cv2.GC_BGD, np.uint8)
        guess[
            math.floor(rows.start * down) : math.ceil(rows.stop * down),
            math.floor(columns.start * across) : math.ceil(columns.stop * across),
        ] = cv2.GC_PR_FGD
        if np.count_nonzero(guess == cv2.GC_BGD) < COLOURS:
            return np.ones(crop.shape[:2], np.uint8)
        colours = cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA)
        mask = grab_cut(colours, guess, self.iterations)
        full: Mask = cv2.resize(mask, crop.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        return full


def _clipped(start: float, length: float, most: int) -> tuple[int, int]:
    """The pixels [first, end) that an interval touches of `most`."""
    first, end = (min(max(v, 0.0), float(most)) for v in (start, start + length))
    return math.floor(first), math.ceil(end)


def reduced_size(shape: tuple[int, ...], pixels: int) -> tuple[int, int]:
    """Width and height of a picture [H, W], shrunk to about `pixels` where it has more."""
    scale = min(1.0, math.sqrt(pixels / (shape[0] * shape[1])))
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


def grab_cut(picture: Frame, guess: Mask, iterations: int) -> Mask:
    """The object, 0 and 1, [H, W].

    `guess` says what every pixel is, GC_BGD, GC_PR_BGD, GC_PR_FGD or GC_FGD, some of each side; it is
    overwritten.
    """
    cv2 = opencv("GrabCut")
    # GrabCut starts k-means from OpenCV's random numbers: the same frame must give the same mask.
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(np.ascontiguousarray(picture), guess, None, *models, iterations, cv2.GC_INIT_WITH_MASK)
    return np.isin(guess, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
