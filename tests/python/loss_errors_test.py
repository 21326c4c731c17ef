"""What the losses of training refuse, each with one sentence that names the argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import vislabel as vl
from refusal import refused

Tensor = torch.Tensor
projection, affinity = vl.loss.projection, vl.loss.pairwise_affinity
drop, quality = vl.loss.drop_loss_weights, vl.loss.quality_target
nan, inf = float("nan"), float("inf")

X, CLIP = torch.zeros(2, 4, 5), torch.zeros(2, 3, 4, 5)
B, SLOTS = torch.tensor([[1.0, 1, 2, 2]] * 2), torch.ones(2, 3, 4)
LAB, LABS = torch.zeros(3, 4, 5), torch.zeros(2, 3, 4, 5)
M, V = torch.ones(3, 4, 5, dtype=torch.bool), torch.ones(2, 3, 8, 9, dtype=torch.bool)
MASKS, TRACKS = vl.Masks(M), vl.Tracks(V)
POINTS, LABELS = torch.zeros(2, 6), torch.ones(2, 6)


def with_one(x: Tensor, *place: int, value: float = nan) -> Tensor:
    """The same but for one element."""
    out = x.clone()
    out[place] = value
    return out


Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any], str]
POSITION = "expected finite x, y, width, height with width and height of at least 0"

BOXES: list[tuple[Any, str]] = [
    (B[0], "boxes has shape [4], expected [2, 4]"),
    (B[:1], "boxes has shape [1, 4], expected [2, 4]"),
    (torch.zeros(3, 4), "boxes has shape [3, 4], expected [2, 4]"),
    (torch.zeros(2, 5), "boxes has shape [2, 5], expected [2, 4]"),
    (torch.zeros(2, 1, 4), "boxes has shape [2, 1, 4], expected [2, 4]"),
    (with_one(B, 1, 0), f"boxes[1] is (nan, 1, 2, 2), {POSITION}"),
    (with_one(B, 1, 3), "boxes[1] is (1, 1, 2, nan)"),
    (with_one(B, 0, 0, value=inf), "boxes[0] is (inf, 1, 2, 2)"),
    (with_one(B, 1, 1, value=-inf), "boxes[1] is (1, -inf, 2, 2)"),
    (with_one(B, 1, 2, value=inf), "boxes[1] is (1, 1, inf, 2)"),
    (with_one(B, 1, 2, value=-1), f"boxes[1] is (1, 1, -1, 2), {POSITION}"),
    (with_one(B, 1, 3, value=-0.5), "boxes[1] is (1, 1, 2, -0.5)"),
    ([["a"] * 4] * 2, "boxes has dtype"),
    (None, "boxes is None"),
    (MASKS, "boxes is Masks"),
    (B.to_sparse(), "boxes is a torch.sparse_coo tensor, expected a dense one"),
    (B.to(torch.complex64), "boxes has dtype complex64"),
]

LOGITS: list[tuple[Any, str]] = [
    (X.int(), "logits has dtype int32, expected floats"),
    (X.byte(), "logits has dtype uint8, expected floats"),
    (X.bool(), "logits has dtype bool, expected floats"),
    (X.to(torch.complex64), "logits has dtype complex64"),
    (X.to(torch.float8_e4m3fn), "logits has dtype float8"),
    (X[0], "logits has shape [4, 5], expected [N, H, W] or [N, T, H, W]"),
    (X[None, None], "logits has shape [1, 1, 2, 4, 5], expected [N, H, W] or [N, T, H, W]"),
    (with_one(X, 1, 2, 3), "logits[1, 2, 3] is NaN, expected a number"),
    (with_one(X.double(), 0, 0, 0), "logits[0, 0, 0] is NaN"),
    (with_one(X, 0, 3, 4).bfloat16(), "logits[0, 3, 4] is NaN"),
    (X.to_sparse(), "logits is a torch.sparse_coo tensor, expected a dense one: use logits.to_dense()"),
    (None, "logits is None"),
    (MASKS, "logits is Masks"),
    ("x", "logits is a str"),
]


def both(x: Any) -> list[Any]:
    """A tensor, and as NumPy where that has it."""
    plain = isinstance(x, Tensor) and x.layout == torch.strided and "float8" not in str(x.dtype)
    return [x, x.numpy()] if plain and x.dtype != torch.bfloat16 else [x]


def test_both_losses_refuse_bad_boxes() -> None:
    for boxes, message in BOXES:
        for given in both(boxes):
            for x in both(X):
                with refused(message):
                    projection(x, given)
                with refused(message):
                    affinity(x, LAB, given)
    with refused("boxes has shape [2, 4], expected [2, 3, 4]"):
        projection(CLIP, B)
    with refused("boxes[0] is (nan, 1, 1, 1)"):  # of all maps in C order, or by its place
        projection(CLIP[:1, :1], with_one(SLOTS[:1, :1], 0, 0, 0))


def test_both_losses_refuse_bad_logits() -> None:
    for logits, message in LOGITS:
        for given in both(logits):
            with refused(message):
                projection(given, B)
            with refused(message):
                affinity(given, LAB, B)
    with refused("logits[1, 2, 3, 4] is NaN, expected a number"):
        projection(with_one(CLIP, 1, 2, 3, 4), SLOTS)


CALLS: list[Call] = [
    (projection, (X, B), {"reduction": "avg"}, "reduction is 'avg', expected one of: mean, sum, none"),
    (projection, (X, B), {"reduction": None}, "reduction is None"),
    (projection, (X, B), {"nan": "ignore"}, "nan is 'ignore', expected one of: error, propagate"),
    (projection, (X, B), {"nan": True}, "nan is True"),
    (affinity, (X, LAB[:2], B), {}, "lab has shape [2, 4, 5], expected [3, 4, 5]"),
    (affinity, (X, torch.zeros(3, 8, 10), B), {}, "lab has shape [3, 8, 10], expected [3, 4, 5]"),
    (affinity, (X, torch.zeros(4, 5, 3), B), {}, "lab has shape [4, 5, 3], expected [3, 4, 5]"),
    (affinity, (X, torch.zeros(2, 3, 5, 4), B), {"image": [0, 1]}, "lab has shape [2, 3, 5, 4]"),
    (affinity, (X, LAB[0], B), {}, "lab has shape [4, 5], expected [3, H, W] or [B, 3, H, W]"),
    (affinity, (X, LAB.byte(), B), {}, "lab has dtype uint8, expected floats"),
    (affinity, (X, LAB.int(), B), {}, "lab has dtype int32, expected floats"),
    (affinity, (X, None, B), {}, "lab is None"),
    (affinity, (X, with_one(LAB, 1, 2, 2), B), {}, "lab[1, 2, 2] is NaN, expected a number"),
    (affinity, (X, with_one(LABS, 1, 0, 2, 2), B), {"image": [0, 1]}, "lab[1, 0, 2, 2] is NaN"),
    (affinity, (X, LABS, B), {}, "lab has 2 images: image must say which of them each instance is in"),
    (affinity, (X, LABS[:0], B), {}, "lab has 0 images"),
    (affinity, (X, LABS, B), {"image": [0]}, "image has shape [1] and dtype int64, expected 2 integers"),
    (affinity, (X, LABS, B), {"image": [0, 1, 0]}, "image has shape [3]"),
    (affinity, (X, LABS, B), {"image": torch.tensor([[0, 1]])}, "image has shape [1, 2]"),
    (affinity, (X, LABS, B), {"image": [0, 2]}, "image[1] is 2, expected 0 to 1"),
    (affinity, (X, LABS, B), {"image": torch.tensor([-1, 0])}, "image[0] is -1, expected 0 to 1"),
    (affinity, (X, LABS, B), {"image": torch.tensor([0, 2**40])}, "image[1] is 1099511627776"),
    (affinity, (X, LAB, B), {"image": [0, 1]}, "image[1] is 1, expected 0 to 0"),
    (affinity, (X, LABS, B), {"image": torch.tensor([0.0, 1.0])}, "dtype float32, expected 2 integers"),
    (affinity, (X, LABS, B), {"image": [True, False]}, "dtype bool, expected 2 integers"),
    (affinity, (X, LABS, B), {"image": "ab"}, "image is a str"),
    (affinity, (CLIP, torch.zeros(3, 3, 4, 5), SLOTS), {"image": [0, 1]}, "image is given, but logits"),
    (affinity, (CLIP, LABS, SLOTS), {}, "lab has 2 images, expected 1 or one per frame of logits (3)"),
    (affinity, (X, LAB, B), {"rule": "code"}, "rule is 'code', expected one of: paper, reference"),
    (affinity, (X, LAB, B), {"reduction": "x"}, "reduction is 'x'"),
    (affinity, (X, LAB, B), {"nan": "x"}, "nan is 'x'"),
    (affinity, (X, LAB, B), {"threshold": -0.1}, "threshold is -0.1, expected 0 to 1"),
    (affinity, (X, LAB, B), {"threshold": 1.1}, "threshold is 1.1, expected 0 to 1"),
    (affinity, (X, LAB, B), {"threshold": nan}, "threshold is nan"),
    (affinity, (X, LAB, B), {"threshold": "a"}, "threshold is 'a', expected a number"),
    (affinity, (X, LAB, B), {"theta": 0.0}, "theta is 0, expected"),
    (affinity, (X, LAB, B), {"theta": -1}, "theta is -1, expected"),
    (affinity, (X, LAB, B), {"theta": nan}, "theta is nan, expected"),
    (affinity, (X, LAB, B), {"theta": inf}, "theta is inf, expected a finite number above 0"),
    (affinity, (X, LAB, B), {"reduction": np.array(["mean"])}, "reduction is array(['mean']"),
    (affinity, (X, LAB, B), {"theta": None}, "theta is None, expected a number"),
    (drop, (M, M[:, :2]), {}, "4 x 5"),
    (drop, (M, V), {}, "truth has shape [2, 3, 8, 9], expected [N, H, W]"),
    (drop, (V, M), {}, "truth has shape [3, 4, 5], expected [N, T, H, W]"),
    (drop, (M[0], M), {}, "predicted has shape [4, 5], expected [N, H, W]"),
    (drop, (M, M.float()), {}, "truth has dtype float32: floats need"),
    (drop, (CLIP, V[:, :2]), {}, "has 3 frames, expected 2 as truth"),
    (drop, (V, V[:, :2]), {}, "frames"),
    (drop, (MASKS, TRACKS), {}, "predicted is Masks, expected Tracks"),
    (drop, (TRACKS, MASKS), {}, "truth is Masks, expected Tracks"),
    (drop, (with_one(X, 1, 2, 3), M), {}, "predicted[1, 2, 3] is NaN, expected a number"),
    (drop, (with_one(CLIP, 1, 2, 3, 4), V), {}, "predicted[1, 2, 3, 4] is NaN"),
    (drop, (X[:, :0], M), {}, "0 x 5"),
    (drop, (M, M), {"threshold": nan}, "threshold is NaN, expected a number"),
    (drop, (M, M), {"threshold": "a"}, "threshold is 'a', expected a number"),
    (drop, (M, M), {"rule": "x"}, "rule is 'x', expected one of: paper, reference"),
    (drop, (X, M), {"nan": "x"}, "nan is 'x', expected one of: error, propagate"),
    (drop, (None, M), {}, "predicted is None"),
    (drop, (M, None), {}, "truth is None"),
    (drop, (X, X), {"rule": "reference"}, "predicted has shape [2, 4, 5], expected [N, P]"),
    (drop, (POINTS, LABELS[:, :5]), {"rule": "reference"}, "truth has shape [2, 5], expected [2, 6]"),
    (drop, (POINTS, 2 * LABELS), {"rule": "reference"}, "truth[0, 0] is 2, expected 0 to 1"),
    (drop, (POINTS, with_one(LABELS, 1, 5, value=-0.5)), {"rule": "reference"}, "truth[1, 5] is -0.5"),
    (drop, (POINTS, with_one(LABELS, 1, 5)), {"rule": "reference"}, "truth[1, 5] is nan"),
    (drop, (with_one(POINTS, 1, 5), LABELS), {"rule": "reference"}, "predicted[1, 5] is NaN"),
    (drop, (POINTS.int(), LABELS), {"rule": "reference"}, "predicted has dtype int32, expected floats"),
    (drop, (MASKS, MASKS), {"rule": "reference"}, "predicted is Masks, expected the points [N, P]"),
    (quality, (CLIP.int(), V), {}, "logits has dtype int32, expected floats"),
    (quality, (X, V), {}, "logits has shape [2, 4, 5], expected [Q, T, h, w]"),
    (quality, (CLIP, V[0]), {}, "truth has shape [3, 8, 9]"),
    (quality, (CLIP, V.float()), {}, "truth has dtype float32: floats need"),
    (quality, (CLIP, V[:, :2]), {}, "logits has 3 frames, expected 2 as truth"),
    (quality, (CLIP, MASKS), {}, "truth is Masks, expected Tracks"),
    (quality, (CLIP, None), {}, "truth is None"),
    (quality, (with_one(CLIP, 1, 2, 3, 4), V), {}, "logits[1, 2, 3, 4] is NaN, expected a number"),
    (quality, (CLIP[:, :, :0], V), {}, "logits has maps of 0 x 5, which cannot be resized"),
    (quality, (CLIP, V), {"threshold": nan}, "threshold is NaN, expected a number"),
    (quality, (CLIP, V), {"threshold": None}, "threshold is None, expected a number"),
    (quality, (CLIP, V), {"empty_pair": "x"}, "empty_pair is 'x', expected one of: zero, one"),
    (quality, (CLIP, V), {"nan": "x"}, "nan is 'x', expected one of: error, propagate"),
]


@pytest.mark.parametrize(
    ("call", "arguments", "options", "message"), CALLS, ids=lambda x: x if isinstance(x, str) else ""
)
def test_bad_input_is_refused(
    call: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    for given in (arguments, tuple(x.numpy() if isinstance(x, Tensor) else x for x in arguments)):
        with refused(message):
            call(*given, **options)


def meta(x: Tensor) -> Tensor:
    """On a device of its own, as a stand-in for a GPU's."""
    return x.to("meta")


DEVICES: list[Call] = [
    (projection, (meta(X), B), {}, "logits is a tensor on meta"),
    (projection, (X, meta(B)), {}, "boxes is a tensor on meta"),
    (projection, (meta(X), meta(B)), {}, "logits is a tensor on meta"),
    (affinity, (meta(X), LAB, B), {}, "logits is a tensor on meta"),
    (affinity, (X, meta(LAB), B), {}, "lab is a tensor on meta"),
    (affinity, (X, LAB, meta(B)), {}, "boxes is a tensor on meta"),
    (affinity, (X, LAB, B), {"image": meta(torch.zeros(2).long())}, "image is a tensor on meta"),
    (drop, (meta(X), M), {}, "predicted is a tensor on meta"),
    (drop, (X, meta(M)), {}, "truth is a tensor on meta"),
    (drop, (meta(M), MASKS), {}, "predicted is a tensor on meta"),
    (quality, (meta(CLIP), V), {}, "logits is a tensor on meta"),
    (quality, (CLIP, meta(V)), {}, "truth is a tensor on meta"),
    (quality, (meta(CLIP), TRACKS), {}, "logits is a tensor on meta"),
]


@pytest.mark.parametrize(
    ("call", "arguments", "options", "message"), DEVICES, ids=lambda x: x if isinstance(x, str) else ""
)
def test_tensors_on_other_devices_are_refused(
    call: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    with refused(message):
        call(*arguments, **options)


# --- NaN where it may be ------------------------------------------------------------------------------------


def test_nan_logits_make_their_own_instance_nan_in_value_and_gradient() -> None:
    x, boxes = with_one(torch.ones(3, 4, 5), 1, 2, 3).requires_grad_(), torch.tensor([[1.0, 1, 2, 2]] * 3)
    for loss in (
        lambda: projection(x, boxes, reduction="none", nan="propagate"),
        lambda: affinity(x, LAB, boxes, reduction="none", nan="propagate"),
    ):
        values = loss()
        assert values.isnan().tolist() == [False, True, False]
        (slope,) = torch.autograd.grad(values.sum(), x)
        assert slope[1].isnan().all()
        assert slope[[0, 2]].isfinite().all()
    assert projection(x, boxes, nan="propagate").isnan()
    assert affinity(x, LAB, boxes, reduction="sum", nan="propagate").isnan()


def test_nan_colours_are_like_no_other() -> None:
    x, box = torch.zeros(1, 4, 5, dtype=torch.float64), [[0, 0, 5, 4]]
    lab = torch.zeros(3, 4, 5, dtype=torch.float64)
    lab[0, 1, 1] = 1e6
    far = affinity(x, lab, box)
    lab[0, 1, 1] = nan
    assert torch.equal(affinity(x, lab, box, nan="propagate"), far)


def test_a_nested_tensor_is_refused() -> None:
    nested = torch.nested.nested_tensor([X[0], X[1]])
    with refused("logits is a nested tensor, expected a dense one"):
        vl.loss.projection(nested, torch.zeros(2, 4))
