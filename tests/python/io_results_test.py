"""YouTube-VIS results: what is read is what was written, and what is wrong is named."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
import vislabel as vl
from io_cases import EMPTY, LEFT, RIGHT, dataset, load, message, put, result, video
from vislabel import io


def test_results_come_as_tracks_scores_and_labels(tmp_path: Path) -> None:
    (found,) = io.read_results(
        put(tmp_path, [result(row=(LEFT, None)), result(score=0.25, row=(EMPTY, RIGHT))])
    )
    assert found.video_id == 7
    assert found.tracks.size == (2, 3)
    assert found.tracks.present.tolist() == [[True, False], [True, True]]
    assert found.tracks.area.tolist() == [[2, 0], [0, 2]]
    assert found.scores.tolist() == [0.5, 0.25]
    assert found.labels.tolist() == [1, 1]
    assert found.predicted_iou is None


def test_results_of_a_video_need_not_lie_side_by_side(tmp_path: Path) -> None:
    path = put(tmp_path, [result(9, 0.1), result(7, 0.2), result(9, 0.3), result(8, 0.4), result(7, 0.5)])
    results = io.read_results(path)
    assert results.video_ids == (9, 7, 8)
    assert len(results) == 3
    assert 8 in results
    assert 6 not in results
    assert [found.scores.tolist() for found in results] == [[0.1, 0.3], [0.2, 0.5], [0.4]]
    assert [found.video_id for found in results] == [9, 7, 8], "a second pass gives the same"
    assert results.video(8).scores.tolist() == [0.4]


@pytest.mark.parametrize("name", ["out.json", "out.json.gz"])
def test_results_survive_a_round_trip_with_their_unknown_keys(tmp_path: Path, name: str) -> None:
    text = vl.Tracks.from_rle([[LEFT, None], [EMPTY, RIGHT]]).to_rle(counts="str")
    content = [
        result(row=text[0], quality=[0.75, None], source="flow", nested={"a": [1, None, "ü"]}),
        result(score=1 / 3, row=text[1], quality=[0.1, 0.2]),
    ]
    out = tmp_path / name
    io.write_results(out, io.read_results(put(tmp_path, content)))
    assert load(out) == content
    io.write_results(tmp_path / "again.json", io.read_results(out))
    assert load(tmp_path / "again.json") == content


def test_writing_the_same_results_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    results = io.read_results(put(tmp_path, [result()]))
    io.write_results(tmp_path / "a.json.gz", results)
    io.write_results(tmp_path / "b.json.gz", results)
    assert (tmp_path / "a.json.gz").read_bytes() == (tmp_path / "b.json.gz").read_bytes()


def test_no_results_are_a_file_too(tmp_path: Path) -> None:
    io.write_results(tmp_path / "none.json", [])
    assert load(tmp_path / "none.json") == []
    assert len(io.read_results(tmp_path / "none.json")) == 0


def test_compressed_files_are_known_by_their_content_not_their_name(tmp_path: Path) -> None:
    (tmp_path / "plain-name.json").write_bytes(gzip.compress(json.dumps([result()]).encode()))
    assert len(io.read_results(tmp_path / "plain-name.json")) == 1


def test_numbers_are_rounded_as_python_rounds_them(tmp_path: Path) -> None:
    generator = random.Random(5)
    texts = [f"0.{generator.randrange(10**25):025d}" for _ in range(2000)]
    texts += [f"{generator.randrange(10**19)}e-{generator.randrange(19, 30)}" for _ in range(2000)]
    entries = [json.dumps(result(score=0.5)).replace("0.5", text) for text in texts]
    (found,) = io.read_results(put(tmp_path, f"[{','.join(entries)}]"))
    assert found.scores.tolist() == [float(text) for text in texts]


def test_quality_is_the_predicted_iou_and_null_where_there_is_no_pixel(tmp_path: Path) -> None:
    rows = [result(row=(LEFT, None), quality=[0.5, None]), result(row=(LEFT, EMPTY), quality=[1, None])]
    (found,) = io.read_results(put(tmp_path, rows))
    assert found.predicted_iou is not None
    assert found.predicted_iou.tolist() == [[0.5, 0.0], [1.0, 0.0]]


@pytest.mark.parametrize("wrap", [list, lambda row: {"video_id": 7, "quality": row}])
def test_quality_may_lie_in_a_file_of_its_own(tmp_path: Path, wrap: Any) -> None:
    path = put(tmp_path, [result(quality=[0.1, None]), result()])
    quality = put(tmp_path, [wrap([0.6, None]), wrap([0.7, 0])], "quality.json")
    (found,) = io.read_results(path, quality=quality)
    assert found.predicted_iou is not None
    assert found.predicted_iou.tolist() == [[0.6, 0.0], [0.7, 0.0]]


def test_a_quality_file_must_fit_the_results(tmp_path: Path) -> None:
    path = put(tmp_path, [result(), result()])
    short = put(tmp_path, [[0.6, None]], "quality.json")
    with pytest.raises(
        vl.Error, match=r"quality.json: has 1 entries, expected 2, one per result of .*file.json"
    ):
        io.read_results(path, quality=short)
    other = put(tmp_path, [{"video_id": 8, "quality": None}, None], "other.json")
    with pytest.raises(vl.Error, match=r"other.json: entry 0, video_id: is 8, expected 7"):
        list(io.read_results(path, quality=other))


def test_a_video_of_absent_masks_only_has_no_size_unless_the_dataset_tells(tmp_path: Path) -> None:
    path = put(tmp_path, [result(row=(None, None))])
    (found,) = io.read_results(path)
    assert found.tracks.shape == (1, 2)
    assert found.tracks.size == (0, 0)
    truth = io.read_dataset(put(tmp_path, dataset([]), "truth.json"))
    (found,) = io.read_results(path, videos=truth.videos)
    assert found.tracks.size == (2, 3)


def test_results_must_agree_with_the_videos_of_a_dataset(tmp_path: Path) -> None:
    truth = io.read_dataset(put(tmp_path, dataset([], [video(length=3)]), "truth.json"))
    path = put(tmp_path, [result()])
    assert message(io.read_results, path, videos=truth.videos) == (
        "video 7, result 0, segmentations: has 2 entries, expected 3, as the dataset's video has"
    )
    path = put(tmp_path, [result(8)])
    assert (
        message(io.read_results, path, videos=truth.videos)
        == "video 8: is not among the videos of the dataset"
    )


BAD_RESULTS = [
    ("", "the file is empty, expected JSON"),
    ("  ", "not complete JSON: it ends at byte 2, expected more"),
    ("hello", "not JSON: invalid character (byte 0)"),
    ("3", "expected a list of results or a dataset object"),
    ('{"masklet": 1, "b": 2}', "expected a list of results, got an object (keys: masklet, b)"),
    ("[{]", "result 0: not JSON: expected '\"' (byte 2)"),
    (
        '[{"video_id": 7}, {"video_id": 7, "score"',
        "video 7, result 1: not complete JSON: it ends at byte 41, expected more",
    ),
    ("[3]", "result 0: expected an object, got 3"),
    ('[{"score": 1}]', 'result 0: has no "video_id", expected an integer'),
    ('[{"video_id": "a"}]', 'result 0, video_id: expected an integer, got "a"'),
    ('[{"video_id": 7.0}]', "result 0, video_id: expected an integer, got 7.0"),
    (
        '[{"video_id": 7}, {"a": ["\\"]", {"b": 1}], "quality": [1, NaN], "video_id": 8}]',
        "video 8, result 1, quality[1]: NaN at byte 58, expected a finite number",
    ),
    ('[{"score": -Infinity}]', "result 0, score: -Infinity at byte 11, expected a finite number"),
    (
        '[{"video_id": 7, "score": 1e999}]',
        "video 7, result 0: a number is out of range, expected less than 1.8e308",
    ),
    ('[{"video_id": 7}]', 'video 7, result 0: has no "score", expected a number'),
    ([result(score=None)], "video 7, result 0, score: expected a number, got null"),
    ([result(score=True)], "video 7, result 0, score: expected a number, got true"),
    ([result(category_id=1.5)], "video 7, result 0, category_id: expected an integer, got 1.5"),
    ([result(category_id=2**70)], f"video 7, result 0, category_id: expected an integer, got {2**70}"),
    ([result(segmentations={})], "video 7, result 0, segmentations: expected a list, got an object"),
    (
        [result(), result(row=[LEFT])],
        "video 7, result 1, segmentations: has 1 entries, expected 2, "
        "as the first of the video's results has",
    ),
    (
        [result(), result(row=[None, {"size": [3, 2], "counts": [6]}])],
        "video 7, result 1, segmentations[1].size: is [3, 2], expected [2, 3], "
        "as the first of the video's results has",
    ),
    (
        [result(row=[None, [[0, 0, 1, 0, 1, 1]]])],
        "video 7, result 0, segmentations[1]: is a list of polygons, which are not supported yet, "
        "expected run lengths or null",
    ),
    (
        [result(row=["a", None])],
        "video 7, result 0, segmentations[0]: expected run lengths (an object with size and counts) or null, "
        'got "a"',
    ),
    (
        [result(row=[{"counts": [6]}, None])],
        "video 7, result 0, segmentations[0].size: expected [height, width], got null",
    ),
    (
        [result(row=[{"size": [2, 3], "counts": 6}, None])],
        "video 7, result 0, segmentations[0].counts: expected a text or a list of integers, got 6",
    ),
    (
        [result(row=[{"size": [2, 3], "counts": [1.5]}, None])],
        "video 7, result 0, segmentations[0].counts: expected a text or a list of integers, got [1.5]",
    ),
    (
        [result(), result(row=[LEFT, {"size": [2, 3], "counts": [5]}])],
        "video 7, result 1, segmentations[1]: malformed run lengths: ",
    ),
    (
        [result(row=[{"size": [2, 3], "counts": "~"}, None])],
        "video 7, result 0, segmentations[0]: malformed run",
    ),
    ([result(quality=0.5)], "video 7, result 0, quality: expected a list or null, got 0.5"),
    (
        [result(quality=[0.5])],
        "video 7, result 0, quality: has 1 entries, expected 2, as the first of the video's results has",
    ),
    ([result(quality=[0.5, "x"])], 'video 7, result 0, quality[1]: expected a number or null, got "x"'),
    (
        [result(quality=[None, 1])],
        "video 7, result 0, quality[0]: expected a number where there is a mask, got null",
    ),
    (
        [result(quality=[1, 1]), result()],
        'video 7, result 1: has no "quality", expected one as other results of the video have',
    ),
]


@pytest.mark.parametrize(("content", "expected"), BAD_RESULTS)
def test_bad_results_are_named_with_their_place(tmp_path: Path, content: Any, expected: str) -> None:
    given = message(io.read_results, put(tmp_path, content))
    assert given.startswith(expected)
    assert given == expected or expected.endswith(("run", ": "))


def test_a_text_that_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(b'[{"video_id": 7, "score": "\xff"}]')
    assert message(io.read_results, path) == "video 7, result 0: a text is not UTF-8"


def test_values_nested_without_end_are_an_error(tmp_path: Path) -> None:
    assert "neste" in message(io.read_results, put(tmp_path, "[" * 100_000))


def test_a_truncated_gzip_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "file.json.gz"
    path.write_bytes(gzip.compress(json.dumps([result()] * 50).encode())[:-20])
    assert message(io.read_results, path).startswith("damaged or truncated gzip data")


def test_a_video_without_results_is_an_error(tmp_path: Path) -> None:
    path = put(tmp_path, [result()])
    with pytest.raises(vl.Error, match="has no result of video 3"):
        io.read_results(path).video(3)


def test_missing_files_are_os_errors(tmp_path: Path) -> None:
    for read in (io.read_results, io.read_dataset):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "none.json")
        with pytest.raises(IsADirectoryError):
            read(tmp_path)
