"""Still images are clips of one frame; pages of a TIFF are frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from lusviewer.errors import CorruptClipError
from lusviewer.io import open_clip
from tests.unit.io import writing

if TYPE_CHECKING:
    from pathlib import Path

GRAY = writing.cine(3)
BGR = writing.coloured(GRAY)[..., ::-1]


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "jpg", "webp"])
def test_a_gray_image_is_a_clip_of_one_frame(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"still.{suffix}"
    cv2.imwrite(str(path), GRAY[0])
    clip = open_clip(path)
    assert (len(clip), clip.frame_rate_hz) == (1, 0)
    assert clip.identity.source == "image"
    assert not clip.details.colour
    error = np.abs(clip.frame(0).astype(int) - GRAY[0]).mean()
    assert error < (3 if suffix in ("jpg", "webp") else 1e-9)
    assert clip.warnings == ()
    clip.close()


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif"])
def test_a_colour_image_keeps_its_colours(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"still.{suffix}"
    cv2.imwrite(str(path), BGR[1])
    clip = open_clip(path)
    assert clip.details.colour
    assert (clip.colour(0) == BGR[1][..., ::-1]).all()
    assert (clip.frame(0) == cv2.cvtColor(BGR[1], cv2.COLOR_BGR2GRAY)).all()
    clip.close()


def test_sixteen_bits_are_brought_to_eight(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    cv2.imwrite(str(path), GRAY[0].astype(np.uint16) * 257)
    clip = open_clip(path)
    assert (clip.frame(0) == GRAY[0]).all()
    clip.close()


@pytest.mark.parametrize("coloured", [False, True])
def test_a_picture_taken_upright_is_shown_upright(
    tmp_path: Path, *, coloured: bool
) -> None:
    pixels = writing.cine(1)[0]
    picture = writing.coloured(pixels[None])[0] if coloured else pixels
    plain = cv2.imencode(".jpg", picture)[1].tobytes()
    orientation = b"\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"
    exif = b"Exif\0\0II*\0\x08\0\0\0" + orientation + b"\0\0\0\0"
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    path = tmp_path / "upright.jpg"
    path.write_bytes(plain[:2] + segment + plain[2:])
    with open_clip(path) as clip:
        assert clip.frame(0).shape == pixels.shape[::-1]


def test_what_is_transparent_is_black(tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    alpha = np.zeros_like(GRAY[0])
    alpha[10:20] = 255
    cv2.imwrite(str(path), np.dstack([GRAY[0]] * 3 + [alpha]))
    clip = open_clip(path)
    assert (clip.frame(0)[10:20] == GRAY[0][10:20]).all()
    assert clip.frame(0)[20:].max() == 0
    clip.close()


def test_pages_of_a_tiff_are_frames_at_an_assumed_rate(tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    cv2.imwritemulti(str(path), list(GRAY))
    clip = open_clip(path)
    assert len(clip) == 3
    assert (clip.frame(2) == GRAY[2]).all()
    assert clip.details.rate_assumed
    assert "assumed" in clip.warnings[0]
    clip.close()


def test_pages_of_another_size_are_left_out_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    cv2.imwritemulti(str(path), [GRAY[0], GRAY[1][:20], GRAY[2]])
    clip = open_clip(path)
    assert len(clip) == 2
    assert any("another size" in warning for warning in clip.warnings)
    clip.close()


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif"])
def test_an_image_cut_off_at_once_is_refused_by_name(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"cut.{suffix}"
    cv2.imwrite(str(path), GRAY[0])
    path.write_bytes(path.read_bytes()[:24])
    with pytest.raises(CorruptClipError, match=rf"cut\.{suffix}") as caught:
        open_clip(path)
    assert caught.value.hint
