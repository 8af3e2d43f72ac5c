"""What the training makes smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor
from torch.nn import functional

from lusviewer.findings import CLASSES, FINDINGS, LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping

_THIN: Final = tuple(CLASSES.index(name) for name in ("pleura", "a_line", "b_line"))
CLASS_WEIGHTS: Final = {
    "outside": 0.3,
    "chest_wall": 0.8,
    "rib_shadow": 1.0,
    "pleura": 3.0,
    "a_line": 3.0,
    "b_line": 1.5,
    "lung": 0.8,
    "consolidation": 1.5,
    "effusion": 1.5,
}
"""How much a pixel of each class weighs in the cross-entropy."""

_UNKNOWN: Final = 255
_SHARPNESS: Final = 3.0
_DOUBT: Final = 0.05
"""How wrong a person's label may be: keeps a few clips from being learned by heart."""

ABSENT: Final = {
    "a_lines": "a_lines.none",
    "b_lines": "b_lines.none",
    "consolidation": "consolidation.none",
    "effusion": "effusion.none",
}
"""The labels that say the opposite of a finding."""

ABSENT_INDEX: Final = tuple(
    (FINDINGS.index(f), [b.key for b in LABELS].index(k)) for f, k in ABSENT.items()
)


def at_phase(logits: Tensor, row: int, column: int) -> Tensor:
    """Return every second pixel of ``logits`` enlarged twice, from ``(row, column)``.

    A quarter of the enlarged map, drawn anew each step, teaches as well as all of it.
    """
    for axis, phase in ((2, row), (3, column)):
        rolled = torch.roll(logits, 1 if phase == 0 else -1, axis)
        edge = 0 if phase == 0 else logits.shape[axis] - 1
        own = logits.narrow(axis, edge, 1)
        inner = rolled.narrow(axis, 1 if phase == 0 else 0, logits.shape[axis] - 1)
        parts = [own, inner] if phase == 0 else [inner, own]
        logits = 0.75 * logits + 0.25 * torch.cat(parts, axis)
    return logits


def segmentation_loss(
    logits: Tensor, labels: Tensor, weights: Mapping[str, float] = CLASS_WEIGHTS
) -> Tensor:
    """Return weighted cross-entropy plus the Dice loss of the thin classes.

    ``logits`` ``(n, 9, r, c)`` float32, ``labels`` ``(n, r, c)`` int64; pixels
    labelled 255 teach nothing.
    """
    by_class = torch.tensor([weights[name] for name in CLASSES])
    log_probability = functional.log_softmax(logits, 1)
    entropy = functional.nll_loss(
        log_probability, labels, by_class, ignore_index=_UNKNOWN
    )
    known = (labels != _UNKNOWN).float()
    dice = logits.new_zeros(())
    for index in _THIN:
        probability = log_probability[:, index].exp() * known
        truth = (labels == index).float()
        overlap = 2 * (probability * truth).sum() + 1
        dice = dice + 1 - overlap / (probability.sum() + truth.sum() + 1)
    return entropy + 0.3 * dice / len(_THIN)


def pooled(logits: Tensor) -> Tensor:
    """Return clip logits of ``(clips, frames, n)`` frame logits: a soft maximum."""
    n = torch.tensor(float(logits.shape[1]))
    total = torch.logsumexp(logits * _SHARPNESS, 1) - torch.log(n)
    return total / _SHARPNESS


def bag_loss(logits: Tensor, values: Tensor, weights: Tensor) -> Tensor:
    """Return the loss of real clips' frame logits ``(clips, frames, 43)``.

    A clip is positive where some frame is. ``values`` and ``weights`` ``(clips, 5)``
    follow ``FINDINGS``. The labels that deny a finding learn with it: where the
    finding is absent from the clip, they hold for every frame.
    """
    values = values * (1 - 2 * _DOUBT) + _DOUBT
    findings = pooled(logits[:, :, len(LABELS) :])
    loss = functional.binary_cross_entropy_with_logits(findings, values, weights)
    denied = torch.stack(
        [-pooled(-logits[:, :, label]) for _, label in ABSENT_INDEX], 1
    )
    chosen = [finding for finding, _ in ABSENT_INDEX]
    return loss + 0.5 * functional.binary_cross_entropy_with_logits(
        denied, 1 - values[:, chosen], weights[:, chosen]
    )
