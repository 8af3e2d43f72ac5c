"""A look at the labels before anything is fitted, by the training's own rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from lusviewer.gui.learning.child import Child
from lusviewer.gui.learning.events import Checked, Clips, Failed, Warned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.gui.learning.events import Event

PAUSE_MS: Final = 400
"""How long the form must rest before the labels are looked at."""


@dataclass(frozen=True, slots=True)
class Check:
    """What is known of a wish: its clips, what to be wary of, what is wrong.

    ``done`` is false while it is still looked at; ``seconds`` is how long it would
    take, where that is known.
    """

    done: bool = False
    clips: Clips | None = None
    warnings: tuple[str, ...] = ()
    problems: tuple[Failed, ...] = ()
    seconds: float | None = None

    @property
    def possible(self) -> bool:
        """Whether it can be started."""
        return self.done and not self.problems


class Checker(QObject):
    """Has a child look at the labels whenever the wish changes and rests.

    Signals
    -------
    changed(Check)
    """

    changed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.check = Check()
        self._arguments: tuple[str, ...] = ()
        self._events: list[Event] = []
        self._child: Child | None = None
        self._rest = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._rest.timeout.connect(self._look)

    def look(self, arguments: Sequence[str]) -> None:
        """Look soon at what the call ``arguments`` would do."""
        self.stop()
        self._arguments = tuple(arguments)
        self._rest.start()
        self._tell(Check())

    def refuse(self, problem: Failed) -> None:
        """Say at once what is wrong, without looking."""
        self.stop()
        self._tell(Check(done=True, problems=(problem,)))

    def stop(self) -> None:
        """Look no more."""
        self._rest.stop()
        if self._child is not None:
            self._child.drop()
            self._child = None

    def close(self) -> None:
        """Look no more, and wait until the child has ended."""
        self._rest.stop()
        for child in self.findChildren(Child):
            child.close()

    def _tell(self, check: Check) -> None:
        self.check = check
        self.changed.emit(check)

    @Slot()
    def _look(self) -> None:
        self._events = []
        self._child = Child([*self._arguments, "--check"], self)
        self._child.told.connect(self._events.extend)
        self._child.ended.connect(self._on_ended)
        self._child.start()

    @Slot(int)
    def _on_ended(self, _status: int) -> None:
        child, self._child = self._child, None
        events = self._events
        problems = [one for one in events if isinstance(one, Failed)]
        fine = [one for one in events if isinstance(one, Checked)]
        if child is not None:
            if not fine and not problems:
                problems = [self._unknown(child)]
            child.deleteLater()
        clips = [one for one in events if isinstance(one, Clips)]
        warnings = [one.message for one in events if isinstance(one, Warned)]
        check = Check(
            done=True,
            clips=clips[-1] if clips else None,
            warnings=tuple(warnings),
            problems=tuple(problems),
            seconds=fine[-1].seconds if fine else None,
        )
        self._tell(check)

    def _unknown(self, child: Child) -> Failed:
        last = child.last_errors[-1] if child.last_errors else ""
        return Failed(self.tr("The labels could not be looked at."), last)
