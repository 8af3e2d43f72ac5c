"""A disk that fills up: what was kept stays, what was not is said."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from lusviewer.cancel import CancelToken
from lusviewer.errors import LibraryError, ResultError
from lusviewer.library import Answer, open_library
from lusviewer.library.adding import add_paths
from lusviewer.library.label_table import write_label_table
from lusviewer.library.thumbnails import make_thumbnails
from tests.small_disk import files_no_larger_than, mounted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lusviewer.library import Library

DISK_KIB = 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one MiB; skips where none may be mounted."""
    with mounted(tmp_path / "disk", DISK_KIB) as folder:
        yield folder


def label_until_full(library: Library) -> list[tuple[int, str | None]]:
    """Give labels until there is no room; return those that were kept."""
    kept: list[tuple[int, str | None]] = []

    def label() -> None:
        for number in range(100, 5000):
            note = "x" * 500
            answer = Answer(1, "s_f", f"{number / 10:g}", "anna", note=note)
            (label,) = library.labels.give(answer)
            kept.append((label.id, label.answer.value))

    with pytest.raises(LibraryError) as told:
        label()
    assert "Nothing of this change was kept" in told.value.hint
    return kept


def held(library: Library) -> list[tuple[int, str | None]]:
    return [(one.id, one.answer.value) for one in library.labels.history(1)]


def test_a_file_that_may_not_grow_loses_no_label(filled: Library) -> None:
    with files_no_larger_than(200_000):
        kept = label_until_full(filled)
        assert kept
        # It can still be read, and says the same again.
        assert held(filled) == kept
        assert label_until_full(filled) == []
    assert held(filled) == kept
    assert filled.verify().holds
    filled.labels.give(Answer(1, "severity", "1", "anna"))
    filled.close()
    with open_library(filled.folder) as again:
        assert held(again)[:-1] == kept
        assert again.verify().holds


def test_a_full_disk_loses_no_label(filled_folder: Path, small_disk: Path) -> None:
    folder = small_disk / "library"
    shutil.copytree(filled_folder, folder)
    with open_library(folder) as library:
        kept = label_until_full(library)
        assert kept
        assert held(library) == kept
    with open_library(folder) as library:
        assert held(library) == kept
        assert library.verify().holds


def test_a_full_disk_says_so_whatever_is_written(
    filled_folder: Path, small_disk: Path, exam: Path
) -> None:
    folder = small_disk / "library"
    shutil.copytree(filled_folder, folder)
    with open_library(folder) as library:
        label_until_full(library)
        with pytest.raises(ResultError, match=r"could not be (written|made)"):
            list(make_thumbnails(library, CancelToken()))
        with pytest.raises(ResultError, match="could not be written"):
            write_label_table(library, small_disk / "labels.csv")
        assert not (small_disk / "labels.csv").exists()
        assert list(small_disk.rglob("*.part")) == []


def test_a_library_cannot_be_made_on_a_full_disk_and_can_once_there_is_room(
    small_disk: Path, exam: Path
) -> None:
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space"):
        ballast.write_bytes(bytes(2 * DISK_KIB * 1024))
    with pytest.raises((LibraryError, ResultError)):
        open_library(small_disk / "library")
    ballast.unlink()
    with open_library(small_disk / "library") as library:
        list(add_paths(library, [exam], CancelToken(), who="anna"))
        assert library.clips.count() == 3
        assert library.verify().holds
