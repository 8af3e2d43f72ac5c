"""Which clips to learn from: all, those listed, or those selected in the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lusviewer.gui.learning.fields import Choice

if TYPE_CHECKING:
    from lusviewer.gui.study.chosen import ChosenClips

_ALL: Final = "all"
_LISTED: Final = "listed"
_SELECTED: Final = "selected"


class ClipsField(Choice):
    """A choice that follows the library's list; what is empty can not be chosen."""

    def __init__(self) -> None:
        super().__init__("", "")
        self.setAccessibleName(self.tr("Clips"))
        self.setToolTip(
            self.tr(
                "Search and filter in the panel Library to choose what it lists, or "
                "select clips there. Clips without a label never take part."
            )
        )
        self._listed: tuple[int, ...] = ()
        self._selected: tuple[int, ...] = ()
        self._fill()

    @property
    def clips(self) -> tuple[int, ...] | None:
        """The keys of the clips that are chosen; None for all."""
        chosen = {_LISTED: self._listed, _SELECTED: self._selected}
        return chosen.get(str(self.currentData()))

    def follow(self, chosen: ChosenClips) -> None:
        """Offer what the list shows now, and have it told where that is chosen."""
        before = self.clips
        self._listed, self._selected = chosen.listed, chosen.selected
        self._fill()
        if self.clips != before:
            self.currentIndexChanged.emit(self.currentIndex())

    def _fill(self) -> None:
        now = self.currentData()
        listed = self.tr("Those in the library's list now ({n})")
        selected = self.tr("Those selected in the list ({n})")
        # What is chosen stays so when it gets empty: it must not turn into all.
        self.fill(
            [
                (self.tr("All that are labelled"), _ALL, True),
                (
                    listed.format(n=len(self._listed)),
                    _LISTED,
                    bool(self._listed) or now == _LISTED,
                ),
                (
                    selected.format(n=len(self._selected)),
                    _SELECTED,
                    bool(self._selected) or now == _SELECTED,
                ),
            ]
        )
