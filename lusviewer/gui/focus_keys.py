"""Keys for the control that has the focus, before the shortcuts of the window.

Space plays and the arrows step wherever one is, but for a control that was reached
with the Tab key they press and set it, as the keyboard's users expect. Controls
that edit take the focus from the Tab key only, never from a click: the shortcuts
stay what they are for the mouse's users.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QComboBox, QWidget

from lusviewer.gui.clip_view import ClipView
from lusviewer.gui.panel_parts import ProbabilitySlider

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

_ENTER: Final = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
_PRESS: Final = frozenset({Qt.Key.Key_Space}) | _ENTER
_SET: Final = frozenset(
    {
        Qt.Key.Key_Left,
        Qt.Key.Key_Right,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
        Qt.Key.Key_PageUp,
        Qt.Key.Key_PageDown,
    }
)


class FocusKeys(QObject):
    """Watches the control with the focus, and no other."""

    def __init__(self, window: QWidget, app: QApplication) -> None:
        super().__init__(window)
        self._window = window
        app.focusChanged.connect(self._on_focus)

    @Slot(QWidget, QWidget)
    def _on_focus(self, old: QWidget | None, new: QWidget | None) -> None:
        if old is not None:
            old.removeEventFilter(self)
        kinds = (QAbstractButton, ProbabilitySlider, QComboBox, ClipView)
        if isinstance(new, kinds) and new.window() is self._window:
            new.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the control's own keys for it; Enter presses a button."""
        if not isinstance(event, QKeyEvent) or not isinstance(watched, QWidget):
            return False
        key = event.key()
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        if not plain or key not in keys_of(watched):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        enters = event.type() == QEvent.Type.KeyPress and key in _ENTER
        if enters and isinstance(watched, QAbstractButton):
            watched.click()
            return True
        return False


def keys_of(widget: QWidget) -> frozenset[Qt.Key]:
    """Return the keys that ``widget`` needs for itself."""
    if isinstance(widget, QAbstractButton):
        return _PRESS
    if isinstance(widget, ProbabilitySlider):
        return _SET
    if isinstance(widget, ClipView):
        return widget.own_keys
    if isinstance(widget, QComboBox):
        return frozenset({Qt.Key.Key_Space})
    return frozenset()
