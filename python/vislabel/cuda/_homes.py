"""Where arrays on a device live: a framework that allocates memory there, and its current stream.

vislabel allocates nothing on a device. A `Home` asks the caller's framework for memory, so that outputs are
its arrays, in its pools, in the order of its stream.
"""

from __future__ import annotations

import importlib.util
import math
import operator
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from vislabel import _device
from vislabel._arrays import is_tensor, reason, shown
from vislabel._core import Error
from vislabel.cuda import _backend

#: (address, shape, strides in bytes, elements) of an array.
View = tuple[int, tuple[int, ...], tuple[int, ...], str]

#: The types of elements that the backend reads, by NumPy's or torch's names.
ELEMENTS = {
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
        return self.address(x), tuple(x.shape), self.strides(x), ELEMENTS[self.kind(x)]

    def kind(self, x: Any) -> str:
        """The type of the elements, by NumPy's or torch's name."""
        return str(x.dtype).removeprefix("torch.")

    def whole(self, x: Any) -> Any:
        """The array in C order: itself where it is."""
        return self.cast(x, self.kind(x))

    def filled(self, shape: tuple[int, ...], kind: str, value: int) -> Any:
        """A new array of one value; written on the device."""
        array = self.empty(shape, kind)
        array[...] = value
        return array

    def give(self, x: Any) -> Any:
        """A result as the caller's kind of array."""
        return x

    def _stream(self) -> int:
        raise NotImplementedError

    def strides(self, x: Any) -> tuple[int, ...]:
        """In bytes."""
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

    def borrow(self, x: Any) -> Any:
        """An array of another library on this device, read in place, after what is queued on its stream."""
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

    def copy(self, x: Any) -> Any:
        """A copy, which the caller may change."""
        raise NotImplementedError

    def entered(self) -> AbstractContextManager[Any]:
        """While the context is open, the framework allocates on this device."""
        raise NotImplementedError


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
        if self.device.type != "cuda":
            return 0
        return int(self.torch.cuda.current_stream(self.device).cuda_stream)

    def strides(self, x: Any) -> tuple[int, ...]:
        size = x.element_size()
        return tuple(size * stride for stride in x.stride())

    def address(self, x: Any) -> int:
        return int(x.data_ptr())

    def empty(self, shape: tuple[int, ...], kind: str) -> Any:
        return self.torch.empty(shape, dtype=getattr(self.torch, kind), device=self.device)

    def holds(self, x: Any) -> bool:
        return is_tensor(x) and x.device == self.device

    def borrow(self, x: Any) -> Any:
        if hasattr(x, "__dlpack__"):  # it knows the device, and lets torch's stream wait for its own
            try:
                return self.torch.from_dlpack(x)
            except Exception:
                if not hasattr(x, "__cuda_array_interface__"):
                    raise
        stream = x.__cuda_array_interface__.get("stream")
        if stream is not None:
            self._wait_for(int(stream))
        return self.torch.as_tensor(x, device=self.device)

    def _wait_for(self, stream: int) -> None:
        """Lets the current stream wait for one by its address; 0 and 1 are the default one."""
        cuda = self.torch.cuda
        other = cuda.ExternalStream(stream, self.device) if stream > 1 else cuda.default_stream(self.device)
        cuda.current_stream(self.device).wait_stream(other)

    def put(self, x: npt.NDArray[Any]) -> Any:
        array = np.ascontiguousarray(x)
        tensor = self.torch.from_numpy(array if array.flags.writeable else array.copy())  # else torch warns
        if self.device.type == "cuda":  # from memory that it can copy without waiting
            return tensor.pin_memory().to(self.device, non_blocking=True)
        return tensor.clone()

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
        return nullcontext()  # tensors say where they are


class CupyHome(Home):
    """CuPy, on its current device or that of some array."""

    framework = "cupy"

    def __init__(self, index: int | None = None) -> None:
        self.cupy = importlib.import_module("cupy")
        self.index = int(self.cupy.cuda.runtime.getDevice() if index is None else index)

    def _stream(self) -> int:
        return int(self.cupy.cuda.get_current_stream(self.index).ptr)

    def strides(self, x: Any) -> tuple[int, ...]:
        return tuple(x.strides)

    def address(self, x: Any) -> int:
        return int(x.data.ptr)

    def empty(self, shape: tuple[int, ...], kind: str) -> Any:
        return self.cupy.empty(shape, kind)

    def holds(self, x: Any) -> bool:
        return isinstance(x, self.cupy.ndarray) and int(x.device.id) == self.index

    def borrow(self, x: Any) -> Any:
        if hasattr(x, "__dlpack__"):
            try:
                return self.cupy.from_dlpack(x)
            except Exception:
                if not hasattr(x, "__cuda_array_interface__"):
                    raise
        return self.cupy.asarray(x)  # waits for the stream that the array names

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


def home_of_array(x: Any) -> Home:
    """Where an array lives: with its own framework, or with torch's or CuPy's if it is another library's."""
    if is_tensor(x):
        return TorchHome(x.device)
    library = type(x).__module__.partition(".")[0]
    if library == "cupy":
        return CupyHome(int(x.device.id))
    index = device_of(x)
    home: Home
    if _usable("torch"):
        torch = sys.modules["torch"]
        kind = _device.torch_type
        home = TorchHome(
            torch.device(kind, index) if kind == "cuda" and index is not None else torch.device(kind)
        )
    elif _usable("cupy"):
        home = CupyHome(index)
    else:
        raise Error(f"a {type(x).__name__} on a device needs torch or CuPy, which allocate memory there")
    if library == "numba":
        home.give = sys.modules["numba"].cuda.as_cuda_array  # type: ignore[method-assign]
    return home


def device_of(x: Any) -> int | None:
    """The number of the device that an array of another library says that it lies on."""
    if hasattr(x, "__dlpack_device__"):
        return int(x.__dlpack_device__()[1])
    index = getattr(getattr(x, "device", None), "id", None)
    return None if index is None else int(index)


def home_named(device: Any, framework: str | None = None) -> Home:
    """The home that ``Masks.cuda(device)`` means: torch's if it sees a device, else CuPy's."""
    index = _index_of(device)
    _backend.require_device(index)
    try:
        if framework != "cupy" and _usable("torch"):
            number = () if index is None or _device.torch_type == "cpu" else (index,)
            return TorchHome(sys.modules["torch"].device(_device.torch_type, *number))
        if _usable("cupy"):
            return CupyHome(index)
    except Exception as error:
        raise Error(f"no memory can be had on the device: {reason(error)}") from error
    raise Error("no torch and no CuPy here that see a device and allocate memory there")


def _usable(name: str) -> bool:
    """Whether a framework is there, and sees a device; imports it."""
    if name not in sys.modules and importlib.util.find_spec(name) is None:
        return False
    framework = importlib.import_module(name)
    return name == "cupy" or _device.torch_type == "cpu" or bool(framework.cuda.is_available())


def _index_of(device: Any) -> int | None:
    """The number of a device given as None, a number, "cuda", "cuda:1" or torch's device."""
    if device is None:
        return None
    kind, _, index = str(device).partition(":")
    if kind == "cuda" and (index == "" or index.isdecimal()):
        return int(index) if index else None
    try:
        number = -1 if isinstance(device, (bool, str)) else operator.index(device)
    except TypeError:
        number = -1
    if number < 0:
        raise Error(f"device is {shown(device)}, expected a number, 'cuda' or 'cuda:0'")
    return number


def count_of(shape: tuple[int, ...]) -> int:
    """How many elements an array of this shape has."""
    return math.prod(shape)
