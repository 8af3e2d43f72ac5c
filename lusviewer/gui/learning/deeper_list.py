"""Adaptations that ended, to be used, and those that were interrupted, to go on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMessageBox, QVBoxLayout, QWidget

from lusviewer.gui.learning.words import date_words, joined
from lusviewer.gui.panel_parts import clear, link, titled_card, words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lusviewer.gui.learning.deeper_work import Deeper, EarlierModel, Interrupted


class DeeperList(QWidget):
    """What lies in the library of adaptations.

    Signals
    -------
    model_wanted(Path)
        The model in this folder is to be used.
    resumption_wanted(Interrupted)
    drop_wanted(Path)
        The checkpoint in this folder is not wanted any more.
    """

    model_wanted = Signal(object)
    resumption_wanted = Signal(object)
    drop_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.asking: QMessageBox | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE // 2)

    def show_deeper(self, found: Deeper, used: Path) -> None:
        """Show what was found; the model in the folder ``used`` answers now."""
        clear(self._column)
        for run in found.interrupted:
            self._column.addWidget(self._run(run))
        for model in found.models:
            self._column.addWidget(self._model(model, used))
        if not found.interrupted and not found.models:
            none = self.tr("None yet. Adapted models stay here.")
            self._column.addWidget(words(none, "muted", wrap=True))

    def _run(self, run: Interrupted) -> QFrame:
        frame, column = titled_card(run.title)
        told = self.tr("Interrupted at step {step} of {total}")
        text = told.format(step=run.step, total=run.total)
        if not run.here:
            text = joined([text, self.tr("begun on the command line")])
        column.addWidget(words(text, "muted", wrap=True))
        on = self.tr("Go on"), self.tr("Go on with {name} from its last checkpoint")
        off = self.tr("Delete ..."), self.tr("Delete the checkpoint of {name}")
        column.addLayout(
            _links(
                (on[0], on[1].format(name=run.title), run, self.resumption_wanted.emit),
                (off[0], off[1].format(name=run.title), run, self.ask_deletion),
            )
        )
        return frame

    def ask_deletion(self, run: Interrupted) -> None:
        """Ask whether what a run has reached is really to be deleted."""
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("Delete a checkpoint"))
        box.setText(self.tr("Delete the checkpoint of {name}?").format(name=run.title))
        told = self.tr(
            "It is at step {step} of {total} and could not go on from there any more. "
            "This cannot be undone."
        )
        box.setInformativeText(told.format(step=run.step, total=run.total))
        delete = box.addButton(
            self.tr("Delete"), QMessageBox.ButtonRole.DestructiveRole
        )
        keep = box.addButton(self.tr("Keep it"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        delete.clicked.connect(lambda: self.drop_wanted.emit(run.folder))
        box.finished.connect(box.deleteLater)
        self.asking = box
        box.open()

    def _model(self, model: EarlierModel, used: Path) -> QFrame:
        frame, column = titled_card(model.folder.name)
        base = self.tr("from {base}").format(base=model.base)
        when = joined([date_words(model.created_utc), base])
        column.addWidget(words(when, "muted", wrap=True))
        column.addWidget(words(model.fractions.verdict, wrap=True))
        if model.folder == used:
            column.addWidget(words(self.tr("In use"), "edited"))
            return frame
        tip = self.tr("Analyse clips with {name} from now on")
        use = self.tr("Use this model"), tip.format(name=model.folder.name)
        column.addLayout(_links((*use, model.folder, self.model_wanted.emit)))
        return frame


def _links(*links: tuple[str, str, object, Callable[..., object]]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    for text, name, about, act in links:
        row.addWidget(link(text, name, partial(act, about)))
    row.addStretch(1)
    return row
