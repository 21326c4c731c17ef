"""Writing datasets: one annotation after the other, the videos last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from vislabel._core import Error
from vislabel.io.dataset import Dataset
from vislabel.io.defects import is_integer
from vislabel.io.given import PathLike, listed
from vislabel.io.json_files import encode, encode_entry, write_items, written
from vislabel.io.records import Annotations, Video


def write_dataset(
    path: PathLike,
    annotations: Iterable[Annotations],
    *,
    categories: Sequence[Mapping[str, Any]] | None = None,
    info: Any = None,
    licenses: Any = None,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write a dataset, one annotation after the other, atomically: on failure the old file stays as it was.

    The videos come last in the file: they are those of `annotations`, which may be an iterator.

    Parameters
    ----------
    path
        Compressed where the name ends in ``.gz``.
    annotations
        One entry per video, those without tracks too. A `Dataset` brings its own `categories`, `info`,
        `licenses` and `extra` where these are left out.
    categories
        Left out: one per label, named by its number.
    info, licenses, extra
        The other members of the file.

    Raises
    ------
    vislabel.Error
        A duplicate id or one below 1 (0 breaks the official evaluator), a video given twice, a label that is
        not among the categories, what JSON cannot express.
    OSError
        The file cannot be written.
    """
    if isinstance(annotations, Dataset):
        categories = annotations.categories if categories is None else categories
        info = annotations.info if info is None else info
        licenses = annotations.licenses if licenses is None else licenses
        extra = annotations.extra if extra is None else extra
    if extra is not None and not isinstance(extra, Mapping):
        raise Error(f"extra is a {type(extra).__name__}, expected a dict")
    taken = {"info", "licenses", "categories", "videos", "annotations"} & set(extra or {})
    if taken:
        raise Error(f'extra holds "{min(taken)}", which is a member of its own')
    state = _Written()
    with written(path) as stream:
        head = {"info": info or {}, "licenses": licenses or []}
        stream.write(encode(head, "info and licenses")[:-1] + b',\n"annotations": ')
        write_items(
            stream, chain.from_iterable(map(state.encoded, listed(annotations, Annotations, "annotations")))
        )
        stream.write(b',\n"categories": ' + encode(state.categories(categories), "categories"))
        stream.write(b',\n"videos": ')
        write_items(stream, (_encoded_video(video) for video in state.videos.values()))
        for name, value in (extra or {}).items():
            stream.write(b",\n" + encode(name, "extra") + b": " + encode(value, name))
        stream.write(b"}\n")


class _Written:
    """What has been written so far: the videos and the labels, and which ids are taken."""

    def __init__(self) -> None:
        self.videos: dict[int, Video] = {}
        self._labels: set[int] = set()
        self._ids: set[int] = set()
        self._highest = 0

    def encoded(self, annotations: Annotations) -> Iterator[bytes]:
        video = annotations.video
        if video.id in self.videos:
            raise Error(f"video {video.id} is given twice, expected all its annotations at once")
        self.videos[video.id] = video
        self._labels.update(annotations.labels.tolist())
        for n, entry in enumerate(_entries(annotations)):
            entry["id"] = self._id(annotations, n)
            extra = annotations.extra[n] if annotations.extra else {}
            yield encode_entry(entry, extra, f"video {video.id}, track {n}")

    def categories(self, given: Sequence[Mapping[str, Any]] | None) -> list[Any]:
        if given is None:
            return [{"id": label, "name": f"category {label}"} for label in sorted(self._labels)]
        if not isinstance(given, Sequence):
            raise Error(f"categories is a {type(given).__name__}, expected a list")
        for i, category in enumerate(given):
            if not isinstance(category, Mapping) or not is_integer(category.get("id")):
                raise Error(f"categories[{i}]: expected a dict with an integer id")
        unknown = self._labels - {category["id"] for category in given}
        if given and unknown:
            raise Error(f"labels: {min(unknown)} is not among the categories")
        return list(given)

    def _id(self, annotations: Annotations, n: int) -> int:
        given = self._highest + 1 if annotations.ids is None else int(annotations.ids[n])
        where = f"video {annotations.video.id}, track {n}: id"
        if given < 1:
            raise Error(
                f"{where} is {given}, expected at least 1 (the official evaluator never matches id 0)"
            )
        if given in self._ids:
            raise Error(f"{where} is {given}, which another annotation has")
        self._ids.add(given)
        self._highest = max(self._highest, given)
        return given


def _entries(annotations: Annotations) -> Iterator[dict[str, Any]]:
    """The annotations as JSON objects, ids still 0."""
    video, tracks = annotations.video, annotations.tracks
    absent = ~tracks.present
    areas = np.where(absent, np.nan, tracks.area) if annotations.areas is None else annotations.areas
    boxes = np.where(absent[..., None], np.nan, tracks.box)
    if annotations.boxes is not None:
        given = ~np.isnan(annotations.boxes).all(axis=(1, 2))
        boxes[given] = annotations.boxes[given]
    for n, row in enumerate(tracks.to_rle(counts="str")):
        yield {
            "id": 0,
            "video_id": int(video.id),
            "category_id": int(annotations.labels[n]),
            "iscrowd": 0 if annotations.crowd is None else int(annotations.crowd[n]),
            "width": int(video.width),
            "height": int(video.height),
            "length": int(video.length),
            "bboxes": [None if np.isnan(box).any() else box.tolist() for box in boxes[n]],
            "areas": [_number_or_null(area) for area in areas[n].tolist()],
            "segmentations": row,
        }


def _number_or_null(value: float) -> float | int | None:
    """Areas are integers, unless the file they come from had others."""
    if np.isnan(value):
        return None
    return int(value) if value.is_integer() else value


def _encoded_video(video: Video) -> bytes:
    entry = {
        "id": video.id,
        "width": video.width,
        "height": video.height,
        "length": video.length,
        "file_names": list(video.file_names),
    }
    return encode({**entry, **video.extra, **entry}, f"video {video.id}")
