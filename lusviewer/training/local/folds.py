"""Cross-validation of every kind by patient, told step by step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.training.experts.heads import CHOICES, KINDS
from lusviewer.training.experts.nested import grouped, mean_area
from lusviewer.training.local.calibrate import Calibration, calibrated
from lusviewer.training.local.samples import TABLE

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.training.experts.heads import Choice, Head
    from lusviewer.training.experts.nested import Asked

    Array = NDArray[np.float64]
    Rows = NDArray[np.intp]

INNER: Final = 3
"""Folds of the patients that teach, to choose settings by."""

BEST: Final = "best of all"


@dataclass(frozen=True, slots=True)
class Fitted:
    """An expert with its calibration, and the rows it is tested on."""

    choice: Choice
    head: Head
    calibration: Calibration
    left: Rows

    def says(self, features: Array, n_classes: int) -> Array:
        """Return probabilities ``(n, n_classes)``."""
        return self.calibration.apply(self.head.scores(features, n_classes))


@dataclass(slots=True)
class Validated:
    """What experts of one group said of patients they were not fitted on.

    ``probabilities`` ``(n, n_classes)``; ``fold`` ``(n,)`` in which a row was tested.
    """

    probabilities: Array
    fold: Rows
    fitted: list[Fitted] = field(default_factory=list)

    def chosen(self) -> dict[str, int]:
        """Return how often each kind was chosen."""
        return dict(Counter(one.choice.kind for one in self.fitted).most_common())


@dataclass(frozen=True, slots=True)
class Tried:
    """A step of the work: how much is done, and what it was."""

    done: int
    total: int
    what: str


def groups_of(kinds: Sequence[str]) -> dict[str, tuple[Choice, ...]]:
    """Return the choices of each kind, and with several kinds those of all."""
    groups = {kind: tuple(c for c in CHOICES if c.kind == kind) for kind in kinds}
    if len(groups) > 1:
        groups[BEST] = tuple(c for c in CHOICES if c.kind in kinds)
    return groups


def steps_of(kinds: Sequence[str], folds: int) -> int:
    """Return how many times experts are tried."""
    return sum(c.kind in kinds for c in CHOICES) * (folds + 1)


def cross_validate(
    asked: Asked,
    groups: Mapping[str, tuple[Choice, ...]],
    plan: tuple[int, int],
    cancel: CancelToken,
) -> Generator[Tried, None, dict[str, Validated]]:
    """Return what each group's experts say of patients left out; yield each trial.

    ``plan`` is the number of folds and the seed. Inside each fold the patients that
    teach are parted again to choose the setting by the mean one-against-rest AUC and to
    calibrate: what is tested never chose anything.
    """
    folds, seed = plan
    everything = np.arange(len(asked.classes))
    shape = (len(everything), asked.n_classes)
    found = {
        name: Validated(np.zeros(shape), np.zeros(len(everything), np.intp))
        for name in groups
    }
    every = tuple(dict.fromkeys(c for choices in groups.values() for c in choices))
    total, done = len(every) * (folds + 1), 0
    for fold, (kept, left) in enumerate(grouped(asked, everything, folds, seed)):
        inner: dict[Choice, Array] = {}
        for choice in every:
            done += 1
            yield Tried(done, total, f"fold {fold + 1}: {choice.kind}")
            inner[choice] = left_out(asked, kept, choice, (INNER, seed + 1), cancel)
        for name, choices in groups.items():
            one = _best(asked, kept, left, {c: inner[c] for c in choices})
            found[name].probabilities[left] = one.says(
                asked.inputs[TABLE][left], asked.n_classes
            )
            found[name].fold[left] = fold
            found[name].fitted.append(one)
    return found


def fit_final(
    asked: Asked, choices: Sequence[Choice], plan: tuple[int, int], cancel: CancelToken
) -> Generator[Tried, None, Fitted]:
    """Return the expert fitted to all clips, its setting chosen by left-out ones."""
    rows = np.arange(len(asked.classes))
    said: dict[Choice, Array] = {}
    for done, choice in enumerate(choices, 1):
        yield Tried(done, len(choices), f"all clips: {choice.kind}")
        said[choice] = left_out(asked, rows, choice, plan, cancel)
    return _best(asked, rows, rows[:0], said)


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
    best = max(areas, key=lambda choice: np.nan_to_num(areas[choice], nan=-1.0))
    head = asked.fitted(kept, (TABLE, best))
    return Fitted(best, head, calibrated(said[best], truth), left)


def kinds_of(text: str) -> tuple[str, ...]:
    """Return the kinds that ``text`` names: ``all``, or some joined by commas."""
    return KINDS if text == "all" else tuple(part.strip() for part in text.split(","))
