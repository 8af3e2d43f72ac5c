"""What to learn from the labels, and how it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from lusviewer.gui.panel_parts import words

if TYPE_CHECKING:
    from lusviewer.gui.settings import Settings
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel


class LearningPanel(QWidget):
    """What to learn from the labels, and how it goes."""

    def __init__(
        self,
        viewer: ViewerModel,
        study: StudyModel,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._study, self._settings = viewer, study, settings
        layout = QVBoxLayout(self)
        layout.addWidget(
            words(self.tr("Nothing to learn from yet."), "muted", wrap=True)
        )
        layout.addStretch(1)
