"""Cancelling long work from another thread."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Cancelled(BaseException):
    """The work was stopped because somebody asked for it."""


class CancelToken:
    """A flag that is raised once; safe to share between threads."""

    def __init__(self) -> None:
        # A signal handler may cancel while its own thread holds the lock.
        self._lock = threading.RLock()
        self._event = threading.Event()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether ``cancel`` was called."""
        return self._event.is_set()

    def cancel(self) -> None:
        """Raise the flag and run the registered callbacks, once."""
        with self._lock:
            if self._event.is_set():
                return
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def check(self) -> None:
        """Raise ``Cancelled`` if the flag is up."""
        if self._event.is_set():
            raise Cancelled

    def wait(self, seconds: float) -> bool:
        """Sleep up to ``seconds``; return at once, and true, when cancelled."""
        return self._event.wait(seconds)

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Iterator[None]:
        """Run ``callback`` if the flag is raised inside the ``with`` block."""
        with self._lock:
            self._callbacks.append(callback)
            missed = self._event.is_set() and self._forget(callback)
        if missed:
            callback()
        try:
            yield
        finally:
            with self._lock:
                self._forget(callback)

    def _forget(self, callback: Callable[[], None]) -> bool:
        """Drop ``callback``; false where ``cancel`` took it already."""
        if callback not in self._callbacks:
            return False
        self._callbacks.remove(callback)
        return True
