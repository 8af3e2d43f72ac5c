"""The contrastive loss that both recipes share."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def nt_xent(left: Tensor, right: Tensor, temperature: float) -> Tensor:
    """Return the normalised temperature-scaled cross-entropy of paired projections.

    Row ``i`` of ``left`` and of ``right`` ``(n, d)`` are a pair; all other rows of
    both are what it is told apart from, by cosine (Chen et al. 2020, SimCLR).
    """
    n = len(left)
    both = functional.normalize(torch.cat([left, right]), dim=1)
    likeness = both @ both.T / temperature
    likeness = likeness.masked_fill(torch.eye(2 * n, dtype=torch.bool), -torch.inf)
    partner = torch.arange(2 * n).roll(n)
    return functional.cross_entropy(likeness, partner)


def found_partners(left: Tensor, right: Tensor) -> float:
    """Return how many rows of ``left`` have their partner nearest, as a share."""
    likeness = functional.normalize(left, dim=1) @ functional.normalize(right, dim=1).T
    nearest = likeness.argmax(1)
    return float((nearest == torch.arange(len(left))).float().mean())


def projector(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Return the two layers before the loss, left out of what is given on."""
    return nn.Sequential(
        nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs)
    )
