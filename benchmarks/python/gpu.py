"""The CUDA backend on this machine's device, beside torch on it and beside the host, into a table.

    python benchmarks/python/gpu.py --output benchmarks/RESULTS-gpu.md

Without a device every time is "not measured", and what the bytes alone would take on an H200 stands beside
it. Times are medians by the device's own clock (CUDA events) of calls from Python, one after the other. A
call that keeps the CPU busy for longer than the device shows as the CPU's time, so every row is also captured
in a graph and replayed ("device alone").
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gpu_peers
import gpu_sets
import numpy as np
import torch
import vislabel as vl

H200_BYTES_PER_S = 4.8e12
HERE = torch.cuda.is_available() and vl.cuda.is_available()
Call = Callable[[], Any]


@dataclass
class Row:
    """One operation: what it must read and write, and who does it."""

    name: str
    bytes: float
    ours: Call
    torch: dict[str, Call] = field(default_factory=dict)
    host: Call | None = None
    goal_ms: float | None = None
    scale: dict[str, float] = field(default_factory=dict)
    """Peers that do a part of the work: how many times longer all of it takes."""
    captured: bool = True
    """Whether a graph can hold it: not what has to come to the host."""


def milliseconds(call: Call, budget_s: float = 0.5) -> float:
    """The median of several runs, by events on the stream."""
    for _ in range(2):
        call()
    torch.cuda.synchronize()
    begin = time.perf_counter()
    times: list[float] = []
    while len(times) < 5 or (len(times) < 50 and time.perf_counter() - begin < budget_s):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        call()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end))
    return float(np.median(times))


def replayed(call: Call) -> float:
    """The same of a graph that holds the call: the device's time alone."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        call()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        kept = call()
    result = milliseconds(graph.replay)
    del kept
    return result


def of_host(call: Call) -> str:
    """The host's time, or why there is none."""
    try:
        call()
    except vl.Error as error:
        return "not built" if "without Eigen" in str(error) else str(error)
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return f"{np.median(times) * 1e3:.3g} ms"


def cells(row: Row, peak: float) -> list[str]:
    """A line of the table."""
    bound = row.bytes / peak * 1e3
    goal = "" if row.goal_ms is None else f"{row.goal_ms:g} ms"
    if not HERE:
        return [row.name, f"{row.bytes / 1e6:.4g} MB", f"{bound:.3g} ms", *["not measured"] * 5, goal]
    called = milliseconds(row.ours)
    alone = called
    if row.captured:
        try:
            alone = replayed(row.ours)
        except Exception as error:  # the other rows are worth having
            print(f"{row.name}: not captured: {error}", file=sys.stderr)
    peers = []
    for name, call in row.torch.items():
        taken = milliseconds(call) * row.scale.get(name, 1.0)
        sign = "~" if name in row.scale else ""
        peers.append(f"{name} {sign}{taken:.3g} ms ({sign}{taken / called:.3g}x)")
    if row.goal_ms is not None:
        goal += " met" if alone <= row.goal_ms else " **missed**"
    host = "" if row.host is None else of_host(row.host)
    share = f"{bound / alone:.0%}"
    return [
        row.name,
        f"{row.bytes / 1e6:.4g} MB",
        f"{bound:.3g} ms",
        f"{called:.3g} ms",
        f"{alone:.3g} ms",
        share,
        ", ".join(peers),
        host,
        goal,
    ]


HEADER = [
    "",
    "must move",
    "bound",
    "from Python",
    "device alone",
    "of the bound",
    "torch, same device",
    "host",
    "goal",
]


def rows(scene: gpu_sets.Scene) -> list[Row]:
    """All rows; a scene without a device has sizes, and no arrays."""
    s, p = scene, gpu_peers
    words = s.layout_bytes
    return [
        Row(
            "pack 3,600 masks of 720p from bool, with areas and boxes",
            s.video_bytes + 3600 * words,
            lambda: vl.Tracks(s.video),
            {"areas alone: x.sum((2, 3))": lambda: s.video.sum((2, 3))},
            goal_ms=1.5,
        ),
        Row(
            "pack 360 masks of 720p from float logits",
            s.logits_bytes + 360 * words,
            lambda: vl.Masks(s.logits, threshold=0.0),
            {"areas alone: (x > 0).sum((1, 2))": lambda: (s.logits > 0).sum((1, 2))},
        ),
        Row(
            "boxes of 100 masks from bool",
            100 * s.mask_bytes + 100 * words,
            lambda: vl.Masks(s.masks).box,
            {"a loop over masks": lambda: p.boxes_loop(s.masks)},
            lambda: vl.Masks(s.host_masks).box,
        ),
        Row(
            "run lengths of 3,600 packed masks, to the host as changes of colour",
            2 * 3600 * words,
            lambda: s.tracks._packed.masks.changes(),
            {"diff, nonzero, a mask at a time": lambda: p.runs_loop(s.video[0])},
            goal_ms=3.0,
            scale={"diff, nonzero, a mask at a time": 100},
            captured=False,
        ),
        Row(
            "3,600 packed masks to bool",
            s.video_bytes + 3600 * words,
            lambda: s.tracks.to_dense(out=s.out),
            {"copy of the bool: copy_": lambda: s.out.copy_(s.video)},
        ),
        Row(
            "mask IoU 100 x 100 from bool",
            200 * s.mask_bytes,
            lambda: vl.iou.mask_iou(s.masks, s.other_masks),
            {"matmul, half precision": lambda: p.iou_matmul(s.masks, s.other_masks)},
            lambda: vl.iou.mask_iou(s.host_masks, s.host_masks),
            goal_ms=0.1,
        ),
        Row(
            "mask IoU 100 x 100, packed",
            200 * words,
            lambda: vl.iou.mask_iou(s.packed, s.other_packed),
            {"matmul, half precision": lambda: p.iou_matmul(s.masks, s.other_masks)},
        ),
        Row(
            "track IoU 100 x 100 x 36 frames, packed",
            3600 * words,
            lambda: vl.iou.track_iou(s.tracks, s.tracks),
            {"matmul a frame": lambda: p.track_iou_matmul(s.video, s.video)},
        ),
        Row(
            "spatiotemporal NMS 100 tracks x 36 frames, packed",
            3600 * words,
            lambda: vl.select.spatiotemporal_nms(s.tracks, s.scores),
            {"published loop": lambda: p.nms_pairs(s.video, 10)},
            scale={"published loop": 100 * 99 / 2 / 10},
        ),
        Row(
            "the same from bool",
            s.video_bytes,
            lambda: vl.select.spatiotemporal_nms(s.video, s.scores),
        ),
        Row(
            "SCM 100 x 36, packed",
            2 * 3600 * words,
            lambda: vl.fuse.scm(s.tracks, s.tracks, s.track_boxes),
        ),
        Row(
            "quality target 100 x 10 x 3 frames, logits of a quarter",
            s.maps_bytes * 2 + 30 * words,
            lambda: vl.loss.quality_target(s.maps, s.truth),
            {
                "loop": lambda: p.loss.quality_loop(s.maps[:3], s.truth_bool),
                "batched": lambda: p.loss.quality_batched(s.maps, s.truth_bool),
            },
            scale={"loop": 100 / 3},
        ),
        Row(
            "DropLoss weights 100 x 10, bool",
            110 * s.mask_bytes,
            lambda: vl.loss.drop_loss_weights(s.masks, s.other_masks[:10]),
            {"matmul": lambda: p.loss.drop_matmul(s.masks, s.other_masks[:10], 1 << 20)},
        ),
        Row(
            "projection, 30 of 192 x 320, forward and backward",
            4 * s.loss_bytes,
            lambda: p.step(s.loss_logits, lambda x: vl.loss.projection(x, s.boxes)),
            {"autograd": lambda: p.step(s.loss_logits, lambda x: p.loss.projection(x, s.boxes))},
        ),
        Row(
            "pairwise affinity, 30 of 192 x 320, forward and backward",
            5 * s.loss_bytes,
            lambda: p.step(s.loss_logits, lambda x: vl.loss.pairwise_affinity(x, s.lab, s.boxes)),
            {"autograd": lambda: p.step(s.loss_logits, lambda x: p.loss.pairwise(x, s.lab, s.boxes))},
        ),
    ]


def commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or "no commit known"


def table(lines: list[list[str]]) -> str:
    return "\n".join(
        [
            "| " + " | ".join(HEADER) + " |",
            "|" + "---|" * len(HEADER),
            *("| " + " | ".join(x) + " |" for x in lines),
        ]
    )


def head(peak: float) -> str:
    bound = f'"Bound": the bytes that an operation must read and write at {peak / 1e12:.2f} TB/s'
    if not HERE:
        return f"No device was at hand: times are **not measured**. {bound}, an H200's peak; an estimate."
    info = vl.cuda.build_info()
    return (
        f"{torch.cuda.get_device_name()}, {info['compiler']}, torch {torch.__version__}, commit {commit()}. "
        f"{bound}. Medians by CUDA events; in parentheses how many times longer torch takes than we do from "
        "Python; ~: estimated from a part of the work."
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="where the table goes besides standard output")
    parser.add_argument("--peak", type=float, default=H200_BYTES_PER_S / 1e12, help="TB/s of the device")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    arguments = parser.parse_args()
    peak = arguments.peak * 1e12
    scene = gpu_sets.Scene(HERE)
    lines = [cells(row, peak) for row in rows(scene) if arguments.only in row.name]
    text = f"# The CUDA backend\n\n{head(peak)}\n\n{table(lines)}\n"
    print(text)
    if arguments.output:
        arguments.output.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
