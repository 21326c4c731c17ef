"""GBOpt's whole selection: cases worked by hand, streaming, the flow model's batches, links."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import path_oracle as slow
import path_scenes as scenes
import pytest
import torch
import vislabel as vl
from path_test import lists, odds, shown, strips

select = vl.path.select_masks


def packed(video: scenes.Video) -> list[vl.Masks]:
    return [vl.Masks(masks) for masks in video.proposals]


def same(a: Any, b: Any) -> None:
    """Two selections, to the last bit."""
    assert lists(a.chosen) == lists(b.chosen)
    assert a.costs.tolist() == b.costs.tolist()
    assert a.labels.tolist() == b.labels.tolist()
    for x, y in zip(a.unary + a.pairwise, b.unary + b.pairwise, strict=True):
        np.testing.assert_array_equal(x, y)


# --- by hand ------------------------------------------------------------------------------------------------


def test_consistency_keeps_an_uncertain_mask_and_the_last_frame_s_cost_drops_an_unlikely_one() -> None:
    """Half an IoU of 1 against 2 of 4 pixels, whose odds of being background are 1.5 and 9."""
    masks = strips("1100")
    for ratio, chosen in ((1.5, [0]), (9, [])):
        backgrounds = [odds(-5, -5, 5, 5), odds(log(ratio), log(ratio), 5, 5)]
        result = select([masks, masks], backgrounds)
        assert lists(result.chosen) == [[0], chosen]
        unary = [found.costs.min() for found in result.candidates]
        expected = [unary[0] + unary[1], unary[0] + unary[1] + log(ratio) / 2 - 0.5]
        assert result.cost == pytest.approx(expected[len(chosen)], rel=1e-11)
        backwards = select([masks, masks], backgrounds[::-1])
        assert lists(backwards.chosen) == [chosen, [0]]
        alone = select([masks, masks], backgrounds, consistency_weight=0.0)
        assert lists(alone.chosen) == [[0], []]


def test_the_flow_s_cost_finds_what_moves() -> None:
    mask, flow = strips("1100"), np.zeros((1, 1, 4, 2))
    flow[0, 0, 2:, 0] = 6
    unsure = np.full((2, 1, 4), 0.5)
    result = select([mask, mask], unsure, flow, consistency_weight=0)
    assert lists(result.chosen) == [[0], []]  # nothing chosen: means 3, |6 - 3| everywhere
    assert result.unary[0].tolist() == pytest.approx([log(2)] * 2)
    assert result.pairwise[0].tolist() == [[3, 3], [0, 0]]
    assert result.cost == pytest.approx(2 * log(2), rel=1e-11)
    assert result.candidates[0].costs.tolist() == pytest.approx([log(2)] * 2)


def test_everything_that_a_selection_says_fits_together() -> None:
    video = scenes.video(8, 4, 5, (9, 13))
    result = select(packed(video), video.backgrounds, video.flows, k=4, paths=3)
    assert (len(result.chosen), len(result.masks), len(result.candidates)) == (4, 4, 4)
    assert (len(result.unary), len(result.pairwise)) == (4, 3)
    assert result.labels.shape == (3, 4)
    assert (result.labels.dtype, result.costs.dtype, type(result.cost)) == (np.int64, np.float64, float)
    assert [c.dtype for c in result.chosen] == [np.int64] * 4
    again = vl.path.shortest_paths(result.unary, result.pairwise, paths=3)
    assert (again.labels.tolist(), again.costs.tolist()) == (result.labels.tolist(), result.costs.tolist())
    for t, masks in enumerate(packed(video)):
        rows = np.flatnonzero(masks.area)
        found = vl.path.k_best(masks[rows], video.backgrounds[t], k=4)
        assert lists(result.candidates[t].subsets) == [rows[subset].tolist() for subset in found.subsets]
        assert result.candidates[t].costs.tolist() == found.costs.tolist() == result.unary[t].tolist()
        assert result.masks[t] == masks[result.chosen[t]]
        assert result.proposals[t] == len(rows)
        assert result.conflicts[t] == np.triu(vl.path.conflicts(masks)).sum()
    assert result.nodes == sum(found.nodes for found in result.candidates)
    for t, table in enumerate(result.pairwise):
        a, b = (vl.Masks(masks) for masks in video.proposals[t : t + 2])
        subsets = result.candidates[t].subsets, result.candidates[t + 1].subsets
        flow = vl.path.flow_cost(a, video.flows[t], subsets[0])
        sum_of_both = flow[:, None] + 0.5 * vl.path.consistency_cost(a, b, *subsets)
        assert table == pytest.approx(sum_of_both, rel=1e-11)


# --- frames without proposals, tracks as proposals ----------------------------------------------------------


def test_frames_without_proposals_have_one_choice_and_masks_without_pixels_are_none() -> None:
    masks = strips("1100", "0011", "0000")
    backgrounds = [odds(-1, -1, -1, -1)] * 3
    result = select([masks[:0], masks, masks[2:]], backgrounds, np.zeros((2, 1, 4, 2)))
    assert lists(result.chosen) == [[], [0, 1], []]
    assert [lists(found.subsets) for found in result.candidates][::2] == [[[]], [[]]]
    assert result.proposals == [0, 2, 0]
    assert [len(m) for m in result.masks] == [0, 2, 0]
    nothing = select([masks[:0]] * 3, backgrounds)
    assert lists(nothing.chosen) == [[], [], []]
    assert nothing.pairwise[0].tolist() == [[0]]
    assert len(nothing.tracks()) == 0


def test_one_frame_needs_no_flow_and_no_frame_needs_nothing() -> None:
    masks, background = strips("1100", "0110"), odds(-1, -2, -3, 1)
    one = select([masks], [background], [])
    assert lists(one.chosen) == [[1]]
    assert one.pairwise == []
    assert one.labels.tolist() == [[0]]
    assert one.cost == one.candidates[0].costs[0]
    none = select([], [], [])
    assert (none.chosen, none.masks, none.unary, none.pairwise, none.cost) == ([], [], [], [], 0)
    assert none.labels.shape == (1, 0)
    assert none.optimal


def test_rows_of_tracks_are_the_proposals_of_the_frames_where_they_have_pixels() -> None:
    video = scenes.video(21, 5, 6, (9, 13))
    rng = np.random.default_rng(41)
    count = 7
    dense = np.stack([scenes.masks_of(rng, "noise", 5, (9, 13)) for _ in range(count)])
    present = rng.random((count, 5)) < 0.7
    dense[2, 1], present[2, 1] = False, True
    dense &= present[..., None, None]
    tracks = vl.Tracks(dense, present=present)
    by_rows = select(tracks, video.backgrounds, video.flows, k=5, paths=2)
    rows = [np.flatnonzero(dense[:, t].any(axis=(1, 2))) for t in range(5)]
    by_lists = select(
        [vl.Masks(dense[r, t]) for t, r in enumerate(rows)], video.backgrounds, video.flows, k=5, paths=2
    )
    assert lists(by_rows.chosen) == [rows[t][c].tolist() for t, c in enumerate(by_lists.chosen)]
    assert [lists(found.subsets) for found in by_rows.candidates] == [
        [rows[t][subset].tolist() for subset in found.subsets] for t, found in enumerate(by_lists.candidates)
    ]
    assert by_rows.proposals == by_lists.proposals == [len(r) for r in rows]
    assert by_rows.masks == by_lists.masks
    assert by_rows.costs.tolist() == by_lists.costs.tolist()
    assert by_rows.labels.tolist() == by_lists.labels.tolist()
    assert any(len(r) < count for r in rows)


def test_arrays_tensors_and_mapped_files_are_taken_for_masks_maps_and_flows(tmp_path: Path) -> None:
    rng = np.random.default_rng(42)
    dense = rng.random((3, 4, 11, 17)) < 0.1
    backgrounds, flows = rng.random((3, 11, 17)).astype(np.float32), rng.normal(size=(2, 11, 17, 2))
    expected = select([vl.Masks(masks) for masks in dense], backgrounds, flows)
    np.save(tmp_path / "backgrounds.npy", backgrounds)
    np.save(tmp_path / "flows.npy", flows)
    mapped = [np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("backgrounds", "flows")]
    for proposals, maps, motion in (
        (list(dense), list(backgrounds), list(flows)),
        (tuple(torch.from_numpy(dense)), torch.from_numpy(backgrounds), torch.from_numpy(flows)),
        ([vl.Masks(masks) for masks in dense], *mapped),
        (dense.transpose(0, 1, 2, 3), iter(backgrounds), (flow for flow in flows)),
        (vl.Tracks(dense.swapaxes(0, 1)), np.asfortranarray(backgrounds), np.asfortranarray(flows)),
    ):
        same(select(proposals, maps, motion), expected)


def test_a_budget_of_nodes_leaves_a_choice_that_is_feasible_and_says_so() -> None:
    rng = np.random.default_rng(43)
    proposals = [vl.Masks(rng.random((12, 16, 16)) < 0.02) for _ in range(3)]
    backgrounds = rng.random((3, 16, 16))
    result = select(proposals, backgrounds, max_nodes=2)
    assert not result.optimal
    for masks, chosen in zip(proposals, result.chosen, strict=True):
        assert not vl.path.conflicts(masks)[np.ix_(chosen, chosen)].any()
    assert select(proposals, backgrounds).optimal


# --- streaming ----------------------------------------------------------------------------------------------


FEW = 9  # maps that are read ahead, so that several threads find work


class Stream:
    """Makes one array after the other, and counts how many of them are alive at once."""

    def __init__(self, length: int, make: Callable[[int], Any]) -> None:
        self.length, self.make = length, make
        self.made: list[weakref.ref[Any]] = []
        self.most = 0

    def __iter__(self) -> Iterator[Any]:
        for t in range(self.length):
            x = self.make(t)
            self.made.append(weakref.ref(x))
            self.most = max(self.most, sum(ref() is not None for ref in self.made))
            yield x
            del x


@pytest.mark.parametrize("inside", ["rigid", "given"])
def test_maps_flows_and_images_are_read_one_after_the_other_and_let_go(inside: Any) -> None:
    length, size = 40, (9, 13)
    video = scenes.video(5, length, 4, size)
    backgrounds = Stream(length, lambda t: video.backgrounds[t].copy())
    flows = Stream(length - 1, lambda t: video.flows[t].copy())
    images = Stream(length, lambda t: video.frames[t].copy())
    given: dict[str, Any] = {}
    if inside == "given":
        given = {
            "flow_model": lambda first, second: np.zeros((*first.shape[:3], 2)),
            "frames": images,
            "background_image": video.background_image,
        }
    result = select(packed(video), backgrounds, flows, inside=inside, **given)
    assert (len(backgrounds.made), len(flows.made)) == (length, length - 1)
    assert len(images.made) == (length if given else 0)
    for stream in (backgrounds, flows, images):
        assert stream.most <= FEW
    kept = dict(given, frames=video.frames) if given else {}
    same(result, select(packed(video), video.backgrounds, video.flows, inside=inside, **kept))


def test_maps_flows_and_images_are_asked_for_in_step() -> None:
    """So that whoever computes them from one decoder needs no more than a few frames of it."""
    at = {"map": -1, "flow": -1, "image": -1}
    video = scenes.video(6, 40, 3, (5, 7))

    def noted(name: str, arrays: list[Any]) -> Iterator[Any]:
        for t, x in enumerate(arrays):
            at[name] = t
            here = [at[n] for n in at if n != "image" or given]
            assert max(here) - min(here) <= FEW
            yield x

    given: dict[str, Any] = {}
    select(packed(video), noted("map", video.backgrounds), noted("flow", video.flows))
    at = dict.fromkeys(at, -1)
    given = {
        "inside": "given",
        "flow_model": lambda first, second: np.zeros((*first.shape[:3], 2)),
        "frames": noted("image", video.frames),
        "background_image": video.background_image,
    }
    select(packed(video), noted("map", video.backgrounds), noted("flow", video.flows), **given)


def test_a_generator_may_write_every_map_to_the_same_memory() -> None:
    rng = np.random.default_rng(44)
    proposals = [vl.Masks(rng.random((5, 9, 13)) < 0.1) for _ in range(20)]

    def reusing(arrays: Any) -> Iterator[Any]:
        memory = np.empty_like(arrays[0])
        for x in arrays:
            memory[...] = x
            yield memory

    for dtype in scenes.FLOATS:
        backgrounds = rng.random((20, 9, 13)).astype(dtype)
        flows = rng.normal(size=(19, 9, 13, 2)).astype(dtype)
        expected = select(proposals, backgrounds, flows)
        same(select(proposals, reusing(backgrounds), flows), expected)
        same(select(proposals, backgrounds, reusing(flows)), expected)


GROWTH = """
import json
import numpy as np, vislabel as vl

def status(name):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(name))

length, size = 40, (512, 1024)
dense = np.zeros((6, *size), bool)
for n in range(6):
    dense[n, 50 * n : 50 * n + 90, 100 * n : 100 * n + 170] = True
masks = vl.Masks(dense)
one = np.linspace(0.01, 0.99, size[1])
backgrounds = (np.tile(one, (size[0], 1)) for t in range(length))
flows = (np.full((*size, 2), float(t)) for t in range(length - 1))
open("/proc/self/clear_refs", "w").write("5")  # the peak begins anew
before = status("VmRSS")
result = vl.path.select_masks([masks] * length, backgrounds, flows)
print(json.dumps([status("VmHWM") - before, len(result.chosen)]))
"""


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="needs Linux's peak of memory")
def test_no_more_than_a_few_frames_are_in_memory_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    grown, chosen = json.loads(done.stdout)
    assert chosen == 40
    assert grown < 12 * 12 * 2**20  # 12 frames' maps of 4 MiB and flows of 8, of 40


def test_progress_counts_every_frame_once() -> None:
    video, told = scenes.video(7, 5, 3, (5, 7)), []
    select(
        packed(video), video.backgrounds, video.flows, progress=lambda done, total: told.append((done, total))
    )
    assert told[-1] == (5, 5)
    assert {total for _, total in told} == {5}
    assert [done for done, _ in told] == sorted({done for done, _ in told})


class Failure(Exception):
    pass


def test_what_the_caller_s_code_raises_comes_back_unchanged() -> None:
    video, failure = scenes.video(9, 4, 3, (5, 7)), Failure("mine")

    def failing(after: int, arrays: list[Any]) -> Iterator[Any]:
        yield from arrays[:after]
        raise failure

    def fail(*_: Any) -> Any:
        raise failure

    good: Any = (packed(video), video.backgrounds, video.flows)
    given = {"inside": "given", "frames": video.frames, "background_image": video.background_image}
    model = {"flow_model": lambda first, second: np.zeros((*first.shape[:3], 2))}
    always = [vl.Masks(np.ones((1, 5, 7), bool))] * 4
    for arguments, options in (
        ((good[0], failing(2, video.backgrounds), good[2]), {}),
        ((good[0], failing(0, video.backgrounds), good[2]), {}),
        ((good[0], good[1], failing(1, video.flows)), {}),
        (good, {"progress": fail}),
        ((always, *good[1:]), {**given, "flow_model": fail, "k": 2}),
        (good, {**given, **model, "frames": failing(1, video.frames)}),
    ):
        with pytest.raises(Failure) as caught:
            select(*arguments, **options)
        assert caught.value is failure
    with pytest.raises(KeyboardInterrupt):
        select(good[0], good[1], good[2], progress=lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))


# --- the flow model -----------------------------------------------------------------------------------------


class Model:
    """Remembers what it was asked, and answers by what it sees."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, Any]] = []

    def __call__(self, first: Any, second: Any) -> Any:
        assert first.shape == second.shape
        assert first.dtype == second.dtype == np.uint8
        self.asked.append((np.array(first), np.array(second)))
        return self.flow(first, second)

    @staticmethod
    def flow(first: Any, second: Any) -> Any:
        return (second[..., :2].astype(np.float32) - first[..., 1:]) / 8


@pytest.mark.parametrize("batch", [1, 3, 16, 1000])
def test_the_model_gets_every_pair_of_foregrounds_once_in_batches(batch: int) -> None:
    for seed in range(24):
        video = scenes.video(300 + seed, 4, 4, (9, 13))
        model = Model()
        options: dict[str, Any] = {"frames": iter(video.frames), "background_image": video.background_image}
        result = select(
            packed(video),
            video.backgrounds,
            video.flows,
            k=6,
            inside="given",
            batch=batch,
            flow_model=model,
            **options,
        )
        assert all(1 <= len(first) <= batch for first, _ in model.asked)
        pairs = [(a.tobytes(), b.tobytes()) for call in model.asked for a, b in zip(*call, strict=True)]
        expected = []
        for t in range(3):
            images = [
                {
                    slow.foreground(video.proposals[u], subset).tobytes()
                    for subset in result.candidates[u].subsets
                }
                for u in (t, t + 1)
            ]
            for a, b in itertools.product(*images):
                if any(a):
                    first, second = (
                        slow.composed(
                            video.frames[u], np.frombuffer(x, bool).reshape(9, 13), video.background_image
                        )
                        for u, x in ((t, a), (t + 1, b))
                    )
                    expected.append((first.tobytes(), second.tobytes()))
        assert sorted(pairs) == sorted(expected)


def test_the_model_s_flows_cost_what_they_cost_by_hand() -> None:
    video = scenes.video(4, 4, 4, (9, 13))
    options: dict[str, Any] = {"frames": video.frames, "background_image": video.background_image}
    result = select(
        packed(video), video.backgrounds, video.flows, k=5, inside="given", flow_model=Model(), **options
    )
    for t, table in enumerate(result.pairwise):
        a, b = (vl.Masks(masks) for masks in video.proposals[t : t + 2])
        subsets = [result.candidates[t].subsets, result.candidates[t + 1].subsets]
        consistency = vl.path.consistency_cost(a, b, *subsets)
        for j, k in np.ndindex(table.shape):
            first, second = (
                vl.path.compose_frames([video.frames[u]], [masks[subset]], video.background_image)
                for u, masks, subset in ((t, a, subsets[0][j]), (t + 1, b, subsets[1][k]))
            )
            given = Model.flow(first, second)
            flow = vl.path.flow_cost(a, video.flows[t], [subsets[0][j]], inside="given", given=given)
            assert table[j, k] == pytest.approx(flow[0] + 0.5 * consistency[j, k], rel=1e-11, abs=1e-11)


def test_the_model_may_answer_with_tensors_lists_or_any_floats() -> None:
    video = scenes.video(4, 3, 4, (9, 13))
    options: dict[str, Any] = {"frames": video.frames, "background_image": video.background_image}
    answers: list[Any] = [
        select(
            packed(video),
            video.backgrounds,
            video.flows,
            inside="given",
            flow_model=lambda first, second, kind=kind: kind(Model.flow(first, second)),
            **options,
        )
        for kind in (np.asarray, torch.from_numpy, np.ndarray.tolist, lambda flow: flow.astype(np.float64))
    ]
    for answer in answers[1:]:
        same(answer, answers[0])


def test_without_a_foreground_the_model_is_never_asked() -> None:
    empty, full = strips("0000"), strips("1111")
    model = Model()
    frames = np.zeros((3, 1, 4, 3), np.uint8)
    options: dict[str, Any] = {
        "inside": "given",
        "flow_model": model,
        "frames": frames,
        "background_image": frames[0] + 1,
    }
    select([empty, empty, full], [odds(1, 1, 1, 1)] * 3, np.zeros((2, 1, 4, 2)), **options)
    assert model.asked == []
    select([full, empty, empty[:0]], [odds(1, 1, 1, 1)] * 3, np.zeros((2, 1, 4, 2)), **options)
    assert len(model.asked) == 1
    first, second = model.asked[0]
    assert (first == 0).all()
    assert (second == 1).all()


# --- links --------------------------------------------------------------------------------------------------


def chosen_of(*frames: list[str]) -> Any:
    """A selection that chose these masks, which do not overlap."""
    width = max(len(mask) for frame in frames for mask in frame)
    backgrounds = []
    for frame in frames:
        covered = [any(mask[x] == "1" for mask in frame) for x in range(width)]
        backgrounds.append(odds(*(-9 if c else 9 for c in covered)))
    masks = [strips(*frame) if frame else strips("0" * width)[:0] for frame in frames]
    result = select(masks, backgrounds, k=1)
    assert [shown(m) for m in result.masks] == list(frames)
    return result


def rows_of(tracks: vl.Tracks) -> list[list[str | None]]:
    dense, present = tracks.to_dense(), tracks.present
    return [
        ["".join("01"[int(p)] for p in mask[0]) if here else None for mask, here in zip(*row, strict=True)]
        for row in zip(dense, present, strict=True)
    ]


def test_chosen_masks_that_overlap_from_frame_to_frame_become_one_row() -> None:
    result = chosen_of(
        ["11110000"],
        ["01111000", "00000011"],
        ["00000011", "00111100"],
    )
    assert rows_of(result.tracks()) == [
        ["11110000", "01111000", "00111100"],
        [None, "00000011", "00000011"],
    ]
    assert result.tracks(iou_threshold=0.7).shape == (4, 3)


def test_masks_link_at_the_threshold_and_not_below() -> None:
    result = chosen_of(["111000"], ["011100"])  # IoU 2/4
    assert rows_of(result.tracks(iou_threshold=0.5)) == [["111000", "011100"]]
    assert len(result.tracks(iou_threshold=0.51)) == 2


def test_a_gap_is_bridged_only_where_it_is_allowed() -> None:
    result = chosen_of(["1110"], [], ["1110"], [], [], ["1110"])
    assert result.tracks().shape == (3, 6)
    assert result.tracks(gap=1).present.tolist() == [
        [True, False, True, False, False, False],
        [False] * 5 + [True],
    ]
    assert result.tracks(gap=2).present.tolist() == [[True, False, True, False, False, True]]


def test_every_chosen_mask_is_in_one_row() -> None:
    for seed in range(40):
        video = scenes.video(400 + seed, 5, 4, (9, 13))
        result = select(packed(video), video.backgrounds)
        tracks = result.tracks(iou_threshold=0.3, gap=seed % 3)
        assert (tracks.shape[1], (tracks.present.sum(axis=1) > 0).all()) == (5, True)
        for t, masks in enumerate(result.masks):
            rows = tracks.to_dense()[tracks.present[:, t], t]
            assert sorted(m.tobytes() for m in rows) == sorted(m.tobytes() for m in masks.to_dense())
