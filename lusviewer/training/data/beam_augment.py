"""Making frames differ in the beam's own geometry: depths and scan lines.

A frame is taken apart into depth along scan lines and place across them, and put
together again as another probe would show it: another radius, another angle, straight
lines instead of a fan or a fan instead of straight lines, another depth. Gain and
speckle are laid on along the lines, as a scanner does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
Floats = NDArray[np.float32]

_LEAST_ROWS: Final = 10
_LEAST_SLOPE: Final = 0.09
"""Sides that spread less, in px a row each, are taken as straight down."""

_KNOBS: Final = 6
_SPECKLE: Final = (192, 128)
"""Depths and scan lines at which speckle is drawn."""


@dataclass(frozen=True, slots=True)
class BeamShape:
    """A beam on the grid: a fan about ``apex`` (row, column), or straight lines.

    ``reach`` are the radii of a fan in px, or the first and last row of straight
    lines; ``sides`` the outermost angles in radians, or the outermost columns.
    """

    apex: tuple[float, float] | None
    reach: tuple[float, float]
    sides: tuple[float, float]

    def beam_of(self, rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
        """Return depth 0..1 and place across -1..1 of pixels; beyond is outside."""
        if self.apex is None:
            along, across = rows + 0 * columns, columns + 0 * rows
        else:
            down, aside = rows - self.apex[0], columns - self.apex[1]
            along, across = np.hypot(down, aside), np.arctan2(aside, down)
        near, far = self.reach
        left, right = self.sides
        depth = (along - near) / (far - near)
        place = 2 * (across - left) / (right - left) - 1
        return depth.astype(np.float32), place.astype(np.float32)

    def pixels_of(self, depth: Floats, place: Floats) -> tuple[Floats, Floats]:
        """Return the row and column of places in the beam."""
        along = self.reach[0] + depth * (self.reach[1] - self.reach[0])
        across = self.sides[0] + (place + 1) / 2 * (self.sides[1] - self.sides[0])
        if self.apex is None:
            return along.astype(np.float32), across.astype(np.float32)
        row = self.apex[0] + along * np.cos(across)
        column = self.apex[1] + along * np.sin(across)
        return row.astype(np.float32), column.astype(np.float32)


def beam_shape(mask: NDArray[np.bool_]) -> BeamShape | None:
    """Return the shape of the beam that fills ``mask``; None where there is hardly any.

    The sides are fitted where they run obliquely; a fan of which one side is cut away
    altogether, and what has no oblique sides, is taken as straight lines.
    """
    rows = np.flatnonzero(mask.any(axis=1))
    if len(rows) < 2 * _LEAST_ROWS:
        return None
    left = mask[rows].argmax(axis=1)
    right = mask.shape[1] - 1 - mask[rows][:, ::-1].argmax(axis=1)
    one, other = _side(rows, left, -1), _side(rows, right, 1)
    if one is None or other is None:
        return _straight(rows, left, right)
    apex_row = (one[0] - other[0]) / (other[1] - one[1])
    apex = (apex_row, one[0] + one[1] * apex_row)
    down, aside = np.nonzero(mask)
    radius = np.hypot(down - apex[0], aside - apex[1])
    near, far = float(radius.min()), float(radius.max())
    angles = float(np.arctan(one[1])), float(np.arctan(other[1]))
    return BeamShape(apex, (near, far), angles)


def _side(
    rows: NDArray[np.intp], edge: NDArray[np.intp], way: int
) -> tuple[float, float] | None:
    """Return column and slope of an oblique side; None where it does not run so."""
    outer = int((edge * way).max())
    end = int(np.flatnonzero(edge * way >= outer - 1)[0])
    if end < _LEAST_ROWS:
        return None
    slope, column = np.polyfit(rows[:end], edge[:end], 1)
    if slope * way < _LEAST_SLOPE:
        return None
    return float(column), float(slope)


def _straight(
    rows: NDArray[np.intp], left: NDArray[np.intp], right: NDArray[np.intp]
) -> BeamShape:
    reach = float(rows[0]), float(rows[-1])
    return BeamShape(None, reach, (float(np.median(left)), float(np.median(right))))


@dataclass(frozen=True, slots=True)
class BeamLook:
    """How a frame is shown by another probe, at another depth and gain.

    ``shape`` is the new beam; ``depth`` the part of the old depth that it shows,
    ``across`` the part of the old lines. ``gains`` act along the lines, and ``smooth``
    says how much of the old speckle gives way to new, ``speckle`` how strong that is
    and ``grain`` its size in depths and lines.
    """

    shape: BeamShape
    depth: float
    across: float
    gains: Floats
    smooth: float
    speckle: float
    grain: tuple[float, float]

    @classmethod
    def draw(cls, rng: np.random.Generator, shape: BeamShape, size: int) -> BeamLook:
        """Return a random look for frames of ``size`` whose beam has ``shape``."""
        knobs = np.cumsum(rng.normal(0, 0.16, _KNOBS))
        return cls(
            _draw_shape(rng, shape, size),
            depth=float(rng.uniform(0.75, 1)),
            across=float(rng.uniform(0.6, 1)),
            gains=np.exp(knobs - knobs[1]).astype(np.float32),
            smooth=float(rng.uniform(0.2, 0.9)) if rng.random() < 0.6 else 0.0,
            speckle=float(rng.uniform(0.02, 0.2)),
            grain=(float(rng.uniform(0.4, 1.2)), float(rng.uniform(0.6, 3))),
        )


def seen_by(
    look: BeamLook,
    shape: BeamShape,
    frame: Frame,
    labels: Frame,
    rng: np.random.Generator,
) -> tuple[Frame, Frame]:
    """Return ``frame`` and its ``labels`` in a beam of ``shape``, seen with ``look``.

    Both ``(size, size)``, moved alike; ``rng`` draws the speckle. What the new beam
    shows and the old did not is black and outside.
    """
    size = frame.shape[0]
    steps = np.arange(size, dtype=np.float32)
    depth, place = look.shape.beam_of(steps[:, None], steps[None])
    row, column = shape.pixels_of(depth * look.depth, place * look.across)
    inside = (depth >= 0) & (depth <= 1) & (np.abs(place) <= 1)
    source = np.where(inside, column, -9), np.where(inside, row, -9)
    old = _with_new_speckle(look, frame)
    moved = cv2.remap(old, *source, cv2.INTER_LINEAR).astype(np.float32)
    classes = cv2.remap(labels, *source, cv2.INTER_NEAREST)
    gain = np.interp(depth.ravel(), np.linspace(0, 1, _KNOBS), look.gains)
    moved *= gain.reshape(depth.shape).astype(np.float32)
    moved *= 1 + look.speckle * _grain(look, depth, place, rng)
    picture = np.where(moved > 0, np.clip(moved, 1, 255), 0)
    return picture.astype(np.uint8), np.asarray(classes, np.uint8)


def _with_new_speckle(look: BeamLook, frame: Frame) -> Frame:
    """Return ``frame`` with part of its own speckle smoothed away."""
    if not look.smooth:
        return frame
    soft = cv2.GaussianBlur(frame, (0, 0), 1.3)
    mixed = cv2.addWeighted(frame, 1 - look.smooth, soft, look.smooth, 0)
    return np.asarray(np.where(frame > 0, mixed, 0), np.uint8)


def _grain(
    look: BeamLook, depth: Floats, place: Floats, rng: np.random.Generator
) -> Floats:
    """Return speckle of unit spread, drawn on scan lines, at each pixel."""
    white = rng.standard_normal(_SPECKLE, np.float32)
    drawn = cv2.GaussianBlur(white, (0, 0), look.grain[1], sigmaY=look.grain[0])
    drawn = np.asarray(drawn / drawn.std(), np.float32)
    lines = (place + 1) / 2 * (_SPECKLE[1] - 1)
    depths = depth * (_SPECKLE[0] - 1)
    mode = cv2.BORDER_REFLECT
    return np.asarray(
        cv2.remap(drawn, lines, depths, cv2.INTER_LINEAR, borderMode=mode), np.float32
    )


def _draw_shape(rng: np.random.Generator, shape: BeamShape, size: int) -> BeamShape:
    """Return straight lines for one fan in four, a fan for one in two of the others."""
    if shape.apex is None:
        if rng.random() < 0.5:
            return _drawn_fan(rng, float(rng.uniform(0.3, 1.2)), 0.5, size)
        return _drawn_lines(rng, size)
    if rng.random() < 0.25:
        return _drawn_lines(rng, size)
    near, far = shape.reach
    half = (shape.sides[1] - shape.sides[0]) / 2
    return _drawn_fan(rng, near / (far - near), half, size)


def _drawn_lines(rng: np.random.Generator, size: int) -> BeamShape:
    half = float(rng.uniform(0.3, 0.5)) * size
    middle = (size - 1) / 2
    return BeamShape(None, (0.0, size - 1.0), (middle - half, middle + half))


def _drawn_fan(
    rng: np.random.Generator, radius: float, half: float, size: int
) -> BeamShape:
    """Return a fan much like one of ``radius`` depths and ``half`` its angle.

    It lies on the grid as recordings do: at the top, as large as fits, or as high as
    the grid and cut at the sides.
    """
    radius = radius * float(np.exp(rng.uniform(-0.4, 0.4))) + 0.01
    half = float(np.clip(half * np.exp(rng.uniform(-0.25, 0.25)), 0.25, 0.85))
    top, bottom = radius * np.cos(half), radius + 1
    width = 2 * bottom * np.sin(half)
    high = size / (bottom - top)
    scale = high if rng.random() < 0.5 else min(high, size / width)
    apex = (-top * scale, (size - 1) / 2)
    return BeamShape(apex, (radius * scale, bottom * scale), (-half, half))
