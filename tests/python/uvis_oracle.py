"""Slow and obvious: UVIS's labels and filters from the written semantics, one number after the other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from oracle import Float

MASK = (1 << 64) - 1


class Mersenne:
    """The 64-bit Mersenne Twister (Nishimura and Matsumoto 2000), std::mt19937_64 in C++."""

    def __init__(self, seed: int) -> None:
        self.words = [seed & MASK]
        for i in range(1, 312):
            last = self.words[-1]
            self.words.append((6364136223846793005 * (last ^ last >> 62) + i) & MASK)
        self.next = 312

    def __call__(self) -> int:
        if self.next == 312:
            for i in range(312):
                both = self.words[i] & (MASK << 31) & MASK | self.words[(i + 1) % 312] & ((1 << 31) - 1)
                odd = 0xB5026F5AA96619E9 if both & 1 else 0
                self.words[i] = self.words[(i + 156) % 312] ^ both >> 1 ^ odd
            self.next = 0
        x = self.words[self.next]
        self.next += 1
        x ^= x >> 29 & 0x5555555555555555
        x ^= x << 17 & 0x71D67FFFEDA60000
        x ^= x << 37 & 0xFFF7EEE000000000
        return x ^ x >> 43


def lane_sum(terms: Float) -> float:
    """In eight lanes, then the lanes."""
    lanes = [0.0] * 8
    for i, term in enumerate(terms.tolist()):
        lanes[i % 8] += term
    total = 0.0
    for lane in lanes:
        total += lane
    return total


def distance(a: Float, b: Float) -> float:
    return lane_sum((a - b) * (a - b))


def direction(x: Any) -> Float:
    row = np.asarray(x, np.float64)
    largest = float(np.abs(row).max(initial=0.0))
    if largest == 0:
        return row
    row = np.ldexp(row, -math.frexp(largest)[1])
    return row / math.sqrt(lane_sum(row * row))


def cosine(a: Float, b: Float) -> float:
    """Of two directions."""
    return min(1.0, max(-1.0, lane_sum(a * b)))


def match_prompts(features: Any, prompts: Any, classes: Any) -> tuple[list[int], list[int], list[float]]:
    texts = [direction(prompt) for prompt in prompts]
    found = []
    for feature in features:
        cosines = [cosine(direction(feature), text) for text in texts]
        found.append((cosines.index(max(cosines)), max(cosines)))
    return [int(classes[p]) for p, _ in found], [p for p, _ in found], [value for _, value in found]


def start(points: list[Float], k: int, seed: int) -> list[Float]:
    random, weights, chosen = Mersenne(seed), [1.0] * len(points), []
    while len(chosen) < k and any(weight > 0 for weight in weights):
        total = 0.0
        for weight in weights:
            total += weight
        target, reached = (random() >> 11) / 2**53 * total, weights[0]
        pick = 0
        while reached <= target:
            pick += 1
            reached += weights[pick]
        chosen.append(points[pick])
        nearest = [min(distance(point, center) for center in chosen) for point in points]
        weights = [0.0 if squared < 2.0**-90 else squared for squared in nearest]
    return chosen


def k_means(points: list[Float], k: int, seed: int, most: int = 300) -> list[Float]:
    def assign(centroids: list[Float]) -> tuple[float, list[int], list[float]]:
        tables = [[distance(point, centroid) for centroid in centroids] for point in points]
        smallest = [min(row) for row in tables]
        cost = 0.0
        for value in smallest:
            cost += value
        return cost, [row.index(value) for row, value in zip(tables, smallest, strict=True)], smallest

    centroids = start(points, k, seed)
    cost, nearest, distances = assign(centroids)
    for _ in range(most):
        moved, left = [], list(distances)
        for c in range(len(centroids)):
            own = [point for point, n in zip(points, nearest, strict=True) if n == c]
            if own:
                total = np.zeros_like(own[0])
                for point in own:
                    total = total + point
                moved.append(total / len(own))
            else:
                farthest = left.index(max(left))
                moved.append(points[farthest])
                left[farthest] = -1.0
        after = assign(moved)
        if after[0] >= cost:
            break
        centroids, (cost, nearest, distances) = moved, after
    return centroids


def prototypes(features: Any, labels: Any, k: int, seed: int = 0) -> tuple[Float, list[int]]:
    centroids: list[Float] = []
    classes: list[int] = []
    for label in sorted({int(label) for label in labels}):
        rows = [direction(x) for x, own in zip(features, labels, strict=True) if own == label]
        points = [row for row in rows if row.any()]
        found = k_means(points, k, seed) if points else [np.zeros(len(rows[0]))]
        centroids += found
        classes += [label] * len(found)
    return np.array(centroids).reshape(len(classes), np.shape(features)[1]), classes


def similarity(centroids: Any, classes: Any, features: Any, labels: Any) -> list[float]:
    rows = [direction(centroid) for centroid in centroids]
    out = []
    for feature, label in zip(features, labels, strict=True):
        own = [row for row, name in zip(rows, classes, strict=True) if name == label]
        out.append(max(cosine(direction(feature), row) for row in own))
    return out
