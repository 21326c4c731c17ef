"""`vislabel fuse`: how the rows of sources meet the boxes, and what it writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vislabel as vl
from cli_cases import H, T, W, answer, load, put, result, track
from fuse_cases import (
    ALONE,
    LEFT,
    RIGHT,
    around,
    box_array,
    boxes,
    by_id,
    clip,
    dataset,
    detected,
    fused_argv,
    labels,
    moved,
    tracks_of,
    written,
)
from vislabel import fuse, io
from vislabel.cli import main

BOXES = box_array(LEFT, RIGHT)


def pair(by: int) -> vl.Tracks:
    """Both objects of video 1."""
    rows = moved(by)
    return tracks_of([rows[11], rows[12]])


# --- what is written ----------------------------------------------------------------------------------


def test_fuse_writes_the_pseudo_masks_of_the_library(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = answer(capsys, *fused_argv(tmp_path))
    detections = tracks_of([moved(1)[12], moved(1)[11]])
    expected = fuse.pseudo_masks({"sam": pair(0), "idol": fuse.Unassigned(detections)}, BOXES)
    found = written(tmp_path)
    assert found[1].tracks == expected.tracks
    for n in range(2):
        winners, scores = expected.winner[n], expected.score[:, n]
        names = [None if s < 0 else ("sam", "idol")[s] for s in winners]
        assert found[1].extra[n]["source"] == names
        best = [None if s < 0 else scores[s, t] for t, s in enumerate(winners)]
        assert found[1].extra[n]["score"] == best
    assert found[1].extra[1]["source"][3] is None
    assert told["counts"] == {
        "videos": 2,
        "annotations": 3,
        "boxes": 17,
        "boxes_of_masks": 0,
        "masks": 17,
        "alone": 0,
        "empty": 0,
        "deleted": int(expected.fused.area.sum() - expected.tracks.area.sum()),
        "absent": 0,
        "written": 3,
    }
    assert told["sources"] == {
        "sam": {"masks": 17, "of_annotations": 17, "won": 17, "box_overlap": 1.0},
        "idol": {"masks": 17, "of_annotations": 17, "won": 0, "box_overlap": pytest.approx(11 / 13)},
    }
    assert told["left_out"] == []
    assert set(told["seconds"]) == {"read", "fuse", "write", "total"}


def test_fuse_keeps_everything_of_the_boxes_file_and_gives_the_boxes_of_the_masks_frames(
    tmp_path: Path,
) -> None:
    assert main(fused_argv(tmp_path)) == 0
    given, out = load(boxes(tmp_path)), load(tmp_path / "out.json")
    for key in ("videos", "categories", "licenses", "splits"):
        assert out[key] == given[key]
    for before, after in zip(given["annotations"], out["annotations"], strict=True):
        for key in ("id", "video_id", "category_id", "occlusion", "bboxes"):
            assert after[key] == before[key]
        areas = [None if rle is None else int(vl.mask.area(rle)) for rle in after["segmentations"]]
        assert after["areas"] == areas
    assert [entry["iscrowd"] for entry in out["annotations"]] == [1, 0, 0]
    assert out["info"]["description"] == f"PM-VIS pseudo-masks by vislabel {vl.__version__}"
    assert out["info"]["sources"] == ["sam", "idol"]
    assert main(["check", str(tmp_path / "out.json")]) == 0


def test_annotations_without_any_mask_are_left_out_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = dataset(tmp_path, labels({11: LEFT}), "one.json")
    two = dataset(tmp_path, labels({11: track(4, 5, None, None, None, None)}), "two.json")
    told = answer(capsys, *fused_argv(tmp_path, one=one, two=two))
    assert (told["counts"]["absent"], told["counts"]["written"], told["counts"]["alone"]) == (2, 1, 4)
    found = written(tmp_path)
    assert list(found) == [1, 2], "videos stay"
    assert found[1].ids is not None
    assert found[1].ids.tolist() == [11]
    assert len(found[2]) == 0


def test_kept_boxes_stay_where_there_is_no_fused_mask_and_are_annotations_of_a_second_round(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    some = {"sam": labels({11: track(4, 5, None, 7, 8, 9)}), "idol": labels({11: LEFT[:2] + [None] * 4})}
    named = {name: dataset(tmp_path, rows, f"{name}.json") for name, rows in some.items()}
    argv = fused_argv(tmp_path, **named)
    assert main(argv) == 0
    assert load(tmp_path / "out.json")["info"]["keep_boxes"] is False
    fewer = written(tmp_path)[1]
    told = answer(capsys, *argv, "--keep-boxes")["counts"]
    assert (told["masks"], told["absent"], told["written"]) == (5, 2, 3)
    given, out = load(boxes(tmp_path)), load(tmp_path / "out.json")
    assert out["info"]["keep_boxes"] is True
    for before, after in zip(given["annotations"], out["annotations"], strict=True):
        for key in ("id", "video_id", "bboxes", "occlusion"):
            assert after[key] == before[key]
    for entry in out["annotations"][1:]:
        assert entry["segmentations"] == entry["areas"] == entry["source"] == entry["score"] == [None] * T
    assert out["annotations"][0]["segmentations"][2] is None
    found = written(tmp_path)[1]
    assert found.tracks[:1] == fewer.tracks
    assert main(["check", str(tmp_path / "out.json")]) == 0
    capsys.readouterr()
    assert main([*argv, "--keep-boxes"]) == 0
    text = capsys.readouterr().out
    assert "annotations without any mask " in text
    assert "left out" not in text

    second, first = tmp_path / "second.json", (tmp_path / "out.json").rename(tmp_path / "first.json")
    sources = [
        f"--source={name}={path}" for name, path in (("sam", by_id(tmp_path)), ("b", by_id(tmp_path, 1)))
    ]
    assert main(["fuse", *sources, "--boxes", str(first), "-o", str(second)]) == 0
    assert main(["fuse", *sources, "--boxes", boxes(tmp_path), "-o", str(tmp_path / "out.json")]) == 0
    assert load(second)["annotations"] == load(tmp_path / "out.json")["annotations"]


def test_an_annotation_without_any_mask_or_box_is_kept_too(tmp_path: Path) -> None:
    nothing: list[Any] = [None] * T
    truth = dataset(tmp_path, labels({11: LEFT, 12: nothing}), "truth.json", [clip(1)])
    sources = {name: dataset(tmp_path, labels({11: LEFT}), f"{name}.json", [clip(1)]) for name in "ab"}
    argv = [*fused_argv(tmp_path, **sources), "--boxes", truth, "--keep-boxes"]
    assert main(argv) == 0
    first, second = load(tmp_path / "out.json")["annotations"]
    assert first["bboxes"] == around(LEFT)
    assert (second["id"], second["bboxes"], second["segmentations"]) == (12, nothing, nothing)
    assert main(["check", str(tmp_path / "out.json")]) == 0


def test_a_source_of_wrong_annotations_shows_in_the_overlap_with_the_boxes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = moved(0)
    swapped = dataset(tmp_path, labels({11: rows[12], 12: rows[11], 23: rows[23]}), "swapped.json")
    none = dataset(tmp_path, labels({11: [None, *track(60)] * 3}), "none.json")
    content = load(boxes(tmp_path))
    content["annotations"][0]["bboxes"][1::2] = [None] * 3
    argv = fused_argv(tmp_path, sam=by_id(tmp_path), swapped=swapped, none=none)
    told = answer(capsys, *argv, "--boxes", put(tmp_path, content, "fewer.json"))["sources"]
    assert told["sam"]["box_overlap"] == 1, "masks without a box do not count"
    assert told["swapped"]["box_overlap"] == pytest.approx(6 / 14)
    assert told["none"]["box_overlap"] is None
    near = dataset(tmp_path, labels(dict(moved(2))), "near.json")
    for kind in ("iou", "giou"):
        argv = fused_argv(tmp_path, "--box-overlap", kind, swapped=swapped, near=near)
        told = answer(capsys, *argv)["sources"]
        assert told["near"]["box_overlap"] == pytest.approx(10 / 14)
        assert told["swapped"]["box_overlap"] == pytest.approx(6 / 16)


def test_boxes_without_masks_of_a_frame_are_null(tmp_path: Path) -> None:
    one = dataset(tmp_path, labels({11: track(4, 5, None, 7, 8, 9)}), "one.json")
    assert main(fused_argv(tmp_path, one=one, two=one)) == 0
    (entry,) = load(tmp_path / "out.json")["annotations"]
    assert entry["bboxes"] == [box if t != 2 else None for t, box in enumerate(around(LEFT))]


def test_without_a_box_there_is_no_mask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = fused_argv(tmp_path)
    content = load(tmp_path / "boxes.json")
    content["annotations"][0]["bboxes"][2] = None
    content["annotations"][1]["bboxes"] = [None] * T
    told = answer(capsys, *argv, "--boxes", put(tmp_path, content, "fewer.json"))
    assert told["counts"]["boxes"] == 11
    assert (told["counts"]["absent"], told["counts"]["written"]) == (1, 2)
    first = written(tmp_path)[1]
    assert first.tracks.present.tolist() == [[True, True, False, True, True, True]]
    assert first.extra[0]["source"][2] is None
    assert first.extra[0]["score"][2] is None


def test_an_annotation_without_boxes_has_those_of_its_masks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = labels({11: LEFT, 12: RIGHT, 23: ALONE})
    given[1]["bboxes"] = [[39, 29, 14, 14]] * 6
    truth = dataset(tmp_path, given, "truth.json")
    argv = [*fused_argv(tmp_path), "--boxes", truth]
    assert answer(capsys, *argv)["counts"]["boxes_of_masks"] == 2
    first, second, _ = load(tmp_path / "out.json")["annotations"]
    assert first["bboxes"] == around(LEFT)
    assert second["bboxes"] == [box if t != 3 else None for t, box in enumerate([[39, 29, 14, 14]] * 6)]


def test_fuse_prints_what_came_of_each_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(fused_argv(tmp_path)) == 0
    out = capsys.readouterr().out
    lines = [line.split() for line in out.splitlines()]
    assert ["fused", "masks", "17"] in lines
    assert ["source", "masks", "of", "annotations", "won", "box", "overlap"] in lines
    assert ["sam", "17", "17", "17", "1.000"] in lines
    assert ["annotations", "without", "any", "mask,", "left", "out", "0"] in lines
    assert out.endswith(f"\n\n{tmp_path}/out.json\n")
    assert "left out:" not in out


def test_fuse_gives_the_same_bytes_for_any_number_of_threads(tmp_path: Path) -> None:
    before = vl.get_num_threads()
    for threads in ("1", "2"):
        out = str(tmp_path / f"{threads}.json.gz")
        assert main([*fused_argv(tmp_path), "-o", out, "--threads", threads]) == 0
    vl.set_num_threads(before)
    assert (tmp_path / "1.json.gz").read_bytes() == (tmp_path / "2.json.gz").read_bytes()


# --- how rows meet boxes ------------------------------------------------------------------------------


def test_results_with_an_annotation_id_are_of_that_annotation(tmp_path: Path) -> None:
    rows = moved(1)
    given = [result(rows[n], 0.5, None, n // 10, annotation_id=n) for n in (12, 23)]
    assert main(fused_argv(tmp_path, sam=by_id(tmp_path), idol=put(tmp_path, given))) == 0
    nothing: list[Any] = [None] * T
    expected = fuse.pseudo_masks({"sam": pair(0), "idol": tracks_of([nothing, rows[12]])}, BOXES)
    assert written(tmp_path)[1].tracks == expected.tracks
    assert written(tmp_path)[1].extra[0]["score"] == [0.0] * 6


def test_several_results_of_one_annotation_are_tracks_from_its_keyframes(tmp_path: Path) -> None:
    early, late, other = track(3, 4, 5, None, 7, 8), track(5, 6, 7, 8, 9, 10), moved(1)[12]
    given = [
        result(late, 0.5, None, annotation_id=11, keyframe=5),
        result(other, 0.5, None, annotation_id=12),
        result(early, 0.5, None, annotation_id=11, keyframe=1),
        result(moved(1)[23], 0.5, None, 2, annotation_id=23, keyframe=0),
    ]
    nothing: list[Any] = [None] * T
    keyframed = fuse.Keyframed(
        [tracks_of([late, other]), tracks_of([early, nothing])], np.array([[5, 1], [0, -1]])
    )
    for by in ("nearest", "shqm"):
        argv = fused_argv(tmp_path, sam=by_id(tmp_path), deaot=put(tmp_path, given))
        assert main([*argv, "--keyframes-by", by]) == 0
        expected = fuse.pseudo_masks({"sam": pair(0), "deaot": keyframed}, BOXES, keyframes_by=by)  # type: ignore[arg-type]
        assert written(tmp_path)[1].tracks == expected.tracks
        assert written(tmp_path)[1].extra[0]["score"] == expected.score[0, 0].tolist()


def test_rows_in_order_need_no_ids(tmp_path: Path) -> None:
    rows = moved(1)
    given = [result(rows[n], 0.5, None, n // 10, annotation_id="x") for n in (11, 12, 23)]
    argv = fused_argv(tmp_path, sam=by_id(tmp_path), idol=put(tmp_path, given))
    assert main([*argv, "--in-order", "idol"]) == 0
    expected = fuse.pseudo_masks({"sam": pair(0), "idol": pair(1)}, BOXES)
    assert written(tmp_path)[1].tracks == expected.tracks
    other = dataset(tmp_path, labels({15: rows[11], 14: rows[12], 28: rows[23]}), "other.json")
    argv = fused_argv(tmp_path, sam=by_id(tmp_path), idol=other)
    assert main([*argv, "--in-order", "idol", "--in-order", "sam"]) == 0
    assert written(tmp_path)[1].tracks == expected.tracks


def test_the_options_are_the_library_s(tmp_path: Path) -> None:
    near = dataset(tmp_path, labels(dict(moved(2))), "near.json")
    rows = [moved(1)[12], moved(1)[11], moved(0)[12]]
    idol = put(
        tmp_path, [*[result(row, 0.5, None) for row in rows], result(ALONE, 0.5, None, 2)], "idol.json"
    )
    argv = fused_argv(tmp_path, idol=idol, sam=by_id(tmp_path), near=near)
    sources = {"idol": fuse.Unassigned(tracks_of(rows)), "sam": pair(0), "near": pair(2)}
    for given in (
        {"helper": "near"},
        {"one_to_one": "hungarian"},
        {"one_to_one": "none", "min_score": 0.7},
        {"box_overlap": "giou", "margin": 2},
        {"doob_on": "sources_and_fused"},
        {"rule": "reference"},
    ):
        options: Any = given
        more = [text for name, x in options.items() for text in (f"--{name.replace('_', '-')}", str(x))]
        assert main([*argv, *more]) == 0
        expected = fuse.pseudo_masks(sources, BOXES, **options)
        assert written(tmp_path)[1].tracks == expected.tracks, given
        info = load(tmp_path / "out.json")["info"]
        assert {name: info[name] for name in options} == options


def test_without_an_aligned_source_the_boxes_alone_decide(tmp_path: Path) -> None:
    one, two = detected(tmp_path, 0, "a.json"), detected(tmp_path, 1, "b.json")
    assert main(fused_argv(tmp_path, one=one, two=two)) == 0
    sources = {name: fuse.Unassigned(pair(by)) for by, name in enumerate(("one", "two"))}
    assert written(tmp_path)[1].tracks == fuse.pseudo_masks(sources, BOXES).tracks


# --- keyframes ----------------------------------------------------------------------------------------


def test_keyframes_are_those_of_the_library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    uneven = track(4, 9, 6, 7, 8, 20)
    sources = {"sam": by_id(tmp_path), "idol": dataset(tmp_path, labels({11: uneven}), "idol.json")}
    out = str(tmp_path / "keyframes.json")
    argv = fused_argv(tmp_path, "--keyframes", f"idol={out}", **sources)
    scm = fuse.scm(tracks_of([uneven, [None] * T]), pair(0), BOXES)
    for every, spread in ((10, "top"), (2, "top"), (2, "per_segment")):
        told = answer(capsys, *argv, "--every", str(every), "--spread", spread)
        assert told["keyframes"] == out
        chosen = fuse.keyframes(scm, every=every, spread=spread)  # type: ignore[arg-type]
        entries = load(out)
        assert [(entry["video_id"], entry["annotation_id"]) for entry in entries] == [
            (1, 11),
            (1, 12),
            (2, 23),
        ]
        assert [entry["keyframes"] for entry in entries[:2]] == chosen.tolist()
        assert [entry["scm"] for entry in entries[:2]] == np.take_along_axis(scm, chosen, axis=1).tolist()
    assert set(told["seconds"]) == {"read", "fuse", "keyframes", "write", "total"}


# --- videos that do not fit ---------------------------------------------------------------------------


def test_videos_that_do_not_fit_can_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    some = put(tmp_path, [result(moved(1)[11], 0.5, None), result(ALONE, 0.5, None, 9)], "some.json")
    argv = fused_argv(tmp_path, sam=by_id(tmp_path), idol=some)
    told = answer(capsys, *argv, "--skip-missing")
    assert told["left_out"] == [
        {"video_id": 2, "why": ["not in idol"]},
        {"video_id": 9, "why": ["in idol alone"]},
    ]
    assert list(written(tmp_path)) == [1]
    assert main([*argv, "--skip-missing"]) == 0
    assert "left out:\n  video 2 (not in idol)\n  video 9 (in idol alone)\n" in capsys.readouterr().out


def test_a_video_without_annotations_needs_no_source(tmp_path: Path) -> None:
    given = labels({11: None}, bboxes=around(LEFT))
    truth = dataset(tmp_path, given, "truth.json", [clip(3, 2), clip(1)])
    rows = moved(1)
    idol = put(tmp_path, [result(rows[11], 0.5, None)], "idol.json")
    sam = dataset(tmp_path, labels({11: LEFT}), "sam.json", [clip(1)])
    argv = [*fused_argv(tmp_path, sam=sam, idol=idol), "--boxes", truth]
    assert main(argv) == 0
    found = written(tmp_path)
    assert [(video, len(entry)) for video, entry in found.items()] == [(3, 0), (1, 1)]


def test_results_without_any_mask_have_the_size_of_their_video(tmp_path: Path) -> None:
    nothing: list[Any] = [None] * T
    idol = put(tmp_path, [result(nothing, 0.5, None), result(ALONE, 0.5, None, 2)], "idol.json")
    assert main(fused_argv(tmp_path, sam=by_id(tmp_path), idol=idol)) == 0
    found = written(tmp_path)[1]
    assert found.tracks == fuse.doob(pair(0), BOXES)
    assert found.tracks.size == (H, W)


def test_a_video_without_frames_is_no_failure(tmp_path: Path) -> None:
    truth = dataset(tmp_path, labels({11: []}, bboxes=[]), "truth.json", [clip(1, 0)])
    argv = ["fuse", "--boxes", truth, "-o", str(tmp_path / "out.json")]
    argv += ["--source", f"a={truth}", "--source", f"b={truth}", "--keyframes", f"b={tmp_path / 'k.json'}"]
    assert main(argv) == 0
    assert load(tmp_path / "k.json") == [{"video_id": 1, "annotation_id": 11, "keyframes": [], "scm": []}]
    assert len(io.read_dataset(tmp_path / "out.json").annotations(1)) == 0
