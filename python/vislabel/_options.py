"""Options that functions of several rooms take, by their names."""

from __future__ import annotations

from typing import Literal

#: What the paper says, or what its code does.
Rule = Literal["paper", "reference"]

#: IoU of boxes, or generalised IoU (Rezatofighi et al. 2019).
BoxOverlap = Literal["iou", "giou"]
