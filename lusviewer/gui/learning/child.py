"""A training in a process of its own: what it tells, and what it is told."""

from __future__ import annotations

import os
import sys
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QProcess, QTimer, Signal, Slot

from lusviewer.gui.jobs import NICENESS
from lusviewer.gui.learning.events import Lines
from lusviewer.gui.learning.wishes import CLIPS

if TYPE_CHECKING:
    from collections.abc import Sequence

GRACE_MS: Final = 10_000
"""How long a child that was cancelled may take to end by itself."""

_KEPT_LINES: Final = 30


def program(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Return this program and what makes it run the command ``arguments``."""
    frozen = bool(getattr(sys, "frozen", False))
    start = [] if frozen else ["-m", "lusviewer"]
    return sys.executable, [*start, *arguments]


def by_input(arguments: Sequence[str]) -> tuple[list[str], str | None]:
    """Return ``arguments`` without a list of clips, and the list for the input.

    A command line holds 32 767 characters on Windows; what is sent leaves no file.
    """
    call = list(arguments)
    if CLIPS not in call:
        return call, None
    place = call.index(CLIPS) + 1
    clips, call[place] = call[place], "-"
    return call, clips


class Child(QObject):
    """A process that tells events on its output and heeds words on its input.

    Signals
    -------
    told(tuple)
        Events, in order.
    said(list)
        Lines as they came, of output and of errors.
    ended(int)
        Always, once, last: its exit status; -1 where it crashed or never began.
    """

    told = Signal(object)
    said = Signal(object)
    ended = Signal(int)

    def __init__(self, arguments: Sequence[str], parent: QObject) -> None:
        super().__init__(parent)
        self.last_errors: deque[str] = deque(maxlen=_KEPT_LINES)
        self.process_id = 0
        self._lines = Lines()
        self._errors = b""
        self._over = False
        self._process = QProcess(self)
        call, self._first_line = by_input(arguments)
        name, call = program(call)
        self._process.setProgram(name)
        self._process.setArguments(call)
        self._process.started.connect(self._on_started)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_errors)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)
        self._killer = QTimer(self, singleShot=True, interval=GRACE_MS)
        self._killer.timeout.connect(self._process.kill)

    @property
    def running(self) -> bool:
        """Whether it has begun and not ended."""
        return self._process.state() is not QProcess.ProcessState.NotRunning

    def start(self) -> None:
        """Begin."""
        self._process.start()

    def say(self, word: str) -> None:
        """Write a line on its input."""
        self._process.write(f"{word}\n".encode())

    def cancel(self) -> None:
        """Have it end soon without a trace; it is killed where it does not."""
        self.say("cancel")
        self._killer.start()

    def kill(self) -> None:
        """End it at once, as if the power had gone."""
        self._process.kill()

    def drop(self) -> None:
        """End it soon; nothing is heard of it any more."""
        self._over = True
        self._killer.stop()
        self._process.kill()

    def close(self) -> None:
        """End it now, and wait until it has."""
        self.drop()
        self._process.waitForFinished(GRACE_MS)

    @Slot()
    def _on_started(self) -> None:
        """Let the window's thread go first."""
        self.process_id = int(self._process.processId())
        if sys.platform == "linux":
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self.process_id, NICENESS)
        if self._first_line is not None:
            self.say(self._first_line)

    @Slot()
    def _read(self) -> None:
        data = self._process.readAllStandardOutput().data()
        events = tuple(self._lines.feed(bytes(data)))
        if self._over:
            return
        if seen := self._lines.take_seen():
            self.said.emit(seen)
        if events:
            self.told.emit(events)

    @Slot()
    def _read_errors(self) -> None:
        data = bytes(self._process.readAllStandardError().data())
        *lines, self._errors = (self._errors + data).split(b"\n")
        self._tell_errors(lines)

    def _tell_errors(self, lines: Sequence[bytes]) -> None:
        said = [line.decode("utf-8", "replace").rstrip() for line in lines]
        said = [line for line in said if line]
        self.last_errors.extend(said)
        if said and not self._over:
            self.said.emit(said)

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, code: int, how: QProcess.ExitStatus) -> None:
        self._read()
        self._read_errors()
        self._tell_errors([self._errors])
        self._errors = b""
        crashed = how is QProcess.ExitStatus.CrashExit
        self._end(-1 if crashed else code)

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self.last_errors.append(self._process.errorString())
            self._end(-1)

    def _end(self, status: int) -> None:
        self._killer.stop()
        if self._over:
            self.deleteLater()
        else:
            self._over = True
            self.ended.emit(status)
