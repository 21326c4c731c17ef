"""Leaves out every barrier of the kernels in turn: some test of the emulator must fail each time.

    python tests/cuda/mutations.py > docs/cuda-mutations.md
    python tests/cuda/mutations.py pairwise  # the headers alone whose name has this

Takes about a minute a barrier.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADERS = Path("cuda/include")
BARRIER = re.compile(r"^\s*__sync(threads|warp)\(\);.*\n", re.MULTILINE)


def barriers() -> list[tuple[Path, re.Match[str]]]:
    """Every barrier, and the header that it is in."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    files = sorted(path for path in (ROOT / HEADERS).rglob("*.cuh") if wanted in path.name)
    return [(path, match) for path in files for match in BARRIER.finditer(path.read_text())]


def build(headers: Path, program: Path) -> None:
    """The tests with these headers."""
    sources = sorted((ROOT / "tests/cuda").glob("*_test.cpp"))
    whole = program.with_suffix(".cpp")
    whole.write_text("".join(f'#include "{source}"\n' for source in sources))
    options = ["-std=gnu++20", "-O1", "-w", "-isystem", "/usr/include/eigen3"]
    places = [f"-I{place}" for place in (headers, ROOT / "include", ROOT / "tests", ROOT / "tests/cuda")]
    main = str(ROOT / "tests/main.cpp")
    subprocess.run(["g++", *options, *places, str(whole), main, "-o", str(program)], check=True)


def first_failure(program: Path) -> str | None:
    """The first test that fails, or None."""
    done = subprocess.run([program, "--abort-after=1", "--no-colors"], capture_output=True, text=True)
    if done.returncode == 0:
        return None
    found = re.search(r"TEST CASE:\s*(.*)", done.stdout)
    return found[1].strip() if found else f"status {done.returncode}"


def main() -> int:
    """Prints the table; the number of barriers that no test misses."""
    missed = 0
    print("# Every barrier left out in turn\n")
    print("`python tests/cuda/mutations.py`: the kernels without one of their barriers, emulated;", end=" ")
    print("the first test that fails.\n\n| barrier | left out, this test fails |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        headers, program = Path(folder) / "include", Path(folder) / "mutant"
        for path, match in barriers():
            shutil.copytree(ROOT / HEADERS, headers, dirs_exist_ok=True)
            text, mutant = path.read_text(), headers / path.relative_to(ROOT / HEADERS)
            mutant.write_text(text[: match.start()] + text[match.end() :])
            build(headers, program)
            failure = first_failure(program)
            missed += failure is None
            line = text[: match.start()].count("\n") + text[match.start() : match.end()].count("\n")
            print(f"| `{path.name}` {line} | {failure or '**none**'} |", flush=True)
    return missed


if __name__ == "__main__":
    sys.exit(main())
