"""Analysing a library that cannot be written any more: said once, and gone on with."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from lusviewer.cancel import CancelToken
from lusviewer.cli import main
from lusviewer.errors import LibraryFileError
from lusviewer.export.tabular import report_dict
from lusviewer.inference import open_bundle
from lusviewer.library import ClipFilter, Library, analysing, open_library
from lusviewer.library.analysing import Analysed, analyse_clips
from tests.bundles import make_bundle
from tests.small_clips import write_png
from tests.small_disk import fill_up, mounted

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from lusviewer.inference.bundle import ModelBundle

DISK_KIB = 1024


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    return open_bundle(make_bundle(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture
def disk(tmp_path: Path, filled_folder: Path) -> Iterator[Path]:
    """A disk of one MiB with a library of three clips on it."""
    with mounted(tmp_path / "disk", DISK_KIB) as folder:
        shutil.copytree(filled_folder, folder / "library")
        yield folder


def begun(library: Library, tiny: ModelBundle) -> Generator[Analysed, None, None]:
    return analyse_clips(library, (tiny, ()), report_dict, CancelToken())


def analysed(library: Library, tiny: ModelBundle) -> int:
    return library.clips.count(ClipFilter(analysed_by=tiny.identity.sha256))


def use_no_room_kept(library: Library) -> None:
    """Have the next change need room: what SQLite has put by is given back."""
    with closing(sqlite3.connect(library.database.file)) as bare:
        bare.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_a_full_disk_stops_it_once_with_how_many_are_left_and_it_goes_on(
    disk: Path, tiny: ModelBundle
) -> None:
    with open_library(disk / "library") as library:
        steps = begun(library, tiny)
        assert next(steps).error is None
        use_no_room_kept(library)
        ballast = fill_up(disk)
        with pytest.raises(LibraryFileError) as told:
            next(steps)
        assert told.value.full
        assert told.value.message == (
            f"The disk is full: {disk / 'library'} can hold no more analyses. "
            "Still to be analysed: 2 of 3 clips."
        )
        assert told.value.hint == (
            "Make room there. Then analyse the library again: it goes on where it "
            "stopped. What was analysed is kept."
        )
        assert list(steps) == []
        assert analysed(library, tiny) == 1
        ballast.unlink()
        rest = list(begun(library, tiny))
        assert [(one.done, one.total, one.error) for one in rest] == [
            (1, 2, None),
            (2, 2, None),
        ]
        assert analysed(library, tiny) == 3
        assert library.verify().holds


def test_a_full_disk_is_said_also_where_sqlite_only_says_that_it_failed(
    disk: Path,
) -> None:
    # There is no room for the file beside the library that says who uses it.
    fill_up(disk)
    with pytest.raises(LibraryFileError) as told:
        open_library(disk / "library")
    assert told.value.full
    assert "the disk is full" in told.value.message


@pytest.mark.parametrize("again", [False, True])
def test_the_command_says_once_that_the_disk_is_full(
    disk: Path, tiny: ModelBundle, capsys: pytest.CaptureFixture[str], *, again: bool
) -> None:
    place = ["--library", str(disk / "library"), "--model", str(tiny.folder)]
    extra = ["--again"] if again else []
    fill_up(disk, left=40 * 1024)
    assert main(["library", "analyse", *place, *extra]) == 1
    told = capsys.readouterr()
    assert told.err.count("The disk is full") == 1
    assert "Still to be analysed: 3 of 3 clips." in told.err
    goes_on = "it begins anew" if again else "it goes on where it stopped"
    assert goes_on in told.err
    assert told.out == "0 analysed, 0 not, 0 were before\n"


def test_adding_and_analysing_at_once_says_so_too_and_the_clip_stays_added(
    disk: Path, tiny: ModelBundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--library", str(disk / "library"), "--model", str(tiny.folder)]
    clip = write_png(tmp_path / "other.png", 3)
    fill_up(disk, left=128 * 1024)
    assert main(["library", "add", str(clip), "--analyse", *place]) == 1
    told = capsys.readouterr()
    assert told.out == "1 added\n0 analysed, 0 not, 0 were before\n"
    assert told.err.count("The disk is full") == 1
    assert "Still to be analysed: 4 of 4 clips." in told.err


def test_a_clip_that_is_bad_is_passed_over_as_before(
    filled: Library, tiny: ModelBundle, tmp_path: Path
) -> None:
    first = write_png(tmp_path / "first.png", 3)
    assert main(["library", "add", str(first), "--library", str(filled.folder)]) == 0
    first.write_bytes(b"no picture any more")
    found = list(begun(filled, tiny))
    assert [one.clip.path for one in found if one.error is not None] == [first]
    assert analysed(filled, tiny) == 3


HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
held.execute("ROLLBACK")
"""


@contextmanager
def another_writes(library: Library) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(library.database.file)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield other


def test_a_library_that_another_writes_for_too_long_stops_it_too(
    filled_folder: Path,
    tmp_path: Path,
    tiny: ModelBundle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(analysing, "PATIENCE_S", 0.2)
    shutil.copytree(filled_folder, tmp_path / "library")
    with open_library(tmp_path / "library", wait_s=0.05) as library:
        with another_writes(library) as other:
            with pytest.raises(LibraryFileError) as told:
                list(begun(library, tiny))
            other.communicate("\n")
        assert told.value.busy
        assert "is being changed by another" in told.value.message
        assert "Still to be analysed: 3 of 3 clips." in told.value.message
        assert len(list(begun(library, tiny))) == 3


def test_a_clip_waits_while_another_writes(
    filled_folder: Path,
    tmp_path: Path,
    tiny: ModelBundle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(filled_folder, tmp_path / "library")
    with open_library(tmp_path / "library", wait_s=0.05) as library:
        kept = library.analyses.keep
        with another_writes(library) as other:

            def keep(*what: object) -> None:
                try:
                    kept(*what)  # type: ignore[arg-type]
                except LibraryFileError:
                    # The other one is done once we have been sent away for the first.
                    other.communicate("\n")
                    raise

            monkeypatch.setattr(library.analyses, "keep", keep)
            found = list(begun(library, tiny))
        assert other.returncode == 0
        assert [one.error for one in found] == [None] * 3


def test_a_library_that_may_not_be_written_any_more_stops_it(
    filled: Library, tiny: ModelBundle
) -> None:
    steps = begun(filled, tiny)
    next(steps)
    with filled.database.writing("x") as change:
        change.connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(LibraryFileError) as told:
        next(steps)
    assert not told.value.full
    assert "may not be written to" in told.value.message
    assert "Still to be analysed: 2 of 3 clips." in told.value.message
    assert "Change its rights" in told.value.hint
