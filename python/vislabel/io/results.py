"""Results of a detector: what every method that selects or evaluates tracks reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vislabel._core import Error
from vislabel._tracks import Tracks
from vislabel.io.defects import (
    INTEGER,
    LIST,
    LIST_OR_NULL,
    NUMBER,
    NUMBER_OR_NULL,
    Defect,
    Shape,
    first_size,
    in_fields,
    in_list,
    in_segmentations,
    packed,
    shown,
)
from vislabel.io.given import PathLike, listed
from vislabel.io.json_files import JsonFile
from vislabel.io.records import Detections, Video

if TYPE_CHECKING:
    import msgspec


_NEEDED = {"video_id": INTEGER, "score": NUMBER, "category_id": INTEGER, "segmentations": LIST}
_OPTIONAL = {"quality": LIST_OR_NULL}


class Results:
    """The results in a file, one video at a time, as often as wanted.

    `len` is the number of videos; iterating gives their `Detections` in the order in which the file first
    names them. At most one video is in memory. Made by `read_results`.
    """

    def __init__(
        self,
        path: PathLike | JsonFile,
        *,
        quality: PathLike | None = None,
        videos: Iterable[Video] | None = None,
    ) -> None:
        self._file = path if isinstance(path, JsonFile) else JsonFile(path)
        self.path = self._file.path
        if not self._file.is_list:
            keys = ", ".join(list(self._file.members())[:6])
            raise Error(f"{self.path}: expected a list of results, got an object (keys: {keys})")
        self._pieces = self._file.items()
        self._shapes = (
            None if videos is None else {video.id: video for video in listed(videos, Video, "videos")}
        )
        self._quality = None if quality is None else _Quality(quality, len(self._pieces), self.path)
        self._rows, self.defects = self._grouped()

    @property
    def video_ids(self) -> tuple[int, ...]:
        """The videos, in order of first appearance."""
        return tuple(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, video_id: object) -> bool:
        """Whether the file has results of a video, by its id."""
        return video_id in self._rows

    def __iter__(self) -> Iterator[Detections]:
        for video_id in self._rows:
            yield self.video(video_id)

    def __repr__(self) -> str:
        return f"Results({str(self.path)!r}: {len(self._pieces)} results of {len(self)} videos)"

    def indices(self, video_id: int) -> tuple[int, ...]:
        """Which results of the file are of a video."""
        return tuple(self._rows[video_id])

    def video(self, video_id: int) -> Detections:
        """The detections of one video.

        *Errors*: a video without results; whatever is wrong with them, the first defect.
        """
        if video_id not in self._rows:
            raise Error(f"{self.path}: has no result of video {video_id}")
        detections, defects = self.inspect(video_id)
        if detections is None or defects:
            raise Error(f"{self.path}: {defects[0]}")
        return detections

    def inspect(self, video_id: int) -> tuple[Detections | None, list[Defect]]:
        """The detections of one video, or None and everything that is wrong with them."""
        indices = self._rows[video_id]
        wheres = [f"video {video_id}, result {i}" for i in indices]
        entries = [
            self._file.decode(self._pieces[i], where) for i, where in zip(indices, wheres, strict=True)
        ]
        if self._quality is not None:
            for i, entry in zip(indices, entries, strict=True):
                entry["quality"] = self._quality.of(i, video_id)
        shape = self._shape(video_id, entries)
        if isinstance(shape, Defect):
            return None, [shape]
        pairs = list(zip(entries, wheres, strict=True))
        defects = list(chain.from_iterable(_in_result(entry, where, shape) for entry, where in pairs))
        if defects:
            return None, defects
        tracks, defects = packed([entry["segmentations"] for entry in entries], wheres, shape)
        if tracks is None:
            return None, defects
        predicted_iou, defects = _predicted_iou(entries, wheres, tracks)
        return _detections(video_id, tracks, entries, predicted_iou), defects

    def _grouped(self) -> tuple[dict[int, list[int]], list[Defect]]:
        """The results of each video, which need not lie side by side, and the results that name no video."""
        import msgspec

        decoder = msgspec.json.Decoder(msgspec.defstruct("Head", [("video_id", int)]))
        rows: dict[int, list[int]] = {}
        defects: list[Defect] = []
        of_images: list[int] = []
        for i, piece in enumerate(self._pieces):
            try:
                rows.setdefault(decoder.decode(piece).video_id, []).append(i)  # type: ignore[attr-defined]
            except (msgspec.DecodeError, UnicodeDecodeError):
                entry = self._file.decode(piece, f"result {i}")
                if isinstance(entry, dict) and "image_id" in entry and "video_id" not in entry:
                    of_images.append(i)
                else:
                    defects += in_fields(entry, f"result {i}", {"video_id": INTEGER})
        if of_images:
            what = (
                'has an "image_id" and no "video_id": these are results of images, expected those of videos'
            )
            defects.insert(0, Defect(f"result {of_images[0]}", f"{what} ({len(of_images)} are such)"))
        return rows, defects

    def _shape(self, video_id: int, entries: list[Any]) -> Shape | Defect:
        if self._shapes is not None:
            video = self._shapes.get(video_id)
            if video is None:
                return Defect(f"video {video_id}", "is not among the videos of the dataset")
            return Shape(video.length, (video.height, video.width), "as the dataset's video has")
        lists = [entry["segmentations"] for entry in entries if isinstance(entry.get("segmentations"), list)]
        size = first_size([rle for segmentations in lists for rle in segmentations])
        return Shape(len(lists[0]) if lists else 0, size, "as the first of the video's results has")


class _Quality:
    """Predicted IoUs in a file of their own: a list with one entry per result, in the same order.

    An entry is a list of numbers or null, or null, or an object with such a list under ``quality``.
    """

    def __init__(self, path: PathLike, count: int, results: Path) -> None:
        self._file = JsonFile(path)
        if not self._file.is_list:
            raise Error(f"{path}: expected a list with one entry per result of {results}")
        self._pieces: list[msgspec.Raw] = self._file.items()
        if len(self._pieces) != count:
            raise Error(
                f"{path}: has {len(self._pieces)} entries, expected {count}, one per result of {results}"
            )

    def of(self, i: int, video_id: int) -> Any:
        entry = self._file.decode(self._pieces[i], f"entry {i}")
        if not isinstance(entry, dict):
            return entry
        if entry.get("video_id", video_id) != video_id:
            raise Error(
                f"{self._file.path}: entry {i}, video_id: is {shown(entry['video_id'])}, expected "
                f"{video_id}, as the result of the same index has"
            )
        return entry.get("quality")


def _in_result(entry: Any, where: str, shape: Shape) -> Iterator[Defect]:
    yield from in_fields(entry, where, _NEEDED, _OPTIONAL)
    if isinstance(entry.get("segmentations"), list):
        yield from in_segmentations(entry["segmentations"], f"{where}, segmentations", shape)
    if isinstance(entry.get("quality"), list):
        yield from in_list(entry["quality"], f"{where}, quality", shape.length, shape.source, NUMBER_OR_NULL)


def _predicted_iou(
    entries: list[Any], wheres: list[str], tracks: Tracks
) -> tuple[npt.NDArray[np.float64] | None, list[Defect]]:
    """The predicted IoUs [N, T]: of all results of a video or of none, and of every mask with pixels."""
    rows = [entry.get("quality") for entry in entries]
    if all(row is None for row in rows):
        return None, []
    out = np.zeros(tracks.present.shape)
    defects = []
    for n, (row, where) in enumerate(zip(rows, wheres, strict=True)):
        if row is None:
            defects.append(Defect(where, 'has no "quality", expected one as other results of the video have'))
            continue
        known = np.array([value is not None for value in row], dtype=bool)
        out[n, known] = [value for value in row if value is not None]
        defects += [
            Defect(f"{where}, quality[{t}]", "expected a number where there is a mask, got null")
            for t in np.flatnonzero(~known & (tracks.area[n] > 0))
        ]
    return out, defects


def _detections(
    video_id: int, tracks: Tracks, entries: list[Any], predicted_iou: npt.NDArray[np.float64] | None
) -> Detections:
    known = {*_NEEDED, *_OPTIONAL}
    return Detections(
        video_id,
        tracks,
        np.array([entry["score"] for entry in entries], dtype=np.float64),
        np.array([entry["category_id"] for entry in entries], dtype=np.int64),
        predicted_iou,
        tuple({key: value for key, value in entry.items() if key not in known} for entry in entries),
    )


def read_results(
    path: PathLike, *, quality: PathLike | None = None, videos: Iterable[Video] | None = None
) -> Results:
    """Open a results file.

    Parameters
    ----------
    path
        A list of ``{video_id, score, category_id, segmentations: [RLE | null] * T}`` and, optionally,
        ``quality``: a list of T numbers (or null where there is no pixel), the predicted IoUs. Compressed by
        gzip or not.
    quality
        The predicted IoUs in a file of their own, which then count instead of those in `path`: a list with
        one entry per result, in the same order; an entry is the list of T numbers or an object that has it as
        ``quality``.
    videos
        The videos of the dataset: lengths and sizes must then agree with theirs. Without them, the results of
        a video must agree with one another.

    Returns
    -------
    Results
        The videos, in order of first appearance, read one at a time.

    Raises
    ------
    vislabel.Error
        The file, the video, the index of the result, the field, and what was expected. Syntax errors and
        results that name no video are found here, everything else when the video is read.
    OSError
        The file cannot be opened.
    """
    results = Results(path, quality=quality, videos=videos)
    if results.defects:
        raise Error(f"{path}: {results.defects[0]}")
    return results
