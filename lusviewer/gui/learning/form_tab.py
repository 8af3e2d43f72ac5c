"""What the forms of the panel share: where things stand, and reading beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lusviewer.gui.jobs import Lane
from lusviewer.gui.learning.start_box import StartBox
from lusviewer.gui.learning.words import nothing_to_learn
from lusviewer.gui.panel_parts import Section, link, words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lusviewer.gui.learning.deeper_form import DeeperForm
    from lusviewer.gui.learning.form import Form
    from lusviewer.gui.learning.run_list import RunList
    from lusviewer.gui.learning.trainings import Trainings
    from lusviewer.gui.learning.work import Offer
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel


class FormTab(QWidget):
    """A form and its runs, with lanes to read earlier ones and to write of them.

    Signals
    -------
    library_wanted()
        A person wants to see the library, to fill it.
    """

    library_wanted = Signal()

    form: Form | DeeperForm
    runs: RunList

    def __init__(
        self, viewer: ViewerModel, study: StudyModel, trainings: Trainings
    ) -> None:
        super().__init__()
        self._viewer, self._study, self._trainings = viewer, study, trainings
        self.offer: Offer | None = None
        self.box = StartBox(trainings)
        self.empty = words("", wrap=True)
        self.to_library = link(
            self.tr("Show the library"),
            self.tr("Show the panel Library, where clips are added"),
            self.library_wanted.emit,
        )
        self._listing = Lane(self)
        self._writing = Lane(self, replacing=False)
        for lane in (self._listing, self._writing):
            lane.failed.connect(study.failed)

    def _lay_out(
        self, new: str, parts: Iterable[QWidget], old: str, earlier: QWidget
    ) -> None:
        """Lay out the runs, the ``parts`` under ``new`` and what was ``earlier``."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(self.runs)
        for title, widgets in ((new, parts), (old, (earlier,))):
            section = Section(title)
            for widget in widgets:
                section.content.addWidget(widget)
                if widget is self.empty:
                    section.content.addWidget(self.to_library)
            column.addWidget(section)
        column.addStretch(1)

    def _show_state(self) -> None:
        empty = nothing_to_learn(self.offer)
        self.empty.setText(empty)
        self.empty.setVisible(bool(empty))
        known = self.offer is not None and not self.offer.lacking
        self.to_library.setVisible(bool(empty) and known)
        for widget in (self.form, self.box):
            widget.setVisible(not empty)

    def close_work(self) -> None:
        """Stop reading and looking, and wait for it."""
        for lane in (self._listing, self._writing):
            lane.close()
        self.box.checker.close()
