"""Writing what a person said, in the order it was said, never half and never lost."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot

from lusviewer.cancel import CancelToken
from lusviewer.gui.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Work = Callable[[CancelToken], Iterable[object]]

_log: Final = logging.getLogger("lusviewer")


class Errands(QObject):
    """Jobs that run one after the other, each to its end; none is cancelled.

    Signals
    -------
    produced(tuple), failed(Exception)
        Of the job that runs.
    idle()
        All that was asked for is done.
    """

    produced = Signal(object)
    failed = Signal(object)
    idle = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: deque[Work] = deque()
        self._job: Job | None = None
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether something is still to be done."""
        return self._job is not None or bool(self._waiting)

    def run(self, work: Work) -> None:
        """Do ``work`` after all that was asked for before."""
        if not self._closed:
            self._waiting.append(work)
            self._next()

    def close(self) -> None:
        """Do what is still to be done, and wait for it; nothing is heard after.

        What fails then is only logged: all that waits behind it is done all the same.
        """
        self._closed = True
        if self._job is not None:
            self._job.finish()
        while self._waiting:
            _do(self._waiting.popleft())

    def _next(self) -> None:
        if self._job is not None or not self._waiting:
            return
        job = Job(self._waiting.popleft(), self)
        job.produced.connect(self.produced)
        job.failed.connect(self.failed)
        job.ended.connect(self._on_ended)
        self._job = job
        job.start()

    @Slot()
    def _on_ended(self) -> None:
        if self._job is not None:
            self._job.deleteLater()
        self._job = None
        if self._closed:
            return
        self._next()
        if not self.busy:
            self.idle.emit()


def _do(work: Work) -> None:
    try:
        for _ in work(CancelToken()):
            pass
    except Exception:  # noqa: BLE001 - what waits behind a bug is done, too
        _log.exception("not kept while closing")
