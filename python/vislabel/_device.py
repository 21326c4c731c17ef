"""Whether arrays, masks and tracks lie on a device; what that means is `vislabel.cuda`'s."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

#: The type of device that torch's tensors are on. The tests' emulator calls the CPU a device.
torch_type = "cuda"

_HOST = frozenset((np.ndarray, list, tuple, dict, float, int, bool, str, type(None)))
_DLPACK_CUDA = 2


def on_device(*things: object) -> bool:
    """Whether one of the things lies on a device."""
    for x in things:  # noqa: SIM110 (any(..) would cost every call on the CPU)
        if type(x) not in _HOST and _lies_there(x):
            return True
    return False


def _lies_there(x: Any) -> bool:
    packed = getattr(x, "_packed", None)
    if packed is not None:
        return hasattr(packed, "home")
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(x, torch.Tensor):
        return bool(x.device.type == torch_type)
    if hasattr(x, "__cuda_array_interface__"):
        return True
    try:
        return hasattr(x, "__dlpack_device__") and int(x.__dlpack_device__()[0]) == _DLPACK_CUDA
    except Exception:
        return False
