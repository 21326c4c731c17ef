"""Candidates of a static camera's video, on small made-up videos whose truth is known."""

from __future__ import annotations

import dataclasses
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vislabel as vl
from refusal import refused

cv2 = pytest.importorskip("cv2", reason="proposals need OpenCV: pip install 'vislabel[draw]'")

from vislabel import propose as vp  # noqa: E402

HEIGHT, WIDTH, FRAMES = 120, 200, 40
# Two textured objects that never meet: (top, left, height, width), velocity in pixels per frame.
OBJECTS = (((15, 10, 36, 22), (0, 3)), ((70, 160, 34, 24), (0, -3)))


def moving_objects() -> tuple[np.ndarray, np.ndarray]:
    """The video [T, H, W, 3] RGB and its truth, bool [2, T, H, W]."""
    random = np.random.default_rng(7)
    smooth = cv2.GaussianBlur(random.integers(90, 150, (HEIGHT, WIDTH, 3)).astype(np.uint8), (7, 7), 0)
    textures = [
        cv2.GaussianBlur(random.integers(low, low + 90, (40, 40, 3)).astype(np.uint8), (5, 5), 0)
        for low in (0, 165)
    ]
    video, truth = np.empty((FRAMES, HEIGHT, WIDTH, 3), np.uint8), np.zeros((2, FRAMES, HEIGHT, WIDTH), bool)
    for t in range(FRAMES):
        frame = smooth.copy()
        for n, ((top, left, height, width), (down, right)) in enumerate(OBJECTS):
            place = (
                slice(top + down * t, top + down * t + height),
                slice(left + right * t, left + right * t + width),
            )
            frame[place], truth[(n, t, *place)] = textures[n][:height, :width], True
        noise = random.normal(0, 2, frame.shape)
        video[t] = np.clip(frame + noise, 0, 255)
    return video, truth


def write_images(folder: Path, video: np.ndarray) -> Path:
    folder.mkdir()
    for t, frame in enumerate(video):
        cv2.imwrite(str(folder / f"{t}.png"), frame[..., ::-1])
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("clips") / "clip", moving_objects()[0])


@pytest.fixture(scope="module")
def candidates(clip: Path) -> vp.Candidates:
    return vp.propose(clip)


@pytest.fixture(scope="module")
def avi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (WIDTH, HEIGHT))
    for frame in moving_objects()[0]:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()
    return path


def test_both_sources_find_every_moving_object_for_most_of_its_life(candidates: vp.Candidates) -> None:
    truth = vl.Tracks(moving_objects()[1])
    iou = vl.iou.frame_iou(truth, candidates.tracks)
    for source in ("background", "flow"):
        mine = [n for n, name in enumerate(candidates.source) if name == source]
        found = (iou[:, mine] > 0.5).sum(axis=2).max(axis=1)
        assert (found >= 0.8 * FRAMES).all(), source


def test_nothing_else_is_found(candidates: vp.Candidates) -> None:
    truth = vl.Tracks(moving_objects()[1])
    best = vl.iou.frame_iou(truth, candidates.tracks).max(axis=0)
    assert (best[candidates.tracks.present] > 0.3).mean() > 0.95


def test_shapes_fit_and_every_number_is_in_its_range(candidates: vp.Candidates) -> None:
    n, t = len(candidates.tracks), FRAMES
    assert candidates.size == (HEIGHT, WIDTH)
    assert candidates.frames == t
    assert candidates.scores.shape == (n,)
    assert candidates.predicted_iou.shape == (n, t)
    assert len(candidates.source) == n
    assert ((candidates.scores > 0) & (candidates.scores <= 1)).all()
    assert ((candidates.predicted_iou >= 0) & (candidates.predicted_iou <= 1)).all()
    assert (candidates.predicted_iou[~candidates.tracks.present] == 0).all()


def test_predicted_iou_is_the_best_overlap_with_the_other_source(candidates: vp.Candidates) -> None:
    flow = np.array([name == "flow" for name in candidates.source])
    iou = vl.iou.frame_iou(candidates.tracks[flow], candidates.tracks[~flow]).max(axis=1)
    # Masks in too short lives still count as witnesses, so that the prediction may be larger.
    assert (candidates.predicted_iou[flow] >= iou - 1e-12).all()
    assert np.median(candidates.predicted_iou[candidates.tracks.present]) > 0.6


def test_selection_leaves_one_track_per_object(candidates: vp.Candidates) -> None:
    labels = vl.select.pseudo_labels(
        candidates.tracks, candidates.scores, candidates.predicted_iou, threshold=0.45
    )
    iou = vl.iou.frame_iou(vl.Tracks(moving_objects()[1]), labels.tracks)
    assert len(labels.tracks) == 2
    assert ((iou > 0.5).sum(axis=2).max(axis=1) >= 0.7 * FRAMES).all()


def test_the_same_video_gives_the_same_candidates(clip: Path, candidates: vp.Candidates) -> None:
    again = vp.propose(clip)
    assert again.tracks == candidates.tracks
    assert np.array_equal(again.scores, candidates.scores)
    assert np.array_equal(again.predicted_iou, candidates.predicted_iou)


def test_the_settings_differ_and_their_candidates_too(clip: Path, candidates: vp.Candidates) -> None:
    assert set(vp.SETTINGS) == {"coarse", "fine"}
    assert vp.propose(clip, settings=vp.SETTINGS["coarse"]).tracks != candidates.tracks


def test_a_video_in_which_nothing_moves_has_no_candidates(tmp_path: Path) -> None:
    still = write_images(tmp_path / "still", moving_objects()[0][:1].repeat(12, axis=0))
    found = vp.propose(still)
    assert len(found.tracks) == 0
    assert found.tracks.frames == 12
    assert found.predicted_iou.shape == (0, 12)


@pytest.mark.parametrize("frames", [1, 2])
def test_a_video_of_one_or_two_frames_is_enough(clip: Path, frames: int) -> None:
    found = vp.propose(clip, stop=frames, settings=dataclasses.replace(vp.SETTINGS["fine"], flow_step=3))
    assert found.frames == frames


@pytest.mark.parametrize("frames", [1, 2, 6])
def test_a_flow_step_longer_than_the_video_finds_no_neighbours(clip: Path, frames: int) -> None:
    found, far = (
        vp.propose(clip, stop=frames, settings=vp.Settings(flow_step=step, least_life=1))
        for step in (frames, 10**9)
    )
    assert "flow" not in far.source
    assert far.tracks == found.tracks


# On such frames OpenCV's DIS flow raises cv2.error or crashes the interpreter.
@pytest.mark.parametrize(
    ("preset", "least", "sizes"),
    [
        (2, 16, [(1, 1), (8, 8), (1, 600), (12, 64), (12, 300), (13, 40), (14, 300), (15, 15), (300, 15)]),
        (1, 32, [(16, 1000), (20, 3000), (17, 300), (24, 300), (31, 2000), (300, 31)]),
        (0, 32, [(16, 1000), (20, 3000), (17, 300), (24, 300), (31, 2000), (300, 31)]),
    ],
)
def test_frames_too_small_for_the_flow_are_refused(
    tmp_path: Path, preset: int, least: int, sizes: list[tuple[int, int]]
) -> None:
    for height, width in sizes:
        folder = write_images(tmp_path / f"{height}x{width}", np.zeros((2, height, width, 3), np.uint8))
        with refused(f"frames of {height} x {width}, expected at least {least} pixels on each side"):
            vp.propose(folder, settings=vp.Settings(flow_preset=preset))


@pytest.mark.parametrize("preset", [0, 1, 2])
def test_the_smallest_frames_the_flow_takes_are_enough(tmp_path: Path, preset: int) -> None:
    least = 16 if preset == 2 else 32
    for height, width in [(least, least), (least, 300), (300, least), (least, 3000), (least + 1, least)]:
        frames = np.random.default_rng(0).integers(0, 255, (3, height, width, 3)).astype(np.uint8)
        folder = write_images(tmp_path / f"{height}x{width}", frames)
        assert vp.propose(folder, settings=vp.Settings(flow_preset=preset)).size == (height, width)


def test_progress_ends_at_its_total(clip: Path) -> None:
    steps: list[tuple[int, int]] = []
    vp.propose(clip, stop=5, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(n, 10) for n in range(1, 11)]


def test_a_video_file_and_its_images_read_alike(clip: Path, avi: Path) -> None:
    a, b = vp.read_video(clip, start=10, stop=20), vp.read_video(avi, start=10, stop=20)
    assert (a.size, len(a)) == (b.size, len(b)) == ((HEIGHT, WIDTH), 10)
    for image, frame, truth in zip(a, b, moving_objects()[0][10:20], strict=True):
        assert np.array_equal(image, truth)
        assert np.abs(frame.astype(int) - truth).mean() < 12  # the file is compressed


def test_a_video_can_be_read_twice(avi: Path) -> None:
    video = vp.read_video(avi, start=37)
    assert [f.sum() for f in video] == [f.sum() for f in video]
    assert video.names == ("clip/00037.jpg", "clip/00038.jpg", "clip/00039.jpg")


def test_images_come_in_natural_order(clip: Path) -> None:
    assert vp.read_video(clip, start=8, stop=11).names == ("clip/8.png", "clip/9.png", "clip/10.png")


def test_a_single_image_is_a_video_of_one_frame(clip: Path) -> None:
    assert len(list(vp.read_video(clip / "3.png"))) == 1


def test_an_object_unseen_for_a_few_frames_keeps_its_track() -> None:
    from vislabel._link import LinkRule, link

    dense = moving_objects()[1][:1].transpose(1, 0, 2, 3)
    frames = [vl.Masks(dense[t] if t not in (10, 11, 12) else dense[t, :0]) for t in range(FRAMES)]
    assert [len(c.frame) for c in link(frames, LinkRule(0.3, 0.65, gap=3))] == [FRAMES - 3]
    assert [len(c.frame) for c in link(frames, LinkRule(0.3, 0.65, gap=2))] == [10, FRAMES - 13]


def test_two_objects_that_merge_do_not_continue_as_one_of_them() -> None:
    from vislabel._link import LinkRule, link

    dense = np.zeros((2, 2, 20, 40), bool)
    dense[0, 0, 4:16, 4:14], dense[0, 1, 4:16, 16:26], dense[1, 0, 4:16, 5:25] = True, True, True
    chains = link([vl.Masks(dense[0]), vl.Masks(dense[1, :1])], LinkRule(0.3, 0.65, gap=3))
    assert [c.frame for c in chains] == [[0], [0], [1]]


@pytest.mark.parametrize(
    ("name", "bounds", "message"),
    [
        ("missing.avi", {}, r"missing\.avi does not exist, expected a video file or a folder of images"),
        ("clip", {"start": -1}, r"start is -1, expected at least 0"),
        ("clip", {"start": 5, "stop": 5}, r"the range of frames \[5, 5\) of .*clip is empty"),
        ("clip", {"start": 40}, r"clip has 40 frames, expected more than start = 40"),
        ("clip", {"stop": 41}, r"clip has 40 frames, expected at least stop = 41"),
    ],
)
def test_a_bad_path_or_range_is_named(clip: Path, name: str, bounds: dict[str, int], message: str) -> None:
    with pytest.raises(vl.Error, match=message):
        vp.propose(clip.parent / name, **bounds)


def test_a_range_beyond_the_end_of_a_file_is_an_error(avi: Path) -> None:
    with pytest.raises(vl.Error, match=r"clip\.avi has 40 frames, expected at least stop = 41"):
        vp.read_video(avi, stop=41)


def test_what_is_not_a_video_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.avi").write_text("not a video")
    with pytest.raises(vl.Error, match=r"notes\.avi cannot be read as a video"):
        vp.read_video(tmp_path / "notes.avi")
    (tmp_path / "empty").mkdir()
    with pytest.raises(vl.Error, match=r"empty holds no images"):
        vp.read_video(tmp_path / "empty")


def test_a_broken_image_is_named_and_so_is_one_of_another_size(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "images", moving_objects()[0][:3])
    (folder / "1.png").write_bytes(b"")
    with pytest.raises(vl.Error, match=r"1\.png cannot be read as an image"):
        list(vp.read_video(folder))
    cv2.imwrite(str(folder / "1.png"), np.zeros((5, 5, 3), np.uint8))
    with pytest.raises(vl.Error, match=r"frame 1 of .*images has size \(5, 5\), expected \(120, 200\)"):
        list(vp.read_video(folder))


def test_a_setting_out_of_range_is_named() -> None:
    with pytest.raises(vl.Error, match=r"settings\.link_iou is 1\.5, expected 0 to 1"):
        vp.Settings(link_iou=1.5)
    with pytest.raises(vl.Error, match=r"settings\.flow_step is 0, expected 1 to inf"):
        vp.Settings(flow_step=0)
    for name in ("open_size", "close_size", "join_size", "flow_margin"):
        with pytest.raises(vl.Error, match=rf"settings\.{name} is 1000000, expected 0 to 1000"):
            vp.Settings(**{name: 10**6})
    with pytest.raises(vl.Error, match=r"settings\.history is 2147483648, expected 1 to 2147483647"):
        vp.Settings(history=2**31)


def truth_boxes() -> np.ndarray:
    """The boxes [2, T, 4] of the made-up objects."""
    return vl.Tracks(moving_objects()[1]).box


def test_a_prompted_box_gives_the_object_in_it(clip: Path) -> None:
    truth, boxes = vl.Tracks(moving_objects()[1]), truth_boxes()
    loose = boxes + np.array([-2, -2, 4, 4])  # the object does not fill it
    for given in (boxes, loose):
        found = vp.prompt_boxes(clip, given)
        iou = vl.iou.frame_iou(truth, found)[[0, 1], [0, 1]]
        assert iou.min() > 0.8
        assert found.present.all()


def test_a_prompted_mask_never_leaves_its_box(clip: Path) -> None:
    grown = np.random.default_rng(0).uniform((-3, -3, 2, 2), (0.5, 0.5, 6, 6), (2, 8, 4))
    boxes = truth_boxes()[:, :8] + grown
    found = vp.prompt_boxes(clip, boxes, stop=8)
    low = np.floor(boxes[..., :2])
    high = np.ceil(boxes[..., :2] + boxes[..., 2:])
    seen = found.area > 0
    assert seen.mean() > 0.9
    assert (found.box[..., :2] >= low)[seen].all()
    assert (found.box[..., :2] + found.box[..., 2:] <= high)[seen].all()


@pytest.mark.parametrize("options", [{}, {"pixels": 200}, {"iterations": 1, "ring": 1.0}])
def test_the_same_boxes_give_the_same_masks_whatever_is_around_them(
    clip: Path, options: dict[str, float]
) -> None:
    boxes = truth_boxes()[:, 10:14]
    both = vp.prompt_boxes(clip, boxes, start=10, stop=14, **options)
    cv2.setRNGSeed(123)
    alone = vp.prompt_boxes(clip, boxes[1:], start=10, stop=14, **options)
    assert alone == both[1:]
    assert (both.area > 0).all()


def test_a_frame_without_a_box_or_without_a_pixel_found_is_absent(clip: Path) -> None:
    nan = [np.nan] * 4
    inside, outside = [10.0, 15, 22, 36], [-50.0, 15, 22, 36]
    no_area, tiny, far = [10.0, 15, 0, 36], [10.0, 15, 3, 5], [1e9, 1e9, 1e50, 1e50]
    found = vp.prompt_boxes(clip, [[inside, nan, outside], [no_area, tiny, far]], stop=3)
    assert found.present.tolist() == [[True, False, False], [False, False, False]]
    assert (found.area > 0).tolist() == found.present.tolist()


def test_boxes_partly_outside_are_cut_and_one_around_everything_is_full(clip: Path) -> None:
    beyond = [-20.0, 10, 60, 60]  # around the first object
    found = vp.prompt_boxes(
        clip, [[beyond], [[-5.0, -5, 1000, 1000]], [[0.0, 0, WIDTH - 0.5, HEIGHT]]], stop=1
    )
    assert found.area[1:, 0].tolist() == [HEIGHT * WIDTH] * 2
    assert abs(found.box[0, 0] - [10, 15, 22, 36]).max() <= 1


def test_boxes_of_every_shape_and_place_are_survived(clip: Path) -> None:
    random = np.random.default_rng(3)
    place = random.uniform(-0.5, 1.2, (150, 2, 2)) * (WIDTH, HEIGHT)
    side = 10 ** random.uniform(-1, 2.6, (150, 2, 2))
    found = vp.prompt_boxes(clip, np.concatenate([place, side], axis=2), stop=2, iterations=1, pixels=500)
    assert found.shape == (150, 2)
    assert np.array_equal(found.present, found.area > 0), "never empty"


def test_a_thousand_boxes_take_the_memory_of_a_few_frames(clip: Path) -> None:
    boxes = np.tile([0.0, 0, WIDTH, HEIGHT], (1000, 1, 1))
    tracemalloc.start()
    found = vp.prompt_boxes(clip, boxes, stop=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.area == HEIGHT * WIDTH).all()
    assert peak < 100 * HEIGHT * WIDTH


def test_a_picture_of_one_colour_has_no_object_and_no_error(tmp_path: Path) -> None:
    flat = write_images(tmp_path / "flat", np.full((2, 40, 40, 3), 77, np.uint8))
    assert vp.prompt_boxes(flat, np.full((1, 2, 4), 10.0)).shape == (1, 2)


def test_no_boxes_give_no_tracks(clip: Path) -> None:
    steps: list[tuple[int, int]] = []
    found = vp.prompt_boxes(
        clip, np.zeros((0, 3, 4)), stop=3, progress=lambda done, total: steps.append((done, total))
    )
    assert (found.shape, found.size) == ((0, 3), (HEIGHT, WIDTH))
    assert steps == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("boxes", "options", "message"),
    [
        (np.zeros((2, 4)), {}, "boxes has shape [2, 4], expected [N, T, 4]"),
        (np.zeros((1, 2, 5)), {}, "boxes has shape [1, 2, 5], expected [N, T, 4]"),
        (np.zeros((1, 3, 4)), {}, "boxes has 3 frames, expected 2 as the video has"),
        ([[[0, 0, 1, 1], [0, 0, -1, 1]]], {}, "boxes[0][1] is [0.0, 0.0, -1.0, 1.0], expected x, y, width"),
        ([[[0, np.nan, 1, 1]] * 2], {}, "boxes[0][0] is [0.0, nan, 1.0, 1.0], expected x, y, width"),
        ([[[0, 0, np.inf, 1]] * 2], {}, "expected x, y, width, height below 1e100"),
        ([[[0, 0, 9, 9]] * 2], {"iterations": 0}, "iterations is 0, expected 1 to 100"),
        ([[[0, 0, 9, 9]] * 2], {"ring": 0.0}, "ring is 0.0, expected 0.01 to 10"),
        ([[[0, 0, 9, 9]] * 2], {"pixels": 1}, "pixels is 1, expected 100 to 2147483647"),
        ([[[0, 0, 9, 9]] * 2], {"ring": float("nan")}, "ring is nan, expected 0.01 to 10"),
    ],
)
def test_bad_boxes_and_numbers_are_named(
    clip: Path, boxes: object, options: dict[str, float], message: str
) -> None:
    with refused(message):
        vp.prompt_boxes(clip, boxes, stop=2, **options)


@pytest.mark.parametrize("name", ["iterations", "pixels", "ring", "start", "stop"])
def test_options_of_another_type_are_named(clip: Path, name: str) -> None:
    values: list[Any] = ["2", True, 1j, np.array([1, 2]), [1]]
    values += [None] if name != "stop" else []
    values += [2.5, 1 << 63] if name != "ring" else []
    kind = "a number" if name == "ring" else "an integer"
    for value in values:
        given: dict[str, Any] = {"stop": 2, name: value}
        with refused(f"{name} is {value!r}, expected {kind}"):
            vp.prompt_boxes(clip, [[[0, 0, 9, 9]] * 2], **given)
        if name in ("start", "stop"):
            with refused(f"{name} is {value!r}, expected {kind}"):
                vp.read_video(clip, **{name: value})


def test_numbers_of_other_libraries_are_options_too(clip: Path) -> None:
    boxes = truth_boxes()[:, :2]
    given = {
        "iterations": np.int8(2),
        "pixels": np.uint32(20_000),
        "ring": np.float32(0.5),
        "stop": np.int64(2),
    }
    assert vp.prompt_boxes(clip, boxes, **given) == vp.prompt_boxes(clip, boxes, ring=0.5, stop=2)
