"""The house: includes go one way, the umbrella covers every header, every header has its test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "include" / "vislabel"
HEADERS = sorted(str(path.relative_to(INCLUDE)) for path in INCLUDE.rglob("*.hpp"))

CHAIN = ["core", "mask", "track", "iou"]  # each may include those before it
TOP = ["select", "fuse", "path", "loss", "evaluate"]  # each may include the chain, and no other top room

WITHOUT_TEST = {
    "core/block.hpp": "types and constants, all over tests/core/kernels_portable_test.cpp",
    "core/kernels_avx2.hpp": "tests/core/kernels_portable_test.cpp runs every table that the machine has",
    "core/kernels_avx512.hpp": "tests/core/kernels_portable_test.cpp runs every table that the machine has",
    "core/rule.hpp": "two names; what they stand for is tested where they are options",
    "select/suppress.hpp": "two names, tested where they are an option: spatiotemporal_nms_test.cpp",
    "version.hpp": "three numbers, compared with the package's version in tests/python/package_test.py",
    "vislabel.hpp": "only includes; this file checks which, tests/consumer compiles it",
}


def included(header: str) -> list[str]:
    """The library's own headers that a header includes."""
    text = (INCLUDE / header).read_text()
    return re.findall(r'^\s*#\s*include\s*[<"]vislabel/([^>"]+)[>"]', text, re.MULTILINE)


def reached(header: str) -> set[str]:
    """Every header that a header includes, also through others."""
    seen: set[str] = set()
    todo = [header]
    while todo:
        for name in included(todo.pop()):
            if name not in seen:
                seen.add(name)
                todo.append(name)
    return seen


def allowed_rooms(room: str) -> set[str]:
    return set(CHAIN[: CHAIN.index(room) + 1]) if room in CHAIN else {*CHAIN, room}


def test_there_are_only_the_rooms_of_the_design() -> None:
    assert {path.name for path in INCLUDE.iterdir() if path.is_dir()} <= {*CHAIN, *TOP}
    assert {header for header in HEADERS if "/" not in header} == {"version.hpp", "vislabel.hpp"}


@pytest.mark.parametrize("header", [header for header in HEADERS if "/" in header])
def test_includes_go_one_way(header: str) -> None:
    room = header.split("/")[0]
    for name in included(header):
        assert name in HEADERS, f"{header} includes {name}, which is not there"
        assert name == "version.hpp" or name.split("/")[0] in allowed_rooms(room), f"{header} includes {name}"


@pytest.mark.parametrize("header", HEADERS)
def test_no_header_includes_itself_in_a_circle(header: str) -> None:
    assert header not in reached(header)


@pytest.mark.parametrize("header", HEADERS)
def test_own_headers_are_included_by_their_full_name(header: str) -> None:
    quoted = re.findall(r'^\s*#\s*include\s*"([^"]+)"', (INCLUDE / header).read_text(), re.MULTILINE)
    assert quoted == []


@pytest.mark.parametrize("header", HEADERS)
def test_every_header_opens_with_a_paragraph_and_is_included_once(header: str) -> None:
    text = (INCLUDE / header).read_text()
    assert text.startswith("/// ")
    assert len(re.findall(r"^#pragma once$", text, re.MULTILINE)) == 1


def test_the_umbrella_includes_every_header_except_xtensor() -> None:
    assert set(HEADERS) - reached("vislabel.hpp") == {"core/xtensor.hpp", "vislabel.hpp"}
    assert "core/xtensor.hpp" not in reached("vislabel.hpp")


@pytest.mark.parametrize("header", HEADERS)
def test_every_header_has_a_test_of_its_name(header: str) -> None:
    test = ROOT / "tests" / header.replace(".hpp", "_test.cpp")
    if header in WITHOUT_TEST:
        assert not test.exists(), f"{header} has a test now: take it off the list"
        return
    assert test.is_file(), f"{header} has no {test.relative_to(ROOT)}"


def test_every_room_test_has_a_header_of_its_name() -> None:
    """Or is a part of such a test, split off: ``k_best_budget_test.cpp`` tests ``k_best.hpp``."""
    for room in (*CHAIN, *TOP):
        for test in sorted((ROOT / "tests" / room).glob("*_test.cpp")):
            name = test.name.removesuffix("_test.cpp")
            names = [name, *(name[:end] for end, letter in enumerate(name) if letter == "_")]
            assert any(f"{room}/{name}.hpp" in HEADERS for name in names), f"{test} tests no header"


@pytest.mark.parametrize(
    "source", sorted((ROOT / "python" / "src").glob("*.cpp")), ids=lambda path: path.name
)
def test_bindings_of_a_room_include_what_the_room_may(source: Path) -> None:
    room = source.stem
    if room not in (*CHAIN, *TOP):
        return
    for name in re.findall(r"#include <vislabel/([^>]+)>", source.read_text()):
        assert name.split("/")[0] in allowed_rooms(room), f"{source.name} includes {name}"


CUDA = ROOT / "cuda" / "include" / "vislabel" / "cuda"
CUDA_HEADERS = sorted(str(path.relative_to(CUDA)) for path in CUDA.rglob("*.*h*") if path.parent != CUDA)


@pytest.mark.parametrize("header", CUDA_HEADERS)
def test_the_cuda_backend_has_the_same_rooms_and_includes_go_the_same_way(header: str) -> None:
    text = (CUDA / header).read_text()
    assert text.startswith("/// ")
    assert len(re.findall(r"^#pragma once$", text, re.MULTILINE)) == 1
    allowed = allowed_rooms(header.split("/")[0])
    for name in re.findall(r"#include <vislabel/(?:cuda/)?([^>]+)>", text):
        assert name.split("/")[0] in allowed, f"cuda/{header} includes {name}"
