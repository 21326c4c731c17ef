"""Losses, targets and their gradients on a device: the host's bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import vislabel as vl
from cuda_emulation import Backend, Put, backends, reference, same
from loss_cases import KINDS, SIZES, boxes, lab, logits, reversed_axes, transposed
from refusal import refused

pytestmark = pytest.mark.parametrize("backend", backends())

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]


def on_host(x: Any) -> Any:
    """What a reference is computed from: tensors as they are, on the CPU."""
    return x


def compare(backend: Backend, call: Any) -> None:
    same(backend.run(call), reference(call, on_host))


def compare_sums(backend: Backend, call: Any) -> None:
    """Torch adds the instances' losses up, on a device in an order of its own."""
    (found, gradient), (expected, host_gradient) = backend.run(call), reference(call, on_host)
    same(gradient, host_gradient)
    np.testing.assert_allclose(found, expected, rtol=1e-6 if found.dtype == np.float32 else 1e-12)


def with_gradient(loss: Any, maps: torch.Tensor, put: Put) -> tuple[Any, Any]:
    """A loss and its gradient; ``loss`` is given the logits."""
    leaf = put(maps).detach().requires_grad_(True)
    value = loss(leaf)
    value.sum().backward()
    return value, leaf.grad


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_projection_and_its_gradient_are_the_host_s(
    backend: Backend, dtype: torch.dtype, kind: str, reduction: Any
) -> None:
    rng = np.random.default_rng(1)
    for size in (*SIZES, (40, 70)):
        for leading in ((3,), (2, 2)):
            maps, slots = logits(rng, (*leading, *size), kind).to(dtype), boxes(rng, leading, size)
            if rng.random() < 0.3:
                maps.view(-1)[0] = float("nan")

            def call(put: Put, maps: Any = maps, slots: Any = slots) -> Any:
                def loss(x: Any) -> Any:
                    return vl.loss.projection(x, put(slots), reduction=reduction, nan="propagate")

                return with_gradient(loss, maps, put)

            (compare if reduction == "none" else compare_sums)(backend, call)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rule", ["paper", "reference"])
def test_affinity_and_its_gradient_are_the_host_s(
    backend: Backend, dtype: torch.dtype, kind: str, rule: Any
) -> None:
    rng = np.random.default_rng(2)
    for size in (*SIZES, (40, 70)):
        for leading, images, image in (((3,), (), None), ((3,), (2,), [1, 0, 1]), ((2, 3), (3,), None)):
            maps, slots = logits(rng, (*leading, *size), kind).to(dtype), boxes(rng, leading, size)
            colours = lab(rng, images, size).to(dtype)

            def call(
                put: Put, maps: Any = maps, slots: Any = slots, colours: Any = colours, image: Any = image
            ) -> Any:
                def loss(x: Any) -> Any:
                    options = {"image": image, "rule": rule, "reduction": "none", "nan": "propagate"}
                    return vl.loss.pairwise_affinity(x, put(colours), put(slots), **options)

                return with_gradient(loss, maps, put)

            compare(backend, call)


@pytest.mark.parametrize("layout", [transposed, reversed_axes])
def test_any_layout_of_logits_and_colours_is_read_in_place(backend: Backend, layout: Any) -> None:
    rng = np.random.default_rng(3)
    maps, slots, colours = logits(rng, (3, 17, 40)), boxes(rng, (3,), (17, 40)), lab(rng, (), (17, 40))

    def call(put: Put) -> Any:
        return with_gradient(
            lambda x: (
                vl.loss.projection(layout(x), put(slots))
                + vl.loss.pairwise_affinity(layout(x), layout(put(colours)), put(slots))
            ),
            maps,
            put,
        )

    compare(backend, call)


@pytest.mark.parametrize("dtype", DTYPES)
def test_quality_targets_are_the_host_s(backend: Backend, dtype: torch.dtype) -> None:
    rng = np.random.default_rng(4)
    for queries, frames, truths, size in ((3, 2, 4, (33, 70)), (1, 1, 0, (5, 6)), (2, 3, 40, (20, 300))):
        maps = torch.from_numpy(rng.normal(size=(queries, frames, 9, 11))).to(dtype)
        if queries == 3:
            maps[1, 0, 2, 3] = float("nan")
        truth = rng.random((truths, frames, *size)) < 0.3
        for empty_pair in ("zero", "one"):
            options = {"threshold": 0.1, "empty_pair": empty_pair, "nan": "propagate"}

            def call(put: Put, maps: Any = maps, truth: Any = truth, options: Any = options) -> Any:
                return tuple(vl.loss.quality_target(put(maps), put(torch.from_numpy(truth)), **options))

            def packed(put: Put, maps: Any = maps, truth: Any = truth, options: Any = options) -> Any:
                tracks = vl.Tracks(put(torch.from_numpy(truth)))
                return tuple(vl.loss.quality_target(put(maps), tracks, **options))

            compare(backend, call)
            compare(backend, packed)


@pytest.mark.parametrize("axes", [3, 4])
def test_drop_loss_weights_are_the_host_s(backend: Backend, axes: int) -> None:
    rng = np.random.default_rng(5)
    for n, m in ((4, 3), (2, 0), (0, 2)):
        leading = (n, m) if axes == 3 else ((n, 2), (m, 2))
        predicted, truth = (
            rng.random((count, 20, 30) if axes == 3 else (*count, 20, 30)) < 0.1 for count in leading
        )
        maps = torch.from_numpy(rng.normal(-1, 1, predicted.shape)).float()
        small = torch.from_numpy(rng.normal(-1, 1, (*predicted.shape[:-2], 7, 8)))
        if n == 4:
            maps.view(-1)[5] = float("nan")
        kind: Any = vl.Masks if axes == 3 else vl.Tracks
        given = [torch.from_numpy(predicted), maps, small, maps.half(), maps.bfloat16()]
        for x in given:
            for threshold in (0.01, 0.1):

                def call(put: Put, x: Any = x, truth: Any = truth, threshold: float = threshold) -> Any:
                    return vl.loss.drop_loss_weights(
                        put(x), put(torch.from_numpy(truth)), threshold=threshold, nan="propagate"
                    )

                compare(backend, call)

        def packed(put: Put, predicted: Any = predicted, truth: Any = truth, kind: Any = kind) -> Any:
            there = [kind(put(torch.from_numpy(x))) for x in (predicted, truth)]
            found = vl.loss.drop_loss_weights(*there)
            return found if isinstance(found, torch.Tensor) else torch.from_numpy(found).float()

        compare(backend, packed)


@pytest.mark.parametrize("dtype", DTYPES)
def test_drop_loss_weights_of_points_are_the_host_s(backend: Backend, dtype: torch.dtype) -> None:
    rng = np.random.default_rng(6)
    for points in (0, 1, 300):
        x = torch.from_numpy(rng.normal(0, 4, (5, points))).to(dtype)
        labels = torch.from_numpy(rng.integers(0, 2, (5, points)) * 0.5).to(dtype)
        if points == 300:
            x[0, 3] = float("nan")

        def call(put: Put, x: Any = x, labels: Any = labels) -> Any:
            return vl.loss.drop_loss_weights(
                put(x), put(labels), threshold=0.3, rule="reference", nan="propagate"
            )

        compare(backend, call)


def test_the_operators_go_through_opcheck_and_compile(backend: Backend) -> None:
    rng = np.random.default_rng(7)
    with backend.active():
        maps = backend.put(logits(rng, (3, 12, 15)))
        slots, colours = backend.put(boxes(rng, (3,), (12, 15))), backend.put(lab(rng, (), (12, 15)))
        truth = backend.put(torch.rand(2, 3, 20, 30) < 0.3)
        ops = torch.ops.vislabel
        vl.loss.projection(maps, slots)
        leaf = maps.detach().requires_grad_(True)
        tests = ("test_schema", "test_autograd_registration", "test_faketensor")
        torch.library.opcheck(ops.projection.default, (leaf, slots, "error"), test_utils=tests)
        affinity = (leaf, colours, None, slots, "paper", None, 2.0, "error")
        torch.library.opcheck(ops.pairwise_affinity.default, affinity, test_utils=tests)
        targets = (maps[None], truth, 0.0, "zero", "error")
        torch.library.opcheck(ops.quality_target.default, targets, test_utils=tests)
        torch.library.opcheck(
            ops.drop_loss_weights.default, (maps, truth[0], 0.01, "paper", "error"), test_utils=tests
        )

        def step(x: Any) -> Any:
            return vl.loss.projection(x, slots) + vl.loss.pairwise_affinity(x, colours, slots)

        compiled = torch.compile(step, fullgraph=True, backend="aot_eager")
        assert torch.equal(compiled(leaf), step(leaf))


def test_what_is_not_compiled_keeps_the_memory_that_it_works_in(backend: Backend) -> None:
    with backend.active():
        maps, truth = backend.put(torch.randn(2, 3, 10, 15)), backend.put(torch.rand(4, 3, 20, 30) < 0.3)

        def targets(x: Any, y: Any) -> Any:
            return vl.loss.quality_target(x, vl.Tracks(y)).iou

        compiled = torch.compile(targets, backend="eager")
        for _ in range(3):
            assert torch.equal(compiled(maps, truth), targets(maps, truth))


def test_what_is_an_error_on_the_host_is_nan_there(backend: Backend) -> None:
    rng = np.random.default_rng(8)
    maps, colours = logits(rng, (4, 9, 12)), lab(rng, (2,), (9, 12))
    maps[0, 3, 3] = float("nan")
    slots = torch.tensor([[1.0, 1, 5, 5], [0, 0, -1, 3], [0, 0, 3, float("inf")], [1, 2, 5, 5]]).double()
    with backend.active():
        there, given = backend.put(maps), backend.put(slots)
        assert vl.loss.projection(there, given, reduction="none").isnan().tolist() == [True] * 3 + [False]
        losses = vl.loss.pairwise_affinity(
            there,
            backend.put(colours),
            given,
            image=backend.put(torch.tensor([0, 0, 0, 7])),
            reduction="none",
        )
        assert losses.isnan().tolist() == [True] * 4
        assert (
            vl.loss.drop_loss_weights(there, backend.put(maps > 0)).isnan().tolist() == [True] + [False] * 3
        )


def test_arguments_on_different_devices_are_refused(backend: Backend) -> None:
    if backend.name == "emulated":
        pytest.skip("the emulator's device is the CPU")
    maps, slots = torch.zeros(2, 5, 6).cuda(), torch.zeros(2, 4)
    with refused("boxes is on cpu, expected cuda:0 as logits"):
        vl.loss.projection(maps, slots)
    with refused("truth is on cpu, expected cuda:0 as logits"):
        vl.loss.quality_target(maps[None], torch.zeros(1, 2, 5, 6).bool())
    with refused("truth is on cpu, expected cuda:0 as predicted"):
        vl.loss.drop_loss_weights(maps, torch.zeros(2, 5, 6).bool())


def test_what_does_not_fit_is_refused_as_on_the_host(backend: Backend) -> None:
    with backend.active():
        maps, slots = backend.put(torch.zeros(2, 5, 6)), backend.put(torch.zeros(2, 4))
        colours = backend.put(torch.zeros(3, 5, 6))
        with refused("threshold is 2, expected 0 to 1"):
            vl.loss.pairwise_affinity(maps, colours, slots, threshold=2)
        with refused("theta is 0, expected a finite number above 0"):
            vl.loss.pairwise_affinity(maps, colours, slots, theta=0)
        with refused("boxes has shape [2], expected [2, 4]"):
            vl.loss.projection(maps, slots[:, 0])
        with refused("logits has 2 frames, expected 3 as truth"):
            vl.loss.quality_target(maps[None], backend.put(torch.zeros(1, 3, 5, 6).bool()))
        with refused("threshold is NaN, expected a number"):
            vl.loss.drop_loss_weights(maps, backend.put(torch.zeros(1, 5, 6).bool()), threshold=float("nan"))
        with refused("truth has shape [1, 5], expected [2, 5] as predicted"):
            vl.loss.drop_loss_weights(maps[:, :, 0], maps[:1, :, 0], rule="reference")
        for truth in (None, [[1.0]], vl.Masks(backend.put(torch.zeros(1, 5, 6).bool()))):
            with refused("truth"):
                vl.loss.drop_loss_weights(maps[:, :, 0], truth, rule="reference")
        with refused("predicted is on the CPU, expected cuda:0, where the others are"):
            vl.loss.drop_loss_weights(np.zeros((2, 5, 6)), backend.put(torch.zeros(1, 5, 6).bool()))
        with refused("image has shape [3] and dtype float32, expected 2 integers"):
            vl.loss.pairwise_affinity(maps, colours, slots, image=backend.put(torch.zeros(3)))
        with refused("truth is Masks, expected Tracks, as the other one"):
            vl.loss.drop_loss_weights(maps[None], vl.Masks(backend.put(torch.zeros(1, 5, 6).bool())))
        with refused("logits is a torch.sparse_coo tensor, expected a dense one: use logits.to_dense()"):
            vl.loss.projection(maps.to_sparse(), slots)
