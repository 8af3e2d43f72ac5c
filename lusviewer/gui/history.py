"""One history for everything that can be undone, whichever clip it was done to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QUndoCommand, QUndoStack

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

_LIMIT: Final = 500


class PassingCommand(QUndoCommand):
    """A step that means nothing any more once its clip was closed."""


class History(QUndoStack):
    """Undoes and redoes; steps of a closed clip are passed over, labels are not."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setUndoLimit(_LIMIT)

    def forget_passing(self) -> None:
        """Pass over the steps of the clip that was closed; clear if none is left."""
        steps = [self.command(index) for index in range(self.count())]
        for step in steps:
            if isinstance(step, PassingCommand):
                step.setObsolete(True)
        if all(step.isObsolete() for step in steps):
            self.clear()

    def back(self) -> None:
        """Undo the last step that still means something."""
        while self.canUndo() and self.command(self.index() - 1).isObsolete():
            self.undo()
        self.undo()

    def forth(self) -> None:
        """Redo the next step that still means something."""
        while self.canRedo() and self.command(self.index()).isObsolete():
            self.redo()
        self.redo()
