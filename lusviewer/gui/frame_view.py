"""The image of a frame with everything the model found laid over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QRectF, Qt, Slot
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPixmapItem, QWidget

from lusviewer.geometry import GridMap
from lusviewer.gui.overlay import (
    BeamItem,
    LabelItem,
    LinesItem,
    SaliencyItem,
    beam_extent,
)
from lusviewer.gui.zoom_view import ZoomView

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.clip import Clip
    from lusviewer.findings import FrameFindings
    from lusviewer.geometry import FrameGeometry
    from lusviewer.gui.layers import Layers
    from lusviewer.gui.viewer_model import ViewerModel

_PATCHES_UNDER_SALIENCY: Final = 0.4
_STEPPED_BACK: Final = 0.3
"""How much is left of the overlay while a person draws."""


class FrameView(ZoomView):
    """The frame that the viewer shows, the beam's outline and the overlays."""

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._saliency_key = ""
        self._pixels: NDArray[np.uint8] | None = None
        self._stepped_back = False
        self._image = QGraphicsPixmapItem()
        self._image.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
        self._labels = LabelItem()
        self._saliency = SaliencyItem()
        self._beam = BeamItem()
        self._lines = LinesItem()
        for item in (
            self._image,
            self._labels,
            self._saliency,
            self._beam,
            self._lines,
        ):
            self.lay_over(item)
        self._follow()

    def lay_over(self, item: QGraphicsItem) -> None:
        """Show ``item`` over all that is there."""
        item.setZValue(len(self.scene().items()))
        self.scene().addItem(item)

    def _follow(self) -> None:
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
        self._on_layers(viewer.layers)

    @Slot(object)
    def _on_clip_opened(self, clip: Clip) -> None:
        self._saliency.set_saliency(None)
        self.start_fitted()
        self._on_geometry(clip.geometry)

    @Slot()
    def _on_clip_closed(self) -> None:
        self._pixels = None
        self._image.setPixmap(QPixmap())
        self._saliency.set_saliency(None)
        self._on_geometry(None)

    @Slot(object)
    def _on_geometry(self, geometry: FrameGeometry | None) -> None:
        self._beam.set_geometry(geometry)
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
        self._fade()
        self.viewport().update()

    def step_back(self, *, behind: bool) -> None:
        """Let the overlay step back ``behind`` what a person draws, or come forth."""
        self._stepped_back = behind
        self._fade()

    def _fade(self) -> None:
        shown = _STEPPED_BACK if self._stepped_back else 1.0
        self._lines.setOpacity(shown)
        # Patches under the map would only muddy its colours.
        under = _PATCHES_UNDER_SALIENCY if self._saliency_key else 1.0
        self._labels.setOpacity(min(shown, under))

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
