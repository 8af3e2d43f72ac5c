"""Collecting reference cycles on the window's thread, never on a worker's.

Python's collector runs on whichever thread allocates; on a worker it would delete
widgets and timers there, which Qt does not survive.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Slot

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_MS: Final = 500


class Collector(QObject):
    """Takes over the collecting of garbage until ``stop``.

    The oldest generation costs more than a frame may take: it is looked through only
    while ``idle`` says that nobody would notice.
    """

    def __init__(self, idle: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._idle = idle
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.collect)

    def start(self) -> None:
        """Collect on this thread only from now on."""
        gc.disable()
        gc.collect()
        gc.freeze()  # What the imports made lives as long as the program.
        self._timer.start()

    def stop(self) -> None:
        """Let Python collect by itself again."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    @Slot()
    def collect(self) -> None:
        """Collect what is due."""
        young, middle, old = gc.get_count()
        young_due, middle_due, old_due = gc.get_threshold()
        if old > old_due and self._idle():
            gc.collect(2)
        elif middle > middle_due:
            gc.collect(1)
        elif young > young_due:
            gc.collect(0)
