"""Figures as plain values that JSON can hold: None where one is not defined."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from lusviewer.training.measure.metrics import auc_figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


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
