"""A step of training as every recipe takes it: AdamW, rates, clipping, averaging."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor, nn

    from lusviewer.training.config import Rates
    from lusviewer.training.nets.checkpoint import Average

_LARGEST_GRADIENT = 5.0
_LAST_RATE = 0.02


def adamw(network: nn.Module, rates: Rates) -> torch.optim.AdamW:
    """Return the optimiser of what learns in ``network``.

    Weights decay, gains and biases do not. Parameters of a part called ``encoder``
    take the encoder's rate.
    """
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            key = ("encoder" in name.split("."), parameter.ndim > 1)
            groups.setdefault(key, []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "peak": rates.encoder_rate if encoder else rates.rate,
                "weight_decay": rates.weight_decay if decays else 0.0,
            }
            for (encoder, decays), parameters in sorted(groups.items())
        ],
        lr=rates.rate,
    )


def set_rates(optimiser: torch.optim.Optimizer, rates: Rates, step: int) -> None:
    """Warm up, then follow half a cosine down to a fiftieth."""
    warm = min(1.0, (step + 1) / rates.warm_up)
    done = min(1.0, step / rates.steps)
    fall = _LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done))
    factor = warm * fall
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * factor


def learn(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: Average | None,
    loss: Tensor,
    step: int,
    parts: Iterable[nn.Module] | None = None,
) -> None:
    """Take a step down ``loss``, and into the running average where there is one.

    Gradients that are too large are cut; of ``parts`` that learn apart, each alone.
    """
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    for part in parts or (network,):
        torch.nn.utils.clip_grad_norm_(part.parameters(), _LARGEST_GRADIENT)
    optimiser.step()
    if average is not None:
        average.update(network, step)
