"""Curves and heat as pictures: computed by column, so that redrawing is cheap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtGui import QColor, QImage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.gui.timeline_rows import TimeScale

_PAD: Final = 3.0
_LINE: Final = 1.7
_FILL: Final = 0.24


@dataclass(frozen=True, slots=True)
class Columns:
    """Which frames each column of the plot stands for.

    ``frame`` is the frame in a column's middle; ``analysed`` whether any frame of
    the column was; ``column`` the column of each frame, ``centres`` its exact place;
    ``taken`` the columns that hold the middle of a frame, ``starts`` the first frame
    of each of those.
    """

    frame: NDArray[np.intp]
    analysed: NDArray[np.bool_]
    column: NDArray[np.intp]
    centres: NDArray[np.float64]
    taken: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(
        cls, scale: TimeScale, analysed: NDArray[np.bool_], n_columns: int
    ) -> Columns:
        """Return the columns of a plot ``n_columns`` px wide."""
        frame = scale.frames_of_columns(n_columns)
        middle = (scale.edges_s[:-1] + scale.edges_s[1:]) / 2
        centres = middle / scale.duration_s * n_columns
        column = np.clip(centres.astype(np.intp), 0, n_columns - 1)
        seen = analysed[frame].copy()
        seen[column[analysed]] = True
        taken, starts = np.unique(column, return_index=True)
        return cls(frame, seen, column, centres, taken, starts)

    def gaps(self) -> list[tuple[int, int]]:
        """Return the runs of columns not analysed, half-open."""
        edges = np.flatnonzero(np.diff(np.r_[True, self.analysed, True].astype(int)))
        return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def curve_image(
    values: NDArray[np.float32],
    limits: tuple[float, float],
    columns: Columns,
    height: int,
    colour: QColor,
) -> QImage:
    """Return the curve of ``values`` by frame, NaN where there is none.

    Every column reaches from the least to the greatest value of its frames, so
    that a peak of one frame shows in a clip of thousands.
    """
    high, low = _reach(values, columns)
    span = height - 2 * _PAD
    lower, upper = limits
    tops = _PAD + (1.0 - (high - lower) / (upper - lower)) * span
    bottoms = _PAD + (1.0 - (low - lower) / (upper - lower)) * span
    tops = np.clip(tops, _PAD, height - _PAD)
    bottoms = np.clip(bottoms, _PAD, height - _PAD)
    rows = np.arange(height, dtype=np.float32)[:, None] + 0.5
    half = _LINE / 2 + 0.25
    line = np.minimum(rows - tops + half, bottoms - rows + half)
    cover = np.clip(line, 0.0, 1.0)
    fill = np.clip(rows - bottoms, 0.0, 1.0) * _FILL
    return _tinted(np.nan_to_num(np.maximum(cover, fill)), colour)


def _reach(
    values: NDArray[np.float32], columns: Columns
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the greatest and least value of each column, NaN where there is none."""
    known = np.flatnonzero(np.isfinite(values))
    n_columns = len(columns.frame)
    if not len(known):
        nothing = np.full(n_columns, np.nan, np.float32)
        return nothing, nothing
    positions = np.arange(n_columns) + 0.5
    middle = np.interp(positions, columns.centres[known], values[known])
    first, last = columns.centres[known[0]], columns.centres[known[-1]]
    half = 0.5 * n_columns / len(columns.centres)
    outside = (positions < first - half) | (positions > last + half)
    missing = columns.analysed & ~np.isfinite(values[columns.frame])
    middle[outside | (missing & _sparse(columns))] = np.nan
    before = np.r_[middle[:1], middle[:-1]]
    between = (middle + before) / 2
    high = np.fmax(middle, between).astype(np.float32)
    low = np.fmin(middle, between).astype(np.float32)
    taken, starts = columns.taken, columns.starts
    high[taken] = np.fmax(high[taken], np.fmax.reduceat(values, starts))
    low[taken] = np.fmin(low[taken], np.fmin.reduceat(values, starts))
    return high, low


def _sparse(columns: Columns) -> bool:
    """Return whether a column stands for at most one frame."""
    return len(columns.centres) <= len(columns.frame)


def heat_image(
    values: NDArray[np.float32], columns: Columns, colours: list[QColor]
) -> QImage:
    """Return one row of px for each row of ``values``, stronger where greater.

    ``values`` is ``(n_rows, n_frames)``; a frame not analysed looks like the
    nearest one that was.
    """
    known = np.flatnonzero(np.isfinite(values).any(axis=0))
    shape = (len(values), len(columns.frame))
    level = np.zeros(shape, np.float32)
    if len(known):
        nearest = _nearest(known, len(columns.centres))
        level = np.nan_to_num(values[:, nearest[columns.frame]])
        if not _sparse(columns):
            peaks = np.fmax.reduceat(values, columns.starts, axis=1)
            level[:, columns.taken] = np.fmax(level[:, columns.taken], peaks)
    rgb = np.array([[c.blue(), c.green(), c.red()] for c in colours], np.float32)
    alpha = np.clip(level, 0.0, 1.0) ** 1.2
    pixels = np.empty((*shape, 4), np.uint8)
    pixels[..., :3] = alpha[..., None] * rgb[:, None]
    pixels[..., 3] = alpha * 255.0
    return _image(pixels)


def _nearest(known: NDArray[np.intp], n_frames: int) -> NDArray[np.intp]:
    """Return for each frame the nearest of the ``known`` ones."""
    middles = (known[1:] + known[:-1] + 1) // 2
    chosen = np.searchsorted(middles, np.arange(n_frames), side="right")
    nearest: NDArray[np.intp] = known[chosen]
    return nearest


def _tinted(alpha: NDArray[np.float32], colour: QColor) -> QImage:
    rgba = (colour.blue(), colour.green(), colour.red(), 255)
    return _image((alpha[..., None] * np.array(rgba, np.float32)).astype(np.uint8))


def _image(pixels: NDArray[np.uint8]) -> QImage:
    rows, columns = pixels.shape[:2]
    kind = QImage.Format.Format_ARGB32_Premultiplied
    # copy(): the picture outlives the array.
    return QImage(pixels.data, columns, rows, columns * 4, kind).copy()
