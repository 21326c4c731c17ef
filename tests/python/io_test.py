"""YouTube-VIS files: what is read is what was written, and what is wrong is named."""

from __future__ import annotations

import builtins
import gzip
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
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


# --- results ------------------------------------------------------------------------------------------


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


# --- datasets -----------------------------------------------------------------------------------------


def test_annotations_come_as_tracks_of_their_video(tmp_path: Path) -> None:
    truth = io.read_dataset(
        put(tmp_path, dataset([annotation(5, row=(LEFT, None), iscrowd=1), annotation(6)]))
    )
    assert truth.videos == (io.Video(7, 3, 2, 2, ("clip/0.jpg", "clip/1.jpg")),)
    (found,) = truth
    assert found.ids is not None
    assert found.crowd is not None
    assert found.ids.tolist() == [5, 6]
    assert found.crowd.tolist() == [True, False]
    assert found.tracks.area.tolist() == [[2, 0], [2, 0]]
    assert found.areas is None
    assert found.boxes is None


def test_areas_and_boxes_of_the_file_are_kept_even_where_they_are_not_the_masks(tmp_path: Path) -> None:
    entry = annotation(areas=[2.5, None], bboxes=[[0, 0, 9, 9], [1, 1, 1, 1]])
    truth = io.read_dataset(put(tmp_path, dataset([entry])))
    found = truth.annotations(7)
    assert found.areas is not None
    assert found.boxes is not None
    np.testing.assert_array_equal(found.areas, [[2.5, np.nan]])
    np.testing.assert_array_equal(found.boxes, [[[0, 0, 9, 9], [1, 1, 1, 1]]])
    io.write_dataset(tmp_path / "out.json", truth)
    (written,) = load(tmp_path / "out.json")["annotations"]
    assert written["areas"] == entry["areas"]
    assert written["bboxes"] == entry["bboxes"]


@pytest.mark.parametrize("name", ["out.json", "out.json.gz"])
def test_datasets_survive_a_round_trip_with_their_unknown_keys(tmp_path: Path, name: str) -> None:
    row = vl.Tracks.from_rle([[LEFT, None]]).to_rle(counts="str")[0]
    full = {
        "iscrowd": 0,
        "width": 3,
        "height": 2,
        "length": 2,
        "areas": [2, None],
        "bboxes": [[0, 0, 1, 2], None],
    }
    content = dataset(
        [annotation(3, 7, row, **full, occlusion="none"), annotation(1, 9, row, **full)],
        [video(9, coco_url="x"), video(7), video(8)],
        info={"year": 2026},
        licenses=[{"id": 1}],
        splits={"train": [7]},
    )
    out = tmp_path / name
    io.write_dataset(out, io.read_dataset(put(tmp_path, content)))
    written = load(out)
    written["annotations"].sort(key=lambda entry: -entry["id"])  # videos are written in the order of `videos`
    assert written == content


def test_what_is_written_is_what_the_official_evaluator_reads(tmp_path: Path) -> None:
    tracks = vl.Tracks.from_rle([[LEFT, None], [EMPTY, RIGHT]])
    clip = io.Video(7, 3, 2, 2, ("a.jpg", "b.jpg"))
    io.write_dataset(tmp_path / "out.json", [io.Annotations(clip, tracks, np.array([1, 4]))])
    written = load(tmp_path / "out.json")
    first, second = written["annotations"]
    assert (first["id"], second["id"]) == (1, 2)
    assert first["areas"] == [2, None]
    assert type(first["areas"][0]) is int
    assert first["bboxes"] == [[0, 0, 1, 2], None]
    assert first["segmentations"][1] is None
    assert isinstance(first["segmentations"][0]["counts"], str)
    assert second["areas"] == [0, 2], "an empty mask is not an absent one"
    assert (first["iscrowd"], first["width"], first["height"], first["length"]) == (0, 3, 2, 2)
    assert written["categories"] == [{"id": 1, "name": "category 1"}, {"id": 4, "name": "category 4"}]
    assert written["videos"] == [
        {"id": 7, "width": 3, "height": 2, "length": 2, "file_names": ["a.jpg", "b.jpg"]}
    ]


def test_a_video_without_annotations_has_no_tracks_but_all_its_frames(tmp_path: Path) -> None:
    for content in (dataset([]), {"videos": [video()], "annotations": None}):
        (found,) = io.read_dataset(put(tmp_path, content))
        assert found.tracks.shape == (0, 2)
        assert found.tracks.size == (2, 3)


BAD_DATASETS: list[tuple[Any, str]] = [
    ("[]", "expected an object with videos and annotations, got a list (results?)"),
    ('{"masklet": 1}', 'has no "videos", expected a dataset with videos and annotations (keys: masklet)'),
    ('{"videos": {}}', "videos: expected a list, got an object"),
    ('{"videos": [], "annotations": 3}', "annotations: expected a list, got 3"),
    (
        '{"videos": [], "annotations": [{"id": 1, "video_id": 7, "areas": [1, NaN]}]}',
        "video 7, annotation 0, areas[1]: NaN at byte 69, expected a finite number",
    ),
    (dataset([], [3]), "video entry 0: expected an object, got 3"),
    (dataset([], [{"id": 7}]), 'video entry 0: has no "width", expected an integer'),
    (dataset([], [video(width=-3)]), "video entry 0, width: is -3, expected 0 to 2147483647"),
    (
        dataset([], [video(length=2, file_names=["a"])]),
        "video entry 0, file_names: has 1 entries, expected 2, the video's length",
    ),
    (dataset([], [video(file_names=["a", 1])]), "video entry 0, file_names[1]: expected a text, got 1"),
    (dataset([], [video(7), video(7)]), "video entry 1, id: is 7, as that of video entry 0"),
    (dataset([], categories=3), "categories: expected a list, got 3"),
    (dataset([], categories=[{"name": "x"}]), 'category entry 0: has no "id", expected an integer'),
    (dataset([], categories=[{"id": 1}, {"id": 1}]), "category entry 1, id: is 1, as that of one before"),
    (dataset([{"video_id": 7}]), 'annotation 0: has no "id", expected an integer'),
    (dataset([annotation(), annotation()]), "video 7, annotation 1, id: is 1, as that of annotation 0"),
    (
        dataset([annotation(video_id=8)]),
        "video 8, annotation 0, video_id: is not the id of a video of the dataset",
    ),
    (
        dataset([annotation(category_id=2)]),
        "video 7, annotation 0, category_id: is 2, which is not among the categories",
    ),
    (dataset([annotation(width=4)]), "video 7, annotation 0, width: is 4, expected 3, as video 7 has"),
    (dataset([annotation(iscrowd=2)]), "video 7, annotation 0, iscrowd: expected 0 or 1, got 2"),
    (
        dataset([annotation(row=[None])]),
        "video 7, annotation 0, segmentations: has 1 entries, expected 2, as video 7 has",
    ),
    (
        dataset([annotation(areas=[1])]),
        "video 7, annotation 0, areas: has 1 entries, expected 2, as video 7 has",
    ),
    (
        dataset([annotation(areas=[1, "x"])]),
        'video 7, annotation 0, areas[1]: expected a number or null, got "x"',
    ),
    (
        dataset([annotation(bboxes=[None, [1, 2, 3]])]),
        "video 7, annotation 0, bboxes[1]: expected 4 numbers x, y, width, height or null, got [1, 2, 3]",
    ),
    (
        dataset([annotation(row=[{"size": [3, 2], "counts": [6]}, None])]),
        "video 7, annotation 0, segmentations[0].size: is [3, 2], expected [2, 3], as video 7 has",
    ),
    (
        dataset([annotation(row=[{"size": [2, 3], "counts": [7]}, None])]),
        "video 7, annotation 0, segmentations[0]: malformed run lengths: ",
    ),
]


@pytest.mark.parametrize(("content", "expected"), BAD_DATASETS)
def test_bad_datasets_are_named_with_their_place(tmp_path: Path, content: Any, expected: str) -> None:
    given = message(io.read_dataset, put(tmp_path, content))
    assert given.startswith(expected)
    assert given == expected or expected.endswith(": ")


def test_ids_below_one_and_ids_given_twice_are_not_written(tmp_path: Path) -> None:
    tracks = vl.Tracks.from_rle([[LEFT, None], [LEFT, None]])
    clip = io.Video(7, 3, 2, 2, ("a.jpg", "b.jpg"))
    out = tmp_path / "out.json"
    with pytest.raises(vl.Error, match=r"video 7, track 0: id is 0, expected at least 1 \(the official"):
        io.write_dataset(out, [io.Annotations(clip, tracks, np.array([1, 1]), ids=np.array([0, 1]))])
    with pytest.raises(vl.Error, match="video 7, track 1: id is 3, which another annotation has"):
        io.write_dataset(out, [io.Annotations(clip, tracks, np.array([1, 1]), ids=np.array([3, 3]))])
    with pytest.raises(vl.Error, match="labels: 2 is not among the categories"):
        io.write_dataset(out, [io.Annotations(clip, tracks, np.array([1, 2]))], categories=[{"id": 1}])
    with pytest.raises(vl.Error, match="video 7 is given twice"):
        io.write_dataset(out, [io.Annotations(clip, tracks, np.array([1, 1]))] * 2)
    with pytest.raises(vl.Error, match='extra holds "videos", which is a member of its own'):
        io.write_dataset(out, [], extra={"videos": []})
    assert list(tmp_path.iterdir()) == []


def test_numpy_numbers_are_written_as_json_numbers(tmp_path: Path) -> None:
    one: Any = np.int64(1)
    clip = io.Video(one, one * 3, one * 2, one * 2, ("a.jpg", "b.jpg"))
    tracks = vl.Tracks.from_rle([[LEFT, None]])
    io.write_dataset(tmp_path / "out.json", [io.Annotations(clip, tracks, np.array([1]))])
    io.write_results(tmp_path / "results.json", [detections(video_id=one)])
    assert len(io.read_dataset(tmp_path / "out.json").annotations(1)) == 1
    assert io.read_results(tmp_path / "results.json").video_ids == (1,)


# --- writing ------------------------------------------------------------------------------------------


def detections(**changes: Any) -> io.Detections:
    given = {
        "video_id": 7,
        "tracks": vl.Tracks.from_rle([[LEFT, None]]),
        "scores": [0.5],
        "labels": [1],
        **changes,
    }
    return io.Detections(**given)


@pytest.mark.parametrize("name", ["out.json", "out.json.gz"])
def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    io.write_results(out, [detections()])
    before = out.read_bytes()

    def failing() -> Any:
        yield detections()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        io.write_results(out, failing())
    with pytest.raises(vl.Error, match="video 7, track 0: nan, expected a finite number"):
        io.write_results(out, [detections(), detections(extra=[{"a": {"b": [float("nan")]}}])])
    with pytest.raises(vl.Error, match="video 7, track 0: a set cannot be written as JSON"):
        io.write_results(out, [detections(extra=[{"a": {1}}])])
    assert out.read_bytes() == before
    assert list(tmp_path.iterdir()) == [out]


def test_a_link_and_the_permissions_survive_being_written_through(tmp_path: Path) -> None:
    real = put(tmp_path, "[]", "real.json")
    real.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(real)
    io.write_results(link, [detections()])
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert len(load(real)) == 1


def test_a_file_may_be_read_and_replaced_at_once(tmp_path: Path) -> None:
    path = put(tmp_path, [result(7), result(8), result(7)])
    io.write_results(path, io.read_results(path))
    assert [entry["video_id"] for entry in load(path)] == [7, 7, 8]


def test_an_error_names_the_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        io.write_results(tmp_path / "none" / "out.json", [detections()])
    assert caught.value.filename == str(tmp_path / "none" / "out.json")


def test_what_is_not_a_file_is_written_directly() -> None:
    io.write_results("/dev/null", [detections()])
    assert not Path("/dev/null").is_file()


def test_known_keys_win_over_extra_ones_of_the_same_name(tmp_path: Path) -> None:
    io.write_results(
        tmp_path / "out.json",
        [detections(extra=[{"score": 3, "np": np.float32(0.5), "array": np.arange(2)}])],
    )
    (entry,) = load(tmp_path / "out.json")
    assert entry["score"] == 0.5
    assert (entry["np"], entry["array"]) == (0.5, [0, 1])


BAD_RECORDS = [
    ({"scores": [0.5, 0.5]}, r"scores has shape \[2\], expected \[1\]"),
    ({"scores": [float("nan")]}, "scores holds a number that is not finite"),
    ({"scores": ["a"]}, "scores has dtype <U1, expected float64"),
    ({"labels": [1.5]}, "labels has dtype float64, expected int64"),
    ({"predicted_iou": [0.5]}, r"predicted_iou has shape \[1\], expected \[1, 2\]"),
    ({"extra": [{}, {}]}, r"extra has 2 entries, expected one per track \(1\) or none"),
]


@pytest.mark.parametrize(("changes", "expected"), BAD_RECORDS)
def test_detections_that_do_not_fit_each_other_are_refused(changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(vl.Error, match=expected):
        detections(**changes)


def test_areas_and_boxes_must_not_be_infinite() -> None:
    tracks, clip = vl.Tracks.from_rle([[LEFT, None]]), io.Video(7, 3, 2, 2, ("a", "b"))
    with pytest.raises(vl.Error, match="areas holds an infinite number"):
        io.Annotations(clip, tracks, np.array([1]), areas=np.array([[np.inf, np.nan]]))


def test_annotations_must_have_the_size_and_length_of_their_video() -> None:
    tracks = vl.Tracks.from_rle([[LEFT, None]])
    with pytest.raises(vl.Error, match=r"tracks have 2 frames of size \(2, 3\), expected 3 of size \(2, 3\)"):
        io.Annotations(io.Video(7, 3, 2, 3, ("a", "b", "c")), tracks, np.array([1]))


def test_without_msgspec_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = put(tmp_path, [result()])
    found = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "msgspec":
            raise ImportError(name)
        return found(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "msgspec", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    for act in (lambda: io.read_results(path), lambda: io.write_results(tmp_path / "out.json", [])):
        with pytest.raises(vl.Error, match=r"pip install 'vislabel\[io\]'"):
            act()


# --- real files ---------------------------------------------------------------------------------------


def test_the_masklets_of_sa_v_survive_a_round_trip(tmp_path: Path) -> None:
    source = DATA / "facebookresearch_sam2/sav_dataset/example/sav_000001_auto.json"
    if not source.exists():
        pytest.skip(f"{source} is not there: real masks are not part of the project")
    given = json.loads(source.read_text())
    scores = given["masklet_stability_score"]
    content = [
        result(1, 0.9, row, quality=[frame[n] for frame in scores])
        for n, row in enumerate(zip(*given["masklet"], strict=True))
    ]
    results = io.read_results(put(tmp_path, content))
    (found,) = results
    assert found.tracks.shape == (9, 121)
    assert found.tracks.size == (848, 480)
    assert found.tracks.present.all(), "its masks without pixels are empty, not absent"
    sizes = found.tracks.area.sum(1) / np.maximum((found.tracks.area > 0).sum(1), 1)
    np.testing.assert_allclose(sizes, given["masklet_size_abs"])
    io.write_results(tmp_path / "out.json.gz", results)
    assert load(tmp_path / "out.json.gz") == content
