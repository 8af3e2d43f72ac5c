"""A view that fits, zooms at the pointer and pans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Slot
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QResizeEvent, QWheelEvent
    from PySide6.QtWidgets import QWidget

_STEP: Final = 1.25
_LIMITS: Final = (0.1, 40.0)


class ZoomView(QGraphicsView):
    """Shows the part of a picture that matters, until somebody zooms or pans."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = QRectF()
        self._part = QRectF()
        self._fitted_to: QRectF | None = self._part
        self._panning_from: QPoint | None = None
        scene = QGraphicsScene(self)
        scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.setScene(scene)
        self.setFrameShape(QFrame.Shape.NoFrame)
        never = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setHorizontalScrollBarPolicy(never)
        self.setVerticalScrollBarPolicy(never)
        self.setTransformationAnchor(self.ViewportAnchor.NoAnchor)
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)
        self.setOptimizationFlags(
            self.OptimizationFlag.DontSavePainterState
            | self.OptimizationFlag.DontAdjustForAntialiasing
        )

    def set_extent(self, whole: QRectF, part: QRectF) -> None:
        """Take the size of the picture, and the ``part`` of it that matters.

        The picture can be moved as far again each way.
        """
        self._whole, self._part = whole, part
        across, down = whole.width(), whole.height()
        self.scene().setSceneRect(whole.adjusted(-across, -down, across, down))
        if self._fitted_to is not None:
            self._fitted_to = part
            self._fit_now()

    def start_fitted(self) -> None:
        """Fit the part that matters of the picture that comes next."""
        self._fitted_to = self._part

    @property
    def zoom(self) -> float:
        """Px of the screen per px of the picture."""
        return self.transform().m22()

    @Slot()
    def fit(self) -> None:
        """Show the part that matters, also when the window changes.

        Asked for once more, show the whole picture.
        """
        again = self._fitted_to == self._part
        self._fitted_to = self._whole if again else self._part
        self._fit_now()

    @Slot()
    def zoom_in(self) -> None:
        """Enlarge about the middle."""
        self._zoom_at(_STEP, self._middle())

    @Slot()
    def zoom_out(self) -> None:
        """Reduce about the middle."""
        self._zoom_at(1 / _STEP, self._middle())

    def _fit_now(self) -> None:
        if self._fitted_to is not None and not self._fitted_to.isEmpty():
            self.fitInView(self._fitted_to, Qt.AspectRatioMode.KeepAspectRatio)

    def _zoom_at(self, factor: float, at: QPointF) -> None:
        """Enlarge by ``factor``; what lies ``at`` a point of the viewport stays."""
        low, high = _LIMITS
        factor = min(max(self.zoom * factor, low), high) / self.zoom
        inverse, _ = self.viewportTransform().inverted()
        place = inverse.map(at)
        self._fitted_to = None
        self.scale(factor, factor)
        self._scroll(self.viewportTransform().map(place) - at)

    def _scroll(self, by: QPointF) -> None:
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() + round(by.x()))
        down.setValue(down.value() + round(by.y()))

    def _middle(self) -> QPointF:
        return QPointF(self.viewport().width() / 2, self.viewport().height() / 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep it fitted if it was."""
        super().resizeEvent(event)
        self._fit_now()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer."""
        steps = event.angleDelta().y() / 120.0
        if steps:
            self._zoom_at(_STEP**steps, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start panning."""
        buttons = Qt.MouseButton
        if event.button() in (
            buttons.LeftButton,
            buttons.MiddleButton,
            buttons.RightButton,
        ):
            self._panning_from = event.position().toPoint()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan."""
        if self._panning_from is not None:
            to = event.position().toPoint()
            moved, self._panning_from = to - self._panning_from, to
            if not moved.isNull():
                self._fitted_to = None
                self._scroll(QPointF(-moved))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Stop panning."""
        self._panning_from = None
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit."""
        self.fit()
        event.accept()
