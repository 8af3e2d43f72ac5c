"""The work on drawn lines that leaves the window's thread; nothing here knows Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.clip import Clip
    from lusviewer.gui.drawing.strokes import Stroke
    from lusviewer.gui.study.work import Place
    from lusviewer.library import Line

REACH_PX: Final = 8
"""How far a line is moved at most, to follow an echo.

Of 4 to 16 px that which brought roughly drawn lines nearest to those of
``resources/line-labels``, over pleura and A-lines.
"""

_SMOOTH_STEP_PX: Final = 2.0
_SMOOTH: Final = 9

_ACROSS: Final = 90
"""A B-line's width is measured in a frame reduced to so many px: at its full size its
own streaks would be taken for it."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A frame of a clip as one rater draws on it."""

    path: Path
    frame: int
    rater: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn on: a frame of ``clip``, and its lines when drawing began."""

    clip: Clip
    place: Place
    spot: Spot
    base: tuple[Line, ...] | None


@dataclass(frozen=True, slots=True)
class Wish:
    """Strokes to become the lines of a sheet, ``replacing`` or beside those there are.

    ``snaps`` is that they follow the echo.
    """

    sheet: Sheet
    strokes: tuple[Stroke, ...]
    words: str
    snaps: bool = True
    replacing: bool = False


def finished(
    wishes: Sequence[Wish], cancel: CancelToken
) -> tuple[tuple[Line, ...], ...]:
    """Return the lines of each wish; as they were drawn where a frame is broken."""
    from lusviewer.errors import CorruptFrameError

    done = []
    for wish in wishes:
        cancel.check()
        try:
            frame = wish.sheet.clip.frame(wish.sheet.spot.frame)
        except CorruptFrameError:
            frame = None
        snaps = wish.snaps
        done.append(tuple(line_of(one, frame, snaps=snaps) for one in wish.strokes))
    return tuple(done)


def line_of(stroke: Stroke, frame: NDArray[np.uint8] | None, *, snaps: bool) -> Line:
    """Return the stroke as a line to keep: on the echo, where it ``snaps``.

    Pleura and A-lines follow the brightest path near by. B-lines stay where they were
    drawn, for snapping brought them no nearer, and are measured across.
    """
    import numpy as np

    from lusviewer.library import Line
    from lusviewer.tracing import simplified, snap

    points = np.asarray(stroke.points, np.float32)
    width = stroke.width_px
    if stroke.kind == "b_line":
        if stroke.free:
            points = points[[0, -1]]
        if frame is not None and not width:
            width = width_of(frame, points)
    elif snaps and frame is not None:
        points = smoothed(snap(frame, points, REACH_PX).points)
    elif stroke.free:
        points = simplified(points)
    if frame is not None:
        rows, columns = frame.shape
        points = np.clip(points, -0.5, (columns - 0.5, rows - 0.5))
    placed = tuple((round(float(x), 2), round(float(y), 2)) for x, y in points)
    return Line(stroke.kind, placed, width)


def smoothed(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a snapped line without the steps of a px that snapping takes.

    As near to the echo as before, with half of the points to hold it by.
    """
    import numpy as np

    from lusviewer.tracing import along, simplified

    places = along(points, _SMOOTH_STEP_PX)
    half = _SMOOTH // 2
    if len(places) <= _SMOOTH:
        return points
    # Turned about its ends, so that they stay where they are.
    before = 2 * places[0] - places[half:0:-1]
    after = 2 * places[-1] - places[-2 : -half - 2 : -1]
    long = np.concatenate([before, places, after])
    weights = np.ones(_SMOOTH) / _SMOOTH
    columns = [np.convolve(long[:, i], weights, "valid") for i in (0, 1)]
    return simplified(np.stack(columns, axis=1).astype(np.float32))


def width_of(frame: NDArray[np.uint8], points: NDArray[np.float32]) -> float:
    """Return how wide a B-line along ``points`` is, in px of the frame."""
    import cv2
    import numpy as np

    from lusviewer.tracing import snap

    scale = max(1.0, max(frame.shape) / _ACROSS)
    size = (round(frame.shape[1] / scale), round(frame.shape[0] / scale))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    width = snap(small, points / np.float32(scale), 0).width
    return float(round(width * scale, 1))
