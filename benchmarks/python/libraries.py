"""The peers, as far as they are installed, every one held to one thread.

Import this module first: thread counts are read from the environment when a library is loaded.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
from types import ModuleType

ALL_CORES = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[variable] = "1"


import vislabel  # noqa: E402

vislabel.set_num_threads(1)

MODULES = {
    "pycocotools": "pycocotools.mask",
    "ultrafast-pycocotools": "ultrafast_pycocotools.mask",
    "hotcoco": "hotcoco.mask",
    "faster-coco-eval": "faster_coco_eval.core.mask",
    "rlemasklib": "rlemasklib",
    "torch": "torch",
    "scipy": "scipy",
    "networkx": "networkx",
}

installed: dict[str, ModuleType] = {}
missing: list[str] = []
for name, module in MODULES.items():
    try:
        installed[name] = importlib.import_module(module)
    except ImportError:
        missing.append(name)
if "torch" in installed:
    installed["torch"].set_num_threads(1)


def pin(cores: int) -> None:
    """Keeps this thread, and those that it starts, on so many cores, where the system knows how."""
    if ALL_CORES is not None:
        os.sched_setaffinity(0, sorted(ALL_CORES)[-cores:])


pin(1)  # after the imports: OpenMP counts the cores when it is loaded

coco: dict[str, ModuleType] = {name: installed[name] for name in list(MODULES)[:4] if name in installed}
"""The libraries with pycocotools' own functions: encode, decode, area, toBbox, iou, merge."""

if "pycocotools" not in installed:
    raise SystemExit("pycocotools is the reference of every row: pip install 'vislabel[bench]'")
pycocotools = installed["pycocotools"]
rlemasklib = installed.get("rlemasklib")


def versions() -> list[str]:
    """ "name version" of everything that is measured."""
    return [f"{name} {importlib.metadata.version(name)}" for name in ("vislabel", *installed, "numpy")]
