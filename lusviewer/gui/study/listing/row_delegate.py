"""How a clip of the library is painted: few strokes, nothing asked for twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import (
    QCoreApplication,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from lusviewer.gui.palette import colour_of
from lusviewer.gui.row_paint import elided, paint_ground, paint_picture
from lusviewer.gui.study.listing.work import SEVERITY
from lusviewer.gui.task_words import NOT_ASSESSABLE
from lusviewer.gui.theme import SPACE, Theme, font, theme_of

if TYPE_CHECKING:
    from lusviewer.gui.study.listing.clip_list import ClipListModel
    from lusviewer.gui.study.listing.pictures import Pictures
    from lusviewer.gui.study.listing.work import Row

_Index = QModelIndex | QPersistentModelIndex

_AROUND: Final = 16
_PICTURE: Final = 54
_BADGE: Final = 17
_SECOND: Final = 19
"""Where the second line begins, at least."""
_GAP: Final = 3
_SMALL: Final = 0.9
_SHORT: Final = {
    "finding.a_lines": "A",
    "finding.b_lines": "B",
    "finding.consolidation": "C",
    "finding.effusion": "E",
    "finding.pleural_irregularity": "P",
}


@dataclass(frozen=True, slots=True)
class Lines:
    """How high the parts of a row are, in px: they grow with the font."""

    second: int
    badge: int
    text: int

    @staticmethod
    def of(metrics: QFontMetrics) -> Lines:
        """Return the heights for a font; the picture needs its own at least."""
        high = metrics.height()
        second = max(_SECOND, high + 2)
        badge = max(_BADGE, round(_SMALL * high) + _GAP)
        text = second + round(_SMALL * high) + _GAP + badge
        return Lines(second, badge, max(_PICTURE, text))


class RowDelegate(QStyledItemDelegate):
    """Paints a clip: picture, name, whose it is, what was said and predicted of it."""

    def __init__(self, clips: ClipListModel, pictures: Pictures) -> None:
        super().__init__(clips)
        self._clips, self._pictures = clips, pictures
        self._fonts: dict[str, tuple[QFont, QFont, QFont, QFont]] = {}

    def sizeHint(self, option: QStyleOptionViewItem, _index: _Index) -> QSize:
        """Return the room of one clip."""
        return QSize(200, Lines.of(option.fontMetrics).text + _AROUND)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: _Index
    ) -> None:
        """Paint the clip at ``index``, or its outlines while it is being read."""
        row = self._clips.row(index.row())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = option.rect.adjusted(SPACE // 2, 1, -SPACE // 2, -1)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        paint_ground(painter, option, box, marked=chosen)
        picture = QRect(box.left() + SPACE, 0, _PICTURE, _PICTURE)
        picture.moveTop(box.top() + (box.height() - _PICTURE) // 2)
        high = Lines.of(option.fontMetrics).text
        text = QRect(picture.right() + SPACE + 3, 0, 0, high)
        text.moveTop(box.top() + (box.height() - high) // 2)
        text.setRight(box.right() - SPACE)
        if row is None:
            self._paint_outlines(painter, picture, text, theme_of(option.widget))
        else:
            paint_picture(painter, picture, self._pictures.of(row), option.widget)
            _RowPainter(painter, option, self._fonts_of(option.font)).paint(
                row, box, text, is_open=row.id == self._clips.open_id
            )
        painter.restore()

    def _fonts_of(self, base: QFont) -> tuple[QFont, QFont, QFont, QFont]:
        key = base.key()
        if key not in self._fonts:
            self._fonts[key] = (
                QFont(base),
                font(base, bold=True),
                font(base, scale=_SMALL),
                font(base, scale=0.85, bold=True),
            )
        return self._fonts[key]

    def _paint_outlines(
        self, painter: QPainter, picture: QRect, text: QRect, theme: Theme
    ) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.stage))
        painter.drawRoundedRect(picture, 4, 4)
        painter.setBrush(theme.colour("raised"))
        for top, share in ((3, 0.8), (24, 0.5)):
            width = round(text.width() * share)
            painter.drawRoundedRect(text.left(), text.top() + top, width, 10, 4, 4)


class _RowPainter:
    """Paints what is written in one row."""

    def __init__(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        fonts: tuple[QFont, QFont, QFont, QFont],
    ) -> None:
        self._painter = painter
        self._theme = theme_of(option.widget)
        self._plain, self._bold, self._small, self._badge_font = fonts
        self._lines = Lines.of(option.fontMetrics)

    def paint(self, row: Row, box: QRect, text: QRect, *, is_open: bool) -> None:
        """Paint name, patient and zone, state and badges into ``text``."""
        painter, theme = self._painter, self._theme
        if is_open:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent"))
            bar = QRect(box.left() + 1, text.top(), 3, text.height())
            painter.drawRoundedRect(bar, 1.5, 1.5)
        painter.setFont(self._bold if is_open else self._plain)
        painter.setPen(theme.colour("muted" if row.missing else "text"))
        name = elided(painter, self._name(row, text.width()), text.width(), middle=True)
        painter.drawText(text, Qt.AlignmentFlag.AlignTop, name)
        self._paint_whose(row, text)
        self._paint_badges(row, text)

    def _name(self, row: Row, room: int) -> str:
        """Return the file's name, without its kind where that leaves too little."""
        whole = row.path.name
        fits = self._painter.fontMetrics().horizontalAdvance(whole) <= room
        return whole if fits else row.path.stem

    def _paint_whose(self, row: Row, text: QRect) -> None:
        """Paint the patient and the zone; at the right what is amiss, or who predicts.

        The latter where it is no grade, so that nobody takes it for one.
        """
        painter, theme = self._painter, self._theme
        painter.setFont(self._small)
        place = text.adjusted(0, self._lines.second, 0, 0)
        state = ""
        if row.missing:
            state = _tr("file missing")
        elif not row.analysed:
            state = _tr("not analysed")
        whose = row.patient + (f" \N{MIDDLE DOT} {row.zone}" if row.zone else "")
        if not state and row.predicted_by:
            metrics = painter.fontMetrics()
            room = place.width() - metrics.horizontalAdvance(whose) - SPACE
            state = shown_name(row.predicted_by, room, metrics)
        right = 0
        if state:
            role = "warning" if row.missing else "muted"
            painter.setPen(theme.colour(role))
            right = painter.fontMetrics().horizontalAdvance(state) + SPACE
            painter.drawText(place, Qt.AlignmentFlag.AlignRight, state)
        painter.setPen(theme.colour("muted"))
        shown = elided(painter, whose, place.width() - right)
        painter.drawText(place, Qt.AlignmentFlag.AlignTop, shown)

    def _paint_badges(self, row: Row, text: QRect) -> None:
        """Paint the findings from the left and the severity from the right."""
        self._painter.setFont(self._badge_font)
        metrics = self._painter.fontMetrics()
        high = self._lines.badge
        line = QRect(text.left(), text.bottom() - high + 1, text.width(), high)
        right = self._paint_severity(row, line, metrics)
        x = line.left()
        for key, value in row.findings:
            if x + high > right:
                break
            x = self._paint_finding(_SHORT[key], key, value, QPoint(x, line.top()))

    def _paint_finding(self, short: str, key: str, value: str, at: QPoint) -> int:
        box = QRect(at.x(), at.y(), self._lines.badge, self._lines.badge)
        if value == "yes":
            self._filled(box, short, colour_of(key))
        else:
            self._hollow(box, short, self._theme.colour("muted"))
            if value == "no":
                self._painter.drawLine(
                    box.left() + 3, box.bottom() - 3, box.right() - 2, box.top() + 4
                )
        return box.right() + 1 + _GAP

    def _paint_severity(self, row: Row, line: QRect, metrics: QFontMetrics) -> int:
        """Paint label and prediction, and return where they begin.

        In no finding's colour: filled what a person said, in outlines what was
        predicted, in the colour of a warning where the two differ; in broken ones
        what is no grade.
        """
        right, theme = line.right() + 1, self._theme
        targets = {one.target for one in row.differences}
        if targets - {SEVERITY}:
            right = self._outlined(line, right, "\N{NOT EQUAL TO}", "warning", metrics)
        if SEVERITY in targets:
            text = f"\N{NOT EQUAL TO}{row.predicted}"
            right = self._outlined(line, right, text, "warning", metrics)
        elif row.predicted:
            box = _box(line, right, row.predicted, metrics)
            edge = Qt.PenStyle.DashLine if row.predicted_by else Qt.PenStyle.SolidLine
            self._hollow(box, row.predicted, theme.colour("muted"), edge)
            right = box.left() - _GAP
        if row.severity:
            told = "?" if row.severity == NOT_ASSESSABLE else row.severity
            box = _box(line, right, told, metrics)
            self._filled(box, told, theme.colour("text"))
            right = box.left() - _GAP
        return self._paint_heading(row, line, right)

    def _paint_heading(self, row: Row, line: QRect, right: int) -> int:
        """Paint what the numbers mean, where there is room for it."""
        painter, text = self._painter, _tr("Severity")
        painter.setFont(self._small)
        width = painter.fontMetrics().horizontalAdvance(text) + _GAP
        taken = line.left() + len(row.findings) * (line.height() + _GAP) + SPACE
        room = right - width > taken
        if room and (row.severity or row.predicted):
            painter.setPen(self._theme.colour("muted"))
            place = QRect(right - width, line.top(), width, line.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
            right -= width
        painter.setFont(self._badge_font)
        return right

    def _outlined(
        self, line: QRect, right: int, text: str, role: str, metrics: QFontMetrics
    ) -> int:
        box = _box(line, right, text, metrics)
        self._hollow(box, text, self._theme.colour(role))
        return box.left() - _GAP

    def _filled(self, box: QRect, text: str, colour: QColor) -> None:
        painter = self._painter
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor("black" if colour.lightness() > 110 else "white"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _hollow(
        self,
        box: QRect,
        text: str,
        colour: QColor,
        edge: Qt.PenStyle = Qt.PenStyle.SolidLine,
    ) -> None:
        painter = self._painter
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1, edge))
        painter.drawRoundedRect(box.adjusted(0, 0, -1, -1), 4, 4)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def shown_name(name: str, room: int, metrics: QFontMetrics) -> str:
    """Return an expert's name, shortened in its middle; "" in less than half of it."""
    if 2 * room < metrics.horizontalAdvance(name):
        return ""
    return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)


def _box(line: QRect, right: int, text: str, metrics: QFontMetrics) -> QRect:
    high = line.height()
    width = max(high, metrics.horizontalAdvance(text) + 8)
    return QRect(right - width, line.top(), width, high)


def _tr(text: str) -> str:
    return QCoreApplication.translate("RowDelegate", text)
