"""The foot of the window: progress with a way to stop it, device, model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QToolButton

from lusviewer.gui.panel_parts import ElidedLabel

if TYPE_CHECKING:
    from lusviewer.gui.actions import Actions
    from lusviewer.gui.background import Models
    from lusviewer.gui.viewer_model import ViewerModel


class StatusStrip(QStatusBar):
    """What the program is doing, on what, and with which model."""

    def __init__(self, viewer: ViewerModel, actions: Actions) -> None:
        super().__init__()
        self._viewer = viewer
        self.setSizeGripEnabled(False)
        self.message = ElidedLabel()
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(160)
        self.progress.setAccessibleName(self.tr("Progress of the analysis"))
        self.stop = QToolButton()
        self.stop.setDefaultAction(actions["cancel_analysis"])
        self.stop.setAutoRaise(True)
        self.device = QLabel()
        self.device.setAccessibleName(self.tr("Device in use"))
        self.model = QLabel()
        self.model.setAccessibleName(self.tr("Model in use"))
        self.addWidget(self.message, 1)
        for widget in (self.progress, self.stop, self.device, self.model):
            self.addPermanentWidget(widget)
        self._said = ""
        self._exam = (0, 0)
        viewer.exam.progressed.connect(self._on_exam_progress)
        viewer.status_changed.connect(self._on_status)
        viewer.progress_changed.connect(self._on_progress)
        viewer.analysis_started.connect(self._on_started)
        viewer.analysis_ended.connect(self._show_work)
        viewer.clip_closed.connect(self._show_work)
        viewer.models_changed.connect(self._on_models)
        self._on_models(viewer.analysis.models)
        self._show_work()

    @Slot(str)
    def _on_status(self, text: str) -> None:
        self._said = text
        self._show_work()

    @Slot()
    def _on_started(self) -> None:
        self._on_status("")

    @Slot(float)
    def _on_progress(self, share: float) -> None:
        # Qt paints a progress bar at once, and with it all that waits to be painted.
        self.progress.setUpdatesEnabled(False)
        self.progress.setValue(round(share * 1000))
        self.progress.setUpdatesEnabled(True)
        self._show_work()

    @Slot(int, int)
    def _on_exam_progress(self, done: int, total: int) -> None:
        self._exam = (done, total)
        if total:
            self._on_progress(done / total)
        self._show_work()

    @Slot()
    def _show_work(self) -> None:
        busy = self._viewer.analysis.busy or self._viewer.exam.busy
        self.progress.setVisible(busy)
        self.stop.setVisible(busy)
        said = self._said or self._summary()
        if said != self.message.full_text:
            self.message.set_full_text(said)

    def _summary(self) -> str:
        viewer = self._viewer
        timelines = viewer.timelines
        if viewer.exam.busy:
            done, total = self._exam
            text = self.tr("Analysing the exam: {done} of {total} clips")
        elif timelines is None:
            return ""
        else:
            done, total = int(timelines.analysed.sum()), len(timelines)
            text = self._clip_summary()
        return text.format(done=done, total=total)

    def _clip_summary(self) -> str:
        analysis = self._viewer.analysis
        if analysis.busy:
            return self.tr("Analysing: {done} of {total} frames")
        if analysis.complete:
            one = len(self._viewer.timelines or ()) == 1
            return self.tr("Analysed") if one else self.tr("Analysed, {total} frames")
        if analysis.loading:
            return self.tr("Loading the model ...")
        return self.tr("{done} of {total} frames analysed")

    @Slot(object)
    def _on_models(self, models: Models | None) -> None:
        if models is None:
            loading = self._viewer.analysis.loading
            self.device.setText("")
            self.model.setText(
                self.tr("Loading the model ...") if loading else self.tr("No model")
            )
        else:
            identity = models.bundle.identity
            self.device.setText(device_words(identity.provider))
            self.device.setToolTip(models.bundle.device.why)
            self.model.setText(f"{identity.name} {identity.version}")
            self.model.setToolTip(f"SHA-256 {identity.sha256}")
        self._show_work()


def device_words(provider: str) -> str:
    """Return an onnxruntime provider's name as people say it."""
    return provider.removesuffix("ExecutionProvider").upper()
