"""The network of `train.py`: prompted with a box, it gives a mask, whether there is an object, and an IoU.

A small U-Net makes the mask. The quality head is AutoQ-VIS's in small: it sees the features and the mask that
they gave, four convolutions, the last of stride 2, then three fully connected layers, and says what IoU the
mask has.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

WIDTHS = (24, 48, 96)  # channels at a half, a quarter and an eighth of the picture


class Predicted(NamedTuple):
    """What the network says about B prompts."""

    mask: torch.Tensor
    """Logits [B, 48, 32]."""
    objectness: torch.Tensor
    """Logits [B]."""
    iou: torch.Tensor
    """[B], 0 to 1."""


class MaskNetwork(nn.Module):
    """Pictures [B, 3, 96, 64] in, `Predicted` out."""

    def __init__(self) -> None:
        super().__init__()
        few, more, most = WIDTHS
        self.fine = nn.Sequential(block(3, few, stride=2), block(few, few))
        self.middle = nn.Sequential(block(few, more, stride=2), block(more, more))
        self.coarse = nn.Sequential(block(more, most, stride=2), block(most, most))
        self.to_middle = block(most + more, more)
        self.to_fine = block(more + few, few)
        self.to_mask = nn.Sequential(block(few, few), nn.Conv2d(few, 1, 1))
        self.to_objectness = nn.Linear(most, 1)
        self.quality = QualityHead(few)

    def forward(self, picture: torch.Tensor) -> Predicted:
        fine = self.fine(picture)
        middle = self.middle(fine)
        coarse = self.coarse(middle)
        features = self.to_middle(torch.cat([enlarged(coarse), middle], dim=1))
        features = self.to_fine(torch.cat([enlarged(features), fine], dim=1))
        mask = self.to_mask(features)
        objectness = self.to_objectness(coarse.mean(dim=(2, 3)))
        return Predicted(mask[:, 0], objectness[:, 0], self.quality(features, mask))


class QualityHead(nn.Module):
    """Features [B, C, 48, 32] and the logits of masks [B, 1, 48, 32] to predicted IoUs [B]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.MaxPool2d(2),
            block(channels + 1, 32),
            block(32, 32),
            block(32, 32),
            block(32, 32, stride=2),
            nn.AdaptiveAvgPool2d((6, 4)),
            nn.Flatten(),
        )
        self.connected = nn.Sequential(
            nn.Linear(32 * 6 * 4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1), nn.Sigmoid()
        )

    def forward(self, features: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        # detached: the head shall judge the masks, not change them so that they are easy to judge
        seen = torch.cat([features, mask.detach().sigmoid()], dim=1)
        judged: torch.Tensor = self.connected(self.convolutions(seen))
        return judged[:, 0]


def block(channels: int, out: int, stride: int = 1) -> nn.Sequential:
    """A convolution, normalised, and what is positive of it."""
    return nn.Sequential(
        nn.Conv2d(channels, out, 3, stride, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True)
    )


def enlarged(features: torch.Tensor) -> torch.Tensor:
    """Twice as high and wide."""
    return nn.functional.interpolate(features, scale_factor=2, mode="nearest")
