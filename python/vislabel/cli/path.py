"""GBOpt: choose the masks of a whole video among the results of any detectors.

The proposals of a frame are the masks that the results have there, identical ones once. Of each frame the K
best sets of masks that do not overlap are found, by how well they cover what is not background; then the best
path through the video, by how well they explain the optical flow and stay what they were. The chosen masks
are linked into tracks, each of the category that most of its masks have.

Background and flow are made from the video, whose camera must not move, or read from NumPy files, one frame
after the other: from a folder with a .npy or .npz file per frame in the order of their numbers, an .npz file
with an array per frame, or one .npy file with all frames, mapped into memory. Backgrounds are [H, W], from 0
to 1; flows [H, W, 2], x and y in pixels, one fewer. One video at a time: --video-id chooses it in the file.
"""

from __future__ import annotations

import argparse
from typing import Any

from vislabel._core import Error, __version__
from vislabel.cli.frames import add_frame_arguments
from vislabel.cli.maps import Maps, require_sources
from vislabel.cli.proposals import Proposals
from vislabel.cli.terminal import (
    Clock,
    add_threads,
    at_least,
    file_name,
    finite,
    print_json,
    print_steps,
    print_table,
    progress,
    require_apart,
    require_writable,
    use_threads,
)
from vislabel.io import Annotations, write_dataset
from vislabel.path import SelectedMasks, select_masks

SUMMARY = "GBOpt: results and a video to pseudo-labels"
EXAMPLE = "vislabel path results.json --video clip.avi -o pseudo.json"

_COUNTS = {
    "frames": "frames",
    "identical": "identical masks, left out",
    "proposals": "proposals",
    "proposals_per_frame": "proposals per frame",
    "conflicts": "pairs that exclude each other",
    "nodes": "nodes expanded",
    "proven": "frames whose sets are proven",
    "masks": "masks chosen",
    "tracks": "tracks written",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    add = parser.add_argument
    add("results", type=file_name, help="results JSON, may end in .gz")
    add("-o", "--output", type=file_name, required=True, help="dataset JSON to write, may end in .gz")
    add(
        "--video",
        type=file_name,
        metavar="FILE",
        help="the video, a file or a folder of images; read only for maps that are not given",
    )
    add_frame_arguments(parser, "--videos")
    add(
        "--videos",
        type=file_name,
        metavar="FILE",
        help="dataset JSON with names, sizes, lengths and categories of the videos",
    )
    add("--backgrounds", type=file_name, metavar="PATH", help="P(background) of every frame")
    flow = parser.add_mutually_exclusive_group()
    flow.add_argument("--flows", type=file_name, metavar="PATH", help="flow from every frame to the next")
    flow.add_argument("--no-flow", action="store_true", help="choose without optical flow")
    add(
        "--learn-from",
        type=file_name,
        metavar="FILE",
        help="video whose background is the same (the frames of the results)",
    )
    add("--score-threshold", type=finite, metavar="S", help="least score of a result (all results)")
    add("--k", type=at_least(1), default=10, metavar="K", help="sets of masks per frame (10)")
    add("--paths", type=at_least(1), default=1, metavar="P", help="paths to find; the best is written (1)")
    add("--image-weight", type=finite, default=1.0, metavar="W", help="weight of the background (1)")
    add("--flow-weight", type=finite, default=1.0, metavar="W", help="weight of the flow (1)")
    add("--consistency-weight", type=finite, default=0.5, metavar="W", help="weight of the overlap (0.5)")
    add(
        "--inside",
        choices=("rigid", "measured"),
        default="rigid",
        help="flow expected in a mask: its mean, or whatever was measured (rigid)",
    )
    add("--max-overlap", type=at_least(0), default=0, metavar="N", help="pixels that two masks may share (0)")
    add(
        "--algorithm",
        choices=("best_first", "dijkstra"),
        default="best_first",
        help="search for the sets, with the same result (best_first)",
    )
    add("--max-nodes", type=at_least(1), metavar="N", help="nodes to expand per frame at most (ten million)")
    add("--iou-threshold", type=finite, default=0.5, metavar="IOU", help="least IoU of a track's masks (0.5)")
    add("--gap", type=at_least(0), default=0, metavar="N", help="frames that a track may be unseen (0)")
    add_threads(parser)


def run(arguments: argparse.Namespace) -> int:
    """Choose, link, write, and say what it took."""
    use_threads(arguments)
    require_sources(arguments)
    if not 0 < arguments.iou_threshold <= 1:
        given = f"is {arguments.iou_threshold:g}"
        raise Error(f"argument --iou-threshold: {given}, expected more than 0 and at most 1")
    require_writable(arguments.output)
    clock = Clock()
    with clock.step("read"):
        proposals = Proposals(arguments)
        maps = Maps(arguments, proposals.video)
        read = [("the results", arguments.results), ("--videos", arguments.videos), *maps.files]
        require_apart([("-o", arguments.output)], read)
    with progress("path") as report, clock.step("selection"):
        selected = select_masks(
            proposals.masks,
            clock.timed("backgrounds", maps.backgrounds),
            None if maps.flows is None else clock.timed("flows", maps.flows),
            k=arguments.k,
            paths=arguments.paths,
            image_weight=arguments.image_weight,
            flow_weight=arguments.flow_weight,
            consistency_weight=arguments.consistency_weight,
            inside=arguments.inside,
            max_overlap=arguments.max_overlap,
            algorithm=arguments.algorithm,
            max_nodes=arguments.max_nodes,
            progress=report,
        )
    with clock.step("tracks"):
        labels = proposals.annotations(selected, iou_threshold=arguments.iou_threshold, gap=arguments.gap)
    write_dataset(arguments.output, [labels], info=_info(arguments), **proposals.members)
    counts = _counts(proposals, selected, labels)
    _print(arguments, counts, selected, clock.finish("write"))
    return 0


def _info(arguments: argparse.Namespace) -> dict[str, Any]:
    """How the file came to be; no date, so that the same input gives the same bytes."""
    names = (
        "score_threshold",
        "k",
        "paths",
        "image_weight",
        "flow_weight",
        "consistency_weight",
        "no_flow",
        "inside",
        "max_overlap",
        "algorithm",
        "max_nodes",
        "iou_threshold",
        "gap",
    )
    return {
        "description": f"GBOpt pseudo-labels by vislabel {__version__}",
        **{name: getattr(arguments, name) for name in names},
    }


def _counts(proposals: Proposals, selected: SelectedMasks, labels: Annotations) -> dict[str, float]:
    frames, masks = len(selected.proposals), sum(selected.proposals)
    return {
        "frames": frames,
        "identical": proposals.identical,
        "proposals": masks,
        "proposals_per_frame": masks / frames,
        "conflicts": sum(selected.conflicts),
        "nodes": selected.nodes,
        "proven": sum(best.optimal for best in selected.candidates),
        "masks": sum(map(len, selected.chosen)),
        "tracks": len(labels),
    }


def _print(
    arguments: argparse.Namespace,
    counts: dict[str, float],
    selected: SelectedMasks,
    seconds: dict[str, float],
) -> None:
    costs = selected.costs.tolist()
    if arguments.json:
        found = {"counts": counts, "optimal": selected.optimal, "costs": costs}
        print_json({"output": arguments.output, **found, "seconds": seconds})
        return
    print_table(("chosen", "count"), [(_COUNTS[name], count) for name, count in counts.items()])
    print()
    # paths differ far behind the point
    print_table(("path", "cost"), [(n, f"{cost:.9g}") for n, cost in enumerate(costs, 1)])
    nothing = "nothing chosen: it costs least to leave everything to the background"
    print_steps(seconds, [arguments.output], "" if counts["masks"] else nothing)
