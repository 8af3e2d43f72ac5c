"""A label map seen along the beam: one column a scan line, one row a depth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.geometry import GRID, FrameGeometry, GridMap, Sector, grid_box, grid_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LINES_MIN: Final = 48
_LINES_MAX: Final = 192


@dataclass(frozen=True, slots=True)
class ScanLines:
    """Where each depth of each scan line lies on the models' grid.

    ``index`` ``(n_depths, n_lines)`` points into the flat grid; ``inside`` says
    where that is in the beam. ``area`` ``(n_depths,)`` is what a sample stands for,
    in grid px. ``px_per_depth`` is one depth step and ``angles_rad`` ``(n_lines,)``
    each line's direction from straight down.
    """

    index: NDArray[np.intp]
    inside: NDArray[np.bool_]
    area: NDArray[np.float32]
    angles_rad: NDArray[np.float32]
    px_per_depth: float
    grid: GridMap
    left: int
    sector: Sector | None

    @property
    def shape(self) -> tuple[int, int]:
        """Number of depths and of lines."""
        n_depths, n_lines = self.index.shape
        return n_depths, n_lines

    def look(self, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return ``labels`` of the grid as ``(n_depths, n_lines)``, 0 outside."""
        seen: NDArray[np.uint8] = np.take(labels, self.index)
        seen *= self.inside
        return seen

    def place(
        self, depths: NDArray[np.floating], lines: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """Return the clip's ``(row, column)`` of depths on lines, ``(n, 2)``."""
        if self.sector is None:
            return self.grid.to_clip(np.stack([depths, lines + self.left], axis=1))
        radius, angle = _polar(self.sector, depths, lines, self.shape)
        row, column = self.sector.apex_px
        points = (row + radius * np.cos(angle), column + radius * np.sin(angle))
        return np.stack(points, axis=1).astype(np.float32)

    def width_px(self, n_lines: float, depth: float) -> float:
        """Return how wide ``n_lines`` lines are at ``depth``, in clip px."""
        if self.sector is None:
            return n_lines / self.grid.scale
        left, right = self.sector.angles_rad
        radius = self.sector.radii_px[0] + (depth + 0.5) * self.px_per_depth
        return n_lines * (right - left) / self.shape[1] * radius


@lru_cache(maxsize=64)
def scan_lines(grid: GridMap, geometry: FrameGeometry) -> ScanLines:
    """Return the scan lines of a beam; straight down where no sector is known."""
    if geometry.sector is None:
        return _straight(grid, geometry)
    return _fan(grid, geometry, geometry.sector)


def _straight(grid: GridMap, geometry: FrameGeometry) -> ScanLines:
    top, left, bottom, right = grid_box(geometry)
    rows, columns = np.mgrid[top:bottom, left:right]
    return ScanLines(
        index=rows * GRID + columns,
        inside=grid_mask(geometry)[top:bottom, left:right],
        area=np.ones(bottom - top, np.float32),
        angles_rad=np.zeros(right - left, np.float32),
        px_per_depth=1 / grid.scale,
        grid=grid,
        left=left,
        sector=None,
    )


def _fan(grid: GridMap, geometry: FrameGeometry, sector: Sector) -> ScanLines:
    (near, far), (left, right) = sector.radii_px, sector.angles_rad
    n_depths = max(8, round((far - near) * grid.scale))
    arc = (right - left) * (near + far) / 2 * grid.scale
    n_lines = min(max(_LINES_MIN, round(arc)), _LINES_MAX)
    depths, lines = np.mgrid[0:n_depths, 0:n_lines].astype(np.float32)
    radius, angle = _polar(sector, depths, lines, (n_depths, n_lines))
    row = sector.apex_px[0] + radius * np.cos(angle)
    column = sector.apex_px[1] + radius * np.sin(angle)
    points = np.rint(grid.to_grid(np.stack([row.ravel(), column.ravel()], axis=1)))
    on_grid = ((points >= 0) & (points < GRID)).all(axis=1)
    points = np.clip(points, 0, GRID - 1).astype(np.intp)
    index = points[:, 0] * GRID + points[:, 1]
    inside = on_grid & grid_mask(geometry).ravel()[index]
    step = (right - left) / n_lines
    return ScanLines(
        index=index.reshape(n_depths, n_lines),
        inside=inside.reshape(n_depths, n_lines),
        area=(radius[:, 0] * step * grid.scale).astype(np.float32),
        angles_rad=angle[0].astype(np.float32),
        px_per_depth=(far - near) / n_depths,
        grid=grid,
        left=0,
        sector=sector,
    )


def _polar(
    sector: Sector,
    depths: NDArray[np.floating],
    lines: NDArray[np.floating],
    shape: tuple[int, int],
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return radius px and angle of depths on lines."""
    (near, far), (left, right) = sector.radii_px, sector.angles_rad
    radius = near + (depths + 0.5) * ((far - near) / shape[0])
    angle = left + (lines + 0.5) * ((right - left) / shape[1])
    return radius, angle
