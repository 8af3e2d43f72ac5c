"""Videos: every container and codec, frames by number, times as they are stored."""

from __future__ import annotations

import itertools
import random
import tracemalloc
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from lusviewer.cancel import CancelToken
from lusviewer.errors import CorruptClipError, CorruptFrameError, UnsupportedClipError
from lusviewer.io import open_clip
from tests.unit.io import writing

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.clip import Clip

KINDS = [
    ("clip.mp4", "libx264", "yuv420p", {"crf": "8", "g": "10"}),
    ("clip.mov", "libx264", "yuv444p", {"crf": "8", "g": "10", "bf": "3"}),
    ("clip.mp4", "mpeg4", "yuv420p", {"qscale": "2"}),
    ("clip.avi", "mjpeg", "yuvj420p", {"qscale": "2"}),
    ("clip.avi", "mpeg4", "yuv420p", {"qscale": "2"}),
    ("clip.avi", "libx264", "yuv420p", {"crf": "8", "bf": "2"}),
    ("clip.mpeg", "mpeg1video", "yuv420p", {"qscale": "2", "g": "8", "bf": "2"}),
    ("clip.mpg", "mpeg2video", "yuv420p", {"qscale": "2", "g": "8"}),
    ("clip.ts", "mpeg2video", "yuv420p", {"qscale": "2", "g": "8"}),
    ("clip.mkv", "libx264", "yuv420p", {"crf": "8", "g": "10"}),
    (
        "clip.webm",
        "libvpx-vp9",
        "yuv420p",
        {"crf": "8", "g": "10", "deadline": "realtime"},
    ),
    ("clip.gif", "gif", "gray", {}),
]


def numbered(n: int, rows: int = 64, columns: int = 80) -> np.ndarray:
    """Frames that carry their number: six broad bars, black or white, as bits."""
    frames = np.full((n, rows, columns), 90, np.uint8)
    for index, bit in itertools.product(range(n), range(8)):
        frames[index, 8:40, 8 * bit + 4 : 8 * bit + 12] = 220 * (index >> bit & 1)
    return frames


def number_of(frame: np.ndarray) -> int:
    bars = [frame[12:36, 8 * bit + 6 : 8 * bit + 10].mean() > 110 for bit in range(8)]
    return sum(bool(on) << bit for bit, on in enumerate(bars))


def made(tmp_path: Path, kind: tuple[str, str, str, dict[str, str]], n: int) -> Clip:
    name, codec, pix_fmt, options = kind
    path = tmp_path / name
    writing.film(path, numbered(n), codec, pix_fmt=pix_fmt, options=options)
    return open_clip(path)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind[1]}-{kind[0][5:]}")
def test_frames_asked_for_in_any_order_are_the_right_ones(
    tmp_path: Path, kind: tuple[str, str, str, dict[str, str]]
) -> None:
    clip = made(tmp_path, kind, 60)
    clip.limit_cache(1)
    assert len(clip) == 60
    wanted = [59, 0, 31, 30, 29, 33, 7, *random.Random(3).sample(range(60), 20)]
    assert [number_of(clip.frame(index)) for index in wanted] == wanted
    clip.close()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind[1]}-{kind[0][5:]}")
def test_times_rise_from_zero_at_the_file_s_rate(
    tmp_path: Path, kind: tuple[str, str, str, dict[str, str]]
) -> None:
    clip = made(tmp_path, kind, 20)
    assert clip.frame_times_s[0] == 0
    assert np.diff(clip.frame_times_s) == pytest.approx(np.full(19, 0.04), abs=0.002)
    assert not clip.details.rate_assumed
    assert clip.warnings == ()
    clip.close()


def test_the_extension_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "clip.dcm"
    writing.film(path, numbered(5), "mjpeg", pix_fmt="yuvj420p", kind="avi")
    clip = open_clip(path)
    assert clip.identity.source == "video"
    assert len(clip) == 5
    clip.close()


@pytest.mark.parametrize(
    ("pix_fmt", "codec"), [("yuv420p", "libx264"), ("yuvj420p", "mjpeg")]
)
def test_black_and_white_fill_the_whole_range(
    tmp_path: Path, pix_fmt: str, codec: str
) -> None:
    frames = np.zeros((3, 64, 64), np.uint8)
    frames[:, :, 32:] = 255
    path = tmp_path / "range.avi"
    writing.film(path, frames, codec, pix_fmt=pix_fmt, options={"crf": "5"})
    clip = open_clip(path)
    assert clip.frame(1)[:, :24].mean() < 2
    assert clip.frame(1)[:, 40:].mean() > 253
    clip.close()


def test_colour_is_told_from_gray(tmp_path: Path) -> None:
    gray = writing.cine(3, 64, 64)
    for name, frames in (("gray", gray), ("colour", writing.coloured(gray))):
        writing.film(tmp_path / f"{name}.mp4", frames, "libx264")
    plain, vivid = (open_clip(tmp_path / f"{n}.mp4") for n in ("gray", "colour"))
    assert (plain.details.colour, vivid.details.colour) == (False, True)
    assert vivid.colour(1).shape == (64, 64, 3)
    plain.close()
    vivid.close()


def test_uneven_times_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "uneven.mkv"
    steps = [0, 40, 60, 200, 210, 400]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=1000)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for pts, gray in zip(steps, writing.cine(6, 64, 64), strict=True):
            frame = av.VideoFrame.from_ndarray(gray, "gray").reformat(format="yuv420p")
            frame.pts = pts
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    clip = open_clip(path)
    assert clip.frame_times_s * 1000 == pytest.approx(np.array(steps))
    clip.close()


@pytest.mark.parametrize("degrees", [30, 60])
def test_a_turn_by_less_than_a_quarter_is_rounded_to_one_or_none(
    tmp_path: Path, degrees: int
) -> None:
    path = tmp_path / "askew.mp4"
    frames = writing.cine(2)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        stream.set_display_rotation(degrees)
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(pixels, "gray")
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode())
    clip = open_clip(path)
    shape = (clip.geometry.rows, clip.geometry.columns)
    assert shape == clip.frame(0).shape == {30: (48, 64), 60: (64, 48)}[degrees]
    clip.close()


def test_a_picture_stored_lying_is_set_upright(tmp_path: Path) -> None:
    path = tmp_path / "turned.mp4"
    frames = np.zeros((4, 48, 64), np.uint8)
    frames[:, :, :20] = 255
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.set_display_rotation(90)
        for gray in frames:
            frame = av.VideoFrame.from_ndarray(gray, "gray").reformat(format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    clip = open_clip(path)
    assert (clip.geometry.rows, clip.geometry.columns) == (64, 48)
    upright = clip.frame(0)
    assert upright.shape == (64, 48)
    # Turned a quarter counterclockwise, the left edge comes to lie at the bottom.
    assert upright[:30].mean() < 20
    assert upright[-16:].mean() > 235
    assert clip.colour(0).shape == (64, 48, 3)
    clip.close()


def test_a_stretch_that_does_not_decode_is_marked_and_the_rest_opens(
    tmp_path: Path,
) -> None:
    path = tmp_path / "holes.avi"
    writing.film(path, numbered(20), "mjpeg", pix_fmt="yuvj420p")
    data = bytearray(path.read_bytes())
    starts = [at for at in range(len(data)) if data[at : at + 3] == b"\xff\xd8\xff"]
    for frame in (7, 8):
        at, end = starts[frame], starts[frame + 1] - 16
        data[at:end] = b"\x55" * (end - at)
    path.write_bytes(bytes(data))
    clip = open_clip(path)
    good = [index for index in range(20) if index not in (7, 8)]
    for index in (7, 8):
        with pytest.raises(CorruptFrameError, match=r"holes\.avi"):
            clip.frame(index)
    assert [number_of(clip.frame(index)) for index in good] == good
    assert clip.broken == {7, 8}
    assert any("Frame 8" in warning for warning in clip.warnings)
    clip.close()


def test_a_file_cut_in_the_middle_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "cut.mpg"
    writing.film(path, numbered(60), "mpeg2video", options={"g": "8"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    clip = open_clip(path)
    assert 10 < len(clip) < 60
    assert number_of(clip.frame(5)) == 5
    clip.close()


def test_a_cut_avi_tells_how_many_frames_are_left(tmp_path: Path) -> None:
    path = tmp_path / "cut.avi"
    writing.film(path, numbered(40), "mjpeg", pix_fmt="yuvj420p")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    clip = open_clip(path)
    assert 0 < len(clip) < 40
    assert f"says 40 frames, the file holds {len(clip)}" in clip.warnings[0]
    clip.close()


def test_a_frame_of_another_size_than_the_first_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "sizes.avi"
    small, large = writing.cine(3), writing.cine(1, 64, 80)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuvj420p"
        pictures = [*writing.jpegs(small), *writing.jpegs(large)]
        for number, data in enumerate(pictures):
            packet = av.Packet(data)
            packet.stream, packet.pts, packet.dts = stream, number, number
            packet.time_base = Fraction(1, 25)
            container.mux(packet)
    clip = open_clip(path)
    assert clip.frame(2).shape == (48, 64)
    with pytest.raises(CorruptFrameError, match="80x64, unlike the first"):
        clip.frame(3)
    with pytest.raises(CorruptFrameError):
        clip.colour(3)
    assert clip.broken == {3}
    clip.close()


def test_a_cut_mp4_without_its_index_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    writing.film(path, numbered(30), "libx264")
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(CorruptClipError, match=r"cut\.mp4") as caught:
        open_clip(path)
    assert "export" in caught.value.hint


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), "fltp", "mono"
        )
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(UnsupportedClipError, match=r"sound\.mp4 holds no video"):
        open_clip(path)


def test_a_long_clip_prefetches_within_its_cache(tmp_path: Path) -> None:
    clip = made(tmp_path, KINDS[3], 250)
    clip.limit_cache(100 * 64 * 80)
    tracemalloc.start()
    done = list(clip.prefetch(CancelToken()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert done == list(range(100))
    assert peak < 4 * 2**20
    assert not clip.fits_cache()
    clip.close()


def test_pixels_that_are_not_square_stay_as_stored_with_a_warning(
    tmp_path: Path,
) -> None:
    path = tmp_path / "wide.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(9, 8)
        for gray in writing.cine(3):
            frame = av.VideoFrame.from_ndarray(gray, "gray").reformat(format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with open_clip(path) as clip:
        assert clip.frame(0).shape == (48, 64)
        assert "9/8" in clip.warnings[0]
