"""PM-VIS: three sources of masks under box annotations make one mask per instance and frame."""

import numpy as np
import vislabel as vl

# Two annotated instances over two frames, their boxes side by side; null, a row of NaN: not annotated there.
boxes = np.array(
    [[[20, 20, 40, 60], [22, 20, 40, 60]], [[60, 20, 40, 60], [np.nan] * 4]]
)  # [N, T, x y width height]


def seen(left: int, right: int) -> vl.Tracks:
    """Both instances, each a source's own way: `left` columns too far to the left, `right` to the right."""
    dense = np.zeros((2, 2, 100, 140), bool)
    dense[0, :, 20:80, 20 - left : 60 + right] = True
    dense[1, :, 20:80, 60 - left : 100 + right] = True
    return vl.Tracks(dense)


sources = {"tracker": seen(2, 0), "prompted": seen(0, 3), "detector": vl.fuse.Unassigned(seen(0, 1)[::-1])}
fused = vl.fuse.pseudo_masks(sources, boxes, helper="prompted")
print("winners\n", np.array([*fused.names, "absent"])[fused.winner])
print("scores\n", fused.score.round(3))
print("areas before and after DOOB:", fused.fused.area.tolist(), fused.tracks.area.tolist())

# The masks that agree best with the prompted ones are where a tracker should start.
start = vl.fuse.keyframes(vl.fuse.scm(fused.sources["detector"], sources["prompted"], boxes), every=10)
print("keyframes:", start.tolist())

# With ground truth at hand: what the pseudo-masks miss or contradict may be better left out of training.
truth = vl.Tracks(seen(0, 0).to_dense())
there = vl.fuse.missing_data(truth, fused.tracks)
accurate = vl.fuse.remove_inaccurate(there.tracks, fused.tracks, threshold=0.99)
print("missing:", there.removed.tolist(), "inaccurate:", accurate.removed.tolist())
