"""Files into the library: by content, each once, and found again after a move."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from lusviewer.cancel import Cancelled, CancelToken
from lusviewer.errors import LibraryError
from lusviewer.library import ClipFilter, open_library
from lusviewer.library.adding import (
    Outcome,
    Step,
    Whose,
    add_paths,
    check_files,
    find_again,
)
from lusviewer.library.zones import Zone
from tests.small_clips import write_dicom, write_png

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.library import Library


def add(library: Library, *paths: Path, whose: Whose | None = None) -> list[Step]:
    steps = add_paths(library, paths, CancelToken(), who="anna", whose=whose)
    return [step for step in steps if step.outcome is not None]


def outcomes(steps: list[Step]) -> list[Outcome | None]:
    return [step.outcome for step in steps]


@pytest.fixture
def own(exam: Path, tmp_path: Path) -> Path:
    """A copy of the pictures that may be moved about."""
    folder = tmp_path / "own"
    shutil.copytree(exam, folder)
    return folder


def test_a_folder_becomes_one_patient_with_a_pseudonym_of_ours(
    library: Library, exam: Path
) -> None:
    assert outcomes(add(library, exam)) == [Outcome.ADDED] * 3
    (patient,) = library.patients.all()
    assert (patient.pseudonym, patient.given) == ("P0001", False)
    assert (patient.exams, patient.clips) == (1, 3)
    assert [clip.name for clip in library.clips.page()] == [
        "clip0.png",
        "clip1.png",
        "clip2.png",
    ]


def test_folders_can_be_a_patient_each(library: Library, tmp_path: Path) -> None:
    for n, name in enumerate(("mueller", "meier")):
        (tmp_path / "study" / name).mkdir(parents=True)
        write_png(tmp_path / "study" / name / "clip.png", n)
    add(library, tmp_path / "study", whose=Whose(by_folder=True))
    assert [p.pseudonym for p in library.patients.all()] == ["P0001", "P0002"]


def test_no_name_from_a_dicom_file_gets_into_the_library(
    library: Library, tmp_path: Path
) -> None:
    import pydicom

    file = write_dicom(tmp_path / "cine.dcm", n_frames=2)
    dataset = pydicom.dcmread(file)
    dataset.PatientName, dataset.PatientID = "Doe^Jane", "SECRET-77"
    dataset.save_as(file)
    add(library, file)
    library.close()
    content = b"".join(p.read_bytes() for p in library.folder.rglob("*") if p.is_file())
    assert b"Jane" not in content
    assert b"SECRET" not in content


def test_the_same_content_is_one_clip_wherever_it_lies(
    filled: Library, own: Path
) -> None:
    steps = add(filled, own)
    assert outcomes(steps) == [Outcome.KNOWN] * 3
    assert filled.clips.count() == 3
    assert [p.pseudonym for p in filled.patients.all()] == ["A"]


def test_files_known_already_are_not_read_again(filled: Library, exam: Path) -> None:
    steps = list(add_paths(filled, [exam], CancelToken(), who="anna"))
    assert [step.outcome for step in steps] == [Outcome.KNOWN] * 3
    assert steps[-1].done_bytes == steps[-1].total_bytes > 0


def test_a_file_written_again_with_the_same_content_is_read_once_more_only(
    library: Library, own: Path
) -> None:
    add(library, own)
    os.utime(own / "clip0.png", (1e9, 1e9))
    for reads in (1, 0):
        steps = list(add_paths(library, [own], CancelToken(), who="anna"))
        assert sum(step.outcome is None for step in steps) == reads
        assert outcomes([s for s in steps if s.outcome]) == [Outcome.KNOWN] * 3


def test_a_run_that_was_stopped_goes_on_with_the_same_patient(
    library: Library, exam: Path
) -> None:
    cancel = CancelToken()
    steps = add_paths(library, [exam], cancel, who="anna")
    next(step for step in steps if step.outcome)
    cancel.cancel()
    with pytest.raises(Cancelled):
        list(steps)
    assert library.clips.count() == 1
    assert outcomes(add(library, exam)) == [Outcome.KNOWN, Outcome.ADDED, Outcome.ADDED]
    assert len(library.patients.all()) == 1


def test_progress_grows_up_to_the_whole(library: Library, exam: Path) -> None:
    steps = list(add_paths(library, [exam], CancelToken(), who="anna"))
    done = [step.done_bytes for step in steps]
    assert done == sorted(done)
    assert (
        done[-1]
        == steps[-1].total_bytes
        == sum(file.stat().st_size for file in exam.iterdir())
    )


def test_what_cannot_be_added_is_named_and_the_rest_goes_on(
    library: Library, own: Path
) -> None:
    (own / "broken.dcm").write_bytes(b"not a clip at all")
    steps = add(library, own, own / "nowhere.mp4")
    refused = {s.path.name: str(s.error) for s in steps if s.outcome is Outcome.REFUSED}
    assert set(refused) == {"broken.dcm", "nowhere.mp4"}
    assert "does not exist" in refused["nowhere.mp4"]
    assert library.clips.count() == 3


def test_a_moved_folder_is_found_again_by_content(
    library: Library, own: Path, tmp_path: Path
) -> None:
    add(library, own)
    elsewhere = tmp_path / "elsewhere" / "deep"
    elsewhere.parent.mkdir()
    own.rename(elsewhere)
    (elsewhere / "clip0.png").rename(elsewhere / "other name.png")
    gone = list(check_files(library, CancelToken(), who="anna"))
    assert len(gone) == 3
    assert library.clips.count(ClipFilter(missing=True)) == 3

    steps = list(find_again(library, tmp_path / "elsewhere", CancelToken(), who="a"))
    moved = [step for step in steps if step.outcome is Outcome.MOVED]
    assert len(moved) == 3
    assert library.clips.count(ClipFilter(missing=True)) == 0
    assert library.clips.get(1).path == elsewhere / "other name.png"
    assert library.verify().holds


def test_a_file_moved_and_added_again_keeps_its_clip(
    library: Library, own: Path, tmp_path: Path
) -> None:
    add(library, own)
    own.rename(tmp_path / "moved")
    assert outcomes(add(library, tmp_path / "moved")) == [Outcome.MOVED] * 3
    assert library.clips.count() == 3


def test_what_is_nowhere_or_was_overwritten_is_named(
    library: Library, own: Path, tmp_path: Path
) -> None:
    add(library, own)
    (own / "clip0.png").unlink()
    (own / "clip1.png").write_bytes(b"something else")
    steps = list(find_again(library, own, CancelToken(), who="anna"))
    missing = {s.path.name: str(s.error) for s in steps if s.outcome is Outcome.MISSING}
    assert set(missing) == {"clip0.png", "clip1.png"}
    assert "is not there, or is another file now" in missing["clip0.png"]
    with pytest.raises(LibraryError, match="is no folder"):
        list(find_again(library, own / "clip2.png", CancelToken(), who="anna"))


def test_a_name_that_is_not_valid_utf8_survives(
    library: Library, tmp_path: Path
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    picture = write_png(folder / "plain.png")
    odd = folder / "na\udcffme.png"
    try:
        picture.rename(odd)
    except (OSError, UnicodeError):
        pytest.skip("this file system takes no such name")
    add(library, folder)
    library.close()
    with open_library(library.folder) as again:
        assert again.clips.get(1).path == odd
        assert again.clips.get(1).path.is_file()
        assert again.verify().holds


@pytest.mark.parametrize("by", ["1", "clip0.png", "path", "hash"])
def test_a_clip_is_found_by_what_a_person_has(
    filled: Library, exam: Path, by: str
) -> None:
    known = filled.clips.get(1)
    text = {"path": str(exam / "clip0.png"), "hash": known.sha256[:10]}.get(by, by)
    assert filled.clips.find(text) == known
    with pytest.raises(LibraryError, match=r"no clip 'clip9\.png'"):
        filled.clips.find("clip9.png")


def test_zones_and_patients_can_be_put_right(filled: Library) -> None:
    filled.clips.set_zone([1, 2], Zone("8", "R1"), who="anna")
    filled.clips.assign(2, "B", "follow-up", who="anna")
    right = filled.clips.page(ClipFilter(zone=Zone("8", "R1")))
    assert [clip.id for clip in right] == [1, 2]
    assert [clip.id for clip in filled.clips.page(ClipFilter(patient="B"))] == [2]
    assert filled.clips.get(2).exam == "follow-up"
    filled.clips.set_zone([1], None, who="anna")
    assert filled.clips.get(1).zone is None
    with pytest.raises(LibraryError, match="cannot name a patient"):
        filled.clips.assign(1, "  ", who="anna")


def test_files_are_counted_as_they_are_done_with(library: Library, exam: Path) -> None:
    steps = add(library, exam, exam / "gone.png")
    assert [step.done_files for step in steps] == [1, 2, 3, 4]
    assert {step.total_files for step in steps} == {4}


def test_clips_are_given_to_other_patients_all_or_none(filled: Library) -> None:
    with pytest.raises(LibraryError):
        filled.clips.assign_all({1: ("B", ""), 99: ("B", "")}, who="anna")
    assert {clip.patient for clip in filled.clips.page()} == {"A"}
    filled.clips.assign_all({1: ("B", "2"), 2: ("C", "")}, who="anna")
    found = {clip.id: (clip.patient, clip.exam) for clip in filled.clips.page()}
    assert found == {1: ("B", "2"), 2: ("C", "1"), 3: ("A", "1")}
