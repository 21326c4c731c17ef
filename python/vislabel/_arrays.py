"""Arrays in and out: whatever the caller has, without a copy where its memory allows it.

NumPy arrays, torch tensors, anything with the buffer protocol or DLPack come in; results go out as the
caller's kind. torch is never imported here: a tensor can only come from a process that has imported it
already.
"""

from __future__ import annotations

import operator
import sys
from typing import Any, Protocol, TypeAlias, TypeGuard, TypeVar

import numpy as np
import numpy.typing as npt

from vislabel._core import Error

ArrayLike: TypeAlias = Any
Float64: TypeAlias = npt.NDArray[np.float64]
Int64: TypeAlias = npt.NDArray[np.int64]
Bool: TypeAlias = npt.NDArray[np.bool_]

Given = TypeVar("Given")
Detached = TypeVar("Detached", covariant=True)


class Tensor(Protocol[Detached]):
    """What torch's tensors have and no other array: in the types of functions that give tensors for them."""

    def detach(self) -> Detached: ...


def number(x: Any, name: str) -> float:
    """``x`` as a float; text, bool, complex numbers and arrays with axes are none."""
    if type(x) is float:
        return x
    try:
        value = as_array(x, name) if hasattr(x, "dtype") else x
        real = hasattr(type(x), "__float__") or hasattr(type(x), "__index__")  # float() reads text too
        if not real or np.ndim(value) > 0 or isinstance(x, bool) or getattr(value, "dtype", None) == np.bool_:
            raise TypeError
        return float(value)
    except Exception:
        raise Error(f"{name} is {shown(x)}, expected a number") from None


def integer(x: Any, name: str) -> int:
    """``x`` as an int of at most 63 bits; bool is none."""
    try:
        value = 1 << 63 if isinstance(x, bool) else operator.index(x)
    except Exception:
        value = 1 << 63
    if abs(value) >= 1 << 63:
        raise Error(f"{name} is {shown(x)}, expected an integer of at most 63 bits")
    return value


def items(x: Any, name: str) -> list[Any]:
    """The entries of a list or another iterable with an order; what it raises itself is the caller's."""
    try:
        if isinstance(x, (str, bytes, bytearray, memoryview, dict, set, frozenset)):
            raise TypeError
        entries = iter(x)
    except TypeError:
        raise Error(f"{name} is {a_type(x)}, expected a list") from None
    return list(entries)


def shown(x: object) -> str:
    """``x`` in a message, on one line of sensible length."""
    try:
        text = " ".join(repr(x).split())
    except Exception:  # an int of 5000 digits, or the caller's class
        text = f"<{type(x).__name__} that cannot be shown>"
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 60 else f"{text[:57]}..."


def a_type(x: object) -> str:
    """The kind of ``x`` in a message."""
    return "None" if x is None else f"a {type(x).__name__}"


def reason(error: Exception) -> str:
    """The first sentence of another library's message, on one line of sensible length."""
    text = " ".join(str(error).split()).split(". ")[0].rstrip(".") or type(error).__name__
    return text if len(text) <= 120 else f"{text[:117]}..."


def is_tensor(x: object) -> TypeGuard[Any]:
    """Whether ``x`` is a torch tensor."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def speaks_only_dlpack(x: object) -> bool:
    """Whether DLPack is the way to ``x``'s memory: no buffer protocol, none of NumPy's."""
    if not hasattr(x, "__dlpack__") or hasattr(x, "__array__") or hasattr(x, "__array_interface__"):
        return False
    try:
        memoryview(x).release()  # type: ignore[arg-type]
    except (TypeError, BufferError):
        return True
    return False


_AS_THEY_ARE = frozenset("?bBhHiIlLqQfd")  # NumPy's letters for bool, integers, float32 and float64


def as_array(x: ArrayLike, name: str) -> npt.NDArray[Any]:
    """A NumPy view of ``x``'s memory, or a copy where there is no other way (lists, bfloat16, byte-swapped).

    Errors: tensors on another device than the CPU, sparse or quantised ones, arrays of objects or text,
    masked elements.
    """
    if type(x) is np.ndarray and x.dtype.char in _AS_THEY_ARE and x.dtype.isnative:  # nearly always
        return x
    if str(getattr(type(x), "__module__", "")).startswith("vislabel."):
        raise Error(f"{name} is {type(x).__name__}, expected an array")
    array = _from_tensor(x, name) if is_tensor(x) else _from_other(x, name)
    if array.dtype.kind not in "biuf":
        if array.ndim == 0 and not isinstance(x, (np.ndarray, np.generic)) and not is_tensor(x):
            raise Error(f"{name} is {a_type(x)}, expected an array of bool, integers or floats")
        if array.size > 0 or array.dtype.kind not in "OSU":
            raise Error(f"{name} has dtype {array.dtype}, expected bool, integers or floats")
        array = array.astype(np.float64)
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        with np.errstate(over="ignore"):  # a long double beyond float64 is infinite
            array = array.astype(np.float32 if array.dtype.itemsize == 2 else np.float64)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _from_tensor(x: Any, name: str) -> npt.NDArray[Any]:
    try:
        device, layout, nested = x.device, str(x.layout), x.is_nested
        if device.type == "cpu" and layout == "torch.strided" and not nested and not x.is_quantized:
            x = x.detach().resolve_conj().resolve_neg()
            if str(x.dtype).startswith(("torch.bfloat16", "torch.float8")):  # unknown to NumPy
                x = x.float()
            array: npt.NDArray[Any] = x.numpy()
            return array
    except Exception as error:  # FakeTensor, vmap, types of less than a byte, an uninitialised parameter
        raise Error(f"{name} is {a_type(x)} without readable values: {reason(error)}") from error
    if device.type == "cuda":
        raise Error(f"{name} is a tensor on {device}, where this is not computed: use {name}.cpu()")
    if device.type not in ("cpu", "meta"):
        raise Error(f"{name} is a tensor on {device}, expected the CPU, use {name}.cpu()")
    raise _unreadable(x, name)


def plain_tensor(x: Any, name: str) -> None:
    """Errors: a tensor without a dense array of numbers in memory."""
    if x.device.type == "meta" or str(x.layout) != "torch.strided" or x.is_nested or x.is_quantized:
        raise _unreadable(x, name)
    if x.is_complex():
        raise Error(f"{name} has dtype {x.dtype}, expected bool, integers or floats")


def _unreadable(x: Any, name: str) -> Error:
    """Why a tensor cannot be read in place, and what to do."""
    layout, nested = str(x.layout), x.is_nested
    if x.device.type == "meta":
        return Error(f"{name} is a tensor on meta, which has no values")
    if layout == "torch.strided" and not nested:
        return Error(f"{name} is a quantised tensor, expected a plain one: use {name}.dequantize()")
    kind = "nested" if nested else layout
    use = f"torch.nested.to_padded_tensor({name}, 0)" if nested else f"{name}.to_dense()"
    return Error(f"{name} is a {kind} tensor, expected a dense one: use {use}")


def _from_other(x: Any, name: str) -> npt.NDArray[Any]:
    if isinstance(x, np.ndarray):
        if isinstance(x, np.ma.MaskedArray) and bool(np.ma.getmaskarray(x).any()):
            raise Error(f"{name} has masked elements, expected none: use {name}.filled(0)")
        return x
    lends = False
    try:
        if lends := speaks_only_dlpack(x):
            return np.from_dlpack(x)
        return np.asarray(memoryview(x) if isinstance(x, bytes) else x)  # bytes are text to NumPy
    except MemoryError:
        raise
    except Exception as error:
        if lends:
            raise Error(f"{name}: {type(x).__name__} cannot be read on the CPU: {reason(error)}") from error
        if not isinstance(x, (list, tuple)):
            raise Error(f"{name} is {a_type(x)} that makes no array: {reason(error)}") from error
    try:
        return np.asarray(_without_tensors(x, name))
    except Error:
        raise
    except Exception as error:
        raise Error(f"{name} is {a_type(x)} that makes no array: {shown(x)}") from error


def _without_tensors(x: Any, name: str, axes: int = 4) -> Any:
    """A list whose tensors NumPy refuses, with arrays in their place."""
    if is_tensor(x):
        return _from_tensor(x, name)
    if isinstance(x, (list, tuple)) and axes > 0:
        return [_without_tensors(entry, f"{name}[{i}]", axes - 1) for i, entry in enumerate(x)]
    return x


def like(result: npt.NDArray[Any], *inputs: object) -> Any:
    """``result`` as a torch tensor iff one of the inputs is a tensor; the memory is shared."""
    if any(is_tensor(x) for x in inputs):
        return sys.modules["torch"].from_numpy(result)
    return result


def elements_overlap(shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int) -> bool:
    """Whether two elements may lie at one place, as after torch's ``expand``."""
    if 0 in shape:
        return False
    extent = itemsize
    for stride, length in sorted((abs(s), n) for s, n in zip(strides, shape, strict=True) if n > 1):
        if stride < extent:
            return True
        extent += stride * (length - 1)
    return False


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
        if array.shape == (0,) and 0 in (rows, columns):
            return np.zeros((rows or 0, columns or 0))
        sides = ["any" if side is None else str(side) for side in (rows, columns)]
        raise Error(f"{name} has shape {list(array.shape)}, expected [{', '.join(sides)}]")
    return np.ascontiguousarray(array, dtype=np.float64)


def boxes(x: ArrayLike, name: str) -> Float64:
    """``x`` as float64 [N, 4]."""
    array = as_array(x, name)
    return np.zeros((0, 4)) if array.shape == (0,) else table(array, name, None, 4)


def box_tracks(x: ArrayLike, name: str) -> Float64:
    """``x`` as float64 [N, T, 4]."""
    array = as_array(x, name)
    if array.ndim != 3 or array.shape[2] != 4:
        raise Error(f"{name} has shape {list(array.shape)}, expected [N, T, 4]")
    return np.ascontiguousarray(array, dtype=np.float64)


def flags(x: ArrayLike, name: str, shape: tuple[int, ...], expected: str) -> npt.NDArray[np.uint8]:
    """Where ``x`` of the given shape is not 0, as 0 and 1; floats must be 0 or 1."""
    array = as_array(x, name)
    if array.shape != shape:
        raise Error(f"{name} has shape {list(array.shape)}, expected {expected}")
    if array.dtype == np.bool_:
        return np.ascontiguousarray(array).view(np.uint8)
    unclear = (array != 0) & (array != 1) if array.dtype.kind == "f" else np.zeros(shape, bool)
    if unclear.any():
        place = tuple(int(i) for i in np.argwhere(unclear)[0])
        raise Error(f"{name}{list(place)} is {array[place]:g}, expected 0 or 1")
    return np.asarray(array != 0, np.uint8)


def indices(x: ArrayLike, name: str, length: int | None = None, *, axes: int = 1) -> Int64:
    """``x`` as int64 [length], or with more axes; bool and floats are refused."""
    array = as_array(x, name)
    if array.size == 0 and array.ndim == axes:
        array = array.astype(np.int64)
    if array.ndim != axes or array.dtype.kind not in "iu" or (length is not None and len(array) != length):
        expected = "integers" if length is None else f"{length} integers"
        expected += f" of {axes} axes" if axes > 1 else ""
        raise Error(f"{name} has shape {list(array.shape)} and dtype {array.dtype}, expected {expected}")
    if array.dtype == np.uint64 and (array >> np.uint64(63)).any():
        raise Error(f"{name} has {array.max()}, expected integers of at most 63 bits")
    return np.ascontiguousarray(array, dtype=np.int64)


def positions(index: Any, length: int) -> Int64:
    """The non-negative positions that an int, a slice, integers or bools choose on an axis of ``length``."""
    if isinstance(index, tuple):
        raise Error(f"index is {shown(index)}, expected one index: there is one axis")
    if isinstance(index, slice):
        try:
            return np.arange(length, dtype=np.int64)[index]
        except Exception as error:
            raise Error(f"index is {shown(index)}: {reason(error)}") from None
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
        if isinstance(index, bool):
            raise TypeError
        n = operator.index(index)
    except Exception:
        raise Error(f"index is {shown(index)}, expected an integer") from None
    if not -length <= n < length:
        raise IndexError(f"index {shown(n)} is out of range for {length}")
    return n + length if n < 0 else n


def size_pair(size: Any, name: str = "size") -> tuple[int, int]:
    """``size`` as (height, width)."""
    try:
        if isinstance(size, (str, bytes, bytearray, memoryview, dict, set, frozenset)):
            raise TypeError
        height, width = size
    except Exception:
        raise Error(f"{name} is {shown(size)}, expected two integers") from None
    return integer(height, f"{name}[0]"), integer(width, f"{name}[1]")
