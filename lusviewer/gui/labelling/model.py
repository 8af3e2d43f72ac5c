"""Which question is being answered, what was said, and saying it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from lusviewer.gui.labelling.model_words import ModelWord, model_word
from lusviewer.gui.labelling.questions import (
    FINDING_KEYS,
    GROUP_KEYS,
    USUAL_KEYS,
    Given,
    Question,
    answer_words,
    is_same,
    kept_answer,
    question_of,
    said_answer,
)
from lusviewer.gui.study.work import Said
from lusviewer.gui.task_words import NOT_ASSESSABLE, UNSURE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.study.work import Current
    from lusviewer.gui.viewer_model import ViewerModel
    from lusviewer.library.tasks import Task


class Labelling(QObject):
    """The questions of the open clip and one's own answers, by task.

    Signals
    -------
    selected_changed(str)
        Another question is to be answered; "" for none.
    questions_changed()
    answers_changed()
        Something was said, or shown, or hidden.
    chooser_changed(str)
        The answers of this question are to be chosen from; "" for none.
    """

    selected_changed = Signal(str)
    questions_changed = Signal()
    answers_changed = Signal()
    chooser_changed = Signal(str)

    def __init__(self, viewer: ViewerModel, study: StudyModel) -> None:
        super().__init__(viewer)
        self.viewer, self.study = viewer, study
        self.questions: dict[str, Question] = {}
        self.selected = ""
        self.choosing = ""
        self.choosing_certainty = 1.0
        self.groups_open = False
        self._tasks: Mapping[str, Task] = {}
        self._pending: dict[str, Given | None] = {}
        self._before: Current | None = None
        viewer.selection_changed.connect(self._on_selection)
        viewer.undo_stack.indexChanged.connect(self._forget_pending)
        study.current_changed.connect(self._on_current)
        study.rater_changed.connect(self._on_rater)
        study.seen.changed.connect(self.answers_changed)
        study.failed.connect(self._forget_pending)

    # --- what is asked ----------------------------------------------------------

    @property
    def order(self) -> tuple[str, ...]:
        """The questions as they stand below each other."""
        listed = (*FINDING_KEYS, *USUAL_KEYS, *self.own)
        if self.groups_open:
            listed = (*listed, *GROUP_KEYS)
        return tuple(key for key in listed if key in self.questions)

    @property
    def own(self) -> tuple[str, ...]:
        """The tasks that are not built in."""
        known = {*FINDING_KEYS, *USUAL_KEYS, *GROUP_KEYS}
        return tuple(key for key in self.questions if key not in known)

    def word(self, key: str) -> ModelWord:
        """Return what the model says for a question."""
        question = self.questions.get(key)
        if question is None:
            return ModelWord()
        return model_word(question, self.viewer)

    def mine(self, key: str) -> Given | None:
        """Return what the rater says, None where nothing was said."""
        kept = () if self.study.current is None else self.study.current.labels
        known = None
        for one in kept:
            if one.answer.task == key and one.answer.rater == self.study.rater:
                known = kept_answer(one)
        said = self._pending.get(key, known)
        return known if is_same(said, known) else said

    def others(self, key: str) -> tuple[Given, ...]:
        """Return what other raters say whose answers are to be seen."""
        kept = () if self.study.current is None else self.study.current.labels
        seen = self.study.seen
        return tuple(
            kept_answer(one)
            for one in kept
            if one.answer.task == key
            and one.answer.rater != self.study.rater
            and seen.shows(one.answer.rater)
        )

    # --- which one --------------------------------------------------------------

    def select(self, key: str) -> None:
        """Be asked the question ``key``; a finding's frames are shown, too."""
        if key != self.selected:
            self.close_chooser()
            self.selected = key
            self.selected_changed.emit(key)
        if key in FINDING_KEYS:
            self.viewer.select(key)

    def step(self, n: int) -> None:
        """Go on to the question ``n`` further; from none to the first or last."""
        order = self.order
        if not order:
            return
        if self.selected in order:
            place = order.index(self.selected) + n
            self.select(order[min(max(place, 0), len(order) - 1)])
        else:
            self.select(order[0] if n > 0 else order[-1])

    def open_groups(self, opened: bool) -> None:  # noqa: FBT001 - a slot
        """Ask for the groups of biomarkers, too, or no more."""
        self.groups_open = opened
        if self.selected in GROUP_KEYS and not opened:
            self.select("")

    # --- answering --------------------------------------------------------------

    def say(
        self,
        key: str,
        value: str | None,
        certainty: float = 1.0,
        detail: Mapping[str, float] | None = None,
    ) -> None:
        """Keep an answer; None takes it back. Can be undone."""
        question = self.questions.get(key)
        if question is None or self.viewer.clip is None:
            return
        word = self.word(key)
        corrects = None
        if value and word.value is not None and value != word.value:
            corrects = word.value
        sha256 = word.sha256 if corrects is not None else ""
        said = Said(key, value, certainty, detail or {}, "", corrects, sha256)
        given = None if value is None else said_answer(said, self.study.rater)
        words = self.tr("taken back")
        if given is not None:
            words = answer_words(question, given)
        text = f"{question.title}: {words}"
        self.study.label([said], text)
        self._pending[key] = given
        self.viewer.status_changed.emit(text)
        self.close_chooser()
        self.answers_changed.emit()

    def agree(self) -> None:
        """Say what the model says; without its word, yes, or ask."""
        question = self._asked()
        if question is None:
            return
        value = self.word(question.key).value
        if value is None and question.yes_or_no:
            value = "yes"
        if value is None:
            self.open_chooser()
        else:
            self.say(question.key, value)

    def change(self) -> None:
        """Say the opposite of what was said, by oneself or the model, or ask."""
        question = self._asked()
        if question is None:
            return
        mine, word = self.mine(question.key), self.word(question.key)
        value = word.value if mine is None else mine.value
        if not question.yes_or_no or value == NOT_ASSESSABLE:
            self.open_chooser()
        else:
            self.say(question.key, "yes" if value == "no" else "no")

    def unsure(self) -> None:
        """Take certainty from one's answer or give it back; ask where there is none."""
        question = self._asked()
        if question is None:
            return
        mine = self.mine(question.key)
        if mine is None or mine.value == NOT_ASSESSABLE:
            self.open_chooser(UNSURE)
        else:
            certainty = 1.0 if mine.certainty == UNSURE else UNSURE
            self.say(question.key, mine.value, certainty, mine.detail)

    def not_assessable(self) -> None:
        """Say that the clip does not show it."""
        question = self._asked()
        if question is not None:
            self.say(question.key, NOT_ASSESSABLE)

    def take_back(self) -> None:
        """Say nothing any more."""
        question = self._asked()
        if question is not None and self.mine(question.key) is not None:
            self.say(question.key, None)

    def set_severity(self, value: str) -> None:
        """Give a severity whichever question is being asked."""
        if "severity" in self.questions:
            self.select("severity")
            self.say("severity", value)

    def _asked(self) -> Question | None:
        """Return the question that is asked; the first key press only shows one."""
        if self.selected not in self.order:
            self.step(1)
            return None
        return self.questions[self.selected]

    # --- choosing ---------------------------------------------------------------

    def open_chooser(self, certainty: float = 1.0) -> None:
        """Let the answer be chosen from all there are; again closes it."""
        if self.choosing == self.selected:
            self.close_chooser()
        elif self.selected in self.questions:
            self.choosing_certainty = certainty
            self.choosing = self.selected
            self.chooser_changed.emit(self.choosing)

    def close_chooser(self) -> None:
        """Choose nothing."""
        if self.choosing:
            self.choosing = ""
            self.chooser_changed.emit("")

    # --- raters -----------------------------------------------------------------

    @Slot(str)
    def _on_rater(self, _name: str) -> None:
        self.close_chooser()
        self._pending.clear()
        self.answers_changed.emit()

    # --- following --------------------------------------------------------------

    @Slot(str)
    def _on_selection(self, key: str) -> None:
        if key in FINDING_KEYS:
            self.select(key)
        elif self.selected in FINDING_KEYS:
            self.select("")

    @Slot(object)
    def _on_current(self, current: Current | None) -> None:
        before, self._before = self._before, current
        if before is None or current is None or before.path != current.path:
            before = None
            self.close_chooser()
        if before is None or not self.study.writing:
            self._pending.clear()
        if current is not None and current.tasks != self._tasks:
            self._tasks = current.tasks
            self.questions = {k: question_of(t) for k, t in current.tasks.items()}
            self.questions_changed.emit()
        if before is not None and before.entry is None:
            self._tell_added(current)
        self.answers_changed.emit()

    def _tell_added(self, current: Current | None) -> None:
        if current is not None and current.entry is not None:
            text = self.tr("Added to the library as a clip of patient {patient}")
            self.viewer.status_changed.emit(text.format(patient=current.entry.patient))

    @Slot()
    def _forget_pending(self) -> None:
        self._pending.clear()
        self.answers_changed.emit()
