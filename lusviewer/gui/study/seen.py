"""Whose answers a rater sees: the same rule for the list and for the findings."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal, Slot

COLLECTIONS: Final = ("COVID-BLUeS", "POCUS")
"""Raters that are no people: what came with the clips of a collection."""


class Seen(QObject):
    """One's own answers, a collection's unless hidden, and all where asked for.

    A second rater is to be blind: choosing another rater hides other people's again.

    Signals
    -------
    changed()
        Other answers are to be shown now.
    """

    changed = Signal()

    def __init__(self, rater: str, parent: QObject) -> None:
        super().__init__(parent)
        self._rater = rater
        self.others = False
        self.collections = True

    @property
    def raters(self) -> tuple[str, ...] | None:
        """Those whose answers are shown; None for everyone's."""
        if self.others:
            return None
        return (self._rater, *(COLLECTIONS if self.collections else ()))

    def shows(self, rater: str) -> bool:
        """Return whether a rater's answers are shown."""
        raters = self.raters
        return raters is None or rater in raters

    def show_others(self, shown: bool) -> None:  # noqa: FBT001 - a slot
        """Show what all others said, or hide it."""
        if shown != self.others:
            self.others = shown
            self.changed.emit()

    def show_collections(self, shown: bool) -> None:  # noqa: FBT001 - a slot
        """Show what collections say of their clips, or hide it."""
        if shown != self.collections:
            self.collections = shown
            self.changed.emit()

    @Slot(str)
    def set_rater(self, rater: str) -> None:
        """Show another rater's answers, and other people's no more."""
        self._rater = rater
        self.others = False
        self.changed.emit()
