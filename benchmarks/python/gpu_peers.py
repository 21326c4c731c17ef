"""What the CUDA backend is measured against: torch on the same device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import loss_peers as loss
import torch

__all__ = ["boxes_loop", "iou_matmul", "loss", "nms_pairs", "runs_loop", "step", "track_iou_matmul"]

Tensor = torch.Tensor


def boxes_loop(masks: Tensor) -> Tensor:
    """A mask at a time, as torchvision's `masks_to_boxes` works."""
    boxes = torch.zeros(len(masks), 4)
    for n, mask in enumerate(masks):
        y, x = torch.where(mask)
        if len(y) > 0:
            boxes[n] = torch.stack([x.min(), y.min(), x.max(), y.max()])
    return boxes


def runs_loop(masks: Tensor) -> list[Tensor]:
    """Places where colours change down the columns, a mask at a time, each brought to the host."""
    found = []
    for mask in masks:
        flat = mask.T.reshape(-1)
        found.append((flat[1:] ^ flat[:-1]).nonzero().cpu())
    return found


def iou_matmul(a: Tensor, b: Tensor) -> Tensor:
    """Intersections as a product of matrices of half precision, whose sums are in float32."""
    x, y = a.flatten(1), b.flatten(1)
    common = (
        torch.mm(x.half(), y.half().T, out_dtype=torch.float32) if _sums_apart() else x.float() @ y.float().T
    )
    together = x.sum(1)[:, None] + y.sum(1)[None] - common
    return common / together.clamp(min=1)


def _sums_apart() -> bool:
    """Whether this torch can multiply half precision into float32, without rounding pixel counts."""
    return "out_dtype" in (torch.mm.__doc__ or "")


def track_iou_matmul(a: Tensor, b: Tensor) -> Tensor:
    """A frame at a time."""
    common = torch.zeros(len(a), len(b))
    for t in range(a.shape[1]):
        x, y = a[:, t].flatten(1), b[:, t].flatten(1)
        common += x.half().float() @ y.half().float().T
    together = a.sum((1, 2, 3))[:, None] + b.sum((1, 2, 3))[None] - common
    return common / together.clamp(min=1)


def nms_pairs(video: Tensor, count: int) -> bool:
    """``count`` of the comparisons of pairs that the published code makes, on dense tracks."""
    found = False
    for n in range(count):
        a, b = video[n].flatten(1), video[n + 1].flatten(1)
        iou = (a & b).sum(1) / (a | b).sum(1).clamp(min=1)
        found |= bool((iou > 0.5).any())
    return found


def step(logits: Tensor, loss_of: Callable[[Any], Any]) -> Tensor | None:
    """The gradient of a loss by the logits."""
    leaf = logits.detach().requires_grad_(True)
    loss_of(leaf).backward()
    return leaf.grad
