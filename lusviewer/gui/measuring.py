"""Distances drawn on the image: mm where calibrated, px where not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QUndoCommand
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lusviewer.gui import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QTransform, QUndoStack

    from lusviewer.geometry import FrameGeometry

Point = tuple[float, float]
"""``(row, column)`` in the clip's pixels."""

LINE: Final = QColor("#FFFFFF")
_GRIP_PX: Final = 10.0
"""How near, in px on screen, the pointer must be to take hold of an end."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A distance between two points of the image."""

    first: Point
    second: Point

    def moved(self, end: int, point: Point) -> Measurement:
        """Return the measurement with one of its ends (0 or 1) elsewhere."""
        return (
            Measurement(point, self.second)
            if end == 0
            else Measurement(self.first, point)
        )


def length_of(
    measurement: Measurement, geometry: FrameGeometry | None
) -> tuple[float, str]:
    """Return the length and its unit: "mm" in a calibrated region, else "px"."""
    rows = measurement.second[0] - measurement.first[0]
    columns = measurement.second[1] - measurement.first[1]
    spacing = None
    if geometry is not None:
        spacing = geometry.spacing_between(measurement.first, measurement.second)
    if spacing is None:
        return math.hypot(rows, columns), "px"
    return math.hypot(rows * spacing[0], columns * spacing[1]), "mm"


def words_of(measurement: Measurement, geometry: FrameGeometry | None) -> str:
    """Return the length as it is written beside the line."""
    length, unit = length_of(measurement, geometry)
    return f"{length:.1f} mm" if unit == "mm" else f"{length:.0f} px"


class Measurements(QObject):
    """The measurements of the open clip; every change of them can be undone.

    Signals
    -------
    changed()
        ``shown`` is another tuple now.
    """

    changed = Signal()

    def __init__(self, undo_stack: QUndoStack, parent: QObject) -> None:
        super().__init__(parent)
        self.shown: tuple[Measurement, ...] = ()
        self._undo_stack = undo_stack

    def add(self, measurement: Measurement) -> None:
        """Show one more."""
        self._do(self.tr("Measure a distance"), (*self.shown, measurement))

    def replace(self, index: int, measurement: Measurement) -> None:
        """Show another in the place of one."""
        shown = (*self.shown[:index], measurement, *self.shown[index + 1 :])
        self._do(self.tr("Move a measurement"), shown)

    def remove(self, index: int) -> None:
        """Show one less."""
        shown = self.shown[:index] + self.shown[index + 1 :]
        self._do(self.tr("Delete a measurement"), shown)

    def remove_all(self) -> None:
        """Show none."""
        if self.shown:
            self._do(self.tr("Delete all measurements"), ())

    def forget(self) -> None:
        """Show none, with nothing to undo: another clip is open."""
        self.put(())

    def put(self, shown: tuple[Measurement, ...]) -> None:
        """Show these, without a step to undo."""
        if shown != self.shown:
            self.shown = shown
            self.changed.emit()

    def _do(self, words: str, shown: tuple[Measurement, ...]) -> None:
        self._undo_stack.push(_Change(self, words, shown))


class _Change(QUndoCommand):
    def __init__(
        self,
        measurements: Measurements,
        words: str,
        shown: tuple[Measurement, ...],
    ) -> None:
        super().__init__(words)
        self._measurements = measurements
        self._old = measurements.shown
        self._new = shown

    def redo(self) -> None:
        self._measurements.put(self._new)

    def undo(self) -> None:
        self._measurements.put(self._old)


def end_near(
    measurements: Sequence[Measurement], point: Point, px_per_screen_px: float
) -> tuple[int, int] | None:
    """Return measurement and end under the pointer, the last drawn first."""
    reach = _GRIP_PX * px_per_screen_px
    for index in reversed(range(len(measurements))):
        ends = (measurements[index].first, measurements[index].second)
        for end, place in enumerate(ends):
            if math.dist(place, point) <= reach:
                return index, end
    return None


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
