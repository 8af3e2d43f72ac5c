"""The image with everything laid over it: zoom, pan, measure, draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter

from lusviewer.findings import BIOMARKERS, INDEX
from lusviewer.gui import readouts
from lusviewer.gui.frame_view import FrameView
from lusviewer.gui.measuring import Measurements, MeasuringTool, Point
from lusviewer.gui.measuring_item import MeasuringItem
from lusviewer.gui.pointing import Touch
from lusviewer.gui.saliency_display import SALIENT_KEYS

if TYPE_CHECKING:
    from PySide6.QtWidgets import QGraphicsItem, QWidget

    from lusviewer.clip import Clip
    from lusviewer.gui.pointing import Tool
    from lusviewer.gui.viewer_model import ViewerModel


class ClipView(FrameView):
    """The cine's image, its overlays and readouts, and the tools that work on it.

    Signals
    -------
    measuring_changed(bool)
        The measuring tool was taken up or put down.
    """

    measuring_changed = Signal(bool)

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(viewer, parent)
        self.measurements = Measurements(viewer.undo_stack, self)
        self._tool = MeasuringTool(self.measurements, self)
        self._pen: Tool | None = None
        self._measures = MeasuringItem()
        self.lay_over(self._measures)
        self.setAccessibleName(self.tr("Clip"))
        self.setAccessibleDescription(self.tr("The image of the frame with overlays"))
        self.setMinimumSize(240, 200)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        viewer.clip_opened.connect(self._measure_clip)
        viewer.clip_closed.connect(self._measure_clip)
        viewer.geometry_changed.connect(self._measures.set_geometry)
        self._tool.changed.connect(self._on_measurements)

    @Slot()
    def _measure_clip(self) -> None:
        clip = self._viewer.clip
        self._measures.set_geometry(self._viewer.geometry)
        if clip is None:
            self.measurements.forget()
        else:
            self.measurements.open(clip.identity.path)

    # --- tools -----------------------------------------------------------

    def take_tool(self, tool: Tool, item: QGraphicsItem) -> None:
        """Let ``tool`` have the pointer while it is active; ``item`` shows its work."""
        self._pen = tool
        self.lay_over(item)

    @property
    def drawing(self) -> bool:
        """Whether clicks draw."""
        return self._pen is not None and self._pen.active

    @property
    def own_keys(self) -> frozenset[Qt.Key]:
        """The keys of the tool in hand, before the shortcuts of the window."""
        if self._pen is not None and self._pen.active:
            return self._pen.keys
        # Esc puts the tool down; only then does it stop an analysis.
        return frozenset({Qt.Key.Key_Escape} if self.measuring else ())

    @Slot()
    def show_tool(self) -> None:
        """Show what the tool given by ``take_tool`` changed."""
        if self.drawing:
            self.set_measuring(False)
        self.step_back(behind=self.drawing)
        self._show_cursor()
        self.viewport().update()

    def _show_cursor(self) -> None:
        shape = Qt.CursorShape.ArrowCursor
        if self._pen is not None and self._pen.active:
            shape = self._pen.cursor
        elif self.measuring:
            shape = Qt.CursorShape.CrossCursor
        if self.viewport().cursor().shape() != shape:
            self.viewport().setCursor(shape)

    @property
    def measuring(self) -> bool:
        """Whether a drag measures rather than pans."""
        return self._tool.active

    @Slot(bool)
    def set_measuring(self, measuring: bool) -> None:  # noqa: FBT001 - a slot
        """Take up the measuring tool, or put it down."""
        if measuring == self._tool.active:
            return
        self._tool.take_up(active=measuring)
        self.measuring_changed.emit(measuring)
        self._show_cursor()

    @Slot()
    def delete_measurement(self) -> None:
        """Delete the measurement that is chosen, or else the last."""
        self._tool.delete()

    @Slot()
    def _on_measurements(self) -> None:
        tool = self._tool
        self._measures.set_shown(tool.shown, tool.drawing, tool.chosen)
        self.viewport().update()

    def _point_at(self, position: QPointF) -> Point:
        """Return ``(row, column)`` under the pointer, kept within the frame."""
        inverse, _ = self.viewportTransform().inverted()
        scene = inverse.map(position)
        row, column = scene.y(), scene.x()
        geometry = self._viewer.geometry
        if geometry is not None:
            row = min(max(row, 0.0), float(geometry.rows))
            column = min(max(column, 0.0), float(geometry.columns))
        return row, column

    def _touch(self, event: QMouseEvent) -> Touch:
        row, column = self._point_at(event.position())
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        return Touch(column - 0.5, row - 0.5, self._reach(), alt)

    def _reach(self) -> float:
        return 1.0 / max(self.zoom, 1e-6)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Draw, take hold of an end, start measuring, or start panning."""
        left = event.button() is Qt.MouseButton.LeftButton
        if left and self._viewer.clip is not None and self._pressed(event):
            event.accept()
        else:
            super().mousePressEvent(event)

    def _pressed(self, event: QMouseEvent) -> bool:
        if self._pen is not None and self._pen.press(self._touch(event)):
            return True
        return self._tool.press(self._point_at(event.position()), self._reach())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with what the press began."""
        if self._pen is not None and self._pen.move(self._touch(event)):
            event.accept()
        elif not self._tool.drag(self._point_at(event.position())):
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish what the press began."""
        left = event.button() is Qt.MouseButton.LeftButton
        drew = left and self._pen is not None and self._pen.release(self._touch(event))
        if not drew and not self._tool.release(self._reach()):
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """End a line that is drawn; fit the frame unless measuring."""
        left = event.button() is Qt.MouseButton.LeftButton
        drew = left and self._pen is not None and self._pen.double(self._touch(event))
        if not drew and not self.measuring:
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete a measurement, put the tool down, zoom; leave the rest to others."""
        key = event.key()
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if self._pen is not None and self._pen.key(key, alt=alt):
            event.accept()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_measurement()
        elif key == Qt.Key.Key_Escape and self.measuring:
            self.set_measuring(False)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_in()
        elif key == Qt.Key.Key_Minus:
            self.zoom_out()
        else:
            event.ignore()

    # --- readouts --------------------------------------------------------

    def drawForeground(
        self,
        painter: QPainter,
        rect: QRectF | QRect,  # noqa: ARG002
    ) -> None:
        """Write the readouts over everything, in px of the viewport."""
        to_screen = self.viewportTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        size = QPointF(self.viewport().width(), self.viewport().height())
        clip, geometry = self._viewer.clip, self._viewer.geometry
        if clip is None or geometry is None:
            readouts.invitation(painter, self.font(), size)
        else:
            readouts.depth_ruler(painter, self.font(), geometry, to_screen, size)
            self._paint_readouts(painter, clip, size)
        painter.restore()

    def _paint_readouts(self, painter: QPainter, clip: Clip, size: QPointF) -> None:
        index, font = self._viewer.frame_index, self.font()
        position = (index, len(clip), float(clip.frame_times_s[index]))
        readouts.frame_readout(painter, font, position, self.hint(), self.b_lines())
        words = self._tool_hint()
        if words:
            readouts.bottom_hint(painter, font, size, words)
        if self._saliency_key:
            words = words_of(self._saliency_key)
            readouts.saliency_legend(painter, font, size, words)

    def b_lines(self) -> int | None:
        """Return how many B-lines are counted in the frame, None where not known."""
        found = self.findings_shown()
        count = np.nan if found is None else found.value("measured.b_line_count")
        return round(count) if np.isfinite(count) else None

    def hint(self) -> str:
        """Return what is missing of the frame that is shown, "" if nothing is."""
        clip = self._viewer.clip
        if clip is None:
            return ""
        if self._viewer.frame_index in clip.broken:
            return self.tr("this frame does not decode")
        if self.findings_shown() is None:
            return self.tr("not analysed yet")
        return ""

    def _lacks_choice(self) -> bool:
        """Return whether saliency is asked for of nothing that has any."""
        viewer = self._viewer
        return viewer.layers.saliency and viewer.selection not in SALIENT_KEYS

    def _tool_hint(self) -> str:
        if self._pen is not None and self._pen.active:
            return self._pen.hint()
        if self.measuring:
            return self._measuring_hint()
        if self._lacks_choice():
            return self.tr("Choose a finding to see where the model looked for it")
        return ""

    def _measuring_hint(self) -> str:
        if readouts.ruler_spacing_mm(self._viewer.geometry) is None:
            return self.tr("Drag to measure, in px: this clip is not calibrated")
        return self.tr("Drag to measure. Delete removes, Esc ends")

    def changeEvent(self, event: QEvent) -> None:
        """Draw anew in another font or theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange):
            self.viewport().update()


def words_of(key: str) -> str:
    """Return a biomarker's words on screen."""
    return BIOMARKERS[INDEX[key]].label if key in INDEX else key
