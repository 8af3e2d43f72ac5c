"""What is made smaller from labels: the task's own loss, the rest held as it was."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lusviewer.findings import FINDINGS, LABELS
from lusviewer.training.adapt.cache import MOST, RUN, RUNS
from lusviewer.training.adapt.networks import Level, frozen, unpacked
from lusviewer.training.nets.losses import ABSENT_INDEX, bag_loss, pooled
from lusviewer.training.nets.network import N_HEAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lusviewer.training.adapt.networks import LatePart
    from lusviewer.training.nets.network import TemporalNetwork

    Array = NDArray[np.float32]
    Load = Callable[[int], NDArray[np.generic]]

Kind = TypeVar("Kind", bound=nn.Module)

KEEP: Final = 0.1
"""How much it weighs that all that was not asked stays as it was (Li and Hoiem 2016,
arXiv 1606.09282); set before anything was measured."""

_DOUBT: Final = 0.05
_SCALE: Final = 4.0
"""Logits are a few units large."""

_WINDOW: Final = 32
_CLIPS: Final = {"temporal": 8, "block": 4}
_NOISE: Final = 0.1


class Lesson(Protocol):
    """What a training makes smaller; a step's loss depends on step and seed alone."""

    module: nn.Module
    """Its parameters that require gradients are what learns."""

    def loss(self, step: int) -> Tensor:
        """Return the loss of ``step``."""

    def validation(self) -> float:
        """Return what the best step has least of, on the validation patients."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The clips that teach and that choose, and the answer of each, 0 or 1.

    ``load`` gives what was cached of a clip by its row.
    """

    load: Load
    truth: NDArray[np.intp]
    learn: NDArray[np.intp]
    validation: NDArray[np.intp]
    seed: int

    def draw(self, count: int, rng: np.random.Generator) -> list[int]:
        """Return ``count`` clips that teach: as many of each answer."""
        truth = self.truth[self.learn]
        chosen = []
        for number in range(count):
            pool = self.learn[truth == number % 2]
            chosen.append(int(pool[int(rng.integers(len(pool)))]))
        return chosen


class Task(nn.Module):
    """The question asked, on the 43 logits of a clip's frames.

    ``finding`` is the place among ``FINDINGS`` of the one asked for; None asks for
    something the model has no output for: a linear answer is learned on top, which
    teaches the outputs and is not kept.
    """

    def __init__(self, finding: int | None, seed: int) -> None:
        super().__init__()
        self.finding = finding
        torch.manual_seed(seed)
        self.answer = nn.Linear(2 * N_HEAD, 1) if finding is None else None
        asked = [] if finding is None else [len(LABELS) + finding]
        asked += [label for place, label in ABSENT_INDEX if place == finding]
        self.held = [i for i in range(N_HEAD) if i not in asked]

    def logit(self, logits: Tensor) -> Tensor:
        """Return the clip's logit of frame logits ``(1, frames, 43)``."""
        if self.finding is not None:
            return pooled(logits)[0, len(LABELS) + self.finding]
        assert self.answer is not None
        summary = torch.cat([logits.mean(1), pooled(logits)], 1) / _SCALE
        return self.answer(summary)[0, 0]

    def loss(self, logits: Tensor, truth: int) -> Tensor:
        """Return the loss of a clip whose answer is ``truth``."""
        if self.finding is not None:
            values, weights = torch.zeros(2, 1, len(FINDINGS))
            values[0, self.finding] = truth
            weights[0, self.finding] = len(FINDINGS)  # the loss is their mean
            return bag_loss(logits, values, weights)
        wanted = torch.tensor(truth * (1 - 2 * _DOUBT) + _DOUBT)
        return functional.binary_cross_entropy_with_logits(self.logit(logits), wanted)

    def kept(self, logits: Tensor, before: Tensor) -> Tensor:
        """Return how far the outputs that were not asked for have moved."""
        return functional.mse_loss(logits[..., self.held], before[..., self.held])


def balanced_loss(task: Task, labels: Labels, logits: Callable[[int], Tensor]) -> float:
    """Return the mean cross-entropy of each answer's validation clips, averaged."""
    losses: dict[int, list[float]] = {0: [], 1: []}
    with torch.no_grad():
        for row in labels.validation:
            truth = int(labels.truth[row])
            logit = task.logit(logits(int(row)))
            wanted = torch.tensor(float(truth))
            loss = functional.binary_cross_entropy_with_logits(logit, wanted)
            losses[truth].append(float(loss))
    return float(np.mean([np.mean(found) for found in losses.values() if found]))


class TemporalLesson:
    """The temporal head alone, on the cached embeddings of whole clips."""

    def __init__(self, start: TemporalNetwork, task: Task, labels: Labels) -> None:
        self.temporal, self.task, self._labels = start, task, labels
        self.module = nn.ModuleDict({"temporal": start, "task": task})
        self._before = _copy(start)

    def loss(self, step: int) -> Tensor:
        """Return the loss of ``step``: windows of eight clips."""
        rng = np.random.default_rng([self._labels.seed, 41, step])
        total = torch.zeros(())
        rows = self._labels.draw(_CLIPS["temporal"], rng)
        for row in rows:
            inputs = torch.from_numpy(_window(self._labels.load(row), rng))[None]
            noise = torch.from_numpy(rng.standard_normal(inputs.shape, np.float32))
            noisy = inputs + _NOISE * inputs.std() * noise
            logits = self.temporal(noisy)
            with torch.no_grad():
                before = self._before(noisy)
            total = total + self.task.loss(logits, int(self._labels.truth[row]))
            total = total + KEEP * self.task.kept(logits, before)
        return total / len(rows)

    def validation(self) -> float:
        """Return the cross-entropy on whole clips of the validation patients."""
        return balanced_loss(self.task, self._labels, self._whole)

    def _whole(self, row: int) -> Tensor:
        values = np.array(self._labels.load(row), np.float32)
        logits: Tensor = self.temporal(torch.from_numpy(values)[None])
        return logits


class BlockLesson:
    """The encoder's last stage, both heads; on cached activations of runs of frames."""

    def __init__(
        self, late: LatePart, temporal: TemporalNetwork, task: Task, labels: Labels
    ) -> None:
        self.late, self.temporal, self.task = late, temporal, task
        self._labels = labels
        self._before, self._temporal_before = _copy(late), _copy(temporal)
        self.module = nn.ModuleDict({"late": late, "temporal": temporal, "task": task})

    def loss(self, step: int) -> Tensor:
        """Return the loss of ``step``: all cached frames of four clips."""
        rng = np.random.default_rng([self._labels.seed, 42, step])
        total = torch.zeros(())
        rows = self._labels.draw(_CLIPS["block"], rng)
        for row in rows:
            fine, deep = unpacked(np.asarray(self._labels.load(row), np.float16))
            if rng.random() < 0.5:  # left and right mean nothing
                fine, deep = fine.flip(3), deep.flip(3)
            level = self.late.late(fine, deep)
            in_time = through_runs(self.temporal, level.embedding)
            with torch.no_grad():
                before: Level = self._before.late(fine, deep)
                before_in_time = through_runs(self._temporal_before, before.embedding)
            truth = int(self._labels.truth[row])
            total = total + self.task.loss(in_time, truth)
            if self.task.finding is not None:
                total = total + self.task.loss(level.logits[None], truth)
            total = total + KEEP * (
                self.task.kept(in_time, before_in_time)
                + self.task.kept(level.logits, before.logits)
            )
            total = total + moved(level.shared, before.shared)
        return total / len(rows)

    def validation(self) -> float:
        """Return the cross-entropy of the temporal head on the validation patients."""
        return balanced_loss(self.task, self._labels, self._whole)

    def _whole(self, row: int) -> Tensor:
        fine, deep = unpacked(np.asarray(self._labels.load(row), np.float16))
        return through_runs(self.temporal, self.late.late(fine, deep).embedding)


def through_runs(temporal: Callable[[Tensor], Tensor], embedding: Tensor) -> Tensor:
    """Return logits ``(1, n, 43)`` of ``(n, 128)``; no run sees another's frames."""
    runs = embedding.unflatten(0, (-1, RUN)) if len(embedding) == MOST[RUNS] else None
    logits: Tensor = temporal(embedding[None] if runs is None else runs)
    return logits.flatten(0, 1)[None]


def moved(now: Tensor, before: Tensor) -> Tensor:
    """Return how far a level has moved, as a share of its variance."""
    return functional.mse_loss(now, before) / before.var().clamp_min(1e-6)


def _copy(module: Kind) -> Kind:
    """Return the module as it is now, never to change."""
    return frozen(deepcopy(module))


def _window(embeddings: NDArray[np.generic], rng: np.random.Generator) -> Array:
    spare = len(embeddings) - _WINDOW
    start = int(rng.integers(0, spare + 1)) if spare > 0 else 0
    return np.array(embeddings[start : start + _WINDOW], np.float32)
