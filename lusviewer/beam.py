"""Finding the beam in frames whose header does not say where it is.

All work is done on a small copy. What moves or differs from the background is taken
as the picture; thin and small things (text, rulers, logos) are wiped away; then the
straight sides, and the arcs at top and bottom, are fitted to the outline by quantiles,
so that dark parts of the beam do not pull them inwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lusviewer.geometry import FrameGeometry, Probe, Sector

if TYPE_CHECKING:
    from collections.abc import Sequence

Mask = NDArray[np.bool_]
Gray = NDArray[np.float32]

_SIZE: Final = 256
_STEEPEST_DEG: Final = 60.0
_LEAST_FAN_DEG: Final = 5.0
_PHASED_RATIO: Final = 0.12
_UNSURE: Final = (
    "The beam was not clearly found in the pixels: its outline is a guess; "
    "text beside it may have been taken in."
)


@dataclass(frozen=True, slots=True)
class _Sides:
    """Straight sides: columns ``left - slope * row`` and ``right + slope * row``."""

    left: float
    right: float
    slope: float
    support: float


def locate_beam(
    frames: Sequence[NDArray[np.uint8]], geometry: FrameGeometry
) -> tuple[FrameGeometry, tuple[str, ...]]:
    """Return ``geometry`` with the beam found from the pixels, and warnings.

    Looks only inside a region that the header gives, and keeps its spacing.
    """
    top, left, bottom, right = geometry.region
    scale = min(_SIZE / max(bottom - top, right - left), 1.0)
    small = np.stack([_shrink(f[top:bottom, left:right], scale) for f in frames])
    mask = _picture(small)
    found = _fit(mask) if mask.any() else None
    if found is None:
        return geometry, (_UNSURE,)
    located = _in_frame(found, geometry, scale)
    return located, () if found.sure else (_UNSURE,)


@dataclass(frozen=True, slots=True)
class _Beam:
    """What was found, in pixels of the small copy."""

    region: tuple[float, float, float, float]
    sector: Sector | None
    probe: Probe
    sure: bool


def _shrink(frame: NDArray[np.uint8], scale: float) -> Gray:
    if scale < 1:
        frame = np.asarray(
            cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        )
    return frame.astype(np.float32)


def _picture(frames: Gray) -> Mask:
    """Return the largest connected thing that moves or stands off the background."""
    mean = frames.mean(axis=0)
    spread = frames.std(axis=0)
    still = mean[spread <= max(1.0, float(np.percentile(spread, 20)))]
    counts = np.bincount(np.rint(still).astype(np.int64).ravel(), minlength=256)
    background = float(counts.argmax())
    if counts.max() < 0.01 * mean.size:
        background = 0.0
    active = (np.abs(mean - background) > 3) | (spread > 1.0)
    return _largest(active)


def _largest(active: Mask) -> Mask:
    image = active.astype(np.uint8)
    image = np.asarray(cv2.morphologyEx(image, cv2.MORPH_OPEN, _disc(5)), np.uint8)
    joined = np.asarray(cv2.morphologyEx(image, cv2.MORPH_CLOSE, _disc(9)), np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    if count < 2:
        return np.zeros(active.shape, np.bool_)
    best = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return np.asarray((labels == best) & (image > 0), np.bool_)


def _disc(size: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))


def _fit(mask: Mask) -> _Beam | None:
    box = _box(mask)
    sides = _sides(mask)
    if sides is None:
        return _Beam(box, None, Probe.UNKNOWN, sure=False)
    if np.rad2deg(np.arctan(sides.slope)) < _LEAST_FAN_DEG:
        return _Beam(box, None, Probe.LINEAR, sure=True)
    return _fan(mask, sides)


def _box(mask: Mask) -> tuple[float, float, float, float]:
    """Return the bounding box, leaving out rows and columns with next to nothing."""
    rows = np.flatnonzero(mask.sum(axis=1) > 0.02 * mask.shape[1])
    columns = np.flatnonzero(mask.sum(axis=0) > 0.02 * mask.shape[0])
    if not len(rows) or not len(columns):
        return 0.0, 0.0, float(mask.shape[0]), float(mask.shape[1])
    return rows[0], columns[0], rows[-1] + 1.0, columns[-1] + 1.0


def _sides(mask: Mask) -> _Sides | None:
    """Fit both straight sides at one slope to the outermost pixels of each row."""
    rows = np.flatnonzero(mask.any(axis=1))
    width = mask.shape[1]
    left = mask[rows].argmax(axis=1).astype(np.float64)
    right = width - mask[rows][:, ::-1].argmax(axis=1).astype(np.float64)
    open_left, open_right = left > 1, right < width - 1
    if min(open_left.sum(), open_right.sum()) < 8:
        return None
    slopes = np.tan(np.deg2rad(np.arange(0, _STEEPEST_DEG, 0.5)))[:, None]
    off_left = left[open_left] + slopes * rows[open_left]
    off_right = -(right[open_right] - slopes * rows[open_right])
    at_left, cost_left = _envelope(off_left)
    at_right, cost_right = _envelope(off_right)
    best = int(np.argmin(cost_left + cost_right))
    near = 0.015 * width
    support = min(
        float((np.abs(off_left[best] - at_left[best]) < near).mean()),
        float((np.abs(off_right[best] - at_right[best]) < near).mean()),
    )
    return _Sides(
        float(at_left[best]), float(-at_right[best]), float(slopes[best, 0]), support
    )


def _envelope(
    offsets: NDArray[np.float64], tau: float = 0.06
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the low quantile of each row of ``offsets``, and the pinball loss."""
    at = np.quantile(offsets, tau, axis=1)
    rest = offsets - at[:, None]
    loss = np.where(rest > 0, tau * rest, (tau - 1) * rest)
    return at, loss.mean(axis=1)


def _fan(mask: Mask, sides: _Sides) -> _Beam:
    apex_row = -(sides.right - sides.left) / (2 * sides.slope)
    apex_column = (sides.left + sides.right) / 2
    half = float(np.arctan(sides.slope))
    rows, columns = np.nonzero(mask)
    down, across = rows + 0.5 - apex_row, columns + 0.5 - apex_column
    radius = np.hypot(down, across)
    angle = np.arctan2(across, down)
    inside = np.abs(angle) <= half
    near, far = _radii(radius[inside], angle[inside], half)
    sector = Sector((apex_row, apex_column), (max(near, 0.0), far), (-half, half))
    probe = Probe.PHASED if near < _PHASED_RATIO * far else Probe.CURVILINEAR
    return _Beam(
        _sector_box(sector, mask.shape), sector, probe, sure=sides.support > 0.15
    )


def _radii(
    radius: NDArray[np.float64], angle: NDArray[np.float64], half: float
) -> tuple[float, float]:
    """Return the arcs: of the first and last pixels in each direction, the outer."""
    bins = np.clip(((angle + half) / (2 * half) * 60).astype(int), 0, 59)
    first = np.full(60, np.inf)
    last = np.zeros(60)
    np.minimum.at(first, bins, radius)
    np.maximum.at(last, bins, radius)
    seen = np.isfinite(first)
    near = float(np.quantile(first[seen], 0.1))
    far = float(np.quantile(last[seen], 0.95))
    return near, max(far, near + 1)


def _sector_box(
    sector: Sector, shape: tuple[int, ...]
) -> tuple[float, float, float, float]:
    """Return the bounds of the part of the fan that lies in the picture."""
    row = np.arange(shape[0])[:, None] + 0.5 - sector.apex_px[0]
    column = np.arange(shape[1])[None, :] + 0.5 - sector.apex_px[1]
    radius, angle = np.hypot(row, column), np.arctan2(column, row)
    inside = (radius >= sector.radii_px[0]) & (radius <= sector.radii_px[1])
    inside &= np.abs(angle) <= sector.angles_rad[1]
    rows = np.flatnonzero(inside.any(axis=1))
    columns = np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return 0.0, 0.0, float(shape[0]), float(shape[1])
    return rows[0], columns[0], rows[-1] + 1.0, columns[-1] + 1.0


def _in_frame(beam: _Beam, geometry: FrameGeometry, scale: float) -> FrameGeometry:
    """Return the geometry with ``beam`` brought to the frame's own pixels."""
    top, left, bottom, right = geometry.region
    box = [value / scale for value in beam.region]
    region = (
        min(max(top + round(box[0]), top), bottom - 1),
        min(max(left + round(box[1]), left), right - 1),
        min(top + round(box[2]), bottom),
        min(left + round(box[3]), right),
    )
    region = (
        region[0],
        region[1],
        max(region[2], region[0] + 1),
        max(region[3], region[1] + 1),
    )
    sector = beam.sector
    if sector is not None:
        sector = Sector(
            (sector.apex_px[0] / scale + top, sector.apex_px[1] / scale + left),
            (sector.radii_px[0] / scale, sector.radii_px[1] / scale),
            sector.angles_rad,
        )
    source = "header" if geometry.beam_from == "header" else "pixels"
    return replace(
        geometry, region=region, sector=sector, probe=beam.probe, beam_from=source
    )
