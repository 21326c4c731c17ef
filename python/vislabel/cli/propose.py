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
from vislabel.cli.terminal import Clock, at_least, print_json, print_table, progress, require_writable
from vislabel.io import Annotations, Detections, Video, write_dataset, write_results
from vislabel.propose import SETTINGS, Candidates, propose, read_video

SUMMARY = "video to results, without any model weights (static camera)"
EXAMPLE = "vislabel propose clip.avi -o results.json --frames JPEGImages"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("video", help="video file or folder of images")
    parser.add_argument("-o", "--output", required=True, help="results JSON to write, may end in .gz")
    parser.add_argument("--start", type=at_least(0), default=0, metavar="N", help="first frame (0)")
    parser.add_argument("--stop", type=at_least(1), metavar="N", help="frame to stop before (the end)")
    parser.add_argument(
        "--settings", choices=sorted(SETTINGS), default="fine", help="how much to look for (fine)"
    )
    parser.add_argument("--frames", metavar="DIR", help="also write the frames, as DIR/<video>/<number>.jpg")
    parser.add_argument(
        "--videos-out", metavar="FILE", help="dataset JSON with the video (DIR/../videos.json)"
    )
    parser.add_argument("--video-id", type=at_least(1), default=1, metavar="ID", help="id of the video (1)")


def run(arguments: argparse.Namespace) -> int:
    """Propose, and write results, frames and the dataset's skeleton."""
    clock = Clock()
    require_writable(arguments.output)
    video = read_video(arguments.video, start=arguments.start, stop=arguments.stop)
    names = tuple(Path(name).with_suffix(".jpg").as_posix() for name in video.names)
    if len(set(names)) < len(names):
        raise Error(f"{arguments.video}: two images have the same name but for the suffix")
    with progress("propose") as report, clock.step("propose"):
        candidates = propose(
            arguments.video,
            start=video.start,
            stop=video.stop,
            settings=SETTINGS[arguments.settings],
            progress=report,
        )
    with clock.step("write"):
        write_results(arguments.output, [_detections(candidates, arguments.video_id)])
    written = [str(arguments.output)]
    if arguments.frames:
        with progress("frames") as report, clock.step("frames"):
            _write_frames(video, Path(arguments.frames), names, report)
        written.append(str(arguments.frames))
    skeleton = arguments.videos_out or (
        Path(arguments.frames).resolve().parent / "videos.json" if arguments.frames else None
    )
    if skeleton is not None:
        height, width = video.size
        entry = Video(arguments.video_id, width, height, len(video), names)
        nothing = Annotations(
            entry, Tracks.from_rle([], video.size, frames=len(video)), np.zeros(0, np.int64)
        )
        write_dataset(skeleton, [nothing], categories=[{"id": 1, "name": "object"}])
        written.append(str(skeleton))
    _print(arguments, candidates, written, clock.finish("count frames"))
    return 0


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


def _write_frames(
    video: Iterable[Frame], folder: Path, names: tuple[str, ...], report: Callable[[int, int], None]
) -> None:
    cv2 = opencv("writing frames")
    for done, (frame, name) in enumerate(zip(video, names, strict=True)):
        report(done, len(names))
        encoded, data = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        if not encoded:
            raise Error(f"{name} cannot be encoded as JPEG")
        path = folder / name
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
    print()
    print_table(("step", "seconds"), list(seconds.items()))
    print("\n" + "\n".join(written))
