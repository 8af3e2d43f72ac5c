"""Still charts in the colours of the theme: axes, lines, bands, dots and words.

They are painted from the figures each time, which takes about a millisecond and needs
nothing made beforehand: a page of them does not hold the window up. What moves under
the hand is drawn by pyqtgraph instead (``learning.curve_plot``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from lusviewer.gui import theme

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from lusviewer.gui.theme import Theme

    Tick = tuple[float, str]

DASHED: Final = Qt.PenStyle.DashLine
SOLID: Final = Qt.PenStyle.SolidLine

_GAP: Final = 6.0
_TICK: Final = 4.0
_SCALE: Final = 0.9
_WIDEST_WORDS: Final = 0.4
"""Of the width, what the words beside the left axis may take."""
_APART: Final = (34.0, 26.0)
"""How far apart marks of the axes stand at least, across and up, in px."""
_MOST: Final = 7.0
"""As many round numbers stand beside an axis at most, about."""
_ROUND: Final = (1.0, 2.0, 5.0, 10.0)
_ROOM: Final = 0.05


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis is called and shows: ``low`` to ``high``.

    ``ticks`` are the places that are marked, with the names that stand there; None
    marks round numbers. ``grid`` draws a line through the chart at each.
    """

    name: str
    low: float
    high: float
    ticks: tuple[Tick, ...] | None = None
    grid: bool = False

    def marks(self, room: float) -> tuple[Tick, ...]:
        """Return the places that are marked; ``room`` is for so many numbers."""
        if self.ticks is not None:
            return self.ticks
        step = round_step((self.high - self.low) / min(max(room, 1.0), _MOST))
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        texts = (f"{n * step:.{digits}f}" if n else "0" for n in range(first, last + 1))
        return tuple(
            (n * step, text.replace("-", "\u2212"))
            for n, text in zip(range(first, last + 1), texts, strict=True)
        )


def axis_over(
    name: str, values: Iterable[float], least: float = 0.0, *, grid: bool = False
) -> Axis:
    """Return an axis that shows all ``values`` with a little room around them.

    ``least`` is how much it spans at least; 0 to 1 where there is no finite value.
    """
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    span = max(high - low, least) or 1.0
    middle, reach = (low + high) / 2, span * (0.5 + _ROOM)
    return Axis(name, middle - reach, middle + reach, grid=grid)


def round_step(least: float) -> float:
    """Return the next of 1, 2 and 5 times a power of ten that is not below."""
    power = 10.0 ** math.floor(math.log10(least))
    steps = (power * factor for factor in _ROUND)
    return next(step for step in steps if step >= least * (1 - 1e-9))


class Plane:
    """Draws figures where they belong between two axes."""

    def __init__(self, painter: QPainter, box: QRectF, across: Axis, up: Axis) -> None:
        """Take the rectangle ``box`` in px that the axes enclose."""
        self.painter, self.box = painter, box
        self._across, self._up = across, up

    def at(self, x: float, y: float) -> QPointF:
        """Return where a pair of figures lies, in px."""
        return self._places(np.array([[x, y]]))[0]

    def line(
        self,
        points: ArrayLike,
        colour: QColor,
        width: float = 2.0,
        style: Qt.PenStyle = SOLID,
    ) -> None:
        """Draw a line through ``points`` ``(n, 2)``; what is not known is left out."""
        pen = QPen(colour, width, style)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        self.painter.setPen(pen)
        self.painter.drawPolyline(self._polygon(points))

    def band(self, edges: ArrayLike, colour: QColor) -> None:
        """Shade between two lines: ``edges`` ``(n, 3)`` are x, lower and upper y."""
        given = np.asarray(edges, np.float64).reshape(-1, 3)
        there, back = given[:, (0, 1)], given[::-1, (0, 2)]
        self._fill(colour)
        self.painter.drawPolygon(self._polygon(np.concatenate([there, back])))

    def stripe(self, low: float, high: float, colour: QColor) -> None:
        """Shade all that lies from ``low`` to ``high``, from side to side."""
        self._fill(colour)
        across = self._across
        self.painter.drawRect(
            QRectF(self.at(across.low, high), self.at(across.high, low))
        )

    def level(
        self, y: float, colour: QColor, width: float = 1.0, style: Qt.PenStyle = SOLID
    ) -> None:
        """Draw a line from side to side."""
        ends = ((self._across.low, y), (self._across.high, y))
        self.line(ends, colour, width, style)

    def upright(
        self, x: float, colour: QColor, width: float = 1.0, style: Qt.PenStyle = SOLID
    ) -> None:
        """Draw a line from bottom to top."""
        self.line(((x, self._up.low), (x, self._up.high)), colour, width, style)

    def dots(
        self,
        points: ArrayLike,
        colour: QColor,
        sizes: float | Sequence[float],
        edge: QColor | None = None,
    ) -> None:
        """Draw a dot at each of ``points`` ``(n, 2)``; ``sizes`` are across, in px."""
        given = np.asarray(points, np.float64).reshape(-1, 2)
        self._fill(colour)
        if edge is not None:
            self.painter.setPen(QPen(edge, 1.0))
        across = np.broadcast_to(np.asarray(sizes, np.float64), len(given)).tolist()
        for at, size in zip(self._places(given), across, strict=True):
            if math.isfinite(at.x()) and math.isfinite(at.y()):
                self.painter.drawEllipse(at, size / 2, size / 2)

    def words_above(self, at: QPointF, text: str, colour: QColor) -> None:
        """Write ``text`` with the middle of its lower edge at a place in px."""
        self.painter.setPen(colour)
        place = self.room_above(at, text)
        self.painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def room_above(self, at: QPointF, text: str) -> QRectF:
        """Return what ``words_above`` writes on, in px."""
        metrics = QFontMetricsF(self.painter.font())
        width, height = metrics.horizontalAdvance(text) + 2, metrics.height()
        return QRectF(at.x() - width / 2, at.y() - height, width, height)

    def _polygon(self, points: ArrayLike) -> QPolygonF:
        given = np.asarray(points, np.float64).reshape(-1, 2)
        return QPolygonF(self._places(given[np.isfinite(given).all(axis=1)]))

    def _places(self, points: NDArray[np.float64]) -> list[QPointF]:
        box, across, up = self.box, self._across, self._up
        low, high = (across.low, up.low), (across.high, up.high)
        share = (points - low) / np.subtract(high, low)
        x = box.left() + box.width() * share[:, 0]
        y = box.bottom() - box.height() * share[:, 1]
        return list(map(QPointF, x.tolist(), y.tolist()))

    def _fill(self, colour: QColor) -> None:
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(colour)


class Chart(QWidget):
    """A still picture of figures between two axes; it takes no focus and no wheel.

    What it shows belongs into its accessible description, too.
    """

    def __init__(self, name: str, across: Axis, up: Axis) -> None:
        super().__init__()
        self.across, self.up = across, up
        self.setAccessibleName(name)
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Preferred)

    def sizeHint(self) -> QSize:
        """Return room for the axes and a legible line."""
        return QSize(260, 170)

    def show_axes(self, across: Axis, up: Axis) -> None:
        """Draw between other axes from now on."""
        self.across, self.up = across, up
        self.update()

    def draw(self, plane: Plane, colours: Theme) -> None:
        """Draw the figures above the axes; each chart its own."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the axes and then the figures."""
        painter = QPainter(self)
        painter.setFont(self._small())
        plane = Plane(painter, self.box(), self.across, self.up)
        colours = theme.theme_of(self)
        self._paint_marks(plane, colours)
        self._paint_names(plane, colours)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.draw(plane, colours)
        painter.end()

    def box(self) -> QRectF:
        """Return what the axes enclose, in px."""
        metrics = QFontMetricsF(self._small())
        high = metrics.height()
        left = self._words_width(metrics) + _TICK + _GAP
        left += high + _GAP / 2 if self.up.name else 0.0
        bottom = high + _TICK + _GAP / 2 + (high + _GAP if self.across.name else 0.0)
        right = metrics.horizontalAdvance("0.0") / 2 + 2
        whole = QRectF(self.rect()).adjusted(left, high / 2 + 2, -right, -bottom)
        return whole if whole.isValid() else QRectF(left, high, 1.0, 1.0)

    def _small(self) -> QFont:
        return theme.font(self.font(), scale=_SCALE)

    def _up_marks(self) -> tuple[Tick, ...]:
        return self.up.marks(self.height() / _APART[1])

    def _words_width(self, metrics: QFontMetricsF) -> float:
        widths = [metrics.horizontalAdvance(text) for _, text in self._up_marks()]
        return min(max(widths, default=0.0), _WIDEST_WORDS * self.width())

    def _paint_marks(self, plane: Plane, colours: Theme) -> None:
        """Mark the axes without smoothing: a line of a pixel stays one."""
        painter, box = plane.painter, plane.box
        metrics = QFontMetricsF(painter.font())
        line, words = colours.colour("line"), colours.colour("muted")
        names = words if self.up.ticks is None else colours.colour("text")
        half = metrics.height() / 2
        room = self._words_width(metrics)
        for y, text in self._up_marks():
            at = plane.at(self.across.low, y)
            painter.setPen(line)
            end = box.right() if self.up.grid else at.x() - _TICK
            painter.drawLine(at, QPointF(end, at.y()))
            painter.setPen(names)
            place = QRectF(at.x() - _GAP - room, at.y() - half, room, 2 * half)
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room + 1)
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(place, side, shown)
        for x, text in self.across.marks(box.width() / _APART[0]):
            at = plane.at(x, self.up.low)
            painter.setPen(line)
            end = box.top() if self.across.grid else at.y() + _TICK
            painter.drawLine(at, QPointF(at.x(), end))
            below = QPointF(at.x(), at.y() + _TICK + 1 + 2 * half)
            plane.words_above(below, text, words)
        painter.setPen(line)
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.drawLine(box.bottomLeft(), box.topLeft())

    def _paint_names(self, plane: Plane, colours: Theme) -> None:
        painter, box = plane.painter, plane.box
        painter.setPen(colours.colour("muted"))
        high = QFontMetricsF(painter.font()).height()
        middle = Qt.AlignmentFlag.AlignCenter
        low = QRectF(box.left(), self.height() - high - 1, box.width(), high)
        painter.drawText(low, middle, self.across.name)
        painter.save()
        painter.translate(high / 2 + 1, box.center().y())
        painter.rotate(-90)
        side = QRectF(-box.height() / 2, -high / 2, box.height(), high)
        painter.drawText(side, middle, self.up.name)
        painter.restore()
