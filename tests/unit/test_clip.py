"""Clips: frames by index, the bounded cache, broken frames, many threads."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.clip import BROKEN_NAMED, Clip, ClipDetails, ClipIdentity, FrameCache
from lusviewer.errors import CorruptFrameError, UnreadableFileError
from lusviewer.geometry import FrameGeometry, Sector

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

ROWS, COLUMNS = 40, 60


class Numbered:
    """Frames filled with their number; some do not decode. Real, and tiny."""

    def __init__(self, broken: tuple[int, ...] = ()) -> None:
        self.broken = broken
        self.decoded: list[int] = []
        self.closed = False

    def luminance(self, index: int) -> NDArray[np.uint8]:
        self.decoded.append(index)
        if index in self.broken:
            msg = "nothing but noise."
            raise CorruptFrameError(msg)
        return np.full((ROWS, COLUMNS), index, np.uint8)

    def colour(self, index: int) -> NDArray[np.uint8]:
        return np.repeat(self.luminance(index)[..., None], 3, 2)

    def close(self) -> None:
        self.closed = True


def made(
    path: Path, n: int, source: Numbered | None = None, *, cache_bytes: int = 10**6
) -> Clip:
    return Clip(
        ClipIdentity(path / "clip.mp4", "video"),
        source or Numbered(),
        FrameGeometry(ROWS, COLUMNS, (0, 0, ROWS, COLUMNS)),
        np.arange(n, dtype=np.float64) * 0.05,
        ClipDetails("test"),
        cache_bytes=cache_bytes,
    )


def test_a_frame_is_decoded_once_and_cannot_be_written(tmp_path: Path) -> None:
    source = Numbered()
    clip = made(tmp_path, 5, source)
    assert clip.cached(3) is None
    assert clip.frame(3)[0, 0] == 3
    assert clip.frame(3) is clip.cached(3)
    assert source.decoded == [3]
    with pytest.raises(ValueError, match="read-only"):
        clip.frame(3)[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        clip.frame_times_s[0] = 1


def test_of_many_broken_frames_some_are_named_and_the_rest_counted(
    tmp_path: Path,
) -> None:
    clip = made(tmp_path, 50, Numbered(broken=tuple(range(10, 50))))
    for index in range(50):
        with contextlib.suppress(CorruptFrameError):
            clip.frame(index)
    assert len(clip.broken) == 40
    assert len(clip.warnings) == BROKEN_NAMED + 1
    assert clip.warnings[0] == "Frame 11 does not decode: nothing but noise."
    assert clip.warnings[-1] == "20 more frames do not decode."


def test_the_beam_is_sought_in_frames_that_are_there(tmp_path: Path) -> None:
    source = Numbered()
    missing = dict.fromkeys(range(20, 1000), CorruptFrameError("cut off"))
    clip = Clip(
        ClipIdentity(tmp_path / "clip.dcm", "dicom"),
        source,
        FrameGeometry(ROWS, COLUMNS, (0, 0, ROWS, COLUMNS)),
        np.arange(1000, dtype=np.float64),
        ClipDetails("test"),
        broken=missing,
    )
    clip.locate(CancelToken())
    assert len(source.decoded) == 12
    assert max(source.decoded) == 19


def test_a_file_that_has_gone_cannot_be_identified(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"clip\.mp4 could not be read again"):
        made(tmp_path, 1).identity.sha256()


def test_rate_and_duration_come_from_the_times(tmp_path: Path) -> None:
    clip = made(tmp_path, 5)
    assert len(clip) == 5
    assert clip.frame_rate_hz == pytest.approx(20)
    assert clip.duration_s == pytest.approx(0.25)
    still = made(tmp_path, 1)
    assert (still.frame_rate_hz, still.duration_s) == (0, 0)


@pytest.mark.parametrize("index", [-1, 5])
def test_an_index_outside_is_a_bug_not_a_broken_clip(
    tmp_path: Path, index: int
) -> None:
    with pytest.raises(IndexError):
        made(tmp_path, 5).frame(index)


def test_a_broken_frame_is_tried_once_marked_and_warned_of(tmp_path: Path) -> None:
    source = Numbered(broken=(2,))
    clip = made(tmp_path, 4, source)
    for _ in range(2):
        with pytest.raises(CorruptFrameError):
            clip.frame(2)
    assert source.decoded == [2]
    assert clip.broken == {2}
    assert clip.warnings == ("Frame 3 does not decode: nothing but noise.",)


def test_frames_known_to_be_missing_are_never_asked_for(tmp_path: Path) -> None:
    source = Numbered()
    gone = CorruptFrameError("cut off")
    clip = Clip(
        ClipIdentity(tmp_path / "a.dcm", "dicom"),
        source,
        FrameGeometry(ROWS, COLUMNS, (0, 0, ROWS, COLUMNS)),
        np.arange(4, dtype=np.float64) * 0.1,
        ClipDetails("DICOM"),
        broken={3: gone},
    )
    with pytest.raises(CorruptFrameError, match="cut off"):
        clip.frame(3)
    assert source.decoded == []
    assert clip.broken == frozenset({3})


def test_the_cache_keeps_the_last_used_within_its_bytes() -> None:
    cache = FrameCache(3 * 100)
    for index in range(3):
        cache.put(index, np.zeros((10, 10), np.uint8))
    assert cache.get(0) is not None
    cache.put(3, np.zeros((10, 10), np.uint8))
    assert cache.get(1) is None
    assert all(cache.get(index) is not None for index in (0, 2, 3))
    cache.put(3, np.zeros((10, 10), np.uint8))
    assert cache.get(0) is not None
    cache.clear()
    assert cache.get(0) is None


def test_one_frame_larger_than_the_cache_is_still_kept() -> None:
    cache = FrameCache(10)
    cache.put(0, np.zeros((10, 10), np.uint8))
    assert cache.get(0) is not None


def test_prefetch_goes_in_order_past_broken_frames_up_to_the_room(
    tmp_path: Path,
) -> None:
    source = Numbered(broken=(1,))
    clip = made(tmp_path, 9, source, cache_bytes=4 * ROWS * COLUMNS)
    assert list(clip.prefetch(CancelToken())) == [0, 2, 3]
    assert not clip.fits_cache()
    assert made(tmp_path, 9).fits_cache()


def test_prefetch_stops_when_cancelled(tmp_path: Path) -> None:
    cancel = CancelToken()
    frames = made(tmp_path, 9).prefetch(cancel)
    assert next(frames) == 0
    cancel.cancel()
    with pytest.raises(Cancelled):
        next(frames)


def test_the_beam_is_sought_once_in_a_few_frames(tmp_path: Path) -> None:
    source = Numbered()
    clip = made(tmp_path, 200, source)
    first = clip.locate(CancelToken())
    assert clip.located
    assert clip.geometry is first
    assert len(source.decoded) == 12
    assert {0, 199} <= set(source.decoded)
    assert clip.locate(CancelToken()) is first
    assert len(source.decoded) == 12


def test_where_frames_build_on_each_other_the_start_is_decoded_once(
    tmp_path: Path,
) -> None:
    source = Numbered()
    clip = Clip(
        ClipIdentity(tmp_path / "clip.mp4", "video"),
        source,
        FrameGeometry(ROWS, COLUMNS, (0, 0, ROWS, COLUMNS)),
        np.arange(900, dtype=np.float64) * 0.04,
        ClipDetails("test", inter_coded=True),
    )
    clip.locate(CancelToken())
    assert source.decoded == list(range(200))
    assert clip.cached(150) is not None


def test_a_cancelled_search_for_the_beam_can_be_repeated(tmp_path: Path) -> None:
    clip = made(tmp_path, 30)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        clip.locate(cancel)
    assert not clip.located
    clip.locate(CancelToken())
    assert clip.located


def test_a_clip_without_one_whole_frame_keeps_its_geometry(tmp_path: Path) -> None:
    clip = made(tmp_path, 3, Numbered(broken=(0, 1, 2)))
    assert clip.locate(CancelToken()).beam_from == "frame"
    assert clip.located


def test_a_header_that_gives_the_whole_fan_needs_no_search(tmp_path: Path) -> None:
    source = Numbered()
    sector = Sector((0.0, 30.0), (2.0, 38.0), (-0.5, 0.5))
    geometry = FrameGeometry(
        ROWS, COLUMNS, (0, 0, ROWS, COLUMNS), sector=sector, beam_from="header"
    )
    clip = Clip(
        ClipIdentity(tmp_path / "a.dcm", "dicom"),
        source,
        geometry,
        np.zeros(1),
        ClipDetails("DICOM"),
    )
    assert clip.locate(CancelToken()) is geometry
    assert source.decoded == []


def test_colour_frames_are_for_display_and_not_kept(tmp_path: Path) -> None:
    clip = made(tmp_path, 3)
    assert clip.colour(2).shape == (ROWS, COLUMNS, 3)
    assert clip.cached(2) is None


def test_a_closed_clip_gives_no_frames(tmp_path: Path) -> None:
    source = Numbered()
    clip = made(tmp_path, 3, source)
    clip.frame(0)
    clip.close()
    assert source.closed
    with pytest.raises(CorruptFrameError, match=r"clip\.mp4 is closed"):
        clip.frame(0)


def test_many_threads_see_the_right_frames(tmp_path: Path) -> None:
    source = Numbered()
    clip = made(tmp_path, 50, source, cache_bytes=10 * ROWS * COLUMNS)
    wrong: list[int] = []

    def look(seed: int) -> None:
        asked = np.random.default_rng(seed).integers(0, 50, 200).tolist()
        wrong.extend(index for index in asked if clip.frame(index)[0, 0] != index)
        clip.locate(CancelToken())

    threads = [threading.Thread(target=look, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_identity_s_hash_is_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "clip.bin"
    path.write_bytes(b"lung")
    identity = ClipIdentity(path, "video")
    assert identity.sha256() == hashlib.sha256(b"lung").hexdigest()
    path.write_bytes(b"lungs")
    assert identity.sha256() == hashlib.sha256(b"lungs").hexdigest()
