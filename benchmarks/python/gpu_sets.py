"""What the CUDA backend is measured on: blobs that move through a video of 720p, made on the device."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import torch
import vislabel as vl

HEIGHT, WIDTH = 720, 1280


class Scene:
    """Arrays, made when they are first asked for; sizes in bytes, also without a device."""

    mask_bytes = HEIGHT * WIDTH
    video_bytes = 3600 * mask_bytes
    logits_bytes = 4 * 360 * mask_bytes
    layout_bytes = 4 * math.ceil(HEIGHT / 32) * WIDTH
    maps_bytes = 4 * 100 * 3 * (HEIGHT // 4) * (WIDTH // 4)
    loss_bytes = 4 * 30 * 192 * 320

    def __init__(self, here: bool) -> None:
        if here:
            torch.set_default_device("cuda")
            torch.manual_seed(0)

    def blobs(self, count: int, frames: int) -> Any:
        """Bool [count, frames, H, W]: ellipses with a wavy edge, 0.5 to 20 % of the frame, that drift."""
        y, x = torch.arange(HEIGHT)[:, None], torch.arange(WIDTH)[None]
        out = torch.empty(count, frames, HEIGHT, WIDTH, dtype=torch.bool)
        share = torch.empty(count).uniform_(math.log(0.005), math.log(0.2)).exp()
        radius = (share * HEIGHT * WIDTH / math.pi).sqrt()
        centre = torch.rand(count, 2) * torch.tensor([HEIGHT, WIDTH])
        drift, phase = torch.randn(count, 2) * 4, torch.rand(count, 3) * 6
        for n in range(count):
            for t in range(frames):
                dy = y - (centre[n, 0] + drift[n, 0] * t)
                dx = (x - (centre[n, 1] + drift[n, 1] * t)) / 1.3
                angle = torch.atan2(dy, dx)
                wave = sum(0.06 * torch.cos((k + 2) * angle + phase[n, k]) for k in range(3))
                out[n, t] = torch.hypot(dy, dx) < radius[n] * (1 + wave)
        return out

    @cached_property
    def video(self) -> Any:
        return self.blobs(100, 36)

    @cached_property
    def tracks(self) -> Any:
        return vl.Tracks(self.video)

    @cached_property
    def track_boxes(self) -> Any:
        return self.tracks.box

    @cached_property
    def out(self) -> Any:
        return torch.empty_like(self.video)

    @cached_property
    def scores(self) -> Any:
        return torch.rand(100, dtype=torch.float64)

    @cached_property
    def masks(self) -> Any:
        return self.video[:, 0].contiguous()

    @cached_property
    def other_masks(self) -> Any:
        return self.video[:, 10].contiguous()

    @cached_property
    def host_masks(self) -> Any:
        return self.masks.cpu().numpy()

    @cached_property
    def packed(self) -> Any:
        return vl.Masks(self.masks)

    @cached_property
    def other_packed(self) -> Any:
        return vl.Masks(self.other_masks)

    @cached_property
    def logits(self) -> Any:
        return self.video[:10].flatten(0, 1).float() * 6 - 3 + torch.randn(360, 1, 1) * 0.1

    @cached_property
    def maps(self) -> Any:
        quarter = self.video[:, :3, ::4, ::4].float() * 6 - 3
        return quarter + torch.randn_like(quarter)

    @cached_property
    def truth_bool(self) -> Any:
        return self.video[:10, :3].contiguous()

    @cached_property
    def truth(self) -> Any:
        return vl.Tracks(self.truth_bool)

    @cached_property
    def loss_logits(self) -> Any:
        return torch.randn(30, 192, 320) * 3

    @cached_property
    def lab(self) -> Any:
        patches = torch.rand(3, 12, 20).repeat_interleave(16, 1).repeat_interleave(16, 2)
        return patches * 60 + torch.rand(3, 192, 320)

    @cached_property
    def boxes(self) -> Any:
        corner = torch.rand(30, 2) * torch.tensor([160.0, 96.0])
        return torch.cat([corner, torch.rand(30, 2) * torch.tensor([160.0, 96.0])], 1)
