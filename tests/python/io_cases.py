"""What the tests of files share: small results and data sets, and how a complaint looks."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
import vislabel as vl
from vislabel import io

DATA = Path(os.environ.get("VISLABEL_DATA", Path(__file__).parents[3] / "shared" / "data"))
LEFT = {"size": [2, 3], "counts": [0, 2, 4]}  # column 0
RIGHT = {"size": [2, 3], "counts": [4, 2]}  # column 2
EMPTY = {"size": [2, 3], "counts": [6]}


def result(video: int = 7, score: Any = 0.5, row: Any = (LEFT, None), **more: Any) -> dict[str, Any]:
    return {"video_id": video, "score": score, "category_id": 1, "segmentations": list(row), **more}


def video(video_id: int = 7, length: int = 2, **more: Any) -> dict[str, Any]:
    names = [f"clip/{t}.jpg" for t in range(length)]
    return {"id": video_id, "width": 3, "height": 2, "length": length, "file_names": names, **more}


def annotation(
    annotation_id: int = 1, video_id: int = 7, row: Any = (LEFT, None), **more: Any
) -> dict[str, Any]:
    entry = {"id": annotation_id, "video_id": video_id, "category_id": 1, "segmentations": list(row)}
    return {**entry, **more}


def dataset(annotations: list[Any], videos: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    categories = [{"id": 1, "name": "person", "supercategory": "object"}]
    return {
        "videos": [video()] if videos is None else videos,
        "annotations": annotations,
        "categories": categories,
        **more,
    }


def put(folder: Path, content: Any, name: str = "file.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def load(path: Path) -> Any:
    data = path.read_bytes()
    return json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)


def message(read: Any, path: Path, **options: Any) -> str:
    """What reading everything complains about, without the file's name, which must come first."""
    with pytest.raises(vl.Error) as caught:
        list(read(path, **options))
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"{path}: ")
    return text.removeprefix(f"{path}: ")


def detections(**changes: Any) -> io.Detections:
    given = {
        "video_id": 7,
        "tracks": vl.Tracks.from_rle([[LEFT, None]]),
        "scores": [0.5],
        "labels": [1],
        **changes,
    }
    return io.Detections(**given)
