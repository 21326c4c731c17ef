"""AutoQ-VIS, PM-VIS and GBOpt on a real video: proposals selected in two rounds, fused, chosen all at once.

Every step is a command that you can run yourself; it is printed before it runs. `./dev demo` calls this with
frames 100 to 299 of OpenCV's surveillance clip; `./dev demo VIDEO` with a video of yours.

The proposals come from background subtraction and optical flow and stand in for a model's detections; their
scores are lower than a trained model's, so the quality threshold here is 0.45 instead of the paper's 0.75.

PM-VIS then takes the boxes of the selected tracks for annotations and fuses three sources of masks under
them: background subtraction, optical flow, and GrabCut prompted with each box, a stand-in for HQ-SAM. The
boxes come from the first two, which agree with them more than they would with boxes drawn by people.

GBOpt takes the masks of both rounds for proposals, with others that are wrong on purpose, and chooses, over
all frames at once, those that explain best what is not background, what moves, and what stays where it was.
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

import fusion_pictures
import gbopt_pictures
import gbopt_proposals
from vislabel import Error
from vislabel.cli import main as vislabel
from vislabel.cli.terminal import print_table
from vislabel.io import read_results, write_results
from vislabel.propose import read_video

CLIP = Path("build/clip/vtest.avi")
THRESHOLD = "0.45"
PROGRAM = Path(os.path.relpath(sys.prefix)) / "bin" / "vislabel"  # as the reader can call it from here
MOST_FRAMES = 300  # of a video of yours: two rounds of 300 frames take a few minutes
PATHS = 10  # of which the costs are shown


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
Cut = tuple[str, str, str, str]  # --start, N, --stop, N


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


def fusion_rows(prompt: dict[str, Any], fuse: dict[str, Any]) -> list[Row]:
    """What the sources gave and how the fusion chose, as rows of the table."""
    counts, seconds = fuse["counts"], fuse["seconds"]
    asked = f"{prompt['counts']['boxes']} boxes, {prompt['counts']['empty masks']} empty masks"
    rows = [("prompt (GrabCut, for HQ-SAM)", asked, f"{prompt['seconds']['prompt']:.1f} s")]
    for name, source in fuse["sources"].items():
        found = f"{source['masks']} masks, {source['of_annotations']} for a box, {source['won']} win"
        rows.append((f"  {name}", found, ""))
    made = f"{counts['masks']} masks, {counts['deleted']} pixels deleted"
    rows.append(("fuse (assignment, SHQM, DOOB)", made, f"{1000 * seconds['fuse']:.1f} ms"))
    rows.append(("  write", f"{counts['written']} tracks", f"{1000 * seconds['write']:.1f} ms"))
    return rows


def path_rows(made: float, path: dict[str, Any], chosen: dict[str, tuple[int, int]]) -> list[Row]:
    """What there was to choose from, what the choice took, and what it came to, as rows of the table."""
    counts, seconds = path["counts"], path["seconds"]
    frames, nodes = counts["frames"], counts["nodes"]
    per_frame = f"{counts['proposals']} masks, {counts['proposals_per_frame']:.1f} per frame"
    rows = [("proposals of both rounds, and wrong ones", per_frame, f"{made:.1f} s")]
    rows += [(f"  {source}", f"{own} masks, {taken} chosen", "") for source, (own, taken) in chosen.items()]
    rows += [
        (
            "background maps (a Gaussian per pixel)",
            f"{frames} maps",
            f"{1000 * seconds['backgrounds']:.0f} ms",
        ),
        ("optical flow (DIS)", f"{frames - 1} flows", f"{1000 * seconds.get('flows', 0):.0f} ms"),
        (
            "select",
            f"{counts['conflicts']} pairs exclude each other",
            f"{1000 * seconds['selection']:.0f} ms",
        ),
        (
            "  K best sets of every frame",
            f"{nodes} nodes expanded, {counts['proven']} of {frames} proven",
            "",
        ),
        ("  for comparison", "GBOpt's paper: 10^7 evaluations for 180 frames of 15 proposals", ""),
        ("link and write", f"{counts['masks']} masks in {counts['tracks']} tracks", ""),
    ]
    writing = 1000 * (seconds["tracks"] + seconds["write"])
    rows[-1] = (*rows[-1][:2], f"{writing:.0f} ms")
    best, *others = path["costs"]
    rows.append(("path 1, the best", f"costs {best:.9g}", ""))
    return rows + [(f"  path {n}", f"{cost - best:.9f} more", "") for n, cost in enumerate(others, 2)]


def auto_q_vis(video: Path, output: Path, cut: Cut) -> list[Row]:
    """Two rounds into `pseudo.json`, each source of the second also alone, pictures; rows of the table."""
    skeleton, first, final = output / "videos.json", output / "pseudo-round1.json", output / "pseudo.json"
    table: list[Row] = []
    for number, settings in enumerate(("coarse", "fine"), 1):
        results = output / f"results-round{number}.json"
        more: tuple[object, ...] = ("--per-source", output / "sources")
        if number == 1:
            more = ("--frames", output / "JPEGImages", "--videos-out", skeleton)
        report = run("propose", video, "-o", results, "--settings", settings, *cut, *more)
        table += proposal_rows(f"round {number}: propose ({settings})", report)
        previous = ("--previous", first) if number == 2 else ()
        labels = final if number == 2 else first
        select = ("select", results, "-o", labels, "--videos", skeleton, "--threshold", THRESHOLD)
        table += selection_rows(run(*select, *previous))
    run("check", final)
    run("show", final, "--frames", output / "JPEGImages", "-o", output / "pictures", "--every", 10)
    return table


def pm_vis(video: Path, output: Path, cut: Cut) -> list[Row]:
    """The boxes of `pseudo.json` into `fused.json`, and pictures; rows of the table."""
    boxes, fused = output / "pseudo.json", output / "fused.json"
    alone = {name: output / "sources" / f"{name}.json" for name in ("background", "flow")}
    sources = {name: path for name, path in alone.items() if len(read_results(path))}
    sources["grabcut"] = output / "grabcut.json"
    prompt = run("prompt", video, "--boxes", boxes, "-o", sources["grabcut"], *cut)
    given = [word for name, path in sources.items() for word in ("--source", f"{name}={path}")]
    fuse = run("fuse", *given, "--helper", "grabcut", "--boxes", boxes, "-o", fused)
    run("check", fused)
    fusion = fusion_pictures.read_fusion(boxes, sources, "grabcut")
    frames = read_video(video, start=int(cut[1]), stop=int(cut[3]))
    fusion_pictures.draw(fusion, frames, output / "pm-vis")
    return fusion_rows(prompt, fuse)


def gbopt(video: Path, output: Path, cut: Cut) -> list[Row]:
    """The masks of both rounds into `gbopt/pseudo.json`, and pictures; rows of the table."""
    folder, before = output / "gbopt", time.perf_counter()
    results, labels = folder / "results.json", folder / "pseudo.json"
    folder.mkdir(exist_ok=True)
    write_results(
        results, [gbopt_proposals.propose([output / f"results-round{number}.json" for number in (2, 1)])]
    )
    made = time.perf_counter() - before
    known = ("--videos", output / "videos.json")
    path = run("path", results, "--video", video, *known, "-o", labels, "--paths", PATHS)
    run("check", labels)
    run("show", labels, "--frames", output / "JPEGImages", "-o", folder / "pictures", "--every", 20)
    frames = read_video(video, start=int(cut[1]), stop=int(cut[3]))
    selection = gbopt_pictures.read_selection(results, labels, frames)
    gbopt_pictures.draw(selection, frames, folder)
    return path_rows(made, path, gbopt_pictures.chosen_by_source(selection))


def demo(video: Path, output: Path) -> None:
    """Runs the chapters and prints a table of each."""
    begin = time.perf_counter()
    start, stop = frames_of(video)
    cut = ("--start", str(start), "--stop", str(stop))
    output.mkdir(parents=True, exist_ok=True)
    for title, chapter in (("AutoQ-VIS", auto_q_vis), ("PM-VIS", pm_vis), ("GBOpt", gbopt)):
        before = time.perf_counter()
        table = chapter(video, output, cut)
        print()
        print_table((title, "kept", "time"), table)
        print(f"\n{stop - start} frames, pictures included: {time.perf_counter() - before:.0f} s\n")
    print(f"all: {time.perf_counter() - begin:.0f} s")
    print(f"training-ready YouTube-VIS JSON: {output / 'pseudo.json'} (frames in {output / 'JPEGImages'})")
    print(f"the same objects with fused masks: {output / 'fused.json'}")
    print(f"masks chosen over the whole video: {output / 'gbopt' / 'pseudo.json'}")
    for name in ("pictures/contact_sheet.png", "pictures/timeline.png", "pm-vis/", "gbopt/"):
        print(f"look at: {output / name}")
    print(f"next: {PROGRAM} show {output / 'fused.json'} --video {video} -o all/   # every frame")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "video", nargs="?", type=Path, default=CLIP, help="a video file or a folder of images"
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("demo"), help="folder to write (demo)")
    arguments = parser.parse_args()
    try:
        demo(arguments.video, arguments.output)
    except Error as error:  # of a video that cannot be read, or OpenCV that is missing
        sys.exit(f"demo: {error}")
