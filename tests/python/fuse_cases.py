"""What the tests of fusing and filtering files share: two videos, their boxes, and sources of masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import vislabel as vl
from cli_cases import H, T, W, put, result, track
from vislabel import io

#: Two objects of video 1, by their annotations' ids, and one of video 2.
LEFT = track(4, 5, 6, 7, 8, 9)
RIGHT = track(40, 40, 40, None, 40, 40, y=30)
ALONE = track(20, 20, 20, 20, 20, 20)


def moved(by: int) -> dict[int, list[Any]]:
    """The same objects, some pixels off."""
    return {
        11: track(*(x + by for x in range(4, 10))),
        12: track(*(None if x is None else x - by for x in (40, 40, 40, None, 40, 40)), y=30),
        23: track(*[20 + by] * 6),
    }


def clip(video: int, length: int = T, height: int = H, **more: Any) -> dict[str, Any]:
    names = [f"{video}/{t}.jpg" for t in range(length)]
    return {"id": video, "width": W, "height": height, "length": length, "file_names": names, **more}


def around(row: list[Any]) -> list[Any]:
    """The boxes of a row of segmentations, null where it has none."""
    boxes = vl.Tracks.from_rle([row]).box[0].tolist()
    return [None if rle is None else box for rle, box in zip(row, boxes, strict=True)]


def labels(rows: dict[int, list[Any] | None], **more: Any) -> list[dict[str, Any]]:
    """Annotations: the tens of an id are its video. Without a row, of boxes only."""
    out = []
    for given, row in rows.items():
        entry: dict[str, Any] = {"id": given, "video_id": given // 10, "category_id": 1, **more}
        out.append(entry if row is None else {**entry, "segmentations": row})
    return out


def dataset(
    folder: Path, annotations: list[dict[str, Any]], name: str, videos: list[Any] | None = None, **more: Any
) -> str:
    categories = [{"id": 1, "name": "person"}]
    given = [clip(1), clip(2)] if videos is None else videos
    return put(folder, {"videos": given, "annotations": annotations, "categories": categories, **more}, name)


def boxes(folder: Path, **more: Any) -> str:
    """Boxes only, with other keys that must survive."""
    given = [
        {**entry, "bboxes": around(row), "occlusion": f"o{entry['id']}"}
        for entry, row in zip(labels({11: None, 12: None, 23: None}), (LEFT, RIGHT, ALONE), strict=True)
    ]
    given[0]["iscrowd"] = 1
    return dataset(folder, given, "boxes.json", licenses=[{"id": 3}], splits=["train"], **more)


def by_id(folder: Path, by: int = 0, name: str = "sam.json") -> str:
    """A dataset with a mask for every box."""
    return dataset(folder, labels(dict(moved(by))), name)


def detected(folder: Path, by: int = 1, name: str = "idol.json", **more: Any) -> str:
    """Results in an order of their own."""
    rows = moved(by)
    return put(folder, [result(rows[n], 0.5, None, n // 10, **more) for n in (12, 23, 11)], name)


def fused_argv(folder: Path, *more: str, **sources: str) -> list[str]:
    given = sources or {"sam": by_id(folder), "idol": detected(folder)}
    named = [text for name, path in given.items() for text in ("--source", f"{name}={path}")]
    return ["fuse", *named, "--boxes", boxes(folder), "-o", str(folder / "out.json"), *more]


def tracks_of(rows: list[list[Any]]) -> vl.Tracks:
    return vl.Tracks.from_rle(rows, (H, W), frames=T)


def box_array(*rows: list[Any]) -> np.ndarray[Any, Any]:
    """Boxes [N, T, 4] around rows of segmentations."""
    nothing = [np.nan] * 4
    return np.array([[nothing if box is None else box for box in around(row)] for row in rows])


def written(folder: Path, name: str = "out.json") -> dict[int, io.Annotations]:
    """What a verb wrote, by the videos' ids."""
    return {found.video.id: found for found in io.read_dataset(folder / name)}
