"""How far two raters agree: kappas, the clips they disagree on, Bland and Altman."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui.jobs import Lane
from lusviewer.gui.labelling import work
from lusviewer.gui.labelling.agreement_plot import BlandAltmanChart
from lusviewer.gui.labelling.agreement_table import Table
from lusviewer.gui.labelling.questions import question_of
from lusviewer.gui.labelling.work import MODEL
from lusviewer.gui.panel_parts import clear, words
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtCore import QModelIndex
    from PySide6.QtGui import QCloseEvent

    from lusviewer.gui.labelling.model import Labelling
    from lusviewer.gui.labelling.questions import Question
    from lusviewer.gui.labelling.work import Compared
    from lusviewer.gui.viewer_model import ViewerModel
    from lusviewer.library.agreement import NumberAgreement, TaskAgreement

_REST_MS: Final = 500
"""How long after a change of the library raters are compared anew."""
_FEW_PATIENTS: Final = 10


class AgreementDialog(QDialog):
    """Two raters to choose; it follows the library while it is open."""

    def __init__(
        self, viewer: ViewerModel, labelling: Labelling, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._viewer, self._labelling = viewer, labelling
        self.setWindowTitle(self.tr("Agreement of raters"))
        self.chart: BlandAltmanChart | None = None
        self._compared: Compared | None = None
        self._questions: dict[str, Question] = {}
        self._lane = Lane(self)
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._make_head()
        self.resize(980, 620)
        # The window is seen before what it is filled with is made, a part at a turn.
        steps = (self._make_tables, self._make_numbers, self._begin)
        self._steps = iter(steps)
        self._making = QTimer(self, interval=0)
        self._making.timeout.connect(self._make_next)
        self._making.start()

    @Slot()
    def _make_next(self) -> None:
        if (step := next(self._steps, None)) is None:
            self._making.stop()
        else:
            step()

    def _make_head(self) -> None:
        self.first, self.second = QComboBox(), QComboBox()
        self.first.setAccessibleName(self.tr("First rater"))
        self.second.setAccessibleName(self.tr("Second rater"))
        head = QHBoxLayout()
        head.setSpacing(SPACE)
        for part in (self.first, words(self.tr("and"), "muted"), self.second):
            head.addWidget(part)
        head.addStretch(1)
        for box in (self.first, self.second):
            box.setMinimumWidth(160)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.note = words("", "muted", wrap=True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._body = QSplitter(Qt.Orientation.Horizontal)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE)
        whole.setSpacing(SPACE)
        whole.addLayout(head)
        whole.addWidget(self.note)
        whole.addWidget(self._body, 1)
        whole.addWidget(buttons)

    def _make_tables(self) -> None:
        self.tasks = Table(
            self.tr("Agreement for each question"),
            (
                self.tr("Question"),
                self.tr("Kappa (95 % interval)"),
                self.tr("Agreed"),
                self.tr("Clips"),
                self.tr("Patients"),
            ),
        )
        self.apart = Table(self.tr("Clips they disagree on"), ("", "", ""))
        self.apart_title = words("", "section")
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tasks, 3)
        column.addWidget(self.apart_title)
        column.addWidget(self.apart, 2)
        self._body.addWidget(left)

    def _make_numbers(self) -> None:
        self.number = QComboBox()
        self.number.setAccessibleName(self.tr("Which numbers are compared"))
        self.number_words = words("", "muted", wrap=True)
        self._right = QWidget()
        right = QVBoxLayout(self._right)
        right.setContentsMargins(0, 0, 0, 0)
        right.addWidget(self.number)
        self._charts = QVBoxLayout()
        right.addLayout(self._charts, 1)
        right.addWidget(self.number_words)
        self._body.addWidget(self._right)
        self._body.setSizes([560, 420])
        self._body.setChildrenCollapsible(False)

    def _begin(self) -> None:
        for box in (self.first, self.second):
            box.activated.connect(self._on_chosen)
        self.number.activated.connect(self._show_number)
        self.tasks.selectionModel().currentRowChanged.connect(self._show_apart)
        self.apart.activated.connect(self._open)
        self.apart.clicked.connect(self._open)
        self._lane.produced.connect(self._show)
        self._lane.failed.connect(self._viewer.report_failure)
        self._rest.timeout.connect(self._on_rest)
        self._labelling.study.changed.connect(self._on_study)
        self._labelling.study.opened.connect(self._on_chosen)
        self._ask(self._labelling.study.rater, "")

    # --- asking -----------------------------------------------------------------

    def _ask(self, first: str, second: str) -> None:
        shelf, bundle = self._labelling.study.shelf, self._viewer.analysis.bundle_path
        self._lane.run(partial(work.compare, shelf, (first, second), bundle))

    @Slot()
    def _on_chosen(self) -> None:
        self._ask(
            str(self.first.currentData() or ""), str(self.second.currentData() or "")
        )

    @Slot()
    def _on_study(self) -> None:
        if not self._rest.isActive():
            self._rest.start()

    @Slot()
    def _on_rest(self) -> None:
        """Compare anew, one time after the other: of thousands of clips it is work."""
        if self._lane.busy:
            self._rest.start()
        else:
            self._on_chosen()

    # --- showing ----------------------------------------------------------------

    @Slot(object)
    def _show(self, found: tuple[Compared, ...]) -> None:
        compared = found[-1]
        self._compared = compared
        self._questions = {k: question_of(t) for k, t in compared.tasks.items()}
        for box, chosen in (
            (self.first, compared.first),
            (self.second, compared.second),
        ):
            self._fill(box, compared.raters, chosen)
        agreement = compared.agreement
        self._body.setVisible(agreement is not None)
        if agreement is None:
            self.note.setText(
                compared.why or self.tr("Nobody has labelled a clip yet.")
            )
            return
        text = self.tr(
            "{n} clips labelled by both. Clips called not assessable are left out. "
            "Intervals: 95 %, bootstrap over patients."
        )
        text = text.format(n=agreement.common)
        if agreement.by_experts:
            taught = self.tr(
                "For {tasks} an expert answers: where it learned from these labels, "
                "this says nothing of other patients."
            )
            names = (self._questions[key].title for key in agreement.by_experts)
            text = f"{text} {taught.format(tasks=', '.join(names))}"
        self.note.setText(f"{text} {_of_few(agreement.tasks)}".strip())
        self.tasks.texts.show_rows([self._row(one) for one in agreement.tasks])
        self._fill_numbers(agreement.numbers)
        if agreement.tasks:
            self.tasks.selectRow(0)
        else:
            self._show_apart()

    def _fill(self, box: QComboBox, raters: tuple[str, ...], chosen: str) -> None:
        names = raters if chosen in raters or not chosen else (chosen, *raters)
        if [box.itemData(i) for i in range(box.count())] != list(names):
            box.clear()
            for name in names:
                box.addItem(self.tr("the model") if name == MODEL else name, name)
        box.setCurrentIndex(box.findData(chosen))

    def _row(self, one: TaskAgreement) -> tuple[str, ...]:
        kappa = one.kappa.words or self.tr("not defined")
        agreed = f"{100 * one.agreed:.0f} %"
        title = self._title(one)
        if one.weighted:
            title = self.tr("{title}, weighted").format(title=title)
        return (title, kappa, agreed, str(one.clips), str(one.patients))

    def _title(self, one: TaskAgreement) -> str:
        question = self._questions.get(one.task)
        if question is None:
            return one.name
        if not one.label:
            return question.title
        return f"{question.title}: {question.class_words(one.label)}"

    def _said(self, one: TaskAgreement, name: str) -> str:
        question = self._questions.get(one.task)
        return name if question is None or one.label else question.class_words(name)

    def _chosen_task(self) -> TaskAgreement | None:
        row = self.tasks.currentIndex().row()
        compared = self._compared
        agreement = None if compared is None else compared.agreement
        if agreement is None or not 0 <= row < len(agreement.tasks):
            return None
        return agreement.tasks[row]

    @Slot()
    def _show_apart(self) -> None:
        task, compared = self._chosen_task(), self._compared
        if task is None or compared is None:
            self.apart_title.setText("")
            self.apart.texts.show_rows([])
            return
        text = self.tr("{title}: they disagree on {n} of {total} clips")
        title = self._title(task)
        if task.not_assessable:
            text += self.tr(", {unseen} not assessable")
        text = text.format(
            title=title, n=len(task.apart), total=task.clips, unseen=task.not_assessable
        )
        self.apart_title.setText(text)
        headings = [
            self.tr("Clip"),
            self.first.currentText(),
            self.second.currentText(),
        ]
        self.apart.texts.show_rows(
            [
                (
                    f"{compared.clips[one.clip_id].patient} · "
                    f"{compared.clips[one.clip_id].name}",
                    self._said(task, one.first),
                    self._said(task, one.second),
                )
                for one in task.apart
            ],
            headings,
        )

    @Slot(object)
    def _open(self, index: QModelIndex) -> None:
        task, compared = self._chosen_task(), self._compared
        if task is None or compared is None:
            return
        paths = [compared.clips[one.clip_id].path for one in task.apart]
        self._viewer.open_path(paths, first=paths[index.row()])

    # --- numbers ----------------------------------------------------------------

    def _fill_numbers(self, numbers: tuple[NumberAgreement, ...]) -> None:
        before = self.number.currentText()
        self.number.clear()
        self.number.addItems([self._number_title(one) for one in numbers])
        self.number.setCurrentIndex(max(self.number.findText(before), 0))
        self._right.setVisible(bool(numbers))
        self._show_number()

    def _number_title(self, one: NumberAgreement) -> str:
        titles = {
            "b_line": self.tr("B-lines drawn"),
            "a_line": self.tr("A-lines drawn"),
        }
        question = self._questions.get(one.what)
        known = one.words if question is None else question.title
        return titles.get(one.what, known)

    @Slot()
    def _show_number(self) -> None:
        clear(self._charts)
        self.chart = None
        compared, place = self._compared, self.number.currentIndex()
        agreement = None if compared is None else compared.agreement
        if agreement is None or not 0 <= place < len(agreement.numbers):
            return
        one = agreement.numbers[place]
        raters = (self.first.currentText(), self.second.currentText())
        self.chart = BlandAltmanChart(one, raters)
        self._charts.addWidget(self.chart)
        figures = one.figures
        text = self.tr(
            "Bias {bias}; limits of agreement {lower} and {upper}. "
            "{n} pairs of {clips} clips, {patients} patients."
        )
        text = text.format(
            bias=figures.bias.words,
            lower=figures.lower.words,
            upper=figures.upper.words,
            n=len(one.pairs),
            clips=one.clips,
            patients=one.patients,
        )
        self.number_words.setText(text)
        self.chart.setAccessibleDescription(text)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop comparing."""
        self._making.stop()
        self._rest.stop()
        self._lane.close()
        super().closeEvent(event)


def _of_few(tasks: Iterable[TaskAgreement]) -> str:
    """Return that some intervals are of few patients, "" where none is."""
    if all(one.patients >= _FEW_PATIENTS for one in tasks):
        return ""
    few = QCoreApplication.translate(
        "AgreementDialog", "Of fewer than {n} patients an interval says little."
    )
    return few.format(n=_FEW_PATIENTS)
