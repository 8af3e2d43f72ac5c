"""How well two raters agree, as figures: Cohen's kappa, and Bland and Altman's limits.

Clips of one patient are alike. So every interval is a percentile bootstrap that draws
patients, each with all that was said of him (Efron and Tibshirani 1993, chapter 13;
Field and Welsh 2007, J R Stat Soc B 69:369 for clusters).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

DRAWS: Final = 2000
SEED: Final = 0
LIMIT_SDS: Final = 1.96
"""Within so many standard deviations of the bias lie 95 % of normal differences."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; NaN where the data cannot give one."""

    value: float
    lower: float
    upper: float

    @property
    def words(self) -> str:
        """The figure with its interval, "" where it is not defined."""
        if math.isnan(self.value):
            return ""
        if math.isnan(self.lower):
            return f"{self.value:.2f}"
        return f"{self.value:.2f} ({self.lower:.2f} to {self.upper:.2f})"


def confusion(first: ArrayLike, second: ArrayLike, n: int) -> Floats:
    """Return how often the first said ``i`` where the second said ``j``, ``(n, n)``."""
    counts = np.zeros((n, n))
    np.add.at(counts, (np.asarray(first, int), np.asarray(second, int)), 1.0)
    return counts


def kappa(counts: Floats, *, linear: bool = False) -> Floats:
    """Return Cohen's kappa of each table of ``counts`` ``(..., n, n)``.

    ``1 - sum(w * observed) / sum(w * expected)``, where ``expected`` is the product of
    the margins and ``w`` is 1 off the diagonal (Cohen 1960, Educ Psychol Meas 20:37),
    or grows with the distance in classes where ``linear`` (Cohen 1968, Psychol Bull
    70:213). NaN where both said one and the same class only: chance explains it all.
    """
    n = counts.shape[-1]
    steps = np.abs(np.subtract.outer(np.arange(n), np.arange(n))).astype(float)
    weights = steps if linear else (steps > 0).astype(float)
    total = counts.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        rows = counts.sum(axis=-1) / total[..., None]
        columns = counts.sum(axis=-2) / total[..., None]
        expected = np.einsum("...i,ij,...j->...", rows, weights, columns)
        observed = (counts * weights).sum(axis=(-2, -1)) / total
        found = 1.0 - observed / expected
    return np.where(expected > 0, found, np.nan)


def kappa_estimate(
    first: ArrayLike,
    second: ArrayLike,
    patients: Sequence[str],
    n: int,
    *,
    linear: bool = False,
) -> Estimate:
    """Return kappa of two raters' classes ``0 .. n - 1``, with its interval.

    The interval is NaN for fewer than two patients.
    """
    groups = _groups(patients)
    one, other = np.asarray(first, int), np.asarray(second, int)
    tables = np.stack([confusion(one[g], other[g], n) for g in groups])
    value = float(kappa(tables.sum(axis=0), linear=linear))
    if len(groups) < 2:
        return Estimate(value, np.nan, np.nan)
    drawn = np.einsum("dp,pij->dij", _drawn(len(groups)), tables)
    return Estimate(value, *_interval(kappa(drawn, linear=linear)))


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """How far two raters' numbers lie apart (Bland and Altman 1986, Lancet 327:307).

    ``bias`` is the mean of first less second, ``sd`` the standard deviation of the
    differences, ``lower`` and ``upper`` the limits of agreement, bias and 1.96 sd.
    """

    bias: Estimate
    sd: float
    lower: Estimate
    upper: Estimate


def bland_altman(
    first: ArrayLike, second: ArrayLike, patients: Sequence[str]
) -> BlandAltman:
    """Return bias and limits of agreement of pairs, with intervals.

    The intervals are NaN for fewer than two patients. Needs two pairs at least.
    """
    differences = np.asarray(first, float) - np.asarray(second, float)
    groups = _groups(patients)
    sums = np.array(
        [[len(g), differences[g].sum(), (differences[g] ** 2).sum()] for g in groups]
    )
    found = _limits(sums.sum(axis=0))
    intervals = np.full((4, 2), np.nan)
    if len(groups) >= 2:
        drawn = _limits(_drawn(len(groups)) @ sums)
        intervals = np.array([_interval(column) for column in drawn.T])
    bias, sd, lower, upper = (float(value) for value in found)
    ends = [(float(low), float(high)) for low, high in intervals]
    return BlandAltman(
        Estimate(bias, *ends[0]),
        sd,
        Estimate(lower, *ends[2]),
        Estimate(upper, *ends[3]),
    )


def _limits(sums: Floats) -> Floats:
    """Return bias, sd and limits ``(..., 4)`` from n, sum and sum of squares."""
    n, total, squares = sums[..., 0], sums[..., 1], sums[..., 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        bias = total / n
        sd = np.sqrt(np.maximum(squares - n * bias**2, 0.0) / (n - 1))
    return np.stack((bias, sd, bias - LIMIT_SDS * sd, bias + LIMIT_SDS * sd), axis=-1)


def _groups(patients: Sequence[str]) -> list[NDArray[np.intp]]:
    _, numbers = np.unique(np.asarray(patients), return_inverse=True)
    return [np.flatnonzero(numbers == one) for one in range(numbers.max() + 1)]


def _drawn(n: int) -> Floats:
    """Return how often each of ``n`` patients is in each draw, ``(DRAWS, n)``."""
    chance = np.random.default_rng(SEED)
    return chance.multinomial(n, np.full(n, 1.0 / n), size=DRAWS).astype(float)


def _interval(values: Floats) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return np.nan, np.nan
    low, high = np.quantile(known, (0.025, 0.975))
    return float(low), float(high)
