"""The chosen clips as a list that a view can show, read page by page."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
    Slot,
)

from lusviewer.errors import LusViewerError
from lusviewer.gui.jobs import Lane, Latest
from lusviewer.gui.study.listing import work
from lusviewer.gui.study.listing.row_words import told
from lusviewer.gui.study.listing.work import Choice, Listing, Wish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QObject

    from lusviewer.gui.study.listing.work import Row
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.study.work import Changed, Current, Shelf

_Index = QModelIndex | QPersistentModelIndex

PAGE: Final = 50
KEPT_ROWS: Final = 600
"""So many rows are kept in memory; the others are read again when looked at."""

_PAGES_ASKED: Final = 3
_RELIST_MS: Final = 250


class ClipListModel(QAbstractListModel):
    """The keys of all clips chosen; of the clips themselves those looked at.

    Signals
    -------
    listed(Listing)
        Other clips are chosen, or how many there are is known anew.
    """

    listed = Signal(object)

    def __init__(self, study: StudyModel, parent: QObject) -> None:
        super().__init__(parent)
        self._study = study
        self.choice = Choice(raters=study.seen.raters)
        self.listing = Listing(self.choice)
        self.open_id: int | None = None
        self._shelf = study.shelf
        self._rows: OrderedDict[int, Row] = OrderedDict()
        self._places: dict[int, int] = {}
        self._stale: set[int] = set()
        self._missing: OrderedDict[int, None] = OrderedDict()
        self._asking = QTimer(self, interval=0, singleShot=True)
        self._asking.timeout.connect(self._ask)
        self._relisting = QTimer(self, interval=_RELIST_MS, singleShot=True)
        self._relisting.timeout.connect(self.relist)
        self._lane = Lane(self)
        self._lane.produced.connect(self._on_listed)
        self._lane.failed.connect(self._on_failed)
        self._latest: Latest[Wish, dict[int, Row]] = Latest(work.read_rows, self)
        self._latest.ready.connect(self._on_rows)
        self._latest.failed.connect(self._on_rows_failed)
        study.opened.connect(self._on_opened)
        study.changed.connect(self._on_changed)
        study.current_changed.connect(self._on_current)
        study.closing.connect(self._close)

    # --- what a view asks ----------------------------------------------------------

    def rowCount(self, parent: _Index | None = None) -> int:  # noqa: ARG002
        """Return how many clips are chosen."""
        return len(self.listing.ids)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the clip's name, and all that is known of it in words."""
        row = self.row(index.row())
        if row is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return row.path.name
        if role in (
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return told(row, self.listing.tasks)
        return None

    def row(self, number: int) -> Row | None:
        """Return the clip at ``number``; None while it is being read."""
        if not 0 <= number < len(self.listing.ids):
            return None
        key = self.listing.ids[number]
        row = self._rows.get(key)
        if row is None:
            self._want(number // PAGE)
        else:
            self._rows.move_to_end(key)
        return row

    def place_of(self, clip_id: int) -> int | None:
        """Return where a clip stands in the list; None where it is not chosen."""
        if len(self._places) != len(self.listing.ids):
            self._places = {key: place for place, key in enumerate(self.listing.ids)}
        return self._places.get(clip_id)

    def show_anew(self, sha256s: frozenset[str]) -> None:
        """Have the rows of these clips painted again."""
        places = [
            self.place_of(key)
            for key, row in self._rows.items()
            if row.sha256 in sha256s
        ]
        self._tell([place for place in places if place is not None])

    # --- choosing --------------------------------------------------------------------

    def choose(self, choice: Choice) -> None:
        """Show other clips, or the same in another order."""
        before, self.choice = self.choice, choice
        if choice.raters != before.raters:
            # What others said must not stay in sight while it is read anew.
            self._rows.clear()
        elif choice.model_sha256 != before.model_sha256:
            self._age(frozenset())
        self.relist()

    @Slot()
    def relist(self) -> None:
        """Ask the library anew which clips are chosen."""
        self._relisting.stop()
        self._lane.run(partial(work.list_clips, self._study.shelf, self.choice))

    @Slot(object)
    def _on_listed(self, found: tuple[Listing, ...]) -> None:
        self._rows.update(found[-1].rows)
        self._show(found[-1])
        self.listed.emit(found[-1])

    def _show(self, listing: Listing) -> None:
        if listing.ids == self.listing.ids:
            self.listing = listing
        else:
            self.beginResetModel()
            self.listing = listing
            self._places.clear()
            self._missing.clear()
            self.endResetModel()

    # --- reading ---------------------------------------------------------------------

    def _want(self, page: int) -> None:
        self._missing[page] = None
        self._missing.move_to_end(page)
        while len(self._missing) > _PAGES_ASKED:
            self._missing.popitem(last=False)
        if not self._asking.isActive():
            self._asking.start()

    @Slot()
    def _ask(self) -> None:
        ids = list(self._stale)
        for page in reversed(self._missing):
            keys = self.listing.ids[page * PAGE : (page + 1) * PAGE]
            ids += [key for key in keys if key not in self._rows]
        if ids:
            wish = Wish(self._study.shelf, tuple(ids), self.choice)
            self._latest.request(wish)

    @Slot(object, object)
    def _on_rows(self, wish: Wish, rows: dict[int, Row]) -> None:
        if wish.shelf is not self._study.shelf:
            return
        if wish.choice.raters != self.choice.raters:
            self._asking.start()
            return
        self._stale.difference_update(wish.ids)
        self._rows.update(rows)
        while len(self._rows) > KEPT_ROWS:
            self._rows.popitem(last=False)
        # The pages that are still wanted are asked for when they are painted.
        self._missing.clear()
        places = [self.place_of(key) for key in wish.ids]
        self._tell([place for place in places if place is not None])

    def _tell(self, places: Sequence[int]) -> None:
        if places:
            first, last = self.index(min(places)), self.index(max(places))
            self.dataChanged.emit(first, last)

    # --- following the library -------------------------------------------------------

    @Slot(object)
    def _on_changed(self, changed: Changed) -> None:
        self._age(changed.clips)
        if not self._relisting.isActive():
            self._relisting.start()

    def _age(self, clips: frozenset[int]) -> None:
        """Have rows read again: those used last now, the others when looked at."""
        old = [key for key in self._rows if not clips or key in clips]
        for key in old[:-PAGE]:
            del self._rows[key]
        self._stale.update(old[-PAGE:])
        if self._stale and not self._asking.isActive():
            self._asking.start()

    @Slot(object)
    def _on_opened(self, shelf: Shelf) -> None:
        if shelf is not self._shelf:
            self._shelf = shelf
            self._rows.clear()
            self._stale.clear()
            self._latest.forget()
            self._show(Listing(self.choice))
        self.relist()

    @Slot(object)
    def _on_current(self, current: Current | None) -> None:
        entry = None if current is None else current.entry
        before, self.open_id = self.open_id, None if entry is None else entry.id
        for key in (before, self.open_id):
            place = None if key is None else self.place_of(key)
            if place is not None:
                self._tell([place])

    @Slot(object, object)
    def _on_rows_failed(self, _wish: Wish, error: Exception) -> None:
        self._missing.clear()
        self._stale.clear()
        self._on_failed(error)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LusViewerError):
            raise error
        self._study.failed.emit(error)

    @Slot()
    def _close(self) -> None:
        self._asking.stop()
        self._relisting.stop()
        self._lane.close()
        self._latest.close()
