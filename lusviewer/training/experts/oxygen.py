"""S/F bins of a patient, from what is measured in the clips and clinical facts alone.

Bins after Gare et al. 2022 (arXiv 2206.08398): above 430, 275 to 430, 180 to 275, less.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.training.experts.heads import CHOICES
from lusviewer.training.experts.inputs import measured
from lusviewer.training.experts.nested import Asked, Group, nested, options_of
from lusviewer.training.experts.pocus_experts import judged
from lusviewer.training.measure.figures import accuracy, figure, spearman

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lusviewer.cancel import CancelToken
    from lusviewer.training.experts.nested import Nested
    from lusviewer.training.measure.clip_store import ReadClip

    Found = dict[str, Any]

BINS: Final = (430.0, 275.0, 180.0)
"""Limits between the bins, best oxygenation first."""

FACTS: Final = ("pat_sex", "pat_age", "pat_bmi", "respiratory_rate", "pulse")
"""What else is known of the patient; nothing that the ratio is made of."""

_OXYGEN: Final = (
    "patient_id",
    "oxygen_liter",
    "oxygen_saturation_with_ox",
    "oxygen_saturation_without_ox",
)
_AIR: Final = 0.21
_PER_LITRE: Final = 0.04
_MISSING: Final = -90.0


def number(text: str) -> float:
    """Return the number in a cell: of a range its middle; NaN where it is missing."""
    found = re.fullmatch(r"(-?\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?", text.strip())
    if found is None:
        return float("nan")
    first = float(found[1])
    if first <= _MISSING:
        return float("nan")
    return first if found[2] is None else (first + float(found[2])) / 2


def ratio(row: Mapping[str, str]) -> float:
    """Return S/F of a row of the clinical table; NaN where it cannot be had.

    With oxygen FiO2 is estimated as 0.21 and 0.04 a litre, at most 1; else it is that
    of air.
    """
    litres = number(row["oxygen_liter"])
    given = number(row["oxygen_saturation_with_ox"])
    if litres > 0 and not np.isnan(given):
        return given / min(1.0, _AIR + _PER_LITRE * litres)
    return number(row["oxygen_saturation_without_ox"]) / _AIR


def bin_of(value: float) -> int:
    """Return the bin of a ratio: 0 above 430 to 3 below 180."""
    return sum(value <= limit for limit in BINS)


def oxygen_question(
    clips: Sequence[ReadClip], rows: Sequence[Mapping[str, str]]
) -> Asked:
    """Return S/F bins, a row a patient, with and without the clinical facts.

    Raises ``TrainingError`` where the clinical table lacks a column.
    """
    if missing := [key for key in (*FACTS, *_OXYGEN) if rows and key not in rows[0]]:
        msg = f"clinical_variables.csv has no column {', '.join(missing)}."
        raise TrainingError(msg, hint="Take the table as the collection comes.")
    facts = {f"patient_{row['patient_id']}": row for row in rows}
    values = measured(clips)
    owners = np.array([clip.patient for clip in clips])
    names, tables, known, classes = [], [], [], []
    for name in np.unique(owners):
        row = facts.get(str(name))
        if row is None or np.isnan(share := ratio(row)):
            continue
        own = values[owners == name]
        tables.append(np.concatenate([own.mean(axis=0), own.max(axis=0)]))
        known.append([number(row[key]) for key in FACTS])
        classes.append(bin_of(share))
        names.append(str(name))
    seen, told = np.array(tables), np.array(known, np.float64)
    return Asked(
        {
            "measured values": seen,
            "clinical facts": told,
            "both": np.concatenate([seen, told], axis=1),
        },
        np.array(classes, np.intp),
        tuple(names),
        len(BINS) + 1,
    )


def oxygen_figures(
    asked: Asked, folds: tuple[int, int], cancel: CancelToken
) -> Iterator[tuple[str, Found]]:
    """Yield figures of the commonest bin, of a free choice, and of each input."""
    commonest = np.full(len(asked.classes), np.bincount(asked.classes).argmax())
    yield "commonest bin", accuracy(asked.classes, commonest, asked.patients)
    every = options_of(list(asked.inputs), CHOICES)
    groups = {"chosen": Group(tuple(every))}
    for name in asked.inputs:
        groups[f"on {name}"] = Group(tuple(o for o in every if o[0] == name))
    for name, found in nested(asked, groups, folds, cancel).items():
        yield name, _judged(asked, found)


def _judged(asked: Asked, found: Nested) -> Found:
    expected = found.scores @ np.arange(asked.n_classes)
    classes = asked.classes.astype(np.float64)
    return {
        **judged(asked, found),
        "spearman": figure(lambda r: spearman(classes[r], expected[r]), asked.patients),
        "chosen": found.counted(),
    }


def counts(asked: Asked) -> dict[str, int]:
    """Return how many patients each bin holds."""
    words = (">430", "275-430", "180-275", "<180")
    seen = np.bincount(asked.classes, minlength=asked.n_classes)
    return dict(zip(words, map(int, seen), strict=True))
