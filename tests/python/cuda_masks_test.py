"""Masks and tracks on a device: packed there, measured, indexed, sent and brought back."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import vislabel as vl
from cuda_emulation import Backend, backends, reference, same
from loss_cases import reversed_axes, sliced, transposed
from refusal import refused
from torch._subclasses import FakeTensorMode

pytestmark = pytest.mark.parametrize("backend", backends())

SIZES = [(0, 3), (4, 0), (1, 1), (32, 16), (33, 17), (31, 64), (64, 65), (70, 130)]
INTEGERS = ["bool", "uint8", "int8", "int16", "int32", "int64"]
FLOATS = ["float16", "bfloat16", "float32", "float64"]


def noise(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-2, 3, shape)


def everything(masks: vl.Masks | vl.Tracks) -> tuple[Any, ...]:
    return masks.area, masks.box, masks.to_dense(), len(masks), masks.size


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", INTEGERS)
def test_integers_and_bool_become_the_host_s_masks(backend: Backend, size: Any, kind: str) -> None:
    x = noise((4, *size)).astype(kind)
    for make in (vl.Masks, lambda x: vl.Tracks(x[:, None])):
        same(backend.run(lambda put, make=make: everything(make(put(x)))), everything(make(x)))


@pytest.mark.parametrize("kind", FLOATS)
@pytest.mark.parametrize("threshold", [0.0, 0.1, -1.0, 1e300, float("-inf")])
def test_numbers_above_a_threshold_become_the_host_s_masks(
    backend: Backend, kind: str, threshold: float
) -> None:
    x = torch.randn(3, 40, 50, generator=torch.Generator().manual_seed(1)).to(getattr(torch, kind))
    x[0, 0] = float("nan")
    x[0, 1] = torch.tensor(threshold).to(x.dtype)
    host = vl.Masks(x, threshold=threshold)
    found = backend.run(lambda put: everything(vl.Masks(put(x), threshold=threshold)))
    same(found, (host.area, host.box, host.to_dense(), 3, (40, 50)))


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_maps_of_another_size_are_resized_to_the_host_s_bits(backend: Backend, kind: str) -> None:
    rng = np.random.default_rng(2)
    for low, high in (((3, 5), (33, 70)), ((20, 30), (7, 9)), ((1, 1), (5, 40))):
        x = rng.normal(size=(2, *low)).astype(kind)
        call = lambda put, x=x, high=high: everything(vl.Masks(put(x), threshold=0.1, size=high))  # noqa: E731
        same(backend.run(call), call(lambda x: x))


def test_integers_have_thresholds_too(backend: Backend) -> None:
    x = noise((2, 5, 6)).astype("int32")
    same(
        backend.run(lambda put: everything(vl.Masks(put(x), threshold=1.0))),
        everything(vl.Masks(x, threshold=1.0)),
    )


def test_thresholds_of_integers_are_compared_without_rounding(backend: Backend) -> None:
    x = np.array([[[2**24 + 1, 2**24, -1]]], np.int32)
    same(backend.run(lambda put: vl.Masks(put(x), threshold=2.0**24).area), np.array([1]))


@pytest.mark.parametrize("kind", ["float8_e4m3fn", "float8_e5m2"])
def test_small_floats_round_their_threshold_too(backend: Backend, kind: str) -> None:
    x = torch.linspace(-2, 2, 64).reshape(1, 8, 8).to(getattr(torch, kind))
    for threshold in (-0.1321, 0.2, 1.1):
        host = vl.Masks(x, threshold=threshold)
        same(backend.run(lambda put, t=threshold: vl.Masks(put(x), threshold=t).to_dense()), host.to_dense())


def unaligned(x: torch.Tensor) -> torch.Tensor:
    flat = torch.empty(x.numel() + 3, dtype=x.dtype)
    flat[3:] = x.reshape(-1)
    return flat[3:].view(x.shape)


@pytest.mark.parametrize("layout", [transposed, reversed_axes, sliced, unaligned])
@pytest.mark.parametrize("kind", ["bool", "int32", "float32"])
def test_any_layout_is_read_in_place(
    backend: Backend, layout: Callable[[torch.Tensor], torch.Tensor], kind: str
) -> None:
    x = torch.from_numpy(noise((3, 40, 64))).to(getattr(torch, kind))
    threshold = 0.5 if kind == "float32" else None
    with backend.active():
        given = layout(x)
        if backend.name == "device":
            given = layout(x).cuda() if layout is unaligned else layout(x.cuda())
            given = unaligned(x.cpu()).cuda() if layout is unaligned else given
        found = vl.Masks(given, threshold=threshold).to_dense()
    assert torch.equal(found.cpu(), x > 0.5 if threshold else x != 0)


def test_an_expanded_array_is_one_mask_many_times(backend: Backend) -> None:
    x = noise((1, 20, 30)) > 0
    found = backend.run(lambda put: vl.Masks(put(x).expand(5, 20, 30)).area)
    same(found, np.repeat(x.sum((1, 2)), 5))


@pytest.mark.parametrize("size", SIZES)
def test_masks_come_to_the_cpu_and_go_back(backend: Backend, size: Any) -> None:
    x = noise((5, *size)) > 0
    x[1] = False
    x[2] = True
    host = vl.Masks(x)
    with backend.active():
        there = vl.Masks(backend.put(x))
        assert (there.device, host.device) == ("cuda:0", "cpu")
        assert there.cpu() == host
        assert there.cpu().cpu() == host
        assert there.to_rle() == host.to_rle()
        assert there.to_rle("list") == host.to_rle("list")
        sent = host.cuda()
        assert sent == there
        assert sent.cuda() is sent
        assert sent.cuda("cuda") is sent
        assert sent != vl.Masks(backend.put(~x)) or x.size == 0


def test_tracks_come_to_the_cpu_and_go_back_with_their_gaps(backend: Backend) -> None:
    x, present = noise((3, 4, 33, 40)) > 0, noise((3, 4), 1) > 0
    host = vl.Tracks(x, present=present)
    for given in (present, present.astype(float), backend.put(present)):
        with backend.active():
            there = vl.Tracks(backend.put(x), present=given)
            assert there.cpu() == host
            assert host.cuda() == there
            assert there.to_rle() == host.to_rle()
            same(
                tuple(np.asarray(v.cpu()) for v in (there.present, there.area, there.box, there.to_dense())),
                (host.present, host.area, host.box, host.to_dense()),
            )
    with backend.active():
        nothing = vl.Tracks(np.zeros((0, 4, 5, 6), bool))
        assert nothing.cuda().cpu() == nothing
        assert vl.Tracks(backend.put(np.zeros((2, 0, 5, 6), bool))).shape == (2, 0)


def test_batches_are_indexed_like_the_host_s(backend: Backend) -> None:
    x = noise((6, 3, 20, 30)) > 0
    host = vl.Tracks(x)
    with backend.active():
        there = vl.Tracks(backend.put(x))
        for index in (0, -1, slice(1, 4), slice(None, None, -2), [4, 0, 0], [], np.array([True, False] * 3)):
            assert there[index].cpu() == host[index]
            assert there.frame(1)[index].cpu() == host.frame(1)[index]
        for index in (torch.tensor([2, 0, -1]), torch.tensor([True, False] * 3)):
            assert there[backend.put(index)].cpu() == host[index.numpy()]
            assert there.track(2)[backend.put(index[:3])].cpu() == host.track(2)[index[:3].numpy()]
        assert there.select_frames([2, 0]).cpu() == host.select_frames([2, 0])
        assert there.select_frames(slice(1, 3)).cpu() == host.select_frames(slice(1, 3))
        for kind in ("uint8", "int8", "int16", "int32"):
            index = torch.tensor([1, 0, 0, 1]).to(getattr(torch, kind))
            assert there[backend.put(index)].cpu() == host[[1, 0, 0, 1]]
        assert there[backend.put(torch.tensor(2))].cpu() == host[2]
        assert len(there[backend.put(torch.zeros(0))]) == 0
        with pytest.raises(IndexError):
            there[6]
        for index in (torch.zeros(2, 1).long(), torch.zeros(3).bool(), torch.zeros(2)):
            with refused("expected integers or bool [6]"):
                there[backend.put(index)]


def test_batches_are_joined_where_they_are(backend: Backend) -> None:
    x, y = noise((2, 3, 20, 30)) > 0, noise((4, 3, 20, 30), 1) > 0
    with backend.active():
        a, b = vl.Tracks(backend.put(x), present=noise((2, 3)) > 0), vl.Tracks(backend.put(y))
        assert vl.Tracks.concatenate(a, b).cpu() == vl.Tracks.concatenate(a.cpu(), b.cpu())
        parts = [a.frame(0), b.frame(1), a.frame(2)]
        assert vl.Masks.concatenate(parts).cpu() == vl.Masks.concatenate([part.cpu() for part in parts])
        with refused("different sizes"):
            vl.Masks.concatenate([a.frame(0), vl.Masks(backend.put(x[:, 0, :5]))])
        with refused("2 and 3 frames"):
            vl.Tracks.concatenate(a.select_frames([0, 1]), b)


def test_dense_masks_go_into_the_caller_s_array(backend: Backend) -> None:
    x = noise((2, 20, 30)) > 0
    with backend.active():
        masks = vl.Masks(backend.put(x))
        for kind in (torch.bool, torch.uint8, torch.int8):
            out = backend.put(torch.full((30, 2, 20), 7).to(kind)).permute(1, 2, 0)
            assert masks.to_dense(out=out) is out
            assert torch.equal(out.cpu() != 0, torch.from_numpy(x))
        with refused(
            r"out has shape [2, 20, 31] and dtype bool, expected [2, 20, 30] of bool or 8-bit integers"
        ):
            masks.to_dense(out=backend.put(torch.zeros(2, 20, 31, dtype=torch.bool)))
        with refused("out has elements that share memory"):
            masks.to_dense(out=backend.put(torch.zeros(1, 20, 30, dtype=torch.bool)).expand(2, 20, 30))
        memory = backend.put(torch.zeros(5000, dtype=torch.uint8))
        with refused("out has elements that share memory"):
            masks.to_dense(out=memory.as_strided((2, 20, 30), (600, 10, 1)))
        with refused("out is Masks, expected an array"):
            masks.to_dense(out=masks)
        with refused("out is on the CPU, expected cuda:0, where the masks are"):
            masks.to_dense(out=np.zeros((2, 20, 30), bool))


def test_what_the_caller_gets_is_his_to_change(backend: Backend) -> None:
    x = noise((2, 3, 20, 30)) > 0
    with backend.active():
        tracks = vl.Tracks(backend.put(x))
        for array in (tracks.area, tracks.present, tracks.box, tracks.frame(0).area):
            array[...] = 0
        assert tracks.cpu() == vl.Tracks(x)
        assert int(tracks.area.sum()) == x.sum()


def test_masks_and_tracks_are_pickled_to_where_they_were(backend: Backend) -> None:
    x = noise((2, 3, 20, 30)) > 0
    with backend.active():
        tracks = vl.Tracks(backend.put(x))
        for thing in (tracks, tracks.frame(0)):
            again = pickle.loads(pickle.dumps(thing))
            assert again.device == "cuda:0"
            assert again == thing
            assert copy.deepcopy(thing) is copy.copy(thing) is thing  # they never change


def test_they_say_where_they_are(backend: Backend) -> None:
    x = noise((2, 3, 20, 30)) > 0
    with backend.active():
        tracks = vl.Tracks(backend.put(x))
        assert repr(tracks) == "Tracks(2 x 3 frames of 20 x 30 on cuda:0, 0.9 KiB)"
        assert repr(tracks.track(0)) == "Masks(3 of 20 x 30, 0.4 KiB on cuda:0)"
        assert tracks.nbytes == 6 * (4 * 32 + 24) + 6


def test_what_is_not_computed_there_says_so(backend: Backend) -> None:
    x = noise((2, 3, 20, 30)) > 0
    with backend.active():
        tracks = vl.Tracks(backend.put(x))
        masks = tracks.frame(0)
        for call in (
            lambda: ~masks,
            masks.union,
            masks.intersection,
            lambda: masks.crop_to(np.zeros((2, 4))),
        ):
            with refused("self is on cuda:0, where this is not computed: use self.cpu()"):
                call()
        with refused("self is on cuda:0"):
            masks | masks
        with refused("a is on cuda:0, where this is not computed: use a.cpu()"):
            vl.iou.best_match(tracks, tracks)
        with refused("tracks is on cuda:0, where this is not computed: use tracks.cpu()"):
            vl.select.retain(tracks, np.ones((2, 3)))
        with refused("masks on cuda:0 and on the CPU cannot be compared: use .cpu()"):
            bool(masks == masks.cpu())
        with refused("the other one is on cuda:0"):
            bool(masks.cpu() == masks)


def test_bad_arrays_are_refused_as_on_the_host(backend: Backend) -> None:
    with backend.active():
        with refused("x has shape [2, 3], expected [N, H, W]"):
            vl.Masks(backend.put(torch.zeros(2, 3, dtype=torch.bool)))
        with refused("x has dtype float32: floats need threshold=..., set where x > threshold"):
            vl.Masks(backend.put(torch.zeros(2, 3, 4)))
        with refused("a has dtype float32: floats need Masks(a, threshold=...), set where x > threshold"):
            vl.iou.mask_iou(backend.put(torch.zeros(2, 3, 4)), backend.put(torch.zeros(2, 3, 4)))
        with refused("only floats with a threshold can be resized to size"):
            vl.Masks(backend.put(torch.zeros(2, 3, 4, dtype=torch.bool)), size=(5, 5))
        with refused("x is a torch.sparse_coo tensor, expected a dense one: use x.to_dense()"):
            vl.Masks(backend.put(torch.zeros(2, 3, 4)).to_sparse(), threshold=0)
        with refused("x has dtype torch.complex64, expected bool, integers or floats"):
            vl.Masks(backend.put(torch.zeros(2, 3, 4, dtype=torch.complex64)))
        with refused("threshold is 'a', expected a number"):
            vl.Masks(backend.put(torch.zeros(2, 3, 4)), threshold="a")
        with refused("threshold is NaN, expected a number"):
            vl.Masks(backend.put(torch.zeros(2, 3, 4)), threshold=float("nan"))
        with refused("present has shape [1], expected [2, 3]"):
            vl.Tracks(backend.put(torch.zeros(2, 3, 4, 4, dtype=torch.bool)), present=[True])
        with FakeTensorMode():
            fake = torch.zeros(2, 3, 4)
        if backend.name == "emulated":
            with refused("x is a FakeTensor without readable values: it has no memory"):
                vl.Masks(fake, threshold=0)
        with refused("a map of 0 x 4 cannot be resized to 5 x 5"):
            vl.Masks(backend.put(torch.zeros(2, 0, 4)), threshold=0, size=(5, 5))
        with refused("device is 'tpu', expected a number, 'cuda' or 'cuda:0'"):
            vl.Masks(np.zeros((1, 2, 2), bool)).cuda("tpu")


def test_rle_of_a_device_is_pycocotools_own_text(backend: Backend) -> None:
    mask_utils = pytest.importorskip("pycocotools.mask")
    x = noise((3, 50, 60)) > 1
    with backend.active():
        found = vl.Masks(backend.put(x)).to_rle()
    assert found == [mask_utils.encode(np.asfortranarray(mask.astype(np.uint8))) for mask in x]
    assert reference(lambda put: vl.Masks(put(x)).to_rle()) == found
