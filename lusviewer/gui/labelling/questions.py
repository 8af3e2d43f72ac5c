"""The questions asked of a clip and their answers, in a clinician's words."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lusviewer.findings import FINDINGS
from lusviewer.gui.biomarker_editor import groups
from lusviewer.gui.clinical_words import tr
from lusviewer.gui.task_words import (
    NOT_ASSESSABLE,
    class_words,
    number_words,
    title_of,
    value_words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lusviewer.gui.study.work import Said
    from lusviewer.library import KeptLabel
    from lusviewer.library.tasks import Task

CERTAINTIES: Final = (1.0, 0.75, 0.5, 0.25)

FINDING_KEYS: Final = tuple(f"finding.{key}" for key in FINDINGS)
USUAL_KEYS: Final = ("severity", "diagnosis", "s_f")
GROUP_KEYS: Final = tuple(f"group.{key}" for key in groups() if key != "finding")

_CERTAIN: Final = {0.75: "rather sure", 0.5: "unsure", 0.25: "a guess"}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a clip: ``kind`` is "class", "set" or "number"."""

    key: str
    title: str
    kind: str
    classes: tuple[str, ...] = ()
    lower: float = -math.inf
    upper: float = math.inf

    @property
    def yes_or_no(self) -> bool:
        """Whether there are two answers, one the opposite of the other."""
        return set(self.classes) == {"yes", "no"}

    def words(self, value: str) -> str:
        """Return an answer as it is read out."""
        if self.kind == "number" and value != NOT_ASSESSABLE:
            return number_words(value)
        return value_words(self.key, value)

    def class_words(self, name: str) -> str:
        """Return one class as it is read out."""
        return class_words(self.key, name)

    def digit(self, index: int) -> str:
        """Return the key of the class at ``index``; "" beyond the ninth.

        Grades have their own number, all others count from 1.
        """
        if all(len(name) == 1 and name.isdigit() for name in self.classes):
            return self.classes[index]
        return str(index + 1) if index < len("123456789") else ""


def question_of(task: Task) -> Question:
    """Return the question of a task of the library."""
    title = title_of(task.key, {task.key: task})
    if task.key in GROUP_KEYS:
        # They stand below a heading of their own.
        title = groups()[task.key.removeprefix("group.")][0]
    kind = task.kind.value
    return Question(task.key, title, kind, task.classes, task.lower, task.upper)


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it is shown; ``given_utc`` is "" while it is being kept."""

    value: str
    rater: str
    certainty: float = 1.0
    detail: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    corrects: str | None = None
    model_sha256: str = ""
    given_utc: str = ""


def kept_answer(kept: KeptLabel) -> Given:
    """Return an answer of the library as it is shown."""
    answer, corrected = kept.answer, kept.answer.corrected
    return Given(
        answer.value or "",
        answer.rater,
        answer.certainty,
        answer.detail,
        answer.note,
        None if corrected is None else corrected.value,
        "" if corrected is None else corrected.model_sha256,
        kept.given_utc,
    )


def said_answer(said: Said, rater: str) -> Given:
    """Return what was said a moment ago as it is shown."""
    return Given(
        said.value or "",
        rater,
        said.certainty,
        said.detail,
        said.note,
        said.corrects,
        said.model_sha256,
    )


def is_same(said: Given | None, kept: Given | None) -> bool:
    """Return whether what was said a moment ago is what is kept."""
    if said is None or kept is None:
        return said is kept
    same_value = said.value in (kept.value, "")
    return same_value and (said.certainty, said.detail) == (kept.certainty, kept.detail)


def certainty_words(certainty: float) -> str:
    """Return a certainty in words, "" where one is certain."""
    if certainty >= 1.0:
        return ""
    return tr(_CERTAIN.get(certainty, "")) or tr("certain to {p:.0f} %").format(
        p=100 * certainty
    )


def answer_words(question: Question, given: Given) -> str:
    """Return an answer with its certainty: "no, unsure"."""
    words = question.words(given.value)
    if unsure := certainty_words(given.certainty):
        words = f"{words}, {unsure}"
    return words


def answer_history(question: Question, given: Given) -> str:
    """Return who gave an answer, when, resting on what, and what it corrects."""
    when = given.given_utc[:16].replace("T", " ")
    lines = [f"{given.rater}, {when} UTC" if when else given.rater]
    if given.detail:
        lines.append(detail_words(given.detail))
    if given.corrects is not None:
        text = tr("The model said: {value} (SHA-256 {sha})")
        said = question.words(given.corrects)
        lines.append(text.format(value=said, sha=given.model_sha256[:12] or "?"))
    if given.note:
        lines.append(given.note)
    return "\n".join(lines)


def detail_words(detail: Mapping[str, float]) -> str:
    """Return what an S/F ratio rests on."""
    parts = []
    if "spo2" in detail:
        parts.append(tr("SpO2 {n:g} %").format(n=detail["spo2"]))
    if "fio2" in detail:
        parts.append(tr("FiO2 {n:g}").format(n=detail["fio2"]))
    elif "oxygen_l_min" in detail:
        parts.append(tr("oxygen {n:g} l/min").format(n=detail["oxygen_l_min"]))
    else:
        parts.append(tr("room air"))
    return ", ".join(parts)
