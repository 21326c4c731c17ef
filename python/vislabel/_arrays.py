"""Arrays in and out: whatever the caller has, without a copy where its memory allows it.

NumPy arrays, torch tensors, anything with the buffer protocol or DLPack come in; results go out as the
caller's kind. torch is never imported here: a tensor can only come from a process that has imported it
already.
"""

from __future__ import annotations

import operator
import sys
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vislabel._core import Error

ArrayLike: TypeAlias = Any
Float64: TypeAlias = npt.NDArray[np.float64]
Int64: TypeAlias = npt.NDArray[np.int64]
Bool: TypeAlias = npt.NDArray[np.bool_]


def number(x: Any, name: str) -> float:
    """``x`` as a float."""
    try:
        return float(x)
    except (TypeError, ValueError, OverflowError):
        raise Error(f"{name} is {shown(x)}, expected a number") from None


def integer(x: Any, name: str) -> int:
    """``x`` as an int of at most 63 bits."""
    try:
        value = operator.index(x)
    except TypeError:
        value = 1 << 63
    if abs(value) >= 1 << 63:
        raise Error(f"{name} is {shown(x)}, expected an integer of at most 63 bits")
    return value


def items(x: Any, name: str) -> list[Any]:
    """The entries of a list or another iterable."""
    try:
        return list(x)
    except TypeError:
        raise Error(f"{name} is a {type(x).__name__}, expected a list") from None


def shown(x: object) -> str:
    """``x`` in a message, on one line of sensible length."""
    text = " ".join(repr(x).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def is_tensor(x: object) -> bool:
    """Whether ``x`` is a torch tensor."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def as_array(x: ArrayLike, name: str) -> npt.NDArray[Any]:
    """A NumPy view of ``x``'s memory, or a copy where there is no other way (lists, bfloat16, byte-swapped).

    Errors: tensors on another device than the CPU, sparse or quantised ones, arrays of objects or text.
    """
    if type(x).__module__.startswith("vislabel."):
        raise Error(f"{name} is {type(x).__name__}, expected an array")
    if is_tensor(x):
        array = _from_tensor(x, name)
    elif isinstance(x, np.ndarray):
        array = x
    elif hasattr(x, "__dlpack__") and not hasattr(x, "__array__"):
        try:
            array = np.from_dlpack(x)
        except (BufferError, RuntimeError, TypeError) as error:
            raise Error(f"{name}: {type(x).__name__} cannot be read on the CPU: {error}") from None
    else:
        try:
            array = np.asarray(x)
        except (ValueError, TypeError):
            raise Error(f"{name} is a {type(x).__name__} that makes no array: {shown(x)}") from None
    if array.dtype.kind not in "biuf":
        if array.size > 0 or array.dtype.kind not in "OSU":
            raise Error(f"{name} has dtype {array.dtype}, expected bool, integers or floats")
        array = array.astype(np.float64)
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        array = array.astype(np.float32 if array.dtype.itemsize == 2 else np.float64)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _from_tensor(x: Any, name: str) -> npt.NDArray[Any]:
    if x.device.type != "cpu":
        raise Error(
            f"{name} is a tensor on {x.device}: this build of vislabel has no CUDA backend, use {name}.cpu()"
        )
    if str(x.layout) != "torch.strided" or x.is_quantized:
        raise Error(f"{name} is a {x.layout} tensor, expected a dense one: use {name}.to_dense()")
    x = x.detach().resolve_conj().resolve_neg()
    if str(x.dtype).startswith(("torch.bfloat16", "torch.float8")):  # unknown to NumPy
        x = x.float()
    array: npt.NDArray[Any] = x.numpy()
    return array


def like(result: npt.NDArray[Any], *inputs: object) -> Any:
    """``result`` as a torch tensor iff one of the inputs is a tensor; the memory is shared."""
    if any(is_tensor(x) for x in inputs):
        return sys.modules["torch"].from_numpy(result)
    return result


def vector(x: ArrayLike, name: str, length: int | None, of: str) -> Float64:
    """``x`` as float64 [length]."""
    array = as_array(x, name)
    if array.ndim != 1 or (length is not None and len(array) != length):
        expected = f"one per {of}" + (f" ({length})" if length is not None else "")
        raise Error(f"{name} has shape {list(array.shape)}, expected {expected}")
    return np.ascontiguousarray(array, dtype=np.float64)


def table(x: ArrayLike, name: str, rows: int | None = None, columns: int | None = None) -> Float64:
    """``x`` as float64 [rows, columns]."""
    array = as_array(x, name)
    fits = array.ndim == 2 and rows in (None, array.shape[0]) and columns in (None, array.shape[1])
    if not fits:
        if array.size == 0 and 0 in (rows, columns):
            return np.zeros((rows or 0, columns or 0))
        sides = ["any" if side is None else str(side) for side in (rows, columns)]
        raise Error(f"{name} has shape {list(array.shape)}, expected [{', '.join(sides)}]")
    return np.ascontiguousarray(array, dtype=np.float64)


def boxes(x: ArrayLike, name: str) -> Float64:
    """``x`` as float64 [N, 4]."""
    array = as_array(x, name)
    if array.size == 0 and array.ndim <= 2:
        return np.zeros((0, 4))
    return table(x, name, None, 4)


def indices(x: ArrayLike, name: str, length: int | None = None) -> Int64:
    """``x`` as int64 [length]; bool and floats are refused."""
    array = as_array(x, name)
    if array.size == 0 and array.ndim == 1:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu" or (length is not None and len(array) != length):
        expected = "integers" if length is None else f"{length} integers"
        raise Error(f"{name} has shape {list(array.shape)} and dtype {array.dtype}, expected {expected}")
    return np.ascontiguousarray(array, dtype=np.int64)


def positions(index: Any, length: int) -> Int64:
    """The non-negative positions that an int, a slice, integers or bools choose on an axis of ``length``."""
    if isinstance(index, tuple):
        raise Error(f"index is {shown(index)}, expected one index: there is one axis")
    if isinstance(index, slice):
        return np.arange(length, dtype=np.int64)[index]
    if isinstance(index, (int, np.integer)):
        return np.array([position(index, length)])
    array = as_array(index, "index")
    if array.dtype.kind == "b":
        if array.shape != (length,):
            raise Error(f"index has shape {list(array.shape)}, expected bool [{length}]")
        return np.flatnonzero(array)
    if array.size == 0:
        return np.zeros(0, np.int64)
    if array.dtype.kind not in "iu" or array.ndim > 1:
        raise Error(f"index has shape {list(array.shape)} and dtype {array.dtype}, expected integers or bool")
    array = np.atleast_1d(array)
    outside = (array < -length) | (array >= length)
    if outside.any():
        raise IndexError(f"index {array[outside][0]} is out of range for {length}")
    array = array.astype(np.int64)
    return np.where(array < 0, array + length, array)


def position(index: Any, length: int) -> int:
    """The non-negative position that one integer chooses on an axis of ``length``."""
    try:
        n = operator.index(index)
        if isinstance(index, (bool, np.bool_)):
            raise TypeError
    except TypeError:
        raise Error(f"index is {shown(index)}, expected an integer") from None
    if not -length <= n < length:
        raise IndexError(f"index {n} is out of range for {length}")
    return n + length if n < 0 else n


def size_pair(size: Any, name: str = "size") -> tuple[int, int]:
    """``size`` as (height, width)."""
    try:
        height, width = size
        if isinstance(size, (str, bytes, bytearray, dict, set, frozenset)):
            raise TypeError
    except (TypeError, ValueError):
        raise Error(f"{name} is {shown(size)}, expected two integers") from None
    return integer(height, f"{name}[0]"), integer(width, f"{name}[1]")
