"""Candidate tracks of a static camera's video, without any model weights.

This stands in for the detections of a video instance segmentation model: it makes real masks, scores and
predicted IoUs to feed the selection, in a demonstration or a test. It is **not** such a model. It finds what
moves in front of a camera that does not, knows no classes, and its scores are measures of steadiness and
agreement, not learned probabilities: expect lower ones, and threshold lower, than the paper does.

Two sources propose independently of each other: what differs from the background (`background`, and
`background-joined`, where parts above each other grow together) and what moves from frame to frame (`flow`).
Each links its masks over time. Duplicates of one object and fragments are left in: removing them is the
selection's work. How well the two sources agree is the predicted IoU.

`prompt_boxes` makes masks of another kind, one in each box that it is given: it stands in for a model that is
prompted with boxes (HQ-SAM), of which the fusion of sources needs one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vislabel import Error, iou
from vislabel._arrays import ArrayLike, Float64, box_tracks, integer, number
from vislabel._grabcut import BoxPrompt
from vislabel._link import Chain, LinkRule, link
from vislabel._masks import Masks
from vislabel._sources import DEFAULT, SETTINGS, Background, Flow, Settings
from vislabel._tracks import Tracks
from vislabel._video import Frame, Video, read_video

__all__ = ["SETTINGS", "Candidates", "Settings", "Video", "prompt_boxes", "propose", "read_video"]

Progress = Callable[[int, int], None]

# Which sources see with the same eyes: agreement counts only between different ones.
ROOT = {"background": "background", "background-joined": "background", "flow": "flow"}


@dataclass(frozen=True)
class Candidates:
    """What `propose` found.

    Attributes
    ----------
    tracks : Tracks [N, T]
    scores : float64 [N]
        0 to 1.
    predicted_iou : float64 [N, T]
        0 to 1; 0 where the track is absent.
    source : list of N str
        Who proposed the track: "background", "background-joined" or "flow".
    size : (H, W)
    frames : int
        T.
    """

    tracks: Tracks
    scores: NDArray[np.float64]
    predicted_iou: NDArray[np.float64]
    source: list[str]
    size: tuple[int, int]
    frames: int


def propose(
    video_path: str | Path,
    *,
    start: int = 0,
    stop: int | None = None,
    settings: Settings = DEFAULT,
    progress: Progress | None = None,
) -> Candidates:
    """Candidate tracks of what moves in the frames [start, stop) of a static camera's video.

    Parameters
    ----------
    video_path : str or Path
        A video file, or a folder of images.
    start, stop : int
        Frames, numbered from 0; `stop` is exclusive, None means the end. The background is learned from these
        frames alone.
    settings : Settings
        `SETTINGS` holds two proven ones.
    progress : callable, optional
        Called with the number of steps done and of all steps, 2 per frame.

    Returns
    -------
    Candidates
        The score of a track is steadiness * compactness * share of its life in which it is seen *
        life / (life + least_life). Steadiness is the mean ratio of the areas of its successive masks (people
        who meet and part jump in area); compactness the mean share of its box that a mask fills, half of it
        being full marks (a fluttering tape fills little); life counts the frames from the first sight to the
        last. The predicted IoU of a mask is its largest IoU with a mask of the other source in that frame.
        Both run lower than a model's: on vtest.avi a quality threshold of 0.45 keeps the good masks.

    Raises
    ------
    vislabel.Error
        What `read_video` raises; frames that are too small for the flow: 16 pixels on each side are enough
        (32 where `settings.flow_preset` is 0 or 1).

    Notes
    -----
    This project's own. MOG2 (Zivkovic 2004), DIS flow (Kroeger et al. 2016) and GrabCut (Rother et al. 2004)
    are OpenCV's. Its random numbers are seeded here, with ``cv2.setRNGSeed(0)``, so that the same video gives
    the same tracks; they are one state of the process, which a caller who draws from it finds reseeded. Two
    passes through the video; 2 * flow_step + 1 frames and the packed masks are held at a time.
    """
    video = read_video(video_path, start=start, stop=stop)
    found: dict[str, list[Masks]] = {"background": [], "background-joined": [], "flow": []}
    step = min(settings.flow_step, len(video))  # beyond the ends there is nothing, however far
    report = progress or (lambda done, total: None)
    background, flow = Background(settings), Flow(settings)
    flow.require_size(video.size, video_path)
    for t, frame in enumerate(video):
        background.learn(frame)
        report(t + 1, 2 * len(video))
    for t, (before, now, after) in enumerate(_with_neighbours(video, step)):
        fine, joined = background.masks(now, (settings.close_size, settings.join_size))
        found["background"].append(fine)
        found["background-joined"].append(joined)
        found["flow"].append(flow.masks(before, now, after))
        report(len(video) + t + 1, 2 * len(video))
    return _candidates(found, video, settings)


def prompt_boxes(
    video_path: str | Path,
    boxes: ArrayLike,
    *,
    start: int = 0,
    stop: int | None = None,
    iterations: int = 2,
    ring: float = 0.3,
    pixels: int = 20_000,
    progress: Progress | None = None,
) -> Tracks:
    """The object in each box, cut out along the edges of the picture by GrabCut: [N, T].

    A stand-in for HQ-SAM, **not** a model: it knows nothing of objects, and takes for the object what has
    other colours than the surroundings of the box. Where these are alike, or the background in the box has a
    colour of its own, the mask is wrong; where the object goes on outside its box, there is often none.

    Parameters
    ----------
    video_path : str or Path
        A video file, or a folder of images.
    boxes : array [N, T, 4]
        x, y, width, height in pixels; four NaN where the object is absent, which it then is in the result.
    start, stop : int
        Frames, numbered from 0; `stop` is exclusive, None means the end. T of them.
    iterations : int
        Of GrabCut.
    ring : float
        Width of the ring around a box that is certain background, as a share of the square root of the box's
        area; at least 4 pixels. Wider ones show more of the background, and cost more.
    pixels : int
        Most pixels, of a box and its ring, at which GrabCut works; more are reduced first.
    progress : callable, optional
        Called with the number of frames done and of all frames.

    Returns
    -------
    Tracks
        No mask leaves its box, rounded outwards to whole pixels. Where GrabCut finds nothing, or the box has
        fewer than 16 pixels of the frame, it is absent: an empty mask would be a candidate of the fusion.
        Boxes that cover the frame, with nothing around them, give all of it.

    Raises
    ------
    vislabel.Error
        What `read_video` raises; boxes of another shape, partly NaN, infinite, or with a negative side; an
        option that is no number, or out of its range.

    Notes
    -----
    GrabCut (Rother et al. 2004) is OpenCV's; its random numbers are seeded as in `propose`. About 10 ms
    per box of 2,300 pixels.
    """
    prompt = BoxPrompt(integer(iterations, "iterations"), number(ring, "ring"), integer(pixels, "pixels"))
    video = read_video(video_path, start=start, stop=stop)
    rows = _box_rows(boxes, len(video))
    report = progress or (lambda done, total: None)
    found, track_of, frame_of = [Masks(np.zeros((0, *video.size), bool))], [], []
    for t, frame in enumerate(video):
        for n in np.flatnonzero(~np.isnan(rows[:, t, 0])):
            piece = prompt.cut_out(frame, rows[n, t])
            if piece is None or not piece[2].any():
                continue
            # packed one by one: a frame may have a thousand boxes
            dense = np.zeros((1, *video.size), bool)
            dense[0][piece[:2]] = piece[2]
            found.append(Masks(dense))
            track_of.append(n)
            frame_of.append(t)
        report(t + 1, len(video))
    places = np.array(track_of, np.int64), np.array(frame_of, np.int64)
    return Tracks.from_masks(Masks.concatenate(found), *places, shape=rows.shape[:2])


def _box_rows(boxes: ArrayLike, frames: int) -> Float64:
    """The boxes as float64 [N, frames, 4], checked."""
    rows = box_tracks(boxes, "boxes")
    if rows.shape[1] != frames:
        raise Error(f"boxes has {rows.shape[1]} frames, expected {frames} as the video has")
    absent = np.isnan(rows)
    partly = absent.any(axis=2) & ~absent.all(axis=2)
    for n, t in np.argwhere(partly | (abs(rows) >= 1e100).any(axis=2) | (rows[..., 2:] < 0).any(axis=2)):
        raise Error(
            f"boxes[{n}][{t}] is {rows[n, t].tolist()}, expected x, y, width, height below 1e100 with sides "
            "of at least 0, or four NaN"
        )
    return rows


def _with_neighbours(
    frames: Iterable[Frame], step: int
) -> Iterator[tuple[Frame | None, Frame, Frame | None]]:
    """Each frame between the ones `step` before and after it; None beyond the ends."""
    window: list[Frame | None] = [None] * (2 * step + 1)
    for frame in chain(frames, repeat(None, step)):
        window = [*window[1:], frame]
        now = window[step]
        if now is not None:
            yield window[0], now, window[-1]


def _candidates(found: dict[str, list[Masks]], video: Video, settings: Settings) -> Candidates:
    """Link each source's masks into tracks, and score them."""
    rule = LinkRule(settings.link_iou, settings.link_area_ratio, settings.gap)
    chains = [
        (name, seen)
        for name, frames in found.items()
        for seen in link(frames, rule)
        if len(seen.frame) >= settings.least_life
    ]
    agreement = {name: _agreements(found, name) for name in found}
    slots = [
        (n, t, name, k)
        for n, (name, seen) in enumerate(chains)
        for t, k in zip(seen.frame, seen.index, strict=True)
    ]
    predicted = np.zeros((len(chains), len(video)))
    for n, t, name, k in slots:
        predicted[n, t] = agreement[name][t][k]
    none = Masks(np.zeros((0, *video.size), bool))
    tracks = Tracks.from_masks(
        Masks.concatenate([none, *(found[name][t][k] for _, t, name, k in slots)]),
        np.array([n for n, *_ in slots], np.int64),
        np.array([t for _, t, *_ in slots], np.int64),
        shape=predicted.shape,
    )
    scores = np.array([_score(seen, settings.least_life) for _, seen in chains], np.float64)
    return Candidates(tracks, scores, predicted, [name for name, _ in chains], video.size, len(video))


def _agreements(found: dict[str, list[Masks]], name: str) -> list[NDArray[np.float64]]:
    """Per frame, the largest IoU of each mask of a source with any mask of the sources that see otherwise."""
    others = [frames for other, frames in found.items() if ROOT[other] != ROOT[name]]
    return [_agreement(masks, [frames[t] for frames in others]) for t, masks in enumerate(found[name])]


def _agreement(masks: Masks, others: Sequence[Masks]) -> NDArray[np.float64]:
    """Largest IoU of each mask with any of the others', [K]."""
    best = np.zeros(len(masks))
    for other in others:
        if len(other) and len(masks):
            best = np.maximum(best, iou.mask_iou(masks, other).max(axis=1))
    return best


def _score(seen: Chain, least_life: int) -> float:
    """The score of a track, in [0, 1]: see `propose`."""
    area, box = np.array(seen.area, np.float64), np.stack(seen.box)
    ratio = np.minimum(area[1:], area[:-1]) / np.maximum(area[1:], area[:-1])
    steadiness = float(np.mean(ratio)) if ratio.size else 1.0
    compactness = float(np.mean(np.minimum(1.0, 2 * area / (box[:, 2] * box[:, 3]))))
    life = seen.frame[-1] - seen.frame[0] + 1
    return steadiness * compactness * len(area) / (life + least_life)
