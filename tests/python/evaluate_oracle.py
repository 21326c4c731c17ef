"""Slow and obvious: F1 of pseudo-labels on dense arrays, from the written semantics alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from oracle import Bool, DenseTracks, random_tracks


@dataclass
class Scene:
    """A video as `f1` takes it, dense."""

    predicted: DenseTracks
    truth: DenseTracks
    predicted_labels: list[int]
    truth_labels: list[int]
    scores: Any = None
    """None, [N] or [N, T]."""


def iou(a: Bool, b: Bool) -> Fraction:
    union = int((a | b).sum())
    return Fraction(int((a & b).sum()), union) if union else Fraction(0)


def frame_counts(scene: Scene, t: int, label: int, threshold: float) -> Counter[str]:
    """TP, FP and FN of one class in one frame."""

    def score(n: int) -> float:
        if scene.scores is None:
            return 0.0
        given = np.asarray(scene.scores)
        return float(given[n] if given.ndim == 1 else given[n, t])

    def instances(tracks: DenseTracks, labels: list[int]) -> list[int]:
        dense, present = tracks
        return [n for n in range(len(dense)) if labels[n] == label and present[n, t] and dense[n, t].any()]

    counts: Counter[str] = Counter()
    free = instances(scene.truth, scene.truth_labels)
    for n in sorted(instances(scene.predicted, scene.predicted_labels), key=lambda n: (-score(n), n)):
        ious = {m: iou(scene.predicted[0][n, t], scene.truth[0][m, t]) for m in free}
        best = max(free, key=lambda m: ious[m], default=None)  # of equal ones the first
        if best is not None and float(ious[best]) > threshold:
            free.remove(best)
            counts["tp"] += 1
        else:
            counts["fp"] += 1
    counts["fn"] = len(free)
    return counts


def f1(
    scenes: Iterable[Scene], classes: list[int] | None = None, iou_threshold: float = 0.5
) -> dict[str, Any]:
    """Everything that `vislabel.evaluate.f1` gives, as lists; None instead of NaN."""
    scenes = list(scenes)
    if classes is None:
        classes = sorted({label for s in scenes for label in [*s.predicted_labels, *s.truth_labels]})
    out: dict[str, Any] = {name: [] for name in ("tp", "fp", "fn", "f1", "precision", "recall")}
    for label in classes:
        sums: Counter[str] = Counter()
        for scene in scenes:
            for t in range(scene.truth[1].shape[1]):
                sums += frame_counts(scene, t, label, iou_threshold)
        tp, fp, fn = (sums[name] for name in ("tp", "fp", "fn"))
        shares = {"f1": (2 * tp, 2 * tp + fp + fn), "precision": (tp, tp + fp), "recall": (tp, tp + fn)}
        for name, (part, whole) in shares.items():
            out[name].append(part / whole if whole else None)
        for name in ("tp", "fp", "fn"):
            out[name].append(sums[name])
    defined = [value for value in out["f1"] if value is not None]
    return {"classes": classes, **out, "mean": sum(defined) / len(defined) if defined else None}


def random_scene(seed: int, count: int, frames: int, size: tuple[int, int], labels: int = 3) -> Scene:
    """Predictions and truths that are often near copies of one another; scores with ties."""
    rng = np.random.default_rng(seed)
    dense, present = random_tracks(seed, 2 * count, frames, size)
    order = rng.permutation(2 * count)
    dense, present = dense[order], present[order]
    cut = count + int(rng.integers(-1, 2)) if count else 0
    scores = [None, rng.integers(0, 3, cut) / 2, rng.integers(0, 3, (cut, frames)) / 2][seed % 3]
    names = rng.integers(-1, labels - 1, 2 * count).tolist()
    return Scene((dense[:cut], present[:cut]), (dense[cut:], present[cut:]), names[:cut], names[cut:], scores)
