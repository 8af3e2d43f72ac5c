"""The trainings of one kind that run, wait or have ended, as cards."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lusviewer.gui.crash import LOG_NAME
from lusviewer.gui.learning.run_card import RunCard
from lusviewer.gui.theme import SPACE
from lusviewer.paths import user_logs

if TYPE_CHECKING:
    from lusviewer.gui.learning.plots import Plots
    from lusviewer.gui.learning.trainings import Training, Trainings


class RunList(QWidget):
    """A card for each training that is called by the words ``called``.

    Signals
    -------
    result_wanted(Path)
        What a training wrote to this folder is wanted.
    """

    result_wanted = Signal(object)

    def __init__(
        self, trainings: Trainings, called: tuple[str, ...], plots: Plots
    ) -> None:
        super().__init__()
        self._trainings, self._called, self._plots = trainings, called, plots
        self.cards: dict[Training, RunCard] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE)
        self.hide()
        trainings.added.connect(self._on_added)
        trainings.removed.connect(self._on_removed)

    @Slot(object)
    def _on_added(self, training: Training) -> None:
        if training.arguments[: len(self._called)] != self._called:
            return
        self._plots.load()
        card = RunCard(training, user_logs() / LOG_NAME, self._plots)
        card.result_wanted.connect(self.result_wanted)
        card.put_away.connect(partial(self._trainings.put_away, training))
        self.cards[training] = card
        self._column.addWidget(card)
        self.show()

    @Slot(object)
    def _on_removed(self, training: Training) -> None:
        card = self.cards.pop(training, None)
        if card is not None:
            card.hide()
            card.deleteLater()
            self.setVisible(bool(self.cards))
