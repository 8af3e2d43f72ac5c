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
        opens = self.tr("Open {name} of {patient}").format(
            name=ask.clip.name, patient=ask.clip.patient
        )
        self.name = link(ask.clip.name, opens, self.wanted.emit)
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
        layout.setContentsMargins(SPACE, SPACE // 2, SPACE, SPACE)
        layout.setSpacing(2)
        layout.addLayout(top)
        self.why.setContentsMargins(2, 0, 0, 0)
        layout.addWidget(self.why)

    def show_state(self, *, done: bool, opened: bool) -> None:
        """Mark it as labelled, or as the clip that is open."""
        text = self.tr("labelled") if done else self.tr("open") if opened else ""
        self.state.setText(text)
        self.worth.setVisible(not (done or opened))
        self.why.setVisible(not done)
        set_role(self, "card_open" if opened else "card")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the name the room: without its kind and the patient if it must be."""
        super().resizeEvent(event)
        right = max(self.worth.maximumWidth(), self.state.sizeHint().width())
        room = max(event.size().width() - right - 4 * SPACE, _LEAST_NAME)
        metrics, path = self.name.fontMetrics(), self.ask.clip.path
        whole = metrics.horizontalAdvance(path.name) <= room
        beside = room - metrics.horizontalAdvance(path.name)
        self.whose.setVisible(beside >= self.whose.sizeHint().width())
        # The style sheet's least height is that of small letters.
        self.name.setMinimumHeight(self.name.sizeHint().height())
        mode = Qt.TextElideMode.ElideMiddle
        self.name.setText(
            path.name if whole else metrics.elidedText(path.stem, mode, room)
        )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the clip wherever the card is pressed."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.wanted.emit()
        super().mouseReleaseEvent(event)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
