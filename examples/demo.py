"""The whole AutoQ-VIS selection on a real video: two rounds of proposals, selected, merged, drawn.

Every step is a command that you can run yourself; it is printed before it runs. `./dev demo` calls this with
frames 100 to 299 of OpenCV's surveillance clip; `./dev demo VIDEO` with a video of yours.

The proposals come from background subtraction and optical flow and stand in for a model's detections; their
scores are lower than a trained model's, so the quality threshold here is 0.45 instead of the paper's 0.75.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Any

from vislabel.cli import main as vislabel
from vislabel.cli.terminal import print_table
from vislabel.propose import read_video

CLIP = Path("build/clip/vtest.avi")
THRESHOLD = "0.45"
PROGRAM = Path(os.path.relpath(sys.prefix)) / "bin" / "vislabel"  # as the reader can call it from here
MOST_FRAMES = 300  # of a video of yours: two rounds of 300 frames take a few minutes


def run(*arguments: object) -> dict[str, Any]:
    """One command of the command line: prints it, runs it, returns what it reports as JSON."""
    words = [str(argument) for argument in arguments]
    print(f"$ {PROGRAM} {shlex.join(words)}", flush=True)
    report = io.StringIO()
    with contextlib.redirect_stdout(report):
        code = vislabel([*words, "--json"])
    if code != 0:
        sys.exit(code)
    result: dict[str, Any] = json.loads(report.getvalue())
    return result


def frames_of(video: Path) -> tuple[int, int]:
    """Which frames of the video the demonstration uses."""
    return (100, 300) if video == CLIP else (0, min(len(read_video(video)), MOST_FRAMES))


Row = tuple[str, str, str]


def proposal_rows(title: str, report: dict[str, Any]) -> list[Row]:
    """What `propose` found, as rows of the table."""
    counts, seconds = report["counts"], report["seconds"]
    found = f"{counts['tracks']} candidate tracks, {counts['masks']} masks"
    return [(title, found, f"{seconds['propose']:.1f} s")]


def selection_rows(report: dict[str, Any]) -> list[Row]:
    """What every step of `select` kept, as rows of the table."""
    counts, seconds = report["counts"], report["seconds"]
    kept = {
        "read": f"{counts['detections']} detections",
        "nms": f"{counts['scored']} reach the score threshold, {counts['survivors']} survive",
        "quality and retention": f"{counts['retained']} tracks, {counts['selected']} masks",
        "write": f"{counts['tracks']} tracks",
    }
    if "matched" in counts:
        kept["merge"] = f"{counts['matched']} matched to the round before, {counts['appended']} new"
    return [(f"  {step}", kept[step], f"{1000 * seconds[step]:.1f} ms") for step in seconds if step in kept]


def demo(video: Path, output: Path) -> None:
    """Runs all steps and prints the table."""
    begin = time.perf_counter()
    start, stop = frames_of(video)
    cut = ("--start", start, "--stop", stop)
    skeleton, first, final = output / "videos.json", output / "pseudo-round1.json", output / "pseudo.json"
    output.mkdir(parents=True, exist_ok=True)
    table: list[Row] = []
    for number, settings in enumerate(("coarse", "fine"), 1):
        results = output / f"results-round{number}.json"
        frames = ("--frames", output / "JPEGImages", "--videos-out", skeleton) if number == 1 else ()
        report = run("propose", video, "-o", results, "--settings", settings, *cut, *frames)
        table += proposal_rows(f"round {number}: propose ({settings})", report)
        previous = ("--previous", first) if number == 2 else ()
        labels = final if number == 2 else first
        select = ("select", results, "-o", labels, "--videos", skeleton, "--threshold", THRESHOLD)
        table += selection_rows(run(*select, *previous))
    run("check", final)
    shown = run("show", final, "--frames", output / "JPEGImages", "-o", output / "pictures", "--every", 10)
    print()
    print_table(("step", "kept", "time"), table)
    print(f"\n{stop - start} frames, both rounds and pictures: {time.perf_counter() - begin:.0f} s")
    print(f"training-ready YouTube-VIS JSON: {final} (frames in {output / 'JPEGImages'})")
    for path in shown["pictures"]:
        if "frame_" not in path:
            print(f"look at: {path}")
    print(f"next: {PROGRAM} show {final} --video {video} -o all/   # every frame")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "video", nargs="?", type=Path, default=CLIP, help="a video file or a folder of images"
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("demo"), help="folder to write (demo)")
    arguments = parser.parse_args()
    demo(arguments.video, arguments.output)
