"""How a clip in a list is painted: its ground, its picture, its badges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from lusviewer.gui.theme import font, theme_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtWidgets import QWidget


def paint_ground(
    painter: QPainter, option: QStyleOptionViewItem, box: QRect, *, marked: bool
) -> None:
    """Paint what lies under a row: ``marked``, under the pointer, with the focus."""
    theme = theme_of(option.widget)
    hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
    focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
    painter.setPen(Qt.PenStyle.NoPen)
    if marked or hovered:
        painter.setBrush(theme.colour("accent_soft" if marked else "hover"))
        painter.drawRoundedRect(box, 6, 6)
    if focused:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(theme.colour("accent"))
        painter.drawRoundedRect(box, 6, 6)


def paint_picture(
    painter: QPainter, box: QRect, pixmap: QPixmap, view: QWidget
) -> None:
    """Paint a picture as large as ``box`` allows, on black."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme_of(view).stage))
    painter.drawRoundedRect(box, 4, 4)
    if pixmap.isNull():
        return
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    size = pixmap.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
    target = QRect(box.topLeft(), size)
    target.moveCenter(box.center())
    painter.drawPixmap(target, pixmap)


def paint_badge(
    painter: QPainter, box: QRect, x: int, text: str, colour: QColor
) -> int:
    """Paint a badge at ``x`` and return the room it took."""
    painter.setFont(font(painter.font(), bold=True))
    width = max(box.height(), painter.fontMetrics().horizontalAdvance(text) + 10)
    place = QRect(x, box.top(), width, box.height())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(place, 5, 5)
    painter.setPen(QColor("black" if colour.lightness() > 110 else "white"))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
    return width + 4


def elided(painter: QPainter, text: str, width: int, *, middle: bool = False) -> str:
    """Return ``text``, shortened to ``width`` px at its end or in its middle."""
    mode = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
    return painter.fontMetrics().elidedText(text, mode, width)


def pixmap_of(picture: NDArray[np.uint8]) -> QPixmap:
    """Return grey levels ``(rows, columns)`` as a picture to paint."""
    rows, columns = picture.shape
    image = QImage(
        picture.tobytes(), columns, rows, columns, QImage.Format.Format_Grayscale8
    )
    return QPixmap.fromImage(image)
