"""Patients by pseudonym, and their exams."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, insert, select, update

from lusviewer.errors import LibraryError
from lusviewer.library.database import now_utc
from lusviewer.library.tables import CLIPS, EXAMS, PATIENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lusviewer.library.database import Change, Database

FIRST_EXAM: Final = "1"
_PREFIX: Final = "P"


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient: the pseudonym, whether a person chose it, exams and clips counted."""

    pseudonym: str
    given: bool
    exams: int
    clips: int


@dataclass(frozen=True, slots=True)
class Exam:
    """An exam of a patient, with the clinical values known at that time."""

    patient: str
    name: str
    facts: Mapping[str, float] = field(default_factory=dict)


class Patients:
    """The patients of a library; their names never come from a file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[Patient, ...]:
        """Return every patient, by pseudonym.

        Without those we made up whose clips all went over to others.
        """
        query = (
            select(
                PATIENTS.c.pseudonym,
                PATIENTS.c.given,
                func.count(EXAMS.c.id.distinct()).label("exams"),
                func.count(CLIPS.c.id).label("clips"),
            )
            .outerjoin(EXAMS, EXAMS.c.patient_id == PATIENTS.c.id)
            .outerjoin(CLIPS, CLIPS.c.exam_id == EXAMS.c.id)
            .group_by(PATIENTS.c.id)
            .having(PATIENTS.c.given | (func.count(CLIPS.c.id) > 0))
            .order_by(PATIENTS.c.pseudonym)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(Patient(r.pseudonym, r.given, r.exams, r.clips) for r in rows)

    def exams(self) -> tuple[Exam, ...]:
        """Return every exam with its clinical values, by patient and name."""
        query = (
            select(PATIENTS.c.pseudonym, EXAMS.c.name, EXAMS.c.facts)
            .join(EXAMS, EXAMS.c.patient_id == PATIENTS.c.id)
            .order_by(PATIENTS.c.pseudonym, EXAMS.c.name)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(Exam(r.pseudonym, r.name, json.loads(r.facts)) for r in rows)

    def new(self, *, who: str) -> str:
        """Make a patient with a pseudonym that is free, and return it."""
        with self._database.writing(who) as change:
            return new_patient(change)

    def set_facts(
        self, patient: str, exam: str, facts: Mapping[str, float], *, who: str
    ) -> None:
        """Keep clinical values of an exam, beside those known already."""
        with self._database.writing(who) as change:
            add_facts(change, patient, exam, facts)


def new_patient(change: Change) -> str:
    """Make a patient with the next free pseudonym, P0001 upwards."""
    number = change.connection.scalar(select(func.count()).select_from(PATIENTS)) or 0
    while True:
        number += 1
        pseudonym = f"{_PREFIX}{number:04}"
        taken = select(PATIENTS.c.id).where(PATIENTS.c.pseudonym == pseudonym)
        if change.connection.scalar(taken) is None:
            _make_patient(change, pseudonym, given=False)
            return pseudonym


def exam_id(change: Change, patient: str, exam: str = FIRST_EXAM) -> int:
    """Return the key of a patient's exam; both are made where they are new."""
    patient, exam = _named(patient, "patient"), _named(exam or FIRST_EXAM, "exam")
    found = select(PATIENTS.c.id).where(PATIENTS.c.pseudonym == patient)
    key = change.connection.scalar(found)
    if key is None:
        key = _make_patient(change, patient, given=True)
    same = (EXAMS.c.patient_id == key) & (EXAMS.c.name == exam)
    known = change.connection.scalar(select(EXAMS.c.id).where(same))
    if known is not None:
        return int(known)
    row = {"patient_id": key, "name": exam, "facts": "{}", "created_utc": now_utc()}
    made = _inserted(change.connection.execute(insert(EXAMS).values(**row)))
    change.note("exam added", f"exam:{made}", {"patient": patient, "name": exam})
    return made


def add_facts(
    change: Change, patient: str, exam: str, facts: Mapping[str, float]
) -> None:
    """Keep clinical values of an exam, beside those known already."""
    key = exam_id(change, patient, exam)
    stored = change.connection.scalar(select(EXAMS.c.facts).where(EXAMS.c.id == key))
    known = json.loads(stored or "{}")
    if known | dict(facts) == known:
        return
    text = json.dumps(known | dict(facts), sort_keys=True, allow_nan=False)
    change.connection.execute(update(EXAMS).where(EXAMS.c.id == key).values(facts=text))
    change.note("facts kept", f"exam:{key}", dict(facts))


def _make_patient(change: Change, pseudonym: str, *, given: bool) -> int:
    row = {"pseudonym": pseudonym, "given": given, "created_utc": now_utc()}
    made = _inserted(change.connection.execute(insert(PATIENTS).values(**row)))
    change.note("patient added", f"patient:{made}", {"pseudonym": pseudonym})
    return made


def _named(text: str, what: str) -> str:
    text = text.strip()
    if not text or len(text) > 200 or not text.isprintable():
        msg = f"{text!r} cannot name {'an' if what == 'exam' else 'a'} {what}."
        raise LibraryError(msg, hint="Any pseudonym of up to 200 characters will do.")
    return text


def _inserted(result: object) -> int:
    key = getattr(result, "inserted_primary_key", None)
    if not key:
        msg = "SQLite gave no key for a new row"
        raise AssertionError(msg)
    return int(key[0])
