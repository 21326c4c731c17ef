"""Malformed input as data: a call, and what vislabel must do with it.

In a call `mask` is the module of either library, `vl` is vislabel; `given` are statements that run before it.
The names of `NAMES` are there too. One case a line, as in a table.
"""

# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass

NAMES = '''
def text(*runs):
    """COCO's text of run lengths, whatever they are."""
    out = bytearray()
    for i, x in enumerate(runs):
        x -= runs[i - 2] if i > 2 else 0
        while not -16 <= x <= 15:
            out.append((x & 31) + 80)
            x >>= 5
        out.append((x & 31) + 48)
    return bytes(out)

def rle(h, w, *runs):
    return {"size": [h, w], "counts": text(*runs)}

def on(device, *shape, dtype=torch and torch.bool):
    """A tensor without memory that is on a device as far as anyone can ask."""
    def refuse(*_, **__): raise RuntimeError("no memory here")
    Hollow = type("Hollow", (torch.Tensor,), {"__torch_dispatch__": classmethod(refuse)})
    return torch.Tensor._make_wrapper_subclass(Hollow, shape, dtype=dtype, device=device)

good = rle(2, 2, 1, 3)  # [[0, 1], [1, 1]]
x = np.asfortranarray([[0, 1], [1, 1]]).astype(np.uint8, order="F")
masks = vl.Masks(x[None]) if vl else None
tracks = vl.Tracks(np.ones((2, 3, 4, 5), bool)) if vl else None
nan, inf = float("nan"), float("inf")
'''


@dataclass(frozen=True)
class Case:
    """One call; vislabel raises an Error that holds `refused`, or returns what `right` evaluates to."""

    name: str
    call: str
    refused: str = ""
    right: str = ""
    given: str = ""

    @property
    def is_pycocotools_too(self) -> bool:
        """Whether pycocotools has the call."""
        return "mask." in self.call

    @property
    def needs_torch(self) -> bool:
        return "torch" in self.source or "on(" in self.call

    @property
    def source(self) -> str:
        """The case as one line of Python."""
        return "; ".join(filter(None, [*self.given.splitlines(), self.call]))


def everywhere(name: str, rles: str, refused: str) -> list[Case]:
    """One malformed RLE, through every function that takes RLEs."""
    calls = [
        f"mask.area([{rles}])",
        f"mask.toBbox([{rles}])",
        f"mask.decode([{rles}])",
        f"mask.merge([{rles}, good])",
        f"mask.iou([good], [{rles}], [0])",
        f"vl.Masks.from_rle([{rles}])",
        f"vl.Tracks.from_rle([[good, {rles}]])",
        f"vl.iou.mask_iou([{rles}], masks)",
    ]
    return [Case(f"{name}: {call[: call.index('(')]}", call, refused) for call in calls]


RUN_LENGTHS = [
    *everywhere("runs too few", "rle(2, 2, 1, 2)", "the runs add up to 3, expected height x width"),
    *everywhere("runs too many", "rle(2, 2, 1, 40)", "add up to more than height x width (2 x 2 = 4)"),
    *everywhere("no counts", '{"size": [2, 2], "counts": b""}', "the runs add up to 0"),
    *everywhere("truncated text", '{"size": [2, 2], "counts": b"1P"}', "the text ends inside a run length"),
    *everywhere("a negative run", "rle(2, 2, -1, 5)", "run 0 is -1, expected at least 0"),
    *everywhere("10^6 x 10^6", "rle(10**6, 10**6, 0, 10**12)", "expected at most 4294967295 pixels"),
    Case("runs one too many", "mask.toBbox([rle(2, 2, 1, 4)])", "add up to more than"),
    Case("a negative run at the end", "mask.area([rle(2, 2, 5, -1)])", "add up to more than"),
    Case("garbage text", 'mask.area([{"size": [2, 2], "counts": b"o" * 100}])', "overflows"),
    Case("text of one character", 'mask.area([{"size": [2, 2], "counts": b"o"}])', "the text ends inside"),
    Case("bytes beyond ASCII", r'mask.area([{"size": [2, 2], "counts": b"\xff\xfe"}])', "has code 255"),
    Case("a str beyond ASCII", 'mask.area([{"size": [2, 2], "counts": "é"}])', "has code 195"),
    Case("a lone surrogate", r'mask.area([{"size": [2, 2], "counts": "\ud800"}])', "is a str that is no text"),
    Case("text with NUL", r'mask.area([{"size": [2, 2], "counts": b"13\0009"}])', "character 2 of the text has code 0"),
    Case("a space in the text", 'mask.decode([{"size": [2, 2], "counts": b"1 3"}])', "has code 32"),
    Case("runs in an empty frame", "mask.toBbox([rle(0, 5, 0, 5)])", "add up to more than"),
    Case("counts of floats", 'mask.frPyObjects([{"size": [2, 2], "counts": [1.5, 2.5]}], 2, 2)', "run 0 is 1.5"),
    Case("counts of text", 'mask.frPyObjects([{"size": [2, 2], "counts": ["1", "3"]}], 2, 2)', "run 0 is '1'"),
    Case("counts that are None", 'mask.area([{"size": [2, 2], "counts": None}])', "counts is a NoneType"),
    Case("runs too few in a list", 'mask.frPyObjects([{"size": [2, 2], "counts": [1, 2]}], 2, 2)', "add up to 3"),
    Case("runs too many in a list", 'mask.frPyObjects([{"size": [2, 2], "counts": [1, 4]}], 2, 2)', "add up to more"),
    Case("no runs in a list", 'mask.frPyObjects([{"size": [2, 2], "counts": []}], 2, 2)', "add up to 0"),
    Case("a negative run in a list", 'mask.frPyObjects([{"size": [2, 2], "counts": [-1, 5]}], 2, 2)', "run 0 is -1"),
    Case("a run of 2^32", 'mask.frPyObjects([{"size": [2, 2], "counts": [2**32, 4]}], 2, 2)', "add up to more"),
    Case("counts as a bytearray", 'vl.Masks.from_rle([{"size": [2, 2], "counts": bytearray(b"13")}])', "bytearray"),
    Case("counts as a generator", 'vl.Masks.from_rle([{"size": [2, 2], "counts": iter([4])}])', "list_iterator"),
    Case("runs of Decimal", 'vl.Masks.from_rle([{"size": [2, 2], "counts": [Decimal(4)]}])', "run 0 is Decimal('4')",
         given="from decimal import Decimal"),
    Case("counts as a NumPy array", 'vl.Masks.from_rle([{"size": [2, 2], "counts": np.array([1, 3])}]).area', right="[3]"),
    Case("zero-length runs", "mask.area([rle(2, 2, 1, 0, 0, 3)])", right="np.array([3], np.uint32)"),
]  # fmt: skip

SIZES = [
    Case("different sizes: merge", "mask.merge([good, rle(3, 3, 1, 8)])", "size 3 x 3, expected 2 x 2"),
    Case("different shapes of one area: merge", "mask.merge([good, rle(4, 1, 1, 3)])", "4 x 1, expected 2 x 2"),
    Case("different sizes: iou", "mask.iou([good], [rle(3, 3, 1, 8)], [0])", "3 x 3"),
    Case("different shapes of one area: iou", "mask.iou([good], [rle(4, 1, 1, 3)], [0])", "4 x 1"),
    Case("different sizes: decode", "mask.decode([good, rle(1, 1, 1)])", "size 1 x 1, expected 2 x 2"),
    Case("different shapes of one area: decode", "mask.decode([good, rle(4, 1, 1, 3)])", "4 x 1, expected 2 x 2"),
    Case("different sizes: Masks.from_rle", "vl.Masks.from_rle([good, rle(4, 1, 1, 3)])", "rles[1] has size 4 x 1"),
    Case("different sizes: Tracks.from_rle", "vl.Tracks.from_rle([[good, rle(4, 1, 1, 3)]])", "rows[0][1] has size 4 x 1"),
    Case("different sizes: mask_iou", "vl.iou.mask_iou([good], [rle(4, 1, 1, 3)])", "2 x 2 and 4 x 1"),
    Case("different sizes: track_iou", "vl.iou.track_iou(tracks, np.ones((1, 3, 5, 4), bool))", "4 x 5 and 5 x 4"),
    Case("different frames: track_iou", "vl.iou.track_iou(tracks, tracks.select_frames([0]))", "tracks of 3 and 1 frames"),
    Case("different sizes: merge_rounds", "vl.select.merge_rounds(tracks, np.ones((1, 3, 5, 4), bool))", "4 x 5 and 5 x 4"),
    Case("different frames: merge_rounds", "vl.select.merge_rounds(tracks, tracks.select_frames([0]))", "3 and 1 frames"),
    Case("rows of different lengths", "vl.Tracks.from_rle([[good], [good, good]])", "rows[1] has 2 entries"),
    Case("decode of nothing", "mask.decode([])", "rle"),
    Case("Masks.from_rle of nothing", "vl.Masks.from_rle([])", "rles is empty: pass size=(height, width)"),
    Case("area of nothing", "mask.area([])", right="np.zeros(0, np.uint32)"),
    Case("toBbox of nothing", "mask.toBbox([])", right="np.zeros((0, 4))"),
    Case("a size of text", 'mask.area([{"size": ["2", "2"], "counts": b"13"}])', "size is ['2', '2']"),
    Case("a size of fractions", 'mask.area([{"size": [2.5, 2], "counts": b"13"}])', "size is [2.5, 2]"),
    Case("a size of NaN", 'mask.area([{"size": [nan, 2], "counts": b"13"}])', "size is [nan, 2]"),
    Case("a size of one number", 'mask.area([{"size": [4], "counts": b"13"}])', "size is [4]"),
    Case("a size of three numbers", 'mask.area([{"size": [2, 2, 9], "counts": b"13"}])', "size is [2, 2, 9]"),
    Case("a negative size", 'mask.decode([{"size": [-2, -2], "counts": b"13"}])', "-2 x -2"),
    Case("a size of 2^70", 'mask.area([{"size": [2**70, 2], "counts": b"13"}])', "size is [1180591620717411303424, 2]"),
    Case("no size", 'mask.area([{"counts": b"13"}])', 'the dict has no "size"'),
    Case("no dict", "mask.area([None])", "a NoneType was given, expected a dict"),
    Case("a dict for a list", "vl.Masks.from_rle(good)", "rles is a dict, expected a list of dicts"),
    Case("size=NaN", "vl.Masks.from_rle([], size=(nan, 2))", "size[0] is nan, expected an integer"),
    Case("size=infinity", "vl.Masks.from_rle([], size=(2, inf))", "size[1] is inf, expected an integer"),
    Case("size of bool", "vl.Masks.from_rle([], size=(True, 2))", "size[0] is True, expected an integer"),
    Case("a size of 5000 digits", "vl.Masks.from_rle([], size=(10**5000, 2))", "size[0] is <int that cannot be shown>"),
    Case("size on the meta device", 'vl.Masks.from_rle([], size=torch.ones(2, device="meta"))', "size[0] is tensor("),
    Case("frames of bool", "vl.Tracks.from_rle([[good]], frames=True)", "frames is True, expected an integer"),
    Case("2^32 pixels", "mask.area([rle(65536, 65536, 0, 2**32)])", "at most 4294967295 pixels"),
    Case("2^32 pixels: encode", "mask.encode(np.broadcast_to(np.uint8(1), (65536, 65536)))", "at most 4294967295 pixels"),
    Case("2^32 - 1 pixels: area", "mask.area([rle(65535, 65537, 0, 2**32 - 1)])", right="np.array([2**32 - 1], np.uint32)"),
    Case("2^32 - 1 pixels: merge", "mask.merge([rle(65535, 65537, 0, 2**32 - 1)] * 2)", right="rle(65535, 65537, 0, 2**32 - 1)"),
    Case("2^32 - 1 pixels: iou", "mask.iou([a], [a], [0])", right="[[1.0]]", given="a = rle(65535, 65537, 0, 2**32 - 1)"),
    Case("a track of more than 2^32 pixels", "vl.iou.intersection_and_union(a, a)", right="([[3 * (2**32 - 1)]],) * 2",
         given="a = vl.Tracks.from_rle([[rle(65535, 65537, 0, 2**32 - 1)] * 3])"),
    Case("frames without pixels", "mask.decode([rle(0, 5, 0)])", right="np.zeros((0, 5, 1), np.uint8)"),
    Case("10^6 x 10^6: Masks", "vl.Masks(np.broadcast_to(np.uint8(1), (1, 10**6, 10**6)))", "at most 4294967295 pixels"),
    Case("10^6 x 10^6: Tracks", "vl.Tracks.from_rle([[None]], size=(10**6, 10**6))", "at most 4294967295 pixels"),
    Case("10^6 x 10^6: frPyObjects", "mask.frPyObjects([[0, 0, 1, 0, 1, 1]], 10**6, 10**6)", "at most 4294967295 pixels"),
    Case("10^6 x 10^6: from_polygons", "vl.Masks.from_polygons([], (10**6, 10**6))", "at most 4294967295 pixels"),
]  # fmt: skip

ARRAYS = [
    Case("values other than 0 and 1", "mask.encode(np.asfortranarray([[0, 2], [255, 1]]).astype(np.uint8))", right="good"),
    Case("values of 256", "mask.encode(np.asfortranarray([[0, 256], [256, 256]]))", right="good"),
    Case("values of -1", "mask.encode(-x.astype(np.int8))", right="good"),
    Case("bool", "mask.encode(x.astype(bool))", right="good"),
    Case("not contiguous", "mask.encode(np.ascontiguousarray(x))", right="good"),
    Case("strided", "mask.encode(np.repeat(np.repeat(x, 2, 0), 2, 1)[::2, ::2])", right="good"),
    Case("negative strides", "mask.encode(x[::-1, ::-1].copy()[::-1, ::-1])", right="good"),
    Case("byte-swapped", 'mask.encode(x.astype(">u4"))', right="good"),
    Case("read-only", "mask.encode(x)", right="good", given="x.flags.writeable = False"),
    Case("no rows", 'mask.encode(np.zeros((0, 5), np.uint8, order="F"))', right="rle(0, 5, 0)"),
    Case("no masks", 'mask.encode(np.zeros((2, 2, 0), np.uint8, order="F"))', right="[]"),
    Case("one axis", "mask.encode(np.ones(4, np.uint8))", "expected [H, W] or [H, W, N]"),
    Case("floats", "mask.encode(x.astype(float))", "float64"),
    Case("NaN", 'mask.encode(np.full((2, 2), nan, order="F"))', "float64"),
    Case("objects", "mask.encode(x.astype(object))", "dtype object"),
    Case("complex numbers", "mask.encode(x.astype(complex))", "dtype complex128"),
    Case("text", "mask.encode(x.astype(str))", "dtype <U3"),
    Case("times", 'mask.encode(x.astype("M8[s]"))', "dtype datetime64[s]"),
    Case("records", 'mask.encode(np.ones((2, 2), "u1,u1"))', "expected bool, integers or floats"),
    Case("None", "mask.encode(None)", "bimask"),
    Case("a nested list", "mask.encode([[0, 1], [1, 1]])", right="good"),
    Case("a masked array", "mask.encode(np.ma.masked_array(x, x))", "has masked elements"),
    Case("a masked array: Masks", "vl.Masks(np.ma.masked_array(x[None], x[None]))", "use x.filled(0)"),
    Case("ragged lists", "vl.Masks([[[1, 0], [1]]])", "x is a list that makes no array"),
    Case("integers beyond 64 bits", "vl.Masks([[[2**64]]])", "x has dtype object"),
    Case("a generator", "vl.Masks(row for row in x)", "x is a generator, expected an array"),
    Case("a list that holds itself", "vl.Masks(a)", "x is a list that makes no array", given="a = []\na.append(a)"),
    Case("an array that raises", "vl.Masks(A())", "x is a A that makes no array: out of order",
         given="def fail(*_, **__): raise RuntimeError('out of order')\nA = type('A', (), {'__array__': fail})"),
    Case("an address of nothing", "vl.Masks(A())", "x is a A that makes no array",
         given="a = {'shape': (1, 2, 2), 'typestr': '|u1', 'data': (0, False), 'version': 3}\nA = type('A', (), {'__array_interface__': a})"),
    Case("ctypes", "vl.Masks((ctypes.c_uint8 * 2 * 2 * 1)()).area", right="[0]", given="import ctypes"),
    Case("floats without a threshold", "vl.Masks(np.ones((1, 2, 2)))", "floats need threshold=..."),
    Case("floats for masks: mask_iou", "vl.iou.mask_iou(np.ones((1, 2, 2)), masks)", "floats need Masks(a, threshold=...)"),
    Case("a threshold of NaN", "vl.Masks(np.ones((1, 2, 2)), threshold=nan)", "threshold is NaN"),
    Case("a threshold of text", 'vl.Masks(np.ones((1, 2, 2)), threshold="0.5")', "threshold is '0.5', expected a number"),
    Case("a threshold of bool", "vl.Masks(np.ones((1, 2, 2)), threshold=True)", "threshold is True, expected a number"),
    Case("a complex threshold", "vl.Masks(np.ones((1, 2, 2)), threshold=np.complex128(0))", "expected a number"),
    Case("a long double beyond float64", "vl.Masks(a, threshold=0).area", right="[1]", given="a = np.full((1, 1, 1), np.longdouble('1e4000'))"),
    Case("presence of NaN", "vl.Tracks(np.ones((1, 1, 2, 2), bool), present=[[nan]])", "present[0, 0] is nan, expected 0 or 1"),
    Case("presence of another shape", "vl.Tracks(np.ones((1, 1, 2, 2), bool), present=[True])", "present has shape [1]"),
    Case("a track out of range", "vl.Tracks.from_masks(masks, np.array([2**64 - 1], np.uint64), [0], (1, 1))", "track has 18446744073709551615"),
    Case("read-only out", "masks.to_dense(out=a)", "out is read-only", given="a = np.zeros((1, 2, 2), bool)\na.flags.writeable = False"),
    Case("out that shares memory", "masks.to_dense(out=torch.zeros(1, 1, 2, dtype=torch.bool).expand(1, 2, 2))", "share memory"),
]  # fmt: skip

TENSORS = [
    Case("a tensor", "mask.encode(torch.from_numpy(x))", right="good"),
    Case("a tensor that requires gradients", "mask.encode(torch.ones(2, 2, requires_grad=True))", "float32"),
    Case("a tensor that requires gradients: Masks", "vl.Masks(torch.ones(1, 2, 2, requires_grad=True), threshold=0).area", right="[4]"),
    Case("tensors that require gradients", "vl.Masks([torch.ones(2, 2, requires_grad=True)], threshold=0).area", right="[4]"),
    Case("scores that require gradients", "vl.select.spatiotemporal_nms(tracks, torch.ones(2, requires_grad=True)).kept", right="torch.tensor([0])"),
    Case("a threshold that requires gradients", "vl.Masks(np.ones((1, 2, 2)), threshold=torch.tensor(0.5, requires_grad=True)).area", right="[4]"),
    Case("a sparse tensor", "mask.encode(torch.from_numpy(x).to_sparse())", "sparse_coo tensor, expected a dense one: use bimask.to_dense()"),
    Case("a sparse tensor: Masks", "vl.Masks(torch.from_numpy(x[None]).to_sparse())", "use x.to_dense()"),
    Case("a sparse CSR tensor", "vl.Masks(a)", "sparse_csr tensor", given="a = torch.from_numpy(x[None]).to_sparse_csr()"),
    Case("sparse predicted IoU", "vl.select.quality([1, 1], torch.ones(2, 3).to_sparse())", "use predicted_iou.to_dense()"),
    Case("a CUDA tensor", 'vl.Masks(on("cuda:0", 1, 2, 2))', "x is on cuda:0, but this build of vislabel has no CUDA backend: use x.cpu()"),
    Case("a CUDA tensor: encode", 'mask.encode(on("cuda:0", 2, 2))', "bimask is a tensor on cuda:0, where this is not computed: use bimask.cpu()"),
    Case("a CUDA tensor: mask_iou", 'vl.iou.mask_iou(masks, on("cuda:0", 1, 2, 2))', "b is on cuda:0, but this build of vislabel has no CUDA backend: use b.cpu()"),
    Case("a CUDA tensor: box_iou", 'vl.iou.box_iou([], on("cuda:0", 1, 4))', "b is a tensor on cuda:0"),
    Case("a CUDA tensor: spatiotemporal_nms", 'vl.select.spatiotemporal_nms(tracks, on("cuda:0", 2))', "scores is on cuda:0, but this build of vislabel has no CUDA backend: use scores.cpu()"),
    Case("a CUDA tensor: retain", 'vl.select.retain(tracks, on("cuda:0", 2, 3))', "quality is a tensor on cuda:0"),
    Case("DLPack on a GPU", "vl.Masks(A())", "x is on cuda:0, but this build of vislabel has no CUDA backend",
         given="def fail(*_, **__): raise BufferError('on a GPU')\nA = type('A', (), {'__dlpack__': fail, '__dlpack_device__': lambda _: (2, 0)})"),
    Case("a meta tensor", 'vl.Masks(torch.ones(1, 2, 2, device="meta"))', "x is a tensor on meta, which has no values"),
    Case("a tensor without memory", 'vl.Masks(on("cpu", 1, 2, 2))', "x is a Hollow without readable values: no memory here"),
    Case("a tensor inside vmap", "torch.func.vmap(lambda a: vl.Masks(a).area)(torch.ones(3, 1, 2, 2))", "without readable values"),
    Case("a quantised tensor", "vl.Masks(a)", "x is a quantised tensor", given="a = torch.quantize_per_tensor(torch.ones(1, 2, 2), 1.0, 0, torch.quint8)"),
    Case("a nested tensor", "vl.Masks(a)", "x is a nested tensor", given="a = torch.nested.nested_tensor([torch.ones(2, 2), torch.ones(3, 2)])"),
    Case("a complex tensor", "vl.Masks(torch.ones(1, 2, 2, dtype=torch.complex64).conj())", "x has dtype complex64"),
    Case("a tensor of 4-bit integers", "vl.Masks(torch.empty(1, 2, 2, dtype=torch.uint4))", "without readable values"),
    Case("an uninitialised parameter", "vl.Masks(torch.nn.UninitializedParameter())", "without readable values"),
]  # fmt: skip

FUNCTIONS = [
    Case("iscrowd too long", "mask.iou([good], [good], [0, 0])", "crowd"),
    Case("iscrowd too short", "mask.iou([good], [good, good], [0])", "crowd"),
    Case("iscrowd of two axes", "mask.iou([good], [good], [[0]])", "crowd"),
    Case("iscrowd of NaN", "mask.iou([good], [good], [nan])", "crowd"),
    Case("iscrowd of fractions", "mask.iou([good], [good], [0.5])", "crowd"),
    Case("iscrowd of text", 'mask.iou([good], [good], ["0"])', "crowd"),
    Case("iscrowd of None", "mask.iou([good], [good], [None])", "crowd"),
    Case("iscrowd too long, boxes", "mask.iou([[0, 0, 1, 1]], [[0, 0, 1, 1]], [0, 0])", "crowd"),
    Case("crowd too long: mask_iou", "vl.iou.mask_iou(masks, masks, crowd=[0, 0])", "crowd has shape [2], expected one"),
    Case("crowd of NaN: mask_iou", "vl.iou.mask_iou(masks, masks, crowd=[nan])", "crowd[0] is nan, expected 0 or 1"),
    Case("crowd of fractions: box_iou", "vl.iou.box_iou([], [[0, 0, 1, 1]], crowd=[0.5])", "crowd[0] is 0.5, expected 0 or 1"),
    Case("crowd as a set: box_iou", "vl.iou.box_iou([], [[0, 0, 1, 1]], crowd={0})", "crowd is a set, expected an array"),
    Case("a mask for a box", "mask.iou([good], [[0, 0, 1, 1]], [0])", "boxes"),
    Case("boxes of three numbers", "mask.iou([[0, 0, 1]], [[0, 0, 1]], [0])", "[1, 3]"),
    Case("boxes of NaN", "mask.iou([[0, 0, nan, 1]], [[0, 0, 1, 1]], [0])", "nan"),
    Case("boxes of infinity", "mask.iou([[0, 0, inf, 1]], [[0, 0, inf, 1]], [0])", "inf"),
    Case("complex boxes", "mask.iou(np.ones((1, 4), complex), np.ones((1, 4)), [0])", "complex128"),
    Case("boxes of NaN: box_iou", "vl.iou.box_iou([[0, 0, nan, 1]], [])", "a[0] is (0, 0, nan, 1)"),
    Case("boxes with a negative side: box_iou", "vl.iou.box_iou([], [[0, 0, 1, -1]])", "b[0] is (0, 0, 1, -1)"),
    Case("boxes of no numbers: box_iou", "vl.iou.box_iou(np.zeros((5, 0)), [])", "a has shape [5, 0], expected [any, 4]"),
    Case("an unknown empty_pair", 'vl.iou.mask_iou(masks, masks, empty_pair="none")', "expected one of: zero, one"),
    Case("masks for tracks", "vl.iou.track_iou(tracks, masks)", "b is Masks, expected Tracks or an array [N, T, H, W]"),
    Case("NaN scores: spatiotemporal_nms", "vl.select.spatiotemporal_nms(tracks, [1, nan])", "scores[1] is NaN"),
    Case("NaN scores: quality", "vl.select.quality([1, nan], np.ones((2, 3)))", "scores[1] is NaN"),
    Case("NaN scores: pseudo_labels", "vl.select.pseudo_labels(tracks, [nan, 1], np.ones((2, 3)))", "scores[0] is NaN"),
    Case("NaN predicted IoU", "vl.select.quality([1, 1], np.full((2, 3), nan))", "predicted_iou[0, 0] is NaN"),
    Case("NaN quality", "vl.select.retain(tracks, np.full((2, 3), nan))", "quality[0, 0] is NaN"),
    Case("infinite scores", "vl.select.quality([1, inf], np.zeros((2, 3)))", "scores[1] is inf, expected a finite number"),
    Case("scores too few", "vl.select.spatiotemporal_nms(tracks, [1])", "scores has shape [1], expected one per track (2)"),
    Case("scores of text", 'vl.select.spatiotemporal_nms(tracks, ["1", "1"])', "scores has dtype <U1"),
    Case("masked scores", "vl.select.spatiotemporal_nms(tracks, np.ma.masked_array([1.0, 1.0], [1, 0]))", "scores has masked elements"),
    Case("labels of floats", "vl.select.spatiotemporal_nms(tracks, [1, 1], labels=[1.0, 2.0])", "labels has shape [2] and dtype float64"),
    Case("labels beyond 63 bits", "vl.select.spatiotemporal_nms(tracks, [1, 1], labels=np.array([2**63, 0], np.uint64))", "labels has 9223372036854775808"),
    Case("an IoU threshold of NaN", "vl.select.merge_rounds(tracks, tracks, iou_threshold=nan)", "iou_threshold is NaN"),
    Case("an IoU threshold of text", 'vl.select.spatiotemporal_nms(tracks, [1, 1], iou_threshold="0.5")', "iou_threshold is '0.5'"),
    Case("quality of another shape", "vl.select.retain(tracks, np.ones((3, 2)))", "quality has shape [3, 2], expected [2, 3]"),
    Case("quality of no columns", "vl.select.retain(tracks[:0], np.zeros((5, 0)))", "quality has shape [5, 0], expected [0, 3]"),
    Case("an unknown rule", 'vl.select.retain(tracks, np.ones((2, 3)), rule="code")', "expected one of: paper, reference"),
    Case("None for tracks", "vl.select.merge_rounds(tracks, None)", "new is None, expected an array"),
    Case("polygons of NaN", "mask.frPyObjects([[0, 0, 1, 0, nan, 1]], 4, 4)", "coordinate 4 of a polygon is nan"),
    Case("polygons of infinity", "mask.frPyObjects([[0, 0, 1, 0, inf, 1]], 4, 4)", "coordinate 4 of a polygon is inf"),
    Case("polygons of 10^9", "mask.frPyObjects([[0, 0, 1, 0, 1e9, 1]], 4, 4)", "coordinate 4 of a polygon is 1e+09"),
    Case("polygons of text", 'mask.frPyObjects([[0, 0, 1, 0, "a", 1]], 4, 4)', "expected bool, integers or floats"),
    Case("polygons of an odd length", "mask.frPyObjects([[0, 0, 1, 0, 1]], 4, 4)", "5 coordinates"),
    Case("a negative height", "mask.frPyObjects([[0, 0, 1, 0, 1, 1]], -4, 4)", "-4"),
    Case("a height of NaN", "mask.frPyObjects([[0, 0, 1, 0, 1, 1]], nan, 4)", "nan"),
    Case("frPyObjects of None", "mask.frPyObjects(None, 4, 4)", "expected"),
    Case("polygons of NaN: from_polygons", "vl.Masks.from_polygons([[0, 0, 1, 0, nan, 1]], (4, 4))", "coordinate 4 of a polygon is nan"),
    Case("corners of three numbers", "vl.Masks.from_polygons([np.ones((3, 3))], (4, 4))", "polys[0] has shape [3, 3], expected"),
    Case("an index out of kind", "masks[slice('a')]", "index is slice(None, 'a', None)"),
    Case("a size that empties itself", 'vl.Masks.from_rle([{"size": L, "counts": [4]}]).area', right="[0]",
         given="L = []\nI = type('I', (), {'__index__': lambda self: L.clear() or 2})\nL.extend([I(), 2])"),
    Case("counts that empty themselves", 'vl.Masks.from_rle([{"size": [2, 2], "counts": L}])', "the runs add up to 2",
         given="L = []\nI = type('I', (), {'__index__': lambda self: L.clear() or 2})\nL.extend([I(), 2])"),
    Case("counts that cannot be read", 'vl.Masks.from_rle([{"size": [2, 2], "counts": Q()}])', "counts is a Q",
         given="def fail(*_): raise RuntimeError('no')\nQ = type('Q', (), {'__len__': lambda self: 1, '__getitem__': fail})"),
    Case("a run of 5000 digits", 'vl.Masks.from_rle([{"size": [2, 2], "counts": [10**5000]}])', "run 0 is <int that cannot be shown>"),
    Case("an RLE's size of 5000 digits", 'vl.Masks.from_rle([{"size": [10**5000, 2], "counts": b"4"}])', "expected (height, width)"),
    Case("a size of 10000 numbers", 'vl.Masks.from_rle([{"size": np.zeros((100, 100)), "counts": b"4"}])', "expected (height, width)"),
    Case("sizes of bool", 'vl.Masks.from_rle([{"size": [True, 4], "counts": b"04"}])', "size is [True, 4], expected"),
    Case("runs of bool", 'vl.Masks.from_rle([{"size": [2, 2], "counts": [True, 3]}])', "run 0 is True, expected an integer"),
    Case("2^50 masks", "vl.Masks(np.broadcast_to(np.uint8(1), (2**50, 1, 1)))", "the array holds more than 4294967296 masks"),
    Case("boxes of 1e308", "mask.frPyObjects(np.array([[1e308, 0, 1e308, 1]]), 2, 2)", "expected -1e6 to 1e6"),
    Case("a polygon of tensors with gradients", "mask.frPyObjects([[torch.tensor(1.0, requires_grad=True)] * 6], 2, 2)", right="[rle(2, 2, 4)]"),
    Case("a dict that is a polygon", "vl.Masks.from_polygons([{}], (4, 4))", "polys[0] is a dict, expected a list"),
]  # fmt: skip

CASES = [*RUN_LENGTHS, *SIZES, *ARRAYS, *TENSORS, *FUNCTIONS]
