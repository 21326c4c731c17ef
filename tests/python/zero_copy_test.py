"""No copy on the way in and none on the way out: the same addresses, and memory that does not grow."""

from __future__ import annotations

import array
import ctypes
import gc
import json
import mmap
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import pytest
import torch
import vislabel as vl
from dlpack_producer import BFLOAT16, CPU, CUDA, READ_ONLY, Producer, address, producers
from numpy.typing import NDArray
from refusal import refused
from vislabel import _core
from vislabel._arrays import as_array

DENSE = oracle.random_masks(5, 4, (33, 20))
SHAPE = DENSE.shape
Given = tuple[Any, NDArray[Any]]  # what the caller has, and its memory as NumPy sees it


class Interface:
    """Speaks NumPy's array interface and nothing else."""

    def __init__(self, x: NDArray[Any]) -> None:
        self.x = x
        self.__array_interface__ = x.__array_interface__


def numpy_arrays(dtype: str) -> dict[str, Given]:
    x = DENSE.astype(dtype)
    wide = np.zeros([3 * side for side in SHAPE], dtype)
    wide[1::3, 2::3, ::3] = x
    read_only = x.copy()
    read_only.flags.writeable = False
    fields = np.zeros(SHAPE, np.dtype([("pad", "u1"), ("value", dtype)]))
    fields["value"] = x
    views = {
        "C": x,
        "F": np.asfortranarray(x),
        "masks last": np.ascontiguousarray(x.transpose(1, 2, 0)).transpose(2, 0, 1),
        "negative strides": x[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1],
        "every third": wide[1::3, 2::3, ::3],
        "broadcast": np.broadcast_to(x[:1], SHAPE),
        "read-only": read_only,
        "unaligned": fields["value"],
    }
    return {f"{name} of {dtype}": (view, view) for name, view in views.items()}


def buffers() -> dict[str, Given]:
    x = DENSE.astype(np.uint8)
    mapped = mmap.mmap(-1, x.size)
    mapped[:] = x.tobytes()
    flat = {
        "bytes": x.tobytes(),
        "bytearray": bytearray(x),
        "array.array": array.array("B", x.tobytes()),
        "mmap": mapped,
    }
    given: dict[str, Given] = {
        name: (memoryview(owner).cast("B", SHAPE), np.frombuffer(owner, np.uint8).reshape(SHAPE))
        for name, owner in flat.items()
    }
    for kind in (ctypes.c_uint8, ctypes.c_bool, ctypes.c_int32):
        images = (kind * SHAPE[2] * SHAPE[1] * SHAPE[0])()
        view = np.ctypeslib.as_array(images)
        view[...] = x
        given[f"ctypes {kind.__name__}"] = (images, view)
    strided = np.asfortranarray(x)[:, ::-1]
    given["strided memoryview"] = (memoryview(strided), strided)
    given["array interface"] = (Interface(strided), strided)
    return given


def tensors() -> dict[str, Given]:
    x = torch.from_numpy(DENSE.copy())
    given = {
        "bool": x,
        "uint8": x.to(torch.uint8),
        "int64": x.to(torch.int64),
        "permuted": x.permute(2, 1, 0).contiguous().permute(2, 1, 0),
        "sliced": torch.stack([x, x], -1)[..., 1],
        "expanded": x[:1].expand(SHAPE),
        "float32 with gradient": x.float().requires_grad_(),
        "float64 parameter": torch.nn.Parameter(x.double()),
    }
    return {f"torch {name}": (t, t.detach().numpy()) for name, t in given.items()}


def lent() -> dict[str, Given]:
    given: dict[str, Given] = {}
    for dtype in ("bool", "uint8", "int64", "float32", "float64"):
        plain = DENSE.astype(dtype)
        strided = np.asfortranarray(plain)[:, ::-1]
        for layout, x in (("", plain), ("strided ", strided)):
            for name, producer in producers(x).items():
                given[f"DLPack {layout}{dtype}, {name}"] = (producer, x)
    x = DENSE.copy()
    given["DLPack without strides"] = (Producer(x, versioned=False, with_strides=False), x)
    return given


GIVEN = {
    **numpy_arrays("bool"),
    **numpy_arrays("uint16"),
    **numpy_arrays("int64"),
    **numpy_arrays("float32"),
    **numpy_arrays("float64"),
    **buffers(),
    **tensors(),
    **lent(),
}


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[NDArray[Any]]:
    """The dense arrays that reach the extension module."""
    seen: list[NDArray[Any]] = []

    def watched(function: Callable[..., Any]) -> Any:
        return staticmethod(lambda array, *rest: seen.append(array) or function(array, *rest))

    for kind in (_core.Masks, _core.Tracks):
        monkeypatch.setattr(kind, "from_dense", watched(kind.from_dense))
    return seen


@pytest.mark.parametrize("name", GIVEN)
def test_the_caller_s_memory_is_what_the_extension_reads(name: str, reached: list[NDArray[Any]]) -> None:
    given, memory = GIVEN[name]
    threshold = 0.5 if memory.dtype.kind == "f" else None
    masks = vl.Masks(given, threshold=threshold)
    for seen in (reached[0], as_array(given, "x")):
        assert (address(seen), seen.shape, seen.strides) == (address(memory), memory.shape, memory.strides)
        assert seen.dtype == memory.dtype
    np.testing.assert_array_equal(masks.to_dense(), memory > 0)


def test_tracks_and_every_function_of_dense_arrays_read_in_place(reached: list[NDArray[Any]]) -> None:
    video = np.asfortranarray(np.stack([DENSE, DENSE[::-1]]))
    vl.Tracks(video), vl.iou.mask_iou(DENSE, DENSE), vl.iou.track_iou(video, torch.from_numpy(video))
    vl.select.spatiotemporal_nms(video, [1.0, 0.5]), vl.mask.encode(DENSE.transpose(1, 2, 0))
    expected = [video, DENSE, DENSE, video, video, video, DENSE]
    assert [(address(x), x.strides) for x in reached] == [(address(x), x.strides) for x in expected]


def test_the_buffer_protocol_goes_before_dlpack() -> None:
    class Both(bytearray):
        def __dlpack__(self, **options: Any) -> Any:
            raise AssertionError("DLPack was asked")

        def __dlpack_device__(self) -> tuple[int, int]:
            raise AssertionError("DLPack was asked")

    both = Both(b"\0\1")
    assert address(as_array(both, "x")) == address(np.frombuffer(both, np.uint8))
    np.testing.assert_array_equal(vl.iou.box_iou(np.ones((1, 4)), np.ones((2, 4)), crowd=both), [[1.0, 1.0]])
    with refused("x has shape [2], expected [N, H, W]"):
        vl.Masks(both)


# --- what DLPack lends goes back ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", producers(DENSE))
def test_lent_memory_goes_back_once_and_only_after_the_call(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    producer, during = producers(DENSE)[name], []
    function = _core.Masks.from_dense
    monkeypatch.setattr(
        _core.Masks,
        "from_dense",
        staticmethod(lambda *a: (function(*a), during.append(producer.returned))[0]),
    )
    masks = vl.Masks(producer)
    assert during == [0]
    assert (producer.lent, producer.returned) == (1, 1)
    np.testing.assert_array_equal(masks.to_dense(), DENSE)


@pytest.mark.parametrize("versioned", [False, True])
def test_lent_memory_goes_back_once_also_when_it_is_refused(versioned: bool) -> None:
    flat, floats = DENSE.reshape(-1), DENSE.astype(np.float32)
    refusals: dict[str, Producer] = {
        "expected [N, H, W]": Producer(flat, versioned=versioned),
        "floats need threshold": Producer(floats, versioned=versioned),
        "x has dtype complex64": Producer(floats.astype(np.complex64), versioned=versioned),
        "cannot be read on the CPU: Unsupported dtype": Producer(
            DENSE.astype(np.uint16), versioned=versioned, code=BFLOAT16
        ),
        "x is on cuda:0, but this build of vislabel has no CUDA backend": Producer(
            DENSE, versioned=versioned, device=CUDA
        ),
    }
    if versioned:
        refusals["cannot be read on the CPU: from_dlpack"] = Producer(DENSE, versioned=True, major=9)
    for message, producer in refusals.items():
        with pytest.raises(vl.Error) as caught:
            vl.Masks(producer)
        assert message in str(caught.value)
        del caught
        gc.collect()  # the error's frames hold the array
        assert producer.lent == producer.returned + producer.untaken() <= 1, message


def test_a_producer_that_fails_is_a_clear_error() -> None:
    class Broken(Producer):
        def __dlpack__(self, **options: Any) -> Any:
            raise BufferError("sold out")

    with refused("x: Broken cannot be read on the CPU: sold out"):
        vl.Masks(Broken(DENSE, versioned=True))


def test_producers_that_know_no_options_are_asked_without() -> None:
    class Old(Producer):
        def __dlpack__(self) -> Any:  # type: ignore[override]
            return super().__dlpack__()

    old = Old(DENSE, versioned=False)
    np.testing.assert_array_equal(vl.Masks(old).to_dense(), DENSE)
    assert (old.lent, old.returned) == (1, 1)


# --- results ------------------------------------------------------------------------------------------------


def outputs() -> dict[str, Given]:
    """Memory to write to, in the caller's kind."""
    given: dict[str, Given] = {}
    for name, x in {
        "NumPy": np.ones(SHAPE, bool),
        "NumPy F": np.ones(SHAPE, np.uint8, order="F"),
        "NumPy strided": np.ones((4, 66, 40), np.int8)[:, ::-2, 1::2],
    }.items():
        given[name] = (x, x)
    for name, t in {
        "torch": torch.ones(SHAPE, dtype=torch.bool),
        "torch permuted": torch.ones(SHAPE[::-1], dtype=torch.uint8).permute(2, 1, 0),
    }.items():
        given[name] = (t, t.numpy())
    for owner in (bytearray(DENSE.size), array.array("B", bytes(DENSE.size)), mmap.mmap(-1, DENSE.size)):
        view = memoryview(owner).cast("B", SHAPE)
        given[type(owner).__name__] = (view, np.asarray(view))
    images = (ctypes.c_uint8 * SHAPE[2] * SHAPE[1] * SHAPE[0])()
    given["ctypes"] = (images, np.ctypeslib.as_array(images))
    for name, x in (("plain", np.ones(SHAPE, bool)), ("strided", np.ones(SHAPE, np.uint8, order="F"))):
        given[f"DLPack {name}"] = (Producer(x, versioned=True), x)
        given[f"array interface {name}"] = (Interface(x), x)
    return given


@pytest.mark.parametrize("name", outputs())
def test_out_is_written_in_place_and_returned_as_it_is(name: str) -> None:
    given, memory = outputs()[name]
    assert vl.Masks(DENSE).to_dense(out=given) is given
    np.testing.assert_array_equal(memory, DENSE)
    if isinstance(given, Producer):
        assert (given.lent, given.returned) == (1, 1)


def test_read_only_memory_is_refused_as_out() -> None:
    for flags, versioned in ((READ_ONLY, True), (0, False)):  # a legacy capsule may be of read-only memory
        producer = Producer(np.zeros(SHAPE, bool), versioned=versioned, flags=flags, device=CPU)
        with refused("out is read-only"):
            vl.Masks(DENSE).to_dense(out=producer)
    with refused("out is read-only"):
        vl.Masks(DENSE).to_dense(out=memoryview(bytes(DENSE.size)).cast("B", SHAPE))


@pytest.mark.parametrize("function", ["mask_iou", "quality", "box_iou"])
def test_a_tensor_that_comes_back_is_the_extension_s_result_itself(
    function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[NDArray[Any]] = []
    original = getattr(_core, function)
    monkeypatch.setattr(_core, function, lambda *a: made.append(original(*a)) or made[-1])
    masks, ones = torch.from_numpy(DENSE), torch.ones(4, 4)
    result = {
        "mask_iou": lambda: vl.iou.mask_iou(masks, masks),
        "quality": lambda: vl.select.quality(ones[0], ones),
        "box_iou": lambda: vl.iou.box_iou(ones, ones),
    }[function]()
    assert isinstance(result, torch.Tensor)
    assert result.data_ptr() == address(made[0])


# --- memory -------------------------------------------------------------------------------------------------

GROWTH = """
import ctypes, json, sys
import numpy as np, torch, vislabel as vl
from dlpack_producer import Producer

def status(name):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(name))

def growth(call):
    open("/proc/self/clear_refs", "w").write("5")  # the peak begins anew
    before = status("VmRSS")
    kept = call()
    return status("VmHWM") - before

shape = (4, 8192, 8192)
memory = bytearray(256 << 20)
x = np.frombuffer(memory, np.uint8).reshape(shape)
x[:, 1000:5000, 2000:7000] = 1
last, floats, longs = x.reshape(8192, 8192, 4).transpose(2, 0, 1), x.view(np.float32), x.view(np.int64)
tensor, masks = torch.from_numpy(x), vl.Masks(x)
frozen = x.view()
frozen.flags.writeable = False

class Interface:
    __array_interface__ = x.__array_interface__

ways = {
    "NumPy": lambda: vl.Masks(x),
    "NumPy read-only": lambda: vl.Masks(frozen),
    "NumPy F": lambda: vl.Masks(x.transpose(0, 2, 1)),
    "NumPy masks last": lambda: vl.Masks(last),
    "NumPy negative": lambda: vl.Masks(x[::-1, ::-1, ::-1]),
    "NumPy strided": lambda: vl.Masks(x[:, ::2, ::3]),
    "NumPy int64": lambda: vl.Masks(longs),
    "NumPy float32": lambda: vl.Masks(floats, threshold=0),
    "memoryview": lambda: vl.Masks(memoryview(memory).cast("B", shape)),
    "ctypes": lambda: vl.Masks((ctypes.c_uint8 * 8192 * 8192 * 4).from_buffer(memory)),
    "torch": lambda: vl.Masks(tensor),
    "torch bool": lambda: vl.Masks(tensor.view(torch.bool)),
    "torch permuted": lambda: vl.Masks(tensor.permute(0, 2, 1)),
    "torch with gradient": lambda: vl.Masks(torch.from_numpy(floats).requires_grad_(), threshold=0),
    "torch video": lambda: vl.Tracks(tensor.view(2, 2, 8192, 8192)),
    "DLPack legacy": lambda: vl.Masks(Producer(x, versioned=False)),
    "DLPack versioned": lambda: vl.Masks(Producer(x, versioned=True)),
    "array interface": lambda: vl.Masks(Interface()),
    "mask_iou of dense": lambda: vl.iou.mask_iou(x, tensor),
    "mask.encode": lambda: vl.mask.encode(x.transpose(1, 2, 0)),
    "to_dense(out=NumPy)": lambda: masks.to_dense(out=x),
    "to_dense(out=torch)": lambda: masks.to_dense(out=tensor),
    "to_dense(out=memoryview)": lambda: masks.to_dense(out=memoryview(memory).cast("B", shape)),
    "to_dense(out=DLPack)": lambda: masks.to_dense(out=Producer(x, versioned=True)),
}
boxes = torch.ones(5793, 4)  # 5793 ** 2 float64 are 256 MiB
results = {
    "to_dense()": masks.to_dense,
    "mask.decode": lambda rles=masks.to_rle(): vl.mask.decode(rles),
    "box_iou as a tensor": lambda: vl.iou.box_iou(boxes, boxes),
}
print(json.dumps([{name: growth(call) for name, call in calls.items()} for calls in (ways, results)]))
"""


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="needs Linux's peak of memory")
def test_memory_does_not_grow_with_the_input_and_once_with_the_output() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", GROWTH], capture_output=True, text=True, timeout=300, env=environment
    )
    assert done.returncode == 0, done.stderr
    ways, results = json.loads(done.stdout)
    size = 256 << 20
    assert {name: grown for name, grown in ways.items() if grown > size / 16} == {}
    assert {name: grown for name, grown in results.items() if not size * 0.9 < grown < size * 1.1} == {}
