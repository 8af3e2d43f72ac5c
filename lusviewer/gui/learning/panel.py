"""What to learn from the labels, and how it goes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lusviewer.gui.learning.closing import CloseGuard
from lusviewer.gui.learning.trainings import Trainings

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from lusviewer.gui.learning.tabs import LearningTabs
    from lusviewer.gui.settings import Settings
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel

_TABS: Final = "lusviewer.gui.learning.tabs"


class LearningPanel(QWidget):
    """Trainings that run and wait, the forms for new ones, and earlier results.

    Signals
    -------
    result_wanted(Path)
        The result in this folder is to be shown.
    library_wanted()
        A person wants to see the library, to fill it.
    """

    result_wanted = Signal(object)
    library_wanted = Signal()

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
        self._tabs: LearningTabs | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    @property
    def tabs(self) -> LearningTabs:
        """The forms; made when they are first wanted, as they take their time."""
        if self._tabs is None:
            make: type[LearningTabs] = import_module(_TABS).LearningTabs
            self._tabs = make(self._viewer, self._study, self.trainings)
            self._tabs.experts.result_wanted.connect(self.result_wanted)
            for tab in (self._tabs.experts, self._tabs.deeper):
                tab.library_wanted.connect(self.library_wanted)
            self._column.addWidget(self._tabs)
        return self._tabs

    def showEvent(self, event: QShowEvent) -> None:
        """Make the forms when the panel is first looked at."""
        super().showEvent(event)
        self.tabs.show()

    def guard(self, window: QWidget) -> None:
        """Keep ``window`` open while something is trained, until a person decides."""
        self.closing = CloseGuard(self.trainings, window)

    def shutdown(self) -> None:
        """End what is trained, stop reading, wait for every process and thread."""
        self.trainings.close()
        if self._tabs is not None:
            self._tabs.close_work()
