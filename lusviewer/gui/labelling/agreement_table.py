"""A table of texts that costs no more the longer it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTableView

from lusviewer.gui.titled_columns import NO_PARENT, TitledColumns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QObject

    from lusviewer.gui.titled_columns import Index

_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class Texts(TitledColumns):
    """Rows of texts; all but the first column stand to the right."""

    def __init__(self, titles: Sequence[str], parent: QObject) -> None:
        super().__init__(parent)
        self._titles = tuple(titles)
        self.rows: tuple[tuple[str, ...], ...] = ()

    def show_rows(
        self, rows: Sequence[Sequence[str]], titles: Sequence[str] | None = None
    ) -> None:
        """Have these rows from now on, under other titles if there are any."""
        self.beginResetModel()
        self.rows = tuple(map(tuple, rows))
        if titles is not None:
            self._titles = tuple(titles)
        self.endResetModel()

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text of a cell, and where it stands."""
        if index.isValid() and role == Qt.ItemDataRole.DisplayRole:
            return self.rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() > 0:
            return _RIGHT
        return None


class Table(QTableView):
    """Rows to read and to choose one of."""

    def __init__(self, name: str, titles: Sequence[str]) -> None:
        super().__init__()
        self.texts = Texts(titles, self)
        self.setModel(self.texts)
        self.setAccessibleName(name)
        self.setProperty("role", "figures")
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        # Only what is seen says how wide a column is.
        header.setResizeContentsPrecision(0)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(_LEFT)
