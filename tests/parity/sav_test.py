"""AutoQ-VIS's selection on the real automatic tracks of a SA-V video, equal to the slow oracle.

121 frames of 848 x 480, 9 automatic and 5 human tracks; the stability scores stand in for predicted IoUs. The
oracle works on dense arrays, so it takes every fourth frame at half size.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import selection_oracle as slow
import vislabel as vl
from peer import areas
from pycocotools import mask as coco

Video = tuple[list[list[Any]], np.ndarray[Any, Any]]


def read(data_dir: Path, kind: str) -> Any:
    path = data_dir / f"facebookresearch_sam2/sav_dataset/example/sav_000001_{kind}.json"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return json.loads(path.read_text())


def rows(video: Any) -> list[list[Any]]:
    """Frames of objects, turned to objects over frames."""
    return [list(row) for row in zip(*video["masklet"], strict=True)]


@pytest.fixture(scope="module")
def automatic(data_dir: Path) -> Video:
    video = read(data_dir, "auto")
    return rows(video), np.array(video["masklet_stability_score"]).T


@pytest.fixture(scope="module")
def manual(data_dir: Path) -> list[list[Any]]:
    return rows(read(data_dir, "manual"))


@pytest.fixture(scope="module")
def small(automatic: Video, manual: list[list[Any]]) -> dict[str, Any]:
    """Every fourth frame at half size, with rivals: the automatic tracks moved by a few pixels."""
    step, shift = slice(None, None, 4), 6
    dense = vl.Tracks.from_rle([row[step] for row in automatic[0]]).to_dense()[:, :, ::2, ::2]
    human = vl.Tracks.from_rle([row[step] for row in manual]).to_dense()[:, :, ::2, ::2]
    moved = np.roll(dense, shift, axis=3)
    both = np.concatenate([dense, moved, human])
    quality = np.concatenate([automatic[1][:, step], automatic[1][:, step] * 0.9, np.ones(human.shape[:2])])
    return {
        "tracks": (both, np.ones(both.shape[:2], bool)),
        "scores": np.concatenate(
            [automatic[1].mean(axis=1), automatic[1].mean(axis=1) - 0.05, np.full(5, 0.9)]
        ),
        "predicted": quality,
    }


def test_real_tracks_read_and_write_the_same_bytes(automatic: Video, manual: list[list[Any]]) -> None:
    empty = 0
    for given in (automatic[0], manual):
        tracks = vl.Tracks.from_rle(given)
        assert (tracks.size, tracks.frames, tracks.present.all()) == ((848, 480), 121, True)
        assert tracks.to_rle("str") == given
        flat = [rle for row in given for rle in row]
        np.testing.assert_array_equal(tracks.area.reshape(-1), areas(flat))
        np.testing.assert_array_equal(tracks.box.reshape(-1, 4), coco.toBbox(flat))
        empty += int((tracks.area == 0).sum())
    assert empty == 262


def test_automatic_tracks_are_disjoint_from_manual_ones_but_for_their_edges(
    automatic: Video, manual: list[list[Any]]
) -> None:
    a, b = vl.Tracks.from_rle(automatic[0]), vl.Tracks.from_rle(manual)
    table = vl.iou.frame_iou(a, b)
    for t in range(0, 121, 20):
        left, right = [row[t] for row in automatic[0]], [row[t] for row in manual]
        np.testing.assert_array_equal(table[:, :, t], coco.iou(left, right, [0] * len(right)))
    assert vl.iou.track_iou(a, b).max() < 0.5


@pytest.mark.parametrize("over_time", ["any_frame", "volume", "frame_mean"])
def test_suppression_of_real_tracks_equals_the_oracle(small: dict[str, Any], over_time: Any) -> None:
    tracks, scores = vl.Tracks(*small["tracks"]), small["scores"]
    for threshold in (0.5, 0.25):
        result = vl.select.spatiotemporal_nms(tracks, scores, over_time=over_time, iou_threshold=threshold)
        expected = slow.spatiotemporal_nms(small["tracks"][0], scores, threshold, over_time=over_time)
        assert (result.kept.tolist(), result.suppressed_by.tolist()) == expected
    assert 0 < len(result.kept) < 23


@pytest.mark.parametrize("rule", ["paper", "reference"])
@pytest.mark.parametrize("threshold", [0.75, 0.97])
def test_the_whole_selection_of_real_tracks_equals_the_oracle(
    small: dict[str, Any], rule: Any, threshold: float
) -> None:
    dense, present = small["tracks"]
    scores, predicted = small["scores"], small["predicted"]
    q = vl.select.quality(scores, predicted)
    np.testing.assert_array_equal(q, slow.quality(scores, predicted))
    survivors, _ = slow.spatiotemporal_nms(dense, scores)
    best = dense[survivors], present[survivors]
    retained = vl.select.retain(vl.Tracks(*best), q[survivors], threshold=threshold, rule=rule)
    staying, kept, selected, frames = slow.retain(best, q[survivors], threshold, rule)
    assert (retained.kept.tolist(), retained.frames.tolist()) == (kept, frames)
    np.testing.assert_array_equal(retained.selected, selected)
    assert retained.tracks == vl.Tracks(*staying)

    old = dense[9:18][:, frames], present[9:18][:, frames]  # the moved copies as the round before
    merged = vl.select.merge_rounds(vl.Tracks(*old), retained.tracks, rule=rule)
    expected, match = slow.merge_rounds(old, staying, rule=rule)
    assert merged.match.tolist() == match
    assert merged.tracks == vl.Tracks(*expected)

    before = dense[9:18], present[9:18]
    previous = vl.Tracks(before[0], present=before[1])
    whole = vl.select.pseudo_labels(
        vl.Tracks(dense), scores, predicted, threshold=threshold, rule=rule, previous=previous
    )
    assert whole.kept.tolist() == [survivors[k] for k in kept]
    expected, match = slow.merge_rounds(before, slow.spread(staying, frames, dense.shape[1]), rule=rule)
    assert (whole.match.tolist(), whole.frames.tolist()) == (match, frames)
    assert whole.tracks == vl.Tracks(*expected)


def test_the_full_video_gives_what_its_stability_scores_say(automatic: Video) -> None:
    tracks, stability = vl.Tracks.from_rle(automatic[0]), automatic[1]
    result = vl.select.pseudo_labels(tracks, np.ones(9), stability, threshold=0.95)
    good = (stability >= 0.95) & (tracks.area > 0)
    survivors = result.survivors
    np.testing.assert_array_equal(result.selected[survivors], good[survivors])
    np.testing.assert_array_equal(result.tracks.present, good[result.kept])
    np.testing.assert_array_equal(result.tracks.area, np.where(good, tracks.area, 0)[result.kept])
