"""Measuring a label map: pleura, B-lines, A-lines and areas.

Everything is measured along the beam's scan lines, so that a curved and a straight
probe follow the same definitions; docs/biomarkers.md states them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from lusviewer.findings import CLASSES, MEASURED, Lines
from lusviewer.geometry import grid_mask
from lusviewer.scan_lines import ScanLines, scan_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.geometry import FrameGeometry, GridMap

KEYS: Final = tuple(biomarker.key.partition(".")[2] for biomarker in MEASURED)
"""The measured values of a frame, in order: on its labels, then on its grey levels."""

_LABEL_KEYS: Final = KEYS[: KEYS.index("brightness")]

PLEURA_SPAN_MIN: Final = 0.1
"""Share of scan lines that must show the pleura, else there is none."""

PLEURA_JUMP_MAX: Final = 0.06
"""A pleura point further off the running median, of the depth, is an outlier."""

PLEURA_GAP_MAX: Final = 0.04
"""Gaps in the pleura up to this share of the scan lines still count as pleura."""

SHADOW_MIN: Final = 0.5
"""A scan line with more of its lung under a rib's shadow is not counted."""

B_LINE_GAP_MAX: Final = 0.1
"""A B-line starts at most this far below the pleura, of the depth.

Consolidation in between does not count: B-lines leave its lower edge as well.
"""

B_LINE_CUT_MAX: Final = 0.06
"""Cuts in a B-line along its scan line up to this long, of the depth, are closed."""

B_LINE_LENGTH_MIN: Final = 0.2
"""A B-line is at least this long, of the depth below the pleura.

It counts from the pleura, or from the lower edge of consolidation.
"""

B_LINE_WIDTH: Final = 0.1
"""Coalescent B-lines count one for each such share of the visible pleura."""

A_LINE_SPAN_MIN: Final = 0.15
"""An A-line shows on at least this share of the visible pleura's scan lines."""

_POINTS_MAX: Final = 64
_WINDOW: Final = 21
_COMPONENTS_MAX: Final = 8
_AREA_MIN: Final = 12
_RIB_SHADOW, _PLEURA, _A_LINE, _B_LINE, _CONSOLIDATION, _EFFUSION = (
    CLASSES.index(name)
    for name in (
        "rib_shadow",
        "pleura",
        "a_line",
        "b_line",
        "consolidation",
        "effusion",
    )
)


@dataclass(frozen=True, slots=True)
class _Pleura:
    """The pleura of one frame over its scan lines, in depth steps.

    ``found`` where it was seen; ``centre`` and ``bottom`` are carried on between
    and beyond those lines. ``visible`` is where B-lines could be seen to leave it.
    """

    found: NDArray[np.bool_]
    centre: NDArray[np.float32]
    bottom: NDArray[np.float32]
    thickness: float
    below: NDArray[np.bool_]
    visible: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _BLine:
    """One B-line or coalescent group: its first and last scan line, and its end."""

    first: int
    last: int
    end: float

    @property
    def width(self) -> int:
        return self.last - self.first + 1


def measure(
    labels: NDArray[np.uint8], grid: GridMap, geometry: FrameGeometry
) -> tuple[Lines, dict[str, float]]:
    """Return the lines of a label map and what is measured on it, by name.

    ``labels`` is ``(GRID, GRID)`` class indices. NaN where a value cannot be had:
    without a pleura, or in mm where the clip is not calibrated.
    """
    lines = scan_lines(grid, geometry)
    seen = lines.look(labels)
    values = dict.fromkeys(_LABEL_KEYS, float("nan"))
    values["rib_shadow_fraction"] = _share(lines, seen == _RIB_SHADOW, lines.inside)
    pleura = _find_pleura(seen, lines)
    if pleura is None:
        return _no_lines(geometry), values
    spacing = geometry.pixel_spacing_mm
    mm = float("nan") if spacing is None else spacing[0]
    a_lines = _find_a_lines(seen, pleura) * np.float32(lines.px_per_depth)
    b_lines = _find_b_lines(seen, pleura)
    depth = float(np.median(pleura.centre[pleura.found])) + 0.5
    values |= _pleura_values(pleura, lines, depth * lines.px_per_depth, mm)
    values |= _a_line_values(a_lines, depth * lines.px_per_depth)
    values |= _b_line_values(b_lines, pleura)
    for name, index in (("consolidation", _CONSOLIDATION), ("effusion", _EFFUSION)):
        share = _share(lines, (seen == index) & pleura.below, pleura.below)
        values[f"{name}_fraction"] = share
    found = Lines(
        pleura_px=_polyline(pleura, lines),
        a_line_depth_px=a_lines,
        a_line_depth_mm=None if spacing is None else a_lines * np.float32(mm),
        b_lines=_placed(b_lines, pleura, lines),
    )
    return found, values


def measure_image(
    image: NDArray[np.uint8], geometry: FrameGeometry
) -> dict[str, float]:
    """Return brightness and contrast of the beam on the grid, ``(GRID, GRID)``."""
    mean, spread = cv2.meanStdDev(image, mask=grid_mask(geometry).view(np.uint8))
    return {"brightness": float(mean[0, 0]), "contrast": float(spread[0, 0])}


def _no_lines(geometry: FrameGeometry) -> Lines:
    none = np.zeros(0, np.float32)
    return Lines(
        pleura_px=np.zeros((0, 2), np.float32),
        a_line_depth_px=none,
        a_line_depth_mm=None if geometry.pixel_spacing_mm is None else none,
        b_lines=np.zeros((0, 6), np.float32),
    )


def _share(
    lines: ScanLines, part: NDArray[np.bool_], whole: NDArray[np.bool_]
) -> float:
    """Return how much of the area of ``whole`` is ``part``."""
    area = float(whole.sum(axis=1) @ lines.area)
    return float(part.sum(axis=1) @ lines.area) / area if area else 0.0


def _find_pleura(seen: NDArray[np.uint8], lines: ScanLines) -> _Pleura | None:
    """Return the pleura, None where too few scan lines show one."""
    n_depths, n_lines = lines.shape
    centre, bottom, thickness = _band(seen == _PLEURA)
    found = np.isfinite(centre)
    if found.any():
        tolerance = max(4.0, PLEURA_JUMP_MAX * n_depths)
        off = np.abs(centre[found] - _running_median(centre[found]))
        found[found] = off <= tolerance
    if found.sum() < max(2.0, PLEURA_SPAN_MIN * n_lines):
        return None
    steps = np.arange(n_lines)
    where = np.flatnonzero(found)
    centre = np.interp(steps, where, centre[found]).astype(np.float32)
    bottom = np.interp(steps, where, bottom[found]).astype(np.float32)
    depth = np.arange(n_depths, dtype=np.float32)[:, None]
    below = lines.inside & (depth > bottom)
    n_below = below.sum(axis=0)
    n_shadow = ((seen == _RIB_SHADOW) & below).sum(axis=0)
    shadowed = n_shadow > SHADOW_MIN * n_below
    visible = (
        _closed(found, round(PLEURA_GAP_MAX * n_lines)) & ~shadowed & (n_below > 0)
    )
    if not visible.any():
        return None
    median = float(np.median(thickness[found]))
    return _Pleura(found, centre, bottom, median, below, visible)


def _band(
    mask: NDArray[np.bool_],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return centre, last depth and thickness of the pleura per line, NaN where none.

    Where several regions share a line the largest region has it.
    """
    n_lines = mask.shape[1]
    centre = np.full(n_lines, np.nan, np.float32)
    bottom, thickness = centre.copy(), centre.copy()
    count, regions, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8))
    areas = stats[1:count, cv2.CC_STAT_AREA]
    order = np.argsort(-areas, kind="stable")[:_COMPONENTS_MAX]
    for region in order[areas[order] >= max(4, 0.05 * areas.max(initial=0))] + 1:
        left, top, width, height, _ = stats[region]
        box = regions[top : top + height, left : left + width] == region
        free = np.isnan(centre[left : left + width])
        here = box.any(axis=0) & free
        depths = np.arange(top, top + height, dtype=np.float32)
        size = box.sum(axis=0)[here]
        columns = np.flatnonzero(here) + left
        centre[columns] = (depths @ box)[here] / size
        bottom[columns] = top + height - 1 - np.argmax(box[::-1], axis=0)[here]
        thickness[columns] = size
    return centre, bottom, thickness


def _running_median(values: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.pad(values, _WINDOW // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)
    middle: NDArray[np.float32] = np.median(windows, axis=1)
    return middle


def _closed(flags: NDArray[np.bool_], gap: int) -> NDArray[np.bool_]:
    """Return ``flags`` with gaps of up to ``gap`` between true ones filled."""
    filled = flags.copy()
    for (_, end), (start, _) in pairwise(_runs(flags)):
        if start - end - 1 <= gap:
            filled[end + 1 : start] = True
    return filled


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and last index of each run of true ones."""
    edges = np.diff(flags.astype(np.int8), prepend=0, append=0)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _pleura_values(
    pleura: _Pleura, lines: ScanLines, depth_px: float, mm: float
) -> dict[str, float]:
    thickness_px = pleura.thickness * lines.px_per_depth
    residual = (pleura.centre - _smooth(pleura.centre))[pleura.found]
    roughness = float(np.sqrt(np.mean(residual**2)))
    return {
        "pleura_depth_px": depth_px,
        "pleura_depth_mm": depth_px * mm,
        "pleura_thickness_px": thickness_px,
        "pleura_thickness_mm": thickness_px * mm,
        "pleura_irregularity": roughness / pleura.thickness,
    }


def _smooth(centre: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the moving average over a sixth of the lines; slopes stay slopes."""
    half = max(2, len(centre) // 12)
    padded = np.pad(centre, half, mode="reflect", reflect_type="odd")
    window = np.full(2 * half + 1, 1 / (2 * half + 1), np.float32)
    return np.convolve(padded, window, mode="valid")


def _find_a_lines(seen: NDArray[np.uint8], pleura: _Pleura) -> NDArray[np.float32]:
    """Return the depths of the A-lines below the pleura, in depth steps.

    Depths are scaled by each line's pleural depth, so that the echoes of a slanted
    or curved pleura, which lie at its multiples, fall together.
    """
    marked = (seen == _A_LINE) & pleura.below & pleura.visible
    depths, columns = np.nonzero(marked)
    if not depths.size:
        return np.zeros(0, np.float32)
    origin = pleura.centre[columns]
    typical = np.median(pleura.centre[pleura.found])
    relative = (depths - origin) * ((typical + 0.5) / np.maximum(origin + 0.5, 1))
    bins = np.rint(relative).astype(np.intp) + 1
    n_bins = int(bins.max()) + 2
    covered = np.zeros((n_bins, seen.shape[1]), np.bool_)
    for shift in (-1, 0, 1):  # An A-line of one pixel may fall into either bin.
        covered[bins + shift, columns] = True
    coverage = covered.sum(axis=1)
    enough = coverage >= max(3.0, A_LINE_SPAN_MIN * float(pleura.visible.sum()))
    means = [
        relative[(bins >= first - 1) & (bins <= last + 1)].mean()
        for first, last in _runs(_closed(enough, 2))
    ]
    return np.array(means, np.float32)


def _a_line_values(
    depths_px: NDArray[np.float32], pleura_px: float
) -> dict[str, float]:
    error = float("nan")
    if len(depths_px):
        multiple = np.maximum(np.rint(depths_px / pleura_px), 1)
        off = np.abs(depths_px - multiple * pleura_px) / pleura_px
        error = float(np.median(off))
    return {"a_line_count": float(len(depths_px)), "a_line_spacing_error": error}


def _find_b_lines(seen: NDArray[np.uint8], pleura: _Pleura) -> list[_BLine]:
    """Return the B-lines that leave the visible pleura, left to right."""
    n_depths, n_lines = seen.shape
    marked = ((seen == _B_LINE) & pleura.below & pleura.visible).view(np.uint8)
    if not marked.any():
        return []
    kernel = np.ones((max(3, round(B_LINE_CUT_MAX * n_depths)) | 1, 1), np.uint8)
    marked = cv2.morphologyEx(marked, cv2.MORPH_CLOSE, kernel)
    _, regions, stats, _ = cv2.connectedComponentsWithStats(marked)
    first = np.argmax(marked, axis=0)
    between = pleura.below & (np.arange(n_depths)[:, None] < first)
    tissue = (between & (seen == _CONSOLIDATION)).sum(axis=0)
    gap = between.sum(axis=0) - tissue
    starts = marked.any(axis=0) & (gap <= max(4.0, B_LINE_GAP_MAX * n_depths))
    owner = np.where(starts, regions[first, np.arange(n_lines)], 0)
    ends = stats[owner, cv2.CC_STAT_TOP] + stats[owner, cv2.CC_STAT_HEIGHT] - 1
    length = ends - pleura.bottom - tissue  # a speck under consolidation is no line
    long = length >= B_LINE_LENGTH_MIN * pleura.below.sum(axis=0)
    large = stats[owner, cv2.CC_STAT_AREA] >= _AREA_MIN
    accepted = _closed(starts & long & large, max(1, n_lines // 100)) & pleura.visible
    return [
        _BLine(left, right, float(ends[left : right + 1].max()))
        for left, right in _runs(accepted)
    ]


def _b_line_values(b_lines: list[_BLine], pleura: _Pleura) -> dict[str, float]:
    visible = float(pleura.visible.sum())
    one = B_LINE_WIDTH * max(visible, len(pleura.visible) / 2)
    count = sum(max(1, int(line.width / one + 0.5)) for line in b_lines)
    share = sum(line.width for line in b_lines) / visible
    return {"b_line_count": float(count), "pleura_with_b_lines_fraction": share}


def _polyline(pleura: _Pleura, lines: ScanLines) -> NDArray[np.float32]:
    where = np.flatnonzero(pleura.found)
    where = where[:: -(-len(where) // _POINTS_MAX)]
    return lines.place(pleura.centre[where], where.astype(np.float32))


def _placed(
    b_lines: list[_BLine], pleura: _Pleura, lines: ScanLines
) -> NDArray[np.float32]:
    """Return the B-lines as ``Lines.b_lines`` wants them."""
    if not b_lines:
        return np.zeros((0, 6), np.float32)
    middle = np.array([(b.first + b.last) / 2 for b in b_lines], np.float32)
    nearest = np.rint(middle).astype(np.intp)
    depth = pleura.centre[nearest]
    end = np.array([b.end for b in b_lines], np.float32)
    width = [
        lines.width_px(b.width, float(d)) for b, d in zip(b_lines, depth, strict=True)
    ]
    columns = [
        lines.place(depth, middle),
        lines.place(end, middle),
        np.array(width, np.float32)[:, None],
        lines.angles_rad[nearest][:, None],
    ]
    return np.concatenate(columns, axis=1).astype(np.float32)
