"""Closing the window while something is trained: a person says what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtWidgets import QMessageBox

from lusviewer.gui.learning.trainings import State
from lusviewer.gui.learning.words import counted, joined, time_left

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from lusviewer.gui.learning.trainings import Training, Trainings


class CloseGuard(QObject):
    """Keeps a window open while something is trained, and asks what comes of it."""

    def __init__(self, trainings: Trainings, window: QWidget) -> None:
        super().__init__(window)
        self._trainings = trainings
        self._window = window
        self.closing = False
        self.box: QMessageBox | None = None
        self._kept: Training | None = None
        trainings.changed.connect(self._on_changed)
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Ask first where the window is to be closed meanwhile."""
        if event.type() is not QEvent.Type.Close or not self._trainings.busy:
            return False
        event.ignore()
        if self.box is None:
            self._ask()
        return True

    def _ask(self) -> None:
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("A training is under way"))
        box.setText(self.tr("Something is being trained. What is to become of it?"))
        box.setInformativeText(self._told())
        role = QMessageBox.ButtonRole
        self.stay = box.addButton(self.tr("Keep the window open"), role.RejectRole)
        self.keep = box.addButton(self.tr("Stop early, keep the best"), role.AcceptRole)
        current = self._trainings.current
        later = current is not None and current.can_pause
        end = self.tr("Cancel it and close")
        end = self.tr("Close, go on another time") if later else end
        self.drop = box.addButton(end, role.DestructiveRole)
        self.keep.setToolTip(
            self.tr("The window closes once the best expert so far is written.")
        )
        box.setDefaultButton(self.stay)
        box.setEscapeButton(self.stay)
        self.stay.clicked.connect(self._on_stay)
        self.keep.clicked.connect(self._on_keep)
        self.drop.clicked.connect(self._on_drop)
        box.finished.connect(self._on_answered)
        self.box = box
        box.open()

    def _told(self) -> str:
        current, n = self._trainings.current, len(self._trainings.waiting)
        progress = None if current is None else current.told.progress
        left = "" if progress is None else time_left(progress.seconds_left)
        title = "" if current is None else current.title
        lines = [joined([title, left])]
        if n:
            more = counted(n, self.tr("1 more waits"), self.tr("{n} more wait"))
            dropped = self.tr("{more}, and would not be run.")
            lines.append(dropped.format(more=more))
        return "\n".join(line for line in lines if line)

    @Slot()
    def _on_answered(self) -> None:
        if self.box is not None:
            self.box.deleteLater()
            self.box = None

    @Slot()
    def _on_stay(self) -> None:
        self.closing = False

    @Slot()
    def _on_keep(self) -> None:
        self.closing = True
        self._kept = self._trainings.current
        self._trainings.keep_best()
        self._on_changed()

    @Slot()
    def _on_drop(self) -> None:
        self.closing = True
        self._trainings.end_all()
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        if self._trainings.busy:
            return
        if self.box is not None:
            # What was asked about has ended by itself: nothing is left to decide.
            self.box.reject()
        if self.closing:
            self.closing = False
            # Nobody would see why nothing was kept if the window were gone.
            if self._kept is None or self._kept.state is not State.FAILED:
                QTimer.singleShot(0, self._window.close)
