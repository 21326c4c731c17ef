"""How good are fused masks? PM-VIS's fusion on DAVIS-2017, against every source, the best one and a vote.

OSVOS's masks stand for the truth, and their boxes for the annotations. The sources are RVOS's proposals, to
be assigned, and three corruptions of the truth. No peer and no clock: quality only.

    python benchmarks/python/fusion_quality.py            the tables of docs/pm-vis.md
    python benchmarks/python/fusion_quality.py --quick    every eighth frame and one seed
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import vislabel as vl
from fusion_sources import Dense, Float, Sources, Video, four_sources, three_sources, twins, videos
from table import markdown

# --- what is measured ---------------------------------------------------------------------------------------


def iou(truth: Any, tracks: Any) -> Float:
    """IoU of every slot, [N, T]; absent: 0."""
    values: Float = vl.fuse.remove_inaccurate(truth, tracks, threshold=0).iou
    return values


def voted(sources: list[vl.Tracks]) -> vl.Tracks:
    """The pixels of more than half of the sources that are present."""
    votes = sum(tracks.to_dense().astype(np.int8) for tracks in sources)
    present = np.sum([tracks.present for tracks in sources], axis=0)
    return vl.Tracks(2 * votes > present[:, :, None, None], present=present > 0)


@dataclass
class Outcome:
    """Everything about one video, slot by slot: [K] annotated instance-frames."""

    names: tuple[str, ...]
    sources: Float
    """[S, K]: IoU with the truth."""
    winner: npt.NDArray[np.int64]
    rules: dict[str, Float]
    """[K] each: IoU of what a rule makes of the sources."""
    fit: Float
    """[S, K]: IoU of the sources' boxes with the annotated one."""
    decider: npt.NDArray[np.int64]
    """[K]: of the sources that are neither the winner nor the best, the one that prefers the winner most."""
    shared: Float
    """[2, K]: IoU of the decider's errors with those of the winner and of the best; right choices: 0."""


def outcome(video: Video, sources: Sources) -> Outcome:
    result = vl.fuse.pseudo_masks(sources, video.boxes)
    tracks, there = list(result.sources.values()), video.there
    each = np.stack([iou(video.truth, source)[there] for source in tracks])
    winner, best, slots = result.winner[there], each.argmax(axis=0), np.arange(each.shape[1])
    scores = np.asarray(vl.fuse.scm(tracks, tracks, video.boxes))[:, :, there]
    fit = np.sqrt(scores[range(len(tracks)), range(len(tracks))])  # a mask's SCM with itself is H squared
    vote = voted(tracks)
    rules = {
        "fused": iou(video.truth, result.fused)[there],
        "fused, DOOB": iou(video.truth, result.tracks)[there],
        "vote": iou(video.truth, vote)[there],
        "vote, DOOB": iou(video.truth, vl.fuse.doob(vote, video.boxes))[there],
        "best choice": each.max(axis=0),
        "by boxes alone": each[fit.argmax(axis=0), slots],
        "by masks alone": each[sum_of_ious(tracks)[:, there].argmax(axis=0), slots],
        "any choice": each.mean(axis=0),
    }
    preference = scores[winner, :, slots] - scores[best, :, slots]
    preference[slots, winner] = preference[slots, best] = -np.inf
    decider = preference.argmax(axis=1)
    shared = np.zeros((2, len(slots)))
    for k, (n, t) in enumerate(np.argwhere(there)):
        if each[winner[k], k] < each[best[k], k]:
            third, *both = (tracks[s].frame(t)[[n]].to_dense()[0] for s in (decider[k], winner[k], best[k]))
            shared[:, k] = [_shared(video.truth[n, t], third, mask) for mask in both]
    return Outcome(result.names, each, winner, rules, fit, decider, shared)


def sum_of_ious(tracks: list[vl.Tracks]) -> Float:
    """Per source the sum of its IoUs with the others, [S, N, T]: SHQM without boxes."""
    out = np.zeros((len(tracks), *tracks[0].shape))
    for i, j in combinations(range(len(tracks)), 2):
        pair = iou(tracks[i], tracks[j])
        out[i] += pair
        out[j] += pair
    return out


def _shared(truth: Dense, a: Dense, b: Dense) -> float:
    a, b = a ^ truth, b ^ truth
    union = int((a | b).sum())
    return int((a & b).sum()) / union if union else 0.0


def joined(outcomes: list[Outcome]) -> Outcome:
    """Several videos as one."""

    def end_to_end(parts: list[Any]) -> Any:
        if isinstance(parts[0], dict):
            return {key: end_to_end([part[key] for part in parts]) for key in parts[0]}
        return parts[0] if isinstance(parts[0], tuple) else np.concatenate(parts, axis=-1)

    return Outcome(*(end_to_end([getattr(o, field.name) for o in outcomes]) for field in fields(Outcome)))


# --- tables -------------------------------------------------------------------------------------------------


def quality(named: list[tuple[str, Outcome]], fewer: Outcome) -> str:
    """Mean IoU with the truth, video by video, their mean, that of all slots, and without the last source."""
    rules = ["fused", "fused, DOOB", "vote", "vote, DOOB", "best choice"]
    names = named[0][1].names
    header = ["sequence", "masks", *names, "best source", *rules]

    def row(o: Outcome) -> list[float]:
        each = o.sources.mean(axis=1)
        return [*each, each.max(), *(o.rules[rule].mean() for rule in rules)]

    rows = {name: row(o) for name, o in named}
    lines = [[name, str(o.sources.shape[1]), *_text(rows[name])] for name, o in named]
    everything = joined([o for _, o in named])
    lines.append(["mean of sequences", "", *_text(np.mean(list(rows.values()), axis=0))])
    lines.append(["all masks", str(everything.sources.shape[1]), *_text(row(everything))])
    few, gap = _text(row(fewer)), len(fewer.names)
    lines.append([f"without {names[-1]}", str(fewer.sources.shape[1]), *few[:gap], "", *few[gap:]])
    return markdown(header, lines)


def _text(numbers: Any) -> list[str]:
    return [f"{number:.3f}" for number in numbers]


def choices(o: Outcome) -> str:
    """Source by source: how good, how often best, how often chosen, and what a wrong choice costs."""
    best, slots = o.sources.max(axis=0), np.arange(len(o.winner))
    loss = best - o.sources[o.winner, slots]
    lines = []
    for s, name in enumerate(o.names):
        wins = o.winner == s
        wrong = wins & (loss > 0)
        lines.append(
            [
                name,
                f"{o.sources[s].mean():.3f}",
                f"{(o.sources[s] == best).mean():.1%}",
                f"{wins.mean():.1%}",
                f"{1 - wrong.sum() / max(wins.sum(), 1):.1%}",
                f"{loss[wrong].mean() if wrong.any() else 0:.3f}",
            ]
        )
    header = ["source", "mean IoU", "is the best", "wins", "of its wins right", "mean loss of the others"]
    return markdown(header, lines)


def losses(o: Outcome) -> str:
    """The numbers of the explanation."""
    best, slots = o.sources.argmax(axis=0), np.arange(len(o.winner))
    loss = o.sources[best, slots] - o.sources[o.winner, slots]
    right, clear = loss == 0, loss > 0.05

    def of(source: Any) -> str:
        return f"{o.sources[source, slots][clear].mean():.3f}"

    worst = o.sources[o.decider, slots] < o.sources[o.winner, slots]
    fits = o.fit[o.winner, slots] > o.fit[best, slots]
    lines = [
        ["the winner is the best candidate", f"{right.mean():.1%}"],
        ["the winner is within 0.02 of it", f"{(loss <= 0.02).mean():.1%}"],
        ["mean loss where it is not the best", f"{loss[~right].mean():.3f}"],
        ["it loses more than 0.05", f"{clear.mean():.1%}"],
        ["what these are of the whole loss", f"{loss[clear].sum() / loss.sum():.1%}"],
        [
            "there: mean IoU of the best, the winner, the decider",
            f"{of(best)}, {of(o.winner)}, {of(o.decider)}",
        ],
        ["there: the decider is worse than both", f"{worst[clear].mean():.1%}"],
        ["there: errors that the decider shares with the winner", f"{o.shared[0, clear].mean():.3f}"],
        ["there: errors that the decider shares with the best", f"{o.shared[1, clear].mean():.3f}"],
        ["there: the winner's box fits better than the best's", f"{fits[clear].mean():.1%}"],
    ]
    lines += [
        [f"mean IoU, {rule}", f"{o.rules[rule].mean():.3f}"]
        for rule in ("any choice", "by masks alone", "fused", "by boxes alone", "best choice")
    ]
    return markdown(["all masks", ""], lines)


# --- errors in common ---------------------------------------------------------------------------------------


MIXED = {"eroded": 0.25, "dilated": 0.25, "shifted": 0.25, "holes": 0.25}
CASES: list[tuple[str, dict[str, float], float]] = [
    ("errors of their own", MIXED, 0.0),
    ("half of the errors shared", MIXED, 0.5),
    ("all errors shared", MIXED, 1.0),
    ("all shared, shifts only", {"shifted": 1.0}, 1.0),
    ("all shared, holes only", {"holes": 1.0}, 1.0),
]


def in_common(every: list[Video]) -> str:
    lines = []
    for name, habit, common in CASES:
        o = joined([outcome(video, twins(video, seed, common, habit)) for seed, video in enumerate(every)])
        slots = np.arange(len(o.winner))
        loss = o.sources.max(axis=0) - o.sources[o.winner, slots]
        third_best = o.sources[2] == o.sources.max(axis=0)
        lines.append(
            [
                name,
                *_text(o.sources.mean(axis=1)),
                f"{third_best.mean():.1%}",
                f"{(o.winner == 2).mean():.1%}",
                f"{(loss == 0).mean():.1%}",
                *_text(o.rules[rule].mean() for rule in ("fused", "vote", "by boxes alone", "best choice")),
            ]
        )
    header = ["errors", "first", "its twin", "third", "third is best", "third wins", "winner is best"]
    return markdown([*header, "fused", "vote", "by boxes alone", "best choice"], lines)


def spread(every: list[Video], seeds: int) -> str:
    """The same with other corruptions, the least and the largest over the seeds."""
    found = [
        _measures([outcome(video, four_sources(video, seed)) for video in every]) for seed in range(seeds)
    ]
    lines = [
        [name, *(_short(number) for number in (np.mean(values), np.min(values), np.max(values)))]
        for name, values in ((name, [measures[name] for measures in found]) for name in found[0])
    ]
    return markdown([f"{seeds} seeds", "mean", "least", "largest"], lines)


def _short(number: Any) -> str:
    return f"{number:.3f}" if number % 1 else f"{number:.0f}"


def _measures(outcomes: list[Outcome]) -> dict[str, float]:
    o = joined(outcomes)
    chosen = o.sources[o.winner, np.arange(len(o.winner))]
    means = {
        rule: float(o.rules[rule].mean()) for rule in ("fused", "fused, DOOB", "vote, DOOB", "by boxes alone")
    }
    lost = [p.rules["fused"].mean() < p.sources.mean(axis=1).max() for p in outcomes]
    return {
        "mean IoU, best source": float(o.sources.mean(axis=1).max()),
        **{f"mean IoU, {rule}": mean for rule, mean in means.items()},
        "the winner is the best candidate": float((chosen == o.sources.max(axis=0)).mean()),
        f"of {len(outcomes)} sequences, fused below their best source": float(sum(lost)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="every eighth frame and one seed")
    quick = parser.parse_args().quick
    every = videos(8 if quick else 1)
    named = [(video.name, outcome(video, four_sources(video, 0))) for video in every]
    everything = joined([o for _, o in named])
    fewer = joined([outcome(video, three_sources(video, 0)) for video in every])
    print("Mean IoU with the truth\n\n" + quality(named, fewer))
    print("\nWho wins, over all masks\n\n" + choices(everything))
    print("\nWhat the choice loses\n\n" + losses(everything))
    print("\nErrors in common\n\n" + in_common(every))
    print("\nOther seeds\n\n" + spread(every, 1 if quick else 5))


if __name__ == "__main__":
    main()
