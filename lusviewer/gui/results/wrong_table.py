"""The clips an expert gets wrong, as a table that opens them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QHeaderView, QSizePolicy, QTableView

from lusviewer.gui.results.result_words import tr
from lusviewer.gui.results.tables import ROW_PX, dress_table
from lusviewer.gui.theme import SPACE
from lusviewer.gui.titled_columns import NO_PARENT, TitledColumns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from PySide6.QtCore import QObject

    from lusviewer.clip import Clip
    from lusviewer.experts.validation import WrongClip
    from lusviewer.gui.results.work import Place
    from lusviewer.gui.titled_columns import Index

_MEASURED: Final = 200
"""So many rows say how wide the columns are."""
_TEXTS: Final = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)


class WrongClips(TitledColumns):
    """The clips, the surest of the errors first; only what is seen is asked for."""

    def __init__(
        self,
        wrong: Sequence[WrongClip],
        clips: Mapping[str, Place],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._rows = [(one, clips.get(one.sha256)) for one in wrong]
        self._titles = (
            tr("Clip"),
            tr("Patient"),
            tr("Label"),
            tr("It said"),
            tr("Probability"),
            tr("Part"),
        )

    def path(self, row: int) -> Path | None:
        """Return the file of a clip, None where there is none to be opened."""
        place = self._rows[row][1]
        return None if place is None or place.missing else place.path

    def texts(self, row: int) -> list[str]:
        """Return what stands in a row."""
        one, place = self._rows[row]
        name = tr("not in this library") if place is None else place.path.name
        patient = "" if place is None else place.patient
        said = [one.label, one.said, f"{one.probability:.2f}", str(one.fold)]
        return [name, patient, *said]

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Return how many clips there are."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        """Return what stands in a cell, also as its tooltip."""
        known = index.isValid() and role in _TEXTS
        return self.texts(index.row())[index.column()] if known else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return that what cannot be opened cannot be chosen."""
        flags = super().flags(index)
        if index.isValid() and self.path(index.row()) is None:
            return flags & ~Qt.ItemFlag.ItemIsEnabled
        return flags


class WrongTable(QTableView):
    """The clips whose likeliest class is not their label, the surest first.

    Signals
    -------
    chosen(Path)
        A clip is to be opened.
    """

    chosen = Signal(object)

    def __init__(self, wrong: Sequence[WrongClip], clips: Mapping[str, Place]) -> None:
        super().__init__()
        dress_table(self, tr("Clips it gets wrong"))
        self.clips = WrongClips(wrong, clips, self)
        self.setModel(self.clips)
        self._opened: Path | None = None
        self._widen_columns()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        self.activated.connect(self._open)
        self.clicked.connect(self._open)

    def sizeHint(self) -> QSize:
        """Return room for a dozen rows."""
        return QSize(600, 12 * ROW_PX)

    def _widen_columns(self) -> None:
        """Give each column the room of its words; asking every cell takes long."""
        header, metrics = self.horizontalHeader(), self.fontMetrics()
        first = range(min(self.clips.rowCount(), _MEASURED))
        columns = zip(*(self.clips.texts(row) for row in first), strict=True)
        for column, texts in enumerate(columns):
            widest = max(map(metrics.horizontalAdvance, set(texts))) + 3 * SPACE
            least = header.sectionSizeHint(column)
            self.setColumnWidth(column, max(widest, least))
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        path = self.clips.path(index.row())
        # A double click is also two clicks.
        if path is not None and path != self._opened:
            self._opened = path
            self.chosen.emit(path)

    @Slot(object)
    def note_open(self, clip: Clip) -> None:
        """Know which clip is open now, so that any other can be opened."""
        self._opened = clip.identity.path
