"""The losses of `train.py`: from masks, as AutoQ-VIS trains, or from boxes alone, as PM-VIS does."""

from __future__ import annotations

import numpy as np
import torch
import vislabel as vl
from torch.nn import functional
from train_data import Sample
from train_network import Predicted

AFFINITY = 4.0  # weight of the pairwise loss: of all its pairs, which it is divided by, a quarter is alike


def from_masks(predicted: Predicted, batch: Sample) -> torch.Tensor:
    """AutoQ-VIS: cross-entropy and dice where DropLoss keeps them; the IoU of each mask for its quality.

    *Source*: AutoQ-VIS, Sec. 2.1 and 2.3 (Eq. 1).
    """
    # Every prompt is a video of its own, of one frame with its own labels, in pixels of the frame: vislabel
    # enlarges the logits to them, so that weights and targets are those of the masks as they will be used.
    pairs = list(zip(predicted.mask[:, None], batch.labels, strict=True))
    kept = torch.cat([vl.loss.drop_loss_weights(logits, labels) for logits, labels in pairs])
    quality = [vl.loss.quality_target(logits[None], as_video(labels)) for logits, labels in pairs]
    iou = torch.cat([target.iou[0] for target in quality])
    entropy = functional.binary_cross_entropy_with_logits(predicted.mask, batch.mask, reduction="none")
    mask = entropy.mean(dim=(1, 2)) + dice(predicted.mask.sigmoid(), batch.mask)
    return mean(mask, kept * batch.is_object) + of_heads(predicted, batch, iou)


def from_boxes(predicted: Predicted, batch: Sample) -> torch.Tensor:
    """PM-VIS: masks that fill their box in each direction, with like colours on one side of their edge.

    No mask is looked at. For the quality of one, the IoU of its own box with the given one has to do: the
    factor H of PM-VIS's SCM. *Source*: PM-VIS, Eq. 1-3.
    """
    own = vl.Masks(predicted.mask, threshold=0.0).box
    overlap = vl.iou.box_iou(own, batch.box.nan_to_num().double().numpy()).diagonal()
    each = torch.arange(len(batch.box))  # every prompt has a picture of its own
    projection = vl.loss.projection(predicted.mask, batch.box)
    affinity = vl.loss.pairwise_affinity(predicted.mask, batch.lab, batch.box, image=each)
    mask: torch.Tensor = projection + AFFINITY * affinity
    return mask + of_heads(predicted, batch, torch.from_numpy(overlap.astype(np.float32)))


def of_heads(predicted: Predicted, batch: Sample, iou: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of whether the prompt is a label's box; the squared error of the IoU [B] where it is."""
    is_object = functional.binary_cross_entropy_with_logits(predicted.objectness, batch.is_object)
    return is_object + mean((predicted.iou - iou) ** 2, batch.is_object)


def dice(predicted: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """1 - twice what two masks [B, h, w] share over what they have together, [B]."""
    shared = (predicted * mask).sum(dim=(1, 2))
    both = predicted.sum(dim=(1, 2)) + mask.sum(dim=(1, 2))
    loss: torch.Tensor = 1 - (2 * shared + 1) / (both + 1)
    return loss


def mean(values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The weighted mean; 0 where all weights are."""
    return (values * weights).sum() / weights.sum().clamp(min=1)


def as_video(labels: vl.Masks) -> vl.Tracks:
    """Masks [G] as tracks of one frame."""
    rows = np.arange(len(labels))
    return vl.Tracks.from_masks(labels, rows, 0 * rows, shape=(len(labels), 1))
