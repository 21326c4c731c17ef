"""Arrays of CuPy, Numba and of whoever speaks DLPack: on a device the real ones, else stand-ins."""

from __future__ import annotations

import copy
import importlib.util
import pickle
import sys
import types
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
import vislabel as vl
from cuda_emulation import Backend, backends, emulated, emulator
from refusal import refused
from vislabel import _device
from vislabel.cuda import _backend, _homes

NOISE = np.random.default_rng(0).random((4, 3, 33, 40)) < 0.3
DEVICE = vl.cuda.is_available()
needs_device = pytest.mark.skipif(not DEVICE, reason="no CUDA device, or no CUDA backend")


class Memory(int):
    @property
    def ptr(self) -> int:
        return int(self)


class Array(np.ndarray):
    """An array that says of itself what arrays on a device say."""

    __module__ = "cupy"

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {**self.__array_interface__, "version": 3, "stream": 7}

    @property
    def data(self) -> Any:  # type: ignore[override]
        return Memory(self.__array_interface__["data"][0])

    @property
    def device(self) -> Any:  # type: ignore[override]
        return types.SimpleNamespace(id=0)


class NumbaArray(Array):
    __module__ = "numba.cuda.cudadrv.devicearray"


class Entered:
    """Which contexts were open, one after the other."""

    names: ClassVar[list[str]] = []

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        Entered.names.append(self.name)

    def __exit__(self, *_: object) -> None:
        pass


def fake_cupy() -> types.ModuleType:
    cupy: Any = types.ModuleType("cupy")
    cupy.ndarray = Array
    cupy.empty = lambda shape, kind: np.empty(shape, kind).view(Array)
    cupy.asarray = lambda x: np.array(x).view(Array)
    cupy.asnumpy = lambda x: np.array(x.view(np.ndarray))
    cupy.ascontiguousarray = lambda x, kind: np.ascontiguousarray(x, kind).view(Array)
    cupy.from_dlpack = lambda x: x.numpy().view(Array)
    cupy.concatenate = lambda parts: np.concatenate(parts).view(Array)
    cupy.cuda = types.SimpleNamespace(
        get_current_stream=lambda index: types.SimpleNamespace(ptr=5 + index),
        Device=lambda index: Entered(f"device {index}"),
        ExternalStream=lambda stream: Entered(f"stream {stream}"),
        runtime=types.SimpleNamespace(getDevice=lambda: 0),
    )
    return cupy


def borrow(_: Any, x: Any) -> torch.Tensor:
    """What torch does with arrays on a device, of those that are not."""
    return torch.from_numpy(x.view(np.ndarray))


@pytest.fixture
def cupy_there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The real CuPy on a device, else a stand-in, with the emulator."""
    if DEVICE:
        yield pytest.importorskip("cupy")
        return
    if emulator() is None:
        pytest.skip("no emulated kernels: ./dev test builds them with the C++ tests")
    cupy = fake_cupy()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setattr(_homes.TorchHome, "borrow", borrow)
    with emulated():
        yield cupy


@pytest.mark.gpu
def test_cupy_s_arrays_go_in_and_come_out(cupy_there: Any) -> None:
    cupy, host = cupy_there, vl.Tracks(NOISE)
    tracks = vl.Tracks(cupy.asarray(NOISE))
    assert tracks.device == "cuda:0"
    assert tracks.cpu() == host
    for found, expected in (
        (tracks.area, host.area),
        (tracks.box, host.box),
        (tracks.to_dense(), NOISE),
        (tracks[cupy.asarray(np.array([2, 0]))].area, host[[2, 0]].area),
        (vl.Tracks.concatenate(tracks, tracks).area, vl.Tracks.concatenate(host, host).area),
    ):
        assert isinstance(found, cupy.ndarray)
        np.testing.assert_array_equal(cupy.asnumpy(found), expected)
    iou = vl.iou.track_iou(tracks, cupy.asarray(NOISE[:2]))
    assert isinstance(iou, cupy.ndarray)
    scores = np.array([0.5, 0.9, 0.3, 0.8])
    result = vl.select.spatiotemporal_nms(tracks, cupy.asarray(scores), iou_threshold=0.1)
    assert isinstance(result.kept, cupy.ndarray)
    assert isinstance(copy.deepcopy(tracks).area, cupy.ndarray)
    assert isinstance(pickle.loads(pickle.dumps(tracks)).area, cupy.ndarray)
    weights = vl.loss.drop_loss_weights(tracks, tracks)
    assert isinstance(weights, cupy.ndarray)
    assert weights.dtype == np.float32
    out = cupy.empty(NOISE.shape, "uint8")
    assert tracks.to_dense(out=out) is out
    np.testing.assert_array_equal(cupy.asnumpy(out), NOISE)


@pytest.mark.gpu
def test_elements_at_odd_addresses_are_read(cupy_there: Any) -> None:
    values = np.random.default_rng(1).normal(size=(2, 33, 40)).astype(np.float32)
    memory = cupy_there.asarray(np.frombuffer(b"abc" + values.tobytes(), np.uint8))
    if DEVICE:
        odd = cupy_there.ndarray(values.shape, np.float32, memory.data + 3)
    else:
        odd = np.ndarray(values.shape, np.float32, memory.view(np.ndarray).data, 3).view(Array)
    assert vl.Masks(odd, threshold=0.1).cpu() == vl.Masks(values, threshold=0.1)


@pytest.mark.gpu
def test_cupy_s_masks_and_torch_s_tensors_go_together(cupy_there: Any) -> None:
    tracks = vl.Tracks(cupy_there.asarray(NOISE))
    other = torch.from_numpy(NOISE).to(_device.torch_type)
    assert isinstance(vl.iou.track_iou(vl.Tracks(other), tracks), torch.Tensor)
    assert isinstance(vl.iou.track_iou(tracks, other), cupy_there.ndarray)


def test_cupy_s_current_stream_and_device_are_used(cupy_there: Any) -> None:
    if DEVICE:
        with cupy_there.cuda.Stream() as stream:
            assert _homes.CupyHome().place == (0, stream.ptr)
        return
    assert _homes.CupyHome(1).place == (1, 6)
    tracks = vl.Tracks(NOISE.view(Array))
    for use in (
        lambda: tracks.area,
        tracks.to_dense,
        tracks.to_rle,
        lambda: tracks[0],
        lambda: tracks == tracks,
    ):
        Entered.names.clear()
        use()
        assert set(Entered.names) == {"device 0"}


def numba_arrays(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """A function that puts arrays on the device as Numba's, and their type."""
    if DEVICE:
        cuda = pytest.importorskip("numba.cuda")
        return cuda.to_device, type(cuda.to_device(np.zeros(1)))
    numba: Any = types.ModuleType("numba")
    numba.cuda = types.SimpleNamespace(as_cuda_array=lambda x: np.asarray(x).view(NumbaArray))
    monkeypatch.setitem(sys.modules, "numba", numba)
    monkeypatch.setattr(_homes.TorchHome, "borrow", borrow)
    return (lambda x: np.array(x).view(NumbaArray)), NumbaArray


@pytest.mark.gpu
@pytest.mark.parametrize("backend", backends())
def test_numba_s_arrays_go_in_and_come_out(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    with backend.active():
        put, kind = numba_arrays(monkeypatch)
        tracks, host = vl.Tracks(put(NOISE)), vl.Tracks(NOISE)
        assert tracks.cpu() == host
        iou = vl.iou.mask_iou(put(NOISE[:, 0].astype(np.uint8)), tracks.frame(0))
        for found in (tracks.area, tracks.box, iou):
            assert isinstance(found, kind)
        assert vl.select.spatiotemporal_nms(tracks, [0.9, 0.8, 0.7, 0.1]).kept.shape == (3,)


@pytest.mark.gpu
@needs_device
def test_whoever_speaks_dlpack_goes_in_through_torch() -> None:
    class Speaker:
        def __init__(self, tensor: torch.Tensor) -> None:
            self.tensor = tensor

        def __dlpack__(self, **options: Any) -> Any:
            return self.tensor.__dlpack__(**options)

        def __dlpack_device__(self) -> Any:
            return self.tensor.__dlpack_device__()

    masks = vl.Masks(Speaker(torch.from_numpy(NOISE[:, 0].astype(np.uint8)).cuda()))
    assert masks.cpu() == vl.Masks(NOISE[:, 0])
    assert isinstance(masks.area, torch.Tensor)


def test_the_current_stream_waits_for_the_one_that_an_array_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 3 of the CUDA array interface: an address, or 1 for the default stream."""
    waited: list[Any] = []
    current = types.SimpleNamespace(wait_stream=waited.append)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: current)
    monkeypatch.setattr(torch.cuda, "default_stream", lambda device: "default")
    monkeypatch.setattr(torch.cuda, "ExternalStream", lambda stream, device: stream)
    monkeypatch.setattr(torch, "as_tensor", lambda x, device: x)
    home = _homes.TorchHome(torch.device("cuda:0"))
    for stream in (7, 1, None):
        home.borrow(types.SimpleNamespace(__cuda_array_interface__={"stream": stream}))
    assert waited == [7, "default"]


def test_without_a_backend_an_array_on_a_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    if vl.cuda.build_info()["built"]:
        pytest.skip("there is one")
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy())
    there = NOISE[:, 0].view(Array)
    for call in (lambda: vl.Masks(there), lambda: vl.iou.mask_iou(there, there)):
        with refused("is on cuda:0, but this build of vislabel has no CUDA backend"):
            call()
    with refused("this build of vislabel has no CUDA backend"):
        vl.Masks(NOISE[:, 0]).cuda()


def test_without_a_device_nothing_is_sent_there(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = types.SimpleNamespace(device_count=lambda: 0, build_info=lambda: {"emulated": False})
    monkeypatch.setattr(_backend, "replaced_by", backend)
    assert not vl.cuda.is_available()
    with refused("there is no CUDA device here"):
        vl.Masks(NOISE[:, 0]).cuda()
    backend.device_count = lambda: 1
    with refused("device is 1, expected less than 1, the number of devices here"):
        vl.Masks(NOISE[:, 0]).cuda(1)
    if not torch.cuda.is_available() and importlib.util.find_spec("cupy") is None:
        with refused("no torch and no CuPy here that see a device and allocate memory there"):
            vl.Masks(NOISE[:, 0]).cuda()


def test_what_is_there_is_said() -> None:
    info = vl.cuda.build_info()
    assert vl.build_info()["cuda"] is info["built"]
    assert vl.cuda.is_available() is (vl.cuda.device_count() > 0)
    if info["built"]:
        assert set(info) == {"built", "compiler", "architectures"}
        assert all(architecture.isdecimal() for architecture in str(info["architectures"]).split())
    else:
        assert info == {"built": False}
        assert vl.cuda.device_count() == 0
