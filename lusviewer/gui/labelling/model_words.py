"""What the model says for a question, as a value a person can agree with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lusviewer.findings import FINDINGS
from lusviewer.gui.clinical_words import SURE, headline
from lusviewer.gui.task_words import NOT_ASSESSABLE

if TYPE_CHECKING:
    from lusviewer.findings import ClipReport, Prediction
    from lusviewer.gui.labelling.questions import Question
    from lusviewer.gui.viewer_model import ViewerModel


@dataclass(frozen=True, slots=True)
class ModelWord:
    """What the model says: ``value`` None where it says nothing, and its SHA-256."""

    value: str | None = None
    words: str = ""
    sha256: str = ""


def model_word(question: Question, viewer: ViewerModel) -> ModelWord:
    """Return what the open clip's report or an expert says for a question."""
    report = viewer.report
    if report is None:
        return ModelWord()
    group, _, name = question.key.partition(".")
    if group == "finding" and name in FINDINGS:
        return _of(question, _finding(name, report, viewer), report)
    if group == "group":
        return _of(question, _labels(question, name, report), report)
    said = [one for one, _ in viewer.predictions if one.target == question.key]
    # One that answers as people do, before one with classes of its own.
    said.sort(key=lambda one: not _in_classes(question, one))
    return _of_expert(question, said[0], viewer) if said else ModelWord()


def _in_classes(question: Question, said: Prediction) -> bool:
    return set(said.classes) <= set(question.classes)


def _of(question: Question, value: str | None, report: ClipReport) -> ModelWord:
    words = "" if value is None else question.words(value)
    return ModelWord(value, words, report.model.sha256)


def _finding(name: str, report: ClipReport, viewer: ViewerModel) -> str | None:
    if not report.quality.assessable:
        return NOT_ASSESSABLE
    evidence, bundle = report.findings.get(name), viewer.bundle
    if evidence is None:
        return None
    limits = {} if bundle is None else bundle.manifest.thresholds
    limit = limits.get(f"finding.{name}", SURE)
    return "yes" if evidence.probability >= limit else "no"


def _labels(question: Question, group: str, report: ClipReport) -> str | None:
    if not report.quality.assessable:
        return NOT_ASSESSABLE
    found = report.biomarkers
    sure = [
        name
        for name in question.classes
        if (key := f"{group}.{name}") in found and found[key].probability >= SURE
    ]
    return "+".join(sure) or None


def _of_expert(question: Question, said: Prediction, viewer: ViewerModel) -> ModelWord:
    experts = {one.manifest.name: one.sha256 for one in viewer.experts}
    knows = said.best in question.classes and not said.abstained
    value, words = said.best if knows else None, headline(said)
    if not _in_classes(question, said):
        words = f"{words} ({said.expert})"
    return ModelWord(value, words, experts.get(said.expert, ""))
