"""What the tests of `vislabel path` share: one object, right and wrong proposals for it, and its maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import vislabel as vl
from cli_cases import H, T, W, put, result, square, track

#: The object, a square that walks a pixel per frame, and proposals that are too large and somewhere else.
XS = range(10, 10 + T)
OBJECT = track(*XS)
ELSEWHERE = track(*[40] * T, y=30)


def too_large() -> list[Any]:
    """The object and as much around it."""
    masks = np.array([[square(x - 4, 4, 20) for x in XS]])
    return vl.Tracks(masks).to_rle("str")[0]


def proposals() -> list[dict[str, Any]]:
    """The object is in the second and, in a worse result, in the last."""
    return [
        result(too_large(), 0.9, None, category_id=1),
        result(OBJECT, 0.8, None, category_id=2),
        result(ELSEWHERE, 0.7, None, category_id=1),
        result(OBJECT, 0.6, None, category_id=3),
    ]


def backgrounds() -> np.ndarray[Any, Any]:
    """0.1 in the object, 0.9 outside, [T, H, W]."""
    return np.stack([np.where(square(x), 0.1, 0.9) for x in XS])


def flows() -> np.ndarray[Any, Any]:
    """One pixel to the right in the object, nothing outside, float32 [T - 1, H, W, 2]."""
    out = np.zeros((T - 1, H, W, 2), np.float32)
    for t, x in enumerate(XS[:-1]):
        out[t][square(x), 0] = 1
    return out


def saved(folder: Path, array: np.ndarray[Any, Any], name: str) -> str:
    np.save(folder / name, array)
    return str(folder / name)


def each(folder: Path, arrays: Any, suffix: str = ".npy") -> str:
    """A folder with a file per frame, whose names sort otherwise as text: 8, 9, 10, .."""
    folder.mkdir()
    for n, array in enumerate(arrays, 8):
        if suffix == ".npy":
            np.save(folder / f"{n}.npy", array)
        else:
            np.savez_compressed(folder / f"{n}.npz", whatever=array)
    (folder / "notes.txt").write_text("no map")
    return str(folder)


def path_argv(folder: Path, *more: str, content: Any = None) -> list[str]:
    """A call with all maps in files, that writes out.json."""
    given = put(folder, proposals() if content is None else content)
    maps = ["--backgrounds", saved(folder, backgrounds(), "backgrounds.npy")]
    maps += [] if "--no-flow" in more else ["--flows", saved(folder, flows(), "flows.npy")]
    return ["path", given, *maps, "-o", str(folder / "out.json"), *more]
