"""Asking for a question of one's own: what it is called and what it takes."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from lusviewer.errors import LusViewerError
from lusviewer.gui.jobs import Lane
from lusviewer.gui.labelling import work
from lusviewer.gui.labelling.number_field import NumberField
from lusviewer.gui.labelling.work import TaskWish
from lusviewer.gui.panel_parts import words
from lusviewer.gui.study.work import Changed
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lusviewer.cancel import CancelToken
    from lusviewer.gui.study.model import StudyModel


class TaskDialog(QDialog):
    """A name, a kind, and the answers; what is wrong with them is said here."""

    def __init__(self, study: StudyModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("A question of one's own"))
        self._study = study
        self._lane = Lane(self)
        self.name = QLineEdit()
        self.name.setPlaceholderText(self.tr("as: Dyspnoea"))
        self.kind = QComboBox()
        for key, text in (
            ("class", self.tr("one of several answers")),
            ("set", self.tr("several answers at once")),
            ("number", self.tr("a number")),
        ):
            self.kind.addItem(text, key)
        self.classes = QLineEdit()
        self.classes.setPlaceholderText(self.tr("as: none, mild, severe"))
        self.lowest = NumberField(self.tr("Lowest"), "0")
        self.highest = NumberField(self.tr("Highest"), "100")
        self.wrong = words("", "warning", wrap=True)
        self._lay_out()
        self.kind.currentIndexChanged.connect(self._show_kind)
        self._lane.produced.connect(self._on_defined)
        self._lane.failed.connect(self._on_refused)
        self.finished.connect(self._lane.close)
        self._show_kind()

    def _lay_out(self) -> None:
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(SPACE * 2)
        self._form.setVerticalSpacing(SPACE)
        self._form.addRow(self.tr("Name"), self.name)
        self._form.addRow(self.tr("Takes"), self.kind)
        self._form.addRow(self.tr("Answers"), self.classes)
        self._ends = QWidget()
        ends = QHBoxLayout(self._ends)
        ends.setContentsMargins(0, 0, 0, 0)
        ends.addWidget(self.lowest)
        ends.addWidget(words(self.tr("to"), "muted"))
        ends.addWidget(self.highest)
        self._form.addRow(self.tr("From"), self._ends)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.define)
        buttons.rejected.connect(self.reject)
        self.agree = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.agree.setText(self.tr("Ask this"))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE)
        whole.setSpacing(SPACE)
        about = self.tr(
            "It is asked of every clip of the library, and can be trained on."
        )
        whole.addWidget(words(about, "muted", wrap=True))
        whole.addLayout(self._form)
        whole.addWidget(self.wrong)
        whole.addWidget(buttons)
        self.setMinimumWidth(420)
        self.wrong.hide()

    @Slot()
    def _show_kind(self) -> None:
        number = self.kind.currentData() == "number"
        self._form.setRowVisible(self.classes, not number)
        self._form.setRowVisible(self._ends, number)

    @Slot()
    def define(self) -> None:
        """Have the library ask it; the dialog closes once it does."""
        name = self.name.text().strip()
        key = re.sub(r"[\s-]+", "_", name.lower())
        names = (part.strip() for part in self.classes.text().split(","))
        classes = tuple(part for part in names if part)
        ends = [field.number or 0.0 for field in (self.lowest, self.highest)]
        wish = TaskWish(key, name, str(self.kind.currentData()), classes, *ends)
        self.agree.setEnabled(False)
        self._lane.run(partial(work.define, self._study.shelf, wish, self._study.rater))

    @Slot()
    def _on_defined(self) -> None:
        self._study.errand(_changed)
        self.accept()

    @Slot(object)
    def _on_refused(self, error: Exception) -> None:
        self.agree.setEnabled(True)
        if not isinstance(error, LusViewerError):
            raise error
        self.wrong.setText(f"{error.message}\n{error.hint}".strip())
        self.wrong.show()


def _changed(_cancel: CancelToken) -> Iterator[Changed]:
    yield Changed()
