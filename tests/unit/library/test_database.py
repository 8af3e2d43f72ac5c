"""The file: opening, versions, damage, and several who use it at once."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, create_engine, inspect

from lusviewer.errors import LibraryError
from lusviewer.library import Answer, ClipFilter, open_library
from lusviewer.library.database import BACKUPS, FILE, Database
from lusviewer.library.migrations import STEPS
from lusviewer.library.tables import METADATA

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine.interfaces import ReflectedColumn

    from lusviewer.library import Library

NEWER = (*STEPS, ("ALTER TABLE patients ADD COLUMN sex TEXT",))
BROKEN = (*NEWER, ("ALTER TABLE clips ADD COLUMN x TEXT", "ALTER TABLE none ADD y"))


def loose(column: ReflectedColumn) -> bool:
    """Whether a column may be empty; SQLite lets its keys be, by its own account."""
    return bool(column["nullable"]) and not column.get("primary_key")


def columns(engine: Engine) -> dict[str, set[tuple[str, str, bool]]]:
    looked = inspect(engine)
    return {
        table: {
            (c["name"], str(c["type"]).replace("FLOAT", "REAL"), loose(c))
            for c in looked.get_columns(table)
        }
        for table in looked.get_table_names()
        if not table.startswith("sqlite_")
    }


def test_the_tables_are_described_as_the_steps_make_them(library: Library) -> None:
    made = create_engine(f"sqlite:///{library.database.file}")
    described = create_engine("sqlite://")
    METADATA.create_all(described)
    try:
        assert columns(made) == columns(described)
    finally:
        made.dispose()
        described.dispose()


def test_a_library_is_there_again_after_it_was_closed(
    filled: Library,
) -> None:
    filled.labels.give(Answer(1, "severity", "2", "anna"))
    filled.close()
    with open_library(filled.folder) as again:
        assert again.clips.count() == 3
        assert again.labels.of_clip(1)[0].answer.value == "2"


def test_one_folder_after_another_can_be_chosen(tmp_path: Path) -> None:
    for name in ("a", "b/c", "Ärzte? 50% #1"):
        with open_library(tmp_path / name) as library:
            assert library.folder == tmp_path / name
            assert library.clips.count() == 0


def test_a_library_of_a_newer_version_is_refused(filled_folder: Path, tmp_path) -> None:
    folder = tmp_path / "newer"
    shutil.copytree(filled_folder, folder)
    Database(folder, steps=NEWER).close()
    before = (folder / FILE).read_bytes()
    with pytest.raises(LibraryError, match="made by a newer lusviewer") as told:
        open_library(folder)
    assert f"version {len(NEWER)}" in told.value.message
    assert "Install" in told.value.hint
    assert (folder / FILE).read_bytes() == before


def test_an_older_library_is_migrated_after_a_copy_was_put_by(
    filled_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "older"
    shutil.copytree(filled_folder, folder)
    with (
        closing(Database(folder, steps=NEWER)) as database,
        database.reading() as connection,
    ):
        rows = connection.exec_driver_sql("SELECT pseudonym, sex FROM patients")
        assert rows.all() == [("A", None)]
    (copy,) = (folder / BACKUPS).iterdir()
    rescued = tmp_path / "rescued"
    rescued.mkdir()
    shutil.copy(copy, rescued / FILE)
    with open_library(rescued) as library:
        assert library.clips.count() == 3
        assert library.verify().holds


def test_a_library_from_before_predictions_has_room_for_them(
    tmp_path: Path,
) -> None:
    folder, utc = tmp_path / "first", "2026-01-01T00:00:00.000+00:00"
    statements = (
        f"INSERT INTO patients VALUES (1, 'A', 1, '{utc}')",
        f"INSERT INTO exams VALUES (1, 1, '1', '{{}}', '{utc}')",
        "INSERT INTO clips VALUES (1, 1, 'a.mp4', '/a.mp4', 'ff', 1, 1, NULL, NULL, '',"
        f" 0, '{utc}')",
    )
    with (
        closing(Database(folder, steps=STEPS[:1])) as first,
        first.writing("anna") as change,
    ):
        for statement in statements:
            change.connection.exec_driver_sql(statement)
        change.note("clip added", "clip:1", {})
    with open_library(folder) as library:
        assert library.predictions.history(1) == ()
        (clip,) = library.clips.all(ClipFilter(unpredicted="severity"))
        assert (clip.name, clip.predictions, clip.analysed_by) == ("a.mp4", (), ())
        library.labels.give(Answer(1, "severity", "2", "anna"))
        assert library.verify().holds
    assert len(list((folder / BACKUPS).iterdir())) == 1
    with pytest.raises(LibraryError, match="made by a newer lusviewer"):
        Database(folder, steps=STEPS[:1])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_library_cut_short_is_told(
    filled_folder: Path, tmp_path: Path, share: float
) -> None:
    folder = tmp_path / "short"
    shutil.copytree(filled_folder, folder)
    content = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(content[: int(share * len(content))])
    with pytest.raises(LibraryError, match="is damaged") as told:
        open_library(folder)
    assert "backups" in told.value.hint


def test_a_migration_that_fails_leaves_the_library_as_it_was(
    filled_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "older"
    shutil.copytree(filled_folder, folder)
    with pytest.raises(Exception, match="no such table"):
        Database(folder, steps=BROKEN)
    with open_library(folder) as library:
        assert library.clips.count() == 3
        assert library.verify().holds


def test_a_database_of_another_program_is_refused_and_left_alone(
    tmp_path: Path,
) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as other:
        other.execute("CREATE TABLE letters (text)")
        other.commit()
    with pytest.raises(LibraryError, match="of another program"):
        open_library(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as other:
        assert other.execute("SELECT count(*) FROM letters").fetchone() == (0,)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"Dear diary, " * 100)
    with pytest.raises(LibraryError, match="is no library"):
        open_library(tmp_path)


def test_damage_is_found_when_the_library_is_opened(
    filled_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(filled_folder, folder)
    content = bytearray((folder / FILE).read_bytes())
    for page in range(3, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    (folder / FILE).write_bytes(content)
    with pytest.raises(LibraryError, match="is damaged") as told:
        open_library(folder)
    assert "backups" in told.value.hint


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Exception, match="file") as told:
        open_library(tmp_path / "file" / "library")
    assert "could not be made" in str(told.value)


def test_who_reads_never_waits_for_who_writes(filled: Library) -> None:
    with open_library(filled.folder, wait_s=0.05) as other:
        with filled.database.writing("anna") as change:
            change.connection.exec_driver_sql("UPDATE exams SET name = 'x'")
            assert [clip.exam for clip in other.clips.page()] == ["1"] * 3
            assert other.clips.count(ClipFilter(unlabelled="severity")) == 3
        assert [clip.exam for clip in other.clips.page()] == ["x"] * 3


def test_a_second_writer_waits_a_little_and_then_says_so(filled: Library) -> None:
    with (
        open_library(filled.folder, wait_s=0.05) as other,
        filled.database.writing("anna"),
        pytest.raises(LibraryError, match="being changed by another") as told,
    ):
        other.labels.give(Answer(1, "severity", "1", "ben"))
    assert "try again" in told.value.hint.lower()
    assert filled.labels.history(1) == ()


def test_a_second_writer_goes_on_when_the_first_is_done(filled: Library) -> None:
    begun, done = threading.Event(), []

    def write() -> None:
        with open_library(filled.folder) as other:
            begun.set()
            done.append(other.labels.give(Answer(1, "severity", "1", "ben")))

    with filled.database.writing("anna") as change:
        thread = threading.Thread(target=write)
        thread.start()
        assert begun.wait(60)
        change.note("nothing", "library", {})
        assert done == []
    thread.join(60)
    assert [label.answer.rater for label in filled.labels.of_clip(1)] == ["ben"]


def test_two_windows_that_label_at_once_lose_nothing(filled: Library) -> None:
    def label(rater: str) -> None:
        with open_library(filled.folder, wait_s=60) as library:
            for turn in range(10):
                library.labels.give(Answer(1, "severity", str(turn % 4), rater))

    raters = ("anna", "ben")
    threads = [threading.Thread(target=label, args=(rater,)) for rater in raters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    history = filled.labels.history(1)
    for rater in raters:
        values = [h.answer.value for h in history if h.answer.rater == rater]
        assert values == [str(turn % 4) for turn in range(10)]
    assert filled.verify().holds


def test_one_library_serves_many_threads(filled: Library) -> None:
    def label(clip_id: int) -> None:
        for turn in range(6):
            filled.labels.give(Answer(clip_id, "severity", str(turn % 4), "anna"))
            assert filled.clips.get(clip_id).labels == {"severity": str(turn % 4)}

    threads = [threading.Thread(target=label, args=(n,)) for n in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [len(filled.labels.history(n)) for n in (1, 2, 3)] == [6, 6, 6]
    assert filled.verify().holds


def test_a_change_that_fails_is_undone_with_its_log_entry(filled: Library) -> None:
    def rename_and_fail() -> None:
        with filled.database.writing("anna") as change:
            change.connection.exec_driver_sql("UPDATE exams SET name = 'x'")
            change.note("exam renamed", "exam:1", {})
            raise ZeroDivisionError

    entries = len(filled.log())
    with pytest.raises(ZeroDivisionError):
        rename_and_fail()
    assert filled.clips.get(1).exam == "1"
    assert len(filled.log()) == entries
