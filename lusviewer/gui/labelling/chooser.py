"""Choosing an answer: digits while it is open, wherever the focus is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui.labelling.number_field import NumberField
from lusviewer.gui.labelling.questions import (
    CERTAINTIES,
    certainty_words,
)
from lusviewer.gui.panel_parts import link, words
from lusviewer.gui.task_words import NOT_ASSESSABLE
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from lusviewer.gui.labelling.model import Labelling
    from lusviewer.gui.labelling.questions import Question

_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_STEPS: Final = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_SHORT: Final = 3


class Chooser(QFrame):
    """All answers to a question, each with its digit; or fields for a number."""

    def __init__(self, labelling: Labelling, question: Question) -> None:
        super().__init__()
        self._labelling, self.question = labelling, question
        self.certainty = labelling.choosing_certainty
        self.buttons: dict[str, QPushButton] = {}
        self.fields: dict[str, NumberField] = {}
        self._here = 0
        self._focus_before: QWidget | None = None
        self.setProperty("role", "card")
        self.setAccessibleName(question.title)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(SPACE, 6, SPACE, 6)
        self._layout.setSpacing(2)
        if question.kind == "number":
            self._add_fields()
        else:
            self._add_classes()
        self._add_foot()

    # --- what can be chosen -----------------------------------------------------

    def _add_classes(self) -> None:
        names = self.question.classes
        across = all(len(self.question.class_words(name)) <= _SHORT for name in names)
        grid = QGridLayout()
        grid.setSpacing(2)
        mine = self._labelling.mine(self.question.key)
        said = set() if mine is None else set(mine.value.split("+"))
        for index, name in enumerate(names):
            button = self._class_button(index, name, narrow=across)
            button.setChecked(name in said)
            grid.addWidget(button, 0 if across else index, index if across else 0)
            self.buttons[name] = button
        self._layout.addLayout(grid)
        chosen = [index for index, name in enumerate(names) if name in said]
        self._here = chosen[0] if chosen else -1
        self._mark()

    def _class_button(self, index: int, name: str, *, narrow: bool) -> QPushButton:
        text, digit = self.question.class_words(name), self.question.digit(index)
        shown = text if narrow and text == digit else f"{digit}   {text}"
        button = QPushButton(shown.replace("&", "&&"))
        button.setProperty("role", "choice")
        button.setCheckable(True)
        button.setAccessibleName(text)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(partial(self._choose, index))
        return button

    def _add_fields(self) -> None:
        mine = self._labelling.mine(self.question.key)
        detail = {} if mine is None else mine.detail
        if self.question.key != "s_f" and mine is not None:
            detail = (
                {} if mine.value == NOT_ASSESSABLE else {"value": float(mine.value)}
            )
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for row, (name, title, unit) in enumerate(self._asked()):
            known = f"{detail[name]:g}" if name in detail else ""
            field = NumberField(title, known)
            field.setMinimumWidth(60)
            self.fields[name] = field
            grid.addWidget(words(title), row, 0)
            grid.addWidget(field, row, 1)
            grid.addWidget(words(unit, "muted"), row, 2)
        self._layout.addLayout(grid)

    def _asked(self) -> tuple[tuple[str, str, str], ...]:
        if self.question.key == "s_f":
            return (
                ("spo2", self.tr("SpO2"), "%"),
                ("oxygen_l_min", self.tr("Oxygen"), self.tr("l/min")),
                ("fio2", self.tr("or FiO2"), "0.21-1"),
            )
        ends = f"{self.question.lower:g} - {self.question.upper:g}"
        return (("value", self.tr("Value"), ends.replace("inf", "∞")),)

    def _add_foot(self) -> None:
        foot = QHBoxLayout()
        foot.setSpacing(SPACE // 2)
        self.sure = link("", self.tr("How certain you are"), self.next_certainty)
        self.sure.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        foot.addWidget(self.sure)
        foot.addStretch(1)
        self.hint: QLabel = words("", "muted")
        if self.question.kind == "class":
            self.hint.setText(self.tr("Esc closes"))
        else:
            self.keep = link(self.tr("keep (Enter)"), self.tr("Keep"), self.confirm)
            foot.addWidget(self.keep)
            self.hint.setText(self.tr("Esc"))
        foot.addWidget(self.hint)
        self._layout.addLayout(foot)
        self._show_certainty()

    def next_certainty(self) -> None:
        """Be a step less certain; after a guess, certain again."""
        place = (
            CERTAINTIES.index(self.certainty) if self.certainty in CERTAINTIES else 0
        )
        self.certainty = CERTAINTIES[(place + 1) % len(CERTAINTIES)]
        self._show_certainty()

    def _show_certainty(self) -> None:
        certainty = certainty_words(self.certainty) or self.tr("certain")
        self.sure.setText(f"{certainty} (U)")

    # --- choosing ---------------------------------------------------------------

    def _choose(self, index: int, _checked: bool = False) -> None:  # noqa: FBT001, FBT002
        name = self.question.classes[index]
        self._here = index
        if self.question.kind == "class":
            self._labelling.say(self.question.key, name, self.certainty)
        else:
            self._mark()

    def _toggle(self, index: int) -> None:
        if self.question.kind == "set":
            self.buttons[self.question.classes[index]].toggle()
        self._choose(index)

    def confirm(self) -> None:
        """Keep what is chosen or written."""
        key = self.question.key
        if self.question.kind == "number":
            self._confirm_number()
        elif self.question.kind == "set":
            value = "+".join(n for n, b in self.buttons.items() if b.isChecked())
            if value:
                self._labelling.say(key, value, self.certainty)
        elif self._here >= 0:
            self._choose(self._here)

    def _confirm_number(self) -> None:
        numbers = {name: field.number for name, field in self.fields.items()}
        written = {name: n for name, n in numbers.items() if n is not None}
        key = self.question.key
        if "value" in written:
            self._labelling.say(key, f"{written['value']:.12g}", self.certainty)
        elif "spo2" in written:
            self._labelling.say(key, "", self.certainty, written)

    def _mark(self) -> None:
        for index, button in enumerate(self.buttons.values()):
            if button.property("here") != (index == self._here):
                button.setProperty("here", index == self._here)
                button.style().unpolish(button)
                button.style().polish(button)

    # --- keys -------------------------------------------------------------------

    def take_keys(self) -> None:
        """Hear digits, Up, Down, Enter, U and Esc before the window does."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus)
        for one in (*self._windows(), QApplication.focusWidget()):
            self._watch(one)
        if self.fields:
            self._focus_before = QApplication.focusWidget()
            next(iter(self.fields.values())).setFocus()

    def close_up(self) -> None:
        """Give the keys back, and go."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.disconnect(self._on_focus)
        for one in (*self._windows(), QApplication.focusWidget()):
            if one is not None:
                one.removeEventFilter(self)
        inside = QApplication.focusWidget() in self.fields.values()
        if inside and self._focus_before is not None:
            self._focus_before.setFocus()
        self.hide()
        self.deleteLater()

    def _windows(self) -> tuple[QWidget, ...]:
        """Return the window, and the one it belongs to where the panel floats."""
        window, owner = self.window(), self.window().parentWidget()
        return (window,) if owner is None else (window, owner.window())

    def _watch(self, widget: QWidget | None) -> None:
        if widget is not None and widget.window() in self._windows():
            widget.installEventFilter(self)

    @Slot(QWidget, QWidget)
    def _on_focus(self, old: QWidget | None, new: QWidget | None) -> None:
        if old is not None and old not in self._windows():
            old.removeEventFilter(self)
        self._watch(new)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys of the chooser, but no letters from a field of text."""
        if not isinstance(event, QKeyEvent) or not self._takes(event, watched):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        elif event.type() == QEvent.Type.KeyPress:
            self._press(event)
        return True

    def _takes(self, event: QKeyEvent, watched: QObject) -> bool:
        writing = isinstance(watched, QLineEdit)
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        if not plain or (writing and watched not in self.fields.values()):
            return False
        key = event.key()
        if key in (Qt.Key.Key_Escape, *_ENTER, Qt.Key.Key_U):
            return True
        if writing or not self.buttons:
            return False
        return key in (Qt.Key.Key_Space, *_STEPS) or self._index_of(event) is not None

    def _index_of(self, event: QKeyEvent) -> int | None:
        for index in range(len(self.question.classes)):
            if event.text() and event.text() == self.question.digit(index):
                return index
        return None

    def _press(self, event: QKeyEvent) -> None:
        key, index = Qt.Key(event.key()), self._index_of(event)
        if key is Qt.Key.Key_Escape:
            self._labelling.close_chooser()
        elif key is Qt.Key.Key_U:
            self.next_certainty()
        elif key in _ENTER:
            self.confirm()
        elif key in _STEPS:
            last = len(self.buttons) - 1
            self._here = min(max(self._here + _STEPS[key], 0), last)
            self._mark()
        elif key is Qt.Key.Key_Space:
            self._toggle(max(self._here, 0))
        elif index is not None:
            self._toggle(index)
