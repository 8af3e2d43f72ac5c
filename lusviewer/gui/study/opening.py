"""Opening a clip of the library together with the others of its exam."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from lusviewer.gui.jobs import Lane
from lusviewer.gui.study import work

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.gui.study.work import Shelf, Together
    from lusviewer.gui.viewer_model import ViewerModel


class Opener(QObject):
    """Opens the clips that panels and results name.

    Signals
    -------
    failed(Exception)
        The clip is not there.
    """

    failed = Signal(object)

    def __init__(self, viewer: ViewerModel, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._lane = Lane(self)
        self._lane.produced.connect(self._on_together)
        self._lane.failed.connect(self.failed)

    def open(self, shelf: Shelf, clip: int | Path) -> None:
        """Show a clip by its number or its file; nothing if it is shown already."""
        self._lane.run(partial(work.exam_of, shelf, clip))

    @Slot(object)
    def _on_together(self, found: tuple[Together, ...]) -> None:
        together, viewer = found[-1], self._viewer
        listed = tuple(clip.path for clip in viewer.exam.clips)
        clip = viewer.clip
        if together.paths != listed or together.first not in listed:
            viewer.open_path(together.paths, first=together.first)
        elif clip is None or clip.identity.path != together.first:
            viewer.open_position(listed.index(together.first))

    def close(self) -> None:
        """Open no more."""
        self._lane.close()
