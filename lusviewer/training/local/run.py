"""Training an expert on a library: from its labels to a folder that can be promoted."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from lusviewer.errors import LibraryError, TrainingError
from lusviewer.experts.in_use import in_use
from lusviewer.library import open_library
from lusviewer.training.experts.heads import KINDS
from lusviewer.training.lite.expert_heads import Samples as Judged
from lusviewer.training.lite.expert_heads import abstain_below
from lusviewer.training.local.bundle import Trained, write_folder
from lusviewer.training.local.checks import check
from lusviewer.training.local.folds import (
    BEST,
    Tried,
    Validated,
    cross_validate,
    fit_final,
    groups_of,
    steps_of,
)
from lusviewer.training.local.judge import details, importance, summary
from lusviewer.training.local.question import ask
from lusviewer.training.local.rivals import rivals, side_by_side
from lusviewer.training.local.samples import Choice, Samples, read_samples

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from lusviewer.cancel import CancelToken
    from lusviewer.findings import ModelIdentity
    from lusviewer.library import Library

    Event = dict[str, Any]

FOLDS_MIN: Final = 2
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """What the training of a local expert depends on.

    ``out`` None writes to the folder ``experts`` of the library. ``bundle`` is the
    model bundle whose analyses are learned from, ``store`` the folder of the user's
    own experts, the usual one where it is None.
    """

    library: Path
    task: str
    bundle: Path
    inputs: tuple[str, ...] = ("biomarkers", "measured")
    kinds: tuple[str, ...] = KINDS
    folds: int = 5
    seed: int = 0
    cuts: tuple[float, ...] = ()
    has: str | None = None
    rater: str | None = None
    certainty: float = 0.5
    name: str | None = None
    out: Path | None = None
    store: Path | None = None
    places: tuple[str, ...] = field(
        default=("library", "bundle", "out", "store", "places"), repr=False
    )

    def plain(self) -> dict[str, Any]:
        """Return what decides the result, not where things lie."""
        values = asdict(self)
        return {key: values[key] for key in values if key not in self.places}


def train_local(
    settings: LocalSettings, model: ModelIdentity, cancel: CancelToken
) -> Iterator[Event]:
    """Fit, test and write an expert; yield how it goes as plain values.

    Nothing is written before all is done. Raises ``TrainingError`` and
    ``LibraryError`` for what is wrong with the settings or the labels.
    """
    started = time.monotonic()
    _check_settings(settings)
    with open_library(settings.library) as library:
        samples = _read(library, settings, model)
        folder = library.folder
    warnings = check(samples)
    yield _told(samples)
    for warning in warnings:
        yield {"event": "warning", "message": warning}
    trained = yield from _trained(settings, samples, model, cancel)
    yield {"event": "figures", **trained.figures}
    cancel.check()
    out = settings.out or free_folder(folder / "experts", trained.name)
    write_folder(trained, out)
    seconds = round(time.monotonic() - started, 1)
    yield {
        "event": "expert",
        "folder": str(out),
        "name": trained.name,
        "seconds": seconds,
    }


def _check_settings(settings: LocalSettings) -> None:
    if unknown := sorted(set(settings.kinds) - set(KINDS)):
        msg = f"There is no kind of expert {', '.join(unknown)}."
        raise TrainingError(msg, hint=f"There are {', '.join(KINDS)}; or 'all'.")
    if settings.folds < FOLDS_MIN:
        msg = f"{settings.folds} folds leave no patient to test on."
        raise TrainingError(msg, hint=f"{FOLDS_MIN} or more are needed; 5 are usual.")
    if not settings.library.is_dir():
        msg = f"There is no library in {settings.library}."
        raise LibraryError(msg, hint="Make one: 'lusviewer library add PATH'.")
    if settings.out is not None and settings.out.exists():
        msg = f"{settings.out} is there already."
        raise TrainingError(msg, hint="Name a new folder with --out.")


def _read(library: Library, settings: LocalSettings, model: ModelIdentity) -> Samples:
    tasks = library.labels.tasks()
    if settings.task not in tasks:
        msg = f"The library has no task {settings.task!r}."
        raise LibraryError(msg, hint=f"It has {', '.join(tasks)}.")
    question = ask(tasks[settings.task], settings.cuts, settings.has)
    choice = Choice(settings.inputs, settings.rater, settings.certainty)
    return read_samples(library, question, model.sha256, choice)


def _told(samples: Samples) -> Event:
    names = samples.question.classes
    counts = np.bincount(samples.classes, minlength=len(names))
    return {
        "event": "clips",
        "clips": len(samples.clips),
        "patients": len(set(samples.patients)),
        "features": len(samples.names),
        "classes": dict(zip(names, map(int, counts), strict=True)),
        "left_out": dict(samples.left_out),
    }


def _trained(
    settings: LocalSettings, samples: Samples, model: ModelIdentity, cancel: CancelToken
) -> Generator[Event, None, Trained]:
    asked, plan = samples.asked(), (settings.folds, settings.seed)
    groups = groups_of(settings.kinds)
    total = steps_of(settings.kinds, settings.folds)
    clock = _Clock(total)
    found = yield from _following(cross_validate(asked, groups, plan, cancel), clock)
    best = found[BEST] if BEST in found else found[settings.kinds[0]]
    choices = groups.get(BEST, groups[settings.kinds[0]])
    fitted = yield from _following(fit_final(asked, choices, plan, cancel), clock)
    kinds = {}
    for kind, validated in found.items():
        cancel.check()
        kinds[kind] = summary(asked, validated.probabilities)
        yield {"event": "kind", "kind": kind, "auc": kinds[kind]["auc"]}
    worth = importance(asked, samples.names, best, settings.seed, cancel)
    figures = summary(asked, best.probabilities) | {
        "kinds": kinds,
        "chosen": best.chosen(),
        "kind": fitted.choice.kind,
        "setting": fitted.choice.setting,
        **details(samples, best),
        "importance": worth,
        "side_by_side": list(_compared(settings, samples, best, cancel)),
    }
    name = settings.name or f"{settings.task.replace('.', '-')}-local"
    words = f"{model.name} {model.version}"
    least = _abstain(samples, best)
    plain = settings.plain()
    return Trained(name, samples, fitted, best, least, figures, plain, words)


def _compared(
    settings: LocalSettings, samples: Samples, best: Validated, cancel: CancelToken
) -> Iterator[Event]:
    for rival in rivals(samples, in_use(settings.bundle, settings.store)):
        cancel.check()
        yield side_by_side(samples, best.probabilities, rival)


def _abstain(samples: Samples, best: Validated) -> float:
    judged = Judged(
        samples.features,
        samples.classes,
        samples.patients,
        np.ones(len(samples.clips), np.bool_),
        np.ones(len(samples.clips)),
    )
    return abstain_below(best.probabilities, judged)


class _Clock:
    """Says how much is done and how long the rest may take."""

    def __init__(self, total: int) -> None:
        self.done, self.total, self.started = 0, total, time.monotonic()

    def event(self, what: str) -> Event:
        """Return the next step as an event."""
        spent = time.monotonic() - self.started
        left = spent / self.done * (self.total - self.done) if self.done else None
        told = {"event": "progress", "done": self.done, "total": self.total}
        self.done += 1
        seconds = None if left is None else round(left, 1)
        return {**told, "what": what, "seconds_left": seconds}


def _following(
    steps: Generator[Tried, None, T], clock: _Clock
) -> Generator[Event, None, T]:
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        yield clock.event(step.what)


def free_folder(folder: Path, name: str) -> Path:
    """Return the first folder ``name-1``, ``name-2`` ... that is not there."""
    number = 1
    while (out := folder / f"{name}-{number}").exists():
        number += 1
    return out
