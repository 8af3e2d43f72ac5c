"""What is written on the image: frame and time, hints, ruler, saliency legend.

Everything here draws in px of the viewport, whatever the zoom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QLinearGradient, QPainter, QPen

from lusviewer.gui import palette, theme
from lusviewer.gui.overlay import depth_axis

if TYPE_CHECKING:
    from PySide6.QtGui import QFontMetrics, QTransform

    from lusviewer.geometry import FrameGeometry

MARGIN: Final = 12.0
_TEXT: Final = QColor("#e9edf0")
_MUTED: Final = QColor("#aeb7bf")
_WARNING: Final = QColor("#f0c060")
_SHADE: Final = QColor(0, 0, 0, 165)
_LEGEND: Final = (132.0, 8.0)
_TICK_GAP_PX: Final = 26.0
"""The least room, in px on screen, between two numbers of the ruler."""


def tr(text: str) -> str:
    """Return ``text`` in the language of the window."""
    return QCoreApplication.translate("readouts", text)


def label(
    painter: QPainter,
    corner: QPointF,
    lines: list[tuple[str, QFont, QColor]],
) -> QRectF:
    """Write ``lines`` on a shaded plate at ``corner``; return the plate."""
    sizes = []
    for text, font, _ in lines:
        painter.setFont(font)
        metrics = painter.fontMetrics()
        sizes.append((metrics.horizontalAdvance(text), metrics.height()))
    width = max(width for width, _ in sizes) + 16.0
    height = sum(height for _, height in sizes) + 8.0
    plate = QRectF(corner.x(), corner.y(), width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_SHADE)
    painter.drawRoundedRect(plate, 5, 5)
    top = plate.top() + 4.0
    for (text, font, colour), (_, line_height) in zip(lines, sizes, strict=True):
        painter.setFont(font)
        painter.setPen(colour)
        box = QRectF(plate.left() + 8, top, width - 16, line_height)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)
        top += line_height
    return plate


def frame_readout(
    painter: QPainter,
    base: QFont,
    position: tuple[int, int, float],
    hint: str,
    b_lines: int | None,
) -> QRectF:
    """Write frame, number of frames, time, B-lines counted, and what is missing."""
    index, n_frames, time_s = position
    lines = [
        (f"{index + 1} / {n_frames}", theme.font(base, scale=1.25, bold=True), _TEXT),
        (tr("{time:.2f} s").format(time=time_s), theme.font(base), _MUTED),
    ]
    if b_lines is not None:
        words = tr("B-lines in this frame: {n}").format(n=b_lines)
        colour = palette.colour_of("b_line") if b_lines else _MUTED
        lines.append((words, theme.font(base, bold=b_lines > 0), colour))
    if hint:
        lines.append((hint, theme.font(base), _WARNING))
    return label(painter, QPointF(MARGIN, MARGIN), lines)


def bottom_hint(painter: QPainter, base: QFont, size: QPointF, words: str) -> None:
    """Write what the tool in hand does, in as many lines as it takes."""
    font = theme.font(base)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    lines = folded(words, metrics, size.x() - 2 * MARGIN - 16.0)
    height = len(lines) * metrics.height() + 8
    corner = QPointF(MARGIN, size.y() - MARGIN - height)
    label(painter, corner, [(line, font, _TEXT) for line in lines])


def folded(words: str, metrics: QFontMetrics, width: float) -> list[str]:
    """Return ``words`` as lines of at most ``width`` px, where a word allows it."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and metrics.horizontalAdvance(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def saliency_legend(painter: QPainter, base: QFont, size: QPointF, words: str) -> None:
    """Draw the scale of the saliency map, and what it is the saliency of."""
    small = theme.font(base, scale=0.92)
    painter.setFont(small)
    metrics = painter.fontMetrics()
    title = tr("The model looked here for")
    width = max(
        _LEGEND[0],
        metrics.horizontalAdvance(title),
        metrics.horizontalAdvance(words),
    )
    line = metrics.height()
    plate = QRectF(0, 0, width + 20, 3 * line + _LEGEND[1] + 16)
    plate.moveBottomRight(size - QPointF(MARGIN, MARGIN))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_SHADE)
    painter.drawRoundedRect(plate, 5, 5)
    inner = plate.adjusted(10, 6, -10, -6)
    painter.setPen(_MUTED)
    painter.drawText(inner, Qt.AlignmentFlag.AlignTop, title)
    painter.setPen(_TEXT)
    painter.drawText(inner.adjusted(0, line, 0, 0), Qt.AlignmentFlag.AlignTop, words)
    bar = QRectF(inner.left(), inner.top() + 2 * line + 3, inner.width(), _LEGEND[1])
    painter.fillRect(bar, _saliency_gradient(bar))
    painter.setPen(_MUTED)
    painter.drawText(inner, Qt.AlignmentFlag.AlignBottom, tr("less"))
    corner = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight
    painter.drawText(inner, corner, tr("more"))


def _saliency_gradient(bar: QRectF) -> QLinearGradient:
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    table = palette.saliency_table()
    for stop in range(0, 256, 15):
        gradient.setColorAt(stop / 255, QColor.fromRgba(table[stop]))
    return gradient


def ruler_spacing_mm(geometry: FrameGeometry | None) -> float | None:
    """Return mm per row along the beam, None where not calibrated."""
    if geometry is None:
        return None
    axis = depth_axis(geometry)
    top, bottom = (axis.y1(), axis.x1()), (axis.y2(), axis.x2())
    spacing = geometry.spacing_between(top, bottom)
    return None if spacing is None else spacing[0]


def depth_ruler(
    painter: QPainter,
    base: QFont,
    geometry: FrameGeometry,
    to_screen: QTransform,
    size: QPointF,
) -> bool:
    """Draw centimetres of depth beside the beam; false where not calibrated."""
    spacing_mm = ruler_spacing_mm(geometry)
    if spacing_mm is None:
        return False
    axis = depth_axis(geometry)
    start = to_screen.map(QPointF(geometry.region[3], axis.y1()))
    px_per_mm = to_screen.m22() / spacing_mm
    depth_mm = (axis.y2() - axis.y1()) * spacing_mm
    x = min(max(start.x() + 10.0, 40.0), size.x() - 34.0)
    every = 1 if px_per_mm * 10 >= _TICK_GAP_PX else 5
    painter.setFont(theme.font(base, scale=0.92))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    for half in range(int(depth_mm / 5.0) + 1):
        y = start.y() + half * 5.0 * px_per_mm
        if half % 2 and px_per_mm * 10 < 2 * _TICK_GAP_PX:
            continue
        whole = half % 2 == 0 and (half // 2) % every == 0
        _tick(painter, QPointF(x, y), 10.0 if whole else 5.0)
        if whole:
            _number(painter, QPointF(x + 14.0, y), half // 2)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    return True


def _tick(painter: QPainter, at: QPointF, length: float) -> None:
    for colour, offset in ((QColor(0, 0, 0, 180), 1.0), (_MUTED, 0.0)):
        painter.setPen(QPen(colour, 1.0))
        start = at + QPointF(0.0, offset)
        painter.drawLine(start, start + QPointF(length, 0.0))


def _number(painter: QPainter, at: QPointF, centimetres: int) -> None:
    words = f"{centimetres} cm" if centimetres == 0 else str(centimetres)
    box = QRectF(at.x(), max(at.y() - 8, 1.0), 60, 16)
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    painter.setPen(QColor(0, 0, 0, 200))
    painter.drawText(box.translated(1, 1), flags, words)
    painter.setPen(_MUTED)
    painter.drawText(box, flags, words)


def invitation(painter: QPainter, base: QFont, size: QPointF) -> None:
    """Say what can be opened while nothing is."""
    box = QRectF(0, 0, size.x(), size.y() - 30)
    painter.setPen(_MUTED)
    painter.setFont(theme.font(base, scale=1.5))
    centre = Qt.AlignmentFlag.AlignCenter
    painter.drawText(box, centre, tr("Drop a clip or a folder here"))
    painter.setFont(theme.font(base))
    words = tr("DICOM ultrasound, video or image - or press Ctrl+O")
    painter.drawText(box.translated(0, 34), centre, words)
