"""Threads: the GIL is let go, the bits never change, small work starts none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import vislabel as vl
from everything import CALLS, MASKS, PATH, SCORES, SERIAL, TRACKS, everything
from refusal import refused

pytestmark = pytest.mark.usefixtures("all_threads_after")


def test_the_number_of_threads_never_changes_a_bit() -> None:
    vl.set_num_threads(1)
    expected = everything()
    for threads in (2, 3, 7, 0):
        vl.set_num_threads(threads)
        assert everything() == expected


def test_eight_python_threads_at_once_get_the_right_answers() -> None:
    expected = everything()
    start = threading.Barrier(8)

    def work(_: int) -> bool:
        start.wait()
        return everything() == expected

    for threads in (1, 2):
        vl.set_num_threads(threads)
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(work, range(8)))


WITHOUT_GIL = {
    **CALLS,
    "union": lambda: MASKS.union(),
    "intersection": lambda: MASKS.intersection(),
    "spatiotemporal_nms": lambda: vl.select.spatiotemporal_nms(TRACKS, SCORES),
    "mask.area": SERIAL["mask.area"],
    **PATH,
    "mask.merge": SERIAL["mask.merge"],
}


@pytest.mark.parametrize("name", WITHOUT_GIL)
def test_another_python_thread_runs_during_a_call(name: str) -> None:
    """No clock: the switch interval is endless, so only a call without the GIL lets the other thread run."""
    gate, ran = threading.Lock(), []
    gate.acquire()

    def other() -> None:
        with gate:
            ran.append(True)

    thread = threading.Thread(target=other)
    before = sys.getswitchinterval()
    thread.start()
    try:
        sys.setswitchinterval(1e6)
        gate.release()
        for _ in range(300):
            WITHOUT_GIL[name]()
            if ran:
                break
        held_all_along = not ran
    finally:
        sys.setswitchinterval(before)
        thread.join()
    assert not held_all_along


def test_the_number_of_threads_is_remembered() -> None:
    assert vl.get_num_threads() >= 1
    default = vl.get_num_threads()
    for n in (1, 3, 2):
        vl.set_num_threads(n)
        assert vl.get_num_threads() == n
    vl.set_num_threads(0)
    assert vl.get_num_threads() == default


@pytest.mark.parametrize("n", [-1, -(2**31), 2**31, 2**70, 1.5, "2", None, [1]], ids=repr)
def test_a_bad_number_of_threads_is_refused_and_changes_nothing(n: Any) -> None:
    vl.set_num_threads(2)
    with refused("n is "):
        vl.set_num_threads(n)
    assert vl.get_num_threads() == 2


def test_absurdly_many_threads_are_refused_or_work() -> None:
    """In a process of its own, with little address space: libgomp exits where it gets no more threads."""
    code = (
        "import resource, numpy as np, vislabel as vl\n"
        "resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))\n"
        "masks = vl.Masks(np.tri(64, dtype=bool)[None].repeat(3000, 0))\n"
        "try:\n"
        "    vl.set_num_threads(100_000)\n"
        "    assert (vl.iou.mask_iou(masks, masks[:30]) == 1).all()\n"
        "except vl.Error: pass\n"
        "print('survived')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "survived\n"), done.stderr


# --- VISLABEL_NUM_THREADS -----------------------------------------------------------------------------------


def under(variable: str | None, code: str) -> list[str]:
    """What a fresh process prints, line by line, with VISLABEL_NUM_THREADS set so, or not at all."""
    names = ("VISLABEL_NUM_THREADS", "OMP_NUM_THREADS")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    environment |= {
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(__file__).parent),
    }  # no threads but ours
    if variable is not None:
        environment["VISLABEL_NUM_THREADS"] = variable
    done = subprocess.run(
        [sys.executable, "-c", "import numpy as np, os, vislabel as vl\n" + code],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_the_environment_variable_is_the_default_number_of_threads() -> None:
    code = (
        "print(vl.get_num_threads())\n"
        "vl.set_num_threads(5), print(vl.get_num_threads())\n"
        "vl.set_num_threads(0), print(vl.get_num_threads())\n"
        "os.environ['VISLABEL_NUM_THREADS'] = '4'; print(vl.get_num_threads())\n"
    )
    assert under("3", code) == ["3", "5", "3", "3"]
    (cores,) = set(under(None, code)) - {"5"}
    for no_wish in ("", "0"):
        assert under(no_wish, code) == [cores, "5", cores, cores]
    assert under("1024", code)[0] == "1024"


@pytest.mark.parametrize(
    "value", ["two", "-1", "1025", "2.0", " 2", "2 ", "0x2", "99999999999999999999", "²"]
)
def test_a_bad_environment_variable_is_refused_at_the_first_use_and_set_num_threads_overrides_it(
    value: str,
) -> None:
    code = (
        "for use in (vl.get_num_threads, lambda: vl.Masks(np.ones((1, 2, 2), bool))) * 2:\n"
        "    try: use(), print('used')\n"
        "    except vl.Error as error: print(error)\n"
        "vl.set_num_threads(2)\n"
        "print(vl.get_num_threads(), vl.Masks(np.ones((1, 2, 2), bool)).area)\n"
    )
    message = f"VISLABEL_NUM_THREADS is '{value}', expected 0 (all cores) to 1024"
    assert under(value, code) == [message] * 4 + ["2 [4]"]


def test_the_command_line_refuses_a_bad_environment_variable_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("msgspec", reason="msgspec (extra io) is not installed")
    results = tmp_path / "results.json"
    rle = {"size": [2, 2], "counts": "04"}
    results.write_text(
        json.dumps(
            [{"video_id": 1, "score": 1.0, "category_id": 1, "segmentations": [rle], "quality": [1.0]}]
        )
    )
    done = subprocess.run(
        [sys.executable, "-m", "vislabel.cli", "select", results, "-o", tmp_path / "out.json"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "VISLABEL_NUM_THREADS": "many"},
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "VISLABEL_NUM_THREADS is 'many', expected 0 (all cores) to 1024" in done.stderr


# --- small work stays on one thread -------------------------------------------------------------------------

SMALL_AND_LARGE = """
count = lambda: len(os.listdir("/proc/self/task"))
vl.set_num_threads(3)
begin = count()
small = vl.Tracks(np.ones((2, 3, 60, 80), bool))
for _ in range(20):
    masks = vl.Masks(np.ones((4, 60, 80), bool))
    masks.to_rle(), masks.to_dense(), masks | masks, vl.Masks.from_rle(masks.to_rle())
    vl.iou.mask_iou(masks, masks), vl.iou.track_iou(small, small)
    vl.select.pseudo_labels(small, [0.9, 0.8], np.ones((2, 3)))
print(count() - begin)
large = np.ones((64, 720, 1280), bool)
vl.Masks(large)
print(count() - begin)
vl.set_num_threads(1)
vl.Masks(large), print(count() - begin)
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="needs Linux's list of threads")
@pytest.mark.skipif(not vl.build_info()["openmp"], reason="built without OpenMP")
def test_small_work_starts_no_thread_and_large_work_as_many_as_are_set() -> None:
    assert under(None, SMALL_AND_LARGE) == ["0", "2", "2"]


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="needs Linux's list of threads")
def test_on_one_thread_none_is_ever_started() -> None:
    code = SMALL_AND_LARGE.replace("vl.set_num_threads(3)", "")
    assert under("1", code) == ["0", "0", "0"]


EACH_CALL = """
from everything import CALLS
for threads, (name, call) in enumerate(CALLS.items(), 2):
    vl.set_num_threads(threads)  # one more than libgomp has: used iff there is one more now
    call()
    print(name, len(os.listdir("/proc/self/task")) - threads, sep=": ")
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="needs Linux's list of threads")
@pytest.mark.skipif(not vl.build_info()["openmp"], reason="built without OpenMP")
def test_every_batched_call_uses_the_threads_that_are_set() -> None:
    assert under(None, EACH_CALL) == [f"{name}: 0" for name in CALLS]
