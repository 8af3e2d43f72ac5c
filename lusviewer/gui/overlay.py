"""What is laid over the image: label patches, saliency, lines and the beam's outline.

Scene coordinates are the clip's pixels: ``x = column + 0.5``, ``y = row + 0.5`` is
the centre of a pixel.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from lusviewer.gui import palette

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lusviewer.findings import Lines
    from lusviewer.geometry import FrameGeometry

_FILL: Final = 0.5
"""How much of a layer's opacity its patches get: the image must show through."""

_STEEPEST: Final = 1.75
"""Rows for each column that a pleura or its echo climbs at most: 60 degrees."""

_TICK_SHARE: Final = 0.06
"""An A-line is marked at the beam's sides, so that a mark hides nothing of it."""

_FINE_ENOUGH: Final = 200
"""Rows or columns that a saliency map, which is smooth, needs at least."""

_ROOM: Final = 0.03
"""The room left around the beam, as a share of it."""

_SMOOTH: Final = 5
_POINTS: Final = 80
_STRETCH_POINTS: Final = 8
_ACROSS_ROWS: Final = (0.0, 1.0)
_ALONG_ROWS: Final = (1.0, 0.0)


class _ImageItem(QGraphicsItem):
    """An image laid over a part of the scene, smoothly enlarged to fill it."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._bounds = QRectF()

    def boundingRect(self) -> QRectF:
        """Return the part of the scene that the image covers."""
        return self._bounds

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,  # noqa: ARG002
        widget: QWidget | None = None,  # noqa: ARG002
    ) -> None:
        """Draw the image."""
        if self._image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self._bounds, self._image)


class LabelItem(_ImageItem):
    """The dense label map of a frame, coloured by class, on the model's grid."""

    def __init__(self) -> None:
        super().__init__()
        self._indices: NDArray[np.uint8] | None = None
        self._table = palette.colour_table({})
        self._pixels: NDArray[np.uint8] | None = None

    def set_opacities(self, opacities: Mapping[str, float]) -> None:
        """Show each class with its opacity, 0 to 1; classes not named are clear."""
        faded = {name: value * _FILL for name, value in opacities.items()}
        self._table = palette.colour_table(faded)
        self._colour()

    def set_labels(
        self, labels: NDArray[np.uint8] | None, placed: QRectF | None = None
    ) -> None:
        """Show ``labels``, class indices of a grid that covers ``placed``."""
        self._indices = None if labels is None else with_edges(labels)
        if placed is not None and placed != self._bounds:
            self.prepareGeometryChange()
            self._bounds = QRectF(placed)
        self._colour()

    def _colour(self) -> None:
        self._image = None
        if self._indices is not None:
            self._pixels = softened(self._indices, self._table)
            rows, columns = self._indices.shape
            kind = QImage.Format.Format_ARGB32_Premultiplied
            self._image = QImage(self._pixels.data, columns, rows, columns * 4, kind)
        self.update()


def with_edges(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return ``labels`` with ``palette.EDGE`` added where a patch meets another."""
    edge = np.zeros(labels.shape, np.bool_)
    down = labels[1:] != labels[:-1]
    across = labels[:, 1:] != labels[:, :-1]
    edge[1:] |= down
    edge[:-1] |= down
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    return labels + edge * np.uint8(palette.EDGE)


def softened(indices: NDArray[np.uint8], table: list[int]) -> NDArray[np.uint8]:
    """Return premultiplied BGRA ``(rows, columns, 4)`` with its steps smoothed.

    Each pixel is mixed with its neighbours as 1-2-1, down and across.
    """
    argb = np.array(table, np.uint32)
    channels = np.stack([(argb >> shift) & 255 for shift in (0, 8, 16, 24)], axis=-1)
    channels[:, :3] = channels[:, :3] * channels[:, 3:] // 255
    image = channels.astype(np.uint16)[indices]
    image[1:-1] = (image[:-2] + 2 * image[1:-1] + image[2:]) >> 2
    image[:, 1:-1] = (image[:, :-2] + 2 * image[:, 1:-1] + image[:, 2:]) >> 2
    return image.astype(np.uint8)


def indexed_image(indices: NDArray[np.uint8], table: list[int]) -> QImage:
    """Return ``indices`` as an image that looks its colours up in ``table``."""
    flat = np.ascontiguousarray(indices)
    rows, columns = flat.shape
    image = QImage(flat.data, columns, rows, columns, QImage.Format.Format_Indexed8)
    image.setColorTable(table)
    return image


class SaliencyItem(_ImageItem):
    """Where the model looked, in colours that get lighter as it looked more."""

    def set_saliency(self, saliency: NDArray[np.float32] | None) -> None:
        """Show ``saliency``, 0 to 1 in the clip's own grid."""
        self.prepareGeometryChange()
        if saliency is None:
            self._image, self._bounds = None, QRectF()
        else:
            rows, columns = saliency.shape
            step = max(1, min(rows, columns) // _FINE_ENOUGH)
            coarse = saliency[::step, ::step]
            levels = np.clip(coarse * 255.0, 0.0, 255.0).astype(np.uint8)
            image = indexed_image(levels, palette.saliency_table())
            self._image = image.convertToFormat(
                QImage.Format.Format_ARGB32_Premultiplied
            )
            self._bounds = QRectF(0.0, 0.0, columns, rows)
        self.update()


class LinesItem(QGraphicsItem):
    """The measured lines: pleura, origin and axis of each B-line, A-line ticks."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: Lines | None = None
        self._geometry: FrameGeometry | None = None
        self._opacities: Mapping[str, float] = {}
        self._bounds = QRectF()

    def set_opacities(self, opacities: Mapping[str, float]) -> None:
        """Show the lines of each class with its opacity."""
        self._opacities = dict(opacities)
        self.update()

    def set_lines(self, lines: Lines | None, geometry: FrameGeometry | None) -> None:
        """Show ``lines``, which lie in the frame that ``geometry`` describes."""
        bounds = QRectF()
        if geometry is not None:
            bounds = QRectF(0.0, 0.0, geometry.columns, geometry.rows)
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds
        self._lines, self._geometry = lines, geometry
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the frame."""
        return self._bounds

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,  # noqa: ARG002
        widget: QWidget | None = None,  # noqa: ARG002
    ) -> None:
        """Draw the lines, as thin at any zoom, each over a dark halo."""
        if self._lines is None or self._geometry is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_a_lines(painter, self._lines, self._geometry)
        self._paint_pleura(painter, self._lines)
        self._paint_b_lines(painter, self._lines)

    def _paint_pleura(self, painter: QPainter, lines: Lines) -> None:
        if self._opacities.get("pleura") and len(lines.pleura_px) > 1:
            shapes = [polyline(part) for part in level_parts(thinned(lines.pleura_px))]
            self._stroke(painter, "pleura", shapes, _ACROSS_ROWS)

    def _paint_a_lines(
        self, painter: QPainter, lines: Lines, geometry: FrameGeometry
    ) -> None:
        if not self._opacities.get("a_line") or len(lines.pleura_px) < 2:
            return
        shapes = []
        pleura = thinned(lines.pleura_px)
        share = relative_depth(pleura, geometry)
        for depth in lines.a_line_depth_px.tolist():
            below = within_beam(displaced(pleura, depth * share, geometry), geometry)
            tick = max(2, round(len(below) * _TICK_SHARE))
            if parts := level_parts(below):
                shapes += [polyline(parts[0][:tick]), polyline(parts[-1][-tick:])]
        self._stroke(painter, "a_line", shapes, _ACROSS_ROWS)

    def _paint_b_lines(self, painter: QPainter, lines: Lines) -> None:
        if not self._opacities.get("b_line") or not len(lines.b_lines):
            return
        shapes = [polyline(line[:4].reshape(2, 2)) for line in lines.b_lines]
        self._stroke(painter, "b_line", shapes, _ALONG_ROWS)
        self._stroke(painter, "b_line", origins(lines), _ACROSS_ROWS)
        radius = 4.5 / _scale(painter)
        painter.setPen(_hairline(QColor(0, 0, 0, 200)))
        painter.setBrush(self._ink("b_line"))
        for row, column in lines.b_lines[:, :2].tolist():
            painter.drawEllipse(QPointF(column + 0.5, row + 0.5), radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _stroke(
        self,
        painter: QPainter,
        name: str,
        shapes: list[QPolygonF],
        side: tuple[float, float],
    ) -> None:
        """Draw lines of two px between dark ones, side by side.

        Each is a hairline: Qt draws those some twenty times faster than wider pens.
        """
        colour = self._ink(name)
        dark = QColor(0, 0, 0, round(150 * colour.alphaF()))
        px = 1.0 / _scale(painter)
        for offset, ink in ((-1.5, dark), (1.5, dark), (-0.5, colour), (0.5, colour)):
            painter.setPen(_hairline(ink))
            moved = QPointF(side[0], side[1]) * (offset * px)
            for shape in shapes:
                painter.drawPolyline(shape.translated(moved))

    def _ink(self, name: str) -> QColor:
        colour = palette.colour_of(name)
        colour.setAlphaF(min(1.0, 0.35 + self._opacities[name]))
        return colour


def _scale(painter: QPainter) -> float:
    return max(abs(painter.worldTransform().m22()), 1e-6)


def _hairline(colour: QColor) -> QPen:
    pen = QPen(colour, 1.0)
    pen.setCosmetic(True)
    return pen


def polyline(points: NDArray[np.floating]) -> QPolygonF:
    """Return ``(row, column)`` points as a line through the centres of their pixels."""
    return QPolygonF(
        [QPointF(column + 0.5, row + 0.5) for row, column in points.tolist()]
    )


def origins(lines: Lines) -> list[QPolygonF]:
    """Return the stretch of the pleura that each B-line leaves from."""
    if len(lines.pleura_px) < 2:
        return []
    pleura = thinned(lines.pleura_px)
    pleura = pleura[np.argsort(pleura[:, 1], kind="stable")]
    stretches = []
    for column, width in lines.b_lines[:, (1, 4)].tolist():
        columns = np.linspace(column - width / 2, column + width / 2, _STRETCH_POINTS)
        rows = np.interp(columns, pleura[:, 1], pleura[:, 0])
        stretches.append(polyline(np.column_stack((rows, columns))))
    return stretches


def thinned(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``points`` smoothed and thinned to what the eye can follow."""
    if len(points) <= 2 * _SMOOTH:
        return points
    weights = np.ones(_SMOOTH) / _SMOOTH
    padded = np.pad(points[:, 0], _SMOOTH // 2, mode="edge")
    smooth = np.column_stack((np.convolve(padded, weights, "valid"), points[:, 1]))
    step = max(1, len(points) // _POINTS)
    kept = np.unique(np.r_[np.arange(0, len(points), step), len(points) - 1])
    thin: NDArray[np.float32] = smooth[kept].astype(np.float32)
    return thin


def level_parts(points: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return the parts of a line between its jumps: no echo of a pleura stands upright.

    A jump is steeper than a pleura at the edge of a wide fan.
    """
    rows, columns = np.abs(np.diff(points, axis=0)).T
    jumps = np.flatnonzero(rows > _STEEPEST * columns) + 1
    return [part for part in np.split(points, jumps) if len(part) > 1]


def within_beam(
    points: NDArray[np.float32], geometry: FrameGeometry
) -> NDArray[np.float32]:
    """Return the ``points`` that lie in the beam, in their order."""
    rows, columns = np.rint(points).astype(np.intp).T
    inside = (rows >= 0) & (rows < geometry.rows)
    inside &= (columns >= 0) & (columns < geometry.columns)
    inside[inside] = geometry.beam_mask()[rows[inside], columns[inside]]
    held: NDArray[np.float32] = points[inside]
    return held


def relative_depth(
    pleura: NDArray[np.float32], geometry: FrameGeometry
) -> NDArray[np.float32]:
    """Return each point's depth over the median: an A-line echoes at its multiples."""
    if geometry.sector is None:
        depth = pleura[:, 0] - geometry.region[0]
    else:
        ray = pleura - np.asarray(geometry.sector.apex_px, np.float32)
        depth = np.linalg.norm(ray, axis=1) - geometry.sector.radii_px[0]
    depth = np.maximum(depth, 1.0)
    share: NDArray[np.float32] = (depth / np.median(depth)).astype(np.float32)
    return share


def displaced(
    points: NDArray[np.float32], depths_px: NDArray[np.float32], geometry: FrameGeometry
) -> NDArray[np.float32]:
    """Return ``points`` moved ``depths_px`` away from the probe, along the beam."""
    moved = points.astype(np.float32, copy=True)
    if geometry.sector is None:
        moved[:, 0] += depths_px
        return moved
    apex = np.asarray(geometry.sector.apex_px, np.float32)
    ray = moved - apex
    length = np.maximum(np.linalg.norm(ray, axis=1, keepdims=True), 1e-6)
    shifted: NDArray[np.float32] = moved + ray / length * depths_px[:, None]
    return shifted


class BeamItem(QGraphicsItem):
    """A faint outline of where the beam is."""

    def __init__(self) -> None:
        super().__init__()
        self._path = QPainterPath()

    def set_geometry(self, geometry: FrameGeometry | None) -> None:
        """Outline the beam of ``geometry``; nothing where it fills the frame."""
        self.prepareGeometryChange()
        self._path = QPainterPath()
        if geometry is not None and geometry.beam_from != "frame":
            self._path = beam_path(geometry)
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the outline's bounds."""
        return self._path.boundingRect().adjusted(-1, -1, 1, 1)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,  # noqa: ARG002
        widget: QWidget | None = None,  # noqa: ARG002
    ) -> None:
        """Draw the outline, one device px wide."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(_hairline(QColor(255, 255, 255, 62)))
        painter.drawPath(self._path)


def beam_path(geometry: FrameGeometry) -> QPainterPath:
    """Return the outline of the beam in scene coordinates."""
    top, left, bottom, right = geometry.region
    box = QPainterPath()
    box.addRect(QRectF(left, top, right - left, bottom - top))
    if geometry.sector is None:
        return box
    sector = geometry.sector
    angles = np.linspace(*sector.angles_rad, 48)
    near = [_on_arc(sector.apex_px, sector.radii_px[0], a) for a in angles]
    far = [_on_arc(sector.apex_px, sector.radii_px[1], a) for a in angles[::-1]]
    fan = QPainterPath()
    fan.addPolygon(QPolygonF([*near, *far]))
    fan.closeSubpath()
    return fan.intersected(box)


def _on_arc(apex: tuple[float, float], radius: float, angle: float) -> QPointF:
    row = apex[0] + radius * math.cos(angle)
    column = apex[1] + radius * math.sin(angle)
    return QPointF(column + 0.5, row + 0.5)


def beam_extent(geometry: FrameGeometry) -> QRectF:
    """Return the part of the scene to look at: the beam with a little room."""
    whole = QRectF(0.0, 0.0, geometry.columns, geometry.rows)
    if geometry.beam_from == "frame":
        return whole
    beam = beam_path(geometry).boundingRect()
    room = _ROOM * max(beam.width(), beam.height())
    return beam.adjusted(-room, -room, room, room) & whole


def depth_axis(geometry: FrameGeometry) -> QLineF:
    """Return the line from the probe to the deepest point, down the middle."""
    top, left, bottom, right = geometry.region
    middle = (left + right) / 2
    if geometry.sector is not None:
        apex_row, middle = geometry.sector.apex_px
        top = max(top, round(apex_row + geometry.sector.radii_px[0]))
        bottom = min(bottom, round(apex_row + geometry.sector.radii_px[1]) + 1)
    return QLineF(middle + 0.5, top, middle + 0.5, bottom)
