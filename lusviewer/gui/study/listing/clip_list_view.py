"""The list of the library's clips as a person handles it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListView

from lusviewer.gui.study.listing.clip_list import ClipListModel
from lusviewer.gui.study.listing.pictures import Pictures
from lusviewer.gui.study.listing.row_delegate import RowDelegate

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from lusviewer.gui.study.model import StudyModel

_MOVES: Final = frozenset(
    {
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
        Qt.Key.Key_PageUp,
        Qt.Key.Key_PageDown,
        Qt.Key.Key_Return,
        Qt.Key.Key_Enter,
    }
)


class ClipListView(QListView):
    """Rows of one height, of which only those in view are read and painted.

    Signals
    -------
    chosen(int)
        A clip is to be opened.
    selected(tuple)
        The keys of the clips that are selected now.
    """

    chosen = Signal(int)
    selected = Signal(object)

    def __init__(self, study: StudyModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.clips = ClipListModel(study, self)
        self.pictures = Pictures(study, self)
        self._kept: tuple[tuple[int, ...], int | None, int] = ((), None, 0)
        self._choice = self.clips.listing.choice
        self.setModel(self.clips)
        self.setItemDelegate(RowDelegate(self.clips, self.pictures))
        self.setAccessibleName(self.tr("Clips of the library"))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.activated.connect(self._on_activated)
        self.clips.modelAboutToBeReset.connect(self._keep_place)
        self.clips.modelReset.connect(self._take_place)
        self.pictures.arrived.connect(self.clips.show_anew)
        self.selectionModel().selectionChanged.connect(self._on_selection)
        self.selected.connect(study.chosen.set_selected)
        self.clips.listed.connect(lambda now: study.chosen.set_listed(now.ids))

    def selected_ids(self) -> tuple[int, ...]:
        """Return the keys of the clips that are selected, in the list's order."""
        ids, chosen = self.clips.listing.ids, self.selectionModel().selection()
        parts = [chosen.at(number) for number in range(chosen.count())]
        ranges = [(part.top(), part.bottom()) for part in parts]
        return tuple(
            key
            for top, bottom in sorted(ranges)
            for key in ids[max(top, 0) : bottom + 1]
        )

    def event(self, event: QEvent) -> bool:
        """Keep the keys that move through a list for it, where it has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(
            event, QKeyEvent
        ):
            plain = not event.modifiers() & ~(
                Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
            )
            if plain and event.key() in _MOVES:
                event.accept()
                return True
        return super().event(event)

    def sizeHint(self) -> QSize:
        """Return a width in which names can be read."""
        return QSize(250, 400)

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        if 0 <= index.row() < len(self.clips.listing.ids):
            self.chosen.emit(self.clips.listing.ids[index.row()])

    @Slot()
    def _on_selection(self) -> None:
        self.selected.emit(self.selected_ids())

    @Slot()
    def _keep_place(self) -> None:
        """Remember what is selected, by key: the rows are about to change."""
        number = self.currentIndex().row()
        ids = self.clips.listing.ids
        current = ids[number] if 0 <= number < len(ids) else None
        self._kept = self.selected_ids(), current, self.verticalScrollBar().value()

    @Slot()
    def _take_place(self) -> None:
        """Select the same clips again, wherever they stand now."""
        keys, current, scrolled = self._kept
        places = sorted(
            place for key in keys if (place := self.clips.place_of(key)) is not None
        )
        selection = QItemSelection()
        for first, last in _runs(places):
            selection.select(self.clips.index(first), self.clips.index(last))
        chosen = self.selectionModel()
        place = None if current is None else self.clips.place_of(current)
        if place is not None:
            keep = QItemSelectionModel.SelectionFlag.NoUpdate
            chosen.setCurrentIndex(self.clips.index(place), keep)
        replace = QItemSelectionModel.SelectionFlag.ClearAndSelect
        chosen.select(selection, replace)
        self.doItemsLayout()
        if self.clips.listing.choice == self._choice:
            self.verticalScrollBar().setValue(scrolled)
        elif places:
            self.scrollTo(self.clips.index(places[0]))
        else:
            self.scrollToTop()
        self._choice = self.clips.listing.choice
        if not places:
            self.selected.emit(())


def _runs(places: list[int]) -> list[tuple[int, int]]:
    """Return sorted numbers as runs without gaps."""
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and runs[-1][1] == place - 1:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return runs
