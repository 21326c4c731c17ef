"""Datasets: videos, categories and annotations, of people or of the selection methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from vislabel._core import Error
from vislabel.io.defects import INTEGER, LIST, Defect, ascends, in_fields, packed, shown
from vislabel.io.entries import annotations_of, in_annotation, segmentations_of, shape_of
from vislabel.io.given import PathLike
from vislabel.io.json_files import JsonFile
from vislabel.io.records import Annotations, Video

if TYPE_CHECKING:
    import msgspec

_VIDEO = {"id": INTEGER, "width": INTEGER, "height": INTEGER, "length": INTEGER, "file_names": LIST}


class Dataset:
    """A dataset file: everything but the annotations in memory, these read one video at a time.

    `len` is the number of videos; iterating gives their `Annotations` in the order of `videos`, those of a
    video without annotations too. Made by `read_dataset`.
    """

    def __init__(self, path: PathLike | JsonFile) -> None:
        self._file = path if isinstance(path, JsonFile) else JsonFile(path)
        self.path = self._file.path
        if self._file.is_list:
            raise Error(f"{self.path}: expected an object with videos and annotations, got a list (results?)")
        members = self._file.members()
        if "videos" not in members:
            keys = ", ".join(list(members)[:6])
            raise Error(
                f'{self.path}: has no "videos", expected a dataset with videos and annotations (keys: {keys})'
            )
        pieces = {name: self._pieces_of(members, name) for name in ("videos", "annotations")}
        rest = {
            name: self._file.decode(piece, name)
            for name, piece in members.items()
            if name not in ("videos", "annotations")
        }
        self.defects: list[Defect] = []
        self.videos: tuple[Video, ...] = tuple(self._read_videos(pieces["videos"]))
        self.categories: list[dict[str, Any]] = self._read_categories(rest.pop("categories", None))
        self.info: Any = rest.pop("info", {})
        self.licenses: Any = rest.pop("licenses", [])
        self.extra: dict[str, Any] = rest
        self._by_id = {video.id: video for video in self.videos}
        self._pieces = pieces["annotations"]
        self._rows = self._grouped()

    def __len__(self) -> int:
        return len(self.videos)

    def __contains__(self, video_id: object) -> bool:
        """Whether the file has a video, by its id."""
        return video_id in self._by_id

    def __iter__(self) -> Iterator[Annotations]:
        for video in self.videos:
            yield self.annotations(video.id)

    def __repr__(self) -> str:
        return f"Dataset({str(self.path)!r}: {len(self._pieces)} annotations of {len(self)} videos)"

    def video(self, video_id: int) -> Video:
        """The video of an id.

        *Errors*: there is none.
        """
        if video_id not in self._by_id:
            raise Error(f"{self.path}: has no video {video_id}")
        return self._by_id[video_id]

    def annotations(self, video_id: int) -> Annotations:
        """The annotations of one video, in the order of the file.

        *Errors*: an id without a video; whatever is wrong with the annotations, the first defect.
        """
        self.video(video_id)
        annotations, defects = self.inspect(video_id)
        if annotations is None:
            raise Error(f"{self.path}: {defects[0]}")
        return annotations

    def inspect(self, video_id: int) -> tuple[Annotations | None, list[Defect]]:
        """The annotations of one video, or None and everything that is wrong with them."""
        video = self._by_id[video_id]
        indices = self._rows[video_id]
        wheres = [f"video {video_id}, annotation {i}" for i in indices]
        entries = [
            self._file.decode(self._pieces[i], where) for i, where in zip(indices, wheres, strict=True)
        ]
        pairs = list(zip(entries, wheres, strict=True))
        known = {category["id"] for category in self.categories}
        defects = list(
            chain.from_iterable(in_annotation(entry, where, video, known) for entry, where in pairs)
        )
        if defects:
            return None, defects
        rows = [segmentations_of(entry, video.length) for entry in entries]
        tracks, defects = packed(rows, wheres, shape_of(video))
        return (None if tracks is None else annotations_of(video, tracks, entries)), defects

    def _pieces_of(self, members: Mapping[str, msgspec.Raw], name: str) -> list[msgspec.Raw]:
        """The elements of a list; null stands for no annotations, as in the official files without truth."""
        import msgspec

        try:
            if name == "videos" and bytes(members[name]) == b"null":
                raise msgspec.ValidationError
            return self._file.items_of(members[name]) if name in members else []
        except msgspec.ValidationError:
            value = shown(self._file.decode(members[name], name))
            raise Error(f"{self.path}: {name}: expected a list, got {value}") from None

    def _read_videos(self, pieces: list[msgspec.Raw]) -> Iterator[Video]:
        seen: dict[int, int] = {}
        for i, piece in enumerate(pieces):
            entry = self._file.decode(piece, f"video entry {i}")
            defects = list(_in_video(entry, f"video entry {i}"))
            if not defects and entry["id"] in seen:
                first = seen[entry["id"]]
                defects = [
                    Defect(f"video entry {i}, id", f"is {entry['id']}, as that of video entry {first}")
                ]
            self.defects += defects
            if not defects:
                seen[entry["id"]] = i
                extra = {name: value for name, value in entry.items() if name not in _VIDEO}
                names = tuple(entry["file_names"])
                yield Video(entry["id"], entry["width"], entry["height"], entry["length"], names, extra)

    def _read_categories(self, categories: Any) -> list[dict[str, Any]]:
        if categories is None:
            return []
        if not isinstance(categories, list):
            self.defects.append(Defect("categories", f"expected a list, got {shown(categories)}"))
            return []
        out: dict[int, dict[str, Any]] = {}
        for i, entry in enumerate(categories):
            defects = list(in_fields(entry, f"category entry {i}", {"id": INTEGER}))
            if not defects and entry["id"] in out:
                defects = [Defect(f"category entry {i}, id", f"is {entry['id']}, as that of one before")]
            self.defects += defects
            if not defects:
                out[entry["id"]] = entry
        return list(out.values())

    def _grouped(self) -> dict[int, list[int]]:
        """The annotations of each video, which need not lie side by side; those of no video are defects."""
        import msgspec

        decoder = msgspec.json.Decoder(msgspec.defstruct("Head", [("id", int), ("video_id", int)]))
        rows: dict[int, list[int]] = {video.id: [] for video in self.videos}
        seen: dict[int, int] = {}
        for i, piece in enumerate(self._pieces):
            try:
                head: Any = decoder.decode(piece)
            except (msgspec.DecodeError, UnicodeDecodeError):
                where = f"annotation {i}"
                entry = self._file.decode(piece, where)
                self.defects += in_fields(entry, where, {"id": INTEGER, "video_id": INTEGER})
                continue
            where = f"video {head.video_id}, annotation {i}"
            if head.id in seen:
                self.defects.append(
                    Defect(f"{where}, id", f"is {head.id}, as that of annotation {seen[head.id]}")
                )
            seen.setdefault(head.id, i)
            if head.video_id in rows:
                rows[head.video_id].append(i)
            else:
                self.defects.append(Defect(f"{where}, video_id", "is not the id of a video of the dataset"))
        return rows


def _in_video(entry: Any, where: str) -> Iterator[Defect]:
    defects = list(in_fields(entry, where, _VIDEO))
    yield from defects
    if defects:
        return
    for name in ("width", "height", "length"):
        if not 0 <= entry[name] < 2**31:
            yield Defect(f"{where}, {name}", f"is {entry[name]}, expected 0 to 2147483647")
    if len(entry["file_names"]) != entry["length"]:
        names = len(entry["file_names"])
        yield Defect(
            f"{where}, file_names", f"has {names} entries, expected {entry['length']}, the video's length"
        )
    for t, name in enumerate(entry["file_names"]):
        if not isinstance(name, str):
            yield Defect(f"{where}, file_names[{t}]", f"expected a text, got {shown(name)}")
    if "frame_indices" in entry and not ascends(entry["frame_indices"], entry["length"]):
        wanted = f"expected {entry['length']} ascending integers from 0, one per frame"
        yield Defect(f"{where}, frame_indices", f"{wanted}, got {shown(entry['frame_indices'])}")


def read_dataset(path: PathLike) -> Dataset:
    """Open a dataset file.

    Parameters
    ----------
    path
        ``{info, licenses, categories, videos, annotations}``, compressed by gzip or not. Keys that are not of
        the format are kept, in the `extra` of what they belong to. ``areas``, ``bboxes`` and ``iscrowd`` may
        be missing; so may ``segmentations``, or be null, where there are ``bboxes``: the track is then absent
        in every frame.

    Returns
    -------
    Dataset
        Videos and categories; the annotations are read one video at a time.

    Raises
    ------
    vislabel.Error
        The file, the video, the index of the annotation, the field, and what was expected. Syntax errors,
        duplicate ids and annotations of no video are found here, everything else when the video is read.
    OSError
        The file cannot be opened.
    """
    dataset = Dataset(path)
    if dataset.defects:
        raise Error(f"{path}: {dataset.defects[0]}")
    return dataset
