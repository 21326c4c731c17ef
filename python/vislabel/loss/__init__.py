"""Losses and targets of training: DropLoss and quality targets (AutoQ-VIS), projection and affinity (PM-VIS).

torch tensors in, torch tensors out, with gradients where the papers need them: operators of their own
(``torch.ops.vislabel``), so that they go through ``torch.compile``. NumPy arrays in, NumPy values out, and
torch is not imported. Float32 and float64 are computed as they are, half precision in float32; any strides,
no copies.

>>> import numpy as np, vislabel as vl
>>> logits = np.full((1, 4, 6), -9.0)
>>> logits[0, 1:3, 2:5] = 9
>>> bool(vl.loss.projection(logits, [[2, 1, 3, 2]]) < 1e-4)  # the mask fits its box
True
"""

from __future__ import annotations

from vislabel.loss._box import pairwise_affinity, projection
from vislabel.loss._targets import QualityTarget, drop_loss_weights, quality_target

__all__ = ["QualityTarget", "drop_loss_weights", "pairwise_affinity", "projection", "quality_target"]
