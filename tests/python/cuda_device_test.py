"""What only a real device shows: streams, graphs, memory that is freed early, waiting, other devices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import vislabel as vl
from cuda_emulation import reference, same, to_host

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not vl.cuda.is_available(), reason="no CUDA device, or no CUDA backend"),
]


def video(seed: int, shape: tuple[int, ...] = (20, 6, 180, 320)) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand((*shape[:2], 6, 10), generator=generator) < 0.3
    return coarse.repeat_interleave(shape[2] // 6, 2).repeat_interleave(shape[3] // 10, 3)


def everything(x: Any) -> tuple[Any, ...]:
    """Most of what there is, of a video on the device, without waiting for it."""
    tracks = vl.Tracks(x)
    scores = torch.linspace(1, 0, len(tracks), dtype=torch.float64, device=x.device)
    boxes = tracks.box
    result = vl.select.spatiotemporal_nms(tracks, scores, iou_threshold=0.3)
    maps = x[:3, :, ::4, ::4].float() * 4 - 2
    lab = torch.zeros(3, *maps.shape[2:], device=x.device)
    return (
        tracks.area,
        tracks.to_dense(),
        vl.iou.track_iou(tracks, tracks, over_time="any_frame"),
        vl.iou.frame_iou(tracks, tracks),
        result.kept_padded,
        result.suppressed_by,
        vl.fuse.scm(tracks, tracks, boxes),
        *vl.loss.quality_target(maps, tracks),
        vl.loss.drop_loss_weights(maps, tracks),
        vl.loss.projection(maps, boxes[:3] / 4, reduction="none"),
        vl.loss.pairwise_affinity(maps, lab, boxes[:3] / 4, reduction="none"),
    )


def test_two_streams_at_once_give_what_one_after_the_other_gives() -> None:
    videos = [video(1).cuda(), video(2).cuda()]
    expected = [to_host(everything(x)) for x in videos]
    torch.cuda.synchronize()
    for _ in range(5):
        streams = [torch.cuda.Stream() for _ in videos]
        found = []
        for stream, x in zip(streams, videos, strict=True):
            with torch.cuda.stream(stream):
                found.append(everything(x))
        for stream in streams:
            stream.synchronize()
        for one, other in zip(found, expected, strict=True):
            same(to_host(one), other)


def test_work_is_queued_on_the_current_stream() -> None:
    x = torch.zeros(4, 100, 200, dtype=torch.bool, device="cuda")
    stream = torch.cuda.Stream()
    torch.cuda.synchronize()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(200_000_000)  # cycles: what is queued on another stream would be done before
        x[:] = True
        area = vl.Masks(x).area
    stream.synchronize()
    assert area.tolist() == [20000] * 4


def test_a_tensor_that_is_freed_while_work_is_queued_is_read_all_the_same() -> None:
    source = video(3).cuda()
    expected = to_host(everything(source))
    torch.cuda.synchronize()
    for _ in range(5):
        x = source.clone()
        torch.cuda._sleep(20_000_000)
        found = everything(x)
        del x
        rubbish = [torch.full_like(source, True) for _ in range(4)]  # takes the memory that was freed
        same(to_host(found), expected)
        del rubbish


def test_everything_of_fixed_shape_is_captured_in_a_graph() -> None:
    x = video(4).cuda()
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        everything(x)  # what is done once, as loading kernels, is done before
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        found = everything(x)
    for seed in (5, 6):
        x.copy_(video(seed))
        graph.replay()
        same(to_host(found), to_host(everything(video(seed).cuda())))


def test_nothing_waits_for_the_device() -> None:
    x = video(7).cuda()
    everything(x)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        torch.cuda._sleep(2_000_000_000)  # about a second
        before = torch.cuda.Event()
        before.record()
        everything(x)
        assert not before.query()  # the sleep is not over, and all calls have returned
    finally:
        torch.cuda.set_sync_debug_mode("default")
        torch.cuda.synchronize()


def test_memory_is_torch_s_alone() -> None:
    x = video(8).cuda()
    everything(x)
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    reserved = torch.cuda.memory_reserved()
    found = everything(x)
    torch.cuda.synchronize()
    now, _ = torch.cuda.mem_get_info()
    assert free - now == torch.cuda.memory_reserved() - reserved
    del found


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="one device")
def test_another_device_than_the_current_one_is_worked_on() -> None:
    x = video(9)
    with torch.cuda.device(0):
        tracks = vl.Tracks(x.to("cuda:1"))
        assert tracks.device == "cuda:1"
        assert tracks.area.device == torch.device("cuda:1")
        assert tracks.cpu() == vl.Tracks(x)
        assert vl.Tracks(x).cuda(1) == tracks
        with pytest.raises(vl.Error, match="expected cuda:1"):
            vl.iou.track_iou(tracks, x.to("cuda:0"))


def test_a_video_of_real_size_is_packed_as_on_the_host() -> None:
    x = video(10, (6, 4, 720, 1280))
    tracks = vl.Tracks(x.cuda())
    assert tracks.cpu() == vl.Tracks(x.numpy())
    assert tracks.to_rle() == vl.Tracks(x.numpy()).to_rle()
    call = lambda put: vl.iou.track_iou(put(x.numpy()), put(x.numpy()))  # noqa: E731
    same(to_host(vl.iou.track_iou(tracks, tracks)), reference(call))


def test_more_frames_and_masks_than_a_grid_has_rows_are_all_worked_on() -> None:
    x = np.random.default_rng(11).random((1, 70_000, 3, 4)) < 0.5
    tracks = vl.Tracks(torch.from_numpy(x).cuda())
    same(to_host(tracks.area), x.sum((2, 3)))
    counts = vl.iou.intersection_and_union(tracks, tracks)
    assert [int(n) for n in counts] == [int(x.sum())] * 2
    assert tracks.cpu() == vl.Tracks(x)
