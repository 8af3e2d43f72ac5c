"""Cross-validation of every kind by patient, told step by step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from lusviewer.training.experts.heads import CHOICES, KINDS
from lusviewer.training.experts.nested import grouped, mean_area
from lusviewer.training.experts.perceptron import Perceptron
from lusviewer.training.local.calibrate import Calibration, calibrated
from lusviewer.training.local.samples import TABLE

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.training.experts.heads import Choice, Head
    from lusviewer.training.experts.nested import Asked
    from lusviewer.training.experts.perceptron import Curve
    from lusviewer.training.local.control import Control

    Array = NDArray[np.float64]
    Rows = NDArray[np.intp]

INNER: Final = 3
"""Folds of the patients that teach, to choose settings by."""

BEST: Final = "best of all"


@dataclass(frozen=True, slots=True)
class Fitted:
    """An expert with its calibration, and the rows it is tested on.

    ``area`` is its AUC on inner folds, by which it was chosen.
    """

    choice: Choice
    head: Head
    calibration: Calibration
    left: Rows
    area: float = float("nan")

    def says(self, features: Array, n_classes: int) -> Array:
        """Return probabilities ``(n, n_classes)``."""
        return self.calibration.apply(self.head.scores(features, n_classes))


@dataclass(slots=True)
class Validated:
    """What experts of one group said of patients they were not fitted on.

    ``probabilities`` ``(n, n_classes)``; ``fold`` ``(n,)`` in which a row was tested;
    ``untried`` is in how many folds not all settings were tried, as it was to be
    stopped.
    """

    probabilities: Array
    fold: Rows
    fitted: list[Fitted] = field(default_factory=list)
    untried: int = 0

    def chosen(self) -> dict[str, int]:
        """Return how often each kind was chosen."""
        return dict(Counter(one.choice.kind for one in self.fitted).most_common())

    def take(self, one: Fitted, says: Array) -> None:
        """Keep what the expert of the next fold says of the rows it is tested on."""
        self.probabilities[one.left] = says
        self.fold[one.left] = len(self.fitted)
        self.fitted.append(one)


@dataclass(frozen=True, slots=True)
class Tried:
    """A step of the work that begins: ``fits`` experts of a kind are fitted."""

    kind: str
    fits: int
    what: str


@dataclass(frozen=True, slots=True)
class Learned:
    """How the loss of a perceptron fell while it was fitted."""

    what: str
    curve: Curve


Step: TypeAlias = "Tried | Learned"


@dataclass(frozen=True, slots=True)
class Plan:
    """How it is gone about: the folds, their seed, and what may end it."""

    folds: int
    seed: int
    control: Control


def choices_of(kind: str) -> tuple[Choice, ...]:
    """Return the settings that are tried for a kind."""
    return tuple(choice for choice in CHOICES if choice.kind == kind)


def fits_of(kind: str, folds: int) -> int:
    """Return how many experts of a kind are fitted on the way."""
    return len(choices_of(kind)) * folds * (INNER + 1)


def validate(
    asked: Asked, kind: str, plan: Plan, *, needed: bool
) -> Generator[Step, None, Validated | None]:
    """Return what a kind's experts say of patients left out; yield each step.

    Inside each fold the patients that teach are parted again to choose the setting by
    the mean one-against-rest AUC and to calibrate: what is tested never chose anything.
    Once it is to be stopped, the kind is given up, or, where it is ``needed``, one
    setting is taken untried in the folds that remain.
    """
    everything = np.arange(len(asked.classes))
    found = _nothing(asked)
    folds = grouped(asked, everything, plan.folds, plan.seed)
    for fold, (kept, left) in enumerate(folds, 1):
        said: dict[Choice, Array] = {}
        inner = (INNER, plan.seed + 1)
        for choice in choices_of(kind):
            if plan.control.stop.cancelled:
                break
            yield Tried(kind, INNER, f"fold {fold}: {kind}")
            said[choice] = left_out(asked, kept, choice, inner, plan.control.cancel)
        if plan.control.stop.cancelled and not needed:
            return None
        found.untried += len(said) < len(choices_of(kind))
        if not said:
            usual = choices_of(kind)[len(choices_of(kind)) // 2]
            said[usual] = left_out(asked, kept, usual, inner, plan.control.cancel)
        one = _best(asked, kept, left, said)
        found.take(one, one.says(asked.inputs[TABLE][left], asked.n_classes))
        if (curve := curve_of(one)) is not None:
            yield Learned(f"{kind}, fold {fold}", curve)
    return found


def try_settings(
    asked: Asked, validated: Validated, plan: Plan
) -> Generator[Step, None, dict[Choice, Array]]:
    """Return what each setting of a kind says of all clips, each left out in turn.

    Those most often chosen in the folds go first: one is tried even if it is to stop.
    """
    often = Counter(one.choice for one in validated.fitted)
    kind = validated.fitted[0].choice.kind
    rows = np.arange(len(asked.classes))
    said: dict[Choice, Array] = {}
    folds = (plan.folds, plan.seed)
    for choice in sorted(choices_of(kind), key=lambda one: -often[one]):
        if said and plan.control.stop.cancelled:
            break
        yield Tried(kind, plan.folds, f"all clips: {kind}")
        said[choice] = left_out(asked, rows, choice, folds, plan.control.cancel)
    return said


def best_of(asked: Asked, found: Sequence[Validated]) -> Validated:
    """Return, fold by fold, the expert of all kinds that did best on inner folds."""
    best = _nothing(asked)
    for fold in zip(*(one.fitted for one in found), strict=True):
        one = max(fold, key=lambda fitted: _number(fitted.area))
        best.take(one, one.says(asked.inputs[TABLE][one.left], asked.n_classes))
    return best


def fit_final(asked: Asked, said: Mapping[Choice, Array]) -> Fitted:
    """Return the expert fitted to all clips with the setting that did best."""
    rows = np.arange(len(asked.classes))
    return _best(asked, rows, rows[:0], said)


def curve_of(fitted: Fitted) -> Curve | None:
    """Return how a perceptron's loss fell; None for what is not fitted by steps."""
    model = fitted.head.model
    return model.curve if isinstance(model, Perceptron) else None


def _nothing(asked: Asked) -> Validated:
    n = len(asked.classes)
    return Validated(np.zeros((n, asked.n_classes)), np.zeros(n, np.intp))


def left_out(
    asked: Asked, rows: Rows, choice: Choice, plan: tuple[int, int], cancel: CancelToken
) -> Array:
    """Return scores of ``rows`` by experts fitted on the other patients of them."""
    said = np.zeros((len(asked.classes), asked.n_classes))
    for kept, left in grouped(asked, rows, *plan):
        cancel.check()
        said[left] = _scores(asked, kept, left, choice)
    return said[rows]


def _scores(asked: Asked, kept: Rows, left: Rows, choice: Choice) -> Array:
    """Return scores of ``left``; sure of the one class where there is no other."""
    seen = np.unique(asked.classes[kept])
    if len(seen) == 1:
        return np.eye(asked.n_classes)[np.repeat(seen, len(left))]
    return asked.said(asked.fitted(kept, (TABLE, choice)), left, TABLE)


def _best(asked: Asked, kept: Rows, left: Rows, said: Mapping[Choice, Array]) -> Fitted:
    truth = asked.classes[kept]
    areas = {choice: mean_area(truth, scores) for choice, scores in said.items()}
    best = max(areas, key=lambda choice: _number(areas[choice]))
    head = asked.fitted(kept, (TABLE, best))
    return Fitted(best, head, calibrated(said[best], truth), left, areas[best])


def _number(area: float) -> float:
    return float(np.nan_to_num(area, nan=-1.0))


def kinds_of(text: str) -> tuple[str, ...]:
    """Return the kinds that ``text`` names: ``all``, or some joined by commas."""
    return KINDS if text == "all" else tuple(part.strip() for part in text.split(","))
