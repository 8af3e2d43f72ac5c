"""Bright lines followed from a rough drawing: what a hand draws snaps to the echo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


_STEP_PX: Final = 2.0
"""How far apart a line is looked at."""

_STIFFNESS: Final = 0.25
"""What it costs to move sideways by a pixel from one place to the next."""

_TOLERANCE_PX: Final = 0.7
"""How far a corner may lie from the simplified line before it is kept."""


@dataclass(frozen=True, slots=True)
class Traced:
    """A line that follows an echo: ``points`` ``(n, 2)`` x, y px; ``width`` px."""

    points: NDArray[np.float32]
    width: float


def snap(
    frame: NDArray[np.uint8], points: NDArray[np.floating], reach: int = 6
) -> Traced:
    """Return the brightest smooth line within ``reach`` px of a drawn polyline.

    ``frame`` is ``(rows, columns)``; ``points`` ``(n >= 2, 2)`` x, y px. The path of
    least cost across profiles perpendicular to the drawing, by dynamic programming;
    the width is the median full width at half height over the profiles.
    """
    places = along(np.asarray(points, np.float32), _STEP_PX)
    normals = _normals(places)
    offsets = np.arange(-reach, reach + 1, dtype=np.float32)
    profiles = _profiles(frame, places, normals, offsets, sigma=1.0)
    wide = _profiles(frame, places, normals, offsets, sigma=4.0)
    cost = (wide - profiles) / (np.abs(profiles - wide).max() + 1e-6)
    path = _cheapest(cost + 0.02 * (np.abs(offsets) / max(1, reach)) ** 2)
    moved = places + normals * offsets[path][:, None]
    return Traced(simplified(moved), _width(frame, moved, normals))


def along(points: NDArray[np.float32], step: float) -> NDArray[np.float32]:
    """Return points every ``step`` px along a polyline, its ends included."""
    lengths = np.hypot(*np.diff(points, axis=0).T)
    reached = np.concatenate([[0.0], np.cumsum(lengths)])
    count = max(2, round(float(reached[-1]) / step) + 1)
    at = np.linspace(0, float(reached[-1]), count)
    columns = [np.interp(at, reached, points[:, i]) for i in (0, 1)]
    return np.stack(columns, axis=1).astype(np.float32)


def simplified(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``points`` without those that lie nearly between their neighbours."""
    curve = points[:, None].astype(np.float32)
    kept = cv2.approxPolyDP(curve, _TOLERANCE_PX, closed=False)
    return np.asarray(kept[:, 0], np.float32)


def _normals(places: NDArray[np.float32]) -> NDArray[np.float32]:
    ahead = np.gradient(places, axis=0)
    kernel = np.ones(5) / 5
    if len(places) >= len(kernel):
        padded = np.pad(ahead, ((2, 2), (0, 0)), mode="edge")
        ahead = np.stack(
            [np.convolve(padded[:, i], kernel, "valid") for i in (0, 1)], axis=1
        )
    ahead /= np.maximum(np.hypot(ahead[:, 0], ahead[:, 1]), 1e-6)[:, None]
    return np.stack([-ahead[:, 1], ahead[:, 0]], axis=1).astype(np.float32)


def _profiles(
    frame: NDArray[np.uint8],
    places: NDArray[np.float32],
    normals: NDArray[np.float32],
    offsets: NDArray[np.float32],
    sigma: float,
) -> NDArray[np.float32]:
    """Return grey levels ``(places, offsets)`` of the blurred frame."""
    soft = cv2.GaussianBlur(frame, (0, 0), sigma).astype(np.float32)
    at = places[:, None] + normals[:, None] * offsets[None, :, None]
    x, y = at[..., 0].astype(np.float32), at[..., 1].astype(np.float32)
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(soft, x, y, cv2.INTER_LINEAR, borderMode=border))


def _cheapest(cost: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the offset's index at each place on the path of least cost."""
    n, width = cost.shape
    jump = _STIFFNESS * np.abs(np.arange(width)[:, None] - np.arange(width)[None])
    total, came = cost[0].astype(np.float64), np.zeros((n, width), np.intp)
    for i in range(1, n):
        candidates = total[None, :] + jump
        came[i] = candidates.argmin(1)
        total = candidates.min(1) + cost[i]
    path = np.zeros(n, np.intp)
    path[-1] = int(total.argmin())
    for i in range(n - 1, 0, -1):
        path[i - 1] = came[i, path[i]]
    return path


def _width(
    frame: NDArray[np.uint8],
    places: NDArray[np.float32],
    normals: NDArray[np.float32],
) -> float:
    offsets = np.arange(-10, 10.5, 0.5, dtype=np.float32)
    profiles = _profiles(frame, places, normals, offsets, sigma=0.6)
    middle = len(offsets) // 2
    peak = profiles[:, middle - 2 : middle + 3].max(1)
    floor = np.percentile(profiles, 15, axis=1)
    above = profiles >= ((peak + floor) / 2)[:, None]
    left = np.cumprod(above[:, middle::-1], axis=1).sum(1)
    right = np.cumprod(above[:, middle:], axis=1).sum(1)
    return round(float(np.median(np.maximum(left + right - 1, 1)) * 0.5), 1)
