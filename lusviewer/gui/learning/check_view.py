"""What is told before a training is started: how many clips, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from lusviewer.gui.learning.words import (
    class_words,
    clips_words,
    counted,
    patients_words,
    question_words,
)
from lusviewer.gui.panel_parts import Meter, clear, link, words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from lusviewer.gui.learning.checker import Check
    from lusviewer.gui.learning.events import Clips, Failed


class CheckView(QFrame):
    """Counts, what to be wary of, and what is wrong with what to do about it.

    Signals
    -------
    cuts_wanted(tuple)
        The limits between classes that the labels allow are to be taken.
    """

    cuts_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setAccessibleName(self.tr("What there is to learn from"))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        self._column.setSpacing(SPACE // 2)

    def show_check(self, check: Check) -> None:
        """Show what is known."""
        clear(self._column)
        if not check.done:
            self._column.addWidget(words(self.tr("Looking at the labels ..."), "muted"))
            return
        if check.clips is not None:
            self._show_clips(check.clips)
        for problem in check.problems:
            self._show_problem(problem)
        for warning in check.warnings:
            self._column.addWidget(_marked(warning))

    def _show_clips(self, clips: Clips) -> None:
        told = self.tr("{clips} of {patients}").format(
            clips=clips_words(clips.clips), patients=patients_words(clips.patients)
        )
        if clips.features:
            one, many = self.tr("1 value each"), self.tr("{n} values each")
            told = f"{told}, {counted(clips.features, one, many)}"
        self._column.addWidget(words(told, wrap=True))
        if clips.chosen is not None:
            only = self.tr("Chosen: {n} of the library's {total} clips.")
            n, total = clips.chosen
            told = only.format(n=n, total=total)
            self._column.addWidget(words(told, "muted", wrap=True))
        if len(clips.questions) > 1:
            judged = self.tr("What it brings is judged by: {questions}")
            names = ", ".join(question_words(name) for name in clips.questions)
            told = judged.format(questions=names)
            self._column.addWidget(words(told, "muted", wrap=True))
        elif clips.classes:
            self._column.addWidget(_classes(clips))
        if {"learn", "validation", "test"} <= clips.parts.keys():
            parts = self.tr("Patients: {learn} learn, {validation} judge, {test} test")
            told = parts.format(**clips.parts)
            self._column.addWidget(words(told, "muted", wrap=True))

    def _show_problem(self, problem: Failed) -> None:
        self._column.addWidget(words(problem.message, "banner", wrap=True))
        if problem.cuts:
            cuts = ", ".join(f"{cut:g}" for cut in problem.cuts)
            text = self.tr("Part the values at {cuts}").format(cuts=cuts)
            take = link(text, text, lambda: self.cuts_wanted.emit(problem.cuts))
            self._column.addWidget(take)
        elif problem.hint:
            self._column.addWidget(words(problem.hint, wrap=True))


def _marked(warning: str) -> QWidget:
    """Return a warning with a mark before it."""
    row = QWidget()
    line = QHBoxLayout(row)
    line.setContentsMargins(0, SPACE // 2, 0, 0)
    line.setSpacing(SPACE)
    line.addWidget(words("!", "warning"), 0, Qt.AlignmentFlag.AlignTop)
    line.addWidget(words(warning, "muted", wrap=True), 1)
    return row


def _classes(clips: Clips) -> QWidget:
    table = QWidget()
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(SPACE)
    grid.setVerticalSpacing(2)
    total = max(1, clips.clips)
    for row, (name, n) in enumerate(clips.classes.items()):
        meter = Meter()
        meter.set_value(n / total)
        grid.addWidget(words(class_words(name)), row, 0)
        grid.addWidget(meter, row, 1)
        grid.addWidget(words(clips_words(n), "muted"), row, 2)
    grid.setColumnStretch(1, 1)
    return table
