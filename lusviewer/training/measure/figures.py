"""Figures as plain values that JSON can hold: None where one is not defined."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from lusviewer.training.measure.metrics import auc_figure, interval, middle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Rows = NDArray[np.intp]


def plain(value: float, digits: int = 3) -> float | None:
    """Return ``value`` rounded, None for NaN."""
    return None if math.isnan(value) else round(float(value), digits)


def area_figure(truth: Array, score: Array, patients: Sequence[str]) -> dict[str, Any]:
    """Return the AUC with its interval over patients and how many are positive."""
    figure = auc_figure(truth, score, patients)
    return {
        "value": plain(figure.value),
        "interval": [plain(figure.lower), plain(figure.upper)],
        "n": figure.n,
        "positives": figure.positives,
    }


def figure(
    measure: Callable[[Rows], float], patients: Sequence[str], rounds: int = 1000
) -> dict[str, Any]:
    """Return ``measure(rows)`` over all rows with its interval over patients."""
    value = measure(np.arange(len(patients))) if len(patients) else float("nan")
    ends = interval(measure, patients, rounds=rounds)
    return {"value": plain(value), "interval": [plain(end) for end in ends]}


def drawn_figure(value: float, drawn: Array) -> dict[str, Any]:
    """Return ``value`` with the interval of what was ``drawn`` of it."""
    return {"value": plain(value), "interval": [plain(end) for end in middle(drawn)]}


def share(
    hit: NDArray[np.bool_], among: NDArray[np.bool_], patients: Sequence[str]
) -> dict[str, Any]:
    """Return how often ``hit`` holds ``among`` the rows, with its interval."""

    def value(rows: Rows) -> float:
        kept = hit[rows][among[rows]]
        return float(kept.mean()) if len(kept) else float("nan")

    return figure(value, patients)


def accuracy(
    truth: NDArray[np.intp], said: NDArray[np.intp], patients: Sequence[str]
) -> dict[str, Any]:
    """Return accuracy and balanced accuracy of classes, with their intervals."""
    right = truth == said

    def balanced(rows: Rows) -> float:
        hit, true = right[rows], truth[rows]
        return float(np.mean([hit[true == c].mean() for c in np.unique(true)]))

    return {
        "n": len(truth),
        "patients": len(set(patients)),
        "accuracy": figure(lambda rows: float(right[rows].mean()), patients),
        "balanced_accuracy": figure(balanced, patients),
    }


def quadratic_kappa(truth: NDArray[np.intp], said: NDArray[np.intp], n: int) -> float:
    """Return Cohen's kappa of grades 0 to ``n`` - 1 with quadratic weights.

    NaN where both give one and the same grade to everything.
    """
    seen = np.zeros((n, n))
    np.add.at(seen, (truth, said), 1)
    expected = np.outer(seen.sum(axis=1), seen.sum(axis=0)) / max(len(truth), 1)
    grades = np.arange(n)
    apart = (grades[:, None] - grades[None]) ** 2
    total = float((apart * expected).sum())
    return 1 - float((apart * seen).sum()) / total if total else float("nan")


def spearman(first: Array, second: Array) -> float:
    """Return Spearman's rank correlation, ties at mean ranks; NaN without spread."""
    one, other = _ranks(first), _ranks(second)
    if len(one) < 2 or not one.std() or not other.std():
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def _ranks(values: Array) -> Array:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[place], np.float64)
