"""torch tensors go in without a copy, and come out where they went in."""

import torch
import vislabel as vl

torch.manual_seed(0)
logits = torch.randn(5, 8, 45, 80, requires_grad=True)  # [N, T, H, W]
tracks = vl.Tracks(logits, threshold=0.5)
scores = torch.rand(5)

kept = vl.select.spatiotemporal_nms(tracks, scores).kept
quality = vl.select.quality(scores, torch.full((5, 8), 0.9))
print(kept.dtype, quality.shape, type(quality).__name__)
assert isinstance(kept, torch.Tensor)
