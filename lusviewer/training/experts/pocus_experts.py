"""Diagnosis and severity on POCUS: kinds of experts compared, with what they cost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.training.data.pocus_labels import DIAGNOSES
from lusviewer.training.data.split import shipped_split
from lusviewer.training.experts.heads import CHOICES, KINDS, Choice
from lusviewer.training.experts.inputs import embedding, labels
from lusviewer.training.experts.nested import (
    Asked,
    Group,
    choose,
    mean_area,
    nested,
    options_of,
)
from lusviewer.training.measure.figures import accuracy, figure, plain
from lusviewer.training.measure.questions import N_GRADES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.training.data.pocus_labels import PocusClip
    from lusviewer.training.experts.nested import Nested
    from lusviewer.training.measure.clip_store import ReadClip

    Classes = NDArray[np.intp]
    Found = dict[str, Any]

ASKED_DIAGNOSES: Final = DIAGNOSES[:3]
_TIMED: Final = 200


def questions(
    clips: Sequence[ReadClip], known: Mapping[str, PocusClip]
) -> dict[str, tuple[Asked, tuple[str, ...]]]:
    """Return each question with the names of the clips it is put to."""
    classes = {
        "diagnosis": [_diagnosis(known[clip.name]) for clip in clips],
        "severity": [known[clip.name].severity for clip in clips],
    }
    counts = {"diagnosis": len(ASKED_DIAGNOSES), "severity": N_GRADES}
    inputs = {"38 probabilities": labels(clips), "embedding": embedding(clips)}
    found = {}
    for name, values in classes.items():
        kept = [i for i, value in enumerate(values) if value is not None]
        asked = Asked(
            {key: table[kept] for key, table in inputs.items()},
            np.array([values[i] for i in kept], np.intp),
            tuple(clips[i].patient for i in kept),
            counts[name],
        )
        found[name] = (asked, tuple(clips[i].name for i in kept))
    return found


def _diagnosis(clip: PocusClip) -> int | None:
    return clip.diagnosis if clip.diagnosis < len(ASKED_DIAGNOSES) else None


def compared(
    asked: Asked, names: Sequence[str], folds: tuple[int, int], cancel: CancelToken
) -> Iterator[tuple[str, Found]]:
    """Yield the figures of each kind on each input, and of the commonest class."""
    unseen = np.array([name not in _taught() for name in names], np.bool_)
    commonest = np.full(len(asked.classes), np.bincount(asked.classes).argmax())
    yield "commonest class", accuracy(asked.classes, commonest, asked.patients)
    groups = {
        f"{kind} on {name}": Group(
            tuple(options_of([name], [c for c in CHOICES if c.kind == kind]))
        )
        for name in asked.inputs
        for kind in KINDS
    }
    for name, found in nested(asked, groups, folds, cancel).items():
        yield (
            name,
            {
                **judged(asked, found),
                "unseen_by_the_network": _part(asked, found, unseen),
                "cost": cost(asked, groups[name].options, folds[1]),
            },
        )


def _taught() -> frozenset[str]:
    return frozenset(shipped_split()["train"])


def judged(asked: Asked, found: Nested) -> Found:
    """Return accuracy, balanced accuracy and mean AUC, with intervals."""
    said = found.scores.argmax(axis=1).astype(np.intp)

    def area(rows: Classes) -> float:
        return mean_area(asked.classes[rows], found.scores[rows])

    return {
        **accuracy(asked.classes, said, asked.patients),
        "mean_auc": figure(area, asked.patients),
    }


def _part(asked: Asked, found: Nested, rows: NDArray[np.bool_]) -> Found:
    said = found.scores.argmax(axis=1).astype(np.intp)[rows]
    owners = tuple(np.array(asked.patients)[rows].tolist())
    return accuracy(asked.classes[rows], said, owners)


def cost(asked: Asked, options: Sequence[tuple[str, Choice]], inner: int) -> Found:
    """Return seconds to choose and fit, milliseconds a clip and bytes of one expert.

    Of processor time: what else the machine does is no cost of the expert's.
    """
    rows = np.arange(len(asked.classes))
    started = time.process_time()
    best = choose(asked, rows, options, inner)
    head = asked.fitted(rows, best)
    fitted = time.process_time()
    row = rows[:1]
    for _ in range(_TIMED):
        asked.said(head, row, best[0])
    spent = (time.process_time() - fitted) / _TIMED
    return {
        "fit_seconds": plain(fitted - started, 2),
        "milliseconds_a_clip": plain(1000 * spent, 3),
        "bytes": head.size_bytes(),
    }
