"""From a folder of frames to training data and pictures, with every public name of the package once."""

import tempfile
from pathlib import Path

import numpy as np
import vislabel as vl
from vislabel.propose import SETTINGS, Candidates, Settings, Video, prompt_boxes, propose, read_video

print(f"vislabel {vl.__version__}, {vl.build_info()['isa']}, up to {vl.get_num_threads()} threads")
print("for C++:", Path(vl.get_include()).is_dir(), Path(vl.get_cmake_dir()).is_dir())
vl.set_num_threads(2)


def film(folder: Path) -> Video:
    """A bright square walks over noise."""
    ground = np.random.default_rng(0).integers(90, 110, (96, 128, 3)).astype(np.uint8)
    for t in range(24):
        frame = ground.copy()
        frame[30:60, 4 * t : 4 * t + 24] = vl.draw.colour(2)
        vl.draw.write_png(folder / f"{t:02}.png", frame)
    return read_video(folder)


def found_masks() -> vl.Masks:
    """Packed masks of everything that masks come from."""
    dense = np.zeros((2, 96, 128), bool)
    dense[0, 20:60, 30:70] = dense[1, 20:60, 31:70] = True
    polygon = vl.Masks.from_polygons([[30, 20, 70, 20, 70, 60, 30, 60]], size=(96, 128))
    masks = vl.Masks.concatenate([vl.Masks(dense), vl.Masks.from_rle(vl.Masks(dense).to_rle()), polygon])
    logits = np.where(masks.to_dense(), 1.5, -1.5)
    assert vl.Masks(logits, threshold=0.0) == masks
    print(masks.size, len(masks), masks.area, masks.box[0], masks.nbytes)
    either, both = masks[0] | masks[1], masks[0] & masks[1]
    assert (either - both) == (masks[0] ^ masks[1])
    assert masks.union() == either
    assert masks.intersection() == ~~both
    print("cropped:", masks.crop_to(masks.box / 2).area)
    return masks


def on_a_gpu(masks: vl.Masks) -> None:
    """The same calls there, where there is one."""
    print("CUDA:", vl.cuda.build_info(), vl.cuda.device_count(), masks.device)
    if vl.cuda.is_available():
        there = masks.cuda()
        track = vl.Tracks.from_masks(masks, range(len(masks)), [0] * len(masks), (len(masks), 1)).cuda()
        kept = vl.select.spatiotemporal_nms(track, [0.9] * len(masks))
        assert isinstance(kept, vl.select.DeviceNmsResult)
        assert there.cpu() == masks
        print("kept there:", kept.kept)


def drop_in(masks: vl.Masks) -> None:
    """The same as pycocotools.mask, by its names."""
    rles = vl.mask.frPyObjects([[30.0, 20.0, 40.0, 40.0]], 96, 128) + masks.to_rle()
    print(vl.mask.area(rles), vl.mask.toBbox(rles)[0], vl.mask.iou(rles[:1], rles, [0] * len(rles)))
    assert vl.mask.encode(vl.mask.decode(rles)) == rles
    assert vl.mask.area(vl.mask.merge(rles)) == masks.union().area[0]
    assert sum(vl.mask.run_lengths(rles[0])) == 96 * 128
    vl.mask.install_as_pycocotools()  # from here on `import pycocotools.mask` gives this module
    vl.mask.uninstall_as_pycocotools()


def overlaps(masks: vl.Masks, tracks: vl.Tracks) -> None:
    """Every IoU there is."""
    print(vl.iou.mask_iou(masks[:1], masks), vl.iou.box_iou(masks.box[:1], masks.box, kind="giou"))
    intersection, union = vl.iou.intersection_and_union(tracks, tracks)
    assert np.allclose(vl.iou.track_iou(tracks, tracks), intersection / np.maximum(union, 1))
    assert vl.iou.frame_iou(tracks, tracks).shape == (len(tracks), len(tracks), tracks.frames)


def rounds(found: Candidates) -> vl.select.PseudoLabels:
    """AutoQ-VIS step by step, and the same in one call."""
    nms: vl.select.NmsResult = vl.select.spatiotemporal_nms(found.tracks, found.scores)
    quality = vl.select.quality(found.scores, found.predicted_iou)
    kept: vl.select.Retention = vl.select.retain(found.tracks[nms.kept], quality[nms.kept], threshold=0.2)
    merged: vl.select.MergedRounds = vl.select.merge_rounds(kept.tracks, kept.tracks)
    assert merged.match.tolist() == list(range(len(kept.tracks)))
    labels = vl.select.pseudo_labels(found.tracks, found.scores, found.predicted_iou, threshold=0.2)
    assert labels.tracks == kept.tracks
    return labels


def fusion(tracks: vl.Tracks) -> None:
    """PM-VIS step by step, and the same in one call; the tracks' own boxes are the annotations."""
    boxes = np.where(tracks.present[..., None], tracks.box, np.nan)
    found: vl.fuse.Assigned = vl.fuse.assign(tracks[::-1], tracks, boxes)
    assert found.tracks == tracks
    start = vl.fuse.keyframes(vl.fuse.scm(found.tracks, tracks, boxes), every=10)
    tracked = [tracks] * start.shape[1]
    one: vl.fuse.FusedKeyframes = vl.fuse.fuse_keyframes(tracked, start)
    best: vl.fuse.Fused = vl.fuse.shqm({"tracker": one.tracks, "detector": found.tracks}, boxes)
    clean = vl.fuse.doob(best.tracks, boxes)
    sources = {"tracker": vl.fuse.Keyframed(tracked, start), "detector": vl.fuse.Unassigned(tracks[::-1])}
    whole: vl.fuse.PseudoMasks = vl.fuse.pseudo_masks(sources, boxes)
    assert whole.tracks == clean
    there: vl.fuse.Filtered = vl.fuse.missing_data(tracks, clean)
    accurate = vl.fuse.remove_inaccurate(there.tracks, clean)
    print("fused:", clean.area.sum(), "pixels; removed:", there.removed.sum(), accurate.removed.sum())


def choice(frames: vl.cues.Frames, tracks: vl.Tracks) -> None:
    """GBOpt step by step, and the same in one call."""
    backgrounds, flows = list(vl.cues.background_maps(frames)), list(vl.cues.flows(frames))
    masks = [tracks.frame(t) for t in (9, 10)]
    best: list[vl.path.KBest] = [vl.path.k_best(masks[t], backgrounds[9 + t], k=3) for t in (0, 1)]
    cost: vl.path.BackgroundCost = vl.path.background_cost(masks[0], backgrounds[9])
    pairs = vl.path.conflicts(masks[0])
    again = vl.path.k_best_subsets(cost.per_mask, pairs, k=3)
    assert list(map(list, again.subsets)) == list(map(list, best[0].subsets))
    parts: vl.path.Submasks = vl.path.submasks(masks[0])
    assert parts.regions.area.sum() == masks[0].union().area[0]
    moved = vl.path.flow_cost(masks[0], flows[9], best[0].subsets)
    overlap = vl.path.consistency_cost(masks[0], masks[1], best[0].subsets, best[1].subsets)
    between = moved[:, None] + 0.5 * overlap
    path: vl.path.ShortestPaths = vl.path.shortest_paths([own.costs for own in best], [between])
    both = tracks.select_frames([9, 10])
    whole: vl.path.SelectedMasks = vl.path.select_masks(both, backgrounds[9:11], flows[9:10], k=3)
    assert np.allclose(whole.costs, path.costs)
    linked: vl.path.LinkedMasks = whole.link()
    assert linked.tracks == whole.tracks()
    images = [np.zeros((*tracks.size, 3), np.uint8)] * 2
    print("chosen:", linked.proposal.tolist(), vl.path.compose_frames(images, masks, images[0]).shape)


def training(tracks: vl.Tracks) -> None:
    """What a training step asks for: weights, targets, losses (with gradients where tensors come in)."""
    truth = tracks.select_frames([9, 10])
    logits = np.where(truth.to_dense(), 3.0, -3.0)
    boxes = np.where(truth.present[..., None], truth.box, np.nan)
    assert vl.Tracks(logits[..., ::2, ::2], threshold=0.0, size=truth.size).size == truth.size
    weights = vl.loss.drop_loss_weights(logits, truth)
    target: vl.loss.QualityTarget = vl.loss.quality_target(logits, truth)
    match: vl.iou.BestMatch = vl.iou.best_match(truth, truth)
    assert np.array_equal(target.truth, match.match)
    lab = np.zeros((2, 3, *truth.size))
    losses = vl.loss.projection(logits, boxes), vl.loss.pairwise_affinity(logits, lab, boxes)
    print("weights:", weights, "losses:", np.round(losses, 3))
    kinds = np.ones(len(truth), np.int64)
    score: vl.evaluate.F1Scores = vl.evaluate.f1(truth, truth, predicted_labels=kinds, truth_labels=kinds)
    ranks: vl.evaluate.RankCorrelation = vl.evaluate.rank_correlation([0.2, 0.4, 0.9], [0.1, 0.5, 0.8])
    print("mF1:", score.mean, "Spearman:", ranks.spearman)


def words() -> None:
    """UVIS: names from prompts, and instances that look like their class."""
    texts, classes = prompts = vl.select.prompts({1: "person", 2: "giant panda"})
    assert isinstance(prompts, vl.select.Prompts)
    embeddings = np.eye(len(texts), 16)  # of a text encoder
    features = np.repeat(embeddings, 3, axis=0) + 0.01
    match: vl.select.PromptMatch = vl.select.match_prompts(features, embeddings, classes)
    memory: vl.select.PrototypeMemory = vl.select.PrototypeMemory.fit(features, match.label, k=7)
    kept = vl.select.score_filter(match.similarity) & memory.keep(features, match.label)
    assert kept.all()
    assert vl.select.prototype_filter(features, match.label, k=7).all()
    print("named:", match.label[::9], "of", len(vl.select.PROMPT_TEMPLATES), "templates each")


def files(folder: Path, video: vl.io.Video, tracks: vl.Tracks, found: Candidates) -> None:
    """Results and pseudo-labels as YouTube-VIS JSON, there and back; a broken file tells where."""
    kinds = np.ones(len(found.tracks), np.int64)
    detections = vl.io.Detections(video.id, found.tracks, found.scores, kinds, found.predicted_iou)
    vl.io.write_results(folder / "results.json", [detections])
    results: vl.io.Results = vl.io.read_results(folder / "results.json")
    assert results.video(video.id).tracks == found.tracks
    truth = vl.io.Annotations(video, tracks, np.ones(len(tracks), np.int64))
    vl.io.write_dataset(folder / "pseudo.json", [truth])
    dataset: vl.io.Dataset = vl.io.read_dataset(folder / "pseudo.json")
    assert dataset.annotations(video.id).tracks == tracks
    (folder / "broken.json").write_text('[{"video_id": 1, "score": "high"}]')
    defects: list[vl.io.Defect] = vl.io.read_results(folder / "broken.json").inspect(1)[1]
    print("broken:", "; ".join(map(str, defects)))


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    frames = film(folder)
    settings: Settings = SETTINGS["fine"]
    candidates = propose(folder, settings=settings)
    masks = found_masks()
    on_a_gpu(masks)
    drop_in(masks)
    overlaps(masks, candidates.tracks)
    labels = rounds(candidates)
    tracks = vl.Tracks.from_rle(labels.tracks.to_rle(), labels.tracks.size, frames=labels.tracks.frames)
    assert vl.Tracks(tracks.to_dense(), present=tracks.present) == tracks
    twice = vl.Tracks.concatenate(tracks, vl.Tracks.from_masks(tracks.frame(9), [0], [9], shape=(1, 24)))
    print(twice, twice.shape, twice.area[:, 9], twice.box[0, 9], twice.track(1).area.sum())
    video = vl.io.Video(1, 128, 96, 24, tuple(f"{t:02}.png" for t in range(24)))
    fusion(tracks)
    choice(frames, tracks)
    training(tracks)
    words()
    files(folder, video, tracks, candidates)
    boxes = np.where(tracks.present[..., None], tracks.box, np.nan)
    print("cut out of its box:", prompt_boxes(folder, boxes).area[:, 9])
    quality = labels.quality[labels.kept]
    pictures = [vl.draw.overlay(frame, tracks, t, quality=quality) for t, frame in enumerate(frames)]
    pictures.append(vl.draw.timeline(labels.quality, candidates.tracks.present, threshold=0.2))
    vl.draw.write_png(folder / "sheet.png", vl.draw.contact_sheet(pictures))
    try:
        tracks.select_frames([99])
    except (vl.Error, IndexError) as error:
        print("refused:", error)
