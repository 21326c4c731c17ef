"""What a trained network makes of boxes: masks, scores and predicted IoUs, as a detector would."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import vislabel as vl
from train_data import Array, View
from train_network import MaskNetwork

BATCH = 64


@dataclass(frozen=True)
class Segmented:
    """A mask in each box of N tracks over T frames."""

    tracks: vl.Tracks
    objectness: Array
    """[N, T], 0 to 1; 0 without a box."""
    iou: Array
    """[N, T], predicted, 0 to 1; 0 without a box."""


def segment(network: MaskNetwork, frames: Array, boxes: vl.Tracks, where: Array) -> Segmented:
    """The masks that the network gives for the boxes of tracks, where [N, T] is True and they have pixels."""
    frame, track = np.nonzero((where & (boxes.area > 0)).T)
    found = [vl.Masks(np.zeros((0, *boxes.size), bool))]
    objectness, iou = np.zeros((2, *boxes.shape))
    views = [View.around(box, boxes.size) for box in boxes.box[track, frame]]
    network.eval()
    for i in range(0, len(frame), BATCH):
        here, places = views[i : i + BATCH], (track[i : i + BATCH], frame[i : i + BATCH])
        shown = [view.shown(frames[t]) - 0.5 for view, t in zip(here, places[1], strict=True)]
        with torch.inference_mode():
            predicted = network(torch.from_numpy(np.stack(shown).transpose(0, 3, 1, 2)))
        logits = predicted.mask.numpy()
        dense = [view.paste(mask, boxes.size) for view, mask in zip(here, logits, strict=True)]
        found.append(vl.Masks(np.stack(dense)))
        objectness[places], iou[places] = predicted.objectness.sigmoid(), predicted.iou
    network.train()
    tracks = vl.Tracks.from_masks(vl.Masks.concatenate(found), track, frame, boxes.shape)
    return Segmented(tracks, objectness, iou)


def proposals(network: MaskNetwork, frames: Array, candidates: vl.io.Detections) -> vl.io.Detections:
    """What the network makes of candidate tracks: a mask in each of their boxes; the boxes are all it takes.

    The score of a track is its mean objectness.
    """
    found = segment(network, frames, candidates.tracks, np.ones(candidates.tracks.shape, bool))
    seen = found.tracks.area > 0
    rows = np.flatnonzero(seen.any(axis=1))
    scores = (found.objectness * seen).sum(axis=1)[rows] / seen.sum(axis=1)[rows]
    return vl.io.Detections(
        candidates.video_id, found.tracks[rows], scores, candidates.labels[rows], found.iou[rows]
    )


def correlations(found: vl.io.Detections, labels: vl.Tracks, first: int) -> dict[str, float]:
    """Spearman's rank correlation with the IoU to the best label, frames from `first` (AutoQ-VIS, Fig. 4)."""
    frames = slice(first, labels.frames)
    seen = found.tracks.area[:, frames] > 0
    iou = vl.iou.best_match(found.tracks.select_frames(frames), labels.select_frames(frames)).iou
    assert found.predicted_iou is not None
    quality = vl.select.quality(found.scores, found.predicted_iou)[:, frames]
    confidence = np.broadcast_to(found.scores[:, None], seen.shape)
    expected = found.predicted_iou[:, frames]
    named = {"quality": quality, "confidence": confidence, "predicted IoU": expected}
    return {name: vl.evaluate.rank_correlation(own[seen], iou[seen]).spearman for name, own in named.items()}
