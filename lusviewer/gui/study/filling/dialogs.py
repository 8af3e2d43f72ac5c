"""Asking whose clips are added, and listing what became of each file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import (
    QSize,
    Qt,
    Slot,
)
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLineEdit,
    QRadioButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui.panel_parts import words
from lusviewer.gui.study.filling.words import outcome_words, summary
from lusviewer.gui.study.filling.work import Adding
from lusviewer.gui.theme import SPACE
from lusviewer.gui.titled_columns import NO_PARENT, TitledColumns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lusviewer.gui.study.filling.model import Result
    from lusviewer.gui.study.filling.work import Told
    from lusviewer.gui.titled_columns import Index

_SIZE: Final = QSize(760, 420)
_ROW_PX: Final = 26
_WRAPPED: Final = 200
"""So many reasons are given two lines; each costs a moment."""


class WhoseDialog(QDialog):
    """Asks whose clips are added: each folder another patient's, or all of one."""

    def __init__(self, paths: Sequence[Path], parent: QWidget) -> None:
        super().__init__(parent)
        self._paths = tuple(paths)
        self.setWindowTitle(self.tr("Add to the library"))
        self.by_folder = QRadioButton(self.tr("Each folder is another patient"))
        self.one = QRadioButton(self.tr("All are of one patient"))
        self.by_folder.setChecked(True)
        self.patient = QLineEdit()
        self.patient.setPlaceholderText(self.tr("Pseudonym; made up if left empty"))
        self.patient.setAccessibleName(self.tr("Pseudonym of the patient"))
        self.patient.setMaxLength(200)
        self.patient.setEnabled(False)
        self.one.toggled.connect(self.patient.setEnabled)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        add = self.buttons.addButton(
            self.tr("Add"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        add.setDefault(True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()

    def _lay_out(self) -> None:
        name = self._paths[0].name or str(self._paths[0])
        text = self.tr("Add the clips in {name}:").format(name=name)
        if len(self._paths) > 1:
            more = len(self._paths) - 1
            text = self.tr("Add the clips in {name} and {n} more:").format(
                name=name, n=more
            )
        note = self.tr(
            "Patients are kept under pseudonyms; nothing is read from the files for "
            "them. The paths of the clips are kept as they are."
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        column.setSpacing(SPACE)
        column.addWidget(words(text, wrap=True))
        column.addWidget(self.by_folder)
        column.addWidget(self.one)
        column.addWidget(self.patient)
        column.addWidget(words(note, "muted", wrap=True))
        column.addWidget(self.buttons)
        self.setMinimumWidth(420)

    @property
    def adding(self) -> Adding:
        """What is to be added, and whose it is."""
        if self.by_folder.isChecked():
            return Adding(self._paths)
        return Adding(self._paths, self.patient.text().strip(), by_folder=False)


class ResultsDialog(QDialog):
    """Lists what became of each file and why, the troubles first."""

    def __init__(self, result: Result, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(result.title)
        self._told = result.told
        self.table = QTableView()
        self.table.setModel(_ToldModel(result.told, self))
        self.table.setAccessibleName(self.tr("What became of each file"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        heads = self.table.verticalHeader()
        heads.hide()
        heads.setDefaultSectionSize(_ROW_PX)
        troubles = sum(one.trouble for one in result.told)
        for row in range(min(troubles, _WRAPPED)):
            heads.resizeSection(row, 2 * _ROW_PX)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        for column, width in ((0, 220), (1, 110)):
            header.resizeSection(column, width)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        self.copy = buttons.addButton(
            self.tr("Copy as text"), QDialogButtonBox.ButtonRole.ActionRole
        )
        self.copy.setAutoDefault(False)
        self.copy.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        column_box.setSpacing(SPACE)
        column_box.addWidget(words(f"{summary(result)}.", wrap=True))
        column_box.addWidget(self.table, 1)
        column_box.addWidget(buttons)
        self.resize(_SIZE)

    @Slot()
    def _copy(self) -> None:
        lines = (
            "\t".join((str(one.path), outcome_words(one.outcome), reason(one)))
            for one in self._told
        )
        QGuiApplication.clipboard().setText("\n".join(lines))


def reason(told: Told) -> str:
    """Return why, and what to do about it."""
    return " ".join(part for part in (told.why, told.hint) if part)


class _ToldModel(TitledColumns):
    """File, result and reason as columns; thousands of rows cost nothing."""

    def __init__(self, told: Sequence[Told], parent: QWidget) -> None:
        super().__init__(parent)
        self._told = told
        self._titles = (self.tr("File"), self.tr("Result"), self.tr("Why"))

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return how many files there are."""
        return 0 if parent.isValid() else len(self._told)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a cell, or all of it as its tooltip."""
        one = self._told[index.row()]
        cells = (one.path.name, outcome_words(one.outcome), reason(one))
        if role == Qt.ItemDataRole.DisplayRole:
            return cells[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(one.path) if index.column() == 0 else cells[index.column()]
        return None
