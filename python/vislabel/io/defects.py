"""What can be wrong with a decoded result, annotation or video: every defect with its place.

Readers raise the first defect, `vislabel check` lists all of them: one body for both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeGuard

from vislabel._core import Error
from vislabel._tracks import Tracks


@dataclass(frozen=True)
class Defect:
    """Something wrong in a file: the place, as "video 3, result 12, score", and what was expected."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


@dataclass(frozen=True)
class Kind:
    """A type of JSON value and its name in messages."""

    name: str
    holds: Callable[[object], bool]


def is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, float) or is_integer(value)


INTEGER = Kind("an integer", is_integer)
NUMBER = Kind("a number", is_number)
TEXT = Kind("a text", lambda value: isinstance(value, str))
LIST = Kind("a list", lambda value: isinstance(value, list))
LIST_OR_NULL = Kind("a list or null", lambda value: value is None or isinstance(value, list))
NUMBER_OR_NULL = Kind("a number or null", lambda value: value is None or is_number(value))
UNIT_OR_NULL = Kind(
    "a number from 0 to 1 or null", lambda value: value is None or (is_number(value) and 0 <= value <= 1)
)
BOX_OR_NULL = Kind(
    "4 numbers x, y, width, height or null",
    lambda value: (
        value is None or (isinstance(value, list) and len(value) == 4 and all(map(is_number, value)))
    ),
)
FLAG = Kind("0 or 1", lambda value: isinstance(value, int) and value in (0, 1))


@dataclass(frozen=True)
class Shape:
    """What all segmentations of a video must agree with, and who said so."""

    length: int
    size: tuple[int, int] | None  # (height, width); None: no mask has told yet
    source: str


def shown(value: object) -> str:
    """A JSON value, short enough for a message."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list) and len(value) > 4:
        return f"a list of {len(value)}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def in_fields(
    entry: object, where: str, needed: Mapping[str, Kind], optional: Mapping[str, Kind] | None = None
) -> Iterator[Defect]:
    """Missing keys and values of the wrong type."""
    if not isinstance(entry, dict):
        yield Defect(where, f"expected an object, got {shown(entry)}")
        return
    for name, kind in {**needed, **(optional or {})}.items():
        if name in entry:
            if not kind.holds(entry[name]):
                yield Defect(f"{where}, {name}", f"expected {kind.name}, got {shown(entry[name])}")
        elif name in needed:
            yield Defect(where, f'has no "{name}", expected {kind.name}')


def in_list(values: object, where: str, length: int, source: str, kind: Kind) -> Iterator[Defect]:
    """A list per frame of another length, or with entries of the wrong type."""
    if not isinstance(values, list):
        yield Defect(where, f"expected a list, got {shown(values)}")
        return
    if len(values) != length:
        yield Defect(where, f"has {len(values)} entries, expected {length}, {source}")
    for t, value in enumerate(values):
        if not kind.holds(value):
            yield Defect(f"{where}[{t}]", f"expected {kind.name}, got {shown(value)}")


def in_segmentations(segmentations: list[Any], where: str, shape: Shape) -> Iterator[Defect]:
    """Lists of another length, polygons, and run lengths that have another size or are no run lengths."""
    if len(segmentations) != shape.length:
        yield Defect(where, f"has {len(segmentations)} entries, expected {shape.length}, {shape.source}")
    size = None if shape.size is None else list(shape.size)
    for t, rle in enumerate(segmentations):
        if rle is None or (type(rle) is dict and rle.get("size") == size and type(rle.get("counts")) is str):
            continue
        yield from _in_rle(rle, f"{where}[{t}]", shape)


def _in_rle(rle: object, where: str, shape: Shape) -> Iterator[Defect]:
    if isinstance(rle, list):
        yield Defect(
            where, "is a list of polygons, which are not supported yet, expected run lengths or null"
        )
        return
    if not isinstance(rle, dict):
        yield Defect(
            where, f"expected run lengths (an object with size and counts) or null, got {shown(rle)}"
        )
        return
    size, counts = rle.get("size"), rle.get("counts")
    if not isinstance(size, list) or not is_size(size):
        yield Defect(f"{where}.size", f"expected [height, width], got {shown(size)}")
    elif shape.size is not None and tuple(size) != shape.size:
        yield Defect(f"{where}.size", f"is {shown(size)}, expected {list(shape.size)}, {shape.source}")
    if not (isinstance(counts, str) or (isinstance(counts, list) and all(map(is_integer, counts)))):
        yield Defect(f"{where}.counts", f"expected a text or a list of integers, got {shown(counts)}")


def ascends(indices: Any, length: int) -> bool:
    """Whether a list says for every frame which one of the clip it is."""
    if not isinstance(indices, list) or len(indices) != length:
        return False
    if not all(is_integer(index) and 0 <= index < 2**31 for index in indices):
        return False
    return all(before < after for before, after in pairwise(indices))


def is_size(value: object) -> bool:
    return (
        isinstance(value, list) and len(value) == 2 and all(is_integer(n) and 0 <= n < 2**31 for n in value)
    )


def first_size(segmentations: Sequence[Any]) -> tuple[int, int] | None:
    """The size that the first mask of a list claims."""
    for rle in segmentations:
        if isinstance(rle, dict) and is_size(rle.get("size")):
            return rle["size"][0], rle["size"][1]
    return None


def packed(rows: list[list[Any]], wheres: Sequence[str], shape: Shape) -> tuple[Tracks | None, list[Defect]]:
    """The tracks [N, T] of checked segmentations, or every run-length text that cannot be decoded.

    *Units and conventions*: a video without any mask has size 0 x 0.
    """
    size = shape.size or (0, 0)
    try:
        return Tracks.from_rle(rows, size, frames=shape.length), []
    except Error as error:
        defects = [
            Defect(f"{where}, segmentations[{t}]", f"malformed run lengths: {reason}")
            for row, where in zip(rows, wheres, strict=True)
            for t, rle in enumerate(row)
            if (reason := _malformed(rle, size))
        ]
        where = wheres[0] if wheres else "a video without annotations"
        return None, defects or [Defect(where, str(error))]  # as for sizes beyond the limits


def _malformed(rle: Any, size: tuple[int, int]) -> str | None:
    try:
        Tracks.from_rle([[rle]], size)
    except Error as error:
        return str(error).removeprefix("rows[0][0]: ")
    return None
