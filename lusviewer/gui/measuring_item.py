"""Draws measurements on the image, in px of the screen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lusviewer.gui import theme
from lusviewer.gui.measuring import Measurement, words_of

if TYPE_CHECKING:
    from PySide6.QtGui import QTransform

    from lusviewer.geometry import FrameGeometry

LINE: Final = QColor("#FFFFFF")


class MeasuringItem(QGraphicsItem):
    """Draws the measurements, the one being drawn, and which one is chosen."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Measurement, ...] = ()
        self._drawing: Measurement | None = None
        self._chosen = -1
        self._geometry: FrameGeometry | None = None

    def set_geometry(self, geometry: FrameGeometry | None) -> None:
        """Write the lengths in the units of ``geometry``."""
        self.prepareGeometryChange()
        self._geometry = geometry
        self.update()

    def set_shown(
        self,
        shown: tuple[Measurement, ...],
        drawing: Measurement | None = None,
        chosen: int = -1,
    ) -> None:
        """Draw ``shown``, the one being ``drawing``, and stress the ``chosen`` one."""
        self._shown, self._drawing, self._chosen = shown, drawing, chosen
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the frame with room for the words."""
        if self._geometry is None:
            return QRectF()
        rows, columns = self._geometry.rows, self._geometry.columns
        return QRectF(-columns, -rows, 3 * columns, 3 * rows)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,  # noqa: ARG002
        widget: QWidget | None = None,
    ) -> None:
        """Draw in px of the screen, so that lines and words keep their size."""
        if widget is None or not (self._shown or self._drawing):
            return
        to_screen = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(widget.font(), bold=True))
        for index, measurement in enumerate(self._shown):
            ends = _ends(measurement, to_screen)
            self._paint_one(painter, measurement, ends, stress=index == self._chosen)
        if self._drawing is not None:
            ends = _ends(self._drawing, to_screen)
            self._paint_one(painter, self._drawing, ends, stress=True)
        painter.restore()

    def _paint_one(
        self,
        painter: QPainter,
        measurement: Measurement,
        ends: list[QPointF],
        *,
        stress: bool,
    ) -> None:
        first, second = ends
        along = second - first
        length = math.hypot(along.x(), along.y()) or 1.0
        across = QPointF(-along.y(), along.x()) * (6.0 / length)
        colour = theme.DARK.colour("accent") if stress else LINE
        for pen in (QPen(QColor(0, 0, 0, 170), 3.5), QPen(colour, 1.5)):
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawLine(first, second)
            for end in ends:
                painter.drawLine(end - across, end + across)
        _write_beside(painter, words_of(measurement, self._geometry), ends, colour)


def _ends(measurement: Measurement, to_screen: QTransform) -> list[QPointF]:
    return [
        to_screen.map(QPointF(column, row))
        for row, column in (measurement.first, measurement.second)
    ]


def _write_beside(
    painter: QPainter, words: str, ends: list[QPointF], colour: QColor
) -> None:
    metrics = painter.fontMetrics()
    lower = max(ends, key=lambda end: end.y())
    box = QRectF(metrics.boundingRect(words)).adjusted(-5, -2, 5, 2)
    box.moveTopLeft(lower + QPointF(8, 6))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 175))
    painter.drawRoundedRect(box, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(colour)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
