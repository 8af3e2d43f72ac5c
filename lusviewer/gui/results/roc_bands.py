"""How far a ROC curve would move with other patients of the same kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ROUNDS: Final = 300
"""So many times the patients are drawn again."""

_GRID: Final = 51
_MIDDLE: Final = (2.5, 97.5)


def roc_band(
    truth: NDArray[np.bool_], score: Array, patients: Sequence[str], seed: int = 0
) -> Array | None:
    """Return false positive rate, lower and upper true positive rate, ``(51, 3)``.

    The middle 95 % of the curves of patients drawn with replacement, taken at each
    false positive rate (vertical averaging, Fawcett 2006). None where every clip or
    none is positive.
    """
    if truth.all() or not truth.any():
        return None
    names, owner = np.unique(np.array(patients), return_inverse=True)
    rows = [np.flatnonzero(owner == place) for place in range(len(names))]
    rng, grid = np.random.default_rng(seed), np.linspace(0.0, 1.0, _GRID)
    curves = []
    for _ in range(ROUNDS):
        picked = rng.integers(len(rows), size=len(rows))
        drawn = np.concatenate([rows[place] for place in picked])
        if 0 < truth[drawn].sum() < len(drawn):
            curves.append(_curve(truth[drawn], score[drawn], grid))
    low, high = np.percentile(np.array(curves), _MIDDLE, axis=0)
    return np.stack([grid, low, high], axis=1)


def _curve(truth: NDArray[np.bool_], score: Array, grid: Array) -> Array:
    """Return the true positive rate at each false positive rate of ``grid``."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    hits = np.cumsum(truth[order])[ends] / truth.sum()
    false = np.cumsum(~truth[order])[ends] / (~truth).sum()
    found = np.interp(grid, np.append(0.0, false), np.append(0.0, hits))
    return np.asarray(found, np.float64)
