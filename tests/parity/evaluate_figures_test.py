"""F1 and rank correlation of real methods' outputs: equal to loops over pycocotools' IoU, and to scipy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vislabel as vl
from davis_test import SEQUENCES, ids, rles_of, tracks_of
from pycocotools import mask as coco
from scipy import stats

Rows = list[list[Any]]


def frame_counts(predicted: Any, truth: Any, scores: Any, threshold: float) -> list[int]:
    """TP, FP and FN of the masks of one class in one frame, RLEs without the empty ones."""
    ious = coco.iou(predicted, truth, [0] * len(truth)) if predicted and truth else np.zeros((0, 0))
    taken: set[int] = set()
    for n in np.argsort(-np.asarray(scores, float), kind="stable"):
        best, most = -1, threshold
        for m in range(len(truth)):
            if m not in taken and ious[n, m] > most:
                best, most = m, ious[n, m]
        if best >= 0:
            taken.add(best)
    return [len(taken), len(predicted) - len(taken), len(truth) - len(taken)]


def coco_counts(
    predicted: Rows, truth: Rows, labels: tuple[Any, Any], scores: Any, classes: Any, threshold: float
) -> Any:
    """[C, 3], frame by frame."""
    counts = np.zeros((len(classes), 3), np.int64)
    for t in range(len(truth[0])):
        for c, label in enumerate(classes):
            seen = [
                [n for n, row in enumerate(rows) if given[n] == label and coco.area(row[t]) > 0]
                for rows, given in zip((predicted, truth), labels, strict=True)
            ]
            masks = [[rows[n][t] for n in s] for rows, s in zip((predicted, truth), seen, strict=True)]
            counts[c] += frame_counts(masks[0], masks[1], [scores[n] for n in seen[0]], threshold)
    return counts


def counts_of(result: vl.evaluate.F1Scores) -> Any:
    return np.stack([result.tp, result.fp, result.fn], axis=1)


def test_f1_of_real_proposals_equals_a_loop_over_pycocotools(data_dir: Path) -> None:
    given: dict[str, list[Any]] = {name: [] for name in ("predicted", "truth")}
    given |= {name: [] for name in ("predicted_labels", "truth_labels", "scores")}
    expected = {threshold: np.zeros((3, 3), np.int64) for threshold in (0.5, 0.75)}
    for sequence in SEQUENCES:
        truth = tracks_of(ids(data_dir, "semi-supervised/osvos", sequence, every=8))
        proposals = tracks_of(ids(data_dir, "unsupervised/rvos", sequence, every=8))
        moved = np.roll(truth, (2, 3), (2, 3))  # rivals that overlap what they were moved from
        predicted = np.concatenate([proposals, moved, truth[:, :, ::-1]])
        labels = np.arange(len(predicted)) % 3, np.arange(len(truth)) % 3
        scores = 1 - 0.01 * (np.arange(len(predicted)) % 7)
        for name, part in zip(given, (predicted, truth, *labels, scores), strict=True):
            given[name].append(part)
        rles = rles_of(predicted), rles_of(truth)
        for threshold, counts in expected.items():
            counts += coco_counts(*rles, labels, scores, range(3), threshold)
    for threshold, counts in expected.items():
        result = vl.evaluate.f1(**given, iou_threshold=threshold)
        np.testing.assert_array_equal(counts_of(result), counts)
        tp, fp, fn = counts.T
        np.testing.assert_array_equal(result.f1, 2 * tp / (2 * tp + fp + fn))
        assert 0 < result.mean < 1
        assert (counts > 0).all()


def test_f1_of_real_tracks_with_empty_masks_and_scores_per_frame(data_dir: Path) -> None:
    path = data_dir / "facebookresearch_sam2/sav_dataset/example/sav_000001_auto.json"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    video = json.loads(path.read_text())
    rows = [list(row) for row in zip(*video["masklet"], strict=True)]
    stability = np.array(video["masklet_stability_score"]).T
    tracks, labels = vl.Tracks.from_rle(rows), np.zeros(len(rows), int)
    assert (tracks.present & (tracks.area == 0)).any()
    late = [row[:3] + row[:-3] for row in rows]  # each mask three frames late
    result = vl.evaluate.f1(
        vl.Tracks.from_rle(late), tracks, predicted_labels=labels, truth_labels=labels, scores=stability
    )
    expected = np.zeros(3, np.int64)
    for t in range(tracks.frames):
        seen = [[n for n, row in enumerate(x) if coco.area(row[t]) > 0] for x in (late, rows)]
        masks = [[x[n][t] for n in s] for x, s in zip((late, rows), seen, strict=True)]
        expected += frame_counts(masks[0], masks[1], stability[seen[0], t], 0.5)
    np.testing.assert_array_equal(counts_of(result)[0], expected)
    itself = vl.evaluate.f1(tracks, tracks, predicted_labels=labels, truth_labels=labels)
    assert (itself.mean, itself.tp[0]) == (1, (tracks.area > 0).sum())


def test_rank_correlation_of_real_masks_sizes_and_ious_equals_scipy(data_dir: Path) -> None:
    sizes, ious = [], []
    for sequence in SEQUENCES:
        truth = vl.Tracks(tracks_of(ids(data_dir, "semi-supervised/osvos", sequence, every=8)))
        proposals = vl.Tracks(tracks_of(ids(data_dir, "unsupervised/rvos", sequence, every=8)))
        best = vl.iou.frame_iou(proposals, truth).max(axis=1)
        seen = proposals.area > 0
        result = vl.evaluate.rank_correlation(proposals.area, best, where=seen)
        alone = vl.evaluate.rank_correlation(proposals.area[seen], best[seen])
        assert result == alone
        sizes.append(proposals.area[seen])
        ious.append(best[seen])
    a, b = np.concatenate(sizes), np.concatenate(ious)
    spearman, pearson = vl.evaluate.rank_correlation(a, b)
    assert abs(spearman - stats.spearmanr(a, b).statistic) < 1e-12
    assert abs(pearson - stats.pearsonr(a, b).statistic) < 1e-12
