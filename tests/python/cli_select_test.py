"""`vislabel select`: what every step keeps, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import vislabel as vl
from cli_cases import DATA, H, W, answer, complaint, load, put, result, scene, track, videos
from vislabel import io
from vislabel.cli import main


def test_select_writes_the_pseudo_labels_of_the_library(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, out = put(tmp_path, scene()), str(tmp_path / "pseudo.json")
    told = answer(capsys, "select", results, "-o", out)
    (found,) = io.read_results(results)
    expected = vl.select.pseudo_labels(found.tracks, found.scores, found.predicted_iou)
    (labels,) = io.read_dataset(out)
    assert labels.tracks == expected.tracks
    assert [extra["score"] for extra in labels.extra] == [0.9, 0.8]
    assert labels.extra[0]["quality"] == [0.9, 0.9, 0.9 * 0.9, None, 0.9, 0.9]
    assert labels.extra[1]["quality"] == [0.8, 0.8, 0.8, None, None, 0.8]
    assert labels.extra[1]["source"] == "flow", "keys of the result are kept"
    assert told["counts"] == {
        "detections": 4,
        "scored": 3,
        "survivors": 2,
        "retained": 2,
        "selected": 9,
        "frames": 6,
        "tracks": 2,
        "videos": 1,
    }
    assert set(told["seconds"]) == {"read", "nms", "quality and retention", "write", "total"}
    assert told["output"] == out


def test_select_prints_what_every_step_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["select", put(tmp_path, scene()), "-o", str(tmp_path / "pseudo.json")]) == 0
    out = capsys.readouterr().out
    assert "survive the NMS                2\n" in out
    assert "quality and retention" in out
    assert "previous" not in out


def test_select_names_frames_itself_or_takes_names_and_categories_of_a_dataset(tmp_path: Path) -> None:
    results, out = put(tmp_path, scene()), str(tmp_path / "pseudo.json")
    assert main(["select", results, "-o", out]) == 0
    made = load(out)
    assert made["videos"][0]["file_names"][:2] == ["1/00000.jpg", "1/00001.jpg"]
    assert made["categories"] == [{"id": 1, "name": "category 1"}]
    assert main(["select", results, "-o", out, "--videos", videos(tmp_path)]) == 0
    taken = load(out)
    assert taken["videos"][0]["file_names"][:2] == ["clip/0.jpg", "clip/10.jpg"]
    assert taken["categories"] == [{"id": 1, "name": "person"}]


def test_select_needs_predicted_ious_and_says_how_to_give_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = [{key: value for key, value in entry.items() if key != "quality"} for entry in scene()]
    results, out = put(tmp_path, plain), tmp_path / "pseudo.json"
    text = complaint(capsys, "select", results, "-o", str(out))
    assert text == (
        f'{results}: the results of video 1 have no "quality" (predicted IoU per frame): '
        "give it by --quality FILE, or --quality none to take it as 1"
    )
    assert not out.exists()
    assert main(["select", results, "-o", str(out), "--quality", "none"]) == 0
    assert "taken as 1 everywhere" in capsys.readouterr().out
    quality = put(tmp_path, [entry["quality"] for entry in scene()], "quality.json")
    assert main(["select", results, "-o", str(out), "--quality", quality]) == 0
    first = load(out)
    assert main(["select", put(tmp_path, scene()), "-o", str(out)]) == 0
    assert load(out)["annotations"] == first["annotations"]


def test_select_leaves_out_videos_without_pseudo_labels_and_keeps_interleaved_ones(tmp_path: Path) -> None:
    second = result(track(30, 30), 0.95, [1, 1], video=2)
    third = result(track(30, 30, 30), 0.3, [1, 1, 1], video=3)
    content = [scene()[0], third, second, *scene()[1:]]
    out = str(tmp_path / "pseudo.json")
    assert main(["select", put(tmp_path, content), "-o", out]) == 0
    written = io.read_dataset(out)
    assert [video.id for video in written.videos] == [1, 2]
    assert [len(labels) for labels in written] == [2, 1]


def test_select_suppresses_within_a_category_only_if_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = scene()
    content[1]["category_id"] = 2
    results, out = put(tmp_path, content), str(tmp_path / "pseudo.json")
    assert answer(capsys, "select", results, "-o", out)["counts"]["survivors"] == 2
    assert answer(capsys, "select", results, "-o", out, "--per-class")["counts"]["survivors"] == 3
    assert {entry["category_id"] for entry in load(out)["annotations"]} == {1, 2}


def test_select_by_the_reference_drops_frames_and_tells_which(tmp_path: Path) -> None:
    out = str(tmp_path / "pseudo.json")
    argv = ["select", put(tmp_path, scene()), "-o", out, "--videos", videos(tmp_path), "--rule", "reference"]
    assert main(argv) == 0
    (entry,) = load(out)["videos"]
    assert entry["length"] == 4
    assert entry["file_names"] == ["clip/0.jpg", "clip/10.jpg", "clip/20.jpg", "clip/50.jpg"]
    assert entry["frame_indices"] == [0, 1, 2, 5]


def test_select_merges_with_the_previous_round(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = str(tmp_path / "pseudo0.json"), str(tmp_path / "pseudo1.json")
    old = [
        result(track(0, 1, 2, 3, None, None), 0.8, [1] * 6),
        result(track(9, 9, 0), 0.9, [1] * 3, 5),
    ]
    assert main(["select", put(tmp_path, old), "-o", first]) == 0
    told = answer(capsys, "select", put(tmp_path, scene()), "-o", second, "--previous", first)
    assert (told["counts"]["matched"], told["counts"]["appended"]) == (1, 1)
    assert (told["counts"]["tracks"], told["counts"]["videos"]) == (3, 2)
    written = io.read_dataset(second)
    assert [video.id for video in written.videos] == [1, 5], "videos of the previous round alone come last"
    labels = written.annotations(1)
    assert labels.extra[0]["score"] == 0.9
    # frame 3 is the old round's: the new one was not selected there
    assert labels.extra[0]["quality"] == [0.9, 0.9, 0.9 * 0.9, 0.8, 0.9, 0.9]
    assert labels.tracks.present[0].all()


def test_merging_goes_by_file_names_where_the_previous_round_dropped_frames(tmp_path: Path) -> None:
    names = videos(tmp_path)
    first, second = str(tmp_path / "pseudo0.json"), str(tmp_path / "pseudo1.json")
    common = ["--videos", names, "--rule", "reference"]
    assert main(["select", put(tmp_path, scene()), "-o", first, *common]) == 0
    better = [result(track(40, None, 40, 40, 40, None, y=30), 0.9, [0, 1, 1, 1, 0, 0])]
    assert (
        main(["select", put(tmp_path, better, "new.json"), "-o", second, *common, "--previous", first]) == 0
    )
    (labels,) = io.read_dataset(second)
    # the old round held frames 0, 1, 2, 5, the new one 1, 2, 3, 5: absence is no reason to drop a frame
    assert labels.video.extra["frame_indices"] == [0, 1, 2, 3, 5]
    assert labels.tracks.present.tolist() == [
        [True, True, True, False, True],
        [True, True, True, True, True],
    ]
    assert labels.extra[1]["quality"] == [0.8, 0.8, 0.9, 0.9, 0.8]
    assert main(["check", second]) == 0


def test_frames_that_cannot_be_aligned_are_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, out = str(tmp_path / "pseudo0.json"), str(tmp_path / "out.json")
    argv = [
        "select",
        put(tmp_path, scene()),
        "-o",
        first,
        "--videos",
        videos(tmp_path),
        "--rule",
        "reference",
    ]
    assert main(argv) == 0
    text = complaint(capsys, "select", put(tmp_path, scene()), "-o", out, "--previous", first)
    assert text == (
        f'{first}: video 1 has 4 frames, the results 6, and frame "clip/0.jpg" is not among theirs: '
        "give the names by --videos FILE"
    )


def test_select_gives_the_same_bytes_for_any_number_of_threads(tmp_path: Path) -> None:
    results = put(tmp_path, scene())
    before = vl.get_num_threads()
    for threads in ("1", "2"):
        assert (
            main(["select", results, "-o", str(tmp_path / f"{threads}.json.gz"), "--threads", threads]) == 0
        )
    vl.set_num_threads(before)
    assert (tmp_path / "1.json.gz").read_bytes() == (tmp_path / "2.json.gz").read_bytes()


def test_select_keeps_the_old_file_where_a_later_video_is_bad(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = put(tmp_path, "old", "pseudo.json")
    bad = result([{"size": [H, W], "counts": [1]}], 0.9, [1], video=2)
    text = complaint(capsys, "select", put(tmp_path, [*scene(), bad]), "-o", out)
    assert "video 2, result 4, segmentations[0]: malformed run lengths" in text
    assert Path(out).read_text() == "old"
    text = complaint(capsys, "select", put(tmp_path, scene()), "-o", str(tmp_path / "none" / "x.json"))
    assert text == f"{tmp_path}/none/x.json: no such file or directory"


def test_the_masklets_of_sa_v_are_selected_as_the_library_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = DATA / "facebookresearch_sam2/sav_dataset/example/sav_000001_auto.json"
    if not source.exists():
        pytest.skip(f"{source} is not there: real masks are not part of the project")
    given = json.loads(source.read_text())
    scores = given["masklet_stability_score"]
    content = [
        result(list(row), 0.76 + 0.01 * n, [frame[n] for frame in scores])
        for n, row in enumerate(zip(*given["masklet"], strict=True))
    ]
    results, out = put(tmp_path, content), str(tmp_path / "pseudo.json")
    told = answer(capsys, "select", results, "-o", out)
    (found,) = io.read_results(results)
    expected = vl.select.pseudo_labels(found.tracks, found.scores, found.predicted_iou)
    (labels,) = io.read_dataset(out)
    assert labels.tracks == expected.tracks
    assert told["counts"]["selected"] == int(expected.selected.sum())
    assert told["counts"]["retained"] == len(expected.kept) == 9
    again = str(tmp_path / "again.json")
    told = answer(capsys, "select", results, "-o", again, "--previous", out)
    assert (told["counts"]["matched"], told["counts"]["appended"]) == (9, 0)
    assert load(again)["annotations"] == load(out)["annotations"], (
        "merging a round with itself changes nothing"
    )
    assert answer(capsys, "check", again)["defects"] == []
