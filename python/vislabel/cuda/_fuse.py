"""PM-VIS's SCM on a device: see `vislabel.fuse`."""

from __future__ import annotations

from typing import Any

from vislabel._core import Error
from vislabel.cuda import _homes
from vislabel.cuda._homes import Home, at_home
from vislabel.cuda._packed import DeviceTracks, as_device_tracks


def scm(a: dict[str, tuple[str, Any]], b: dict[str, tuple[str, Any]], boxes: Any, box_overlap: str) -> Any:
    """Float64 [sources of a, sources of b, N, T]; a source is its name in messages and its tracks."""
    return _scm(
        *(tracks for _, tracks in (*a.values(), *b.values())),
        boxes,
        list(a.values()),
        list(b.values()),
        box_overlap,
    )


@at_home
def _scm(home: Home, *arguments: Any) -> Any:
    *_, boxes, a, b, box_overlap = arguments
    left, right = ([as_device_tracks(home, tracks, name) for name, tracks in sources] for sources in (a, b))
    for (name, _), tracks in zip([*a, *b], [*left, *right], strict=True):
        if (tracks.rows, tracks.size()) != (left[0].rows, left[0].size()):
            raise Error(
                f"{name} has {list(tracks.rows)} masks of {list(tracks.size())}, "
                f"expected {list(left[0].rows)} of {list(left[0].size())} as {a[0][0]}"
            )
    shape = (*left[0].rows, 4)
    slots = _homes.doubles(home, boxes, "boxes", shape, str(list(shape)))
    out = home.empty((len(left), len(right), *left[0].rows), "float64")
    for i, one in enumerate(left):
        for j, other in enumerate(right):
            _write(home, one, other, slots, box_overlap, out[i, j])
    return home.give(out)


def _write(
    home: Home, one: DeviceTracks, other: DeviceTracks, boxes: Any, box_overlap: str, out: Any
) -> None:
    given = one.handle(), other.handle(), home.address(boxes), box_overlap
    home.backend.scm(*given, home.address(out), home.place)
