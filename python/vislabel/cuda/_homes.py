"""Where arrays on a device live: a framework that allocates memory there, and its current stream.

vislabel allocates nothing on a device. A `Home` asks the caller's framework for memory, so that outputs are
its arrays, in its pools, in the order of its stream.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import numpy as np
import numpy.typing as npt

from vislabel import _device
from vislabel._arrays import a_type, as_array, is_tensor, plain_tensor, reason
from vislabel._core import Error
from vislabel.cuda import _backend

#: (address, shape, strides in bytes, elements) of an array.
View = tuple[int, tuple[int, ...], tuple[int, ...], str]

_ELEMENTS = {
    "bool": "bits8",
    **{f"{sign}int{bits}": f"bits{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{name: name for name in ("float16", "bfloat16", "float32", "float64")},
}


class Home:
    """A device, as a framework sees it."""

    framework: str
    index: int

    def __str__(self) -> str:
        return f"cuda:{self.index}"

    @property
    def place(self) -> tuple[int, int]:
        """The device's number, and the address of the stream that work is put into."""
        return self.index, self._stream()

    @property
    def backend(self) -> Any:
        """The extension module."""
        return _backend.find()

    def view(self, x: Any) -> View:
        """What the backend must know of an array."""
        return self.address(x), tuple(x.shape), self._strides(x), _ELEMENTS[self.kind(x)]

    def kind(self, x: Any) -> str:
        """The type of the elements, by NumPy's or torch's name."""
        return str(x.dtype).removeprefix("torch.")

    def _stream(self) -> int:
        raise NotImplementedError

    def _strides(self, x: Any) -> tuple[int, ...]:
        raise NotImplementedError

    def address(self, x: Any) -> int:
        """Where an array's memory begins."""
        raise NotImplementedError

    def empty(self, shape: tuple[int, ...], kind: str) -> Any:
        """A new array in C order."""
        raise NotImplementedError

    def holds(self, x: Any) -> bool:
        """Whether an array is of this framework and device."""
        raise NotImplementedError

    def put(self, x: npt.NDArray[Any]) -> Any:
        """A copy of an array of the host."""
        raise NotImplementedError

    def fetch(self, x: Any) -> npt.NDArray[Any]:
        """A copy on the host; waits for the stream."""
        raise NotImplementedError

    def cast(self, x: Any, kind: str) -> Any:
        """An array in C order with elements of this type."""
        raise NotImplementedError

    def join(self, parts: list[Any]) -> Any:
        """Arrays one after the other along their first axis."""
        raise NotImplementedError

    def whole(self, x: Any) -> Any:
        """The array in C order: itself where it is."""
        return self.cast(x, self.kind(x))

    def filled(self, shape: tuple[int, ...], kind: str, value: int) -> Any:
        """A new array of one value; written on the device."""
        array = self.empty(shape, kind)
        array[...] = value
        return array

    def copy(self, x: Any) -> Any:
        """A copy, which the caller may change."""
        raise NotImplementedError

    def entered(self) -> AbstractContextManager[Any]:
        """While the context is open, the framework works on this device, in the stream of `place`."""
        raise NotImplementedError

    def give(self, x: Any) -> Any:
        """A result as the caller's kind of array."""
        return x


class TorchHome(Home):
    """torch, on the device of some tensor, or the current one."""

    framework = "torch"

    def __init__(self, device: Any) -> None:
        self.torch = sys.modules["torch"]
        if device.type == "cuda" and device.index is None:
            device = self.torch.device("cuda", self.torch.cuda.current_device())
        self.device = device
        self.index = device.index or 0

    def _stream(self) -> int:
        if _device.torch_type != "cuda":
            return 0
        return int(self.torch.cuda.current_stream(self.device).cuda_stream)

    def _strides(self, x: Any) -> tuple[int, ...]:
        size = x.element_size()
        return tuple(size * stride for stride in x.stride())

    def address(self, x: Any) -> int:
        return int(x.data_ptr())

    def empty(self, shape: tuple[int, ...], kind: str) -> Any:
        return self.torch.empty(shape, dtype=getattr(self.torch, kind), device=self.device)

    def holds(self, x: Any) -> bool:
        return is_tensor(x) and x.device == self.device

    def put(self, x: npt.NDArray[Any]) -> Any:
        return self.torch.from_numpy(np.ascontiguousarray(x)).to(self.device, copy=True)

    def fetch(self, x: Any) -> npt.NDArray[Any]:
        array: npt.NDArray[Any] = x.cpu().numpy()
        return array

    def cast(self, x: Any, kind: str) -> Any:
        return x.detach().to(getattr(self.torch, kind)).contiguous()

    def join(self, parts: list[Any]) -> Any:
        return self.torch.cat(parts)

    def copy(self, x: Any) -> Any:
        return x.clone()

    def entered(self) -> AbstractContextManager[Any]:
        return nullcontext()  # tensors say where they are, and the stream is the current one


class CupyHome(Home):
    """CuPy, on its current device or that of some array."""

    framework = "cupy"

    def __init__(self, index: int | None = None) -> None:
        self.cupy = importlib.import_module("cupy")
        self.index = int(self.cupy.cuda.runtime.getDevice() if index is None else index)

    def _stream(self) -> int:
        return int(self.cupy.cuda.get_current_stream(self.index).ptr)

    def _strides(self, x: Any) -> tuple[int, ...]:
        return tuple(x.strides)

    def address(self, x: Any) -> int:
        return int(x.data.ptr)

    def empty(self, shape: tuple[int, ...], kind: str) -> Any:
        return self.cupy.empty(shape, kind)

    def holds(self, x: Any) -> bool:
        return isinstance(x, self.cupy.ndarray) and int(x.device.id) == self.index

    def put(self, x: npt.NDArray[Any]) -> Any:
        return self.cupy.asarray(x)

    def fetch(self, x: Any) -> npt.NDArray[Any]:
        array: npt.NDArray[Any] = self.cupy.asnumpy(x)
        return array

    def cast(self, x: Any, kind: str) -> Any:
        return self.cupy.ascontiguousarray(x, kind)

    def join(self, parts: list[Any]) -> Any:
        return self.cupy.concatenate(parts)

    def copy(self, x: Any) -> Any:
        return x.copy()

    def entered(self) -> AbstractContextManager[Any]:
        return cast("AbstractContextManager[Any]", self.cupy.cuda.Device(self.index))


P = ParamSpec("P")
R = TypeVar("R")


def at_home(function: Callable[Concatenate[Home, P], R]) -> Callable[P, R]:
    """The function with a first argument more: the home, entered, of the first other one on a device."""

    _, *names = inspect.signature(function).parameters

    @functools.wraps(function)
    def entered(*arguments: P.args, **options: P.kwargs) -> R:
        name, x = next((n, x) for n, x in zip(names, arguments, strict=False) if _device.on_device(x))
        _backend.require(name, _place_of(x), hasattr(x, "cpu"))
        home = home_of(x)
        with home.entered():
            return function(home, *arguments, **options)

    return entered


def _place_of(x: Any) -> str:
    """The device of ``x`` in a message."""
    device = getattr(x, "device", None)
    if is_tensor(x) or isinstance(device, str):
        return str(device)
    index = x.__dlpack_device__()[1] if hasattr(x, "__dlpack_device__") else getattr(device, "id", 0)
    return f"cuda:{int(index)}"


def home_of(*things: Any) -> Home:
    """Where the first thing on a device lives."""
    for x in things:
        if _device.on_device(x):
            packed = getattr(x, "_packed", None)
            home: Home = packed.home if packed is not None else _home_of_array(x)
            return home
    raise AssertionError("nothing on a device")


def _home_of_array(x: Any) -> Home:
    if is_tensor(x):
        return TorchHome(x.device)
    if type(x).__module__.partition(".")[0] == "cupy":
        return CupyHome(int(x.device.id))
    return _lender(x)


def _lender(x: Any) -> Home:
    """The framework that takes in arrays of a library that is none of ours: torch, or CuPy."""
    if _installed("torch"):
        return BorrowingTorch(x)
    if _installed("cupy"):
        return BorrowingCupy(x)
    raise Error(f"{a_type(x)} on a device needs torch or CuPy beside it, which allocate memory there")


def _installed(name: str) -> bool:
    """Whether a framework is there; imports it."""
    if name not in sys.modules and importlib.util.find_spec(name) is None:
        return False
    importlib.import_module(name)
    return True


def _stream_of(x: Any) -> int | None:
    """The stream that the array's library works in: version 3 of the CUDA array interface."""
    interface = getattr(x, "__cuda_array_interface__", None)
    stream = None if interface is None else interface.get("stream")
    return None if stream is None else int(stream)


class BorrowingTorch(TorchHome):
    """torch, for arrays of Numba and others: read in place; Numba gets arrays of its own kind."""

    def __init__(self, x: Any) -> None:
        self.numba = type(x).__module__.partition(".")[0] == "numba"
        self.stream_of_array = _stream_of(x)
        super().__init__(self.borrow(x).device)

    def borrow(self, x: Any) -> Any:
        torch = sys.modules["torch"]
        if hasattr(x, "__cuda_array_interface__"):
            return torch.as_tensor(x, device=_device.torch_type)
        return torch.from_dlpack(x)

    def entered(self) -> AbstractContextManager[Any]:
        if self.stream_of_array is None:
            return nullcontext()
        stream = self.torch.cuda.ExternalStream(self.stream_of_array, self.device)
        return cast("AbstractContextManager[Any]", self.torch.cuda.stream(stream))

    def give(self, x: Any) -> Any:
        return sys.modules["numba"].cuda.as_cuda_array(x) if self.numba else x


class BorrowingCupy(CupyHome):
    """CuPy, likewise."""

    def __init__(self, x: Any) -> None:
        self.numba = type(x).__module__.partition(".")[0] == "numba"
        self.stream_of_array = _stream_of(x)
        self.cupy = importlib.import_module("cupy")
        super().__init__(int(self.borrow(x).device.id))

    def borrow(self, x: Any) -> Any:
        if hasattr(x, "__cuda_array_interface__"):
            return self.cupy.asarray(x)
        return self.cupy.from_dlpack(x)

    @contextmanager
    def entered(self) -> Iterator[None]:
        with super().entered():
            if self.stream_of_array is None:
                yield
            else:
                with self.cupy.cuda.ExternalStream(self.stream_of_array):
                    yield

    def give(self, x: Any) -> Any:
        return sys.modules["numba"].cuda.as_cuda_array(x) if self.numba else x


def home_named(device: Any) -> Home:
    """The home that ``Masks.cuda(device)`` means: torch's if it is there, else CuPy's."""
    index = _index_of(device)
    _backend.require_device()
    try:
        if _installed("torch"):
            number = () if index is None or _device.torch_type == "cpu" else (index,)
            return TorchHome(sys.modules["torch"].device(_device.torch_type, *number))
        if _installed("cupy"):
            return CupyHome(index)
    except Exception as error:
        raise Error(f"no memory can be had on the device: {reason(error)}") from error
    raise Error("no torch and no CuPy here, which would allocate memory on the device")


def _index_of(device: Any) -> int | None:
    """The number of a device given as None, a number, "cuda", "cuda:1" or torch's device."""
    if device is None or (isinstance(device, int) and not isinstance(device, bool) and device >= 0):
        return device
    kind, _, index = str(device).partition(":")
    if kind != "cuda" or not (index == "" or index.isdecimal()):
        raise Error(f"device is {device!r}, expected a number, 'cuda' or 'cuda:0'")
    return int(index) if index else None


def there(home: Home, x: Any, name: str) -> Any:
    """``x`` as an array at home. What is on the host and no tensor is copied there.

    Errors: a tensor on another device; an array that is sparse, quantised or complex.
    """
    if is_tensor(x):
        if not _device.on_device(x):
            raise Error(f"{name} is a tensor on {x.device}, expected {home}, where the others are")
        plain_tensor(x, name)
        x = x.detach().resolve_neg()
    if home.holds(x):
        return x
    if not _device.on_device(x):
        return home.put(as_array(x, name))
    own = _home_of_array(x)
    if own.index != home.index:
        raise Error(f"{name} is on {own}, expected {home}, where the others are")
    borrow = getattr(home, "borrow", None) or _borrow_by(home)
    return borrow(x)


def _borrow_by(home: Home) -> Any:
    cls: Any = BorrowingTorch if home.framework == "torch" else BorrowingCupy
    borrowing = cls.__new__(cls)
    borrowing.__dict__.update(home.__dict__)
    return borrowing.borrow


def shaped(home: Home, x: Any, name: str, shape: tuple[int, ...], expected: str) -> Any:
    """``x`` at home, of this shape."""
    array = there(home, x, name)
    if tuple(array.shape) != shape:
        raise Error(f"{name} has shape {list(array.shape)}, expected {expected}")
    return array


def doubles(home: Home, x: Any, name: str, shape: tuple[int, ...], expected: str) -> Any:
    """``x`` at home as float64 in C order, of this shape."""
    return home.cast(shaped(home, x, name, shape, expected), "float64")


def integers(home: Home, x: Any, name: str, length: int) -> Any:
    """``x`` at home as int64 [length]; bool and floats are refused."""
    array = there(home, x, name)
    kind = home.kind(array)
    if tuple(array.shape) != (length,) or (length > 0 and "int" not in kind):
        raise Error(f"{name} has shape {list(array.shape)} and dtype {kind}, expected {length} integers")
    return home.cast(array, "int64")


def count_of(shape: tuple[int, ...]) -> int:
    """How many elements an array of this shape has."""
    return math.prod(shape)
