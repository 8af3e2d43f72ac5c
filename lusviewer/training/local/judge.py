"""How good experts are on patients they were not fitted on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.training.experts.nested import mean_area
from lusviewer.training.local.samples import TABLE
from lusviewer.training.measure.figures import accuracy, area_figure, figure, plain
from lusviewer.training.measure.questions import (
    Answers,
    calibration_figures,
    roc_points,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.training.experts.nested import Asked
    from lusviewer.training.local.folds import Validated
    from lusviewer.training.local.samples import Samples

    Array = NDArray[np.float64]
    Found = dict[str, Any]

_TWICE_BELOW: Final = 60
"""With fewer features each is shuffled twice to see whether it matters."""

_TOLD: Final = 20


def summary(asked: Asked, probabilities: Array) -> Found:
    """Return AUC, accuracy and balanced accuracy with intervals over patients."""

    def area(rows: NDArray[np.intp]) -> float:
        return mean_area(asked.classes[rows], probabilities[rows])

    said = probabilities.argmax(axis=1).astype(np.intp)
    counted = accuracy(asked.classes, said, asked.patients)
    return {"auc": figure(area, asked.patients), **counted}


def details(samples: Samples, validated: Validated) -> Found:
    """Return ROC, confusion, calibration, folds and the clips that are wrong."""
    return {
        "roc": _curves(samples, validated.probabilities),
        "confusion": _confusion(samples, validated.probabilities),
        "calibration": _calibration(samples, validated.probabilities),
        "folds": _folds(samples, validated),
        "wrong": _wrong(samples, validated),
    }


def _curves(samples: Samples, probabilities: Array) -> Found:
    names = samples.question.classes
    asked = range(len(names)) if len(names) > 2 else (1,)
    curves = {}
    for place in asked:
        truth = (samples.classes == place).astype(np.float64)
        score = probabilities[:, place]
        area = area_figure(truth, score, samples.patients)
        curves[names[place]] = {"auc": area, "points": roc_points(truth, score)}
    return curves


def _confusion(samples: Samples, probabilities: Array) -> list[list[int]]:
    """Return counts, a row a label, a column what was said."""
    n = len(samples.question.classes)
    table = np.zeros((n, n), np.intp)
    np.add.at(table, (samples.classes, probabilities.argmax(axis=1)), 1)
    return [[int(count) for count in row] for row in table]


def _calibration(samples: Samples, probabilities: Array) -> Found:
    """Return how far probabilities hold: of the second class, or of what is said."""
    if probabilities.shape[1] == 2:
        truth, score = samples.classes == 1, probabilities[:, 1]
    else:
        truth = samples.classes == probabilities.argmax(axis=1)
        score = probabilities.max(axis=1)
    answers = Answers(truth.astype(np.float64), score, samples.patients)
    return calibration_figures(answers)


def _folds(samples: Samples, validated: Validated) -> list[Found]:
    found = []
    for number, one in enumerate(validated.fitted):
        truth, said = samples.classes[one.left], validated.probabilities[one.left]
        right = float((truth == said.argmax(axis=1)).mean())
        found.append(
            {
                "fold": number + 1,
                "patients": len({samples.patients[row] for row in one.left}),
                "clips": len(one.left),
                "kind": one.choice.kind,
                "setting": one.choice.setting,
                "auc": plain(mean_area(truth, said)),
                "accuracy": plain(right),
            }
        )
    return found


def _wrong(samples: Samples, validated: Validated) -> list[Found]:
    """Return the clips whose likeliest class is not their label, the surest first."""
    said = validated.probabilities.argmax(axis=1)
    rows = np.flatnonzero(said != samples.classes)
    sure = validated.probabilities[rows, said[rows]]
    names = samples.question.classes
    return [
        {
            "clip": samples.clips[row].id,
            "name": samples.clips[row].name,
            "patient": samples.clips[row].patient,
            "label": names[int(samples.classes[row])],
            "said": names[int(said[row])],
            "probability": plain(float(validated.probabilities[row, said[row]])),
        }
        for row in rows[np.argsort(-sure, kind="stable")]
    ]


def importance(
    asked: Asked,
    names: tuple[str, ...],
    validated: Validated,
    seed: int,
    cancel: CancelToken,
) -> dict[str, float]:
    """Return by how much the AUC of left-out patients falls if a feature is shuffled.

    The largest first. Features that say the same share what they are worth.
    """
    rng = np.random.default_rng(seed)
    inputs = asked.inputs[TABLE]
    times = 2 if len(names) < _TWICE_BELOW else 1
    whole = mean_area(asked.classes, validated.probabilities)
    worth: dict[str, float] = {}
    for column, name in enumerate(names):
        falls = []
        for _ in range(times):
            cancel.check()
            said = _shuffled(inputs, column, asked, validated, rng.permutation)
            falls.append(whole - mean_area(asked.classes, said))
        worth[name] = float(np.mean(falls))
    return _largest(worth)


def _shuffled(
    inputs: Array,
    column: int,
    asked: Asked,
    validated: Validated,
    shuffle: Callable[[Array], Array],
) -> Array:
    said = np.zeros((len(inputs), asked.n_classes))
    for one in validated.fitted:
        part = inputs[one.left].copy()
        part[:, column] = shuffle(part[:, column])
        said[one.left] = one.says(part, asked.n_classes)
    return said


def _largest(worth: Mapping[str, float]) -> dict[str, float]:
    order = sorted(worth, key=lambda name: -worth[name])[:_TOLD]
    return {name: round(worth[name], 4) for name in order if worth[name] > 0}
