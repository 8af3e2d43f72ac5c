"""A yes-or-no question put to clips: how well a score answers it, and how honestly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.training.measure.figures import (
    area_figure,
    figure,
    plain,
    quadratic_kappa,
    share,
    spearman,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

BINS: Final = 10
"""Equally wide bins of probability, for reliability and its error."""

_ROC_POINTS: Final = 60
N_GRADES: Final = 4
"""Grades of severity, 0 to 3."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What is true of each clip, ``truth`` ``(n,)``, and the probability given it."""

    truth: Array
    score: Array
    patients: tuple[str, ...]

    def by_patient(self) -> Answers:
        """Return one row a patient: present in any clip, the highest probability."""
        names = sorted(set(self.patients))
        owner = np.array([names.index(name) for name in self.patients], np.intp)
        truth, score = np.zeros(len(names)), np.zeros(len(names))
        np.maximum.at(truth, owner, self.truth)
        np.maximum.at(score, owner, self.score)
        return Answers(truth, score, tuple(names))


def question_figures(answers: Answers, threshold: float) -> dict[str, Any]:
    """Return AUC, sensitivity and specificity by clip and by patient; calibration.

    The curve is that of the clips; ``threshold`` is the one that ships.
    """
    return {
        **_decisions(answers, threshold),
        "threshold": round(threshold, 4),
        "by_patient": _decisions(answers.by_patient(), threshold),
        "calibration": calibration_figures(answers),
        "roc": roc_points(answers.truth, answers.score),
    }


def _decisions(answers: Answers, threshold: float) -> dict[str, Any]:
    positive, said = answers.truth > 0.5, answers.score >= threshold
    patients = answers.patients
    return {
        "auc": area_figure(answers.truth, answers.score, patients),
        "sensitivity": share(said, positive, patients),
        "specificity": share(~said, ~positive, patients),
    }


def calibration_figures(answers: Answers) -> dict[str, Any]:
    """Return the expected calibration error and the bins it is the mean of.

    A bin says how many clips it holds, their mean probability and the share positive.
    """

    def error(rows: NDArray[np.intp]) -> float:
        parts = _bins(answers.truth[rows], answers.score[rows])
        total = sum(n for n, _, _ in parts)
        return sum(n * abs(said - seen) for n, said, seen in parts) / total

    return {
        "ece": figure(error, answers.patients),
        "bins": [
            {"n": n, "said": plain(said), "seen": plain(seen)}
            for n, said, seen in _bins(answers.truth, answers.score)
        ],
    }


def _bins(truth: Array, score: Array) -> list[tuple[int, float, float]]:
    place = np.minimum((score * BINS).astype(np.intp), BINS - 1)
    return [
        (int(inside.sum()), float(score[inside].mean()), float(truth[inside].mean()))
        for inside in (place == b for b in range(BINS))
        if inside.any()
    ]


def roc_points(truth: Array, score: Array) -> list[list[float]]:
    """Return the ROC curve as false and true positive rates, at most 60 points."""
    positive = truth > 0.5
    if positive.all() or not positive.any():
        return []
    steps = np.concatenate([[np.inf], np.unique(score)[::-1]])
    said = score[None] >= steps[:, None]
    rates = [
        (said & ~positive).sum(axis=1) / (~positive).sum(),
        (said & positive).sum(axis=1) / positive.sum(),
    ]
    kept = np.unique(np.linspace(0, len(steps) - 1, _ROC_POINTS).round().astype(int))
    return [[round(float(v), 3) for v in rate[kept]] for rate in rates]


def severity_figures(
    grades: NDArray[np.intp], probabilities: Array, patients: Sequence[str]
) -> dict[str, Any]:
    """Return how probabilities ``(n, 4)`` agree with severity grades 0 to 3.

    Quadratic kappa of the most probable grade, Spearman of the expected one; by clip,
    and by patient with the highest of its clips.
    """
    said = probabilities.argmax(axis=1).astype(np.intp)
    expected = probabilities @ np.arange(N_GRADES)
    owners = np.asarray(patients)
    names = np.unique(owners)
    rows = [owners == name for name in names]
    return {
        **_agreement(grades, said, expected, patients),
        "by_patient": _agreement(
            np.array([grades[r].max() for r in rows], np.intp),
            np.array([said[r].max() for r in rows], np.intp),
            np.array([expected[r].max() for r in rows]),
            tuple(names),
        ),
    }


def _agreement(
    grades: NDArray[np.intp],
    said: NDArray[np.intp],
    expected: Array,
    patients: Sequence[str],
) -> dict[str, Any]:
    true = grades.astype(np.float64)
    return {
        "n": len(grades),
        "accuracy": figure(lambda r: float((grades[r] == said[r]).mean()), patients),
        "kappa": figure(
            lambda r: quadratic_kappa(grades[r], said[r], N_GRADES), patients
        ),
        "spearman": figure(lambda r: spearman(true[r], expected[r]), patients),
    }
