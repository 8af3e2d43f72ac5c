"""Polylines on a frame: which lies under the pointer, and how each edit changes it.

Points are ``(x, y)`` px of the frame, pixel centres at whole numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.library import Line

XY = tuple[float, float]

KINDS: Final = ("pleura", "a_line", "b_line")
"""What can be drawn: ``lusviewer.library.values.LINE_KINDS``, without the database."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line as a hand drew it; ``free`` where it was drawn without lifting."""

    kind: str
    points: tuple[XY, ...]
    width_px: float = 0.0
    free: bool = False


Drawn = TypeVar("Drawn", Stroke, "Line")


@dataclass(frozen=True, slots=True)
class Grip:
    """What is under the pointer: of ``line`` a ``point``, a ``segment``, or its width.

    ``segment`` is the point it starts at; -1 where it is something else.
    """

    line: int
    point: int = -1
    segment: int = -1
    edge: bool = False


def grip_at(lines: Sequence[Line], kind: str, at: XY, reach: float) -> Grip | None:
    """Return what lies within ``reach`` px of ``at`` among the lines of ``kind``.

    Points go before edges of B-lines, edges before segments.
    """
    found: list[tuple[int, float, Grip]] = []
    for index, line in enumerate(lines):
        if line.kind != kind:
            continue
        for i, point in enumerate(line.points):
            found.append((0, math.dist(point, at), Grip(index, point=i)))
        edges = [math.dist(handle, at) for handle in width_handles(line)]
        found.extend((1, away, Grip(index, edge=True)) for away in edges)
        for i, ends in enumerate(zip(line.points, line.points[1:], strict=False)):
            found.append((2, distance(at, *ends), Grip(index, segment=i)))
    near = [one for one in found if one[1] <= reach]
    return min(near, key=lambda one: one[:2])[2] if near else None


def distance(at: XY, start: XY, end: XY) -> float:
    """Return how far ``at`` is from the segment between two points."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    share = (
        ((at[0] - start[0]) * dx + (at[1] - start[1]) * dy) / length if length else 0
    )
    share = min(max(share, 0.0), 1.0)
    return math.dist(at, (start[0] + share * dx, start[1] + share * dy))


def width_handles(line: Line | Stroke) -> tuple[XY, ...]:
    """Return the two places half-way down a B-line where its width can be held."""
    if line.kind != "b_line" or not line.width_px:
        return ()
    (x1, y1), (x2, y2) = line.points[0], line.points[-1]
    length = math.dist((x1, y1), (x2, y2)) or 1.0
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    dx, dy = (
        -(y2 - y1) / length * line.width_px / 2,
        (x2 - x1) / length * line.width_px / 2,
    )
    return (x - dx, y - dy), (x + dx, y + dy)


def with_point(line: Drawn, index: int, at: XY) -> Drawn:
    """Return the line with one of its points elsewhere."""
    points = (*line.points[:index], at, *line.points[index + 1 :])
    return replace(line, points=points)


def with_inserted(line: Drawn, segment: int, at: XY) -> Drawn:
    """Return the line with a point more on one of its segments."""
    points = (*line.points[: segment + 1], at, *line.points[segment + 1 :])
    return replace(line, points=points)


def without_point(line: Drawn, index: int) -> Drawn | None:
    """Return the line with a point less, None where no line would be left."""
    points = line.points[:index] + line.points[index + 1 :]
    return replace(line, points=points) if len(points) > 1 else None


def shifted(line: Drawn, by: XY) -> Drawn:
    """Return the line moved as a whole."""
    points = tuple((x + by[0], y + by[1]) for x, y in line.points)
    return replace(line, points=points)


def widened(line: Drawn, to: XY) -> Drawn:
    """Return the B-line as wide as it takes for its edge to reach ``to``."""
    start, end = line.points[0], line.points[-1]
    dx, dy = end[0] - start[0], end[1] - start[1]
    across = abs((to[0] - start[0]) * dy - (to[1] - start[1]) * dx)
    width = 2 * across / (math.hypot(dx, dy) or 1.0)
    return replace(line, width_px=max(1.0, round(width, 1)))
