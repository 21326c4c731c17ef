"""PM-VIS's SCM on a device: see `vislabel.fuse`."""

from __future__ import annotations

from typing import Any

from vislabel._core import Error
from vislabel.cuda import _given
from vislabel.cuda._homes import Home
from vislabel.cuda._packed import DeviceTracks
from vislabel.cuda._packing import as_device_tracks

Sources = dict[str, tuple[str, Any]]


def scm(a: Sources, b: Sources, boxes: Any, box_overlap: str) -> Any:
    """Float64 [sources of a, sources of b, N, T]; a source is its name in messages and its tracks."""
    given = [*a.values(), *b.values()]
    home = _given.home_of([*given, ("boxes", boxes)])
    with home.entered():
        return home.give(_given.opaque(_tables)(home, list(a.values()), list(b.values()), boxes, box_overlap))


def _tables(home: Home, a: list[Any], b: list[Any], boxes: Any, box_overlap: str) -> Any:
    left, right = ([as_device_tracks(home, tracks, name) for name, tracks in sources] for sources in (a, b))
    every = [*zip((name for name, _ in (*a, *b)), (*left, *right), strict=True)]
    if not every:
        raise Error("a and b have no sources, expected at least one")
    first_name, first = every[0]
    for name, tracks in every:
        if (tracks.rows, tracks.size()) != (first.rows, first.size()):
            raise Error(
                f"{name} has {list(tracks.rows)} masks of {list(tracks.size())}, "
                f"expected {list(first.rows)} of {list(first.size())} as {first_name}"
            )
    shape = (*first.rows, 4)
    slots = _given.doubles(home, boxes, "boxes", shape, str(list(shape)))
    out = home.empty((len(left), len(right), *first.rows), "float64")
    for i, one in enumerate(left):
        for j, other in enumerate(right):
            _write(home, one, other, slots, box_overlap, out[i, j])
    return out


def _write(
    home: Home, one: DeviceTracks, other: DeviceTracks, boxes: Any, box_overlap: str, out: Any
) -> None:
    given = one.handle(), other.handle(), home.address(boxes), box_overlap
    home.backend.scm(*given, home.address(out), home.place)
