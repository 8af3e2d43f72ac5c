"""What is known of the POCUS clips: the table's columns and the doctor's comments.

The table's zeros are weak: many mean 'not mentioned'. Each finding of a clip is
therefore a value and a weight, and the comments, read by rules, go before the table.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.findings import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

DIAGNOSES: Final = ("regular", "bacterial pneumonia", "COVID-19", "viral pneumonia")
"""The diagnoses of the POCUS table, in the order the diagnosis expert uses."""

WEAK_NEGATIVE: Final = 0.3
"""How much a zero counts that nothing else in the row supports."""

DOUBTFUL_NEGATIVE: Final = 0.1
"""How much a healthy lung without ticked A-lines counts: most such lungs have them."""

_COLUMNS: Final = {
    "a_lines": "A-lines",
    "b_lines": "B-lines",
    "consolidation": "Consolidations",
    "effusion": "Effusion",
    "pleural_irregularity": "Pleural line irregularities",
}
_WORDS: Final = {
    "a_lines": r"a[- ]?lines?",
    "b_lines": r"(?:b[- ]?lines?|white lung|lights? beams?|igth beams)",
    "consolidation": r"(?:consolidat\w*|hepati[sz]ation)",
    "effusion": r"effusions?",
    "pleural_irregularity": (
        r"(?:pleural? (?:line )?(?:thickening|irregularit\w*|irregularties)"
        r"|irregular pleura|broken pleura\w*|indented pleura\w*"
        r"|thickening and irregularities)"
    ),
}
_NEGATED: Final = r"\b(?:no|without|absent|absence of)\s+(?:\w+\s+){0,1}?(?:and\s+)?"
_DOUBTED: Final = (
    r"(?:cannot be sure about|maybe some|maybe|possible|skip lesion or)\s+"
)
_NORMAL: Final = re.compile(r"\b(?:normal|healthy)\b", re.IGNORECASE)
_UNFIT: Final = re.compile(r"\bdo not use\b|consider not to use", re.IGNORECASE)
_FEW_B: Final = re.compile(
    r"\b(?:few|single|singular|one|1|couple of)\s+b[- ]?lines?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class PocusClip:
    """One file of the POCUS collection and what is known of it.

    ``values`` and ``weights`` float32 ``(5,)`` follow ``FINDINGS``; weight 0 means
    not known. ``diagnosis`` indexes ``DIAGNOSES``; ``severity`` is 0 to 3 or None.
    ``comment`` is the doctor's.
    """

    file: str
    patient: str
    diagnosis: int
    severity: int | None
    values: NDArray[np.float32]
    weights: NDArray[np.float32]
    licence: str
    probe: str
    source: str
    comment: str = ""


def read_comment(comment: str) -> dict[str, bool]:
    """Return the findings that ``comment`` affirms or denies; the rest is absent."""
    said: dict[str, bool] = {}
    text = " ".join(comment.lower().split())
    for key, words in _WORDS.items():
        denied = re.search(_NEGATED + words, text) is not None
        rest = re.sub(_NEGATED + words, " ", text)
        rest = re.sub(_DOUBTED + words, " ", rest)
        if re.search(r"(?<![a-z])" + words, rest):
            said[key] = True
        elif denied:
            said[key] = False
    if re.search(r"\bno lines\b", text):
        said.setdefault("a_lines", False)
        said.setdefault("b_lines", False)
    return said


def mentions_few_b_lines(comment: str) -> bool:
    """Whether ``comment`` speaks of a single or of few B-lines."""
    return _FEW_B.search(comment) is not None


def read_table(folder: Path) -> tuple[PocusClip, ...]:
    """Return the clips of ``folder/labels.csv`` that can be used, in its order."""
    path = folder / "labels.csv"
    if not path.is_file():
        msg = f"{path} is not there"
        raise TrainingError(msg, hint="Give the folder that holds labels.csv.")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if _usable(row)]
    groups = _patients(rows)
    return tuple(_clip(row, patient) for row, patient in zip(rows, groups, strict=True))


def _usable(row: Mapping[str, str]) -> bool:
    return _UNFIT.search(_comment(row)) is None and _diagnosis(row) is not None


def _comment(row: Mapping[str, str]) -> str:
    return row["Comments first medical doctor (MD1)"] or ""


def _diagnosis(row: Mapping[str, str]) -> int | None:
    known = [name.lower() for name in DIAGNOSES]
    label = row["Label"].strip().lower()
    return known.index(label) if label in known else None


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _clip(row: Mapping[str, str], patient: str) -> PocusClip:
    values, weights = _findings(row)
    diagnosis = _diagnosis(row)
    severity = _number(row["Lung Severity Score"])
    return PocusClip(
        file=row["file"],
        patient=patient,
        diagnosis=0 if diagnosis is None else diagnosis,
        severity=None if severity is None else round(severity),
        values=values,
        weights=weights,
        licence=row["License"].strip(),
        probe=row["Probe"].strip(),
        source=row["URL (Video Name)"].strip(),
        comment=_comment(row),
    )


def _findings(
    row: Mapping[str, str],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    comment = _comment(row)
    said = read_comment(comment)
    healthy = (
        row["Label"].strip() == "regular"
        or _number(row["Healthy"]) == 1
        or _NORMAL.search(comment) is not None
    )
    values = np.zeros(len(FINDINGS), np.float32)
    weights = np.zeros(len(FINDINGS), np.float32)
    for i, key in enumerate(FINDINGS):
        values[i], weights[i] = _finding(
            key, _number(row[_COLUMNS[key]]), said=said.get(key), healthy=healthy
        )
    return values, weights


def _finding(
    key: str, ticked: float | None, *, said: bool | None, healthy: bool
) -> tuple[float, float]:
    """Return a value and its weight: comment first, then ticks, then zeros."""
    if said is not None:
        return float(said), 1.0
    if ticked == 1:
        return 1.0, 1.0
    if ticked is None:
        return 0.0, 0.0
    if not healthy:
        return 0.0, WEAK_NEGATIVE
    return 0.0, DOUBTFUL_NEGATIVE if key == "a_lines" else 1.0


def _patients(rows: list[dict[str, str]]) -> list[str]:
    """Return one name per person: ids, joined where the file or its source tells more.

    The table numbers each file of some series by itself, though the files of one
    numbered set, or of one published case, come from one person.
    """
    joined: dict[str, str] = {}

    def root(name: str) -> str:
        while joined.setdefault(name, name) != name:
            name = joined[name]
        return name

    names = []
    for row in rows:
        number = _number(row["Patient ID / Name"])
        name = f"patient {row['file'] if number is None else round(number)}"
        names.append(name)
        for other in _shared_names(row):
            joined[root(other)] = root(name)
    return [root(name) for name in names]


def _shared_names(row: Mapping[str, str]) -> list[str]:
    kind = row["Label"].strip()
    series = re.search(r"northumbria_\d+_set\d+", row["file"])
    case = re.search(r"litfl\.com/pneumonia-case-0*(\d+)", row["URL (Video Name)"])
    clip = re.search(r"li[t]?[f]?t?l_(?:pneu_?)?case(\d+)", row["file"])
    names = []
    if series:
        names.append(f"{kind} {series[0]}")
    if case or clip:
        number = case[1] if case else clip[1] if clip else ""
        names.append(f"litfl case {number}")
    return names
