"""What scores are worth: over draws of the labels and resampled patients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from lusviewer.training.label_fraction.library import UNKNOWN
from lusviewer.training.measure.figures import drawn_figure

if TYPE_CHECKING:
    from lusviewer.training.label_fraction.curve import Scores
    from lusviewer.training.label_fraction.library import Library, Question

Array = NDArray[np.float64]

ROUNDS: Final = 1000
"""How often patients are resampled; the rounds take the draws in turn."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure over all draws, and its values ``(rounds,)`` over resampled patients."""

    value: float
    rounds: Array

    def plain(self) -> dict[str, Any]:
        """Return value and 95 % interval as JSON holds them."""
        return drawn_figure(self.value, self.rounds)

    def above(self, other: Measured) -> Measured:
        """Return by how much this is more, round by round on the same patients."""
        return Measured(self.value - other.value, self.rounds - other.rounds)


def measured(
    library: Library, question: Question, scores: Scores, seed: int = 0
) -> dict[str, Measured]:
    """Return ``auc`` and ``balanced_accuracy`` of ``scores``.

    The AUC counts pairs within a fold only, since the heads of two folds have no
    common scale; of several classes it is the mean of each against the rest. The
    interval covers which patients were labelled as well as which were tested.
    """
    counts = _resampled(library.patients, seed)
    ways = {"auc": _areas, "balanced_accuracy": _accuracies}
    draws = len(scores.values)
    found = {}
    for name, way in ways.items():
        values = np.zeros(draws)
        rounds = np.zeros(ROUNDS)
        for draw in range(draws):
            rows = np.vstack([np.ones_like(counts[:1]), counts[draw::draws]])
            result = way(library, question, scores.values[draw], rows)
            values[draw], rounds[draw::draws] = result[0], result[1:]
        found[name] = Measured(float(values.mean()), rounds)
    return found


def _resampled(patients: tuple[str, ...], seed: int) -> Array:
    """Return how often each clip counts in each round ``(rounds, clips)``."""
    rng = np.random.default_rng(seed)
    names, owner = np.unique(np.asarray(patients), return_inverse=True)
    drawn = rng.integers(0, len(names), (ROUNDS, len(names)))
    times = np.stack([np.bincount(row, minlength=len(names)) for row in drawn])
    return times[:, owner].astype(np.float64)


def _areas(library: Library, question: Question, scores: Array, counts: Array) -> Array:
    classes = range(1, 2) if question.classes == 2 else range(question.classes)
    return np.mean([_area(library, question, scores, counts, c) for c in classes], 0)


def _area(
    library: Library, question: Question, scores: Array, counts: Array, label: int
) -> Array:
    """Return the AUC of one class against the rest for each row of ``counts``."""
    won, pairs = np.zeros(len(counts)), np.zeros(len(counts))
    for fold in library.folds:
        test = fold.test[question.truth[fold.test] != UNKNOWN]
        positive = test[question.truth[test] == label]
        negative = test[question.truth[test] != label]
        gap = scores[positive, label][:, None] - scores[negative, label][None]
        wins = (gap > 0) + 0.5 * (gap == 0)
        up, down = counts[:, positive], counts[:, negative]
        won += ((up @ wins) * down).sum(1)
        pairs += up.sum(1) * down.sum(1)
    return np.divide(won, pairs, out=np.full(len(counts), np.nan), where=pairs > 0)


def _accuracies(
    library: Library, question: Question, scores: Array, counts: Array
) -> Array:
    """Return the mean share of each class that is told, for each row of ``counts``."""
    test = np.concatenate([fold.test for fold in library.folds])
    test = test[question.truth[test] != UNKNOWN]
    right = scores[test].argmax(1) == question.truth[test]
    shares = []
    for label in range(question.classes):
        own = counts[:, test] * (question.truth[test] == label)
        total = own.sum(1)
        empty = np.full(len(counts), np.nan)
        shares.append(np.divide(own @ right, total, out=empty, where=total > 0))
    return np.mean(shares, 0)
