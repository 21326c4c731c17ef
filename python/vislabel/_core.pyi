"""
Packed masks and the algorithms on them. Use `vislabel`, which documents and types everything.
"""

from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import typing

__all__: list[str] = [
    "Error",
    "MaskSelector",
    "Masks",
    "NmsOptions",
    "Tracks",
    "assign",
    "background_cost",
    "best_match",
    "box_iou",
    "build_info",
    "compose_frame",
    "conflicts",
    "consistency_cost",
    "doob",
    "drop_loss_weights",
    "drop_loss_weights_of_logits",
    "drop_loss_weights_of_points",
    "f1",
    "fit_prototypes",
    "flow_cost",
    "foregrounds",
    "frame_iou",
    "fuse_keyframes",
    "get_num_threads",
    "given_flow_cost",
    "k_best",
    "k_best_subsets",
    "keyframes",
    "mask_counts",
    "mask_iou",
    "masks_from_polygons",
    "match_prompts",
    "merge_rounds",
    "missing_data",
    "pairwise_affinity_loss",
    "pairwise_affinity_loss_backward",
    "projection_loss",
    "projection_loss_backward",
    "prototype_similarity",
    "pseudo_labels",
    "pseudo_masks",
    "quality",
    "quality_target",
    "rank_correlation",
    "remove_inaccurate",
    "retain",
    "rle_area",
    "rle_box",
    "rle_compress",
    "rle_decode",
    "rle_encode",
    "rle_from_polygons",
    "rle_merge",
    "rle_runs",
    "scm",
    "score_filter",
    "set_num_threads",
    "shortest_paths",
    "shqm",
    "spatiotemporal_nms",
    "submasks",
    "track_counts",
    "track_iou",
]

class Error(ValueError):
    pass

class Masks:
    @staticmethod
    def concatenate(arg0: collections.abc.Sequence[Masks]) -> Masks: ...
    @staticmethod
    def from_changes(
        arg0: typing.Annotated[numpy.typing.ArrayLike, numpy.int64],
        arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.uint32],
        arg2: typing.SupportsInt | typing.SupportsIndex,
        arg3: typing.SupportsInt | typing.SupportsIndex,
    ) -> Masks: ...
    @staticmethod
    def from_dense(
        array: numpy.ndarray, threshold: typing.SupportsFloat | typing.SupportsIndex | None = None
    ) -> Masks: ...
    @staticmethod
    def from_resized(
        arg0: numpy.ndarray,
        arg1: typing.SupportsFloat | typing.SupportsIndex,
        arg2: typing.SupportsInt | typing.SupportsIndex,
        arg3: typing.SupportsInt | typing.SupportsIndex,
    ) -> Masks: ...
    @staticmethod
    def from_rle(
        rles: collections.abc.Sequence,
        size: tuple[typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]
        | None = None,
    ) -> Masks: ...
    def area(self) -> numpy.typing.NDArray[numpy.int64]: ...
    def box(self) -> numpy.typing.NDArray[numpy.float64]: ...
    def changes(self) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.uint32]]: ...
    def complement(self) -> Masks: ...
    def count(self) -> int: ...
    def crop_to(self, arg0: typing.Annotated[numpy.typing.ArrayLike, numpy.float64]) -> Masks: ...
    def equal(self, arg0: Masks) -> bool: ...
    def exclusive_or(self, arg0: Masks) -> Masks: ...
    def intersect(self, arg0: Masks) -> Masks: ...
    def intersect_all(self) -> Masks: ...
    def memory(self) -> int: ...
    def select(self, arg0: typing.Annotated[numpy.typing.ArrayLike, numpy.int64]) -> Masks: ...
    def size(self) -> tuple[int, int]: ...
    def subtract(self, arg0: Masks) -> Masks: ...
    def to_rle(self, arg0: typing.Any) -> list: ...
    def unite(self, arg0: Masks) -> Masks: ...
    def unite_all(self) -> Masks: ...
    def write_dense(self, arg0: numpy.ndarray) -> None: ...

class Tracks:
    @staticmethod
    def concatenate(arg0: Tracks, arg1: Tracks) -> Tracks: ...
    @staticmethod
    def from_dense(
        arg0: numpy.ndarray,
        arg1: typing.SupportsFloat | typing.SupportsIndex | None,
        arg2: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
    ) -> Tracks: ...
    @staticmethod
    def from_masks(
        arg0: Masks,
        arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.int64],
        arg2: typing.Annotated[numpy.typing.ArrayLike, numpy.int64],
        arg3: typing.SupportsInt | typing.SupportsIndex,
        arg4: typing.SupportsInt | typing.SupportsIndex,
    ) -> Tracks: ...
    @staticmethod
    def from_resized(
        arg0: numpy.ndarray,
        arg1: typing.SupportsFloat | typing.SupportsIndex,
        arg2: typing.SupportsInt | typing.SupportsIndex,
        arg3: typing.SupportsInt | typing.SupportsIndex,
        arg4: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
    ) -> Tracks: ...
    @staticmethod
    def from_rle(
        arg0: collections.abc.Sequence,
        arg1: typing.SupportsInt | typing.SupportsIndex,
        arg2: typing.SupportsInt | typing.SupportsIndex,
        arg3: typing.SupportsInt | typing.SupportsIndex,
    ) -> Tracks: ...
    def area(self) -> numpy.typing.NDArray[numpy.int64]: ...
    def box(self) -> numpy.typing.NDArray[numpy.float64]: ...
    def count(self) -> int: ...
    def equal(self, arg0: Tracks) -> bool: ...
    def frame(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> Masks: ...
    def frames(self) -> int: ...
    def memory(self) -> int: ...
    def present(self) -> numpy.typing.NDArray[numpy.bool]: ...
    def select(self, arg0: typing.Annotated[numpy.typing.ArrayLike, numpy.int64]) -> Tracks: ...
    def select_frames(self, arg0: typing.Annotated[numpy.typing.ArrayLike, numpy.int64]) -> Tracks: ...
    def size(self) -> tuple[int, int]: ...
    def to_rle(self, arg0: typing.Any) -> list: ...
    def track(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> Masks: ...
    def write_dense(self, arg0: numpy.ndarray) -> None: ...

class NmsOptions:
    def __init__(
        self,
        arg0: typing.SupportsFloat | typing.SupportsIndex,
        arg1: typing.SupportsFloat | typing.SupportsIndex,
        arg2: typing.Any,
        arg3: typing.Any,
        arg4: typing.Annotated[numpy.typing.ArrayLike, numpy.int64],
    ) -> None: ...

class MaskSelector:
    def __init__(
        self,
        arg0: tuple[typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex],
        arg1: typing.SupportsInt | typing.SupportsIndex,
        arg2: typing.Any,
        arg3: typing.SupportsInt | typing.SupportsIndex | None,
        arg4: typing.SupportsInt | typing.SupportsIndex,
        arg5: typing.Any,
        arg6: typing.SupportsFloat | typing.SupportsIndex,
        arg7: typing.SupportsFloat | typing.SupportsIndex,
        arg8: typing.SupportsFloat | typing.SupportsIndex,
        arg9: typing.Any,
        arg10: typing.SupportsInt | typing.SupportsIndex,
    ) -> None: ...
    def add(
        self,
        arg0: collections.abc.Sequence[Masks],
        arg1: collections.abc.Sequence[numpy.ndarray],
        arg2: collections.abc.Sequence[numpy.ndarray | None],
    ) -> None: ...
    def add_flow_cost(
        self,
        arg0: typing.SupportsInt | typing.SupportsIndex,
        arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    ) -> None: ...
    def finish(self) -> tuple: ...
    def foregrounds(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> Masks: ...

def assign(
    arg0: Tracks,
    arg1: Tracks | None,
    arg2: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg3: typing.Any,
    arg4: typing.SupportsFloat | typing.SupportsIndex,
    arg5: typing.Any,
    arg6: typing.Any,
) -> tuple: ...
def background_cost(arg0: Masks, arg1: numpy.ndarray, arg2: typing.Any) -> tuple: ...
def best_match(
    arg0: Tracks, arg1: Tracks, arg2: typing.Any, arg3: typing.Any
) -> tuple[
    numpy.typing.NDArray[numpy.int64], typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, n]"]
]: ...
def box_iou(
    arg0: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg2: typing.Any,
    arg3: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
) -> typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, n]"]: ...
def build_info() -> dict: ...
def compose_frame(arg0: numpy.ndarray, arg1: Masks, arg2: numpy.ndarray, arg3: numpy.ndarray) -> None: ...
def conflicts(
    arg0: Masks, arg1: typing.SupportsInt | typing.SupportsIndex
) -> typing.Annotated[numpy.typing.NDArray[numpy.bool], "[m, n]"]: ...
def consistency_cost(
    arg0: Masks, arg1: Masks
) -> typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, n]"]: ...
def doob(
    arg0: Tracks,
    arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg2: typing.SupportsInt | typing.SupportsIndex,
    arg3: typing.Any,
    arg4: typing.Any,
) -> Tracks: ...
@typing.overload
def drop_loss_weights(
    arg0: Masks, arg1: Masks, arg2: typing.SupportsFloat | typing.SupportsIndex
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def drop_loss_weights(
    arg0: Tracks, arg1: Tracks, arg2: typing.SupportsFloat | typing.SupportsIndex
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def drop_loss_weights_of_logits(
    arg0: numpy.ndarray, arg1: Masks, arg2: typing.SupportsFloat | typing.SupportsIndex, arg3: typing.Any
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def drop_loss_weights_of_logits(
    arg0: numpy.ndarray, arg1: Tracks, arg2: typing.SupportsFloat | typing.SupportsIndex, arg3: typing.Any
) -> numpy.typing.NDArray[numpy.float64]: ...
def drop_loss_weights_of_points(
    arg0: numpy.ndarray,
    arg1: numpy.ndarray,
    arg2: typing.SupportsFloat | typing.SupportsIndex,
    arg3: typing.Any,
) -> numpy.typing.NDArray[numpy.float64]: ...
def f1(
    arg0: collections.abc.Sequence[
        tuple[
            Tracks,
            typing.Annotated[numpy.typing.ArrayLike, numpy.int64],
            Tracks,
            typing.Annotated[numpy.typing.ArrayLike, numpy.int64],
            typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
        ]
    ],
    arg1: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex] | None,
    arg2: typing.SupportsFloat | typing.SupportsIndex,
) -> tuple: ...
def fit_prototypes(
    arg0: numpy.ndarray,
    arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.int64],
    arg2: typing.SupportsInt | typing.SupportsIndex,
    arg3: typing.SupportsInt | typing.SupportsIndex,
    arg4: typing.SupportsInt | typing.SupportsIndex,
) -> tuple: ...
def flow_cost(
    arg0: Masks,
    arg1: numpy.ndarray,
    arg2: collections.abc.Sequence[typing.Annotated[numpy.typing.ArrayLike, numpy.int64]],
    arg3: typing.Any,
    arg4: typing.Any,
) -> numpy.typing.NDArray[numpy.float64]: ...
def foregrounds(
    arg0: Masks, arg1: collections.abc.Sequence[typing.Annotated[numpy.typing.ArrayLike, numpy.int64]]
) -> Masks: ...
def frame_iou(
    arg0: Tracks, arg1: Tracks, arg2: typing.Any
) -> typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, n]"]: ...
def fuse_keyframes(
    arg0: collections.abc.Sequence,
    arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.int64],
    arg2: typing.Any,
    arg3: typing.Annotated[numpy.typing.ArrayLike, numpy.float64] | None,
    arg4: typing.Any,
) -> tuple: ...
def get_num_threads() -> int: ...
def given_flow_cost(
    arg0: Masks, arg1: numpy.ndarray, arg2: collections.abc.Sequence[numpy.ndarray], arg3: typing.Any
) -> numpy.typing.NDArray[numpy.float64]: ...
def k_best(
    arg0: Masks,
    arg1: numpy.ndarray,
    arg2: typing.SupportsInt | typing.SupportsIndex,
    arg3: typing.Any,
    arg4: typing.SupportsInt | typing.SupportsIndex,
    arg5: typing.Any,
    arg6: typing.SupportsInt | typing.SupportsIndex | None,
) -> tuple: ...
def k_best_subsets(
    arg0: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
    arg2: typing.SupportsInt | typing.SupportsIndex,
    arg3: typing.Any,
    arg4: typing.SupportsInt | typing.SupportsIndex | None,
) -> tuple: ...
def keyframes(
    arg0: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg1: typing.SupportsInt | typing.SupportsIndex,
    arg2: typing.Any,
) -> typing.Annotated[numpy.typing.NDArray[numpy.int64], "[m, n]"]: ...
def mask_counts(
    arg0: Masks, arg1: Masks
) -> tuple[
    typing.Annotated[numpy.typing.NDArray[numpy.int64], "[m, n]"],
    typing.Annotated[numpy.typing.NDArray[numpy.int64], "[m, n]"],
]: ...
def mask_iou(
    arg0: Masks, arg1: Masks, arg2: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8], arg3: typing.Any
) -> typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, n]"]: ...
def masks_from_polygons(
    arg0: collections.abc.Sequence[
        collections.abc.Sequence[typing.Annotated[numpy.typing.ArrayLike, numpy.float64]]
    ],
    arg1: typing.SupportsInt | typing.SupportsIndex,
    arg2: typing.SupportsInt | typing.SupportsIndex,
) -> Masks: ...
def match_prompts(
    arg0: numpy.ndarray,
    arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg2: typing.Annotated[numpy.typing.ArrayLike, numpy.int64],
) -> tuple: ...
def merge_rounds(
    arg0: Tracks, arg1: Tracks, arg2: typing.SupportsFloat | typing.SupportsIndex, arg3: typing.Any
) -> tuple: ...
def missing_data(arg0: Tracks, arg1: Tracks, arg2: typing.Any) -> tuple: ...
def pairwise_affinity_loss(
    arg0: numpy.ndarray,
    arg1: numpy.ndarray,
    arg2: typing.Annotated[numpy.typing.ArrayLike, numpy.int64],
    arg3: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg4: typing.Any,
    arg5: typing.SupportsFloat | typing.SupportsIndex | None,
    arg6: typing.SupportsFloat | typing.SupportsIndex,
    arg7: typing.Any,
) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.int64]]: ...
def pairwise_affinity_loss_backward(
    arg0: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg1: numpy.ndarray,
    arg2: numpy.ndarray,
    arg3: typing.Annotated[numpy.typing.ArrayLike, numpy.int64],
    arg4: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg5: typing.Any,
    arg6: typing.SupportsFloat | typing.SupportsIndex | None,
    arg7: typing.SupportsFloat | typing.SupportsIndex,
    arg8: typing.Any,
    arg9: numpy.ndarray,
) -> None: ...
def projection_loss(
    arg0: numpy.ndarray, arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], arg2: typing.Any
) -> numpy.typing.NDArray[numpy.float64]: ...
def projection_loss_backward(
    arg0: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg1: numpy.ndarray,
    arg2: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg3: typing.Any,
    arg4: numpy.ndarray,
) -> None: ...
def prototype_similarity(
    arg0: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.int64],
    arg2: numpy.ndarray,
    arg3: typing.Annotated[numpy.typing.ArrayLike, numpy.int64],
) -> numpy.typing.NDArray[numpy.float64]: ...
def pseudo_labels(
    arg0: Tracks,
    arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg2: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg3: NmsOptions,
    arg4: typing.SupportsFloat | typing.SupportsIndex,
    arg5: typing.Any,
    arg6: Tracks | None,
    arg7: typing.SupportsFloat | typing.SupportsIndex,
) -> tuple: ...
def pseudo_masks(
    arg0: collections.abc.Sequence,
    arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg2: typing.SupportsInt | typing.SupportsIndex,
    arg3: typing.Any,
    arg4: typing.SupportsFloat | typing.SupportsIndex,
    arg5: typing.Any,
    arg6: typing.Any,
    arg7: typing.SupportsInt | typing.SupportsIndex,
    arg8: typing.Any,
    arg9: typing.Any,
) -> tuple: ...
def quality(
    arg0: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
) -> typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, n]"]: ...
def quality_target(
    arg0: numpy.ndarray,
    arg1: Tracks,
    arg2: typing.SupportsFloat | typing.SupportsIndex,
    arg3: typing.Any,
    arg4: typing.Any,
) -> tuple[
    typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, n]"], numpy.typing.NDArray[numpy.int64]
]: ...
def rank_correlation(
    arg0: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg2: typing.Annotated[numpy.typing.ArrayLike, numpy.uint8],
) -> tuple: ...
def remove_inaccurate(
    arg0: Tracks, arg1: Tracks, arg2: typing.SupportsFloat | typing.SupportsIndex
) -> tuple: ...
def retain(
    arg0: Tracks,
    arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg2: typing.SupportsFloat | typing.SupportsIndex,
    arg3: typing.Any,
) -> tuple: ...
def rle_area(arg0: collections.abc.Sequence) -> numpy.typing.NDArray[numpy.int64]: ...
def rle_box(arg0: collections.abc.Sequence) -> numpy.typing.NDArray[numpy.float64]: ...
def rle_compress(arg0: collections.abc.Sequence) -> list: ...
def rle_decode(arg0: collections.abc.Sequence) -> numpy.typing.NDArray[numpy.uint8]: ...
def rle_encode(arg0: numpy.ndarray) -> list: ...
def rle_from_polygons(
    arg0: collections.abc.Sequence[typing.Annotated[numpy.typing.ArrayLike, numpy.float64]],
    arg1: typing.SupportsInt | typing.SupportsIndex,
    arg2: typing.SupportsInt | typing.SupportsIndex,
) -> list: ...
def rle_merge(arg0: collections.abc.Sequence, arg1: bool) -> dict: ...
def rle_runs(arg0: collections.abc.Sequence) -> list: ...
def scm(
    arg0: collections.abc.Sequence,
    arg1: collections.abc.Sequence,
    arg2: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg3: typing.Any,
) -> numpy.ndarray: ...
def score_filter(
    arg0: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg1: typing.SupportsFloat | typing.SupportsIndex,
) -> typing.Annotated[numpy.typing.NDArray[numpy.bool], "[m, 1]"]: ...
def set_num_threads(arg0: typing.SupportsInt | typing.SupportsIndex) -> None: ...
def shortest_paths(
    arg0: collections.abc.Sequence[typing.Annotated[numpy.typing.ArrayLike, numpy.float64]],
    arg1: collections.abc.Sequence[typing.Annotated[numpy.typing.ArrayLike, numpy.float64]],
    arg2: typing.SupportsInt | typing.SupportsIndex,
) -> tuple: ...
def shqm(
    arg0: collections.abc.Sequence,
    arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64],
    arg2: typing.Any,
) -> tuple: ...
def spatiotemporal_nms(
    arg0: Tracks, arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], arg2: NmsOptions
) -> tuple: ...
def submasks(arg0: Masks) -> tuple: ...
def track_counts(
    arg0: Tracks, arg1: Tracks
) -> tuple[
    typing.Annotated[numpy.typing.NDArray[numpy.int64], "[m, n]"],
    typing.Annotated[numpy.typing.NDArray[numpy.int64], "[m, n]"],
]: ...
def track_iou(
    arg0: Tracks, arg1: Tracks, arg2: typing.Any, arg3: typing.Any
) -> typing.Annotated[numpy.typing.NDArray[numpy.float64], "[m, n]"]: ...

__version__: str = "0.1.0"
