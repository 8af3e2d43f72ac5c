"""Which clips the library's list shows and has selected, for panels that ask."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot


class ChosenClips(QObject):
    """The keys of the clips in the list now, and of those selected in it.

    Signals
    -------
    changed()
    """

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.listed: tuple[int, ...] = ()
        self.selected: tuple[int, ...] = ()

    @Slot(object)
    def set_listed(self, clips: tuple[int, ...]) -> None:
        """Take what the list shows now, in its order."""
        if clips != self.listed:
            self.listed = clips
            self.changed.emit()

    @Slot(object)
    def set_selected(self, clips: tuple[int, ...]) -> None:
        """Take what is selected now, in the list's order."""
        if clips != self.selected:
            self.selected = clips
            self.changed.emit()
