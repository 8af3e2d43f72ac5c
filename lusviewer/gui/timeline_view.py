"""The biomarkers over time: click to land on a frame, drag to loop a part."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip

from lusviewer.gui.timeline_area import TimelineArea
from lusviewer.gui.timeline_drag import Kind, loop_end_at
from lusviewer.gui.timeline_rows import biomarker


class TimelineView(TimelineArea):
    """One row a biomarker, tied to the cine by a cursor."""

    # --- mouse and keys --------------------------------------------------

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
