"""The small widgets that the panels are put together from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractSlider,
    QApplication,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui import palette, theme
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Callable

_STEPS: Final = 100


def words(text: str, role: str = "", *, wrap: bool = False) -> QLabel:
    """Return a label that the style sheet dresses by ``role``."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    label.setWordWrap(wrap)
    return label


def set_role(widget: QWidget, role: str) -> None:
    """Dress ``widget`` by another role of the style sheet."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        # Labels take the new borders into their size only when told.
        QApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))


def link(text: str, name: str, act: Callable[[], object]) -> QPushButton:
    """Return a button that looks like a link; ``name`` is for screen readers."""
    button = QPushButton(text)
    button.setProperty("role", "link")
    button.setAccessibleName(name)
    button.setToolTip(name)
    button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(lambda _checked=False: act())
    return button


class ElidedLabel(QLabel):
    """One line that ends in an ellipsis where there is no room; all in a tooltip."""

    def __init__(self, text: str = "", role: str = "") -> None:
        super().__init__()
        self.full_text = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.set_full_text(text)

    def set_full_text(self, text: str) -> None:
        """Show ``text``, as much of it as there is room for."""
        self.full_text = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self._elide()

    def sizeHint(self) -> QSize:
        """Return room for all words."""
        width = QFontMetrics(self.font()).horizontalAdvance(self.full_text) + 2
        return QSize(width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Return room for a few letters."""
        return QSize(24, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the words to the new width."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        metrics = QFontMetrics(self.font())
        mode = Qt.TextElideMode.ElideRight
        shown = metrics.elidedText(self.full_text, mode, max(self.width() - 1, 0))
        self.setText(shown)
        self.setToolTip(self.full_text if shown != self.full_text else "")


class WrappedButton(QPushButton):
    """A button whose words wrap, so that a whole sentence can be pressed."""

    def __init__(self, number: str) -> None:
        super().__init__()
        self.setProperty("role", "reason")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.label = words("", wrap=True)
        self._number = words(number, "muted")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE // 2, 3, SPACE // 2, 3)
        layout.setSpacing(SPACE // 2)
        layout.addWidget(self._number, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.label, 1)
        for part in (self.label, self._number):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_words(self, text: str) -> None:
        """Show ``text``, which is read out too."""
        self.label.setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        """Return that narrower means taller."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height that all words need."""
        inner = width - self._number.sizeHint().width() - 2 * SPACE
        return self.label.heightForWidth(max(inner, 20)) + 8

    def sizeHint(self) -> QSize:
        """Return room for the words, wrapped to the present width."""
        return QSize(160, self.heightForWidth(max(self.width(), 160)))

    def minimumSizeHint(self) -> QSize:
        """Return the least that is still readable."""
        return QSize(80, self.heightForWidth(max(self.width(), 160)))


class Swatch(QWidget):
    """A small square in a finding's colour."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key
        self.setFixedSize(10, 10)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Paint the square so that it stands out in either theme."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink_of(self, self._key))
        painter.drawRoundedRect(self.rect(), 2, 2)
        painter.end()


def ink_of(widget: QWidget, key: str) -> QColor:
    """Return the colour of ``key`` as it stands out where ``widget`` is."""
    return palette.ink(palette.colour_of(key), theme.theme_of(widget).colour("panel"))


class Meter(QWidget):
    """A bar from 0 to 1, with a mark at another value: a threshold, or one before."""

    def __init__(self, key: str = "") -> None:
        super().__init__()
        self._key = key
        self.value: float | None = None
        self.mark: float | None = None
        self.strong = True
        self.setMinimumWidth(40)
        self.setFixedHeight(8)
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Fixed)

    def set_value(
        self, value: float | None, *, mark: float | None = None, strong: bool = True
    ) -> None:
        """Show ``value``, a ``mark`` at another, paler unless ``strong``."""
        self.value, self.mark, self.strong = value, mark, strong
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Paint trough, bar and mark."""
        painter = QPainter(self)
        colours = theme.theme_of(self)
        colour = ink_of(self, self._key) if self._key else colours.colour("accent")
        colour.setAlphaF(1.0 if self.strong else 0.55)
        trough = QRectF(self.rect()).adjusted(0, 1, 0, -1)
        paint_bar(painter, trough, self.value, colour, colours.colour("line"))
        if self.mark is not None:
            x = trough.left() + self.mark * trough.width()
            mark = QRectF(x - 0.75, 0, 1.5, self.height())
            painter.fillRect(mark, colours.colour("text"))
        painter.end()


def paint_bar(
    painter: QPainter,
    trough: QRectF,
    value: float | None,
    colour: QColor,
    ground: QColor,
) -> None:
    """Paint a trough filled up to ``value``, 0 to 1."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    radius = trough.height() / 2
    painter.drawRoundedRect(trough, radius, radius)
    if value:
        filled = QRectF(trough)
        filled.setWidth(max(trough.height(), min(value, 1.0) * trough.width()))
        painter.setBrush(colour)
        painter.drawRoundedRect(filled, radius, radius)


class ProbabilitySlider(QAbstractSlider):
    """A bar that can be dragged or set with the keys, marked where the model was.

    Signals
    -------
    chosen(float)
        A person set it, and let go; 0 to 1.
    """

    chosen = Signal(float)

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key
        self._model: float | None = None
        self.setRange(0, _STEPS)
        self.setSingleStep(5)
        self.setPageStep(25)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(20)
        self.setMinimumWidth(60)
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.actionTriggered.connect(self._on_key)

    def set_shown(self, value: float, model: float | None) -> None:
        """Show ``value``, and a mark where the ``model`` had it if that differs."""
        self._model = model
        if not self.isSliderDown():
            self.blockSignals(True)  # noqa: FBT003 - Qt's own signature
            self.setValue(round(value * _STEPS))
            self.blockSignals(False)  # noqa: FBT003
        self.update()

    @property
    def probability(self) -> float:
        """What is shown, 0 to 1."""
        return self.value() / _STEPS

    @Slot(int)
    def _on_key(self, _action: int) -> None:
        self.setValue(self.sliderPosition())
        self.chosen.emit(self.probability)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start setting."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._follow(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        if self.isSliderDown():
            self._follow(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go, and say what was chosen."""
        if self.isSliderDown():
            self._follow(event)
            self.setSliderDown(False)
            self.chosen.emit(self.probability)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel: scrolling past must not edit."""
        event.ignore()

    def _follow(self, event: QMouseEvent) -> None:
        share = (event.position().x() - 6.0) / max(self.width() - 12.0, 1.0)
        self.setValue(round(min(max(share, 0.0), 1.0) * _STEPS))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Paint trough, bar, the model's mark and a handle."""
        painter = QPainter(self)
        colours = theme.theme_of(self)
        colour = ink_of(self, self._key)
        middle = self.height() / 2
        trough = QRectF(6, middle - 3, self.width() - 12, 6)
        paint_bar(painter, trough, self.probability, colour, colours.colour("line"))
        if self._model is not None:
            x = trough.left() + self._model * trough.width()
            mark = QRectF(x - 1, middle - 6, 2, 12)
            painter.fillRect(mark, colours.colour("muted"))
        x = trough.left() + self.probability * trough.width()
        role = "accent" if self.hasFocus() else "text"
        painter.setBrush(colours.colour(role if self.isEnabled() else "muted"))
        painter.drawEllipse(QRectF(x - 5, middle - 5, 10, 10))
        painter.end()


class Section(QWidget):
    """A heading that opens and closes what is below it."""

    toggled = Signal(bool)

    def __init__(self, title: str, *, opened: bool = True) -> None:
        super().__init__()
        self.heading = QPushButton(title)
        self.heading.setProperty("role", "heading")
        self.heading.setCheckable(True)
        self.heading.setChecked(opened)
        self.heading.setFont(theme.font(self.heading.font(), bold=True))
        self.heading.setAccessibleName(title)
        self.heading.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.beside = QHBoxLayout()
        self.beside.setSpacing(SPACE // 2)
        self.body = QWidget()
        self.body.setVisible(opened)
        self.content = QVBoxLayout(self.body)
        self.content.setContentsMargins(0, 0, 0, SPACE // 2)
        self.content.setSpacing(SPACE // 2)
        top = QHBoxLayout()
        top.addWidget(self.heading, 1)
        top.addLayout(self.beside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE // 2)
        layout.addLayout(top)
        layout.addWidget(self.body)
        self._show_chevron(opened)
        self.heading.toggled.connect(self._on_toggled)

    @Slot(bool)
    def _on_toggled(self, opened: bool) -> None:  # noqa: FBT001 - a slot
        self.body.setVisible(opened)
        self._show_chevron(opened)
        self.toggled.emit(opened)

    def _show_chevron(self, opened: bool) -> None:  # noqa: FBT001
        theme.set_icon(self.heading, "chevron_down" if opened else "chevron_right")


def card() -> QFrame:
    """Return a frame with a border and round corners."""
    frame = QFrame()
    frame.setProperty("role", "card")
    return frame


def titled_card(title: str) -> tuple[QFrame, QVBoxLayout]:
    """Return a card under its ``title``, and the column for what it says."""
    frame = card()
    column = QVBoxLayout(frame)
    column.setContentsMargins(SPACE, SPACE, SPACE, SPACE // 2)
    column.setSpacing(SPACE // 4)
    name = ElidedLabel(title)
    name.setFont(theme.font(name.font(), bold=True))
    column.addWidget(name)
    return frame, column


def clear(layout: QBoxLayout) -> None:
    """Take everything out of ``layout`` and delete it."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
