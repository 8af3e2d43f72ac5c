"""What a person does to the library, as a step that can be undone in any clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand

if TYPE_CHECKING:
    from collections.abc import Callable


class Step(QUndoCommand):
    """Something to be done, and what takes it back; both may work in the background."""

    def __init__(
        self, words: str, do: Callable[[], None], take_back: Callable[[], None]
    ) -> None:
        super().__init__(words)
        self._do, self._take_back = do, take_back

    def redo(self) -> None:
        """Do it, for the first time or again."""
        self._do()

    def undo(self) -> None:
        """Take it back."""
        self._take_back()
