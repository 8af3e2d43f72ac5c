"""Figures of merit, with intervals over patients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value and its 95 % interval over resampled patients; NaN where undefined."""

    value: float
    lower: float
    upper: float
    n: int
    positives: int

    def words(self) -> str:
        """Return the figure as text: value, interval, counts."""
        if np.isnan(self.value):
            return f"not defined ({self.positives} of {self.n} positive)"
        return (
            f"{self.value:.3f} ({self.lower:.3f}-{self.upper:.3f}; "
            f"{self.positives} of {self.n} positive)"
        )


def roc_auc(truth: Array, score: Array, weight: Array | None = None) -> float:
    """Return the area under the ROC curve, ties counted half; NaN for one class."""
    weight = np.ones_like(score) if weight is None else weight
    positive, negative = truth > 0.5, truth <= 0.5
    total = weight[positive].sum() * weight[negative].sum()
    if total == 0:
        return float("nan")
    difference = score[positive][:, None] - score[negative][None, :]
    wins = (difference > 0) + 0.5 * (difference == 0)
    pairs = weight[positive][:, None] * weight[negative][None, :]
    return float((wins * pairs).sum() / total)


def interval(
    measure: Callable[[NDArray[np.intp]], float],
    patients: Sequence[str],
    seed: int = 0,
    rounds: int = 1000,
) -> tuple[float, float]:
    """Return the 95 % interval of ``measure(indices)`` over resampled patients."""
    if not len(patients):
        return float("nan"), float("nan")
    values = [measure(rows) for rows in resampled_rows(patients, seed, rounds)]
    return middle(np.array(values))


def middle(drawn: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % interval of what was ``drawn``, but for what is NaN."""
    kept = drawn[~np.isnan(drawn)]
    if not len(kept):
        return float("nan"), float("nan")
    low, high = np.percentile(kept, [2.5, 97.5])
    return float(low), float(high)


def resampled_rows(
    patients: Sequence[str], seed: int = 0, rounds: int = 1000
) -> Iterator[NDArray[np.intp]]:
    """Yield the rows of as many patients, drawn again and again with replacement."""
    rng = np.random.default_rng(seed)
    names, owner = np.unique(np.asarray(patients), return_inverse=True)
    members = [np.flatnonzero(owner == i) for i in range(len(names))]
    for _ in range(rounds):
        drawn = rng.integers(0, len(names), len(names))
        yield np.concatenate([members[i] for i in drawn])


def auc_figure(truth: Array, score: Array, patients: Sequence[str]) -> Figure:
    """Return the AUC with its interval over patients."""
    low, high = interval(lambda i: roc_auc(truth[i], score[i]), patients)
    return Figure(
        roc_auc(truth, score), low, high, len(truth), int((truth > 0.5).sum())
    )


def platt(
    truth: Array, logit: Array, weight: Array | None = None, prior: float = 1.0
) -> tuple[float, float]:
    """Return scale and offset of Platt's calibration, by Newton's method.

    Targets are smoothed as Platt did; ``prior`` pulls the scale towards 1 where there
    is little to learn from, and the scale stays positive.
    """
    weight = np.ones_like(logit) if weight is None else weight
    positive = float((weight * (truth > 0.5)).sum())
    negative = float((weight * (truth <= 0.5)).sum())
    high, low = (positive + 1) / (positive + 2), 1 / (negative + 2)
    target = np.where(truth > 0.5, high, low)
    design = np.column_stack([logit, np.ones_like(logit)])

    def loss(beta: Array) -> float:
        z = design @ beta
        losses = np.logaddexp(0, z) - target * z
        return float((weight * losses).sum() + prior / 2 * (beta[0] - 1) ** 2)

    beta = np.array([1.0, 0.0])
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        gradient = design.T @ (weight * (p - target)) + [prior * (beta[0] - 1), 0]
        curvature = (design * (weight * p * (1 - p))[:, None]).T @ design
        step = np.linalg.solve(curvature + np.diag([prior, 1e-3]), gradient)
        # A full step overshoots where the sigmoid is flat: shorten it till it helps.
        while np.abs(step).max() > 1e-6 and loss(beta - step) > loss(beta):
            step = step / 2
        beta = beta - step
        if np.abs(step).max() <= 1e-6:
            break
    return float(np.clip(beta[0], 0.05, 10)), float(beta[1])


def youden_threshold(truth: Array, probability: Array) -> float:
    """Return the threshold with about the largest sensitivity plus specificity.

    Of those within 0.03 of the largest, which few clips cannot tell apart, the one
    nearest to 0.5. It lies midway between the probabilities it parts; 0.5 where one
    class is absent.
    """
    values = np.unique(probability)
    positive, negative = probability[truth > 0.5], probability[truth <= 0.5]
    if not len(positive) or not len(negative) or len(values) < 2:
        return 0.5
    middles = (values[:-1] + values[1:]) / 2
    gain = np.array([(positive >= t).mean() + (negative < t).mean() for t in middles])
    good = middles[gain >= gain.max() - 0.03]
    return float(good[int(np.argmin(np.abs(good - 0.5)))])


def dice_scores(
    predicted: NDArray[np.uint8], truth: NDArray[np.uint8], n_classes: int
) -> Array:
    """Return the Dice score of each class over all pixels; NaN where it is absent."""
    scores = np.full(n_classes, np.nan)
    for index in range(n_classes):
        a, b = predicted == index, truth == index
        if total := int(a.sum()) + int(b.sum()):
            scores[index] = 2 * int((a & b).sum()) / total
    return scores
