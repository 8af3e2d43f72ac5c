"""The questions that are no finding, who answers them, and how many are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QVBoxLayout,
)

from lusviewer.gui.labelling.questions import GROUP_KEYS, USUAL_KEYS
from lusviewer.gui.labelling.row import QuestionRow
from lusviewer.gui.panel_parts import Section, link, words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from PySide6.QtGui import QWheelEvent

    from lusviewer.gui.labelling.model import Labelling
    from lusviewer.gui.viewer_model import ViewerModel


class RaterBox(QComboBox):
    """Who labels: one of those known, or a new pseudonym."""

    def __init__(self, labelling: Labelling) -> None:
        super().__init__()
        self._study = labelling.study
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setAccessibleName(self.tr("Who labels"))
        self.setToolTip(self.tr("Who labels: choose, or type a pseudonym"))
        self.setMinimumWidth(80)
        self.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._shown: tuple[str, ...] = ()
        self.textActivated.connect(self._choose)
        field = self.lineEdit()
        if field is not None:
            field.editingFinished.connect(self._on_typed)
            field.returnPressed.connect(self.clearFocus)
        self._study.rater_changed.connect(self._show)
        self._study.current_changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        if self.hasFocus():
            return  # Somebody is typing.
        current, me = self._study.current, self._study.rater
        known = set() if current is None else set(current.raters)
        names = tuple(sorted(known | {me}))
        if names != self._shown:
            self._shown = names
            self.clear()
            self.addItems(names)
        self.setCurrentText(me)

    @Slot()
    def _on_typed(self) -> None:
        self._choose(self.currentText())

    @Slot(str)
    def _choose(self, name: str) -> None:
        self._study.set_rater(name)
        self.setCurrentText(self._study.rater)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel: scrolling past must not change the rater."""
        event.ignore()


class LabelSection(Section):
    """The rows of the questions below those of the findings."""

    def __init__(self, viewer: ViewerModel, labelling: Labelling) -> None:
        super().__init__(self.tr("Labels"))
        self._viewer, self._labelling = viewer, labelling
        self.count = words("", "muted")
        self.beside.addWidget(self.count)
        self.rater = RaterBox(labelling)
        self.others = link("", "", self._toggle_others)
        self.rows = {key: QuestionRow(labelling, key) for key in USUAL_KEYS}
        self._own = QVBoxLayout()
        self._own.setSpacing(0)
        self.groups = Section(self.tr("Biomarker groups"), opened=False)
        self.groups.content.setSpacing(0)
        self.groups.toggled.connect(self._open_groups)
        self._adding = QTimer(self, interval=0)
        self._adding.timeout.connect(self._add_group)
        self._lay_out()
        labelling.questions_changed.connect(self._show_questions)
        labelling.answers_changed.connect(self._show_answers)
        labelling.selected_changed.connect(self._follow)
        viewer.report_changed.connect(self._show_words)
        viewer.predictions_changed.connect(self._show_words)
        self._show_answers()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(SPACE, 0, 0, 0)
        head.setSpacing(SPACE // 2)
        head.addWidget(words(self.tr("Rater"), "muted"))
        head.addWidget(self.rater, 1)
        head.addWidget(self.others)
        self.content.addLayout(head)
        rows = QVBoxLayout()
        rows.setSpacing(0)
        for row in self.rows.values():
            rows.addWidget(row)
        rows.addLayout(self._own)
        self.content.addLayout(rows)
        self.content.addWidget(self.groups)

    @Slot()
    def _toggle_others(self) -> None:
        seen = self._labelling.study.seen
        seen.show_others(not seen.others)

    @Slot(bool)
    def _open_groups(self, opened: bool) -> None:  # noqa: FBT001 - a slot
        self._labelling.open_groups(opened)
        if opened:
            self._adding.start()

    @Slot()
    def _add_group(self) -> None:
        """Add one row at a time: all of them at once would hold the window up."""
        missing = [key for key in GROUP_KEYS if key not in self.rows]
        if missing:
            self._add(missing[0], self.groups.content)
        else:
            self._adding.stop()

    def _add(self, key: str, where: QVBoxLayout) -> None:
        self.rows[key] = QuestionRow(self._labelling, key)
        where.addWidget(self.rows[key])
        self.rows[key].show()

    @Slot()
    def _show_questions(self) -> None:
        for key in self._labelling.own:
            if key not in self.rows:
                self._add(key, self._own)
        self._show_words()
        self._show_answers()

    @Slot()
    def _show_words(self) -> None:
        for row in self.rows.values():
            row.show_question()

    @Slot()
    def _show_answers(self) -> None:
        labelling = self._labelling
        given = [key for key in labelling.questions if labelling.mine(key) is not None]
        asked = set(labelling.order) | set(given)
        text = self.tr("{n} of {total}").format(n=len(given), total=len(asked))
        self.count.setText(text if asked else "")
        self.count.setToolTip(self.tr("Questions answered by this rater"))
        shown = labelling.study.seen.others
        self.others.setText(self.tr("hide others") if shown else self.tr("show others"))
        words_of = self.tr("What other raters said of this clip")
        self.others.setToolTip(words_of)
        self.others.setAccessibleName(f"{self.others.text()}: {words_of}")

    @Slot(str)
    def _follow(self, key: str) -> None:
        """Open the section that the question stands in."""
        if key in self.rows and not self.heading.isChecked():
            self.heading.setChecked(True)

    def row_of(self, key: str) -> QuestionRow | None:
        """Return the row of a question that stands here."""
        return self.rows.get(key)
