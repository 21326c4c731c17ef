"""Rows of the room `mask`: between dense arrays, run lengths and text; area, box and union."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import vislabel as vl
from data_sets import (
    HD,
    Dense,
    Rle,
    adversarial,
    blob,
    blob_outlines,
    dense_columns,
    dense_rows,
    mean_runs,
    noisy,
    run_lengths,
    small,
)
from libraries import coco, pycocotools, rlemasklib
from timing import BEST, OURS, Row, Rows
from vislabel import mask as drop_in

IN_CACHE = 16  # 720p masks that a 32 MiB last-level cache holds together with what is made of them


def rows(quick: bool) -> Rows:
    """The rows in the table's order, each made when its turn comes."""
    many, few = (6, 6) if quick else (100, IN_CACHE)
    yield "encode, C order, blob", lambda name: encode_rows(name, blob()[:few])
    yield (
        "encode, C order, blob, a call per mask",
        lambda name: encode_rows(name, blob()[:few], per_mask=True),
    )
    yield "encode, C order, noisy", lambda name: encode_rows(name, noisy(many)[:few])
    yield "encode, C order, small", lambda name: encode_rows(name, small()[:many])
    yield "encode, C order, adversarial", lambda name: encode_rows(name, adversarial())
    yield "encode, F order, blob", lambda name: encode_columns(name, blob()[:few])
    yield "encode, F order, small", lambda name: encode_columns(name, small()[:many])
    yield "encode, F order, adversarial", lambda name: encode_columns(name, adversarial())
    yield "annotation record (text, area, box), blob", lambda name: annotation_record(name, blob()[:few])
    yield "decode to F order, blob", lambda name: decode(name, blob()[:few], "F")
    yield "decode to C order, blob", lambda name: decode(name, blob()[:few], "C")
    yield (
        "decode to C order, blob, a call per mask",
        lambda name: decode(name, blob()[:few], "C", per_mask=True),
    )
    yield "decode to C order, small", lambda name: decode(name, small()[:many], "C")
    yield "decode to C order, adversarial", lambda name: decode(name, adversarial(), "C")
    yield "decode into a given C array, blob", lambda name: decode_into(name, blob()[:few])
    yield "polygons to text, blob", lambda name: polygons(name, many)
    for kind, rles in (("blob", blob), ("noisy", noisy)):
        yield f"area and box from text, {kind}", lambda name, rles=rles: area_and_box(name, rles(many))
        if rlemasklib:
            yield f"text to run lengths, {kind}", lambda name, rles=rles: text_in(name, rles(many))
        yield f"lists of run lengths to text, {kind}", lambda name, rles=rles: text_out(name, rles(many))
        if rlemasklib:
            yield (
                f"arrays of run lengths to text, {kind}",
                lambda name, rles=rles: arrays_out(name, rles(many)),
            )
        for size in (2, 10):
            yield (
                f"union of {size} from text, {kind}",
                lambda name, rles=rles, k=size: union(name, rles(100), k),
            )


def text(results: list[Rle]) -> list[tuple[list[int], bytes]]:
    """RLE dicts of any library: sizes and text."""
    return [
        (
            list(rle["size"]),
            rle["counts"].encode() if isinstance(rle["counts"], str) else bytes(rle["counts"]),
        )
        for rle in results
    ]


def images(result: Any) -> list[Dense]:
    """Dense masks as 0 and 1, whatever the type."""
    return [np.asarray(mask).view(np.uint8) for mask in result]


def encode_rows(name: str, rles: list[Rle], per_mask: bool = False) -> Row:
    x = dense_rows(rles)
    contenders: dict[str, Callable[[], Any]] = {
        peer: lambda mask=mask: [mask.encode(np.asfortranarray(m)) for m in x] for peer, mask in coco.items()
    }
    if "hotcoco" in coco:  # takes any layout
        contenders["hotcoco"] = lambda: [coco["hotcoco"].encode(m) for m in x]
    if rlemasklib:
        contenders["rlemasklib"] = lambda: [rlemasklib.encode(m) for m in x]
    if per_mask:
        contenders[OURS] = lambda: [drop_in.encode(m) for m in x]
    else:
        contenders[OURS] = lambda: vl.Masks(x).to_rle()
    usual = rles[0]["size"] == list(HD) and mean_runs(rles) < 10_000
    goals = {"pycocotools": 25.0, "rlemasklib": 2.5} if usual and rlemasklib else {BEST: 1.0}
    return Row(name, contenders, len(rles), text, goals=goals)


def encode_columns(name: str, rles: list[Rle]) -> Row:
    x = dense_columns(rles)
    contenders: dict[str, Callable[[], Any]] = {
        peer: lambda mask=mask: [mask.encode(m) for m in x] for peer, mask in coco.items()
    }
    if rlemasklib:
        contenders["rlemasklib"] = lambda: [rlemasklib.encode(m) for m in x]
    contenders[OURS] = lambda: [drop_in.encode(m) for m in x]
    goal = 1.8 if mean_runs(rles) < 10_000 else 1.0
    return Row(name, contenders, len(rles), text, goals={BEST: goal})


def annotation_record(name: str, rles: list[Rle]) -> Row:
    """What AutoQ-VIS writes per mask, encoded as Mask2Former does: a transposing copy of [H, W, 1]."""
    x = dense_rows(rles).view(np.bool_)

    def with_peer(mask: Any) -> list[Any]:
        records = []
        for m in x:
            rle = mask.encode(np.array(m[:, :, None], order="F", dtype="uint8"))[0]
            records.append((rle["counts"].decode(), float(mask.area(rle)), mask.toBbox(rle).tolist()))
        return records

    def ours() -> list[Any]:
        masks = vl.Masks(x)
        texts = [rle["counts"] for rle in masks.to_rle("str")]
        return list(zip(texts, masks.area.astype(float).tolist(), masks.box.tolist(), strict=True))

    contenders: dict[str, Callable[[], Any]] = {
        peer: lambda mask=mask: with_peer(mask) for peer, mask in coco.items()
    }
    contenders[OURS] = ours
    return Row(name, contenders, len(rles))


def decode(name: str, rles: list[Rle], order: str, per_mask: bool = False) -> Row:
    """Into new arrays, as everybody's plain call does."""
    turn: Callable[[Any], Any] = np.ascontiguousarray if order == "C" else lambda m: m
    contenders: dict[str, Callable[[], Any]] = {
        peer: lambda mask=mask: [turn(mask.decode(rle)) for rle in rles] for peer, mask in coco.items()
    }
    if rlemasklib:
        from_dict = rlemasklib.RLEMask.from_dict
        contenders["rlemasklib"] = lambda: [from_dict(rle).to_array(order=order) for rle in rles]

    if order == "F":
        contenders[OURS] = lambda: [drop_in.decode(rle) for rle in rles]
    elif per_mask:
        contenders[OURS] = lambda: [vl.Masks.from_rle([rle]).to_dense()[0] for rle in rles]
    else:
        contenders[OURS] = lambda: vl.Masks.from_rle(rles).to_dense()
    return Row(name, contenders, len(rles), images)


def decode_into(name: str, rles: list[Rle]) -> Row:
    """Into the same memory every time; pycocotools cannot, and copies."""
    out = np.empty((len(rles), *rles[0]["size"]), np.uint8)

    def copied() -> Dense:
        for target, rle in zip(out, rles, strict=True):
            target[:] = pycocotools.decode(rle)
        return out

    contenders: dict[str, Callable[[], Any]] = {"pycocotools": copied}
    if rlemasklib:

        def written() -> Dense:
            for target, rle in zip(out, rles, strict=True):
                rlemasklib.RLEMask.from_dict(rle).decode_into(target, 1, 0)
            return out

        contenders["rlemasklib"] = written
    contenders[OURS] = lambda: vl.Masks.from_rle(rles).to_dense(out=out)
    return Row(name, contenders, len(rles), lambda result: np.array(result))


def area_and_box(name: str, rles: list[Rle]) -> Row:
    contenders: dict[str, Callable[[], Any]] = {
        peer: lambda mask=mask: (mask.area(rles), mask.toBbox(rles)) for peer, mask in coco.items()
    }
    if rlemasklib:
        contenders["rlemasklib"] = lambda: (rlemasklib.area(rles), rlemasklib.to_bbox(rles))

    contenders[OURS] = lambda: (drop_in.area(rles), drop_in.toBbox(rles))
    return Row(name, contenders, len(rles), lambda result: tuple(np.asarray(part) for part in result))


def polygons(name: str, count: int) -> Row:
    """Outlines of 72 corners, one call per object as COCO's annotations come."""
    outlines, size = blob_outlines(count), blob()[0]["size"]
    contenders: dict[str, Callable[[], Any]] = {
        peer: lambda mask=mask: [mask.frPyObjects([outline], *size)[0] for outline in outlines]
        for peer, mask in coco.items()
    }
    contenders[OURS] = lambda: [drop_in.frPyObjects([outline], *size)[0] for outline in outlines]
    return Row(name, contenders, count, text)


def text_in(name: str, rles: list[Rle]) -> Row:
    """pycocotools has no such function."""
    assert rlemasklib
    contenders: dict[str, Callable[[], Any]] = {
        "rlemasklib": lambda: [rlemasklib.decompress(rle)["ucounts"] for rle in rles],
        OURS: lambda: drop_in.run_lengths(rles),
    }
    return Row(
        name,
        contenders,
        len(rles),
        lambda result: [list(map(int, runs)) for runs in result],
        "rlemasklib",
    )


def text_out(name: str, rles: list[Rle]) -> Row:
    size = rles[0]["size"]
    lists = [{"size": size, "counts": run_lengths(rle)} for rle in rles]
    contenders: dict[str, Callable[[], Any]] = {
        peer: lambda mask=mask: mask.frPyObjects(lists, *size) for peer, mask in coco.items()
    }
    contenders[OURS] = lambda: drop_in.frPyObjects(lists, *size)
    return Row(name, contenders, len(rles), text)


def arrays_out(name: str, rles: list[Rle]) -> Row:
    """pycocotools does not take arrays."""
    assert rlemasklib
    size, arrays = rles[0]["size"], [np.array(run_lengths(rle), np.uint32) for rle in rles]
    theirs = [{"size": size, "ucounts": runs} for runs in arrays]
    ours = [{"size": size, "counts": runs} for runs in arrays]
    contenders: dict[str, Callable[[], Any]] = {
        "rlemasklib": lambda: [rlemasklib.compress(rle) for rle in theirs],
        OURS: lambda: drop_in.frPyObjects(ours, *size),
    }
    return Row(name, contenders, len(rles), text, "rlemasklib")


def union(name: str, rles: list[Rle], size: int) -> Row:
    groups = [rles[i : i + size] for i in range(0, len(rles) - size + 1, size)]
    contenders: dict[str, Callable[[], Any]] = {
        peer: lambda mask=mask: [mask.merge(group) for group in groups] for peer, mask in coco.items()
    }
    if rlemasklib:
        contenders["rlemasklib"] = lambda: [rlemasklib.union(group) for group in groups]
    contenders[OURS] = lambda: [drop_in.merge(group) for group in groups]
    return Row(name, contenders, len(groups), text)
