"""Noticing what another window or command does to the library.

What this window does to it is told by whoever has it written, and not once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Slot

from lusviewer.errors import LusViewerError
from lusviewer.gui.jobs import Latest
from lusviewer.gui.study.work import Changed

if TYPE_CHECKING:
    from lusviewer.cancel import CancelToken
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.study.work import Shelf
    from lusviewer.library.database import Watch

LOOK_MS: Final = 2000
"""How often it is asked whether the library changed; that reads one number."""


class Watcher(QObject):
    """Tells the study when its library was changed, but not by this window."""

    def __init__(
        self, study: StudyModel, parent: QObject, interval_ms: int = LOOK_MS
    ) -> None:
        super().__init__(parent)
        self._study = study
        self._eye = _Eye()
        self._latest: Latest[Shelf, bool] = Latest(self._eye.look, self)
        self._latest.ready.connect(self._on_looked)
        self._latest.failed.connect(self._on_failed)
        self._timer = QTimer(self, interval=interval_ms)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        study.closing.connect(self._close)

    @Slot()
    def _look(self) -> None:
        self._latest.request(self._study.shelf)

    @Slot(object, object)
    def _on_looked(self, shelf: Shelf, changed: bool) -> None:  # noqa: FBT001 - a slot
        if changed and shelf is self._study.shelf:
            self._study.tell(Changed())

    @Slot(object, object)
    def _on_failed(self, _shelf: Shelf, error: Exception) -> None:
        # Whoever reads the library next says what is wrong with it.
        if not isinstance(error, LusViewerError):
            raise error

    @Slot()
    def _close(self) -> None:
        self._timer.stop()
        self._latest.close()


class _Eye:
    """Looks at one library after the other, on a thread that is not the window's."""

    def __init__(self) -> None:
        self._shelf: Shelf | None = None
        self._watch: Watch | None = None

    def look(self, shelf: Shelf, _cancel: CancelToken) -> bool:
        """Return whether the library changed since the last look, or was made."""
        if shelf is not self._shelf:
            self._shelf, self._watch = shelf, None
            if shelf.made:
                self._watch = shelf.library().database.watch()
            return False
        if self._watch is None:
            if not shelf.made:
                return False
            self._watch = shelf.library().database.watch()
            return True
        return self._watch.changed()
