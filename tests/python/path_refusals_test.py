"""What GBOpt's functions refuse, each with one sentence that names the argument and what was given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import vislabel as vl
from refusal import refused

nan, inf = float("nan"), float("inf")
path = vl.path

DENSE = np.zeros((3, 4, 5), bool)
DENSE[0, :2], DENSE[1, 1:, :2], DENSE[2, 3, 4] = True, True, True
M = vl.Masks(DENSE)
TURNED = vl.Masks(np.ones((2, 5, 4), bool))
TRACKS = vl.Tracks(DENSE[:, None].repeat(3, 1))
BG, FLOW = np.full((4, 5), 0.25), np.ones((4, 5, 2))
BGS, FLOWS = [BG] * 3, [FLOW] * 2
IMAGE = np.zeros((4, 5, 3), np.uint8)
MODEL: dict[str, Any] = {
    "inside": "given",
    "flow_model": lambda first, second: np.zeros((*first.shape[:3], 2)),
    "frames": [IMAGE] * 3,
    "background_image": IMAGE,
}


def with_value(array: Any, value: float) -> Any:
    """An array, one of whose numbers is another."""
    out = np.array(array, np.float64)
    out[1, 2] = value
    return out


# --- background maps, wherever they go ----------------------------------------------------------------------

BAD_MAPS: list[tuple[Any, tuple[str, ...]]] = [
    (with_value(BG, nan), ("nan",)),
    (with_value(BG, inf), ("inf",)),
    (with_value(BG, 1.5), ("1.5",)),
    (with_value(BG, -0.25), ("-0.25",)),
    (with_value(BG, 1.5).astype(np.float32), ("1.5",)),
    (with_value(BG, nan).astype(np.float16), ("nan",)),
    (with_value(BG, np.nextafter(1, 2)), ()),
    (with_value(BG, -5e-324), ()),
    (np.zeros((4, 5), np.uint8), ("uint8",)),
    (np.zeros((4, 5), np.int64), ("int64",)),
    (np.zeros((4, 5), bool), ("bool",)),
    (torch.zeros(4, 5, dtype=torch.int32), ("int32",)),
    (BG.astype(complex), ("complex128",)),
    (BG[:3], ("3", "5")),
    (BG.T, ("5", "4")),
    (BG[None], ("[1, 4, 5]",)),
    (BG[0], ("[5]",)),
    (np.ma.masked_array(BG, BG < 1), ("masked",)),
    (None, ("None",)),
    ("map", ("str",)),
    (M, ("Masks",)),
]
WITH_MAP: dict[str, Any] = {
    "background_cost": lambda x: path.background_cost(M, x),
    "k_best": lambda x: path.k_best(M, x),
    "k_best, dijkstra": lambda x: path.k_best(M, x, algorithm="dijkstra"),
    "k_best of no mask": lambda x: path.k_best(M[:0], x),
}


@pytest.mark.parametrize("name", WITH_MAP)
def test_bad_background_maps_are_refused_everywhere(name: str) -> None:
    for background, parts in BAD_MAPS:
        with refused("background", *parts):
            WITH_MAP[name](background)


def test_a_bad_map_of_a_video_is_named_with_its_frame() -> None:
    for background, parts in BAD_MAPS:
        for maps in ([BG, background, BG], (x for x in (BG, background, BG))):
            with refused("backgrounds[1]", *parts):
                path.select_masks([M] * 3, maps)
    stacked = np.stack(BGS)
    stacked[2, 0, 0] = nan
    with refused("backgrounds[2]", "nan"):
        path.select_masks([M] * 3, stacked)


# --- flows --------------------------------------------------------------------------------------------------

BAD_FLOWS: list[tuple[Any, tuple[str, ...]]] = [
    (with_value(FLOW, nan), ("nan",)),
    (with_value(FLOW, inf), ("inf",)),
    (with_value(FLOW, -inf).astype(np.float32), ("inf",)),
    (FLOW[..., :1], ("[4, 5, 1]",)),
    (FLOW[..., 0], ("[4, 5]",)),
    (FLOW.transpose(1, 0, 2), ("5", "4")),
    (FLOW.transpose(2, 0, 1), ("[2, 4, 5]",)),
    (FLOW[None], ("[1, 4, 5, 2]",)),
    (FLOW.astype(complex), ("complex128",)),
    (None, ("None",)),
    ("flow", ("str",)),
]


def test_bad_flows_are_refused_everywhere() -> None:
    for flow, parts in BAD_FLOWS:
        with refused("flow", *parts):
            path.flow_cost(M, flow)
        with refused("flow", *parts):
            path.flow_cost(M, flow, [[0]], inside="measured")
        for flows in ([FLOW, flow], (x for x in (FLOW, flow))):
            with refused("flows[1]", *parts):
                path.select_masks([M] * 3, BGS, flows)


def test_bad_given_flows_are_refused() -> None:
    for flow, parts in BAD_FLOWS:
        with refused("given", *parts):
            path.flow_cost(M, FLOW, inside="given", given=flow)
    for given, part in ((FLOW[None], "1"), (np.stack([FLOW] * 3), "3"), (FLOW, "[5, 2]")):
        with refused("given", part, "2"):
            path.flow_cost(M, FLOW, [[0], [1]], inside="given", given=given)
    with refused("given", "nan"):
        path.flow_cost(M, FLOW, [[0]], inside="given", given=with_value(FLOW, nan)[None])
    for inside in ("rigid", "measured"):
        with refused("given"):
            path.flow_cost(M, FLOW, inside=inside, given=FLOW)  # type: ignore[arg-type]


def test_what_a_flow_model_returns_is_checked_and_named() -> None:
    for model, parts in (
        (lambda first, second: None, ("None",)),
        (lambda first, second: np.zeros(first.shape), (", 3]",)),
        (lambda first, second: np.zeros((1, *first.shape[:3], 2)), ("1",)),
        (lambda first, second: np.zeros((0, 4, 5, 2)), ("0",)),
        (lambda first, second: np.zeros((len(first), 5, 4, 2)), ("5", "4")),
        (lambda first, second: np.full((*first.shape[:3], 2), nan), ("nan",)),
        (lambda first, second: "flow", ("str",)),
    ):
        with refused("flow_model", *parts):
            path.select_masks([M] * 3, BGS, FLOWS, **{**MODEL, "flow_model": model})


# --- subsets ------------------------------------------------------------------------------------------------

BAD_SUBSETS: list[tuple[Any, tuple[str, ...]]] = [
    ([[0], [3]], ("[1]", "3")),
    ([[0], [-1]], ("[1]", "-1")),
    ([[1, 0]], ("[0]",)),
    ([[0, 0]], ("[0]",)),
    ([[0], [0, 2, 1]], ("[1]",)),
    ([[0.0]], ("float64",)),
    ([[True]], ("bool",)),
    ([[[0]]], ("[0]",)),
    ([None], ("None",)),
    ([0, 1], ()),
    (3, ("int",)),
    ("01", ("str",)),
]


def test_bad_subsets_are_refused_by_their_place() -> None:
    for subsets, parts in BAD_SUBSETS:
        with refused("subsets", *parts):
            path.flow_cost(M, FLOW, subsets)
        with refused("subsets_a", *parts):
            path.consistency_cost(M, M, subsets, [[0]])
        with refused("subsets_b", *parts):
            path.consistency_cost(M, M, [[0]], subsets)


# --- numbers and names --------------------------------------------------------------------------------------

COUNTS: list[tuple[Any, str]] = [
    (0, "0"), (-3, "-3"), (1.5, "1.5"), (True, "True"), ("2", "'2'"), (2**70, str(2**70)), (nan, "nan"),
]  # fmt: skip
NUMBERS: list[tuple[Any, str]] = [(nan, "nan"), (inf, "inf"), ("1", "'1'"), (True, "True"), (None, "None")]
NO_COST = np.zeros((2, 2))
CALLS: dict[str, Any] = {
    "background_cost": lambda **o: path.background_cost(M, BG, **o),
    "conflicts": lambda **o: path.conflicts(M, **o),
    "k_best": lambda **o: path.k_best(M, BG, **o),
    "k_best_subsets": lambda **o: path.k_best_subsets([1.0, 2.0], np.zeros((2, 2), bool), **o),
    "shortest_paths": lambda **o: path.shortest_paths(NO_COST, NO_COST[None], **o),
    "flow_cost": lambda **o: path.flow_cost(M, FLOW, **o),
    "select_masks": lambda **o: path.select_masks([M] * 3, BGS, FLOWS, **o),
}


@pytest.mark.parametrize(
    ("option", "functions"),
    [
        ("k", ["k_best", "k_best_subsets", "select_masks"]),
        ("paths", ["shortest_paths", "select_masks"]),
        ("max_nodes", ["k_best", "k_best_subsets", "select_masks"]),
    ],
)
def test_what_is_counted_is_at_least_1(option: str, functions: list[str]) -> None:
    for name in functions:
        for value, text in COUNTS:
            with refused(f"{option} is {text[:50]}"):
                CALLS[name](**{option: value})
        if option != "max_nodes":
            with refused(f"{option} is None"):
                CALLS[name](**{option: None})


def test_a_batch_is_at_least_1() -> None:
    for value, text in COUNTS:
        with refused(f"batch is {text[:50]}"):
            path.select_masks([M] * 3, BGS, FLOWS, **MODEL, batch=value)


@pytest.mark.parametrize("name", ["conflicts", "k_best", "select_masks"])
def test_a_tolerance_is_a_number_of_pixels(name: str) -> None:
    for value, text in [*COUNTS[1:], (None, "None")]:
        with refused(f"max_overlap is {text[:50]}"):
            CALLS[name](max_overlap=value)


@pytest.mark.parametrize("option", ["image_weight", "flow_weight", "consistency_weight"])
def test_weights_are_finite_numbers(option: str) -> None:
    for value, text in NUMBERS:
        with refused(f"{option} is {text}"):
            CALLS["select_masks"](**{option: value})


@pytest.mark.parametrize(
    ("option", "functions", "names"),
    [
        ("algorithm", ["k_best", "k_best_subsets", "select_masks"], "best_first, dijkstra"),
        ("reduction", ["background_cost", "k_best", "flow_cost", "select_masks"], "mean, sum"),
        ("inside", ["flow_cost", "select_masks"], "rigid, measured, given"),
    ],
)
def test_unknown_names_are_refused_with_the_known_ones(option: str, functions: list[str], names: str) -> None:
    for name in functions:
        for value in ("x", "", None, 1, True, "MEAN", ["mean"]):
            with refused(f"{option} is {value!r}, expected one of: {names}"):
                CALLS[name](**{option: value})


# --- masks --------------------------------------------------------------------------------------------------


def test_what_are_no_masks_is_refused() -> None:
    for masks, part in (
        (None, "None"),
        (5, "[]"),
        (DENSE[0], "[4, 5]"),
        (TRACKS, "Tracks"),
        (BG[None], "floats"),
    ):
        for call in (
            lambda x: path.background_cost(x, BG),
            path.submasks,
            path.conflicts,
            lambda x: path.k_best(x, BG),
            lambda x: path.flow_cost(x, FLOW),
        ):
            with refused("masks", part):
                call(masks)
        with refused("a ", part):
            path.consistency_cost(masks, M)
        with refused("b ", part):
            path.consistency_cost(M, masks)
        with refused("proposals[1]", part):
            path.select_masks([M, masks, M], BGS)
        with refused("masks[0]", part):
            path.compose_frames([IMAGE], [masks], IMAGE)


def test_masks_of_another_size_than_their_maps_are_refused() -> None:
    for call in (lambda: path.background_cost(TURNED, BG), lambda: path.k_best(TURNED, BG)):
        with refused("background", "5", "4"):
            call()
    with refused("flow", "5", "4"):
        path.flow_cost(TURNED, FLOW)
    with refused("5 x 4", "4 x 5"):
        path.consistency_cost(M, TURNED)
    with refused("proposals[1]", "5", "4"):
        path.select_masks([M, TURNED, M], BGS)
    with refused("s[1]", "5 x 4", "4 x 5"):
        path.compose_frames([IMAGE, IMAGE], [M, TURNED], IMAGE)
    with refused("backgrounds[0]"):
        path.select_masks([TURNED] * 3, BGS)


# --- weights, conflicts, tables -----------------------------------------------------------------------------

W, C = np.array([1.0, -1.0, 0.5]), np.zeros((3, 3), bool)


def pair(i: int, j: int) -> Any:
    out = C.copy()
    out[i, j] = True
    return out


@pytest.mark.parametrize("algorithm", ["best_first", "dijkstra"])
def test_bad_weights_and_conflicts_are_refused(algorithm: Any) -> None:
    for weights, parts in (
        ([1, nan, 0], ("weights", "1", "nan")),
        ([1, 0, inf], ("weights", "2", "inf")),
        ([-inf, 0, 0], ("weights", "0", "-inf")),
        ([[1, 2, 3]], ("weights", "[1, 3]")),
        (np.ones(3, complex), ("weights", "complex128")),
        (None, ("weights", "None")),
        (["a", "b", "c"], ("weights",)),
    ):
        with refused(*parts):
            path.k_best_subsets(weights, C, algorithm=algorithm)
    for conflicts, parts in (
        (C[:2], ("conflicts", "[2, 3]")),
        (C[:2, :2], ("conflicts", "[2, 2]", "3")),
        (np.zeros((4, 4), bool), ("conflicts", "[4, 4]", "3")),
        (C[0], ("conflicts", "[3]")),
        (pair(0, 2), ("conflicts", "0", "2")),
        (pair(2, 1), ("conflicts", "2", "1")),
        (pair(1, 1), ("conflicts", "1")),
        (np.full((3, 3), 0.5), ("conflicts", "0.5")),
        (None, ("conflicts", "None")),
    ):
        with refused(*parts):
            path.k_best_subsets(W, conflicts, algorithm=algorithm)


U, P = [[0, 1], [2], [3, 4]], [[[0], [1]], [[0, 1]]]
TABLES: list[tuple[Any, Any, tuple[str, ...]]] = [
    ([[0, nan], [2], [3, 4]], P, ("unary[0]", "nan")),
    ([[0, 1], [-inf], [3, 4]], P, ("unary[1]", "-inf")),
    (U, [[[0], [nan]], [[0, 1]]], ("pairwise[0]", "nan")),
    (U, [[[0], [1]], [[0, -inf]]], ("pairwise[1]", "-inf")),
    (U, P[:1], ("pairwise", "1", "2")),
    (U, [*P, P[0]], ("pairwise", "3", "2")),
    (U[:1], P[:1], ("pairwise", "1", "0")),
    ([], P, ("pairwise", "2")),
    (U, [[[0, 1]], [[0, 1]]], ("pairwise[0]", "[1, 2]", "[2, 1]")),
    (U, [[[0], [1]], [[0, 1, 2]]], ("pairwise[1]", "[1, 3]", "[1, 2]")),
    (U, [[0, 1], [[0, 1]]], ("pairwise[0]", "[2]")),
    ([0, 1], [], ("unary[0]",)),
    ([[[0]], [0]], [[[0]]], ("unary[0]", "[1, 1]")),
    (np.zeros(3), [], ("unary",)),
    (np.zeros((2, 3)), np.zeros((3, 3)), ("pairwise",)),
    (np.zeros((2, 3)), np.zeros((2, 3, 3)), ("pairwise", "2", "1")),
    (np.zeros((2, 3)), np.zeros((1, 3, 4)), ("pairwise[0]", "[3, 4]", "[3, 3]")),
    (None, P, ("unary", "None")),
    (U, None, ("pairwise", "None")),
    ("ab", P, ("unary", "str")),
    ([["a"], [2]], [[[0]]], ("unary[0]",)),
]


@pytest.mark.parametrize(("unary", "pairwise", "parts"), TABLES)
def test_bad_tables_are_refused(unary: Any, pairwise: Any, parts: tuple[str, ...]) -> None:
    with refused(*parts):
        path.shortest_paths(unary, pairwise)


# --- consistency and composed frames ------------------------------------------------------------------------


def test_subsets_are_given_for_both_or_none() -> None:
    with refused("subsets_b"):
        path.consistency_cost(M, M, [[0]])
    with refused("subsets_a"):
        path.consistency_cost(M, M, None, [[0]])


def test_images_that_do_not_fit_are_not_composed() -> None:
    turned = IMAGE.transpose(1, 0, 2)
    for frames, masks, background, parts in (
        ([IMAGE, IMAGE], [M], IMAGE, ("masks", "1", "2")),
        ([IMAGE], [M, M], IMAGE, ("masks", "2", "1")),
        ([turned], [M], IMAGE, ("frames[0]", "[5, 4, 3]")),
        ([IMAGE], [M], turned, ("[5, 4, 3]", "[4, 5, 3]")),
        ([IMAGE], [M], IMAGE[..., :1], ("[4, 5, 1]", "[4, 5, 3]")),
        ([IMAGE[..., 0]], [M], IMAGE, ("frames[0]", "[4, 5]")),
        ([IMAGE], [M], IMAGE[0], ("background", "[5, 3]")),
        ([IMAGE], [M], None, ("background", "None")),
        (None, [M], IMAGE, ("frames", "None")),
        ([IMAGE], None, IMAGE, ("masks", "None")),
        ([IMAGE.astype(float)], [M], IMAGE, ("float64", "uint8")),
    ):
        with refused(*parts):
            path.compose_frames(frames, masks, background)


# --- whole videos -------------------------------------------------------------------------------------------


def forever(x: Any) -> Any:
    while True:
        yield x


def test_there_are_as_many_maps_and_flows_and_images_as_the_video_needs() -> None:
    for backgrounds in (
        BGS[:2],
        BGS * 2,
        np.stack(BGS[:2]),
        np.stack(BGS * 2),
        iter(BGS[:2]),
        forever(BG),
        [],
    ):
        with refused("backgrounds", "3"):
            path.select_masks([M] * 3, backgrounds)
    for flows in (
        FLOWS[:1],
        FLOWS * 2,
        np.stack(FLOWS[:1]),
        np.stack(FLOWS * 2),
        iter(FLOWS[:1]),
        forever(FLOW),
        [],
    ):
        with refused("flows", "2"):
            path.select_masks([M] * 3, BGS, flows)
    for frames in ([IMAGE] * 2, [IMAGE] * 4, iter([IMAGE] * 2), forever(IMAGE), np.stack([IMAGE] * 4)):
        with refused("frames", "3"):
            path.select_masks([M] * 3, BGS, FLOWS, **{**MODEL, "frames": frames})
    with refused("backgrounds"):
        path.select_masks([], BGS)
    with refused("backgrounds", "nan"):
        path.select_masks([M] * 3, [*BGS, with_value(BG, nan)][1:])
    with refused("flows"):
        path.select_masks([M], [BG], [FLOW])
    with refused("backgrounds", "3"):
        path.select_masks(TRACKS, BGS[:2])


def test_what_is_no_video_is_refused() -> None:
    for proposals, part in ((None, "None"), (5, "int"), (M, "Masks"), ("ab", "str"), ({}, "dict")):
        with refused("proposals", part):
            path.select_masks(proposals, BGS)
    for backgrounds, part in ((None, "None"), (5, "int"), ("abc", "str"), (M, "Masks")):
        with refused("backgrounds", part):
            path.select_masks([M] * 3, backgrounds)
    for flows, part in ((5, "int"), ("ab", "str")):
        with refused("flows", part):
            path.select_masks([M] * 3, BGS, flows)


def test_a_flow_model_comes_with_what_it_needs_and_only_where_it_is_used() -> None:
    def call(flows: Any = FLOWS, **changes: Any) -> Any:
        options = {**MODEL, **changes}
        return path.select_masks([M] * 3, BGS, flows, **{n: x for n, x in options.items() if x is not None})

    assert call().optimal
    for name in ("flow_model", "frames", "background_image"):
        with refused(name):
            call(**{name: None})
        if name == "flow_model":
            with refused(name):
                path.select_masks([M] * 3, BGS, FLOWS, flow_model=MODEL[name])
    with refused("flow_model", "int"):
        call(flow_model=5)
    with refused("flows"):
        call(flows=None)
    with refused("given"):
        path.flow_cost(M, FLOW, inside="given")


def test_images_that_do_not_fit_the_video_are_refused() -> None:
    for frames, parts in (
        ([IMAGE, IMAGE.transpose(1, 0, 2), IMAGE], ("frames[1]", "[5, 4, 3]")),
        ([IMAGE, IMAGE[..., 0], IMAGE], ("frames[1]", "[4, 5]")),
        ([IMAGE, None, IMAGE], ("frames[1]", "None")),
        ([IMAGE, IMAGE.astype(float), IMAGE], ("frames[1]", "float64")),
        ([IMAGE, IMAGE, IMAGE[..., :1]], ("frames[2]", "[4, 5, 1]")),
        (5, ("frames", "int")),
    ):
        with refused(*parts):
            path.select_masks([M] * 3, BGS, FLOWS, **{**MODEL, "frames": frames})
    for background, parts in (
        (IMAGE[:2], ("[2, 5, 3]",)),
        (IMAGE[..., 0], ("background_image", "[4, 5]")),
    ):
        with refused(*parts):
            path.select_masks([M] * 3, BGS, FLOWS, **{**MODEL, "background_image": background})


def test_links_have_a_threshold_and_a_gap() -> None:
    result = path.select_masks([M] * 3, BGS)
    for value, text in (*NUMBERS, (-0.1, "-0.1"), (0, "0"), (1.5, "1.5")):
        with refused(f"iou_threshold is {text}"):
            result.tracks(iou_threshold=value)
    for value, text in COUNTS[1:]:
        with refused(f"gap is {text[:50]}"):
            result.tracks(gap=value)
