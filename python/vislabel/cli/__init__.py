"""The command line: one verb per task.

Exit codes: 0; 2 and one line on stderr where the input or the arguments are bad; 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from vislabel._core import Error, __version__

__all__ = ["main"]


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, _line(self.prog, f"{message} (see {self.prog} --help)"))


def _line(program: str, message: object) -> str:
    from vislabel.cli.terminal import printable

    return f"{program}: {printable(message)}\n"


def _verbs() -> dict[str, ModuleType]:
    """Imported when called, so that Ctrl-C meanwhile is caught."""
    from vislabel.cli import check, filter, fuse, path, prompt, propose, select, show

    return {
        "propose": propose,
        "prompt": prompt,
        "select": select,
        "fuse": fuse,
        "filter": filter,
        "path": path,
        "show": show,
        "check": check,
    }


def _parser(verbs: dict[str, ModuleType]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="vislabel",
        description="Pseudo-labels for video instance segmentation.",
        epilog="vislabel VERB --help shows an example of each.",
    )
    parser.add_argument("--version", action="version", version=f"vislabel {__version__}")
    subparsers = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, module in verbs.items():
        verb = subparsers.add_parser(
            name,
            help=module.SUMMARY,
            description=module.__doc__,
            epilog=f"example:\n  {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        verb.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
        module.add_arguments(verb)
    return parser


def _ready_streams() -> None:
    """Streams that are closed take nothing, and those that lack a character take its escape."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv
        The arguments; left out: those of the process.
    """
    program = "vislabel"
    try:
        _ready_streams()
        verbs = _verbs()
        arguments = _parser(verbs).parse_args(argv)
        program = f"vislabel {arguments.verb}"
        code: int = verbs[arguments.verb].run(arguments)
        sys.stdout.flush()
        return code
    except SystemExit as leaving:  # argparse's, after --help and errors
        return leaving.code if isinstance(leaving.code, int) else 0
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # the reader of stdout has left: nothing to say, and Python must not try again while it shuts down
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        sys.stderr.write(_line(program, f"{error.filename}: {reason}" if error.filename else reason))
        return 2
    except MemoryError as error:
        sys.stderr.write(
            _line(program, f"not enough memory ({error})" if str(error) else "not enough memory")
        )
        return 2
    except Error as error:
        sys.stderr.write(_line(program, error))
        return 2
