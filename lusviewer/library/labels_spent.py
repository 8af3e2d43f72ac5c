"""What the labels given so far bought: the accuracy after the first few, after more.

The order in which they were given stands beside the same labels in random order, both
tested on the same clips of patients left out, as in active learning's learning curves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.errors import LibraryError
from lusviewer.experts.features import FEATURES, feature_words
from lusviewer.library.heads import Array, fitted, scaled
from lusviewer.library.named import task_key
from lusviewer.library.tasks import Kind
from lusviewer.library.values import NOT_ASSESSABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.library.library import Library
    from lusviewer.library.tasks import Task

    Rows = NDArray[np.intp]

SHARES: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
"""After which shares of the labels the heads are tested."""

LEAST: Final = 20
"""So few labels, or fewer, draw no curve."""

FOLDS: Final = 5
DRAWS: Final = 5


@dataclass(frozen=True, slots=True)
class Spent:
    """A point of the curve: how many labels, and the AUC on patients left out.

    ``by_chance`` has the AUC of each random order. The mean over the classes, each
    against the others.
    """

    labels: int
    in_order: float
    by_chance: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Labelled:
    """Labelled clips in the order they were labelled; ``truth`` ``(n, classes)``."""

    inputs: Array
    truth: Array
    patients: Rows


def labels_spent(library: Library, task: str, cancel: CancelToken) -> Iterator[Spent]:
    """Yield the curve of a task with classes, the fewest labels first.

    Heads learn from the first labels of four fifths of the patients and are tested on
    all labels of the others. Raises ``LibraryError`` where there are too few.
    """
    clips = _labelled(library, task)
    tests = _folds(clips.patients)
    draws = [np.random.default_rng(seed) for seed in range(DRAWS)]
    n = len(clips.truth)
    orders = [np.arange(n), *(draw.permutation(n) for draw in draws)]
    for share in SHARES:
        areas = []
        for order in orders:
            cancel.check()
            areas.append(_tested(clips, order, tests, share))
        yield Spent(round(share * n), areas[0], tuple(areas[1:]))


def _labelled(library: Library, name: str) -> _Labelled:
    known = library.labels.tasks()
    task = known[task_key(known, name)]
    models = library.analyses.models()
    if not models or task.kind is not Kind.CLASS:
        msg = f"There is no curve for {task.words}: it has no classes."
        if not models:
            msg = "No clip of the library was analysed yet."
        raise LibraryError(msg, hint="Analyse the clips and choose a task of classes.")
    table = library.analyses.table(models[0].sha256)
    place = {clip: row for row, clip in enumerate(table.clip_ids.tolist())}
    labels = sorted(library.labels.of_task(task.key), key=lambda one: one.id)
    answers = {one.answer.clip_id: one.answer.value for one in labels}
    rows = {
        place[clip]: value
        for clip, value in answers.items()
        if value not in (None, NOT_ASSESSABLE)
        and clip in place
        and table.assessable[place[clip]]
    }
    patient_of = {clip.id: clip.patient for clip in library.clips.all()}
    at = np.array(list(rows), np.intp)
    people = [patient_of[clip] for clip in table.clip_ids[at].tolist()]
    _check(task, list(rows.values()), len(set(people)))
    said = [i for i, n in enumerate(table.names) if not n.startswith("measured.")]
    inputs = scaled([table.features[:, said], table.embedding_mean])[at]
    classes = task.classes[:1] if len(task.classes) == 2 else task.classes
    values = list(rows.values())
    truth = np.array([[float(v == c) for c in classes] for v in values])
    numbers = np.unique(people, return_inverse=True)[1]
    return _Labelled(inputs, truth, numbers.astype(np.intp))


def _check(task: Task, values: list[str | None], patients: int) -> None:
    name = feature_words(task.key) if task.key in FEATURES else task.words
    if len(set(values)) == 1:
        msg = f"All {len(values)} labels for {name} say {values[0]}: no curve."
        raise LibraryError(msg, hint="Label clips that show something else, too.")
    if len(values) <= LEAST or patients < FOLDS:
        labels = f"{len(values)} labels of {patients} patients"
        msg = f"{labels} for {name} draw no curve."
        hint = f"More than {LEAST} labels of {FOLDS} patients or more are needed."
        raise LibraryError(msg, hint=hint)


def _folds(patients: Rows) -> list[NDArray[np.bool_]]:
    order = np.random.default_rng(0).permutation(np.unique(patients))
    return [np.isin(patients, order[fold::FOLDS]) for fold in range(FOLDS)]


def _tested(
    clips: _Labelled, order: Rows, tests: list[NDArray[np.bool_]], share: float
) -> float:
    """Return the AUC over all folds, heads having learned from a share of each."""
    said = np.zeros_like(clips.truth)
    for test in tests:
        learn = order[~test[order]]
        learn = learn[: max(2, round(share * len(learn)))]
        for q in range(clips.truth.shape[1]):
            head = fitted(clips.inputs[learn], clips.truth[learn, q])
            said[test, q] = head.probabilities(clips.inputs[test])
    columns = zip(clips.truth.T, said.T, strict=True)
    return float(np.mean([area for t, s in columns if np.isfinite(area := auc(t, s))]))


def auc(truth: Array, said: Array) -> float:
    """Return the area under the ROC curve, NaN for one class (Mann and Whitney)."""
    ranks = np.argsort(np.argsort(said, kind="stable"), kind="stable") + 1.0
    for value in np.unique(said):
        same = said == value
        ranks[same] = ranks[same].mean()
    yes = truth == 1
    n_yes, n_no = int(yes.sum()), int((~yes).sum())
    if not n_yes or not n_no:
        return float("nan")
    return float((ranks[yes].sum() - n_yes * (n_yes + 1) / 2) / (n_yes * n_no))
