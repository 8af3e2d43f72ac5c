"""An ordinary network, ImageNet to findings in one go: what a bundle should beat."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.files import written
from lusviewer.findings import FINDINGS
from lusviewer.geometry import GRID
from lusviewer.training.config import Rates
from lusviewer.training.data.augment import Look, apply_look
from lusviewer.training.measure.imagenet import spread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

    Frames = NDArray[np.uint8]

STEPS: Final = 420
BATCH: Final = 16
_RATE: Final = 1e-3
_ENCODER_RATE: Final = 3e-4
_SEED: Final = 0
OUTPUTS: Final = (*FINDINGS, "severe")
"""What the network says: the findings, and whether the severity is 2 or more."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A clip to learn from: ``values`` and ``weights`` ``(6,)`` follow ``OUTPUTS``."""

    frames: Frames
    patient: str
    values: NDArray[np.float32]
    weights: NDArray[np.float32]


class EndToEnd:
    """A Lite0 encoder and a linear layer, taught frames with their clip's labels."""

    def __init__(self, network: nn.Module, seconds: float) -> None:
        self._network = network
        self.seconds = seconds

    def scores(self, frames: Frames) -> NDArray[np.float64]:
        """Return the probabilities ``(6,)`` of a clip: the mean over twelve frames."""
        import torch  # noqa: PLC0415 - only where the network runs

        from lusviewer.training.data.batches import normalised  # noqa: PLC0415 - torch

        with torch.no_grad():
            logits = self._network(normalised(frames[spread(len(frames))]))
            return np.asarray(logits.float().sigmoid().mean(0), np.float64)


def end_to_end(lessons: Sequence[Lesson], folder: Path, steps: int = STEPS) -> EndToEnd:
    """Return the network trained on ``lessons``, or the one trained before."""
    import torch  # noqa: PLC0415 - only where the network runs
    from torch import nn  # noqa: PLC0415

    from lusviewer.training.nets.checkpoint import tensors  # noqa: PLC0415 - torch
    from lusviewer.training.nets.features import (  # noqa: PLC0415 - torch
        FEATURES,
        start_features,
    )

    torch.manual_seed(_SEED)
    head = nn.Linear(FEATURES, len(OUTPUTS))
    network = nn.Sequential(start_features("imagenet", _SEED), head)
    path = folder / f"end-to-end-{steps}-{len(lessons)}.npz"
    if path.is_file():
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        seconds = float(arrays.pop("seconds"))
        network.load_state_dict(tensors(arrays, ""))
        return EndToEnd(network.eval(), seconds)
    started = time.monotonic()
    _train(network, lessons, steps)
    seconds = time.monotonic() - started
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {name: value.numpy() for name, value in network.state_dict().items()}
    with written(path) as file:
        np.savez(file, allow_pickle=False, seconds=np.array(seconds), **arrays)
    return EndToEnd(network.eval(), seconds)


def _train(network: nn.Module, lessons: Sequence[Lesson], steps: int) -> None:
    import torch  # noqa: PLC0415 - only where the network runs
    from torch.nn import functional  # noqa: PLC0415

    from lusviewer.training.data.batches import normalised  # noqa: PLC0415 - torch
    from lusviewer.training.nets.optimise import (  # noqa: PLC0415 - torch
        adamw,
        learn,
        set_rates,
    )

    network.to(memory_format=torch.channels_last)
    rates = Rates(_RATE, _ENCODER_RATE, 0.02, 1 + steps // 10, steps)
    optimiser = adamw(network, rates)
    for step in range(steps):
        set_rates(optimiser, rates, step)
        frames, values, weights = batch(lessons, step)
        inputs = normalised(frames).to(memory_format=torch.channels_last)
        logits = network(inputs.to(torch.bfloat16).contiguous()).float()
        loss = functional.binary_cross_entropy_with_logits(
            logits, torch.from_numpy(values), torch.from_numpy(weights)
        )
        learn(network, optimiser, None, loss, step)
        if (step + 1) % 20 == 0:
            words = f"end to end {step + 1}/{steps}, loss {loss.item():.3f}"
            print(words, file=sys.stderr, flush=True)


def batch(
    lessons: Sequence[Lesson], step: int
) -> tuple[Frames, NDArray[np.float32], NDArray[np.float32]]:
    """Return the frames and labels of ``step``: each patient as likely as another."""
    rng = np.random.default_rng([_SEED, step])
    patients: dict[str, list[Lesson]] = {}
    for lesson in lessons:
        patients.setdefault(lesson.patient, []).append(lesson)
    own = list(patients.values())
    frames, values, weights = [], [], []
    for _ in range(BATCH):
        clips = own[int(rng.integers(len(own)))]
        lesson = clips[int(rng.integers(len(clips)))]
        frame = lesson.frames[int(rng.integers(len(lesson.frames)))]
        frames.append(apply_look(Look.draw(rng, GRID), frame, rng))
        values.append(lesson.values)
        weights.append(lesson.weights)
    return np.stack(frames), np.stack(values), np.stack(weights)
