"""Rows of the room `loss`: what a training step asks for, against dense torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import loss_peers
import loss_sets
import torch
import vislabel as vl
from libraries import pin
from timing import OURS, Row, Rows, Time

Run = Callable[[], Any]
LOOP, BATCHED = "torch, the published loop", "torch, batched"
COUNTED, LOGICAL = "torch, counted edges alone", "torch, logical"


def rows(quick: bool) -> Rows:
    """The rows in the table's order, each made when its turn comes."""
    for threads in (1, 2):
        for name, make in of_threads(quick):
            yield (
                name + (", 2 threads" if threads == 2 else ""),
                lambda name, make=make, threads=threads: on_threads(make(name), threads),
            )


def of_threads(quick: bool) -> Rows:
    queries, truths, frames = (6, 3, 2) if quick else (100, 10, 3)
    for kind in ("blob", "noisy"):
        yield (
            f"quality target, {queries} x {truths} x {frames} frames, {kind} logits",
            lambda name, kind=kind: quality(name, kind, queries, truths, frames),
        )
    count = 4 if quick else 30
    for passes in ("forward", "forward and backward"):
        yield (
            f"pairwise affinity, {count} instances of 192 x 320, {passes}",
            lambda name, passes=passes: pairwise(name, count, passes == "forward"),
        )
    for passes in ("forward", "forward and backward"):
        yield (
            f"projection, {count} instances of 192 x 320, {passes}",
            lambda name, passes=passes: projection(name, count, passes == "forward"),
        )
    count, truths = (8, 3) if quick else (100, 10)
    for form in ("bool", "logits", "quarter logits", "packed"):
        yield (
            f"DropLoss, {count} x {truths} masks of 720p, {form}",
            lambda name, form=form: drop(name, count, truths, form),
        )


@dataclass
class LossRow(Row):
    """A row with checks of its own, measured on so many threads and cores."""

    reference: str = BATCHED
    verify: Callable[[], None] = lambda: None
    threads: int = 1

    def check(self) -> None:
        """Nothing runs before: `loss_memory` measures first calls."""
        self.verify()
        super().check()

    def measure(self, budget_s: float, fewest: int = 3, most: int = 41) -> dict[str, Time]:
        set_threads(self.threads)
        try:
            return super().measure(budget_s, fewest, most)
        finally:
            set_threads(1)


def set_threads(count: int) -> None:
    pin(count)
    torch.set_num_threads(count)
    vl.set_num_threads(count)


def on_threads(row: LossRow, threads: int) -> LossRow:
    """Goals are those of one thread."""
    return row if threads == 1 else replace(row, threads=threads, goals={})


def quality(name: str, kind: str, queries: int, truths: int, frames: int) -> LossRow:
    """The published loop does a few queries, of which all are estimated."""
    logits, truth = loss_sets.clip(kind, queries, truths, frames)
    few = 3
    contenders: dict[str, Run] = {
        LOOP: lambda: loss_peers.quality_loop(logits[:few], truth),
        BATCHED: lambda: loss_peers.quality_batched(logits, truth),
        OURS: lambda: vl.loss.quality_target(logits, truth),
    }

    def verify() -> None:
        given = contenders[OURS]()
        require_close(given, contenders[BATCHED](), name)
        require_close([part[:few] for part in given], contenders[LOOP](), name)

    return LossRow(
        name,
        contenders,
        canonical=lambda result: result[1].tolist(),
        goals={LOOP: 20.0, BATCHED: 3.0} if queries == 100 else {},
        scale={LOOP: queries / few},
        verify=verify,
    )


def require_close(given: Any, expected: Any, name: str) -> None:
    """A pixel within a rounding of the threshold may fall to either side."""
    torch.testing.assert_close(
        tuple(given), tuple(expected), rtol=0, atol=1e-4, check_dtype=False, msg=lambda m: f"{name}: {m}"
    )


def pairwise(name: str, count: int, forward: bool) -> LossRow:
    logits, lab, boxes = loss_sets.image(count)
    contenders = {
        BATCHED: training(lambda x: loss_peers.pairwise(x, lab, boxes), logits, forward),
        COUNTED: training(lambda x: loss_peers.pairwise_counted(x, lab, boxes), logits, forward),
        OURS: training(lambda x: vl.loss.pairwise_affinity(x, lab, boxes, rule="reference"), logits, forward),
    }
    return checked(name, contenders, {} if forward or count != 30 else {BATCHED: 3.0})


def projection(name: str, count: int, forward: bool) -> LossRow:
    logits, _, boxes = loss_sets.image(count)
    contenders = {
        BATCHED: training(lambda x: loss_peers.projection(x, boxes), logits, forward),
        OURS: training(lambda x: vl.loss.projection(x, boxes), logits, forward),
    }
    return checked(name, contenders, {})


def training(loss: Callable[[torch.Tensor], torch.Tensor], logits: torch.Tensor, forward: bool) -> Run:
    """The loss; or the loss and its gradient."""
    leaf = logits.clone().requires_grad_(not forward)

    def run() -> Any:
        value = loss(leaf)
        return (value, None) if forward else (value.detach(), *torch.autograd.grad(value, leaf))

    return run


def checked(name: str, contenders: dict[str, Run], goals: dict[str, float]) -> LossRow:
    """Values equal to float32's rounding, gradients to that of the largest."""

    def verify() -> None:
        value, gradient = contenders[BATCHED]()
        largest = 0.0 if gradient is None else float(gradient.abs().max())
        for contender, run in contenders.items():
            other, slope = run()
            what = f"{name}: {contender}"
            torch.testing.assert_close(other, value, rtol=1e-5, atol=0, msg=lambda m, w=what: f"{w}: {m}")
            if gradient is not None:
                torch.testing.assert_close(slope, gradient, rtol=1e-5, atol=1e-5 * largest)

    return LossRow(name, contenders, canonical=lambda _: [], goals=goals, verify=verify)


def drop(name: str, count: int, truths: int, form: str) -> LossRow:
    logits, truth = loss_sets.frame("blob", count, truths, 4 if form == "quarter logits" else 1)
    given = logits if "logits" in form else logits > 0
    packed = (vl.Masks(given), vl.Masks(truth)) if form == "packed" else (given, truth)
    contenders: dict[str, Run] = {OURS: lambda: vl.loss.drop_loss_weights(*packed)}
    if form == "quarter logits":
        contenders[BATCHED] = lambda: loss_peers.drop_resized(given, truth)
    else:
        contenders[BATCHED] = lambda: loss_peers.drop_matmul(given, truth)
    if form == "bool":
        contenders[LOGICAL] = lambda: loss_peers.drop_logical(given, truth)
    goals = {BATCHED: 20.0} if count == 100 and form in ("bool", "packed") else {}
    return LossRow(name, contenders, canonical=lambda weights: [float(w) for w in weights], goals=goals)
