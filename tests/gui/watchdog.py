"""An application that measures how long each of its events keeps the window busy."""

from __future__ import annotations

import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtCore import QEvent, QObject

LIMIT_MS: Final = 16.0
"""A frame of a 60 Hz screen: nothing may keep the window busy for longer."""


REFERENCE_MS: Final = 0.95
"""What the reference takes on the machine whose limits are meant, alone on a core.

An AMD EPYC at 2.6 GHz. Beside other work on the same core, as the analysis is, any
piece of work takes more processor time, and so do the window's events.
"""


_FEWEST: Final = 20


def reference() -> float:
    """Return the milliseconds that a fixed piece of work takes just now."""
    begun, total = time.thread_time_ns(), 0
    for number in range(25_000):
        total += number * number
    return (time.thread_time_ns() - begun) / 1e6


@dataclass(slots=True)
class Watch:
    """The processor time of the events since it began, in milliseconds."""

    spent_ms: list[tuple[float, str]] = field(default_factory=list)
    references_ms: list[float] = field(default_factory=list)

    def measure_reference(self) -> None:
        """Note what the reference takes while everything goes on."""
        self.references_ms.append(reference())

    @property
    def slowness(self) -> float:
        """How many times slower than meant the machine is in its slow moments.

        The longest event falls into such a moment, too: tails are held against tails
        (95th percentile). 1 at least.
        """
        if len(self.references_ms) < _FEWEST:
            return 1.0
        tail = statistics.quantiles(self.references_ms, n=20)[-1]
        return max(1.0, tail / REFERENCE_MS)

    @property
    def over(self) -> list[tuple[float, str]]:
        """The events that took longer than a frame, with kind and receiver.

        The limit is that of a machine as fast as meant, held against this one's speed
        in the same run.
        """
        limit_ms = LIMIT_MS * self.slowness
        return [spent for spent in self.spent_ms if spent[0] > limit_ms]


class WatchedApplication(QApplication):
    """Counts processor time, not the clock: other programs' work is not ours."""

    watch: Watch | None = None
    _depth = 0

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        watch = self.watch
        if watch is None or self._depth:
            return super().notify(receiver, event)
        kind, name = event.type(), type(receiver).__name__
        self._depth += 1
        begun = time.thread_time_ns()
        try:
            return super().notify(receiver, event)
        finally:
            spent_ms = (time.thread_time_ns() - begun) / 1e6
            self._depth -= 1
            watch.spent_ms.append((spent_ms, f"{kind.name} of {name}"))


@contextmanager
def watching(app: WatchedApplication, every_ms: int = 20) -> Iterator[Watch]:
    """Watch every event of ``app``, and measure the machine every so often."""
    watch, timer = Watch(), QTimer()
    timer.timeout.connect(watch.measure_reference)
    timer.start(every_ms)
    app.watch = watch
    try:
        yield watch
    finally:
        timer.stop()
        app.watch = None


def over_at_best(
    run: Callable[[], list[tuple[float, str]]], tries: int = 3
) -> list[tuple[float, str]]:
    """Return the events over the limit of the best run: a busy machine gets more."""
    over: list[tuple[float, str]] = []
    for _ in range(tries):
        over = run()
        if not over:
            break
    return over
