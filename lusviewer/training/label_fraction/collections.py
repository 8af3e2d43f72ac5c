"""POCUS and COVID-BLUeS as libraries for the curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.findings import FINDINGS
from lusviewer.training.data.collection import Said
from lusviewer.training.data.pocus_labels import DIAGNOSES
from lusviewer.training.data.split import shipped_split
from lusviewer.training.label_fraction.library import (
    Library,
    asked,
    held_out,
    patient_folds,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lusviewer.training.data.collection import Record

BLUES_FOLDS: Final = 5

TOLD_APART: Final = DIAGNOSES[:3]
"""Regular, bacterial pneumonia, COVID-19; of viral pneumonia there are six files."""

_SURE: Final = 0.99
_SEVERE: Final = 2


def pocus_library(records: Sequence[Record]) -> Library:
    """Return POCUS: learned from training patients, tested on all others.

    The starts have seen the training patients' clips without labels, so that folds
    over all patients would test on clips that were seen.
    """
    learned = set(shipped_split()["train"])
    patients = tuple(record.patient for record in records)
    tested = {record.patient for record in records if record.name not in learned}
    questions = (
        asked("b_lines", records, finding("b_lines")),
        asked("consolidation", records, finding("consolidation")),
        asked("diagnosis", records, _diagnosis),
    )
    return Library("pocus", patients, questions, held_out(patients, tested))


def blues_library(records: Sequence[Record]) -> Library:
    """Return COVID-BLUeS: five folds of patients, for heads on features alone."""
    patients = tuple(record.patient for record in records)
    questions = (
        asked("a_lines", records, finding("a_lines")),
        asked("b_lines", records, finding("b_lines")),
        asked("severity_2_or_more", records, _severe),
    )
    return Library(
        "covid-blues", patients, questions, patient_folds(patients, BLUES_FOLDS)
    )


def own_library(name: str, records: Sequence[Record]) -> Library:
    """Return any labelled clips: each finding of which both answers are known.

    Severity of 2 and more joins where it is known. Up to five folds of patients, which
    need two patients for each answer; raises ``TrainingError`` where nothing is asked.
    """
    patients = tuple(record.patient for record in records)
    asks = [asked(key, records, finding(key)) for key in FINDINGS]
    asks.append(asked("severity_2_or_more", records, _severe))
    names = np.array(patients)
    kept = [
        question
        for question in asks
        if all(len(np.unique(names[question.truth == c])) > 1 for c in (0, 1))
    ]
    if not kept:
        msg = (
            f"{name}: no finding is said to be there of two patients and absent of two."
        )
        raise TrainingError(msg, hint="Label more clips, with yes and with no.")
    count = min(BLUES_FOLDS, len(set(patients)))
    return Library(name, patients, tuple(kept), patient_folds(patients, count))


def finding(key: str) -> Callable[[Record], int | None]:
    """Return what reads a surely labelled finding from a record: 1, 0 or None."""

    def answer(record: Record) -> int | None:
        label = record.findings[key]
        if label.said is Said.NOT_MENTIONED or label.certainty < _SURE:
            return None
        return int(label.said is Said.YES)

    return answer


def _diagnosis(record: Record) -> int | None:
    known = record.diagnosis in TOLD_APART
    return TOLD_APART.index(record.diagnosis or "") if known else None


def _severe(record: Record) -> int | None:
    return None if record.severity is None else int(record.severity >= _SEVERE)
