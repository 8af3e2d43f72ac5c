"""A question in the panel: the model's word, one's own answer, and room to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui import theme
from lusviewer.gui.labelling.chooser import Chooser
from lusviewer.gui.labelling.questions import answer_history, answer_words
from lusviewer.gui.panel_parts import ElidedLabel, words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent

    from lusviewer.gui.labelling.model import Labelling
    from lusviewer.gui.labelling.questions import Given, Question

_INDENT: Final = 18
_ROOMY: Final = 280
_BY_TAB: Final = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class KeyButton(QPushButton):
    """A small button that shows its key; its word only where there is room."""

    def __init__(self, key: str, word: str, act: Callable[[], object]) -> None:
        super().__init__()
        self._key, self._word = key, word
        self.setProperty("role", "key")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda _checked=False: act())
        self.show_word(shown=True)

    @property
    def full_text(self) -> str:
        """The key and its word."""
        return f"{self._key} {self._word}".strip()

    @property
    def word_width(self) -> int:
        """How much room the word takes, in px."""
        metrics = self.fontMetrics()
        key, whole = (metrics.horizontalAdvance(t) for t in (self._key, self.full_text))
        return whole - key

    def show_word(self, *, shown: bool) -> None:
        """Show key and word, or the key alone."""
        self.setText(self.full_text if shown else self._key)

    def set_word(self, word: str) -> None:
        """Say another word beside the key."""
        self._word = word

    def describe(self, text: str) -> None:
        """Say in full what the button does."""
        self.setToolTip(f"{text} ({self._key})")
        self.setAccessibleName(text)

    def minimumSizeHint(self) -> QSize:
        """Return room for the key: a narrow panel shows no more."""
        return QSize(
            self.fontMetrics().horizontalAdvance(self._key) + 13,
            super().minimumSizeHint().height(),
        )


class Controls(QWidget):
    """What can be said of the selected question, each with its key."""

    def __init__(self, labelling: Labelling) -> None:
        super().__init__()
        self.agree = KeyButton("Y", self.tr("agree"), labelling.agree)
        self.change = KeyButton("N", self.tr("change"), labelling.change)
        self.unsure = KeyButton("U", self.tr("unsure"), labelling.unsure)
        words_of = self.tr("not assessable"), self.tr("not assess.")
        self._not_assessable_words = words_of
        say = labelling.not_assessable
        self.not_assessable = KeyButton("X", words_of[0], say)
        self.take_back = KeyButton("⌫", "", labelling.take_back)
        self.unsure.describe(self.tr("Unsure: half as certain"))
        self.not_assessable.describe(self.tr("Not assessable in this clip"))
        self.take_back.describe(self.tr("Take the answer back"))
        self._down = False
        self._rows = (QHBoxLayout(), QHBoxLayout())
        column = QVBoxLayout(self)
        column.setContentsMargins(_INDENT, 2, 0, 2)
        column.setSpacing(SPACE // 2)
        for row in self._rows:
            row.setSpacing(SPACE // 2)
            row.addStretch(1)
            column.addLayout(row)
        self._fill_rows()

    def _lines(self, *, down: bool) -> tuple[list[KeyButton], ...]:
        """Return the buttons of each line: all in one, or the doubts below."""
        answers, doubts = [self.agree, self.change], [self.unsure, self.not_assessable]
        if down:
            return [*answers, self.take_back], doubts
        return [*answers, *doubts, self.take_back], []

    def _fill_rows(self) -> None:
        for row, line in zip(self._rows, self._lines(down=self._down), strict=True):
            for place, button in enumerate(line):
                row.insertWidget(place, button)

    def show_question(
        self, question: Question, model_value: str | None, mine: Given | None
    ) -> None:
        """Name what agreeing and changing would say."""
        known = model_value is not None
        unaided = question.yes_or_no and not known
        yes, no = question.class_words("yes"), question.class_words("no")
        self.agree.set_word(yes if unaided else self.tr("agree"))
        self.change.set_word(no if unaided and mine is None else self.tr("change"))
        asks = self.tr("Choose an answer")
        if model_value is not None:
            text = self.tr("Agree with the model: {value}")
            self.agree.describe(text.format(value=question.words(model_value)))
        else:
            self.agree.describe(yes if question.yes_or_no else asks)
        base = mine.value if mine is not None else model_value
        if question.yes_or_no and base in ("yes", "no", None):
            other = yes if base == "no" else no
            text = self.tr("Say otherwise: {value}")
            self.change.describe(text.format(value=other))
        else:
            self.change.describe(asks)
        self.agree.setVisible(known or question.yes_or_no)
        self.take_back.setVisible(mine is not None)
        self._share_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show all words in one line or two, or as many as there is room for."""
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        full, short = self._not_assessable_words
        ways = ((False, full), (False, short), (True, full), (True, short))
        down, word = next((way for way in ways if self._fits(*way)), ways[-1])
        self.not_assessable.set_word(word)
        if down is not self._down:
            self._down = down
            self._fill_rows()
        for line in self._lines(down=down):
            self._show_words(line)

    def _fits(self, down: bool, word: str) -> bool:  # noqa: FBT001 - one of the ways
        """Return whether all words have room in one line, or ``down`` in two."""
        self.not_assessable.set_word(word)
        return all(self._room_left(line) >= 0 for line in self._lines(down=down))

    def _room_left(self, line: list[KeyButton]) -> int:
        """Return how much room all words of a line leave; less than 0: too little."""
        shown = [button for button in line if not button.isHidden()]
        needed = sum(b.minimumSizeHint().width() + b.word_width for b in shown)
        return self.width() - _INDENT - len(shown) * SPACE // 2 - needed

    def _show_words(self, line: list[KeyButton]) -> None:
        """Show as many words, from the left, as there is room for."""
        shown = [button for button in line if not button.isHidden()]
        room = self._room_left(line) + sum(button.word_width for button in shown)
        for button in shown:
            room -= button.word_width
            button.show_word(shown=room >= 0)


class AnswerStrip(QWidget):
    """One's own answer, others' where asked for, and the controls while selected."""

    def __init__(self, labelling: Labelling, key: str) -> None:
        super().__init__()
        self._labelling, self.key = labelling, key
        self.you = words(self.tr("You:"), "muted")
        self.said = ElidedLabel()
        self.said.setFont(theme.font(self.font(), bold=True))
        self.corrected = words(self.tr("corrected"), "edited")
        self.corrected.setToolTip(self.tr("The model said something else"))
        self.others = ElidedLabel("", "muted")
        self.controls: Controls | None = None
        self.chooser: Chooser | None = None
        self._mine: Given | None = None
        self._line = QWidget()
        line = QHBoxLayout(self._line)
        line.setContentsMargins(_INDENT, 0, 0, 0)
        line.setSpacing(SPACE // 2)
        line.addWidget(self.you)
        line.addWidget(self.said, 1)
        line.addWidget(self.corrected)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._layout.addWidget(self._line)
        others = QHBoxLayout()
        others.setContentsMargins(_INDENT, 0, 0, 0)
        others.addWidget(self.others)
        self._layout.addLayout(others)
        for part in (self._line, self.others):
            part.hide()
        self.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the answer the room, where there is little."""
        super().resizeEvent(event)
        roomy = event.size().width() >= _ROOMY
        self.corrected.setText(self.tr("corrected") if roomy else "≠")

    def refresh(self) -> str:
        """Show what is said now; return it in words, "" where nothing is."""
        question = self._labelling.questions.get(self.key)
        if question is None:
            self.hide()
            return ""
        mine, others = self._labelling.mine(self.key), self._labelling.others(self.key)
        selected = self._labelling.selected == self.key
        self._show_mine(question, mine)
        self._show_others(question, others)
        if selected:
            self._show_controls(question, mine)
        if self.controls is not None:
            self.controls.setVisible(selected)
        self._show_chooser(question)
        self.setVisible(selected or mine is not None or bool(others))
        return "" if mine is None else f"{self.you.text()} {self.said.full_text}"

    def _show_mine(self, question: Question, mine: Given | None) -> None:
        self._line.setVisible(mine is not None)
        if mine is not None and mine != self._mine:
            self.said.set_full_text(answer_words(question, mine))
            history = answer_history(question, mine)
            self._line.setToolTip(history)
            self.said.setAccessibleDescription(history)
            self.corrected.setVisible(mine.corrects is not None)
        self._mine = mine

    def _show_others(self, question: Question, others: tuple[Given, ...]) -> None:
        told = [f"{one.rater}: {answer_words(question, one)}" for one in others]
        text = " · ".join(told)
        if text != self.others.full_text:
            self.others.set_full_text(text)
            histories = [answer_history(question, one) for one in others]
            self.others.setAccessibleDescription("\n".join(histories))
        self.others.setVisible(bool(text))

    def _show_controls(self, question: Question, mine: Given | None) -> None:
        if self.controls is None:
            self.controls = Controls(self._labelling)
            self._layout.addWidget(self.controls)
        word = self._labelling.word(self.key)
        self.controls.show_question(question, word.value, mine)

    def _show_chooser(self, question: Question) -> None:
        wanted = self._labelling.choosing == self.key
        if wanted and self.chooser is None:
            self.chooser = Chooser(self._labelling, question)
            self._layout.addWidget(self.chooser)
            self.chooser.take_keys()
        elif not wanted and self.chooser is not None:
            self.chooser.close_up()
            self.chooser = None


class LabelledRow(QWidget):
    """A row that can be selected and answered; what it shows above is its own."""

    def __init__(self, labelling: Labelling, key: str) -> None:
        super().__init__()
        self.labelling = labelling
        self.key = key
        self.strip = AnswerStrip(labelling, key)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("role", "row")
        labelling.selected_changed.connect(self._refresh)
        labelling.answers_changed.connect(self._refresh)
        labelling.chooser_changed.connect(self._refresh)

    def described(self) -> str:
        """Return the row in words, without the answer."""
        return ""

    def _refresh(self) -> None:
        self.set_selected(self.labelling.selected == self.key)
        said = self.strip.refresh()
        parts = [part for part in (self.described(), said) if part]
        self.setAccessibleName("; ".join(parts))

    def set_selected(self, selected: bool) -> None:  # noqa: FBT001 - one state
        """Mark the row as the one that is asked, and that timelines show."""
        if self.property("selected") == selected:
            return
        self.setProperty("selected", selected)
        self.style().unpolish(self)
        self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Be asked this question."""
        self.labelling.select(self.key)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take the release that belongs to the press."""
        event.accept()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Be asked the question that was reached with the Tab key."""
        super().focusInEvent(event)
        if event.reason() in _BY_TAB:
            self.labelling.select(self.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the row above or below."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            event.ignore()
        else:
            self.labelling.step(step)


class QuestionRow(LabelledRow):
    """A question that is no finding: its title, the model's word, the answer."""

    def __init__(self, labelling: Labelling, key: str) -> None:
        super().__init__(labelling, key)
        self.title = words("")
        self.title.setFont(theme.font(self.font(), bold=True))
        self.title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.model = ElidedLabel("", "muted")
        self.model.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        top = QHBoxLayout()
        top.setSpacing(SPACE)
        top.setContentsMargins(_INDENT, 0, 0, 0)
        top.addWidget(self.title)
        top.addWidget(self.model, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE, 4, SPACE // 2, 4)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addWidget(self.strip)
        self.show_question()

    def show_question(self) -> None:
        """Show the title and what the model says now."""
        question = self.labelling.questions.get(self.key)
        if question is None:
            self.hide()
            return
        if self.parentWidget() is not None:  # Else it would be a window of its own.
            self.show()
        self.title.setText(question.title)
        text = self.labelling.word(self.key).words
        shown = self.tr("Model: {words}").format(words=text) if text else ""
        if shown != self.model.full_text:
            self.model.set_full_text(shown)
        self._refresh()

    def described(self) -> str:
        """Return title and the model's word."""
        return f"{self.title.text()}: {self.model.full_text}".strip(": ")
