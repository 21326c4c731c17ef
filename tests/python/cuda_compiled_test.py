"""What nvcc makes of the CUDA backend: a module that needs no driver, and code that reads odd addresses."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cuda_emulation import ROOT

NVCC = shutil.which("nvcc") or next((str(x) for x in Path("/usr/local/cuda/bin").glob("nvcc")), None)


@pytest.mark.skipif(NVCC is None, reason="no nvcc here")
@pytest.mark.parametrize(
    ("source", "kernels"),
    [
        ("mask", ["pack_elementsILj128Ef", "pack_elementsILj128Em", "pack_resizedILj128Ef"]),
        ("box_losses", ["shadows", "first_maxima", "find_nan", "similar_pairs", "affinity_tile"]),
    ],
)
def test_elements_are_read_in_one_piece_and_byte_by_byte(
    source: str, kernels: list[str], tmp_path: Path
) -> None:
    """nvcc once took both branches for the same, and left the word, which faults at an odd address."""
    options = ["-std=c++20", "-O3", "--expt-relaxed-constexpr", "--fmad=false", "-arch=compute_90", "-ptx"]
    places = [f"-I{ROOT / place}" for place in ("cuda/include", "include")]
    out = tmp_path / "out.ptx"
    command = [str(NVCC), *options, *places, str(ROOT / f"cuda/src/{source}.cu"), "-o", str(out)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    entries = dict(re.findall(r"\.entry (\w+)\((.*?)\n\}", out.read_text(), re.DOTALL))
    for kernel in kernels:
        found = [code for name, code in entries.items() if kernel in name]
        assert found, kernel
        for code in found:
            assert re.search(r"ld\.global(\.nc)?\.\w(32|64)", code), kernel
            assert "ld.volatile" in code, kernel


def test_the_compiled_backend_is_imported_without_a_driver() -> None:
    """And without CUDA's libraries: its run time is a part of it."""
    found = sorted((ROOT / "build" / "cuda" / "python").glob("_cuda.*.so"))
    if not found:
        pytest.skip("not built: ./dev test --all builds the CUDA backend with nvcc")
    code = (
        "import importlib.machinery as m, importlib.util as u, sys\n"
        "loader = m.ExtensionFileLoader('_cuda', sys.argv[1])\n"
        "module = u.module_from_spec(u.spec_from_loader('_cuda', loader))\n"
        "loader.exec_module(module)\n"
        "print(module.device_count() >= 0, module.build_info()['architectures'], module.layout((33, 17)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, found[0]], capture_output=True, text=True, timeout=60)
    assert done.stdout == "True 75 80 86 89 90 100 120 (2, 32)\n", done.stderr
    linked = subprocess.run(["ldd", found[0]], capture_output=True, text=True).stdout
    assert "libstdc++" in linked
    assert "libcuda" not in linked
