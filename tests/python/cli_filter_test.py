"""`vislabel filter`: what it removes, what it keeps, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import vislabel as vl
from cli_cases import H, T, W, answer, complaint, load, put, scene, track
from fuse_cases import ALONE, LEFT, RIGHT, around, by_id, clip, dataset, labels, moved, tracks_of, written
from vislabel import fuse, io
from vislabel.cli import main

NOTHING: list[Any] = [None] * T
#: IoU 1, 9/15, 8/16, 0 and nothing in the last two frames
PARTLY = track(4, 8, 10, 40, None, None)


def truth(folder: Path, **more: Any) -> str:
    """Two objects of video 1, one of video 2, with keys that must survive."""
    given = labels({11: LEFT, 12: RIGHT, 23: ALONE}, occlusion="none", iscrowd=1, **more)
    for entry in given:
        entry["bboxes"] = [
            None if box is None else [*box[:3], box[3] + 0.25] for box in around(entry["segmentations"])
        ]
        entry["areas"] = [None if box is None else 144.5 for box in entry["bboxes"]]
    return dataset(folder, given, "truth.json", info={"year": 2026}, licenses=[{"id": 3}], splits=["train"])


def argv_of(folder: Path, pseudo: dict[int, Any], *more: str) -> list[str]:
    name = dataset(folder, labels(pseudo), "pseudo.json")
    return ["filter", truth(folder), "--pseudo", name, "-o", str(folder / "out.json"), *more]


def test_filter_removes_what_the_library_removes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    removed = str(tmp_path / "removed.json")
    argv = argv_of(tmp_path, {11: PARTLY, 12: RIGHT, 19: ALONE}, "--removed", removed)
    both, masks = tracks_of([LEFT, RIGHT]), tracks_of([PARTLY, RIGHT])
    for missing in ("frame", "instance", "off"):
        for ria in (0.6, 0.5, 0.0):
            told = answer(capsys, *argv, "--missing-data", missing, "--ria", str(ria))
            left = both if missing == "off" else fuse.missing_data(both, masks, per=missing).tracks  # type: ignore[arg-type]
            expected = fuse.remove_inaccurate(left, masks, threshold=ria)
            assert written(tmp_path)[1].tracks == expected.tracks
            counts = told["counts"]
            assert counts["masks"] == 17
            assert counts["masks"] - counts["missing"] - counts["inaccurate"] == counts["left"]
            entries = load(removed)
            for by, name in (("missing-data", "missing"), ("ria", "inaccurate")):
                assert sum(len(entry["frames"]) for entry in entries if entry["by"] == by) == counts[name]


def test_filter_says_what_it_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    removed = str(tmp_path / "removed.json")
    told = answer(capsys, *argv_of(tmp_path, {11: PARTLY, 12: RIGHT}, "--removed", removed))
    assert told["counts"] == {
        "annotations": 3,
        "matched": 2,
        "masks": 17,
        "missing": 8,
        "inaccurate": 2,
        "left": 7,
        "dropped": 1,
        "written": 2,
        "videos": 2,
        "videos_without": 0,
    }
    assert (told["removed"], told["missing_data"], told["ria"]) == (removed, "frame", 0.6)
    assert set(told["seconds"]) == {"read", "Missing-Data", "RIA", "write", "total"}
    assert load(removed) == [
        {"video_id": 1, "annotation_id": 11, "frames": [4, 5], "iou": [0.0, 0.0], "by": "missing-data"},
        {"video_id": 1, "annotation_id": 11, "frames": [2, 3], "iou": [0.5, 0.0], "by": "ria"},
        {
            "video_id": 2,
            "annotation_id": 23,
            "frames": [0, 1, 2, 3, 4, 5],
            "iou": [0.0] * 6,
            "by": "missing-data",
        },
    ]
    assert main(argv_of(tmp_path, {11: PARTLY, 12: RIGHT})) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["removed", "by", "RIA", "2"] in lines


def test_filter_keeps_everything_else(tmp_path: Path) -> None:
    assert main(argv_of(tmp_path, {11: PARTLY, 12: RIGHT})) == 0
    before, after = load(tmp_path / "truth.json"), load(tmp_path / "out.json")
    for key in ("info", "licenses", "categories", "videos", "splits"):
        assert after[key] == before[key], "videos stay, even without annotations"
    kept = [0, 1]
    first, second = after["annotations"]
    for name in ("segmentations", "bboxes", "areas"):
        given = before["annotations"][0][name]
        assert first[name] == [value if t in kept else None for t, value in enumerate(given)]
    whole = {key: value for key, value in second.items() if key not in ("width", "height", "length")}
    assert whole == before["annotations"][1]
    assert first["occlusion"] == "none"


def test_the_same_masks_remove_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = load(truth(tmp_path))
    told = answer(capsys, *argv_of(tmp_path, {11: LEFT, 12: RIGHT, 23: ALONE}, "--ria", "1"))
    assert (told["counts"]["left"], told["counts"]["written"]) == (17, 3)
    out = load(tmp_path / "out.json")
    segmentations = [entry["segmentations"] for entry in out["annotations"]]
    assert segmentations == [entry["segmentations"] for entry in content["annotations"]]


def test_videos_and_annotations_without_pseudo_masks_have_no_counterpart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pseudo = dataset(tmp_path, labels({12: RIGHT}), "pseudo.json", [clip(1), clip(5, 3)])
    argv = ["filter", truth(tmp_path), "--pseudo", pseudo, "-o", str(tmp_path / "out.json")]
    counts = answer(capsys, *argv)["counts"]
    assert (counts["matched"], counts["videos_without"], counts["written"]) == (1, 1, 1)
    assert counts["missing"] == 12
    assert answer(capsys, *argv, "--missing-data", "off")["counts"]["inaccurate"] == 12
    assert answer(capsys, *argv, "--missing-data", "off", "--ria", "0")["counts"]["left"] == 17


def test_what_fuse_writes_filters_its_own_ground_truth(tmp_path: Path) -> None:
    given = truth(tmp_path)
    out = str(tmp_path / "fused.json")
    near = dataset(tmp_path, labels(dict(moved(1))), "near.json")
    argv = ["fuse", "--boxes", given, "--source", f"sam={by_id(tmp_path)}", "--source", f"near={near}"]
    assert main([*argv, "-o", out]) == 0
    assert main(["filter", given, "--pseudo", out, "-o", str(tmp_path / "out.json")]) == 0
    found, fused = written(tmp_path)[1], io.read_dataset(out).annotations(1)
    assert found.tracks == fuse.remove_inaccurate(tracks_of([LEFT, RIGHT]), fused.tracks).tracks


def test_filter_gives_the_same_bytes_for_any_number_of_threads(tmp_path: Path) -> None:
    before = vl.get_num_threads()
    for threads in ("1", "2"):
        out = str(tmp_path / f"{threads}.json.gz")
        assert main([*argv_of(tmp_path, {11: PARTLY}), "-o", out, "--threads", threads]) == 0
    vl.set_num_threads(before)
    assert (tmp_path / "1.json.gz").read_bytes() == (tmp_path / "2.json.gz").read_bytes()


# --- what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--ria", "1.5"], "argument --ria: is 1.5, expected 0 to 1"),
        (["--ria", "-1"], "argument --ria: is -1, expected 0 to 1"),
        (["--ria", "nan"], "argument --ria: expected a number, got 'nan'"),
        (["--missing-data", "all"], "argument --missing-data: invalid choice: 'all'"),
        (["--removed", ""], "argument --removed: expected a name, got ''"),
    ],
)
def test_bad_options_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], expected: str
) -> None:
    assert complaint(capsys, *argv_of(tmp_path, {11: LEFT}), *more).startswith(expected)
    assert not (tmp_path / "out.json").exists()


def test_pseudo_masks_of_other_annotations_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = put(tmp_path, "old", "out.json")
    text = complaint(capsys, *argv_of(tmp_path, {17: LEFT, 18: RIGHT}))
    assert text == (
        f"{tmp_path}/pseudo.json: has no masks of annotations of {tmp_path}/truth.json, expected the same "
        "ids in the same videos"
    )
    assert Path(out).read_text() == "old"


def test_pseudo_masks_without_any_mask_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = argv_of(tmp_path, {11: LEFT})
    out = put(tmp_path, "old", "out.json")
    only_boxes = labels({11: None, 12: None}, bboxes=around(LEFT))
    for given in (only_boxes, labels({11: NOTHING}), []):
        dataset(tmp_path, given, "pseudo.json")
        for more in ([], ["--missing-data", "off", "--ria", "0"]):
            text = complaint(capsys, *argv, *more)
            assert text == f"{tmp_path}/pseudo.json: has no masks, expected pseudo-masks as fuse writes them"
    assert Path(out).read_text() == "old"


def test_annotations_with_boxes_alone_have_no_pseudo_masks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = argv_of(tmp_path, {})
    boxed = labels({12: None}, bboxes=around(RIGHT))
    dataset(tmp_path, [*labels({11: LEFT}), *boxed], "pseudo.json")
    counts = answer(capsys, *argv)["counts"]
    assert (counts["matched"], counts["missing"], counts["written"]) == (1, 11, 1)
    dataset(tmp_path, [*labels({19: LEFT}), *boxed], "pseudo.json")
    assert "has no masks of annotations of" in complaint(capsys, *argv)


def test_ground_truth_of_boxes_only_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = argv_of(tmp_path, {11: LEFT})
    dataset(tmp_path, labels({11: None}, bboxes=around(LEFT)), "truth.json")
    text = complaint(capsys, *argv)
    assert text == f"{tmp_path}/truth.json: has no masks, expected ground truth with some to filter"


def test_all_videos_of_another_length_or_size_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = argv_of(tmp_path, {11: LEFT})
    dataset(tmp_path, [], "pseudo.json", [clip(1, 5), clip(2, height=47), clip(9, 1)])
    assert complaint(capsys, *argv) == (
        f"{tmp_path}/pseudo.json: does not fit {tmp_path}/truth.json: video 1 (5 frames, expected {T}), "
        f"video 2 (size (47, {W}), expected ({H}, {W}))"
    )
    videos = [clip(video) for video in range(1, 12)]
    dataset(tmp_path, [], "truth.json", videos)
    dataset(tmp_path, [], "pseudo.json", [{**video, "width": 3} for video in videos])
    text = complaint(capsys, *argv)
    assert text.endswith(f"video 8 (size ({H}, 3), expected ({H}, {W})) and 3 more")


def test_no_output_of_filter_is_an_input_or_the_other_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = argv_of(tmp_path, {11: LEFT})
    given, pseudo, out = (str(tmp_path / name) for name in ("truth.json", "pseudo.json", "out.json"))
    for path, what in ((given, "the ground truth"), (pseudo, "--pseudo")):
        before = Path(path).read_bytes()
        assert (
            complaint(capsys, *argv, "-o", path) == f"{path}: -o is the same file as {what}, expected another"
        )
        text = complaint(capsys, *argv, "--removed", path)
        assert text == f"{path}: --removed is the same file as {what}, expected another"
        assert Path(path).read_bytes() == before
    assert complaint(capsys, *argv, "--removed", out).startswith(f"{out}: --removed is the same file as -o")


def test_files_that_cannot_be_read_or_written_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv, none = argv_of(tmp_path, {11: LEFT}), str(tmp_path / "none" / "x.json")
    missing = f"{none}: no such file or directory"
    assert complaint(capsys, *argv, "--pseudo", none) == missing
    assert complaint(capsys, "filter", none, *argv[2:]) == missing
    assert complaint(capsys, *argv, "-o", none) == missing
    assert complaint(capsys, *argv, "--removed", none).endswith("no such file or directory")
    results = put(tmp_path, json.dumps(scene()))
    text = complaint(capsys, *argv, "--pseudo", results)
    assert text == f"{results}: expected an object with videos and annotations, got a list (results?)"
    assert not (tmp_path / "out.json").exists()
