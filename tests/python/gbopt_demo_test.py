"""What the GBOpt chapter of the demonstration makes: masks that are wrong on purpose, prices of sets."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import vislabel as vl

pytest.importorskip("cv2", reason="OpenCV (extra draw) is not installed")
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def proposals() -> Iterator[ModuleType]:
    yield from imported("gbopt_proposals")


@pytest.fixture
def pictures() -> Iterator[ModuleType]:
    yield from imported("gbopt_pictures")


def imported(name: str) -> Iterator[ModuleType]:
    sys.path.insert(0, str(EXAMPLES))
    try:
        yield __import__(name)
    finally:
        sys.path.remove(str(EXAMPLES))


def blocks(*boxes: tuple[int, int, int, int]) -> vl.Masks:
    """Each mask is a set of boxes: top, bottom, left, right."""
    dense = np.zeros((len(boxes), 60, 100), bool)
    for mask, (top, bottom, left, right) in zip(dense, boxes, strict=True):
        mask[top:bottom, left:right] = True
    return vl.Masks(dense)


def test_a_mask_is_cut_where_it_is_narrow(proposals: ModuleType) -> None:
    dumbbell = blocks((10, 20, 10, 30), (20, 30, 19, 21), (30, 40, 10, 30)).union()
    parts = proposals.parts(dumbbell)
    assert parts.area.tolist() == [200, 200]
    assert (parts.union() - dumbbell).area.tolist() == [0]


def test_a_mask_without_a_narrow_place_has_no_parts(proposals: ModuleType) -> None:
    assert len(proposals.parts(blocks((10, 40, 10, 30)))) == 0


def test_neighbours_grow_together_and_others_do_not(proposals: ModuleType) -> None:
    masks = blocks((10, 30, 10, 20), (10, 30, 22, 30), (10, 30, 70, 80))
    (merged,) = proposals.merged(masks).to_dense()
    assert merged.sum() == 20 * 20  # what lies between them, too
    assert merged[10:30, 10:30].all()


def test_no_masks_have_no_parts_and_nothing_merged(proposals: ModuleType) -> None:
    none = blocks((0, 9, 0, 9))[:0]
    assert len(proposals.parts(none)) == len(proposals.merged(none)) == 0


def test_masks_that_are_almost_alike_are_proposed_once_and_know_their_source(
    proposals: ModuleType, tmp_path: Path
) -> None:
    for name, left in (("fine", 10), ("coarse", 11)):
        tracks = vl.Tracks(blocks((10, 40, left, 30)).to_dense()[:, None])
        ones = np.ones(1)
        found = vl.io.Detections(1, tracks, ones, ones.astype(np.int64), extra=[{"source": "flow"}])
        vl.io.write_results(tmp_path / f"{name}.json", [found])
    made = proposals.propose([tmp_path / "fine.json", tmp_path / "coarse.json"])
    assert made.tracks.area.tolist() == [[30 * 20]]
    assert [dict(row) for row in made.extra] == [{"source": "flow"}]


def test_what_a_sheet_says_another_set_would_cost_is_what_it_costs(pictures: ModuleType) -> None:
    rng = np.random.default_rng(0)
    masks = [blocks((5, 30, 10 + t, 40), (5, 20, 10, 40), (35, 55, 60, 80 + t)) for t in range(4)]
    backgrounds = [rng.random((60, 100)) for _ in masks]
    flows = [rng.normal(size=(60, 100, 2)) for _ in masks[1:]]
    whole = vl.path.select_masks(masks, backgrounds, flows)
    chosen, place = [subset.tolist() for subset in whole.chosen], whole.labels[0].tolist()
    selection = pictures.Selection(masks, [["any"] * 3] * 4, chosen, whole.candidates, place)
    for t in range(3):
        others = [k for k in range(len(whole.candidates[t].subsets)) if k != place[t]]
        more = pictures.swaps(selection, t, others, flows[t]).sum(axis=1)
        expected = [cost(whole, [*place[:t], k, *place[t + 1 :]]) - whole.cost for k in others]
        np.testing.assert_allclose(more, expected, atol=1e-9)
        assert (more > -1e-9).all(), "the path was the best one"


def cost(selected: Any, labels: list[int]) -> float:
    """Of a path through the layered graph."""
    own = sum(unary[k] for unary, k in zip(selected.unary, labels, strict=True))
    between = zip(selected.pairwise, labels[:-1], labels[1:], strict=True)
    return float(own + sum(pairs[k, other] for pairs, k, other in between))
