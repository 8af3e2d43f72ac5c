"""Small charts for the documents: drawn with OpenCV in one quiet style, as PNG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from lusviewer.files import written

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Picture = NDArray[np.uint8]

_SIZE: Final = (560, 420)
_MARGINS: Final = (44, 20, 52, 64)
"""Top, right, bottom and left of the field, in px."""

_FINE: Final = 2
"""Drawn so many times larger, then reduced: lines and letters come out smooth."""

_PAPER: Final = (255, 255, 255)
_INK: Final = (60, 56, 52)
_FAINT: Final = (228, 226, 224)
_CHANCE: Final = (190, 188, 186)
_COLOURS: Final = (
    (178, 114, 0),
    (0, 94, 213),
    (115, 158, 0),
    (167, 121, 204),
    (90, 90, 90),
    (0, 159, 230),
    (233, 180, 86),
)
"""Okabe and Ito's, told apart by people with any colour vision; blue first, BGR."""


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: its words, its ends and the values written along it.

    With ``logarithmic`` equal ratios are equally far apart.
    """

    words: str
    low: float = 0.0
    high: float = 1.0
    ticks: Sequence[float] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    logarithmic: bool = False

    def share(self, values: Sequence[float] | Array) -> Array:
        """Return how far along the axis ``values`` lie, 0 at its low end to 1."""
        array = np.asarray(values, np.float64)
        low, high = self.low, self.high
        if self.logarithmic:
            array, low, high = np.log(array), np.log(low), np.log(high)
        return np.asarray(np.clip((array - low) / (high - low), -0.02, 1.02))


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart; ``lower`` and ``upper`` bound its shaded interval.

    ``marked`` draws a dot at each point, ``size`` scales each dot's area.
    """

    words: str
    x: Sequence[float]
    y: Sequence[float]
    lower: Sequence[float] | None = None
    upper: Sequence[float] | None = None
    marked: bool = True
    size: Sequence[float] | None = None


def line_chart(
    title: str, x: Axis, y: Axis, series: Sequence[Series], *, diagonal: bool = False
) -> Picture:
    """Return a chart ``(420, 560, 3)`` BGR of ``series``, at most seven."""
    sheet = _Sheet(x, y)
    sheet.frame(title)
    if diagonal:
        sheet.line(Series("", (x.low, x.high), (y.low, y.high)), _CHANCE, 1)
    for one, colour in zip(series, _COLOURS, strict=False):
        sheet.interval(one, colour)
    for one, colour in zip(series, _COLOURS, strict=False):
        sheet.line(one, colour, 2)
        sheet.dots(one, colour)
    sheet.legend([one.words for one in series])
    return sheet.picture()


def roc_chart(title: str, series: Sequence[Series]) -> Picture:
    """Return ROC curves: false positive rate across, true positive rate up."""
    across = Axis("1 - specificity")
    return line_chart(title, across, Axis("sensitivity"), series, diagonal=True)


def reliability_chart(title: str, series: Sequence[Series]) -> Picture:
    """Return how often what was given a probability is there, beside the diagonal."""
    across = Axis("probability given")
    return line_chart(title, across, Axis("share present"), series, diagonal=True)


def side_by_side(pictures: Sequence[Picture], columns: int = 2) -> Picture:
    """Return equally large ``pictures`` as one, ``columns`` in a row."""
    blank = np.full_like(pictures[0], 255)
    filled = [*pictures, *[blank] * (-len(pictures) % columns)]
    rows = [
        np.concatenate(filled[i : i + columns], axis=1)
        for i in range(0, len(filled), columns)
    ]
    return np.concatenate(rows)


def save_chart(picture: Picture, path: Path) -> None:
    """Write ``picture`` to ``path`` as a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _, data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    with written(path) as file:
        file.write(data.tobytes())


class _Sheet:
    """A chart being drawn, at ``_FINE`` times its size."""

    def __init__(self, x: Axis, y: Axis) -> None:
        self._x, self._y = x, y
        width, height = _SIZE
        top, right, bottom, left = _MARGINS
        self._left, self._top = left, top
        self._right, self._bottom = width - right, height - bottom
        shape = (height * _FINE, width * _FINE, 3)
        self._paper: Picture = np.full(shape, _PAPER, np.uint8)

    def picture(self) -> Picture:
        """Return the chart at its size."""
        small = cv2.resize(self._paper, _SIZE, interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)

    def frame(self, title: str) -> None:
        """Draw grid, ticks, words of the axes and the title."""
        for value, at in zip(self._x.ticks, self._x.share(self._x.ticks), strict=True):
            column = self._left + at * (self._right - self._left)
            self._rule((column, self._top), (column, self._bottom))
            self._text(f"{value:g}", (column, self._bottom + 18), "middle")
        for value, at in zip(self._y.ticks, self._y.share(self._y.ticks), strict=True):
            row = self._bottom - at * (self._bottom - self._top)
            self._rule((self._left, row), (self._right, row))
            self._text(f"{value:g}", (self._left - 8, row + 4), "end")
        middle = (self._left + self._right) / 2
        self._text(self._x.words, (middle, self._bottom + 38), "middle")
        self._text(self._y.words, (8, self._top - 10), "start")
        self._text(title, (self._right, self._top - 22), "end", 0.5)

    def line(self, series: Series, colour: tuple[int, int, int], width: int) -> None:
        """Draw the line through a series' points."""
        points = self._points(series.x, series.y)
        cv2.polylines(
            self._paper,
            [points],
            isClosed=False,
            color=colour,
            thickness=width * _FINE,
            lineType=cv2.LINE_AA,
            shift=4,
        )

    def dots(self, series: Series, colour: tuple[int, int, int]) -> None:
        """Draw a series' points, where it wants them drawn."""
        if not series.marked:
            return
        sizes = series.size or [1.0] * len(series.x)
        for point, size in zip(self._points(series.x, series.y), sizes, strict=True):
            radius = round(4 * _FINE * 16 * float(np.sqrt(size)))
            where = (int(point[0]), int(point[1]))
            cv2.circle(self._paper, where, radius, colour, -1, cv2.LINE_AA, 4)

    def interval(self, series: Series, colour: tuple[int, int, int]) -> None:
        """Shade between a series' bounds, where it has some."""
        if series.lower is None or series.upper is None:
            return
        low = self._points(series.x, series.lower)
        high = self._points(series.x, series.upper)
        shaded = self._paper.copy()
        outline = np.concatenate([low, high[::-1]])
        cv2.fillPoly(shaded, [outline], colour, cv2.LINE_AA, 4)
        cv2.addWeighted(shaded, 0.14, self._paper, 0.86, 0, self._paper)

    def legend(self, names: Sequence[str]) -> None:
        """Write each series' words in the lower right of the field, on paper."""
        names = [name for name in names if name]
        if not names:
            return
        width = max(self._extent(name, 0.42) for name in names) + 40
        top = self._bottom - 10 - 18 * len(names)
        left = self._right - 8 - width
        first = self._pixel((left, top))
        last = self._pixel((self._right - 6, self._bottom - 6))
        cv2.rectangle(self._paper, first, last, _PAPER, -1)
        for row, (name, colour) in enumerate(zip(names, _COLOURS, strict=False)):
            y = top + 16 + 18 * row
            ends = self._pixel((left + 6, y - 4)), self._pixel((left + 26, y - 4))
            cv2.line(self._paper, *ends, colour, 3 * _FINE, cv2.LINE_AA)
            self._text(name, (left + 32, y), "start")

    def _points(self, x: Sequence[float], y: Sequence[float]) -> NDArray[np.int32]:
        column = self._left + self._x.share(x) * (self._right - self._left)
        row = self._bottom - self._y.share(y) * (self._bottom - self._top)
        points = np.stack([column, row], axis=1) * _FINE * 16
        return np.asarray(np.rint(points), np.int32)

    def _pixel(self, point: tuple[float, float]) -> tuple[int, int]:
        return round(point[0] * _FINE), round(point[1] * _FINE)

    def _rule(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        ends = self._pixel(start), self._pixel(end)
        cv2.line(self._paper, *ends, _FAINT, _FINE, cv2.LINE_AA)

    def _extent(self, words: str, scale: float) -> float:
        font = cv2.FONT_HERSHEY_SIMPLEX
        return float(cv2.getTextSize(words, font, scale * _FINE, 2)[0][0]) / _FINE

    def _text(
        self, words: str, at: tuple[float, float], anchor: str, scale: float = 0.42
    ) -> None:
        width = self._extent(words, scale)
        back = {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        cv2.putText(
            self._paper,
            words,
            self._pixel((at[0] - back, at[1])),
            cv2.FONT_HERSHEY_SIMPLEX,
            scale * _FINE,
            _INK,
            2,
            cv2.LINE_AA,
        )
