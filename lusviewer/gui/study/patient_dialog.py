"""Asking to which patient clips belong."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QCompleter,
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui.jobs import Lane
from lusviewer.gui.panel_parts import words
from lusviewer.gui.study.listing import work
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from lusviewer.gui.study.model import StudyModel


class PatientDialog(QDialog):
    """Takes a pseudonym, and offers those that are known."""

    def __init__(self, study: StudyModel, clips: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Assign to a patient"))
        self.name = QLineEdit()
        self.name.setAccessibleName(self.tr("Pseudonym of the patient"))
        self.name.setPlaceholderText(self.tr("Pseudonym"))
        self.name.setMaxLength(200)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.agree = buttons.addButton(
            self.tr("Assign"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.agree.setEnabled(False)
        self.name.textChanged.connect(self._on_text)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        told = self.tr("Whose are the {n} selected clips?").format(n=clips)
        if clips == 1:
            told = self.tr("Whose is the selected clip?")
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        column.setSpacing(SPACE)
        column.addWidget(words(told))
        column.addWidget(self.name)
        column.addWidget(buttons)
        self.setMinimumWidth(360)
        self._lane = Lane(self)
        self._lane.produced.connect(self._offer)
        self._lane.run(partial(work.patients, study.shelf))
        self.finished.connect(self._lane.close)
        self.finished.connect(self.deleteLater)

    @property
    def patient(self) -> str:
        """The pseudonym given."""
        return self.name.text().strip()

    @Slot(str)
    def _on_text(self, text: str) -> None:
        self.agree.setEnabled(bool(text.strip()))

    @Slot(object)
    def _offer(self, found: tuple[tuple[str, ...], ...]) -> None:
        completer = QCompleter(list(found[-1]), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.name.setCompleter(completer)
