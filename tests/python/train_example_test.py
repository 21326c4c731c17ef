"""The training example: it learns from a small clip, holds out what it says, and closes the loop."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import vislabel as vl

cv2 = pytest.importorskip("cv2", reason="OpenCV (extra draw) is not installed")
pytest.importorskip("msgspec", reason="msgspec (extra io) is not installed")
torch = pytest.importorskip("torch", reason="torch is not installed")

EXAMPLES = Path(__file__).parents[2] / "examples"
SIZE, FRAMES, FIRST = (72, 96), 16, 12  # of the clip; from FIRST on, frames are held out
LIVES = ((0, 9), (2, 12), (0, 11), (8, 16), (10, 16))  # of the ellipses: three end in time, two are held out


def scene() -> tuple[Any, vl.Tracks]:
    """Dark ellipses that move over a bright ground: frames [T, H, W, 3] and masks [N, T]."""
    rng = np.random.default_rng(0)
    frames = rng.integers(150, 200, (FRAMES, *SIZE, 3), dtype=np.uint8)
    dense = np.zeros((len(LIVES), FRAMES, *SIZE), bool)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    for n, (start, stop) in enumerate(LIVES):
        for t in range(start, stop):
            dense[n, t] = ((x - 10 - 18 * n - t / 4) / 6) ** 2 + ((y - 30 - t) / 14) ** 2 < 1
            frames[t][dense[n, t]] //= 4
    return frames, vl.Tracks(dense, present=dense.any(axis=(2, 3)))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clip, and what the demonstration would write about it."""
    folder = tmp_path_factory.mktemp("demo")
    frames, tracks = scene()
    (folder / "clip").mkdir()
    for t, frame in enumerate(frames):
        cv2.imwrite(str(folder / "clip" / f"{t:02}.png"), frame[..., ::-1])
    names = vl.propose.read_video(folder / "clip").names
    video = vl.io.Video(1, SIZE[1], SIZE[0], FRAMES, names)
    labels = np.ones(len(tracks), np.int64)
    categories = [{"id": 1, "name": "object"}]
    vl.io.write_dataset(
        folder / "pseudo.json", [vl.io.Annotations(video, tracks, labels)], categories=categories
    )
    found = vl.io.Detections(1, tracks, np.full(len(tracks), 0.5), labels)
    vl.io.write_results(folder / "results-round2.json", [found])
    return folder


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / "train.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def trained(demo: Path) -> str:
    """What a short training of both modes prints."""
    done = run(demo / "clip", "--demo", demo, "-o", demo / "train", "--epochs", 2)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_learns_proposes_and_selects_a_second_round(demo: Path, trained: str) -> None:
    assert "held out: 10 masks of 2 tracks in frames 12 to 15" in trained
    for mode in ("masks", "boxes"):
        (found,) = vl.io.read_results(demo / "train" / f"results-{mode}.json")
        assert found.predicted_iou is not None
        assert ((found.scores > 0) & (found.scores < 1)).all()
        (labels,) = vl.io.read_dataset(demo / "train" / f"round2-{mode}.json")
        assert len(labels) >= len(LIVES), "no label of the round before is lost"
        assert f"trained from {mode}" in trained
    assert "Spearman" in trained
    for name in ("curves.png", "held_out.png"):
        assert cv2.imread(str(demo / "train" / name)).std() > 0


def test_the_same_seed_gives_the_same_network(demo: Path, trained: str) -> None:
    output = demo / "again"
    done = run(demo / "clip", "--demo", demo, "-o", output, "--epochs", 2, "--mode", "masks")
    assert done.returncode == 0, done.stderr
    name = "results-masks.json"
    assert (output / name).read_bytes() == (demo / "train" / name).read_bytes()


@pytest.fixture
def data() -> Iterator[ModuleType]:
    yield from imported("train_data")


@pytest.fixture
def held_out() -> Iterator[ModuleType]:
    yield from imported("train_held_out")


def imported(name: str) -> Iterator[ModuleType]:
    sys.path.insert(0, str(EXAMPLES))
    try:
        yield __import__(name)
    finally:
        sys.path.remove(str(EXAMPLES))


def test_what_is_learned_and_what_is_held_out_share_no_frame_and_no_track(held_out: ModuleType) -> None:
    split = held_out.Split.of(scene()[1])
    for axis in (0, 1):
        assert not (split.learned.any(axis=axis) & split.held_out.any(axis=axis)).any()
    assert split.learned.any(axis=1).tolist() == [True, True, True, False, False]
    boxes = scene()[1].box[3:, :FIRST]
    for t, box in split.prompts(scene()[1]):
        assert t < FIRST
        assert not vl.iou.box_iou(box[None], boxes[:, t]).any(), "no prompt shows a held-out object"


@pytest.mark.parametrize(("rows", "message"), [([3, 4], "ends before"), ([0, 1], "goes on after")])
def test_labels_that_cannot_be_split_are_refused(held_out: ModuleType, rows: list[int], message: str) -> None:
    with pytest.raises(vl.Error, match=f"no track that {message} frame {FIRST}"):
        held_out.Split.of(scene()[1][rows])


def test_a_sample_s_box_is_that_of_its_mask_however_it_is_moved_and_mirrored(data: ModuleType) -> None:
    frames, tracks = scene()
    prompts = data.prompts_of(tracks, tracks.area > 0)
    samples = data.Prompts(data.Clip(frames, tracks), prompts, 3, 0.2, 0)
    for i in range(len(samples)):
        sample = samples[i]
        mask = vl.Masks((sample.mask > 0).numpy()[None])
        first, last = sample.box[:2].numpy(), (sample.box[:2] + sample.box[2:]).numpy()
        inside = np.concatenate([first.clip(0), np.minimum(last, data.MASK[::-1]) - first.clip(0)])
        np.testing.assert_allclose(mask.box[0], inside, atol=2)  # cells that are partly covered
        assert sample.is_object == 1
        dark = sample.picture[:, ::2, ::2].mean(dim=0) < -0.2
        assert vl.iou.mask_iou(dark.numpy()[None], (sample.mask > 0.5).numpy()[None]) > 0.7
        assert sample.labels.area.max() > 0


def test_a_mask_survives_the_way_into_a_view_and_back(data: ModuleType) -> None:
    _, tracks = scene()
    for prompt in data.prompts_of(tracks, tracks.area > 0):
        labels = tracks.frame(prompt.t)
        view = data.View.around(prompt.box, SIZE)
        _, cells, _ = data.in_view(labels, view, prompt.box)
        assert vl.iou.mask_iou(view.paste(cells - 0.5, SIZE)[None], labels).max() > 0.9


def test_a_prompt_far_from_every_label_is_no_object(data: ModuleType) -> None:
    frames, tracks = scene()
    prompt = data.Prompt(15, np.array([5.0, 50, 10, 20]))
    sample = data.Prompts(data.Clip(frames, tracks), [prompt], 1, 0, 0)[0]
    assert sample.is_object == 0
    assert np.isnan(sample.box).all()
    assert not sample.mask.any()


def test_the_labels_of_another_video_are_refused_in_one_line(demo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (demo / "clip").rename(other)
    try:
        done = run(other, "--demo", demo, "-o", tmp_path / "out")
    finally:
        other.rename(demo / "clip")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"train: {demo / 'pseudo.json'} is not of the frames other/00.png to other/15.png"
    ]


def test_without_torch_it_says_what_to_install() -> None:
    code = f"import sys, runpy; sys.modules['torch'] = None; sys.path.insert(0, {str(EXAMPLES)!r})"
    code += f"; runpy.run_path({str(EXAMPLES / 'train.py')!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "train: PyTorch is missing: pip install torch\n"
