"""How good experts are on patients they were not fitted on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.experts.features import feature_words
from lusviewer.training.experts.nested import mean_area
from lusviewer.training.local.folds import Tried
from lusviewer.training.local.graphs import plain_tree
from lusviewer.training.local.samples import TABLE
from lusviewer.training.measure.figures import accuracy, area_figure, figure, plain
from lusviewer.training.measure.questions import (
    Answers,
    calibration_figures,
    roc_points,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from numpy.typing import NDArray

    from lusviewer.training.experts.nested import Asked
    from lusviewer.training.lite.expert_heads import TreeHead
    from lusviewer.training.local.folds import Fitted, Plan, Validated
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
        points = [list(point) for point in zip(*roc_points(truth, score), strict=True)]
        curves[names[place]] = {"auc": area, "points": points}
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
            "sha256": samples.clips[row].sha256,
            "fold": int(validated.fold[row]) + 1,
            "label": names[int(samples.classes[row])],
            "said": names[int(said[row])],
            "probability": plain(float(validated.probabilities[row, said[row]])),
        }
        for row in rows[np.argsort(-sure, kind="stable")]
    ]


def importance(
    asked: Asked, names: tuple[str, ...], validated: Validated, plan: Plan
) -> Generator[Tried, None, dict[str, float]]:
    """Return by how much the AUC of left-out patients falls if a feature is shuffled.

    The largest first. Features that say the same share what they are worth.
    """
    rng = np.random.default_rng(plan.seed)
    inputs = asked.inputs[TABLE]
    times = 2 if len(names) < _TWICE_BELOW else 1
    whole = mean_area(asked.classes, validated.probabilities)
    worth: dict[str, float] = {}
    for column, name in enumerate(names):
        yield Tried("figures", 1, "what it decides by")
        falls = []
        for _ in range(times):
            plan.control.cancel.check()
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


def tree_nodes(samples: Samples, fitted: Fitted) -> list[Found] | None:
    """Return a tree's nodes, the root first; None where the expert is no tree.

    ``shares`` are the classes' probabilities at a leaf; of an inner node, as
    ``clips`` of any, they are counted on the clips it was fitted to.
    """
    if fitted.choice.kind != "tree":
        return None
    n_classes = len(samples.question.classes)
    tree = plain_tree(fitted, n_classes)
    middle = fitted.head.middle
    filled = np.where(np.isnan(samples.features), middle, samples.features)
    counts = np.zeros((len(tree.feature), n_classes), np.intp)
    for row, place in zip(filled, samples.classes, strict=True):
        for node in _path(tree, row):
            counts[node, place] += 1
    return [
        _node(samples.names, tree, node, counts[node]) for node in range(len(counts))
    ]


def _path(tree: TreeHead, row: Array) -> Iterator[int]:
    node = 0
    yield node
    while tree.left[node] >= 0:
        low = np.float32(row[tree.feature[node]]) <= np.float32(tree.threshold[node])
        node = tree.left[node] if low else tree.right[node]
        yield node


def _node(
    names: tuple[str, ...], tree: TreeHead, node: int, counts: NDArray[np.intp]
) -> Found:
    leaf = tree.left[node] < 0
    key = None if leaf else names[tree.feature[node]]
    shares = tree.probabilities[node] if leaf else counts / max(counts.sum(), 1)
    return {
        "feature": key,
        "words": None if key is None else feature_words(key),
        "threshold": None if leaf else tree.threshold[node],
        "left": None if leaf else tree.left[node],
        "right": None if leaf else tree.right[node],
        "shares": [round(float(share), 4) for share in shares],
        "clips": int(counts.sum()),
    }
