"""Whether two raters agree: people with each other, or one with the model."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lusviewer.errors import LibraryError, LusViewerError
from lusviewer.findings import FINDINGS, LABELS
from lusviewer.inference.bundle import read_model_manifest
from lusviewer.library.agreement_figures import (
    BlandAltman,
    Estimate,
    bland_altman,
    confusion,
    kappa_estimate,
)
from lusviewer.library.tasks import Kind
from lusviewer.library.values import NOT_ASSESSABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lusviewer.library.library import Library
    from lusviewer.library.tasks import Task

MODEL: Final = "model"
"""The name of the model that analysed the clips, among the raters."""

LEAST: Final = 2
"""So many clips, or pairs of numbers, are needed to say anything."""

ORDERED: Final = frozenset({"severity"})
"""Tasks whose classes are grades: a near miss is half a miss."""

SURE: Final = 0.5
_COUNTED: Final = (("b_line", "B-lines drawn"), ("a_line", "A-lines drawn"))
_DRAWN: Final = "drawn."
_NEEDED: Final = (
    "Two raters are compared on at least two clips that both labelled for a task."
)

Answers = dict[str, dict[int, str]]
"""What one rater says: by task, then by clip."""


@dataclass(frozen=True, slots=True)
class Apart:
    """A clip on which two raters disagree, and what each says."""

    clip_id: int
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class TaskAgreement:
    """How far two raters agree on one task, or on one label of a set.

    ``confusion`` counts the first's classes down, the second's across. Clips that
    either called not assessable are left out and counted in ``not_assessable``.
    ``weighted`` says that kappa weighs by distance.
    """

    task: str
    label: str
    classes: tuple[str, ...]
    clips: int
    patients: int
    kappa: Estimate
    weighted: bool
    confusion: tuple[tuple[int, ...], ...]
    apart: tuple[Apart, ...]
    not_assessable: int = 0

    @property
    def name(self) -> str:
        """The task, with the label where it is one of a set."""
        return f"{self.task}: {self.label}" if self.label else self.task

    @property
    def agreed(self) -> float:
        """The share of clips on which both say the same."""
        same = sum(row[i] for i, row in enumerate(self.confusion))
        return same / self.clips


@dataclass(frozen=True, slots=True)
class Pair:
    """Two numbers for the same thing; ``frame`` None where it is the whole clip."""

    clip_id: int
    frame: int | None
    first: float
    second: float


@dataclass(frozen=True, slots=True)
class NumberAgreement:
    """How far two raters' numbers lie apart, as Bland and Altman have it."""

    what: str
    words: str
    pairs: tuple[Pair, ...]
    clips: int
    patients: int
    figures: BlandAltman


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two raters agree on all that both were asked.

    ``common`` is how many clips both said anything of for the same task. For the tasks
    ``by_experts`` experts in use answer in the model's place: where they learned from
    labels of this library, agreeing with those says nothing of other patients.
    """

    first: str
    second: str
    common: int
    tasks: tuple[TaskAgreement, ...]
    numbers: tuple[NumberAgreement, ...]
    by_experts: tuple[str, ...] = ()


def agreement(
    library: Library,
    first: str,
    second: str,
    thresholds: Mapping[str, float] | None = None,
) -> Agreement:
    """Return how far two raters agree; either may be ``MODEL``, the one used last.

    ``thresholds`` are the model's, by ``finding.<key>``, 0.5 where it has none. Raises
    ``LibraryError`` where a rater said nothing, or both said something of fewer than
    two clips.
    """
    if first == second:
        msg = f"The two raters are one: {first}."
        raise LibraryError(msg, hint=_NEEDED)
    said = [_answers(library, rater, thresholds or {}) for rater in (first, second)]
    for rater, one in zip((first, second), said, strict=True):
        _require(rater, one, library)
    one, other = said
    common = {task: set(one[task]) & set(other[task]) for task in one if task in other}
    clips = set().union(*common.values())
    if len(clips) < LEAST:
        msg = f"Clips that {first} and {second} both labelled: {len(clips)}."
        raise LibraryError(msg, hint=_NEEDED)
    patients = {e.id: e.patient for e in library.clips.entries(sorted(clips))}
    tasks: list[TaskAgreement] = []
    numbers: list[NumberAgreement] = []
    for task in library.labels.tasks().values():
        shared = sorted(common.get(task.key, ()))
        if len(shared) >= LEAST and task.kind is Kind.NUMBER:
            numbers += _numbers(task, (one[task.key], other[task.key]), patients)
        elif len(shared) >= LEAST:
            tasks += _classes(task, (one[task.key], other[task.key]), patients)
    numbers += _counts(one, other, patients)
    experts = library.predictions.targets() if MODEL in (first, second) else ()
    by = tuple(dict.fromkeys(t.task for t in tasks if t.task in experts))
    return Agreement(first, second, len(clips), tuple(tasks), tuple(numbers), by)


def thresholds_of(library: Library, bundle: Path) -> Mapping[str, float]:
    """Return the thresholds of the model used last, none where it is not ``bundle``."""
    models = library.analyses.models()
    try:
        manifest, sha256 = read_model_manifest(bundle)
    except LusViewerError:
        return {}
    return manifest.thresholds if models and models[0].sha256 == sha256 else {}


def _require(rater: str, said: Answers, library: Library) -> None:
    if any(said.values()):
        return
    msg = f"{rater} has not labelled any clip."
    if rater == MODEL:
        msg = "No model has looked at a clip of the library."
    known = ", ".join(library.labels.raters()) or "nobody"
    raise LibraryError(msg, hint=f"These have labelled: {known}.")


# --- what each says ------------------------------------------------------------------


def _answers(library: Library, rater: str, thresholds: Mapping[str, float]) -> Answers:
    if rater == MODEL:
        return _model_answers(library, thresholds)
    said: Answers = defaultdict(dict)
    for kept in library.labels.current(rater):
        if kept.answer.value is not None:
            said[kept.answer.task][kept.answer.clip_id] = kept.answer.value
    for clip_id in library.drawings.clips():
        for drawing in library.drawings.of_clip(clip_id, rater):
            for kind, _ in _COUNTED:
                count = sum(line.kind == kind for line in drawing.lines)
                frames = said[f"{_DRAWN}{kind}.{drawing.frame}"]
                frames[clip_id] = str(count)
    return said


def _model_answers(library: Library, thresholds: Mapping[str, float]) -> Answers:
    said: Answers = defaultdict(dict)
    models = library.analyses.models()
    if not models:
        return said
    sha256 = models[0].sha256
    for clip_id in library.analyses.table(sha256).clip_ids.tolist():
        analysis = library.analyses.get(clip_id, sha256)
        if analysis is not None:
            found = _of_report(
                analysis.report, thresholds, assessable=analysis.assessable
            )
            for task, value in found.items():
                said[task][clip_id] = value
    for one in library.predictions.current(model_sha256=sha256):
        prediction = one.prediction
        if not prediction.abstained:
            said[prediction.target].setdefault(one.clip_id, prediction.best)
    return said


def _of_report(
    report: Mapping[str, Mapping[str, Mapping[str, float] | None]],
    thresholds: Mapping[str, float],
    *,
    assessable: bool,
) -> dict[str, str]:
    said: dict[str, str] = {}
    for key in FINDINGS:
        evidence, task = report["findings"].get(key), f"finding.{key}"
        if evidence is not None:
            present = evidence["probability"] >= thresholds.get(task, SURE)
            said[task] = "yes" if present else "no"
    groups: dict[str, list[str]] = defaultdict(list)
    for label in LABELS:
        evidence = report["biomarkers"].get(label.key)
        if evidence is not None and evidence["probability"] >= SURE:
            groups[f"group.{label.group}"].append(label.key.partition(".")[2])
    said |= {task: "+".join(names) for task, names in groups.items()}
    return said if assessable else dict.fromkeys(said, NOT_ASSESSABLE)


# --- comparing -----------------------------------------------------------------------

_Two = tuple["Mapping[int, str]", "Mapping[int, str]"]


@dataclass(frozen=True, slots=True)
class _Cases:
    """The clips both could assess, whose they are, and how many others there are."""

    clips: tuple[int, ...]
    whose: tuple[str, ...]
    unseen: int


def _cases(said: _Two, patients: Mapping[int, str], task: Task) -> _Cases:
    one, other = said
    shared = sorted(set(one) & set(other))
    seen = [c for c in shared if NOT_ASSESSABLE not in (one[c], other[c])]
    unseen = len(shared) - len(seen)
    if task.kind is Kind.CLASS:  # An expert may know classes that the task does not.
        seen = [c for c in seen if {one[c], other[c]} <= set(task.classes)]
    return _Cases(tuple(seen), tuple(patients[c] for c in seen), unseen)


def _classes(
    task: Task, said: _Two, patients: Mapping[int, str]
) -> list[TaskAgreement]:
    cases, classes = _cases(said, patients, task), task.classes
    if len(cases.clips) < LEAST:
        return []
    if task.kind is Kind.CLASS:
        pairs = [[classes.index(one[c]) for c in cases.clips] for one in said]
        return [_compared(task, "", cases, pairs)]
    found: list[TaskAgreement] = []
    for label in classes:
        pairs = [[int(label in one[c].split("+")) for c in cases.clips] for one in said]
        if any(map(any, pairs)):
            found.append(_compared(task, label, cases, pairs))
    return found


def _compared(
    task: Task, label: str, cases: _Cases, pairs: Sequence[Sequence[int]]
) -> TaskAgreement:
    first, second = pairs
    classes = ("no", "yes") if label else task.classes
    linear, n = task.key in ORDERED, len(classes)
    table = tuple(
        tuple(int(count) for count in row) for row in confusion(first, second, n)
    )
    return TaskAgreement(
        task=task.key,
        label=label,
        classes=classes,
        clips=len(cases.clips),
        patients=len(set(cases.whose)),
        kappa=kappa_estimate(first, second, cases.whose, n, linear=linear),
        weighted=linear,
        confusion=table,
        apart=tuple(
            Apart(clip, classes[a], classes[b])
            for clip, a, b in zip(cases.clips, first, second, strict=True)
            if a != b
        ),
        not_assessable=cases.unseen,
    )


def _numbers(
    task: Task, said: _Two, patients: Mapping[int, str]
) -> list[NumberAgreement]:
    one, other = said
    clips = _cases(said, patients, task).clips
    pairs = [Pair(c, None, float(one[c]), float(other[c])) for c in clips]
    return _measured(task.key, task.words, pairs, patients)


def _counts(
    one: Answers, other: Answers, patients: Mapping[int, str]
) -> list[NumberAgreement]:
    """Compare how many lines both drew on the same frames."""
    found: list[NumberAgreement] = []
    for kind, words in _COUNTED:
        start = f"{_DRAWN}{kind}."
        pairs = [
            Pair(clip, int(key.removeprefix(start)), float(n), float(other[key][clip]))
            for key in sorted(one.keys() & other.keys())
            if key.startswith(start)
            for clip, n in sorted(one[key].items())
            if clip in other[key]
        ]
        found += _measured(kind, words, pairs, patients)
    return found


def _measured(
    what: str, words: str, pairs: Sequence[Pair], patients: Mapping[int, str]
) -> list[NumberAgreement]:
    if len(pairs) < LEAST:
        return []
    whose = [patients[pair.clip_id] for pair in pairs]
    first, second = [p.first for p in pairs], [p.second for p in pairs]
    figures = bland_altman(first, second, whose)
    clips = len({pair.clip_id for pair in pairs})
    return [NumberAgreement(what, words, tuple(pairs), clips, len(set(whose)), figures)]
