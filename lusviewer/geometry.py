"""Where the ultrasound image lies in a frame, and how large its pixels are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRID: Final = 224
"""Rows and columns of the grid that models see."""


class Probe(Enum):
    """The kind of transducer, as far as the image shows it."""

    LINEAR = "linear"
    CURVILINEAR = "curvilinear"
    PHASED = "phased"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sector:
    """A fan-shaped beam: apex ``(row, column)``, near and far radius, and angles.

    Angles are radians from straight down, positive towards larger columns:
    ``angles_rad = (leftmost, rightmost)``. The apex may lie outside the frame.
    """

    apex_px: tuple[float, float]
    radii_px: tuple[float, float]
    angles_rad: tuple[float, float]

    def __post_init__(self) -> None:
        if not 0 <= self.radii_px[0] < self.radii_px[1]:
            msg = f"radii {self.radii_px} are not near < far"
            raise ValueError(msg)
        if not -np.pi / 2 <= self.angles_rad[0] < self.angles_rad[1] <= np.pi / 2:
            msg = f"angles {self.angles_rad} are not left < right within 90 degrees"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class UltrasoundRegion:
    """One calibrated region of a frame, after DICOM PS3.3 C.8.5.5.

    ``bounds`` is half-open ``(top, left, bottom, right)`` px; ``spacing_mm`` is
    ``(row, column)``, or None where the physical units are not centimetres.
    """

    bounds: tuple[int, int, int, int]
    spatial_format: str
    data_type: str
    spacing_mm: tuple[float, float] | None = None
    units: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class FrameGeometry:
    """Where the B-mode image lies in a frame, and how large its pixels are.

    ``region`` is half-open ``(top, left, bottom, right)`` px. ``pixel_spacing_mm``
    is ``(row, column)``; None means uncalibrated, and no length is reported in mm.
    ``beam_from`` says how the region was found: "header", "pixels" or "frame".
    """

    rows: int
    columns: int
    region: tuple[int, int, int, int]
    pixel_spacing_mm: tuple[float, float] | None = None
    probe: Probe = Probe.UNKNOWN
    sector: Sector | None = None
    regions: tuple[UltrasoundRegion, ...] = ()
    beam_from: str = "frame"

    def __post_init__(self) -> None:
        top, left, bottom, right = self.region
        if not (0 <= top < bottom <= self.rows and 0 <= left < right <= self.columns):
            msg = f"region {self.region} lies outside {self.rows}x{self.columns}"
            raise ValueError(msg)
        if self.pixel_spacing_mm is not None and min(self.pixel_spacing_mm) <= 0:
            msg = f"pixel spacing {self.pixel_spacing_mm} mm is not positive"
            raise ValueError(msg)

    def beam_mask(self) -> NDArray[np.bool_]:
        """Return where the beam is, ``(rows, columns)``, read-only."""
        return _beam_mask(self.rows, self.columns, self.region, self.sector)

    def spacing_between(
        self, first: tuple[float, float], second: tuple[float, float]
    ) -> tuple[float, float] | None:
        """Return mm per pixel of the region that holds both ``(row, column)`` points.

        Of several the smallest counts, as it lies on the others. None where none
        holds both, or where it is not calibrated.
        """
        if not self.regions:
            return self.pixel_spacing_mm
        holding = [
            region
            for region in self.regions
            if _holds(region.bounds, first) and _holds(region.bounds, second)
        ]
        if not holding:
            return None
        return min(holding, key=lambda region: _area(region.bounds)).spacing_mm


@dataclass(frozen=True, slots=True)
class GridMap:
    """How the models' square grid lies on a clip's frame.

    ``scale`` is grid px per clip px; ``top`` and ``left`` say where the grid's
    upper left corner lies on the frame, in clip px from the frame's corner.
    """

    scale: float
    top: float
    left: float

    @classmethod
    def of(cls, geometry: FrameGeometry) -> GridMap:
        """Return the map that fits the region into the grid, top and centre."""
        top, left, bottom, right = geometry.region
        scale = min(GRID / (bottom - top), GRID / (right - left))
        _, pad, _, _ = grid_box(geometry)
        return cls(scale, float(top), left - pad / scale)

    def to_clip(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return grid ``(n, 2)`` row and column indices as those of the clip."""
        corner = np.array((self.top, self.left), np.float32)
        moved = (points + np.float32(0.5)) / np.float32(self.scale) + corner - 0.5
        return moved.astype(np.float32)

    def to_grid(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return clip ``(n, 2)`` row and column indices as those of the grid."""
        corner = np.array((self.top, self.left), np.float32)
        moved = (points + np.float32(0.5) - corner) * np.float32(self.scale) - 0.5
        return moved.astype(np.float32)


def grid_box(geometry: FrameGeometry) -> tuple[int, int, int, int]:
    """Return where the region lies on the grid: half-open top, left, bottom, right."""
    top, left, bottom, right = geometry.region
    rows, columns = bottom - top, right - left
    scale = min(GRID / rows, GRID / columns)
    height, width = max(1, round(rows * scale)), max(1, round(columns * scale))
    pad = (GRID - width) // 2
    return 0, pad, height, pad + width


@lru_cache(maxsize=64)
def grid_mask(geometry: FrameGeometry) -> NDArray[np.bool_]:
    """Return where the beam is on the models' grid, ``(GRID, GRID)``, read-only."""
    top, left, bottom, right = grid_box(geometry)
    steps = np.arange(GRID, dtype=np.float32)
    points = GridMap.of(geometry).to_clip(np.stack([steps, steps], axis=1))
    rows = np.clip(np.rint(points[:, 0]), 0, geometry.rows - 1).astype(int)
    columns = np.clip(np.rint(points[:, 1]), 0, geometry.columns - 1).astype(int)
    mask = np.zeros((GRID, GRID), np.bool_)
    beam = geometry.beam_mask()[np.ix_(rows, columns)]
    mask[top:bottom, left:right] = beam[top:bottom, left:right]
    mask.flags.writeable = False
    return mask


def _holds(bounds: tuple[int, int, int, int], point: tuple[float, float]) -> bool:
    top, left, bottom, right = bounds
    return top <= point[0] <= bottom and left <= point[1] <= right


def _area(bounds: tuple[int, int, int, int]) -> int:
    top, left, bottom, right = bounds
    return (bottom - top) * (right - left)


@lru_cache(maxsize=16)
def _beam_mask(
    rows: int,
    columns: int,
    region: tuple[int, int, int, int],
    sector: Sector | None,
) -> NDArray[np.bool_]:
    top, left, bottom, right = region
    mask = np.zeros((rows, columns), np.bool_)
    mask[top:bottom, left:right] = True
    if sector is not None:
        row = np.arange(rows, dtype=np.float32)[:, None] - sector.apex_px[0]
        column = np.arange(columns, dtype=np.float32)[None, :] - sector.apex_px[1]
        radius = np.hypot(row, column)
        angle = np.arctan2(column, row)
        mask &= (radius >= sector.radii_px[0]) & (radius <= sector.radii_px[1])
        mask &= (angle >= sector.angles_rad[0]) & (angle <= sector.angles_rad[1])
    mask.flags.writeable = False
    return mask
