"""The clip view as a picture that says what it is, wherever it is passed on to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QBuffer, QIODevice, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from lusviewer import __version__
from lusviewer.gui import theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from lusviewer.findings import ClipReport

_GROUND: Final = QColor("#000000")
_INK: Final = QColor("#d6dce1")
_MARGIN: Final = 8


def signed_picture(view: QWidget, report: ClipReport | None, edited: int) -> bytes:
    """Return ``view`` as PNG with its origin written below it and in its metadata.

    ``edited`` is how many biomarkers a person set.
    """
    from lusviewer.export.tabular import DISCLAIMER  # noqa: PLC0415 - when needed

    origin = origin_words(report, edited)
    picture = view.grab().toImage()
    signed = _with_foot(picture, [DISCLAIMER, origin], view)
    signed.setText("Disclaimer", DISCLAIMER)
    signed.setText("Source", origin)
    if report is not None:
        signed.setText("Model SHA-256", report.model.sha256)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    signed.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def origin_words(report: ClipReport | None, edited: int) -> str:
    """Return program, model, device, and what a person did, as every export does."""
    parts = [f"lusviewer {__version__}"]
    if report is None:
        return f"{parts[0]}, not analysed"
    model = report.model
    parts += [f"{model.name} {model.version}", f"SHA-256 {model.sha256[:16]}"]
    parts += [model.provider, f"{edited} values set by a person"]
    return ", ".join(parts)


def _with_foot(picture: QImage, lines: list[str], view: QWidget) -> QImage:
    ratio = picture.devicePixelRatio()
    font = theme.font(view.font(), scale=0.92)
    painter = QPainter(picture)
    painter.setFont(font)
    box = QRect(_MARGIN, 0, view.width() - 2 * _MARGIN, 10_000)
    flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft
    text = "\n".join(lines)
    height = painter.boundingRect(box, flags, text).height() + 2 * _MARGIN
    painter.end()
    rows = picture.height() + round(height * ratio)
    signed = QImage(picture.width(), rows, QImage.Format.Format_RGB32)
    signed.setDevicePixelRatio(ratio)
    signed.fill(_GROUND)
    painter = QPainter(signed)
    painter.drawImage(0, 0, picture)
    painter.setFont(font)
    painter.setPen(_INK)
    painter.drawText(box.translated(0, view.height() + _MARGIN), flags, text)
    painter.end()
    return signed
