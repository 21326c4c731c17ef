"""Peak memory of the room `loss` beside dense torch's, every contender in a process of its own.

    python benchmarks/python/loss_memory.py ROW CONTENDER [--quick]     bytes beside the inputs

The peak is the system's (VmHWM), started anew once the inputs lie there and everything that loads late has.
"""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys
from pathlib import Path

import loss_rows
from timing import OURS

LEAST = 1 << 16
"""Less than this is what the interpreter and the allocator do on their own."""


def lines(quick: bool) -> list[list[str]]:
    """Per row and peer: what it needs beside the inputs, what ours does, the ratio."""
    out = []
    for name, make in loss_rows.of_threads(quick):
        needed = {contender: in_a_process(name, contender, quick) for contender in make(name).contenders}
        for contender, peak in needed.items():
            if contender != OURS:
                ratio = peak / max(needed[OURS], LEAST)
                goal = contender == loss_rows.BATCHED and not quick
                verdict = ("met" if ratio >= 3 else f"**missed**: {ratio / 3:.0%}") if goal else ""
                out.append([name, contender, shown(peak), shown(needed[OURS]), f"{ratio:.1f}x", verdict])
    return out


def shown(peak: int) -> str:
    return f"{peak / 2**20:.1f} MiB"


def in_a_process(name: str, contender: str, quick: bool) -> int:
    command = [sys.executable, __file__, name, contender, *(["--quick"] if quick else [])]
    done = subprocess.run(
        command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode != 0:
        raise RuntimeError(f"{name}: {contender}: {done.stderr}")
    return int(done.stdout)


def beside_the_inputs(name: str, contender: str, quick: bool) -> int:
    """The peak of the first call; calls on small sets have loaded the code."""
    for small, make in loss_rows.of_threads(True):
        run = make(small).contenders.get(contender)
        if run is not None:
            run()
    run = dict(loss_rows.of_threads(quick))[name](name).contenders[contender]
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is now what is in use
    before = status("VmRSS")
    result = run()
    peak = status("VmHWM") - before
    del result
    return peak


def status(field: str) -> int:
    """Bytes, as the system counts them."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return 1024 * int(line.split()[1])
    raise RuntimeError(f"this system tells no {field}")


if __name__ == "__main__":
    print(beside_the_inputs(sys.argv[1], sys.argv[2], "--quick" in sys.argv[3:]))
