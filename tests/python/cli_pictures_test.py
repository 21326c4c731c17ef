"""`vislabel propose` and `vislabel show`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import vislabel as vl
from cli_cases import H, W, answer, complaint, put, result, track
from vislabel import io
from vislabel.cli import main


def test_propose_writes_results_frames_and_the_skeleton_of_a_dataset(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    results = str(out / "results.json")
    argv = (
        "propose",
        str(clip),
        "-o",
        results,
        "--start",
        "2",
        "--stop",
        "20",
        "--frames",
        str(out / "frames"),
    )
    told = answer(capsys, *argv, "--video-id", "3")
    assert told["written"] == [results, str(out / "frames"), str(out / "videos.json")]
    (found,) = io.read_results(results)
    assert found.video_id == 3
    assert found.tracks.shape == (told["counts"]["tracks"], 18)
    assert found.predicted_iou is not None
    (entry,) = io.read_dataset(out / "videos.json").videos
    assert (entry.id, entry.size, entry.length) == (3, (2 * H, 2 * W), 18)
    assert entry.file_names[0] == "clip/2.jpg"
    assert all((out / "frames" / name).exists() for name in entry.file_names)


def test_propose_finds_a_missing_folder_before_it_starts(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "none" / "results.json")
    assert complaint(capsys, "propose", str(clip), "-o", out) == f"{out}: no such file or directory"


def test_show_draws_frames_a_sheet_and_a_timeline(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2 = pytest.importorskip("cv2")
    size = (2 * H, 2 * W)
    tracks = vl.Tracks(np.ones((1, 4, *size), bool), present=[[True, False, True, True]])
    # frames 3 to 9 of the clip, of which the reference rule kept some
    video = io.Video(
        1, *size[::-1], 4, tuple(f"clip/{t}.png" for t in (3, 4, 7, 9)), {"frame_indices": [0, 1, 4, 6]}
    )
    labels = io.Annotations(video, tracks, np.array([1]), extra=[{"quality": [0.8, None, 0.9, 1.0]}])
    io.write_dataset(tmp_path / "pseudo.json", [labels])
    first, second = tmp_path / "pictures", tmp_path / "deep" / "pictures"
    dataset = str(tmp_path / "pseudo.json")
    told = answer(
        capsys, "show", dataset, "--video", str(clip), "-o", str(first), "--start", "3", "--every", "2"
    )
    names = ["frame_00000.png", "frame_00002.png", "contact_sheet.png", "timeline.png"]
    assert told["pictures"] == [str(first / name) for name in names]
    assert main(["show", dataset, "--frames", str(clip.parent), "-o", str(second), "--every", "2"]) == 0
    printed = [str(second / name) for name in names]
    assert capsys.readouterr().out.splitlines() == [*printed, "", "4 pictures"]
    for name in names:
        assert cv2.imread(str(first / name)) is not None
        assert (first / name).read_bytes() == (second / name).read_bytes(), "both ways find the same frames"


def test_show_asks_which_video(tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = [result(track(30, 30), 0.95, [1, 1], video=number) for number in (4, 6)]
    out = str(tmp_path / "pseudo.json")
    assert main(["select", put(tmp_path, content), "-o", out]) == 0
    argv = ("show", out, "--video", str(clip), "-o", str(tmp_path / "pictures"))
    assert complaint(capsys, *argv) == f"{out}: has 2 videos (4, 6): choose one by --video-id ID"
    assert complaint(capsys, *argv, "--video-id", "5") == f"{out}: has no video 5"
    text = complaint(capsys, *argv, "--video-id", "6")
    assert text == f"{clip}: frame 0 has size (96, 128), expected (48, 64) as in {out}"
