"""The steps of an adaptation: the best is kept; it goes on after a kill."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from lusviewer.errors import TrainingError
from lusviewer.files import make_folder, written
from lusviewer.training.adapt.call import note, title_of
from lusviewer.training.config import Rates
from lusviewer.training.nets.checkpoint import load_optimiser, optimiser_arrays, tensors
from lusviewer.training.nets.optimise import adamw, learn, set_rates

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from torch import Tensor, nn

    from lusviewer.training.adapt.lessons import Lesson
    from lusviewer.training.adapt.settings import AdaptSettings
    from lusviewer.training.local.control import Control

    Event = dict[str, Any]

STATE: Final = "state.npz"
"""The checkpoint, in the run's folder."""

RATES: Final = {"temporal": 3e-4, "block": 3e-4, "pretrain": 3e-4}
ENCODER_RATE: Final = 1e-4
"""Set before anything was measured."""

_TELL_S: Final = 0.5


@dataclass(slots=True)
class Course:
    """How far a run has come, and what was best so far.

    ``history`` has a row a look at the validation patients: step, mean loss since the
    last, validation. ``ended`` says why it ended before its last step.
    """

    step: int = 0
    total: float = 0.0
    since: int = 0
    best_step: int = -1
    best: float = float("inf")
    before: float = float("nan")
    ended: str = ""
    history: list[tuple[int, float, float]] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """Return the course as JSON holds it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class Loop:
    """One run: a lesson, its optimiser, its course, and the weights that were best.

    ``call`` is kept beside the checkpoint: how to go on from it.
    """

    def __init__(
        self,
        settings: AdaptSettings,
        lesson: Lesson,
        folder: Path,
        call: Sequence[str] = (),
    ) -> None:
        torch.set_num_threads(settings.threads)
        self.course = Course()
        self._settings, self._lesson, self._folder = settings, lesson, folder
        self._call = call
        self._rates = Rates(
            RATES[settings.what],
            ENCODER_RATE,
            1e-4,
            max(1, settings.steps // 20),
            settings.steps,
        )
        self._optimiser = adamw(lesson.module, self._rates)
        self._parts = [p for p in lesson.module.children() if list(p.parameters())]
        self._best = self._weights()

    def resume(self) -> None:
        """Go on from the checkpoint; raise ``TrainingError`` where there is none."""
        path = self._folder / STATE
        if not path.is_file():
            msg = "There is no checkpoint of this run to go on from."
            hint = "Labels, clips, model or settings are others now: leave --resume."
            raise TrainingError(msg, hint=hint)
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        self._lesson.module.load_state_dict(tensors(arrays, "net/"), strict=False)
        self._best = tensors(arrays, "best/")
        load_optimiser(self._optimiser, arrays)
        said = json.loads(str(arrays["course"]))
        said["history"] = [tuple(row) for row in said["history"]]
        self.course = Course(**said)

    def run(self, control: Control) -> Generator[Event, None, None]:
        """Train to the last step, or until ``control`` or patience ends it.

        The lesson's module holds the best weights at the end. Yields ``curve``,
        ``progress`` and ``checkpoint``. Raises ``Cancelled`` after a checkpoint.
        """
        course, settings = self.course, self._settings
        if not course.step:
            course.before = self._lesson.validation()
        started, first, told = time.monotonic(), course.step, 0.0
        while course.step < settings.steps and not course.ended:
            if control.cancel.cancelled:
                self.save()
                control.cancel.check()
            if control.stop.cancelled and not course.step:
                control.stop.check()  # nothing was learned that could be kept
            if control.stop.cancelled:
                course.ended = "stopped early"
                break
            self._step()
            now = time.monotonic()
            if now - told > _TELL_S:
                told, done = now, course.step - first
                yield self._progress((now - started) / done)
            if course.step % settings.look_every == 0 or course.step == settings.steps:
                yield self._look()
            last = course.step == settings.steps or bool(course.ended)
            if course.step % settings.checkpoint_every == 0 or last:
                yield self.save()
        if course.best_step < 0:
            yield self._look()
        self._lesson.module.load_state_dict(self._best, strict=False)

    def seconds(self) -> float:
        """Return how long steps and looks may take; the weights are spoilt by it."""
        spent = []
        for work in (self._step, self._step, self._lesson.validation):
            started = time.monotonic()
            work()
            spent.append(time.monotonic() - started)
        steps, every = self._settings.steps, self._settings.look_every
        return min(spent[:2]) * steps + spent[2] * (1 + steps / every)

    def save(self) -> Event:
        """Write all that is needed to go on; return the event that says so."""
        total = self._settings.steps
        arrays: dict[str, Any] = {"course": np.array(json.dumps(self.course.plain()))}
        arrays |= {f"net/{k}": v.numpy() for k, v in self._weights().items()}
        arrays |= {f"best/{k}": v.numpy() for k, v in self._best.items()}
        arrays |= optimiser_arrays(self._optimiser)
        make_folder(self._folder)
        with written(self._folder / STATE) as file:
            np.savez(file, allow_pickle=False, **arrays)
        if self._call:
            title = title_of(self._settings)
            note(self._folder, self._call, title, (self.course.step, total))
        return {
            "event": "checkpoint",
            "step": self.course.step,
            "total": total,
            "folder": str(self._folder),
        }

    def drop(self) -> None:
        """Delete the checkpoint."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _step(self) -> None:
        course, module = self.course, self._lesson.module
        set_rates(self._optimiser, self._rates, course.step)
        loss = self._lesson.loss(course.step)
        learn(module, self._optimiser, None, loss, course.step, self._parts)
        course.total += loss.item()
        course.since += 1
        course.step += 1

    def _look(self) -> Event:
        """Ask the validation patients; keep the weights where they are the best."""
        course = self.course
        value = self._lesson.validation()
        mean = course.total / max(1, course.since)
        course.total, course.since = 0.0, 0
        course.history.append((course.step, mean, value))
        if value < course.best:
            course.best, course.best_step = value, course.step
            self._best = self._weights()
        waited = sum(step > course.best_step for step, _, _ in course.history)
        if waited >= self._settings.patience:
            course.ended = "no gain on the validation patients any more"
        return {
            "event": "curve",
            "what": self._settings.way,
            "step": course.step,
            "loss": round(mean, 5),
            "validation": round(value, 5),
        }

    def _weights(self) -> dict[str, Tensor]:
        """Return copies of what learns."""
        learning: nn.Module = self._lesson.module
        return {
            name: value.detach().clone()
            for name, value in learning.named_parameters()
            if value.requires_grad
        }

    def _progress(self, seconds: float) -> Event:
        left = seconds * (self._settings.steps - self.course.step)
        return {
            "event": "progress",
            "done": self.course.step,
            "total": self._settings.steps,
            "what": self._settings.way,
            "seconds_left": round(left, 1),
        }
