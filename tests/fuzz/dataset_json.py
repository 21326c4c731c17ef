"""JSON files of datasets and results: read or refused with `vislabel.Error`, whatever the bytes.

What is read is also JSON to Python's own parser, holds as many entries, and comes back from a written file.
Run with libFuzzer's options, as CMakeLists.txt does; needs the extra `fuzz`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import atheris
import numpy as np
import vislabel as vl
from vislabel import io

FILE = Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)) / "file.json"


@contextmanager
def file_of(data: bytes) -> Iterator[str]:
    """A name under which the bytes can be read; no disk is touched."""
    number = os.memfd_create("input")
    try:
        os.write(number, data)
        yield f"/proc/self/fd/{number}"
    finally:
        os.close(number)


def same(a: io.Annotations | io.Detections, b: io.Annotations | io.Detections) -> bool:
    """Masks, labels and numbers of one video, and the keys that the library does not know."""
    rows = [(x.tracks.to_rle(), x.tracks.present.tolist(), x.labels.tolist(), list(x.extra)) for x in (a, b)]
    if isinstance(a, io.Detections) and isinstance(b, io.Detections):
        known = (a.predicted_iou is None) == (b.predicted_iou is None)
        return known and rows[0] == rows[1] and np.array_equal(a.scores, b.scores)
    return rows[0] == rows[1] and np.array_equal(a.ids, b.ids) and np.array_equal(a.crowd, b.crowd)


def as_python_reads(data: bytes) -> Any:
    """The whole file. Of a key given twice the library reads the last value: another may be no text."""
    return json.loads(data.decode("utf-8", "replace"))


def check_dataset(data: bytes, name: str) -> None:
    dataset = io.read_dataset(name)
    videos = list(dataset)
    plain = as_python_reads(data)
    assert len(plain["videos"]) == len(videos)
    assert len(plain.get("annotations") or []) == sum(map(len, videos))
    with suppress(vl.Error):  # what may be read but not written: an id of 0, numbers beyond 64 bits
        io.write_dataset(FILE, videos, categories=dataset.categories, info=dataset.info)
        check_written(videos, io.read_dataset, FILE)


def check_results(data: bytes, name: str) -> None:
    videos = list(io.read_results(name))
    assert len(as_python_reads(data)) == sum(map(len, videos))
    with suppress(vl.Error):
        io.write_results(FILE, videos)
        check_written(videos, io.read_results, FILE)


def check_written(videos: list[Any], read: Callable[[Path], Iterable[Any]], path: Path) -> None:
    try:
        again = list(read(path))
    except vl.Error as error:
        raise AssertionError("what was written cannot be read") from error
    assert all(same(a, b) for a, b in zip(videos, again, strict=True))


def test_one_input(data: bytes) -> None:
    with file_of(data) as name:
        for check in (check_dataset, check_results):
            try:
                check(data, name)
            except vl.Error as error:
                if not str(error).startswith(f"{name}: "):
                    raise AssertionError("the error does not name the file") from error


atheris.instrument_all()
atheris.Setup(sys.argv, test_one_input)
atheris.Fuzz()
