"""Writing YouTube-VIS files: atomic, complete, and the same again when read."""

from __future__ import annotations

import builtins
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vislabel as vl
from io_cases import DATA, LEFT, detections, load, put, result
from vislabel import io


@pytest.mark.parametrize("name", ["out.json", "out.json.gz"])
def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    io.write_results(out, [detections()])
    before = out.read_bytes()

    def failing() -> Any:
        yield detections()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        io.write_results(out, failing())
    with pytest.raises(vl.Error, match="video 7, track 0: nan, expected a finite number"):
        io.write_results(out, [detections(), detections(extra=[{"a": {"b": [float("nan")]}}])])
    with pytest.raises(vl.Error, match="video 7, track 0: a set cannot be written as JSON"):
        io.write_results(out, [detections(extra=[{"a": {1}}])])
    assert out.read_bytes() == before
    assert list(tmp_path.iterdir()) == [out]


def test_a_link_and_the_permissions_survive_being_written_through(tmp_path: Path) -> None:
    real = put(tmp_path, "[]", "real.json")
    real.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(real)
    io.write_results(link, [detections()])
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert len(load(real)) == 1


def test_a_file_may_be_read_and_replaced_at_once(tmp_path: Path) -> None:
    path = put(tmp_path, [result(7), result(8), result(7)])
    io.write_results(path, io.read_results(path))
    assert [entry["video_id"] for entry in load(path)] == [7, 7, 8]


def test_an_error_names_the_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        io.write_results(tmp_path / "none" / "out.json", [detections()])
    assert caught.value.filename == str(tmp_path / "none" / "out.json")


def test_what_is_not_a_file_is_written_directly() -> None:
    io.write_results("/dev/null", [detections()])
    assert not Path("/dev/null").is_file()


def test_known_keys_win_over_extra_ones_of_the_same_name(tmp_path: Path) -> None:
    io.write_results(
        tmp_path / "out.json",
        [detections(extra=[{"score": 3, "np": np.float32(0.5), "array": np.arange(2)}])],
    )
    (entry,) = load(tmp_path / "out.json")
    assert entry["score"] == 0.5
    assert (entry["np"], entry["array"]) == (0.5, [0, 1])


BAD_RECORDS = [
    ({"scores": [0.5, 0.5]}, r"scores has shape \[2\], expected \[1\]"),
    ({"scores": [float("nan")]}, "scores holds a number that is not finite"),
    ({"scores": ["a"]}, "scores has dtype <U1, expected float64"),
    ({"labels": [1.5]}, "labels has dtype float64, expected int64"),
    ({"predicted_iou": [0.5]}, r"predicted_iou has shape \[1\], expected \[1, 2\]"),
    ({"extra": [{}, {}]}, r"extra has 2 entries, expected one per track \(1\) or none"),
]


@pytest.mark.parametrize(("changes", "expected"), BAD_RECORDS)
def test_detections_that_do_not_fit_each_other_are_refused(changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(vl.Error, match=expected):
        detections(**changes)


def test_areas_and_boxes_must_not_be_infinite() -> None:
    tracks, clip = vl.Tracks.from_rle([[LEFT, None]]), io.Video(7, 3, 2, 2, ("a", "b"))
    with pytest.raises(vl.Error, match="areas holds an infinite number"):
        io.Annotations(clip, tracks, np.array([1]), areas=np.array([[np.inf, np.nan]]))


def test_annotations_must_have_the_size_and_length_of_their_video() -> None:
    tracks = vl.Tracks.from_rle([[LEFT, None]])
    with pytest.raises(vl.Error, match=r"tracks have 2 frames of size \(2, 3\), expected 3 of size \(2, 3\)"):
        io.Annotations(io.Video(7, 3, 2, 3, ("a", "b", "c")), tracks, np.array([1]))


def test_without_msgspec_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = put(tmp_path, [result()])
    found = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "msgspec":
            raise ImportError(name)
        return found(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "msgspec", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    for act in (lambda: io.read_results(path), lambda: io.write_results(tmp_path / "out.json", [])):
        with pytest.raises(vl.Error, match=r"pip install 'vislabel\[io\]'"):
            act()


def test_the_masklets_of_sa_v_survive_a_round_trip(tmp_path: Path) -> None:
    source = DATA / "facebookresearch_sam2/sav_dataset/example/sav_000001_auto.json"
    if not source.exists():
        pytest.skip(f"{source} is not there: real masks are not part of the project")
    given = json.loads(source.read_text())
    scores = given["masklet_stability_score"]
    content = [
        result(1, 0.9, row, quality=[frame[n] for frame in scores])
        for n, row in enumerate(zip(*given["masklet"], strict=True))
    ]
    results = io.read_results(put(tmp_path, content))
    (found,) = results
    assert found.tracks.shape == (9, 121)
    assert found.tracks.size == (848, 480)
    assert found.tracks.present.all(), "its masks without pixels are empty, not absent"
    sizes = found.tracks.area.sum(1) / np.maximum((found.tracks.area > 0).sum(1), 1)
    np.testing.assert_allclose(sizes, given["masklet_size_abs"])
    io.write_results(tmp_path / "out.json.gz", results)
    assert load(tmp_path / "out.json.gz") == content
