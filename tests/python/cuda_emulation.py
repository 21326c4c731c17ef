"""The CUDA backend in tests: on a device where there is one, else with its kernels emulated on the CPU.

Emulated, torch's CPU tensors are what lies "on the device", and NumPy arrays what lies on the host.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from vislabel import _device
from vislabel.cuda import _backend

ROOT = Path(__file__).resolve().parents[2]


def emulator() -> Any:
    """The extension module with emulated kernels, as the C++ tests build it (``ninja _cuda_emulated``)."""
    given = os.environ.get("VISLABEL_CUDA_EMULATED")
    found = [Path(given)] if given else sorted((ROOT / "build").glob("*/**/_cuda_emulated*.so"))
    if not found or not found[0].is_file():
        pytest.skip("the emulated CUDA backend is not built: ./dev test builds it with the C++ tests")
    newest = max(found, key=lambda path: path.stat().st_mtime)
    loader = importlib.machinery.ExtensionFileLoader("_cuda_emulated", str(newest))
    spec = importlib.util.spec_from_file_location("_cuda_emulated", newest, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@contextmanager
def emulated(module: Any) -> Iterator[None]:
    """While it is open, torch's CPU tensors are on a device."""
    before = _backend.replaced_by, _device.torch_type
    _backend.replaced_by, _device.torch_type = module, "cpu"
    try:
        yield
    finally:
        _backend.replaced_by, _device.torch_type = before
