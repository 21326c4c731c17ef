"""The losses on a device: see `vislabel.loss`."""

from __future__ import annotations

from typing import Any

from vislabel import _device
from vislabel._core import Error
from vislabel.cuda import _given, _homes, _iou
from vislabel.cuda._given import at_home
from vislabel.cuda._homes import Home
from vislabel.cuda._iou import Video
from vislabel.cuda._packing import as_device_masks, as_device_tracks, packed


def _projection_work(home: Home, shape: tuple[int, ...], *, gradient: bool) -> tuple[list[Any], list[int]]:
    """Memory to work in, and its addresses."""
    count, (height, width) = _homes.count_of(shape[:-2]), shape[-2:]
    lines = (height, width)
    kept = [home.empty((count * n,), "int64") for n in lines]
    kept.append(home.empty((count,), "int32"))
    for kind in ("int32", "float64"):
        kept += [home.empty((count * n if gradient else 0,), kind) for n in lines]
    return kept, [home.address(x) for x in kept]


@at_home
def projection(home: Home, logits: Any, boxes: Any) -> Any:
    """Float64 losses of the leading axes."""
    shape = tuple(logits.shape)
    losses = home.empty(shape[:-2], "float64")
    slots = home.cast(boxes, "float64")
    work, addresses = _projection_work(home, shape, gradient=False)
    given = home.view(logits), home.address(slots), addresses
    home.backend.projection_loss(*given, home.address(losses), home.place)
    del work
    return losses


@at_home
def projection_backward(home: Home, logits: Any, gradient: Any, boxes: Any) -> Any:
    """Of the logits' shape and type."""
    out = home.empty(tuple(logits.shape), home.kind(logits))
    upstream, slots = home.cast(gradient, "float64"), home.cast(boxes, "float64")
    work, addresses = _projection_work(home, tuple(logits.shape), gradient=True)
    given = home.address(upstream), home.view(logits), home.address(slots), addresses
    home.backend.projection_loss_backward(*given, home.view(out), home.place)
    del work
    return out


def _affinity_memory(home: Home, logits: Any, lab: Any, image: Any, boxes: Any) -> tuple[Any, list[int], Any]:
    """The images as a batch, the addresses of what both passes take, and what must live as long."""
    images = lab if lab.ndim == 4 else lab[None]
    count = _homes.count_of(tuple(logits.shape[:-2]))
    slots = home.cast(boxes, "float64")
    which = None if image is None else home.cast(image, "int64")
    alike = home.empty((images.shape[0], *logits.shape[-2:]), "uint8")
    nan = home.empty((count,), "int32")
    address = 0 if which is None else home.address(which)
    addresses = [home.address(slots), address, home.address(alike), home.address(nan)]
    return images, addresses, (slots, which, alike, nan)


@at_home
def pairwise_affinity(
    home: Home,
    logits: Any,
    lab: Any,
    image: Any,
    boxes: Any,
    rule: str,
    threshold: float | None,
    theta: float,
) -> tuple[Any, Any]:
    """Float64 sums and int64 divisors of the leading axes."""
    images, addresses, kept = _affinity_memory(home, logits, lab, image, boxes)
    leading, frame = tuple(logits.shape[:-2]), tuple(logits.shape[-2:])
    tiles = home.empty((_homes.count_of(leading), home.backend.affinity_tiles(frame)), "float64")
    losses, pairs = home.empty(leading, "float64"), home.empty(leading, "int64")
    given = home.view(logits), home.view(images), addresses, (rule, threshold, theta)
    out = [home.address(x) for x in (tiles, losses, pairs)]
    home.backend.pairwise_affinity_loss(*given, out, home.place)
    del kept
    return losses, pairs


@at_home
def pairwise_affinity_backward(
    home: Home,
    logits: Any,
    gradient: Any,
    lab: Any,
    image: Any,
    boxes: Any,
    rule: str,
    threshold: float | None,
    theta: float,
) -> Any:
    """Of the logits' shape and type."""
    images, addresses, kept = _affinity_memory(home, logits, lab, image, boxes)
    out = home.empty(tuple(logits.shape), home.kind(logits))
    upstream = home.cast(gradient, "float64")
    given = home.address(upstream), home.view(logits), home.view(images), addresses, (rule, threshold, theta)
    home.backend.pairwise_affinity_loss_backward(*given, home.view(out), home.place)
    del kept
    return out


@at_home
def quality_target(home: Home, logits: Any, truth: Any, threshold: float, empty_pair: str) -> tuple[Any, Any]:
    """Float64 [Q, T] and int64 [Q]."""
    logits = _given.there(home, logits, "logits")
    tracks = as_device_tracks(home, truth, "truth")
    queries, frames = int(logits.shape[0]), int(logits.shape[1])
    if frames != tracks.frames():
        raise Error(f"logits has {frames} frames, expected {tracks.frames()} as truth")
    truths = tracks.count()
    common, ious = (home.empty((queries, frames, truths), kind) for kind in ("int64", "float64"))
    areas, nan = (home.empty((queries, frames), kind) for kind in ("int64", "int32"))
    iou, index = home.empty((queries, frames), "float64"), home.empty((queries,), "int64")
    out = [home.address(x) for x in (common, areas, ious, nan, iou, index)]
    given = home.view(logits), tracks.handle(), truths, threshold, empty_pair
    home.backend.quality_target(*given, out, home.place)
    return home.give(iou), home.give(index)


@at_home
def drop_loss_weights(home: Home, predicted: Any, truth: Any, threshold: float, tracks: bool) -> Any:
    """[N], of the type of the logits; of masks float32."""
    as_video = _track_video if tracks else _mask_video
    labels = as_video(home, truth, "truth")
    nan, maps, kind = 0, labels.frames, "float32"
    if _device.on_device(predicted) and hasattr(predicted, "dtype") and "float" in home.kind(predicted):
        logits = _given.there(home, predicted, "predicted")
        kind = home.kind(logits)
        masks = packed(home, logits, "N,T,h,w" if tracks else "N,h,w", 0.0, labels.masks.shape, "predicted")
        own = Video(masks, int(logits.shape[0]), int(logits.shape[1]) if tracks else 1)
        unknown = home.empty((masks.count(),), "int32")
        nan = home.address(unknown)
        home.backend.find_nan(home.view(logits), nan, home.place)
    else:
        own = as_video(home, predicted, "predicted")
    if own.frames != labels.frames:
        raise Error(f"predicted has {own.frames} frames, expected {labels.frames} as truth")
    if tracks:
        iou = _iou.track_table(home, own, labels, "volume", "zero")
    else:
        iou = _iou.frame_table(home, own, labels, None, "zero")
    weights = home.empty((own.rows,), "float64")
    table = home.address(iou), own.rows, labels.rows, threshold
    home.backend.rows_above(*table, nan, maps, home.address(weights), home.place)
    return home.give(home.cast(weights, kind))


def _mask_video(home: Home, x: Any, name: str) -> Video:
    return _iou.of_masks(as_device_masks(home, x, name))


def _track_video(home: Home, x: Any, name: str) -> Video:
    return _iou.of_tracks(as_device_tracks(home, x, name))


@at_home
def drop_loss_weights_of_points(home: Home, predicted: Any, truth: Any, threshold: float) -> Any:
    """[N], of the type of the logits."""
    logits = _given.there(home, predicted, "predicted")
    kind = home.kind(logits)
    if len(logits.shape) != 2:
        raise Error(f"predicted has shape {list(logits.shape)}, expected [N, P]")
    if kind not in ("float16", "bfloat16", "float32", "float64"):
        raise Error(f"predicted has dtype {kind}, expected floats")
    reads = "float64" if kind == "float64" else "float32"
    expected = f"{list(logits.shape)} as predicted"
    labels = home.cast(_given.shaped(home, truth, "truth", tuple(logits.shape), expected), reads)
    points = home.cast(logits, reads)
    weights = home.empty((int(logits.shape[0]),), "float64")
    given = home.view(points), home.view(labels), threshold
    home.backend.drop_loss_of_points(*given, home.address(weights), home.place)
    return home.give(home.cast(weights, kind))
