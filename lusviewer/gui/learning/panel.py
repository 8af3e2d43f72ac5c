"""What to learn from the labels, and how it goes."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from lusviewer.gui.crash import LOG_NAME
from lusviewer.gui.jobs import Lane
from lusviewer.gui.learning import work
from lusviewer.gui.learning.closing import CloseGuard
from lusviewer.gui.learning.expert_tab import ExpertTab
from lusviewer.gui.learning.run_card import RunCard
from lusviewer.gui.learning.trainings import Trainings
from lusviewer.gui.theme import SPACE
from lusviewer.paths import user_logs

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from lusviewer.gui.learning.curve_plot import CurvePlot
    from lusviewer.gui.learning.trainings import Training
    from lusviewer.gui.settings import Settings
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel

REST_MS: Final = 700
"""How long the library must rest before it is read again."""

_PLOTS: Final = "pyqtgraph"
_CURVES: Final = "lusviewer.gui.learning.curve_plot"


class LearningPanel(QWidget):
    """Trainings that run and wait, the form for a new one, and earlier results.

    Signals
    -------
    result_wanted(Path)
        The result in this folder is to be shown.
    """

    result_wanted = Signal(object)

    def __init__(
        self,
        viewer: ViewerModel,
        study: StudyModel,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._study, self._settings = viewer, study, settings
        self.trainings = Trainings(self)
        self.experts = ExpertTab(viewer, study, self.trainings)
        self._plots_ready = False
        self._loading = Lane(self)
        self._stale = True
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self.cards: dict[Training, RunCard] = {}
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self._running = QVBoxLayout()
        self._running.setSpacing(SPACE)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addLayout(self._running)
        column.addWidget(self.experts, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(_scrolled(page))

    def _connect(self) -> None:
        self._rest.timeout.connect(self._read)
        for signal in (
            self._study.opened,
            self._study.changed,
            self._viewer.models_changed,
        ):
            signal.connect(self._on_changed)
        self.trainings.added.connect(self._on_added)
        self.trainings.removed.connect(self._on_removed)
        self.trainings.made.connect(self.experts.list_results)
        self.experts.result_wanted.connect(self.result_wanted)
        self._loading.produced.connect(self._on_plots)

    # --- following the library -------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Read the library when it is first looked at, or changed meanwhile."""
        super().showEvent(event)
        if self._stale and not self._rest.isActive():
            self._rest.start(0)

    @Slot()
    def _on_changed(self) -> None:
        self._stale = True
        if self.isVisible():
            self._rest.start(REST_MS)

    @Slot()
    def _read(self) -> None:
        self._stale = False
        self.experts.read()

    # --- what is trained -------------------------------------------------------------

    @Slot(object)
    def _on_added(self, training: Training) -> None:
        if not self._plots_ready:
            self._loading.run(partial(work.load, (_PLOTS,)))
        card = RunCard(training, user_logs() / LOG_NAME, self._plot)
        card.result_wanted.connect(self.result_wanted)
        card.put_away.connect(partial(self.trainings.put_away, training))
        self.cards[training] = card
        self._running.addWidget(card)

    @Slot(object)
    def _on_removed(self, training: Training) -> None:
        card = self.cards.pop(training)
        card.hide()
        card.deleteLater()

    @Slot()
    def _on_plots(self) -> None:
        self._plots_ready = True

    def _plot(self) -> CurvePlot | None:
        """Return a new plot, None before what draws it is loaded."""
        if not self._plots_ready:
            return None
        plot: CurvePlot = import_module(_CURVES).CurvePlot()
        return plot

    # --- closing ---------------------------------------------------------------------

    def guard(self, window: QWidget) -> None:
        """Keep ``window`` open while something is trained, until a person decides."""
        self.closing = CloseGuard(self.trainings, window)

    def shutdown(self) -> None:
        """End what is trained, stop reading, wait for every process and thread."""
        self.trainings.close()
        self.experts.close_work()
        self._loading.close()


def _scrolled(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
