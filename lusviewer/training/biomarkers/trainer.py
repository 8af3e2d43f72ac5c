"""Training all ways side by side: the same clips, the same steps."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch

from lusviewer.errors import TrainingError
from lusviewer.training.biomarkers.network import Networks, first_frame_network
from lusviewer.training.biomarkers.pooling import clip_logits, clip_loss
from lusviewer.training.nets.checkpoint import (
    Average,
    load_mean,
    load_state,
    save_snapshot,
    save_state,
)
from lusviewer.training.nets.network import FrameNetwork
from lusviewer.training.nets.optimise import adamw, learn, set_rates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lusviewer.cancel import CancelToken
    from lusviewer.training.biomarkers.clips import ClipMaker
    from lusviewer.training.biomarkers.settings import BiomarkerSettings
    from lusviewer.training.recipe import Event

STATE: Final = "state.npz"
"""The checkpoint of all ways, in the run's folder."""

FIRST: Final = "start.npz"
"""The frame network that all started from, in the run's folder."""


@dataclass(slots=True)
class Run:
    """What changes while the networks train."""

    networks: Networks
    optimiser: torch.optim.AdamW
    average: Average
    step: int = 0


def start_run(settings: BiomarkerSettings, maker: ClipMaker) -> Run:
    """Return a new run, or the one checkpointed in the run's folder."""
    torch.set_num_threads(settings.threads)
    networks = Networks(_first(settings, maker)).to(memory_format=torch.channels_last)
    optimiser = adamw(networks, settings.rates)
    run = Run(networks, optimiser, Average(networks, settings.average))
    path = settings.run_folder / STATE
    if path.is_file():
        run.step = load_state(path, networks, optimiser, run.average)
    return run


def _first(settings: BiomarkerSettings, maker: ClipMaker) -> FrameNetwork:
    """Return what all ways start from; it is kept, so that it can be measured too."""
    path = settings.run_folder / FIRST
    if not path.is_file():
        batch = maker.make(0, settings.simulated, settings.bags)
        save_snapshot(path, Average(first_frame_network(settings, batch.frames), 0.0))
    return load_first(settings)


def load_first(settings: BiomarkerSettings) -> FrameNetwork:
    """Return the frame network that a run started from."""
    network = FrameNetwork()
    load_mean([settings.run_folder / FIRST], network)
    return network


def load_networks(settings: BiomarkerSettings) -> Networks:
    """Return the trained networks with their averaged weights.

    Raises ``TrainingError`` where they were not trained to the end.
    """
    path = settings.run_folder / STATE
    networks = Networks(FrameNetwork())
    if path.is_file():
        optimiser = adamw(networks, settings.rates)
        average = Average(networks, settings.average)
        if load_state(path, networks, optimiser, average) == settings.steps:
            networks.load_state_dict(average.values)
            return networks.eval()
    msg = f"{path} does not hold {settings.steps} steps of training."
    raise TrainingError(msg, hint="Run the stage 'train' to its end first.")


def train_ways(
    settings: BiomarkerSettings, maker: ClipMaker, cancel: CancelToken
) -> Iterator[Event]:
    """Train to the last step; yield progress, and checkpoint on the way."""
    settings.run_folder.mkdir(parents=True, exist_ok=True)
    run = start_run(settings, maker)
    since, started = run.step, time.monotonic()
    sums: dict[str, float] = defaultdict(float)
    while run.step < settings.steps:
        if cancel.cancelled:
            _save(settings, run)
            cancel.check()
        for way, loss in train_step(settings, run, maker).items():
            sums[way] += loss
        run.step += 1
        last = run.step == settings.steps
        if last or run.step % settings.checkpoint_every == 0:
            _save(settings, run)
        if last or run.step % settings.report_every == 0:
            yield {
                "event": "progress",
                "stage": "train",
                "step": run.step,
                "steps": settings.steps,
                "losses": {
                    w: round(v / (run.step - since), 4) for w, v in sums.items()
                },
                "seconds": round(time.monotonic() - started, 2),
            }
            sums.clear()
            since, started = run.step, time.monotonic()


def train_step(
    settings: BiomarkerSettings, run: Run, maker: ClipMaker
) -> dict[str, float]:
    """Do one step of all ways; return the loss of each."""
    set_rates(run.optimiser, settings.rates, run.step)
    batch = maker.make(run.step, settings.simulated, settings.bags)
    frames = batch.frames.to(memory_format=torch.channels_last)
    if settings.bfloat16:
        frames = frames.to(torch.bfloat16)
    losses = {
        way: clip_loss(
            clip_logits(logits, way), batch, settings.simulated, settings.real_weight
        )
        for way, logits in run.networks(frames).items()
    }
    # The ways share no weight that learns: the sum's gradients are each one's own.
    total = torch.stack(list(losses.values())).sum()
    parts = run.networks.parts
    learn(run.networks, run.optimiser, run.average, total, run.step, parts)
    return {way: loss.item() for way, loss in losses.items()}


def _save(settings: BiomarkerSettings, run: Run) -> None:
    path = settings.run_folder / STATE
    save_state(path, run.step, run.networks, run.optimiser, run.average)
