"""Background probabilities and optical flow of small made-up videos whose truth is known."""

from __future__ import annotations

import math
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vislabel as vl
from refusal import refused

cv2 = pytest.importorskip("cv2", reason="cues need OpenCV: pip install 'vislabel[draw]'")

from vislabel._background import COLOURS, _median  # noqa: E402
from vislabel.cues import background_maps, flows  # noqa: E402
from vislabel.propose import read_video  # noqa: E402

HEIGHT, WIDTH, FRAMES = 64, 96, 16


def square(t: int) -> tuple[slice, slice]:
    """Where the object is in frame t; no pixel is in it for more than a third of the frames."""
    return slice(12, 30), slice(5 * t, 5 * t + 16)


def shadow(t: int) -> tuple[slice, slice]:
    """Below the object."""
    return slice(34, 46), square(t)[1]


def scene() -> np.ndarray[Any, Any]:
    """A red square and its shadow walk over a noisy street, uint8 [T, H, W, 3]."""
    random = np.random.default_rng(5)
    street = cv2.GaussianBlur(random.integers(110, 170, (HEIGHT, WIDTH, 3)).astype(np.uint8), (9, 9), 0)
    video = np.repeat(street[None], FRAMES, axis=0).astype(np.float64)
    for t in range(FRAMES):
        video[(t, *square(t))] = (180, 60, 60)
        video[(t, *shadow(t))] *= 0.8
    noise = random.normal(0, 1.5, video.shape)
    return np.clip(video + noise, 0, 255).astype(np.uint8)


def mask(place: tuple[slice, slice], grown: int = 0) -> np.ndarray[Any, Any]:
    """The pixels of a place, and of a rim around it or without one."""
    out = np.zeros((HEIGHT, WIDTH), bool)
    rows, columns = place
    out[
        max(0, rows.start - grown) : rows.stop + grown, max(0, columns.start - grown) : columns.stop + grown
    ] = True
    return out


def write_images(folder: Path, video: np.ndarray[Any, Any]) -> Path:
    folder.mkdir()
    for t, frame in enumerate(video):
        assert cv2.imwrite(str(folder / f"{t}.png"), frame[..., ::-1])
    return folder


# --- background ---------------------------------------------------------------------------------------


def test_what_passes_is_no_background_and_everything_else_is() -> None:
    maps = list(background_maps(scene()))
    assert len(maps) == FRAMES
    for t, found in enumerate(maps):
        assert (found.shape, found.dtype) == ((HEIGHT, WIDTH), np.float32)
        assert found[mask(square(t), -3)].max() < 0.1
        assert found[~mask(square(t), 4)].min() > 0.9


def test_a_shadow_is_background_unless_there_are_none() -> None:
    for darkest, expected in ((0.7, 0.9), (1.0, 0.1)):
        inside = [
            found[mask(shadow(t), -3)].mean()
            for t, found in enumerate(background_maps(scene(), darkest_shadow=darkest))
        ]
        assert all(mean > 0.9 if expected > 0.5 else mean < 0.1 for mean in inside)


@pytest.mark.parametrize("step", [0, 9, 11, 30, -20, -35, -45])
def test_the_probability_is_that_of_the_formula(step: int) -> None:
    video = np.full((9, 8, 8, 3), 100, np.uint8)
    video[4] = 100 + step  # grey, so that only Y changes
    (found,) = background_maps(video, start=4, stop=5, learn_from=video, blur=0, certainty=0.999999)
    unit = math.sqrt(2 * math.pi) * 2.0  # no noise: sigma is the least one
    odds = math.log(0.9 / 0.1) + math.log(COLOURS)
    lit = odds + math.log(0.95) - 3 * math.log(unit) - 0.5 * (step / 2.0) ** 2
    beyond = max(0, step, 70 - (100 + step))
    shaded = odds + math.log(0.05) - math.log(0.3 * 100) - 2 * math.log(unit) - 0.5 * (beyond / 2.0) ** 2
    expected = 1 / (1 + math.exp(-min(max(lit, shaded), math.log(0.999999 / 0.000001))))
    assert found == pytest.approx(expected, abs=1e-5)
    assert (found[0, 0] > 0.5) == (step in (0, 9, -20, -35))


def test_colours_are_as_many_as_the_conversion_to_ycrcb_leaves() -> None:
    corners = np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]], np.float32)
    converted = cv2.cvtColor(corners, cv2.COLOR_RGB2YCrCb)[0].astype(np.float64)
    assert abs(np.linalg.det(converted[1:] - converted[0])) * 256**3 == pytest.approx(COLOURS, rel=0.01)


def test_what_is_seen_in_most_of_the_samples_is_the_background() -> None:
    video = np.full((10, 24, 24, 3), 120, np.uint8)
    video[:4, 4:20, 4:20] = (30, 90, 200)
    maps = list(background_maps(video))
    assert [bool(found[12, 12] > 0.5) for found in maps] == [False] * 4 + [True] * 6
    maps = list(background_maps(video[:7]))
    assert [bool(found[12, 12] > 0.5) for found in maps] == [True] * 4 + [False] * 3


def test_the_background_may_be_learned_from_other_frames() -> None:
    video = scene()
    (alone,) = background_maps(video, start=5, stop=6)
    assert alone.min() > 0.9, "one frame is its own background"
    (found,) = background_maps(video, start=5, stop=6, learn_from=video)
    assert found[mask(square(5), -3)].max() < 0.1
    assert np.array_equal(found, list(background_maps(video))[5])


def test_noise_that_was_seen_is_background_and_a_step_out_of_it_is_not() -> None:
    random = np.random.default_rng(1)
    video = np.clip(random.normal(120, 1, (25, 48, 48, 3)), 0, 255).astype(np.uint8)
    video[:, :, 24:] = np.clip(random.normal(120, 20, (25, 48, 24, 3)), 0, 255)
    step = video.copy()
    step[12] = np.minimum(video[12].astype(int) + 15, 255)
    (found,) = background_maps(step, start=12, stop=13, learn_from=video)
    assert found[:, 4:20].mean() < 0.1
    assert found[:, 28:].mean() > 0.8


def test_options_do_what_they_say() -> None:
    video = scene()
    certain = np.stack(list(background_maps(video, certainty=0.99)))
    assert certain.min() == pytest.approx(0.01, abs=1e-6)
    assert certain.max() == pytest.approx(0.99, abs=1e-6)
    plain = list(background_maps(video))
    eager = list(background_maps(video, prior=0.01))
    assert all((a <= b + 1e-6).all() for a, b in zip(eager, plain, strict=True))
    deaf = list(background_maps(video, least_sigma=100))
    assert min(found.min() for found in deaf) > 0.5
    sharp = list(background_maps(video, blur=0))[3]
    edge = mask(square(3), 2) & ~mask(square(3), -2)
    assert ((sharp[edge] > 0.1) & (sharp[edge] < 0.9)).sum() < ((plain[3] > 0.1) & (plain[3] < 0.9)).sum()


@pytest.mark.parametrize("samples", [1, 2, 5, 1000])
def test_any_number_of_samples_is_enough(samples: int) -> None:
    assert len(list(background_maps(scene(), samples=samples))) == FRAMES


@pytest.mark.parametrize("count", [1, 2, 3, 4, 25, 255, 300])
def test_the_median_is_that_of_sorting(count: int) -> None:
    x = np.random.default_rng(count).integers(0, 256, (count, 5, 7)).astype(np.uint8)
    x[:, 0] = 255
    x[:, 1] = 0
    assert np.array_equal(_median(x), np.sort(x, axis=0)[(count - 1) // 2])


# --- flow ---------------------------------------------------------------------------------------------


def test_flow_goes_right_and_down_to_the_next_frame() -> None:
    random = np.random.default_rng(2)
    texture = cv2.GaussianBlur(random.integers(0, 255, (120, 140, 3)).astype(np.uint8), (7, 7), 0)
    video = [texture[20 - 1 * t : 84 - 1 * t, 30 - 3 * t : 126 - 3 * t] for t in range(4)]
    found = list(flows(video))
    assert len(found) == 3
    for flow in found:
        assert (flow.shape, flow.dtype) == ((64, 96, 2), np.float32)
        assert np.median(flow[8:-8, 8:-8], axis=(0, 1)) == pytest.approx([3, 1], abs=0.1)


def test_nothing_moves_in_a_still_video_and_one_frame_has_no_flow() -> None:
    still = np.repeat(scene()[:1], 3, axis=0)
    assert max(float(abs(flow).max()) for flow in flows(still)) < 0.01
    assert list(flows(still[:1])) == []
    assert list(flows(np.zeros((1, 5, 5, 3), np.uint8))) == [], "too small, but nothing to measure"


@pytest.mark.parametrize(("preset", "least"), [(2, 16), (1, 32), (0, 32)])
def test_frames_too_small_for_the_flow_are_refused(preset: int, least: int) -> None:
    with refused(f"video has frames of {least - 1} x 64, expected at least {least} pixels on each side"):
        flows(np.zeros((2, least - 1, 64, 3), np.uint8), preset=preset)
    assert len(list(flows(np.zeros((2, least, least, 3), np.uint8), preset=preset))) == 1


# --- frames -------------------------------------------------------------------------------------------


def test_a_path_a_video_an_array_and_a_list_are_alike(tmp_path: Path) -> None:
    video = scene()
    folder = write_images(tmp_path / "images", video)
    torch = pytest.importorskip("torch")
    given = [folder, str(folder), read_video(folder), video, list(video), torch.from_numpy(video)]
    for cue in (background_maps, flows):
        expected = np.stack(list(cue(video, start=2, stop=12)))
        for frames in given:
            assert np.array_equal(np.stack(list(cue(frames, start=2, stop=12))), expected)


class Watched:
    """Frames that know how often they are looped over and how many of them are still held by somebody."""

    def __init__(self, video: np.ndarray[Any, Any]) -> None:
        self.video, self.loops, self.read = video, 0, 0
        self.held: list[weakref.ref[Any]] = []

    def __len__(self) -> int:
        return len(self.video)

    def __iter__(self) -> Iterator[np.ndarray[Any, Any]]:
        self.loops += 1
        for frame in self.video:
            copy = frame.copy()
            self.read += 1
            self.held.append(weakref.ref(copy))
            yield copy

    def alive(self) -> int:
        return sum(reference() is not None for reference in self.held)


def test_few_frames_are_held_and_none_is_read_before_it_is_needed() -> None:
    frames = Watched(np.repeat(scene(), 3, axis=0))
    maps = background_maps(frames, samples=5)
    assert frames.read == 1, "the first, to learn the size"
    assert max(frames.alive() for _ in maps) <= 2
    assert frames.loops == 3
    frames = Watched(np.repeat(scene(), 3, axis=0))
    assert max(frames.alive() for _ in flows(frames)) <= 4


def test_progress_ends_at_its_total() -> None:
    steps: list[tuple[int, int]] = []
    list(background_maps(scene(), stop=6, progress=lambda done, total: steps.append((done, total))))
    assert steps == [(n, 12) for n in range(1, 13)]
    steps.clear()
    list(flows(scene(), stop=6, progress=lambda done, total: steps.append((done, total))))
    assert steps == [(n, 5) for n in range(1, 6)]


# --- bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cue", [background_maps, flows])
def test_bad_frames_are_named(cue: Any, tmp_path: Path) -> None:
    video = scene()
    with refused("none.avi does not exist"):
        cue(tmp_path / "none.avi")
    with refused("video is a generator, expected a path, or frames that have a length"):
        cue(frame for frame in video)
    with refused("video is a dict, expected a path"):
        cue({})
    with refused("video is None, expected a path"):
        cue(None)
    with refused("video[0] has shape [96, 3] and dtype uint8, expected [H, W, 3] of uint8"):
        cue(video[0])
    with refused("video[0] has shape [64, 96, 3] and dtype float64, expected [H, W, 3] of uint8"):
        cue(video / 255)
    with refused("video[0] has shape [0, 96, 3]"):
        cue(video[:, :0])
    with refused("video has 0 frames, expected some of them in the range [0, the end)"):
        cue(video[:0])
    with refused("video has 16 frames, expected some of them in the range [0, 17)"):
        cue(video, stop=17)
    with refused("video has 16 frames, expected some of them in the range [-1, the end)"):
        cue(video, start=-1)
    with refused("start is 0.5, expected an integer"):
        cue(video, start=0.5)
    with refused("video[3] has size (64, 90), expected (64, 96) like the first"):
        list(cue([*video[:3], video[3, :, :90]]))
    with refused("video[1] is a str"):
        list(cue([video[0], "frame"]))


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("samples", 0, "samples is 0, expected 1 to 1000"),
        ("samples", 2.5, "samples is 2.5, expected an integer"),
        ("least_sigma", 0, "least_sigma is 0.0, expected 0.1 to 100"),
        ("darkest_shadow", 1.1, "darkest_shadow is 1.1, expected 0.1 to 1"),
        ("prior", 1, "prior is 1.0, expected 0.001 to 0.999"),
        ("certainty", 0.5, "certainty is 0.5, expected 0.501 to 0.999999"),
        ("certainty", float("nan"), "certainty is nan, expected 0.501 to 0.999999"),
        ("blur", -1, "blur is -1.0, expected 0 to 100"),
        ("blur", "wide", "blur is 'wide', expected a number"),
    ],
)
def test_an_option_out_of_range_is_named(option: str, value: Any, message: str) -> None:
    with refused(message):
        background_maps(scene(), **{option: value})


def test_a_background_of_another_size_and_other_presets_are_refused() -> None:
    with refused("learn_from has frames of size (64, 90), expected (64, 96) as video has"):
        background_maps(scene(), learn_from=scene()[:, :, :90])
    for preset in (-1, 3):
        with refused(f"preset is {preset}, expected 0 to 2"):
            flows(scene(), preset=preset)


def test_without_opencv_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    for cue in (background_maps, flows):
        with refused("needs OpenCV: pip install 'vislabel[draw]'"):
            list(cue(np.zeros((3, 32, 32, 3), np.uint8)))


def test_the_module_is_imported_when_it_is_first_used() -> None:
    assert vl.cues.background_maps is background_maps
    assert "cues" in vl.__all__
