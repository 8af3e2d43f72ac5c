"""What was found in the open clip, by which models, and what a person made of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from lusviewer import paths
from lusviewer.findings import ClipReport, FrameFindings, Timelines
from lusviewer.gui import background
from lusviewer.gui.background import Analysed, Judged, Provisional, SecondOpinion
from lusviewer.gui.edits import Edits
from lusviewer.gui.jobs import Lane, Latest

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.clip import Clip
    from lusviewer.experts.expert import Expert
    from lusviewer.findings import Prediction
    from lusviewer.gui.background import Models

Opinions = tuple[tuple["Prediction", "Prediction | None"], ...]
"""What each expert says, and what it says after the edits (None without edits)."""


class AnalysisModel(QObject):
    """The models, the running analysis and its results.

    The signals are those of the viewer model, which passes them on; but
    ``experts_changed(Models)`` is its own: other experts answer for the same model.
    """

    started = Signal()
    ended = Signal()
    progressed = Signal(float)
    arrived = Signal(object)
    reported = Signal(object)
    predicted = Signal(object)
    edited = Signal(object)
    models_changed = Signal(object)
    experts_changed = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.models: Models | None = None
        self.bundle_path = paths.default_bundle()
        self._loaded_path = self.bundle_path
        self.asked_device = "auto"
        self.threads = 1
        self.findings: dict[int, FrameFindings] = {}
        self.timelines: Timelines | None = None
        self.report: ClipReport | None = None
        self.predictions: Opinions = ()
        self.unloadable = False
        self.judges: tuple[Expert, ...] = ()
        self._new_experts: tuple[Expert, ...] | None = None
        self._final = False
        self.edits = Edits(self)
        self._loading = Lane(self)
        self._running = Lane(self)
        self._judging = Lane(self)
        self._opinions = Latest(background.predict_again, self)
        self._telling = QTimer(self, singleShot=True, interval=0)
        self._telling.timeout.connect(self._tell_predictions)
        self._loading.produced.connect(self._on_loaded)
        self._running.produced.connect(self._on_produced)
        self._running.ended.connect(self.ended)
        self._running.ended.connect(self._take_experts)
        self._judging.produced.connect(self._on_judged)
        self._opinions.ready.connect(self._on_opinion)
        self._opinions.failed.connect(self._on_opinion_failed)
        self._loading.ended.connect(self._on_loading_ended)
        self._loading.failed.connect(self.failed)
        self._running.failed.connect(self.failed)
        self._judging.failed.connect(self.failed)
        self.edits.changed.connect(self._on_edited)

    @property
    def busy(self) -> bool:
        """Whether an analysis runs."""
        return self._running.busy

    @property
    def loading(self) -> bool:
        """Whether models are being loaded."""
        return self._loading.busy

    @property
    def complete(self) -> bool:
        """Whether the report is of the whole clip."""
        return self._final

    def load(self, folder: Path, device: str) -> None:
        """Load the models in ``folder``; what they found of the clip is dropped."""
        self.cancel()
        self.bundle_path, self.asked_device = folder, device
        self.models = None
        self.unloadable = False
        if self.timelines is not None:
            self.timelines = Timelines(self.timelines.frame_times_s)
        self._forget_results()
        self._new_experts = None
        self._judging.cancel()
        self._load()
        self.models_changed.emit(None)

    def _load(self) -> None:
        folder, device = self.bundle_path, self.asked_device
        self._loading.run(partial(background.load_models, folder, device, self.threads))

    def reload_experts(self) -> None:
        """Have the experts that are in use by now answer; no frame is looked at again.

        A running analysis is let come to its end first.
        """
        if self.models is not None:
            path = self.bundle_path
            self._judging.run(partial(background.load_experts, path))
        elif self._loading.busy:
            self._load()

    def begin(self, clip: Clip) -> None:
        """Start with nothing found in ``clip``."""
        self.timelines = Timelines(clip.frame_times_s)

    def clear(self) -> None:
        """Stop, and forget what was found."""
        self.cancel()
        self._take_experts()
        self.timelines = None
        self.edits.reset({})
        self._forget_results()

    def restore(self, kept: Analysed) -> None:
        """Take back what was found in the open clip before."""
        self.findings = dict(kept.findings)
        self.timelines = kept.report.timelines
        self.judges = kept.judges
        self._final = True
        self._report(kept.report)
        self.arrived.emit(tuple(self.findings.values()))
        self.progressed.emit(1.0)
        self._judge()

    def kept(self) -> Analysed | None:
        """Return what was found, to be restored later; None unless it is complete."""
        if not self._final or self.report is None:
            return None
        return Analysed(self.findings, self.report, self.judges)

    def start(self, clip: Clip, frame: int) -> bool:
        """Analyse ``clip``, first near ``frame``; return whether that has begun.

        Without models they are loaded; ``models_changed`` says when to ask again.
        """
        if self.models is None:
            if not self._loading.busy and not self.unloadable:
                self.load(self.bundle_path, self.asked_device)
            return False
        self._forget_results()
        self.timelines = Timelines(clip.frame_times_s)
        self._running.run(partial(background.analyse_clip, clip, self.models, frame))
        self.started.emit()
        self.progressed.emit(0.0)
        return True

    def cancel(self) -> None:
        """Stop the analysis; what was found so far stays."""
        self._running.cancel()

    def close(self) -> None:
        """Stop everything and wait for every thread."""
        self._loading.close()
        self._running.close()
        self._judging.close()
        self._opinions.close()

    def _forget_results(self) -> None:
        self._final = False
        self.findings = {}
        if self.report is not None:
            self._report(None)

    @Slot(object)
    def _on_loaded(self, loaded: tuple[Models, ...]) -> None:
        self.models = loaded[-1]
        self._loaded_path = self.bundle_path
        self.models_changed.emit(self.models)
        for error in self.models.wrong:
            self.failed.emit(error)

    @Slot()
    def _on_loading_ended(self) -> None:
        if self.models is None:
            self.unloadable = True
            # What answered before can still be asked for again.
            self.bundle_path = self._loaded_path
            self.models_changed.emit(None)

    @Slot(object)
    def _on_produced(
        self, items: tuple[FrameFindings | Provisional | ClipReport, ...]
    ) -> None:
        found = tuple(item for item in items if isinstance(item, FrameFindings))
        if found and self.timelines is not None:
            for findings in found:
                self.findings[findings.frame_index] = findings
                self.timelines.add(findings)
            self.arrived.emit(found)
            self.progressed.emit(self.timelines.progress)
        last = items[-1]
        self.judges = () if self.models is None else self.models.experts
        if isinstance(last, ClipReport):
            self._final = True
            self.progressed.emit(1.0)
            self._report(last)
            return
        provisional = [item for item in items if isinstance(item, Provisional)]
        if provisional:
            self._report(provisional[-1].report)

    def _report(self, report: ClipReport | None) -> None:
        self.report = report
        self.reported.emit(report)
        self._predict_again()

    @Slot(object)
    def _on_judged(self, items: tuple[tuple[Expert, ...] | Judged, ...]) -> None:
        last = items[-1]
        if not isinstance(last, Judged):
            self._new_experts = last
            self._take_experts()
        elif last.before is self.report:
            self.judges = last.judges
            self._report(last.report)
            # Another version may say just the same: its name is to be shown.
            self._telling.start()

    @Slot()
    def _take_experts(self) -> None:
        """Let the experts that were loaded answer, once no analysis needs the old."""
        if self._new_experts is None or self.busy or self.models is None:
            return
        self.models = replace(self.models, experts=self._new_experts)
        self._new_experts = None
        self.experts_changed.emit(self.models)
        self._judge()

    def _judge(self) -> None:
        """Have a report judged anew where other experts are in use by now."""
        models = self.models
        if models is not None and self.report is not None and not self._judged:
            self._judging.run(partial(background.judge, self.report, models))

    @property
    def _judged(self) -> bool:
        return self.models is not None and self.judges is self.models.experts

    @Slot()
    def _on_edited(self) -> None:
        self.edited.emit(self.edits.values)
        self._predict_again()

    def _predict_again(self) -> None:
        """Show the predictions, with a second opinion where there are edits."""
        self._opinions.forget()
        models = self.models if self._judged else None
        if self.report is None or not self.edits.values or models is None:
            said = () if self.report is None else self.report.predictions
            self._show_predictions(tuple((one, None) for one in said))
        else:
            wish = SecondOpinion(self.report, models.experts, self.edits.values)
            self._opinions.request(wish)

    @Slot(object, object)
    def _on_opinion(self, wish: SecondOpinion, said: tuple[Prediction, ...]) -> None:
        if wish.report is self.report and wish.edits is self.edits.values:
            before = wish.report.predictions
            self._show_predictions(tuple(zip(before, said, strict=True)))

    def _show_predictions(self, predictions: Opinions) -> None:
        if predictions != self.predictions:
            self.predictions = predictions
            # Told on its own: the report before it gave the panels enough to do.
            self._telling.start()

    @Slot()
    def _tell_predictions(self) -> None:
        self.predicted.emit(self.predictions)

    @Slot(object, object)
    def _on_opinion_failed(self, _wish: SecondOpinion, error: Exception) -> None:
        self.failed.emit(error)
