"""What ptxas says of every kernel on every architecture: registers, shared memory, spilled bytes.

    python tests/cuda/registers.py > docs/cuda-registers.md

Needs nvcc; takes a minute or two.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURES = (75, 80, 86, 89, 90, 100, 120)
ENTRY = re.compile(
    r"Compiling entry function '(\w+)' for 'sm_(\d+)'(.*?)Used (\d+) registers([^\n]*)", re.DOTALL
)


def said(source: Path, nvcc: str) -> str:
    """What ptxas says of a source."""
    codes = [f"-gencode=arch=compute_{n},code=sm_{n}" for n in ARCHITECTURES]
    options = ["-std=c++20", "-O3", "--expt-relaxed-constexpr", "--fmad=false", "-Xptxas", "-v"]
    places = [f"-I{ROOT / place}" for place in ("cuda/include", "include")]
    command = [nvcc, *options, *places, *codes, "-c", str(source), "-o", "/dev/null"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


def name_of(symbol: str) -> str:
    """A kernel's name without the elements that it is compiled for."""
    whole = subprocess.run(["c++filt", symbol], check=True, capture_output=True, text=True).stdout
    return re.sub(r".*kernels::(\w+).*", r"\1", whole.strip())


def main() -> int:
    """Prints the table; the number of kernels that spill."""
    nvcc = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
    registers: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    shared: dict[str, int] = defaultdict(int)
    spilled: dict[str, int] = defaultdict(int)
    for source in sorted((ROOT / "cuda/src").glob("*.cu")):
        for symbol, architecture, between, used, rest in ENTRY.findall(said(source, nvcc)):
            name = name_of(symbol)
            own = registers[name]
            own[int(architecture)] = max(own[int(architecture)], int(used))
            memory = re.search(r"(\d+) bytes smem", rest)
            shared[name] = max(shared[name], int(memory[1]) if memory else 0)
            stores = re.search(r"(\d+) bytes spill stores", between)
            spilled[name] += int(stores[1]) if stores else 0
    version = subprocess.run([nvcc, "--version"], check=True, capture_output=True, text=True).stdout
    release = re.search(r"release ([\d.]+), V([\d.]+)", version)
    print(f"# Registers of the kernels\n\nptxas of nvcc {release[2] if release else '?'}:", end=" ")
    print("the most over all types of elements that a kernel is compiled for.\n")
    print("| kernel | " + " | ".join(f"sm_{n}" for n in ARCHITECTURES) + " | shared memory | spilled |")
    print("|---|" + "---|" * (len(ARCHITECTURES) + 2))
    for name in sorted(registers):
        counts = " | ".join(str(registers[name][n]) for n in ARCHITECTURES)
        print(f"| `{name}` | {counts} | {shared[name]} bytes | {spilled[name]} |")
    return sum(bytes_ > 0 for bytes_ in spilled.values())


if __name__ == "__main__":
    sys.exit(main())
