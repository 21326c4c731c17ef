"""A mask for every box of a dataset, cut out of the video by GrabCut.

This is a stand-in for HQ-SAM that needs no weights: one of the sources of masks that the fusion chooses from.
Where nothing is found in a box, the segmentation is null.
"""

from __future__ import annotations

import argparse

import numpy as np

from vislabel._core import Error
from vislabel._tracks import Tracks
from vislabel.cli.boxes import boxes_of
from vislabel.cli.frames import chosen_video, clip_frames
from vislabel.cli.terminal import (
    Clock,
    at_least,
    file_name,
    print_json,
    print_table,
    printable,
    progress,
    require_apart,
    require_writable,
)
from vislabel.io import Annotations, Detections, Video, read_dataset, write_results
from vislabel.propose import prompt_boxes, read_video

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
    parser.add_argument(
        "--start",
        type=at_least(0),
        default=0,
        metavar="N",
        help="the first frame is the video's N-th (0, or what the dataset's frame_indices say)",
    )
    parser.add_argument(
        "--stop",
        type=at_least(1),
        metavar="N",
        help="frame to stop before (the end, or what the dataset's frame_indices say)",
    )
    parser.add_argument(
        "--video-id", type=int, metavar="ID", help="which video of the dataset (the only one)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Cut out, and write one result per annotation."""
    clock = Clock()
    require_writable(arguments.output)
    dataset = read_dataset(arguments.boxes)
    annotations = dataset.annotations(chosen_video(dataset, arguments.video_id).id)
    numbers = _numbers(annotations.video, arguments)
    clip = read_video(arguments.video, start=numbers[0], stop=numbers[-1] + 1)
    read = [("the boxes", arguments.boxes), *(("the video", path) for path in clip.images or (clip.path,))]
    require_apart([("-o", arguments.output)], read)
    if clip.size != annotations.video.size:
        raise Error(
            f"{arguments.video}: has frames of size {clip.size}, expected {annotations.video.size} as video "
            f"{annotations.video.id} of {arguments.boxes}"
        )
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


def _numbers(video: Video, arguments: argparse.Namespace) -> list[int]:
    """Which frames of the clip the boxes are of."""
    start, stop = arguments.start, arguments.stop
    if stop is not None and stop <= start:
        raise Error(f"argument --stop: is {stop}, expected more than --start, which is {start}")
    numbers = clip_frames(video, start)
    if "frame_indices" in video.extra:
        if stop is not None and stop <= numbers[-1]:
            raise Error(
                f"argument --stop: is {stop}, but video {video.id} goes up to frame {numbers[-1]} of the clip"
            )
        return numbers
    if stop is None:
        stop = read_video(arguments.video, start=start).stop
    if stop - start != video.length:
        raise Error(
            f"{arguments.video}: has {stop - start} frames from {start} to {stop - 1}, "
            f"expected {video.length} as video {video.id} of {arguments.boxes}: choose by --start and --stop"
        )
    return numbers


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
    print()
    print_table(("step", "seconds"), list(seconds.items()))
    print(f"\n{printable(arguments.output)}")
