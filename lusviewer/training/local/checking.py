"""A look at the labels before anything is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.library import open_library
from lusviewer.library.named import require_rater, task_key
from lusviewer.library.tasks import Kind
from lusviewer.library.values import NOT_ASSESSABLE
from lusviewer.training.local.checks import PATIENTS_MIN, Problem, problems, wary
from lusviewer.training.local.chosen import choose
from lusviewer.training.local.cuts import proposed_cuts
from lusviewer.training.local.question import ask
from lusviewer.training.local.samples import Choice, read_samples
from lusviewer.training.local.settings import check_installed, check_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lusviewer.findings import ModelIdentity
    from lusviewer.library import Library
    from lusviewer.library.tasks import Task
    from lusviewer.training.local.samples import Samples
    from lusviewer.training.local.settings import LocalSettings

    Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Looked:
    """The clips of a library that take part, what to be wary of, what is wrong.

    ``samples`` is None where the question could not be asked at all.
    """

    folder: Path
    samples: Samples | None
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...] = ()

    def usable(self) -> Samples:
        """Return the clips; raise ``TrainingError`` where nothing can be done."""
        if self.problems or self.samples is None:
            words = " ".join(problem.message for problem in self.problems)
            raise TrainingError(words, hint=self.problems[0].hint)
        return self.samples

    def events(self) -> Iterator[Event]:
        """Yield the clips that take part and what to be wary of."""
        if self.samples is not None:
            yield _told(self.samples)
        for warning in self.warnings:
            yield {"event": "warning", "message": warning}


def look(settings: LocalSettings, model: ModelIdentity) -> Looked:
    """Return what can be told of the labels without fitting anything.

    Raises ``TrainingError`` and ``LibraryError`` for wrong settings.
    """
    check_settings(settings)
    with open_library(settings.library) as library:
        folder, tasks = library.folder, library.labels.tasks()
        task = tasks[task_key(tasks, settings.task)]
        require_rater(library, settings.rater)
        if task.kind is Kind.NUMBER and not settings.cuts:
            return Looked(folder, None, (_uncut(library, task, settings.rater),))
        question = ask(task, settings.cuts, settings.has)
        if model.sha256 not in {one.sha256 for one in library.analyses.models()}:
            return Looked(folder, None, (_unseen(library, task, model),))
        chosen = choose(library, settings.only)
        choice = Choice(settings.inputs, settings.rater, settings.certainty, chosen)
        samples = read_samples(library, question, model.sha256, choice)
    return Looked(folder, samples, tuple(problems(samples)), tuple(wary(samples)))


def check_local(settings: LocalSettings, model: ModelIdentity) -> Iterator[Event]:
    """Yield the clips, what to be wary of and each thing that is wrong; fit nothing.

    The last event is ``checked`` where nothing is wrong.
    """
    looked = look(settings, model)
    yield from looked.events()
    for problem in looked.problems:
        told = {"event": "error", "message": problem.message, "hint": problem.hint}
        yield told | ({"cuts": list(problem.cuts)} if problem.cuts else {})
    check_installed()
    if not looked.problems:
        yield {"event": "checked"}


def _told(samples: Samples) -> Event:
    names = samples.question.classes
    counts = np.bincount(samples.classes, minlength=len(names))
    chosen = samples.chosen
    return {
        "event": "clips",
        "clips": len(samples.clips),
        "patients": len(set(samples.patients)),
        "features": len(samples.names),
        "classes": dict(zip(names, map(int, counts), strict=True)),
        "left_out": dict(samples.left_out),
        "chosen": None if chosen is None else chosen.told(),
    }


def _unseen(library: Library, task: Task, model: ModelIdentity) -> Problem:
    labels = library.labels.of_task(task.key)
    clips = {one.answer.clip_id for one in labels if one.answer.value is not None}
    seen = f"{model.name} {model.version}"
    message = f"None of the {len(clips)} labelled clips was analysed by {seen}."
    return Problem(message, "Analyse the library with this model first.")


def _uncut(library: Library, task: Task, rater: str | None) -> Problem:
    """Return that numbers need cuts, with those that the labels allow."""
    owners = {clip.id: clip.patient for clip in library.clips.all()}
    said = [
        (owners[label.answer.clip_id], float(label.answer.value))
        for label in library.labels.of_task(task.key, rater)
        if label.answer.value is not None and label.answer.value != NOT_ASSESSABLE
    ]
    message = f"{task.words} is a number; an expert chooses among classes."
    cuts = proposed_cuts(task.key, said, PATIENTS_MIN)
    if not cuts:
        hint = "Label clips of more patients first: no limit parts them into classes."
        return Problem(message, hint)
    *first, last = (f"{cut:g}" for cut in cuts)
    words = f"{', '.join(first)} and {last}" if first else last
    after = " (limits of Gare et al. 2022)" if task.key == "s_f" else ""
    values = ",".join(f"{cut:g}" for cut in cuts)
    hint = f"Say where to part it. The labels allow {words}{after}: --cut {values}."
    return Problem(message, hint, cuts)
