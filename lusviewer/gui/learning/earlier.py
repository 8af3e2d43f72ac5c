"""What was trained before on this library: to be looked at again, or deleted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMessageBox, QVBoxLayout, QWidget

from lusviewer.gui.learning.words import (
    auc_words,
    beside_words,
    clips_words,
    date_words,
    joined,
    parted_words,
    patients_words,
)
from lusviewer.gui.panel_parts import clear, link, titled_card, words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lusviewer.gui.learning.work import Earlier


class EarlierList(QWidget):
    """Results that lie in the library, the newest first.

    Signals
    -------
    result_wanted(Path)
        The result in this folder is to be shown.
    deletion_wanted(Path)
        A person wants it deleted, and was asked whether that is meant.
    """

    result_wanted = Signal(object)
    deletion_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE // 2)
        self.asking: QMessageBox | None = None
        self.show_results(())

    def show_results(self, results: Sequence[Earlier]) -> None:
        """Show these."""
        clear(self._column)
        if not results:
            none = self.tr("None yet. What you train stays here until you delete it.")
            self._column.addWidget(words(none, "muted", wrap=True))
        for one in results:
            self._column.addWidget(self._card(one))

    def _card(self, one: Earlier) -> QFrame:
        frame, column = titled_card(one.folder.name)
        if one.task:
            asked = parted_words(one.task, one.classes)
            column.addWidget(words(asked, wrap=True))
        when = joined([date_words(one.created_utc), _size(one)])
        column.addWidget(words(when, "muted", wrap=True))
        column.addWidget(words(auc_words(one.figures.auc), wrap=True))
        for beside in one.figures.beside:
            column.addWidget(words(beside_words(beside), wrap=True))
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        show = self.tr("Show the result of {name}").format(name=one.folder.name)
        act = partial(self.result_wanted.emit, one.folder)
        row.addWidget(link(self.tr("Show the result"), show, act))
        row.addStretch(1)
        gone = self.tr("Delete {name}").format(name=one.folder.name)
        ask = partial(self.ask_deletion, one.folder)
        row.addWidget(link(self.tr("Delete ..."), gone, ask))
        column.addLayout(row)
        return frame

    def ask_deletion(self, folder: Path) -> None:
        """Ask whether a result is really to be deleted."""
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("Delete a result"))
        text = self.tr("Delete {name} and its figures?")
        box.setText(text.format(name=folder.name))
        box.setInformativeText(
            self.tr(
                "An expert that is in use stays in use: it has a copy of its own. This "
                "cannot be undone."
            )
        )
        delete = box.addButton(
            self.tr("Delete"), QMessageBox.ButtonRole.DestructiveRole
        )
        keep = box.addButton(self.tr("Keep it"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        delete.clicked.connect(lambda: self.deletion_wanted.emit(folder))
        box.finished.connect(box.deleteLater)
        self.asking = box
        box.open()


def _size(one: Earlier) -> str:
    return joined([clips_words(one.clips), patients_words(one.patients)])
