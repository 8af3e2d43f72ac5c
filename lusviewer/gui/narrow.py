"""Parts of panels that make do with little room: at large fonts, in narrow docks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QLabel,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QTabWidget,
    QWidget,
)

from lusviewer.gui import theme
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent, QResizeEvent


class NarrowCombo(QComboBox):
    """A box to choose from that may be narrower than its words: they end in "...".

    Where all of them are needed they are in the list that it opens.
    """

    def __init__(self, letters: int = 4) -> None:
        super().__init__()
        self.setMinimumContentsLength(letters)
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.setSizeAdjustPolicy(policy)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def room(self) -> int:
        """Return the width in which what is chosen stands in full."""
        frame = self.width() - self._field().width()
        return self.fontMetrics().horizontalAdvance(self.currentText()) + frame + 3

    def shown_text(self) -> str:
        """Return what there is room for of what is chosen."""
        text = self.currentText() or self.placeholderText()
        mode = Qt.TextElideMode.ElideRight
        return self.fontMetrics().elidedText(text, mode, self._field().width() - 2)

    def _field(self) -> QRect:
        """Return where the words stand."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        control = QStyle.ComplexControl.CC_ComboBox
        field = QStyle.SubControl.SC_ComboBoxEditField
        return self.style().subControlRect(control, option, field, self)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Paint the box, and as much of its words as there is room for."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        option.currentText = self.shown_text()
        if self.currentIndex() < 0:
            muted = theme.theme_of(self).colour("muted")
            option.palette.setBrush(QPalette.ColorRole.ButtonText, muted)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()


class Pair(QWidget):
    """Two widgets side by side; one above the other where that is too narrow."""

    def __init__(
        self,
        first: QWidget,
        second: QWidget,
        spacing: int = SPACE,
        *,
        shares: tuple[int, int] = (1, 1),
    ) -> None:
        """Take both; what room is left goes to them by their ``shares``."""
        super().__init__()
        self._both = (first, second)
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(spacing)
        self._gap = spacing
        self._even = shares[0] == shares[1]
        self.group: tuple[Pair, ...] = (self,)
        for widget, share in zip(self._both, shares, strict=True):
            self._line.addWidget(widget, share)

    @property
    def stacked(self) -> bool:
        """Whether one stands above the other."""
        return self._line.direction() is QBoxLayout.Direction.TopToBottom

    def arrange(self) -> None:
        """Put them side by side if there is room for the words of both."""
        down = any(one.lacks_room() for one in self.group)
        for one in self.group:
            one.stack(down=down)

    def lacks_room(self) -> bool:
        """Return whether the words of both are wider than there is room."""
        first, second = (_room(widget) for widget in self._both)
        both = 2 * max(first, second) if self._even else first + second
        return both + self._gap > self.width()

    def stack(self, *, down: bool) -> None:
        """Put the second one below the first, or beside it again."""
        if down is self.stacked:
            return
        way, (_, second) = QBoxLayout.Direction, self._both
        self._line.setDirection(way.TopToBottom if down else way.LeftToRight)
        self._line.setSpacing(min(self._gap, SPACE // 2) if down else self._gap)
        if isinstance(second, QLabel):
            # Below a box that is ticked, beside its words.
            second.setContentsMargins(3 * SPACE if down else 0, 0, 0, 0)

    @staticmethod
    def join(pairs: Sequence[Pair]) -> None:
        """Have these stacked all or none."""
        for one in pairs:
            one.group = tuple(pairs)

    def minimumSizeHint(self) -> QSize:
        """Return the width of the wider one: the other can stand below it."""
        least = max(widget.minimumSizeHint().width() for widget in self._both)
        return QSize(least, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """See again whether there is room for both."""
        super().resizeEvent(event)
        self.arrange()

    def event(self, event: QEvent) -> bool:
        """See again where the words changed."""
        if event.type() is QEvent.Type.LayoutRequest:
            self.arrange()
        return super().event(event)


def _room(widget: QWidget) -> int:
    """Return the width in which all words of ``widget`` stand in one line."""
    if isinstance(widget, NarrowCombo):
        return widget.room()
    if isinstance(widget, QLabel):
        return widget.fontMetrics().horizontalAdvance(widget.text()) + 2
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    parts: list[QWidget] = [
        *widget.findChildren(NarrowCombo, options=direct),
        *widget.findChildren(QLabel, options=direct),
    ]
    return max(map(_room, parts), default=widget.sizeHint().width())


def narrow_tabs(tabs: QTabWidget) -> None:
    """Let titles end in "..." where they lack room, rather than scroll out of sight."""
    tabs.setUsesScrollButtons(False)
    tabs.setElideMode(Qt.TextElideMode.ElideRight)
