"""Training an expert: the form, what is told beforehand, and earlier results."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot

from lusviewer.gui.learning import work
from lusviewer.gui.learning.earlier import EarlierList
from lusviewer.gui.learning.events import Failed
from lusviewer.gui.learning.form import Form
from lusviewer.gui.learning.form_tab import FormTab
from lusviewer.gui.learning.run_list import RunList
from lusviewer.gui.learning.wishes import EXPERT
from lusviewer.gui.learning.words import nothing_to_learn
from lusviewer.gui.panel_parts import link, set_role

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QShowEvent

    from lusviewer.gui.learning.plots import Plots
    from lusviewer.gui.learning.trainings import Trainings
    from lusviewer.gui.learning.wishes import Wish
    from lusviewer.gui.learning.work import Earlier, Offer
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel


class ExpertTab(FormTab):
    """What an expert is to learn, and what was trained before.

    Signals
    -------
    result_wanted(Path)
    """

    result_wanted = Signal(object)
    form: Form

    def __init__(
        self,
        viewer: ViewerModel,
        study: StudyModel,
        trainings: Trainings,
        plots: Plots,
    ) -> None:
        super().__init__(viewer, study, trainings)
        self.runs = RunList(trainings, EXPERT, plots)
        self.form = Form()
        self.analyse = link(
            self.tr("Analyse the clips now"),
            self.tr("Let the model look at every clip it has not seen yet"),
            study.analyse_all,
        )
        self.earlier = EarlierList()
        parts = self.empty, self.form, self.analyse, self.box
        titles = self.tr("New training"), self.tr("Earlier results")
        self._lay_out(titles[0], parts, titles[1], self.earlier)
        self._connect()
        self._follow()
        self._show_state()

    def _connect(self) -> None:
        self.form.changed.connect(self._check)
        self._study.chosen.changed.connect(self._follow)
        self.box.check.cuts_wanted.connect(self.form.question.set_cuts)
        self.box.started.connect(self._start)
        self.earlier.result_wanted.connect(self.result_wanted)
        self.runs.result_wanted.connect(self.result_wanted)
        self._trainings.made.connect(self.list_results)
        self.earlier.deletion_wanted.connect(self._delete)
        self._listing.produced.connect(self._on_results)
        self._writing.produced.connect(lambda _gone: self.list_results())

    # --- reading ---------------------------------------------------------------------

    def show_offer(self, offer: Offer) -> None:
        """Show what there is to learn from, and what was trained before."""
        self.offer = offer
        self.form.show_offer(offer)
        self.list_results()

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the labels only where somebody sees it."""
        super().showEvent(event)
        self._check()

    def list_results(self) -> None:
        """Read what was trained before."""
        folder = self._study.shelf.folder
        self._listing.run(partial(work.read_earlier, folder))

    @Slot(object)
    def _on_results(self, found: tuple[tuple[Earlier, ...], ...]) -> None:
        self.earlier.show_results(found[-1])

    def _delete(self, folder: Path) -> None:
        self._writing.run(partial(work.delete, folder))

    # --- checking and starting -------------------------------------------------------

    @property
    def wish(self) -> Wish | None:
        """What the form asks for."""
        return self.form.wish(
            self._study.shelf.folder, self._viewer.analysis.bundle_path
        )

    @Slot()
    def _follow(self) -> None:
        self.form.clips.follow(self._study.chosen)

    @Slot()
    def _check(self) -> None:
        wish = self.wish
        nothing = self.offer is None or self.offer.lacking or wish is None
        if wish is None or nothing or not self.isVisible():
            self.box.stop()
        elif self.form.question.misread:
            told = self.tr("'{text}' is no number, so it is no limit.")
            hint = self.tr("Write numbers parted by commas, as 180, 275.")
            text = self.form.question.misread
            self.box.refuse(Failed(told.format(text=text), hint))
        elif not wish.inputs:
            told = self.tr("The expert has nothing to decide by.")
            self.box.refuse(Failed(told, self.tr("Choose at least one input.")))
        elif wish.clips == ():
            told = self.tr("No clip is chosen in the library's list.")
            hint = self.tr("Choose clips in the panel Library, or learn from all.")
            self.box.refuse(Failed(told, hint))
        else:
            self.box.look(wish.arguments())
        self._show_state()

    def _show_state(self) -> None:
        super()._show_state()
        empty, offer = nothing_to_learn(self.offer), self.offer
        unseen = offer is not None and offer.analysed < offer.clips
        self.analyse.setVisible(unseen and not empty)
        set_role(self.empty, "banner" if offer and offer.lacking else "muted")

    @Slot()
    def _start(self) -> None:
        wish = self.wish
        if wish is not None:
            self._trainings.add(wish.arguments(), self.form.question.words)
