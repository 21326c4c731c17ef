"""Forked workers: whoever used threads before the fork, the child finds the same bits, and never hangs."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
import vislabel as vl
from everything import MASKS, everything
from torch.utils.data import DataLoader, Dataset

METHODS = multiprocessing.get_all_start_methods()
LIMIT = 60  # seconds, for what takes less than one

pytestmark = [
    pytest.mark.usefixtures("all_threads_after"),
    pytest.mark.skipif("fork" not in METHODS, reason="no fork here"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    """What every process must find."""
    vl.set_num_threads(1)
    return everything()


@pytest.fixture
def threads_used(expected: dict[str, Any]) -> Iterator[None]:
    """The process has threads before the test forks, and works as before after it."""
    vl.set_num_threads(2)
    assert everything() == expected
    yield
    vl.set_num_threads(2)
    assert everything() == expected


def right(expected: dict[str, Any]) -> bool:
    """Whether this process gets the right answers, with the threads it inherits and with two of its own."""
    inherited = everything() == expected
    vl.set_num_threads(2)
    return inherited and everything() == expected


def in_child(work: Callable[[], bool]) -> None:
    """Fork; the child must find that ``work`` holds, within the limit."""
    read, write = os.pipe()  # closed by the child's end, however it comes
    child = os.fork()
    if child == 0:
        code = 2
        try:
            code = 0 if work() else 1
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(write)
    ended = bool(select.select([read], [], [], LIMIT)[0])
    if not ended:
        os.kill(child, signal.SIGKILL)
    os.close(read)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended, "the child hangs"
    assert status == 0


# --- os.fork ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("threads_used")
def test_children_and_grandchildren_of_a_threaded_process_work(expected: dict[str, Any]) -> None:
    def with_a_child() -> bool:
        in_child(lambda: right(expected))
        return right(expected)

    for _ in range(2):
        in_child(with_a_child)


@pytest.mark.usefixtures("threads_used")
def test_a_child_forked_by_a_thread_that_used_threads_works(expected: dict[str, Any]) -> None:
    def work(_: int) -> bool:
        same = everything() == expected
        in_child(lambda: right(expected))
        return same

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(work, range(2)))


@pytest.mark.usefixtures("threads_used")
def test_a_child_forked_while_other_threads_are_inside_a_call_works(expected: dict[str, Any]) -> None:
    stop = threading.Event()
    started = threading.Barrier(3)

    def work() -> bool:
        started.wait()
        same = True
        while not stop.is_set():
            same &= bool((vl.iou.mask_iou(MASKS, MASKS).diagonal() <= 1).all())
        return same

    with ThreadPoolExecutor(2) as pool:
        busy = [pool.submit(work) for _ in range(2)]
        started.wait()
        try:
            for _ in range(3):
                in_child(lambda: right(expected))
        finally:
            stop.set()
        assert all(future.result() for future in busy)


# --- who used the threads, and when vislabel was imported, in processes of their own ------------------------

BEFORE = {
    "vislabel": "vl.set_num_threads(2), vl.Masks(x)",
    "torch": "torch.set_num_threads(2), torch.ones(4_000_000).sin().sum()",
    "libgomp": "ctypes.CDLL('libgomp.so.1').GOMP_parallel(ctypes.CDLL(None).getpid, None, 2, 0)",
    "nobody": "None",
}
FORK = """
import ctypes, os, numpy as np
{imports}
x = np.zeros((48, 720, 1280), bool)
x[:, 100:300, 200:500] = True
count = lambda: len(os.listdir("/proc/self/task"))
{before}
print("parent", count(), flush=True)  # or the child prints it again
child = os.fork()
if child == 0:
    import vislabel as vl
    vl.set_num_threads(2)
    print("child", (vl.Masks(x).area == 200 * 300).all(), count(), flush=True)
    os._exit(0)
os.waitpid(child, 0)
import vislabel as vl
vl.set_num_threads(2)
print("parent", (vl.Masks(x).area == 200 * 300).all(), count())
"""


def run(code: str) -> list[str]:
    """What a fresh process prints; it is killed with its children where one of them hangs."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        pytest.fail("the child hangs")
    assert process.returncode == 0, err
    return out.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc")
@pytest.mark.skipif(not vl.build_info()["openmp"], reason="built without OpenMP")
@pytest.mark.parametrize("imported", ["before the fork", "in the child"])
@pytest.mark.parametrize("who", BEFORE)
def test_a_child_works_whoever_used_threads_and_whenever_vislabel_came(who: str, imported: str) -> None:
    if who == "libgomp":
        try:
            ctypes.CDLL("libgomp.so.1")
        except OSError:
            pytest.skip("OpenMP is not libgomp here")
    imports = ["import torch"] * (who == "torch")
    imports += ["import vislabel as vl"] * (imported == "before the fork" or who == "vislabel")
    before, child, after = (
        line.split() for line in run(FORK.format(imports="\n".join(imports), before=BEFORE[who]))
    )
    assert (before[1] == "1") == (who == "nobody")
    assert child == ["child", "True", "2" if who == "nobody" and imported == "before the fork" else "1"]
    assert after[1] == "True"
    assert int(after[2]) >= 2


# --- multiprocessing and DataLoader -------------------------------------------------------------------------


@pytest.mark.usefixtures("threads_used")
@pytest.mark.parametrize("method", METHODS)
def test_a_pool_of_workers_finds_the_same(method: str, expected: dict[str, Any]) -> None:
    with multiprocessing.get_context(method).Pool(2) as pool:
        for found in [pool.apply_async(everything) for _ in range(3)]:
            assert found.get(timeout=LIMIT) == expected


@pytest.mark.usefixtures("threads_used")
def test_processes_of_multiprocessing_work(expected: dict[str, Any]) -> None:
    def work() -> None:
        sys.exit(0 if right(expected) else 1)

    children = [multiprocessing.get_context("fork").Process(target=work) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(timeout=LIMIT)
        hung = child.is_alive()
        if hung:
            child.kill()
            child.join()
        assert not hung, "the child hangs"
        assert child.exitcode == 0


class Overlaps(Dataset[torch.Tensor]):
    """What a user's dataset does: pack, compare and unpack the masks of a sample."""

    def __init__(self, threads: int | None) -> None:
        self.threads = threads

    def __len__(self) -> int:
        return 6

    def __getitem__(self, i: int) -> torch.Tensor:
        if self.threads is not None:
            vl.set_num_threads(self.threads)
        dense = torch.from_numpy(MASKS.to_dense())
        dense[: 10 * i] = False
        out: torch.Tensor = vl.iou.mask_iou(dense, dense)
        return out


@pytest.mark.usefixtures("threads_used")
@pytest.mark.parametrize(("method", "threads"), [("fork", None), ("fork", 2), ("forkserver", 2)])
def test_a_data_loader_with_two_workers_finds_the_same(method: str, threads: int | None) -> None:
    torch.ones(4_000_000).sin().sum()  # training uses the pool as well
    samples = Overlaps(threads)
    loader = DataLoader(
        samples, batch_size=None, num_workers=2, timeout=LIMIT, multiprocessing_context=method
    )
    for i, found in enumerate(loader):
        assert torch.equal(found, samples[i]), i
