"""GBOpt's mask selection: the best masks of every frame of a video that do not overlap, chosen together.

Source: Du, Xiao, Lepetit, "Learning to Better Segment Objects from Unseen Classes with Unlabeled Videos",
Sec. 3.2, 3.3 and App. B, C. A *subset* is an int64 array of ascending mask indices. ``background`` is float
[H, W]: the probability that a pixel is background; ``flow`` is float [H, W, 2]: how many pixels to the right
and down each pixel moves until the next frame. Results are NumPy.
"""

from __future__ import annotations

from vislabel.path._composed import compose_frames
from vislabel.path._frame import (
    BackgroundCost,
    KBest,
    Submasks,
    background_cost,
    conflicts,
    k_best,
    k_best_subsets,
    submasks,
)
from vislabel.path._steps import ShortestPaths, consistency_cost, flow_cost, shortest_paths
from vislabel.path._video import LinkedMasks, SelectedMasks, select_masks

__all__ = [
    "BackgroundCost",
    "KBest",
    "LinkedMasks",
    "SelectedMasks",
    "ShortestPaths",
    "Submasks",
    "background_cost",
    "compose_frames",
    "conflicts",
    "consistency_cost",
    "flow_cost",
    "k_best",
    "k_best_subsets",
    "select_masks",
    "shortest_paths",
    "submasks",
]
