"""What callers give: paths, and lists of records. What is of another type is named, not stumbled over."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from vislabel._core import Error

PathLike = str | os.PathLike[str]
T = TypeVar("T")


def as_path(path: object) -> Path:
    """The path that a caller gives. *Errors*: what is none, as a file's number or None."""
    if not isinstance(path, str | os.PathLike) or "\0" in os.fsdecode(path):
        raise Error(f"path is {path!r:.40}, expected the name of a file")
    return Path(os.fsdecode(path))


def listed(values: object, kind: type[T], name: str) -> Iterator[T]:
    """The entries of what a caller gives. *Errors*: what cannot be looped over; an entry of another type."""
    if not isinstance(values, Iterable):
        raise Error(f"{name} is a {type(values).__name__}, expected a list of {kind.__name__}")
    for i, value in enumerate(values):
        if not isinstance(value, kind):
            raise Error(f"{name}[{i}] is a {type(value).__name__}, expected {kind.__name__}")
        yield value
