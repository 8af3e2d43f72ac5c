"""Answers that are sure enough to be confirmed: one key, with the clip in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget
from PySide6.QtWidgets import QTreeWidgetItem as Item

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QWidget

    from lusviewer.library.queue import Proposal

_SHOWN: Final = 300
"""The surest that are listed; the rest comes when these are dealt with."""


class ProposalList(QTreeWidget):
    """Clip, answer and how sure; Enter confirms what is selected.

    Signals
    -------
    wanted(Proposal)
        A person went to it: its clip is to be shown.
    confirmed(tuple)
        A person confirmed these.
    """

    wanted = Signal(object)
    confirmed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.proposals: tuple[Proposal, ...] = ()
        self.setAccessibleName(self.tr("Answers to confirm"))
        self.setHeaderLabels([self.tr("Clip"), self.tr("Answer"), self.tr("Sure")])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setMinimumHeight(160)
        self.setTextElideMode(Qt.TextElideMode.ElideLeft)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            mode = QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(column, mode)
        self.itemSelectionChanged.connect(self._on_selected)

    def show_proposals(
        self, proposals: Sequence[Proposal], words_of: Callable[[str], str]
    ) -> None:
        """List ``proposals``; the place in the list is kept."""
        proposals = tuple(proposals[:_SHOWN])
        if proposals == self.proposals:
            return
        row = self.indexOfTopLevelItem(self.currentItem())
        kept = self._selected()
        self.blockSignals(True)  # noqa: FBT003 - Qt's own signature
        self.clear()
        self.proposals = proposals
        for one in proposals:
            answer = f"{words_of(one.task)}: {one.value}"
            item = Item([one.clip.path.stem, answer, _sure(one.probability)])
            item.setToolTip(0, f"{one.clip.patient}  {one.clip.path}")
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight)
            self.addTopLevelItem(item)
        if row >= 0 and proposals:
            self._go_to(next((p for p in kept if p in proposals), None), row)
        self.blockSignals(False)  # noqa: FBT003
        if row >= 0 and proposals and self._selected() != kept:
            self._on_selected()

    def _go_to(self, proposal: Proposal | None, row: int) -> None:
        if proposal is not None:
            row = self.proposals.index(proposal)
        item = self.topLevelItem(min(row, len(self.proposals) - 1))
        if item is not None:
            self.setCurrentItem(item)

    def _selected(self) -> tuple[Proposal, ...]:
        rows = sorted(self.indexOfTopLevelItem(item) for item in self.selectedItems())
        return tuple(self.proposals[row] for row in rows)

    @Slot()
    def _on_selected(self) -> None:
        chosen = self._selected()
        if len(chosen) == 1:
            self.wanted.emit(chosen[0])

    @Slot()
    def confirm(self) -> None:
        """Confirm what is selected."""
        chosen = self._selected()
        if chosen:
            self.confirmed.emit(chosen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Confirm with Enter; leave the rest to the list."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.confirm()
        else:
            super().keyPressEvent(event)


def _sure(probability: float) -> str:
    """Return the probability in percent; nothing is ever quite sure."""
    return f"{min(int(probability * 100), 99)} %"
