"""The image with everything laid over it: zoom, pan, measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsPixmapItem,
    QGraphicsScene,
    QGraphicsView,
    QWidget,
)

from lusviewer.findings import BIOMARKERS, INDEX, FrameFindings
from lusviewer.geometry import GridMap
from lusviewer.gui import readouts
from lusviewer.gui.measuring import (
    Measurement,
    Measurements,
    MeasuringItem,
    Point,
    end_near,
)
from lusviewer.gui.overlay import BeamItem, LabelItem, LinesItem, SaliencyItem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.clip import Clip
    from lusviewer.geometry import FrameGeometry
    from lusviewer.gui.layers import Layers
    from lusviewer.gui.viewer_model import ViewerModel

_ZOOM_STEP: Final = 1.25
_ZOOM_LIMITS: Final = (0.1, 40.0)
_SHORTEST_PX: Final = 3.0
"""A drag shorter than this, in px on screen, measures nothing."""


class ClipView(QGraphicsView):
    """The cine's image, its overlays and readouts.

    Signals
    -------
    measuring_changed(bool)
        The measuring tool was taken up or put down.
    """

    measuring_changed = Signal(bool)

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.measurements = Measurements(viewer.undo_stack, self)
        self._fitted = True
        self._measuring = False
        self._panning_from: QPoint | None = None
        self._drawing: Measurement | None = None
        self._held: tuple[int, int] | None = None
        self._chosen = -1
        self._saliency_key = ""
        self._pixels: NDArray[np.uint8] | None = None
        self._build_scene()
        self._set_up()
        self._connect()

    def _build_scene(self) -> None:
        scene = QGraphicsScene(self)
        scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self._image = QGraphicsPixmapItem()
        self._image.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
        self._labels = LabelItem()
        self._saliency = SaliencyItem()
        self._beam = BeamItem()
        self._lines = LinesItem()
        self._measures = MeasuringItem()
        items = (
            self._image,
            self._labels,
            self._saliency,
            self._beam,
            self._lines,
            self._measures,
        )
        for depth, item in enumerate(items):
            item.setZValue(depth)
            scene.addItem(item)
        self.setScene(scene)

    def _set_up(self) -> None:
        self.setAccessibleName(self.tr("Clip"))
        self.setAccessibleDescription(self.tr("The image of the frame with overlays"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumSize(240, 200)
        never = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setHorizontalScrollBarPolicy(never)
        self.setVerticalScrollBarPolicy(never)
        self.setTransformationAnchor(self.ViewportAnchor.AnchorUnderMouse)
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)
        self.setOptimizationFlags(
            self.OptimizationFlag.DontSavePainterState
            | self.OptimizationFlag.DontAdjustForAntialiasing
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)

    def _connect(self) -> None:
        viewer = self._viewer
        viewer.clip_opened.connect(self._on_clip_opened)
        viewer.clip_closed.connect(self._on_clip_closed)
        viewer.geometry_changed.connect(self._on_geometry)
        viewer.image_changed.connect(self._on_image)
        viewer.frame_changed.connect(self._on_frame)
        viewer.findings_changed.connect(self._on_findings)
        viewer.analysis_started.connect(self._show_findings)
        viewer.layers_changed.connect(self._on_layers)
        viewer.saliency_changed.connect(self._on_saliency)
        self.measurements.changed.connect(self._on_measurements)
        self._on_layers(viewer.layers)

    # --- what is shown ---------------------------------------------------

    @Slot(object)
    def _on_clip_opened(self, clip: Clip) -> None:
        self.measurements.forget()
        self._chosen = -1
        self._saliency.set_saliency(None)
        self._on_geometry(clip.geometry)
        self.fit()

    @Slot()
    def _on_clip_closed(self) -> None:
        self.measurements.forget()
        self._pixels = None
        self._image.setPixmap(QPixmap())
        self._saliency.set_saliency(None)
        self._on_geometry(None)

    @Slot(object)
    def _on_geometry(self, geometry: FrameGeometry | None) -> None:
        self._beam.set_geometry(geometry)
        self._measures.set_geometry(geometry)
        if geometry is not None:
            rows, columns = geometry.rows, geometry.columns
            room = QRectF(-columns, -rows, 3.0 * columns, 3.0 * rows)
            self.scene().setSceneRect(room)
        self._show_findings()

    @Slot(object, int)
    def _on_image(self, pixels: NDArray[np.uint8], _index: int) -> None:
        self._pixels = pixels
        self._image.setPixmap(QPixmap.fromImage(image_of(pixels)))
        if self._fitted:
            self._fit_now()

    @Slot(int)
    def _on_frame(self, _index: int) -> None:
        self._show_findings()

    @Slot(int)
    def _on_findings(self, _index: int) -> None:
        self._show_findings()

    @Slot(object)
    def _on_layers(self, layers: Layers) -> None:
        opacities = {
            name: layer.opacity
            for name, layer in layers.classes.items()
            if layers.shows(name)
        }
        self._labels.set_opacities(opacities)
        self._lines.set_opacities(opacities)
        self._beam.setVisible(layers.overlays)

    @Slot(object, str)
    def _on_saliency(self, saliency: NDArray[np.float32] | None, key: str) -> None:
        self._saliency_key = key if saliency is not None else ""
        self._saliency.set_saliency(saliency)
        self.viewport().update()

    def findings_shown(self) -> FrameFindings | None:
        """Return what was found in the frame that is wanted, None if not analysed."""
        return self._viewer.findings.get(self._viewer.frame_index)

    def _show_findings(self) -> None:
        found, geometry = self.findings_shown(), self._viewer.geometry
        if found is None or geometry is None:
            self._labels.set_labels(None)
            self._lines.set_lines(None, geometry)
        else:
            placed = placed_grid(geometry, found.masks.shape)
            self._labels.set_labels(found.masks.unpack(), placed)
            self._lines.set_lines(found.lines, geometry)
        self.viewport().update()

    # --- zoom and pan ----------------------------------------------------

    @Slot()
    def fit(self) -> None:
        """Show the whole frame, and keep doing so when the window changes."""
        self._fitted = True
        self._fit_now()

    @Slot()
    def zoom_in(self) -> None:
        """Enlarge about the middle."""
        self._zoom(_ZOOM_STEP, self.ViewportAnchor.AnchorViewCenter)

    @Slot()
    def zoom_out(self) -> None:
        """Reduce about the middle."""
        self._zoom(1 / _ZOOM_STEP, self.ViewportAnchor.AnchorViewCenter)

    @property
    def zoom(self) -> float:
        """Px of the screen per px of the clip."""
        return self.transform().m22()

    def _fit_now(self) -> None:
        geometry = self._viewer.geometry
        if geometry is not None:
            whole = QRectF(0.0, 0.0, geometry.columns, geometry.rows)
            self.fitInView(whole, Qt.AspectRatioMode.KeepAspectRatio)

    def _zoom(self, factor: float, anchor: QGraphicsView.ViewportAnchor) -> None:
        low, high = _ZOOM_LIMITS
        factor = min(max(self.zoom * factor, low), high) / self.zoom
        self._fitted = False
        self.setTransformationAnchor(anchor)
        self.scale(factor, factor)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the frame fitted if it was."""
        super().resizeEvent(event)
        if self._fitted:
            self._fit_now()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer."""
        steps = event.angleDelta().y() / 120.0
        if steps:
            self._zoom(_ZOOM_STEP**steps, self.ViewportAnchor.AnchorUnderMouse)
        event.accept()

    def _pan(self, to: QPoint) -> None:
        if self._panning_from is None:
            return
        moved = to - self._panning_from
        self._panning_from = to
        if moved.isNull():
            return
        self._fitted = False
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() - moved.x())
        down.setValue(down.value() - moved.y())

    # --- measuring -------------------------------------------------------

    @property
    def measuring(self) -> bool:
        """Whether a drag measures rather than pans."""
        return self._measuring

    @Slot(bool)
    def set_measuring(self, measuring: bool) -> None:  # noqa: FBT001 - a slot
        """Take up the measuring tool, or put it down."""
        if measuring == self._measuring:
            return
        self._measuring = measuring
        self._drawing = None
        shape = Qt.CursorShape.CrossCursor if measuring else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)
        self._on_measurements()
        self.measuring_changed.emit(measuring)

    @Slot()
    def delete_measurement(self) -> None:
        """Delete the measurement that is chosen, or else the last."""
        shown = self.measurements.shown
        if shown:
            index = self._chosen if self._chosen >= 0 else len(shown) - 1
            self.measurements.remove(index)

    @Slot()
    def _on_measurements(self) -> None:
        shown = self.measurements.shown
        if self._chosen >= len(shown):
            self._chosen = -1
        self._measures.set_shown(shown, self._drawing, self._chosen)
        self.viewport().update()

    def _point_at(self, position: QPointF) -> Point:
        """Return ``(row, column)`` under the pointer, kept within the frame."""
        geometry = self._viewer.geometry
        scene = self.mapToScene(position.toPoint())
        row, column = scene.y(), scene.x()
        if geometry is not None:
            row = min(max(row, 0.0), float(geometry.rows))
            column = min(max(column, 0.0), float(geometry.columns))
        return row, column

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of an end, start measuring, or start panning."""
        left = event.button() is Qt.MouseButton.LeftButton
        middle = event.button() is Qt.MouseButton.MiddleButton
        if self._viewer.clip is None or not (left or middle):
            super().mousePressEvent(event)
            return
        point = self._point_at(event.position())
        reach = 1.0 / max(self.zoom, 1e-6)
        held = end_near(self.measurements.shown, point, reach) if left else None
        if held is not None:
            self._held, self._chosen = held, held[0]
        elif left and self._measuring:
            self._chosen, self._drawing = -1, Measurement(point, point)
        else:
            self._chosen = -1 if left else self._chosen
            self._panning_from = event.position().toPoint()
        self._on_measurements()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with what the press began."""
        point = self._point_at(event.position())
        if self._held is not None:
            index, end = self._held
            moved = self.measurements.shown[index].moved(end, point)
            shown = self.measurements.shown
            rest = (*shown[:index], *shown[index + 1 :])
            self._drawing = moved
            self._measures.set_shown(rest, moved)
            self.viewport().update()
        elif self._drawing is not None:
            self._drawing = self._drawing.moved(1, point)
            self._on_measurements()
        else:
            self._pan(event.position().toPoint())
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish what the press began."""
        drawn, held = self._drawing, self._held
        self._drawing = self._held = self._panning_from = None
        if drawn is not None and held is not None:
            self.measurements.replace(held[0], drawn)
        elif drawn is not None and self._long_enough(drawn):
            self.measurements.add(drawn)
        self._on_measurements()
        event.accept()

    def _long_enough(self, drawn: Measurement) -> bool:
        rows = drawn.second[0] - drawn.first[0]
        columns = drawn.second[1] - drawn.first[1]
        return bool(np.hypot(rows, columns) * self.zoom >= _SHORTEST_PX)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit the frame, unless measuring."""
        if not self._measuring:
            self.fit()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete a measurement, put the tool down, zoom; leave the rest to others."""
        key = event.key()
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_measurement()
        elif key == Qt.Key.Key_Escape and self._measuring:
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
        rect: QRectF,  # noqa: ARG002
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
        readouts.frame_readout(painter, font, position, self.hint())
        found = self.findings_shown()
        if found is not None and self._viewer.layers.overlays:
            count = found.value("measured.b_line_count")
            if np.isfinite(count):
                readouts.count_readout(painter, font, size.x(), round(count))
        if self._measuring:
            readouts.bottom_hint(painter, font, size.y(), self._measuring_hint())
        if self._saliency_key:
            words = words_of(self._saliency_key)
            readouts.saliency_legend(painter, font, size, words)

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

    def _measuring_hint(self) -> str:
        if readouts.ruler_spacing_mm(self._viewer.geometry) is None:
            return self.tr("Drag to measure, in px: this clip is not calibrated")
        return self.tr("Drag to measure. Delete removes, Esc ends")

    def changeEvent(self, event: QEvent) -> None:
        """Draw anew in another font or theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange):
            self.viewport().update()


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """Return ``pixels``, gray or RGB, as an image that shares their memory."""
    flat = np.ascontiguousarray(pixels)
    rows, columns = flat.shape[:2]
    colour = flat.ndim == 3
    kind = QImage.Format.Format_RGB888 if colour else QImage.Format.Format_Grayscale8
    return QImage(flat.data, columns, rows, flat.strides[0], kind)


def placed_grid(geometry: FrameGeometry, shape: tuple[int, int]) -> QRectF:
    """Return the part of the scene that the model's grid of ``shape`` covers."""
    grid = GridMap.of(geometry)
    rows, columns = shape
    return QRectF(grid.left, grid.top, columns / grid.scale, rows / grid.scale)


def words_of(key: str) -> str:
    """Return a biomarker's words on screen."""
    return BIOMARKERS[INDEX[key]].label if key in INDEX else key
