"""`Tracks`: absent and empty slots, measures, indexing on both axes, joining, copies."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import oracle
import pytest
import torch
import vislabel as vl
from refusal import refused

DENSE, PRESENT = oracle.random_tracks(31, 5, 7, (33, 50))
TRACKS = vl.Tracks(DENSE, present=PRESENT)
SHAPES = [(n, t) for n in (0, 1, 3) for t in (0, 1, 4)]


def same(tracks: vl.Tracks, dense: Any, present: Any) -> None:
    """The tracks hold exactly these pixels and these absences."""
    assert tracks.shape == present.shape == tracks.present.shape
    np.testing.assert_array_equal(tracks.present, present)
    np.testing.assert_array_equal(tracks.to_dense(), dense)


@pytest.mark.parametrize("size", oracle.SIZES)
@pytest.mark.parametrize("shape", SHAPES)
def test_measures_are_those_of_the_pixels(shape: tuple[int, int], size: tuple[int, int]) -> None:
    dense, present = oracle.random_tracks(32, *shape, size)
    tracks = vl.Tracks(dense, present=present)
    same(tracks, dense, present)
    assert (tracks.size, tracks.frames, len(tracks)) == (size, shape[1], shape[0])
    flat = dense.reshape(shape[0] * shape[1], *size)
    assert (tracks.present.dtype, tracks.area.dtype, tracks.box.dtype) == (bool, np.int64, np.float64)
    np.testing.assert_array_equal(tracks.area, oracle.area(flat).reshape(shape))
    np.testing.assert_array_equal(tracks.box, oracle.boxes(flat).reshape(*shape, 4))
    rows = tracks.to_rle()
    for n, t in np.ndindex(shape):
        expected = {"size": list(size), "counts": oracle.text(oracle.runs(dense[n, t]))}
        assert rows[n][t] == (expected if present[n, t] else None)
    assert vl.Tracks.from_rle(rows, size, frames=shape[1]) == tracks


def test_absent_is_not_empty() -> None:
    empty = np.zeros((1, 2, 4, 4), bool)
    annotated, absent = vl.Tracks(empty), vl.Tracks(empty, present=[[True, False]])
    assert annotated != absent
    assert annotated.area.tolist() == absent.area.tolist() == [[0, 0]]
    assert absent.to_rle("list") == [[{"size": [4, 4], "counts": [16]}, None]]
    assert absent.track(0) == annotated.track(0)


def test_pixels_of_an_absent_slot_are_dropped() -> None:
    tracks = vl.Tracks(np.ones((1, 2, 3, 3), bool), present=np.array([[0, 5]]))
    assert (tracks.area.tolist(), tracks.present.tolist()) == ([[0, 9]], [[False, True]])


def test_presence_and_pixels_come_as_any_kind_of_array() -> None:
    for present in (
        PRESENT.tolist(),
        torch.from_numpy(PRESENT),
        np.asfortranarray(PRESENT),
        PRESENT.astype(np.float32),
    ):
        assert vl.Tracks(DENSE, present=present) == TRACKS
    for x in (
        torch.from_numpy(DENSE).permute(1, 0, 2, 3).contiguous().permute(1, 0, 2, 3),
        np.asfortranarray(DENSE),
    ):
        assert vl.Tracks(x, present=PRESENT) == TRACKS
    logits = torch.where(torch.from_numpy(DENSE), 1.5, -0.5).to(torch.bfloat16).requires_grad_()
    assert vl.Tracks(logits, PRESENT, threshold=0) == TRACKS


def test_dense_output_fills_strided_arrays_and_tensors() -> None:
    for out in (
        np.full(DENSE.shape, 77, np.uint8, order="F"),
        np.full((7, 5, 50, 33), 77, np.int8).transpose(1, 0, 3, 2)[::-1],
        torch.full((5, 7, 33, 100), 7, dtype=torch.uint8)[..., ::2],
    ):
        assert TRACKS.to_dense(out=out) is out
        np.testing.assert_array_equal(np.asarray(out), DENSE)
    with refused("out has shape [5, 7, 33, 51]"):
        TRACKS.to_dense(out=np.zeros((5, 7, 33, 51), bool))


@pytest.mark.parametrize(
    "index", [0, -1, slice(1, 4), [3, 3, 0], [], torch.tensor([True, False, True, True, False])], ids=repr
)
def test_indexing_picks_tracks(index: Any) -> None:
    rows = np.arange(5)[np.asarray(index, int) if isinstance(index, list) else index].reshape(-1)
    same(TRACKS[index], DENSE[rows], PRESENT[rows])


@pytest.mark.parametrize("index", [0, -7, slice(None, None, -1), [6, 2], [], np.arange(7) > 3], ids=repr)
def test_frames_are_picked_likewise(index: Any) -> None:
    rows = np.arange(7)[np.asarray(index, int) if isinstance(index, list) else index].reshape(-1)
    same(TRACKS.select_frames(index), DENSE[:, rows], PRESENT[:, rows])


def test_a_frame_and_a_track_are_masks() -> None:
    for t in (0, 6, -1, np.int64(3), torch.tensor(2)):
        np.testing.assert_array_equal(TRACKS.frame(t).to_dense(), DENSE[:, int(t)])
    for n in (0, 4, -5):
        np.testing.assert_array_equal(TRACKS.track(n).to_dense(), DENSE[n])
    assert [part.shape for part in TRACKS] == [(1, 7)] * 5
    for wrong in (7, -8):
        with pytest.raises(IndexError, match="out of range for 7"):
            TRACKS.frame(wrong)
    for bad in (5, -6, [0, 5]):
        with pytest.raises(IndexError, match="out of range for 5"):
            TRACKS[bad]
    for none in ([], [0, 1], slice(0, 2), 1.5, None):
        with refused():
            TRACKS.frame(none)  # type: ignore[arg-type]


def test_masks_go_to_their_slots() -> None:
    n, t = np.nonzero(PRESENT)
    order = np.random.default_rng(0).permutation(len(n))
    masks = vl.Masks(DENSE[n, t][order])
    for track, frame in ((n[order], t[order]), (torch.from_numpy(n[order]), t[order].tolist())):
        assert vl.Tracks.from_masks(masks, track, frame, shape=(5, 7)) == TRACKS
    nothing = vl.Tracks.from_masks(masks[:0], [], [], shape=(2, 3))
    assert (nothing.shape, nothing.size, nothing.present.any()) == ((2, 3), (33, 50), False)


def test_slots_that_do_not_exist_or_are_taken_are_refused() -> None:
    masks = vl.Masks(DENSE[0, :3])
    for track, frame, shape, message in [
        ([0, 0, 2], [0, 1, 0], (2, 2), "track[2] is 2, outside [0, 2)"),
        ([0, 0, -1], [0, 1, 0], (2, 2), "track[2] is -1"),
        (np.array([0, 0, 2**64 - 1], np.uint64), [0, 1, 0], (2, 2), "track has 18446744073709551615"),
        ([0, 0, 1], [0, 2, 0], (2, 2), "frame[1] is 2, outside [0, 2)"),
        ([0, 0, 0], [0, 1, 0], (2, 2), "mask 2: track 0 already has a mask in frame 0"),
        ([0, 0], [0, 1, 0], (2, 2), "track has shape [2]"),
        ([0, 0, 1], [0.0, 1.0, 0.0], (2, 2), "frame has shape [3] and dtype float64"),
        ([0, 0, 1], [0, 1, 0], (-1, 2), "-1 tracks of 2 frames"),
        ([0, 0, 1], [0, 1, 0], 4, "shape is 4"),
        ([0, 0, 1], [0, 1, 0], (2**70, 1), "shape[0] is"),
    ]:
        with refused(message):
            vl.Tracks.from_masks(masks, track, frame, shape)  # type: ignore[arg-type]


def test_dense_masks_go_to_their_slots_or_are_refused() -> None:
    try:
        tracks = vl.Tracks.from_masks(DENSE[0, :3], [0, 0, 1], [0, 1, 0], (2, 2))  # type: ignore[arg-type]
    except vl.Error:
        return
    assert tracks.area.sum() == DENSE[0, :3].sum()


def test_a_shape_whose_product_overflows_is_refused() -> None:
    """In a process of its own: it used to write outside the slots."""
    code = (
        "import numpy as np, vislabel as vl\n"
        "masks = vl.Masks(np.ones((2, 4, 4), bool))\n"
        "try: vl.Tracks.from_masks(masks, [0, 1], [0, 1], (2**32, 2**32))\n"
        "except vl.Error as error: print('refused:', error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr}"
    assert done.stdout.startswith("refused: 4294967296 tracks of 4294967296 frames")


def test_tracks_of_one_video_can_be_joined() -> None:
    assert vl.Tracks.concatenate(TRACKS[:2], TRACKS[2:]) == TRACKS
    assert vl.Tracks.concatenate(TRACKS[:0], TRACKS) == TRACKS
    with refused("tracks of 7 and 3 frames"):
        vl.Tracks.concatenate(TRACKS, TRACKS.select_frames(slice(3)))
    with refused("33 x 50 and 50 x 33"):
        vl.Tracks.concatenate(TRACKS, vl.Tracks(DENSE.transpose(0, 1, 3, 2)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [(33, 50), (0, 4), (0, 0)])
def test_pickles_and_copies_are_equal(shape: tuple[int, int], size: tuple[int, int]) -> None:
    dense, present = oracle.random_tracks(33, *shape, size)
    tracks = vl.Tracks(dense, present=present)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(tracks, protocol))
        assert (again, again.shape, again.size) == (tracks, shape, size)
    assert copy.copy(tracks) == copy.deepcopy(tracks) == tracks


def test_equality_sees_pixels_presence_and_shape() -> None:
    changed = DENSE.copy()
    changed[1, 1, 0, 0] ^= True
    present = PRESENT.copy()
    present[1, 1] = True
    assert vl.Tracks(changed, present=present) != vl.Tracks(DENSE, present=present)
    assert TRACKS[:4] != TRACKS
    assert TRACKS.select_frames(slice(6)) != TRACKS
    assert vl.Tracks(np.zeros((0, 2, 3, 3), bool)) != vl.Tracks(np.zeros((0, 3, 3, 3), bool))
    assert TRACKS.frame(0) != TRACKS
    with pytest.raises(TypeError, match="unhashable"):
        hash(TRACKS)


def test_repr_names_shape_size_masks_and_memory() -> None:
    expected = f"Tracks(5 x 7 frames of 33 x 50, {PRESENT.sum()} masks, {TRACKS.nbytes / 1024:.1f} KiB)"
    assert repr(TRACKS) == expected


def test_presence_of_another_shape_or_kind_is_refused() -> None:
    for present, message in [
        (PRESENT[:, :6], "present has shape [5, 6], expected [5, 7]"),
        (PRESENT[0], "present has shape [7]"),
        (np.full((5, 7), "x"), "present has dtype <U1"),
        (np.full((5, 7), np.nan), "present[0, 0] is nan, expected 0 or 1"),
        (PRESENT * 0.5, "is 0.5, expected 0 or 1"),
        (torch.from_numpy(PRESENT).to("meta"), "present is a tensor on meta"),
    ]:
        with refused(message):
            vl.Tracks(DENSE, present=present)
    with refused("x has dtype float64: floats need threshold"):
        vl.Tracks(DENSE.astype(float))
    with refused("x has shape [7, 33, 50], expected [N, T, H, W]"):
        vl.Tracks(DENSE[0])


GOOD = {"size": [2, 2], "counts": [1, 3]}
BAD_ROWS: list[tuple[Any, dict[str, Any], str]] = [
    ([[GOOD, None], [GOOD]], {}, "rows[1] has 1 entries, expected one per frame (2)"),
    ([[GOOD]], {"frames": 2}, "rows[0] has 1 entries, expected one per frame (2)"),
    ([[GOOD, {"size": [4, 1], "counts": [4]}]], {}, "rows[0][1] has size 4 x 1, expected 2 x 2"),
    ([[GOOD]], {"size": (4, 1)}, "rows[0][0] has size 2 x 2, expected 4 x 1"),
    ([[GOOD, "x"]], {}, "rows[0][1]: a str was given"),
    ([[GOOD, {"size": [2, 2]}]], {}, 'rows[0][1]: the dict has no "counts"'),
    ([[{"counts": [4]}]], {}, 'no entry has a "size"'),
    ([[None, {"size": None, "counts": [4]}]], {}, "rows[0][1]: size is None, expected two integers"),
    ([[GOOD]], {"frames": True}, "frames is True"),
    ([{}], {"size": (2, 2)}, "rows[0] is a dict, expected a list"),
    ([[None]], {}, "pass size=(height, width)"),
    ([], {}, "pass size=(height, width)"),
    ([GOOD], {"size": (2, 2)}, "rows[0] is a dict, expected a list"),
    ([None], {"size": (2, 2)}, "rows"),
    (5, {"size": (2, 2)}, "rows"),
    ([[GOOD]], {"frames": -1}, "frames"),
    ([[GOOD]], {"frames": 1.5}, "frames"),
    ([[GOOD]], {"frames": 2**40}, "tracks of 1099511627776 frames"),
    ([[GOOD]], {"frames": 2**70}, "frames"),
]


@pytest.mark.parametrize(
    ("rows", "options", "message"), BAD_ROWS, ids=[f"{r!r} {o!r}" for r, o, _ in BAD_ROWS]
)
def test_rows_that_are_none_are_refused_by_their_place(
    rows: Any, options: dict[str, Any], message: str
) -> None:
    with refused(message):
        vl.Tracks.from_rle(rows, **options)


def test_rows_of_absences_need_only_a_size() -> None:
    assert vl.Tracks.from_rle([[None, None]], size=(3, 4)).present.tolist() == [[False, False]]
    assert vl.Tracks.from_rle([], size=(3, 4), frames=6).shape == (0, 6)
    assert vl.Tracks.from_rle([[], []], size=(3, 4)).shape == (2, 0)
