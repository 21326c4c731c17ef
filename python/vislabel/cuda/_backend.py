"""The extension module of the CUDA backend, imported when it is first needed."""

from __future__ import annotations

import importlib
from typing import Any

from vislabel._core import Error

#: The tests' emulator, in place of the extension module.
replaced_by: Any = None


def find() -> Any:
    """The module, or None where this build has none."""
    if replaced_by is not None:
        return replaced_by
    try:
        return importlib.import_module("vislabel._cuda")
    except ModuleNotFoundError:
        return None


def require_device(index: int | None) -> None:
    """Errors: this build has no CUDA backend, or the machine no device of this number."""
    found = find()
    if found is None:
        raise Error("this build of vislabel has no CUDA backend")
    count = found.device_count()
    if count == 0:
        raise Error("there is no CUDA device here")
    if index is not None and index >= count:
        raise Error(f"device is {index}, expected less than {count}, the number of devices here")


def require(name: str, where: str, can_leave: bool) -> None:
    """Errors: this build has no CUDA backend, and the argument ``name`` is on the device ``where``."""
    if find() is None:
        advice = f": use {name}.cpu()" if can_leave else ""
        raise Error(f"{name} is on {where}, but this build of vislabel has no CUDA backend{advice}")
