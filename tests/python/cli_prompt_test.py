"""`vislabel prompt`: a mask for every box, and `vislabel propose --per-source`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vislabel as vl
from cli_cases import answer, complaint, load, put
from vislabel import io
from vislabel.cli import main

# The fixture `clip`: a square of 24 x 30 pixels at (4 t, 30) in frame t of 24, frames of 128 x 96.
HEIGHT, WIDTH, FRAMES = 96, 128, 24


def square(t: int) -> list[float]:
    """Its box."""
    return [4.0 * t, 30.0, min(24.0, WIDTH - 4.0 * t), 30.0]


def boxes(folder: Path, rows: list[list[Any]], **video: Any) -> str:
    """A dataset of boxes without masks; the annotations' ids are 11, 12, .."""
    length = len(rows[0]) if rows else FRAMES
    entry = {"id": 7, "width": WIDTH, "height": HEIGHT, "length": length, **video}
    entry["file_names"] = [f"clip/{t}.png" for t in range(length)]
    annotations = [
        {"id": 11 + n, "video_id": 7, "category_id": 2, "bboxes": row} for n, row in enumerate(rows)
    ]
    return put(folder, {"videos": [entry], "annotations": annotations}, "boxes.json")


def test_every_annotation_gets_a_row_with_its_id(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row: list[Any] = [square(t) for t in range(FRAMES)]
    row[5] = None
    row[6] = [500, 500, 10, 10]
    out = str(tmp_path / "grabcut.json")
    argv = ("prompt", str(clip), "--boxes", boxes(tmp_path, [row, row]), "-o", out)
    told = answer(capsys, *argv)
    assert told["output"] == out
    assert told["counts"] == {"tracks": 2, "frames": FRAMES, "boxes": 46, "empty masks": 2}
    keys = ("video_id", "score", "category_id", "annotation_id", "source")
    assert [[entry[key] for key in keys] for entry in load(out)] == [
        [7, 1.0, 2, 11, "grabcut"],
        [7, 1.0, 2, 12, "grabcut"],
    ]
    tracks = io.read_results(out).video(7).tracks
    assert np.flatnonzero(~tracks.present[0]).tolist() == [5, 6], "null, not empty"
    seen = [t for t in range(FRAMES) if t not in (5, 6)]
    assert (tracks.area[0, seen] == [square(t)[2] * 30 for t in seen]).mean() > 0.8
    assert main(argv) == 0
    assert "empty masks      2\n" in capsys.readouterr().out


def test_frame_indices_say_which_frames_of_the_clip_are_meant(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = [3, 4, 9]
    given = boxes(tmp_path, [[square(t) for t in shown]], frame_indices=shown)
    out = str(tmp_path / "grabcut.json")
    argv = ("prompt", str(clip), "--boxes", given, "-o", out)
    assert answer(capsys, *argv)["counts"]["frames"] == 3
    tracks = io.read_results(out).video(7).tracks
    assert (abs(tracks.area - 720) < 90).all()
    assert (abs(tracks.box[0, :, 0] - [4 * t for t in shown]) <= 1).all()
    before = Path(out).read_bytes()
    assert main([*argv, "--start", "3", "--stop", "12"]) == 0, "repeated, as propose was told"
    assert Path(out).read_bytes() == before
    text = complaint(capsys, *argv, "--stop", "9")
    assert text == "argument --stop: is 9, but video 7 goes up to frame 9 of the clip"


def test_start_and_stop_choose_frames_where_the_dataset_does_not(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = boxes(tmp_path, [[square(t) for t in range(10, 14)]])
    out = str(tmp_path / "grabcut.json")
    argv = ("prompt", str(clip), "--boxes", given, "-o", out)
    wanted = f"expected 4 as video 7 of {given}: choose by --start and --stop"
    assert complaint(capsys, *argv) == f"{clip}: has 24 frames from 0 to 23, {wanted}"
    assert complaint(capsys, *argv, "--start", "21").endswith(f"has 3 frames from 21 to 23, {wanted}")
    assert complaint(capsys, *argv, "--start", "10").endswith(f"has 14 frames from 10 to 23, {wanted}")
    for stop in ("3", "8"):
        text = complaint(capsys, *argv, "--start", "8", "--stop", stop)
        assert text == f"argument --stop: is {stop}, expected more than --start, which is 8"
    assert main([*argv, "--start", "10", "--stop", "14"]) == 0
    assert (io.read_results(out).video(7).tracks.area > 600).all()


def test_an_annotation_without_boxes_has_those_of_its_masks(tmp_path: Path, clip: Path) -> None:
    dense = np.zeros((1, FRAMES, HEIGHT, WIDTH), bool)
    dense[0, 2, 30:60, 8:32] = True
    video = io.Video(1, WIDTH, HEIGHT, FRAMES, tuple(f"clip/{t}.png" for t in range(FRAMES)))
    io.write_dataset(tmp_path / "masks.json", [io.Annotations(video, vl.Tracks(dense), np.array([1]))])
    content = load(tmp_path / "masks.json")
    del content["annotations"][0]["bboxes"]
    out = str(tmp_path / "grabcut.json")
    assert main(["prompt", str(clip), "--boxes", put(tmp_path, content, "masks.json"), "-o", out]) == 0
    tracks = io.read_results(out).video(1).tracks
    assert np.flatnonzero(tracks.present[0]).tolist() == [2]
    assert vl.iou.frame_iou(tracks, vl.Tracks(dense))[0, 0, 2] > 0.8


def test_a_dataset_without_annotations_gives_no_results(tmp_path: Path, clip: Path) -> None:
    out = tmp_path / "grabcut.json"
    assert main(["prompt", str(clip), "--boxes", boxes(tmp_path, []), "-o", str(out)]) == 0
    assert load(out) == []


def test_what_does_not_fit_the_clip_is_one_line(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = [square(t) for t in range(FRAMES)]
    out = str(tmp_path / "grabcut.json")

    def text(given: str, *more: str) -> str:
        return complaint(capsys, "prompt", str(clip), "--boxes", given, "-o", out, *more)

    given = boxes(tmp_path, [row], width=64)
    wanted = f"has frames of size (96, 128), expected (96, 64) as video 7 of {given}"
    assert text(given) == f"{clip}: {wanted}"
    given = boxes(tmp_path, [row[:2]], frame_indices=[3, 40])
    assert text(given) == f"{clip} has 24 frames, expected at least stop = 41"
    given = boxes(tmp_path, [[*row[:-1], [3, 3, 9, -1]]])
    wanted = "bboxes[23]: is [3.0, 3.0, 9.0, -1.0], expected numbers below 1e100 with sides of at least 0"
    assert text(given) == f"{given}: video 7, annotation id 11, {wanted}"
    given = boxes(tmp_path, [row])
    assert text(given, "--video-id", "8") == f"{given}: has no video 8"
    assert not Path(out).exists()


def test_missing_files_and_no_videos_are_one_line(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, out = boxes(tmp_path, [[square(t) for t in range(FRAMES)]]), str(tmp_path / "grabcut.json")
    none = str(tmp_path / "none.json")
    assert (
        complaint(capsys, "prompt", str(clip), "--boxes", none, "-o", out)
        == f"{none}: no such file or directory"
    )
    assert complaint(capsys, "prompt", none, "--boxes", given, "-o", out).startswith(f"{none} does not exist")
    out = str(tmp_path / "none" / "grabcut.json")
    assert complaint(capsys, "prompt", str(clip), "--boxes", given, "-o", out).startswith(f"{out}: no such")
    empty = put(tmp_path, {"videos": [], "annotations": []}, "empty.json")
    text = complaint(capsys, "prompt", str(clip), "--boxes", empty, "-o", given)
    assert text == f"{empty}: has no videos: nothing was selected"
    text = complaint(capsys, "prompt", str(clip), "-o", given)
    assert text.startswith("the following arguments are required: --boxes")


def test_the_output_is_neither_the_boxes_nor_the_video(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = boxes(tmp_path, [[square(t) for t in range(FRAMES)]])
    image = str(clip / "4.png")
    for out, what in ((given, "the boxes"), (image, "the video")):
        before = Path(out).read_bytes()
        text = complaint(capsys, "prompt", str(clip), "--boxes", given, "-o", out)
        assert text == f"{out}: -o is the same file as {what}, expected another"
        assert Path(out).read_bytes() == before


def test_propose_writes_each_source_alone(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, folder = str(tmp_path / "results.json"), tmp_path / "deep" / "sources"
    told = answer(capsys, "propose", str(clip), "-o", results, "--per-source", str(folder))
    names = ["background", "background-joined", "flow"]
    assert told["written"] == [results, *(str(folder / f"{name}.json") for name in names)]
    together = load(results)
    assert {entry["source"] for entry in together} >= {"background", "flow"}
    for name in names:
        assert load(folder / f"{name}.json") == [entry for entry in together if entry["source"] == name]
    main(["propose", str(clip), "-o", results, "--stop", "1", "--per-source", str(folder)])
    assert [load(folder / f"{name}.json") for name in names] == [[], [], []], "nothing lives long enough"


def test_sources_that_cannot_be_written_are_found_before_the_work(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, file = str(tmp_path / "r.json"), put(tmp_path, "x", "file")
    argv = ("propose", str(clip), "-o", out, "--per-source")
    assert complaint(capsys, *argv, file) == f"{file}: expected a folder for the sources, got a file"
    out = str(tmp_path / "flow.json")
    text = complaint(capsys, "propose", str(clip), "-o", out, "--per-source", str(tmp_path))
    assert text == f"{out}: a source of --per-source is the same file as -o, expected another"
    assert not Path(out).exists()
