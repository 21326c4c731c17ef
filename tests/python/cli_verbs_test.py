"""Every verb of the command line: help, and one line and exit code 2 for everything bad."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import vislabel as vl
from cli_cases import VERBS, T, complaint, put, scene
from fuse_cases import fused_argv
from vislabel.cli import main


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    out = capsys.readouterr().out
    assert f"example:\n  vislabel {verb} " in out
    assert "--json" in out


def test_the_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"    {verb} " in out for verb in VERBS)


def test_the_version_is_the_library_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"vislabel {vl.__version__}\n"


def test_it_runs_as_a_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vislabel.cli"]
    good = subprocess.run(
        [*command, "check", put(tmp_path, scene())], capture_output=True, text=True, check=False
    )
    assert (good.returncode, good.stderr) == (0, "")
    bad = subprocess.run([*command, "check", "none.json"], capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == "vislabel check: none.json: no such file or directory\n"


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="no /dev/stdin on this system")
def test_pipes_are_files_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vislabel.cli"]
    argv = [*command, "select", "/dev/stdin", "-o", str(tmp_path / "pseudo.json")]
    subprocess.run(argv, input=json.dumps(scene()).encode(), check=True, capture_output=True)
    argv = [*command, "check", "/dev/stdin", "--json"]
    given = (tmp_path / "pseudo.json").read_bytes()
    told = json.loads(subprocess.run(argv, input=given, check=True, capture_output=True).stdout)
    assert (told["kind"], told["tracks"]) == ("dataset", 2)
    argv = [*command, "select", str(put(tmp_path, scene())), "-o", "/dev/stdout"]
    out = subprocess.run(argv, check=True, capture_output=True).stdout
    assert out.startswith(given)


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ((), "the following arguments are required: VERB (see vislabel --help)"),
        (("elect",), "argument VERB: invalid choice: 'elect'"),
        (
            ("select", "a.json"),
            "the following arguments are required: -o/--output (see vislabel select --help)",
        ),
        (
            ("select", "a", "-o", "b", "--threshold", "nan"),
            "argument --threshold: expected a number, got 'nan'",
        ),
        (
            ("select", "a", "-o", "b", "--threads", "0"),
            "argument --threads: expected an integer of at least 1, got '0'",
        ),
        (("select", "a", "-o", "b", "--rule", "mine"), "argument --rule: invalid choice: 'mine'"),
        (("show", "a", "-o", "b"), "one of the arguments --video --frames is required"),
        (
            ("propose", "a", "-o", "b", "--start", "-1"),
            "argument --start: expected an integer of at least 0, got '-1'",
        ),
        (("fuse", "--source", "a=b", "-o", "c"), "the following arguments are required: --boxes (see"),
        (("filter", "a", "-o", "b"), "the following arguments are required: --pseudo (see"),
        (("path", "a"), "the following arguments are required: -o/--output (see vislabel path --help)"),
    ],
)
def test_bad_arguments_are_one_line(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], expected: str
) -> None:
    assert complaint(capsys, *argv).startswith(expected)


@pytest.mark.parametrize("verb", ["select", "show", "check", "propose", "filter", "path"])
def test_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    none = str(tmp_path / "no\nne.json")
    more = {
        "select": ["-o", str(tmp_path / "x")],
        "show": ["--video", "x", "-o", str(tmp_path / "y")],
        "check": [],
        "filter": ["--pseudo", "x", "-o", str(tmp_path / "x")],
        "path": ["--video", "x", "-o", str(tmp_path / "x")],
    }
    text = complaint(capsys, verb, none, *more.get(verb, ["-o", str(tmp_path / "x")]))
    assert text.startswith(none.replace("\n", "\\n"))
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_is_130_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    results, fuse = put(tmp_path, scene()), fused_argv(tmp_path)
    filtered = ["filter", str(tmp_path / "sam.json"), "--pseudo", str(tmp_path / "sam.json")]
    before = sorted(tmp_path.iterdir())
    for name in ("select.spatiotemporal_nms", "fuse.pseudo_masks", "fuse.missing_data"):
        monkeypatch.setattr(f"vislabel.{name}", interrupted)
    for argv in (["select", results], fuse, filtered):
        assert main([*argv, "-o", str(tmp_path / "out.json")]) == 130
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(("module", "extra"), [("msgspec", "io"), ("cv2", "draw")])
def test_a_missing_extra_is_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    extra: str,
) -> None:
    results = put(tmp_path, scene())
    pseudo = str(tmp_path / "pseudo.json")
    assert main(["select", results, "-o", pseudo]) == 0
    (tmp_path / "images").mkdir()
    for t in range(T):
        (tmp_path / "images" / f"{t}.png").write_bytes(b"")
    monkeypatch.setitem(sys.modules, module, None)
    argv = ("show", pseudo, "--video", str(tmp_path / "images"), "-o", str(tmp_path / "pictures"))
    assert f"pip install 'vislabel[{extra}]'" in complaint(capsys, *argv)


def test_tables_are_plain_text_without_rich(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("rich"):
            raise ImportError(name)
        return found(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert main(["check", put(tmp_path, scene())]) == 0
    assert "tracks                 4\n" in capsys.readouterr().out
