"""What all Python tests share: real data where it is, oracles to import, quick and repeatable hypothesis."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import vislabel as vl
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "python"))  # `import oracle` from every test folder

settings.register_profile(
    "vislabel",
    deadline=None,
    max_examples=25,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("vislabel")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real masks: VISLABEL_DATA, or ../shared/data from the project's root."""
    folder = Path(os.environ.get("VISLABEL_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real masks: {folder} is no folder (set VISLABEL_DATA)")
    return folder


@pytest.fixture
def all_threads_after() -> Iterator[None]:
    """Whatever the test sets, the next one runs on all threads again."""
    yield
    vl.set_num_threads(0)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A folder of images in which a bright square walks over noise."""
    cv2 = pytest.importorskip("cv2", reason="OpenCV (extra draw) is not installed")
    folder = tmp_path / "clip"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(90, 110, (96, 128, 3))
    for t in range(24):
        frame = noise.astype(np.uint8).copy()
        frame[30:60, 4 * t : 4 * t + 24] = (230, 60, 20)
        assert cv2.imwrite(str(folder / f"{t}.png"), frame)
    return folder
