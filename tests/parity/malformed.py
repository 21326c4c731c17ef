"""Malformed input to vislabel and to pycocotools, side by side: every case in a process of its own.

`python tests/parity/malformed.py` prints the table, `--write docs/malformed-input.md` writes it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from malformed_cases import CASES, NAMES, Case

MEMORY = 2 << 30  # address space that a case may add
SECONDS = {"vislabel": 20.0, "pycocotools": 2.0}
GARBAGE, UNWRITTEN = "garbage", "uninitialised memory"
# What new memory holds in each run of pycocotools: a result that differs was never written.
FILLINGS = 0, 85, 192, 24


@dataclass
class Outcome:
    """What one call did: "value", "refused" (a `vislabel.Error`), "raised", "killed" or "hangs"."""

    kind: str
    text: str = ""
    right: bool = False
    noise: str = ""


# --- in the process of one library --------------------------------------------------------------------------


def namespace(library: str, with_torch: bool) -> dict[str, Any]:
    """The modules that the calls name."""
    import numpy as np

    names: dict[str, Any] = {"np": np, "torch": importlib.import_module("torch") if with_torch else None}
    names["vl"] = None
    if library == "vislabel":
        import vislabel as vl

        names |= {"vl": vl, "mask": vl.mask}
    else:
        from pycocotools import mask

        names |= {"mask": mask}
    exec(NAMES, names)
    return names


def shown(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 100 else f"{text[:97]}..."


def same(value: Any, expected: Any) -> bool:
    """Equal; arrays also of the expected shape, and of its dtype where an array is expected."""
    import numpy as np

    if isinstance(expected, tuple):
        return len(value) == len(expected) and all(map(same, value, expected))
    if isinstance(value, (dict, list)):
        return bool(value == expected)
    alike = not hasattr(expected, "dtype") or value.dtype == expected.dtype
    array, wanted = np.asarray(value), np.asarray(expected)
    return alike and array.shape == wanted.shape and bool(np.all(array == wanted))


def call(case: Case, names: dict[str, Any]) -> Outcome:
    """Runs the case; warnings of the call are noise, those of what was given are not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(case.given, names)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            value = eval(case.call, names)
        except BaseException as error:
            ours = names["vl"] is not None and isinstance(error, names["vl"].Error)
            outcome = Outcome("refused" if ours else "raised", f"{type(error).__name__}: {error}")
        else:
            outcome = Outcome("value", shown(value))
    outcome.noise = " ".join(warning.category.__name__ for warning in told)
    if outcome.kind == "value" and case.right:
        outcome.right = same(value, eval(case.right, names))
    return outcome


def run_alone(case: Case, names: dict[str, Any], seconds: float) -> Outcome:
    """The case in a forked child: a crash is its own, and torch need not be imported again."""
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            answer_and_exit(case, names, writer, output.fileno())
        os.close(writer)
        answer = read_all(reader, seconds)
        if answer is None:
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        output.seek(0)
        printed = output.read().decode(errors="replace")
    if answer is None:
        return Outcome("hangs", f"hangs ({seconds:g} s)", noise=printed)
    if os.WIFSIGNALED(status):
        return Outcome("killed", signal.Signals(os.WTERMSIG(status)).name, noise=printed)
    if not answer:
        return Outcome("killed", f"exit {os.waitstatus_to_exitcode(status)}", noise=printed)
    outcome = Outcome(**json.loads(answer))
    outcome.noise = " ".join(filter(None, [outcome.noise, printed.strip()]))
    return outcome


def answer_and_exit(case: Case, names: dict[str, Any], writer: int, output: int) -> NoReturn:
    """The child's part; whatever goes wrong, it never returns into the parent's code."""
    try:
        os.dup2(output, 1), os.dup2(output, 2)
        sys.stdout = sys.stderr = open(1, "w", closefd=False)  # noqa: SIM115
        limit_memory()
        outcome = call(case, names)
        sys.stdout.flush()
        os.write(writer, json.dumps(asdict(outcome)).encode())
        os._exit(0)
    except BaseException:
        os.write(2, traceback.format_exc().encode(errors="replace"))
    finally:
        os._exit(1)


def limit_memory() -> None:
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read_all(reader: int, seconds: float) -> bytes | None:
    """Everything until the other end closes, or None after so many seconds."""
    deadline = time.monotonic() + seconds
    parts: list[bytes] = []
    try:
        while select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
            part = os.read(reader, 1 << 16)
            if not part:
                return b"".join(parts)
            parts.append(part)
        return None
    finally:
        os.close(reader)


# --- both libraries -----------------------------------------------------------------------------------------


def outcomes(library: str, filling: int = 0) -> dict[str, Outcome]:
    """Every case by its name, in two processes that fork for each: torch makes forks slow."""
    tunables = f"glibc.malloc.tcache_count=0:glibc.malloc.perturb={filling}"
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    if filling > 0:
        environment |= {"GLIBC_TUNABLES": tunables, "PYTHONMALLOC": "malloc"}
    command = [sys.executable, __file__, "--run", library]
    both = [
        subprocess.Popen([*command, *torch], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for torch in ([], ["--torch"])
    ]
    done: dict[str, Outcome] = {}
    for process in both:
        output, errors = process.communicate(timeout=600)
        if process.returncode != 0:
            raise RuntimeError(f"the process of {library} ended with {process.returncode}: {errors.decode()}")
        for line in output.splitlines():
            name, outcome = json.loads(line)
            done[name] = Outcome(**outcome)
    return done


def cases_of(library: str) -> list[Case]:
    return [case for case in CASES if library == "vislabel" or case.is_pycocotools_too]


def of_pycocotools(seen: list[Outcome]) -> str:
    """What pycocotools did in several runs, in words that do not change from run to run."""
    words = {outcome.text for outcome in seen if outcome.kind in ("killed", "hangs")}
    others = [outcome for outcome in seen if outcome.kind in ("value", "raised")]
    if len({outcome.text for outcome in others}) > 1:
        words.add(UNWRITTEN)
    elif others:
        answer = "the same" if others[0].right else f"{GARBAGE}: {others[0].text}"
        words.add(answer if others[0].kind == "value" else others[0].text)
    noise = {outcome.noise for outcome in seen if outcome.noise}
    return " or ".join(sorted(words)) + (f" ({', '.join(sorted(noise))})" if noise else "")


def kind_of(cell: str) -> str:
    """The kind of a cell of pycocotools, for the counts."""
    for kind in ("SIG", "hangs", UNWRITTEN, GARBAGE, "the same"):
        if kind in cell:
            return "a crash" if kind == "SIG" else kind
    return "another Python error"


def table() -> str:
    """Markdown: how often pycocotools does what; every case, its call, and what both libraries make of it."""
    ours, theirs = outcomes("vislabel"), [outcomes("pycocotools", filling) for filling in FILLINGS]
    rows, kinds = ["| case | call | vislabel | pycocotools |", "|---|---|---|---|"], Counter[str]()
    for case in CASES:
        seen = [run[case.name] for run in theirs if case.is_pycocotools_too]
        beside = of_pycocotools(seen)
        kinds.update([kind_of(beside)] if seen else [])
        rows.append(row(case.name, f"`{case.source}`", ours[case.name].text, beside))
    counts = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    return (
        f"{len(CASES)} cases; pycocotools has the call in {kinds.total()}: {counts}.\n\n"
        + "\n".join(rows)
        + "\n"
    )


def row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


INTRODUCTION = """\
# Malformed input

Every case runs in a process of its own, which may add 2 GiB of memory: vislabel raises `vislabel.Error`, a
`ValueError`, or returns the right answer; pycocotools is beside it where it has the call, and "garbage" is
an answer to a question that has none, "uninitialised memory" one that shows what the memory held before.
In the calls `rle(h, w, runs..)` is an RLE dict, `good` that of `[[0, 1], [1, 1]]`, `x` that array, `masks`
that mask packed, `tracks` two tracks over three frames of 4 x 5, and `on(device, ..)` a tensor that says it
is there.

"""


def document() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("vislabel", "pycocotools", "numpy", "torch"))
    system = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    again = "Again: `python tests/parity/malformed.py --write docs/malformed-input.md`."
    return f"{INTRODUCTION}{libraries}, {system}. {again}\n\n{table()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", metavar="FILE", help="write the document there")
    parser.add_argument("--run", choices=SECONDS, help=argparse.SUPPRESS)  # the cases of one library, as JSON
    parser.add_argument(
        "--torch", action="store_true", help=argparse.SUPPRESS
    )  # those that need it, not the others
    options = parser.parse_args()
    if options.run:
        names = namespace(options.run, options.torch)
        for case in cases_of(options.run):
            if case.needs_torch == options.torch:
                outcome = run_alone(case, names, SECONDS[options.run])
                print(json.dumps([case.name, asdict(outcome)]), flush=True)
        return
    text = document()
    if options.write:
        Path(options.write).write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
