"""`vislabel path`: where its maps come from, which masks it chooses, and what it writes."""

from __future__ import annotations

import math
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vislabel as vl
from cli_cases import H, T, W, answer, load, put, result, square, track, videos
from path_cases import (
    ELSEWHERE,
    OBJECT,
    XS,
    backgrounds,
    each,
    flows,
    path_argv,
    proposals,
    saved,
    too_large,
)
from vislabel import io
from vislabel.cli import main
from vislabel.cli.terminal import Clock


def written(folder: Path, video: int = 1) -> io.Annotations:
    return io.read_dataset(folder / "out.json").annotations(video)


# --- what is chosen -----------------------------------------------------------------------------------


def test_path_chooses_the_object_and_costs_what_the_formula_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = answer(capsys, *path_argv(tmp_path, "--no-flow"))
    # Every pixel is explained, at -log 0.9 each; two squares of 12 x 12, a pixel apart, share 11 columns.
    expected = T * -math.log(0.9) - 0.5 * (T - 1) * (11 * 12) / (13 * 12)
    assert told["costs"] == pytest.approx([expected], rel=1e-12)
    assert told["optimal"] is True
    assert told["output"] == str(tmp_path / "out.json")
    assert told["counts"] == {
        "frames": T,
        "identical": T,
        "proposals": 3 * T,
        "proposals_per_frame": 3.0,
        "conflicts": T,
        "nodes": told["counts"]["nodes"],
        "proven": T,
        "masks": T,
        "tracks": 1,
    }
    found = written(tmp_path)
    assert found.tracks == vl.Tracks.from_rle([OBJECT])
    assert found.labels.tolist() == [2]
    assert found.extra == ({"score": 0.8, "results": [1] * T},)


def test_flow_adds_what_the_chosen_masks_do_not_explain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without = answer(capsys, *path_argv(tmp_path, "--no-flow"))["costs"][0]
    assert answer(capsys, *path_argv(tmp_path))["costs"][0] == pytest.approx(without, rel=1e-12), "all of it"
    # Without a mask the flow expected is its mean, everywhere.
    alone = path_argv(tmp_path, "--consistency-weight", "0", content=[result(ELSEWHERE, 0.5, None)])
    told = answer(capsys, *alone)
    mean = 144 / (H * W)
    off = 144 * (1 - mean) + (H * W - 144) * mean
    image = -(math.log(0.1) * 144 + math.log(0.9) * (H * W - 144)) / (H * W)
    assert told["costs"][0] == pytest.approx(T * image + (T - 1) * off / (H * W), rel=1e-9)
    assert told["counts"]["masks"] == 0


def test_path_writes_the_masks_of_the_library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(3)
    maps = random.uniform(0.02, 0.98, (T, H, W)).astype(np.float32)
    moved = random.normal(0, 1, (T - 1, H, W, 2))
    rows = vl.Tracks(random.random((9, T, H, W)) < 0.02).to_rle("str")
    content = [result(row, 0.5, None) for row in rows]
    argv = path_argv(tmp_path, "--k", "4", "--paths", "3", "--max-overlap", "20", content=content)
    argv += ["--backgrounds", saved(tmp_path, maps, "b.npy"), "--flows", saved(tmp_path, moved, "f.npy")]
    argv += ["--image-weight", "2", "--flow-weight", "0.3", "--consistency-weight", "0.1"]
    told = answer(capsys, *argv, "--inside", "measured", "--iou-threshold", "0.3", "--gap", "2")
    expected = vl.path.select_masks(
        vl.Tracks.from_rle(rows),
        maps,
        moved,
        k=4,
        paths=3,
        image_weight=2,
        flow_weight=0.3,
        consistency_weight=0.1,
        inside="measured",
        max_overlap=20,
    )
    assert told["costs"] == expected.costs.tolist()
    assert told["counts"]["nodes"] == expected.nodes
    assert told["counts"]["conflicts"] == sum(expected.conflicts)
    assert told["counts"]["masks"] > 0
    assert written(tmp_path).tracks == expected.tracks(iou_threshold=0.3, gap=2)


def test_the_other_algorithm_and_any_number_of_threads_write_the_same(tmp_path: Path) -> None:
    before = vl.get_num_threads()
    annotations = []
    for more in (["--threads", "1"], ["--threads", "2"], ["--algorithm", "dijkstra"]):
        assert main(path_argv(tmp_path, *more)) == 0
        annotations.append(load(tmp_path / "out.json")["annotations"])
    vl.set_num_threads(before)
    assert annotations[0] == annotations[1] == annotations[2]


def test_a_budget_of_nodes_says_that_nothing_is_proven(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = answer(capsys, *path_argv(tmp_path, "--max-nodes", "1"))
    assert told["optimal"] is False
    assert told["counts"]["proven"] < T


def test_identical_masks_are_one_proposal_of_the_best_result(tmp_path: Path) -> None:
    twice = [result(OBJECT, score, None, category_id=n) for n, score in enumerate((0.2, 0.9, 0.9), 1)]
    assert main(path_argv(tmp_path, "--paths", "2", content=twice)) == 0
    found = written(tmp_path)
    assert found.labels.tolist() == [2]
    assert found.extra[0]["results"] == [1] * T
    assert found.tracks == vl.Tracks.from_rle([OBJECT])


@pytest.mark.parametrize(("first", "expected"), [(4, 9), (3, 5), (2, 5)])
def test_a_track_has_the_category_of_most_of_its_masks(tmp_path: Path, first: int, expected: int) -> None:
    nothing: list[Any] = [None] * T
    content = [
        result([*OBJECT[:first], *nothing[first:]], 0.9, None, category_id=9),
        result([*nothing[:first], *OBJECT[first:]], 0.6, None, category_id=5),
    ]
    assert main(path_argv(tmp_path, content=content)) == 0
    found = written(tmp_path)
    assert found.labels.tolist() == [expected], "of equally many the lower id"
    assert found.extra[0]["results"] == [0] * first + [1] * (T - first)
    assert found.extra[0]["score"] == pytest.approx((0.9 * first + 0.6 * (T - first)) / T)


def test_chosen_masks_that_overlap_too_little_are_different_tracks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = answer(capsys, *path_argv(tmp_path, "--iou-threshold", "0.9"))
    assert (told["counts"]["tracks"], told["counts"]["masks"]) == (T, T)
    unseen = [None if t == 3 else rle for t, rle in enumerate(OBJECT)]
    content = [result(unseen, 0.5, None)]
    assert answer(capsys, *path_argv(tmp_path, content=content))["counts"]["tracks"] == 2
    assert answer(capsys, *path_argv(tmp_path, "--gap", "1", content=content))["counts"]["tracks"] == 1


def test_results_below_the_score_threshold_are_no_proposals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = answer(capsys, *path_argv(tmp_path, "--score-threshold", "0.8"))
    assert told["counts"]["proposals"] == 2 * T
    assert written(tmp_path).extra[0]["results"] == [1] * T
    alone = ("--score-threshold", "0.81", "--consistency-weight", "0")
    told = answer(capsys, *path_argv(tmp_path, *alone))
    assert told["counts"]["masks"] == 0, "the large one costs more than it is worth"
    assert answer(capsys, *path_argv(tmp_path, "--score-threshold", "2"))["counts"]["proposals"] == 0
    assert len(written(tmp_path)) == 0


def test_frames_without_proposals_or_pixels_choose_nothing(tmp_path: Path) -> None:
    empty = vl.Tracks(np.zeros((1, 1, H, W), bool)).to_rle("str")[0][0]
    content = [result([OBJECT[0], None, empty, *OBJECT[3:]], 0.5, None)]
    assert main(path_argv(tmp_path, content=content)) == 0
    assert written(tmp_path).tracks.present.any(axis=0).tolist() == [True, False, False, True, True, True]


# --- what is printed ----------------------------------------------------------------------------------


def test_path_prints_counts_costs_and_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(path_argv(tmp_path, "--paths", "2")) == 0
    out = capsys.readouterr().out
    for row in (
        "identical masks, left out          6",
        "proposals                         18",
        "proposals per frame            3.000",
        "frames whose sets are proven       6",
        "masks chosen                       6",
        "tracks written                     1",
    ):
        assert f"{row}\n" in out
    steps = ("read", "backgrounds", "flows", "selection", "tracks", "write", "total")
    _, costs_table, steps_table, _ = out.split("\n\n")
    assert [line.split()[0] for line in steps_table.splitlines()] == ["step", *steps]
    costs = [float(line.split()[1]) for line in costs_table.splitlines()[1:]]
    assert len(costs) == 2
    assert costs[0] < costs[1]
    assert out.endswith(f"\n\n{tmp_path / 'out.json'}\n")
    alone = path_argv(tmp_path, "--consistency-weight", "0", content=[result(ELSEWHERE, 0.9, None)])
    assert main(alone) == 0
    assert "\nnothing chosen: it costs least to leave everything" in capsys.readouterr().out


def test_the_seconds_of_every_step_add_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seconds = answer(capsys, *path_argv(tmp_path))["seconds"]
    total = seconds.pop("total")
    assert sum(seconds.values()) == pytest.approx(total)
    assert all(value >= 0 for value in seconds.values())


def test_a_step_does_not_count_what_steps_within_it_take(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])

    def late() -> Any:
        for n in range(3):
            now[0] += 10
            yield n

    clock = Clock()
    with clock.step("outer"):
        now[0] += 1
        for _ in clock.timed("inner", late()):
            now[0] += 2
    now[0] += 4
    assert clock.finish("rest") == {"inner": 30, "outer": 7, "rest": 4, "total": 41}


# --- where the maps come from -------------------------------------------------------------------------


def test_maps_of_every_kind_of_file_are_alike(tmp_path: Path) -> None:
    assert main(path_argv(tmp_path)) == 0
    expected = (tmp_path / "out.json").read_bytes()
    given, moved = list(backgrounds().astype(np.float16)), list(flows().astype(np.float64))
    np.savez(tmp_path / "b.npz", **{f"map{n}": array for n, array in enumerate(given, 8)})
    np.savez(tmp_path / "f.npz", *moved)
    argv = ["path", str(tmp_path / "results.json"), "-o", str(tmp_path / "out.json")]
    for maps, fields in (
        (each(tmp_path / "b1", given), each(tmp_path / "f1", moved, ".npz")),
        (each(tmp_path / "b2", given, ".npz"), each(tmp_path / "f2", moved)),
        (str(tmp_path / "b.npz"), str(tmp_path / "f.npz")),
        (
            saved(tmp_path, np.asfortranarray(given), "b.npy"),
            saved(tmp_path, flows().astype(">f4"), "f.npy"),
        ),
    ):
        assert main([*argv, "--backgrounds", maps, "--flows", fields]) == 0
        assert (tmp_path / "out.json").read_bytes() == expected


def walking(video: int = 1) -> list[dict[str, Any]]:
    """Proposals for the fixture `clip`: its square of 24 x 30 pixels, half of it, and two other places."""
    rows = np.zeros((4, 24, 96, 128), bool)
    for t in range(24):
        rows[0, t, 30:60, 4 * t : 4 * t + 12] = True
        rows[1, t, 30:60, 4 * t : 4 * t + 24] = True
        rows[2, t, 20:70, max(0, 4 * t - 20) : 4 * t + 44] = True
    rows[3, :, 70:90, 20:60] = True
    return [result(row, 0.5, None, video) for row in vl.Tracks(rows).to_rle("str")]


def test_the_video_itself_tells_which_proposals_are_good(tmp_path: Path, clip: Path) -> None:
    results = put(tmp_path, walking())
    argv = ["path", results, "--video", str(clip), "-o", str(tmp_path / "out.json")]
    for more in ([], ["--no-flow"], ["--start", "0", "--stop", "24"]):
        assert main([*argv, *more]) == 0
        found = written(tmp_path)
        assert [extra["results"] for extra in found.extra] == [[1] * 24]


def test_maps_made_and_the_same_maps_read_give_the_same_bytes(tmp_path: Path, clip: Path) -> None:
    argv = ["path", put(tmp_path, walking()), "-o", str(tmp_path / "out.json")]
    assert main([*argv, "--video", str(clip)]) == 0
    expected = (tmp_path / "out.json").read_bytes()
    maps = each(tmp_path / "maps", vl.cues.background_maps(clip))
    moved = each(tmp_path / "flows", vl.cues.flows(clip))
    for more in (
        ["--backgrounds", maps, "--flows", moved],
        ["--backgrounds", maps, "--video", str(clip)],
        ["--flows", moved, "--video", str(clip)],
        ["--backgrounds", maps, "--flows", moved, "--video", "not read.avi"],
    ):
        assert main([*argv, *more]) == 0
        assert (tmp_path / "out.json").read_bytes() == expected


def test_the_background_is_learned_from_another_video(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = walking()
    for entry in content:
        entry["segmentations"] = entry["segmentations"][5:6]
    argv = ["path", put(tmp_path, content), "--video", str(clip), "--start", "5", "--stop", "6"]
    argv += ["-o", str(tmp_path / "out.json")]
    assert answer(capsys, *argv)["counts"]["masks"] == 0, "one frame is its own background"
    assert answer(capsys, *argv, "--learn-from", str(clip))["counts"]["masks"] == 1
    assert written(tmp_path).extra[0]["results"] == [1]


def test_frames_are_those_that_start_and_stop_or_the_dataset_name(tmp_path: Path, clip: Path) -> None:
    shown = [3, 4, 9, 10, 16]
    content = walking()
    for entry in content:
        entry["segmentations"] = [entry["segmentations"][t] for t in shown]
    names = tuple(f"clip/{t}.png" for t in shown)
    video = io.Video(1, 128, 96, len(shown), names, {"frame_indices": shown})
    nothing = io.Annotations(video, vl.Tracks.from_rle([], (96, 128), frames=len(shown)), np.zeros(0, int))
    known = str(tmp_path / "videos.json")
    io.write_dataset(known, [nothing], categories=[{"id": 1, "name": "box"}], licenses=[{"id": 4}])
    argv = ["path", put(tmp_path, content), "--video", str(clip), "-o", str(tmp_path / "out.json")]
    # The object jumps, so that neither its flow nor its overlap helps.
    assert main([*argv, "--videos", known, "--no-flow", "--consistency-weight", "0"]) == 0
    made = load(tmp_path / "out.json")
    assert made["videos"][0]["file_names"] == list(names)
    assert made["videos"][0]["frame_indices"] == shown
    assert made["categories"] == [{"id": 1, "name": "box"}]
    assert made["licenses"] == [{"id": 4}]
    from_results = [n for entry in made["annotations"] for n in entry["results"] if n is not None]
    assert from_results == [1] * len(shown)
    for entry, whole in zip(content, walking(), strict=True):
        entry["segmentations"] = whole["segmentations"][8:20]
    argv[1] = put(tmp_path, content)
    assert main([*argv, "--start", "8", "--stop", "20"]) == 0
    assert [extra["results"] for extra in written(tmp_path).extra] == [[1] * 12]


def test_maps_are_never_held_all_at_once(tmp_path: Path) -> None:
    height, width, frames = 240, 320, 60
    tracks = vl.Tracks(np.pad(np.ones((1, frames, 20, 20), bool), ((0, 0), (0, 0), (5, 215), (5, 295))))
    results = put(tmp_path, [result(tracks.to_rle("str")[0], 0.5, None)])
    maps = np.lib.format.open_memmap(tmp_path / "maps.npy", "w+", np.float64, (frames, height, width))
    maps[:] = 0.5
    maps.flush()
    one = height * width * 8
    folder = each(tmp_path / "maps", maps)
    for given in (str(tmp_path / "maps.npy"), folder):
        argv = ["path", results, "--backgrounds", given, "--no-flow", "-o", str(tmp_path / "out.json")]
        assert main(argv) == 0  # what is imported late is not counted
        tracemalloc.start()
        assert main(argv) == 0
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 15 * one, f"{most / one:.1f} maps of {frames}"


# --- what is written ----------------------------------------------------------------------------------


def test_one_video_of_several_is_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = [result(track(5), 0.5, None, 7), *proposals(), result(track(5), 0.5, None, 3)]
    told = answer(capsys, *path_argv(tmp_path, "--video-id", "1", content=content))
    assert told["counts"]["frames"] == T
    assert [video["id"] for video in load(tmp_path / "out.json")["videos"]] == [1]
    assert written(tmp_path).extra[0]["results"] == [2] * T, "counted in the file"


def test_names_and_categories_are_the_dataset_s_or_made_up(tmp_path: Path) -> None:
    assert main(path_argv(tmp_path)) == 0
    made = load(tmp_path / "out.json")
    assert made["videos"][0]["file_names"][:2] == ["1/00000.jpg", "1/00001.jpg"]
    assert made["categories"] == [{"id": 2, "name": "category 2"}]
    assert made["info"]["description"] == f"GBOpt pseudo-labels by vislabel {vl.__version__}"
    assert (made["info"]["k"], made["info"]["no_flow"], made["info"]["max_nodes"]) == (10, False, None)
    content = [{**entry, "category_id": 1} for entry in proposals()]
    assert main(path_argv(tmp_path, "--videos", videos(tmp_path), content=content)) == 0
    made = load(tmp_path / "out.json")
    assert made["videos"][0]["file_names"][:2] == ["clip/0.jpg", "clip/10.jpg"]
    assert made["categories"] == [{"id": 1, "name": "person"}]


def test_what_path_writes_is_checked_shown_and_filters_ground_truth(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out.json.gz")
    argv = ["path", put(tmp_path, walking()), "--video", str(clip), "-o", out]
    assert main(argv) == 0
    assert answer(capsys, "check", out)["defects"] == []
    assert main(["show", out, "--video", str(clip), "-o", str(tmp_path / "pictures"), "--every", "8"]) == 0
    assert len(list((tmp_path / "pictures").glob("frame_*.png"))) == 3
    assert main(["filter", out, "--pseudo", out, "-o", str(tmp_path / "filtered.json")]) == 0


def test_a_video_of_one_frame_has_no_flow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = path_argv(tmp_path, content=[{**proposals()[1], "segmentations": OBJECT[:1]}])
    saved(tmp_path, backgrounds()[:1], "backgrounds.npy")
    saved(tmp_path, flows()[:0], "flows.npy")
    assert answer(capsys, *argv)["costs"] == pytest.approx([-math.log(0.9)])
    (tmp_path / "none").mkdir()
    assert answer(capsys, *argv, "--flows", str(tmp_path / "none"))["counts"]["masks"] == 1


def test_what_is_larger_costs_more_than_it_explains() -> None:
    whole = vl.Masks.from_rle([too_large()[0], OBJECT[0]])
    cost = vl.path.background_cost(whole, backgrounds()[0], reduction="sum")
    log_odds = math.log(0.9 / 0.1)
    assert cost.per_mask == pytest.approx([(400 - 144) * log_odds - 144 * log_odds, -144 * log_odds])
    assert square(XS[0]).sum() == 144
