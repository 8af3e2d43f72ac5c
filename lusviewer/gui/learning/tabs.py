"""The two forms of the panel, and the reading of the library that both show."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from lusviewer.gui.jobs import Lane
from lusviewer.gui.learning import work
from lusviewer.gui.learning.deeper_tab import DeeperTab
from lusviewer.gui.learning.expert_tab import ExpertTab
from lusviewer.gui.learning.plots import Plots
from lusviewer.gui.learning.trainings import State
from lusviewer.gui.narrow import narrow_tabs
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from lusviewer.gui.learning.trainings import Training, Trainings
    from lusviewer.gui.learning.work import Offer
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel

REST_MS: Final = 700
"""How long the library must rest before it is read again."""


class LearningTabs(QTabWidget):
    """A tab for experts and one for the model itself."""

    def __init__(
        self, viewer: ViewerModel, study: StudyModel, trainings: Trainings
    ) -> None:
        super().__init__()
        self._viewer, self._study = viewer, study
        self._plots = Plots(self)
        self.experts = ExpertTab(viewer, study, trainings, self._plots)
        self.deeper = DeeperTab(viewer, study, trainings, self._plots)
        self._reading = Lane(self)
        self._cleaning = Lane(self, replacing=False)
        self._stale = True
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self.setDocumentMode(True)
        self.addTab(_scrolled(self.experts), self.tr("An expert"))
        self.addTab(_scrolled(self.deeper), self.tr("Deeper"))
        self.setTabToolTip(1, self.tr("For researchers: adapt the model itself"))
        narrow_tabs(self)
        self._rest.timeout.connect(self._read)
        for signal in (study.opened, study.changed, viewer.models_changed):
            signal.connect(self._on_changed)
        study.analysing.connect(self._on_analysing)
        self._reading.produced.connect(self._on_offer)
        self._reading.failed.connect(study.failed)
        trainings.removed.connect(self._clean)
        trainings.made.connect(self._tell)

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

    def close_work(self) -> None:
        """Stop reading, wait for every process and thread."""
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
