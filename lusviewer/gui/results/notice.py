"""A line inside a window that tells what could not be done and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLabel

if TYPE_CHECKING:
    from lusviewer.errors import LusViewerError


class Notice(QLabel):
    """Shows an error above what it belongs to, until the next thing is done."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "banner")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.hide()

    @Slot(object)
    def show_error(self, error: LusViewerError) -> None:
        """Show what is wrong and what to do about it."""
        self.show_words(f"{error.message} {error.hint}".strip())

    def show_words(self, text: str) -> None:
        """Show ``text``; nothing where it is empty."""
        self.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))
