"""The AutoQ-VIS selection of one video, from run-length encodings to pseudo-labels."""

import numpy as np
import vislabel as vl

# Two detections over three frames; the second one is the first again, one pixel narrower.
video = np.zeros((2, 3, 120, 160), bool)
video[0, :, 20:60, 30:70] = True
video[1, :, 20:60, 31:70] = True
tracks = vl.Tracks.from_rle(vl.Tracks(video).to_rle())

labels = vl.select.pseudo_labels(tracks, scores=[0.95, 0.9], predicted_iou=[[0.9, 0.9, 0.2], [0.8, 0.8, 0.8]])
print("kept", labels.kept, "suppressed by", labels.suppressed_by)
print("quality\n", labels.quality)
print("present\n", labels.tracks.present)
