"""IoU, suppression and SCM on a device: the host's bits, or the host's refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import vislabel as vl
from cuda_emulation import Backend, backends, reference, same
from refusal import refused

pytestmark = pytest.mark.parametrize("backend", backends())

MODES = ["volume", "any_frame", "frame_mean"]


def videos(seed: int, n: int, m: int, frames: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shape = (n + m, frames, *size)
    x = rng.random(shape) < rng.choice([0.0, 0.2, 0.8], (n + m, frames, 1, 1))
    x &= rng.random((n + m, frames, size[0], 1)) < 0.7
    return x[:n], x[n:]


CASES = [(3, 5, 4, (33, 40)), (1, 1, 1, (1, 1)), (9, 2, 3, (70, 65)), (0, 2, 3, (5, 6)), (2, 3, 0, (5, 6))]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("empty_pair", ["zero", "one"])
def test_iou_of_tracks_is_the_host_s(backend: Backend, case: Any, empty_pair: Any) -> None:
    a, b = videos(1, *case)
    for mode in MODES:
        call = lambda put, mode=mode: vl.iou.track_iou(  # noqa: E731
            put(a), put(b), over_time=mode, empty_pair=empty_pair
        )
        same(backend.run(call), reference(call))
    frame = lambda put: vl.iou.frame_iou(put(a), vl.Tracks(put(b)), empty_pair=empty_pair)  # noqa: E731
    same(backend.run(frame), reference(frame))
    counts = lambda put: vl.iou.intersection_and_union(put(a), put(b))  # noqa: E731
    same(backend.run(counts), reference(counts))


@pytest.mark.parametrize("case", CASES[:4])
def test_iou_of_masks_is_the_host_s_with_crowds_too(backend: Backend, case: Any) -> None:
    a, b = (x[:, 0] for x in videos(2, *case))
    crowd = np.arange(len(b)) % 2
    for flags in (None, crowd, crowd.astype(bool), list(crowd), crowd.astype(float)):
        for empty_pair in ("zero", "one"):
            call = lambda put, flags=flags, empty_pair=empty_pair: vl.iou.mask_iou(  # noqa: E731
                vl.Masks(put(a)), put(b), crowd=flags, empty_pair=empty_pair
            )
            same(backend.run(call), reference(call))
    on_device = backend.run(lambda put: vl.iou.mask_iou(put(a), put(b), crowd=put(crowd)))
    same(on_device, reference(lambda put: vl.iou.mask_iou(put(a), put(b), crowd=crowd)))
    counts = lambda put: vl.iou.intersection_and_union(put(a), put(b))  # noqa: E731
    same(backend.run(counts), reference(counts))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("suppress", ["at_least", "more_than"])
def test_suppression_is_the_host_s(backend: Backend, mode: Any, suppress: Any) -> None:
    rng = np.random.default_rng(3)
    for count, frames in ((0, 2), (1, 1), (40, 3), (33, 0)):
        x, _ = videos(4, count, 0, frames, (9, 10))
        scores = rng.integers(0, 8, count) / 7
        labels = rng.integers(0, 2, count)
        for given in (None, labels, labels.astype(np.int32)):
            for threshold in (0.0, 0.3, 0.5):
                options = {"iou_threshold": threshold, "over_time": mode, "suppress": suppress}

                def call(
                    put: Any, x: Any = x, scores: Any = scores, given: Any = given, options: Any = options
                ) -> Any:
                    classes = None if given is None else put(given)
                    found = vl.select.spatiotemporal_nms(put(x), put(scores), labels=classes, **options)
                    return found.kept, found.suppressed_by

                same(backend.run(call), reference(call))


@pytest.mark.filterwarnings("error")
def test_arrays_of_the_host_go_along_read_only_too(backend: Backend) -> None:
    x, _ = videos(5, 3, 0, 2, (9, 10))
    scores = np.array([0.9, 0.8, 0.7])
    scores.flags.writeable = False
    with backend.active():
        tracks = vl.Tracks(backend.put(x), present=np.broadcast_to(True, (3, 2)))
        assert vl.select.spatiotemporal_nms(tracks, scores, iou_threshold=1.5).kept.tolist() == [0, 1, 2]


def test_suppression_gives_fixed_shapes_and_waits_for_what_is_kept_alone(backend: Backend) -> None:
    x, _ = videos(5, 6, 0, 2, (9, 10))
    scores = np.array([0.9, 0.1, float("nan"), 0.9, 0.5, 0.25])
    with backend.active():
        result = vl.select.spatiotemporal_nms(backend.put(x), scores, iou_threshold=1.5)
        assert isinstance(result, vl.select.DeviceNmsResult)
        assert result.kept_padded.tolist() == [0, 3, 4, 5, -1, -1]
        assert result.kept_count.tolist() == [4]
        assert result.kept.tolist() == [0, 3, 4, 5]
        assert vl.Tracks(backend.put(x))[result.kept].cpu() == vl.Tracks(x)[[0, 3, 4, 5]]


@pytest.mark.parametrize("box_overlap", ["iou", "giou"])
def test_scm_is_the_host_s_of_one_source_and_of_several(backend: Backend, box_overlap: Any) -> None:
    a, b = videos(6, 3, 3, 4, (40, 50))
    boxes = np.random.default_rng(7).uniform(0, 30, (3, 4, 4))
    boxes[1, 2] = np.nan
    sources = [(a, b), ([a, b], b), ({"x": a, "y": b}, [b, a])]
    for left, right in sources:

        def call(put: Any, left: Any = left, right: Any = right) -> Any:
            def each(x: Any) -> Any:
                if isinstance(x, dict):
                    return {key: put(value) for key, value in x.items()}
                return [put(value) for value in x] if isinstance(x, list) else put(x)

            return vl.fuse.scm(each(left), each(right), put(boxes), box_overlap=box_overlap)

        same(backend.run(call), reference(call))


def test_what_does_not_fit_is_refused_as_on_the_host(backend: Backend) -> None:
    a, b = videos(8, 2, 3, 4, (9, 10))
    with backend.active():
        x, y = backend.put(a), backend.put(b)
        with refused("masks of different sizes: 9 x 10 and 8 x 10 (height x width)"):
            vl.iou.mask_iou(x[:, 0], y[:, 0, :8])
        with refused("tracks of 4 and 3 frames, expected the same number"):
            vl.iou.track_iou(x, y[:, :3])
        with refused("crowd has shape [2], expected one entry per mask or box of b (3)"):
            vl.iou.mask_iou(x[:, 0], y[:, 0], crowd=[0, 1])
        with refused("over_time is 'some', expected one of: volume, any_frame, frame_mean"):
            vl.iou.track_iou(x, y, over_time="some")  # type: ignore[call-overload]
        with refused("empty_pair is 2, expected one of: zero, one"):
            vl.iou.frame_iou(x, y, empty_pair=2)  # type: ignore[call-overload]
        with refused("scores has shape [3], expected one per track (2)"):
            vl.select.spatiotemporal_nms(x, [1, 2, 3])
        with refused("labels has shape [2] and dtype float32, expected 2 integers"):
            vl.select.spatiotemporal_nms(x, [1, 2], labels=backend.put(torch.zeros(2)))
        with refused("iou_threshold is NaN, expected a number"):
            vl.select.spatiotemporal_nms(x, [1, 2], iou_threshold=float("nan"))
        with refused("suppress is None, expected one of: at_least, more_than"):
            vl.select.spatiotemporal_nms(x, [1, 2], suppress=None)  # type: ignore[arg-type]
        with refused("a is on cpu, expected cuda:0: use a.cuda(0)"):
            vl.fuse.scm(vl.Tracks(a), x, np.zeros((2, 4, 4)))
        with refused("scores is Tracks, expected an array"):
            vl.select.spatiotemporal_nms(x, vl.Tracks(x))
        with refused("crowd[0] is 0.5, expected 0 or 1"):
            vl.iou.mask_iou(x[:, 0], y[:, 0], crowd=[0.5, 0, 0])
        assert tuple(vl.fuse.scm([], x, np.zeros((2, 4, 4))).shape) == (0, 2, 4)
        with refused("boxes has shape [2, 4], expected [2, 4, 4]"):
            vl.fuse.scm(x, x, np.zeros((2, 4)))
        with refused("b has [3, 4] masks of [9, 10], expected [2, 4] of [9, 10] as a"):
            vl.fuse.scm(x, y, np.zeros((2, 4, 4)))
        with refused("a is Masks, expected Tracks or a dense array"):
            vl.iou.track_iou(vl.Masks(x[:, 0]), x)
        with refused("b is on the CPU, expected cuda:0, where the others are"):
            vl.iou.track_iou(x, b)
        with refused("b is on cpu, expected cuda:0: use b.cuda(0)"):
            vl.iou.track_iou(x, vl.Tracks(b))
