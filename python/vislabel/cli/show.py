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
from vislabel.cli.frames import chosen_video, clip_frames, frame_indices
from vislabel.cli.terminal import at_least, file_name, print_json, printable, progress, require_apart
from vislabel.draw import contact_sheet, overlay, timeline, write_png
from vislabel.io import Annotations, Video, read_dataset
from vislabel.io.defects import UNIT_OR_NULL

SUMMARY = "pictures of a dataset's tracks"
EXAMPLE = "vislabel show pseudo.json --video clip.avi -o pictures/ --every 10"

_SHEET = 24  # pictures on the contact sheet: more are too small to see, and all are in memory at once


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("dataset", type=file_name, help="dataset JSON, may end in .gz")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--video", type=file_name, metavar="FILE", help="the video, a file or a folder of images in order"
    )
    source.add_argument(
        "--frames",
        type=file_name,
        metavar="DIR",
        help="the folder that the dataset's file_names are relative to",
    )
    parser.add_argument(
        "-o", "--output", type=file_name, required=True, metavar="DIR", help="folder for the pictures"
    )
    parser.add_argument(
        "--start",
        type=at_least(0),
        default=0,
        metavar="N",
        help="the first frame is the video's N-th (0, or what the dataset's frame_indices say)",
    )
    parser.add_argument("--every", type=at_least(1), default=1, metavar="K", help="show every K-th frame (1)")
    parser.add_argument(
        "--video-id", type=int, metavar="ID", help="which video of the dataset (the only one)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw, and print the paths."""
    dataset = read_dataset(arguments.dataset)
    annotations = dataset.annotations(chosen_video(dataset, arguments.video_id).id)
    shown = range(0, annotations.video.length, arguments.every)
    if arguments.frames:
        images = _images(arguments.dataset, annotations.video, shown, Path(arguments.frames))
        frames = _pictures(images)
    else:
        images, frames = _clip(annotations.video, shown, arguments.video, arguments.start)
    folder = Path(arguments.output)
    paths = [folder / f"frame_{t:05d}.png" for t in shown]
    pictures = [*paths, folder / "contact_sheet.png", folder / "timeline.png"]
    read = [("the dataset", arguments.dataset), *(("a frame", path) for path in images)]
    require_apart([("a picture", path) for path in pictures], read)
    older = set(folder.glob("frame_*.png")) - set(paths)
    folder.mkdir(parents=True, exist_ok=True)
    paths = _overlays(annotations, frames, shown, paths, arguments.dataset)
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
        print("\n".join(map(printable, paths)))
        left = f" (and {len(older)} older frame_*.png are in the folder)" if older else ""
        print(f"\n{len(paths)} pictures{left}")
    return 0


def _images(dataset: str, video: Video, shown: range, folder: Path) -> list[Path]:
    paths = []
    for t in shown:
        name = Path(video.file_names[t])
        found = [path for path in (folder / name, folder / name.name) if path.is_file()]
        if not found:
            raise Error(f"{folder / name} is not a file, which {dataset}: video {video.id} has as frame {t}")
        paths.append(found[0])
    return paths


def _pictures(paths: list[Path]) -> Iterator[tuple[Path, Frame]]:
    for path in paths:
        picture = read_video(path)
        if len(picture) != 1:
            raise Error(f"{path} has {len(picture)} frames, expected an image")
        yield from ((path, frame) for frame in picture)


def _clip(
    video: Video, shown: range, path: str, start: int
) -> tuple[list[Path], Iterator[tuple[Path, Frame]]]:
    """The files and the shown frames of the clip; frames that the selection dropped are skipped."""
    numbers = clip_frames(video, start)
    wanted = {numbers[t] for t in shown}
    clip = read_video(path, start=min(wanted), stop=max(wanted) + 1)
    frames = ((clip.path, frame) for number, frame in enumerate(clip, clip.start) if number in wanted)
    return list(clip.images or [clip.path]), frames


def _overlays(
    annotations: Annotations,
    frames: Iterator[tuple[Path, Frame]],
    shown: range,
    paths: list[Path],
    dataset: str,
) -> list[Path]:
    """One picture per shown frame, and the sheet."""
    quality = _quality(annotations)
    ids = _ids(annotations)
    size = annotations.video.size
    on_sheet = {shown[i * len(shown) // min(_SHEET, len(shown))] for i in range(min(_SHEET, len(shown)))}
    sheet = []
    with progress("show") as report:
        for done, (t, (source, frame)) in enumerate(zip(shown, frames, strict=True)):
            report(done, len(shown))
            if frame.shape[:2] != size:
                raise Error(
                    f"{source}: frame {t} has size {frame.shape[:2]}, expected {size} as in {dataset}"
                )
            picture = overlay(frame, annotations.tracks, t, ids=ids, quality=quality)
            write_png(paths[done], picture)
            if t in on_sheet:
                sheet.append(picture)
    paths = [*paths, paths[0].parent / "contact_sheet.png"]
    write_png(paths[-1], contact_sheet(sheet, captions=[f"frame {t}" for t in sorted(on_sheet)]))
    return paths


def _ids(annotations: Annotations) -> list[int]:
    return list(range(len(annotations))) if annotations.ids is None else annotations.ids.tolist()


def _quality(annotations: Annotations) -> npt.NDArray[np.float64] | None:
    """The quality [N, T] that `vislabel select` wrote, 0 where there is none; None where no track has one."""
    rows = [extra.get("quality") for extra in annotations.extra]
    if not any(isinstance(row, list) for row in rows):
        return None
    out = np.zeros(annotations.tracks.shape)
    for n, row in enumerate(rows):
        if isinstance(row, list) and len(row) == out.shape[1]:
            out[n] = [value if UNIT_OR_NULL.holds(value) and value else 0.0 for value in row]
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
