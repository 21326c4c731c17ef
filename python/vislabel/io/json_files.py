"""JSON files of any size: mapped into memory, cut into undecoded pieces, written atomically.

msgspec does the parsing: it rounds numbers correctly, refuses NaN, and cuts without a copy (93 MB in 0.2 s).
"""

from __future__ import annotations

import gzip
import math
import mmap
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from vislabel._core import Error
from vislabel.io.given import PathLike, as_path

if TYPE_CHECKING:
    import msgspec

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}:,]', re.DOTALL)
_CONSTANT = re.compile(rb"-?(?:NaN|Infinity)")


def require_msgspec() -> None:
    """Raise the error that says how to install what these files need."""
    try:
        import msgspec  # noqa: F401
    except ImportError as error:
        raise Error("reading and writing JSON files needs msgspec: pip install 'vislabel[io]'") from error


class JsonFile:
    """A JSON file as undecoded pieces.

    The file stays mapped as long as a piece of it lives; replacing it by another one meanwhile is harmless.
    """

    def __init__(self, path: PathLike) -> None:
        require_msgspec()
        self.path = as_path(path)
        self._data = _mapped(self.path)
        if self._data[:3] == b"\xef\xbb\xbf":
            raise Error(f"{self.path}: starts with a byte order mark, expected UTF-8 without one")
        start = re.match(rb"\s*([\[{]?)", self._data)
        opening = start[1] if start else b""
        self.is_list = opening == b"["
        if not opening:
            self._cut(bool)  # finds what is not JSON; a value by itself is nothing either
            raise Error(f"{self.path}: expected a list of results or a dataset object")

    def items(self) -> list[msgspec.Raw]:
        """The elements of a top-level list."""
        import msgspec

        return cast("list[msgspec.Raw]", self._cut(list[msgspec.Raw]))

    def members(self) -> dict[str, msgspec.Raw]:
        """The members of a top-level object."""
        import msgspec

        return cast("dict[str, msgspec.Raw]", self._cut(dict[str, msgspec.Raw]))

    def items_of(self, member: msgspec.Raw) -> list[msgspec.Raw]:
        """The elements of a list, or nothing where the list is null."""
        import msgspec

        return msgspec.json.decode(member, type=list[msgspec.Raw] | None) or []

    def decode(self, piece: msgspec.Raw, where: str) -> Any:
        """The value of a piece; `where` names it in errors."""
        import msgspec

        try:
            return msgspec.json.decode(piece)
        except msgspec.ValidationError as error:
            raise Error(
                f"{self.path}: {where}: a number is out of range, expected less than 1.8e308"
            ) from error
        except (UnicodeDecodeError, msgspec.DecodeError, RecursionError) as error:
            what = "a text is not UTF-8" if _is_not_utf8(error) else str(error)
            raise Error(f"{self.path}: {where}: {what}") from error

    def _cut(self, kind: object) -> object:
        import msgspec

        try:
            return msgspec.json.decode(self._data, type=kind)
        except msgspec.ValidationError:
            raise Error(f"{self.path}: expected a list of results or a dataset object") from None
        except (UnicodeDecodeError, msgspec.DecodeError) as error:
            what = "a key is not UTF-8" if _is_not_utf8(error) else self._syntax_error(str(error))
            raise Error(f"{self.path}: {what}") from error
        except RecursionError as error:
            raise Error(f"{self.path}: nested too deeply") from error

    def _syntax_error(self, message: str) -> str:
        """The place and the kind of a syntax error: msgspec tells the byte only."""
        found = re.search(r"\(byte (\d+)\)", message)
        offset = int(found[1]) if found else len(self._data)
        place = _place(self._data, offset)
        # msgspec points behind the sign of -Infinity
        signed = self._data[offset - 1 : offset] == b"-"
        constant = _CONSTANT.match(self._data, offset - signed)
        if constant:
            return f"{place}{constant[0].decode()} at byte {constant.start()}, expected a finite number"
        if not found:
            return f"{place}not complete JSON: it ends at byte {offset}, expected more"
        return f"{place}not JSON: {message.removeprefix('JSON is malformed: ')}"


def _mapped(path: Path) -> mmap.mmap:
    """The bytes of a file, uncompressed, through an unlinked temporary file where they cannot be mapped."""
    with open(path, "rb") as file:
        regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        zipped = cast("Any", file).peek(2)[:2] == b"\x1f\x8b"
        if regular and not zipped:
            return _map(file, path)
        with tempfile.TemporaryFile() as copy:
            try:
                with gzip.open(file) if zipped else file as source:
                    shutil.copyfileobj(source, copy, 1 << 20)
            except (EOFError, gzip.BadGzipFile, gzip.zlib.error) as error:  # type: ignore[attr-defined]
                raise Error(f"{path}: damaged or truncated gzip data ({error})") from error
            copy.flush()
            return _map(cast("BinaryIO", copy), path)


def _map(file: BinaryIO, path: Path) -> mmap.mmap:
    if os.fstat(file.fileno()).st_size == 0:
        raise Error(f"{path}: the file is empty, expected JSON")
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _place(data: mmap.mmap, offset: int) -> str:
    """Which value of a results or dataset file a byte lies in, as "video 3, result 12, quality[4]: ".

    A walk over the tokens in Python: slow, and used for broken files only.
    """
    path, start = _path_to(data, offset)
    depth = _entry_depth(path)
    words = []
    if len(path) >= depth and isinstance(path[depth - 1], int):
        video = re.search(rb'"video_id"\s*:\s*(-?\d+)', data[start : _end_of_value(data, start)])
        words += [f"video {video[1].decode()}"] if video else []
        kind = "result" if depth == 1 else str(path[0]).removesuffix("s")
        words.append(f"{kind} {path[depth - 1]}")
        path = path[depth:]
    inner = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path if step != "")
    words += [inner.removeprefix(".")] if inner else []
    return ", ".join(words) + ": " if words else ""


def _entry_depth(path: list[int | str]) -> int:
    """How deep the entries (results, annotations) lie: in a list at the top, or in one of an object."""
    return 1 if not path or isinstance(path[0], int) else 2


def _path_to(data: mmap.mmap, offset: int) -> tuple[list[int | str], int]:
    """The keys and indices that lead to a byte, and where the entry around it starts."""
    path: list[int | str] = []
    text, start = "", 0
    for token in _TOKEN.finditer(data, 0, offset):
        symbol = token[0]
        if symbol in (b"[", b"{"):
            path.append(0 if symbol == b"[" else "")
        elif symbol in (b"]", b"}"):
            del path[-1:]
        elif symbol == b":" and path:
            path[-1] = text
        elif symbol == b"," and path:
            path[-1] = path[-1] + 1 if isinstance(path[-1], int) else ""
        elif symbol != b",":
            text = symbol[1:-1].decode(errors="replace")
        if symbol in (b"[", b",") and len(path) == _entry_depth(path):
            start = token.end()
    return path, start


def _end_of_value(data: mmap.mmap, start: int) -> int:
    """Where the list element ends that starts at a byte."""
    depth = 0
    for token in _TOKEN.finditer(data, start):
        depth += (token[0] in (b"[", b"{")) - (token[0] in (b"]", b"}"))
        if depth < 0 or (depth == 0 and token[0] == b","):
            return token.start()
    return len(data)


@contextmanager
def written(path: PathLike) -> Iterator[BinaryIO]:
    """A stream whose content becomes the file at the end of the block, or never.

    *Units and conventions*: gzip where the name ends in ``.gz``; a link keeps pointing to the same place;
    what is not a file (a pipe, ``/dev/stdout``) is written directly. *Errors*: `OSError`; the old file then
    stays as it was.
    """
    require_msgspec()
    as_path(path)
    # the real path of /dev/stdout may not exist, hence the given one
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as file:
            yield file
        return
    target = os.path.realpath(path)
    temporary = f"{target}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        with _named_as(path), open(temporary, "xb") as file:
            if os.path.exists(target):
                shutil.copymode(target, temporary)
            # no name and no time in the header: the same content is the same bytes
            zipped = os.fspath(path).endswith(".gz")
            with gzip.GzipFile("", "wb", 6, file, mtime=0) if zipped else file as stream:
                yield cast("BinaryIO", stream)
                stream.flush()
                os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


@contextmanager
def _named_as(path: PathLike) -> Iterator[None]:
    """Errors name the file the user asked for, not the temporary one."""
    try:
        yield
    except OSError as error:
        if isinstance(error.filename, str) and error.filename.endswith(".tmp"):
            error.filename = os.fspath(path)
        raise


def write_items(stream: BinaryIO, items: Iterable[bytes]) -> None:
    """Write encoded values as a list, one per line."""
    separator = b"[\n"
    for item in items:
        stream.write(separator + item)
        separator = b",\n"
    stream.write(b"[]" if separator == b"[\n" else b"\n]")


def encode(value: object, where: str) -> bytes:
    """The JSON of a value from outside.

    *Errors*: NaN and infinite numbers (which msgspec would silently turn into null); what JSON cannot
    express.
    """
    import msgspec

    try:
        return msgspec.json.encode(_plain(value))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Error(f"{where}: {error}") from error


def encode_entry(known: Mapping[str, object], extra: Mapping[str, object], where: str) -> bytes:
    """The JSON object of an entry: the known keys come first and win.

    The values of `known` are the library's own, finite and of Python's types; to walk over every mask of
    them would take longer than all the rest of the writing.
    """
    import msgspec

    text = msgspec.json.encode(known)
    rest = encode({name: value for name, value in extra.items() if name not in known}, where)
    return text if rest == b"{}" else text[:-1] + b"," + rest[1:]


def _plain(value: object) -> object:
    """Numpy values as Python ones; the walk also finds what is not a finite number."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value}, expected a finite number")
        return value
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


def _is_not_utf8(error: Exception) -> bool:
    """Whether the bytes of a text are the reason: Python's error until msgspec 0.22, its own since."""
    return isinstance(error, UnicodeDecodeError) or str(error).startswith("Invalid UTF-8")
