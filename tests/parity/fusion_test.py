"""PM-VIS's fusion on real methods' outputs on DAVIS-2017: one's boxes, several sources' masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fusion_oracle as slow
import numpy as np
import pytest
import vislabel as vl
from davis_test import SEQUENCES, ids, tracks_of


def boxes_of(dense: Any) -> Any:
    """The boxes of annotated masks, NaN where there is no pixel."""
    boxes = vl.Tracks(dense).box
    boxes[~dense.any(axis=(2, 3))] = np.nan
    return boxes


def video(data_dir: Path, sequence: str, every: int) -> tuple[Any, Any, Any]:
    """OSVOS's masks, RVOS's proposals, and OSVOS's boxes."""
    truth = tracks_of(ids(data_dir, "semi-supervised/osvos", sequence, every))
    return truth, tracks_of(ids(data_dir, "unsupervised/rvos", sequence, every)), boxes_of(truth)


def moved(dense: Any, y: int, x: int) -> tuple[Any, Any]:
    """Tracks that miss by some pixels, and are absent without a pixel."""
    dense = np.roll(dense, (y, x), (2, 3))
    return dense, dense.any(axis=(2, 3))


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_the_whole_chain_on_real_masks_equals_the_oracle(data_dir: Path, sequence: str) -> None:
    truth, proposals, boxes = video(data_dir, sequence, every=16)
    frames = truth.shape[1]
    predicted = proposals, proposals.any(axis=(2, 3))
    tracked = [moved(truth, 3, -9), moved(truth, -2, 6)]
    starts = np.tile([0, frames - 1], (len(truth), 1))
    sources: dict[str, Any] = {
        "sam": ("aligned", moved(truth, -6, 4)),
        "idol": ("unassigned", predicted),
        "tracked": ("keyframed", tracked, starts),
    }
    given: dict[str, Any] = {
        "sam": vl.Tracks(*sources["sam"][1]),
        "idol": vl.fuse.Unassigned(vl.Tracks(*predicted)),
        "tracked": vl.fuse.Keyframed([vl.Tracks(*tracks) for tracks in tracked], starts),
    }
    for options in ({}, {"one_to_one": "none", "keyframes_by": "shqm", "doob_on": "sources_and_fused"}):
        expected = slow.pseudo_masks(sources, boxes, **options)  # type: ignore[arg-type]
        result = vl.fuse.pseudo_masks(given, boxes, **options)  # type: ignore[arg-type]
        np.testing.assert_array_equal(result.score, expected["score"])
        np.testing.assert_array_equal(result.winner, expected["winner"])
        assert result.fused == vl.Tracks(*expected["fused"])
        assert result.tracks == vl.Tracks(*expected["tracks"])
        for name, tracks in result.sources.items():
            assert tracks == vl.Tracks(*expected["sources"][name]), name
    for by, kind in (("frame", "iou"), ("instance", "giou")):
        filtered = vl.fuse.missing_data(truth, result.tracks, per=by)  # type: ignore[arg-type]
        everywhere = np.ones(truth.shape[:2], bool)
        same, removed, kept = slow.missing_data((truth, everywhere), expected["tracks"], by)
        assert filtered.tracks == vl.Tracks(*same)
        assert (filtered.removed.tolist(), filtered.kept.tolist()) == (removed.tolist(), kept)
        table = vl.fuse.scm(truth, given["sam"], boxes, box_overlap=kind)  # type: ignore[arg-type]
        np.testing.assert_array_equal(table, slow.scm(truth, sources["sam"][1][0], boxes, kind))


def test_proposals_cleaned_to_real_boxes_share_no_pixel_and_leave_no_box(data_dir: Path) -> None:
    overlaps = outside = 0
    for sequence in SEQUENCES:
        truth, proposals, boxes = video(data_dir, sequence, every=8)
        assigned = vl.fuse.assign(proposals, None, boxes, one_to_one="none").tracks
        united = vl.fuse.assign(proposals, None, boxes, rule="reference").tracks
        for tracks in (assigned, united):
            before, after = tracks.to_dense(), vl.fuse.doob(tracks, boxes).to_dense()
            allowed = np.zeros_like(truth)
            for n, t in np.argwhere(~np.isnan(boxes[:, :, 0])):
                allowed[n, t] = slow.inside(boxes[n, t], truth.shape[2:])
            depth = before.sum(axis=0)
            assert (after.sum(axis=0) <= 1).all()
            assert not (after & ~(before & allowed)).any()
            np.testing.assert_array_equal(after & (depth == 1), before & allowed & (depth == 1))
            overlaps += int((depth > 1).sum())
            outside += int((before & ~allowed).sum())
    assert overlaps > 0
    assert outside > 0
