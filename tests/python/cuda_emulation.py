"""The CUDA backend in tests: on a device where there is one, and with its kernels emulated everywhere.

Emulated, torch's CPU tensors are what lies on the device, and NumPy arrays are on the host.
"""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import vislabel as vl
from vislabel import _device
from vislabel.cuda import _backend

ROOT = Path(__file__).resolve().parents[2]
Put = Callable[[Any], Any]


@functools.cache
def emulator() -> Any:
    """The extension module with emulated kernels, as the C++ tests build it; None where they have not."""
    given = os.environ.get("VISLABEL_CUDA_EMULATED")
    found = [Path(given)] if given else list((ROOT / "build").glob("*/tests/cuda/_cuda_emulated*.so"))
    if not found:
        return None
    newest = max(found, key=lambda path: path.stat().st_mtime)
    loader = importlib.machinery.ExtensionFileLoader("_cuda_emulated", str(newest))
    spec = importlib.util.spec_from_file_location("_cuda_emulated", newest, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@contextmanager
def emulated() -> Iterator[None]:
    """While it is open, torch's CPU tensors are on a device."""
    before = _backend.replaced_by, _device.torch_type
    _backend.replaced_by, _device.torch_type = emulator(), "cpu"
    try:
        yield
    finally:
        _backend.replaced_by, _device.torch_type = before


class Backend:
    """Where a test's functions run."""

    def __init__(self, name: str) -> None:
        self.name = name

    def active(self) -> AbstractContextManager[None]:
        return emulated() if self.name == "emulated" else nullcontext()

    def put(self, x: Any) -> Any:
        """A NumPy array or a tensor as a tensor on the device."""
        tensor = torch.from_numpy(x) if isinstance(x, np.ndarray) else x
        return tensor if self.name == "emulated" else tensor.cuda()

    def run(self, call: Callable[[Put], Any]) -> Any:
        """What ``call`` gives on the device; ``call`` is given a function that puts arrays there."""
        with self.active():
            return to_host(call(self.put))


def reference(call: Callable[[Put], Any], put: Put = lambda x: x) -> Any:
    """What ``call`` gives on the host; with emulated kernels where this build has no tables."""
    try:
        return to_host(call(put))
    except vl.Error as error:
        if "without Eigen" not in str(error):
            raise
        return Backend("emulated").run(call)


def to_host(x: Any) -> Any:
    """Arrays of any kind as NumPy arrays; tuples entry by entry."""
    if isinstance(x, tuple):
        return tuple(to_host(entry) for entry in x)
    if not isinstance(x, torch.Tensor):
        return x
    x = x.detach().cpu()
    return (x.float() if x.dtype == torch.bfloat16 else x).numpy()


def same(found: Any, expected: Any) -> None:
    """Asserts equal bits, shapes and types; NaN is equal to NaN."""
    if isinstance(expected, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
        return
    if not isinstance(expected, np.ndarray):
        assert found == expected
        return
    assert isinstance(found, np.ndarray)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(found, expected)
    if expected.dtype.kind == "f":
        numbers = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(found)[numbers], np.signbit(expected)[numbers])


def backends() -> list[Any]:
    """Parameters for tests: the emulator, and the device (marked ``gpu``)."""
    no_emulator = pytest.mark.skipif(
        emulator() is None, reason="no emulated kernels: ./dev test builds them with the C++ tests"
    )
    no_device = pytest.mark.skipif(not vl.cuda.is_available(), reason="no CUDA device, or no CUDA backend")
    return [
        pytest.param(Backend("emulated"), marks=no_emulator, id="emulated"),
        pytest.param(Backend("device"), marks=[pytest.mark.gpu, no_device], id="device"),
    ]
