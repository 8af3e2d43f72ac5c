"""Logistic regression on clips' features, its strength chosen by patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Classes = NDArray[np.intp]

STRENGTHS: Final = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
_INNER_FOLDS: Final = 4


@dataclass(frozen=True, slots=True)
class Regression:
    """A fitted regression on standardised features."""

    means: Array
    scales: Array
    model: Any
    strength: float

    def predict(self, features: Array) -> Array:
        """Return class probabilities ``(n, classes)``."""
        standard = (features - self.means) / self.scales
        return np.asarray(self.model.predict_proba(standard), np.float64)


def patient_folds(
    patients: Sequence[str], classes: Classes, n_folds: int, seed: int = 0
) -> Iterator[tuple[Classes, Classes]]:
    """Yield the rows to fit on and those left out: whole patients, classes balanced.

    Where a class has too few patients for all folds there are fewer.
    """
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415 - slow

    owners = np.asarray(patients)
    least = min(len(np.unique(owners[classes == c])) for c in np.unique(classes))
    count = max(2, min(n_folds, least))
    split = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    yield from split.split(np.zeros(len(classes)), classes, owners)


def regression(
    features: Array,
    classes: Classes,
    patients: Sequence[str],
    weights: Array | None = None,
) -> Regression:
    """Return the regression whose strength does best on patients left out.

    ``weights`` ``(n,)`` say how much each clip counts.
    """
    weights = np.ones(len(classes)) if weights is None else weights
    folds = list(patient_folds(patients, classes, _INNER_FOLDS, seed=1))
    losses = []
    for strength in STRENGTHS:
        total = 0.0
        for kept, left in folds:
            if len(np.unique(classes[kept])) < len(np.unique(classes)):
                continue
            fitted = fit(features[kept], classes[kept], weights[kept], strength)
            said = fitted.predict(features[left])
            column = np.searchsorted(np.unique(classes), classes[left])
            chosen = said[np.arange(len(left)), column]
            total -= float(weights[left] @ np.log(np.clip(chosen, 1e-6, 1)))
        losses.append(total)
    best = STRENGTHS[int(np.argmin(losses))]
    return fit(features, classes, weights, best)


def fit(
    features: Array, classes: Classes, weights: Array, strength: float
) -> Regression:
    """Return the regression fitted with ``strength``, the inverse of its penalty."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow

    means, scales = features.mean(axis=0), features.std(axis=0) + 1e-6
    model = LogisticRegression(C=strength, max_iter=500)
    model.fit((features - means) / scales, classes, sample_weight=weights)
    return Regression(means, scales, model, strength)
