"""The steps of a pretraining: seeded, checkpointed, the same after a kill."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import torch

from lusviewer.training.config import Rates
from lusviewer.training.nets.checkpoint import Average, load_state, save_state
from lusviewer.training.nets.features import save_features, start_features
from lusviewer.training.nets.optimise import adamw, learn, set_rates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torch import Tensor, nn

    from lusviewer.cancel import CancelToken
    from lusviewer.training.nets.features import FrameFeatures
    from lusviewer.training.pretrain.settings import PretrainSettings
    from lusviewer.training.recipe import Event

STATE: Final = "state.npz"
"""The checkpoint, in the run's folder."""

WEIGHTS: Final = "features.npz"
"""The encoder's averaged weights, in the run's folder."""


class Objective(Protocol):
    """What a recipe makes smaller; a step's loss depends on the step and the seed."""

    features: FrameFeatures
    network: nn.Module
    """``features`` and all that is trained with them."""

    def loss(self, step: int) -> tuple[Tensor, Mapping[str, float]]:
        """Return the loss of ``step`` and figures worth a line in the log."""


@dataclass(slots=True)
class _Run:
    objective: Objective
    optimiser: torch.optim.AdamW
    average: Average
    step: int = 0


def first_features(settings: PretrainSettings) -> FrameFeatures:
    """Return the features that a run starts from, channels last."""
    torch.set_num_threads(settings.threads)
    start = "imagenet" if settings.imagenet else "scratch"
    return start_features(start, settings.seed).to(memory_format=torch.channels_last)


def pretrain(
    settings: PretrainSettings, objective: Objective, cancel: CancelToken
) -> Iterator[Event]:
    """Train from the last checkpoint to the last step; yield how it goes.

    The averaged weights of the features lie in the run's folder at the end.
    """
    settings.run_folder.mkdir(parents=True, exist_ok=True)
    run = _start(settings, objective)
    sums: dict[str, float] = defaultdict(float)
    since, started = run.step, time.monotonic()
    while run.step < settings.steps:
        if cancel.cancelled:
            _save(settings, run)
            cancel.check()
        for name, value in _step(settings, run).items():
            sums[name] += value
        last = run.step == settings.steps
        if run.step % settings.checkpoint_every == 0 or last:
            _save(settings, run)
        if run.step % settings.report_every == 0 or last:
            seconds = round(time.monotonic() - started, 2)
            means = {k: round(v / (run.step - since), 4) for k, v in sums.items()}
            yield _progress(settings, run.step) | means | {"seconds": seconds}
            sums.clear()
            since, started = run.step, time.monotonic()
    run.objective.network.load_state_dict(run.average.values)
    save_features(objective.features, settings.run_folder / WEIGHTS)


def _start(settings: PretrainSettings, objective: Objective) -> _Run:
    optimiser = adamw(objective.network, _rates(settings))
    run = _Run(objective, optimiser, Average(objective.network, settings.average))
    path = settings.run_folder / STATE
    if path.is_file():
        run.step = load_state(path, objective.network, optimiser, run.average)
    return run


def _rates(settings: PretrainSettings) -> Rates:
    return Rates(
        settings.rate,
        settings.rate,
        settings.weight_decay,
        settings.warm_up,
        settings.steps,
    )


def _step(settings: PretrainSettings, run: _Run) -> dict[str, float]:
    set_rates(run.optimiser, _rates(settings), run.step)
    loss, figures = run.objective.loss(run.step)
    learn(run.objective.network, run.optimiser, run.average, loss, run.step)
    run.step += 1
    return {"loss": loss.item(), **figures}


def _save(settings: PretrainSettings, run: _Run) -> None:
    path: Path = settings.run_folder / STATE
    save_state(path, run.step, run.objective.network, run.optimiser, run.average)


def _progress(settings: PretrainSettings, step: int) -> Event:
    return {
        "event": "progress",
        "stage": "train",
        "step": step,
        "steps": settings.steps,
    }
