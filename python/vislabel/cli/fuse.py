"""PM-VIS: fuse the masks of several sources under box annotations.

Each source is a dataset, whose annotations meet the boxes' by their ids, or results: those with the key
"annotation_id" belong to that annotation (several of one annotation, with "keyframe", are tracks from several
keyframes), others are assigned to the boxes frame by frame. Per instance and frame the mask that agrees best
with the other sources and with the box is taken (SHQM), then overlaps and what leaves the boxes are deleted
(DOOB). Of two sources the first wins wherever it has a mask, so three or more make sense. Read and written
one video at a time.
"""

from __future__ import annotations

import argparse
from typing import Any

from vislabel._core import Error, __version__
from vislabel.cli.fusion import Fusion
from vislabel.cli.terminal import (
    add_threads,
    at_least,
    file_name,
    finite,
    named_file,
    print_json,
    print_steps,
    print_table,
    printable,
    progress,
    require_apart,
    require_writable,
    use_threads,
    write_list,
)
from vislabel.io import write_dataset

SUMMARY = "PM-VIS: masks of several sources and boxes to pseudo-masks"
EXAMPLE = (
    "vislabel fuse --source hqsam=hqsam.json --source deaot=deaot.json --source idol=results.json "
    "--boxes boxes.json -o pseudo.json"
)

_COUNTS = {
    "videos": "videos fused",
    "annotations": "annotations",
    "boxes": "boxes",
    "boxes_of_masks": "annotations with the boxes of their masks",
    "masks": "fused masks",
    "alone": "of one source alone",
    "empty": "without any pixel",
    "deleted": "pixels deleted by DOOB",
    "absent": "annotations without any mask, left out",
    "written": "annotations written",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    add = parser.add_argument
    add(
        "--source",
        type=named_file,
        action="append",
        required=True,
        metavar="NAME=FILE",
        help="results or dataset JSON, may end in .gz; at least two, in order of preference",
    )
    add(
        "--boxes",
        type=file_name,
        required=True,
        metavar="FILE",
        help="dataset JSON with the bboxes of each annotation; without them, those of its masks",
    )
    add("-o", "--output", type=file_name, required=True, help="dataset JSON to write, may end in .gz")
    add(
        "--in-order",
        action="append",
        default=[],
        metavar="NAME",
        help="row n of this source is annotation n of the video",
    )
    add(
        "--helper",
        metavar="NAME",
        help="source that results are assigned by (the first with a row per annotation)",
    )
    add(
        "--one-to-one",
        choices=("greedy", "hungarian", "none"),
        default="greedy",
        help="how results are assigned to boxes (greedy)",
    )
    add("--min-score", type=finite, default=0.0, help="score above which they may be (0)")
    add(
        "--keyframes-by",
        choices=("nearest", "shqm"),
        default="nearest",
        help="choice among tracks from several keyframes (nearest)",
    )
    add("--box-overlap", choices=("iou", "giou"), default="iou", help="overlap of boxes (iou)")
    add("--margin", type=at_least(0), default=0, metavar="N", help="pixels that boxes grow for DOOB (0)")
    add(
        "--doob-on",
        choices=("fused", "sources_and_fused"),
        default="fused",
        help="masks that DOOB cleans (fused)",
    )
    add(
        "--rule",
        choices=("paper", "reference"),
        default="paper",
        help="where paper and published code differ (paper)",
    )
    add(
        "--keep-boxes",
        action="store_true",
        help="also write boxes without a fused mask, and annotations without any (left out)",
    )
    add("--skip-missing", action="store_true", help="leave out videos that do not fit all sources")
    add(
        "--keyframes",
        type=named_file,
        metavar="NAME=FILE",
        help="also write the frames from which to start a tracker: those of highest SCM of this source",
    )
    add("--every", type=at_least(1), default=10, metavar="N", help="one keyframe per N frames (10)")
    add(
        "--spread",
        choices=("top", "per_segment"),
        default="top",
        help="best keyframes of the video, or of each part (top)",
    )
    add_threads(parser)


def run(arguments: argparse.Namespace) -> int:
    """Fuse, write, and say what came of each source."""
    use_threads(arguments)
    _require_names(arguments)
    written = [("-o", arguments.output)]
    if arguments.keyframes:
        written.append(("--keyframes", arguments.keyframes[1]))
        require_writable(arguments.keyframes[1])
    read = [(f"--source {name}", path) for name, path in arguments.source]
    require_apart(written, [*read, ("--boxes", arguments.boxes)])
    with progress("fuse") as report:
        fusion = Fusion(arguments)
        write_dataset(
            arguments.output,
            fusion.annotations(report),
            categories=fusion.boxes.categories,
            info=_info(arguments),
            licenses=fusion.boxes.licenses,
            extra=fusion.boxes.extra,
        )
    if arguments.keyframes:
        write_list(arguments.keyframes[1], fusion.keyframes)
    _print(arguments, fusion)
    return 0


def _require_names(arguments: argparse.Namespace) -> None:
    names = [name for name, _ in arguments.source]
    if len(names) < 2:
        raise Error(f"argument --source: {names[0]} is the only one, expected at least two")
    for name in names:
        if names.count(name) > 1:
            raise Error(f"argument --source: {name} is given twice, expected another name for each")
    helper, keyframes = arguments.helper, arguments.keyframes[0] if arguments.keyframes else None
    given = [("--in-order", name) for name in arguments.in_order]
    for option, name in (*given, ("--helper", helper), ("--keyframes", keyframes)):
        if name is not None and name not in names:
            raise Error(f"argument {option}: {name} is not among the sources ({', '.join(names)})")
    if keyframes is not None and keyframes == helper:
        raise Error(f"argument --keyframes: {helper} is the helper, expected a source to compare with it")


def _info(arguments: argparse.Namespace) -> dict[str, Any]:
    """How the file came to be; no date, so that the same input gives the same bytes."""
    names = (
        "helper",
        "one_to_one",
        "min_score",
        "keyframes_by",
        "box_overlap",
        "margin",
        "doob_on",
        "rule",
        "keep_boxes",
    )
    return {
        "description": f"PM-VIS pseudo-masks by vislabel {__version__}",
        "sources": [name for name, _ in arguments.source],
        **{name: getattr(arguments, name) for name in names},
    }


def _print(arguments: argparse.Namespace, fusion: Fusion) -> None:
    seconds = fusion.clock.finish("write")
    keyframes = None if arguments.keyframes is None else arguments.keyframes[1]
    if arguments.json:
        print_json(
            {
                "output": arguments.output,
                "keyframes": keyframes,
                "rule": arguments.rule,
                "counts": fusion.counts,
                "sources": fusion.of_sources,
                "left_out": [
                    {"video_id": video, "why": list(whys)} for video, whys in fusion.misfits.items()
                ],
                "seconds": seconds,
            }
        )
        return
    texts = {**_COUNTS, "absent": "annotations without any mask"} if arguments.keep_boxes else _COUNTS
    print_table(("fused", "count"), [(texts[name], count) for name, count in fusion.counts.items()])
    print()
    columns = ("source", "masks", "of annotations", "won", "box overlap")
    print_table(columns, [(name, *told.values()) for name, told in fusion.of_sources.items()])
    left_out = "".join(f"\n  {printable(text)}" for text in fusion.left_out())
    written = filter(None, (arguments.output, keyframes))
    print_steps(seconds, written, f"left out:{left_out}" if left_out else "")
