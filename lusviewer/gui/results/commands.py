"""Opening results and the list of experts, and what the foot of the window says."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QProgressBar,
    QToolButton,
    QWidget,
)

from lusviewer.gui.jobs import Lane
from lusviewer.gui.results import work
from lusviewer.gui.results.done_words import done_words
from lusviewer.gui.results.model import ExpertsModel
from lusviewer.gui.theme import SPACE, set_icon

if TYPE_CHECKING:
    from lusviewer.errors import LusViewerError
    from lusviewer.gui.actions import Actions
    from lusviewer.gui.results.experts_dialog import ExpertsDialog
    from lusviewer.gui.results.window import ResultWindow
    from lusviewer.gui.results.work import Done
    from lusviewer.gui.settings import Settings
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel

_WINDOW: Final = "lusviewer.gui.results.window"


class RefreshStrip(QWidget):
    """How far the clips of the library are judged anew, with a way to stop it."""

    def __init__(self, experts: ExpertsModel) -> None:
        super().__init__()
        self.words = QLabel()
        self.progress = QProgressBar()
        self.progress.setFixedWidth(100)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress of the predictions"))
        self.stop = QToolButton()
        self.stop.setAutoRaise(True)
        self.stop.setToolTip(self.tr("Stop judging the clips of the library anew"))
        self.stop.setAccessibleName(self.stop.toolTip())
        set_icon(self.stop, "stop")
        self.stop.clicked.connect(experts.stop_refreshing)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for part in (self.words, self.progress, self.stop):
            row.addWidget(part)
        self.hide()
        experts.refreshing.connect(self._show)

    @Slot(int, int)
    def _show(self, done: int, total: int) -> None:
        text = self.tr("Predictions: {done} of {total} clips")
        self.words.setText(text.format(done=done, total=total))
        longest = text.format(done=total, total=total)
        room = self.words.fontMetrics().horizontalAdvance(longest)
        # The foot gives room only once: what is said gets longer by and by.
        self.words.setMinimumWidth(room + 2 * SPACE)
        self.setVisible(total > 0)
        self.progress.setRange(0, max(total, 1))
        self.progress.setValue(done)


class ResultCommands(QObject):
    """Shows results and the experts in use; a training that ends asks it to."""

    def __init__(
        self,
        viewer: ViewerModel,
        study: StudyModel,
        settings: Settings,
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._viewer, self._study, self._settings = viewer, study, settings
        self._window = window
        self.experts = ExpertsModel(viewer, study)
        self.experts.told.connect(self._on_told)
        self.experts.unpacked.connect(self.show_result)
        self.experts.failed.connect(self._on_failed)
        self._loading = Lane(self)
        self._loading.produced.connect(self._on_loaded)
        self._wanted: list[Path] = []
        self.strip = RefreshStrip(self.experts)
        window.statusBar().addPermanentWidget(self.strip)
        self.windows: list[ResultWindow] = []
        self.dialog: ExpertsDialog | None = None

    def bind(self, actions: Actions) -> None:
        """Bind the actions of the menu."""
        for name, slot in (
            ("experts_in_use", self.show_experts),
            ("experts_result", self.ask_result),
        ):
            actions[name].triggered.connect(slot)

    @Slot(object)
    def show_result(self, folder: Path) -> None:
        """Open the result of the training that wrote ``folder``."""
        for shown in self.windows:
            if shown.folder == folder:
                shown.show()
                shown.activateWindow()
                shown.read()  # Another result may lie there by now.
                return
        self._wanted.append(folder)
        self._loading.run(partial(work.load, _WINDOW))

    @Slot()
    def _on_loaded(self) -> None:
        wanted, self._wanted = self._wanted, []
        for folder in dict.fromkeys(wanted):
            self._open(folder)

    def _open(self, folder: Path) -> None:
        module = import_module(_WINDOW)
        make: type[ResultWindow] = module.ResultWindow
        viewer, study, settings = self._viewer, self._study, self._settings
        made = make(viewer, study, self.experts, settings, folder)
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        made.destroyed.connect(partial(self._forget, made))
        self.windows.append(made)
        made.show()

    @Slot()
    def show_experts(self) -> None:
        """Open the list of the experts in use."""
        if self.dialog is None:
            module = import_module("lusviewer.gui.results.experts_dialog")
            make: type[ExpertsDialog] = module.ExpertsDialog
            self.dialog = make(self._study, self.experts, self._window)
            self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.dialog.result_wanted.connect(self.show_result)
            self.dialog.destroyed.connect(self._forget_dialog)
            self._viewer.models_changed.connect(self.dialog.read)
        self.dialog.show()
        self.dialog.raise_()

    @Slot()
    def ask_result(self) -> None:
        """Ask for the folder that a training wrote."""
        start = self._study.shelf.folder / "experts"
        title = self.tr("Choose the folder of a trained expert")
        folder = QFileDialog.getExistingDirectory(self._window, title, str(start))
        if folder:
            self.show_result(Path(folder))

    def close(self) -> None:
        """Close what is open; end what was begun."""
        self._loading.close()
        for shown in tuple(self.windows):
            shown.close()
        if self.dialog is not None:
            self.dialog.close()
        self.experts.close()

    def _forget(self, window: object, _gone: object = None) -> None:
        self.windows = [one for one in self.windows if one is not window]

    @Slot()
    def _forget_dialog(self) -> None:
        self.dialog = None

    @Slot(object)
    def _on_failed(self, error: LusViewerError) -> None:
        """Tell what nobody else is there to tell."""
        if not self.windows and self.dialog is None:
            self._viewer.report_failure(error)

    @Slot(object)
    def _on_told(self, done: Done) -> None:
        self._viewer.status_changed.emit(done_words(done))
