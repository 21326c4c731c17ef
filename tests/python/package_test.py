"""The package: light to import, complete lists of names, examples that run, headers beside it."""

from __future__ import annotations

import doctest
import importlib
import importlib.metadata
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
import vislabel as vl

ROOT = Path(__file__).resolve().parents[2]
NAMES = [info.name for info in pkgutil.walk_packages(vl.__path__, "vislabel.")]
MODULES = sorted(name for name in NAMES if not name.endswith(("__main__", "_core")))
PUBLIC = ["vislabel", *(f"vislabel.{name}" for name in vl.__all__ if f"vislabel.{name}" in MODULES)]


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_importing_vislabel_imports_numpy_and_nothing_heavy() -> None:
    heavy = ["torch", "cv2", "msgspec", "rich", "PIL", "pycocotools"]
    assert python(f"import sys, vislabel; print([m for m in {heavy} if m in sys.modules])") == "[]\n"


def test_using_vislabel_on_numpy_arrays_never_imports_torch() -> None:
    code = (
        "import sys, numpy as np, vislabel as vl\n"
        "x = np.ones((2, 3, 4, 4), bool)\n"
        "vl.select.pseudo_labels(x, [1, 1], np.ones((2, 3))), vl.iou.mask_iou(x[0], x[0])\n"
        "print('torch' in sys.modules)\n"
    )
    assert python(code) == "False\n"


def test_every_name_of_all_is_there_with_one_import() -> None:
    assert (
        python("import vislabel; print([n for n in vislabel.__all__ if not hasattr(vislabel, n)])") == "[]\n"
    )
    assert (
        python("from vislabel import *; print(Masks.__name__, select.__name__)") == "Masks vislabel.select\n"
    )


@pytest.mark.parametrize("name", PUBLIC)
def test_all_lists_every_public_name_and_no_other(name: str) -> None:
    module = importlib.import_module(name)
    assert hasattr(module, "__all__"), f"{name} has no __all__"
    assert [n for n in module.__all__ if not hasattr(module, n)] == []
    assert len(set(module.__all__)) == len(module.__all__)
    own = {
        n
        for n, value in vars(module).items()
        if not n.startswith("_")
        and inspect.isroutine(value) | inspect.isclass(value)
        and value.__module__ == name
    }
    assert own - set(module.__all__) == set()


@pytest.mark.parametrize("name", ["vislabel", *MODULES])
def test_examples_in_docstrings_run(name: str) -> None:
    assert (
        doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0
    )


def test_there_are_examples_in_docstrings() -> None:
    finder = doctest.DocTestFinder()
    for cls in (vl, vl.Masks):
        assert any(test.examples for test in finder.find(cls))


@pytest.mark.parametrize("name", PUBLIC)
def test_public_functions_are_documented_and_typed(name: str) -> None:
    module = importlib.import_module(name)
    for item in (getattr(module, n) for n in module.__all__):
        if (
            not getattr(item, "__module__", "").startswith("vislabel")
            or getattr(item, "__module__", "") == "vislabel._core"
        ):
            continue
        parts = [item]
        if inspect.isclass(item):
            parts += [v for n, v in vars(item).items() if inspect.isfunction(v) and not n.startswith("_")]
        for part in parts:
            assert inspect.getdoc(part), f"{name}: {part} has no docstring"
            if inspect.isfunction(part):
                signature = inspect.signature(part)
                assert signature.return_annotation is not signature.empty, f"{part} has no return type"
                untyped = [
                    p
                    for p in signature.parameters.values()
                    if p.annotation is p.empty and p.name not in ("self", "cls")
                ]
                assert untyped == [], f"{part}: {untyped}"


def test_headers_and_cmake_files_lie_beside_the_package() -> None:
    include, cmake = Path(vl.get_include()), Path(vl.get_cmake_dir())
    source = ROOT / "include"
    headers = {str(p.relative_to(source)) for p in source.rglob("*.hpp")}
    assert "vislabel/vislabel.hpp" in headers
    assert {str(p.relative_to(include)) for p in include.rglob("*.hpp")} >= headers
    names = {p.name for p in cmake.iterdir()}
    assert {"vislabel-config.cmake", "vislabel-config-version.cmake", "vislabel-targets.cmake"} <= names
    assert f'"{vl.__version__}"' in (cmake / "vislabel-config-version.cmake").read_text()


def test_the_version_is_that_of_the_one_header() -> None:
    text = (ROOT / "include/vislabel/version.hpp").read_text()
    version = ".".join(re.findall(r"#define VISLABEL_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", text))
    assert vl.__version__ == vl.build_info()["version"] == importlib.metadata.version("vislabel") == version


def test_build_info_names_compiler_threads_and_instructions() -> None:
    info = vl.build_info()
    assert {"version", "compiler", "openmp", "isa", "cuda"} <= set(info)
    assert info["isa"] in ("portable", "avx2", "avx512")
    assert isinstance(info["openmp"], bool)
    assert isinstance(info["cuda"], bool)


def test_the_package_is_marked_as_typed() -> None:
    folder = Path(inspect.getfile(vl)).parent
    assert (folder / "py.typed").is_file()
    assert (folder / "_core.pyi").is_file()


def test_error_is_a_value_error_of_the_public_package() -> None:
    assert issubclass(vl.Error, ValueError)
    assert vl.Error.__name__ == "Error"
