"""PM-VIS's fusion on thousands of random scenes: equal to the oracle in every array, DOOB's guarantees."""

from __future__ import annotations

from itertools import product
from typing import Any

import fusion_oracle as slow
import numpy as np
import oracle
import pytest
import vislabel as vl
from fusion_scenes import Scene, rectangles, scene, scenes

KINDS = ["iou", "giou"]
RULES = ["paper", "reference"]


def packed(sources: list[oracle.DenseTracks]) -> list[vl.Tracks]:
    return [vl.Tracks(*tracks) for tracks in sources]


def same(tracks: vl.Tracks, expected: oracle.DenseTracks) -> None:
    np.testing.assert_array_equal(tracks.present, expected[1])
    np.testing.assert_array_equal(tracks.to_dense(), expected[0])


def equal(array: Any, expected: Any) -> None:
    """Every bit, and the type."""
    np.testing.assert_array_equal(array, expected)
    assert array.dtype == np.asarray(expected).dtype


# --- against the oracle -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "number"), [("small", 1000), ("awkward", 120)])
def test_scores_of_all_pairs_and_their_winner_equal_the_oracle(kind: str, number: int) -> None:
    for seed, (sources, boxes) in scenes(kind, number):
        overlap: Any = KINDS[seed // 5 % 2]
        tracks = packed(sources)
        winners, winner, score = slow.shqm(sources, boxes, overlap)
        fused = vl.fuse.shqm(tracks, boxes, box_overlap=overlap)
        equal(fused.score, score)
        equal(fused.winner, winner)
        same(fused.tracks, winners)
        table = vl.fuse.scm(tracks, tracks[:2], boxes, box_overlap=overlap)
        for i, j in product(range(len(tracks)), range(2)):
            equal(table[i, j], slow.scm(sources[i][0], sources[j][0], boxes, overlap))


@pytest.mark.parametrize(("kind", "number"), [("small", 1000), ("awkward", 120)])
def test_cleaned_masks_equal_the_oracle(kind: str, number: int) -> None:
    for seed, (sources, boxes) in scenes(kind, number):
        margin, overlap, rule = seed % 3, KINDS[seed // 5 % 2], RULES[seed // 10 % 2]
        options: dict[str, Any] = {"margin": margin, "box_overlap": overlap, "rule": rule}
        cleaned = vl.fuse.doob(vl.Tracks(*sources[0]), boxes, **options)
        same(cleaned, slow.doob(sources[0], boxes, margin, overlap, rule))


def predictions(seed: int, sources: list[oracle.DenseTracks]) -> oracle.DenseTracks:
    """Some rows of several sources, in any order: P differs from N."""
    rows = [np.concatenate(parts) for parts in zip(*sources, strict=True)]
    rng = np.random.default_rng([3, seed])
    chosen = rng.permutation(len(rows[0]))[: rng.integers(0, 6)]
    return rows[0][chosen], rows[1][chosen]


@pytest.mark.parametrize(("kind", "number"), [("small", 600), ("awkward", 60)])
def test_assigned_predictions_equal_the_oracle(kind: str, number: int) -> None:
    for seed, (sources, boxes) in scenes(kind, number, sources=3):
        predicted = predictions(seed, sources[1:])
        helper = sources[0] if seed % 3 else None
        tracks = vl.Tracks(*predicted), None if helper is None else vl.Tracks(*helper)
        overlap, least = KINDS[seed // 5 % 2], [0.0, 0.0, 0.25, 1.0][seed // 2 % 4]
        for way, rule in (("greedy", "paper"), ("none", "paper"), ("greedy", "reference")):
            options: Any = {"one_to_one": way, "box_overlap": overlap, "min_score": least, "rule": rule}
            result = vl.fuse.assign(*tracks, boxes, **options)
            expected, prediction, score = slow.assign(predicted, helper, boxes, way, least, overlap, rule)
            equal(result.prediction, prediction)
            equal(result.score, score)
            same(result.tracks, expected)


def rivals(seed: int) -> tuple[oracle.DenseTracks, oracle.DenseTracks | None, Any]:
    """Predictions, helper and boxes of one small frame: rectangles so dense that pairs compete."""
    rng = np.random.default_rng([9, seed])
    size = [(1, 12), (5, 6), (2, 65)][seed % 3]
    predicted, helper = (rectangles(rng, int(rng.integers(1, 6)), 1, size) for _ in range(2))
    boxes = np.array([[oracle.box(mask) for mask in row] for row in helper])
    helper &= rng.random(helper.shape) < 0.8
    everywhere = np.ones(helper.shape[:2], bool)
    given = (helper, everywhere) if seed % 2 else None
    return (predicted, np.ones(predicted.shape[:2], bool)), given, boxes


def test_the_largest_total_score_is_found_and_never_below_the_greedy_one() -> None:
    better = alone = 0
    for seed in range(1500):
        predicted, helper, boxes = rivals(seed)
        least = [0.0, 0.1][seed // 6 % 2]
        tracks = vl.Tracks(*predicted), None if helper is None else vl.Tracks(*helper)
        best = vl.fuse.assign(*tracks, boxes, one_to_one="hungarian", min_score=least)
        greedy = vl.fuse.assign(*tracks, boxes, min_score=least)
        expected, prediction, score = slow.assign(predicted, helper, boxes, "hungarian", least)
        scores = slow.assignment_scores(predicted, helper, boxes, 0)
        for n, p in enumerate(best.prediction[:, 0]):
            assert best.score[n, 0] == (scores[p, n] if p >= 0 else 0)
            assert p < 0 or scores[p, n] > least
            assert best.tracks.present[n, 0] == (p >= 0)
        chosen = best.prediction[best.prediction >= 0]
        assert len(set(chosen)) == len(chosen)
        assert abs(best.score.sum() - score.sum()) <= 1e-12
        assert best.score.sum() >= greedy.score.sum() - 1e-12
        better += int(best.score.sum() > greedy.score.sum() + 1e-12)
        totals = slow.best_totals(scores, least)
        assert abs(best.score.sum() - totals[0]) <= 1e-12
        if len(totals) == 1 or totals[1] < totals[0] - 1e-12:  # one assignment is the best: the same pairs
            alone += 1
            equal(best.prediction, prediction)
            same(best.tracks, expected)
    assert better > 50
    assert alone > 1000


@pytest.mark.parametrize("spread", ["top", "per_segment"])
def test_keyframes_equal_the_oracle(spread: Any) -> None:
    for seed in range(500):
        rng = np.random.default_rng([4, seed])
        scores = rng.choice([0.0, 0.25, 0.5, 1.0], (rng.integers(0, 4), rng.integers(1, 45)))
        every = int(rng.integers(1, 12))
        equal(vl.fuse.keyframes(scores, every=every, spread=spread), slow.keyframes(scores, every, spread))


@pytest.mark.parametrize(("kind", "number"), [("small", 600), ("awkward", 60)])
def test_fused_keyframes_equal_the_oracle(kind: str, number: int) -> None:
    for seed, (sources, boxes) in scenes(kind, number):
        frames = boxes.shape[1]
        starts = np.random.default_rng([5, seed]).integers(0, frames, (len(boxes), len(sources)))
        for by in ("nearest", "shqm"):
            expected, winner = slow.fuse_keyframes(sources, starts, by, boxes)
            result = vl.fuse.fuse_keyframes(packed(sources), starts, by=by, boxes=boxes)
            equal(result.winner, winner)
            same(result.tracks, expected)


@pytest.mark.parametrize(("kind", "number"), [("small", 600), ("awkward", 60)])
def test_filtered_truth_equals_the_oracle(kind: str, number: int) -> None:
    def check(result: Any, expected: oracle.DenseTracks, removed: Any, kept: list[int]) -> None:
        same(result.tracks, expected)
        equal(result.removed, removed)
        equal(result.kept, np.array(kept, np.int64))

    for seed, ((truth, fused), _) in scenes(kind, number, sources=2):
        pair = vl.Tracks(*truth), vl.Tracks(*fused)
        for per in ("frame", "instance"):
            check(vl.fuse.missing_data(*pair, per=per), *slow.missing_data(truth, fused, per))
        threshold = [0.6, 0.5, 0.0, 1.0, 1 / 3][seed // 5 % 5]
        *expected, iou = slow.remove_inaccurate(truth, fused, threshold)
        result = vl.fuse.remove_inaccurate(*pair, threshold=threshold)
        check(result, *expected)  # type: ignore[arg-type]
        equal(result.iou, iou)


@pytest.mark.parametrize(("kind", "number"), [("small", 400), ("awkward", 40)])
def test_the_whole_chain_equals_the_oracle(kind: str, number: int) -> None:
    for seed, (sources, boxes) in scenes(kind, number, sources=5):
        rng = np.random.default_rng([6, seed])
        starts = rng.integers(0, boxes.shape[1], (len(boxes), 2))
        every: dict[str, Any] = {
            "sam": ("aligned", sources[0]),
            "idol": ("unassigned", predictions(seed, sources[1:3])),
            "tracked": ("keyframed", sources[3:], starts),
            "more": ("aligned", sources[2]),
        }
        names = rng.permutation(list(every))[: rng.integers(2, 5)]
        given = {str(name): every[name] for name in names}
        aligned = [name for name, (what, *_) in given.items() if what != "unassigned"]
        options: dict[str, Any] = {
            "helper": str(rng.choice(aligned)) if aligned and rng.random() < 0.5 else None,
            "one_to_one": str(rng.choice(["greedy", "none"])),
            "min_score": float(rng.choice([0.0, 0.1])),
            "keyframes_by": str(rng.choice(["nearest", "shqm"])),
            "margin": int(rng.integers(3)),
            "doob_on": str(rng.choice(["fused", "sources_and_fused"])),
            "rule": str(rng.choice(RULES)),
        }
        overlap: Any = KINDS[seed % 2]
        expected = slow.pseudo_masks(given, boxes, kind=overlap, **options)
        result = vl.fuse.pseudo_masks(
            {name: public(*source) for name, source in given.items()}, boxes, box_overlap=overlap, **options
        )
        assert result.names == tuple(given) == tuple(result.sources)
        equal(result.winner, expected["winner"])
        equal(result.score, expected["score"])
        same(result.fused, expected["fused"])
        same(result.tracks, expected["tracks"])
        for name, tracks in result.sources.items():
            same(tracks, expected["sources"][name])


def public(what: str, tracks: Any, starts: Any = None) -> Any:
    """A source of the oracle as `pseudo_masks` takes it."""
    if what == "keyframed":
        return vl.fuse.Keyframed(packed(tracks), starts)
    return vl.Tracks(*tracks) if what == "aligned" else vl.fuse.Unassigned(vl.Tracks(*tracks))


# --- what DOOB guarantees -----------------------------------------------------------------------------------


def crowd(seed: int) -> Scene:
    """Up to six instances in few pixels: three- and four-way overlaps in most frames."""
    rng = np.random.default_rng([7, seed])
    size = [(4, 5), (6, 7), (1, 9), (3, 33), (2, 65)][seed % 5]
    return scene(10_000 + seed, 1, int(rng.integers(2, 7)), int(rng.integers(1, 3)), size)


def inside_of(boxes: Any, size: tuple[int, int], margin: int, rule: str) -> Any:
    """The pixels of every slot's box, [N, T, H, W]; none where there is no box."""
    out = np.zeros((*boxes.shape[:2], *size), bool)
    for n, t in np.ndindex(boxes.shape[:2]):
        if slow.annotated(boxes[n, t]):
            out[n, t] = slow.inside(boxes[n, t], size, margin, rule)
    return out


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("overlap", KINDS)
def test_cleaned_masks_share_no_pixel_and_leave_no_box_and_nothing_else_changes(
    overlap: Any, rule: Any
) -> None:
    depths = np.zeros(7, int)
    for seed in range(1000):
        ((dense, present),), boxes = crowd(seed)
        margin = seed // 5 % 3
        tracks = vl.Tracks(dense, present=present)
        cleaned = vl.fuse.doob(tracks, boxes, margin=margin, box_overlap=overlap, rule=rule)
        after, boxed = cleaned.to_dense(), ~np.isnan(boxes[:, :, 0])
        allowed = inside_of(boxes, dense.shape[2:], margin, rule)
        before = dense & boxed[:, :, None, None]
        depth = before.sum(axis=0)
        depths[np.unique(depth)] += 1

        assert (after.sum(axis=0) <= 1).all()
        assert not (after & ~allowed).any()
        assert not (after & ~dense).any()
        np.testing.assert_array_equal((after & (depth == 1)), before & allowed & (depth == 1))
        np.testing.assert_array_equal(cleaned.present, present & boxed)
        assert vl.fuse.doob(cleaned, boxes, margin=margin, box_overlap=overlap, rule=rule) == cleaned
        everywhere = vl.fuse.doob(tracks, boxes, margin=10**6, box_overlap=overlap, rule=rule)
        np.testing.assert_array_equal(everywhere.to_dense().any(axis=0), before.any(axis=0))
    assert (depths[2:5] > 100).all()


def test_every_region_has_one_owner() -> None:
    """Before boxes cut: pixels that the same instances cover go to the same one of them."""
    for seed in range(500):
        ((dense, present),), boxes = crowd(2000 + seed)
        dense = dense & ~np.isnan(boxes[:, :, :1])[..., None]
        after = vl.fuse.doob(vl.Tracks(dense, present=present), boxes, margin=10**6).to_dense()
        for t in range(dense.shape[1]):
            before, owner = dense[:, t].reshape(len(dense), -1), after[:, t].reshape(len(dense), -1)
            owners: dict[bytes, set[bytes]] = {}
            for covered_by, owned_by in zip(before.T, owner.T, strict=True):
                owners.setdefault(covered_by.tobytes(), set()).add(owned_by.tobytes())
            assert all(len(found) == 1 for found in owners.values())


def test_of_equal_boxes_the_lower_index_owns_every_overlap() -> None:
    for seed in range(300):
        ((dense, present),), boxes = crowd(3000 + seed)
        boxes[:] = [0, 0, *dense.shape[:1:-1]]
        cleaned = vl.fuse.doob(vl.Tracks(dense, present=present), boxes).to_dense()
        first = np.cumsum(dense, axis=0) == 1
        np.testing.assert_array_equal(cleaned, dense & first)


# --- other properties ---------------------------------------------------------------------------------------


def test_scores_are_symmetric_bounded_and_1_only_for_a_perfect_pair() -> None:
    for _, (sources, boxes) in scenes("small", 300, sources=3):
        tracks = packed(sources)
        table = vl.fuse.scm(tracks, tracks, boxes)
        np.testing.assert_array_equal(table, table.transpose(1, 0, 2, 3))
        assert ((table >= 0) & (table <= 1)).all()
        for i, j in product(range(3), range(3)):
            perfect = table[i, j] == 1
            assert (sources[i][0][perfect] == sources[j][0][perfect]).all()
            np.testing.assert_array_equal(tracks[i].box[perfect], boxes[perfect])


def test_the_order_of_the_sources_decides_only_ties() -> None:
    for seed, (sources, boxes) in scenes("small", 400):
        order = np.random.default_rng([8, seed]).permutation(len(sources))
        fused = vl.fuse.shqm(packed(sources), boxes)
        turned = vl.fuse.shqm(packed([sources[i] for i in order]), boxes)
        np.testing.assert_array_equal(turned.score, fused.score[order])
        a = np.where(np.stack([present for _, present in sources]), fused.score, -1.0)
        alone = ((a == a.max(axis=0)).sum(axis=0) == 1) & (fused.winner >= 0)
        np.testing.assert_array_equal(order[turned.winner][alone], fused.winner[alone])


def test_the_winner_is_one_of_the_candidates_with_every_pixel() -> None:
    for _, (sources, boxes) in scenes("small", 300):
        fused = vl.fuse.shqm(packed(sources), boxes)
        np.testing.assert_array_equal(fused.winner >= 0, fused.tracks.present)
        for n, t in np.argwhere(fused.winner >= 0):
            dense, present = sources[fused.winner[n, t]]
            assert present[n, t]
            np.testing.assert_array_equal(fused.tracks.to_dense()[n, t], dense[n, t])
