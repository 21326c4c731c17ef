"""Pictures of a dataset's tracks: the masks over the frames, a sheet of some of them, quality over time."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vislabel._core import Error
from vislabel._video import Frame, read_video
from vislabel.cli.rounds import frame_indices
from vislabel.cli.terminal import at_least, print_json, progress
from vislabel.draw import contact_sheet, overlay, timeline, write_png
from vislabel.io import Annotations, Dataset, Video, read_dataset

SUMMARY = "pictures of a dataset's tracks"
EXAMPLE = "vislabel show pseudo.json --video clip.avi -o pictures/ --every 10"

_SHEET = 24  # pictures on the contact sheet: more are too small to see, and all are in memory at once


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("dataset", help="dataset JSON, may end in .gz")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--video", metavar="FILE", help="the video, a file or a folder of images in order")
    source.add_argument(
        "--frames", metavar="DIR", help="the folder that the dataset's file_names are relative to"
    )
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="folder for the pictures")
    parser.add_argument(
        "--start", type=at_least(0), default=0, metavar="N", help="the first frame is the video's N-th (0)"
    )
    parser.add_argument("--every", type=at_least(1), default=1, metavar="K", help="show every K-th frame (1)")
    parser.add_argument(
        "--video-id", type=int, metavar="ID", help="which video of the dataset (the only one)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw, and print the paths."""
    dataset = read_dataset(arguments.dataset)
    annotations = dataset.annotations(_video_id(dataset, arguments.video_id))
    shown = range(0, annotations.video.length, arguments.every)
    if not shown:
        raise Error(f"{arguments.dataset}: video {annotations.video.id} has no frames")
    if arguments.frames:
        frames = _images(annotations.video, shown, Path(arguments.frames))
    else:
        frames = _clip(annotations.video, shown, arguments.video, arguments.start)
    folder = Path(arguments.output)
    folder.mkdir(parents=True, exist_ok=True)
    paths = _overlays(annotations, frames, shown, folder)
    if len(annotations):
        paths.append(folder / "timeline.png")
        write_png(paths[-1], _timeline(annotations, dataset.info))
    if arguments.json:
        print_json(
            {
                "output": arguments.output,
                "video_id": annotations.video.id,
                "pictures": [str(p) for p in paths],
            }
        )
    else:
        print("\n".join(map(str, paths)))
    return 0


def _video_id(dataset: Dataset, wanted: int | None) -> int:
    if wanted is not None:
        return dataset.video(wanted).id
    if len(dataset.videos) != 1:
        ids = ", ".join(str(video.id) for video in dataset.videos[:10])
        more = ", .." if len(dataset.videos) > 10 else ""
        raise Error(f"{dataset.path}: has {len(dataset)} videos ({ids}{more}): choose one by --video-id ID")
    return dataset.videos[0].id


def _images(video: Video, shown: range, folder: Path) -> Iterator[Frame]:
    for t in shown:
        name = Path(video.file_names[t])
        path = folder / name
        yield from read_video(path if path.exists() else folder / name.name)


def _clip(video: Video, shown: range, path: str, start: int) -> Iterator[Frame]:
    """The shown frames of the clip; frames that the selection dropped are skipped."""
    indices = frame_indices(video)
    wanted = {start + indices[t] for t in shown}
    clip = read_video(path, start=min(wanted), stop=max(wanted) + 1)
    for number, frame in enumerate(clip, clip.start):
        if number in wanted:
            yield frame


def _overlays(annotations: Annotations, frames: Iterator[Frame], shown: range, folder: Path) -> list[Path]:
    """One picture per shown frame, and the sheet."""
    quality = _quality(annotations)
    ids = _ids(annotations)
    on_sheet = {shown[i * len(shown) // min(_SHEET, len(shown))] for i in range(min(_SHEET, len(shown)))}
    paths, sheet = [], []
    with progress("show") as report:
        for done, (t, frame) in enumerate(zip(shown, frames, strict=True)):
            report(done, len(shown))
            picture = overlay(frame, annotations.tracks, t, ids=ids, quality=quality)
            paths.append(folder / f"frame_{t:05d}.png")
            write_png(paths[-1], picture)
            if t in on_sheet:
                sheet.append(picture)
    paths.append(folder / "contact_sheet.png")
    write_png(paths[-1], contact_sheet(sheet, captions=[f"frame {t}" for t in sorted(on_sheet)]))
    return paths


def _ids(annotations: Annotations) -> list[int]:
    return list(range(len(annotations))) if annotations.ids is None else annotations.ids.tolist()


def _quality(annotations: Annotations) -> npt.NDArray[np.float64] | None:
    """The quality [N, T] that `vislabel select` wrote, 0 where it is missing; None where no track has one."""
    rows = [extra.get("quality") for extra in annotations.extra]
    if not any(isinstance(row, list) for row in rows):
        return None
    out = np.zeros(annotations.tracks.shape)
    for n, row in enumerate(rows):
        if isinstance(row, list) and len(row) == out.shape[1]:
            out[n] = [value if isinstance(value, int | float) else 0.0 for value in row]
    return out


def _timeline(annotations: Annotations, info: Any) -> npt.NDArray[np.uint8]:
    """Quality over time; a dataset without quality shows where its tracks are."""
    quality = _quality(annotations)
    given = info.get("threshold") if isinstance(info, dict) else None
    threshold = given if isinstance(given, int | float) and 0 <= given <= 1 else 0.75
    return timeline(
        np.ones(annotations.tracks.shape) if quality is None else quality,
        annotations.tracks.present,
        threshold=threshold,
        ids=_ids(annotations),
        frames=frame_indices(annotations.video),
    )
