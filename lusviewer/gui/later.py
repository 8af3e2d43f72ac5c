"""Panels that are made, and their modules loaded, when somebody first looks at them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QPaintEvent, QShowEvent

Panel = TypeVar("Panel", bound=QWidget)


class Later(QWidget, Generic[Panel]):
    """The place of a panel: it is painted empty, then filled at once."""

    def __init__(
        self, module: str, name: str, make: Callable[[type[Panel]], Panel]
    ) -> None:
        super().__init__()
        self._module, self._name, self._make = module, name, make
        self.made: Panel | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        # Docks behind others are shown for a moment before they are put there.
        self._seen = QTimer(self, singleShot=True, interval=0)
        self._seen.timeout.connect(self._on_seen)

    @property
    def panel(self) -> Panel:
        """The panel, made now if nobody has looked at it yet."""
        if self.made is None:
            kind = cast("type[Panel]", getattr(import_module(self._module), self._name))
            self.made = self._make(kind)
            self._column.addWidget(self.made)
        return self.made

    def showEvent(self, event: QShowEvent) -> None:
        """Make the panel if it is still seen in the next turn."""
        super().showEvent(event)
        self._seen.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Make the panel where it was shown first and put into its place later."""
        super().paintEvent(event)
        if self.made is None:
            self._seen.start()

    @Slot()
    def _on_seen(self) -> None:
        if self.isVisible() and not self.visibleRegion().isEmpty():
            self.panel.show()
