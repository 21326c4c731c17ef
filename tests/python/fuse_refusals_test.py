"""What the fusion refuses, each with one sentence that names the argument."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import vislabel as vl
from refusal import refused

T = vl.Tracks(np.ones((2, 3, 4, 5), bool))
ONE, SHORT, TURNED = T[:1], T.select_frames([0]), vl.Tracks(np.ones((2, 3, 5, 4), bool))
B, STARTS = np.ones((2, 3, 4)), [[0, 1], [2, 0]]
TWO = {"a": T, "b": T}
nan, inf = float("nan"), float("inf")
scm, shqm, doob, assign, whole = (
    vl.fuse.scm,
    vl.fuse.shqm,
    vl.fuse.doob,
    vl.fuse.assign,
    vl.fuse.pseudo_masks,
)
keyframes, fuse_keyframes = vl.fuse.keyframes, vl.fuse.fuse_keyframes
missing, inaccurate = vl.fuse.missing_data, vl.fuse.remove_inaccurate
Unassigned, Keyframed = vl.fuse.Unassigned, vl.fuse.Keyframed


def bad(i: Any, value: float) -> Any:
    """Boxes, one of whose numbers is bad."""
    boxes = B.copy()
    boxes[1, 2, i] = value
    return boxes


BAD_BOXES: list[tuple[Any, str]] = [
    (bad(1, nan), "boxes[1][2] is (1, nan, 1, 1), expected finite x, y, width, height"),
    (bad(slice(3), nan), "boxes[1][2] is (nan, nan, nan, 1)"),
    (bad(0, inf), "boxes[1][2] is (inf, 1, 1, 1)"),
    (bad(slice(None), -inf), "boxes[1][2] is (-inf, -inf, -inf, -inf)"),
    (bad(0, 1e300), "below 1e100"),
    (bad(2, -0.5), "boxes[1][2] is (1, 1, -0.5, 1)"),
    (bad(3, -1), "width and height of at least 0"),
    (B[0], "boxes has shape [3, 4], expected [N, T, 4]"),
    (np.ones((2, 3, 5)), "boxes has shape [2, 3, 5], expected [N, T, 4]"),
    (np.ones((2, 3, 4, 1)), "boxes has shape [2, 3, 4, 1]"),
    (B.astype(complex), "boxes has dtype complex128"),
    ([[["a"] * 4] * 3] * 2, "boxes has dtype"),
    (np.ma.masked_array(B, B > 0), "boxes has masked elements"),
    (B[:, :2], "boxes"),
    (B[:1], "boxes"),
    (None, "boxes is None"),
    (T, "boxes is Tracks"),
]
WITH_BOXES: dict[str, Any] = {
    "scm": lambda boxes: scm(T, T, boxes),
    "shqm": lambda boxes: shqm(TWO, boxes),
    "doob": lambda boxes: doob(T, boxes),
    "assign": lambda boxes: assign(T, T, boxes),
    "assign without a helper": lambda boxes: assign(T[:0], None, boxes),
    "fuse_keyframes": lambda boxes: fuse_keyframes([T, T], STARTS, by="shqm", boxes=boxes),
    "pseudo_masks": lambda boxes: whole(TWO, boxes),
}


@pytest.mark.parametrize("name", WITH_BOXES)
def test_bad_boxes_are_refused_everywhere(name: str) -> None:
    for boxes, message in BAD_BOXES:
        if name == "assign without a helper" and np.shape(boxes) == (1, 3, 4):
            continue  # one instance, and any number of predictions
        with refused(message if boxes is not None or name != "fuse_keyframes" else "boxes"):
            WITH_BOXES[name](boxes)


CALLS: list[tuple[Any, tuple[Any, ...], dict[str, Any], str]] = [
    (
        scm,
        (T, ONE, B),
        {},
        "[1, 3], expected one row per instance and one column per frame of boxes ([2, 3])",
    ),
    (scm, (T, SHORT, B), {}, "[2, 1], expected one row per instance"),
    (scm, (T, TURNED, B), {}, "b has 3 frames of 5 x 4, expected 3 of 4 x 5 as a"),
    (scm, ([T, ONE], T, B), {}, "[1, 3], expected one row per instance"),
    (scm, (T, {"x": T, "y": TURNED}, B), {}, "b['y'] has masks of 5 x 4, expected 4 x 5"),
    (scm, (T, {1: T}, B), {}, "b has the key 1, expected names"),
    (scm, (T, None, B), {}, "b is None"),
    (scm, ([T, np.ones((2, 4, 5), bool)], T, B), {}, "a[1] has shape [2, 4, 5], expected [N, T, H, W]"),
    (scm, (np.ones((2, 3, 4, 5)), T, B), {}, "a has dtype float64: floats need Tracks(a, threshold=...)"),
    (scm, (T, T, B), {"box_overlap": "diou"}, "box_overlap is 'diou', expected one of: iou, giou"),
    (scm, (T, T, B), {"box_overlap": None}, "box_overlap is None"),
    (shqm, ({"a": T}, B), {}, "expected at least 2"),
    (shqm, ([T], B), {}, "sources has 1"),
    (shqm, ([], B), {}, "sources has 0"),
    (shqm, (5, B), {}, "sources is a int"),
    (shqm, ("ab", B), {}, "sources is a str"),
    (shqm, (T, B), {}, "sources is one Tracks, expected a dict or a list of several"),
    (shqm, ({1: T, 2: T}, B), {}, "sources has the key 1, expected names"),
    (shqm, ({"a": T, "b": ONE}, B), {}, "sources['b'] is [1, 3], expected one row per instance"),
    (shqm, ({"a": T, "b": SHORT}, B), {}, "sources['b'] is [2, 1], expected"),
    (shqm, ({"a": T, "b": TURNED}, B), {}, "sources['b'] has masks of 5 x 4, expected 4 x 5"),
    (shqm, ({"a": T, "b": None}, B), {}, "sources['b'] is None"),
    (shqm, ([T, T.frame(0)], B), {}, "sources[1] is Masks"),
    (shqm, ({"a": T, "b": Unassigned(T)}, B), {}, "sources['b'] is Unassigned"),
    (shqm, (TWO, B), {"box_overlap": "x"}, "box_overlap is 'x'"),
    (doob, (T, B), {"margin": True}, "margin is True, expected an integer"),
    (doob, (T, B), {"margin": -1}, "margin is -1, expected at least 0"),
    (doob, (T, B), {"margin": 1.5}, "margin is 1.5, expected an integer"),
    (doob, (T, B), {"margin": None}, "margin is None"),
    (doob, (T, B), {"margin": 2**70}, "margin is 1180591620717411303424"),
    (doob, (T, B), {"rule": "code"}, "rule is 'code', expected one of: paper, reference"),
    (doob, (T, B), {"box_overlap": "x"}, "box_overlap is 'x'"),
    (doob, (ONE, B), {}, "tracks is [1, 3], expected one row per instance"),
    (doob, (None, B), {}, "tracks is None"),
    (doob, (T.frame(0), B), {}, "tracks is Masks"),
    (
        assign,
        (T, T, B),
        {"one_to_one": "x"},
        "one_to_one is 'x', expected one of: greedy, hungarian, none",
    ),
    (assign, (T, T, B), {"one_to_one": True}, "one_to_one is True"),
    (assign, (T, T, B), {"min_score": -0.1}, "min_score is -0.1, expected at least 0"),
    (assign, (T, T, B), {"min_score": nan}, "min_score is nan"),
    (assign, (T, T, B), {"min_score": "x"}, "min_score is 'x', expected a number"),
    (assign, (T, T, B), {"min_score": None}, "min_score is None"),
    (assign, (T, T, B), {"rule": "x"}, "rule is 'x'"),
    (assign, (T, T, B), {"box_overlap": "x"}, "box_overlap is 'x'"),
    (assign, (T, ONE, B), {}, "helper is [1, 3], expected one row per instance"),
    (assign, (T, ONE, B), {"rule": "reference"}, "helper is [1, 3]"),
    (assign, (T, SHORT, B), {}, "expected 1 of 4 x 5 as helper"),
    (assign, (SHORT, None, B), {}, "predicted has 1 frames, expected as many as boxes (3)"),
    (assign, (T, TURNED, B), {}, "predicted has 3 frames of 4 x 5, expected 3 of 5 x 4"),
    (assign, (T, 5, B), {}, "helper has shape []"),
    (assign, (None, T, B), {}, "predicted is None"),
    (keyframes, ([[1, nan]],), {}, "scm has NaN"),
    (keyframes, ([1, 2],), {}, "scm has shape [2]"),
    (keyframes, (None,), {}, "scm is None"),
    (keyframes, ([["a"]],), {}, "scm has dtype"),
    (keyframes, (T,), {}, "scm is Tracks"),
    (keyframes, (B[0],), {"every": 0}, "every is 0, expected at least 1"),
    (keyframes, (B[0],), {"every": -3}, "every is -3"),
    (keyframes, (B[0],), {"every": True}, "every is True"),
    (keyframes, (B[0],), {"every": 2.0}, "every is 2.0"),
    (keyframes, (B[0],), {"spread": "x"}, "spread is 'x', expected one of: top, per_segment"),
    (fuse_keyframes, ([T, T], [[0, 3], [0, 0]]), {}, "keyframes[0][1] is 3, expected a frame below 3"),
    (fuse_keyframes, ([T, T], [[0, 0], [-2, 0]]), {}, "keyframes[1][0] is -2"),
    (fuse_keyframes, ([T, T], [[0, 1]]), {}, "keyframes is [1, 2], expected [2, 2]"),
    (fuse_keyframes, ([T, T], [[0], [1]]), {}, "keyframes is [2, 1], expected [2, 2]"),
    (fuse_keyframes, ([T, T], [0, 1]), {}, "keyframes has shape [2]"),
    (fuse_keyframes, ([T, T], [[0.0, 1.0]] * 2), {}, "dtype float64, expected integers"),
    (fuse_keyframes, ([T, T], [[True, False]] * 2), {}, "dtype bool, expected integers"),
    (fuse_keyframes, ([T, T], None), {}, "keyframes is None"),
    (fuse_keyframes, ([], np.zeros((2, 0), int)), {}, "tracks is empty"),
    (fuse_keyframes, (None, STARTS), {}, "tracks is None"),
    (fuse_keyframes, ([T, ONE], STARTS), {}, "tracks[1] has 1 instances, expected 2"),
    (fuse_keyframes, ([T, SHORT], STARTS), {}, "tracks[1] has 1 frames"),
    (fuse_keyframes, ([T, TURNED], STARTS), {}, "tracks[1] has 3 frames of 5 x 4"),
    (fuse_keyframes, ([T, None], STARTS), {}, "tracks[1] is None"),
    (fuse_keyframes, ([T, T], STARTS), {"by": "x"}, "by is 'x', expected one of: nearest, shqm"),
    (fuse_keyframes, ([T, T], STARTS), {"by": "shqm"}, "boxes is missing"),
    (fuse_keyframes, ([T, T], STARTS), {"boxes": bad(0, nan)}, "boxes[1][2] is (nan, 1, 1, 1)"),
    (fuse_keyframes, ([T, T], STARTS), {"box_overlap": "x"}, "box_overlap is 'x'"),
    (missing, (T, ONE), {}, "truth has 2 instances and fused 1"),
    (missing, (T, SHORT), {}, "fused has 1 frames of 4 x 5, expected 3 of 4 x 5 as truth"),
    (missing, (T, TURNED), {}, "fused has 3 frames of 5 x 4"),
    (missing, (T, None), {}, "fused is None"),
    (missing, (T, T), {"per": "video"}, "per is 'video', expected one of: frame, instance"),
    (inaccurate, (T, ONE), {}, "truth has 2 instances and fused 1"),
    (inaccurate, (T, SHORT), {}, "fused has 1 frames"),
    (inaccurate, (T, TURNED), {}, "fused has 3 frames of 5 x 4"),
    (inaccurate, (None, T), {}, "truth is None"),
    (inaccurate, (T, T), {"threshold": nan}, "threshold is nan"),
    (inaccurate, (T, T), {"threshold": -0.1}, "threshold is -0.1, expected 0 to 1"),
    (inaccurate, (T, T), {"threshold": 60}, "threshold is 60, expected 0 to 1"),
    (inaccurate, (T, T), {"threshold": True}, "threshold is True, expected a number"),
    (whole, ({"a": T}, B), {}, "expected at least 2"),
    (whole, ({}, B), {}, "sources has 0"),
    (whole, (5, B), {}, "sources is a int"),
    (whole, ({1: T, 2: T}, B), {}, "sources has the key 1"),
    (whole, ({"a": T, "b": ONE}, B), {}, "sources['b']: tracks is [1, 3], expected one row per instance"),
    (whole, ({"a": T, "b": TURNED}, B), {}, "sources['b'] has masks of 5 x 4, expected 4 x 5"),
    (whole, ({"a": T, "b": 5}, B), {}, "sources['b'] has shape []"),
    (whole, ({"a": T, "b": Unassigned(None)}, B), {}, "sources['b'] is None"),
    (whole, ({"a": T, "b": Unassigned(SHORT)}, B), {}, "sources['b']: predicted has 1 frames"),
    (whole, ({"a": T, "b": Unassigned(TURNED)}, B), {}, "5 x 4"),
    (whole, ({"a": T, "b": Keyframed([T], [0])}, B), {}, "sources['b'].keyframes has shape [1]"),
    (whole, ({"a": T, "b": Keyframed([T, None], STARTS)}, B), {}, "sources['b'].tracks[1] is None"),
    (whole, ({"a": T, "b": Keyframed([T], [[9], [0]])}, B), {}, "sources['b']: keyframes[0][0] is 9"),
    (whole, ({"a": T, "b": Keyframed([T, ONE], STARTS)}, B), {}, "sources['b']: tracks[1] has 1 instances"),
    (whole, ({"a": T, "b": Keyframed([], np.zeros((2, 0), int))}, B), {}, "tracks is empty"),
    (
        whole,
        ({"a": T, "b": Unassigned(T)}, B),
        {"helper": "c"},
        "helper is 'c', expected one of the names 'a', 'b'",
    ),
    (whole, ({"a": T, "b": Unassigned(T)}, B), {"helper": 1}, "helper is 1"),
    (whole, ([T, T], B), {"helper": 0}, "helper is 0, expected one of the names '0', '1'"),
    (whole, ([T, T], B), {"helper": np.ones(2)}, "helper is array([1., 1.]), expected one of the names"),
    (whole, ({"a": T, "b": Keyframed(None, STARTS)}, B), {}, "sources['b'].tracks is None"),
    (
        whole,
        ({"a": T, "b": Keyframed(T, STARTS)}, B),
        {},
        "sources['b'].tracks is one Tracks, expected a list",
    ),
    (fuse_keyframes, (T, STARTS), {}, "tracks is one Tracks, expected a list"),
    (fuse_keyframes, ([T, T], STARTS), {"boxes": B[:1]}, "tracks is [2, 3], expected one row per instance"),
    (
        whole,
        ({"a": T, "b": Unassigned(T)}, B),
        {"helper": "b"},
        "helper is 'b', whose rows are unassigned",
    ),
    (whole, ({"a": T, "b": Unassigned(T)}, B), {"min_score": nan}, "min_score is nan"),
    (whole, ({"a": T, "b": Unassigned(T)}, B), {"min_score": -1}, "min_score is -1"),
    (whole, (TWO, B), {"min_score": -1}, "min_score is -1"),
    (whole, (Unassigned(T), B), {}, "sources is one Unassigned, expected a dict or a list"),
    (whole, (TWO, B), {"doob_on": "x"}, "doob_on is 'x', expected one of: fused, sources_and_fused"),
    (whole, (TWO, B), {"keyframes_by": "x"}, "keyframes_by is 'x'"),
    (whole, (TWO, B), {"one_to_one": "x"}, "one_to_one is 'x'"),
    (whole, (TWO, B), {"box_overlap": "x"}, "box_overlap is 'x'"),
    (whole, (TWO, B), {"rule": "x"}, "rule is 'x'"),
    (whole, (TWO, B), {"margin": -1}, "margin is -1"),
    (whole, (TWO, B), {"margin": False}, "margin is False"),
    (whole, (TWO, B), {"margin": 0.5}, "margin is 0.5"),
]


@pytest.mark.parametrize(
    ("function", "arguments", "options", "message"), CALLS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_the_fusion_refuses(
    function: Any, arguments: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    with refused(message):
        function(*arguments, **options)


def test_a_huge_margin_keeps_every_pixel() -> None:
    assert doob(ONE, np.ones((1, 3, 4)), margin=2**62) == ONE
