"""What fills the library, or takes from it, one thing after the other."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from lusviewer.errors import LusViewerError
from lusviewer.gui.jobs import Lane
from lusviewer.gui.study.work import Changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lusviewer.cancel import CancelToken
    from lusviewer.gui.study.filling.work import Progressed, Told
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.study.work import Shelf

    Steps = Callable[[CancelToken], Iterable[Progressed]]
    Work = Callable[[str, Shelf, CancelToken], Iterable[Progressed]]


_TELL_MS: Final = 400
"""How often all panels are told of the clips that came: each then reads anew."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it: all that was told, the troubles first."""

    title: str
    told: tuple[Told, ...]
    stopped: bool = False
    error: LusViewerError | None = None


class Filling(QObject):
    """Imports, exports and checks: in the background, in turn, each to be stopped.

    Every file is kept by itself: what was stopped goes on where it was, run again.

    Signals
    -------
    began(str)
        What is done now, in words.
    progressed(Progressed)
    ended(Result)
    """

    began = Signal(str)
    progressed = Signal(object)
    ended = Signal(object)

    def __init__(self, study: StudyModel, parent: QObject) -> None:
        super().__init__(parent)
        self._study = study
        self._waiting: deque[tuple[str, Steps]] = deque()
        self._title = ""
        self._told: list[Told] = []
        self._error: LusViewerError | None = None
        self._stopped = False
        self._changed: set[int] = set()
        self._telling = QTimer(self, interval=_TELL_MS, singleShot=True)
        self._telling.timeout.connect(self._tell)
        self._lane = Lane(self)
        self._lane.produced.connect(self._on_progress)
        self._lane.failed.connect(self._on_failed)
        self._lane.ended.connect(self._on_ended)
        study.closing.connect(self._close)

    @property
    def busy(self) -> bool:
        """Whether something is being done."""
        return bool(self._title)

    def run(self, title: str, work: Work) -> None:
        """Do ``work``, called ``title``, after what was asked for before.

        In the library and the name of now, whichever are chosen meanwhile.
        """
        study = self._study
        self._waiting.append((title, partial(work, study.rater, study.shelf)))
        if not self.busy:
            self._next()

    @Slot()
    def stop(self) -> None:
        """Stop what is done now; what was done stays."""
        if self.busy:
            self._stopped = True
            self._lane.cancel()

    @Slot()
    def _close(self) -> None:
        self._telling.stop()
        self._lane.close()

    def _next(self) -> None:
        if not self._waiting:
            return
        self._title, work = self._waiting.popleft()
        self._told, self._error, self._stopped = [], None, False
        self.began.emit(self._title)
        self._lane.run(work)

    @Slot(object)
    def _on_progress(self, steps: tuple[Progressed, ...]) -> None:
        self._told += [step.told for step in steps if step.told is not None]
        self._changed |= {step.clip for step in steps if step.clip is not None}
        if self._changed and not self._telling.isActive():
            self._telling.start()
        self.progressed.emit(steps[-1])

    @Slot()
    def _tell(self) -> None:
        self._study.tell(Changed(frozenset(self._changed)))
        self._changed.clear()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LusViewerError):
            raise error
        self._error = error

    @Slot()
    def _on_ended(self) -> None:
        told = sorted(self._told, key=lambda one: not one.trouble)
        result = Result(self._title, tuple(told), self._stopped, self._error)
        self._title = ""
        self._telling.stop()
        self._changed.clear()
        self._study.tell(Changed())
        self.ended.emit(result)
        self._next()
