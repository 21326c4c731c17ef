"""Pictures of tracks."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import vislabel as vl

cv2 = pytest.importorskip("cv2", reason="pictures need OpenCV: pip install 'vislabel[draw]'")

from vislabel import draw  # noqa: E402

HEIGHT, WIDTH = 90, 160


def two_tracks() -> vl.Tracks:
    """Track 0 in the middle of all three frames; track 1 in the upper left corner, absent in frame 1."""
    dense = np.zeros((2, 3, HEIGHT, WIDTH), bool)
    dense[0, :, 40:70, 60:100] = True
    dense[1, :, 0:12, 0:12] = True
    return vl.Tracks(dense, present=np.array([[1, 1, 1], [1, 0, 1]], bool))


def grey_frame() -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), 128, np.uint8)


def test_a_mask_is_blended_in_its_track_s_colour() -> None:
    out = draw.overlay(grey_frame(), two_tracks(), 0, alpha=0.25)
    expected = np.rint(0.75 * 128 + 0.25 * np.array(draw.colour(0))).astype(np.uint8)
    assert (out[50:60, 70:90] == expected).all()


def test_the_frame_itself_is_left_alone_and_so_are_pixels_far_from_masks() -> None:
    frame = grey_frame()
    out = draw.overlay(frame, two_tracks(), 0)
    assert (frame == 128).all()
    assert (out[:, 130:] == 128).all()


def test_an_absent_mask_is_not_drawn() -> None:
    out = draw.overlay(grey_frame(), two_tracks(), 1)
    assert (out[:30, :30] == 128).all()


def test_a_colour_belongs_to_the_id_and_not_to_the_position() -> None:
    tracks = two_tracks()
    both = draw.overlay(grey_frame(), tracks, 0, ids=[3, 8])
    alone = draw.overlay(grey_frame(), tracks[[0]], 2, ids=[3])
    assert np.array_equal(both[45:70, 60:100], alone[45:70, 60:100])


def test_given_colours_take_the_place_of_the_ids_and_boxes_are_drawn_in_them() -> None:
    nan = [np.nan] * 4
    boxes = [[[110.2, 20, 30, 50.5]] * 3, [nan] * 3]
    out = draw.overlay(
        grey_frame(), two_tracks(), 0, alpha=1, colours=[(1, 2, 3), (200, 100, 0)], boxes=boxes
    )
    assert (out[50:60, 70:90] == (1, 2, 3)).all()
    assert (out[0:12, 0:12] == (200, 100, 0)).all(axis=2).any()
    ring = [out[20, 110:141], out[70, 110:141], out[20:71, 110], out[20:71, 140]]
    assert all((line == (1, 2, 3)).all() for line in ring)
    assert (out[21:70, 111:140] == 128).all()


def test_a_box_far_outside_is_survived() -> None:
    boxes = np.full((2, 3, 4), 1e300)
    assert np.array_equal(
        draw.overlay(grey_frame(), two_tracks(), 0, boxes=boxes), draw.overlay(grey_frame(), two_tracks(), 0)
    )


def test_the_colours_of_the_first_twenty_ids_are_distinct() -> None:
    colours = np.array([draw.colour(n) for n in range(20)], float)
    distance = np.abs(colours[:, None] - colours[None]).sum(axis=2) + 1000 * np.eye(20)
    assert distance.min() > 40


def test_the_label_of_a_mask_in_the_corner_stays_inside_the_frame() -> None:
    out = draw.overlay(grey_frame(), two_tracks(), 0, ids=[0, 7], quality=[0.83, 0.5])
    plate = (out == draw.colour(7)).all(axis=2)
    assert plate.sum() > 50
    assert plate[:, WIDTH // 2 :].sum() == 0


def test_labels_of_neighbours_do_not_cover_each_other() -> None:
    dense = np.zeros((2, 1, HEIGHT, WIDTH), bool)
    dense[0, 0, 30:60, 60:80], dense[1, 0, 30:60, 64:84] = True, True
    plates = []
    for ids in ([0, 1], [0, 1]):
        out = draw.overlay(grey_frame(), vl.Tracks(dense), 0, ids=ids, alpha=0)
        plates.append([(out == draw.colour(n)).all(axis=2).sum() for n in ids])
    alone = draw.overlay(grey_frame(), vl.Tracks(dense[:1]), 0, ids=[0], alpha=0)
    assert plates[0][0] > 0.5 * (alone == draw.colour(0)).all(axis=2).sum()
    assert plates[0][1] > 30


def test_a_frame_without_masks_is_returned_as_it_is() -> None:
    tracks = vl.Tracks(np.zeros((0, 2, HEIGHT, WIDTH), bool))
    assert np.array_equal(draw.overlay(grey_frame(), tracks, 1), grey_frame())


def test_a_picture_smaller_than_a_label_still_works() -> None:
    out = draw.overlay(
        np.zeros((5, 4, 3), np.uint8), vl.Tracks(np.ones((1, 1, 5, 4), bool)), 0, quality=[1.0]
    )
    assert out.shape == (5, 4, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"frame": np.zeros((9, 9, 3), np.uint8)},
            r"frame has size \(9, 9\), expected \(90, 160\) like tracks",
        ),
        (
            {"frame": np.zeros((90, 160), np.uint8)},
            r"frame has shape \[90, 160\] and dtype uint8, expected \[H, W, 3\]",
        ),
        ({"frame": np.zeros((90, 160, 3))}, r"dtype float64, expected \[H, W, 3\] of uint8"),
        ({"t": 3}, r"t is 3, expected 0 to 2"),
        ({"alpha": 1.5}, r"alpha is 1\.5, expected 0 to 1"),
        ({"ids": [1]}, r"ids has 1 entries, expected one per track \(2\)"),
        ({"colours": [(1, 2, 3)]}, r"colours has shape \[1, 3\], expected \[2, 3\]"),
        ({"colours": [(1, 2, 300)] * 2}, r"colours has numbers that are not 0 to 255"),
        ({"boxes": np.zeros((2, 2, 4))}, r"boxes has shape \[2, 2, 4\], expected \[2, 3, 4\]"),
        ({"quality": np.zeros((2, 2))}, r"quality has shape \[2, 2\], expected \[2, 3\] or \[2\]"),
    ],
)
def test_bad_input_of_overlay_is_named(options: dict[str, object], message: str) -> None:
    arguments = {"frame": grey_frame(), "tracks": two_tracks(), "t": 0, **options}
    with pytest.raises(vl.Error, match=message):
        draw.overlay(**arguments)  # type: ignore[arg-type]


def test_a_contact_sheet_keeps_proportions_and_order() -> None:
    images = [np.full((50, 100, 3), value, np.uint8) for value in (50, 100, 150)]
    sheet = draw.contact_sheet(images, columns=2, width=412)
    assert sheet.shape == (2 * 100 + 3 * 4, 412, 3)
    assert (sheet[4:104, 4:204] == 50).all()
    assert (sheet[4:104, 208:408] == 100).all()
    assert (sheet[108:208, 4:204] == 150).all()


def test_pictures_of_several_sizes_and_captions_fit_into_one_sheet() -> None:
    images = [np.full((h, w, 3), 200, np.uint8) for h, w in ((40, 80), (80, 40), (1, 200))]
    sheet = draw.contact_sheet(images, captions=["a", "b" * 500, ""], width=400)
    assert sheet.shape[1] == 400


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        ([], {}, r"images is empty, expected at least 1"),
        ([np.zeros((4, 4), np.uint8)], {}, r"images\[0\] has shape \[4, 4\]"),
        ([grey_frame()], {"captions": []}, r"captions has 0 entries, expected one per image \(1\)"),
        ([grey_frame()], {"columns": 0}, r"columns is 0, expected at least 1"),
        ([grey_frame()], {"width": 10}, r"width is 10, expected at least 24 for 1 columns"),
    ],
)
def test_bad_input_of_contact_sheet_is_named(images: list[np.ndarray], options: dict, message: str) -> None:
    with pytest.raises(vl.Error, match=message):
        draw.contact_sheet(images, **options)


def test_a_timeline_leaves_absent_cells_blank_and_frames_those_at_the_threshold() -> None:
    quality = np.array([[0.2, 0.5, 0.9, 0.0]])
    present = np.array([[True, True, True, False]])
    picture = draw.timeline(quality, present, threshold=0.5)
    row = picture[34 + 13, 70 : 70 + 4 * 26]  # the middle of the only row
    assert (row[3 * 26 + 2 : 4 * 26] == 255).all()
    assert len({tuple(row[26 * t + 13]) for t in range(3)}) == 3
    assert (row[26] == 0).all()
    assert not (row[:26] == 0).all(axis=1).any()
    assert not (row[26 + 4 : 3 * 26 - 4] == 0).all(axis=1).any()  # one frame around a run


@pytest.mark.parametrize("shape", [(1, 1), (93, 200), (300, 3), (2, 2000)])
def test_a_timeline_of_any_shape_has_a_bearable_size(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    picture = draw.timeline(
        random.random(shape), random.random(shape) > 0.2, threshold=0.75, frames=range(shape[1])
    )
    assert picture.shape[0] < 1200
    assert picture.shape[1] < 4400


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"present": np.ones((1, 2), bool)},
            r"quality has shape \[2, 3\] and present \[1, 2\], expected one \[N, T\]",
        ),
        ({"threshold": 2}, r"threshold is 2, expected 0 to 1"),
        ({"ids": [1]}, r"ids has 1 entries, expected one per track \(2\)"),
        ({"frames": [1]}, r"frames has 1 entries, expected one per frame \(3\)"),
        ({"quality": np.full((2, 3), np.nan)}, r"quality is NaN where present, expected a number"),
    ],
)
def test_bad_input_of_timeline_is_named(options: dict[str, object], message: str) -> None:
    arguments = {"quality": np.zeros((2, 3)), "present": np.ones((2, 3), bool), "threshold": 0.5, **options}
    with pytest.raises(vl.Error, match=message):
        draw.timeline(**arguments)  # type: ignore[arg-type]


def test_a_png_reads_back_as_written_and_nothing_else_is_left(tmp_path: Path) -> None:
    image = np.random.default_rng(3).integers(0, 256, (7, 9, 3)).astype(np.uint8)
    draw.write_png(tmp_path / "a.png", grey_frame())
    draw.write_png(tmp_path / "a.png", image)
    assert np.array_equal(cv2.imread(str(tmp_path / "a.png"))[..., ::-1], image)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_a_png_in_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(vl.Error, match=r"a\.png cannot be written: No such file or directory"):
        draw.write_png(tmp_path / "nowhere" / "a.png", grey_frame())


def test_without_opencv_the_extra_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(vl.Error, match=r"drawing needs OpenCV: pip install 'vislabel\[draw\]'"):
        draw.overlay(grey_frame(), two_tracks(), 0)
