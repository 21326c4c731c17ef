"""`vislabel fuse`: one line and exit code 2 for everything bad, and nothing written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import vislabel as vl
from cli_cases import H, T, complaint, load, put, result, track
from fuse_cases import (
    ALONE,
    LEFT,
    RIGHT,
    around,
    boxes,
    by_id,
    clip,
    dataset,
    detected,
    fused_argv,
    labels,
    moved,
)
from vislabel.cli import main

# --- arguments ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--source", "a.json"], "argument --source: expected NAME=FILE, got 'a.json' (see"),
        (["--source", "=a.json"], "argument --source: expected NAME=FILE, got '=a.json' (see"),
        (["--source", "a="], "argument --source: expected a name, got '' (see"),
        (["--source", "a=-"], "argument --source: expected a name, got '-': pipes are"),
        (["--source", "a=x"], "argument --source: a is the only one, expected at least two"),
        (
            ["--source", "a=x", "--source", "b=y", "--source", "a=z"],
            "argument --source: a is given twice, expected another name for each",
        ),
        ([], "the following arguments are required: --source"),
    ],
)
def test_sources_have_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str], expected: str
) -> None:
    argv = ["fuse", *given, "--boxes", "none.json", "-o", str(tmp_path / "out.json")]
    assert complaint(capsys, *argv).startswith(expected)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--helper", "x"], "argument --helper: x is not among the sources (sam, idol)"),
        (["--in-order", "x"], "argument --in-order: x is not among the sources (sam, idol)"),
        (["--keyframes", "x=k.json"], "argument --keyframes: x is not among the sources (sam, idol)"),
        (["--keyframes", "k.json"], "argument --keyframes: expected NAME=FILE, got 'k.json' (see"),
        (
            ["--helper", "sam", "--keyframes", "sam=k.json"],
            "argument --keyframes: sam is the helper, expected a source to compare with it",
        ),
        (
            ["--helper", "idol"],
            "argument --helper: the results of video 1 in idol have no annotation_id, expected a source with "
            "one row per annotation",
        ),
        (
            ["--keyframes", "sam=k.json"],
            "argument --keyframes: needs a helper to compare with, but in video 1 it is sam itself: name one "
            "by --helper",
        ),
        (["--margin", "-1"], "argument --margin: expected an integer of at least 0, got '-1'"),
        (["--every", "0"], "argument --every: expected an integer of at least 1, got '0'"),
        (["--min-score", "x"], "argument --min-score: expected a number, got 'x'"),
        (["--min-score", "-1"], "min_score is -1"),
        (["--rule", "mine"], "argument --rule: invalid choice: 'mine'"),
    ],
)
def test_options_that_make_no_sense_are_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    more: list[str],
    expected: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert complaint(capsys, *fused_argv(tmp_path, *more)).startswith(expected)
    assert not (tmp_path / "out.json").exists()
    assert not (tmp_path / "k.json").exists()


def test_keyframes_need_a_source_with_a_row_per_annotation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = detected(tmp_path, 0, "a.json"), detected(tmp_path, 1, "b.json")
    argv = fused_argv(tmp_path, "--keyframes", f"one={tmp_path / 'k.json'}", one=one, two=two)
    assert "but in video 1 there is none: name one by --helper" in complaint(capsys, *argv)


# --- files --------------------------------------------------------------------------------------------


def test_files_that_cannot_be_read_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    none = str(tmp_path / "no\nne.json")
    wanted = none.replace("\n", "\\n")
    assert complaint(capsys, *fused_argv(tmp_path, a=by_id(tmp_path), b=none)).startswith(wanted)
    assert complaint(capsys, *fused_argv(tmp_path), "--boxes", none).startswith(wanted)
    other = put(tmp_path, {"masklet": []}, "other.json")
    text = complaint(capsys, *fused_argv(tmp_path, a=by_id(tmp_path), b=other))
    assert text.startswith(f'{other}: has no "videos", expected a dataset')
    broken = put(tmp_path, [{"score": 1}], "broken.json")
    text = complaint(capsys, *fused_argv(tmp_path, a=by_id(tmp_path), b=broken))
    assert text == f'{broken}: result 0: has no "video_id", expected an integer'
    results = detected(tmp_path)
    text = complaint(capsys, *fused_argv(tmp_path), "--boxes", results)
    assert text == f"{results}: expected an object with videos and annotations, got a list (results?)"
    assert not (tmp_path / "out.json").exists()


def test_no_output_of_fuse_is_an_input_or_the_other_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv, sam, truth = fused_argv(tmp_path), str(tmp_path / "sam.json"), str(tmp_path / "boxes.json")
    for path, what in ((sam, "--source sam"), (truth, "--boxes")):
        before = Path(path).read_bytes()
        text = complaint(capsys, *argv, "-o", path)
        assert text == f"{path}: -o is the same file as {what}, expected another"
        text = complaint(capsys, *argv, "--keyframes", f"idol={path}")
        assert text == f"{path}: --keyframes is the same file as {what}, expected another"
        assert Path(path).read_bytes() == before
    out = str(tmp_path / "out.json")
    text = complaint(capsys, *argv, "--keyframes", f"idol={out}")
    assert text == f"{out}: --keyframes is the same file as -o, expected another"
    assert not Path(out).exists()


def test_outputs_that_cannot_be_written_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    none, out = str(tmp_path / "none" / "x.json"), tmp_path / "out.json"
    text = complaint(capsys, *fused_argv(tmp_path), "-o", none)
    assert text == f"{none}: no such file or directory"
    text = complaint(capsys, *fused_argv(tmp_path), "--keyframes", f"idol={none}")
    assert text.endswith("no such file or directory")
    assert not out.exists(), "found before the work"


def test_the_old_file_stays_where_a_later_video_is_bad(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = moved(1)
    bad = result([{"size": [H, 64], "counts": [1]}] * T, 0.5, None, 2)
    idol = put(tmp_path, [result(rows[11], 0.5, None), bad], "idol.json")
    out = put(tmp_path, "old", "out.json")
    text = complaint(capsys, *fused_argv(tmp_path, sam=by_id(tmp_path), idol=idol))
    assert text.startswith(f"{idol}: video 2, result 1, segmentations[0]: malformed run lengths")
    assert Path(out).read_text() == "old"


# --- boxes --------------------------------------------------------------------------------------------


def test_bad_boxes_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = fused_argv(tmp_path)
    truth = str(tmp_path / "boxes.json")
    good = load(truth)

    def told(box: Any) -> str:
        good["annotations"][1]["bboxes"][2] = box
        text = json.dumps(good).replace('"huge"', "1e999")
        path = put(tmp_path, text, "bad.json")
        return complaint(capsys, *argv, "--boxes", path).removeprefix(f"{path}: ")

    wanted = "expected numbers below 1e100 with sides of at least 0"
    place = "video 1, annotation id 12, bboxes[2]"
    assert told([1, 2, -3, 4]) == f"{place}: is [1.0, 2.0, -3.0, 4.0], {wanted}"
    assert told([1e101, 2, 3, 4]) == f"{place}: is [1e+101, 2.0, 3.0, 4.0], {wanted}"
    place = "video 1, annotation 1"
    assert told([float("nan"), 2, 3, 4]).startswith(f"{place}, bboxes[2][0]: NaN at byte")
    assert told([float("inf"), 2, 3, 4]).startswith(f"{place}, bboxes[2][0]: Infinity at byte")
    assert told(["huge", 2, 3, 4]).startswith(f"{place}: a number is out of range")
    assert told([1, 2]) == f"{place}, bboxes[2]: expected 4 numbers x, y, width, height or null, got [1, 2]"


# --- rows ---------------------------------------------------------------------------------------------


def refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], results: list[dict[str, Any]], *more: str
) -> str:
    """What is said of results beside a good source, without the file's name."""
    idol = put(tmp_path, [*results, result(ALONE, 0.5, None, 2)], "idol.json")
    text = complaint(capsys, *fused_argv(tmp_path, sam=by_id(tmp_path), idol=idol), *more)
    assert text.startswith(f"{idol}: video 1")
    assert not (tmp_path / "out.json").exists()
    return text.removeprefix(f"{idol}: ")


def of(annotation: Any, **more: Any) -> dict[str, Any]:
    return result(LEFT, 0.5, None, annotation_id=annotation, **more)


def test_bad_annotation_ids_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = tmp_path / "boxes.json"
    text = refused(tmp_path, capsys, [of(11), of(23)])
    assert text == f"video 1, result 1: {truth} has no annotation 23 of this video"
    text = refused(tmp_path, capsys, [of(11), of("12")])
    assert text == 'video 1, result 1, annotation_id: expected an integer, got "12"'
    text = refused(tmp_path, capsys, [of(11), result(RIGHT, 0.5, None)])
    assert text == 'video 1, result 1: has no "annotation_id", expected an integer'
    idol = dataset(tmp_path, labels({11: LEFT, 13: RIGHT, 23: ALONE}), "idol.json")
    text = complaint(capsys, *fused_argv(tmp_path, sam=by_id(tmp_path), idol=idol))
    assert text == f"{idol}: video 1, annotation id 13: {truth} has no annotation 13 of this video"


def test_results_of_one_annotation_need_keyframes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(tmp_path, capsys, [of(11), of(12), of(11)]) == (
        "video 1, result 0: annotation_id is 11, as that of result 2, expected one result of each "
        'annotation, or a "keyframe" in all of them'
    )
    text = refused(tmp_path, capsys, [of(11, keyframe=1), of(11)])
    assert text.startswith("video 1, result 1: annotation_id is 11, as that of result 0")
    for keyframe, told in (("x", '"x"'), (6, "6"), (-1, "-1"), (True, "true"), (1.0, "1.0")):
        text = refused(tmp_path, capsys, [of(11, keyframe=1), of(11, keyframe=keyframe)])
        assert text == f"video 1, result 1, keyframe: expected an integer from 0 to 5, got {told}"
        assert refused(tmp_path, capsys, [of(11, keyframe=keyframe)]).startswith(
            "video 1, result 0, keyframe: "
        )
    text = refused(tmp_path, capsys, [of(11, keyframe=1), of(11, keyframe=1)])
    assert text == "video 1, result 1, keyframe: is 1, as that of another result of annotation 11"


def test_rows_in_order_are_as_many_as_annotations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = refused(tmp_path, capsys, [result(LEFT, 0.5, None)], "--in-order", "idol")
    truth = tmp_path / "boxes.json"
    assert text == f"video 1: has 1 rows, expected 2, one per annotation of {truth}, as idol is --in-order"


def test_sources_without_any_mask_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    only_boxes = boxes(tmp_path)
    nothing: list[Any] = [None] * T
    absent = put(tmp_path, [result(nothing, 0.5, None, video) for video in (1, 2)], "absent.json")
    out = put(tmp_path, "old", "out.json")
    for bad in (only_boxes, absent):
        text = complaint(capsys, *fused_argv(tmp_path, sam=by_id(tmp_path), idol=bad))
        assert text == f"{bad}: has no masks, expected some as it is --source idol"
    assert Path(out).read_text() == "old"


def test_a_source_whose_masks_are_all_left_out_is_no_failure(tmp_path: Path) -> None:
    nothing: list[Any] = [None] * T
    rows = [result(nothing, 0.5, None), result(track(*[20] * 5), 0.5, None, 2)]
    argv = fused_argv(tmp_path, sam=by_id(tmp_path), idol=put(tmp_path, rows, "idol.json"))
    assert main([*argv, "--skip-missing"]) == 0


# --- videos -------------------------------------------------------------------------------------------


def test_all_videos_that_do_not_fit_are_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = boxes(tmp_path, videos=[clip(1), clip(2), clip(3), clip(4)])
    entry = labels({33: None, 43: None}, bboxes=around(LEFT))
    content = load(truth)
    content["annotations"] += entry
    truth = put(tmp_path, content, "four.json")
    small = track(*[20] * 5)
    tall = vl.Tracks.from_rle([ALONE]).to_dense()[:, :, : H - 2]
    rows = {1: moved(1)[11], 2: small, 4: vl.Tracks(tall).to_rle("str")[0], 7: ALONE}
    idol = put(tmp_path, [result(row, 0.5, None, video) for video, row in rows.items()], "idol.json")
    sam = by_id(tmp_path)
    argv = [*fused_argv(tmp_path, sam=sam, idol=idol), "--boxes", truth]
    assert complaint(capsys, *argv) == (
        f"{truth}: 4 videos do not fit the sources: video 2 (5 frames in idol, expected 6), "
        "video 3 (not in sam, not in idol), video 4 (not in sam, size (46, 64) in idol, expected (48, 64)), "
        "video 7 (in idol alone): leave such out by --skip-missing"
    )
    assert not (tmp_path / "out.json").exists()
    assert main([*argv, "--skip-missing"]) == 0


def test_a_dataset_s_videos_must_fit_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    idol = dataset(tmp_path, [], "idol.json", [clip(1, 5), clip(2, height=47)])
    text = complaint(capsys, *fused_argv(tmp_path, sam=by_id(tmp_path), idol=idol))
    assert "2 videos do not fit the sources: video 1 (5 frames in idol, expected 6), " in text
    assert "video 2 (size (47, 64) in idol, expected (48, 64))" in text


def test_many_videos_that_do_not_fit_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    idol = put(tmp_path, [result(ALONE, 0.5, None, video) for video in (1, 2, *range(100, 111))], "idol.json")
    text = complaint(capsys, *fused_argv(tmp_path, sam=by_id(tmp_path), idol=idol))
    assert "11 videos do not fit the sources: video 100 (in idol alone), " in text
    assert "video 107 (in idol alone) and 3 more: leave such out" in text


def test_leaving_out_everything_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = put(tmp_path, [], "idol.json")
    argv = fused_argv(tmp_path, "--skip-missing", sam=by_id(tmp_path), idol=nothing)
    assert complaint(capsys, *argv) == (
        f"{tmp_path}/boxes.json: nothing is left: 2 videos do not fit the sources: video 1 (not in idol), "
        "video 2 (not in idol)"
    )
    assert not (tmp_path / "out.json").exists()
