"""A mask for every box of a dataset, cut out of the video by GrabCut.

This is a stand-in for HQ-SAM that needs no weights: one of the sources of masks that the fusion chooses from.
Where nothing is found in a box, the segmentation is null.
"""

from __future__ import annotations

import argparse

import numpy as np

from vislabel._tracks import Tracks
from vislabel.cli.boxes import boxes_of
from vislabel.cli.frames import add_frame_arguments, chosen_video, clip_of
from vislabel.cli.terminal import (
    Clock,
    file_name,
    print_json,
    print_steps,
    print_table,
    progress,
    require_apart,
    require_writable,
)
from vislabel.io import Annotations, Detections, read_dataset, write_results
from vislabel.propose import prompt_boxes

SUMMARY = "video and boxes to masks, without any model weights"
EXAMPLE = "vislabel prompt clip.avi --boxes pseudo.json -o grabcut.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("video", type=file_name, help="video file or folder of images")
    parser.add_argument(
        "--boxes",
        type=file_name,
        required=True,
        metavar="FILE",
        help="dataset JSON with the bboxes; annotations without have those of their masks",
    )
    parser.add_argument(
        "-o", "--output", type=file_name, required=True, help="results JSON to write, may end in .gz"
    )
    add_frame_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Cut out, and write one result per annotation."""
    clock = Clock()
    require_writable(arguments.output)
    dataset = read_dataset(arguments.boxes)
    annotations = dataset.annotations(chosen_video(dataset, arguments.video_id).id)
    clip, numbers = clip_of(annotations.video, arguments, arguments.boxes)
    read = [("the boxes", arguments.boxes), *(("the video", path) for path in clip.images or (clip.path,))]
    require_apart([("-o", arguments.output)], read)
    # Frames of the clip that the dataset left out have no boxes.
    places = np.array(numbers) - clip.start
    boxes = np.full((len(annotations), len(clip), 4), np.nan)
    boxes[:, places] = boxes_of(annotations, arguments.boxes)
    with progress("prompt") as report, clock.step("prompt"):
        tracks = prompt_boxes(arguments.video, boxes, start=clip.start, stop=clip.stop, progress=report)
    tracks = tracks.select_frames(places)
    with clock.step("write"):
        write_results(arguments.output, [_detections(annotations, tracks)])
    _print(arguments, tracks, int((~np.isnan(boxes[..., 0])).sum()), clock.finish("count frames"))
    return 0


def _detections(annotations: Annotations, tracks: Tracks) -> Detections:
    ids = range(1, len(annotations) + 1) if annotations.ids is None else annotations.ids.tolist()
    extra = [{"annotation_id": number, "source": "grabcut"} for number in ids]
    scores = np.ones(len(annotations))
    return Detections(annotations.video.id, tracks, scores, annotations.labels, None, extra)


def _print(arguments: argparse.Namespace, tracks: Tracks, boxes: int, seconds: dict[str, float]) -> None:
    empty = boxes - int(tracks.present.sum())
    counts = {"tracks": len(tracks), "frames": tracks.frames, "boxes": boxes, "empty masks": empty}
    if arguments.json:
        print_json({"output": arguments.output, "counts": counts, "seconds": seconds})
        return
    print_table(("found", "count"), list(counts.items()))
    print_steps(seconds, [arguments.output])
