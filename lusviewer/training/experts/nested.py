"""Nested cross-validation by patient: what is tested never chose anything."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lusviewer.training.experts.heads import Choice, Head, fit_head
from lusviewer.training.measure.metrics import platt, roc_auc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken

    Array = NDArray[np.float64]
    Classes = NDArray[np.intp]
    Option = tuple[str, Choice]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question put to clips: ``inputs`` by name ``(n, f)``, NaN where not known.

    ``classes`` ``(n,)`` of ``n_classes``; ``patients`` ``(n,)`` are kept together.
    """

    inputs: Mapping[str, Array]
    classes: Classes
    patients: tuple[str, ...]
    n_classes: int

    def weights(self, rows: Classes) -> Array:
        """Return how much each clip counts: many of a patient little more than one."""
        owners = np.asarray(self.patients)[rows]
        _, owner, count = np.unique(owners, return_inverse=True, return_counts=True)
        weights = 1 / np.sqrt(count[owner])
        return np.asarray(weights * len(rows) / weights.sum())

    def fitted(self, rows: Classes, option: Option) -> Head:
        """Return an expert fitted to ``rows``."""
        name, choice = option
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # A fit that stops early is judged as it is.
            inputs = self.inputs[name][rows]
            owners = [self.patients[row] for row in rows]
            weights = self.weights(rows)
            return fit_head(inputs, self.classes[rows], weights, choice, owners)

    def said(self, head: Head, rows: Classes, name: str) -> Array:
        """Return the scores ``(len(rows), n_classes)`` that ``head`` gives."""
        return head.scores(self.inputs[name][rows], self.n_classes)


@dataclass(frozen=True, slots=True)
class Nested:
    """Scores ``(n, n_classes)`` of experts that other patients taught and chose."""

    scores: Array
    chosen: tuple[Option, ...]

    def counted(self) -> dict[str, int]:
        """Return how often each input and kind was chosen."""
        names = Counter(f"{choice.kind} on {name}" for name, choice in self.chosen)
        return dict(names.most_common())


@dataclass(frozen=True, slots=True)
class Group:
    """Options to choose among; the mean of the ``best`` ones answers."""

    options: tuple[Option, ...]
    best: int = 1


@dataclass(frozen=True, slots=True)
class _Tried:
    """What an option said of ``rows`` by inner folds, and how well."""

    rows: Classes
    scores: Array
    area: float


def nested(
    asked: Asked,
    groups: Mapping[str, Group],
    folds: tuple[int, int],
    cancel: CancelToken,
) -> dict[str, Nested]:
    """Return each clip's scores, group by group, by experts fitted on other patients.

    ``folds`` outer ones are left out in turn; of the rest, inner ones are left out to
    choose within each group by the mean one-against-rest AUC.
    """
    everything = np.arange(len(asked.classes))
    shape = (len(everything), asked.n_classes)
    scores = {name: np.zeros(shape) for name in groups}
    chosen: dict[str, list[Option]] = {name: [] for name in groups}
    every = dict.fromkeys(o for group in groups.values() for o in group.options)
    for kept, left in grouped(asked, everything, folds[0], seed=0):
        cancel.check()
        tried = {option: _tried(asked, kept, option, folds[1]) for option in every}
        said: dict[Option, Array] = {}
        for name, group in groups.items():
            best = sorted(group.options, key=lambda o: -tried[o].area)[: group.best]
            for option in best:
                if option not in said:
                    said[option] = _answered(asked, kept, left, option, tried[option])
            scores[name][left] = np.mean([said[option] for option in best], axis=0)
            chosen[name] += best
    return {n: Nested(scores[n], tuple(chosen[n])) for n in groups}


def choose(
    asked: Asked, rows: Classes, options: Sequence[Option], folds: int
) -> Option:
    """Return the option that does best on the patients of ``rows`` left out in turn."""
    return max(options, key=lambda o: _tried(asked, rows, o, folds).area)


def _tried(asked: Asked, rows: Classes, option: Option, folds: int) -> _Tried:
    said = np.zeros((len(asked.classes), asked.n_classes))
    for kept, left in grouped(asked, rows, folds, seed=1):
        said[left] = asked.said(asked.fitted(kept, option), left, option[0])
    area = mean_area(asked.classes[rows], said[rows])
    return _Tried(rows, said[rows], -1.0 if np.isnan(area) else area)


def _answered(
    asked: Asked, kept: Classes, left: Classes, option: Option, tried: _Tried
) -> Array:
    """Return scores of the rows left out; of two classes, as probabilities.

    Experts of different folds and kinds have no common scale: Platt's calibration on
    what the inner folds said gives them one.
    """
    said = asked.said(asked.fitted(kept, option), left, option[0])
    if asked.n_classes != 2:
        return said
    truth = asked.classes[kept].astype(np.float64)
    scale, offset = platt(truth, _logit(tried.scores))
    probability = 1 / (1 + np.exp(-(scale * _logit(said) + offset)))
    return np.stack([1 - probability, probability], axis=1)


def _logit(scores: Array) -> Array:
    share = np.clip(scores[:, 1], 0.01, 0.99)
    return np.asarray(np.log(share / (1 - share)))


def mean_area(classes: Classes, scores: Array) -> float:
    """Return the mean one-against-rest AUC; of two classes, that of the second."""
    n_classes = scores.shape[1]
    asked = [1] if n_classes == 2 else range(n_classes)
    areas = [roc_auc((classes == c).astype(np.float64), scores[:, c]) for c in asked]
    kept = [area for area in areas if not np.isnan(area)]
    return float(np.mean(kept)) if kept else float("nan")


def grouped(
    asked: Asked, rows: Classes, folds: int, seed: int
) -> Iterator[tuple[Classes, Classes]]:
    """Yield the rows kept and those left out: whole patients, the classes spread."""
    owners = np.asarray(asked.patients)[rows]
    names = np.unique(owners)
    rng = np.random.default_rng(seed)
    most = {name: int(asked.classes[rows][owners == name].max()) for name in names}
    order = sorted(rng.permutation(names), key=lambda name: most[str(name)])
    place: dict[str, int] = {str(n): i % folds for i, n in enumerate(order)}
    fold = np.array([place[str(name)] for name in owners])
    for index in range(min(folds, len(names))):
        yield rows[fold != index], rows[fold == index]


def options_of(inputs: Sequence[str], choices: Sequence[Choice]) -> list[Option]:
    """Return every choice on every input."""
    return [(name, choice) for name in inputs for choice in choices]
