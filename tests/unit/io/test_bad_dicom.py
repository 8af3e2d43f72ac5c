"""Broken or foreign DICOM: named, with the reason and what to do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pydicom.uid as uids
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from lusviewer.errors import (
    ClipError,
    CorruptClipError,
    CorruptFrameError,
    UnreadableFileError,
    UnsupportedClipError,
)
from lusviewer.io import open_clip
from tests.unit.io import writing

if TYPE_CHECKING:
    from pathlib import Path

GRAY = writing.cine(6)


def refusal(path: Path, kind: type[ClipError]) -> ClipError:
    """The error of opening ``path``: of this kind, named, with a hint."""
    with pytest.raises(kind) as caught:
        open_clip(path)
    assert type(caught.value) is kind
    assert path.name in caught.value.message
    assert caught.value.hint
    return caught.value


def jpeg_clip(path: Path, **elements: object) -> Path:
    made = writing.header(GRAY, uids.JPEGBaseline8Bit, "MONOCHROME2", **elements)
    return writing.packed(path, made, writing.jpegs(GRAY), table="none")


def test_another_modality_is_refused_by_its_name(tmp_path: Path) -> None:
    path = writing.native(
        tmp_path / "chest.dcm",
        GRAY,
        Modality="CT",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.2",
    )
    error = refusal(path, UnsupportedClipError)
    assert "modality CT" in error.message
    assert "US" in error.hint


def test_a_missing_modality_is_forgiven_where_the_class_is_ultrasound(
    tmp_path: Path,
) -> None:
    clip = open_clip(writing.native(tmp_path / "us.dcm", GRAY, Modality=None))
    assert len(clip) == 6
    clip.close()


def test_a_report_without_pixels_is_refused(tmp_path: Path) -> None:
    made = writing.header(GRAY, uids.ExplicitVRLittleEndian, "MONOCHROME2")
    error = refusal(writing.write(tmp_path / "report.dcm", made), CorruptClipError)
    assert "no pixel data" in error.message


def test_pixel_data_of_no_length_are_no_pixels(tmp_path: Path) -> None:
    made = writing.header(GRAY, uids.ExplicitVRLittleEndian, "MONOCHROME2")
    made.PixelData = b""
    made["PixelData"].VR = "OB"
    error = refusal(writing.write(tmp_path / "none.dcm", made), CorruptClipError)
    assert "no pixel data" in error.message


@pytest.mark.parametrize("keep", [200, 500])
def test_a_header_cut_short_is_refused(tmp_path: Path, keep: int) -> None:
    path = writing.native(tmp_path / "cut.dcm", GRAY)
    path.write_bytes(path.read_bytes()[:keep])
    refusal(path, CorruptClipError)


def test_a_cut_where_not_one_frame_is_whole_is_refused(tmp_path: Path) -> None:
    path = writing.native(tmp_path / "cut.dcm", GRAY)
    path.write_bytes(path.read_bytes()[: -GRAY.nbytes + 100])
    assert "cut off" in refusal(path, CorruptClipError).message


def test_a_cut_native_clip_opens_with_the_missing_frames_marked(
    tmp_path: Path,
) -> None:
    path = writing.native(tmp_path / "cut.dcm", GRAY)
    path.write_bytes(path.read_bytes()[: -GRAY[0].nbytes * 3 // 2])
    clip = open_clip(path)
    assert len(clip) == 6
    assert clip.broken == frozenset({4, 5})
    assert (clip.frame(3) == GRAY[3]).all()
    with pytest.raises(CorruptFrameError, match=r"cut\.dcm"):
        clip.frame(4)
    assert "2 of 6 frames are missing" in clip.warnings[0]
    clip.close()


def test_a_frame_count_beyond_belief_is_not_followed(tmp_path: Path) -> None:
    path = jpeg_clip(tmp_path / "cut.dcm", NumberOfFrames=2_000_000_000)
    size = len(writing.jpegs(GRAY)[5])
    path.write_bytes(path.read_bytes()[: -size - 300])
    clip = open_clip(path)
    assert len(clip) <= len(GRAY)
    assert "2000000000" in clip.warnings[0]
    clip.close()


def test_a_cut_jpeg_clip_opens_with_the_missing_frames_marked(tmp_path: Path) -> None:
    path = jpeg_clip(tmp_path / "cut.dcm")
    size = len(writing.jpegs(GRAY)[5])
    path.write_bytes(path.read_bytes()[: -size - 300])
    clip = open_clip(path)
    assert len(clip) == 6
    assert clip.frame(3).shape == GRAY[3].shape
    for index in (4, 5):
        with pytest.raises(CorruptFrameError):
            clip.frame(index)
    assert clip.broken == {4, 5}
    assert any("missing" in warning for warning in clip.warnings)
    clip.close()


def test_a_frame_that_does_not_decode_leaves_the_others(tmp_path: Path) -> None:
    made = writing.header(GRAY, uids.JPEGBaseline8Bit, "MONOCHROME2")
    data = writing.jpegs(GRAY)
    data[2] = data[2][:20] + b"\x00" * (len(data[2]) - 20)
    path = writing.packed(tmp_path / "hole.dcm", made, data)
    clip = open_clip(path)
    with pytest.raises(CorruptFrameError) as caught:
        clip.frame(2)
    assert "JPEG Baseline" in caught.value.message
    assert clip.broken == {2}
    assert any("Frame 3" in warning for warning in clip.warnings)
    assert [clip.frame(index).shape for index in (0, 1, 3, 4, 5)] == [(48, 64)] * 5
    clip.close()


def test_a_frame_of_another_size_is_broken(tmp_path: Path) -> None:
    made = writing.header(GRAY, uids.JPEGBaseline8Bit, "MONOCHROME2")
    data = writing.jpegs(GRAY)
    data[1] = writing.jpegs(writing.cine(1, 32, 32))[0]
    clip = open_clip(writing.packed(tmp_path / "odd.dcm", made, data))
    with pytest.raises(CorruptFrameError, match="32x32"):
        clip.frame(1)
    clip.close()


@pytest.mark.parametrize("said", [1, 4, 9])
@pytest.mark.parametrize("table", ["basic", "none"])
def test_a_wrong_frame_count_yields_to_the_frames_there_are(
    tmp_path: Path, said: int, table: str
) -> None:
    made = writing.header(GRAY, uids.JPEGBaseline8Bit, "MONOCHROME2")
    made.NumberOfFrames = said
    path = writing.packed(
        tmp_path / "count.dcm", made, writing.jpegs(GRAY), table=table
    )
    clip = open_clip(path)
    assert len(clip) == 6
    assert clip.warnings[0] == (
        f"The header says {said} frames, the file holds 6: these are used."
    )
    assert np.abs(clip.frame(5).astype(int) - GRAY[5]).mean() < 2
    clip.close()


@pytest.mark.parametrize("said", [1, 4, 9])
def test_a_wrong_count_of_native_frames_yields_too(tmp_path: Path, said: int) -> None:
    clip = open_clip(writing.native(tmp_path / "count.dcm", GRAY, NumberOfFrames=said))
    assert len(clip) == 6
    assert f"says {said} frames" in clip.warnings[0]
    assert (clip.frame(5) == GRAY[5]).all()
    clip.close()


def test_an_offset_table_that_lies_is_not_believed(tmp_path: Path) -> None:
    made = writing.header(GRAY, uids.JPEGBaseline8Bit, "MONOCHROME2")
    data = writing.jpegs(GRAY)
    stream = bytearray(encapsulate(data))
    stream[12:16] = (7).to_bytes(4, "little")
    made.PixelData = bytes(stream)
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    clip = open_clip(writing.write(tmp_path / "lie.dcm", made))
    assert len(clip) == 6
    assert np.abs(clip.frame(1).astype(int) - GRAY[1]).mean() < 2
    clip.close()


def test_encrypted_attributes_are_named(tmp_path: Path) -> None:
    item = Dataset()
    item.EncryptedContentTransferSyntaxUID = uids.ExplicitVRLittleEndian
    item.EncryptedContent = b"\1\2\3\4"
    made = writing.header(GRAY, uids.ExplicitVRLittleEndian, "MONOCHROME2")
    made.EncryptedAttributesSequence = [item]
    path = writing.write(tmp_path / "secret.dcm", made)
    assert "encrypted" in refusal(path, UnsupportedClipError).message


def test_an_enveloped_file_is_named_as_encrypted(tmp_path: Path) -> None:
    path = tmp_path / "sealed.dcm"
    oid = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"
    path.write_bytes(b"\x30\x80" + oid + bytes(range(256)) * 4)
    assert "encrypted" in refusal(path, UnsupportedClipError).message


@pytest.mark.parametrize("seed", range(4))
def test_random_damage_never_ends_in_a_foreign_error(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    jpeg = jpeg_clip(tmp_path / "jpeg.dcm").read_bytes()
    plain = writing.native(tmp_path / "plain.dcm", GRAY).read_bytes()
    refused = []
    for number in range(60):
        damaged = bytearray(jpeg if number % 2 else plain)
        for at in rng.integers(132, 1400, rng.integers(1, 8)):
            damaged[at] = rng.integers(256)
        path = tmp_path / "damaged.dcm"
        path.write_bytes(bytes(damaged))
        try:
            with open_clip(path) as clip:
                clip.frame(0)
        except ClipError as error:
            refused.append(error.message)
    assert all(refused)


def test_noise_behind_a_dicom_signature_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(5).integers(0, 256, 4000, np.uint8).tobytes()
    path = tmp_path / "noise.dcm"
    path.write_bytes(b"\0" * 128 + b"DICM" + noise)
    error = refusal(path, CorruptClipError)
    assert "encrypted" in error.hint or "again" in error.hint


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.dcm"
    path.touch()
    assert "empty" in refusal(path, CorruptClipError).message


def test_text_called_dicom_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.dcm"
    path.write_text("Patient seen at noon; lungs \N{GREEK SMALL LETTER ALPHA} dry.\n")
    error = refusal(path, UnsupportedClipError)
    assert "a text file" in error.message
    assert "DICOM" in error.hint


def test_an_unknown_kind_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "archive.bin"
    path.write_bytes(b"PK\x03\x04" + bytes(range(128, 256)) * 4)
    error = refusal(path, UnsupportedClipError)
    assert "MP4" in error.hint


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert (
        "does not exist" in refusal(tmp_path / "gone.dcm", UnreadableFileError).message
    )


def test_a_folder_is_not_a_clip(tmp_path: Path) -> None:
    assert "folder" in refusal(tmp_path, UnreadableFileError).message


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything"
)
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = writing.native(tmp_path / "closed.dcm", GRAY)
    path.chmod(0)
    assert "may not be read" in refusal(path, UnreadableFileError).message


def test_permission_refused_by_the_system_is_worded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = writing.native(tmp_path / "closed.dcm", GRAY)

    def no(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", no)
    error = refusal(path, UnreadableFileError)
    assert "may not be read" in error.message
    assert "permission" in error.hint


def test_a_refused_file_is_let_go(tmp_path: Path) -> None:
    path = writing.native(tmp_path / "chest.dcm", GRAY, Modality="CT")
    descriptors = "/proc/self/fd"
    if not os.path.isdir(descriptors):  # noqa: PTH112
        pytest.skip("no list of open files on this system")
    before = len(os.listdir(descriptors))  # noqa: PTH208
    for _ in range(5):
        refusal(path, UnsupportedClipError)
    assert len(os.listdir(descriptors)) == before  # noqa: PTH208
