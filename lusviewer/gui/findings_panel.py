"""What was found, in a clinician's words: findings, experts, and room to disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QVBoxLayout, QWidget

from lusviewer.findings import FINDINGS
from lusviewer.gui.biomarker_editor import BiomarkerEditor
from lusviewer.gui.clinical_words import (
    findings_in_words,
    findings_unseen,
    measured_words,
)
from lusviewer.gui.expert_card import ExpertCard
from lusviewer.gui.finding_rows import FindingRow, MeasuredTable
from lusviewer.gui.labelling.model import Labelling
from lusviewer.gui.labelling.panel import LabelSection
from lusviewer.gui.labelling.row import LabelledRow
from lusviewer.gui.panel_parts import Section, clear, link, words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lusviewer.experts.manifest import ExpertManifest
    from lusviewer.findings import ClipReport, Prediction
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel

_LEAST_WIDTH: Final = 270
_SETTLE_MS: Final = 30
"""By then a row that was selected has got the room for its answers."""


class FindingsPanel(QScrollArea):
    """The right-hand panel; it fills in while the analysis runs."""

    def __init__(
        self, viewer: ViewerModel, study: StudyModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.labelling = Labelling(viewer, study)
        self.setAccessibleName(self.tr("Findings"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(_LEAST_WIDTH)
        self.state = words("", "muted", wrap=True)
        self.banner = words("", "banner", wrap=True)
        self.rows = {
            key: FindingRow(viewer, self.labelling, f"finding.{key}")
            for key in FINDINGS
        }
        self.labels_section = LabelSection(viewer, self.labelling)
        self.measured = MeasuredTable(viewer)
        self.cards: list[ExpertCard] = []
        self._cards = QVBoxLayout()
        self.no_experts = words("", "muted", wrap=True)
        self.editor = BiomarkerEditor(viewer, study)
        self.reset_all = link(
            self.tr("reset all"),
            self.tr("Take all of the model's values again"),
            self._reset_all,
        )
        self.model = words("", "muted", wrap=True)
        self._settling = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settling.timeout.connect(self._show_asked)
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        self.findings_section = QWidget()
        rows = QVBoxLayout(self.findings_section)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for row in self.rows.values():
            rows.addWidget(row)
        self.measured_section = Section(self.tr("Measured"))
        self.measured_section.content.addWidget(self.measured)
        self.experts_section = Section(self.tr("Experts"))
        self._cards.setSpacing(SPACE)
        self.experts_section.content.addLayout(self._cards)
        self.experts_section.content.addWidget(self.no_experts)
        self.editor_section = Section(self.tr("Biomarkers"))
        self.editor_section.content.addWidget(self.editor)
        self.editor_section.beside.addWidget(self.reset_all)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(12, SPACE, 12, 12)
        layout.setSpacing(SPACE)
        for part in (
            self.state,
            self.banner,
            self.findings_section,
            self.labels_section,
            self.experts_section,
            self.measured_section,
            self.editor_section,
        ):
            layout.addWidget(part)
        layout.addStretch(1)
        layout.addWidget(self.model)
        layout.addWidget(
            words(
                self.tr("Research use only, not a medical device."), "muted", wrap=True
            )
        )
        self.setWidget(inside)
        inside.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Never let the panel be narrower than what is in it."""
        inside = self.widget()
        if event.type() is QEvent.Type.LayoutRequest and inside is not None:
            needed = inside.minimumSizeHint().width()
            bar = self.verticalScrollBar().sizeHint().width()
            self.setMinimumWidth(max(_LEAST_WIDTH, needed + bar))
        return super().eventFilter(watched, event)

    def _connect(self) -> None:
        viewer = self._viewer
        for changed in (
            viewer.clip_opened,
            viewer.clip_closed,
            viewer.report_changed,
            viewer.analysis_started,
            viewer.analysis_ended,
        ):
            changed.connect(self._show)
        viewer.models_changed.connect(self._on_models)
        viewer.progress_changed.connect(self._on_progress)
        viewer.predictions_changed.connect(self._on_predictions)
        viewer.selection_changed.connect(self._on_selection)
        viewer.edits_changed.connect(self._on_edits)
        self.labelling.selected_changed.connect(self._on_asked)
        self.labelling.chooser_changed.connect(self._on_asked)

    # --- what is shown ---------------------------------------------------

    @Slot()
    def _show(self) -> None:
        report = self._viewer.report
        self._show_state()
        self._on_edits(self._viewer.edits)
        notes = "" if report is None else self._show_report(report)
        self.banner.setText(notes)
        self.banner.setVisible(bool(notes))
        # Filled first and shown then: a shown part is laid out anew with each change.
        there = report is not None
        opened = self._viewer.clip is not None
        if opened and report is None:
            for row, line in zip(self.rows.values(), findings_unseen(), strict=True):
                row.show_words(line)
        for part in (self.findings_section, self.labels_section):
            part.setVisible(opened)
        self.measured_section.setVisible(there and bool(self.measured.texts()))
        self.editor_section.setVisible(there)
        if not there or not self._viewer.experts:
            self.experts_section.setVisible(there)  # Else with what the experts say.

    def _show_report(self, report: ClipReport) -> str:
        """Fill the parts from ``report``; return what the banner is to say."""
        bundle = self._viewer.bundle
        manifest = None if bundle is None else bundle.manifest
        lines = findings_in_words(
            report,
            {} if manifest is None else manifest.thresholds,
            {} if manifest is None else manifest.checked_on,
        )
        for row, line in zip(self.rows.values(), lines, strict=True):
            row.show_words(line)
        self.measured.show_lines(measured_words(report))
        model = report.model
        self.model.setText(f"{model.name} {model.version} · {model.provider}")
        self.model.setToolTip(f"SHA-256 {model.sha256}")
        self._on_selection(self._viewer.selection)
        notes = [] if report.quality.assessable else [self._not_assessable(report)]
        if not self._viewer.analysis.busy:
            notes += report.warnings
        return "\n".join(notes)

    def _not_assessable(self, report: ClipReport) -> str:
        return self.tr("Not assessable: {why}").format(why=report.quality.reason)

    def _show_state(self) -> None:
        viewer = self._viewer
        busy = viewer.analysis.busy
        if viewer.clip is None:
            text = self.tr("Open a clip to see what is found in it.")
        elif busy and viewer.timelines is not None:
            percent = round(100 * viewer.timelines.progress)
            text = self.tr("Analysing, {n} % - what is found so far:")
            text = text.format(n=percent)
        elif viewer.report is None and viewer.analysis.loading:
            text = self.tr("The models are being loaded.")
        elif viewer.report is None and viewer.bundle is None:
            text = self.tr("No model is loaded.")
        elif viewer.report is None:
            text = self.tr("Not analysed yet.")
        else:
            text = ""
        if text != self.state.text():
            self.state.setText(text)
        self.state.setVisible(bool(text))

    @Slot()
    def _on_progress(self) -> None:
        self._show_state()

    @Slot(object)
    def _on_predictions(
        self, predictions: tuple[tuple[Prediction, Prediction | None], ...]
    ) -> None:
        if predictions:
            self._make_cards([before.classes for before, _ in predictions])
        manifests = self._manifests()
        for card, (before, after) in zip(self.cards, predictions, strict=False):
            card.show_prediction(before, after, manifests.get(before.expert))
        self.no_experts.setText(
            "" if predictions else self.tr("No expert came with this model.")
        )
        self.no_experts.setVisible(not predictions)
        self.experts_section.setVisible(self._viewer.report is not None)

    def _make_cards(self, wanted: list[tuple[str, ...]]) -> None:
        if [card.classes for card in self.cards] != wanted:
            clear(self._cards)
            self.cards = [ExpertCard(self._viewer, classes) for classes in wanted]
            for card in self.cards:
                self._cards.addWidget(card)

    @Slot()
    def _on_models(self) -> None:
        """Make the cards before there is something to show: it takes a moment."""
        if self._viewer.experts:
            self._make_cards([e.manifest.classes for e in self._viewer.experts])
        self._show()

    def _manifests(self) -> Mapping[str, ExpertManifest]:
        return {e.manifest.name: e.manifest for e in self._viewer.experts}

    @Slot(str)
    def _on_selection(self, key: str) -> None:
        for card in self.cards:
            card.show_selection(key)

    def _asked_row(self) -> LabelledRow | None:
        key = self.labelling.selected
        found = self.rows.get(key.removeprefix("finding."))
        return found or self.labels_section.row_of(key)

    @Slot(str)
    def _on_asked(self, _key: str) -> None:
        row = self._asked_row()
        if row is not None and isinstance(QApplication.focusWidget(), LabelledRow):
            row.setFocus()
        self._settling.start()

    @Slot()
    def _show_asked(self) -> None:
        row = self._asked_row()
        if row is not None and row.isVisible():
            self.ensureWidgetVisible(row, 0, SPACE)

    @Slot(object)
    def _on_edits(self, edits: Mapping[str, float]) -> None:
        self.reset_all.setVisible(bool(edits))

    def _reset_all(self) -> None:
        stack = self._viewer.undo_stack
        stack.beginMacro(self.tr("Reset all edits"))
        for key in tuple(self._viewer.edits):
            self._viewer.edit_biomarker(key, None)
        stack.endMacro()
