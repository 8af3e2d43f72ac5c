"""Training an expert on a library: from its labels to a folder that can be promoted."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from lusviewer.experts.in_use import in_use
from lusviewer.files import free_folder
from lusviewer.training.lite.expert_heads import Samples as Judged
from lusviewer.training.lite.expert_heads import abstain_below
from lusviewer.training.local.checking import look
from lusviewer.training.local.clock import Clock
from lusviewer.training.local.folds import (
    BEST,
    Learned,
    Plan,
    best_of,
    choices_of,
    curve_of,
    fit_final,
    fits_of,
    try_settings,
    validate,
)
from lusviewer.training.local.judge import details, importance, summary, tree_nodes
from lusviewer.training.local.rivals import rivals, side_by_side
from lusviewer.training.local.settings import check_installed
from lusviewer.training.local.trained import Trained

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from numpy.typing import NDArray

    from lusviewer.findings import ModelIdentity
    from lusviewer.training.experts.heads import Choice
    from lusviewer.training.experts.nested import Asked
    from lusviewer.training.local.control import Control
    from lusviewer.training.local.folds import Step, Validated
    from lusviewer.training.local.samples import Samples
    from lusviewer.training.local.settings import LocalSettings

    Array = NDArray[np.float64]
    Event = dict[str, Any]

_FIGURES: Final = "figures"
_COMPARING: Final = "comparing"
T = TypeVar("T")


@dataclass(slots=True)
class _Found:
    """What came of the kinds so far: answers, settings tried, figures, curves."""

    validated: dict[str, Validated] = field(default_factory=dict)
    tried: dict[Choice, Array] = field(default_factory=dict)
    kinds: dict[str, Event] = field(default_factory=dict)
    curves: list[Event] = field(default_factory=list)


def train_local(
    settings: LocalSettings, model: ModelIdentity, control: Control
) -> Iterator[Event]:
    """Fit, test and write an expert; yield how it goes as plain values.

    Nothing is written before all is done. Once it is to stop, what is finished is kept
    and goes the usual way. Raises ``TrainingError`` and ``LibraryError`` for what is
    wrong with the settings or the labels.
    """
    started = time.monotonic()
    check_installed()
    looked = look(settings, model)
    yield from looked.events()
    samples = looked.usable()
    trained = yield from _trained(settings, samples, model, control)
    yield {"event": _FIGURES, **trained.figures}
    control.cancel.check()
    out = settings.out or free_folder(looked.folder / "experts", trained.name)
    # It brings torch and onnx along, which a look at the labels need not wait for.
    import_module("lusviewer.training.local.bundle").write_folder(trained, out)
    seconds = round(time.monotonic() - started, 1)
    yield {
        "event": "expert",
        "folder": str(out),
        "name": trained.name,
        "seconds": seconds,
    }


def _trained(
    settings: LocalSettings, samples: Samples, model: ModelIdentity, control: Control
) -> Generator[Event, None, Trained]:
    asked = samples.asked()
    work = {kind: fits_of(kind, settings.folds) for kind in settings.kinds}
    clock = Clock(work | {_FIGURES: len(samples.names), _COMPARING: 1})
    plan = Plan(settings.folds, settings.seed, control)
    found = yield from _kinds(asked, settings.kinds, plan, clock)
    best = next(iter(found.validated.values()))
    if len(found.validated) > 1:
        best = best_of(asked, list(found.validated.values()))
        found.kinds[BEST] = summary(asked, best.probabilities)
        yield {"event": "kind", "kind": BEST, "auc": found.kinds[BEST]["auc"]}
    control.cancel.check()
    fitted = fit_final(asked, found.tried)
    if (curve := curve_of(fitted)) is not None:
        yield from _learned(Learned(f"{fitted.choice.kind}, all clips", curve), found)
    steps = importance(asked, samples.names, best, plan)
    worth = yield from _following(steps, clock, found)
    yield clock.begin(_COMPARING, 1, "side by side with those in use")
    stopped = _stopped(settings, found)
    if control.stop.cancelled:
        yield {"event": "kept", "what": _kept_words(stopped)}
    figures = summary(asked, best.probabilities) | {
        "kinds": found.kinds,
        "chosen": best.chosen(),
        "kind": fitted.choice.kind,
        "setting": fitted.choice.setting,
        **details(samples, best),
        "importance": worth,
        "tree": tree_nodes(samples, fitted),
        "curves": found.curves,
        "side_by_side": list(_compared(settings, samples, best, control)),
        "stopped_early": stopped,
    }
    return Trained(
        name=settings.name or f"{samples.question.task.replace('.', '-')}-local",
        samples=samples,
        fitted=fitted,
        validated=best,
        abstain_below=_abstain(samples, best),
        figures=figures,
        settings=_kept_settings(settings, samples),
        model=f"{model.name} {model.version}",
    )


def _kept_settings(settings: LocalSettings, samples: Samples) -> Event:
    chosen = None if samples.chosen is None else samples.chosen.told()
    return {**settings.plain(), "task": samples.question.task, "chosen": chosen}


def _kinds(
    asked: Asked, kinds: tuple[str, ...], plan: Plan, clock: Clock
) -> Generator[Event, None, _Found]:
    """Return what came of each kind that was finished, telling each as it is."""
    found = _Found()
    for place, kind in enumerate(kinds):
        if found.validated and plan.control.stop.cancelled:
            clock.drop(*kinds[place:])
            break
        needed = not found.validated
        steps = validate(asked, kind, plan, needed=needed)
        validated = yield from _following(steps, clock, found)
        if validated is None:
            clock.drop(kind)
            continue
        found.validated[kind] = validated
        found.kinds[kind] = summary(asked, validated.probabilities)
        yield {"event": "kind", "kind": kind, "auc": found.kinds[kind]["auc"]}
        trials = try_settings(asked, validated, plan)
        found.tried |= yield from _following(trials, clock, found)
        clock.drop(kind)
    return found


def _following(
    steps: Generator[Step, None, T], clock: Clock, found: _Found
) -> Generator[Event, None, T]:
    """Tell the steps of the work as events."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            clock.end()
            result: T = end.value
            return result
        if isinstance(step, Learned):
            yield from _learned(step, found)
        else:
            yield clock.begin(step.kind, step.fits, step.what)


def _learned(step: Learned, found: _Found) -> Iterator[Event]:
    """Tell a perceptron's losses, an epoch an event, and keep them for the result."""
    train, judged = step.curve.train, step.curve.validation
    validation = judged or (None,) * len(train)
    told = [
        (round(loss, 4), None if other is None else round(other, 4))
        for loss, other in zip(train, validation, strict=True)
    ]
    for number, (loss, other) in enumerate(told, 1):
        what = {"event": "curve", "what": step.what, "step": number}
        yield what | {"loss": loss, "validation": other}
    losses, others = [loss for loss, _ in told], [other for _, other in told]
    curve = {"what": step.what, "train": losses}
    found.curves.append(curve | {"validation": others if judged else []})


def _stopped(settings: LocalSettings, found: _Found) -> Event | None:
    """Return what was left out as it was to stop; None where that was nothing."""
    done = list(found.validated)
    every = {choice for kind in done for choice in choices_of(kind)}
    left = {
        "kinds_left_out": [kind for kind in settings.kinds if kind not in done],
        "folds_untried": sum(one.untried for one in found.validated.values()),
        "settings_untried": len(every - found.tried.keys()),
    }
    return {"kinds": done, **left} if any(left.values()) else None


def _kept_words(stopped: Event | None) -> str:
    if stopped is None:
        return "everything: nothing was left to try"
    left = ", ".join(stopped["kinds_left_out"]) or "some settings"
    return f"the best of {', '.join(stopped['kinds'])}; left out: {left}"


def _compared(
    settings: LocalSettings, samples: Samples, best: Validated, control: Control
) -> Iterator[Event]:
    for rival in rivals(samples, in_use(settings.bundle, settings.store)):
        control.cancel.check()
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
