"""What a training came to, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import vislabel as vl
from train_pictures import Course
from vislabel.cli.terminal import print_table

THRESHOLD = "0.75"  # AutoQ-VIS's: unlike the demonstration's, these scores are learned


@dataclass(frozen=True)
class Outcome:
    """What one mode came to."""

    masks: vl.Tracks
    """The masks in the boxes of what is held out."""
    course: Course
    seconds: float
    spearman: dict[str, float]
    selected: dict[str, int]
    """What `vislabel select` counted."""
    labels: int
    """Masks of the next round."""


def print_course(course: Course, seconds: float) -> None:
    """One line about where a training is."""
    loss = np.mean(course.losses[course.steps[-2] :])
    line = f"step {course.steps[-1]:4}  loss {loss:.3f}  IoU with what is held out {course.ious[-1]:.3f}"
    print(f"  {line}  {seconds:5.1f} s", flush=True)


def print_outcomes(drawn: dict[str, float], made: dict[str, Outcome], before: tuple[int, int]) -> None:
    """Three tables: the IoU, the rank correlations, and the labels of the next round."""
    ious = [(name, f"{iou:.3f}", "") for name, iou in drawn.items()]
    spearman = []
    counted = ("survivors", "retained", "selected", "matched", "tracks")
    rounds = [("before", "", "", "", "", *map(str, before))]
    for mode, own in made.items():
        first, *_, last = own.course.ious
        ious.append((f"the network, before it learns from {mode}", f"{first:.3f}", ""))
        ious.append((f"the network, from {mode}", f"{last:.3f}", f"{own.seconds:.0f} s"))
        spearman.append((f"proposals, from {mode}", *(f"{value:.3f}" for value in own.spearman.values())))
        counts = [str(own.selected[name]) for name in counted]
        rounds.append((f"from {mode}", *counts, str(own.labels)))
    print()
    print_table(("masks in the boxes of what is held out", "mean IoU", "time"), ious)
    print()
    print_table(("Spearman with the IoU to what is held out", *own.spearman), spearman)
    print()
    columns = ("survive the NMS", "tracks kept", "masks kept", "matched", "labels: tracks", "masks")
    print_table((f"next round, threshold {THRESHOLD}", *columns), rounds)
    print()
