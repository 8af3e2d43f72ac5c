"""A page whose parts are made one a turn of the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Iterator


class Piecemeal(QScrollArea):
    """Parts one below the other on a page that scrolls; none holds the window up.

    Signals
    -------
    filled()
        The last part is there.
    """

    filled = Signal()

    def __init__(self, parts: Iterator[QWidget]) -> None:
        """Take what makes the next part each time it is asked."""
        super().__init__()
        self._parts = parts
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(*(SPACE * 2,) * 4)
        self._column.setSpacing(SPACE)
        self._column.addStretch(1)
        self.setWidget(inside)
        self._turns = QTimer(self, interval=0)
        self._turns.timeout.connect(self._add_next)
        self._turns.start()

    @property
    def filling(self) -> bool:
        """Whether parts are still to come."""
        return self._turns.isActive()

    @Slot()
    def _add_next(self) -> None:
        part = next(self._parts, None)
        if part is None:
            self._turns.stop()
            self.filled.emit()
        else:
            # Above the stretch, which keeps the parts at the top.
            self._column.insertWidget(self._column.count() - 1, part)
