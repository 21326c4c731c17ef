"""Arrays in, whatever their dtype, layout and owner; arrays out as the caller has them."""

from __future__ import annotations

import array
import warnings
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import oracle
import pytest
import torch
import vislabel as vl
from numpy.typing import NDArray
from refusal import refused

DENSE = oracle.random_masks(1, 6, (37, 21))
INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]


def layouts(x: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The same values in every way that memory can hold them."""
    field = np.zeros(x.shape, np.dtype([("pad", "u1"), ("value", x.dtype)]))  # packed: unaligned
    field["value"] = x
    twice = np.zeros([2 * side + 1 for side in x.shape], x.dtype)
    twice[1::2, 1::2, 1::2] = x
    read_only = x.copy()
    read_only.flags.writeable = False
    return {
        "C": np.ascontiguousarray(x),
        "F": np.asfortranarray(x),
        "images in F order": np.ascontiguousarray(x.transpose(0, 2, 1)).transpose(0, 2, 1),
        "masks last": np.ascontiguousarray(x.transpose(1, 2, 0)).transpose(2, 0, 1),
        "negative strides": x[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1],
        "negative F strides": np.asfortranarray(x[::-1, ::-1, ::-1])[::-1, ::-1, ::-1],
        "strided": twice[1::2, 1::2, 1::2],
        "unaligned field": field["value"],
        "byte-swapped": x.astype(x.dtype.newbyteorder("S")),
        "read-only": read_only,
        "subclass": x.view(type("Sub", (np.ndarray,), {})),
    }


@pytest.mark.parametrize("dtype", ["bool", *INTEGERS])
def test_non_zero_is_set_in_every_integer_type_and_layout(dtype: str) -> None:
    values = DENSE.astype(dtype)
    if dtype != "bool":
        values[DENSE] = np.iinfo(dtype).max
        values[0][DENSE[0]] = np.iinfo(dtype).min or 1  # only the top bit
    for name, x in layouts(values).items():
        np.testing.assert_array_equal(x, values)
        np.testing.assert_array_equal(vl.Masks(x).to_dense(), DENSE, err_msg=name)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble", "bool", *INTEGERS])
def test_a_threshold_sets_what_is_above_it_in_every_type_and_layout(dtype: str) -> None:
    rng = np.random.default_rng(2)
    low = 0 if dtype.startswith("u") or dtype == "bool" else -3
    values = rng.integers(low, 4, DENSE.shape).astype(dtype)
    for name, x in layouts(values).items():
        for threshold in (-1, 0.0, 0.5, 1.0, np.float32(2)):
            masks = vl.Masks(x, threshold=threshold)
            np.testing.assert_array_equal(masks.to_dense(), values.astype(float) > threshold, err_msg=name)


def test_nan_is_not_set_and_infinity_is() -> None:
    x = np.array([[[np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324]]])
    assert vl.Masks(x, threshold=0).to_dense().tolist() == [[[False, True, False, False, False, True]]]
    assert vl.Masks(x, threshold=-np.inf).area.tolist() == [4]
    assert vl.Masks(x, threshold=np.inf).area.tolist() == [0]


def test_a_broadcast_array_is_read_through_its_zero_strides() -> None:
    one = DENSE[:1]
    for x in (np.broadcast_to(one, (4, 37, 21)), np.broadcast_to(one[:, :1], (1, 9, 21))):
        assert 0 in x.strides
        np.testing.assert_array_equal(vl.Masks(x).to_dense(), x)
    flat = np.broadcast_to(np.float32(1), (2, 40, 33))
    assert vl.Masks(flat, threshold=0.5).area.tolist() == [40 * 33] * 2
    assert vl.Tracks(torch.ones(1, 1, 1, 1).expand(2, 3, 40, 5), threshold=0).area.tolist() == [[200] * 3] * 2


@pytest.mark.parametrize("size", oracle.SIZES)
def test_every_size_survives_the_way_in_and_out(size: tuple[int, int]) -> None:
    dense = oracle.random_masks(3, 5, size)
    for x in layouts(dense).values():
        np.testing.assert_array_equal(vl.Masks(x).to_dense(), dense)
    wide = layouts(dense.astype(np.float32))
    for x in wide.values():
        np.testing.assert_array_equal(vl.Masks(x, threshold=0.5).to_dense(), dense)


@pytest.mark.parametrize(
    "dtype", [torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16]
)
def test_tensors_of_integers_come_in_whatever_their_strides(dtype: torch.dtype) -> None:
    x = torch.from_numpy(DENSE).to(dtype)
    for tensor in (
        x,
        x.permute(2, 1, 0).contiguous().permute(2, 1, 0),
        torch.stack([x, x])[0],
        torch.stack([x, x], -1)[..., 1],
    ):
        np.testing.assert_array_equal(vl.Masks(tensor).to_dense(), DENSE)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_tensors_of_floats_come_in_with_a_threshold(dtype: torch.dtype) -> None:
    x = (torch.from_numpy(DENSE).to(dtype) - 0.5).requires_grad_()
    np.testing.assert_array_equal(vl.Masks(x, threshold=0.0).to_dense(), DENSE)
    np.testing.assert_array_equal(vl.Masks(torch.nn.Parameter(x), threshold=0.0).to_dense(), DENSE)
    with refused("x has dtype", "floats need threshold"):
        vl.Masks(x)


def test_lazily_negated_tensors_are_resolved() -> None:
    x = torch.complex(torch.zeros(1, 2, 2), torch.ones(1, 2, 2)).conj().imag
    assert x.is_neg()
    assert vl.Masks(x, threshold=-0.5).area.tolist() == [0]


def test_the_buffer_protocol_is_read_in_place() -> None:
    flat = DENSE.astype(np.uint8).tobytes()
    for owner in (flat, bytearray(flat), array.array("B", flat), memoryview(flat)):
        np.testing.assert_array_equal(vl.Masks(memoryview(owner).cast("B", DENSE.shape)).to_dense(), DENSE)
    scores = array.array("d", [0.9, 0.8])
    assert vl.select.spatiotemporal_nms(np.ones((2, 1, 2, 2), bool), scores).kept.tolist() == [0]
    with refused("x has shape [4662], expected [N, H, W]"):
        vl.Masks(bytearray(flat))


class Exporter:
    """Speaks DLPack and nothing else."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __dlpack__(self, **options: Any) -> Any:
        return self.x.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        device: tuple[int, int] = self.x.__dlpack_device__()
        return device


class CudaExporter(Exporter):
    def __dlpack__(self, **options: Any) -> Any:
        raise BufferError("data is on CUDA")

    def __dlpack_device__(self) -> tuple[int, int]:
        return (2, 0)


def test_dlpack_objects_come_in() -> None:
    for x in (DENSE, torch.from_numpy(DENSE), np.asfortranarray(DENSE)):
        np.testing.assert_array_equal(vl.Masks(Exporter(x)).to_dense(), DENSE)
    with refused("x is on cuda:0, but this build of vislabel has no CUDA backend"):
        vl.Masks(CudaExporter(DENSE))


def test_nested_lists_and_scalars_of_numpy_come_in() -> None:
    assert vl.Masks([[[0, 1], [1, 1]]]).area.tolist() == [3]
    assert vl.Masks([[[0.0, 1.0]]], threshold=0.5).area.tolist() == [1]
    assert vl.select.quality((np.float32(0.5),), [[1]]).tolist() == [[0.5]]


def quantised(x: torch.Tensor) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch is about to leave them
        return torch.quantize_per_tensor(x, 1.0, 0, torch.quint8)


def bad_arrays() -> dict[str, tuple[Any, str]]:
    x = torch.zeros(1, 2, 2)
    return {
        "objects": (np.zeros((1, 2, 2), object), "x has dtype object"),
        "text": (np.full((1, 2, 2), "a"), "x has dtype <U1"),
        "a str": ("abc", "x is a str, expected an array of bool, integers or floats"),
        "bytes": (b"abc", "x has shape [3], expected [N, H, W]"),
        "None": (None, "x is None, expected an array of bool, integers or floats"),
        "complex": (np.zeros((1, 2, 2), complex), "x has dtype complex128"),
        "times": (np.zeros((1, 2, 2), "M8[s]"), "x has dtype datetime64[s]"),
        "records": (np.zeros((1, 2, 2), "u1,u1"), "x has dtype"),
        "ragged lists": ([[[1, 0], [1]]], "x is a list that makes no array"),
        "another device": (x.to("meta"), "x is a tensor on meta"),
        "sparse": (x.to_sparse(), "use x.to_dense()"),
        "quantised": (quantised(x), "x is a quantised tensor, expected a plain one: use x.dequantize()"),
        "4-bit integers": (torch.empty(1, 2, 2, dtype=torch.uint4), "x is a Tensor without readable values"),
        "masked elements": (np.ma.masked_array(np.ones((1, 2, 2), bool), True), "use x.filled(0)"),
        "a generator": ((row for row in x), "x is a generator, expected an array"),
        "float8": (x.to(torch.float8_e4m3fn), "floats need threshold"),
        "complex tensor": (x.to(torch.complex64), "x has dtype complex64"),
        "floats": (np.zeros((1, 2, 2)), "x has dtype float64: floats need threshold"),
        "too few axes": (np.zeros((2, 2), bool), "x has shape [2, 2], expected [N, H, W]"),
        "too many axes": (np.zeros((1, 1, 2, 2), bool), "x has shape [1, 1, 2, 2], expected [N, H, W]"),
        "masks": (vl.Masks(np.ones((1, 2, 2), bool)), "Masks"),
        "tracks": (vl.Tracks(np.ones((1, 1, 2, 2), bool)), "Tracks"),
    }


@pytest.mark.parametrize("name", bad_arrays())
def test_what_is_no_array_of_numbers_is_refused(name: str) -> None:
    x, message = bad_arrays()[name]
    with refused(message):
        vl.Masks(x)


def test_a_size_beyond_the_limits_is_refused_without_reading_it() -> None:
    with refused("65536 x 65536", "at most 4294967295 pixels"):
        vl.Masks(np.broadcast_to(np.uint8(1), (1, 65536, 65536)))
    with refused("sides of at most 67108864"):
        vl.Tracks(np.broadcast_to(np.uint8(1), (0, 1, 2**31, 1)))


NO_NUMBERS: list[Any] = [
    float("nan"), "high", "0.5", b"1", memoryview(b"1"), [0.5, 0.5], True, np.bool_(True), 1j, 10**400,
    np.complex128(1), np.array([0.5]), torch.tensor([0.5]), torch.tensor(0.5, device="meta"),
]  # fmt: skip


@pytest.mark.parametrize("threshold", NO_NUMBERS, ids=repr)
def test_a_threshold_that_is_no_number_is_refused(threshold: Any) -> None:
    with refused("threshold", "expected a number"):
        vl.Masks(np.zeros((1, 2, 2)), threshold=threshold)


@pytest.mark.filterwarnings("error")
def test_numbers_of_every_library_are_thresholds() -> None:
    gradient = torch.tensor(0.5, requires_grad=True)
    for threshold in (0, 0.5, np.float32(0.5), np.array(0.5), gradient, Decimal("0.5"), Fraction(1, 2)):
        assert vl.Masks(np.ones((1, 2, 2)), threshold=threshold).area.tolist() == [4]  # type: ignore[arg-type]
    assert vl.Masks(np.full((1, 1, 1), np.longdouble("1e4000")), threshold=1e300).area.tolist() == [1]


def test_lists_of_tensors_are_arrays_also_where_numpy_cannot_read_them() -> None:
    x = torch.ones(2, 2)
    for images in ([x, x], [x.bfloat16(), x], [x.requires_grad_(), x], [x.tolist(), x], (x[0:2], x)):
        assert vl.Masks(images, threshold=0).area.tolist() == [4, 4]
    with refused("x[1] is a tensor on meta, which has no values"):
        vl.Masks([x, x.to("meta")], threshold=0)
    with refused("x[0][1] is a torch.sparse_coo tensor, expected a dense one: use x[0][1].to_dense()"):
        vl.Tracks([[x, x.detach().to_sparse()]], threshold=0)


def test_results_are_tensors_iff_an_argument_is() -> None:
    x = np.stack([DENSE[:3], DENSE[3:]])
    scores, predicted = np.array([0.9, 0.8]), np.full((2, 3), 0.9)
    for tracks, given in (
        (x, torch.tensor(scores)),
        (torch.from_numpy(x), scores),
        (torch.from_numpy(x), torch.tensor(scores)),
    ):
        nms = vl.select.spatiotemporal_nms(tracks, given)
        assert [v.dtype for v in (nms.kept, nms.suppressed_by)] == [torch.int64] * 2
        labels = vl.select.pseudo_labels(tracks, given, predicted)
        kinds = [
            labels.kept,
            labels.frames,
            labels.survivors,
            labels.suppressed_by,
            labels.quality,
            labels.selected,
        ]
        assert [v.dtype for v in kinds] == [torch.int64] * 4 + [torch.float64, torch.bool]
    assert isinstance(vl.select.spatiotemporal_nms(x, scores).kept, np.ndarray)
    q = vl.select.quality(scores, torch.tensor(predicted, requires_grad=True))
    assert (q.dtype, tuple(q.shape), q.requires_grad) == (torch.float64, (2, 3), False)
    kept = vl.select.retain(x, q)
    assert [v.dtype for v in (kept.kept, kept.selected, kept.frames)] == [
        torch.int64,
        torch.bool,
        torch.int64,
    ]
    assert vl.select.merge_rounds(x, torch.from_numpy(x)).match.dtype == torch.int64
    masks = torch.from_numpy(DENSE)
    assert vl.iou.mask_iou(masks, DENSE).dtype == vl.iou.mask_iou(DENSE, masks).dtype == torch.float64
    assert isinstance(vl.iou.mask_iou(DENSE, DENSE), np.ndarray)
    assert vl.iou.track_iou(torch.from_numpy(x), x).shape == (2, 2)
    assert vl.iou.frame_iou(x, torch.from_numpy(x)).shape == (2, 2, 3)
    assert [v.dtype for v in vl.iou.intersection_and_union(masks, masks)] == [torch.int64] * 2
    assert vl.iou.box_iou(torch.zeros(2, 4), np.zeros((0, 4))).shape == (2, 0)


def test_choosing_masks_takes_tensors_and_gives_arrays_and_numbers() -> None:
    masks, background = torch.from_numpy(DENSE), torch.rand(37, 21, generator=torch.manual_seed(3))
    flow = torch.zeros(37, 21, 2)
    cost = vl.path.background_cost(masks, background.requires_grad_())
    assert (type(cost.base), type(cost.per_mask)) == (float, np.ndarray)
    assert type(vl.path.conflicts(masks)) is np.ndarray
    assert type(vl.path.submasks(masks).table) is np.ndarray
    best = vl.path.k_best(masks, background.double())
    assert {type(x) for x in (best.costs, *best.subsets)} == {np.ndarray}
    assert type(vl.path.flow_cost(masks, flow.bfloat16())) is float
    assert type(vl.path.flow_cost(masks, flow.half(), [torch.tensor([0, 1])])) is np.ndarray
    assert type(vl.path.consistency_cost(masks, DENSE)) is float
    paths = vl.path.shortest_paths(torch.zeros(2, 3), torch.zeros(1, 3, 3))
    assert (type(paths.labels), type(paths.costs)) == (np.ndarray, np.ndarray)
    frames = torch.zeros(2, 37, 21, 3, dtype=torch.uint8)
    assert type(vl.path.compose_frames(frames, [masks, masks], frames[0])) is np.ndarray
    chosen = vl.path.select_masks([masks, masks], torch.stack([background] * 2), flow[None])
    assert {type(x) for x in (*chosen.chosen, *chosen.unary, *chosen.pairwise)} == {np.ndarray}
