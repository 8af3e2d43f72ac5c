"""Labelled collections of clips, read into one kind of record.

POCUS, COVID-BLUeS, and a CSV of one's own clips (the same that the window exports).
What was not said of a clip stays 'not mentioned': it is never taken for a no.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final

from lusviewer.errors import TrainingError
from lusviewer.findings import FINDINGS
from lusviewer.training.data.pocus_labels import DIAGNOSES, PocusClip, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

BLUES_LICENCE: Final = "CC BY-NC-ND 4.0"
SEVERITIES: Final = ("0", "1", "2", "3")
_ZEROS: Final = ("", ".0")


class Said(Enum):
    """What a label says of a finding."""

    YES = "yes"
    NO = "no"
    NOT_MENTIONED = "not mentioned"


@dataclass(frozen=True, slots=True)
class Label:
    """One finding of one clip: what is said, and how sure that is, 0 to 1."""

    said: Said
    certainty: float = 1.0


@dataclass(frozen=True, slots=True)
class Record:
    """A labelled clip: ``name`` is its name in the collection, ``path`` where it lies.

    ``findings`` has every key of ``FINDINGS``. ``severity`` is 0 to 3 after Soldati,
    ``diagnosis`` a word of the collection's own; None where not said.
    """

    path: Path
    name: str
    patient: str
    findings: Mapping[str, Label]
    severity: int | None = None
    diagnosis: str | None = None
    licence: str = ""
    source: str = ""
    facts: Mapping[str, float] = field(default_factory=dict)


def read_collection(path: Path, *, missing: bool = False) -> tuple[Record, ...]:
    """Return the records of a collection's folder, or of a CSV of one's own clips.

    A folder is told by its table: ``labels.csv`` is POCUS, ``severity.csv``
    COVID-BLUeS, of which clips that are not there are left out, unless ``missing``
    ones are wanted, too. Raises ``TrainingError`` for anything else.
    """
    if path.is_file():
        return read_own(path)
    for table, read in _READERS.items():
        if (path / table).is_file():
            every = partial(read_blues, missing=True)
            wanted = every if missing and read is read_blues else read
            return _read_with(wanted, path, table)
    msg = f"{path} is no collection: it holds none of {', '.join(_READERS)}."
    raise TrainingError(msg, hint="Give such a folder, or a CSV of your own clips.")


def _read_with(
    read: Callable[[Path], tuple[Record, ...]], folder: Path, table: str
) -> tuple[Record, ...]:
    try:
        records = read(folder)
    except KeyError as error:
        msg = f"{folder / table} has no column {error.args[0]!r}."
        hint = "Give the collection as it is published, or a CSV of your own clips."
        raise TrainingError(msg, hint=hint) from error
    if not records:
        msg = f"{folder / table} names no clip that can be used."
        raise TrainingError(msg, hint="Give the folder that holds table and clips.")
    return records


def read_pocus(folder: Path) -> tuple[Record, ...]:
    """Return the POCUS files that can be used; comments go before the table."""
    return tuple(_pocus_record(folder, clip) for clip in read_table(folder))


def _pocus_record(folder: Path, clip: PocusClip) -> Record:
    said = zip(FINDINGS, clip.values, clip.weights, strict=True)
    return Record(
        path=folder / clip.file,
        name=clip.file,
        patient=clip.patient,
        findings={key: _label(value, weight) for key, value, weight in said},
        severity=clip.severity,
        diagnosis=DIAGNOSES[clip.diagnosis],
        licence=clip.licence,
        source=clip.source,
    )


def _label(value: float, weight: float) -> Label:
    if weight == 0:
        return Label(Said.NOT_MENTIONED, 0.0)
    return Label(Said.YES if value > 0 else Said.NO, round(float(weight), 3))


def read_blues(folder: Path, *, missing: bool = False) -> tuple[Record, ...]:
    """Return the COVID-BLUeS clips that lie in ``folder/videos``.

    With ``missing`` also those that the table names and that are not there.
    """
    table = folder / "severity.csv"
    patients = {
        row.get("patient_id", ""): row
        for row in _rows(folder / "clinical_variables.csv")
    }
    records = []
    for line, row in enumerate(_rows(table), 2):
        name = row["video_file"]
        path = folder / "videos" / f"{name}.mp4"
        if missing or path.is_file():
            clinical = patients.get(name.removeprefix("patient_").split("_")[0], {})
            where = f"{table.name}, line {line}"
            records.append(_blues_record(path, row, clinical, where))
    return tuple(records)


def _blues_record(
    path: Path, row: Mapping[str, str], clinical: Mapping[str, str], where: str
) -> Record:
    columns = {"a_lines": "A-lines", "b_lines": "B-lines"}
    said = {
        key: _one_of({column: row[column]}, column, _ANSWERS, where)
        for key, column in columns.items()
    }
    return Record(
        path=path,
        name=row["video_file"],
        patient="_".join(row["video_file"].split("_")[:2]),
        findings={key: Label(_ANSWERS[said.get(key, "")]) for key in FINDINGS},
        severity=_grade(row["Severity Score"], where),
        licence=BLUES_LICENCE,
        facts=_facts(clinical),
    )


def _grade(text: str, where: str) -> int | None:
    """Return a severity that is written as 2 or 2.0; None where there is none."""
    grades = {f"{grade}{zero}": int(grade) for grade in SEVERITIES for zero in _ZEROS}
    if text and text not in grades:
        msg = (
            f"{where}: Severity Score is {text!r}, not one of {', '.join(SEVERITIES)}."
        )
        raise TrainingError(msg, hint="Leave it empty where it is not known.")
    return grades.get(text)


def _facts(clinical: Mapping[str, str]) -> dict[str, float]:
    """Return the clinical values that were measured; -99 and -96 mean missing."""
    facts = {}
    for name, text in clinical.items():
        try:
            value = float(text)
        except ValueError:
            continue
        if name != "patient_id" and value not in (-99.0, -96.0):
            facts[name] = value
    return facts


def s_f_ratio(facts: Mapping[str, float]) -> float | None:
    """Return SpO2 (%) over the fraction of inspired oxygen; None where not measured.

    Without a measured fraction the usual estimate: 0.21 and 0.04 for each litre of
    oxygen a minute, at most 1. On room air it is 0.21.
    """
    litres = facts.get("oxygen_liter", 0.0)
    with_oxygen = facts.get("oxygen_saturation_with_ox")
    if litres > 0 and with_oxygen is not None:
        return with_oxygen / min(1.0, 0.21 + 0.04 * litres)
    without = facts.get("oxygen_saturation_without_ox")
    return None if without is None else without / 0.21


def read_own(path: Path) -> tuple[Record, ...]:
    """Return the clips a CSV names: columns ``file``, ``patient``, and any labels.

    A finding's column holds yes, no or nothing; ``severity`` 0 to 3; ``diagnosis``
    and ``licence`` words. Paths count from the CSV's folder.
    """
    rows = _rows(path)
    if not rows:
        msg = f"{path.name} names no clip."
        raise TrainingError(msg, hint="A row a clip: file, patient and labels.")
    if missing := {"file", "patient"} - rows[0].keys():
        msg = f"{path.name} has no column {', '.join(sorted(missing))}."
        raise TrainingError(msg, hint="The columns 'file' and 'patient' are needed.")
    return tuple(_own_record(path, line, row) for line, row in enumerate(rows, 2))


def _own_record(path: Path, line: int, row: Mapping[str, str]) -> Record:
    where = f"{path.name}, line {line}"
    if not row["patient"]:
        msg = f"{where}: the patient is missing."
        raise TrainingError(msg, hint="Any pseudonym will do; clips are split by it.")
    severity = _one_of(row, "severity", SEVERITIES, where)
    return Record(
        path=path.parent / row["file"],
        name=row["file"],
        patient=row["patient"],
        findings={
            key: Label(_ANSWERS[_one_of(row, key, _ANSWERS, where)]) for key in FINDINGS
        },
        severity=int(severity) if severity else None,
        diagnosis=row.get("diagnosis") or None,
        licence=row.get("licence", ""),
    )


def _one_of(
    row: Mapping[str, str], column: str, known: Iterable[str], where: str
) -> str:
    value = row.get(column, "").lower()
    allowed = [word for word in known if word]
    if value and value not in allowed:
        msg = f"{where}: {column} is {value!r}, not one of {', '.join(allowed)}."
        raise TrainingError(msg, hint="Leave it empty where it is not known.")
    return value


_ANSWERS: Final = {"yes": Said.YES, "no": Said.NO, "": Said.NOT_MENTIONED}

_READERS: Final[dict[str, Callable[[Path], tuple[Record, ...]]]] = {
    "labels.csv": read_pocus,
    "severity.csv": read_blues,
}


def _rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV with every value stripped."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [
                {k.strip(): (v or "").strip() for k, v in row.items() if k}
                for row in csv.DictReader(file)
            ]
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}."
        raise TrainingError(msg, hint="See that the file is there.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{path} cannot be read as a CSV: {error}."
        raise TrainingError(msg, hint="Save it as UTF-8, with commas.") from error
