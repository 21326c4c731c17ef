"""The wheel brings the module, the headers and the CMake package: a C++ project builds from it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's contents, without anything of the source tree beside it."""
    pytest.importorskip(
        "scikit_build_core", reason="scikit-build-core, which builds the wheel, is not installed"
    )
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", str(ROOT)]
    # With the CUDA backend where there is nvcc, which ./dev leaves out; for one architecture, to be quick.
    for define in ("VISLABEL_CUDA=AUTO", "CMAKE_CUDA_ARCHITECTURES=90"):
        command.append(f"--config-settings=cmake.define.{define}")
    subprocess.run([*command, "-w", str(folder)], check=True, timeout=900)
    (wheel,) = folder.glob("vislabel-*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "unpacked")
    return folder / "unpacked"


def run(unpacked: Path, code: str) -> str:
    """What a program prints that imports the wheel's package."""
    paths = f"import sys; sys.path[:0] = {[str(unpacked), *sys.path]!r}; "
    command = [sys.executable, "-S", "-c", paths + code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_wheel_holds_module_types_headers_and_cmake_package(unpacked: Path) -> None:
    package = unpacked / "vislabel"
    assert list(package.glob("_core.*.so"))
    for name in (
        "py.typed",
        "_core.pyi",
        "cuda/__init__.py",
        "include/vislabel/vislabel.hpp",
        "include/vislabel/cuda/mask/pack.cuh",
        "cmake/vislabel-config.cmake",
    ):
        assert (package / name).is_file()


def test_the_wheel_has_the_cuda_backend_where_there_was_nvcc(unpacked: Path) -> None:
    """And imports without a driver."""
    found = [shutil.which("nvcc"), *Path("/usr/local/cuda/bin").glob("nvcc")]
    found += Path(sysconfig.get_path("purelib")).glob("nvidia/cu13/bin/nvcc")
    code = "import vislabel; print(vislabel.cuda.build_info()['built'], vislabel.cuda.device_count() >= 0)"
    assert run(unpacked, code) == f"{any(found)} True\n"


def test_the_wheel_s_module_answers_where_its_headers_are(unpacked: Path) -> None:
    code = "import vislabel; print(vislabel.get_include()); print(vislabel.get_cmake_dir())"
    include, cmake = run(unpacked, code).split()
    assert (include, cmake) == (str(unpacked / "vislabel/include"), str(unpacked / "vislabel/cmake"))


def test_a_cpp_project_builds_from_the_wheel(unpacked: Path, tmp_path: Path) -> None:
    if shutil.which("cmake") is None or shutil.which("ninja") is None:
        pytest.skip("cmake and ninja are not installed")
    build = ["cmake", "-S", str(ROOT / "tests/consumer"), "-B", str(tmp_path), "-G", "Ninja"]
    build.append(f"-Dvislabel_DIR={unpacked / 'vislabel/cmake'}")
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    subprocess.run(["cmake", "--build", str(tmp_path)], check=True, capture_output=True, timeout=300)
    subprocess.run([str(tmp_path / "selection")], check=True)
    subprocess.run([str(tmp_path / "masks_only")], check=True)
