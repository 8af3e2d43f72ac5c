"""From the values of frames to that of the clip, and what is made smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lusviewer.training.biomarkers.settings import MEAN
from lusviewer.training.data.targets import KEYS
from lusviewer.training.data.weak_labels import DENIALS
from lusviewer.training.nets.losses import pooled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.training.biomarkers.clips import ClipBatch

DOUBT: Final = 0.05
"""How wrong a person's label may be, as in lus-lite."""

_SIGNS: Final = np.array(
    [-1.0 if i in DENIALS else 1.0 for i in range(len(KEYS))], np.float32
)
"""Labels that deny have the lowest frame's value: one frame is enough to refute."""


def clip_logits(logits: Tensor, way: str) -> Tensor:
    """Return ``(clips, 43)`` of frame logits ``(clips, frames, 43)``, to learn by.

    Way ``mean`` takes the mean, the others a soft maximum.
    """
    if way == MEAN:
        return logits.mean(1)
    signs = torch.from_numpy(_SIGNS)
    return signs * pooled(signs * logits)


def clip_scores(logits: NDArray[np.float32], way: str) -> NDArray[np.float32]:
    """Return ``(43,)`` of frame logits ``(frames, 43)``, to measure: the maximum."""
    if way == MEAN:
        return np.asarray(logits.mean(0), np.float32)
    return np.asarray(_SIGNS * (_SIGNS * logits).max(0), np.float32)


def clip_loss(logits: Tensor, batch: ClipBatch, simulated: int, real: float) -> Tensor:
    """Return the loss of clip logits ``(clips, 43)``.

    The first ``simulated`` clips are; the others weigh ``real`` together, over the
    labels that are known of them.
    """
    sure = functional.binary_cross_entropy_with_logits(
        logits[:simulated], batch.values[:simulated]
    )
    weights = batch.weights[simulated:]
    if not float(weights.sum()):
        return sure
    softened = batch.values[simulated:] * (1 - 2 * DOUBT) + DOUBT
    losses = functional.binary_cross_entropy_with_logits(
        logits[simulated:], softened, weights, reduction="sum"
    )
    return sure + real * losses / weights.sum()
