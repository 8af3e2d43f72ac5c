"""The trainings asked for: one runs, the others wait; what each has told so far."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from lusviewer.gui.learning.child import Child
from lusviewer.gui.learning.events import (
    Checkpoint,
    Clips,
    CurvePoint,
    Failed,
    Figures,
    Fractions,
    Kept,
    KindDone,
    Made,
    Progress,
    Stopped,
    Warned,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.gui.learning.events import Event, Figure

_log: Final = logging.getLogger(__name__)

LOG_LINES: Final = 500
_TELL_MS: Final = 100
"""How often it is shown what came: a hundred events a second are painted ten times."""


class State(Enum):
    """Where a training stands."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDING = "ending"
    CANCELLING = "cancelling"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self in (State.DONE, State.CANCELLED, State.FAILED)


@dataclass(slots=True)
class Curve:
    """Losses by step: on the clips that teach, and on those that only judge."""

    steps: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    judged_at: list[int] = field(default_factory=list)
    judged: list[float] = field(default_factory=list)

    def add(self, point: CurvePoint) -> None:
        """Take a step; one that was told before begins the curve anew from there."""
        while self.steps and self.steps[-1] >= point.step:
            self.steps.pop()
            self.loss.pop()
        while self.judged_at and self.judged_at[-1] >= point.step:
            self.judged_at.pop()
            self.judged.pop()
        if point.loss is not None:
            self.steps.append(point.step)
            self.loss.append(point.loss)
        if point.validation is not None:
            self.judged_at.append(point.step)
            self.judged.append(point.validation)


@dataclass(slots=True)
class Told:
    """All that a training has told so far."""

    clips: Clips | None = None
    warnings: list[str] = field(default_factory=list)
    progress: Progress | None = None
    curves: dict[str, Curve] = field(default_factory=dict)
    kinds: dict[str, Figure | None] = field(default_factory=dict)
    figures: Figures | None = None
    fractions: Fractions | None = None
    checkpoint: Checkpoint | None = None
    made: Made | None = None
    kept: str = ""
    error: Failed | None = None
    stopped: bool = False

    def take(self, event: Event) -> None:
        """Take one event."""
        match event:
            case Warned(message):
                self.warnings.append(message)
            case CurvePoint():
                self.curves.setdefault(event.what, Curve()).add(event)
            case KindDone(kind, auc):
                self.kinds[kind] = auc
            case Kept(what):
                self.kept = what
            case Stopped():
                self.stopped = True
            case _:
                self._keep(event)

    def _keep(self, event: Event) -> None:
        names = {
            Clips: "clips",
            Progress: "progress",
            Figures: "figures",
            Fractions: "fractions",
            Checkpoint: "checkpoint",
            Made: "made",
            Failed: "error",
        }
        if (name := names.get(type(event))) is not None:
            setattr(self, name, event)


class Training(QObject):
    """One training: its state, what it told, and its end.

    Signals
    -------
    changed()
        Its state is another.
    progressed()
        It told something; at most ten times a second.
    """

    changed = Signal()
    progressed = Signal()

    def __init__(self, arguments: Sequence[str], title: str, parent: QObject) -> None:
        super().__init__(parent)
        self.arguments = tuple(arguments)
        self.title = title
        self.state = State.WAITING
        self.told = Told()
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._child: Child | None = None
        self._teller = QTimer(self, singleShot=True, interval=_TELL_MS)
        self._teller.timeout.connect(self.progressed)

    @property
    def can_pause(self) -> bool:
        """Whether it can be interrupted now, and go on from there later."""
        under_way = self.state in (State.RUNNING, State.ENDING)
        return under_way and self.told.checkpoint is not None

    @property
    def library(self) -> Path:
        """The library it learns from, which need not be the one that is open."""
        return Path(self.arguments[self.arguments.index("--library") + 1])

    @property
    def process_id(self) -> int:
        """The number its process has or had, 0 where there was none."""
        return 0 if self._child is None else self._child.process_id

    @property
    def last_errors(self) -> tuple[str, ...]:
        """What it said last on its error output."""
        return () if self._child is None else tuple(self._child.last_errors)

    def start(self) -> None:
        """Begin."""
        child = Child([*self.arguments, "--control"], self)
        child.told.connect(self._on_told)
        child.said.connect(self._on_said)
        child.ended.connect(self._on_ended)
        self._child = child
        self._become(State.RUNNING)
        child.start()

    def stop_early(self) -> None:
        """Have it end soon and keep the best it has."""
        if self._child is not None and self.state is State.RUNNING:
            self._child.say("stop")
            self._become(State.ENDING)

    def cancel(self) -> None:
        """Have it leave no trace."""
        if self.state is State.WAITING:
            self._become(State.CANCELLED)
        elif self._child is not None and self.state in (State.RUNNING, State.ENDING):
            self._child.cancel()
            self._become(State.CANCELLING)

    def pause(self) -> None:
        """End it now; the checkpoint it wrote last stays, to go on from."""
        if self._child is not None and self.can_pause:
            self._become(State.CANCELLING)
            self._child.kill()

    def close(self) -> None:
        """End it now, and wait until it has."""
        if self._child is not None:
            self._child.close()

    def _become(self, state: State) -> None:
        self.state = state
        self.changed.emit()

    @Slot(object)
    def _on_told(self, events: tuple[Event, ...]) -> None:
        for event in events:
            self.told.take(event)
        self._tell()

    @Slot(object)
    def _on_said(self, lines: list[str]) -> None:
        self.log.extend(lines)
        self._tell()

    def _tell(self) -> None:
        if not self._teller.isActive():
            self._teller.start()

    @Slot(int)
    def _on_ended(self, status: int) -> None:
        cancelled = self.told.stopped or self.state is State.CANCELLING
        if self.told.made is not None:
            self._become(State.DONE)
        elif cancelled:
            self._become(State.CANCELLED)
        else:
            if self.told.error is None:
                last = "\n".join(self.last_errors)
                words = "the training %r ended with %s:\n%s"
                _log.error(words, self.title, status, last)
            self._become(State.FAILED)


class Trainings(QObject):
    """The queue: the first runs, the others wait for it.

    Signals
    -------
    added(Training), removed(Training)
    changed()
        Another one runs, or none.
    made(Training)
        One is done, and its folder is there.
    """

    added = Signal(object)
    removed = Signal(object)
    changed = Signal()
    made = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.all: list[Training] = []

    @property
    def current(self) -> Training | None:
        """The one that runs, if any."""
        under_way = (State.RUNNING, State.ENDING, State.CANCELLING)
        return next((one for one in self.all if one.state in under_way), None)

    @property
    def waiting(self) -> tuple[Training, ...]:
        """Those that will run after it, in order."""
        return tuple(one for one in self.all if one.state is State.WAITING)

    @property
    def busy(self) -> bool:
        """Whether one runs or waits."""
        return self.current is not None or bool(self.waiting)

    def add(self, arguments: Sequence[str], title: str) -> Training:
        """Have a training run after all that were asked for before."""
        training = Training(arguments, title, self)
        self.all.append(training)
        training.changed.connect(partial(self._on_changed, training))
        self.added.emit(training)
        self._next()
        return training

    def put_away(self, training: Training) -> None:
        """Forget one that is over; what it wrote stays."""
        if training in self.all and training.state.over:
            self.all.remove(training)
            self.removed.emit(training)
            training.deleteLater()

    def end_all(self) -> None:
        """Leave no trace of any that runs or waits, but of one that can go on."""
        for one in self.waiting:
            one.cancel()
        if self.current is not None and self.current.can_pause:
            self.current.pause()
        elif self.current is not None:
            self.current.cancel()

    def keep_best(self) -> None:
        """Drop those that wait; have the one that runs keep its best."""
        for one in self.waiting:
            one.cancel()
        if self.current is not None:
            self.current.stop_early()

    def close(self) -> None:
        """End all now."""
        for one in self.all:
            one.close()

    def _on_changed(self, training: Training) -> None:
        if training.state is State.CANCELLED:
            self.put_away(training)
        elif training.state is State.DONE:
            self.made.emit(training)
        self._next()

    def _next(self) -> None:
        if self.current is None and self.waiting:
            self.waiting[0].start()
        self.changed.emit()
