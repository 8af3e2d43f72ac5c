"""A bounded queue between threads that either end can shut."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


class Channel(Generic[T]):
    """Items in order, at most ``size`` waiting; iterating ends when it is shut."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: deque[T] = deque()
        self._finished = False
        self._changed = threading.Condition()

    def put(self, item: T) -> bool:
        """Wait for room and add ``item``; false where the channel is shut."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._finished or len(self._items) < self._size
            )
            if self._finished:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def finish(self) -> None:
        """Take no more items; those waiting are still given out."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def shut(self) -> None:
        """Take no more items and drop those waiting."""
        with self._changed:
            self._finished = True
            self._items.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._finished or self._items)
                if not self._items:
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item
