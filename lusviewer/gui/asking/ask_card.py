"""One clip that a person should look at next, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from lusviewer.gui.panel_parts import ElidedLabel, Meter, link, set_role, words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QResizeEvent

    from lusviewer.library.queue import Ask


_LEAST_NAME: Final = 60


class AskCard(QFrame):
    """The clip's name, whose it is, how much a look is worth, and the reasons.

    Signals
    -------
    wanted()
        The clip is to be opened.
    """

    wanted = Signal()

    def __init__(self, ask: Ask) -> None:
        super().__init__()
        self.ask = ask
        self.setProperty("role", "card")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.name = link(ask.clip.name, self.tr("Open this clip"), self.wanted.emit)
        self.name.setMinimumWidth(_LEAST_NAME)
        self.whose = ElidedLabel(ask.clip.patient, "muted")
        self.state = words("", "muted")
        self.worth = Meter()
        self.worth.set_value(ask.score)
        self.worth.setToolTip(
            self.tr("How much a look at it is worth: {score:.2f} of 1").format(
                score=ask.score
            )
        )
        self.worth.setMaximumWidth(44)
        self.why = words("\n".join(_sentence(why) for why in ask.why), wrap=True)
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE // 2)
        top.addWidget(self.name)
        top.addWidget(self.whose, 1)
        top.addWidget(self.state)
        top.addWidget(self.worth)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE // 2, SPACE // 2, SPACE, SPACE)
        layout.setSpacing(2)
        layout.addLayout(top)
        self.why.setContentsMargins(SPACE - 2, 0, 0, 0)
        layout.addWidget(self.why)

    def show_state(self, *, done: bool, opened: bool) -> None:
        """Mark it as labelled, or as the clip that is open."""
        text = self.tr("labelled") if done else self.tr("open") if opened else ""
        self.state.setText(text)
        self.worth.setVisible(not (done or opened))
        self.why.setVisible(not done)
        set_role(self, "card_open" if opened else "card")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten the name in its middle where the card is too narrow for it."""
        super().resizeEvent(event)
        right = max(self.worth.maximumWidth(), self.state.sizeHint().width())
        around = 4 * SPACE + right + self.whose.minimumSizeHint().width()
        room = max(event.size().width() - around, _LEAST_NAME)
        mode = Qt.TextElideMode.ElideMiddle
        metrics, name = self.name.fontMetrics(), self.ask.clip.name
        self.name.setText(metrics.elidedText(name, mode, room - 2 * SPACE))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the clip wherever the card is pressed."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.wanted.emit()
        super().mouseReleaseEvent(event)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
