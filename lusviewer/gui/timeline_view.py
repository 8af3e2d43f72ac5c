"""The biomarkers over time: click to land on a frame, drag to loop a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Slot
from PySide6.QtGui import (
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QFrame,
    QToolButton,
    QToolTip,
    QWidget,
)

from lusviewer.gui import theme
from lusviewer.gui.best_frame import best_frame
from lusviewer.gui.timeline_canvas import Canvas, Look, Scenery
from lusviewer.gui.timeline_drag import Kind, TimeDrag, loop_end_at
from lusviewer.gui.timeline_rows import (
    Row,
    TimeScale,
    biomarker,
    lay_out,
    thresholds_of,
    value_words,
)

if TYPE_CHECKING:
    from lusviewer.findings import Timelines
    from lusviewer.gui.viewer_model import ViewerModel

_CURVE_HEIGHTS: Final = (20, 46)


class TimelineView(QAbstractScrollArea):
    """One row a biomarker, tied to the cine by a cursor.

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
        self._drag = TimeDrag()
        self._hover: QPointF | None = None
        self._cursor_x = -1.0
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
        for changed in (
            viewer.findings_arrived,
            viewer.report_changed,
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
        return Look.of(self.fontMetrics())

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
        canvas = self._canvas or self._made_canvas()
        self._canvas = canvas
        if self._still is None:
            self._still = self._paint_still(canvas)
        painter = QPainter(self.viewport())
        painter.setClipRegion(event.region())
        painter.drawPixmap(0, 0, self._still)
        if self._scale is not None:
            self._cursor_x = self._scale.x_of(self._frame())
            canvas.paint_loop(painter, self._drag.range)
            canvas.paint_values(painter, self._frame())
            canvas.paint_cursor(painter, self._frame(), focus=self.hasFocus())
            if self._hover is not None and not self._drag.active:
                canvas.paint_hover(painter, self._hover, self._row_at(self._hover.y()))
        painter.end()

    def _frame(self) -> int:
        last = len(self._scale) - 1 if self._scale is not None else 0
        return min(self._viewer.frame_index, last)

    def _made_canvas(self) -> Canvas:
        bundle, report = self._viewer.bundle, self._viewer.report
        manifest = None if bundle is None else bundle.manifest
        scenery = Scenery(
            rows=self._rows,
            scale=self._scale,
            timelines=self.timelines,
            thresholds=thresholds_of(None if manifest is None else manifest.thresholds),
            best={
                row.key: best_frame(row.key, None, report)
                for row in self._rows
                if report is not None and row.kind != "heading"
            },
            selection=self._viewer.selection,
        )
        size = QSize(self.viewport().width(), self.viewport().height())
        look, colours = self._look(), theme.theme_of(self)
        return Canvas(scenery, look, colours, size, self._offset(), self.font())

    def _paint_still(self, canvas: Canvas) -> QPixmap:
        ratio = self.viewport().devicePixelRatioF()
        pixmap = QPixmap(self.viewport().size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        painter = QPainter(pixmap)
        canvas.paint_still(painter, ratio)
        painter.end()
        return pixmap

    # --- mouse and keys --------------------------------------------------

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

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select a row, seek, or take hold of an end of the loop."""
        x, y = event.position().x(), event.position().y()
        if event.button() is not Qt.MouseButton.LeftButton or self._scale is None:
            return
        row = self._row_at(y)
        if row is not None:
            self._viewer.select(row.key)
        if self._over_plot(x):
            on_axis = y < self._look().axis
            loop, now = self._viewer.loop, self._frame()
            self._show(self._drag.press(x, self._scale, now, loop, on_axis=on_axis))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with what the press began, or show the value under the pointer."""
        if self._scale is None:
            return
        x = event.position().x()
        if self._drag.active:
            self._show(self._drag.move(x, self._scale))
        else:
            over = self._over_plot(x)
            self._hover = event.position() if over else None
            end = loop_end_at(x, self._scale, self._viewer.loop)
            at_end = over and end is not Kind.NOTHING
            shape = (
                Qt.CursorShape.SizeHorCursor if at_end else Qt.CursorShape.ArrowCursor
            )
            self.viewport().setCursor(shape)
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Loop the range that was dragged."""
        if self._drag.release():
            self._viewer.set_loop(self._drag.range)
        self._hover = (
            event.position() if self._over_plot(event.position().x()) else None
        )
        self.viewport().update()

    def _show(self, frame: int | None) -> None:
        if frame is not None:
            self._viewer.set_frame(frame)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """On a name go to its best frame; on the plot end the loop."""
        row = self._row_at(event.position().y())
        if self._over_plot(event.position().x()):
            self._viewer.set_loop(None)
        elif row is not None:
            self._viewer.go_to_best_frame(row.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Select the row above or below, go to its best frame, step, end the loop."""
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._select_next(-1 if key == Qt.Key.Key_Up else 1)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._viewer.step(-1 if key == Qt.Key.Key_Left else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._viewer.selection:
            self._viewer.go_to_best_frame(self._viewer.selection)
        elif key == Qt.Key.Key_Escape:
            self._viewer.set_loop(None)
        else:
            event.ignore()

    def _select_next(self, step: int) -> None:
        keys = [row.key for row in self._rows if row.kind != "heading"]
        now = (
            keys.index(self._viewer.selection) if self._viewer.selection in keys else -1
        )
        key = keys[min(max(now + step, 0), len(keys) - 1)]
        self._viewer.select(key)
        self._scroll_to(key)

    def _scroll_to(self, key: str) -> None:
        row = self.row_of(key)
        if row is None:
            return
        bar = self.verticalScrollBar()
        room = self.viewport().height() - self._look().axis
        if row.top < bar.value():
            bar.setValue(row.top)
        elif row.bottom > bar.value() + room:
            bar.setValue(row.bottom - room)

    # --- the rest of Qt --------------------------------------------------

    def viewportEvent(self, event: QEvent) -> bool:
        """Tell a row's meaning in a tooltip; forget a pointer that left."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            row = self._row_at(event.pos().y())
            if row is not None and not self._over_plot(event.pos().x()):
                about = biomarker(row.key)
                words = f"<b>{about.label}</b><br>{about.description}"
                QToolTip.showText(event.globalPos(), words, self)
            else:
                QToolTip.hideText()
            return True
        if event.type() is QEvent.Type.Leave and self._hover is not None:
            self._hover = None
            self.viewport().update()
        return super().viewportEvent(event)

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
            self._arrange()

    def value_shown(self, key: str) -> str:
        """Return the value written in a row for the frame that is shown."""
        timelines = self.timelines
        if timelines is None:
            return value_words(key, np.nan)
        return value_words(key, float(timelines.row(key)[self._frame()]))
