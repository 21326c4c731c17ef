"""The two cues that GBOpt chooses masks by, for a static camera's video, without any model weights.

`background_maps` says how probable it is that a pixel shows the background, `flows` where it goes in the next
frame: what `vislabel.path.select_masks` reads. The paper has both from trained networks, which know a parked
car for an object too, and bear a moving camera. These do not: background is what a pixel shows mostly.

>>> import numpy as np, vislabel as vl
>>> video = np.full((8, 32, 32, 3), 100, np.uint8)
>>> video[3, 10:20, 10:20] = 200
>>> before, now = list(vl.cues.background_maps(video))[2:4]
>>> print(int((before < 0.5).sum()), now[15, 15] < 0.01, now[2, 2] > 0.99)
0 True True
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from vislabel import Error
from vislabel._arrays import integer, number
from vislabel._background import RobustBackground, Rule
from vislabel._clips import Clip, Frames, opened
from vislabel._sources import Flow, Settings
from vislabel._video import Frame

__all__ = ["Frames", "background_maps", "flows"]

Progress = Callable[[int, int], None]


def background_maps(
    video: Frames,
    *,
    start: int = 0,
    stop: int | None = None,
    learn_from: Frames | None = None,
    samples: int = 25,
    least_sigma: float = 2.0,
    darkest_shadow: float = 0.7,
    prior: float = 0.9,
    certainty: float = 0.9975,
    blur: float = 1.5,
    progress: Progress | None = None,
) -> Iterator[NDArray[np.float32]]:
    """The probability that each pixel shows the background, for frames [start, stop), one after the other.

    Per pixel and channel of YCrCb the background is a Gaussian: mean and sigma of the samples within three
    sigmas of the median, taking 1.4826 times the median absolute deviation for sigma there. On an object all
    of the C colours are alike. By Bayes' rule the log odds of background are

        log(prior / (1 - prior)) + log C + log max(0.95 N(x; mean, sigma), 0.05 S(x)),

    S being the density in a shadow, which scales brightness and chroma of the mean by anything from
    `darkest_shadow` to 1. The log odds are clipped at those of `certainty`, averaged over neighbours, and
    turned into a probability.

    Parameters
    ----------
    video : str or Path, or array [T, H, W, 3] of uint8
        A video file or a folder of images, which are streamed, or RGB frames: an array, a list, anything that
        has a length and can be looped over more than once.
    start, stop : int
        Frames, numbered from 0; `stop` is exclusive, None means the end.
    learn_from : as `video`, optional
        What the background is learned from, of the same camera. Default: the frames that get a map. Where
        these are few, or somebody stands there for half of them, a longer part of the video is better, unless
        its light changes: for frames 100 to 299 of vtest.avi, learning from all 795 takes five times as much
        of the background for objects.
    samples : int
        How many frames of it are learned from, evenly spread. From 9 to 101 of them gave the same maps but
        for 0.001 in the mean on vtest.avi; where more passes by, more are better.
    least_sigma : float
        Least sigma, grey levels: not all that changes has been seen to change. The medians measured on
        vtest.avi are 1.7 for Y and 0.7 for Cr and Cb.
    darkest_shadow : float
        How dark shadows get, as a share of the light; 1: there are none. On vtest.avi what is taken for
        objects around the people is 29% of their area with 1, 1% with 0.8, 0.3% with 0.7; with 0.5 twice as
        much of the people is lost as with 0.7 (0.7%), where they wear grey on the grey road.
    prior : float
        Probability of background before a pixel is seen.
    certainty : float
        The largest probability; the smallest is 1 - `certainty`. No pixel then adds more than 6 to the cost
        of a mask, whichever it is: a mask pays where more than half of it looks like objects.
    blur : float
        Sigma of the average over neighbours, pixels; 0: none. It takes away specks and closes small holes:
        1.0% of the people without it, 0.4% with 1.5; wider ones lose what is thin.
    progress : callable, optional
        Called with the number of steps done and of all steps: one per frame to learn from, one per map.

    Returns
    -------
    iterator of T float32 [H, W]
        From 1 - `certainty` to `certainty`. The background is learned when the first is asked for.

    Raises
    ------
    vislabel.Error
        What `vislabel.propose.read_video` raises; frames that are not [H, W, 3] of uint8, or of several
        sizes; an option that is no number, or out of its range. At the call, but for frames that are wrong
        further on.

    Notes
    -----
    Gaussian: Wren et al. 1997 (Pfinder), shadows: Horprasert et al. 1999; estimates and the rest are this
    project's own. Two passes through the video; `samples` frames are held at a time, then one.

    On vtest.avi (768 x 576), one core: 0.4 s to learn, 9 ms per map. Of the pixels in masks that background
    subtraction and flow agree on, 99.6% are below 0.5 there (mean 0.008); of those far from any proposal,
    99.8% are above (mean 0.996), and the others are mostly people behind a sign whom no source proposes.
    """
    rule = Rule(
        integer(samples, "samples"),
        number(least_sigma, "least_sigma"),
        number(darkest_shadow, "darkest_shadow"),
        number(prior, "prior"),
        number(certainty, "certainty"),
        number(blur, "blur"),
    )
    clip = opened(video, "video", start, stop)
    source = clip if learn_from is None else opened(learn_from, "learn_from")
    if source.size != clip.size:
        raise Error(
            f"{source.path} has frames of size {source.size}, expected {clip.size} as {clip.path} has"
        )
    return _maps(clip, source, rule, progress or (lambda done, total: None))


def _maps(clip: Clip, source: Clip, rule: Rule, report: Progress) -> Iterator[NDArray[np.float32]]:
    steps = len(source) + len(clip)
    chosen = set(np.linspace(0, len(source) - 1, rule.samples).round().astype(int).tolist())

    def sampled() -> Iterator[Frame]:
        for t, frame in enumerate(source):
            if t in chosen:
                yield frame
            report(t + 1, steps)

    background = RobustBackground(sampled(), rule)
    for t, frame in enumerate(clip):
        yield background.map(frame)
        report(len(source) + t + 1, steps)


def flows(
    video: Frames,
    *,
    start: int = 0,
    stop: int | None = None,
    preset: int = 2,
    progress: Progress | None = None,
) -> Iterator[NDArray[np.float32]]:
    """The optical flow from each of the frames [start, stop) to the next one.

    Parameters
    ----------
    video, start, stop
        As of `background_maps`.
    preset : int
        Preset of the DIS flow, 0 (fastest) to 2 (best).
    progress : callable, optional
        Called with the number of flows done and of all flows.

    Returns
    -------
    iterator of T - 1 float32 [H, W, 2]
        How far each pixel moves, to the right and down, in pixels.

    Raises
    ------
    vislabel.Error
        What `background_maps` raises; frames that are too small for the flow: 16 pixels on each side are
        enough (32 where `preset` is 0 or 1).

    Notes
    -----
    DIS flow (Kroeger et al. 2016) is OpenCV's. One pass through the video, two frames are held at a time. On
    vtest.avi (768 x 576), one core: 60 ms per flow, 14 with `preset` 1 and 7 with 0; far from any proposal
    the mean of |x| + |y| is 0.07, 0.09 and 0.14.
    """
    chosen = integer(preset, "preset")
    if not 0 <= chosen <= 2:
        raise Error(f"preset is {chosen}, expected 0 to 2")
    clip, flow = opened(video, "video", start, stop), Flow(Settings(flow_preset=chosen))
    if len(clip) > 1:
        flow.require_size(clip.size, clip.path)
    return _flows(clip, flow, progress or (lambda done, total: None))


def _flows(clip: Clip, flow: Flow, report: Progress) -> Iterator[NDArray[np.float32]]:
    for t, (now, after) in enumerate(pairwise(clip)):
        yield flow.between(now, after)
        report(t + 1, len(clip) - 1)
