"""The clips an expert learns from: what is known of them, and what was said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.experts.features import CLINICAL, MEASURED_FEATURES, embedding_names
from lusviewer.findings import LABELS
from lusviewer.library.values import NOT_ASSESSABLE
from lusviewer.training.experts.nested import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from lusviewer.library import ClipEntry, KeptLabel, Library
    from lusviewer.library.analyses import FeatureTable
    from lusviewer.training.local.chosen import Chosen
    from lusviewer.training.local.question import Question

    Array = NDArray[np.float64]

INPUTS: Final = ("biomarkers", "measured", "embedding", "clinical")
TABLE: Final = "chosen"
"""The name of the one table of inputs inside what is asked."""

NOT_CHOSEN: Final = "not among the clips chosen"
NOT_ASSESSABLE_SAID: Final = "labelled not assessable"
UNSURE: Final = "less certain"
OTHER_CLASS: Final = "of no class asked for"
NOT_ANALYSED: Final = "not analysed by this model"
NOT_LUNG: Final = "taken for not assessable by the model"
"""Why a labelled clip does not take part."""

_ANSWERS: Final = {
    "diagnosis": ("clin_diagn#", "cov_test"),
    "s_f": ("oxygen_", "pO2", "spo2", "fio2"),
}
"""What clinical values are, or nearly are, the answer to a task: they are left out."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Labelled and analysed clips, a row each.

    ``features`` ``(n, f)`` named by ``names``, NaN where not known; ``known`` are all
    features of each clip, for experts that decide by others. ``left_out`` says how
    many clips do not take part, and why; ``disputed`` how many that do were labelled
    differently by several raters. ``owners`` has the patient of every clip of the
    library, by its SHA-256. ``chosen`` None means that any clip could take part.
    """

    question: Question
    clips: tuple[ClipEntry, ...]
    names: tuple[str, ...]
    features: Array
    classes: NDArray[np.intp]
    known: tuple[Mapping[str, float], ...]
    model_sha256: str
    raters: tuple[str, ...]
    left_out: Mapping[str, int]
    disputed: int = 0
    chosen: Chosen | None = None
    owners: Mapping[str, str] = field(default_factory=dict)

    @property
    def patients(self) -> tuple[str, ...]:
        """Whose clip each row is."""
        return tuple(clip.patient for clip in self.clips)

    def asked(self) -> Asked:
        """Return the question as the comparison of experts takes it."""
        n_classes = len(self.question.classes)
        return Asked({TABLE: self.features}, self.classes, self.patients, n_classes)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which clips and what of them: kinds of ``inputs``, labels at least so certain.

    ``chosen`` None takes any clip.
    """

    inputs: tuple[str, ...] = ("biomarkers", "measured")
    rater: str | None = None
    certainty: float = 0.5
    chosen: Chosen | None = None


def read_samples(
    library: Library, question: Question, model_sha256: str, choice: Choice
) -> Samples:
    """Return the clips of a library that answer ``question`` and were analysed.

    Of several raters the newest answer counts. Raises ``TrainingError`` for inputs
    nobody knows, ``LibraryError`` where the model analysed no clip.
    """
    if unknown := sorted(set(choice.inputs) - set(INPUTS)):
        msg = f"There is no input {', '.join(unknown)}."
        raise TrainingError(msg, hint=f"There are {', '.join(INPUTS)}.")
    table = library.analyses.table(model_sha256)
    rows = {int(clip): row for row, clip in enumerate(table.clip_ids)}
    entries = {clip.id: clip for clip in library.clips.all()}
    said, left_out = newest_answers(library, question, choice)
    kept = [clip for clip in said if clip in rows and table.assessable[rows[clip]]]
    left_out[NOT_ANALYSED] = sum(clip not in rows for clip in said)
    left_out[NOT_LUNG] = len(said) - len(kept) - left_out[NOT_ANALYSED]
    facts = _facts(library)
    known = [
        _known(table, rows[clip], facts.get(_exam(entries[clip]), {})) for clip in kept
    ]
    names = _names(known, choice.inputs, question.task)
    features = np.array(
        [[one.get(n, np.nan) for n in names] for one in known], np.float64
    )
    return Samples(
        question=question,
        clips=tuple(entries[clip] for clip in kept),
        names=names,
        features=features.reshape(len(kept), len(names)),
        classes=np.array([said[clip][0] for clip in kept], np.intp),
        known=tuple(known),
        model_sha256=model_sha256,
        raters=tuple(sorted({said[clip][1] for clip in kept})),
        left_out={why: n for why, n in left_out.items() if n},
        disputed=len(_disputed(library, question, choice) & set(kept)),
        chosen=choice.chosen,
        owners={clip.sha256: clip.patient for clip in entries.values()},
    )


def newest_answers(
    library: Library, question: Question, choice: Choice
) -> tuple[dict[int, tuple[int, str]], dict[str, int]]:
    """Return class and rater by clip, and how many labels are not taken."""
    newest: dict[int, KeptLabel] = {}
    for label in library.labels.of_task(question.task, choice.rater):
        if label.answer.value is not None:
            before = newest.get(label.answer.clip_id)
            if before is None or label.id > before.id:
                newest[label.answer.clip_id] = label
    chosen = None if choice.chosen is None else choice.chosen.clips
    found: dict[int, tuple[int, str]] = {}
    reasons = (NOT_CHOSEN, NOT_ASSESSABLE_SAID, UNSURE, OTHER_CLASS)
    left_out = dict.fromkeys(reasons, 0)
    for clip, label in newest.items():
        answer = label.answer
        place = question.class_of(answer.value or "")
        if chosen is not None and clip not in chosen:
            left_out[NOT_CHOSEN] += 1
        elif answer.value == NOT_ASSESSABLE:
            left_out[NOT_ASSESSABLE_SAID] += 1
        elif answer.certainty < choice.certainty:
            left_out[UNSURE] += 1
        elif place is None:
            left_out[OTHER_CLASS] += 1
        else:
            found[clip] = (place, answer.rater)
    return found, left_out


def _disputed(library: Library, question: Question, choice: Choice) -> set[int]:
    """Return the clips that raters put into different classes."""
    said: dict[int, set[int]] = {}
    for label in library.labels.of_task(question.task, choice.rater):
        answer = label.answer
        if answer.value in (None, NOT_ASSESSABLE):
            continue
        place = question.class_of(str(answer.value))
        if place is not None and answer.certainty >= choice.certainty:
            said.setdefault(answer.clip_id, set()).add(place)
    return {clip for clip, places in said.items() if len(places) > 1}


def _facts(library: Library) -> dict[tuple[str, str], Mapping[str, float]]:
    exams = library.patients.exams()
    return {(exam.patient, exam.name): exam.facts for exam in exams}


def _exam(clip: ClipEntry) -> tuple[str, str]:
    return clip.patient, clip.exam


def _known(
    table: FeatureTable, row: int, facts: Mapping[str, float]
) -> dict[str, float]:
    """Return all that is known of a clip, by the names experts use."""
    said = dict(zip(table.names, table.features[row].tolist(), strict=True))
    mean = table.embedding_mean[row]
    said |= dict(zip(embedding_names(len(mean)), mean.tolist(), strict=True))
    return said | {f"{CLINICAL}{key}": float(value) for key, value in facts.items()}


_HOLDS: Final[dict[str, Callable[[str], bool]]] = {
    "biomarkers": {label.key for label in LABELS}.__contains__,
    "measured": MEASURED_FEATURES.__contains__,
    "embedding": lambda name: name.startswith("embedding."),
    "clinical": lambda name: name.startswith(CLINICAL),
}


def _names(
    known: Sequence[Mapping[str, float]], inputs: tuple[str, ...], task: str
) -> tuple[str, ...]:
    """Return the features of ``inputs`` that are known and differ between clips."""
    spread: dict[str, set[float]] = {}
    for one in known:
        for name, value in one.items():
            if np.isfinite(value):
                spread.setdefault(name, set()).add(value)
    answers = tuple(f"{CLINICAL}{start}" for start in _ANSWERS.get(task, ()))
    return tuple(
        name
        for kind in INPUTS
        if kind in inputs
        for name in sorted(spread)
        if _HOLDS[kind](name)
        and len(spread[name]) > 1
        and not (answers and name.startswith(answers))
    )
