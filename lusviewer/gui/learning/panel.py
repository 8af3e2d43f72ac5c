"""What to learn from the labels, and how it goes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from lusviewer.gui.jobs import Lane
from lusviewer.gui.learning import work
from lusviewer.gui.learning.closing import CloseGuard
from lusviewer.gui.learning.deeper_tab import DeeperTab
from lusviewer.gui.learning.expert_tab import ExpertTab
from lusviewer.gui.learning.plots import Plots
from lusviewer.gui.learning.trainings import State, Trainings
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from lusviewer.gui.learning.trainings import Training
    from lusviewer.gui.learning.work import Offer
    from lusviewer.gui.settings import Settings
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel

REST_MS: Final = 700
"""How long the library must rest before it is read again."""


class LearningPanel(QWidget):
    """Trainings that run and wait, the forms for new ones, and earlier results.

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
        self._plots = Plots(self)
        self.experts = ExpertTab(viewer, study, self.trainings, self._plots)
        self.deeper = DeeperTab(viewer, study, self.trainings, self._plots)
        self._reading = Lane(self)
        self._cleaning = Lane(self, replacing=False)
        self._stale = True
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(_scrolled(self.experts), self.tr("An expert"))
        deeper = self.tr("Deeper, for researchers")
        self.tabs.addTab(_scrolled(self.deeper), deeper)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.tabs)

    def _connect(self) -> None:
        self._rest.timeout.connect(self._read)
        for signal in (
            self._study.opened,
            self._study.changed,
            self._viewer.models_changed,
        ):
            signal.connect(self._on_changed)
        self._study.analysing.connect(self._on_analysing)
        self.experts.result_wanted.connect(self.result_wanted)
        self._reading.produced.connect(self._on_offer)
        self._reading.failed.connect(self._study.failed)
        self.trainings.removed.connect(self._clean)
        self.trainings.made.connect(self._tell)

    # --- following the library -------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Read the library when it is first looked at, or changed meanwhile."""
        super().showEvent(event)
        if self._stale and not self._rest.isActive():
            self._rest.start(0)

    @Slot()
    def _on_changed(self) -> None:
        self._stale = True
        # While all clips are analysed something changes every second: wait for the end.
        if self.isVisible() and not self._study.busy:
            self._rest.start(REST_MS)

    @Slot(int, int)
    def _on_analysing(self, _done: int, total: int) -> None:
        if total == 0 and self._stale:
            self._on_changed()

    @Slot()
    def _read(self) -> None:
        self._stale = False
        models = self._viewer.analysis.models
        sha256 = None if models is None else models.bundle.identity.sha256
        self._reading.run(partial(work.read_offer, self._study.shelf, sha256))

    @Slot(object)
    def _on_offer(self, offers: tuple[Offer, ...]) -> None:
        self.experts.show_offer(offers[-1])
        self.deeper.show_offer(offers[-1])

    @Slot(object)
    def _tell(self, training: Training) -> None:
        """Say at the foot of the window that a training is done."""
        told = self.tr("Trained: {title}. See the panel Learn.")
        self._viewer.status_changed.emit(told.format(title=training.title))

    @Slot(object)
    def _clean(self, training: Training) -> None:
        """Leave no lock of a process that had to be killed."""
        if training.state is State.CANCELLED and training.process_id:
            clean = partial(work.drop_lock, training.library, training.process_id)
            self._cleaning.run(clean)

    # --- closing ---------------------------------------------------------------------

    def guard(self, window: QWidget) -> None:
        """Keep ``window`` open while something is trained, until a person decides."""
        self.closing = CloseGuard(self.trainings, window)

    def shutdown(self) -> None:
        """End what is trained, stop reading, wait for every process and thread."""
        self.trainings.close()
        self._reading.close()
        self._cleaning.close()
        self.experts.close_work()
        self.deeper.close_work()
        self._plots.close_work()


def _scrolled(tab: QWidget) -> QScrollArea:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
    column.addWidget(tab)
    area = QScrollArea()
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
