"""Stage one: the frame network, on simulated frames and bags of real ones."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lusviewer.training.nets.checkpoint import (
    Average,
    load_state,
    save_snapshot,
    save_state,
)
from lusviewer.training.nets.encoder import freeze_wide_filters, load_imagenet
from lusviewer.training.nets.from_onnx import network_from
from lusviewer.training.nets.layers import measure_statistics
from lusviewer.training.nets.losses import at_phase, bag_loss, segmentation_loss
from lusviewer.training.nets.network import FrameNetwork
from lusviewer.training.nets.optimise import adamw, learn, set_rates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lusviewer.cancel import CancelToken
    from lusviewer.training.config import TrainingConfig
    from lusviewer.training.data.batches import Batch, BatchMaker

FRAME_STATE = "frame-state.npz"
"""The checkpoint of stage one, in the run's folder."""

SNAPSHOTS = "snapshots"
"""The folder of averaged weights kept on the way."""


@dataclass(slots=True)
class Run:
    """What changes while the frame network trains."""

    network: FrameNetwork
    optimiser: torch.optim.AdamW
    average: Average
    step: int = 0


def start_run(config: TrainingConfig, maker: BatchMaker) -> Run:
    """Return a new run, or the one checkpointed in the run's folder."""
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    network = _starting_network(config)
    network.to(memory_format=torch.channels_last)
    path = config.run_folder / FRAME_STATE
    if not path.is_file() and not config.start:
        first = _draw(config, maker, 0)
        measure_statistics(
            network if not config.imagenet else _new_parts(network),
            lambda: network(first.frames.to(memory_format=torch.channels_last)),
        )
    optimiser = adamw(network, config.rates)
    run = Run(network, optimiser, Average(network, config.average))
    if path.is_file():
        run.step = load_state(path, network, optimiser, run.average)
    return run


def _starting_network(config: TrainingConfig) -> FrameNetwork:
    if config.start:
        network = network_from(Path(config.start) / "frame.onnx")
    else:
        network = FrameNetwork()
        if config.imagenet:
            load_imagenet(network.encoder)
    if config.imagenet:
        freeze_wide_filters(network.encoder)
    return network


def _new_parts(network: FrameNetwork) -> torch.nn.ModuleList:
    return torch.nn.ModuleList([network.merges, network.head_filter, network.head_mix])


def train_frames(
    config: TrainingConfig, run: Run, maker: BatchMaker, cancel: CancelToken
) -> Iterator[dict[str, Any]]:
    """Train to the last step; yield progress, and checkpoint on the way."""
    folder = config.run_folder
    folder.mkdir(parents=True, exist_ok=True)
    if config.start and run.step == 0:  # where it came from counts in the mean, too
        save_snapshot(folder / SNAPSHOTS / "000000.npz", run.average)
    started, sums = time.monotonic(), np.zeros(4)
    while run.step < config.steps:
        if cancel.cancelled:
            save_state(folder / FRAME_STATE, run.step, *_parts(run))
            cancel.check()
        sums += train_step(config, run, _draw(config, maker, run.step))
        run.step += 1
        if run.step % config.report_every == 0 or run.step == config.steps:
            elapsed = time.monotonic() - started
            mean = sums / config.report_every
            yield _progress(config, run.step, mean, elapsed)
            started, sums = time.monotonic(), np.zeros(4)
        if run.step % config.checkpoint_every == 0 or run.step == config.steps:
            save_state(folder / FRAME_STATE, run.step, *_parts(run))
        if run.step % config.snapshot_every == 0 or run.step == config.steps:
            save_snapshot(folder / SNAPSHOTS / f"{run.step:06d}.npz", run.average)


def _parts(run: Run) -> tuple[FrameNetwork, torch.optim.AdamW, Average]:
    return run.network, run.optimiser, run.average


def _progress(
    config: TrainingConfig, step: int, losses: np.ndarray, elapsed: float
) -> dict[str, Any]:
    return {
        "event": "progress",
        "stage": "frames",
        "step": step,
        "steps": config.steps,
        "loss": round(float(losses.sum()), 4),
        "segmentation": round(float(losses[0]), 4),
        "labels": round(float(losses[1]), 4),
        "real": round(float(losses[2]), 4),
        "drawn": round(float(losses[3]), 4),
        "seconds": round(elapsed, 2),
    }


def _draw(config: TrainingConfig, maker: BatchMaker, step: int) -> Batch:
    lines = config.line_frames if step >= config.lines_from else 0
    return maker.make(
        step, config.phantom_frames, config.bags, config.bag_frames, lines
    )


def train_step(config: TrainingConfig, run: Run, batch: Batch) -> np.ndarray:
    """Do one step; return the losses: segmentation, labels, real, drawn."""
    set_rates(run.optimiser, config.rates, run.step)
    frames = batch.frames.to(memory_format=torch.channels_last)
    frames = frames.to(torch.bfloat16) if config.bfloat16 else frames
    out = run.network(frames)
    n, end = len(batch.labels), len(batch.labels) + len(batch.drawn)
    phase = run.step % 2, run.step // 2 % 2
    losses = [
        _dense_loss(out.segmentation[:n], batch.labels, phase),
        functional.binary_cross_entropy_with_logits(out.head[:n], batch.truth),
        _clip_loss(out.head[end:], batch.values, batch.weights),
        _dense_loss(out.segmentation[n:end], batch.drawn, phase)
        + _clip_loss(out.head[n:end], batch.shown, batch.sure),
    ]
    weights = (1.0, 1.0, config.real_weight, config.lines_weight)
    loss = sum((w * p for w, p in zip(weights, losses, strict=True)), torch.zeros(()))
    learn(run.network, run.optimiser, run.average, loss, run.step)
    return np.array([part.item() for part in losses])


def _dense_loss(logits: Tensor, labels: Tensor, phase: tuple[int, int]) -> Tensor:
    """Return the loss at a quarter of the pixels, another one each step."""
    if not len(labels):
        return torch.zeros(())
    row, column = phase
    return segmentation_loss(
        at_phase(logits.float(), row, column), labels[:, row::2, column::2]
    )


def _clip_loss(head: Tensor, values: Tensor, weights: Tensor) -> Tensor:
    """Return the loss of bags; a drawn frame is a bag of its own."""
    if not len(values):
        return torch.zeros(())
    return bag_loss(head.unflatten(0, (len(values), -1)), values, weights)
