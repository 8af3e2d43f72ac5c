"""A labelled library as the curve sees it: clips of patients, and what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from lusviewer.training.data.collection import Record

UNKNOWN: Final = -1
"""The truth of a clip of which a question's answer is not known."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a head is to tell of a clip: ``truth`` intp ``(clips,)``, a class or -1."""

    name: str
    truth: NDArray[np.intp]

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.truth.max()) + 1


@dataclass(frozen=True, slots=True)
class Fold:
    """Which clips may be learned from and which are tested, as indices."""

    learn: NDArray[np.intp]
    test: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Library:
    """Clips in one order: the patient of each, the questions and the folds.

    No patient may stand on both sides of a fold: ``TrainingError``.
    """

    name: str
    patients: tuple[str, ...]
    questions: tuple[Question, ...]
    folds: tuple[Fold, ...]

    def __post_init__(self) -> None:
        names = np.array(self.patients)
        for fold in self.folds:
            both = np.intersect1d(names[fold.learn], names[fold.test])
            if len(both):
                msg = f"{self.name}: {both[0]} is both learned from and tested."
                raise TrainingError(msg, hint="Split by patient, never by clip.")


def patient_folds(
    patients: Sequence[str], count: int, seed: int = 0
) -> tuple[Fold, ...]:
    """Return ``count`` folds that deal the patients out at random, each tested once."""
    names = np.array(patients)
    people = np.unique(names)
    if len(people) < count:
        msg = f"{len(people)} patients cannot be split into {count} folds."
        raise TrainingError(msg, hint="Label clips of more patients, or ask for fewer.")
    order = np.random.default_rng(seed).permutation(people)
    folds = []
    for i in range(count):
        tested = np.isin(names, order[i::count])
        folds.append(Fold(np.flatnonzero(~tested), np.flatnonzero(tested)))
    return tuple(folds)


def held_out(patients: Sequence[str], tested: Iterable[str]) -> tuple[Fold, ...]:
    """Return the one fold whose tested patients are ``tested``."""
    test = np.isin(np.array(patients), sorted(set(tested)))
    return (Fold(np.flatnonzero(~test), np.flatnonzero(test)),)


def asked(
    name: str, records: Sequence[Record], answer: Callable[[Record], int | None]
) -> Question:
    """Return the question whose truth ``answer`` reads from each record."""
    found = [answer(record) for record in records]
    truth = [UNKNOWN if value is None else value for value in found]
    return Question(name, np.array(truth, np.intp))
