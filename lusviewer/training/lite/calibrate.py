"""From logits to probabilities and decisions, chosen on validation patients alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.findings import FINDINGS, LABELS
from lusviewer.training.data.targets import KEYS
from lusviewer.training.measure.metrics import platt, youden_threshold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lusviewer.training.lite.clip_scores import ScoredClip

    Triple = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]

_FINDING: Final = "finding."
_FEWEST: Final = 3
"""Real positives and negatives needed to calibrate on real clips alone."""

_ENOUGH: Final = 10
"""Positives and negatives needed for a threshold read off the clips themselves."""

_SURE: Final = 0.99
"""The weight of labels that count towards those; weak negatives do not."""

_REAL_SHARE: Final = 3.0
"""How much all real clips weigh against all simulated ones when pooled."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scale and offset by key, thresholds of the findings, and what each rests on.

    ``basis`` says "real" where real validation clips alone calibrated a key,
    "pooled" where simulated clips helped, "phantom" where nothing real was known.
    """

    pairs: dict[str, tuple[float, float]]
    thresholds: dict[str, float]
    basis: dict[str, str]

    def probabilities(self, clip: ScoredClip) -> NDArray[np.float64]:
        """Return the calibrated probabilities ``(43,)`` of ``clip``."""
        pairs = np.array([self.pairs[key] for key in KEYS])
        bounded = np.clip(clip.logits * pairs[:, 0] + pairs[:, 1], -60, 60)
        probabilities: NDArray[np.float64] = 1 / (1 + np.exp(-bounded))
        return probabilities


def calibrate(
    real: Sequence[ScoredClip], simulated: Sequence[ScoredClip]
) -> Calibration:
    """Return the calibration learned from validation clips."""
    pairs, basis, thresholds = {}, {}, {}
    for index, key in enumerate(KEYS):
        known = real_truth(real, key, index)
        made = _simulated_truth(simulated, index)
        truth, logit, weight = known
        sure = weight >= _SURE
        kinds = int(sure[truth > 0.5].sum()), int(sure[truth <= 0.5].sum())
        if min(kinds) >= _FEWEST:
            basis[key], chosen = "real", known
        elif len(truth):
            basis[key], chosen = "pooled", _pool(known, made)
        else:
            basis[key], chosen = "phantom", made
        truth, logit, weight = chosen
        pairs[key] = platt(truth, logit, weight)
        if index >= len(LABELS):
            scale, offset = pairs[key]
            probability = 1 / (1 + np.exp(-np.clip(scale * logit + offset, -60, 60)))
            thresholds[FINDINGS[index - len(LABELS)]] = _threshold(
                truth, probability, weight
            )
    return Calibration(pairs, thresholds, basis)


def _threshold(
    truth: NDArray[np.float64],
    probability: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> float:
    """Return where sensitivity and specificity are best balanced.

    A calibrated probability does that at the share of positives it was calibrated
    on. Only where there are enough of both are the clips themselves asked: the best
    cut between a handful of positives is the lowest of them.
    """
    positives = int((truth > 0.5).sum())
    if min(positives, len(truth) - positives) >= _ENOUGH:
        return youden_threshold(truth, probability)
    return float(np.average(truth, weights=weight))


def real_truth(clips: Sequence[ScoredClip], key: str, index: int) -> Triple:
    """Return truth, logits and weights of the real clips where ``key`` is known.

    Only the findings have a truth for real clips: the table knows no labels.
    """
    rows = []
    for clip in clips:
        if clip.known is None or not key.startswith(_FINDING):
            continue
        finding = FINDINGS.index(key.removeprefix(_FINDING))
        weight = float(clip.known.weights[finding])
        if weight > 0:
            value = float(clip.known.values[finding])
            rows.append((value, clip.logits[index], weight))
    table = np.array(rows, np.float64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def _simulated_truth(clips: Sequence[ScoredClip], index: int) -> Triple:
    rows = [
        (float(clip.truth[index]), clip.logits[index], 1.0)
        for clip in clips
        if clip.truth is not None
    ]
    table = np.array(rows, np.float64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def _pool(real: Triple, simulated: Triple) -> Triple:
    """Return both, the real clips together weighing more than the simulated ones."""
    share = _REAL_SHARE * len(real[0])
    scale = share / max(len(simulated[0]), 1)
    return (
        np.concatenate([real[0], simulated[0]]),
        np.concatenate([real[1], simulated[1]]),
        np.concatenate([real[2], np.full(len(simulated[0]), min(1.0, scale))]),
    )
