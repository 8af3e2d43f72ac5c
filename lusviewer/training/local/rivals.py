"""An expert side by side with those in use, on the same patients."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import ManifestError
from lusviewer.experts.expert import open_expert
from lusviewer.experts.store import VALIDATION
from lusviewer.training.experts.nested import mean_area
from lusviewer.training.measure.figures import drawn_figure
from lusviewer.training.measure.metrics import resampled_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.experts import Expert
    from lusviewer.training.local.question import Question
    from lusviewer.training.local.samples import Samples

    Array = NDArray[np.float64]
    Rows = NDArray[np.intp]
    Found = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rival:
    """What another expert says of the same clips: probabilities ``(n, n_classes)``.

    ``unseen`` counts clips answered by experts like it that were not fitted on
    them. ``fair`` ``(n,)`` are the clips that count: not those of patients it learned
    from by other clips, of whom it knows more than it would of a new patient.
    """

    name: str
    probabilities: Array
    fair: NDArray[np.bool_]
    abstained: int = 0
    unseen: int = 0


def rivals(samples: Samples, folders: Mapping[str, Path]) -> Iterator[Rival]:
    """Yield the experts in use that answer the question, and the model itself.

    An expert fitted to another model, or with classes of which the question knows
    none, is no rival.
    """
    yield from _model(samples)
    for name, folder in folders.items():
        expert = open_expert(folder)
        if _answers(expert, samples):
            yield read_rival(name, folder, samples)


def _answers(expert: Expert, samples: Samples) -> bool:
    manifest = expert.manifest
    fitted = manifest.model_sha256 in (None, samples.model_sha256)
    known = [samples.question.class_of(name) for name in manifest.classes]
    same = set(manifest.classes) == set(samples.question.classes)
    return (
        fitted
        and manifest.target == samples.question.task
        and (same or any(place is not None for place in known))
    )


def read_rival(name: str, folder: Path, samples: Samples) -> Rival:
    """Return what the expert in ``folder`` says of the clips.

    Of clips it was validated on it is taken what experts like it said that were not
    fitted on that patient. Other clips of those patients do not count: there is no such
    answer. Raises ``ManifestError`` where it answers something else.
    """
    expert = open_expert(folder)
    places = _places(expert, samples.question)
    if not places:
        msg = f"{name} answers {expert.manifest.target}, not {samples.question.task}."
        raise ManifestError(msg, hint="Compare experts for the same task and classes.")
    stored = left_out_answers(folder)
    taught = {samples.owners[sha256] for sha256 in stored if sha256 in samples.owners}
    said, fair, abstained, unseen = [], [], 0, 0
    for clip, known in zip(samples.clips, samples.known, strict=True):
        if (kept := stored.get(clip.sha256)) is not None:
            said.append(kept)
            fair.append(True)
            unseen += 1
            continue
        prediction = expert.predict(known, CancelToken())
        said.append(list(prediction.probabilities))
        fair.append(clip.patient not in taught)
        abstained += prediction.abstained and fair[-1]
    given = np.array(said, np.float64)
    table = np.zeros((len(given), len(samples.question.classes)))
    for column, place in places.items():
        table[:, place] += given[:, column]
    total = table.sum(axis=1, keepdims=True)
    even = 1 / table.shape[1]
    table = np.where(total > 0, table / np.maximum(total, 1e-9), even)
    return Rival(name, table, np.array(fair, np.bool_), abstained, unseen)


def _places(expert: Expert, question: Question) -> dict[int, int]:
    """Return which class of the question each of the expert's belongs to."""
    names = expert.manifest.classes
    if expert.manifest.target != question.task:
        return {}
    if set(names) == set(question.classes):
        return {i: question.classes.index(name) for i, name in enumerate(names)}
    places = {i: question.class_of(name) for i, name in enumerate(names)}
    return {i: place for i, place in places.items() if place is not None}


def left_out_answers(folder: Path) -> dict[str, list[float]]:
    """Return the probabilities by clip that stand beside an expert; none without."""
    path = folder / VALIDATION
    if not path.is_file():
        return {}
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {one["sha256"]: one["probabilities"] for one in stored["clips"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path} cannot be read: {error!r}."
        raise ManifestError(msg, hint="Train the expert again.") from error


def _model(samples: Samples) -> Iterator[Rival]:
    """Yield the model's own probability, where it gives one for the task."""
    key = samples.question.task
    if samples.question.classes != ("no", "yes") or key not in samples.known[0]:
        return
    score = np.nan_to_num([known[key] for known in samples.known], nan=0.5)
    everything = np.ones(len(score), np.bool_)
    yield Rival("the model itself", np.stack([1 - score, score], axis=1), everything)


def side_by_side(samples: Samples, own: Array, rival: Rival) -> Found:
    """Return the difference of AUC and accuracy, own less rival's, with intervals.

    Both are measured on the same patients, drawn again and again together: on those
    of whose clips the rival's answers are fair. ``learned_from`` counts the others.
    """
    rows = np.flatnonzero(rival.fair)
    classes, patients = samples.classes[rows], [samples.patients[row] for row in rows]
    own, theirs = own[rows], rival.probabilities[rows]

    def area(table: Array, drawn: Rows) -> float:
        return mean_area(classes[drawn], table[drawn])

    def right(table: Array, drawn: Rows) -> float:
        return float((table[drawn].argmax(axis=1) == classes[drawn]).mean())

    return {
        "expert": rival.name,
        "abstained": rival.abstained,
        "of_left_out_patients": rival.unseen,
        "learned_from": len(rival.fair) - len(rows),
        "clips": len(classes),
        "patients": len(set(patients)),
        "auc": _compared(area, own, theirs, patients),
        "accuracy": _compared(right, own, theirs, patients),
    }


def _compared(
    measure: Callable[[Array, Rows], float],
    own: Array,
    theirs: Array,
    patients: Sequence[str],
) -> Found:
    """Return both figures and their difference, measured on the same drawn patients."""

    def both(rows: Rows) -> tuple[float, float]:
        return measure(own, rows), measure(theirs, rows)

    first, second = both(np.arange(len(patients)))
    drawn = np.array([both(rows) for rows in resampled_rows(patients)])
    return {
        "own": drawn_figure(first, drawn[:, 0]),
        "rival": drawn_figure(second, drawn[:, 1]),
        "difference": drawn_figure(first - second, drawn[:, 0] - drawn[:, 1]),
    }
