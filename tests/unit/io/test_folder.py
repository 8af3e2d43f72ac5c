"""Folders and DICOMDIR as exams."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import cv2
import pydicom.uid as uids
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset

from lusviewer.errors import (
    CorruptClipError,
    EmptyFolderError,
    UnreadableFileError,
    UnsupportedClipError,
)
from lusviewer.io import list_exam, open_clip
from tests.unit.io import writing

GRAY = writing.cine(2)


def dicom(path: Path, **elements: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return writing.native(path, GRAY, **elements)


def image(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), GRAY[0])
    return path


def directory(folder: Path, names: list[list[str]]) -> Path:
    """A DICOMDIR in ``folder`` with an image record for each file name."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = uids.MediaStorageDirectoryStorage
    meta.MediaStorageSOPInstanceUID = uids.generate_uid()
    meta.TransferSyntaxUID = uids.ExplicitVRLittleEndian
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.FileSetID = "EXAM"
    patient = Dataset()
    patient.DirectoryRecordType = "PATIENT"
    records = [patient]
    for name in names:
        record = Dataset()
        record.DirectoryRecordType = "IMAGE"
        record.ReferencedFileID = name
        records.append(record)
    made.DirectoryRecordSequence = records
    return writing.write(folder / "DICOMDIR", made)


def test_a_folder_lists_its_clips_nested_and_in_natural_order(tmp_path: Path) -> None:
    for name in ("clip10.png", "clip2.png", "left/b.png", "left/a.png"):
        image(tmp_path / name)
    exam = list_exam(tmp_path)
    found = [clip.path.relative_to(tmp_path).as_posix() for clip in exam.clips]
    assert found == ["clip2.png", "clip10.png", "left/a.png", "left/b.png"]
    assert [clip.series for clip in exam.clips] == ["", "", "left", "left"]
    assert exam.clips[0].label == "clip2.png"
    assert exam.refused == ()


def test_dicom_files_follow_series_and_instance_and_carry_their_series(
    tmp_path: Path,
) -> None:
    dicom(tmp_path / "a", SeriesNumber=2, InstanceNumber=1, SeriesDescription="Lung R")
    dicom(tmp_path / "b", SeriesNumber=1, InstanceNumber=12)
    dicom(tmp_path / "c", SeriesNumber=1, InstanceNumber=3)
    exam = list_exam(tmp_path)
    assert [clip.label for clip in exam.clips] == ["c", "b", "a"]
    assert [clip.series for clip in exam.clips] == ["Series 1", "Series 1", "Lung R"]


def test_what_is_no_clip_is_passed_over_and_what_claims_to_be_is_refused(
    tmp_path: Path,
) -> None:
    image(tmp_path / "good.png")
    (tmp_path / "notes.txt").write_text("dry lungs")
    (tmp_path / ".hidden.png").write_bytes(b"x")
    (tmp_path / "fake.dcm").write_text("not DICOM at all")
    (tmp_path / "empty.mp4").touch()
    dicom(tmp_path / "ct.dcm", Modality="CT")
    exam = list_exam(tmp_path)
    assert [clip.label for clip in exam.clips] == ["good.png"]
    refused = {path.name: type(error) for path, error in exam.refused}
    assert refused == {
        "fake.dcm": UnsupportedClipError,
        "empty.mp4": CorruptClipError,
        "ct.dcm": UnsupportedClipError,
    }


def test_a_dicom_without_pixels_is_refused_in_a_folder(tmp_path: Path) -> None:
    image(tmp_path / "good.png")
    made = writing.header(GRAY, uids.ExplicitVRLittleEndian, "MONOCHROME2")
    writing.write(tmp_path / "report.dcm", made)
    ((path, error),) = list_exam(tmp_path).refused
    assert path.name == "report.dcm"
    assert "no pixel data" in error.message


def test_a_folder_without_clips_is_an_error_that_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "a.txt").write_text("text")
    with pytest.raises(EmptyFolderError, match="letters holds no clip") as caught:
        list_exam(folder)
    assert "folder" in caught.value.hint


def test_a_folder_of_refused_files_names_the_first_reason(tmp_path: Path) -> None:
    dicom(tmp_path / "mr.dcm", Modality="MR")
    with pytest.raises(EmptyFolderError, match=r"mr\.dcm is of modality MR"):
        list_exam(tmp_path)


def test_a_name_with_raised_digits_has_its_place_too(tmp_path: Path) -> None:
    for name in ("a2.png", "²1.png", "a1.png"):
        (tmp_path / name).write_bytes(image(tmp_path / "x" / "i.png").read_bytes())
    labels = [clip.label for clip in list_exam(tmp_path).clips]
    assert labels == ["a1.png", "a2.png", "²1.png", "i.png"]


def test_a_name_too_long_for_the_system_is_an_error_that_says_so() -> None:
    with pytest.raises(UnreadableFileError, match="could not be read"):
        list_exam(Path("a" * 300))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(UnsupportedClipError, match=r"pipe\.mp4 is a pipe"):
        list_exam(tmp_path / "pipe.mp4")


def test_an_unreadable_file_without_suffix_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image(tmp_path / "good.png")
    closed = dicom(tmp_path / "IM0001")
    real = Path.open

    def opened(self: Path, *args: Any, **options: Any) -> Any:
        if self == closed:  # As root, permissions keep nobody out.
            raise PermissionError(13, "Permission denied")
        return real(self, *args, **options)

    monkeypatch.setattr(Path, "open", opened)
    ((path, error),) = list_exam(tmp_path).refused
    assert path == closed
    assert "may not be read" in error.message


def test_one_file_is_an_exam_of_one(tmp_path: Path) -> None:
    path = image(tmp_path / "one.png")
    assert [clip.path for clip in list_exam(path).clips] == [path]


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="gone does not exist"):
        list_exam(tmp_path / "gone")


def test_a_dicomdir_lists_the_files_it_names(tmp_path: Path) -> None:
    dicom(tmp_path / "IMAGES" / "IM0002", InstanceNumber=2)
    dicom(tmp_path / "IMAGES" / "IM0001", InstanceNumber=1)
    dicom(tmp_path / "STRAY")
    path = directory(tmp_path, [["IMAGES", "IM0002"], ["IMAGES", "IM0001"]])
    exam = list_exam(path)
    assert [clip.label for clip in exam.clips] == ["IM0001", "IM0002"]
    with open_clip(exam.clips[0].path) as clip:
        assert len(clip) == 2


def test_a_dicomdir_finds_files_whose_case_changed(tmp_path: Path) -> None:
    dicom(tmp_path / "images" / "im0001")
    exam = list_exam(directory(tmp_path, [["IMAGES", "IM0001"]]))
    assert [clip.label for clip in exam.clips] == ["im0001"]


def test_a_dicomdir_names_the_files_it_misses(tmp_path: Path) -> None:
    dicom(tmp_path / "IM1")
    exam = list_exam(directory(tmp_path, [["IM1"], ["GONE", "IM2"]]))
    assert [path.name for path, _ in exam.refused] == ["IM2"]
    assert "does not exist" in exam.refused[0][1].message


def test_a_dicomdir_is_passed_over_in_its_folder_and_is_no_clip(
    tmp_path: Path,
) -> None:
    dicom(tmp_path / "IM1")
    path = directory(tmp_path, [["IM1"]])
    assert [clip.label for clip in list_exam(tmp_path).clips] == ["IM1"]
    with pytest.raises(UnsupportedClipError, match="DICOMDIR") as caught:
        open_clip(path)
    assert "exam" in caught.value.hint


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything"
)
def test_a_closed_subfolder_is_refused_by_name(tmp_path: Path) -> None:
    image(tmp_path / "good.png")
    image(tmp_path / "closed" / "a.png")
    (tmp_path / "closed").chmod(0)
    try:
        exam = list_exam(tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o755)
    assert [path.name for path, _ in exam.refused] == ["closed"]


@pytest.mark.real
@pytest.mark.filterwarnings("ignore")
@pytest.mark.logs_warnings
@pytest.mark.parametrize("folder", ["dicom", "pocus", "covid-blues"])
def test_every_real_file_opens_and_gives_frames(real_data: Path, folder: str) -> None:
    exam = list_exam(real_data / folder)
    assert exam.refused == ()
    for entry in exam.clips[:: 10 if folder == "covid-blues" else 1]:
        with open_clip(entry.path) as clip:
            for index in {5 % len(clip), len(clip) // 4}:
                frame = clip.frame(index)
                assert frame.shape == (clip.geometry.rows, clip.geometry.columns), entry
                assert frame.max() > frame.min(), entry
            assert (clip.frame_times_s[1:] > clip.frame_times_s[:-1]).all(), entry


@pytest.mark.real
def test_a_copy_of_a_real_file_under_another_name_opens(
    real_data: Path, tmp_path: Path
) -> None:
    source = next((real_data / "pocus" / "videos").rglob("*.mp4"))
    copy = tmp_path / "clip.txt"
    shutil.copyfile(source, copy)
    clip = open_clip(copy)
    assert len(clip) > 1
    clip.close()
