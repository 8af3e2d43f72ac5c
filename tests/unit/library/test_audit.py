"""The log: every change is in it, and whoever edits anything is found out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from lusviewer.library import Answer, Library, Line

if TYPE_CHECKING:
    from lusviewer.library.audit import Verdict


def tampered(library: Library, *statements: str) -> Verdict:
    """Change the file as somebody would who knows SQLite; return what is found."""
    with closing(sqlite3.connect(library.database.file)) as file:
        triggers = file.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for (name,) in triggers:
            file.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            file.execute(statement)
        file.commit()
    return library.verify()


@pytest.fixture
def labelled(filled: Library) -> Library:
    for value in ("1", "2"):
        filled.labels.give(Answer(1, "severity", value, "anna"))
    line = Line("pleura", ((10.0, 20.0), (30.0, 21.0)))
    filled.drawings.draw(2, 0, [line], rater="anna")
    return filled


def test_the_log_says_who_did_what_to_which_clip(labelled: Library) -> None:
    told = [(e.who, e.action, e.subject) for e in labelled.log()]
    assert told[-3:] == [
        ("anna", "label given", "label:1"),
        ("anna", "label given", "label:2"),
        ("anna", "lines drawn", "drawing:1"),
    ]
    (entry,) = labelled.log("label:2")
    assert entry.detail["value"] == "2"
    assert entry.detail["supersedes"] == 1
    verdict = labelled.verify()
    assert verdict.holds
    assert verdict.entries == len(labelled.log())
    assert verdict.head == labelled.log()[-1].hash


@pytest.mark.parametrize("sql", ["UPDATE audit SET who = 'x'", "DELETE FROM audit"])
def test_the_log_refuses_to_be_edited(labelled: Library, sql: str) -> None:
    with (
        pytest.raises(IntegrityError, match="only grows"),
        labelled.database.writing("x") as change,
    ):
        change.connection.exec_driver_sql(sql)
    assert labelled.verify().holds


@pytest.mark.parametrize(
    "column", ["at_utc", "who", "action", "subject", "detail", "previous", "hash"]
)
def test_a_changed_entry_is_the_first_that_is_named(
    labelled: Library, column: str
) -> None:
    verdict = tampered(labelled, f"UPDATE audit SET {column} = 'x' WHERE id = 3")
    assert verdict.broken_entry == 3
    assert verdict.entries == 2


def test_a_hash_made_to_fit_breaks_the_next_entry(labelled: Library) -> None:
    verdict = tampered(labelled, "UPDATE audit SET hash = 'f00' WHERE id = 3")
    assert verdict.broken_entry == 3


@pytest.mark.parametrize(
    ("sql", "entry", "why"),
    [
        ("DELETE FROM audit WHERE id = 2", 3, "entry 2 is gone"),
        ("DELETE FROM audit WHERE id > 6", 7, "are gone"),
        ("UPDATE labels SET value = '3' WHERE id = 2", None, "not what was logged"),
        (
            "UPDATE labels SET rater = 'eve' WHERE id = 1",
            None,
            "not what was logged",
        ),
        ("UPDATE drawings SET lines = '[]'", None, "not what was logged"),
        ("DELETE FROM drawings", None, "drawing 1 is gone"),
        (
            "UPDATE labels SET current = (id = 1)",
            None,
            "is wrongly marked as current",
        ),
        (
            "INSERT INTO labels SELECT 9, 3, task, value, rater, certainty, detail, "
            "corrected_from, corrected_model, note, given_utc, NULL, 1 "
            "FROM labels WHERE id = 2",
            None,
            "label 9 is not in the log",
        ),
    ],
)
def test_what_was_tampered_with_is_found(
    labelled: Library, sql: str, entry: int | None, why: str
) -> None:
    # As the one index that would refuse it stands in the way of one of the cases.
    verdict = tampered(labelled, "DROP INDEX labels_current", sql)
    assert not verdict.holds
    assert why in verdict.why
    if entry is not None:
        assert verdict.broken_entry == entry
