"""The losses as torch's operators: opcheck, compile, checkpoint, autocast, threads, worker processes."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import loss_cases
import numpy as np
import pytest
import torch
import vislabel as vl
from loss_cases import LAYOUTS, NO_BOX
from oracle import random_tracks
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, Dataset

Tensor = torch.Tensor
Scene = dict[str, Tensor]
SIZE = (12, 14)
LIMIT = 60


def scene(seed: int = 71, count: int = 5, dtype: torch.dtype = torch.float32) -> Scene:
    rng = np.random.default_rng(seed)
    dense, _ = random_tracks(seed, 3, 2, (24, 31))
    given = loss_cases.boxes(rng, (count,), SIZE)
    given[0], given[1] = torch.tensor(NO_BOX), torch.tensor([2.5, 1, 6, 8])
    return {
        "logits": loss_cases.logits(rng, (count, *SIZE)).to(dtype),
        "lab": loss_cases.lab(rng, (2,), SIZE).to(dtype),
        "boxes": given,
        "image": torch.tensor([0, 1] * count)[:count],
        "clip": loss_cases.logits(rng, (count, 2, *SIZE)).to(dtype),
        "truth": torch.from_numpy(dense),
    }


Loss = Callable[[Tensor, Scene], Tensor]
LOSSES: dict[str, Loss] = {
    "projection": lambda x, s: vl.loss.projection(x, s["boxes"]),
    "pairwise affinity": lambda x, s: vl.loss.pairwise_affinity(x, s["lab"], s["boxes"], image=s["image"]),
    "reference": lambda x, s: vl.loss.pairwise_affinity(
        x, s["lab"], s["boxes"], image=s["image"], rule="reference", threshold=0.4, reduction="sum"
    ),
    "per instance": lambda x, s: (
        (vl.loss.projection(x, s["boxes"], reduction="none") * s["image"]).sum()
        + vl.loss.pairwise_affinity(x, s["lab"][0], s["boxes"], reduction="none").max()
    ),
    "DropLoss": lambda x, s: (
        vl.loss.drop_loss_weights(x, s["truth"][:, 0], threshold=0.1) * x.sigmoid().mean((1, 2))
    ).sum(),
    "quality target": lambda x, s: (
        (vl.loss.quality_target(x[:, None] + s["clip"], s["truth"]).iou - x.mean((1, 2))[:, None])
        .square()
        .sum()
    ),
    "video": lambda x, s: vl.loss.projection(x[:, None] + s["clip"], s["boxes"][:, None].expand(-1, 2, 4)),
}


def step(name: str, given: Scene, run: Loss | None = None) -> tuple[Tensor, Tensor]:
    """The loss of scaled logits, and the gradient by what was scaled."""
    leaf = given["logits"].clone().requires_grad_()
    value = (run or LOSSES[name])(1.5 * leaf, given)
    value.backward()
    assert leaf.grad is not None
    return value.detach(), leaf.grad


def same(given: tuple[Tensor, Tensor], expected: tuple[Tensor, Tensor]) -> None:
    for one, other in zip(given, expected, strict=True):
        assert one.dtype == other.dtype
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)


# --- opcheck ------------------------------------------------------------------------------------------------


def operator_calls(dtype: torch.dtype) -> list[tuple[Any, tuple[Any, ...]]]:
    s = scene(dtype=dtype)
    vl.loss.projection(s["logits"], s["boxes"])  # registers them
    ops, leaf = torch.ops.vislabel, s["logits"].requires_grad_()
    losses, options = torch.ones(5, dtype=dtype), ("paper", None, 2.0, "error")
    video, slots = s["clip"].requires_grad_(), s["boxes"][:, None].expand(-1, 2, 4)
    points = s["logits"][:, 0].detach()
    calls: list[tuple[Any, tuple[Any, ...]]] = [
        (ops.projection, (leaf, s["boxes"], "error")),
        (ops.projection, (video, slots, "error")),
        (ops.projection_backward, (losses, leaf.detach(), s["boxes"], "error")),
        (ops.pairwise_affinity, (leaf, s["lab"], s["image"], s["boxes"], *options)),
        (ops.pairwise_affinity, (video, s["lab"], None, slots, "reference", 0.25, 1.5, "error")),
        (ops.pairwise_affinity_backward, (losses, leaf.detach(), s["lab"], s["image"], s["boxes"], *options)),
        (ops.quality_target, (video.detach(), s["truth"], 0.0, "zero", "error")),
        (ops.drop_loss_weights, (leaf.detach(), s["truth"][:, 0], 0.01, "paper", "error")),
        (ops.drop_loss_weights, (s["truth"], s["truth"], 0.01, "paper", "error")),
        (ops.drop_loss_weights, (points, (points > 0).to(dtype), 0.01, "reference", "error")),
    ]
    return calls


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_every_operator_passes_opcheck(dtype: torch.dtype) -> None:
    for operator, arguments in operator_calls(dtype):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.library.opcheck(operator, arguments)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_opcheck_with_any_strides(layout: str) -> None:
    change = LAYOUTS[layout]
    for operator, arguments in operator_calls(torch.float32):
        moved = tuple(
            change(x.detach()).requires_grad_(x.requires_grad)
            if isinstance(x, Tensor) and x.ndim >= 3 and x.is_floating_point()
            else x
            for x in arguments
        )
        torch.library.opcheck(operator, moved, test_utils=("test_schema", "test_faketensor"))


# --- compile ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_a_compiled_step_is_one_graph_and_equals_the_eager_one(name: str, dynamic: bool) -> None:
    torch._dynamo.reset()
    run = torch.compile(LOSSES[name], fullgraph=True, backend="aot_eager", dynamic=dynamic)
    for given in (scene(), scene(72, 3)):
        same(step(name, given, run), step(name, given))


@pytest.mark.skipif(shutil.which("g++") is None and shutil.which("clang++") is None, reason="no C++ compiler")
def test_all_losses_in_one_step_compiled_to_code_equal_the_eager_ones() -> None:
    def run(x: Tensor, s: Scene) -> Tensor:
        names = ("projection", "pairwise affinity", "DropLoss", "quality target")
        return torch.stack([LOSSES[name](x, s) for name in names]).sum()

    torch._dynamo.reset()
    compiled = torch.compile(run, fullgraph=True, backend="inductor")
    same(step("", scene(), compiled), step("", scene(), run))


def test_what_is_no_tensor_breaks_the_graph_and_nothing_else() -> None:
    """Lists of boxes, packed truth."""

    def run(x: Tensor, s: Scene) -> Tensor:
        iou = vl.loss.quality_target(x[:, None] + s["clip"], tracks).iou
        weights = vl.loss.drop_loss_weights(x, tracks.frame(0), threshold=0.1)
        return vl.loss.projection(x, [[2, 1, 6, 8]] * 5) + (x.mean((1, 2)) * (iou.mean(1) + weights)).sum()

    torch._dynamo.reset()
    given = scene()
    tracks = vl.Tracks(given["truth"])
    same(step("", given, torch.compile(run, backend="aot_eager")), step("", given, run))


# --- autograd -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOSSES)
def test_without_gradients_the_values_are_the_same(name: str) -> None:
    given = scene()
    expected, _ = step(name, given)
    for context in (torch.no_grad(), torch.inference_mode()):
        with context:
            value = LOSSES[name](1.5 * given["logits"].clone().requires_grad_(), given)
            assert torch.equal(value, expected)
            assert not value.requires_grad


@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_a_checkpoint_recomputes_the_same(name: str, reentrant: bool) -> None:
    given = scene()
    run = lambda x, s: checkpoint(LOSSES[name], x, s, use_reentrant=reentrant)  # noqa: E731
    for one, other in zip(step(name, given, run), step(name, given), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", ["projection", "pairwise affinity", "video"])
def test_under_autocast_half_logits_are_computed_in_float32(name: str) -> None:
    given, layer = scene(), torch.nn.Conv2d(1, 1, 3, padding=1)

    def run(x: Tensor, s: Scene) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            logits = layer(x[:, None])[:, 0]
            assert logits.dtype == torch.bfloat16
            value = LOSSES[name](logits, s)
        assert value.dtype == torch.float32
        return value

    value, slope = step(name, given, run)
    assert slope.dtype == torch.float32
    assert value.isfinite()
    assert slope.abs().sum() > 0


@pytest.mark.parametrize("name", ["projection", "pairwise affinity"])
def test_a_second_derivative_is_refused_in_words(name: str) -> None:
    given = scene()
    leaf = given["logits"].requires_grad_()
    (slope,) = torch.autograd.grad(LOSSES[name](leaf, given), leaf, create_graph=True)
    with pytest.raises(RuntimeError, match=r"vislabel.*(autograd|twice|second|double)"):
        slope.square().sum().backward()


@pytest.mark.parametrize("name", ["projection", "pairwise affinity"])
def test_logits_that_change_before_the_backward_pass_are_noticed(name: str) -> None:
    given = scene()
    leaf = given["logits"].requires_grad_()
    logits = leaf * 1.0
    value = LOSSES[name](logits, given)
    logits.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        value.backward()


@pytest.mark.parametrize("name", LOSSES)
def test_inputs_are_left_as_they_are(name: str) -> None:
    given = scene()
    before = copy.deepcopy(given)
    step(name, given)
    for key, x in given.items():
        assert torch.equal(x.nan_to_num(-7), before[key].nan_to_num(-7)), key


def test_the_same_loss_twice_and_two_losses_of_one_tensor_add_up() -> None:
    given = scene()
    leaf = given["logits"].requires_grad_()
    (LOSSES["projection"](leaf, given) * 2 + LOSSES["pairwise affinity"](leaf, given)).backward()
    one, other = (step_of(name, given) for name in ("projection", "pairwise affinity"))
    torch.testing.assert_close(leaf.grad, 2 * one + other)


def step_of(name: str, given: Scene) -> Tensor:
    return loss_cases.gradient(lambda x: LOSSES[name](x, given), given["logits"])


# --- threads and processes ----------------------------------------------------------------------------------


def test_the_number_of_threads_never_changes_a_bit(all_threads_after: None) -> None:
    given = scene(73, 40)
    large = {
        key: x.repeat_interleave(6, -1).repeat_interleave(6, -2) for key, x in given.items() if x.ndim > 2
    }
    given = {**given, **large, "boxes": 6 * given["boxes"]}
    expected = None
    for threads in (1, 2, 3):
        vl.set_num_threads(threads)
        found = [step(name, given) for name in LOSSES]
        expected = expected or found
        for pair, other in zip(found, expected, strict=True):
            assert all(torch.equal(a, b) for a, b in zip(pair, other, strict=True))


class Steps(Dataset[Tensor]):
    """A sample is a training step's losses: workers use the operators themselves."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, i: int) -> Tensor:
        given = scene(i)
        parts = [step(name, given) for name in LOSSES]
        return torch.cat([torch.cat([value[None], slope.ravel()]) for value, slope in parts])


def test_two_forked_workers_find_the_same() -> None:
    samples = Steps()
    expected = [samples[i] for i in range(len(samples))]
    loader = DataLoader(
        samples, batch_size=None, num_workers=2, timeout=LIMIT, multiprocessing_context="fork"
    )
    for found, other in zip(loader, expected, strict=True):
        assert torch.equal(found, other)


def test_numpy_arrays_do_not_bring_in_torch() -> None:
    code = """
import sys, numpy as np, vislabel as vl
x, boxes, masks = np.ones((2, 4, 5)), np.array([[1, 1, 2, 2.]] * 2), np.ones((2, 4, 5), bool)
found = [vl.loss.projection(x, boxes), vl.loss.projection(x, boxes, reduction="none"),
  vl.loss.pairwise_affinity(x, np.ones((3, 4, 5)), boxes), vl.loss.drop_loss_weights(x, masks),
  vl.loss.drop_loss_weights(masks, masks), vl.loss.drop_loss_weights(x[0], x[0], rule="reference"),
  *vl.loss.quality_target(x[:, None], masks[:, None])]
assert all(isinstance(f, (np.ndarray, np.generic, float)) for f in found), found
print("torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT)
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr
