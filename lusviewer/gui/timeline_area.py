"""Lays the timelines out and paints them; ``timeline_view`` lets people act on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolButton, QWidget

from lusviewer.gui import theme
from lusviewer.gui.best_frame import best_frame
from lusviewer.gui.clinical_words import SURE
from lusviewer.gui.timeline_canvas import Canvas, Look, Scenery
from lusviewer.gui.timeline_drag import TimeDrag
from lusviewer.gui.timeline_rows import (
    Row,
    TimeScale,
    lay_out,
    value_words,
)

if TYPE_CHECKING:
    from lusviewer.findings import Timelines
    from lusviewer.gui.viewer_model import ViewerModel

_CURVE_HEIGHTS: Final = (20, 46)


class TimelineArea(QAbstractScrollArea):
    """The rows, the time axis and the cursor.

    What changes slowly is painted once to a pixmap; a step of the cine moves only
    the cursor and the column of values.
    """

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._expanded = False
        self._rows: tuple[Row, ...] = ()
        self._scale: TimeScale | None = None
        self._still: QPixmap | None = None
        self._canvas: Canvas | None = None
        self._measures: Look | None = None
        self._drag = TimeDrag()
        self._hover: QPointF | None = None
        self._cursor_x = -1.0
        self._remaking = QTimer(self, singleShot=True, interval=0)
        self._remaking.timeout.connect(self._remake)
        self._set_up()
        self._connect()
        self._arrange()

    def _set_up(self) -> None:
        self.setAccessibleName(self.tr("Timelines"))
        self.setAccessibleDescription(
            self.tr(
                "Biomarkers over time. Up and Down select a row, Enter goes to its"
                " best frame, Escape ends the loop."
            )
        )
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.setMinimumHeight(120)
        self._toggle = QToolButton(self)
        self._toggle.setText(self.tr("All 38"))
        self._toggle.setToolTip(self.tr("Show all 38 biomarkers as a heat-map"))
        self._toggle.setAccessibleName(self.tr("Show all 38 biomarkers"))
        self._toggle.setCheckable(True)
        self._toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        theme.set_icon(self._toggle, "chevron_right")
        self._toggle.toggled.connect(self.set_expanded)

    def _connect(self) -> None:
        viewer = self._viewer
        viewer.clip_opened.connect(self._on_clip)
        viewer.clip_closed.connect(self._on_clip)
        viewer.frame_changed.connect(self._on_frame)
        viewer.loop_changed.connect(self._on_loop)
        for arrived in (viewer.findings_arrived, viewer.report_changed):
            arrived.connect(self._remaking.start)
        for changed in (
            viewer.selection_changed,
            viewer.models_changed,
            viewer.analysis_started,
        ):
            changed.connect(self._redraw)

    # --- what is shown ---------------------------------------------------

    @property
    def timelines(self) -> Timelines | None:
        """The values drawn: the report's own as soon as every frame is in it."""
        report = self._viewer.report
        if report is not None and report.timelines.progress >= 1.0:
            return report.timelines
        return self._viewer.timelines

    @property
    def expanded(self) -> bool:
        """Whether the 38 labels are shown."""
        return self._expanded

    @Slot(bool)
    def set_expanded(self, expanded: bool) -> None:  # noqa: FBT001 - a slot
        """Show or hide the 38 labels."""
        self._expanded = expanded
        self._toggle.setChecked(expanded)
        theme.set_icon(self._toggle, "chevron_down" if expanded else "chevron_right")
        self._arrange()
        first = next((row for row in self._rows if row.kind == "heading"), None)
        self.verticalScrollBar().setValue(0 if first is None else first.top)

    def row_of(self, key: str) -> Row | None:
        """Return the row of a biomarker, None where it is not shown."""
        return next((row for row in self._rows if row.key == key), None)

    def position_of(self, key: str, frame: int) -> QPointF | None:
        """Return where a frame of a row lies in the viewport."""
        row = self.row_of(key)
        if row is None or self._scale is None:
            return None
        y = row.top + row.height / 2 + self._look().axis - self._offset()
        return QPointF(self._scale.x_of(frame), y)

    def sizeHint(self) -> QSize:
        """Return room for the curves."""
        return QSize(600, self._look().axis + 8 * 28)

    def _look(self) -> Look:
        if self._measures is None:
            self._measures = Look.of(self.fontMetrics())
        return self._measures

    def _offset(self) -> int:
        return self.verticalScrollBar().value()

    def _arrange(self) -> None:
        """Lay rows and time out anew: another size, clip, font or choice of rows."""
        look = self._look()
        room = self.viewport().height() - look.axis
        least, most = _CURVE_HEIGHTS
        least = max(least, look.line + 4)
        height = least + 6 if self._expanded else min(max(room // 8, least), most)
        self._rows = lay_out(
            height, look.strip, look.strip + 6, expanded=self._expanded
        )
        bottom = self._rows[-1].bottom
        self.verticalScrollBar().setRange(0, max(0, bottom - room))
        self.verticalScrollBar().setPageStep(max(room, 1))
        self.verticalScrollBar().setSingleStep(look.strip)
        clip = self._viewer.clip
        self._scale = None
        if clip is not None:
            width = self.viewport().width() - look.names - look.values
            self._scale = TimeScale.of(clip.frame_times_s, look.names, width)
        self._toggle.setGeometry(4, 1, look.names - 10, look.axis - 2)
        self._redraw()

    @Slot()
    def _redraw(self) -> None:
        self._still = self._canvas = None
        self.viewport().update()

    @Slot()
    def _remake(self) -> None:
        """Draw the pixmap anew in a turn of its own, apart from all other painting."""
        self._redraw()
        if self.isVisible():
            self._drawn()

    @Slot()
    def _on_clip(self) -> None:
        self._hover = None
        self._drag = TimeDrag()
        self._arrange()

    @Slot(object)
    def _on_loop(self, loop: tuple[int, int] | None) -> None:
        self._drag.range = loop
        self.viewport().update()

    @Slot(int)
    def _on_frame(self, index: int) -> None:
        """Repaint no more than where the cursor was, where it is, and the values."""
        if self._scale is None or self._hover is not None:
            self.viewport().update()
            return
        height, look = self.viewport().height(), self._look()
        x = self._scale.x_of(min(index, len(self._scale) - 1))
        for old_or_new in (self._cursor_x, x):
            self.viewport().update(QRect(round(old_or_new) - 7, 0, 14, height))
        values = self.viewport().width() - look.values
        self.viewport().update(QRect(values, 0, look.values, height))

    # --- painting --------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the kept pixmap, and on it what moves."""
        canvas, still = self._drawn()
        painter = QPainter(self.viewport())
        painter.setClipRegion(event.region())
        painter.drawPixmap(0, 0, still)
        if self._scale is not None:
            self._cursor_x = self._scale.x_of(self._frame())
            canvas.paint_loop(painter, self._drag.range)
            canvas.paint_values(painter, self._frame())
            canvas.paint_cursor(painter, self._frame(), focus=self.hasFocus())
            if self._hover is not None and not self._drag.active:
                canvas.paint_hover(painter, self._hover, self._row_at(self._hover.y()))
        painter.end()

    def _drawn(self) -> tuple[Canvas, QPixmap]:
        """Return the canvas and its pixmap, made now where they are not kept."""
        self._canvas = self._canvas or self._made_canvas()
        if self._still is None:
            self._still = self._paint_still(self._canvas)
        return self._canvas, self._still

    def _frame(self) -> int:
        last = len(self._scale) - 1 if self._scale is not None else 0
        return min(self._viewer.frame_index, last)

    def _made_canvas(self) -> Canvas:
        bundle = self._viewer.bundle
        manifest = None if bundle is None else bundle.manifest
        scenery = Scenery(
            rows=self._rows,
            scale=self._scale,
            timelines=self.timelines,
            thresholds={} if manifest is None else manifest.thresholds,
            best={row.key: self._best(row) for row in self._rows},
            selection=self._viewer.selection,
        )
        size = QSize(self.viewport().width(), self.viewport().height())
        look, colours = self._look(), theme.theme_of(self)
        font = theme.font(self.font())
        return Canvas(scenery, look, colours, size, self._offset(), font)

    def _best(self, row: Row) -> int | None:
        """Return the frame to mark; of the labels only where one is likely."""
        report = self._viewer.report
        if report is None or row.kind == "heading":
            return None
        label = report.biomarkers.get(row.key)
        if label is not None and label.probability < SURE:
            return None
        return best_frame(row.key, None, report)

    def _paint_still(self, canvas: Canvas) -> QPixmap:
        ratio = self.viewport().devicePixelRatioF()
        pixmap = QPixmap(self.viewport().size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        painter = QPainter(pixmap)
        canvas.paint_still(painter, ratio)
        painter.end()
        return pixmap

    def _row_at(self, y: float) -> Row | None:
        below = y - self._look().axis + self._offset()
        if y < self._look().axis:
            return None
        return next(
            (
                r
                for r in self._rows
                if r.top <= below < r.bottom and r.kind != "heading"
            ),
            None,
        )

    def _over_plot(self, x: float) -> bool:
        look = self._look()
        return look.names <= x < self.viewport().width() - look.values

    # --- the rest of Qt --------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew."""
        super().resizeEvent(event)
        self._arrange()

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: ARG002
        """Paint another part of the rows."""
        self._redraw()

    def changeEvent(self, event: QEvent) -> None:
        """Draw anew in another font or theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange):
            self._measures = None
            self._arrange()

    def value_shown(self, key: str) -> str:
        """Return the value written in a row for the frame that is shown."""
        timelines = self.timelines
        if timelines is None:
            return value_words(key, np.nan)
        return value_words(key, float(timelines.row(key)[self._frame()]))
