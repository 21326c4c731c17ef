"""YouTube-VIS data sets: what is read is what was written, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vislabel as vl
from io_cases import EMPTY, LEFT, RIGHT, annotation, dataset, detections, load, message, put, video
from vislabel import io


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


def boxed(annotation_id: int = 1, **more: Any) -> dict[str, Any]:
    """An annotation without masks."""
    entry = annotation(annotation_id)
    del entry["segmentations"]
    return {**entry, "bboxes": [[0, 0, 1.5, 2], None], **more}


def test_an_annotation_of_boxes_only_is_absent_in_every_frame(tmp_path: Path) -> None:
    content = [boxed(1), boxed(2, segmentations=None), boxed(3, segmentations=[None, RIGHT])]
    found = io.read_dataset(put(tmp_path, dataset(content))).annotations(7)
    assert found.tracks.present.tolist() == [[False, False], [False, False], [False, True]]
    assert found.tracks.size == (2, 3)
    assert found.boxes is not None
    np.testing.assert_array_equal(found.boxes[:, 0], [[0, 0, 1.5, 2]] * 3)
    assert np.isnan(found.boxes[:, 1]).all()
    assert found.extra == ({}, {}, {})


def test_boxes_only_come_back_as_boxes_without_masks(tmp_path: Path) -> None:
    io.write_dataset(tmp_path / "out.json", io.read_dataset(put(tmp_path, dataset([boxed()]))))
    (written,) = load(tmp_path / "out.json")["annotations"]
    assert written["bboxes"] == [[0, 0, 1.5, 2], None]
    assert written["segmentations"] == [None, None]
    assert written["areas"] == [None, None]


def test_boxes_are_there_for_those_that_have_them_and_written_for_the_others(tmp_path: Path) -> None:
    content = dataset([annotation(1), boxed(2), annotation(3, bboxes=[[0, 0, 3, 2], None])])
    found = io.read_dataset(put(tmp_path, content)).annotations(7)
    assert found.boxes is not None
    assert np.isnan(found.boxes[0]).all()
    np.testing.assert_array_equal(found.boxes[1:, 0], [[0, 0, 1.5, 2], [0, 0, 3, 2]])
    io.write_dataset(tmp_path / "out.json", [found])
    written = [entry["bboxes"] for entry in load(tmp_path / "out.json")["annotations"]]
    assert written == [[[0, 0, 1, 2], None], [[0, 0, 1.5, 2], None], [[0, 0, 3, 2], None]]


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
        {"videos": [video(height=2**30)], "annotations": []},
        "a video without annotations: size is 1073741824 x 3, expected sides of at most 67108864",
    ),
    ({"videos": None, "annotations": []}, "videos: expected a list, got null"),
    (
        dataset([annotation(bboxes=[None, [1, 2, 3]])]),
        "video 7, annotation 0, bboxes[1]: expected 4 numbers x, y, width, height or null, got [1, 2, 3]",
    ),
    (
        dataset([{"id": 1, "video_id": 7, "category_id": 1}]),
        'video 7, annotation 0: has no "segmentations", expected a list (only with "bboxes" may it be '
        "missing)",
    ),
    (
        dataset([{"id": 1, "video_id": 7, "category_id": 1, "segmentations": None}]),
        'video 7, annotation 0, segmentations: expected a list (only with "bboxes" may it be missing), '
        "got null",
    ),
    (
        dataset([{"id": 1, "video_id": 7, "category_id": 1, "segmentations": None, "bboxes": None}]),
        "video 7, annotation 0, bboxes: expected a list, got null",
    ),
    (dataset([boxed(bboxes=3)]), "video 7, annotation 0, bboxes: expected a list, got 3"),
    (
        dataset([boxed(bboxes=[None])]),
        "video 7, annotation 0, bboxes: has 1 entries, expected 2, as video 7 has",
    ),
    (
        dataset([boxed(segmentations={})]),
        "video 7, annotation 0, segmentations: expected a list or null, got an object",
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
