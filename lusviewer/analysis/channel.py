"""A bounded queue between threads that keeps the order and that either end can shut."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


class Channel(Generic[T]):
    """Items numbered from 0, given out in order whatever order they come in.

    At most ``size`` wait; iterating, also by several threads, ends when it is shut.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: dict[int, T] = {}
        self._due = 0
        self._finished = False
        self._changed = threading.Condition()

    def put(self, number: int, item: T) -> bool:
        """Wait for room and add item ``number``; false where the channel is shut."""
        with self._changed:
            # The item that is due always has room: putting never waits for ever.
            self._changed.wait_for(
                lambda: self._finished or number < self._due + self._size
            )
            if self._finished:
                return False
            self._items[number] = item
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

    def __iter__(self) -> Iterator[tuple[int, T]]:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._finished or self._due in self._items
                )
                number = self._due
                try:
                    item = self._items.pop(number)
                except KeyError:
                    return
                self._due += 1
                self._changed.notify_all()
            yield number, item
