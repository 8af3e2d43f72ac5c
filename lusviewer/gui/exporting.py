"""Writing results in the background."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from lusviewer.gui import background
from lusviewer.gui.jobs import Lane

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.gui.background import ExportWish


class Exporter(QObject):
    """Writes results; exports asked for meanwhile run side by side.

    Signals
    -------
    wrote(Path)
        A file is there.
    failed(Exception)
    """

    wrote = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._lane = Lane(self, replacing=False)
        self._lane.produced.connect(self._on_written)
        self._lane.failed.connect(self.failed)

    def write(self, wish: ExportWish) -> None:
        """Write what ``wish`` asks for."""
        self._lane.run(partial(background.write_results, wish))

    def close(self) -> None:
        """Stop writing and wait; files half written are removed."""
        self._lane.close()

    @Slot(object)
    def _on_written(self, files: tuple[Path, ...]) -> None:
        for file in files:
            self.wrote.emit(file)
