"""`vislabel check`: every defect, with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_cases import answer, load, put, result, scene, track
from vislabel.cli import main


def test_check_counts_what_results_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = put(tmp_path, scene())
    assert answer(capsys, "check", path) == {
        "file": path,
        "kind": "results",
        "videos": 1,
        "frames": 6,
        "tracks": 4,
        "with_quality": 4,
        "present": 23,
        "absent": 1,
        "empty": 0,
        "unreadable_videos": 0,
        "categories": {"1": 4},
        "notes": [],
        "defects": [],
    }


def test_check_lists_every_defect_of_a_results_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = [*scene(), {"score": 1}, result(track(1), None, [1, 1], 2), result([None], 0.5, None, 3)]  # type: ignore[arg-type]
    content[-1]["segmentations"] = [{"size": [4, 4], "counts": [3]}]
    assert main(["check", put(tmp_path, content), "--json"]) == 2
    out, err = capsys.readouterr()
    assert err == f"vislabel check: {tmp_path}/results.json: 4 defects\n"
    told = json.loads(out)
    assert told["unreadable_videos"] == 2
    assert [(defect["where"], defect["what"].split(",")[0]) for defect in told["defects"]] == [
        ("result 4", 'has no "video_id"'),
        ("video 2, result 5, score", "expected a number"),
        ("video 2, result 5, quality", "has 2 entries"),
        ("video 3, result 6, segmentations[0]", "malformed run lengths: the runs add up to 3"),
    ]


def test_check_lists_every_defect_of_a_dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "pseudo.json")
    assert main(["select", put(tmp_path, scene()), "-o", out]) == 0
    content = load(out)
    first, second = content["annotations"]
    first["id"] = 0
    first["areas"][0] = 7
    first["areas"][3] = 0
    second["bboxes"][1][2] += 1
    second["bboxes"][2] = None
    content["annotations"].append({**second, "id": 3, "video_id": 9})
    capsys.readouterr()
    assert main(["check", put(tmp_path, content, "bad.json")]) == 2
    text, err = capsys.readouterr()
    assert text.split("defects:\n")[1].splitlines() == [
        "  video 9, annotation 2, video_id: is not the id of a video of the dataset",
        "  video 1, annotation id 0: expected ids from 1 (the official evaluator never matches id 0)",
        "  video 1, annotation id 0, areas[0]: is 7, the mask's is 144",
        "  video 1, annotation id 0, areas[3]: is not null where the segmentation is",
        "  video 1, annotation id 2, bboxes[1]: is [40, 30, 13, 12], the mask's is [40, 30, 12, 12]",
        "  video 1, annotation id 2, bboxes[2]: is null where there is a mask",
    ]
    assert err.endswith("bad.json: 6 defects\n")


def test_check_finds_nothing_wrong_with_what_select_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "pseudo.json.gz")
    assert main(["select", put(tmp_path, scene()), "-o", out]) == 0
    told = answer(capsys, "check", out)
    assert (told["kind"], told["defects"], told["categories"]) == ("dataset", [], {"1 category 1": 2})


def test_check_counts_annotations_of_boxes_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "pseudo.json")
    assert main(["select", put(tmp_path, scene()), "-o", out]) == 0
    assert answer(capsys, "check", out)["boxes_only"] == 0
    content = load(out)
    first, second = content["annotations"]
    first["areas"], first["segmentations"] = [900] * 6, None
    del second["bboxes"]
    told = answer(capsys, "check", put(tmp_path, content, "boxes.json"))
    assert (told["tracks"], told["boxes_only"], told["defects"]) == (2, 1, [])
    first["bboxes"][2] = [1, 2, -3, 4]
    assert main(["check", put(tmp_path, content, "boxes.json"), "--json"]) == 2
    (defect,) = json.loads(capsys.readouterr().out)["defects"]
    assert defect["where"] == "video 1, annotation id 1, bboxes[2]"
    assert defect["what"] == "is [1, 2, -3, 4], expected sides of at least 0"


def test_check_takes_a_score_per_frame_and_the_boxes_that_fuse_was_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "pseudo.json")
    assert main(["select", put(tmp_path, scene()), "-o", out]) == 0
    content = load(out)
    first = content["annotations"][0]
    first["bboxes"][0] = [0, 0, 50, 40]
    first["score"], first["source"] = [0.5, None, 2, 0, 0, 1], ["sam"] * 6
    assert answer(capsys, "check", put(tmp_path, content, "fused.json"))["defects"] == []
    first["score"] = [0.5, "x"]
    assert main(["check", put(tmp_path, content, "fused.json"), "--json"]) == 2
    wheres = [defect["where"] for defect in json.loads(capsys.readouterr().out)["defects"]]
    assert wheres == ["video 1, annotation id 1, score", "video 1, annotation id 1, score[1]"]
