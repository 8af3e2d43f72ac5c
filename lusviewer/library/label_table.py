"""Labels as a table: CSV in and out, in the layout that training reads.

A row is what one rater says of one clip: ``file`` and ``patient``, then a column a
task. An empty cell says nothing.
"""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lusviewer.errors import LibraryError
from lusviewer.files import write_rows
from lusviewer.library.labels import S_F
from lusviewer.library.records import ClipRecord, Said
from lusviewer.library.tasks import DETAIL_COLUMNS, LABEL_COLUMNS, NOTE_COLUMNS
from lusviewer.library.values import NOT_ASSESSABLE
from lusviewer.library.zones import Zone, read_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lusviewer.library.library import Library
    from lusviewer.library.tasks import Task
    from lusviewer.library.values import Answer, ClipEntry

_FINDING: Final = "finding."
_FACT: Final = "fact."
_BEYOND: Final = "beyond the header"
_NEEDED: Final = frozenset({"file", "patient"})
_KNOWN: Final = frozenset((*LABEL_COLUMNS, *DETAIL_COLUMNS, *NOTE_COLUMNS))


def column_of(task: str) -> str:
    """Return a task's column: findings go without 'finding.'."""
    return task.removeprefix(_FINDING)


def read_label_table(path: Path, tasks: Mapping[str, Task]) -> tuple[ClipRecord, ...]:
    """Return the records of a CSV; its paths count from its own folder.

    Raises ``LibraryError`` naming the line, before anything is kept, for columns
    that are missing or unknown and for values outside a task's classes.
    """
    header, rows = _rows(path)
    by_column = {column_of(key): task for key, task in tasks.items()}
    _check_header(path, header, by_column)
    reader = _RowReader(path, by_column)
    records = tuple(reader.record(line, row) for line, row in enumerate(rows, 2))
    _check_agreed(records)
    return records


def write_label_table(library: Library, path: Path, rater: str | None = None) -> int:
    """Write what is said now, a row a clip and rater; return how many rows.

    With ``rater`` only what that person says. Files under the table's own folder are
    named from there, others by their whole path.
    """
    said: defaultdict[tuple[int, str], list[Answer]] = defaultdict(list)
    for label in library.labels.current(rater):
        if label.answer.value is not None:
            said[label.answer.clip_id, label.answer.rater].append(label.answer)
    facts = {(e.patient, e.name): e.facts for e in library.patients.exams()}
    fact_names = sorted({name for known in facts.values() for name in known})
    tasks = list(library.labels.tasks())
    header = _header(tasks, fact_names)
    labelled = {clip_id for clip_id, _ in said}
    clips = {clip.id: clip for clip in library.clips.all() if clip.id in labelled}
    rows = []
    for (clip_id, who), answers in sorted(said.items()):
        clip = clips[clip_id]
        row = _clip_cells(clip, path.parent, who) | _label_cells(answers)
        known = facts.get((clip.patient, clip.exam), {})
        row |= {_FACT + name: f"{value:.12g}" for name, value in known.items()}
        rows.append([row.get(column, "") for column in header])
    write_rows([header, *rows], path)
    return len(rows)


class _RowReader:
    """Turns the rows of one table into records."""

    def __init__(self, path: Path, by_column: Mapping[str, Task]) -> None:
        self._path = path
        self._by_column = by_column

    def record(self, line: int, row: Mapping[str, str]) -> ClipRecord:
        where = f"{self._path.name}, line {line}"
        for column in ("file", "patient"):
            if not row.get(column):
                msg = f"{where}: the {column} is missing."
                raise LibraryError(msg, hint="Every row needs a file and a patient.")
        try:
            _check_cells(row)
            return ClipRecord(
                path=Path(os.path.normpath(self._path.absolute().parent / row["file"])),
                patient=row["patient"],
                exam=row.get("exam", ""),
                zone=_zone(row),
                licence=row.get("licence", ""),
                rater=row.get("rater", ""),
                labels=self._labels(row),
                facts=_numbers(row, _FACT),
                where=where,
            )
        except LibraryError as error:
            msg = f"{where}: {error.message}"
            raise LibraryError(msg, hint=error.hint) from error

    def _labels(self, row: Mapping[str, str]) -> dict[str, Said]:
        certainties = _certainties(row.get("certainty", ""))
        parts = row.get("not_assessable", "").split(";")
        unseen = [part.strip() for part in parts if part.strip()]
        for column in (*certainties, *unseen):
            if column not in self._by_column:
                msg = f"{column!r} is no task."
                raise LibraryError(msg, hint="Name columns of this table.")
        values = {column: row.get(column, "") for column in self._by_column}
        for column in unseen:
            if values[column] not in ("", NOT_ASSESSABLE):
                msg = f"{column} is not assessable and {values[column]!r} at once."
                raise LibraryError(msg, hint="Keep one of the two.")
            values[column] = NOT_ASSESSABLE
        labels = {
            task.key: Said(task.check(values[column]), certainties.get(column, 1.0))
            for column, task in self._by_column.items()
            if values[column]
        }
        return labels | self._oxygen(row, labels.get(S_F), certainties)

    def _oxygen(
        self,
        row: Mapping[str, str],
        said: Said | None,
        certainties: Mapping[str, float],
    ) -> dict[str, Said]:
        """Return the S/F ratio with what it rests on, where the row says that."""
        detail = {
            column: _number(row[column], column)
            for column in DETAIL_COLUMNS
            if row.get(column)
        }
        if not detail:
            return {}
        value = said.value if said else None
        return {S_F: Said(value, certainties.get(column_of(S_F), 1.0), detail)}


def _check_cells(row: Mapping[str, str]) -> None:
    """Refuse cells beyond the last column, and text that is not UTF-8.

    Names of files keep whatever bytes they have.
    """
    if row.get(_BEYOND):
        msg = f"it has more cells than the header: {row[_BEYOND]!r}."
        raise LibraryError(msg, hint="Put what holds a comma into quotes.")
    for column, text in row.items():
        if column != "file" and not text.isascii() and _is_bytes(text):
            msg = f"{column} is not written in UTF-8."
            raise LibraryError(msg, hint="Save the table as UTF-8.")


def _is_bytes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _check_agreed(records: Iterable[ClipRecord]) -> None:
    """Refuse two rows that say different things of one clip in one rater's name."""
    said: dict[tuple[Path, str, str], tuple[Said, str]] = {}
    for record in records:
        for task, value in record.labels.items():
            key = (record.path, record.rater, task)
            before, where = said.setdefault(key, (value, record.where))
            if before != value:
                msg = f"{record.where}: {task} of {record.path.name} is not as before."
                raise LibraryError(msg, hint=f"Keep one of the two: see {where}.")


def _check_header(path: Path, header: list[str], by_column: Mapping[str, Task]) -> None:
    if missing := _NEEDED.difference(header):
        msg = f"{path.name} has no column {', '.join(sorted(missing))}."
        hint = "The columns 'file' and 'patient' are needed."
        if len(header) == 1 and ";" in header[0]:
            hint = "Its columns are parted by semicolons: save it with commas."
        raise LibraryError(msg, hint=hint)
    if twice := {name for name in header if header.count(name) > 1}:
        msg = f"{path.name} has the column {', '.join(sorted(twice))} twice."
        raise LibraryError(msg, hint="Keep one of them.")
    known = _KNOWN.union(by_column)
    unknown = [c for c in header if c not in known and not c.startswith(_FACT)]
    if unknown:
        msg = f"{path.name} has columns that are no task: {', '.join(unknown)}."
        hint = (
            "Take them out, or define them first: "
            f"lusviewer library task {unknown[0]} --classes A,B"
        )
        raise LibraryError(msg, hint=hint)


def _zone(row: Mapping[str, str]) -> Zone | None:
    return read_zone(row["zone"]) if row.get("zone") else None


def _certainties(text: str) -> dict[str, float]:
    """Read ``a_lines=0.5;severity=0.8``."""
    found = {}
    for part in filter(None, text.split(";")):
        column, _, text = part.partition("=")
        number = _number(text, "certainty")
        if not 0.0 <= number <= 1.0:
            msg = f"A certainty of {number:g} cannot be."
            raise LibraryError(msg, hint="It goes from 0, a guess, to 1, certain.")
        found[column.strip()] = number
    return found


def _numbers(row: Mapping[str, str], prefix: str) -> dict[str, float]:
    return {
        column.removeprefix(prefix): _number(text, column)
        for column, text in row.items()
        if column.startswith(prefix) and text
    }


def _number(text: str, column: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if number - number != 0:
        msg = f"{column} is {text!r}, not a number."
        raise LibraryError(msg, hint="Leave it empty where it is not known.")
    return number


def _header(tasks: Iterable[str], fact_names: Iterable[str]) -> list[str]:
    columns = [column_of(task) for task in tasks]
    facts = [_FACT + name for name in fact_names]
    return [*LABEL_COLUMNS, *columns, *DETAIL_COLUMNS, *NOTE_COLUMNS, *facts]


def file_cell(clip: ClipEntry, folder: Path) -> str:
    """Return a clip's file as a table in ``folder`` names it."""
    path, folder = clip.path, folder.absolute()
    inside = path.is_relative_to(folder)
    return (path.relative_to(folder) if inside else path).as_posix()


def _clip_cells(clip: ClipEntry, folder: Path, rater: str) -> dict[str, str]:
    return {
        "file": file_cell(clip, folder),
        "patient": clip.patient,
        "exam": clip.exam,
        "zone": str(clip.zone) if clip.zone else "",
        "rater": rater,
        "licence": clip.licence,
    }


def _label_cells(answers: Iterable[Answer]) -> dict[str, str]:
    cells: dict[str, str] = {}
    unsure, unseen = [], []
    for answer in answers:
        column = column_of(answer.task)
        if answer.certainty < 1:
            unsure.append(f"{column}={answer.certainty:.12g}")
        if answer.value == NOT_ASSESSABLE:
            unseen.append(column)
            continue
        cells[column] = answer.value or ""
        cells |= {
            name: f"{value:.12g}"
            for name, value in answer.detail.items()
            if name in DETAIL_COLUMNS
        }
    return cells | {"certainty": ";".join(unsure), "not_assessable": ";".join(unseen)}


def _rows(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return the header and the rows of a CSV with every value stripped."""
    try:
        with path.open(
            encoding="utf-8-sig", errors="surrogateescape", newline=""
        ) as file:
            reader = csv.DictReader(file, restkey=_BEYOND)
            rows = [_cells(row) for row in reader]
            header = [name.strip() for name in reader.fieldnames or ()]
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}."
        raise LibraryError(msg, hint="See that the file is there.") from error
    except csv.Error as error:
        msg = f"{path} cannot be read as a CSV: {error}."
        raise LibraryError(msg, hint="Save it as UTF-8, with commas.") from error
    if not rows:
        msg = f"{path.name} names no clip."
        raise LibraryError(msg, hint="A row a clip: file, patient and labels.")
    return header, rows


def _cells(row: Mapping[str, str | list[str] | None]) -> dict[str, str]:
    """Return a row's cells, stripped; those beyond the header's joined in one."""
    found: dict[str, str] = {}
    for column, cell in row.items():
        text = ",".join(cell).strip(", ") if isinstance(cell, list) else cell or ""
        found[column.strip()] = text.strip()
    return found
