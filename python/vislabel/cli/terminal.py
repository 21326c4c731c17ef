"""What the verbs share: arguments with a range, outputs apart from inputs, tables, a bar, the clock."""

from __future__ import annotations

import argparse
import errno
import json
import math
import os
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from vislabel import set_num_threads
from vislabel._core import Error
from vislabel.io.given import PathLike
from vislabel.io.json_files import encode, write_items, written

Report = Callable[[int, int], None]
T = TypeVar("T")


def finite(text: str) -> float:
    """The type of an argument that is a number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}")
    return value


def at_least(least: int, most: int = 2**31 - 1) -> Callable[[str], int]:
    """The type of an argument that is an integer of at least a value, and of at most another one."""

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"expected an integer of at least {least}, got {text!r}")
        if value > most:
            raise argparse.ArgumentTypeError(f"expected an integer of at most {most}, got {text!r}")
        return value

    return convert


def file_name(text: str) -> str:
    """The type of an argument that is a file or a folder."""
    if not text:
        raise argparse.ArgumentTypeError("expected a name, got ''")
    if text == "-":
        raise argparse.ArgumentTypeError("expected a name, got '-': pipes are /dev/stdin and /dev/stdout")
    return text


def named_file(text: str) -> tuple[str, str]:
    """The type of an argument that is a name and a file: NAME=FILE."""
    name, sign, path = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"expected NAME=FILE, got {text!r}")
    return name, file_name(path)


def add_threads(parser: argparse.ArgumentParser) -> None:
    """--threads, which `use_threads` obeys."""
    parser.add_argument("--threads", type=at_least(1, 1024), metavar="N", help="threads to use (all cores)")


def use_threads(arguments: argparse.Namespace) -> None:
    """Set the number of threads, if one is given."""
    if arguments.threads is not None:
        set_num_threads(arguments.threads)


def require_writable(path: PathLike) -> None:
    """Find a missing or protected folder before the work, not after it.

    *Errors*: `OSError`.
    """
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(path))
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))


def require_apart(
    written: Iterable[tuple[str, PathLike]], read: Iterable[tuple[str, PathLike | None]]
) -> None:
    """Refuse outputs that are the same file as an input or as another output, before anything is written.

    Both are pairs of what a file is called in the message and its path; an input may be None, left out.
    *Units and conventions*: links are followed; pipes and devices may be given twice.
    *Errors*: the output, and what else it is.
    """
    taken = {_identity(path): name for name, path in read if path is not None}
    for name, path in written:
        identity = _identity(path)
        if identity is None:
            continue
        if identity in taken:
            raise Error(f"{os.fspath(path)}: {name} is the same file as {taken[identity]}, expected another")
        taken[identity] = name


def _identity(path: PathLike) -> object:
    """What two names of one file have in common; None for what is neither a file nor a folder."""
    try:
        found = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    regular = stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
    return (found.st_dev, found.st_ino) if regular else None


def write_list(path: PathLike, entries: Iterable[object]) -> None:
    """Write a JSON list, one entry per line, atomically."""
    with written(path) as stream:
        write_items(stream, (encode(entry, "an entry") for entry in entries))
        stream.write(b"\n")


def first_of(texts: Sequence[str], most: int = 8) -> str:
    """The first of several texts, and how many more there are."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def printable(value: object) -> str:
    """A text on one line: line ends and control characters become escapes."""
    text = str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def print_json(value: object) -> None:
    """Print one JSON object on one line, in ASCII where stdout lacks a character."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, allow_nan=False)
    print(text)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table: by rich where it is installed and stdout is a terminal, else as aligned text."""
    cells = [[_cell(value) for value in row] for row in rows]
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        Table = None  # type: ignore[assignment, misc]
    # rich would cut long paths to 80 columns where nobody looks at a terminal
    if Table is None or not sys.stdout.isatty():
        _print_plain(columns, cells)
        return
    table = Table()
    for name in columns:
        table.add_column(name, justify="left" if name == columns[0] else "right", overflow="fold")
    for row in cells:
        table.add_row(*row)
    Console(markup=False, highlight=False).print(table)


def print_steps(seconds: dict[str, float], written: Iterable[PathLike], note: str = "") -> None:
    """Print, below a table, that of a `Clock`, a note if there is one, and the files written."""
    print()
    print_table(("step", "seconds"), list(seconds.items()))
    if note:
        print(f"\n{note}")
    print("\n" + "\n".join(map(printable, written)))


def _print_plain(columns: Sequence[str], cells: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for row in [list(columns), *cells]:
        first = row[0].ljust(widths[0])
        rest = (text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))
        print("  ".join([first, *rest]).rstrip())


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return "" if value is None else printable(value)


@contextmanager
def progress(task: str) -> Iterator[Report]:
    """A function that takes the steps done and their number: a bar on a terminal, else nothing."""
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        yield _silent
        return
    if not sys.stderr.isatty():
        yield _silent
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        bar_id = bar.add_task(task, total=None)
        yield lambda done, total: bar.update(bar_id, completed=done, total=total)


def _silent(done: int, total: int) -> None:
    del done, total


class Clock:
    """Seconds spent in each step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._start = time.perf_counter()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time that the block takes to a step, but for what other steps in it take."""
        start, others = time.perf_counter(), sum(self.seconds.values())
        try:
            yield
        finally:
            taken = time.perf_counter() - start - (sum(self.seconds.values()) - others)
            self.seconds[name] = self.seconds.get(name, 0.0) + taken

    def timed(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """The items, of which each is made or read in a step."""
        remaining = iter(items)
        while True:
            with self.step(name):
                try:
                    item = next(remaining)
                except StopIteration:
                    return
            yield item

    def finish(self, rest: str) -> dict[str, float]:
        """All steps, the rest of the time since the start under a name of its own, and the total."""
        total = time.perf_counter() - self._start
        self.seconds[rest] = total - sum(self.seconds.values())
        return {**self.seconds, "total": total}
