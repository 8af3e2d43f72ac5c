"""Turning scores into probabilities that hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.training.measure.metrics import platt
from lusviewer.training.nets.softmax import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LEAST, MOST = 0.01, 0.99
_SCALES: Final = np.geomspace(0.2, 5, 33)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores become the softmax of ``scale`` times their logarithm plus ``offsets``."""

    scale: float
    offsets: tuple[float, ...]

    def apply(self, scores: Array) -> Array:
        """Return probabilities ``(n, classes)`` of scores of that shape."""
        logits = self.scale * np.log(np.clip(scores, LEAST, MOST)) + self.offsets
        return softmax(logits)


def calibrated(scores: Array, classes: NDArray[np.intp]) -> Calibration:
    """Return the calibration that fits scores ``(n, k)`` of clips not learned from.

    Platt's of two classes; of more the temperature with the least log-loss.
    """
    n_classes = scores.shape[1]
    if n_classes == 2:
        logs = np.log(np.clip(scores, LEAST, MOST))
        scale, offset = platt(
            (classes == 1).astype(np.float64), logs[:, 1] - logs[:, 0]
        )
        return Calibration(scale, (0.0, offset))
    plain = [Calibration(float(s), (0.0,) * n_classes) for s in _SCALES]
    rows = np.arange(len(classes))
    losses = [
        -np.log(np.clip(one.apply(scores)[rows, classes], 1e-6, 1)).mean()
        for one in plain
    ]
    return plain[int(np.argmin(losses))]
