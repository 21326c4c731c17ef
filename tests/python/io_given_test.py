"""What is no path, no record and no list of records is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vislabel as vl
from io_cases import LEFT, annotation, dataset, detections, message, put, result, video
from refusal import refused
from vislabel import io

TRACKS = vl.Tracks.from_rle([[LEFT, None]])
CLIP = io.Video(7, 3, 2, 2, ("a", "b"))


@pytest.mark.parametrize("path", [None, 3, 1.5, b"file", ["file"], "a\0b"])
def test_what_is_no_path_is_refused(path: Any) -> None:
    for act in (
        io.read_results,
        io.read_dataset,
        lambda given: io.write_results(given, [detections()]),
        lambda given: io.write_dataset(given, []),
        lambda given: io.read_results(given, quality=given),
    ):
        with refused("path is ", "expected the name of a file"):
            act(path)


def test_what_is_no_record_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    out: Any = tmp_path / "out.json"
    given: Any
    for given, what in (([3], "[0] is a int"), (None, " is a NoneType"), (["x"], "[0] is a str")):
        with refused(f"detections{what}, expected ", "Detections"):
            io.write_results(out, given)
        with refused(f"annotations{what}, expected ", "Annotations"):
            io.write_dataset(out, given)
    for given in ([3], [{}], [{"id": "a"}]):
        with refused("categories[0]: expected a dict with an integer id"):
            io.write_dataset(out, [], categories=given)
    given = 3
    with refused("categories is a int, expected a list"):
        io.write_dataset(out, [], categories=given)
    with refused("extra is a int, expected a dict"):
        io.write_dataset(out, [], extra=given)
    results = put(tmp_path, [result()])
    with refused("videos[0] is a int, expected Video"):
        io.read_results(results, videos=[given])
    with refused("videos is a int, expected a list of Video"):
        io.read_results(results, videos=given)
    assert not out.exists()


def test_records_name_the_field_of_another_type() -> None:
    nothing: Any = None
    for changes, expected in (
        ({"tracks": None}, "tracks is a NoneType, expected Tracks"),
        ({"video_id": "7"}, "video_id is a str, expected an integer"),
        ({"extra": None}, "extra: expected a list of one dict per track"),
        ({"extra": [3]}, "extra: expected a list of one dict per track"),
        ({"predicted_iou": [[1], [1, 2]]}, "predicted_iou has rows of different lengths"),
    ):
        with refused(expected):
            detections(**changes)  # type: ignore[arg-type]
    with refused("video is a NoneType, expected Video"):
        io.Annotations(nothing, TRACKS, np.array([1]))
    with refused("tracks is a NoneType, expected Tracks"):
        io.Annotations(CLIP, nothing, np.array([1]))
    with refused("file_names is a NoneType, expected a list"):
        io.Video(7, 3, 2, 2, nothing)
    with refused("width is a NoneType, expected an integer"):
        io.Video(7, nothing, 2, 2, ("a", "b"))


@pytest.mark.parametrize(
    "indices", [None, "ab", [0], [0, "1"], [1, 0], [0, 0], [-1, 0], [0, 2**31], [0.0, 1]]
)
def test_frame_indices_are_checked_when_read(tmp_path: Path, indices: Any) -> None:
    content = dataset([annotation()], [video(frame_indices=indices)])
    text = message(io.read_dataset, put(tmp_path, content))
    assert text.startswith(
        "video entry 0, frame_indices: expected 2 ascending integers from 0, one per frame"
    )


def test_a_byte_order_mark_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bom.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps([result()]).encode())
    assert message(io.read_results, path) == "starts with a byte order mark, expected UTF-8 without one"


def test_results_of_images_are_named_once(tmp_path: Path) -> None:
    path = put(tmp_path, [{"image_id": n, "score": 0.5} for n in range(3)])
    expected = 'result 0: has an "image_id" and no "video_id": these are results of images'
    assert message(io.read_results, path).startswith(expected)
    assert len(io.Results(path).defects) == 1
