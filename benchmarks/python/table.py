"""Tables in Markdown, and what stands above them."""

from __future__ import annotations

import datetime
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

import vislabel as vl
from libraries import missing, versions
from timing import BEST, OURS, Row, Time


def markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its columns as wide as their contents."""
    widths = [max(len(line[i]) for line in (header, *lines)) for i in range(len(header))]
    body = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in (header, *lines)
    ]
    return "\n".join([body[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *body[1:]])


def duration(time: Time) -> str:
    """Median and quartiles in one unit."""
    unit, factor = next(
        (u, f) for u, f in (("us", 1e6), ("ms", 1e3), ("s", 1.0)) if time.median * f < 1000 or u == "s"
    )
    low, median, high = (
        f"{value * factor:.3g}" if value * factor < 1000 else f"{value * factor:.0f}"
        for value in (time.low, time.median, time.high)
    )
    return f"~{median} {unit}" if time.estimate else f"{median} ({low}-{high}) {unit}"


def comparison(results: Sequence[tuple[Row, dict[str, Time]]]) -> str:
    """One line per row: everybody's time, ours, and how many times faster we are."""
    peers = list(dict.fromkeys(name for _, times in results for name in times if name != OURS))
    reference = results[0][0].reference  # the same for all rows of a section, but for those without one
    lines = []
    for row, times in results:
        mine = times[OURS].median
        fastest = min((name for name in times if name != OURS), key=lambda name: times[name].median)
        lines.append(
            [
                row.name,
                *(duration(times[peer]) if peer in times else "" for peer in peers),
                duration(times[OURS]),
                f"{times[row.reference].median / mine:.2f}x" if row.reference == reference else "",
                f"{times[fastest].median / mine:.2f}x" + ("" if fastest == row.reference else f" {fastest}"),
            ]
        )
    return markdown(["", *peers, f"**{OURS}**", f"to {reference}", "to the best peer"], lines)


def goals(results: Sequence[tuple[Row, dict[str, Time]]]) -> str:
    """Which rows are as fast as we want them to be."""
    lines, met = [], 0
    for row, times in results:
        for peer, goal in row.goals.items():
            ratio = (best(times) if peer == BEST else times[peer].median) / times[OURS].median
            met += ratio >= goal
            if goal > 1 or ratio < goal:
                verdict = "met" if ratio >= goal else f"**missed**: {ratio / goal:.0%}"
                lines.append([row.name, f"{goal:g}x {peer}", f"{ratio:.2f}x", verdict])
    count = sum(len(row.goals) for row, _ in results)
    text = f"{met} of {count} goals are met. Not listed: those of being as fast as the best peer that are."
    return text + ("\n\n" + markdown(["row", "goal", "measured", ""], lines) if lines else "")


def best(times: dict[str, Time]) -> float:
    """The median of the fastest contender that is not ours."""
    return min(time.median for name, time in times.items() if name != OURS)


def heading(quick: bool) -> str:
    """Where, when and with what the tables were made."""
    build = vl.build_info()
    compiler = build["compiler"] if "clang" in build["compiler"].lower() else f"GCC {build['compiler']}"
    lines = [
        f"- machine: {_processor()}",
        f"- compiler: {compiler}, instruction set {build['isa']}, {'' if build['openmp'] else 'no '}OpenMP",
        f"- Python {platform.python_version()}; {', '.join(versions())}",
        f"- commit {_commit()}, {datetime.datetime.now(datetime.timezone.utc).date().isoformat()}",
    ]
    if missing:
        lines.append(f"- not installed, therefore not in the tables: {', '.join(missing)}")
    if quick:
        lines.append("- a quick run on small sets: a smoke test, not a measurement")
    return "\n".join(lines)


def _processor() -> str:
    names, caches = [], []
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            names += [value.strip()] if key.strip() == "model name" else []
            caches += [value.strip()] if key.strip() == "cache size" else []
    except OSError:
        pass
    name = names[0] if names else platform.processor() or platform.machine()
    flags = f", {len(names)} cores" if names else ""
    return name + flags + (f", cache {caches[0]}" if caches else "") + f", {platform.system()}"


def _commit() -> str:
    here = Path(__file__).parent

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    changed = git("status", "--porcelain", "--", ":/include", ":/python/src", ":/python/vislabel")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (
        " with uncommitted changes" if changed else ""
    )
