"""What functions are given on a device: whose home it is, and their arguments as arrays there."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any, Concatenate, ParamSpec, TypeVar

from vislabel import _arrays, _device
from vislabel._arrays import a_type, is_tensor, plain_tensor, reason
from vislabel._core import Error
from vislabel.cuda import _backend, _homes
from vislabel.cuda._homes import Home

P = ParamSpec("P")
R = TypeVar("R")


def at_home(function: Callable[Concatenate[Home, P], R]) -> Callable[P, R]:
    """The function with a first argument more: the home, entered, of the first other one on a device."""
    _, *names = inspect.signature(function).parameters

    @functools.wraps(function)
    def entered(*arguments: P.args, **options: P.kwargs) -> R:
        home = home_of(zip(names, arguments, strict=False))
        with home.entered():
            return opaque(function)(home, *arguments, **options)

    return entered


_opaque: dict[Any, Any] = {}


def opaque(function: Callable[..., R]) -> Callable[..., R]:
    """The function as one that `torch.compile` does not look into, also where it has been called from a part
    that was left to Python. It would not see that memory whose address was taken is in use.
    """
    if "torch._dynamo" not in sys.modules:  # then nobody compiles, and to import it takes a second
        return function
    if function not in _opaque:
        _opaque[function] = sys.modules["torch"].compiler.disable(function)
    disabled: Callable[..., R] = _opaque[function]
    return disabled


def home_of(named: Iterable[tuple[str, Any]]) -> Home:
    """Where the first of the arguments lives that lies on a device.

    Errors: this build has no backend, by the name of that argument.
    """
    for name, x in named:
        if _device.on_device(x):
            _backend.require(name, place_of(x), hasattr(x, "cpu"))
            packed = getattr(x, "_packed", None)
            home: Home = _homes.home_of_array(x) if packed is None else packed.home
            return home
    raise AssertionError("nothing on a device")


def place_of(x: Any) -> str:
    """The device of ``x`` in a message."""
    device = getattr(x, "device", None)
    if is_tensor(x) or isinstance(device, str):
        return str(device)
    return f"cuda:{_homes.device_of(x) or 0}"


def there(home: Home, x: Any, name: str) -> Any:
    """``x`` as an array at home. What is on the host and no tensor is copied there.

    Errors: a tensor on another device; an array that is sparse, quantised, complex or without memory.
    """
    if hasattr(x, "_packed"):
        raise Error(f"{name} is {type(x).__name__}, expected an array")
    if is_tensor(x):
        return _tensor_there(home, x, name)
    if home.holds(x):
        return x
    if not _device.on_device(x):
        return home.put(_arrays.as_array(x, name))
    _same_device(home, _homes.device_of(x), name)
    return _borrowed(home, x, name)


def _tensor_there(home: Home, x: Any, name: str) -> Any:
    if not _device.on_device(x):
        raise Error(f"{name} is a tensor on {x.device}, expected {home}, where the others are")
    plain_tensor(x, name)
    _same_device(home, x.device.index, name)
    try:
        fakes = sys.modules.get("torch._subclasses")
        if fakes is not None and isinstance(x, fakes.FakeTensor):  # whose address is 0
            raise RuntimeError("it has no memory")
        x = x.detach().resolve_neg()
    except Exception as error:  # FakeTensor, vmap
        raise Error(f"{name} is {a_type(x)} without readable values: {reason(error)}") from error
    return x if home.holds(x) else _borrowed(home, x, name)


def _same_device(home: Home, index: int | None, name: str) -> None:
    if index not in (None, home.index):
        raise Error(f"{name} is on cuda:{index}, expected {home}, where the others are")


def _borrowed(home: Home, x: Any, name: str) -> Any:
    try:
        return home.borrow(x)
    except Exception as error:
        message = f"{name} is {a_type(x)} that {home.framework} cannot read in place: {reason(error)}"
        raise Error(message) from error


def shaped(home: Home, x: Any, name: str, shape: tuple[int, ...], expected: str) -> Any:
    """``x`` at home, of this shape."""
    array = there(home, x, name)
    if tuple(array.shape) != shape:
        raise Error(f"{name} has shape {list(array.shape)}, expected {expected}")
    return array


def doubles(home: Home, x: Any, name: str, shape: tuple[int, ...], expected: str) -> Any:
    """``x`` at home as float64 in C order, of this shape."""
    return home.cast(shaped(home, x, name, shape, expected), "float64")


def flags(home: Home, x: Any, name: str, shape: tuple[int, ...], expected: str) -> Any:
    """Where ``x`` of this shape is not 0, as bool at home; floats of the host must be 0 or 1."""
    if not _device.on_device(x):
        x = _arrays.flags(x, name, shape, expected)
    return shaped(home, x, name, shape, expected) != 0


def integers(home: Home, x: Any, name: str, length: int) -> Any:
    """``x`` at home as int64 [length]; bool and floats are refused."""
    array = there(home, x, name)
    kind = home.kind(array)
    if tuple(array.shape) != (length,) or (length > 0 and "int" not in kind):
        raise Error(f"{name} has shape {list(array.shape)} and dtype {kind}, expected {length} integers")
    return home.cast(array, "int64")


def index(home: Home, x: Any, length: int) -> Any:
    """``x`` at home as an index of an axis: bool [length], or int64.

    Its values cannot be looked at without waiting: that they are in range is the framework's to check, and
    the caller's to see to.
    """
    array = there(home, x, "index")
    kind, shape = home.kind(array), tuple(array.shape)
    if kind == "bool" and shape == (length,):
        return array
    if len(shape) > 1 or not ("int" in kind or shape == (0,)):
        raise Error(f"index has shape {list(shape)} and dtype {kind}, expected integers or bool [{length}]")
    return home.cast(array.reshape((_homes.count_of(shape),)), "int64")
