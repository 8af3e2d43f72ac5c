"""Whose answers a rater sees: the same rule for the list and for the findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot

if TYPE_CHECKING:
    from lusviewer.gui.study.model import StudyModel

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

    def __init__(self, study: StudyModel) -> None:
        super().__init__(study)
        self._study = study
        self.others = False
        self.collections = True
        study.rater_changed.connect(self._on_rater)

    @property
    def raters(self) -> tuple[str, ...] | None:
        """Those whose answers are shown; None for everyone's."""
        if self.others:
            return None
        return (self._study.rater, *(COLLECTIONS if self.collections else ()))

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

    @Slot()
    def _on_rater(self) -> None:
        self.others = False
        self.changed.emit()
