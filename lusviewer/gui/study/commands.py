"""What the actions of the menu 'study' do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

if TYPE_CHECKING:
    from lusviewer.gui.actions import Actions
    from lusviewer.gui.settings import Settings
    from lusviewer.gui.study.model import StudyModel


class StudyCommands(QObject):
    """Choosing a library, filling it, having it analysed."""

    def __init__(self, study: StudyModel, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._study, self._settings, self._window = study, settings, window

    def bind(self, actions: Actions) -> None:
        """Bind the actions of the menu."""
        for name, slot in (
            ("study_analyse", self._study.analyse_all),
            ("study_choose", self.ask_library),
        ):
            actions[name].triggered.connect(slot)

    @Slot()
    def ask_library(self) -> None:
        """Ask for the folder of another library, or of one to be."""
        folder = QFileDialog.getExistingDirectory(
            self._window,
            self.tr("Choose the folder of a library, or an empty one"),
            str(self._study.shelf.folder),
        )
        if folder:
            self._settings.put("library", folder)
            self._study.open(Path(folder))
