"""What the tests of the command line share: small videos, results, and how a failure looks."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vislabel as vl
from vislabel import io
from vislabel.cli import main

DATA = Path(os.environ.get("VISLABEL_DATA", Path(__file__).parents[3] / "shared" / "data"))
VERBS = ("propose", "prompt", "select", "fuse", "filter", "path", "show", "check")
H, W, T = 48, 64, 6


def square(x: int, y: int = 8, side: int = 12) -> np.ndarray[Any, Any]:
    out = np.zeros((H, W), bool)
    out[y : y + side, x : x + side] = True
    return out


def track(*xs: int | None, y: int = 8) -> list[Any]:
    """A row of segmentations: a square at each x, absent where there is None."""
    masks = [np.zeros((H, W), bool) if x is None else square(x, y) for x in xs]
    present = [[x is not None for x in xs]]
    return vl.Tracks(np.array([masks]), present=present).to_rle(counts="str")[0]


def result(
    row: list[Any], score: float, quality: list[Any] | None, video: int = 1, **more: Any
) -> dict[str, Any]:
    entry = {"video_id": video, "score": score, "category_id": 1, "segmentations": row, **more}
    return entry if quality is None else {**entry, "quality": quality}


def scene() -> list[dict[str, Any]]:
    """Two objects, a duplicate of the first, and one below the score threshold."""
    return [
        result(track(0, 1, 2, 3, 4, 5), 0.9, [1, 1, 0.9, 0.5, 1, 1]),
        result(track(0, 1, 2, 3, 4, 5), 0.8, [1] * 6),
        result(track(40, 40, 40, None, 40, 40, y=30), 0.8, [1, 1, 1, None, 0.1, 1], source="flow"),
        result(track(20, 20, 20, 20, 20, 20), 0.1, [1] * 6),
    ]


def put(folder: Path, content: Any, name: str = "results.json") -> str:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def load(path: str | Path) -> Any:
    return json.loads(Path(path).read_text())


def videos(folder: Path, names: list[str] | None = None) -> str:
    file_names = tuple(names or [f"clip/{10 * t}.jpg" for t in range(T)])
    entry = io.Video(1, W, H, len(file_names), file_names)
    nothing = io.Annotations(entry, vl.Tracks.from_rle([], (H, W), frames=len(file_names)), np.zeros(0, int))
    io.write_dataset(folder / "videos.json", [nothing], categories=[{"id": 1, "name": "person"}])
    return str(folder / "videos.json")


def complaint(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The one line on stderr of a call that fails, without the program's name."""
    capsys.readouterr()
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert err.startswith("vislabel")
    return err.rstrip("\n").split(": ", 1)[1]


def answer(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    """What --json prints, which is one object on one line."""
    capsys.readouterr()
    assert main([*argv, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    return json.loads(out)
