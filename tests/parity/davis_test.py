"""Real methods' outputs on DAVIS-2017 (palette PNG with object ids) against pycocotools, frame by frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import oracle
import pytest
import vislabel as vl
from peer import areas
from PIL import Image
from pycocotools import mask as coco

SEQUENCES = ["blackswan", "car-shadow", "dogs-jump", "gold-fish", "judo", "pigs"]


def ids(data_dir: Path, method: str, sequence: str, every: int = 4) -> Any:
    """Object ids of every fourth frame, [T, H, W]; the ids are the palette's indices."""
    folder = data_dir / "davis2017-evaluation/results" / method / sequence
    paths = sorted(folder.glob("*.png"))
    if not paths:
        pytest.skip(f"{folder} holds no PNG")
    return np.stack([np.array(Image.open(path)) for path in paths[::every]])


def tracks_of(labels: Any) -> Any:
    """One dense track per id, [N, T, H, W]."""
    return np.stack([labels == i for i in range(1, int(labels.max()) + 1)])


def rles_of(dense: Any) -> list[list[Any]]:
    """N lists of T RLEs, encoded by pycocotools."""
    return [coco.encode(np.asfortranarray(track.transpose(1, 2, 0).astype(np.uint8))) for track in dense]


def frame_counts(a: Any, b: Any) -> tuple[Any, Any]:
    """Intersections and unions [N, M, T], from merged run lengths."""
    shape = len(a), len(b), len(a[0])
    common, union = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for n, m, t in np.ndindex(shape):
        pair = [a[n][t], b[m][t]]
        common[n, m, t], union[n, m, t] = (
            coco.area(coco.merge(pair, intersect=True)),
            coco.area(coco.merge(pair)),
        )
    return common, union


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_tracks_of_palette_images_have_the_same_areas_boxes_and_iou(data_dir: Path, sequence: str) -> None:
    truth = tracks_of(ids(data_dir, "semi-supervised/osvos", sequence))
    results = tracks_of(ids(data_dir, "unsupervised/rvos", sequence))
    a, b = vl.Tracks(truth), vl.Tracks(results)
    left, right = rles_of(truth), rles_of(results)
    for tracks, rles in ((a, left), (b, right)):
        flat = [rle for row in rles for rle in row]
        np.testing.assert_array_equal(tracks.area.reshape(-1), areas(flat))
        np.testing.assert_array_equal(tracks.box.reshape(-1, 4), coco.toBbox(flat))
        assert tracks.to_rle() == rles
        assert vl.Tracks.from_rle(rles) == tracks

    common, union = frame_counts(left, right)
    counts = vl.iou.intersection_and_union(a, b)
    np.testing.assert_array_equal(counts[0], common.sum(axis=2))
    np.testing.assert_array_equal(counts[1], union.sum(axis=2))
    for empty_pair in ("zero", "one"):
        frames = np.where(union > 0, common / np.maximum(union, 1), float(empty_pair == "one"))
        np.testing.assert_array_equal(vl.iou.frame_iou(a, b, empty_pair=empty_pair), frames)  # type: ignore[arg-type]
        ways = {
            "any_frame": frames.max(axis=2),
            "frame_mean": np.cumsum(frames, axis=2)[:, :, -1] / frames.shape[2],  # adds one after the other
            "volume": np.vectorize(lambda i, u, e=empty_pair: oracle.quotient(int(i), int(u), e))(
                common.sum(2), union.sum(2)
            ),
        }
        for over_time, expected in ways.items():
            table = vl.iou.track_iou(a, b, over_time=over_time, empty_pair=empty_pair)  # type: ignore[arg-type]
            np.testing.assert_array_equal(table, expected)


def test_objects_of_one_image_never_overlap(data_dir: Path) -> None:
    tracks = vl.Tracks(tracks_of(ids(data_dir, "unsupervised/rvos", "judo", every=8)))
    common, _ = vl.iou.intersection_and_union(tracks, tracks)
    np.testing.assert_array_equal(common, np.diag(tracks.area.sum(axis=1)))
    assert vl.select.spatiotemporal_nms(tracks, np.ones(len(tracks))).kept.tolist() == list(
        range(len(tracks))
    )
