"""Labels spent against the AUC on patients left out, beside a random order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from lusviewer.gui import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.library.labels_spent import Spent

_MARGINS: Final = (38.0, 10.0, 12.0, 34.0)
_BAND: Final = 0.25


class CurveView(QWidget):
    """A small plot that grows as its points come."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.points: tuple[Spent, ...] = ()
        self.setMinimumHeight(150)
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Fixed)
        self.setAccessibleName(self.tr("Labels spent against accuracy"))

    def sizeHint(self) -> QSize:
        """Return room for the axes and a legible line."""
        return QSize(260, 170)

    def show_points(self, points: Sequence[Spent]) -> None:
        """Draw ``points``, the fewest labels first."""
        self.points = tuple(points)
        self.setAccessibleDescription(self.in_words())
        self.update()

    def in_words(self) -> str:
        """Return the curve for those who do not see it."""
        return "; ".join(
            self.tr("{n} labels: {own:.2f}, at random {chance:.2f}").format(
                n=one.labels, own=one.in_order, chance=float(np.mean(one.by_chance))
            )
            for one in self.points
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint axes, the band of the random orders and both lines."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(self.font(), scale=0.85))
        left, top, right, bottom = _MARGINS
        box = QRectF(self.rect()).adjusted(left, top, -right, -bottom)
        low, high = self._range()
        self._paint_axes(painter, box, (low, high))
        if self.points:
            self._paint_curves(painter, box, (low, high))
        painter.end()

    def _range(self) -> tuple[float, float]:
        values = [v for p in self.points for v in (p.in_order, *p.by_chance)]
        values = [v for v in values if np.isfinite(v)] or [0.5, 1.0]
        low = np.floor((min(values) - 0.01) * 10) / 10
        high = np.ceil((max(values) + 0.01) * 10) / 10
        return float(max(low, 0.0)), float(min(high, 1.0))

    def _paint_axes(
        self, painter: QPainter, box: QRectF, span: tuple[float, float]
    ) -> None:
        colours = theme.theme_of(self)
        low, high = span
        steps = round((high - low) * 10)
        for step in range(steps + 1):
            value = low + step / 10
            y = _y(box, value, span)
            painter.setPen(colours.colour("line"))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            painter.setPen(colours.colour("muted"))
            place = QRectF(0, y - 8, box.left() - 6, 16)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(place, right, f"{value:.1f}")
        if not self.points:
            return
        for one in self.points[:: max(1, len(self.points) // 4)]:
            place = QRectF(self._x(box, one.labels) - 24, box.bottom() + 3, 48, 14)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, str(one.labels))
        place = QRectF(box.left(), box.bottom() + 17, box.width(), 15)
        words = self.tr("labels spent")
        painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, words)

    def _paint_curves(
        self, painter: QPainter, box: QRectF, span: tuple[float, float]
    ) -> None:
        colours = theme.theme_of(self)
        xs = [self._x(box, one.labels) for one in self.points]

        def line(values: Sequence[float]) -> list[QPointF]:
            return [
                QPointF(x, _y(box, v, span)) for x, v in zip(xs, values, strict=True)
            ]

        low = line([min(one.by_chance) for one in self.points])
        high = line([max(one.by_chance) for one in self.points])
        chance = line([float(np.mean(one.by_chance)) for one in self.points])
        band = colours.colour("muted")
        band.setAlphaF(_BAND)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(band)
        painter.drawPolygon(QPolygonF([*low, *reversed(high)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colours.colour("muted"), 1.5, Qt.PenStyle.DashLine))
        painter.drawPolyline(QPolygonF(chance))
        own = line([one.in_order for one in self.points])
        painter.setPen(QPen(colours.colour("accent"), 2.0))
        painter.drawPolyline(QPolygonF(own))
        painter.setBrush(colours.colour("accent"))
        for point in own:
            painter.drawEllipse(point, 2.5, 2.5)

    def _x(self, box: QRectF, labels: int) -> float:
        most = max(one.labels for one in self.points)
        return box.left() + box.width() * labels / max(most, 1)


def _y(box: QRectF, value: float, span: tuple[float, float]) -> float:
    low, high = span
    return box.bottom() - box.height() * (value - low) / max(high - low, 0.1)
