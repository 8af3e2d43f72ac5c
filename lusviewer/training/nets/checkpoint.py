"""Checkpoints: plain arrays, written whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from lusviewer.files import written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import Tensor, nn


class Average:
    """The running average of a network's weights, which is what is shipped."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values = {k: v.detach().clone() for k, v in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the weights after ``step``; early steps count for more."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                self.values[name].lerp_(value, 1 - decay)
            else:  # a counter has no mean
                self.values[name].copy_(value)


def save_state(
    path: Path,
    step: int,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: Average,
) -> None:
    """Write all that is needed to go on after ``step`` to ``path``."""
    arrays: dict[str, Any] = {"step": np.array(step)}
    arrays |= {f"net/{k}": v.numpy() for k, v in network.state_dict().items()}
    arrays |= {f"avg/{k}": v.numpy() for k, v in average.values.items()}
    arrays |= optimiser_arrays(optimiser)
    with written(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_state(
    path: Path,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: Average,
) -> int:
    """Restore what ``save_state`` wrote; return the step it was written after."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    network.load_state_dict(tensors(arrays, "net/"))
    average.values = tensors(arrays, "avg/")
    load_optimiser(optimiser, arrays)
    return int(arrays["step"])


def optimiser_arrays(optimiser: torch.optim.Optimizer) -> dict[str, np.ndarray]:
    """Return what ``optimiser`` knows of its parameters as arrays ``opt/``."""
    return {
        f"opt/{index}/{name}": value.numpy()
        for index, state in optimiser.state_dict()["state"].items()
        for name, value in state.items()
    }


def load_optimiser(
    optimiser: torch.optim.Optimizer, arrays: Mapping[str, np.ndarray]
) -> None:
    """Restore what ``optimiser`` knew of its parameters from the arrays ``opt/``."""
    saved = optimiser.state_dict()
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors(arrays, "opt/").items():
        index, _, key = name.partition("/")
        state.setdefault(int(index), {})[key] = value
    saved["state"] = state
    optimiser.load_state_dict(saved)


def tensors(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, Tensor]:
    """Return the arrays whose names start with ``prefix``, as tensors by the rest."""
    return {
        name.removeprefix(prefix): torch.from_numpy(np.array(value))
        for name, value in arrays.items()
        if name.startswith(prefix)
    }


def save_snapshot(path: Path, average: Average) -> None:
    """Write the averaged weights alone to ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {f"avg/{k}": v.numpy() for k, v in average.values.items()}
    with written(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_mean(paths: Sequence[Path], network: nn.Module) -> None:
    """Give ``network`` the mean of the averaged weights in ``paths``."""
    total: dict[str, Tensor] = {}
    for path in paths:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {k: stored[k] for k in stored.files if k.startswith("avg/")}
        for name, value in tensors(arrays, "avg/").items():
            total[name] = total[name] + value if name in total else value
    network.load_state_dict({k: v / len(paths) for k, v in total.items()})
