"""Biomarkers that a person corrected in a clip."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from lusviewer.errors import LibraryError
from lusviewer.library import Library, open_library
from lusviewer.library.correction_table import COLUMNS, write_correction_table
from lusviewer.library.database import BACKUPS, Database
from lusviewer.library.migrations import STEPS

if TYPE_CHECKING:
    from pathlib import Path

MANY, FEW = {"b_lines.many": 1.0}, {"b_lines.many": 0.25, "finding.effusion": 0.0}
SHA = "a" * 64


def test_what_was_set_is_there_again_with_what_the_model_had_said(
    filled: Library,
) -> None:
    filled.corrections.correct(
        1, MANY, rater="anna", model_values={"b_lines.many": 0.4}, model_sha256=SHA
    )
    with open_library(filled.folder) as again:
        (kept,) = again.corrections.of_clip(1)
        assert (kept.rater, kept.values) == ("anna", MANY)
        assert (kept.model_values, kept.model_sha256) == ({"b_lines.many": 0.4}, SHA)
        assert kept.corrected_utc > "2026"
        assert again.corrections.of_clip(2) == ()


def test_a_new_one_supersedes_the_old_which_stays(filled: Library) -> None:
    for values in (MANY, MANY, FEW, {}):
        filled.corrections.correct(1, values, rater="anna")
    assert filled.corrections.of_clip(1) == ()
    told = filled.corrections.history(1)
    assert [one.values for one in told] == [MANY, FEW, {}]
    assert [one.supersedes for one in told] == [None, told[0].id, told[1].id]
    assert [one.current for one in told] == [False, False, True]
    actions = [entry.action for entry in filled.log()]
    assert actions.count("biomarkers corrected") == 3


def test_taking_back_what_was_never_set_says_nothing(filled: Library) -> None:
    entries = len(filled.log())
    assert filled.corrections.correct(1, {}, rater="anna") is None
    assert filled.corrections.history(1) == ()
    assert len(filled.log()) == entries


def test_each_rater_has_corrections_of_his_own(filled: Library) -> None:
    filled.corrections.correct(1, MANY, rater="anna")
    filled.corrections.correct(1, FEW, rater="carl")
    found = {one.rater: one.values for one in filled.corrections.of_clip(1)}
    assert found == {"anna": MANY, "carl": FEW}
    (own,) = filled.corrections.of_clip(1, "carl")
    assert own.values == FEW


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"mood.good": 1.0}, "'mood.good' is no biomarker"),
        ({"b_lines.many": 1.5}, "b_lines.many cannot be 1.5"),
        ({"b_lines.many": float("nan")}, "cannot be nan"),
        ({"measured.b_line_count_max": float("inf")}, "cannot be inf"),
    ],
)
def test_what_no_biomarker_can_be_is_refused(
    filled: Library, values: dict[str, float], words: str
) -> None:
    with pytest.raises(LibraryError, match=words) as told:
        filled.corrections.correct(1, values, rater="anna")
    assert told.value.hint
    assert filled.corrections.history(1) == ()


def test_a_clip_and_a_rater_are_needed(filled: Library) -> None:
    with pytest.raises(LibraryError, match="99"):
        filled.corrections.correct(99, MANY, rater="anna")
    with pytest.raises(LibraryError, match="needs a rater"):
        filled.corrections.correct(1, MANY, rater=" ")


@pytest.mark.parametrize(
    "sql", ["UPDATE corrections SET set_values = '{}'", "DELETE FROM corrections"]
)
def test_they_are_superseded_never_edited_or_deleted(filled: Library, sql: str) -> None:
    filled.corrections.correct(1, MANY, rater="anna")
    with (
        pytest.raises(IntegrityError, match="superseded, never"),
        filled.database.writing("x") as change,
    ):
        change.connection.exec_driver_sql(sql)
    assert filled.verify().holds


def test_whoever_edits_them_behind_our_back_is_found_out(filled: Library) -> None:
    filled.corrections.correct(1, MANY, rater="anna")
    with closing(sqlite3.connect(filled.database.file)) as file:
        file.execute("DROP TRIGGER corrections_are_not_edited")
        file.execute("UPDATE corrections SET rater = 'eve'")
        file.commit()
    assert "correction 1 is not what was logged" in filled.verify().why


def test_a_library_from_before_has_room_for_them(tmp_path: Path) -> None:
    folder, utc = tmp_path / "older", "2026-01-01T00:00:00.000+00:00"
    with (
        closing(Database(folder, steps=STEPS[:2])) as older,
        older.writing("anna") as change,
    ):
        for statement in (
            f"INSERT INTO patients VALUES (1, 'A', 1, '{utc}')",
            f"INSERT INTO exams VALUES (1, 1, '1', '{{}}', '{utc}')",
            "INSERT INTO clips VALUES (1, 1, 'a.mp4', '/a.mp4', 'ff', 1, 1, NULL, "
            f"NULL, '', 0, '{utc}')",
        ):
            change.connection.exec_driver_sql(statement)
    with open_library(folder) as library:
        assert library.corrections.of_clip(1) == ()
        library.corrections.correct(1, MANY, rater="anna")
        assert library.verify().holds
    assert len(list((folder / BACKUPS).iterdir())) == 1


def test_all_that_is_in_force_goes_into_a_table(filled: Library, exam: Path) -> None:
    both = {"measured.b_line_count_max": 3.0, "b_lines.many": 1.0}
    filled.corrections.correct(2, MANY, rater="carl")
    filled.corrections.correct(2, {}, rater="carl")
    filled.corrections.correct(2, both, rater="ben")
    filled.corrections.correct(1, FEW, rater="ben")
    filled.corrections.correct(
        1, MANY, rater="anna", model_values={"b_lines.many": 0.4}, model_sha256=SHA
    )
    assert write_correction_table(filled, exam.parent / "c.csv") == 5
    with (exam.parent / "c.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    said = [(r["file"], r["rater"], r["biomarker"], r["value"]) for r in rows]
    assert said == [
        ("exam/clip0.png", "anna", "b_lines.many", "1"),
        ("exam/clip0.png", "ben", "b_lines.many", "0.25"),
        ("exam/clip0.png", "ben", "finding.effusion", "0"),
        ("exam/clip1.png", "ben", "b_lines.many", "1"),
        ("exam/clip1.png", "ben", "measured.b_line_count_max", "3"),
    ]
    assert (rows[0]["model_value"], rows[0]["model_sha256"]) == ("0.4", SHA)
    assert (rows[1]["model_value"], rows[1]["model_sha256"]) == ("", "")
    assert rows[0]["corrected_utc"] == filled.corrections.of_clip(1)[0].corrected_utc
    assert {row["patient"] for row in rows} == {"A"}
    assert rows[0]["sha256"] == filled.clips.get(1).sha256


def test_a_table_of_nothing_has_its_header(filled: Library, tmp_path: Path) -> None:
    assert write_correction_table(filled, tmp_path / "c.csv") == 0
    assert (tmp_path / "c.csv").read_text() == ",".join(COLUMNS) + "\n"
