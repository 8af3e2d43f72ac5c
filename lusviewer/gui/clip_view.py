"""The image with everything laid over it: zoom, pan, measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPixmap,
)
from PySide6.QtWidgets import (
    QGraphicsPixmapItem,
    QWidget,
)

from lusviewer.findings import BIOMARKERS, INDEX, FrameFindings
from lusviewer.geometry import GridMap
from lusviewer.gui import readouts
from lusviewer.gui.measuring import Measurements, MeasuringTool, Point
from lusviewer.gui.measuring_item import MeasuringItem
from lusviewer.gui.overlay import (
    BeamItem,
    LabelItem,
    LinesItem,
    SaliencyItem,
    beam_extent,
)
from lusviewer.gui.saliency_display import SALIENT_KEYS
from lusviewer.gui.zoom_view import ZoomView

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.clip import Clip
    from lusviewer.geometry import FrameGeometry
    from lusviewer.gui.layers import Layers
    from lusviewer.gui.viewer_model import ViewerModel

_PATCHES_UNDER_SALIENCY: Final = 0.4


class ClipView(ZoomView):
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
        self._tool = MeasuringTool(self.measurements, self)
        self._saliency_key = ""
        self._pixels: NDArray[np.uint8] | None = None
        self._add_items()
        self.setAccessibleName(self.tr("Clip"))
        self.setAccessibleDescription(self.tr("The image of the frame with overlays"))
        self.setMinimumSize(240, 200)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self._connect()

    def _add_items(self) -> None:
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
            self.scene().addItem(item)

    def _connect(self) -> None:
        viewer = self._viewer
        viewer.clip_opened.connect(self._on_clip_opened)
        viewer.clip_closed.connect(self._on_clip_closed)
        viewer.geometry_changed.connect(self._on_geometry)
        viewer.image_changed.connect(self._on_image)
        viewer.frame_changed.connect(self._on_frame)
        viewer.findings_changed.connect(self._on_findings)
        viewer.analysis_started.connect(self._show_findings)
        viewer.models_changed.connect(self._show_findings)
        viewer.selection_changed.connect(self._on_selection)
        viewer.layers_changed.connect(self._on_layers)
        viewer.saliency_changed.connect(self._on_saliency)
        self._tool.changed.connect(self._on_measurements)
        self._on_layers(viewer.layers)

    # --- what is shown ---------------------------------------------------

    @Slot(object)
    def _on_clip_opened(self, clip: Clip) -> None:
        self.measurements.open(clip.identity.path)
        self._saliency.set_saliency(None)
        self.start_fitted()
        self._on_geometry(clip.geometry)

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
            whole = QRectF(0.0, 0.0, geometry.columns, geometry.rows)
            self.set_extent(whole, beam_extent(geometry))
        self._show_findings()

    @Slot(object, int)
    def _on_image(self, pixels: NDArray[np.uint8], _index: int) -> None:
        self._pixels = pixels
        self._image.setPixmap(QPixmap.fromImage(image_of(pixels)))

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
        self.viewport().update()

    @Slot()
    def _on_selection(self) -> None:
        self.viewport().update()

    @Slot(object, str)
    def _on_saliency(self, saliency: NDArray[np.float32] | None, key: str) -> None:
        self._saliency_key = key if saliency is not None else ""
        self._saliency.set_saliency(saliency)
        # Patches under the map would only muddy its colours.
        self._labels.setOpacity(1.0 if saliency is None else _PATCHES_UNDER_SALIENCY)
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

    # --- measuring -------------------------------------------------------

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
        shape = Qt.CursorShape.CrossCursor if measuring else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)
        self.measuring_changed.emit(measuring)

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

    def _reach(self) -> float:
        return 1.0 / max(self.zoom, 1e-6)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of an end, start measuring, or start panning."""
        left = event.button() is Qt.MouseButton.LeftButton
        held = left and self._viewer.clip is not None
        if held and self._tool.press(self._point_at(event.position()), self._reach()):
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with what the press began."""
        if not self._tool.drag(self._point_at(event.position())):
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish what the press began."""
        if not self._tool.release(self._reach()):
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit the frame, unless measuring."""
        if not self.measuring:
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete a measurement, put the tool down, zoom; leave the rest to others."""
        key = event.key()
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
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
        if self.measuring:
            readouts.bottom_hint(painter, font, size.y(), self._measuring_hint())
        elif self._lacks_choice():
            words = self.tr("Choose a finding to see where the model looked for it")
            readouts.bottom_hint(painter, font, size.y(), words)
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
