"""The boundary between the window's thread and all others.

``Job`` runs a generator on a thread of its own and hands over what it yields;
``Latest`` answers a stream of wishes, of which only the newest counts. Nothing
else in the window starts a thread. What comes back is delivered on the thread of
the window, where cancelling is also asked for: a cancelled job is silent at once.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from lusviewer.cancel import Cancelled, CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Question = TypeVar("Question")
Answer = TypeVar("Answer")

DRAIN_MS: Final = 33
"""How often what a job has made is handed to the window."""

NICENESS: Final = 5
"""How far jobs, and the threads they start, step back behind the window on Linux."""

JOIN_S: Final = 10.0
"""How long closing waits for a thread that does not heed its token."""


def _step_back() -> None:
    """Let the window's thread go first, where threads have priorities of their own.

    Playing while analysing on two busy cores, nine of ten turns of the event loop
    then take under 23 ms rather than under 80.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        niceness = max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread))
        os.setpriority(os.PRIO_PROCESS, thread, niceness)


class Job(QObject):
    """One piece of long work: a generator, iterated on a thread of its own.

    Signals
    -------
    produced(tuple)
        What was yielded since the last time, in order; at most every 33 ms.
    failed(Exception)
        What the work raised; never after ``cancel``.
    ended()
        Always, once, and last; the thread is joined by then.
    """

    produced = Signal(object)
    failed = Signal(object)
    ended = Signal()
    _stopped = Signal()

    def __init__(
        self, work: Callable[[CancelToken], Iterable[object]], parent: QObject
    ) -> None:
        super().__init__(parent)
        self.cancel_token = CancelToken()
        self._work = work
        self._lock = threading.Lock()
        self._items: list[object] = []
        self._error: Exception | None = None
        self.has_ended = False
        name = getattr(work, "__name__", "job")
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._timer = QTimer(self, interval=DRAIN_MS)
        self._timer.timeout.connect(self._drain)
        self._stopped.connect(self._finish, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> bool:
        """Whether the work was started and has not ended."""
        return self._thread.ident is not None and not self.has_ended

    def start(self) -> None:
        """Begin the work."""
        self._timer.start()
        self._thread.start()

    def cancel(self) -> None:
        """Stop the work soon; only ``ended`` comes after this."""
        self._timer.stop()
        self.cancel_token.cancel()
        with self._lock:
            self._items.clear()

    def join(self) -> None:
        """Cancel, and wait until the thread has ended."""
        self.cancel()
        if self._thread.ident is not None:
            self._thread.join(JOIN_S)

    def finish(self) -> None:
        """Wait until the work is done; nothing is heard of it after."""
        self._timer.stop()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        _step_back()
        try:
            self._iterate()
        except Cancelled:
            pass
        except Exception as error:
            self._error = error
        self._stopped.emit()

    def _iterate(self) -> None:
        items = self._work(self.cancel_token)
        try:
            for item in items:
                self.cancel_token.check()
                with self._lock:
                    self._items.append(item)
        finally:
            # A generator left half-way joins its own threads here, on this thread.
            close = getattr(items, "close", None)
            if close is not None:
                close()

    @Slot()
    def _drain(self) -> None:
        with self._lock:
            items, self._items = tuple(self._items), []
        if items and not self.cancel_token.cancelled:
            self.produced.emit(items)

    @Slot()
    def _finish(self) -> None:
        self._thread.join()  # Else Qt may delete us while the worker still emits.
        self._timer.stop()
        self._drain()
        self.has_ended = True
        if self._error is not None and not self.cancel_token.cancelled:
            self.failed.emit(self._error)
        self.ended.emit()


class Latest(QObject, Generic[Question, Answer]):
    """Answers questions on a thread of its own; of those waiting only the newest.

    The thread starts with the first question. ``answer`` gets the question and a
    token that is cancelled when the window closes.

    Signals
    -------
    ready(question, answer)
        An answer; skipped where a newer one was there before it could be shown.
    failed(question, Exception)
        What answering raised.
    """

    ready = Signal(object, object)
    failed = Signal(object, object)
    _answered = Signal()

    def __init__(
        self, answer: Callable[[Question, CancelToken], Answer], parent: QObject
    ) -> None:
        super().__init__(parent)
        self.cancel_token = CancelToken()
        self._answer = answer
        self._condition = threading.Condition()
        self._pending: list[Question] = []
        self._box: list[tuple[Question, Answer | None, Exception | None]] = []
        self._closed = False
        name = getattr(answer, "__name__", "latest")
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._answered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def request(self, question: Question) -> None:
        """Ask; an older question that still waits is dropped."""
        with self._condition:
            if self._closed:
                return
            self._pending = [question]
            if self._thread.ident is None:
                self._thread.start()
            self._condition.notify()

    def forget(self) -> None:
        """Drop what waits and what was answered but not yet shown."""
        with self._condition:
            self._pending.clear()
            self._box.clear()

    def close(self) -> None:
        """Stop answering, and wait until the thread has ended."""
        self.cancel_token.cancel()
        with self._condition:
            self._closed = True
            self._pending.clear()
            self._box.clear()
            self._condition.notify()
        if self._thread.ident is not None:
            self._thread.join(JOIN_S)

    def _next(self) -> list[Question]:
        with self._condition:
            self._condition.wait_for(lambda: self._pending or self._closed)
            taken, self._pending = self._pending, []
            return taken

    def _serve(self) -> None:
        while taken := self._next():
            question = taken[0]
            answer: Answer | None = None
            failure: Exception | None = None
            try:
                answer = self._answer(question, self.cancel_token)
            except Cancelled:
                return
            except Exception as error:
                failure = error
            with self._condition:
                if self._closed:
                    return
                self._box = [(question, answer, failure)]
            self._answered.emit()

    @Slot()
    def _deliver(self) -> None:
        with self._condition:
            taken, self._box = self._box, []
        for question, answer, failure in taken:
            if failure is None:
                self.ready.emit(question, answer)
            else:
                self.failed.emit(question, failure)


class Lane(QObject):
    """Where jobs of one kind run: starting another cancels the one before.

    Unless it is not ``replacing``: then they run side by side.

    Signals
    -------
    produced(tuple), failed(Exception)
        Of the current job.
    ended()
        The current job has ended, by itself, by failing or by ``cancel``.
    """

    produced = Signal(object)
    failed = Signal(object)
    ended = Signal()

    def __init__(self, parent: QObject, *, replacing: bool = True) -> None:
        super().__init__(parent)
        self._replacing = replacing
        self._closed = False
        self._jobs: list[Job] = []
        self._current: Job | None = None

    @property
    def busy(self) -> bool:
        """Whether a job runs that was not replaced or cancelled."""
        job = self._current
        return job is not None and not job.cancel_token.cancelled

    def run(self, work: Callable[[CancelToken], Iterable[object]]) -> None:
        """Start ``work``; the job before, if any, is cancelled and never heard of."""
        if self._closed:
            return
        if self._replacing:
            self.cancel()
        job = Job(work, self)
        job.produced.connect(self.produced)
        job.failed.connect(self.failed)
        job.ended.connect(self._on_ended)
        self._jobs.append(job)
        self._current = job
        job.start()

    def cancel(self) -> None:
        """Stop the current job soon; only ``ended`` comes after this."""
        if self._current is not None:
            self._current.cancel()

    def close(self) -> None:
        """Cancel, and wait until every thread has ended; nothing is heard after."""
        self._closed = True
        for job in self._jobs:
            job.cancel()
        for job in self._jobs:
            job.join()

    @Slot()
    def _on_ended(self) -> None:
        for job in [job for job in self._jobs if job.has_ended]:
            self._jobs.remove(job)
            job.deleteLater()
            if job is self._current:
                self._current = None
                if not self._closed:
                    self.ended.emit()
