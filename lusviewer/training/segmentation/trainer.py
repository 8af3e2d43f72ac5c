"""Training one segmentation network, from its last checkpoint to its last step."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch

from lusviewer.training.nets.checkpoint import Average, load_state, save_state
from lusviewer.training.nets.layers import measure_statistics
from lusviewer.training.nets.losses import at_phase, segmentation_loss
from lusviewer.training.nets.network import FrameNetwork
from lusviewer.training.nets.optimise import adamw, learn, set_rates
from lusviewer.training.segmentation.variants import build, dense_logits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor, nn

    from lusviewer.cancel import CancelToken
    from lusviewer.training.data.batches import Batch, BatchMaker
    from lusviewer.training.recipe import Event
    from lusviewer.training.segmentation.variants import (
        SegmentationSettings,
        Variant,
    )

STATE: Final = "state.npz"
"""The checkpoint, in the run's own folder."""


@dataclass(slots=True)
class Run:
    """What changes while a network trains."""

    network: nn.Module
    optimiser: torch.optim.AdamW
    average: Average
    step: int = 0


def start(settings: SegmentationSettings, variant: Variant, maker: BatchMaker) -> Run:
    """Return a new run, or the one checkpointed in its folder."""
    path = variant.folder(settings) / STATE
    network = untrained(settings, variant, _draw(settings, variant, maker, 0).frames)
    optimiser = adamw(network, settings.rates)
    run = Run(network, optimiser, Average(network, settings.average))
    if path.is_file():
        run.step = load_state(path, network, optimiser, run.average)
    return run


def untrained(
    settings: SegmentationSettings, variant: Variant, frames: Tensor
) -> nn.Module:
    """Return the network before its first step; ``frames`` set its statistics."""
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    network = build(variant, settings).to(memory_format=torch.channels_last)
    if isinstance(network, FrameNetwork):
        new = network.merges if settings.imagenet else network
        measure_statistics(new, lambda: network(frames))
    return network


def train(
    settings: SegmentationSettings,
    variant: Variant,
    maker: BatchMaker,
    cancel: CancelToken,
) -> Iterator[Event]:
    """Train ``variant`` to its last step; yield progress, and checkpoint on the way."""
    run = start(settings, variant, maker)
    path = variant.folder(settings) / STATE
    path.parent.mkdir(parents=True, exist_ok=True)
    started, total = time.monotonic(), 0.0
    while run.step < settings.steps:
        if cancel.cancelled:
            _save(path, run)
            cancel.check()
        total += train_step(settings, variant, run, maker)
        run.step += 1
        last = run.step == settings.steps
        if last or run.step % settings.checkpoint_every == 0:
            _save(path, run)
        if last or run.step % settings.report_every == 0:
            yield {
                "event": "progress",
                "stage": variant.name,
                "step": run.step,
                "steps": settings.steps,
                "loss": round(total / settings.report_every, 4),
                "seconds": round(time.monotonic() - started, 2),
            }
            started, total = time.monotonic(), 0.0


def train_step(
    settings: SegmentationSettings, variant: Variant, run: Run, maker: BatchMaker
) -> float:
    """Do one step; return its loss."""
    set_rates(run.optimiser, settings.rates, run.step)
    batch = _draw(settings, variant, maker, run.step)
    logits = _forward(settings, run.network, batch.frames)
    # A quarter of the pixels, another one each step, teaches as well as all.
    row, column = run.step % 2, run.step // 2 % 2
    labels = variant.teaches(torch.cat([batch.labels, batch.drawn]))
    loss = segmentation_loss(
        at_phase(logits.float(), row, column),
        labels[:, row::2, column::2],
        variant.weights,
    )
    learn(run.network, run.optimiser, run.average, loss, run.step)
    return float(loss.item())


def _forward(
    settings: SegmentationSettings, network: nn.Module, frames: Tensor
) -> Tensor:
    frames = frames.to(memory_format=torch.channels_last)
    if isinstance(network, FrameNetwork):
        half = torch.bfloat16 if settings.bfloat16 else torch.float32
        return dense_logits(network, frames.to(half))
    with torch.autocast("cpu", torch.bfloat16, enabled=settings.bfloat16):
        return dense_logits(network, frames)


def _draw(
    settings: SegmentationSettings, variant: Variant, maker: BatchMaker, step: int
) -> Batch:
    real = settings.line_frames if variant.real else 0
    return maker.make(step, settings.batch - real, 0, 0, real)


def _save(path: Path, run: Run) -> None:
    save_state(path, run.step, run.network, run.optimiser, run.average)
