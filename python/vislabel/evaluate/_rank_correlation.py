"""Rank correlation of a quality score with the IoU that it stands for."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vislabel import _core
from vislabel._arrays import ArrayLike, Bool, Float64, as_array, flags
from vislabel._core import Error


class RankCorrelation(NamedTuple):
    """What `rank_correlation` measures: each in [-1, 1], or NaN."""

    spearman: float
    """Of the ranks, equal values sharing their average rank."""
    pearson: float
    """Of the values themselves."""


def rank_correlation(
    quality: ArrayLike, iou: ArrayLike, *, where: ArrayLike | None = None
) -> RankCorrelation:
    """Spearman's and Pearson's correlation of a quality score with the IoU that it stands for.

    Parameters
    ----------
    quality : array [N, T]
        Of each detection in each frame, as made by `vislabel.select.quality`, or of any other shape; [N]: a
        score per detection, which counts in each of its frames.
    iou : array [N, T]
        With the best ground truth; of the same shape. A pair is one entry of both.
    where : bool array [N, T], optional
        The pairs that count: ``tracks.present`` leaves absent frames out, ``tracks.area > 0`` empty masks
        too. What it leaves out may be anything, NaN too.

    Returns
    -------
    RankCorrelation
        A named tuple (spearman, pearson). Spearman's is exactly 1 for one order and -1 for its reverse. Both
        are NaN for fewer than two pairs and where one side is constant. An infinite number has a rank, but
        makes Pearson's NaN.

    Raises
    ------
    vislabel.Error
        Shapes that differ; NaN.

    Notes
    -----
    Source: AutoQ-VIS, Fig. 4, over (detection, frame) pairs.
    """
    target, score = as_array(iou, "iou"), as_array(quality, "quality")
    axes = score.ndim
    if target.ndim == 2 and score.shape == target.shape[:1]:
        score = np.broadcast_to(score[:, None], target.shape)
    if score.shape != target.shape:
        raise Error(f"quality has shape {list(score.shape)}, expected that of iou, {list(target.shape)}")
    used = None
    if where is not None:
        used = flags(where, "where", target.shape, f"that of iou, {list(target.shape)}").view(np.bool_)
    _require_numbers(score, "quality", used, axes)
    _require_numbers(target, "iou", used, target.ndim)
    kept = np.zeros(0, np.uint8) if used is None else used.reshape(-1).view(np.uint8)
    return RankCorrelation(*_core.rank_correlation(_flat(score), _flat(target), kept))


def _require_numbers(array: npt.NDArray[Any], name: str, used: Bool | None, axes: int) -> None:
    missing = np.isnan(array)
    if used is not None:
        missing &= used
    if missing.any():
        place = [int(i) for i in np.argwhere(missing)[0][:axes]]
        raise Error(f"{name}{place} is NaN, expected a number (`where` leaves pairs out)")


def _flat(array: npt.NDArray[Any]) -> Float64:
    return np.ascontiguousarray(array, dtype=np.float64).reshape(-1)
