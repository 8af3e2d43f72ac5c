"""A line above the image that tells what went wrong and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout

from lusviewer.errors import ClipError, ModelError
from lusviewer.gui.theme import SPACE, font, icon, set_icon

if TYPE_CHECKING:
    from lusviewer.errors import LusViewerError
    from lusviewer.gui.background import Models
    from lusviewer.gui.viewer_model import ViewerModel


class Banner(QFrame):
    """Shows the last error a person can be told, until closed or overtaken."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self.setObjectName("banner")
        self.setProperty("role", "banner")
        self.setAccessibleName(self.tr("Warning"))
        self._error: LusViewerError | None = None
        self._sign = QLabel()
        self.message = QLabel()
        self.message.setFont(font(self.message.font(), bold=True))
        self.hint = QLabel()
        for label in (self.message, self.hint):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QToolButton()
        close.setAutoRaise(True)
        close.setToolTip(self.tr("Close this message"))
        close.setAccessibleName(self.tr("Close this message"))
        set_icon(close, "close")
        close.clicked.connect(self.hide)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self.message)
        column.addWidget(self.hint)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE + 4, SPACE, SPACE, SPACE)
        row.setSpacing(SPACE + 4)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()
        viewer.failed.connect(self.show_error)
        viewer.clip_opened.connect(self._on_opened)
        viewer.models_changed.connect(self._on_models)

    @Slot(object)
    def show_error(self, error: LusViewerError) -> None:
        """Show what is wrong and what to do about it."""
        self._error = error
        self._sign.setPixmap(icon("warning").pixmap(QSize(20, 20)))
        self.message.setText(error.message)
        self.hint.setText(error.hint)
        self.hint.setVisible(bool(error.hint))
        self.setAccessibleDescription(str(error))
        self.show()

    @Slot()
    def _on_opened(self) -> None:
        """Let go of what another clip was about; a missing model is still missing."""
        if isinstance(self._error, ClipError):
            self.hide()

    @Slot(object)
    def _on_models(self, models: Models | None) -> None:
        if models is not None and isinstance(self._error, ModelError):
            self.hide()
