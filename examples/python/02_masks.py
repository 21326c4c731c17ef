"""Packed masks: from arrays, logits and run lengths; boolean operations; IoU."""

import numpy as np
import vislabel as vl

rng = np.random.default_rng(0)
logits = rng.normal(size=(4, 90, 120)).astype(np.float32)
masks = vl.Masks(logits, threshold=1.0)
print(masks, masks.area)

halves = masks & masks[[1, 2, 3, 0]]
print("in both:", halves.area, "in any of the four:", masks.union().area)
print(vl.iou.mask_iou(masks, masks).round(2))

rles = masks.to_rle(counts="str")  # ready for JSON
assert vl.Masks.from_rle(rles) == masks
