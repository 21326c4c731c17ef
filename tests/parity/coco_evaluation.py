"""COCOeval on a small made-up data set, as JSON on the standard output.

`python tests/parity/coco_evaluation.py plain | before | after`: with pycocotools alone, or with
`vislabel.mask.install_as_pycocotools` before or after COCO's modules are imported.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import json
import sys
import warnings
from typing import Any

import numpy as np

SIZES = [(120, 160), (97, 211), (64, 64), (240, 130)]
CATEGORIES = 3


def outline(rng: np.random.Generator, centre: Any, radius: float, corners: int) -> list[float]:
    """A polygon [x0, y0, x1, y1, ..] around its centre."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    far = radius * rng.uniform(0.6, 1.1, corners)
    points = np.stack([centre[0] + far * np.cos(angles), centre[1] + far * np.sin(angles)], axis=1)
    numbers: list[float] = points.round(2).ravel().tolist()
    return numbers


def run_lengths(dense: Any) -> list[int]:
    edges = np.flatnonzero(np.diff(dense.ravel("F").astype(int), prepend=0))
    counts: list[int] = np.diff(edges, prepend=0, append=dense.size).tolist()
    return counts


def ground_truth(rng: np.random.Generator) -> dict[str, Any]:
    """Objects of one or two polygons; crowds as uncompressed run lengths."""
    images = [
        {"id": n + 1, "height": h, "width": w, "file_name": str(n)} for n, (h, w) in enumerate(SIZES * 4)
    ]
    annotations: list[dict[str, Any]] = []
    for image in images:
        for _ in range(rng.integers(1, 7)):
            centre, radius = rng.uniform(20, 110, 2), float(rng.uniform(4, 40))
            crowd = int(rng.random() < 0.2)
            segmentation: Any = [outline(rng, centre, radius, 12) for _ in range(rng.integers(1, 3))]
            if crowd:
                dense = np.zeros((image["height"], image["width"]), bool)
                top, left = np.maximum(centre - radius, 0).astype(int)[::-1]
                dense[top : top + 60, left : left + 70] = True
                dense &= rng.random(dense.shape) < 0.9
                segmentation = {"size": list(dense.shape), "counts": run_lengths(dense)}
            left_top = (centre - radius).round(1)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image["id"],
                    "category_id": int(rng.integers(1, CATEGORIES + 1)),
                    "iscrowd": crowd,
                    "segmentation": segmentation,
                    "bbox": [*left_top.tolist(), round(2 * radius, 1), round(2 * radius, 1)],
                    "area": float(round(3 * radius * radius, 2)),
                }
            )
    categories = [{"id": n + 1, "name": str(n)} for n in range(CATEGORIES)]
    return {"info": {}, "images": images, "annotations": annotations, "categories": categories}


def detections(rng: np.random.Generator, coco: Any) -> tuple[list[Any], list[Any]]:
    """The objects moved by a few pixels, some of another category or score: masks, and boxes."""
    from pycocotools import mask as mask_utils

    masks, boxes = [], []
    for annotation in coco.dataset["annotations"]:
        for _ in range(rng.integers(0, 4)):
            dense = np.roll(coco.annToMask(annotation), rng.integers(-6, 7, 2), axis=(0, 1))
            result = {
                "image_id": annotation["image_id"],
                "category_id": int(rng.choice([annotation["category_id"], 1])),
                "score": float(rng.choice([0.5, rng.random()])),
            }
            rle = mask_utils.encode(np.asfortranarray(dense))
            masks.append({**result, "segmentation": {**rle, "counts": rle["counts"].decode()}})
            boxes.append({**result, "bbox": (annotation["bbox"] + rng.uniform(-5, 5, 4)).tolist()})
    return masks, boxes


def evaluate(coco: Any, results: list[Any], kind: str) -> dict[str, Any]:
    from pycocotools.cocoeval import COCOeval

    loaded = coco.loadRes(copy.deepcopy(results))  # it writes into them
    run = COCOeval(coco, loaded, kind)
    run.evaluate()
    run.accumulate()
    run.summarize()
    arrays = [run.eval["precision"], run.eval["recall"], run.eval["scores"]]
    return {
        "stats": run.stats.tolist(),
        "arrays": [hashlib.sha256(array.tobytes()).hexdigest() for array in arrays],
        "ious": {str(key): np.asarray(table).tolist() for key, table in run.ious.items()},
        "areas": [float(annotation["area"]) for annotation in loaded.dataset["annotations"]],
        "boxes": [list(map(float, annotation["bbox"])) for annotation in loaded.dataset["annotations"]],
    }


def main(how: str) -> None:
    warnings.simplefilter("ignore", DeprecationWarning)
    if how == "before":
        import vislabel

        vislabel.mask.install_as_pycocotools()
    from pycocotools import coco, cocoeval

    if how == "after":
        import vislabel

        vislabel.mask.install_as_pycocotools()
    rng = np.random.default_rng(7)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco.COCO()
        truth.dataset = ground_truth(rng)
        truth.createIndex()
        masks, boxes = detections(rng, truth)
        found = {"segm": evaluate(truth, masks, "segm"), "bbox": evaluate(truth, boxes, "bbox")}
    of = [utils.iou.__module__ for utils in (coco.maskUtils, cocoeval.maskUtils)]
    print(json.dumps({"of": of, "results": found, "detections": [masks, boxes]}))


if __name__ == "__main__":
    main(sys.argv[1])
