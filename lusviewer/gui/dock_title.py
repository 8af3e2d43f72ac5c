"""A quiet bar on top of a dock: its title where no tab says it already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QToolButton, QWidget

from lusviewer.gui.panel_parts import ElidedLabel
from lusviewer.gui.theme import SPACE, set_icon

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDockWidget


class DockTitle(QWidget):
    """Title, float and close; as a tab only the two buttons, on a slimmer bar."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        self.title = ElidedLabel(dock.windowTitle())
        # The mouse that takes hold of the title moves the dock.
        self.title.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.float_button = self._button(
            "float", self.tr("Float {name}").format(name=dock.windowTitle())
        )
        self.close_button = self._button(
            "close", self.tr("Close {name}").format(name=dock.windowTitle())
        )
        self.float_button.clicked.connect(self._float)
        self.close_button.clicked.connect(dock.close)
        self._row = QHBoxLayout(self)
        self._row.setSpacing(0)
        self._row.addWidget(self.title, 1)
        self._row.addStretch()
        self._row.addWidget(self.float_button)
        self._row.addWidget(self.close_button)
        for moved in (
            dock.visibilityChanged,
            dock.topLevelChanged,
            dock.dockLocationChanged,
        ):
            moved.connect(self._on_moved)
        self.show_title()

    def _button(self, icon: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setIconSize(QSize(11, 11))
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setProperty("role", "dock")
        set_icon(button, icon)
        return button

    @Slot()
    def _float(self) -> None:
        self._dock.setFloating(not self._dock.isFloating())

    @Slot()
    def _on_moved(self) -> None:
        # A dock that comes or goes may leave another one alone.
        for bar in self._dock.window().findChildren(DockTitle):
            bar.show_title()
        self.show_title()

    def show_title(self) -> None:
        """Show the title unless the dock's tab does."""
        window = self._dock.parentWidget()
        tabbed = False
        if isinstance(window, QMainWindow) and not self._dock.isFloating():
            others = window.tabifiedDockWidgets(self._dock)
            tabbed = any(not other.isHidden() for other in others)
        self.title.setVisible(not tabbed)
        gap = 0 if tabbed else SPACE // 2
        self._row.setContentsMargins(SPACE + 4, gap, SPACE // 2, gap)
