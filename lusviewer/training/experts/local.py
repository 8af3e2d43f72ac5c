"""A hospital's own experts: fitted on its own training folds, tested on the others.

Nothing of what is learned here ships, and no image weight changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.training.experts.heads import CHOICES, KINDS
from lusviewer.training.experts.inputs import answers, embedding, said
from lusviewer.training.experts.nested import Asked, Group, nested, options_of
from lusviewer.training.measure.blues import SEVERE
from lusviewer.training.measure.figures import area_figure
from lusviewer.training.measure.questions import Answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lusviewer.cancel import CancelToken
    from lusviewer.experts.expert import Expert
    from lusviewer.training.experts.nested import Nested
    from lusviewer.training.measure.blues import BluesLabels
    from lusviewer.training.measure.clip_store import ReadClip

    Found = dict[str, Any]

ASKED: Final = ("b_lines", "a_lines", "severe")

BLENDED: Final = 5
"""How many of the best experts answer together: one alone is chosen by luck."""


SHIPPED: Final = "what the shipped models say"
"""The input of experts that only correct the shipped ones for another device."""


def local_questions(
    clips: Sequence[ReadClip],
    labels: Mapping[str, BluesLabels],
    experts: Sequence[Expert] = (),
) -> dict[str, Asked]:
    """Return B-lines, A-lines and severity 2 or more, as asked of the clips.

    ``experts`` are shipped severity experts, whose answers are one more input.
    """
    said_of, embedded = said(clips), embedding(clips)
    inputs = {
        "probabilities and measured values": said_of,
        "embedding": embedded,
        "both": np.concatenate([said_of, embedded], axis=1),
        SHIPPED: answers(clips, experts),
    }
    found = {}
    for name in ASKED:
        truth = [_truth(labels[clip.name], name) for clip in clips]
        kept = [i for i, value in enumerate(truth) if value is not None]
        found[name] = Asked(
            {key: table[kept] for key, table in inputs.items()},
            np.array([truth[i] for i in kept], np.intp),
            tuple(clips[i].patient for i in kept),
            2,
        )
    return found


def _truth(labels: BluesLabels, name: str) -> bool | None:
    if name == "severe":
        return None if labels.severity is None else labels.severity >= SEVERE
    return labels.shows(name)


def local_figures(
    asked: Asked, folds: tuple[int, int], cancel: CancelToken
) -> Iterator[tuple[str, Found]]:
    """Yield the AUC of the five best experts' mean, of the best one, of each kind.

    Inner folds choose input, kind and setting together. Last, regressions on what the
    shipped models say, which the others do not see.
    """
    every = options_of([name for name in asked.inputs if name != SHIPPED], CHOICES)
    groups = {"blend": Group(tuple(every), BLENDED), "one": Group(tuple(every))}
    for kind in KINDS:
        groups[kind] = Group(tuple(o for o in every if o[1].kind == kind))
    if SHIPPED in asked.inputs:
        plain = [choice for choice in CHOICES if choice.kind == "logistic"]
        groups["corrected"] = Group(tuple(options_of([SHIPPED], plain)))
    for name, found in nested(asked, groups, folds, cancel).items():
        yield name, _judged(asked, found)


def _judged(asked: Asked, found: Nested) -> Found:
    answers = Answers(
        asked.classes.astype(np.float64), found.scores[:, 1], asked.patients
    )
    patient = answers.by_patient()
    return {
        "auc": area_figure(answers.truth, answers.score, answers.patients),
        "auc_by_patient": area_figure(patient.truth, patient.score, patient.patients),
        "chosen": found.counted(),
    }
