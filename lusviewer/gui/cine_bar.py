"""The controls under the image: seek, play, speed, loop, and where one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui.sight import SPEEDS
from lusviewer.gui.theme import SPACE, theme_of

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QPaintEvent

    from lusviewer.gui.actions import Actions
    from lusviewer.gui.viewer_model import ViewerModel

_TRANSPORT = ("first_frame", "previous_frame", "play", "next_frame", "last_frame")
_LOOPING = ("loop_in", "loop_out", "loop_clear", "sweep")


class SeekSlider(QSlider):
    """A slider that goes where it is clicked."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setPageStep(10)
        self._marks: tuple[int, ...] = ()

    @property
    def marks(self) -> tuple[int, ...]:
        """The values that are marked under the groove."""
        return self._marks

    @Slot(object)
    def set_marks(self, marks: tuple[int, ...]) -> None:
        """Mark these values with small ticks."""
        if marks != self._marks:
            self._marks = marks
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ticks over the slider, where the handle would stand."""
        super().paintEvent(event)
        if not self._marks or self.maximum() <= self.minimum():
            return
        painter = QPainter(self)
        painter.setPen(QPen(theme_of(self).colour("warning"), 2.0))
        handle = self._handle_width()
        span, bottom = self.width() - handle, self.height()
        for value in self._marks:
            x = QStyle.sliderPositionFromValue(
                self.minimum(), self.maximum(), value, span
            )
            x += handle // 2
            painter.drawLine(x, bottom - 4, x, bottom - 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Jump to the place under the pointer, then drag from there."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.setValue(self._value_at(event.position().x()))
        super().mousePressEvent(event)

    def _value_at(self, x: float) -> int:
        handle = self._handle_width()
        return QStyle.sliderValueFromPosition(
            self.minimum(),
            self.maximum(),
            round(x - handle / 2),
            self.width() - handle,
        )

    def _handle_width(self) -> int:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider,
            option,
            QStyle.SubControl.SC_SliderHandle,
            self,
        )
        return handle.width()


class CineBar(QWidget):
    """The cine controls of the open clip."""

    def __init__(self, viewer: ViewerModel, actions: Actions) -> None:
        super().__init__()
        self.setObjectName("cine_bar")
        self._viewer = viewer
        self.slider = SeekSlider()
        self.slider.setAccessibleName(self.tr("Frame"))
        self.position = QLabel()
        self.position.setObjectName("cine_position")
        self.position.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * 26)
        self.position.setAlignment(
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
        self.speed = self._speed_box()
        self._lay_out(actions)
        self.slider.valueChanged.connect(viewer.set_frame)
        viewer.clip_opened.connect(self._show_clip)
        viewer.clip_closed.connect(self._show_clip)
        viewer.frame_changed.connect(self._show_frame)
        viewer.speed_changed.connect(self._show_speed)
        self._show_clip()

    def _lay_out(self, actions: Actions) -> None:
        row = QHBoxLayout()
        row.setSpacing(SPACE // 2)
        for name in _TRANSPORT:
            row.addWidget(self._button(actions, name))
        row.addSpacing(SPACE)
        row.addWidget(self.speed)
        row.addSpacing(SPACE)
        for name in _LOOPING:
            row.addWidget(self._button(actions, name))
        row.addStretch(1)
        row.addWidget(self.position)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE // 2, SPACE, SPACE // 2)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.slider)
        column.addLayout(row)

    def _button(self, actions: Actions, name: str) -> QToolButton:
        button = QToolButton()
        action = actions[name]
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setAutoRaise(True)
        button.setAccessibleName(action.text().replace("&", ""))
        return button

    def _speed_box(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(self.tr("Playback speed"))
        box.setToolTip(self.tr("Playback speed (, and .)"))
        for speed in SPEEDS:
            box.addItem(f"{speed:g}\u00d7", speed)
        box.setCurrentIndex(SPEEDS.index(self._viewer.speed))
        box.activated.connect(lambda i: self._viewer.set_speed(box.itemData(i)))
        return box

    @Slot()
    def _show_clip(self) -> None:
        clip = self._viewer.clip
        self.setEnabled(clip is not None)
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, 0 if clip is None else len(clip) - 1)
        self._show_frame(self._viewer.frame_index)

    @Slot(int)
    def _show_frame(self, index: int) -> None:
        clip = self._viewer.clip
        if clip is None:
            self.position.setText("")
            return
        with QSignalBlocker(self.slider):
            self.slider.setValue(index)
        text = self.tr("frame {i} / {n}   {t:.2f} s").format(
            i=index + 1, n=len(clip), t=clip.frame_times_s[index]
        )
        self.position.setText(text)

    @Slot(float)
    def _show_speed(self, speed: float) -> None:
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - speed))
        self.speed.setCurrentIndex(nearest)
