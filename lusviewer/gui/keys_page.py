"""Choosing one's own keys: a row an action, no key twice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui.actions import ACTIONS, keys_of, plain, translated
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from lusviewer.gui.action_spec import ActionSpec
    from lusviewer.gui.settings import Settings


class KeysPage(QWidget):
    """The keys of all actions, to be changed; ``save`` keeps them.

    Signals
    -------
    checked(bool)
        Whether the keys as they stand can be kept: none is given twice.
    """

    checked = Signal(bool)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self.edits: dict[str, QKeySequenceEdit] = {}
        self._table = QTableWidget(len(ACTIONS), 2)
        self._table.setAccessibleName(self.tr("Keys"))
        self._table.setHorizontalHeaderLabels([self.tr("Action"), self.tr("Key")])
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self._table.verticalHeader().hide()
        header = self._table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(1, 200)
        for row, spec in enumerate(ACTIONS):
            self._add(row, spec)
        self.note = QLabel()
        self.note.setProperty("role", "warning")
        self.note.setWordWrap(True)
        back = QPushButton(self.tr("All as at first"))
        back.setAutoDefault(False)
        back.clicked.connect(self._reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        for widget in (self._table, self.note, back):
            column.addWidget(widget)
        self._check()

    def save(self) -> None:
        """Keep what differs from the table of actions."""
        for spec in ACTIONS:
            shown = self.edits[spec.name].keySequence()
            if shown == _first(spec.keys):
                self._settings.remove(f"keys/{spec.name}")
            else:
                self._settings.put(f"keys/{spec.name}", shown.toString())

    def _add(self, row: int, spec: ActionSpec) -> None:
        words = plain(translated(spec.text))
        self._table.setItem(row, 0, QTableWidgetItem(words))
        keys = keys_of(spec, self._settings)
        edit = QKeySequenceEdit(keys[0] if keys else QKeySequence())
        edit.setMaximumSequenceLength(1)
        edit.setClearButtonEnabled(True)
        edit.setAccessibleName(words)
        edit.keySequenceChanged.connect(self._check)
        self.edits[spec.name] = edit
        self._table.setCellWidget(row, 1, edit)

    @Slot()
    def _check(self) -> None:
        given = Counter(
            edit.keySequence().toString(QKeySequence.SequenceFormat.NativeText)
            for edit in self.edits.values()
        )
        twice = sorted(key for key, count in given.items() if key and count > 1)
        text = self.tr("Given twice: {keys}").format(keys=", ".join(twice))
        self.note.setText(text if twice else "")
        self.note.setVisible(bool(twice))
        self.checked.emit(not twice)

    @Slot()
    def _reset(self) -> None:
        for spec in ACTIONS:
            self.edits[spec.name].setKeySequence(_first(spec.keys))


def _first(keys: tuple[str, ...]) -> QKeySequence:
    return QKeySequence(keys[0]) if keys else QKeySequence()
