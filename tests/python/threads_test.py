"""Threads: the GIL is let go, the bits never change, a forked child works."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import oracle
import pytest
import vislabel as vl
from refusal import refused
from vislabel import mask

pytestmark = pytest.mark.usefixtures("all_threads_after")

DENSE = oracle.random_masks(61, 120, (90, 120))
VIDEO, PRESENT = oracle.random_tracks(62, 40, 12, (60, 80))
SCORES = np.random.default_rng(63).random(40)
PREDICTED = np.random.default_rng(64).random((40, 12))


def everything() -> list[Any]:
    """One result of every algorithm, on enough work for several threads."""
    masks, tracks = vl.Masks(DENSE), vl.Tracks(VIDEO, present=PRESENT)
    rles = masks.to_rle()
    labels = vl.select.pseudo_labels(tracks, SCORES, PREDICTED, threshold=0.2, previous=tracks[:3])
    batches = [masks | ~masks[::-1], masks & masks[::-1], masks - masks[::-1], masks.crop_to(masks.box / 2)]
    results = [
        rles,
        [batch.to_rle() for batch in batches],
        vl.Masks.from_rle(rles).area.tolist(),
        masks.to_dense().tobytes(),
    ]
    results += [
        vl.Masks(DENSE.astype(np.float32), threshold=0.5).to_rle("list"),
        tracks.to_rle(),
        tracks.to_dense().tobytes(),
    ]
    results += [vl.iou.mask_iou(masks, masks).tobytes(), vl.iou.frame_iou(tracks, tracks).tobytes()]
    results += [
        vl.iou.track_iou(tracks, tracks, over_time=way).tobytes()
        for way in ("volume", "any_frame", "frame_mean")
    ]  # type: ignore[arg-type]
    results += [vl.iou.box_iou(np.tile(masks.box, (20, 1)), masks.box, kind="giou").tobytes()]
    results += [vl.iou.intersection_and_union(x, x)[0].tobytes() for x in (masks, tracks)]
    results += [
        labels.tracks.to_rle(),
        labels.kept.tolist(),
        labels.suppressed_by.tolist(),
        labels.match.tolist(),
    ]
    results += [mask.area(rles).tolist(), mask.toBbox(rles).tobytes(), mask.merge(rles)]
    return results


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
        return all(everything() == expected for _ in range(2))

    for threads in (1, 0):
        vl.set_num_threads(threads)
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(work, range(8)))


BIG = np.tile(DENSE.view(np.uint8), (3, 3, 3))
BIG_MASKS, LONG = vl.Masks(BIG), vl.Tracks(np.tile(VIDEO, (2, 2, 1, 1)))
OUT, RLES = np.empty_like(BIG), BIG_MASKS.to_rle()
ROWS = LONG.to_rle()
HALF = np.full(80, 0.5)
CALLS: dict[str, Callable[[], Any]] = {
    "Masks(dense)": lambda: vl.Masks(BIG),
    "Masks.from_rle": lambda: vl.Masks.from_rle(RLES),
    "Masks.to_rle": lambda: BIG_MASKS.to_rle(),
    "Masks.to_dense": lambda: BIG_MASKS.to_dense(out=OUT),
    "a | b": lambda: BIG_MASKS | BIG_MASKS,
    "~a": lambda: ~BIG_MASKS,
    "union": lambda: BIG_MASKS.union(),
    "intersection": lambda: BIG_MASKS.intersection(),
    "crop_to": lambda: BIG_MASKS.crop_to(np.tile([3.0, 3.0, 99.0, 99.0], (len(BIG_MASKS), 1))),
    "Tracks.from_rle": lambda: vl.Tracks.from_rle(ROWS),
    "Tracks.to_rle": lambda: LONG.to_rle(),
    "mask.area": lambda: mask.area(RLES),
    "mask.merge": lambda: mask.merge(RLES),
    "mask_iou": lambda: vl.iou.mask_iou(BIG_MASKS, BIG_MASKS),
    "track_iou": lambda: vl.iou.track_iou(LONG, LONG),
    "frame_iou": lambda: vl.iou.frame_iou(LONG, LONG),
    "spatiotemporal_nms": lambda: vl.select.spatiotemporal_nms(LONG, HALF),
    "merge_rounds": lambda: vl.select.merge_rounds(LONG, LONG),
}


@pytest.mark.parametrize("name", CALLS)
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
            CALLS[name]()
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


def in_child(expected: list[Any]) -> None:
    right = everything() == expected
    vl.set_num_threads(2)
    os._exit(0 if right and everything() == expected else 3)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_of_a_threaded_process_works() -> None:
    vl.set_num_threads(2)
    expected = everything()
    children = [
        multiprocessing.get_context("fork").Process(target=in_child, args=(expected,)) for _ in range(2)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(timeout=60)
        hung = child.is_alive()
        if hung:
            child.kill()
            child.join()
        assert not hung, "the child hangs"
        assert child.exitcode == 0
    assert everything() == expected
