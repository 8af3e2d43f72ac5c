"""The beam: scan lines and depths, and the way from them to the pixels of a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lusviewer.geometry import FrameGeometry, Probe, Sector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.phantom.scene import View
    from lusviewer.phantom.speckle import Floats

LINES = 176


@dataclass(frozen=True, slots=True)
class Beam:
    """Scan lines and depth samples of a view.

    ``depth_mm`` is ``(n_depths, 1)``; ``u``, ``theta`` and ``x_mm`` are ``(n_lines,)``:
    -1..1 across the beam, the line's angle, and its place along the pleura.
    """

    depth_mm: Floats
    u: Floats
    theta: Floats
    x_mm: Floats
    step_mm: float
    pitch_mm: float

    @property
    def shape(self) -> tuple[int, int]:
        """Depth samples and lines."""
        return len(self.depth_mm), len(self.u)


def make_beam(view: View, pleura_depth_mm: float, rows: int) -> Beam:
    """Return the lines of ``view``, fine enough for frames of ``rows``."""
    n_depths = int(np.clip(rows * 1.2, 200, 640))
    lines = int(np.clip(LINES * rows / 224, 128, 320))
    depth = np.linspace(0, view.depth_mm, n_depths, dtype=np.float32)[:, None]
    u = np.linspace(-1, 1, lines, dtype=np.float32)
    if view.probe is Probe.LINEAR:
        theta = np.zeros_like(u)
        wide = 1 + view.flare * pleura_depth_mm / view.depth_mm
        x_mm = (u * view.width_mm / 2 * wide).astype(np.float32)
    else:
        theta = (u * view.half_angle_rad).astype(np.float32)
        x_mm = ((view.radius_mm + pleura_depth_mm) * theta).astype(np.float32)
    return Beam(depth, u, theta, x_mm, float(depth[1, 0]), float(x_mm[1] - x_mm[0]))


@dataclass(frozen=True, slots=True)
class ScanConverter:
    """The mapping of beam samples onto the pixels of a frame."""

    geometry: FrameGeometry
    inside: NDArray[np.intp]
    nearest: NDArray[np.intp]
    corner: NDArray[np.intp]
    weights: tuple[Floats, Floats, Floats, Floats]
    pixels_per_mm: float
    origin_mm: tuple[float, float]
    lines: int

    def image(self, polar: Floats) -> Floats:
        """Return ``polar`` ``(n_depths, n_lines)`` as a frame, 0 outside."""
        flat = polar.ravel()
        i = self.corner
        w = self.weights
        values = w[0] * flat[i]
        values += w[1] * flat[i + 1]
        values += w[2] * flat[i + self.lines]
        values += w[3] * flat[i + self.lines + 1]
        out = np.zeros(self.geometry.rows * self.geometry.columns, np.float32)
        out[self.inside] = values
        return out.reshape(self.geometry.rows, self.geometry.columns)

    def labels(self, polar: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the class map ``polar`` as a frame, 0 outside."""
        out = np.zeros(self.geometry.rows * self.geometry.columns, np.uint8)
        out[self.inside] = polar.ravel()[self.nearest]
        return out.reshape(self.geometry.rows, self.geometry.columns)


def make_converter(view: View, beam: Beam, rows: int, columns: int) -> ScanConverter:
    """Return the mapping of ``beam`` onto frames, as large as fits, at the top."""
    top, left, bottom, right = box_mm(view)
    scale = min(rows / (bottom - top), columns / (right - left))
    height = min(rows, round((bottom - top) * scale))
    width = min(columns, round((right - left) * scale))
    first = (columns - width) // 2
    y = top + (np.arange(height, dtype=np.float32)[:, None] + 0.5) / scale
    x = left + (np.arange(width, dtype=np.float32)[None, :] + 0.5) / scale
    depth, u = _to_beam(view, y, x)
    n_depths, lines = beam.shape
    row = depth / beam.step_mm
    column = (u + 1) / 2 * (lines - 1)
    valid = (depth >= 0) & (depth <= view.depth_mm) & (np.abs(u) <= 1)
    inside_rows, inside_columns = np.nonzero(valid)
    row, column = row[valid], column[valid]
    top_row = np.minimum(row.astype(np.intp), n_depths - 2)
    left_column = np.minimum(column.astype(np.intp), lines - 2)
    fr = (row - top_row).astype(np.float32)
    fc = (column - left_column).astype(np.float32)
    nearest = np.rint(row).astype(np.intp) * lines + np.rint(column).astype(np.intp)
    return ScanConverter(
        geometry=_geometry(view, (rows, columns), (height, width), (top, left, scale)),
        inside=inside_rows * columns + inside_columns + first,
        nearest=nearest,
        corner=top_row * lines + left_column,
        weights=((1 - fr) * (1 - fc), (1 - fr) * fc, fr * (1 - fc), fr * fc),
        pixels_per_mm=scale,
        origin_mm=(top, left - first / scale),
        lines=lines,
    )


def to_pixels(
    view: View, converter: ScanConverter, depth_mm: Floats, u: Floats
) -> Floats:
    """Return the ``(n, 2)`` row and column of points of the beam."""
    if view.probe is Probe.LINEAR:
        y = depth_mm
        x = u * view.width_mm / 2 * (1 + view.flare * depth_mm / view.depth_mm)
    else:
        angle = u * view.half_angle_rad
        y = (view.radius_mm + depth_mm) * np.cos(angle)
        x = (view.radius_mm + depth_mm) * np.sin(angle)
    row = (y - converter.origin_mm[0]) * converter.pixels_per_mm - 0.5
    column = (x - converter.origin_mm[1]) * converter.pixels_per_mm - 0.5
    return np.stack([row, column], axis=-1).astype(np.float32)


def box_mm(view: View) -> tuple[float, float, float, float]:
    """Return the recorded box: top, left, bottom, right, from the probe's axis."""
    if view.probe is Probe.LINEAR:
        half = view.width_mm / 2 * (1 + view.flare)
        top, bottom = 0.0, view.depth_mm
    else:
        far = view.radius_mm + view.depth_mm
        half = far * float(np.sin(view.half_angle_rad))
        top = view.radius_mm * float(np.cos(view.half_angle_rad))
        bottom = far
    cut = view.crop
    height, width = bottom - top, 2 * half
    return (
        top + cut[0] * height,
        -half + cut[1] * width,
        bottom - cut[2] * height,
        half - cut[3] * width,
    )


def _to_beam(view: View, y: Floats, x: Floats) -> tuple[Floats, Floats]:
    if view.probe is Probe.LINEAR:
        wide = view.width_mm / 2 * (1 + view.flare * y / view.depth_mm)
        return y + 0 * x, x / wide
    radius = np.hypot(y, x)
    return radius - view.radius_mm, np.arctan2(x, y) / view.half_angle_rad


def _geometry(
    view: View,
    frame: tuple[int, int],
    size: tuple[int, int],
    placed: tuple[float, float, float],
) -> FrameGeometry:
    top, left, scale = placed
    first = (frame[1] - size[1]) // 2
    sector = None
    if view.probe is not Probe.LINEAR:
        apex = (-top * scale - 0.5, -left * scale + first - 0.5)
        sector = Sector(
            apex,
            (view.radius_mm * scale, (view.radius_mm + view.depth_mm) * scale),
            (-view.half_angle_rad, view.half_angle_rad),
        )
    return FrameGeometry(
        rows=frame[0],
        columns=frame[1],
        region=(0, first, size[0], first + size[1]),
        pixel_spacing_mm=(1 / scale, 1 / scale),
        probe=view.probe,
        sector=sector,
        beam_from="phantom",
    )
