"""Candidate tracks of a static camera's video, without any model weights.

What moves is found by background subtraction and optical flow; how well the two agree is the predicted IoU.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from vislabel._core import Error
from vislabel._opencv import opencv
from vislabel._tracks import Tracks
from vislabel._video import Frame
from vislabel._video import Video as Clip
from vislabel.cli.terminal import (
    Clock,
    at_least,
    file_name,
    print_json,
    print_steps,
    print_table,
    progress,
    require_apart,
    require_writable,
)
from vislabel.io import Annotations, Detections, Video, read_dataset, write_dataset, write_results
from vislabel.io.given import PathLike
from vislabel.propose import ROOT, SETTINGS, Candidates, propose, read_video

SUMMARY = "video to results, without any model weights (static camera)"
EXAMPLE = "vislabel propose clip.avi -o results.json --frames JPEGImages"

_CATEGORIES = [{"id": 1, "name": "object"}]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("video", type=file_name, help="video file or folder of images")
    parser.add_argument(
        "-o", "--output", type=file_name, required=True, help="results JSON to write, may end in .gz"
    )
    parser.add_argument("--start", type=at_least(0), default=0, metavar="N", help="first frame (0)")
    parser.add_argument("--stop", type=at_least(1), metavar="N", help="frame to stop before (the end)")
    parser.add_argument(
        "--settings", choices=sorted(SETTINGS), default="fine", help="how much to look for (fine)"
    )
    parser.add_argument(
        "--frames",
        type=file_name,
        metavar="DIR",
        help="also write the frames, as DIR/<video>/<number>.jpg",
    )
    parser.add_argument(
        "--per-source",
        type=file_name,
        metavar="DIR",
        help="also write the results of each source alone, as DIR/<source>.json",
    )
    parser.add_argument(
        "--videos-out",
        type=file_name,
        metavar="FILE",
        help="dataset JSON with the video (DIR/../videos.json)",
    )
    parser.add_argument(
        "--video-id", type=at_least(1, 2**63 - 1), default=1, metavar="ID", help="id of the video (1)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Propose, and write results, frames and the dataset's skeleton."""
    clock = Clock()
    require_writable(arguments.output)
    video = read_video(arguments.video, start=arguments.start, stop=arguments.stop)
    entry = _entry(video, arguments)
    frames = [Path(arguments.frames) / name for name in entry.file_names] if arguments.frames else []
    skeleton = _skeleton(arguments, entry)
    _require_safe(arguments, video, frames, skeleton)
    with progress("propose") as report, clock.step("propose"):
        candidates = propose(
            arguments.video,
            start=video.start,
            stop=video.stop,
            settings=SETTINGS[arguments.settings],
            progress=report,
        )
    with clock.step("write"):
        detections = _detections(candidates, arguments.video_id)
        write_results(arguments.output, [detections])
        alone = _write_sources(arguments, detections)
    written = [str(arguments.output), *alone]
    if arguments.frames:
        with progress("frames") as report, clock.step("frames"):
            _write_frames(video, frames, report)
        written.append(str(arguments.frames))
    if skeleton is not None:
        nothing = Annotations(
            entry, Tracks.from_rle([], video.size, frames=len(video)), np.zeros(0, np.int64)
        )
        write_dataset(skeleton, [nothing], categories=_CATEGORIES)
        written.append(str(skeleton))
    _print(arguments, candidates, written, clock.finish("count frames"))
    return 0


def _entry(video: Clip, arguments: argparse.Namespace) -> Video:
    """The video as a dataset holds it; `frame_indices` tells where in the clip it starts."""
    names = tuple(Path(name).with_suffix(".jpg").as_posix() for name in video.names)
    if len(set(names)) < len(names):
        raise Error(f"{arguments.video}: two images have the same name but for the suffix")
    extra = {"frame_indices": list(range(video.start, video.stop))} if video.start else {}
    height, width = video.size
    return Video(arguments.video_id, width, height, len(video), names, extra)


def _skeleton(arguments: argparse.Namespace, entry: Video) -> Path | None:
    """Where the dataset's skeleton goes. A file that is there must be named, or be the same skeleton."""
    if arguments.videos_out:
        return Path(arguments.videos_out)
    if not arguments.frames:
        return None
    path = Path(arguments.frames).resolve().parent / "videos.json"
    if path.exists() and not _is_skeleton(path, entry):
        raise Error(f"{path} is there already and holds something else: name a file by --videos-out")
    return path


def _is_skeleton(path: Path, entry: Video) -> bool:
    try:
        there = read_dataset(path)
        alone = there.videos == (entry,) and not len(there.annotations(entry.id))
        return alone and there.categories == _CATEGORIES and not (there.info or there.licenses or there.extra)
    except (Error, OSError):
        return False


def _require_safe(
    arguments: argparse.Namespace, video: Clip, frames: list[Path], skeleton: Path | None
) -> None:
    """Find what would be destroyed, and what cannot be written, before the work."""
    if arguments.frames:
        folders = {path.parent for path in frames}
        if any(place.exists() and not place.is_dir() for place in {Path(arguments.frames), *folders}):
            raise Error(f"{arguments.frames}: expected a folder for the frames, got a file")
        if video.path.is_dir() and any(place.exists() and place.samefile(video.path) for place in folders):
            raise Error(
                f"{arguments.frames}: the frames would go to the folder of the images, {frames[0].parent}, "
                "expected another"
            )
    if arguments.per_source and Path(arguments.per_source).exists():
        if not Path(arguments.per_source).is_dir():
            raise Error(f"{arguments.per_source}: expected a folder for the sources, got a file")
        for path in _source_paths(arguments).values():
            require_writable(path)
    if skeleton is not None and (skeleton.parent.exists() or not arguments.frames):
        require_writable(skeleton)
    outputs: list[tuple[str, PathLike]] = [("-o", arguments.output)]
    outputs += [("--videos-out", skeleton)] if skeleton is not None else []
    outputs += [("a source of --per-source", path) for path in _source_paths(arguments).values()]
    outputs += [("a frame of --frames", path) for path in frames]
    originals = video.images or (video.path,)
    require_apart(outputs, [("an image of the video" if video.images else "the video", p) for p in originals])


def _detections(candidates: Candidates, video_id: int) -> Detections:
    count = len(candidates.scores)
    return Detections(
        video_id,
        candidates.tracks,
        candidates.scores,
        np.ones(count, np.int64),
        candidates.predicted_iou,
        [{"source": source} for source in candidates.source],
    )


def _source_paths(arguments: argparse.Namespace) -> dict[str, Path]:
    """Where the results of each source go."""
    folder = arguments.per_source
    return {source: Path(folder) / f"{source}.json" for source in ROOT} if folder else {}


def _write_sources(arguments: argparse.Namespace, detections: Detections) -> list[str]:
    """The results of each source, in a file of its own, even where it found nothing."""
    paths = _source_paths(arguments)
    for source, path in paths.items():
        rows = [n for n, extra in enumerate(detections.extra) if extra["source"] == source]
        path.parent.mkdir(parents=True, exist_ok=True)
        write_results(path, [_rows(detections, rows)])
    return [str(path) for path in paths.values()]


def _rows(detections: Detections, rows: list[int]) -> Detections:
    quality = detections.predicted_iou
    return Detections(
        detections.video_id,
        detections.tracks[rows],
        detections.scores[rows],
        detections.labels[rows],
        None if quality is None else quality[rows],
        [detections.extra[n] for n in rows],
    )


def _write_frames(video: Iterable[Frame], paths: list[Path], report: Callable[[int, int], None]) -> None:
    cv2 = opencv("writing frames")
    for done, (frame, path) in enumerate(zip(video, paths, strict=True)):
        report(done, len(paths))
        encoded, data = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        if not encoded:
            raise Error(f"{path} cannot be encoded as JPEG")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.tobytes())


def _print(
    arguments: argparse.Namespace, candidates: Candidates, written: list[str], seconds: dict[str, float]
) -> None:
    count, frames = candidates.tracks.shape
    counts = {"tracks": count, "frames": frames, "masks": int(candidates.tracks.present.sum())}
    for source in sorted(set(candidates.source)):
        counts[f"tracks from {source}"] = candidates.source.count(source)
    if arguments.json:
        print_json({"output": arguments.output, "written": written, "counts": counts, "seconds": seconds})
        return
    print_table(("found", "count"), list(counts.items()))
    print_steps(seconds, written)
