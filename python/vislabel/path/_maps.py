"""Maps in: one after the other, never more in memory than are worked on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from vislabel._arrays import a_type, as_array
from vislabel._core import Error

Map = npt.NDArray[Any]


def float_map(x: Any, name: str, axes: str) -> Map:
    """``x`` as float32 or float64 with the named axes."""
    array = as_array(x, name)
    wanted = axes.split(",")
    fits = array.ndim == len(wanted) and (wanted[-1] != "2" or array.shape[-1] == 2)
    if not fits:
        raise Error(f"{name} has shape {list(array.shape)}, expected [{', '.join(wanted)}]")
    if array.dtype.kind != "f":
        raise Error(f"{name} has dtype {array.dtype}, expected floats")
    return array


def of_one_type(maps: list[Map]) -> list[Map]:
    """The maps in the widest of their types."""
    wide = any(x.dtype == np.float64 for x in maps)
    return [x.astype(np.float64) if wide and x.dtype != np.float64 else x for x in maps]


def one_by_one(x: Any, name: str, count: int, axes: str, unit: str) -> Iterator[Map]:
    """The ``count`` maps of an array or of an iterable, each read when its turn comes."""
    if hasattr(x, "ndim") and x.ndim != len(axes.split(",")) + 1:
        raise Error(f"{name} has shape {list(x.shape)}, expected [{unit}, {', '.join(axes.split(','))}]")
    if not isinstance(x, Iterable) or isinstance(x, (str, bytes, dict)):
        raise Error(f"{name} is {a_type(x)}, expected an array or an iterable of maps")
    if isinstance(x, Sized) and len(x) != count:
        raise Error(f"{name} has {len(x)} maps, expected {count}")
    own = hasattr(x, "ndim") or isinstance(x, (list, tuple))
    return _counted(iter(x), name, count, axes, copy=not own)


def _counted(maps: Iterator[Any], name: str, count: int, axes: str, *, copy: bool) -> Iterator[Map]:
    given = 0
    for x in maps:
        if given == count:
            raise Error(f"{name} has more than {count} maps, expected {count}")
        array = float_map(x, f"{name}[{given}]", axes)
        yield array.copy() if copy else array  # a generator may write the next map in the same memory
        del x, array
        given += 1
    if given < count:
        raise Error(f"{name} has {given} maps, expected {count}")


@contextmanager
def calling(names: dict[str, str]) -> Iterator[None]:
    """Calls arguments in errors as the caller does."""
    try:
        yield
    except Error as error:
        message = str(error)
        for core, name in names.items():
            if message.startswith((f"{core} ", f"{core}[")):
                raise Error(name + message[len(core) :]) from None
        raise
