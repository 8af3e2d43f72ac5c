"""An application that measures how long each of its events keeps the window busy."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent, QObject


@dataclass(slots=True)
class Watch:
    """The processor time of the events since it began, in milliseconds."""

    spent_ms: list[tuple[float, str]] = field(default_factory=list)

    @property
    def worst(self) -> tuple[float, str]:
        """The most expensive event, with its kind and receiver."""
        return max(self.spent_ms, default=(0.0, ""))

    def over(self, limit_ms: float) -> list[tuple[float, str]]:
        """The events that took longer than ``limit_ms``."""
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
