"""Paints the timelines: what stands still, and what moves with the cine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QPen,
    QPolygonF,
)

from lusviewer.findings import LABELS
from lusviewer.gui import palette, theme
from lusviewer.gui.timeline_paint import Columns, curve_image, heat_image
from lusviewer.gui.timeline_rows import CURVES, Row, TimeScale, biomarker, value_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lusviewer.findings import Timelines
    from lusviewer.gui.theme import Theme

_TICK_GAP_PX: Final = 64.0
_LEFT: Final = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT: Final = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


def tr(text: str) -> str:
    """Return ``text`` in the language of the window."""
    return QCoreApplication.translate("timelines", text)


@dataclass(frozen=True, slots=True)
class Look:
    """The measures that follow from the font, in px.

    ``names`` and ``values`` are the widths of the columns beside the plot, ``axis``
    the height of the time axis, ``strip`` that of a strip of heat.
    """

    names: int
    values: int
    axis: int
    strip: int
    line: int

    @classmethod
    def of(cls, metrics: QFontMetrics) -> Look:
        """Return the measures for a font."""
        curves = [biomarker(key).label for key in CURVES]
        names = max(metrics.horizontalAdvance(words) for words in (*curves, *_names()))
        values = metrics.horizontalAdvance("100 %")
        line = metrics.height()
        return cls(names + 44, values + 18, line + 10, max(line, 13), line)


def _names() -> list[str]:
    """Return the words of the 38 labels without their groups."""
    return [label.label.partition(": ")[2] for label in LABELS]


@dataclass(frozen=True, slots=True)
class Scenery:
    """What is to be painted."""

    rows: tuple[Row, ...]
    scale: TimeScale | None
    timelines: Timelines | None
    thresholds: Mapping[str, float]
    best: Mapping[str, int | None]
    selection: str


@dataclass(frozen=True, slots=True)
class Canvas:
    """Paints ``scenery`` in ``colours`` on ``size`` px, scrolled by ``offset``."""

    scenery: Scenery
    look: Look
    colours: Theme
    size: QSize
    offset: int
    font: QFont

    # --- what stands still -----------------------------------------------

    def paint_still(self, painter: QPainter, ratio: float) -> None:
        """Paint everything but cursor, loop, values and hover."""
        painter.fillRect(QRect(QPointF(0, 0).toPoint(), self.size), self._c("panel"))
        painter.setFont(self.font)
        rows = [row for row in self.scenery.rows if self._visible(row)]
        for number, row in enumerate(rows):
            self._paint_ground(painter, row, number)
        scale, timelines = self.scenery.scale, self.scenery.timelines
        if scale is not None and timelines is not None:
            n_columns = max(1, round(scale.width * ratio))
            columns = Columns.of(scale, timelines.analysed, n_columns)
            self._paint_gaps(painter, columns)
            self._paint_curves(painter, rows, columns, ratio)
            self._paint_strips(painter, rows, columns)
            self._paint_best(painter, rows)
        for row in rows:
            self._paint_name(painter, row)
        self._paint_axis(painter)

    def _c(self, role: str) -> QColor:
        return self.colours.colour(role)

    def _top(self, row: Row) -> int:
        return row.top + self.look.axis - self.offset

    def _visible(self, row: Row) -> bool:
        top = self._top(row)
        return top < self.size.height() and top + row.height > self.look.axis

    def _box(self, row: Row) -> QRectF:
        """Return the row's part of the plot."""
        width = self.size.width() - self.look.names - self.look.values
        return QRectF(self.look.names, self._top(row), width, row.height)

    def _ink(self, key: str) -> QColor:
        return palette.ink(palette.colour_of(key), self._c("panel"))

    def _paint_ground(self, painter: QPainter, row: Row, number: int) -> None:
        whole = QRectF(0, self._top(row), self.size.width(), row.height)
        if row.key == self.scenery.selection and row.kind != "heading":
            painter.fillRect(whole, self._c("accent_soft"))
            bar = QRectF(0, whole.top(), 3, whole.height())
            painter.fillRect(bar, self._c("accent"))
        elif row.kind == "curve" and number % 2:
            painter.fillRect(whole, self._c("raised"))
        if row.kind == "curve":
            painter.setPen(QPen(self._c("line"), 1.0))
            y = whole.bottom() - 0.5
            painter.drawLine(QPointF(0, y), QPointF(self.size.width(), y))

    def _paint_gaps(self, painter: QPainter, columns: Columns) -> None:
        scale = self.scenery.scale
        if scale is None:
            return
        colour = self._c("muted")
        colour.setAlpha(60)
        brush = QBrush(colour, Qt.BrushStyle.BDiagPattern)
        step = scale.width / len(columns.frame)
        bottom = self._top(self.scenery.rows[-1]) + self.scenery.rows[-1].height
        height = min(bottom, self.size.height()) - self.look.axis
        for start, end in columns.gaps():
            left = scale.left + start * step
            painter.fillRect(
                QRectF(left, self.look.axis, (end - start) * step, height), brush
            )

    def _paint_curves(
        self, painter: QPainter, rows: list[Row], columns: Columns, ratio: float
    ) -> None:
        timelines = self.scenery.timelines
        for row in rows:
            if row.kind != "curve" or timelines is None:
                continue
            box, about = self._box(row), biomarker(row.key)
            limits = (about.lower, about.upper)
            height = round((row.height - 1) * ratio)
            values = timelines.row(row.key)
            image = curve_image(values, limits, columns, height, self._ink(row.key))
            painter.drawImage(box.adjusted(0, 0, 0, -1), image)
            if row.key in self.scenery.thresholds:
                self._paint_threshold(painter, row, self.scenery.thresholds[row.key])

    def _paint_threshold(self, painter: QPainter, row: Row, value: float) -> None:
        box = self._box(row)
        y = box.top() + 3 + (1 - value) * (box.height() - 7)
        colour = self._c("muted")
        colour.setAlpha(150)
        painter.setPen(QPen(colour, 1.0, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))

    def _paint_strips(
        self, painter: QPainter, rows: list[Row], columns: Columns
    ) -> None:
        strips = [row for row in rows if row.kind == "strip"]
        timelines = self.scenery.timelines
        if not strips or timelines is None:
            return
        values = np.stack([timelines.row(row.key) for row in strips])
        inks = [self._ink(row.key) for row in strips]
        image = heat_image(values, columns, inks)
        for number, row in enumerate(strips):
            source = QRectF(0, number, image.width(), 1)
            painter.drawImage(self._box(row).adjusted(0, 1, 0, -1), image, source)

    def _paint_best(self, painter: QPainter, rows: list[Row]) -> None:
        scale = self.scenery.scale
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for row in rows:
            frame = self.scenery.best.get(row.key)
            if frame is None or scale is None or frame >= len(scale):
                continue
            painter.setBrush(
                self._c("text") if row.kind == "curve" else self._c("muted")
            )
            x, top = scale.x_of(frame), self._top(row) + 1
            half = 4.0 if row.kind == "curve" else 2.5
            points = [
                QPointF(x - half, top),
                QPointF(x + half, top),
                QPointF(x, top + 1.4 * half),
            ]
            painter.drawPolygon(QPolygonF(points))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    def _paint_name(self, painter: QPainter, row: Row) -> None:
        top, names = self._top(row), self.look.names
        metrics = QFontMetrics(self.font)
        chosen = row.key == self.scenery.selection
        heading = row.kind == "heading"
        indent = 26 if row.kind == "curve" else 12 if heading else 30
        box = QRectF(indent, top, names - indent - 6, row.height)
        if heading:
            box.setTop(top + 4)
        if row.kind != "strip":
            swatch = QRectF(12, box.center().y() - 4.5, 9, 9)
            if heading:
                swatch.moveLeft(12)
                box.setLeft(26)
            painter.fillRect(swatch, self._ink(row.key))
        painter.setFont(theme.font(self.font, bold=chosen or heading))
        painter.setPen(
            self._c("muted" if row.kind == "strip" and not chosen else "text")
        )
        elide = Qt.TextElideMode.ElideRight
        painter.drawText(
            box, _LEFT, metrics.elidedText(row.label, elide, int(box.width()))
        )
        painter.setFont(self.font)

    def _paint_axis(self, painter: QPainter) -> None:
        strip = QRectF(0, 0, self.size.width(), self.look.axis)
        painter.fillRect(strip, self._c("panel"))
        painter.setPen(QPen(self._c("line"), 1.0))
        y = self.look.axis - 0.5
        painter.drawLine(QPointF(0, y), QPointF(self.size.width(), y))
        scale = self.scenery.scale
        if scale is None:
            return
        painter.setFont(theme.font(self.font, scale=0.92))
        for tick in scale.ticks_s(_TICK_GAP_PX):
            x = round(scale.x_of_time(tick)) + 0.5
            painter.setPen(QPen(self._c("line"), 1.0))
            painter.drawLine(QPointF(x, y - 5), QPointF(x, y))
            painter.setPen(self._c("muted"))
            box = QRectF(x + 4, 0, _TICK_GAP_PX, self.look.axis - 2)
            painter.drawText(box, _LEFT, f"{tick:g} s")
        painter.setFont(self.font)

    # --- what moves ------------------------------------------------------

    def paint_loop(self, painter: QPainter, loop: tuple[int, int] | None) -> None:
        """Shade what the loop leaves out, and draw its two handles."""
        scale = self.scenery.scale
        if loop is None or scale is None:
            return
        start, end = scale.band_of(*loop)
        right = scale.left + scale.width
        shade = self._c("window")
        shade.setAlpha(150)
        height = self.size.height()
        painter.fillRect(QRectF(scale.left, 0, start - scale.left, height), shade)
        painter.fillRect(QRectF(end, 0, right - end, height), shade)
        accent = self._c("accent")
        painter.fillRect(QRectF(start, self.look.axis - 3, end - start, 3), accent)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for x in (start, end):
            painter.setPen(QPen(accent, 1.0))
            painter.drawLine(QPointF(x, 0), QPointF(x, height))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(accent)
            painter.drawRoundedRect(QRectF(x - 3.5, 3, 7, self.look.axis - 6), 2, 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    def paint_values(self, painter: QPainter, frame: int) -> None:
        """Write each row's value in the frame that is shown."""
        timelines = self.scenery.timelines
        if timelines is None or frame >= len(timelines):
            return
        painter.setFont(self.font)
        left = self.size.width() - self.look.values
        for row in self.scenery.rows:
            if row.kind == "heading" or not self._visible(row):
                continue
            value = float(timelines.row(row.key)[frame])
            painter.setPen(self._c("muted" if row.kind == "strip" else "text"))
            top = max(self._top(row), self.look.axis)
            box = QRectF(left, top, self.look.values - 8, self._bottom(row) - top)
            painter.drawText(box, _RIGHT, value_words(row.key, value))

    def _bottom(self, row: Row) -> int:
        return self._top(row) + row.height

    def paint_cursor(self, painter: QPainter, frame: int, *, focus: bool) -> None:
        """Draw the line of the frame that is shown, over all rows."""
        scale = self.scenery.scale
        if scale is None:
            return
        x = scale.x_of(frame)
        colour = self._c("accent" if focus else "text")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, 1.5))
        painter.drawLine(QPointF(x, self.look.axis - 6), QPointF(x, self.size.height()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        y = self.look.axis - 5.0
        head = [QPointF(x - 5, y - 6), QPointF(x + 5, y - 6), QPointF(x, y + 1)]
        painter.drawPolygon(QPolygonF(head))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    def paint_hover(self, painter: QPainter, at: QPointF, row: Row | None) -> None:
        """Write what lies under the pointer."""
        scale, timelines = self.scenery.scale, self.scenery.timelines
        if scale is None:
            return
        frame = scale.frame_at(at.x())
        x = scale.x_of(frame)
        faint = self._c("muted")
        faint.setAlpha(140)
        painter.setPen(QPen(faint, 1.0, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, self.look.axis), QPointF(x, self.size.height()))
        time_s = float(scale.edges_s[frame])
        words = tr("frame {n} · {time:.2f} s").format(n=frame + 1, time=time_s)
        if row is not None and timelines is not None:
            value = float(timelines.row(row.key)[frame])
            known = value_words(row.key, value)
            if not np.isfinite(value):
                known = tr("none") if timelines.analysed[frame] else tr("not analysed")
            words = f"{row.label}: {known}  ·  {words}"
        self._plate(painter, words, at)

    def _plate(self, painter: QPainter, words: str, at: QPointF) -> None:
        metrics = QFontMetrics(self.font)
        width, height = metrics.horizontalAdvance(words) + 16, metrics.height() + 8
        left = min(max(at.x() + 14, 4.0), self.size.width() - width - 4.0)
        top = at.y() + 14
        if top + height > self.size.height():
            top = at.y() - height - 6
        plate = QRectF(left, top, width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._c("line"), 1.0))
        painter.setBrush(self._c("raised"))
        painter.drawRoundedRect(plate, 4, 4)
        painter.setPen(self._c("text"))
        painter.setFont(self.font)
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)
