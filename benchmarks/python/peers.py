"""Side by side with the peers, on the same bytes, in the same run, on one thread.

    python benchmarks/python/peers.py [--only NAME] [--quick] [--output benchmarks/RESULTS.md]

Every row first asserts that all answers are equal, then times the contenders in turns.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import fusion_rows
import iou_rows
import own_tables
import path_rows
import rle_rows
import table
import track_rows
from data_sets import adversarial, blob, mean_runs, noisy, small
from libraries import installed
from timing import Row, Rows, Time

SECTIONS: dict[str, tuple[Callable[[bool], Rows], str]] = {
    "Masks: dense arrays, run lengths, text": (
        rle_rows.rows,
        """Time per mask (per union). pycocotools, ultrafast-pycocotools and faster-coco-eval encode a
C-order mask as their users do, after `np.asfortranarray`. Ours is one call for the batch of
packed masks where nothing else is said; in the rows on F order, text and unions it is
`vislabel.mask`, called as pycocotools is.""",
    ),
    "Mask IoU": (
        iou_rows.rows,
        """Time per call. *Already read*: rlemasklib and ours start from their own forms, the others from
text, which is all they have.""",
    ),
    "Tracks": (
        track_rows.rows,
        """Time per call; 720p, one slot in ten absent. *pycocotools loop*: for track IoU two merges per
pair and frame, the form of the official YouTube-VIS evaluator; for NMS one IoU per pair and
frame until one suffices. *A matrix per frame*: the best that Python does with pycocotools.
*torch, dense*: boolean tensors as the AutoQ-VIS code compares them, estimated (~) from 3 pairs
times the pairs that the loop looks at.""",
    ),
    "Fusion": (
        fusion_rows.rows,
        """Time per call of PM-VIS's chain: SHQM selects among three models' masks of every annotated object,
DOOB then removes overlaps and what leaves the boxes; 720p, smooth objects of 0.5 to 20 % of the
frame, one slot in ten absent. *pycocotools loop*: mask and box IoU on run lengths; DOOB decodes
in windows, only masks that it may cut, and sorts runs of pixels by the masks that cover them.
*NumPy, dense*: the same on boolean arrays, every frame in whole, estimated (~) from 2 frames.
*From text*: and to text; *already packed*: ours from packed masks to packed masks, the dense one
from arrays to arrays, the loop from text to text.""",
    ),
    "Selection over a video": (
        path_rows.rows,
        """Time per call of GBOpt's steps, 15 proposals a frame: objects seen well and badly, in parts, two
in one. The K best subsets alone: the mean of four crowds, ten proposals to a person; with *upper and
lower bodies* three in ten see a part. *NumPy*: costs by regions of pixels that the same masks cover,
all feasible subsets of every connected part, flows sorted by region; the whole video estimated (~)
from 3 frames. *HiGHS*: the exact integer program, a row per clique, found subsets cut off one by one.
*The paper's Dijkstra*: its iterated searches on its own costs, made correct, in Python. *networkx*:
shortest_simple_paths through a decision diagram; for N = 60 it takes seconds. Costs may differ
by roundings, 1e-11.""",
    ),
}

if "torch" in installed:
    import loss_memory
    import loss_rows

    SECTIONS["Training"] = (
        loss_rows.rows,
        """Time per call from torch tensors to torch tensors. Logits of a trained network, or with noise of
standard deviation 4; for the target from a quarter of 480 x 864. *The published loop*: a query is
resized anew for every truth, estimated (~) from 3 queries. *Batched*: for the target every query once,
16 at a time as channels, products of matrices; for DropLoss products of matrices of some thousand
pixels; for the pairwise loss AdelaiDet's unfolding of all pixels; *counted edges alone*: these
gathered before anything is computed. *Logical*: boolean masks, one truth after the other. Two threads
are given to all. Losses may differ by float32's roundings, 1e-5, and IoU by the pixels that a rounding
puts on either side of the threshold, 1e-4.""",
    )

PREFACE = """One core and one thread, same bytes, same run, repetitions in turns; medians (quartiles). Before
anything is timed, every answer is asserted to equal the reference's, ours to the last bit.
Ratios above 1: ours is faster."""

DATA_SETS = """Mean run lengths per mask: {}. 720 x 1280, *small* 360 x 640, all from fixed seeds: smooth
objects of 0.5 to 20 % of the frame, the same with ragged edges and specks, small objects, a
checkerboard and noise."""

SELECTION = """K = 10. *Nodes* that ours expands, beside those of the paper's iterated Dijkstra on the same
graphs, and the evaluations of the objective that the paper reports for a whole video. The call from
Python is a part of the time."""


def measure(section: str, rows: Rows, only: str, quick: bool) -> list[tuple[Row, dict[str, Time]]]:
    """The section's rows whose name, or whose section's name, contains `only`."""
    results = []
    for name, make in rows:
        if only not in name and only.lower() not in section.lower():
            continue
        print(f"  {name}", file=sys.stderr, flush=True)
        row = make(name)
        row.check()
        results.append((row, row.measure(0.3 if quick else 4.0)))
    return results


def data_sets(quick: bool) -> str:
    count = 30 if quick else 100
    sets = {"blob": blob(), "noisy": noisy(count), "small": small(), "adversarial": adversarial()}
    runs = ", ".join(f"*{name}* {mean_runs(rles):,.0f}" for name, rles in sets.items())
    return textwrap.fill(DATA_SETS.format(runs), 100)


def report(only: str, quick: bool) -> str:
    command = "python benchmarks/python/peers.py" + (" --quick" if quick else "")
    parts = ["# Measured beside the peers", f"`{command}`", table.heading(quick), PREFACE, data_sets(quick)]
    everything = []
    for name, (rows, text) in SECTIONS.items():
        results = measure(name, rows(quick), only, quick)
        if results:
            parts += [f"## {name}", text, table.comparison(results)]
            everything += results
    if everything:
        parts += ["## Goals", table.goals(everything)]
    if only in "overhead":
        parts += ["## A call on next to nothing", table.markdown(["", "us"], own_tables.overhead())]
    if only in "memory":
        header = ["set", "masks", "runs", "packed B", "4 B per run", "text B", "to runs", "to text"]
        parts += ["## Memory per mask", table.markdown(header, own_tables.memory())]
    if "torch" in installed and only in "training memory":
        header = ["", "", "beside the inputs", "ours", "", "goal: 3x"]
        parts += ["## Memory of training", table.markdown(header, loss_memory.lines(quick))]
    if only in "selection":
        header = ["", "N", "conflicts", "nodes", "the paper's", "time", "goal", ""]
        lines = own_tables.selection(quick, 0.3 if quick else 2.0)
        parts += ["## What the selection does", SELECTION, table.markdown(header, lines)]
    if only in "threads":
        lines = own_tables.threads(quick, 0.3 if quick else 2.0)
        parts += [
            "## Two threads against one",
            table.markdown(["", "1 thread", "2 threads", "speed-up"], lines),
        ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", metavar="NAME", help="rows or tables whose name contains NAME")
    parser.add_argument("--quick", action="store_true", help="small sets, few repetitions: a smoke test")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the report there too")
    arguments = parser.parse_args()
    begin = time.perf_counter()
    text = report(arguments.only, arguments.quick)
    print(text)
    if arguments.output:
        arguments.output.write_text(text)
    print(f"{time.perf_counter() - begin:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
