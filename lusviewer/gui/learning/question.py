"""What to learn: a task of the library, and how its values become classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRegularExpression, Signal, Slot
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from lusviewer.gui.learning.fields import Choice, named
from lusviewer.gui.learning.wishes import Asked
from lusviewer.gui.learning.words import (
    asked_words,
    clips_words,
    task_words,
    value_words,
)
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from lusviewer.gui.learning.work import Offer, TaskOffer

AS_IT_IS: Final = "as it is"
_FIRST: Final = ("finding.", "severity", "diagnosis", "s_f", "group.")
_USUAL_CUTS: Final = {"s_f": "180, 275, 430"}


class QuestionField(QWidget):
    """A task with how many clips have a label, and how it is asked.

    With ``two_only`` nothing is offered that has more than two answers.

    Signals
    -------
    changed()
    """

    changed = Signal()

    def __init__(self, *, two_only: bool = False) -> None:
        super().__init__()
        self._two_only = two_only
        self._tasks: dict[str, TaskOffer] = {}
        self.task = Choice(
            self.tr("What to learn"),
            self.tr(
                "What the expert is to answer. Beside it stands how many clips of the "
                "library have a label for it."
            ),
        )
        self.parting = Choice(
            self.tr("How it is asked"),
            self.tr(
                "Each value by itself, or two groups. Two groups need fewer clips: "
                "'2 or more' asks only whether it is severe."
            ),
        )
        self.cuts = QLineEdit()
        self.cuts.setAccessibleName(self.tr("Limits"))
        self.cuts.setPlaceholderText(self.tr("as 275, or 180, 275, 430"))
        if two_only:
            self.cuts.setPlaceholderText(self.tr("as 275"))
            number = QRegularExpression(r"-?\d*\.?\d*")
            self.cuts.setValidator(QRegularExpressionValidator(number, self))
        self.cuts.setToolTip(
            self.tr(
                "Where to part the numbers into classes, from low to high. One limit "
                "makes two classes. The S/F ratio is the SpO2 in % over the share of "
                "oxygen breathed in, 0.21 to 1."
            )
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(named(self.tr("What to learn"), self.task))
        self._parting = named(self.tr("How it is asked"), self.parting)
        self._cuts = named(self.tr("Limits between the classes"), self.cuts)
        column.addWidget(self._parting)
        column.addWidget(self._cuts)
        self.task.currentIndexChanged.connect(self._on_task)
        self.parting.currentIndexChanged.connect(self.changed)
        self.cuts.textEdited.connect(self.changed)

    @property
    def asked(self) -> Asked | None:
        """The question, None where no task can be chosen."""
        task = self.chosen
        if task is None:
            return None
        if task.kind == "number":
            return Asked(task.key, self._numbers())
        how = self.parting.currentData()
        if task.kind == "set":
            return Asked(task.key, has=str(how))
        return Asked(task.key, () if how in (None, AS_IT_IS) else (float(how),))

    @property
    def chosen(self) -> TaskOffer | None:
        """The task that is chosen."""
        return self._tasks.get(str(self.task.currentData()))

    @property
    def words(self) -> str:
        """The question as a heading."""
        task, asked = self.chosen, self.asked
        return "" if task is None or asked is None else asked_words(task, asked)

    def show_offer(self, offer: Offer) -> None:
        """Offer the tasks; those without labels stand last and cannot be chosen."""
        tasks = [one for one in offer.tasks if self._possible(one)]
        tasks.sort(key=lambda one: (one.labelled == 0, _place(one.key)))
        self._tasks = {one.key: one for one in tasks}
        before = self.task.currentData()
        self.task.fill([(_told(one), one.key, one.labelled > 0) for one in tasks])
        if before is None and tasks:
            self.task.choose(max(tasks, key=lambda one: one.labelled).key)
        if self.task.currentData() != before:
            self._on_task()

    def set_cuts(self, cuts: tuple[float, ...]) -> None:
        """Part the numbers at ``cuts``; at the middle one where two answers are all."""
        if self._two_only:
            cuts = (cuts[len(cuts) // 2],)
        self.cuts.setText(", ".join(f"{cut:g}" for cut in cuts))
        self.changed.emit()

    def _possible(self, task: TaskOffer) -> bool:
        graded = all(name.isdigit() for name in task.classes)
        return (
            not self._two_only
            or task.kind != "class"
            or graded
            or (len(task.classes) == 2)
        )

    @Slot()
    def _on_task(self) -> None:
        task = self.chosen
        items = [] if task is None else self._ways(task)
        self.parting.fill(items)
        self._parting.setVisible(len(items) > 1)
        self._cuts.setVisible(task is not None and task.kind == "number")
        if task is not None and task.kind == "number":
            usual = "275" if self._two_only else _USUAL_CUTS.get(task.key, "")
            self.cuts.setText(usual if task.key == "s_f" else "")
        self.changed.emit()

    def _ways(self, task: TaskOffer) -> list[tuple[str, object, bool]]:
        if task.kind == "set":
            shows = self.tr("Whether it is: {value}")
            return [
                (shows.format(value=value_words(task.key, name)), name, True)
                for name in task.classes
            ]
        if task.kind == "number" or not all(one.isdigit() for one in task.classes):
            return []
        values = ", ".join(task.classes)
        whole = (self.tr("Each by itself: {values}").format(values=values), AS_IT_IS)
        ways: list[tuple[str, object, bool]]
        ways = [] if self._two_only else [(*whole, True)]
        more = self.tr("{n} or more, or less")
        return [*ways, *((more.format(n=n), n, True) for n in task.classes[1:])]

    @property
    def misread(self) -> str:
        """What was typed as a limit and is no number, "" where all are."""
        task = self.chosen
        parts = self._parts() if task is not None and task.kind == "number" else []
        return next((part for part in parts if _number(part) is None), "")

    def _parts(self) -> list[str]:
        parts = self.cuts.text().replace(";", ",").split(",")
        return [part.strip() for part in parts if part.strip()]

    def _numbers(self) -> tuple[float, ...]:
        found = {_number(part) for part in self._parts()}
        return tuple(sorted(number for number in found if number is not None))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _place(key: str) -> int:
    found = (i for i, start in enumerate(_FIRST) if key.startswith(start))
    return next(found, len(_FIRST))


def _told(task: TaskOffer) -> str:
    return f"{task_words(task)} ({clips_words(task.labelled)})"
