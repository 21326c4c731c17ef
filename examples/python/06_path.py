"""GBOpt: of overlapping proposals, the masks that explain a whole video best."""

import numpy as np
import vislabel as vl

T, SIZE = 5, (60, 120)
NAMES = np.array(["left", "right", "both as one", "upper part", "nothing"])


def scene(t: int) -> tuple[vl.Masks, np.ndarray, np.ndarray]:
    """Five proposals of two objects that walk to the right, P(background), the flow to the next frame."""
    masks, x = np.zeros((5, *SIZE), bool), 20 + t
    masks[0, 10:50, x : x + 24] = True
    masks[1, 10:50, x + 32 : x + 56] = True
    masks[2, 10:50, x : x + 56] = True
    masks[3, 10:30, x : x + 24] = True
    masks[4, 40:55, 95:115] = True
    objects = masks[0] | masks[1]
    background = np.where(objects, 0.1, 0.95)
    if t == 2:
        background[masks[1]] = 0.6  # here the right one looks more like background than not
    flow = objects[..., None] * np.array([1.0, 0.0])
    return vl.Masks(masks), background, flow


proposals, backgrounds, flows = zip(*map(scene, range(T)), strict=True)

# One frame: what a mask adds to the cost, which masks exclude each other, the three best sets.
cost = vl.path.background_cost(proposals[2], backgrounds[2])
print("choosing nothing costs", round(cost.base, 4), "a mask adds", cost.per_mask.round(4))
print("pairs that overlap:", np.argwhere(np.triu(vl.path.conflicts(proposals[2]))).tolist())
best = vl.path.k_best(proposals[2], backgrounds[2], k=3)
for subset, value in zip(best.subsets, best.costs, strict=True):
    print(f"  {value:.4f}  {', '.join(NAMES[subset])}")

# All frames at once: maps and flows may be generators, they are read one after the other.
selected = vl.path.select_masks(proposals, iter(backgrounds), iter(flows[:-1]), k=5)
for t, (subset, place) in enumerate(zip(selected.chosen, selected.labels[0], strict=True)):
    print(f"frame {t}: {', '.join(NAMES[subset])} (number {place + 1} of the frame's own best)")
print("proven:", selected.optimal, " nodes:", selected.nodes, " tracks:", selected.tracks().shape)
