"""Composed frames, and the flow loss that a model of the caller's finds between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sized
from typing import Any

import numpy as np

from vislabel import _core
from vislabel._arrays import ArrayLike, Float64, Int64, a_type, as_array, integer, items
from vislabel._core import Error
from vislabel._masks import Masks, as_masks
from vislabel.path._frame import Reduction
from vislabel.path._maps import Map, calling, float_map, of_one_type

FlowModel = Callable[[Any, Any], Any]


def compose_frames(frames: Any, masks: Any, background: ArrayLike) -> Map:
    """Paste the chosen masks' pixels of each frame on a background image.

    From such frames any flow model tells how the chosen masks alone would move.

    Parameters
    ----------
    frames : B images [H, W, C]
        Or one array [B, H, W, C]; any dtype.
    masks : B times Masks
        The chosen masks of each frame.
    background : array [H, W, C]
        Of the frames' dtype.

    Returns
    -------
    array [B, H, W, C]

    Raises
    ------
    vislabel.Error
        Other shapes, dtypes or numbers.

    Notes
    -----
    Source: GBOpt, App. C.
    """
    images = items(frames, "frames")
    batches = items(masks, "masks")
    if len(images) != len(batches):
        raise Error(f"masks has {len(batches)} batches, expected {len(images)}, one per frame")
    behind = _image(background, "background")
    out = np.empty((len(images), *behind.shape), behind.dtype)
    for b, (image, batch) in enumerate(zip(images, batches, strict=True)):
        own = as_masks(batch, f"masks[{b}]")
        with calling({"frame": f"frames[{b}]"}):
            _core.compose_frame(
                _image_like(image, f"frames[{b}]", behind, "background"), own._packed, behind, out[b]
            )
    return out


def _image(x: ArrayLike, name: str) -> Map:
    array = as_array(x, name)
    if array.ndim != 3:
        raise Error(f"{name} has shape {list(array.shape)}, expected [H, W, C]")
    return array


def _image_like(x: ArrayLike, name: str, other: Map, its_name: str) -> Map:
    array = _image(x, name)
    if array.dtype != other.dtype or array.shape != other.shape:
        expected = f"{list(other.shape)} and {other.dtype}, those of {its_name}"
        raise Error(f"{name} has shape {list(array.shape)} and dtype {array.dtype}, expected {expected}")
    return array


class GivenFlow:
    """The flow loss inside of the masks, by the caller's model: one pair of frames at a time."""

    def __init__(
        self,
        model: FlowModel | None,
        frames: Any,
        background: Any,
        batch: int,
        count: int,
        size: tuple[int, int],
    ) -> None:
        for name, x in (("flow_model", model), ("frames", frames), ("background_image", background)):
            if x is None:
                raise Error(f"{name} is None, expected it for inside 'given'")
        if not callable(model):
            raise Error(f"flow_model is {a_type(model)}, expected a function of two batches of frames")
        self._batch = integer(batch, "batch")
        if self._batch < 1:
            raise Error(f"batch is {self._batch}, expected at least 1")
        if not isinstance(frames, Iterable) or isinstance(frames, (str, bytes, dict)):
            raise Error(f"frames is {a_type(frames)}, expected an array or an iterable of images")
        if isinstance(frames, Sized) and len(frames) != count:
            raise Error(f"frames has {len(frames)} images, expected {count}")
        self._model, self._count = model, count
        self._behind = _image(background, "background_image")
        if count > 0 and self._behind.shape[:2] != size:
            shape = list(self._behind.shape)
            raise Error(
                f"background_image has shape {shape}, expected [{size[0]}, {size[1]}, C], as the masks"
            )
        self._frames = iter(frames)
        # Of the frame before: an image per different foreground, which of them each candidate has, the flow.
        self._composed: list[Map] = []
        self._labels = np.zeros(0, np.int64)
        self._flow: list[Map] = []

    def add(self, selector: Any, t: int, flow: list[Map], reduction: Reduction) -> None:
        """Composes frame t, which the selector has, and adds the costs of the step from frame t - 1."""
        covered = Masks._wrap(selector.foregrounds(t))
        unique, labels = different(covered)
        image = next(self._frames, self)
        if image is self:
            raise Error(f"frames has {t} images, expected {self._count}")
        own = _image_like(image, f"frames[{t}]", self._behind, "background_image")
        composed = compose_frames([own] * len(unique), [covered[int(i)] for i in unique], self._behind)
        if t > 0:
            costs = self._costs(composed, reduction)
            selector.add_flow_cost(t - 1, costs[np.ix_(self._labels, labels)])
        self._composed, self._labels = list(composed), labels
        self._covered = covered[unique]
        self._flow = flow

    def finish(self) -> None:
        """All frames have been added."""
        if next(self._frames, self) is not self:
            raise Error(f"frames has more than {self._count} images, expected {self._count}")

    def _costs(self, composed: Map, reduction: Reduction) -> Float64:
        """[different foregrounds of frame t - 1, those of frame t]; an empty one in front costs nothing."""
        costs = np.zeros((len(self._composed), len(composed)))
        pairs = [(i, j) for i, j in np.ndindex(costs.shape) if self._covered.area[i] > 0]
        for begin in range(0, len(pairs), self._batch):
            some = pairs[begin : begin + self._batch]
            first = np.stack([self._composed[i] for i, _ in some])
            flows = items(self._model(first, np.stack([composed[j] for _, j in some])), "flow_model's result")
            if len(flows) != len(some):
                raise Error(f"flow_model's result has {len(flows)} flows, expected {len(some)}")
            fields = [float_map(x, f"flow_model's result[{b}]", "H,W,2") for b, x in enumerate(flows)]
            field, *fields = of_one_type([*self._flow, *fields])
            covered = self._covered[[i for i, _ in some]]._packed
            with calling({"given": "flow_model's result"}):
                costs[tuple(zip(*some, strict=True))] = _core.given_flow_cost(
                    covered, field, fields, reduction
                )
        return costs


def different(covered: Masks) -> tuple[Int64, Int64]:
    """The first of each kind of mask, and for each mask which kind it is."""
    kinds: dict[bytes, int] = {}
    first, labels = [], []
    for i, rle in enumerate(covered.to_rle()):
        if rle["counts"] not in kinds:
            first.append(i)
        labels.append(kinds.setdefault(rle["counts"], len(kinds)))
    return np.array(first, np.int64), np.array(labels, np.int64)
