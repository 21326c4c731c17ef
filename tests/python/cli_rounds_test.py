"""`select --previous` pastes no mask on a wrong frame; `select` and `check` say what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_cases import T, answer, complaint, load, put, result, scene, track, videos
from vislabel import io
from vislabel.cli import main


def named(folder: Path, numbers: range | list[int], name: str, **extra: Any) -> str:
    """A dataset without annotations whose frames are called by their numbers."""
    path = Path(videos(folder, [f"clip/{t:05d}.jpg" for t in numbers]))
    content = load(path)
    content["videos"][0].update(extra.pop("video", {}))
    path.unlink()
    return put(folder, {**content, **extra}, name)


def moving(numbers: range) -> list[Any]:
    """One object whose place tells the frame: x is the frame's number."""
    return [result(track(*[t % 50 for t in numbers]), 0.9, [1] * len(numbers))]


# --- frames of two rounds -----------------------------------------------------------------------------


def two_rounds(folder: Path, first: range, second: range, **video: Any) -> tuple[list[str], str]:
    """The arguments that merge a round of some frames with a round of others, and the output."""
    old, out = str(folder / "pseudo0.json"), str(folder / "pseudo1.json")
    names = named(folder, first, "videos0.json", video=video.get("old", {}))
    assert main(["select", put(folder, moving(first), "r0.json"), "-o", old, "--videos", names]) == 0
    names = named(folder, second, "videos1.json", video=video.get("new", {}))
    results = put(folder, moving(second), "r1.json")
    return ["select", results, "-o", out, "--videos", names, "--previous", old], out


@pytest.mark.parametrize("numbered", [True, False])
def test_rounds_of_shifted_frames_are_merged_by_name(tmp_path: Path, numbered: bool) -> None:
    first, second = range(100, 125), range(110, 135)
    extra = {"old": {"frame_indices": list(first)}, "new": {"frame_indices": list(second)}}
    argv, out = two_rounds(tmp_path, first, second, **(extra if numbered else {}))
    assert main(argv) == 0
    (labels,) = io.read_dataset(out)
    assert labels.video.file_names == tuple(f"clip/{t:05d}.jpg" for t in range(100, 135))
    assert labels.video.extra.get("frame_indices") == (list(range(100, 135)) if numbered else None)
    assert labels.tracks.box[0, :, 0].tolist() == [t % 50 for t in range(100, 135)]
    assert main(["check", out]) == 0


def test_rounds_without_a_common_name_are_not_merged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv, out = two_rounds(tmp_path, range(6), range(6, 12))
    assert '"clip/00000.jpg" is not among theirs: give the names by --videos' in complaint(capsys, *argv)
    assert not Path(out).exists()


def test_an_order_that_cannot_be_known_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv, _ = two_rounds(tmp_path, range(0, 12, 2), range(0, 18, 3))
    assert 'whether frame "clip/00002.jpg" comes before "clip/00003.jpg"' in complaint(capsys, *argv)
    wrong = {"old": {"frame_indices": [5, 6, 7, 8, 9, 10]}}
    argv, _ = two_rounds(tmp_path, range(0, 12, 2), range(0, 18, 3), **wrong)
    assert "video 1: frame_indices disagree" in complaint(capsys, *argv)


def test_names_and_keys_of_the_round_before_are_kept(tmp_path: Path) -> None:
    old, out = str(tmp_path / "old.json"), str(tmp_path / "out.json")
    more = {"licenses": [{"id": 3}], "source": {"of": "a"}, "video": {"fps": 25}}
    names = named(tmp_path, range(T), "videos.json", **more)
    results = put(tmp_path, scene())
    assert main(["select", results, "-o", old, "--videos", names]) == 0
    assert main(["select", results, "-o", out, "--previous", old]) == 0
    for path in (old, out):
        content = load(path)
        assert (content["licenses"], content["source"]) == ([{"id": 3}], {"of": "a"})
        assert content["videos"] == load(names)["videos"]
    assert load(out)["annotations"] == load(old)["annotations"]


def test_results_without_any_mask_take_their_size_from_the_round_before(tmp_path: Path) -> None:
    old, out = str(tmp_path / "old.json"), str(tmp_path / "out.json")
    assert main(["select", put(tmp_path, scene()), "-o", old]) == 0
    nothing = put(tmp_path, [result([None] * T, 0.9, [None] * T)], "nothing.json")
    for more in ([], ["--videos", videos(tmp_path)], ["--rule", "reference"]):
        assert main(["select", nothing, "-o", out, "--previous", old, *more]) == 0
        assert load(out)["annotations"] == load(old)["annotations"]


# --- what select says ---------------------------------------------------------------------------------


def test_select_says_why_nothing_was_selected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out.json")
    cases = [
        ([result(track(1, 2), 0.8, [0.5, 0.775])], [], "the best quality is 0.62, below --threshold 0.75"),
        ([result(track(1, 2), 0.1, [1, 1])], [], "no result reaches --score-threshold 0.25"),
        ([], [], "there are no results"),
        ([result([None], 0.9, [None])], [], "no mask has pixels"),
        ([result(track(1), 0.9, [1])], ["--rule", "reference"], "the best quality is 0.9, but --rule"),
    ]
    for content, more, expected in cases:
        results = put(tmp_path, content)
        assert main(["select", results, "-o", out, *more]) == 0
        assert f"\nnothing selected: {expected}" in capsys.readouterr().out
    assert answer(capsys, "select", put(tmp_path, cases[0][0]), "-o", out)["best_quality"] == 0.8 * 0.775


def test_a_label_beyond_the_categories_is_named_with_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, names = put(tmp_path, [{**scene()[0], "category_id": 5}]), videos(tmp_path)
    text = complaint(capsys, "select", results, "-o", str(tmp_path / "out.json"), "--videos", names)
    assert text == f"{results}: video 1: category_id 5 is not among the categories of {names}"


def test_the_help_of_select_tells_every_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["select", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"({default})" in out for default in ("paper", "any_frame", "at_least", "0.75", "0.25"))


# --- check --------------------------------------------------------------------------------------------


def defects(capsys: pytest.CaptureFixture[str], path: str) -> dict[str, str]:
    capsys.readouterr()
    main(["check", path, "--json"])
    return {entry["where"]: entry["what"] for entry in json.loads(capsys.readouterr().out)["defects"]}


def test_check_finds_bad_qualities_and_scores_of_annotations(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "pseudo.json")
    assert main(["select", put(tmp_path, scene()), "-o", out]) == 0
    content = load(out)
    content["annotations"][0].update(score="high", quality=[1, -0.5, 1.5, "x", 5e300, None])
    content["annotations"][1].update(score=None, quality=[1])
    unit = "expected a number from 0 to 1 or null, got"
    first, second = "video 1, annotation id 1", "video 1, annotation id 2"
    assert defects(capsys, put(tmp_path, content, "bad.json")) == {
        f"{first}, score": 'expected a number, got "high"',
        f"{first}, quality[1]": f"{unit} -0.5",
        f"{first}, quality[2]": f"{unit} 1.5",
        f"{first}, quality[3]": f'{unit} "x"',
        f"{first}, quality[4]": f"{unit} 5e+300",
        f"{second}, score": "expected a number, got null",
        f"{second}, quality": "has 1 entries, expected 6, the video's length",
    }


def test_check_finds_bad_and_missing_qualities_of_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [result(track(1, 1), 0.9, quality, video) for quality, video in (([0, 2], 4), (None, 6))]
    assert defects(capsys, put(tmp_path, rows)) == {
        "video 4, result 0, quality[1]": "expected a number from 0 to 1 or null, got 2.0",
        "video 6": 'has no "quality", expected one as the results of other videos have',
    }
    assert main(["check", put(tmp_path, rows[1:])]) == 0
    assert "note: no result has a" in capsys.readouterr().out


def test_check_says_once_that_results_are_of_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"image_id": n, "category_id": 1, "score": 0.5, "segmentation": {}} for n in range(3)]
    found = defects(capsys, put(tmp_path, rows))
    assert list(found) == ["result 0"]
    assert found["result 0"].startswith('has an "image_id" and no "video_id": these are results of images')
