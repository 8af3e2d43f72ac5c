"""What is told of a wish, and the button that starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from lusviewer.gui.learning.check_view import CheckView
from lusviewer.gui.learning.checker import Checker
from lusviewer.gui.learning.words import duration_words
from lusviewer.gui.panel_parts import words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.gui.learning.checker import Check
    from lusviewer.gui.learning.events import Failed
    from lusviewer.gui.learning.trainings import Trainings


class StartBox(QWidget):
    """Has what is wished for looked at, and starts it once nothing is wrong.

    Signals
    -------
    started()
        A person wants it.
    """

    started = Signal()

    def __init__(self, trainings: Trainings) -> None:
        super().__init__()
        self._trainings = trainings
        self.checker = Checker(self)
        self.check = CheckView()
        self.start = QPushButton(self.tr("Start training"))
        self.start.setDefault(True)
        self.reason = words("", "muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        for widget in (self.check, self.start, self.reason):
            column.addWidget(widget)
        self.checker.changed.connect(self._on_check)
        trainings.changed.connect(self._show_state)
        self.start.clicked.connect(self._on_start)
        self._show_state()

    def look(self, arguments: Sequence[str]) -> None:
        """Have the call ``arguments`` looked at soon."""
        self.checker.look(arguments)

    def refuse(self, problem: Failed) -> None:
        """Say what is wrong at once."""
        self.checker.refuse(problem)

    def stop(self) -> None:
        """Look no more."""
        self.checker.stop()

    @Slot(object)
    def _on_check(self, check: Check) -> None:
        self.check.show_check(check)
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        check = self.checker.check
        self.start.setEnabled(check.possible)
        self.reason.setText(self._reason(check))
        self.reason.setVisible(bool(self.reason.text()))
        self.start.setToolTip(self.reason.text())

    def _reason(self, check: Check) -> str:
        """Return why it cannot be started, or what happens when it is."""
        if not check.done:
            return self.tr("Can be started once the labels were looked at.")
        if check.problems:
            return self.tr("Cannot be started: see above.")
        said = []
        if check.seconds is not None:
            takes = self.tr("Takes {time}.")
            said.append(takes.format(time=duration_words(check.seconds)))
        if self._trainings.busy:
            said.append(self.tr("Waits until the training before it has ended."))
        return " ".join(said)

    @Slot()
    def _on_start(self) -> None:
        if self.checker.check.possible:
            self.started.emit()
