"""What the one who started a training asks of it while it runs, line by line."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from threading import Thread
from typing import Final

from lusviewer.cancel import CancelToken

_STANDARD_INPUT: Final = 0
_READ: Final = 4096


@dataclass(frozen=True, slots=True)
class Control:
    """Two flags: ``cancel`` leaves no trace, ``stop`` ends early and keeps the best."""

    cancel: CancelToken = field(default_factory=CancelToken)
    stop: CancelToken = field(default_factory=CancelToken)

    def obey(self, line: str) -> None:
        """Raise the flag a line names; other lines change nothing."""
        if line.strip() == "cancel":
            self.cancel.cancel()
        elif line.strip() == "stop":
            self.stop.cancel()

    def listen(self, descriptor: int = _STANDARD_INPUT) -> Thread:
        """Obey the lines of standard input, or of ``descriptor``, from now on.

        The end of the input changes nothing. The thread that is returned ends with the
        input, or with the process.
        """
        thread = Thread(target=self._read, args=(descriptor,), daemon=True)
        thread.start()
        return thread

    def _read(self, descriptor: int) -> None:
        # Not through sys.stdin: its lock, held while waiting for a line, would keep
        # Python from ending. Windows knows no select() of pipes: hence a thread.
        left = b""
        while said := _bytes(descriptor):
            *lines, left = (left + said).split(b"\n")
            for line in lines:
                self.obey(line.decode("utf-8", "replace"))
        self.obey(left.decode("utf-8", "replace"))


def _bytes(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _READ)
    except OSError:
        return b""
