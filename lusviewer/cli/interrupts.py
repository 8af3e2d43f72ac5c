"""Stopping a command politely."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lusviewer.cancel import CancelToken


@contextmanager
def interruptible(cancel: CancelToken) -> Iterator[None]:
    """Turn Ctrl+C and a polite kill into ``cancel``; the second one is not caught."""
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(kind) for kind in kinds]

    def stop(_number: int, _frame: object) -> None:
        for kind, old in zip(kinds, before, strict=True):
            signal.signal(kind, old)
        cancel.cancel()

    for kind in kinds:
        signal.signal(kind, stop)
    try:
        yield
    finally:
        for kind, old in zip(kinds, before, strict=True):
            signal.signal(kind, old)
