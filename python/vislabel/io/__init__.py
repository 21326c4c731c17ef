"""YouTube-VIS JSON files: results of detectors, and datasets with their annotations.

*Results* are a list of ``{video_id, score, category_id, segmentations}`` plus, for AutoQ-VIS, ``quality``:
the predicted IoU per frame. *Datasets* are ``{info, licenses, categories, videos, annotations}``. Files are
mapped into memory and cut into undecoded pieces; one video's objects at a time are decoded and packed,
whatever the size of the file and the order of its entries. Names that end in ``.gz`` are compressed. Needs
``pip install 'vislabel[io]'``.
"""

from vislabel.io.dataset import Dataset, read_dataset
from vislabel.io.dataset_writer import write_dataset
from vislabel.io.defects import Defect
from vislabel.io.records import Annotations, Detections, Video
from vislabel.io.results import Results, read_results
from vislabel.io.results_writer import write_results

__all__ = [
    "Annotations",
    "Dataset",
    "Defect",
    "Detections",
    "Results",
    "Video",
    "read_dataset",
    "read_results",
    "write_dataset",
    "write_results",
]
