"""Which conflict graphs need the most nodes of the search for the K best subsets.

    python benchmarks/python/path_worst.py [--budget 1000000]

Not a part of the benchmark: a study, as a table in Markdown. The median of three seeds; `>`: the budget was
reached, and how far below the last of the K subsets' cost its bound lies.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import table
import vislabel as vl
from path_sets import Bool, Float64, crowd

Made = tuple[Float64, Bool]
Rng = np.random.Generator


def symmetric(upper: npt.NDArray[np.bool_]) -> Bool:
    upper = np.triu(upper, 1)
    return upper | upper.T


def band(n: int, width: int) -> Bool:
    """Everyone overlaps the next `width`: intervals in a row."""
    distance = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    return (distance > 0) & (distance <= width)


def grid(n: int) -> Bool:
    side = int(np.sqrt(n))
    y, x = np.divmod(np.arange(n), side)
    return np.abs(np.subtract.outer(x, x)) + np.abs(np.subtract.outer(y, y)) == 1


def boxes(rng: Rng, n: int, share: float) -> Made:
    """Boxes anywhere in the frame, with sides of about `share` of its own; a box saves about its area."""
    sides = share * rng.uniform(0.5, 1.5, (n, 2))
    low = rng.uniform(0, 1 - sides)
    common = np.minimum(low[:, None] + sides[:, None], low + sides) - np.maximum(low[:, None], low)
    return -sides.prod(axis=1) * rng.uniform(0.2, 1, n), symmetric((common > 0).all(axis=2))


def people(rng: Rng, n: int, pairs: bool) -> Made:
    """Head, body and both of everyone; with `pairs` also everyone's union with the next one. What the parts
    save is about what the whole does."""
    conflicts = np.zeros((n, n), bool)
    weights = np.empty(n)
    step = 4 if pairs else 3
    for own in range(0, n, step):
        head, body = -rng.uniform(0.5, 1.5), -rng.uniform(2, 4)
        values = [
            head,
            body,
            (head + body) * rng.uniform(0.9, 1.1),
            2 * (head + body) * rng.uniform(0.9, 1.1),
        ]
        weights[own : own + step] = values[: len(weights[own : own + step])]
        conflicts[own : own + 2, own + 2 : own + 3] = True
        if pairs:
            conflicts[own : own + 3, own + 3 : own + 4] = True  # the union with the next one
            conflicts[own + 3 : own + 4, own + 4 : own + 8] = True
    return weights, symmetric(conflicts)


def uniform(rng: Rng, n: int) -> Float64:
    return -rng.uniform(0.1, 1, n)


FAMILIES: dict[str, Callable[[Rng, int], Made]] = {
    "crowd, ten proposals to a person": lambda rng, n: (lambda g: (g.weights, g.conflicts))(
        crowd(n, int(rng.integers(99)), 0.3)
    ),
    "head, body, whole": lambda rng, n: people(rng, n, False),
    "the same, and unions of neighbours": lambda rng, n: people(rng, n, True),
    "no conflicts": lambda rng, n: (uniform(rng, n), np.zeros((n, n), bool)),
    "no conflicts, equal weights": lambda rng, n: (-np.ones(n), np.zeros((n, n), bool)),
    "chain": lambda rng, n: (uniform(rng, n), band(n, 1)),
    "chain, equal weights": lambda rng, n: (-np.ones(n), band(n, 1)),
    "band of 3": lambda rng, n: (uniform(rng, n), band(n, 3)),
    "grid": lambda rng, n: (uniform(rng, n), grid(n)),
    "grid, equal weights": lambda rng, n: (-np.ones(n), grid(n)),
    "boxes of 10 % of the frame's sides": lambda rng, n: boxes(rng, n, 0.1),
    "boxes of 30 %": lambda rng, n: boxes(rng, n, 0.3),
    "boxes of 60 %": lambda rng, n: boxes(rng, n, 0.6),
    **{
        f"random, density {density:g}": lambda rng, n, density=density: (
            uniform(rng, n),
            symmetric(rng.random((n, n)) < density),
        )
        for density in (0.02, 0.1, 0.3, 0.6, 0.9)
    },
    "random, density 0.1, equal weights": lambda rng, n: (-np.ones(n), symmetric(rng.random((n, n)) < 0.1)),
    "random, density 0.3, equal weights": lambda rng, n: (-np.ones(n), symmetric(rng.random((n, n)) < 0.3)),
    "random, density 0.1, half of no use": lambda rng, n: (
        rng.uniform(-1, 1, n),
        symmetric(rng.random((n, n)) < 0.1),
    ),
}


def nodes(make: Callable[[Rng, int], Made], n: int, k: int, budget: int) -> str:
    runs = []
    for seed in range(3):
        weights, conflicts = make(np.random.default_rng([10, seed, n]), n)
        begin = time.perf_counter()
        best = vl.path.k_best_subsets(weights, conflicts, k=k, max_nodes=budget)
        seconds = time.perf_counter() - begin
        gap = -1.0 if best.optimal else (best.costs[-1] - best.bound) / abs(best.costs[-1])
        runs.append((best.nodes, seconds, gap))
    count, seconds, gap = sorted(runs)[1]
    text = f"{count:,} ({1e3 * seconds:.3g} ms)"
    return f"> {text}, {gap:.1%}" if gap >= 0 else text


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--budget", type=int, default=1_000_000, metavar="NODES")
    parser.add_argument("--only", default="", metavar="NAME", help="families whose name contains NAME")
    arguments = parser.parse_args()
    columns = [(15, 10), (30, 10), (60, 10), (100, 1), (100, 10), (100, 100), (200, 10)]
    lines = []
    for name, make in FAMILIES.items():
        if arguments.only not in name:
            continue
        cells = []
        for n, k in columns:
            cells.append(nodes(make, n, k, arguments.budget))
            if cells[-1].startswith(">") and n >= 100:
                cells += [""] * (len(columns) - len(cells))
                break
        lines.append([name, *cells])
        print(" | ".join(lines[-1]), flush=True)
    print()
    print(table.markdown(["", *(f"N = {n}, K = {k}" for n, k in columns)], lines))


if __name__ == "__main__":
    main()
