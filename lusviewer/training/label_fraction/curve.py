"""How well frozen features tell what is asked, by how many patients are labelled.

Knows features, patients and truths only: the same curve serves any library of clips.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from lusviewer.training.label_fraction.library import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lusviewer.training.label_fraction.library import Fold, Library, Question

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

FRACTIONS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0)
"""The fractions of labelled patients that Holste et al. (2022) and others use."""

STRENGTH: Final = 10.0
"""The inverse penalty of the heads, on features scaled to unit length on average.

Set before anything was measured, the same for all features and fractions.
"""


@dataclass(frozen=True, slots=True)
class Scores:
    """What the heads of one start say: ``(draws, clips, classes)``, NaN untested.

    ``patients`` and ``clips`` are how many were labelled, the mean over the draws.
    """

    fraction: float
    values: Array
    patients: float
    clips: float


def drawn(
    truths: Sequence[Indices], patients: Sequence[str], fraction: float, seed: list[int]
) -> Indices:
    """Return the clips of a ``fraction`` of the patients, at least one patient.

    Where the patients drawn lack a class of one of ``truths``, the next one that has
    it joins. The same seed gives larger fractions that hold the smaller ones, but for
    those who joined.
    """
    names = np.asarray(patients)
    order = np.random.default_rng(seed).permutation(np.unique(names))
    chosen = list(order[: max(1, round(fraction * len(order)))])
    for truth in truths:
        for wanted in np.unique(truth[truth != UNKNOWN]):
            having = names[truth == wanted]
            if not np.isin(chosen, having).any():
                chosen.append(next(name for name in order if name in having))
    return np.flatnonzero(np.isin(names, chosen))


def learned_scores(learn: Array, truth: Indices, test: Array, classes: int) -> Array:
    """Return ``(tested, classes)`` of a logistic regression; classes weigh alike.

    Features are standardised by the clips learned from. Each class has its own
    regression, against the rest; one that no clip, or every clip, shows scores 0.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to load

    mean, spread = learn.mean(0), learn.std(0)
    spread = np.where(spread > 1e-6, spread, 1.0) * np.sqrt(learn.shape[1])
    inputs, outputs = (learn - mean) / spread, (test - mean) / spread
    scores = np.zeros((len(test), classes))
    wanted = [1] if classes == 2 else range(classes)
    for label in wanted:
        if len(np.unique(truth == label)) < 2:
            continue
        head = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=200)
        head.fit(inputs, truth == label)
        scores[:, label] = head.decision_function(outputs)
    if classes == 2:
        scores[:, 0] = -scores[:, 1]
    return scores


def scores_at(
    library: Library,
    question: Question,
    features: Array,
    fraction: float,
    draws: int,
    seed: int = 0,
) -> Scores:
    """Return the scores of ``question`` with a ``fraction`` of patients labelled.

    ``features`` ``(clips, d)``. All labels can be drawn in one way only: one draw.
    """
    draws = 1 if fraction >= 1 else draws
    values = np.full((draws, len(features), question.classes), np.nan)
    counts = []
    for number, fold in enumerate(library.folds):
        for draw in range(draws):
            chosen = labelled(library, question, fold, fraction, [seed, number, draw])
            test = fold.test[question.truth[fold.test] != UNKNOWN]
            values[draw, test] = learned_scores(
                features[chosen],
                question.truth[chosen],
                features[test],
                question.classes,
            )
            people = {library.patients[i] for i in chosen}
            counts.append((len(people), len(chosen)))
    mean = np.mean(counts, 0)
    return Scores(fraction, values, float(mean[0]), float(mean[1]))


def labelled(
    library: Library,
    question: Question,
    fold: Fold,
    fraction: float,
    seed: list[int],
) -> Indices:
    """Return the clips of ``fold`` whose labels are taken as known."""
    known = fold.learn[question.truth[fold.learn] != UNKNOWN]
    names = [library.patients[i] for i in known]
    return known[drawn([question.truth[known]], names, fraction, seed)]


def curve(
    library: Library,
    question: Question,
    features: Array,
    fractions: Sequence[float] = FRACTIONS,
    draws: int = 20,
) -> Iterator[Scores]:
    """Return the scores at each fraction: the curve before it is measured.

    The draws depend on the library and the question alone, so that starts are
    compared on the same labels.
    """
    for fraction in fractions:
        yield scores_at(library, question, features, fraction, draws)
