"""The one place of the window's state; widgets show it and never know each other."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from lusviewer.clip import CACHE_BYTES
from lusviewer.errors import LusViewerError
from lusviewer.gui import background
from lusviewer.gui.analysis_model import AnalysisModel
from lusviewer.gui.background import Opened, Prepared, SaliencyWish
from lusviewer.gui.best_frame import best_frame
from lusviewer.gui.exam_model import ExamModel
from lusviewer.gui.frame_display import FrameDisplay
from lusviewer.gui.jobs import Lane
from lusviewer.gui.saliency_display import SALIENT_KEYS, SaliencyDisplay
from lusviewer.gui.sight import Sight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtCore import QObject

    from lusviewer.clip import Clip
    from lusviewer.experts.expert import Expert
    from lusviewer.findings import ClipReport, FrameFindings, Timelines
    from lusviewer.gui.analysis_model import Opinions
    from lusviewer.gui.background import Listing, Models
    from lusviewer.gui.history import History
    from lusviewer.inference.bundle import ModelBundle

    Paths = Path | str | Sequence[Path | str]


class ViewerModel(Sight):
    """What is open and what is shown; what was found is in ``analysis``.

    Changes go through its methods, which check, change and then speak.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.auto_analyse = True
        self.cache_bytes = CACHE_BYTES
        self.exam = ExamModel(self)
        self.analysis = AnalysisModel(self)
        self._display = FrameDisplay(self)
        self._opening = Lane(self)
        self._closing = Lane(self, replacing=False)
        self._saliency = SaliencyDisplay(self)
        self._to_analyse = False
        self._connect()

    def _connect(self) -> None:
        analysis = self.analysis
        analysis.started.connect(self.analysis_started)
        analysis.ended.connect(self._on_analysis_ended)
        analysis.progressed.connect(self.progress_changed)
        analysis.arrived.connect(self._on_findings)
        analysis.reported.connect(self.report_changed)
        analysis.predicted.connect(self.predictions_changed)
        analysis.edited.connect(self._on_edits)
        analysis.models_changed.connect(self._on_models)
        analysis.experts_changed.connect(self.exam.pause)
        analysis.experts_changed.connect(self._go_on_with_exam)
        self.exam.listed.connect(self._on_listed)
        self._display.shown.connect(self.image_changed)
        self._opening.produced.connect(self._on_prepared)
        self._opening.ended.connect(self.exam.picture)
        self._opening.ended.connect(self._go_on_with_exam)
        self._saliency.shown.connect(self.saliency_changed)
        self.selection_changed.connect(self._ask_saliency)
        for changed in (self.layers_changed, self.findings_changed, self.clip_closed):
            changed.connect(self._ask_saliency)
        parts = (analysis, self.exam, self._display, self._opening, self._saliency)
        for source in parts:
            source.failed.connect(self.report_failure)

    # --- what was found, held by ``analysis`` ---------------------------------------

    @property
    def findings(self) -> Mapping[int, FrameFindings]:
        """What was found so far, by frame index."""
        return self.analysis.findings

    @property
    def timelines(self) -> Timelines | None:
        """The biomarkers over the frames, None where no clip is open."""
        return self.analysis.timelines

    @property
    def report(self) -> ClipReport | None:
        """What is known of the clip so far, provisional while the analysis runs."""
        return self.analysis.report

    @property
    def predictions(self) -> Opinions:
        """What each expert says, and what it says after the edits."""
        return self.analysis.predictions

    @property
    def bundle(self) -> ModelBundle | None:
        """The model bundle that answers, None until it is loaded."""
        models = self.analysis.models
        return None if models is None else models.bundle

    @property
    def experts(self) -> tuple[Expert, ...]:
        """The experts that answer, none until they are loaded."""
        models = self.analysis.models
        return () if models is None else models.experts

    @property
    def edits(self) -> Mapping[str, float]:
        """The biomarkers a person overruled, key to value."""
        return self.analysis.edits.values

    @property
    def undo_stack(self) -> History:
        """What can be undone: edits, labels and what the clip view pushes."""
        return self.analysis.edits.undo_stack

    def edit_biomarker(self, key: str, value: float | None) -> None:
        """Overrule ``key``, or with None take the model's value again; undoable."""
        if self.report is not None:
            self.analysis.edits.edit(key, value)

    def choose_bundle(self, folder: Path | str) -> None:
        """Load the models in ``folder``; the open clip is analysed anew."""
        self.analysis.load(Path(folder), self.analysis.asked_device)

    def choose_device(self, name: str) -> None:
        """Run on ``name`` ("auto", "cpu", "cuda" ...) from now on."""
        self.analysis.load(self.analysis.bundle_path, name)

    def analyse(self) -> None:
        """Analyse the open clip, again if need be, from the frame that is shown."""
        self._to_analyse = True
        self.analysis.unloadable = False
        self._analyse_when_ready()

    def analyse_exam(self) -> None:
        """Analyse the open clip, then all others of the exam."""
        self.exam.analyse_all()
        if self.clip is not None and not self.analysis.complete:
            self.analyse()
        else:
            self._go_on_with_exam()

    def cancel_analysis(self) -> None:
        """Stop the analysis; what was found so far stays."""
        self.exam.stop_analysing()
        self.analysis.cancel()

    # --- opening -----------------------------------------------------------------

    def open_path(self, path: Paths, *, first: Path | None = None) -> None:
        """List the clips under one or several paths and open one, else the first."""
        several = [path] if isinstance(path, (str, Path)) else path
        self.exam.open([Path(one).expanduser() for one in several], first)
        self.status_changed.emit(self.tr("Looking for clips ..."))

    def open_position(self, position: int) -> None:
        """Open the clip at ``position`` of the exam; nothing where there is none."""
        if 0 <= position < len(self.exam.clips):
            self.close_clip()
            self.exam.pause()
            self.exam.position = position
            clip = self.exam.clips[position]
            words = self.tr("Opening {name} ...").format(name=clip.label)
            self.status_changed.emit(words)
            work = partial(background.prepare_clip, clip.path, self.cache_bytes)
            self._opening.run(work)
            self.exam_changed.emit(self.exam)

    def step_clip(self, n: int) -> None:
        """Open the clip ``n`` further in the exam."""
        self.open_position(self.exam.position + n)

    def close_clip(self) -> None:
        """Stop all work on the clip and forget it; what was found is kept aside."""
        self._opening.cancel()
        self.analysis.cancel()
        clip = self.clip
        if clip is None:
            return
        self._keep_results()
        self.set_playing(False)
        self._display.open(None)
        self._closing.run(partial(background.close_clip, clip))
        self.clip, self.geometry = None, None
        self.frame_index = 0
        self.set_loop(None)
        self.analysis.clear()
        self.clip_closed.emit()

    def shutdown(self) -> None:
        """Stop everything and wait for every thread; nothing can be opened after."""
        for part in (self._opening, self.analysis, self.exam, self._closing):
            part.close()
        for latest in (self._saliency, self._display):
            latest.close()
        if self.clip is not None:
            self.clip.close()

    @Slot(object)
    def _on_listed(self, listing: Listing) -> None:
        self.exam_changed.emit(self.exam)
        for path, error in listing.refused[:1]:
            more = len(listing.refused) - 1
            others = self.tr("{n} more were refused.").format(n=more)
            hint = others if more else error.hint
            self.failed.emit(LusViewerError(f"{path.name}: {error.message}", hint=hint))
        self.open_position(self.exam.start)

    @Slot(object)
    def _on_prepared(self, steps: tuple[Opened | Prepared, ...]) -> None:
        for step in steps:
            if isinstance(step, Opened):
                self._show_clip(step.clip, coloured=step.coloured)
            elif step.geometry is not self.geometry:
                self.geometry = step.geometry
                self.geometry_changed.emit(step.geometry)
        self._analyse_when_ready()

    def _show_clip(self, clip: Clip, *, coloured: bool) -> None:
        kept = self.exam.kept(clip.identity.path)
        self.clip = clip
        self.geometry = clip.geometry
        self.frame_index = 0
        self._display.open(clip, coloured=coloured)
        self.analysis.begin(clip)
        self.clip_opened.emit(clip)
        self.status_changed.emit("")
        self.frame_changed.emit(0)
        self._display.ask(0)
        self._to_analyse = self.auto_analyse and kept is None
        self.analysis.edits.reset(self.exam.edits_of(clip.identity.path))
        if kept is not None:
            self.analysis.restore(kept)

    def _keep_results(self) -> None:
        kept = self.analysis.kept()
        if kept is not None and self.clip is not None:
            self.exam.keep(self.clip.identity.path, kept)

    def _analyse_when_ready(self) -> None:
        """Start where it is wanted, the beam is known and the models are there."""
        clip = self.clip
        if clip is None or not clip.located or not self._to_analyse:
            return
        self._to_analyse = not self.analysis.start(clip, self.frame_index)

    @Slot(object)
    def _on_models(self, models: Models | None) -> None:
        self.models_changed.emit(models)
        self._ask_saliency()
        if models is None:
            self.exam.pause()
            self._to_analyse = self._to_analyse or self.auto_analyse
            return
        self.exam.forget_results()
        self.device_changed.emit(models.bundle.identity.provider)
        self._analyse_when_ready()
        self._go_on_with_exam()

    @Slot(object)
    def _on_findings(self, arrived: tuple[FrameFindings, ...]) -> None:
        self.findings_arrived.emit(arrived)
        if any(findings.frame_index == self.frame_index for findings in arrived):
            self.findings_changed.emit(self.frame_index)

    @Slot()
    def _on_analysis_ended(self) -> None:
        self._keep_results()
        self.analysis_ended.emit()
        self._go_on_with_exam()

    @Slot()
    def _go_on_with_exam(self) -> None:
        """Analyse the other clips unless this one still needs the machine."""
        waits = self._to_analyse and self.clip is not None
        if not (self._opening.busy or self.analysis.busy or waits):
            self.exam.go_on(self.analysis.models)

    @Slot(object)
    def _on_edits(self, edits: Mapping[str, float]) -> None:
        if self.clip is not None:
            self.exam.keep_edits(self.clip.identity.path, edits)
        self.edits_changed.emit(edits)

    @Slot(object)
    def report_failure(self, error: Exception) -> None:
        """Show what a person can be told; everything else is a bug and goes on."""
        if not isinstance(error, LusViewerError):
            raise error
        self.status_changed.emit("")
        self.failed.emit(error)

    # --- looking -----------------------------------------------------------------

    def set_frame(self, index: int) -> None:
        """Show frame ``index``; does nothing if it is shown already."""
        if self.clip is None:
            return
        index = min(max(index, 0), len(self.clip) - 1)
        if index != self.frame_index:
            self.frame_index = index
            self.frame_changed.emit(index)
            self._display.ask(index)
            self._ask_saliency()

    def step(self, n: int) -> None:
        """Show the frame ``n`` further on."""
        self.set_frame(self.frame_index + n)

    def go_to_best_frame(self, key: str) -> None:
        """Select ``key`` and show the frame that drove it."""
        self.select(key)
        index = best_frame(key, self.timelines, self.report)
        if index is not None:
            self.set_playing(False)
            self.set_frame(index)

    @Slot()
    def _ask_saliency(self) -> None:
        wish = None
        if self.layers.saliency and self.selection in SALIENT_KEYS and self.findings:
            clip, geometry, bundle = self.clip, self.geometry, self.bundle
            if clip is not None and geometry is not None and bundle is not None:
                wish = SaliencyWish(
                    clip, bundle, geometry, self.frame_index, self.selection
                )
        self._saliency.ask(wish, self.selection)
