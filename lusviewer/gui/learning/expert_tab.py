"""Training an expert: the form, what is told beforehand, and earlier results."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from lusviewer.gui.jobs import Lane
from lusviewer.gui.learning import work
from lusviewer.gui.learning.check_view import CheckView
from lusviewer.gui.learning.checker import Checker
from lusviewer.gui.learning.earlier import EarlierList
from lusviewer.gui.learning.events import Failed
from lusviewer.gui.learning.form import Form
from lusviewer.gui.panel_parts import Section, link, set_role, words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.gui.learning.checker import Check
    from lusviewer.gui.learning.trainings import Trainings
    from lusviewer.gui.learning.wishes import Wish
    from lusviewer.gui.learning.work import Earlier, Offer
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel


class ExpertTab(QWidget):
    """What an expert is to learn, and what was trained before.

    Signals
    -------
    result_wanted(Path)
    """

    result_wanted = Signal(object)

    def __init__(
        self, viewer: ViewerModel, study: StudyModel, trainings: Trainings
    ) -> None:
        super().__init__()
        self._viewer, self._study, self._trainings = viewer, study, trainings
        self.offer: work.Offer | None = None
        self.form = Form()
        self.checker = Checker(self)
        self.check = CheckView()
        self.start = QPushButton(self.tr("Start training"))
        self.start.setDefault(True)
        self.reason = words("", "muted", wrap=True)
        self.empty = words("", wrap=True)
        self.analyse = link(
            self.tr("Analyse the clips now"),
            self.tr("Let the model look at every clip it has not seen yet"),
            study.analyse_all,
        )
        self.earlier = EarlierList()
        self._reading = Lane(self)
        self._listing = Lane(self)
        self._deleting = Lane(self, replacing=False)
        self._lay_out()
        self._connect()
        self._show_state()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        new = Section(self.tr("New training"))
        for widget in (self.empty, self.form, self.check, self.analyse):
            new.content.addWidget(widget)
        new.content.addWidget(self.start)
        new.content.addWidget(self.reason)
        column.addWidget(new)
        old = Section(self.tr("Earlier results"))
        old.content.addWidget(self.earlier)
        column.addWidget(old)
        column.addStretch(1)

    def _connect(self) -> None:
        self.form.changed.connect(self._check)
        self.checker.changed.connect(self._on_check)
        self.check.cuts_wanted.connect(self.form.question.set_cuts)
        self.start.clicked.connect(self._start)
        self.earlier.result_wanted.connect(self.result_wanted)
        self.earlier.deletion_wanted.connect(self._delete)
        self._reading.produced.connect(self._on_offer)
        self._listing.produced.connect(self._on_results)
        self._deleting.produced.connect(lambda _gone: self.list_results())
        for lane in (self._reading, self._listing, self._deleting):
            lane.failed.connect(self._study.failed)

    # --- reading ---------------------------------------------------------------------

    def read(self) -> None:
        """Read what there is to learn from, and what was trained before."""
        models = self._viewer.analysis.models
        sha256 = None if models is None else models.bundle.identity.sha256
        self._reading.run(partial(work.read_offer, self._study.shelf, sha256))
        self.list_results()

    def list_results(self) -> None:
        """Read what was trained before."""
        folder = self._study.shelf.folder
        self._listing.run(partial(work.read_earlier, folder))

    def close_work(self) -> None:
        """Stop reading and looking, and wait for it."""
        for lane in (self._reading, self._listing, self._deleting):
            lane.close()
        self.checker.close()

    @Slot(object)
    def _on_offer(self, offers: tuple[Offer, ...]) -> None:
        self.offer = offers[-1]
        self.form.show_offer(self.offer)

    @Slot(object)
    def _on_results(self, found: tuple[tuple[Earlier, ...], ...]) -> None:
        self.earlier.show_results(found[-1])

    def _delete(self, folder: Path) -> None:
        self._deleting.run(partial(work.delete, folder))

    # --- checking and starting -------------------------------------------------------

    @property
    def wish(self) -> Wish | None:
        """What the form asks for."""
        return self.form.wish(
            self._study.shelf.folder, self._viewer.analysis.bundle_path
        )

    @Slot()
    def _check(self) -> None:
        wish = self.wish
        if self.offer is None or self.offer.lacking or wish is None:
            self.checker.stop()
        elif not wish.inputs:
            told = self.tr("The expert has nothing to decide by.")
            self.checker.refuse(Failed(told, self.tr("Choose at least one input.")))
        else:
            self.checker.look(wish.arguments())
        self._show_state()

    @Slot(object)
    def _on_check(self, check: Check) -> None:
        self.check.show_check(check)
        self._show_state()

    def _show_state(self) -> None:
        empty = self._empty()
        self.empty.setText(empty)
        self.empty.setVisible(bool(empty))
        for widget in (self.form, self.check, self.start, self.reason):
            widget.setVisible(not empty)
        offer = self.offer
        unseen = offer is not None and offer.analysed < offer.clips
        self.analyse.setVisible(unseen and not empty)
        check = self.checker.check
        self.start.setEnabled(check.possible and not empty)
        self.reason.setText(self._reason(check))
        self.reason.setVisible(not empty and bool(self.reason.text()))
        set_role(self.empty, "banner" if offer and offer.lacking else "muted")

    def _empty(self) -> str:
        """Return why there is no form, "" where there is one."""
        offer = self.offer
        if offer is None:
            return self.tr("Reading the library ...")
        if offer.lacking:
            return self.tr(
                "Training needs {names}, which this program came without. Get the "
                "lusviewer with training, or install it: "
                "pip install 'lusviewer[training]'."
            ).format(names=", ".join(offer.lacking))
        if not any(task.labelled for task in offer.tasks):
            return self.tr(
                "There is nothing to learn from yet. Say in the panel Findings what a "
                "clip shows, or import clips with their labels (menu Library)."
            )
        return ""

    def _reason(self, check: Check) -> str:
        """Return why it cannot be started, or what happens when it is."""
        if not check.done:
            return self.tr("Can be started once the labels were looked at.")
        if check.problems:
            return self.tr("Cannot be started: see above.")
        if self._trainings.busy:
            return self.tr("Waits until the training before it has ended.")
        return ""

    @Slot()
    def _start(self) -> None:
        wish = self.wish
        if wish is not None and self.checker.check.possible:
            self._trainings.add(wish.arguments(), self.form.question.words)
            self._show_state()
