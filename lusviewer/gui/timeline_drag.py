"""What a drag over the timelines means: scrub, select a range, move a loop's end."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lusviewer.gui.timeline_rows import TimeScale

GRIP_PX: Final = 5.0
"""How near the pointer must be to take hold of the cursor or a loop's end."""

DRAG_PX: Final = 5.0
"""How far it must move before a click becomes a range."""

Loop = tuple[int, int]


class Kind(Enum):
    """What is being dragged."""

    NOTHING = 0
    CURSOR = 1
    MAYBE_RANGE = 2
    RANGE = 3
    LOOP_IN = 4
    LOOP_OUT = 5


_RANGES: Final = (Kind.RANGE, Kind.LOOP_IN, Kind.LOOP_OUT)


class TimeDrag:
    """A drag along the time axis; ``range`` is the part it has marked so far."""

    def __init__(self) -> None:
        self.kind = Kind.NOTHING
        self.range: Loop | None = None
        self._start_x = 0.0
        self._loop: Loop | None = None

    @property
    def active(self) -> bool:
        """Whether the button is down."""
        return self.kind is not Kind.NOTHING

    def press(
        self,
        x: float,
        scale: TimeScale,
        frame: int,
        loop: Loop | None,
        *,
        on_axis: bool,
    ) -> int | None:
        """Begin at ``x``; return the frame to show, None to leave it."""
        self._start_x, self._loop, self.range = x, loop, loop
        self.kind = loop_end_at(x, scale, loop)
        if self.kind is not Kind.NOTHING:
            return None
        near = abs(x - scale.x_of(frame)) <= GRIP_PX
        self.kind = Kind.CURSOR if near or on_axis else Kind.MAYBE_RANGE
        return None if near else scale.frame_at(x)

    def move(self, x: float, scale: TimeScale) -> int | None:
        """Go on to ``x``; return the frame to show, None to leave it."""
        here = scale.frame_at(x)
        if self.kind is Kind.CURSOR:
            return here
        if self.kind is Kind.MAYBE_RANGE and abs(x - self._start_x) > DRAG_PX:
            self.kind = Kind.RANGE
        if self.kind is Kind.RANGE:
            start = scale.frame_at(self._start_x)
            self.range = (min(start, here), max(start, here))
        elif self._loop is not None:
            first, last = self._loop
            if self.kind is Kind.LOOP_IN:
                self.range = (min(here, last), last)
            elif self.kind is Kind.LOOP_OUT:
                self.range = (first, max(here, first))
        return None

    def release(self) -> bool:
        """End; return whether ``range`` is to be looped from now on."""
        kind, self.kind = self.kind, Kind.NOTHING
        return kind in _RANGES


def loop_end_at(x: float, scale: TimeScale, loop: Loop | None) -> Kind:
    """Return which end of the ``loop`` lies under the pointer."""
    if loop is None:
        return Kind.NOTHING
    start, end = scale.band_of(*loop)
    if abs(x - start) <= GRIP_PX:
        return Kind.LOOP_IN
    return Kind.LOOP_OUT if abs(x - end) <= GRIP_PX else Kind.NOTHING
