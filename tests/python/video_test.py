"""Reading videos and images that are broken, oddly named or unreadable: one sentence, and no other noise."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from refusal import refused

cv2 = pytest.importorskip("cv2", reason="reading videos needs OpenCV: pip install 'vislabel[draw]'")

from vislabel.propose import read_video  # noqa: E402

HEIGHT, WIDTH, FRAMES = 48, 64, 20


def textured(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return cv2.GaussianBlur(random.integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8), (5, 5), 0)


def write_avi(path: Path, coding: str = "MJPG") -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*coding), 10, (WIDTH, HEIGHT))
    assert writer.isOpened()
    for t in range(FRAMES):
        writer.write(textured(t))
    writer.release()
    return path


def write_huge_png(path: Path, width: int, height: int) -> Path:
    """A PNG of a few bytes whose header promises many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def cut(path: Path, share: float, name: str) -> Path:
    data = path.read_bytes()
    short = path.with_name(name)
    short.write_bytes(data[: int(len(data) * share)])
    return short


def rename_to_latin(path: Path) -> Path:
    """The file under a name that is no UTF-8, as old archives unpack it."""
    try:
        return path.rename(path.with_name(os.fsdecode(b"caf\xe9") + path.suffix))
    except (OSError, UnicodeError):
        pytest.skip("this file system takes only UTF-8 names")


# What a fresh interpreter prints about a video; the lines before it differ in when cv2 is imported.
READ = """
import sys
from vislabel import Error
from vislabel.propose import read_video
try:
    print(len(list(read_video(sys.argv[1]))))
except Error as error:
    print(error)
"""


def run_fresh(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    ours = ("OPENCV_LOG_LEVEL", "OPENCV_FFMPEG_LOGLEVEL", "OPENCV_FFMPEG_DEBUG")
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=True,
    )


def test_a_video_whose_name_is_not_utf8_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = rename_to_latin(write_avi(tmp_path / "clip.avi"))
    with refused(r"caf\udce9.avi", "not UTF-8"):
        read_video(path)


def test_images_whose_names_are_not_utf8_are_an_error_that_names_them(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), textured(0))
    rename_to_latin(tmp_path / "0.png")
    with refused(r"caf\udce9.png", "not UTF-8"):
        read_video(tmp_path)


def test_a_file_name_that_looks_like_an_address_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_avi(tmp_path / "clip.avi", "XVID").rename(tmp_path / "concat:clip.avi")
    monkeypatch.chdir(tmp_path)
    assert len(list(read_video("concat:clip.avi"))) == FRAMES


def test_images_whose_names_hold_superscripts_have_an_order(tmp_path: Path) -> None:
    for name in ("1\u00b2.png", "10.png", "2.png", "\u00b2.png", "1\u00b22.png"):
        cv2.imwrite(str(tmp_path / name), textured(0))
    names = [name.rpartition("/")[2] for name in read_video(tmp_path).names]
    assert names.index("2.png") < names.index("10.png")
    assert len(names) == 5


@pytest.mark.parametrize("imported", ["", "import cv2\n"])
def test_a_broken_file_writes_nothing_of_its_own_to_stderr(tmp_path: Path, imported: str) -> None:
    (tmp_path / "text.mp4").write_text("hello world\n" * 50)
    cv2.imwrite(str(tmp_path / "whole.png"), textured(0))
    cv2.imwrite(str(tmp_path / "whole.bmp"), textured(0))
    broken = [
        (tmp_path / "text.mp4", "cannot be read as a video"),
        (cut(write_avi(tmp_path / "whole.avi", "XVID"), 0.6, "short.avi"), ""),
        (cut(tmp_path / "whole.png", 0.5, "short.png"), "cannot be read as an image"),
        (cut(tmp_path / "whole.bmp", 0.5, "short.bmp"), "cannot be read as an image"),
    ]
    for path, message in broken:
        done = run_fresh(imported + READ, str(path))
        assert done.stderr == "", path
        assert message in done.stdout, path


@pytest.mark.parametrize(
    ("before", "environment", "level"),
    [
        ("", {}, "SILENT"),
        ("import cv2", {}, "SILENT"),
        ("", {"OPENCV_LOG_LEVEL": "INFO"}, "INFO"),
        ("import cv2", {"OPENCV_LOG_LEVEL": "WARNING"}, "WARNING"),
        ("import cv2; cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)", {}, "ERROR"),
    ],
)
def test_a_log_level_that_the_user_chose_stays(before: str, environment: dict[str, str], level: str) -> None:
    code = f"""{before}
from vislabel._opencv import opencv
logging = opencv("a test").utils.logging
assert logging.getLogLevel() == logging.LOG_LEVEL_{level}, logging.getLogLevel()
"""
    run_fresh(code, **environment)


def test_a_log_level_chosen_after_the_first_use_stays() -> None:
    run_fresh("""
from vislabel._opencv import opencv
logging = opencv("a test").utils.logging
logging.setLogLevel(logging.LOG_LEVEL_WARNING)
opencv("a test")
assert logging.getLogLevel() == logging.LOG_LEVEL_WARNING
""")


@pytest.mark.parametrize(
    ("environment", "level"),
    [
        ({}, "-8"),
        ({"OPENCV_FFMPEG_LOGLEVEL": "48"}, "48"),
        ({"OPENCV_FFMPEG_DEBUG": "1"}, "None"),
    ],
)
def test_what_the_user_asked_of_ffmpeg_stays(environment: dict[str, str], level: str) -> None:
    code = """
import os
from vislabel._opencv import opencv
opencv("a test")
print(os.environ.get("OPENCV_FFMPEG_LOGLEVEL"))
"""
    assert run_fresh(code, **environment).stdout.strip() == level


@pytest.mark.parametrize("coding", ["MJPG", "XVID"])
def test_a_file_that_ends_early_is_read_up_to_there(tmp_path: Path, coding: str) -> None:
    short = cut(write_avi(tmp_path / "clip.avi", coding), 0.6, "short.avi")
    video = read_video(short)
    assert 0 < len(video) < FRAMES
    assert len(list(video)) == len(video)
    with refused(f"short.avi has {len(video)} frames, expected at least stop = {FRAMES}"):
        read_video(short, stop=FRAMES)


def test_a_frame_that_cannot_be_decoded_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Undecodable:
        """Three frames, of which `bad` can be passed but not decoded."""

        bad = 0

        def __init__(self, path: str) -> None:
            self.at = -1

        def isOpened(self) -> bool:
            return True

        def grab(self) -> bool:
            self.at += 1
            return self.at < 3

        def retrieve(self) -> tuple[bool, np.ndarray | None]:
            return (False, None) if self.at == self.bad else (True, textured(self.at))

        def release(self) -> None:
            pass

    (tmp_path / "clip.avi").write_bytes(b"a stand-in")
    monkeypatch.setattr(cv2, "VideoCapture", Undecodable)
    with refused("frame 0 of ", "clip.avi cannot be read"):
        read_video(tmp_path / "clip.avi")
    Undecodable.bad = 1
    with refused("frame 1 of ", "clip.avi cannot be read"):
        list(read_video(tmp_path / "clip.avi"))


def test_an_image_with_more_pixels_than_opencv_takes_is_named(tmp_path: Path) -> None:
    path = write_huge_png(tmp_path / "huge.png", 40_000, 40_000)
    with refused("huge.png cannot be read as an image"):
        read_video(path)


def test_an_image_that_is_a_folder_or_gone_is_named(tmp_path: Path) -> None:
    (tmp_path / "0.png").mkdir()
    with refused("0.png cannot be read as an image: Is a directory"):
        read_video(tmp_path)
    (tmp_path / "0.png").rmdir()
    for t in range(2):
        cv2.imwrite(str(tmp_path / f"{t}.png"), textured(t))
    video = read_video(tmp_path)
    (tmp_path / "1.png").unlink()
    with refused("1.png cannot be read as an image: No such file or directory"):
        list(video)


@pytest.mark.parametrize("kind", ["grey", "alpha", "16 bits", "CMYK"])
def test_an_image_of_any_kind_is_read_as_eight_bit_rgb(tmp_path: Path, kind: str) -> None:
    bgr = textured(0)
    pictures = {"grey": bgr[..., 0], "alpha": np.dstack([bgr, bgr[..., 0]]), "16 bits": bgr * np.uint16(257)}
    path = tmp_path / ("0.jpg" if kind == "CMYK" else "0.png")
    if kind == "CMYK":
        pillow = pytest.importorskip("PIL.Image")
        pillow.fromarray(bgr[..., ::-1]).convert("CMYK").save(path)
    else:
        cv2.imwrite(str(path), pictures[kind])
    (frame,) = read_video(path)
    assert (frame.shape, frame.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    if kind in ("alpha", "16 bits"):
        assert np.array_equal(frame, bgr[..., ::-1])
