"""The lines the model measured, as strokes that a person can go on from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lusviewer.gui.drawing.strokes import Stroke
from lusviewer.gui.overlay import displaced, relative_depth, thinned, within_beam

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lusviewer.findings import Lines
    from lusviewer.geometry import FrameGeometry


def strokes_of(lines: Lines, geometry: FrameGeometry) -> tuple[Stroke, ...]:
    """Return pleura, A-lines and B-lines as they are laid over the image."""
    return (*_pleura_and_a_lines(lines, geometry), *_b_lines(lines, geometry))


def _pleura_and_a_lines(lines: Lines, geometry: FrameGeometry) -> Iterator[Stroke]:
    if len(lines.pleura_px) < 2:
        return
    pleura = thinned(lines.pleura_px)
    yield _stroke("pleura", pleura)
    share = relative_depth(pleura, geometry)
    for depth in lines.a_line_depth_px.tolist():
        below = within_beam(displaced(pleura, depth * share, geometry), geometry)
        if len(below) > 1:
            yield _stroke("a_line", below)


def _b_lines(lines: Lines, geometry: FrameGeometry) -> Iterator[Stroke]:
    for row, column, end_row, end_column, width, _ in lines.b_lines.tolist():
        ends = np.array([(row, column), (end_row, end_column)])
        wider = 1.0
        if geometry.sector is not None:
            # Measured at the pleura, kept as half-way down: the beam spreads between.
            apex = np.array(geometry.sector.apex_px)
            at_pleura = float(np.linalg.norm(ends[0] - apex))
            wider = float(np.linalg.norm(ends.mean(0) - apex)) / max(at_pleura, 1.0)
        points = ((column, row), (end_column, end_row))
        yield Stroke("b_line", points, round(width * wider, 1))


def _stroke(kind: str, points: NDArray[np.floating]) -> Stroke:
    placed = tuple((x, y) for y, x in points.tolist())
    return Stroke(kind, placed, free=True)
