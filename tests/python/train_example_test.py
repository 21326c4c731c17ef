"""The training example: it learns from a small clip, holds out what it says, and closes the loop."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from dataclasses import replace
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
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def trained(demo: Path) -> str:
    """What a short training of both modes prints."""
    done = run(demo / "clip", "--demo", demo, "-o", demo / "train", "--epochs", 2)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_learns_proposes_and_selects_a_second_round(demo: Path, trained: str) -> None:
    assert "learned from: 30 masks of 3 tracks in frames 0 to 11" in trained
    assert "held out: 8 masks of 2 tracks in frames 12 to 15" in trained
    for mode in ("masks", "boxes"):
        (found,) = vl.io.read_results(demo / "train" / f"results-{mode}.json")
        assert found.predicted_iou is not None
        assert ((found.scores > 0) & (found.scores < 1)).all()
        (labels,) = vl.io.read_dataset(demo / "train" / f"round2-{mode}.json")
        assert len(labels) >= len(LIVES), "no label of the round before is lost"
        assert re.search(rf"proposals, from {mode} +-?[01]\.[0-9]{{3}}", trained), "Spearman's correlation"
    for name in ("curves.png", "held_out.png"):
        assert cv2.imread(str(demo / "train" / name)).std() > 0


def test_masks_of_what_is_held_out_become_better(trained: str) -> None:
    for mode in ("masks", "boxes"):
        before, after = (
            float(re.findall(rf"the network,{stage} from {mode} +([0-9.]+)", trained)[0])
            for stage in (" before it learns", "")
        )
        assert after > before + 0.3, mode


def test_the_same_seed_gives_the_same_masks_and_scores(demo: Path, trained: str) -> None:
    done = run(demo / "clip", "--demo", demo, "-o", demo / "again", "--epochs", 2, "--mode", "boxes")
    assert done.returncode == 0, done.stderr
    first, again = ((demo / name / "results-boxes.json").read_bytes() for name in ("train", "again"))
    assert first == again


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(EXAMPLES)
    return importlib.import_module("train_data")


@pytest.fixture
def held_out(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(EXAMPLES)
    return importlib.import_module("train_held_out")


@pytest.fixture
def train(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")  # as it will set it, and here it ends with the test
    monkeypatch.syspath_prepend(EXAMPLES)
    return importlib.import_module("train")


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
    assert sample.box.isnan().all()
    assert not sample.mask.any()


def test_the_labels_of_another_video_are_refused(demo: Path, tmp_path: Path, train: ModuleType) -> None:
    shutil.copytree(demo / "clip", tmp_path / "other")
    labels, candidates = demo / "pseudo.json", demo / "results-round2.json"
    with pytest.raises(
        vl.Error, match=r"pseudo.json is not of the frames other/00.png to other/15.png alone"
    ):
        train.Material.read(tmp_path / "other", labels, candidates)
    (found,) = vl.io.read_results(candidates)
    shorter = replace(found, tracks=found.tracks.select_frames(slice(9)))
    vl.io.write_results(tmp_path / "shorter.json", [shorter])
    with pytest.raises(vl.Error, match=r"shorter.json has other frames than .*pseudo.json"):
        train.Material.read(demo / "clip", labels, tmp_path / "shorter.json")


@pytest.mark.parametrize(
    "options",
    [("--epochs", "0"), ("--epochs", "x"), ("--seconds", "-1"), ("--seconds", "nan"), ("--mode", "x")],
)
def test_options_that_mean_nothing_are_refused(
    options: tuple[str, str], train: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        train.arguments().parse_args(options)
    assert f"argument {options[0]}" in capsys.readouterr().err


def test_without_torch_it_says_what_to_install() -> None:
    code = f"import sys, runpy; sys.modules['torch'] = None; sys.path.insert(0, {str(EXAMPLES)!r})"
    code += f"; runpy.run_path({str(EXAMPLES / 'train.py')!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "train: torch is missing: pip install 'vislabel[train]'\n"
