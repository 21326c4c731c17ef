"""`vislabel path`: bad arguments, files and maps are one line each, and no file is left behind."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_cases import H, T, W, complaint, load, put, result, track, videos
from path_cases import OBJECT, backgrounds, each, flows, path_argv, proposals, saved
from vislabel.cli import main

# --- arguments ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--k", "0"], "argument --k: expected an integer of at least 1, got '0'"),
        (["--paths", "0"], "argument --paths: expected an integer of at least 1, got '0'"),
        (["--image-weight", "nan"], "argument --image-weight: expected a number, got 'nan'"),
        (["--image-weight", "-1"], "image_weight is -1"),
        (["--flow-weight", "-1"], "flow_weight is -1"),
        (["--consistency-weight", "-1"], "consistency_weight is -1"),
        (["--inside", "given"], "argument --inside: invalid choice: 'given'"),
        (["--max-overlap", "-1"], "argument --max-overlap: expected an integer of at least 0, got '-1'"),
        (["--algorithm", "greedy"], "argument --algorithm: invalid choice: 'greedy'"),
        (["--max-nodes", "0"], "argument --max-nodes: expected an integer of at least 1, got '0'"),
        (["--iou-threshold", "0"], "argument --iou-threshold: is 0, expected more than 0 and at most 1"),
        (["--iou-threshold", "1.5"], "argument --iou-threshold: is 1.5, expected more than 0 and at most 1"),
        (["--gap", "x"], "argument --gap: expected an integer of at least 0, got 'x'"),
        (["--score-threshold", "inf"], "argument --score-threshold: expected a number, got 'inf'"),
        (["--no-flow"], "argument --no-flow: not allowed with argument --flows"),
        (["--backgrounds", ""], "argument --backgrounds: expected a name, got ''"),
        (
            ["--learn-from", "clip.avi"],
            "argument --learn-from: is of no use with --backgrounds, expected one of them",
        ),
    ],
)
def test_bad_options_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], expected: str
) -> None:
    assert complaint(capsys, *path_argv(tmp_path), *more).startswith(expected)
    assert not (tmp_path / "out.json").exists()


def test_maps_come_from_somewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results, out = put(tmp_path, proposals()), str(tmp_path / "out.json")
    maps, moved = saved(tmp_path, backgrounds(), "b.npy"), saved(tmp_path, flows(), "f.npy")
    for more in ([], ["--no-flow"], ["--backgrounds", maps], ["--flows", moved]):
        assert complaint(capsys, "path", results, "-o", out, *more) == (
            "argument --video: is left out, expected the video unless --backgrounds and --flows (or "
            "--no-flow) are given"
        )


# --- results ------------------------------------------------------------------------------------------


def test_results_of_no_video_or_of_several_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = path_argv(tmp_path, content=[])
    results = str(tmp_path / "results.json")
    assert complaint(capsys, *argv) == f"{results}: has no results: nothing was proposed"
    put(tmp_path, [result(track(5), 0.5, None, video) for video in range(1, 13)])
    ids = ", ".join(map(str, range(1, 11)))
    wanted = f"has results of 12 videos ({ids}, ..): choose one by --video-id ID"
    assert complaint(capsys, *argv) == f"{results}: {wanted}"
    assert complaint(capsys, *argv, "--video-id", "13") == f"{results}: has no result of video 13"
    empty: list[Any] = [None] * T
    put(tmp_path, [result(empty, 0.5, None, 4)])
    assert complaint(capsys, *argv) == f"{results}: video 4 has no masks: nothing was proposed"
    put(tmp_path, {"videos": []})
    assert complaint(capsys, *argv).startswith(f"{results}: expected a list of results, got an object")
    none = str(tmp_path / "no\nne.json")
    shown = none.replace("\n", "\\n")
    assert complaint(capsys, "path", none, *argv[2:]) == f"{shown}: no such file or directory"
    assert not (tmp_path / "out.json").exists()


def test_results_that_do_not_fit_the_videos_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names, results = videos(tmp_path), str(tmp_path / "results.json")
    argv = path_argv(tmp_path, "--videos", names)
    text = complaint(capsys, *argv)
    assert text == f"{results}: video 1: category_id 2 is not among the categories of {names}"
    put(tmp_path, [result(OBJECT, 0.5, None, 2)])
    assert complaint(capsys, *argv) == f"{results}: video 2: is not among the videos of the dataset"
    put(tmp_path, [result(OBJECT[:4], 0.5, None)])
    text = complaint(capsys, *argv)
    assert text.startswith(f"{results}: video 1, result 0, segmentations: has 4 entries, expected 6")


# --- the video ----------------------------------------------------------------------------------------


def test_a_video_that_does_not_fit_the_results_is_named(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, out = put(tmp_path, proposals()), str(tmp_path / "out.json")
    argv = ["path", results, "-o", out, "--video", str(clip)]
    wanted = f"expected 6 as video 1 of {results}: choose by --start and --stop"
    assert complaint(capsys, *argv) == f"{clip}: has 24 frames from 0 to 23, {wanted}"
    assert complaint(capsys, *argv, "--start", "20").endswith(f"has 4 frames from 20 to 23, {wanted}")
    text = complaint(capsys, *argv, "--start", "2", "--stop", "8")
    assert text == f"{clip}: has frames of size (96, 128), expected {H, W} as video 1 of {results}"
    text = complaint(capsys, *argv, "--start", "2", "--stop", "2")
    assert text == "argument --stop: is 2, expected more than --start, which is 2"
    text = complaint(capsys, *argv, "--start", "19", "--stop", "25")
    assert text == f"{clip} has 24 frames, expected at least stop = 25"
    none = str(tmp_path / "none.avi")
    assert complaint(capsys, *argv[:-1], none).startswith(f"{none} does not exist, expected a video file")
    assert not Path(out).exists()


def test_another_background_is_of_the_same_size(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2 = pytest.importorskip("cv2")
    small = tmp_path / "small.png"
    cv2.imwrite(str(small), np.zeros((50, 50, 3), np.uint8))
    rows = [{"size": [96, 128], "counts": [0, 200, 96 * 128 - 200]}] * 24
    argv = ["path", put(tmp_path, [result(rows, 0.5, None)]), "--video", str(clip)]
    argv += ["-o", str(tmp_path / "out.json")]
    text = complaint(capsys, *argv, "--learn-from", str(small))
    assert text == f"{small} has frames of size (50, 50), expected (96, 128) as {clip} has"
    text = complaint(capsys, *argv, "--learn-from", str(tmp_path / "none.avi"))
    assert text.startswith(f"{tmp_path}/none.avi does not exist")


def test_a_frame_that_breaks_in_the_middle_leaves_the_old_file(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"size": [96, 128], "counts": [0, 200, 96 * 128 - 200]}] * 24
    results, out = put(tmp_path, [result(rows, 0.5, None)]), put(tmp_path, "old", "out.json")
    (clip / "20.png").write_bytes(b"broken")
    text = complaint(capsys, "path", results, "--video", str(clip), "-o", out)
    assert text == f"{clip}/20.png cannot be read as an image"
    assert Path(out).read_text() == "old"


# --- maps ---------------------------------------------------------------------------------------------


def test_maps_that_are_missing_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = path_argv(tmp_path)
    for option in ("--backgrounds", "--flows"):
        for name in ("none", "none.npy", "none.npz"):
            text = complaint(capsys, *argv, option, str(tmp_path / name))
            assert text == f"{tmp_path}/{name}: no such file or directory"
    assert not (tmp_path / "out.json").exists()


def test_as_many_maps_as_frames_are_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = path_argv(tmp_path)
    few = each(tmp_path / "few", backgrounds()[:5])
    wanted = "expected 6 for the 6 frames of video 1"
    assert complaint(capsys, *argv, "--backgrounds", few) == f"{few}: has 5 maps (.npy or .npz), {wanted}"
    many = each(tmp_path / "many", backgrounds())
    wanted = "expected 5 for the 6 frames of video 1"
    assert complaint(capsys, *argv, "--flows", many) == f"{many}: has 6 maps (.npy or .npz), {wanted}"
    np.savez(tmp_path / "one.npz", backgrounds())
    text = complaint(capsys, *argv, "--backgrounds", str(tmp_path / "one.npz"))
    assert text.startswith(f"{tmp_path}/one.npz: has 1 maps (.npy or .npz), expected 6")
    for array, shape in ((backgrounds()[0], [H, W]), (backgrounds()[:5], [5, H, W]), (np.zeros(()), [])):
        path = saved(tmp_path, array, "odd.npy")
        text = complaint(capsys, *argv, "--backgrounds", path)
        wanted = f"expected [6, {H}, {W}] for the 6 frames of video 1"
        assert text == f"{path}: has shape {shape}, {wanted}"
    path = saved(tmp_path, backgrounds()[:5], "odd.npy")
    text = complaint(capsys, *argv, "--flows", path)
    assert text.endswith(f"has shape [5, {H}, {W}], expected [5, {H}, {W}, 2] for the 6 frames of video 1")


@pytest.mark.parametrize(
    ("frame", "bad", "expected"),
    [
        (3, np.zeros((H, W + 1)), f"has shape [{H}, {W + 1}] and dtype float64, expected floats [{H}, {W}]"),
        (0, np.zeros((H, W), np.uint8), f"has shape [{H}, {W}] and dtype uint8, expected floats [{H}, {W}]"),
        (2, np.full((H, W), np.nan), "is nan at [0, 0], expected probabilities from 0 to 1"),
        (5, np.full((H, W), 1.5), "is 1.5 at [0, 0], expected probabilities from 0 to 1"),
        (1, np.where(np.arange(W) == 7, -0.25, 0.5) * np.ones((H, 1)), "is -0.25 at [0, 7], expected"),
    ],
)
def test_a_bad_background_is_named_by_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], frame: int, bad: Any, expected: str
) -> None:
    argv, out = path_argv(tmp_path), put(tmp_path, "old", "out.json")
    arrays: list[Any] = list(backgrounds())
    arrays[frame] = bad
    folder = each(tmp_path / "maps", arrays)
    text = complaint(capsys, *argv, "--backgrounds", folder)
    assert text.startswith(f"{folder}/{8 + frame}.npy: {expected}")
    np.savez(tmp_path / "maps.npz", *arrays)
    text = complaint(capsys, *argv, "--backgrounds", str(tmp_path / "maps.npz"))
    assert text.startswith(f"{tmp_path}/maps.npz: arr_{frame}: {expected}")
    if bad.shape == (H, W):
        whole = saved(tmp_path, np.stack(arrays), "maps.npy")
        where = f"{whole}: frame {frame}"
        if bad.dtype == np.uint8:
            whole = saved(tmp_path, np.zeros((T, H, W), np.uint8), "maps.npy")
        assert complaint(capsys, *argv, "--backgrounds", whole).startswith(f"{where}: {expected}")
    assert Path(out).read_text() == "old"


def test_a_bad_flow_is_named_by_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv, moved = path_argv(tmp_path), flows()
    moved[2, 4, 5, 1] = np.inf
    folder = each(tmp_path / "flows", moved)
    text = complaint(capsys, *argv, "--flows", folder)
    assert text == f"{folder}/10.npy: is inf at [4, 5, 1], expected finite numbers"


def test_files_that_hold_no_array_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = path_argv(tmp_path)
    whole = Path(saved(tmp_path, backgrounds(), "whole.npy")).read_bytes()

    def told(data: bytes, name: str = "bad.npy") -> str:
        path = tmp_path / name
        path.write_bytes(data)
        text = complaint(capsys, *argv, "--backgrounds", str(path))
        start = f"{path}: cannot be read as NumPy's .npy or .npz: "
        assert text.startswith(start)
        return text.removeprefix(start)

    assert told(b"") == "No data left in file"
    assert "pickled" in told(b"hello world")
    assert told(whole[:-8])
    assert told(whole[:30])
    assert told(b"PK\x03\x04 and so on", "bad.npz")
    path = saved(tmp_path, np.array([{}], dtype=object), "object.npy")
    assert "object" in complaint(capsys, *argv, "--backgrounds", path)
    folder = each(tmp_path / "maps", backgrounds(), ".npz")
    np.savez(f"{folder}/10.npz", a=backgrounds()[2], b=backgrounds()[2])
    text = complaint(capsys, *argv, "--backgrounds", folder)
    assert text == f"{folder}/10.npz: has 2 arrays, expected one"
    damaged = bytearray((Path(folder) / "9.npz").read_bytes())
    damaged[60:90] = bytes(30)
    (Path(folder) / "9.npz").write_bytes(damaged)
    assert complaint(capsys, *argv, "--backgrounds", folder).startswith(f"{folder}/9.npz: cannot be read as")
    (Path(folder) / "8.npz").unlink()
    (Path(folder) / "8.npy").mkdir()
    assert complaint(capsys, *argv, "--backgrounds", folder) == f"{folder}/8.npy: is a directory"
    assert not (tmp_path / "out.json").exists()


# --- outputs ------------------------------------------------------------------------------------------


def test_no_output_of_path_is_an_input(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = path_argv(tmp_path)
    folder = each(tmp_path / "maps", backgrounds())
    names = videos(tmp_path)
    put(tmp_path, [{**entry, "category_id": 1} for entry in proposals()])
    argv += ["--videos", names]
    for path, what, more in (
        (str(tmp_path / "results.json"), "the results", []),
        (names, "--videos", []),
        (str(tmp_path / "backgrounds.npy"), "a file of --backgrounds", []),
        (str(tmp_path / "flows.npy"), "a file of --flows", []),
        (f"{folder}/9.npy", "a file of --backgrounds", ["--backgrounds", folder]),
    ):
        before = Path(path).read_bytes()
        text = complaint(capsys, *argv, *more, "-o", path)
        assert text == f"{path}: -o is the same file as {what}, expected another"
        assert Path(path).read_bytes() == before
    rows = [{"size": [96, 128], "counts": [0, 200, 96 * 128 - 200]}] * 24
    results, image = put(tmp_path, [result(rows, 0.5, None)], "of_clip.json"), f"{clip}/3.png"
    text = complaint(capsys, "path", results, "--video", str(clip), "-o", image)
    assert text == f"{image}: -o is the same file as the video, expected another"
    copy = str(shutil.copy(image, tmp_path / "copy.png"))
    text = complaint(capsys, "path", results, "--video", str(clip), "--learn-from", copy, "-o", copy)
    assert text == f"{copy}: -o is the same file as --learn-from, expected another"


def test_an_output_that_cannot_be_written_is_found_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("vislabel.cli.path.select_masks")
    out = str(tmp_path / "none" / "out.json")
    assert complaint(capsys, *path_argv(tmp_path), "-o", out) == f"{out}: no such file or directory"
    text = complaint(capsys, *path_argv(tmp_path), "-o", str(tmp_path))
    assert text == f"{tmp_path}: {os.strerror(errno.EISDIR).lower()}"


def test_ctrl_c_and_too_little_memory_leave_the_old_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    argv = path_argv(tmp_path)
    assert main(argv) == 0
    before = load(tmp_path / "out.json")

    def raising(error: BaseException) -> Any:
        def function(*_: Any, **__: Any) -> Any:
            raise error

        return function

    monkeypatch.setattr("vislabel.cli.path.select_masks", raising(KeyboardInterrupt()))
    assert main(argv) == 130
    monkeypatch.setattr("vislabel.cli.path.select_masks", raising(MemoryError("std::bad_alloc")))
    assert complaint(capsys, *argv) == "not enough memory (std::bad_alloc)"
    assert load(tmp_path / "out.json") == before
    names = {"backgrounds.npy", "flows.npy", "out.json", "results.json"}
    assert {path.name for path in tmp_path.iterdir()} == names
