"""Objects that speak DLPack and nothing else, with capsules made by hand: legacy and versioned ones."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

CPU, CUDA = 1, 2
READ_ONLY = 1
BFLOAT16 = 4
CODES = {"i": 0, "u": 1, "f": 2, "c": 5, "b": 6}

Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Device(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int32), ("index", ctypes.c_int32)]


class Type(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]


class Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device", Device),
        ("ndim", ctypes.c_int32),
        ("type", Type),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class Legacy(ctypes.Structure):
    _fields_ = [("tensor", Tensor), ("context", ctypes.c_void_p), ("deleter", Deleter)]


class Versioned(ctypes.Structure):
    _fields_ = [
        ("version", ctypes.c_uint32 * 2),
        ("context", ctypes.c_void_p),
        ("deleter", Deleter),
        ("flags", ctypes.c_uint64),
        ("tensor", Tensor),
    ]


_new = ctypes.pythonapi.PyCapsule_New
_new.restype, _new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_holds = ctypes.pythonapi.PyCapsule_IsValid
_holds.argtypes = [ctypes.py_object, ctypes.c_char_p]


_KEPT: list[Producer] = []  # a capsule may outlive whoever made it, in a traceback for one


class Producer:
    """Lends ``array``'s memory through DLPack, and counts how often it comes back."""

    def __init__(
        self,
        array: NDArray[Any],
        *,
        versioned: bool,
        flags: int = 0,
        code: int | None = None,
        device: int = CPU,
        byte_offset: int = 0,
        with_strides: bool = True,
        major: int = 1,
    ) -> None:
        self.array, self.lent, self.returned = array, 0, 0
        self._device, self._versioned = device, versioned
        kind = Versioned if versioned else Legacy
        self._managed = kind(deleter=Deleter(self._take_back))
        if versioned:
            self._managed.version[:], self._managed.flags = (major, 0), flags
        self._shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        self._strides = (ctypes.c_int64 * array.ndim)(*(s // array.itemsize for s in array.strides))
        code = CODES[array.dtype.kind] if code is None else code
        self._managed.tensor = Tensor(
            array.ctypes.data - byte_offset,
            Device(device, 0),
            array.ndim,
            Type(code, 8 * array.itemsize, 1),
            self._shape,
            self._strides if with_strides else None,
            byte_offset,
        )
        self._capsules: list[Any] = []
        _KEPT.append(self)

    def __dlpack__(self, **options: Any) -> Any:
        self.lent += 1
        self._capsules.append(_new(ctypes.addressof(self._managed), self._name, None))
        return self._capsules[-1]

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._device, 0

    @property
    def _name(self) -> bytes:
        return b"dltensor_versioned" if self._versioned else b"dltensor"

    def _take_back(self, managed: int) -> None:
        assert managed == ctypes.addressof(self._managed)
        self.returned += 1

    def untaken(self) -> int:
        """Capsules that nobody took: they have their first name still, and own what they hold."""
        return sum(_holds(capsule, self._name) for capsule in self._capsules)


def producers(array: NDArray[Any]) -> dict[str, Producer]:
    """The same memory in every form that DLPack has."""
    return {
        "legacy": Producer(array, versioned=False),
        "legacy with an offset": Producer(array, versioned=False, byte_offset=64),
        "versioned": Producer(array, versioned=True),
        "versioned with an offset": Producer(array, versioned=True, byte_offset=64),
        "versioned read-only": Producer(array, versioned=True, flags=READ_ONLY),
    }


def address(array: NDArray[np.generic]) -> int:
    """Where the first element lies."""
    place: int = array.__array_interface__["data"][0]
    return place
