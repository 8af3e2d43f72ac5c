"""Adapting the model itself: the form, what it brought, and runs that can go on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from lusviewer.gui.learning import deeper_work, work
from lusviewer.gui.learning.deeper_form import DeeperForm
from lusviewer.gui.learning.deeper_list import DeeperList
from lusviewer.gui.learning.deeper_work import Deeper, Interrupted
from lusviewer.gui.learning.form_tab import FormTab
from lusviewer.gui.learning.run_list import RunList
from lusviewer.gui.learning.wishes import ADAPT
from lusviewer.gui.learning.words import nothing_to_learn
from lusviewer.gui.panel_parts import words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QShowEvent
    from PySide6.QtWidgets import QLabel

    from lusviewer.gui.learning.plots import Plots
    from lusviewer.gui.learning.trainings import Training, Trainings
    from lusviewer.gui.learning.wishes import DeepWish
    from lusviewer.gui.learning.work import Offer
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel


class DeeperTab(FormTab):
    """What of the model is to be adapted, and what was adapted before."""

    form: DeeperForm

    def __init__(
        self,
        viewer: ViewerModel,
        study: StudyModel,
        trainings: Trainings,
        plots: Plots,
    ) -> None:
        super().__init__(viewer, study, trainings)
        self.found = Deeper()
        self.runs = RunList(trainings, ADAPT, plots)
        self.form = DeeperForm()
        self.list = DeeperList()
        self._noted: dict[Training, int] = {}
        parts = self._about(), self.empty, self.form, self.box
        titles = self.tr("Adapt the model"), self.tr("Adapted models")
        self._lay_out(titles[0], parts, titles[1], self.list)
        self._connect()
        self._show_state()

    def _about(self) -> QLabel:
        text = self.tr(
            "For researchers: this changes the model itself, not only what is decided "
            "by it. It takes minutes to hours, needs many patients, and often does not "
            "pay: the curve at the end says whether it did."
        )
        about = words(text, "muted", wrap=True)
        about.setContentsMargins(0, 0, 0, SPACE // 2)
        return about

    def _connect(self) -> None:
        self.form.changed.connect(self._check)
        self.box.check.cuts_wanted.connect(self.form.question.set_cuts)
        self.box.started.connect(self._start)
        self.runs.result_wanted.connect(self._viewer.choose_bundle)
        self.list.model_wanted.connect(self._viewer.choose_bundle)
        self.list.resumption_wanted.connect(self._resume)
        self.list.drop_wanted.connect(self._drop)
        self._viewer.models_changed.connect(self._show_list)
        self._trainings.added.connect(self._on_added)
        self._trainings.removed.connect(self._on_removed)
        self._trainings.changed.connect(self.list_found)
        self._listing.produced.connect(self._on_found)
        self._writing.ended.connect(self.list_found)

    def show_offer(self, offer: Offer) -> None:
        """Show what there is to learn from, and what was adapted before."""
        self.offer = offer
        self.form.show_offer(offer)
        self._show_state()
        self.list_found()

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the labels only where somebody sees it."""
        super().showEvent(event)
        self._check()
        self.list_found()

    # --- what lies in the library ----------------------------------------------------

    @Slot()
    def list_found(self) -> None:
        """Read what was adapted before, where somebody sees it."""
        if self.isVisible():
            folder = self._study.shelf.folder
            self._listing.run(partial(deeper_work.read_deeper, folder))

    @Slot(object)
    def _on_found(self, found: tuple[Deeper, ...]) -> None:
        self.found = found[-1]
        self._show_list()

    @Slot()
    def _show_list(self) -> None:
        under_way = {
            one.told.checkpoint.folder
            for one in self._trainings.all
            if one.told.checkpoint is not None and not one.state.over
        }
        idle = tuple(
            run for run in self.found.interrupted if run.folder not in under_way
        )
        shown = Deeper(self.found.models, idle)
        self.list.show_deeper(shown, self._viewer.analysis.bundle_path)

    def _drop(self, folder: Path) -> None:
        self._writing.run(partial(work.delete, folder))

    # --- starting and going on -------------------------------------------------------

    @property
    def wish(self) -> DeepWish | None:
        """What the form asks for."""
        analysis = self._viewer.analysis
        return self.form.wish(self._study.shelf.folder, analysis.bundle_path)

    @Slot()
    def _check(self) -> None:
        wish, nothing = self.wish, bool(nothing_to_learn(self.offer))
        if wish is None or nothing or not self.isVisible():
            self.box.stop()
        else:
            self.box.look(wish.arguments())

    @Slot()
    def _start(self) -> None:
        if (wish := self.wish) is not None:
            self._trainings.add([*wish.arguments(), "--drop"], self.form.title)

    @Slot(object)
    def _resume(self, run: Interrupted) -> None:
        again = [part for part in run.arguments if part not in ("--resume", "--drop")]
        # Here to cancel is to leave no trace, wherever it was begun.
        self._trainings.add([*again, "--drop", "--resume"], run.title)
        self._show_list()

    @Slot(object)
    def _on_added(self, training: Training) -> None:
        if training.arguments[: len(ADAPT)] == ADAPT:
            training.progressed.connect(partial(self._note, training))

    @Slot(object)
    def _on_removed(self, training: Training) -> None:
        self._noted.pop(training, None)

    def _note(self, training: Training) -> None:
        """Keep beside each new checkpoint how the run was called."""
        reached = training.told.checkpoint
        if reached is None or self._noted.get(training) == reached.step:
            return
        self._noted[training] = reached.step
        run = Interrupted(
            reached.folder,
            training.arguments,
            training.title,
            reached.step,
            reached.total,
        )
        self._writing.run(partial(deeper_work.note_call, run))
