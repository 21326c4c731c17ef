"""The command line destroys nothing and never ends in a traceback."""

from __future__ import annotations

import io as text_io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vislabel as vl
from cli_cases import complaint, load, put, scene, videos
from vislabel import io
from vislabel.cli import main

# --- files that must survive --------------------------------------------------------------------------


def test_no_output_of_select_is_an_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results, names = put(tmp_path, scene()), videos(tmp_path)
    quality = put(tmp_path, [entry["quality"] for entry in scene()], "quality.json")
    (tmp_path / "link.json").symlink_to(results)
    common = ["select", results, "--videos", names, "--quality", quality, "-o"]
    for out, what in ((results, "the results"), (names, "--videos"), (quality, "--quality")):
        before = Path(out).read_bytes()
        assert complaint(capsys, *common, out) == f"{out}: -o is the same file as {what}, expected another"
        assert Path(out).read_bytes() == before
    link = str(tmp_path / "link.json")
    assert complaint(capsys, *common, link).startswith(f"{link}: -o is the same file as the results")
    out = str(tmp_path / "pseudo.json")
    assert main(["select", results, "-o", out]) == 0
    assert main(["select", results, "-o", out, "--previous", out]) == 0, "a round may take the place of one"


def test_no_output_of_propose_is_the_video_or_another_output(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image, out = clip / "3.png", str(tmp_path / "r.json")
    before = image.read_bytes()
    text = complaint(capsys, "propose", str(clip), "-o", str(image))
    assert text == f"{image}: -o is the same file as an image of the video, expected another"
    text = complaint(capsys, "propose", str(clip), "-o", out, "--videos-out", str(image))
    assert text.startswith(f"{image}: --videos-out is the same file as")
    text = complaint(capsys, "propose", str(clip), "-o", out, "--videos-out", out)
    assert text == f"{out}: --videos-out is the same file as -o, expected another"
    text = complaint(capsys, "propose", str(image), "-o", str(image))
    assert text.startswith(f"{image}: -o is the same file as")
    assert image.read_bytes() == before
    assert not Path(out).exists()


def test_frames_never_go_over_the_images_they_come_from(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "r.json")
    argv = ("propose", str(clip), "-o", out, "--frames")
    assert "would go to the folder of the images" in complaint(capsys, *argv, str(tmp_path))
    frames = tmp_path / "frames" / "clip"
    frames.mkdir(parents=True)
    (frames / "7.jpg").hardlink_to(clip / "7.png")
    text = complaint(capsys, *argv, str(frames.parent))
    assert text.startswith(f"{frames / '7.jpg'}: a frame of --frames is the same file as an image")
    assert [path.name for path in frames.iterdir()] == ["7.jpg"]
    assert len(list(clip.iterdir())) == 24
    assert not Path(out).exists()


def test_frames_that_cannot_be_written_are_found_before_the_work(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, file = str(tmp_path / "r.json"), put(tmp_path, "x", "file")
    argv = ("propose", str(clip), "-o", out)
    assert complaint(capsys, *argv, "--frames", file).startswith(f"{file}: expected a folder for the frames")
    text = complaint(capsys, *argv, "--videos-out", str(tmp_path / "none" / "v.json"))
    assert text.endswith("v.json: no such file or directory")
    assert not Path(out).exists()


def test_the_folder_one_is_in_has_a_name_too(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clip)
    folder = tmp_path / "new" / "frames"
    assert main(("propose", ".", "-o", str(tmp_path / "r.json"), "--frames", str(folder))) == 0
    assert [path.name for path in folder.iterdir()] == [clip.name]


def test_a_dataset_beside_the_frames_is_replaced_only_by_itself(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "videos.json"
    argv = ("propose", str(clip), "-o", str(tmp_path / "r.json"), "--start", "2", "--stop", "14")
    argv = (*argv, "--frames", str(tmp_path / "frames"))
    for content in ("precious", {"videos": [], "annotations": []}):
        put(tmp_path, content, "videos.json")
        before = there.read_bytes()
        text = complaint(capsys, *argv)
        assert text == f"{there} is there already and holds something else: name a file by --videos-out"
        assert there.read_bytes() == before
        assert not (tmp_path / "frames").exists()
    there.unlink()
    assert main(argv) == 0
    assert main(argv) == 0, "the same run again"
    assert load(there)["videos"][0]["frame_indices"] == list(range(2, 14))
    assert "name a file by --videos-out" in complaint(capsys, *argv, "--video-id", "2")
    assert main([*argv, "--video-id", "2", "--videos-out", str(there)]) == 0


def test_pictures_never_go_over_the_frames(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for t in range(24):
        (clip / f"{t}.png").rename(clip / f"frame_{t:05d}.png")
    dataset = whole(tmp_path, [f"clip/frame_{t:05d}.png" for t in range(24)])
    before = (clip / "frame_00000.png").read_bytes()
    for source in (["--video", str(clip)], ["--frames", str(tmp_path)]):
        text = complaint(capsys, "show", dataset, *source, "-o", str(clip))
        assert text.startswith(f"{clip}/frame_00000.png: a picture is the same file as a frame")
    assert (clip / "frame_00000.png").read_bytes() == before


# --- show ---------------------------------------------------------------------------------------------


def whole(folder: Path, names: list[str], **extra: Any) -> str:
    """A dataset of a clip's size with one track."""
    tracks = vl.Tracks(np.ones((1, len(names), 96, 128), bool))
    video = io.Video(1, 128, 96, len(names), tuple(names), extra)
    io.write_dataset(folder / "whole.json", [io.Annotations(video, tracks, np.array([1]))])
    return str(folder / "whole.json")


def test_show_finds_the_frames_that_propose_started_at(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"clip/{t}.png" for t in range(5, 9)]
    dataset = whole(tmp_path, names, frame_indices=[5, 6, 7, 8])
    folders = [tmp_path / name for name in "abc"]
    assert main(["show", dataset, "--frames", str(tmp_path), "-o", str(folders[0])]) == 0
    assert main(["show", dataset, "--video", str(clip), "-o", str(folders[1])]) == 0
    assert main(["show", dataset, "--video", str(clip), "-o", str(folders[2]), "--start", "5"]) == 0
    for name in ("frame_00000.png", "frame_00003.png", "timeline.png"):
        assert len({(folder / name).read_bytes() for folder in folders}) == 1
    argv = ("show", dataset, "--video", str(clip), "-o", str(tmp_path / "d"), "--start", "3")
    assert "leave it out" in complaint(capsys, *argv)


def test_a_frame_that_is_a_folder_or_missing_is_one_line(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("clip", "none.png", ""):
        dataset = whole(tmp_path, ["clip/0.png", name])
        text = complaint(capsys, "show", dataset, "--frames", str(tmp_path), "-o", str(tmp_path / "out"))
        assert text == f"{tmp_path / name} is not a file, which {dataset}: video 1 has as frame 1"
    assert not (tmp_path / "out").exists()


def test_show_says_that_nothing_was_selected_and_how_much_it_wrote(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = put(tmp_path, {"videos": [], "annotations": []}, "empty.json")
    argv = ["--video", str(clip), "-o", str(tmp_path / "out")]
    assert complaint(capsys, "show", empty, *argv) == f"{empty}: has no videos: nothing was selected"
    dataset = whole(tmp_path, [f"clip/{t}.png" for t in range(4)])
    assert main(["show", dataset, *argv]) == 0
    assert main(["show", dataset, *argv, "--every", "2"]) == 0
    assert capsys.readouterr().out.endswith("\n4 pictures (and 2 older frame_*.png are in the folder)\n")
    assert len(list((tmp_path / "out").glob("frame_*.png"))) == 4


# --- arguments, streams, interruptions ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("select", "a", "-o", ""), "argument -o/--output: expected a name, got ''"),
        (("select", "a", "-o", "-"), "argument -o/--output: expected a name, got '-': pipes are"),
        (("select", "a", "-o", "b", "--videos", ""), "argument --videos: expected a name, got ''"),
        (
            ("select", "a", "-o", "b", "--threads", "100000"),
            "argument --threads: expected an integer of at m",
        ),
        (("propose", "a", "-o", "b", "--video-id", str(2**63)), "argument --video-id: expected an integer"),
        (
            ("propose", "a", "-o", "b", "--start", str(10**30)),
            "argument --start: expected an integer of at m",
        ),
    ],
)
def test_bad_arguments_are_named(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], expected: str
) -> None:
    assert complaint(capsys, *argv).startswith(expected)


def test_control_characters_in_messages_are_escaped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert complaint(capsys, "check", str(tmp_path / "a\x1b[2J\n")).startswith(f"{tmp_path}/a\\x1b[2J\\n: ")
    assert main(["check", put(tmp_path, [{**scene()[0], "score": "\x1b\n"}])]) == 2
    assert 'score: expected a number, got "\\x1b\\n"\n' in capsys.readouterr().out


def test_a_stream_that_lacks_a_character_takes_its_escape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, out = put(tmp_path, scene()), str(tmp_path / "\u00fc\U0001f600.json")
    for more in ([], ["--json"]):
        monkeypatch.setattr(sys, "stdout", text_io.TextIOWrapper(text_io.BytesIO(), "ascii"))
        assert main(["select", results, "-o", out, *more]) == 0
        printed = sys.stdout.buffer.getvalue().decode()  # type: ignore[attr-defined]
        if more:
            assert json.loads(printed)["output"] == out
        else:
            assert "\\xfc" in printed


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_closed_streams_are_no_failure(tmp_path: Path) -> None:
    shell = f'{sys.executable} -m vislabel.cli check "$0" >&- 2>&-'
    assert subprocess.run(["sh", "-c", shell, put(tmp_path, scene())], check=False).returncode == 0
    assert subprocess.run(["sh", "-c", shell, "none"], check=False).returncode == 2


def test_too_little_memory_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise MemoryError("std::bad_alloc")

    monkeypatch.setattr(vl.select, "spatiotemporal_nms", full)
    argv = ("select", put(tmp_path, scene()), "-o", str(tmp_path / "out.json"))
    assert complaint(capsys, *argv) == "not enough memory (std::bad_alloc)"


def test_ctrl_c_while_the_verbs_are_imported_is_130() -> None:
    program = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'vislabel.cli.propose': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "from vislabel.cli import main\n"
        "sys.exit(main(['--help']))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
