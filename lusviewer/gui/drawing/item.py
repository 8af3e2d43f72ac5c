"""Paints drawn lines on the image, in px of the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lusviewer.gui import palette, theme
from lusviewer.gui.drawing.strokes import Grip, Stroke, width_handles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QTransform

    from lusviewer.geometry import FrameGeometry
    from lusviewer.gui.drawing.sketch import Sketch
    from lusviewer.gui.drawing.strokes import XY
    from lusviewer.library import Drawing, Line

_HALO: Final = QColor(0, 0, 0, 170)
_CORE: Final = QColor("#FFFFFF")
_HANDLE_PX: Final = 3.5
_FILL, _RIM = 46, 150
"""How opaque, of 255, the width of a B-line is laid over the image while drawing."""


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is to be painted; ``kind`` is what is being drawn, "" for nothing."""

    lines: Sequence[Line] = ()
    waiting: Sequence[Stroke] = ()
    others: Sequence[Drawing] = ()
    sketch: Sketch | None = None
    chosen: Grip | None = None
    kind: str = ""


class DrawingItem(QGraphicsItem):
    """One's own lines, those on their way, and those of others where asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = Shown()
        self._bounds = QRectF()

    def set_geometry(self, geometry: FrameGeometry | None) -> None:
        """Cover the frame that ``geometry`` describes."""
        self.prepareGeometryChange()
        self._bounds = QRectF()
        if geometry is not None:
            columns, rows = geometry.columns, geometry.rows
            self._bounds = QRectF(-columns, -rows, 3 * columns, 3 * rows)

    def set_shown(self, shown: Shown) -> None:
        """Paint ``shown`` from now on."""
        self._shown = shown
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the frame with room for handles and names."""
        return self._bounds

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,  # noqa: ARG002
        widget: QWidget | None = None,
    ) -> None:
        """Paint in px of the screen, so that lines and handles keep their size."""
        if widget is None:
            return
        pen = _Pen(painter, painter.worldTransform())
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(widget.font(), scale=0.92))
        for drawing in self._shown.others:
            for line in drawing.lines:
                pen.other(line, drawing.rater)
        for index, line in enumerate(self._shown.lines):
            self._paint_line(pen, index, line)
        for stroke in self._shown.waiting:
            pen.band(stroke)
            pen.line(stroke.kind, stroke.points, 1.5, Qt.PenStyle.DashLine)
        if self._shown.sketch is not None:
            pen.sketch(self._shown.sketch)
        painter.restore()

    def _paint_line(self, pen: _Pen, index: int, line: Line) -> None:
        shown, chosen = self._shown, self._shown.chosen
        pen.band(line, 1.0 if shown.kind else 0.5)
        if line.kind != shown.kind:
            pen.line(line.kind, line.points, 3.0 if shown.kind else 2.0)
            pen.core(line.points)
            return
        is_chosen = chosen is not None and chosen.line == index
        pen.line(line.kind, line.points, 3.0)
        if not is_chosen:
            pen.core(line.points)
        for i, point in enumerate(line.points):
            stressed = is_chosen and chosen is not None and chosen.point == i
            pen.handle(point, line.kind, stressed=stressed)
        for place in width_handles(line):
            pen.handle(place, line.kind, square=True)


class _Pen:
    """Paints lines given in px of the frame with a painter in px of the screen."""

    def __init__(self, painter: QPainter, to_screen: QTransform) -> None:
        self._painter = painter
        self._to_screen = to_screen

    def line(
        self,
        kind: str,
        points: Sequence[XY],
        width: float,
        style: Qt.PenStyle = Qt.PenStyle.SolidLine,
    ) -> None:
        """Paint a line in the colour of its kind, over a dark halo."""
        shape = self._shape(points)
        self._stroke(shape, _HALO, width + 2.0)
        self._stroke(shape, palette.colour_of(kind), width, style)

    def core(self, points: Sequence[XY]) -> None:
        """Paint a white core, which the model's lines do not have."""
        self._stroke(self._shape(points), _CORE, 1.0)

    def band(self, line: Line | Stroke, share: float = 1.0) -> None:
        """Paint how wide a B-line is, fainter for a lower ``share``."""
        if len(width_handles(line)) < 2:
            return
        (x1, y1), (x2, y2) = line.points[0], line.points[-1]
        (left_x, left_y), _ = width_handles(line)
        dx, dy = left_x - (x1 + x2) / 2, left_y - (y1 + y2) / 2
        down = ((x1 + dx, y1 + dy), (x2 + dx, y2 + dy))
        up = ((x2 - dx, y2 - dy), (x1 - dx, y1 - dy))
        colour = palette.colour_of(line.kind)
        edge = QColor(colour)
        colour.setAlpha(round(_FILL * share))
        edge.setAlpha(round(_RIM * share))
        self._painter.setPen(QPen(edge, 1.0))
        self._painter.setBrush(colour)
        self._painter.drawPolygon(self._shape((*down, *up)))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)

    def other(self, line: Line, rater: str) -> None:
        """Paint a line of somebody else, dotted, with the name at its beginning."""
        self.line(line.kind, line.points, 1.5, Qt.PenStyle.DotLine)
        at = self._place(line.points[0]) + QPointF(4, -5)
        for colour, offset in ((QColor(0, 0, 0, 210), 1.0), (_CORE, 0.0)):
            self._painter.setPen(colour)
            self._painter.drawText(at + QPointF(offset, offset), rater)

    def sketch(self, sketch: Sketch) -> None:
        """Paint a line on its way, and where the next click would take it."""
        if len(sketch.points) > 1:
            self.line(sketch.kind, sketch.points, 2.0)
        if sketch.ahead is not None:
            ahead = (sketch.points[-1], sketch.ahead)
            self.line(sketch.kind, ahead, 1.5, Qt.PenStyle.DashLine)
        points = sketch.points[:1] if sketch.in_one else sketch.points
        for point in points:
            self.handle(point, sketch.kind)

    def handle(
        self, point: XY, kind: str, *, stressed: bool = False, square: bool = False
    ) -> None:
        """Paint what a point, or a width, can be held by."""
        at, size = self._place(point), _HANDLE_PX + (1.5 if stressed else 0.0)
        painter = self._painter
        painter.setPen(QPen(QColor(0, 0, 0, 220), 1.2))
        painter.setBrush(_CORE if stressed else palette.colour_of(kind))
        if square:
            painter.drawRect(QRectF(at.x() - size, at.y() - size, 2 * size, 2 * size))
        else:
            painter.drawEllipse(at, size, size)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _stroke(
        self,
        shape: QPolygonF,
        colour: QColor,
        width: float,
        style: Qt.PenStyle = Qt.PenStyle.SolidLine,
    ) -> None:
        pen = QPen(colour, width, style)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        self._painter.setPen(pen)
        self._painter.drawPolyline(shape)

    def _place(self, point: XY) -> QPointF:
        return self._to_screen.map(QPointF(point[0] + 0.5, point[1] + 0.5))

    def _shape(self, points: Sequence[XY]) -> QPolygonF:
        return QPolygonF([self._place(point) for point in points])
