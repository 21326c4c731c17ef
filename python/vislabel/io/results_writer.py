"""Writing results: one track after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from vislabel.io.given import PathLike, listed
from vislabel.io.json_files import encode_entry, write_items, written
from vislabel.io.records import Detections


def write_results(path: PathLike, detections: Iterable[Detections]) -> None:
    """Write results, one after the other, atomically: on failure the old file stays as it was.

    Parameters
    ----------
    path
        Compressed where the name ends in ``.gz``.
    detections
        One entry per video; an iterator is consumed one video at a time.

    Raises
    ------
    vislabel.Error
        What JSON cannot express: NaN, or objects of other types in `extra`.
    OSError
        The file cannot be written.
    """
    with written(path) as stream:
        write_items(stream, chain.from_iterable(map(_encoded, listed(detections, Detections, "detections"))))
        stream.write(b"\n")


def _encoded(video: Detections) -> Iterator[bytes]:
    present = video.tracks.present
    for n, row in enumerate(video.tracks.to_rle(counts="str")):
        entry: dict[str, Any] = {
            "video_id": int(video.video_id),
            "score": float(video.scores[n]),
            "category_id": int(video.labels[n]),
            "segmentations": row,
        }
        if video.predicted_iou is not None:
            values = video.predicted_iou[n].tolist()
            entry["quality"] = [
                value if there else None for value, there in zip(values, present[n], strict=True)
            ]
        extra = video.extra[n] if video.extra else {}
        yield encode_entry(entry, extra, f"video {video.video_id}, track {n}")
