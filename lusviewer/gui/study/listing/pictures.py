"""The rows' pictures: made in the background, those in view first, few in memory."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QPixmap

from lusviewer.gui.jobs import Lane
from lusviewer.gui.row_paint import pixmap_of
from lusviewer.gui.study.listing import work

if TYPE_CHECKING:
    from lusviewer.gui.study.listing.work import Picture, Row
    from lusviewer.gui.study.model import StudyModel

KEPT: Final = 240
"""So many pictures are kept, 64 KiB each at most."""

_WANTED: Final = 60
_ASK_MS: Final = 20


class Pictures(QObject):
    """Gives pictures at once where they are there, and has the others made.

    Signals
    -------
    arrived(frozenset)
        The SHA-256 of clips whose pictures are there now.
    """

    arrived = Signal(object)

    def __init__(self, study: StudyModel, parent: QObject) -> None:
        super().__init__(parent)
        self._study = study
        self._kept: OrderedDict[str, QPixmap] = OrderedDict()
        self._asked: dict[str, Row] = {}
        self._wishes = work.PictureWishes(_WANTED)
        self._timer = QTimer(self, interval=_ASK_MS, singleShot=True)
        self._timer.timeout.connect(self._ask)
        self._lane = Lane(self)
        self._lane.produced.connect(self._on_pictures)
        self._lane.ended.connect(self._go_on)
        study.opened.connect(self.forget)
        study.closing.connect(self.close)

    def of(self, row: Row) -> QPixmap:
        """Return the picture of ``row``; an empty one where it is still to be made."""
        kept = self._kept.get(row.sha256)
        if kept is not None:
            self._kept.move_to_end(row.sha256)
            return kept
        self._asked[row.sha256] = row
        if not self._timer.isActive():
            self._timer.start()
        return QPixmap()

    def __len__(self) -> int:
        return len(self._kept)

    @Slot()
    def forget(self) -> None:
        """Want nothing more: another library is open."""
        self._asked.clear()
        self._wishes.clear()

    @Slot()
    def close(self) -> None:
        """Stop, and wait for the picture that is being made."""
        self._timer.stop()
        self._wishes.clear()
        self._lane.close()

    @Slot()
    def _ask(self) -> None:
        self._wishes.ask(list(self._asked.values()))
        self._asked.clear()
        self._go_on()

    @Slot()
    def _go_on(self) -> None:
        if self._wishes and not self._lane.busy:
            self._lane.run(partial(work.pictures, self._study.shelf, self._wishes))

    @Slot(object)
    def _on_pictures(self, made: tuple[Picture, ...]) -> None:
        for one in made:
            pixmap = QPixmap() if one.pixels is None else pixmap_of(one.pixels)
            self._kept[one.sha256] = pixmap
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        self.arrived.emit(frozenset(one.sha256 for one in made))
