"""Noticing that other experts were put in use outside this window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal, Slot

from lusviewer.gui.jobs import Lane
from lusviewer.gui.results import work

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.gui.results.work import Stand

CALM_MS: Final = 300
"""A promotion moves several folders: it is looked at once they rest for so long."""


class StoreWatch(QObject):
    """Watches the folder of the user's own experts, or where it would come to be.

    Signals
    -------
    changed()
        Another program put other experts in use.
    """

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._bundle: Path | None = None
        self._stand: Stand | None = None
        self._own = True
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self._on_stirred)
        self._calm = QTimer(self, singleShot=True, interval=CALM_MS)
        self._calm.timeout.connect(self._look)
        self._looking = Lane(self)
        self._looking.produced.connect(self._on_looked)

    def follow(self, bundle: Path) -> None:
        """Take what is in use with a model now as known; tell what is different later.

        Also after a change of this window's own.
        """
        self._bundle, self._own = bundle, True
        self._calm.stop()
        self._look()

    @property
    def settled(self) -> bool:
        """Whether all that has stirred so far was looked at."""
        looked = self._stand is not None and not self._looking.busy
        return looked and not self._calm.isActive()

    def close(self) -> None:
        """Watch no more."""
        self._calm.stop()
        self._looking.close()

    @Slot()
    def _on_stirred(self) -> None:
        self._calm.start()

    @Slot()
    def _look(self) -> None:
        if self._bundle is not None:
            self._looking.run(partial(work.look, self._bundle))

    @Slot(object)
    def _on_looked(self, found: tuple[Stand, ...]) -> None:
        stand, before, own = found[-1], self._stand, self._own
        self._stand, self._own = stand, False
        moved = before is None or stand.folder != before.folder
        if moved or not self._watcher.directories():
            if self._watcher.directories():
                self._watcher.removePaths(self._watcher.directories())
            if self._watcher.addPath(str(stand.folder)):
                # What changed before it was watched is seen by looking once more.
                self._calm.start()
        if not own and before is not None and stand.in_use != before.in_use:
            self.changed.emit()
