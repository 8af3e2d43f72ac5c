"""Parts of the forms: fields with their names above, safe from a passing wheel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSpinBox, QVBoxLayout, QWidget

from lusviewer.gui.narrow import NarrowCombo
from lusviewer.gui.panel_parts import words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QStandardItem, QWheelEvent


class Choice(NarrowCombo):
    """A list to choose from that fits a narrow dock."""

    def __init__(self, name: str, tip: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel: scrolling past must not change anything."""
        event.ignore()

    def fill(self, items: Sequence[tuple[str, object, bool]]) -> None:
        """Offer items: words, data, whether it can be chosen; keep what was chosen."""
        before = self.currentData()
        self.blockSignals(True)  # noqa: FBT003 - Qt's own signature
        self.clear()
        for text, data, possible in items:
            self.addItem(text, data)
            if not possible:
                self._forbid(self.count() - 1)
        place = self.findData(before) if before is not None else -1
        if place < 0 or not items[place][2]:
            place = next((i for i, item in enumerate(items) if item[2]), -1)
        self.setCurrentIndex(place)
        self.blockSignals(False)  # noqa: FBT003

    def choose(self, data: object) -> None:
        """Choose the item that stands for ``data``, if there is one."""
        place = self.findData(data)
        if place >= 0:
            self.setCurrentIndex(place)

    def _forbid(self, place: int) -> None:
        item: QStandardItem = self.model().item(place)  # type: ignore[attr-defined]
        item.setEnabled(False)


class Number(QSpinBox):
    """A whole number; the wheel is the panel's."""

    def __init__(self, name: str, tip: str, limits: tuple[int, int]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setRange(*limits)
        self.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel."""
        event.ignore()


def named(name: str, field: QWidget) -> QWidget:
    """Return a field with its name above."""
    both = QWidget()
    column = QVBoxLayout(both)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(SPACE // 4)
    label = words(name, "muted")
    label.setBuddy(field)
    column.addWidget(label)
    column.addWidget(field)
    return both
