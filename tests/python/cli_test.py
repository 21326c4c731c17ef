"""The command line: what it writes, what it prints, and one line and exit code 2 for everything bad."""

from __future__ import annotations

import builtins
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vislabel as vl
from vislabel import io
from vislabel.cli import main

DATA = Path(os.environ.get("VISLABEL_DATA", Path(__file__).parents[3] / "shared" / "data"))
VERBS = ("propose", "select", "show", "check")
H, W, T = 48, 64, 6


def square(x: int, y: int = 8, side: int = 12) -> np.ndarray[Any, Any]:
    out = np.zeros((H, W), bool)
    out[y : y + side, x : x + side] = True
    return out


def track(*xs: int | None, y: int = 8) -> list[Any]:
    """A row of segmentations: a square at each x, absent where there is None."""
    masks = [np.zeros((H, W), bool) if x is None else square(x, y) for x in xs]
    present = [[x is not None for x in xs]]
    return vl.Tracks(np.array([masks]), present=present).to_rle(counts="str")[0]


def result(
    row: list[Any], score: float, quality: list[Any] | None, video: int = 1, **more: Any
) -> dict[str, Any]:
    entry = {"video_id": video, "score": score, "category_id": 1, "segmentations": row, **more}
    return entry if quality is None else {**entry, "quality": quality}


def scene() -> list[dict[str, Any]]:
    """Two objects, a duplicate of the first, and one below the score threshold."""
    return [
        result(track(0, 1, 2, 3, 4, 5), 0.9, [1, 1, 0.9, 0.5, 1, 1]),
        result(track(0, 1, 2, 3, 4, 5), 0.8, [1] * 6),
        result(track(40, 40, 40, None, 40, 40, y=30), 0.8, [1, 1, 1, None, 0.1, 1], source="flow"),
        result(track(20, 20, 20, 20, 20, 20), 0.1, [1] * 6),
    ]


def put(folder: Path, content: Any, name: str = "results.json") -> str:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def load(path: str | Path) -> Any:
    return json.loads(Path(path).read_text())


def videos(folder: Path, names: list[str] | None = None) -> str:
    file_names = tuple(names or [f"clip/{10 * t}.jpg" for t in range(T)])
    entry = io.Video(1, W, H, len(file_names), file_names)
    nothing = io.Annotations(entry, vl.Tracks.from_rle([], (H, W), frames=len(file_names)), np.zeros(0, int))
    io.write_dataset(folder / "videos.json", [nothing], categories=[{"id": 1, "name": "person"}])
    return str(folder / "videos.json")


def complaint(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The one line on stderr of a call that fails, without the program's name."""
    capsys.readouterr()
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert err.startswith("vislabel")
    return err.rstrip("\n").split(": ", 1)[1]


def answer(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    """What --json prints, which is one object on one line."""
    capsys.readouterr()
    assert main([*argv, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    return json.loads(out)


# --- every verb ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    out = capsys.readouterr().out
    assert f"example:\n  vislabel {verb} " in out
    assert "--json" in out


def test_the_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"    {verb} " in out for verb in VERBS)


def test_the_version_is_the_library_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"vislabel {vl.__version__}\n"


def test_it_runs_as_a_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vislabel.cli"]
    good = subprocess.run(
        [*command, "check", put(tmp_path, scene())], capture_output=True, text=True, check=False
    )
    assert (good.returncode, good.stderr) == (0, "")
    bad = subprocess.run([*command, "check", "none.json"], capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == "vislabel check: none.json: no such file or directory\n"


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="no /dev/stdin on this system")
def test_pipes_are_files_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vislabel.cli"]
    argv = [*command, "select", "/dev/stdin", "-o", str(tmp_path / "pseudo.json")]
    subprocess.run(argv, input=json.dumps(scene()).encode(), check=True, capture_output=True)
    argv = [*command, "check", "/dev/stdin", "--json"]
    given = (tmp_path / "pseudo.json").read_bytes()
    told = json.loads(subprocess.run(argv, input=given, check=True, capture_output=True).stdout)
    assert (told["kind"], told["tracks"]) == ("dataset", 2)
    argv = [*command, "select", str(put(tmp_path, scene())), "-o", "/dev/stdout"]
    out = subprocess.run(argv, check=True, capture_output=True).stdout
    assert out.startswith(given)


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ((), "the following arguments are required: VERB (see vislabel --help)"),
        (("elect",), "argument VERB: invalid choice: 'elect'"),
        (
            ("select", "a.json"),
            "the following arguments are required: -o/--output (see vislabel select --help)",
        ),
        (
            ("select", "a", "-o", "b", "--threshold", "nan"),
            "argument --threshold: expected a number, got 'nan'",
        ),
        (
            ("select", "a", "-o", "b", "--threads", "0"),
            "argument --threads: expected an integer of at least 1, got '0'",
        ),
        (("select", "a", "-o", "b", "--rule", "mine"), "argument --rule: invalid choice: 'mine'"),
        (("show", "a", "-o", "b"), "one of the arguments --video --frames is required"),
        (
            ("propose", "a", "-o", "b", "--start", "-1"),
            "argument --start: expected an integer of at least 0, got '-1'",
        ),
    ],
)
def test_bad_arguments_are_one_line(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], expected: str
) -> None:
    assert complaint(capsys, *argv).startswith(expected)


@pytest.mark.parametrize("verb", ["select", "show", "check", "propose"])
def test_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    none = str(tmp_path / "no\nne.json")
    more = {
        "select": ["-o", str(tmp_path / "x")],
        "show": ["--video", "x", "-o", str(tmp_path / "y")],
        "check": [],
    }
    text = complaint(capsys, verb, none, *more.get(verb, ["-o", str(tmp_path / "x")]))
    assert text.startswith(none.replace("\n", "\\n"))
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_is_130_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    results = put(tmp_path, scene())
    monkeypatch.setattr(vl.select, "spatiotemporal_nms", interrupted)
    assert main(["select", results, "-o", str(tmp_path / "out.json")]) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


@pytest.mark.parametrize(("module", "extra"), [("msgspec", "io"), ("cv2", "draw")])
def test_a_missing_extra_is_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    extra: str,
) -> None:
    results = put(tmp_path, scene())
    pseudo = str(tmp_path / "pseudo.json")
    assert main(["select", results, "-o", pseudo]) == 0
    (tmp_path / "images").mkdir()
    for t in range(T):
        (tmp_path / "images" / f"{t}.png").write_bytes(b"")
    monkeypatch.setitem(sys.modules, module, None)
    argv = ("show", pseudo, "--video", str(tmp_path / "images"), "-o", str(tmp_path / "pictures"))
    assert f"pip install 'vislabel[{extra}]'" in complaint(capsys, *argv)


def test_tables_are_plain_text_without_rich(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("rich"):
            raise ImportError(name)
        return found(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert main(["check", put(tmp_path, scene())]) == 0
    assert "tracks                 4\n" in capsys.readouterr().out


# --- select -------------------------------------------------------------------------------------------


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


# --- check --------------------------------------------------------------------------------------------


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


# --- propose and show ---------------------------------------------------------------------------------


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A folder of images in which a bright square walks over noise."""
    cv2 = pytest.importorskip("cv2", reason="OpenCV (extra draw) is not installed")
    folder = tmp_path / "clip"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(90, 110, (H * 2, W * 2, 3))
    for t in range(24):
        frame = noise.astype(np.uint8).copy()
        frame[30:60, 4 * t : 4 * t + 24] = (230, 60, 20)
        assert cv2.imwrite(str(folder / f"{t}.png"), frame)
    return folder


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


# --- real files ---------------------------------------------------------------------------------------


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
