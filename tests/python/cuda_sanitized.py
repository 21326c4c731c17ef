"""One call of everything on the device; `./dev gpu` runs it under memcheck and racecheck."""

from __future__ import annotations

import torch
import vislabel as vl
from cuda_device_test import everything, video


def main() -> None:
    for shape in ((5, 3, 36, 50), (3, 2, 66, 310)):
        x = video(1, shape)[:, :, : shape[2] - 1, : shape[3] - 3].cuda()
        everything(x)
        tracks = vl.Tracks(x)
        assert tracks.cpu().cuda() == tracks
        logits = torch.randn(2, 3, 20, 37, device="cuda", requires_grad=True)
        boxes = torch.tensor([3.0, 2, 20, 11], device="cuda").expand(2, 3, 4)
        lab = torch.rand(3, 3, 20, 37, device="cuda") * 5
        (vl.loss.projection(logits, boxes) + vl.loss.pairwise_affinity(logits, lab, boxes)).backward()
    torch.cuda.synchronize()
    print("everything ran")


main()
