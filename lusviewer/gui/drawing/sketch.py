"""A line on its way: clicked point by point, or drawn without lifting."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lusviewer.gui.drawing.strokes import XY, Stroke

if TYPE_CHECKING:
    from lusviewer.gui.drawing.work import Sheet

STILL_PX: Final = 4.0
"""A press that moves less, in px on screen, is a click."""

_FREE_PX: Final = 3.0
"""How far apart, in px on screen, the points of a line drawn by hand are taken."""

_MANY: Final = 30
"""A line of more points was not clicked one by one."""


@dataclass(slots=True)
class Sketch:
    """What was drawn so far on a sheet; a ``reach`` is px of it per px of the screen.

    ``ahead`` is where the pointer is; ``in_one`` that it is drawn without lifting,
    ``begun`` that the press now held down began it.
    """

    kind: str
    sheet: Sheet
    points: tuple[XY, ...] = ()
    ahead: XY | None = None
    in_one: bool = False
    begun: bool = True

    def add(self, at: XY, reach: float) -> None:
        """Add a point, unless it is one that a double click sets twice."""
        if not self.points or math.dist(self.points[-1], at) > STILL_PX * reach:
            self.points = (*self.points, at)
        self.ahead = None

    def draw_on(self, pressed: XY, at: XY, reach: float) -> None:
        """Follow the pointer with its button held down since ``pressed``."""
        self.in_one = self.in_one or math.dist(pressed, at) > 2 * STILL_PX * reach
        if not self.in_one:
            return
        if self.kind == "b_line":
            self.points = (self.points[0], at)
        elif math.dist(self.points[-1], at) > _FREE_PX * reach:
            self.points = (*self.points, at)

    def let_go(self) -> bool:
        """End the press; return whether the line has ended with it."""
        whole = self.in_one and self.begun
        if self.kind == "b_line":
            whole = len(self.points) > 1
        self.begun = self.in_one = whole
        return whole

    def shorten(self) -> bool:
        """Take the last point back; return whether any is left."""
        self.points = self.points[:-1]
        return bool(self.points)

    def stroke(self) -> Stroke | None:
        """Return what was drawn, None where it is no line."""
        free = self.in_one or len(self.points) > _MANY
        if len(self.points) < 2:
            return None
        return Stroke(self.kind, self.points, free=free)
