"""The audit log: it only grows, and each entry's hash covers the one before."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select

from lusviewer.library.tables import AUDIT, CORRECTIONS, DRAWINGS, LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection, Row, Table

START: Final = "0" * 64
"""What the first entry takes for the hash before it."""

LOGGED_ROWS: Final = {
    "label": LABELS,
    "drawing": DRAWINGS,
    "correction": CORRECTIONS,
}
"""Rows that stand in the log as they are: verifying compares the two."""

# Made once: putting them together takes longer than SQLite does.
_LAST: Final = select(AUDIT.c.id, AUDIT.c.hash).order_by(AUDIT.c.id.desc()).limit(1)
_APPEND: Final = insert(AUDIT)

_HASHED: Final = ("id", "at_utc", "who", "action", "subject", "detail", "previous")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log: who did what to which subject, and when."""

    id: int
    at_utc: str
    who: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found: how many entries, the last hash, and what is broken.

    ``broken_entry`` is the first entry that does not hold, None where all do;
    ``why`` says what is wrong. A hash noted elsewhere also shows a log cut short.
    """

    entries: int
    head: str
    broken_entry: int | None = None
    why: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing is broken."""
        return not self.why


def append(
    connection: Connection,
    at_utc: str,
    who: str,
    action: str,
    subject: str,
    detail: Mapping[str, object],
) -> None:
    """Add an entry, inside the transaction of what it tells of."""
    last = connection.execute(_LAST).first()
    number, previous = (last.id + 1, last.hash) if last else (1, START)
    entry = {
        "id": number,
        "at_utc": at_utc,
        "who": who,
        "action": action,
        "subject": subject,
        "detail": json.dumps(dict(detail), sort_keys=True, allow_nan=False),
        "previous": previous,
    }
    connection.execute(_APPEND, entry | {"hash": _hash(entry)})


def entries(connection: Connection, subject: str | None = None) -> Iterator[Entry]:
    """Yield the log in order, or what it says of one subject, as ``clip:12``."""
    query = select(AUDIT).order_by(AUDIT.c.id)
    if subject is not None:
        query = query.where(AUDIT.c.subject == subject)
    for row in connection.execute(query).yield_per(500):
        yield Entry(
            row.id,
            row.at_utc,
            row.who,
            row.action,
            row.subject,
            json.loads(row.detail),
            row.hash,
        )


def verify(connection: Connection) -> Verdict:
    """Return whether the chain holds, and what people said is as it was logged.

    Says which entry is the first that does not hold.
    """
    previous, number = START, 0
    logged: dict[str, tuple[int, str]] = {}
    for row in connection.execute(select(AUDIT).order_by(AUDIT.c.id)).yield_per(500):
        why = _wrong(row, number + 1, previous)
        if why:
            return Verdict(number, previous, row.id, why)
        previous, number = row.hash, row.id
        if row.subject.partition(":")[0] in LOGGED_ROWS:
            logged[row.subject] = (row.id, row.detail)
    counted = connection.exec_driver_sql(
        "SELECT seq FROM sqlite_sequence WHERE name = 'audit'"
    ).scalar()
    if (counted or 0) != number:
        why = f"entries {number + 1} to {counted} are gone"
        return Verdict(number, previous, number + 1, why)
    broken, why = _rows_as_logged(connection, logged)
    return Verdict(number, previous, broken, why)


def _wrong(row: Row[Any], expected: int, previous: str) -> str:
    if row.id != expected:
        return f"entry {expected} is gone"
    if row.previous != previous:
        return "it does not follow the entry before it"
    if row.hash != _hash(row._mapping):  # noqa: SLF001 - SQLAlchemy's public name
        return "it was changed after it was written"
    return ""


def _rows_as_logged(
    connection: Connection, logged: dict[str, tuple[int, str]]
) -> tuple[int | None, str]:
    """Return the entry that a row contradicts, and how; nothing where none does."""
    for name, table in LOGGED_ROWS.items():
        for row in connection.execute(select(table)).yield_per(500):
            subject = f"{name}:{row.id}"
            entry, detail = logged.pop(subject, (None, ""))
            if entry is None:
                return None, f"{name} {row.id} is not in the log"
            if json.loads(detail) != logged_row(table, row._mapping):  # noqa: SLF001
                return entry, f"{name} {row.id} is not what was logged"
        astray = connection.exec_driver_sql(_CURRENT.format(table=table.name)).scalar()
        if astray is not None:
            return None, f"{name} {astray} is wrongly marked as current or not"
    if logged:
        subject, (entry, _) = next(iter(logged.items()))
        return entry, f"{subject.replace(':', ' ')} is gone"
    return None, ""


_CURRENT: Final = """
    SELECT id FROM {table} AS one WHERE current = EXISTS (
        SELECT 1 FROM {table} AS newer WHERE newer.supersedes = one.id)
"""


def logged_row(table: Table, row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return what a person said as the log has it: all but whether it is current."""
    names = [column.name for column in table.columns if column.name != "current"]
    return {name: row[name] for name in names}


def _hash(entry: Mapping[Any, Any]) -> str:
    text = json.dumps([entry[name] for name in _HASHED], ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
