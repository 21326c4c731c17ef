"""Training on pseudo-labels: a small network learns masks and their quality, and proposes the next round.

The labels are those of `./dev demo`, which are made here where they are not there yet. Shown the part of a
frame around a box, the network says where the object is, whether there is one, and which IoU it expects of
its mask. It learns in two ways: from the masks, as AutoQ-VIS does, with DropLoss and quality targets; and
from their boxes alone, as PM-VIS does, with projection and pairwise losses. What it is compared with is held
out: neither a frame nor a track of that is ever learned from. What it proposes then goes through `vislabel
select`, which makes the labels of the next round; `--labels` learns from them.

Needs PyTorch. Both together take 215 s of one core's time. The same seed gives the same networks on the
same machine, unless `--seconds` cuts the training short.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Threads that wait in circles would keep the workers from the cores; OpenMP reads this when it is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

try:
    import cv2
    import numpy as np
    import torch
    import vislabel as vl
except ImportError as missing:
    sys.exit(f"train: {missing.name} is missing: pip install 'vislabel[train]'")

from torch.utils.data import DataLoader
from train_data import Clip, Prompts, Sample, batched
from train_held_out import Split, baselines
from train_losses import from_boxes, from_masks
from train_network import MaskNetwork
from train_outcome import THRESHOLD, Outcome, print_course, print_outcomes
from train_pictures import Course, curves, sheet
from train_proposals import correlations, proposals, segment
from vislabel import Error

# isort: split
from demo import CLIP, auto_q_vis, frames_of, run

LOSSES = {"masks": from_masks, "boxes": from_boxes}
BATCH, RATE, VARY = 32, 3e-3, 0.25
CHECKS = 8  # of the held-out masks, while a network learns


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
        dataset, results = vl.io.read_dataset(labels), vl.io.read_results(candidates)
        if [known.file_names for known in dataset.videos] != [frames.names]:
            raise Error(f"{labels} is not of the frames {frames.names[0]} to {frames.names[-1]} alone")
        tracks = dataset.annotations(dataset.videos[0].id).tracks
        found = results.video(dataset.videos[0].id)
        if found.tracks.frames != tracks.frames or found.tracks.size != tracks.size:
            raise Error(f"{candidates} has other frames than {labels}")
        return cls(Clip(np.stack(list(frames)), tracks), Split.of(tracks), found)

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


def learn(mode: str, given: Material, options: argparse.Namespace) -> tuple[MaskNetwork, Course]:
    """Train a network in one mode."""
    torch.manual_seed(options.seed)
    network, course = MaskNetwork(), Course()
    course.check(given.held_out(network)[1])  # in threads, before the workers are forked
    batches = loader(given.samples(options.epochs, options.seed), options.seed)
    optimiser = torch.optim.AdamW(network.parameters(), RATE)
    begin = time.perf_counter()
    for step, batch in enumerate(batches):
        seconds = time.perf_counter() - begin
        progress = max(step / len(batches), seconds / options.seconds)
        if step and progress >= 1:
            break
        if step and progress >= len(course.ious) / CHECKS:
            course.check(given.held_out(network)[1])
            print_course(course, seconds)
        warm_up, cooling = min(1, 0.1 + 20 * progress), 0.5 + 0.5 * math.cos(math.pi * min(1, progress))
        optimiser.param_groups[0]["lr"] = RATE * warm_up * cooling
        loss = LOSSES[mode](network(batch.picture), batch)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        course.losses.append(loss.item())
    course.check(given.held_out(network)[1])
    print_course(course, time.perf_counter() - begin)
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
    (after,) = vl.io.read_dataset(labelled)
    spearman = correlations(found, given.clip.labels, given.split.first)
    masks = int((after.tracks.area > 0).sum())
    return Outcome(given.held_out(network)[0], course, seconds, spearman, selected["counts"], masks)


def train(options: argparse.Namespace) -> None:
    """Train in the modes asked for, and print and draw how it went."""
    labels = options.labels or options.demo / "pseudo.json"
    candidates = options.demo / "results-round2.json"
    if not candidates.exists() or not (options.labels or labels.exists()):
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
    before = len(given.clip.labels), int((given.clip.labels.area > 0).sum())
    print_outcomes(drawn, made, before)
    pictures = {
        "curves.png": curves({mode: own.course for mode, own in made.items()}, drawn),
        "held_out.png": sheet(given.clip, split.held_out, {mode: own.masks for mode, own in made.items()}),
    }
    for name, picture in pictures.items():
        vl.draw.write_png(options.output / name, picture)
        print(f"look at: {options.output / name}")


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("video", nargs="?", type=Path, default=CLIP, help="as the demonstration had it (its clip)")
    add("--demo", type=Path, default=Path("demo"), help="folder that the demonstration wrote (demo)")
    add("--labels", type=Path, help="labels to learn from (pseudo.json of the demonstration)")
    add("-o", "--output", type=Path, default=Path("demo/train"), help="folder to write (demo/train)")
    add("--mode", nargs="+", choices=list(LOSSES), default=list(LOSSES), help="what to learn from (both)")
    add("--epochs", type=positive(int), default=2, help="how often each prompt is seen (2)")
    add("--seconds", type=positive(float), default=math.inf, help="most seconds for each mode (no limit)")
    add("--seed", type=int, default=0, help="of weights, order and views (0)")
    return parser


def positive(kind: Callable[[str], float]) -> Callable[[str], float]:
    """A number above 0, for argparse."""

    def number(text: str) -> float:
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return value

    return number


if __name__ == "__main__":
    try:
        train(arguments().parse_args())
    except (Error, OSError) as error:
        sys.exit(f"train: {error}")
