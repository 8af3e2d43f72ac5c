"""Labels spent against AUC, with intervals over patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

Array = NDArray[np.float64]
Figure = dict[str, Any]

CLOSE: Final = 0.01
"""An AUC this far below that of all labels still reaches it."""


def resampled(
    patients: NDArray[np.intp], rounds: int, seed: int = 0
) -> NDArray[np.float64]:
    """Return how often each clip counts ``(1 + rounds, n)`` as patients are redrawn.

    The first row is the clips as they are.
    """
    n = int(patients.max()) + 1
    draw = np.random.default_rng(seed)
    counts = draw.multinomial(n, np.full(n, 1 / n), size=rounds)
    return np.concatenate([np.ones((1, len(patients))), counts[:, patients]])


def areas(truth: Array, scores: Array, weights: Array) -> Array:
    """Return the AUC for each weighing ``(w,)``, the mean over seeds.

    ``scores`` ``(seeds, n)``; NaN where a weighing leaves one class only.
    """
    positive, negative = truth > 0.5, truth <= 0.5
    apart = scores[:, positive, None] - scores[:, None, negative]
    wins = ((apart > 0) + 0.5 * (apart == 0)).mean(axis=0)
    yes, no = weights[:, positive], weights[:, negative]
    pairs = yes.sum(axis=1) * no.sum(axis=1)
    total = ((yes @ wins) * no).sum(axis=1)
    return np.where(pairs > 0, total / np.maximum(pairs, 1), np.nan)


def figure(values: Array) -> Figure:
    """Return the first value with the 95 % interval of the others."""
    low, high = np.nanpercentile(values[1:], [2.5, 97.5])
    return {
        "value": round(float(values[0]), 3),
        "interval": [round(float(low), 3), round(float(high), 3)],
    }


def enough(curve: Array, shares: Array) -> Array:
    """Return from which share on each curve stays at what all labels give ``(w,)``.

    ``curve`` ``(shares, w)``; not lower than ``CLOSE`` under its last point.
    """
    below = curve < curve[-1] - CLOSE
    last = np.where(below.any(axis=0), below.shape[0] - below[::-1].argmax(axis=0), 0)
    return np.asarray(shares[np.minimum(last, len(shares) - 1)])


def curves(
    truth: Array,
    scores: Mapping[str, Array],
    shares: tuple[float, ...],
    weights: Array,
) -> Figure:
    """Return each way's curve, the share that is enough, and the queue's gains.

    ``scores`` ``(seeds, shares, n)`` by way.
    """
    found = {
        way: np.stack([areas(truth, one, weights) for one in said.swapaxes(0, 1)])
        for way, said in scores.items()
    }
    at = np.array(shares)
    told: Figure = {}
    for way, curve in found.items():
        told[way] = {
            "auc": {f"{share:g}": figure(curve[i]) for i, share in enumerate(shares)},
            "enough": figure(enough(curve, at)),
            "area_under_curve": figure(_mean(curve, at)),
            "below_all_labels_at_20_percent": figure(
                curve[shares.index(0.2)] - curve[-1]
            ),
        }
    for other in ("random", "uncertainty"):
        gain = _mean(found["queue"], at) - _mean(found[other], at)
        told[f"queue_minus_{other}"] = {"area_under_curve": figure(gain)} | {
            f"{share:g}": figure(found["queue"][i] - found[other][i])
            for i, share in enumerate(shares[:-1])
        }
    return told


def _mean(curve: Array, shares: Array) -> Array:
    """Return the mean height of each curve over the shares it spans ``(w,)``."""
    steps = np.diff(shares)
    middle = (curve[1:] + curve[:-1]) / 2
    return np.asarray((middle * steps[:, None]).sum(axis=0) / steps.sum())


def proposal_figures(counts: NDArray[np.int64], weights: Array) -> Figure:
    """Return coverage and accuracy of proposals: ``counts`` ``(2, 3, n)``."""
    told: Figure = {}
    for name, (waiting, proposed, right) in zip(
        ("confident", "and_not_contradicted"), counts, strict=True
    ):
        waits, said, held = (weights @ each for each in (waiting, proposed, right))
        if waits[0] == 0 or said[0] == 0:
            told[name] = None
            continue
        told[name] = {
            "coverage": figure(said / np.maximum(waits, 1)),
            "accuracy": figure(np.where(said > 0, held / np.maximum(said, 1), np.nan)),
        }
    return told
