"""What the pointer does on the clip's image, as a tool is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PySide6.QtCore import Qt


@dataclass(frozen=True, slots=True)
class Touch:
    """Where the pointer is: px of the frame, pixel centres at whole numbers.

    ``reach`` is px of the frame per px of the screen; ``alt`` whether Alt is held.
    """

    x: float
    y: float
    reach: float
    alt: bool = False


class Tool(Protocol):
    """Takes the pointer and some keys of the clip view while it is ``active``.

    What returns a bool says whether that was for the tool; the rest is left to the
    view.
    """

    @property
    def active(self) -> bool:
        """Whether the tool is in hand."""

    @property
    def cursor(self) -> Qt.CursorShape:
        """The shape of the pointer."""

    @property
    def keys(self) -> frozenset[Qt.Key]:
        """The keys it wants before the shortcuts of the window."""

    def take_up(self, *, active: bool) -> None:
        """Take it in hand, or put it down."""

    def press(self, touch: Touch) -> bool:
        """Take a press of the left button."""

    def move(self, touch: Touch) -> bool:
        """Follow the pointer, with the button down or not."""

    def release(self, touch: Touch) -> bool:
        """Take the end of a press."""

    def double(self, touch: Touch) -> bool:
        """Take a second press in quick succession."""

    def key(self, key: int, *, alt: bool) -> bool:
        """Take a key."""

    def hint(self) -> str:
        """Return what the next click does, in a line."""
