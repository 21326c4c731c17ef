"""Examples and README blocks are programs that run."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vislabel as vl

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
EXAMPLES = sorted((ROOT / "examples" / "python").glob("*.py"))
WHOLE_API = ROOT / "examples" / "python" / "04_whole_api.py"


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(example: Path) -> None:
    if example == WHOLE_API:
        pytest.importorskip("cv2", reason="OpenCV (extra draw) is not installed")
    done = subprocess.run([sys.executable, str(example)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def public_names() -> dict[str, set[str]]:
    """What a user can write: the names of every public module, the methods and properties of its classes."""
    modules = [vl, *(getattr(vl, name) for name in vl.__all__ if inspect.ismodule(getattr(vl, name)))]
    names = {module.__name__: set(module.__all__) for module in modules}
    for cls in (vl.Masks, vl.Tracks):
        names[cls.__name__] = {name for name in dir(cls) if not name.startswith("_")}
    return names


def test_the_whole_api_example_leaves_no_public_name_out() -> None:
    tree = ast.parse(WHOLE_API.read_text())
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert {where: names - used for where, names in public_names().items() if names - used} == {}


def test_the_whole_api_example_is_strictly_typed() -> None:
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", ROOT / "pyproject.toml", WHOLE_API]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_s_training_step_has_gradients() -> None:
    pytest.importorskip("torch")
    exec(blocks("python")[1], names := {})
    assert names["weights"].shape == (2,)
    assert names["target"].shape == (2, 3)
    assert names["logits"].grad.isfinite().all()
    assert names["logits"].grad.any()


def test_the_readme_s_block_for_a_gpu_runs_where_there_is_one_or_none() -> None:
    pytest.importorskip("torch")
    exec(blocks("python")[2], names := {})
    assert ("rles" in names) is names["vl"].cuda.is_available()


def test_the_readme_s_python_block_prints_what_its_comments_say() -> None:
    block = blocks("python")[0]
    done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "[0] [-1  0]" in done.stdout
    assert "[[ True  True False]]" in done.stdout


def test_the_guide_to_pm_vis_runs_on_any_masks() -> None:
    (block,) = blocks("python", (ROOT / "docs" / "pm-vis.md").read_text())
    dense = np.zeros((2, 12, 40, 50), bool)
    dense[0, :, 5:20, 5:25] = dense[1, :, 15:35, 20:45] = True
    prompted = vl.Tracks(dense)
    names = {"prompted": prompted, "detected": prompted[::-1], "boxes": prompted.box}
    exec(block, names := {**names, "track": lambda masks, start: masks})
    assert names["fused"].tracks.area.sum() == (dense.any(axis=0)).sum()  # every pixel once


GBOPT = (ROOT / "docs" / "gbopt.md").read_text()


def test_the_guide_to_gbopt_prints_what_it_shows() -> None:
    block, _ = blocks("python", GBOPT)
    (shown,) = blocks("text", GBOPT)
    done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout == shown


def test_the_guide_to_gbopt_runs_with_any_model_of_the_flow() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    asked = []

    def network(first: Any, second: Any) -> list[Any]:
        """RAFT's form. Nothing moves."""
        assert first.shape == second.shape == (len(first), 3, 40, 80)
        assert -1 <= first.min() < first.max() <= 1
        asked.append(len(first))
        return [torch.full((len(first), 2, 40, 80), float("nan")), torch.zeros(len(first), 2, 40, 80)]

    example, sketch = blocks("python", GBOPT)
    names: dict[str, Any] = {"network": network, "plate": np.zeros((40, 80, 3), np.uint8)}
    names["video"] = np.random.default_rng(0).integers(0, 256, (4, 40, 80, 3), dtype=np.uint8)
    exec(example, names)
    exec(sketch, names)
    assert [subset.tolist() for subset in names["selected"].chosen] == [[0, 1]] * 4
    assert asked.count(1) >= 3, "the measured flows, one by one"
    assert max(asked) == 8, "composed frames come in batches"


@pytest.mark.parametrize(
    "line", [line for block in blocks("sh", GBOPT) for line in block.splitlines() if "vislabel " in line]
)
def test_a_command_line_in_the_guide_to_gbopt_is_understood(line: str) -> None:
    verb, *words = line.split()[1:]
    done = subprocess.run(
        [sys.executable, "-m", "vislabel.cli", verb, "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert all(word in done.stdout for word in words if word.startswith("--"))


def test_the_readme_s_cpp_block_is_an_example_that_the_tests_run() -> None:
    (block,) = blocks("cpp")
    assert (ROOT / "examples" / "cpp" / "00_readme.cpp").read_text() == block


@pytest.mark.parametrize(
    "line", [line for block in blocks("sh") for line in block.splitlines() if "vislabel " in line]
)
def test_a_command_line_in_the_readme_is_understood(line: str) -> None:
    verb, *rest = line.partition("#")[0].split()[1:]
    done = subprocess.run(
        [sys.executable, "-m", "vislabel.cli", verb, "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert all(word in done.stdout for word in rest if word.startswith("--"))


def test_the_demonstration_runs_on_a_video_of_the_user_s(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")
    folder = tmp_path / "clip"
    folder.mkdir()
    import numpy as np

    rng = np.random.default_rng(0)
    ground = rng.integers(60, 120, (96, 128, 3), dtype=np.uint8)
    texture = rng.integers(150, 255, (30, 20, 3), dtype=np.uint8)
    for t in range(24):
        frame = ground.copy()
        frame[30:60, 10 + 3 * t : 30 + 3 * t] = texture
        cv2.imwrite(str(folder / f"{t:03}.png"), frame)
    command = [sys.executable, str(ROOT / "examples" / "demo.py"), str(folder), "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert "training-ready" in done.stdout
    assert (tmp_path / "out" / "pseudo.json").exists()
    fused = vl.io.read_dataset(tmp_path / "out" / "fused.json")
    assert [len(annotations) > 0 for annotations in fused] == [True]
    assert list((tmp_path / "out" / "pm-vis").glob("*.png")), "the pictures of the fusion"
    (chosen,) = vl.io.read_dataset(tmp_path / "out" / "gbopt" / "pseudo.json")
    assert (chosen.tracks.area.sum(axis=0) > 0).all(), "GBOpt keeps the square in every frame"
    assert "nodes expanded" in done.stdout
    assert list((tmp_path / "out" / "gbopt").glob("*_frame_*.png")), "the pictures of the choice"
