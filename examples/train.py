"""Training on pseudo-labels: a small network learns masks and their quality, then proposes for the next round.

The labels are those of `./dev demo`, which are made here where they are not there yet. Shown the part of a frame
around a box, the network says where the object is, whether there is one, and which IoU it expects of its mask.
It learns in two ways: from the masks, as AutoQ-VIS does, with DropLoss and quality targets; and from nothing but
their boxes, as PM-VIS does, with projection and pairwise losses. What it is compared with is held out: neither a
frame nor a track of that is ever learned from. What it proposes then goes through `vislabel select`, which makes
the next round's labels; `--labels` trains on them.

Needs PyTorch. Both modes together take about two minutes on two cores. The same seed gives the same networks on
the same machine, unless `--seconds` cuts the training short.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import vislabel as vl
from demo import CLIP, auto_q_vis, frames_of, run
from vislabel import Error
from vislabel.cli.terminal import print_table

try:
    import torch
    from torch.utils.data import DataLoader
except ImportError:
    sys.exit("train: PyTorch is missing: pip install torch")

from train_data import Clip, Prompts, Sample, batched
from train_held_out import Split, baselines
from train_losses import from_boxes, from_masks
from train_network import MaskNetwork
from train_pictures import Course, curves, sheet
from train_proposals import correlations, proposals, segment

LOSSES = {"masks": from_masks, "boxes": from_boxes}
BATCH, RATE, VARY = 32, 3e-3, 0.25
CHECKS = 8  # of the held-out masks, while a network learns
THRESHOLD = "0.75"  # AutoQ-VIS's: unlike the demonstration's, these scores are learned


@dataclass(frozen=True)
class Material:
    """What the networks learn from, are compared with, and propose on."""

    clip: Clip
    split: Split
    candidates: vl.io.Detections

    @classmethod
    def read(cls, video: Path, labels: Path, candidates: Path) -> Material:
        """The frames of a video, its labels and the candidates of `vislabel propose`."""
        start, stop = frames_of(video)
        frames = vl.propose.read_video(video, start=start, stop=stop)
        dataset, (found,) = vl.io.read_dataset(labels), vl.io.read_results(candidates)
        (known,) = dataset
        if known.video.file_names != frames.names:
            raise Error(f"{labels} is not of the frames {frames.names[0]} to {frames.names[-1]}")
        clip = Clip(np.stack(list(frames)), known.tracks)
        return cls(clip, Split.of(known.tracks), found)

    def samples(self, times: int, seed: int) -> Prompts:
        """What to learn from."""
        rows = np.flatnonzero(self.split.learned.any(axis=1))
        prompts = self.split.prompts(self.candidates.tracks)
        return Prompts(Clip(self.clip.frames, self.clip.labels[rows]), prompts, times, VARY, seed)

    def held_out(self, network: MaskNetwork) -> tuple[vl.Tracks, float]:
        """A network's masks in the boxes of the held-out labels, and the mean IoU with these."""
        where = self.split.held_out
        tracks = segment(network, self.clip.frames, self.clip.labels, where).tracks
        return tracks, float(vl.iou.frame_iou(tracks, self.clip.labels).diagonal().T[where].mean())


@dataclass(frozen=True)
class Outcome:
    """What one mode came to."""

    masks: vl.Tracks
    """The masks in the boxes of what is held out."""
    course: Course
    seconds: float
    spearman: dict[str, float]
    selected: dict[str, Any]
    """What `vislabel select` reports."""


def learn(mode: str, given: Material, options: argparse.Namespace) -> tuple[MaskNetwork, Course]:
    """Train a network in one mode."""
    torch.manual_seed(options.seed)
    network, course = MaskNetwork(), Course()
    course.check(given.held_out(network)[1])  # in threads; the workers are forked after this
    batches = loader(given.samples(options.epochs, options.seed), options.seed)
    optimiser = torch.optim.AdamW(network.parameters(), RATE)
    begin = time.perf_counter()
    for step, batch in enumerate(batches):
        seconds = time.perf_counter() - begin
        progress = max(step / len(batches), seconds / options.seconds)
        if progress >= 1:
            break
        if progress >= len(course.ious) / CHECKS:
            course.check(given.held_out(network)[1])
            report(course, seconds)
        optimiser.param_groups[0]["lr"] = RATE * min(1, 0.1 + 20 * progress) * (1 + math.cos(math.pi * progress)) / 2
        loss = LOSSES[mode](network(batch.picture), batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        course.losses.append(loss.item())
    course.check(given.held_out(network)[1])
    report(course, time.perf_counter() - begin)
    return network, course


def loader(samples: Prompts, seed: int) -> DataLoader[Sample]:
    """All samples in random order, made by two workers that are forks of this process."""
    cv2.setNumThreads(0)  # unlike vislabel's, OpenCV's threads are not safe to fork
    return DataLoader(
        samples,
        BATCH,
        shuffle=True,
        generator=torch.Generator().manual_seed(seed),
        num_workers=2,
        multiprocessing_context="fork",
        collate_fn=batched,
        timeout=60,
    )


def report(course: Course, seconds: float) -> None:
    """One line about where a training is."""
    loss = np.mean(course.losses[course.steps[-2] :])
    line = f"step {course.steps[-1]:4}  loss {loss:.3f}  IoU with what is held out {course.ious[-1]:.3f}"
    print(f"  {line}  {seconds:5.1f} s", flush=True)


def outcome(mode: str, given: Material, labels: Path, options: argparse.Namespace) -> Outcome:
    """Train in one mode, propose, and select the labels of the next round."""
    print(f"\nlearning from {mode}")
    begin = time.perf_counter()
    network, course = learn(mode, given, options)
    seconds = time.perf_counter() - begin
    found = proposals(network, given.clip.frames, given.candidates)
    results, labelled = (options.output / f"{name}-{mode}.json" for name in ("results", "round2"))
    vl.io.write_results(results, [found])
    selected = run("select", results, "--previous", labels, "-o", labelled, "--threshold", THRESHOLD)
    spearman = correlations(found, given.clip.labels, given.split.first)
    return Outcome(given.held_out(network)[0], course, seconds, spearman, selected)


def train(options: argparse.Namespace) -> None:
    """Train in the modes asked for, and print and draw how it went."""
    labels = options.labels or options.demo / "pseudo.json"
    candidates = options.demo / "results-round2.json"
    if not (labels.exists() and candidates.exists()):
        options.demo.mkdir(parents=True, exist_ok=True)
        start, stop = frames_of(options.video)
        auto_q_vis(options.video, options.demo, ("--start", str(start), "--stop", str(stop)))
    given = Material.read(options.video, labels, candidates)
    split, drawn = given.split, baselines(given.split)
    options.output.mkdir(parents=True, exist_ok=True)
    for what, where in (("learned from", split.learned), ("held out", split.held_out)):
        frames = np.flatnonzero(where.any(axis=0))
        tracks = where.any(axis=1).sum()
        print(f"{what}: {where.sum()} masks of {tracks} tracks in frames {frames[0]} to {frames[-1]}")
    weights = sum(own.numel() for own in MaskNetwork().parameters())
    print(f"prompts: {len(split.prompts(given.candidates.tracks))}; network: {weights} weights")
    made = {mode: outcome(mode, given, labels, options) for mode in options.mode}
    print_outcome(drawn, made)
    pictures = {
        "curves.png": curves({mode: own.course for mode, own in made.items()}, drawn),
        "held_out.png": sheet(given.clip, split.held_out, {mode: own.masks for mode, own in made.items()}),
    }
    for name, picture in pictures.items():
        vl.draw.write_png(options.output / name, picture)
        print(f"look at: {options.output / name}")


def print_outcome(drawn: dict[str, float], made: dict[str, Outcome]) -> None:
    """Three tables: the IoU, the rank correlations, the labels of the next round."""
    rows = [(name, f"{iou:.3f}", "") for name, iou in drawn.items()]
    for mode, own in made.items():
        rows.append((f"untrained network", f"{own.course.ious[0]:.3f}", ""))
        rows.append((f"network, trained from {mode}", f"{own.course.ious[-1]:.3f}", f"{own.seconds:.0f} s"))
    print()
    print_table(("masks in the boxes of what is held out", "mean IoU", "time"), dict.fromkeys(rows))
    print()
    print_table(
        ("Spearman with the IoU to what is held out", "quality", "confidence"),
        [(f"proposals, trained from {mode}", *(f"{v:.3f}" for v in own.spearman.values())) for mode, own in made.items()],
    )
    print()
    kept = ("detections", "survivors", "retained", "selected", "matched", "appended", "tracks")
    print_table(
        (f"next round, threshold {THRESHOLD}", *kept),
        [(f"trained from {mode}", *(str(own.selected["counts"].get(name, "")) for name in kept)) for mode, own in made.items()],
    )
    print()


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("video", nargs="?", type=Path, default=CLIP, help="as the demonstration had it (its clip)")
    add("--demo", type=Path, default=Path("demo"), help="folder that the demonstration wrote (demo)")
    add("--labels", type=Path, help="labels to learn from (pseudo.json of the demonstration)")
    add("-o", "--output", type=Path, default=Path("demo/train"), help="folder to write (demo/train)")
    add("--mode", nargs="+", choices=list(LOSSES), default=list(LOSSES), help="what to learn from (both)")
    add("--epochs", type=int, default=2, help="how often each prompt is seen (2)")
    add("--seconds", type=float, default=math.inf, help="most seconds for each mode (no limit)")
    add("--seed", type=int, default=0, help="of weights, order and views (0)")
    return parser


if __name__ == "__main__":
    try:
        train(arguments().parse_args())
    except Error as error:
        sys.exit(f"train: {error}")
