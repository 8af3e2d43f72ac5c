"""Finding the beam in frames whose header does not say where it is.

All work is done on a small copy. What moves or differs from the background is taken
as the picture; thin and small things (text, rulers, logos) are wiped away. The two
straight sides are then fitted to the outermost pixels of the rows, one slope for both,
so that shadows and dark corners, which only ever take away from the picture, do not
pull them inwards. The arcs at top and bottom follow from the apex.
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
Floats = NDArray[np.float64]

_SIZE: Final = 256
_SLOPES: Final = np.tan(np.deg2rad(np.arange(0, 58, 0.5)))
_LEAST_FAN: Final = np.tan(np.deg2rad(8.0))
_NOISE_LEVELS: Final = (3.0, 10.0, 20.0)
_CLEAR: Final = 0.85
_CLEARER: Final = 0.12
_CLEAR_CORNER: Final = 0.06 * _SIZE
_CLEAR_SLOPE: Final = np.tan(np.deg2rad(15.0))
_FAIR: Final = 0.3
_LITTLE: Final = 0.15
_UPRIGHT: Final = 0.2
_OUTSIDE: Final = 0.05
_LEAST_SPREAD: Final = 0.3
_SMOOTH: Final = 9.0
_PHASED_RATIO: Final = 0.12
_LEAST_KEPT: Final = 0.25
_LEAST_KEPT_ON_GRAY: Final = 0.75
_NEARLY_BLACK: Final = 8.0
_UNSURE: Final = (
    "The beam was not clearly found in the pixels: its outline is a guess, "
    "and text beside it may have been taken in."
)


Box = tuple[float, float, float, float]
"""Half-open ``(top, left, bottom, right)``."""


@dataclass(frozen=True, slots=True)
class _Picture:
    """The picture itself, and where there may be more of it below a dark stretch."""

    mask: Mask
    floor: Mask


@dataclass(frozen=True, slots=True)
class _Sides:
    """Straight sides: columns ``left - slope * row`` and ``right + slope * row``.

    ``supports`` are the parts of the rows whose outermost pixel lies on the side, the
    lesser first; ``rows`` is how many rows show the side with the greater.
    """

    left: float
    right: float
    slope: float
    supports: tuple[float, float]
    rows: int

    def clearer_than(self, other: _Sides | None) -> bool:
        """Whether one side is long, oblique and straight, and the other's are less."""
        before = 0.0 if other is None else other.supports[1]
        oblique = self.slope > _CLEAR_SLOPE and self.rows * self.slope > _CLEAR_CORNER
        return oblique and self.supports[1] > before + _CLEARER


@dataclass(frozen=True, slots=True)
class _Beam:
    """What was found, in pixels of the small copy."""

    region: Box
    sector: Sector | None
    probe: Probe
    sure: bool


def locate_beam(
    frames: Sequence[NDArray[np.uint8]], geometry: FrameGeometry
) -> tuple[FrameGeometry, tuple[str, ...]]:
    """Return ``geometry`` with the beam found from the pixels, and warnings.

    Looks only inside a region that the header gives, and keeps its spacing.
    """
    top, left, bottom, right = geometry.region
    scale = min(_SIZE / max(bottom - top, right - left), 1.0)
    small = np.stack([_shrink(f[top:bottom, left:right], scale) for f in frames])
    found = _find(small)
    if found is None:
        return geometry, (_UNSURE,)
    if geometry.beam_from == "header" and not _outweighs_header(found, small):
        return geometry, ()
    located = _in_frame(found, geometry, scale)
    return located, () if found.sure else (_UNSURE,)


def _outweighs_header(found: _Beam, frames: Gray) -> bool:
    """Whether a find is clear enough to shrink the region that a header gives.

    Where nothing is dark, the gray of tissue or of noise may have passed for the
    background: without straight sides that is no reason to give up much.
    """
    top, left, bottom, right = found.region
    kept = (bottom - top) * (right - left) / frames[0].size
    background = _background(frames.mean(axis=0), frames.std(axis=0))
    weak = background > _NEARLY_BLACK and found.sector is None
    return found.sure and kept > (_LEAST_KEPT_ON_GRAY if weak else _LEAST_KEPT)


def _find(frames: Gray) -> _Beam | None:
    """Return the beam; None in frames where nothing stands off the background.

    Noise around the beam can hide its sides: they are sought above the noise too, and
    taken from there if they are clearer. Dark corners are seldom as straight.
    """
    picture = _picture(frames, _NOISE_LEVELS[0])
    if not picture.mask.any():
        return None
    sides = _sides(picture.mask)
    for level in _NOISE_LEVELS[1:]:
        if sides is not None and sides.supports[1] > _CLEAR:
            break
        above = _sides(_picture(frames, level).mask)
        if above is not None and above.clearer_than(sides):
            sides = above
    if sides is None or sides.slope < _LEAST_FAN:
        return _rectangle(picture.mask)
    return _fan(picture, sides)


def _shrink(frame: NDArray[np.uint8], scale: float) -> Gray:
    if scale < 1:
        rows, columns = (max(round(size * scale), 1) for size in frame.shape)
        frame = np.asarray(
            cv2.resize(frame, (columns, rows), interpolation=cv2.INTER_AREA)
        )
    return frame.astype(np.float32)


def _picture(frames: Gray, level: float) -> _Picture:
    """Return where the picture is: what moves or stands off the background."""
    mean = frames.mean(axis=0)
    spread = frames.std(axis=0)
    moving = spread > level / 3
    active = (np.abs(mean - _background(mean, spread)) > level) | moving
    white = cv2.morphologyEx((mean > 250).astype(np.uint8), cv2.MORPH_OPEN, _disc(15))
    active &= cv2.dilate(white, _disc(3)) == 0  # Paper, not tissue.
    floor = _opened(active & ((spread > _LEAST_SPREAD) | _smooth(mean)))
    if moving.mean() > 0.5 * active.mean():
        # Enough moves: what stands still far from it is no part of the picture.
        near = cv2.dilate(moving.astype(np.uint8), _disc(15))
        active &= near > 0
    mask = _joined(_opened(active), spread if len(frames) > 1 else None)
    return _Picture(mask, floor > 0)


def _opened(mask: Mask) -> NDArray[np.uint8]:
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _disc(5))
    return np.asarray(opened, np.uint8)


def _smooth(mean: Gray) -> Mask:
    """Return where neighbours differ little, as no text or ruler does."""
    local = cv2.blur(mean, (5, 5))
    return np.asarray(cv2.blur((mean - local) ** 2, (5, 5)) < _SMOOTH, np.bool_)


def _background(mean: Gray, spread: Gray) -> float:
    """Return the one gray that most still pixels have; 0 where none stands out."""
    still = mean[(spread <= max(1.0, float(np.percentile(spread, 20)))) & (mean < 250)]
    counts = np.bincount(np.rint(still).astype(np.int64).ravel(), minlength=256)
    if counts[0] > 0.02 * mean.size or counts.max() < 0.02 * mean.size:
        return 0.0
    return float(counts.argmax())


def _joined(image: NDArray[np.uint8], spread: Gray | None) -> Mask:
    """Return the largest part, with those above or below it that belong to it."""
    joined = cv2.morphologyEx(image, cv2.MORPH_CLOSE, _disc(7))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    if count < 2:
        return np.zeros(image.shape, np.bool_)
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0
    best = int(areas.argmax())
    keep = [best]
    for part in range(1, count):
        small = 0.01 * areas[best] < areas[part] < 0.5 * areas[best]
        if part != best and small and _share(stats[best], stats[part]) > 0.7:
            moving = spread is None or float(spread[labels == part].mean()) > 1.5
            if moving and min(stats[part][2:4]) > 0.06 * max(image.shape):
                keep.append(part)
    return np.asarray(np.isin(labels, keep) & (image > 0), np.bool_)


def _share(one: NDArray[np.int32], other: NDArray[np.int32]) -> float:
    """Return what part of the other's columns lies above or below the one."""
    low = max(one[cv2.CC_STAT_LEFT], other[cv2.CC_STAT_LEFT])
    high = min(
        one[cv2.CC_STAT_LEFT] + one[cv2.CC_STAT_WIDTH],
        other[cv2.CC_STAT_LEFT] + other[cv2.CC_STAT_WIDTH],
    )
    return float(max(high - low, 0) / max(other[cv2.CC_STAT_WIDTH], 1))


def _disc(size: int) -> NDArray[np.uint8]:
    return np.asarray(
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8
    )


def _rectangle(mask: Mask) -> _Beam:
    box = _box(mask)
    inner = box[1] > 0.02 * mask.shape[1] or box[3] < 0.98 * mask.shape[1]
    probe = Probe.LINEAR if inner else Probe.UNKNOWN
    return _Beam(box, None, probe, sure=_filled(mask, box) > 0.75)


def _filled(mask: Mask, box: Box) -> float:
    top, left, bottom, right = (int(edge) for edge in box)
    return float(mask[top:bottom, left:right].mean())


def _box(mask: Mask) -> Box:
    """Return the bounding box without rows and columns that hold little."""
    down, across = mask.sum(axis=1), mask.sum(axis=0)
    rows = np.flatnonzero(down > _LITTLE * np.percentile(down, 90))
    columns = np.flatnonzero(across > _LITTLE * np.percentile(across, 90))
    if not len(rows) or not len(columns):
        return 0.0, 0.0, float(mask.shape[0]), float(mask.shape[1])
    return rows[0], columns[0], rows[-1] + 1.0, columns[-1] + 1.0


def _sides(mask: Mask) -> _Sides | None:
    """Fit both straight sides, at one slope; None where neither is to be seen."""
    if not mask.any():
        return None
    left = _flank(mask)
    right = _flank(mask[:, ::-1])
    if len(left) + len(right) < 12:
        return None
    offsets, costs, support = zip(*(_envelope(f) for f in (left, right)), strict=True)
    weights = [len(f) ** 0.5 for f in (left, right)]
    cost = costs[0] * weights[0] + costs[1] * weights[1]
    best = int(np.argmin(cost))
    width = mask.shape[1]
    at_left = float(offsets[0][best]) if len(left) else 0.0
    at_right = width - float(offsets[1][best]) if len(right) else float(width)
    seen = sorted(
        (float(s[best]), len(f))
        for s, f in zip(support, (left, right), strict=True)
        if len(f) > 5
    )
    supports = (seen[0][0], seen[-1][0])
    return _Sides(at_left, at_right, float(_SLOPES[best]), supports, seen[-1][1])


def _flank(mask: Mask) -> Floats:
    """Return ``(row, column)`` of the leftmost pixels that may lie on the left side.

    Below its lateral corner the fan's outline turns inwards again: the rows under the
    one where the outline reaches farthest are left out, and so is what touches the
    frame's border, or an upright line at which the fan has been cut.
    """
    rows = np.flatnonzero(mask.any(axis=1))
    first = mask[rows].argmax(axis=1)
    outer = int(np.percentile(first, 2))
    at_outer = np.flatnonzero(first <= outer + 1)
    end = int(at_outer[-1]) + 1
    if len(at_outer) > _UPRIGHT * end:
        end = int(at_outer[len(at_outer) // 20])
    rows, first = rows[:end], first[:end]
    inside = first > 1
    return np.stack([rows[inside], first[inside]], axis=1).astype(np.float64)


def _envelope(flank: Floats) -> tuple[Floats, Floats, Floats]:
    """Return for each slope the offset, its cost, and the part of rows on the line.

    The line lets a few pixels out; rows that begin far inside it are shadows, and
    cost no more than rows that begin a little inside.
    """
    if len(flank) < 6:
        nothing = np.zeros(len(_SLOPES))
        return nothing, nothing, nothing
    near = 0.02 * _SIZE
    offsets = flank[:, 1] + _SLOPES[:, None] * flank[:, 0]
    at = np.quantile(offsets, _OUTSIDE, axis=1)
    inside = offsets - at[:, None]
    cost = np.minimum(np.abs(inside) / near, 1).mean(axis=1)
    return at, cost, (np.abs(inside) < 0.015 * _SIZE).mean(axis=1)


def _fan(picture: _Picture, sides: _Sides) -> _Beam:
    apex_row = -(sides.right - sides.left) / (2 * sides.slope)
    apex_column = (sides.left + sides.right) / 2
    apex = (apex_row, apex_column)
    half = float(np.arctan(sides.slope))
    first, last = _reach(picture.mask, apex, half)
    seen = last > 0
    near = float(np.quantile(first[seen], 0.1)) if seen.any() else 0.0
    cut_off = picture.mask[-1].mean() > _UPRIGHT
    far = float(np.quantile(last[seen], 1.0 if cut_off else 0.95)) if seen.any() else 1
    # Below a dark stretch the beam may still show its noise.
    _, farthest = _reach(picture.floor, apex, half)
    far = max(far, float(np.quantile(farthest, 0.6)), near + 1)
    sector = Sector(apex, (max(near, 0.0), far), (-half, half))
    probe = Probe.PHASED if near < _PHASED_RATIO * far else Probe.CURVILINEAR
    region = _clipped(_sector_box(sector, picture.mask.shape), picture.mask)
    return _Beam(region, sector, probe, sure=sides.supports[1] > _FAIR)


def _reach(mask: Mask, apex: tuple[float, float], half: float) -> tuple[Floats, Floats]:
    """Return the first and last radius of the mask in each direction of the fan."""
    rows, columns = np.nonzero(mask)
    down, across = rows + 0.5 - apex[0], columns + 0.5 - apex[1]
    radius, angle = np.hypot(down, across), np.arctan2(across, down)
    inside = np.abs(angle) <= half
    bins = np.clip((angle[inside] / half * 0.5 + 0.5) * 60, 0, 59).astype(int)
    first, last = np.full(60, np.inf), np.zeros(60)
    np.minimum.at(first, bins, radius[inside])
    np.maximum.at(last, bins, radius[inside])
    return first, last


def _clipped(region: Box, mask: Mask) -> Box:
    """Cut the fan's bounds where an upright or level line cuts the picture itself."""
    rows, columns = mask.shape
    left, right = _wall(mask), columns - _wall(mask[:, ::-1])
    bottom = rows - _wall(mask[::-1].T)
    cut = (
        region[0],
        max(region[1], left),
        min(region[2], bottom),
        min(region[3], right),
    )
    return cut if cut[0] < cut[2] and cut[1] < cut[3] else region


def _wall(mask: Mask) -> float:
    """Return the column of a straight left border of the picture, 0 if it has none."""
    first = mask[mask.any(axis=1)].argmax(axis=1)
    outer = int(np.percentile(first, 2))
    straight = (first <= outer + 1).mean() > _UPRIGHT
    return float(outer) if straight and outer > 2 else 0.0


def _sector_box(sector: Sector, shape: tuple[int, ...]) -> Box:
    """Return the bounds of the part of the fan that lies in the frame."""
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
    first_row = min(max(top + round(box[0]), top), bottom - 1)
    first_column = min(max(left + round(box[1]), left), right - 1)
    last_row = max(min(top + round(box[2]), bottom), first_row + 1)
    last_column = max(min(left + round(box[3]), right), first_column + 1)
    sector = beam.sector
    if sector is not None:
        sector = Sector(
            (sector.apex_px[0] / scale + top, sector.apex_px[1] / scale + left),
            (sector.radii_px[0] / scale, sector.radii_px[1] / scale),
            sector.angles_rad,
        )
    return replace(
        geometry,
        region=(first_row, first_column, last_row, last_column),
        sector=sector,
        probe=beam.probe,
        beam_from="header" if geometry.beam_from == "header" else "pixels",
    )
