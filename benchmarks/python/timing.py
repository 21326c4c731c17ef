"""One row of a table: contenders for one operation, checked against each other, then timed in turns."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

OURS = "vislabel"
BEST = "best peer"


@dataclass(frozen=True)
class Time:
    """Seconds per item: quartiles over the repetitions."""

    low: float
    median: float
    high: float
    estimate: bool = False


@dataclass
class Row:
    """Contenders for one operation. Each is called without arguments and answers for all `items`."""

    name: str
    contenders: dict[str, Callable[[], Any]]
    items: int = 1
    canonical: Callable[[Any], Any] = lambda result: result
    """Makes answers of different libraries comparable."""
    reference: str = "pycocotools"
    goals: dict[str, float] = field(default_factory=lambda: {BEST: 1.0})
    """How many times faster than a contender, or than the best of them, we want to be."""
    scale: dict[str, float] = field(default_factory=dict)
    """Contenders that do a part of the work, unchecked: how many times longer all of it takes."""
    tolerance: float = 0.0
    """How far ours may be from the reference, relative: for sums of double precision in another order."""

    def check(self) -> None:
        """Every answer equals the reference's; ours to the last bit, unless the row says how far."""
        expected = self.canonical(self.contenders[self.reference]())
        for name, run in self.contenders.items():
            if name not in self.scale and name != self.reference:
                allowed = self.tolerance if name == OURS else 1e-12
                _require_equal(self.canonical(run()), expected, allowed, f"{self.name}: {name}")

    def measure(self, budget_s: float, fewest: int = 3, most: int = 41) -> dict[str, Time]:
        """Rounds in which everybody runs once, until the budget is spent."""
        seconds: dict[str, list[float]] = {name: [] for name in self.contenders}
        gc.collect()
        gc.disable()
        begin = time.perf_counter()
        rounds = 0
        while rounds < fewest or (rounds < most and time.perf_counter() - begin < budget_s):
            for name, run in self.contenders.items():
                if name in self.scale and rounds >= fewest:
                    continue
                start = time.perf_counter()
                result = run()
                seconds[name].append(time.perf_counter() - start)
                del result
            rounds += 1
        gc.enable()
        return {name: self._time(name, values) for name, values in seconds.items()}

    def _time(self, name: str, seconds: list[float]) -> Time:
        low, median, high = np.quantile(seconds, [0.25, 0.5, 0.75]) * self.scale.get(name, 1.0) / self.items
        return Time(float(low), float(median), float(high), name in self.scale)


Rows: TypeAlias = Iterator[tuple[str, Callable[[str], Row]]]
"""Names, and how to make the row of each."""


def _require_equal(given: Any, expected: Any, tolerance: float, what: str) -> None:
    if isinstance(expected, np.ndarray):
        np.testing.assert_allclose(given, expected, rtol=tolerance, atol=0, err_msg=what)
    elif isinstance(expected, (list, tuple)) and len(expected) > 0 and isinstance(expected[0], np.ndarray):
        for one, other in zip(given, expected, strict=True):
            _require_equal(one, other, tolerance, what)
    elif given != expected:  # RLE dicts, lists of numbers
        raise AssertionError(f"{what} disagrees with the reference")
