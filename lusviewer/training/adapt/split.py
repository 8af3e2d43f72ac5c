"""Who teaches, who chooses, who is tested: whole patients, fixed before anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.training.label_fraction.library import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lusviewer.training.label_fraction.library import Question

PATIENTS_MIN: Final = 8
"""With fewer, no part has the two patients of each answer that it needs."""

_TEST: Final = 0.3
_VALIDATION: Final = 0.2
_TRIES: Final = 500
_NEEDED: Final = {"learn": 2, "validation": 1, "test": 2}
"""Patients of each answer that a part has."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The patients of each part; no one is in two."""

    learn: frozenset[str]
    validation: frozenset[str]
    test: frozenset[str]

    def rows(self, patients: Sequence[str], part: str) -> NDArray[np.intp]:
        """Return which of ``patients`` are of ``part``."""
        return np.flatnonzero([name in getattr(self, part) for name in patients])


def dealt(patients: Sequence[str], questions: Sequence[Question], seed: int) -> Parts:
    """Return three tenths of the patients to test, two to validate, the rest to learn.

    The first draw counts that leaves every part patients of each answer to each
    question. Raises ``TrainingError`` where none does.
    """
    names = np.unique(np.array(patients))
    if len(names) < PATIENTS_MIN:
        msg = f"The clips are of {len(names)} patients: {PATIENTS_MIN} are needed."
        raise TrainingError(msg, hint="Add clips of more patients, or label them.")
    rng = np.random.default_rng([seed, 31])
    tested = max(4, round(_TEST * len(names)))
    chosen = tested + max(2, round(_VALIDATION * len(names)))
    for _ in range(_TRIES):
        order = [str(name) for name in rng.permutation(names)]
        parts = Parts(
            frozenset(order[chosen:]),
            frozenset(order[tested:chosen]),
            frozenset(order[:tested]),
        )
        if holds(parts, patients, questions):
            return parts
    msg = (
        "The patients cannot be parted so that those who teach, those who choose and "
        f"those who are tested show each answer to {_names(questions)}."
    )
    hint = "Label clips of more patients with the rarer answer."
    raise TrainingError(msg, hint=hint)


def holds(parts: Parts, patients: Sequence[str], questions: Sequence[Question]) -> bool:
    """Whether every part has patients of each answer to each question."""
    return all(_answered(parts, patients, question) for question in questions)


def _answered(parts: Parts, patients: Sequence[str], question: Question) -> bool:
    names = np.array(patients)
    for part, least in _NEEDED.items():
        rows = parts.rows(patients, part)
        truth = question.truth[rows]
        for wanted in np.unique(question.truth[question.truth != UNKNOWN]):
            if len(np.unique(names[rows][truth == wanted])) < least:
                return False
    return True


def _names(questions: Sequence[Question]) -> str:
    return ", ".join(question.name for question in questions)
