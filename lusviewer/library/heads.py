"""A small logistic regression that learns from labels in milliseconds, numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = NDArray[np.float64]

STRENGTH: Final = 10.0
"""The inverse penalty, on blocks of inputs that are of unit length on average."""

_STEPS: Final = 30
_SMALL: Final = 1e-6
_STILL: Final = 1e-4
"""Newton's method ends where no weight moves by more."""

_FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class Head:
    """A fitted regression; it answers for inputs ``(n, d)``."""

    weights: Array
    offset: float

    def probabilities(self, inputs: Array) -> Array:
        """Return how probable yes is for each row ``(n,)``."""
        return sigmoid(inputs @ self.weights + self.offset)


def sigmoid(logits: Array) -> Array:
    """Return the probabilities of ``logits``."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))))


def scaled(blocks: Sequence[NDArray[np.floating]]) -> Array:
    """Return the blocks ``(n, d)`` side by side, standardised, each of like weight.

    What is not known (NaN) becomes the mean; a column that never changes, 0.
    """
    return np.concatenate([_unit(np.asarray(b, np.float64)) for b in blocks], axis=1)


def _unit(block: Array) -> Array:
    known = np.isfinite(block)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, block, 0).sum(axis=0) / count
    moved = np.where(known, block - mean, 0)
    spread = np.sqrt((moved**2).sum(axis=0) / count)
    length = np.where(spread > _SMALL, spread, np.inf) * np.sqrt(block.shape[1])
    return np.asarray(moved / length)


def fitted(inputs: Array, truth: Array, start: Head | None = None) -> Head:
    """Return a ridge-penalised logistic regression of ``truth`` (0 or 1) by Newton.

    Where all answers are the same it says so with Laplace's (k + 1) / (n + 2).
    ``start`` is where to begin, if something near is known.
    """
    if truth.min(initial=1) == truth.max(initial=0) or not len(truth):
        share = (truth.sum() + 1) / (len(truth) + 2)
        return Head(np.zeros(inputs.shape[1]), float(np.log(share / (1 - share))))
    design = np.column_stack([inputs, np.ones(len(inputs))])
    penalty = np.full(design.shape[1], 1 / STRENGTH)
    penalty[-1] = _SMALL
    beta = np.zeros(design.shape[1])
    if start is not None:
        beta = np.append(start.weights, start.offset)
    for _ in range(_STEPS):
        step = _step(design, truth, beta, penalty)
        beta = beta - step
        if np.abs(step).max() <= _STILL:
            break
    return Head(beta[:-1], float(beta[-1]))


def calibrated(inputs: Array, truth: Array, patients: NDArray[np.intp]) -> Head:
    """Return ``fitted``'s head, no surer than it is right on patients left out.

    Its answers are scaled by a temperature fitted to those of five folds of whole
    patients (numbers ``(n,)``), each by a head that learned from the others.
    """
    head = fitted(inputs, truth)
    people = np.unique(patients)
    logits = np.zeros(len(truth))
    for fold in range(min(_FOLDS, len(people))):
        test = np.isin(patients, people[fold::_FOLDS])
        other = fitted(inputs[~test], truth[~test], head)
        logits[test] = inputs[test] @ other.weights + other.offset
    scale = _scale(logits, truth) if len(people) > 1 else 1.0
    return Head(head.weights * scale, head.offset * scale)


def _scale(logits: Array, truth: Array) -> float:
    """Return the scale from 0 to 1 under which ``logits`` fit ``truth`` best."""
    scales = np.linspace(0.0, 1.0, 101)
    z = scales[:, None] * logits
    losses = (np.logaddexp(0, z) - truth * z).sum(axis=1)
    return float(scales[int(np.argmin(losses))])


def _step(design: Array, truth: Array, beta: Array, penalty: Array) -> Array:
    """Return Newton's step, halved until the penalised loss does not grow."""

    def loss(beta: Array) -> float:
        z = design @ beta
        losses = np.logaddexp(0, z) - truth * z
        return float(losses.sum() + (penalty * beta**2).sum() / 2)

    p = sigmoid(design @ beta)
    gradient = design.T @ (p - truth) + penalty * beta
    curvature = (design * (p * (1 - p))[:, None]).T @ design + np.diag(penalty)
    step = np.linalg.solve(curvature, gradient)
    before = loss(beta)
    while np.abs(step).max() > _SMALL and loss(beta - step) > before:
        step = step / 2
    return np.asarray(step)
