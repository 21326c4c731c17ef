"""Slow and obvious: the losses and targets of training in plain torch, from the papers and the written
semantics alone.

Everything works in the dtype of the logits; in float64 it is the truth. Gradients are autograd's. Boxes are
float64 [N, 4] or [N, T, 4] (x, y, width, height), four NaN where there is none; masks are bool tensors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch.nn import functional

Tensor = torch.Tensor
OFFSETS = [(dy, dx) for dy in (-2, 0, 2) for dx in (-2, 0, 2) if (dy, dx) != (0, 0)]


class Target(NamedTuple):
    iou: Tensor
    truth: Tensor


# --- boxes --------------------------------------------------------------------------------------------------


def pixels(box: Tensor, size: tuple[int, int]) -> Tensor:
    """The box's mask, bool [H, W]: columns floor(x) up to ceil(x + width), and rows likewise."""
    x, y, width, height = box.tolist()
    wide = torch.tensor([math.floor(x) <= column < math.ceil(x + width) for column in range(size[1])])
    tall = torch.tensor([math.floor(y) <= row < math.ceil(y + height) for row in range(size[0])])
    return tall[:, None] & wide


def slots(logits: Tensor, boxes: Tensor) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Every map with a box, and the place of the box in C order."""
    maps = logits.reshape(-1, *logits.shape[-2:])
    for n, box in enumerate(boxes.reshape(-1, 4)):
        if not box.isnan().all():
            yield n, maps[n], pixels(box, (maps.shape[1], maps.shape[2]))


def nothing(logits: Tensor) -> Tensor:
    """0 with a gradient of 0, whatever the logits are."""
    return torch.where(torch.ones_like(logits, dtype=torch.bool), 0, logits).sum()


# --- projection ---------------------------------------------------------------------------------------------


def projection(logits: Tensor, boxes: Tensor, reduction: str = "mean") -> Tensor:
    """PM-VIS, Eq. 1-2."""
    losses = {n: projection_of_one(x, mask) for n, x, mask in slots(logits, boxes)}
    total = nothing(logits)
    if reduction == "none":
        every = [losses.get(n, total) for n in range(boxes[..., 0].numel())]
        return (torch.stack(every) if every else logits.reshape(-1)[:0]).reshape(boxes.shape[:-1])
    for loss in losses.values():
        total = total + loss
    return total / max(1, len(losses)) if reduction == "mean" else total


def projection_of_one(logits: Tensor, mask: Tensor) -> Tensor:
    """Of a map [H, W]; `max(dim)` takes the first of equal ones, and so does its gradient."""
    probability, target = sigmoid(logits), mask.to(logits.dtype)
    return sum(
        (dice(probability.max(axis).values, target.max(axis).values) for axis in (0, 1)), logits.new_zeros(())
    )


def sigmoid(logits: Tensor) -> Tensor:
    """With a gradient that keeps its digits where the probability is nearly 1."""
    return log_sigmoid(logits).exp()


def log_sigmoid(x: Tensor) -> Tensor:
    """-log(1 + exp(-x)); torch's own starts a thread for every few pixels."""
    return -torch.logaddexp(torch.zeros_like(x), -x)


def dice(x: Tensor, t: Tensor) -> Tensor:
    return 1 - 2 * (x * t).sum() / ((x * x).sum() + (t * t).sum() + 1e-5)


# --- pairwise affinity --------------------------------------------------------------------------------------


def pairwise_affinity(
    logits: Tensor,
    lab: Tensor,
    boxes: Tensor,
    *,
    image: list[int] | None = None,
    rule: str = "paper",
    threshold: float | None = None,
    theta: float = 2.0,
    reduction: str = "mean",
) -> Tensor:
    """PM-VIS, Eq. 3; `lab` is [3, H, W], or [B, 3, H, W] of which `image` names one per instance, or
    [T, 3, H, W] with logits [N, T, H, W]."""
    if threshold is None:
        threshold = 0.2 if rule == "paper" else 0.3
    frames = logits.shape[1] if logits.ndim == 4 else 1
    total = nothing(logits)
    sums: dict[int, Tensor] = {}
    divisors: dict[int, int] = {}
    for n, x, mask in slots(logits, boxes):
        colours = lab
        if lab.ndim == 4:
            colours = lab[n % frames if image is None else image[n]]
        sums[n], every, counted = affinity_of_one(x, colours, mask, rule, threshold, theta)
        divisors[n] = every if rule == "paper" else counted
    if reduction == "none":
        count = boxes[..., 0].numel()
        each = [sums[n] / max(1, divisors[n]) if n in sums else total for n in range(count)]
        return (torch.stack(each) if each else logits.reshape(-1)[:0]).reshape(boxes.shape[:-1])
    for value in sums.values():
        total = total + value
    return total / max(1, sum(divisors.values())) if reduction == "mean" else total


def affinity_of_one(
    logits: Tensor, lab: Tensor, mask: Tensor, rule: str, threshold: float, theta: float
) -> tuple[Tensor, int, int]:
    """The sum over the edges that count, the number of all edges, and of those that count.

    An edge is a pixel in the box and one of its eight neighbours at distance 2, in the frame.
    """
    (height, width), colours = logits.shape, lab.double().movedim(0, 2)
    total, every, counted = nothing(logits), 0, 0
    for dy, dx in OFFSETS:
        if abs(dy) >= height or abs(dx) >= width:
            continue
        y = torch.arange(max(0, -dy), min(height, height - dy))
        x = torch.arange(max(0, -dx), min(width, width - dx))
        here, there = (y[:, None], x), ((y + dy)[:, None], x + dx)
        colour = colours[here] - colours[there]
        similarity = torch.exp(-colour.square().sum(-1).sqrt() / theta)
        alike = similarity > threshold if rule == "paper" else similarity >= threshold
        inside = mask[here]
        losses = minus_log_same(logits[here], logits[there])
        total = total + losses[alike & inside].sum()
        every += int(inside.sum())
        counted += int((alike & inside).sum())
    return total, every, counted


def minus_log_same(a: Tensor, b: Tensor) -> Tensor:
    """-log(p q + (1 - p)(1 - q)), through log-sigmoids."""
    both = log_sigmoid(a) + log_sigmoid(b)
    neither = log_sigmoid(-a) + log_sigmoid(-b)
    return -torch.logaddexp(both, neither)


# --- IoU ----------------------------------------------------------------------------------------------------


def iou(a: Tensor, b: Tensor, empty_pair: float = 0.0) -> float:
    common, together = int((a & b).sum()), int((a | b).sum())
    return common / together if together > 0 else empty_pair


def predicted(logits: Tensor, size: tuple[int, int], threshold: float = 0.0) -> Tensor:
    """Set pixels of logits [.., h, w] in a frame of `size`."""
    maps = logits.reshape(-1, 1, *logits.shape[-2:])
    resized = functional.interpolate(maps, size=size, mode="bilinear", align_corners=False)
    return (resized > threshold).reshape(*logits.shape[:-2], *size)


def nearest_to(logits: Tensor, size: tuple[int, int], threshold: float = 0.0) -> float:
    """How near any resized logit comes to the threshold: a pixel there may fall to either side."""
    maps = logits.double().reshape(-1, 1, *logits.shape[-2:])
    resized = functional.interpolate(maps, size=size, mode="bilinear", align_corners=False)
    return float((resized - threshold).abs().min()) if resized.numel() else math.inf


# --- DropLoss -----------------------------------------------------------------------------------------------


def drop_loss_weights(masks: Tensor, truth: Tensor, threshold: float = 0.01) -> list[float]:
    """AutoQ-VIS, Eq. 1; bool [N, ..] and [M, ..], of a frame or a whole video."""
    return [float(max((iou(a, b) for b in truth), default=0.0) > threshold) for a in masks]


def drop_loss_weights_of_points(logits: Tensor, labels: Tensor, threshold: float = 0.01) -> list[float]:
    """The published code's, [N, P] against [N, P]: kept unless the soft IoU is at most the threshold."""
    p, t = logits.sigmoid(), labels
    common = (p * t).sum(1)
    value = common / (p.sum(1) + t.sum(1) - common)
    return [0.0 if v <= threshold else 1.0 for v in value.tolist()]


# --- quality target -----------------------------------------------------------------------------------------


def quality_target(logits: Tensor, truth: Tensor, threshold: float = 0.0, empty_pair: str = "zero") -> Target:
    """AutoQ-VIS: of the truth with the largest mean IoU (ties: the first), the IoU in every frame.

    `logits` [Q, T, h, w] and bool `truth` [G, T, H, W], all False where absent.
    """
    size = (truth.shape[2], truth.shape[3])
    ious = torch.zeros(logits.shape[:2], dtype=torch.float64)
    best = torch.full(logits.shape[:1], -1)
    for q, query in enumerate(logits):
        masks, highest = predicted(query, size, threshold), -1.0
        for g, frames in enumerate(truth):
            row = [iou(a, b, float(empty_pair == "one")) for a, b in zip(masks, frames, strict=True)]
            mean = sum(row) / max(1, len(row))
            if mean > highest:
                highest, best[q], ious[q] = mean, g, torch.tensor(row, dtype=torch.float64)
    return Target(ious, best)
