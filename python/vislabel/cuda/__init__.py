"""The CUDA backend: masks, tracks and the functions on them where the caller's tensors are.

Nothing here needs to be called: functions that are given torch tensors, CuPy or Numba arrays on a GPU, or
masks that live there, run there, on the caller's current stream, in memory of the caller's framework, and
give the same bits as on the CPU. They neither wait for the device nor let the caller wait, except where a
result must come to the CPU or its size is not known before (`Masks.to_rle`, `Masks.cpu`, `==`, `kept` of a
suppression). NaN, which is an error on the CPU, makes results NaN there: an error would have to wait. Arrays
of the CPU that go with arrays of a GPU, such as a list of scores, are copied there.
"""

from __future__ import annotations

from vislabel.cuda import _backend

__all__ = ["build_info", "device_count", "is_available"]


def is_available() -> bool:
    """Whether this build has the CUDA backend, and the machine a device."""
    return device_count() > 0


def device_count() -> int:
    """How many devices there are; 0 where this build has no CUDA backend, or the machine no driver."""
    found = _backend.find()
    return 0 if found is None else int(found.device_count())


def build_info() -> dict[str, str | bool]:
    """Whether the backend is there ("built"), its compiler, and the architectures that it holds code for."""
    found = _backend.find()
    if found is None:
        return {"built": False}
    return {"built": True, **{k: v for k, v in found.build_info().items() if k != "emulated"}}
