"""The pages of a result: is it better, how good, how it decides, where it is from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QButtonGroup,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui import theme
from lusviewer.gui.panel_parts import ElidedLabel, Meter, card, words
from lusviewer.gui.results.charts import (
    CalibrationChart,
    DifferenceChart,
    RocChart,
    better_words,
    class_colour,
)
from lusviewer.gui.results.result_words import (
    Verdict,
    beside_notes,
    chosen_words,
    class_words,
    difference_words,
    figure_words,
    input_words,
    kind_of,
    provenance_rows,
    rival_words,
    tr,
    verdict,
)
from lusviewer.gui.results.tables import (
    ConfusionTable,
    FoldsTable,
    KindsTable,
)
from lusviewer.gui.results.tree_view import TreeInWords, TreeView, how_to_move
from lusviewer.gui.results.wrong_table import WrongTable
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PySide6.QtGui import QPaintEvent

    from lusviewer.experts.validation import Beside, Compared, Validation, Weight
    from lusviewer.gui.results.work import Result

_MARGIN: Final = SPACE * 2
_ROC_PX: Final = 420
_SMALL_ROC_PX: Final = 270
_ROC_COLUMNS: Final = 4
_CALIBRATION_PX: Final = 320
_ROLES: Final = {
    Verdict.BETTER: "accent",
    Verdict.WORSE: "warning",
    Verdict.UNDECIDED: "",
}


def heading(text: str) -> QLabel:
    """Return the title of a part of a page."""
    label = words(text)
    label.setFont(theme.font(label.font(), scale=1.1, bold=True))
    label.setContentsMargins(0, SPACE, 0, 0)
    return label


# --- is it better ------------------------------------------------------------------


def better_parts(result: Result) -> Iterator[QWidget]:
    """Yield the parts of the page that holds it against each expert in use."""
    beside = result.validation.beside
    if not beside:
        none = tr(
            "No expert in use answered this question when it was trained. How well it "
            "does by itself is on the page 'How good it is'."
        )
        yield words(none, "muted", wrap=True)
        return
    first = beside[0]
    how = tr(
        "Beside those in use when it was trained, on the same {clips} clips of "
        "{patients} patients, none of whom it had seen. "
        "Dots are differences; the lines around them hold 95 % of what other patients "
        "of this kind might show. A line across 0 may be chance."
    ).format(clips=first.clips, patients=first.patients)
    yield words(how, "muted", wrap=True)
    for title, figure in (
        (tr("Difference of AUC"), "auc"),
        (tr("Difference of the share that is right"), "accuracy"),
    ):
        rows = [(one.expert, _compared(one, figure)) for one in beside]
        yield heading(title)
        yield DifferenceChart(rows, better_words())
    yield heading(tr("In figures"))
    for one in beside:
        yield _beside_card(one, _widest([rival_words(one.expert) for one in beside]))


def _widest(names: Sequence[str]) -> int:
    """Return the room of the longest name in bold: the cards' columns agree."""
    metrics = QFontMetrics(theme.font(QApplication.font(), bold=True))
    return max(metrics.horizontalAdvance(name) for name in names)


def _compared(one: Beside, figure: str) -> Compared:
    return one.auc if figure == "auc" else one.accuracy


def _beside_card(one: Beside, room: int) -> QWidget:
    frame = card()
    grid = QGridLayout(frame)
    grid.setContentsMargins(12, 10, 12, 10)
    grid.setHorizontalSpacing(SPACE * 3)
    grid.setColumnMinimumWidth(0, room)
    name = words(rival_words(one.expert))
    name.setFont(theme.font(name.font(), bold=True))
    grid.addWidget(name, 0, 0)
    for column, text in enumerate((tr("new"), tr("in use"), tr("difference")), 1):
        grid.addWidget(words(text, "muted"), 0, column)
    rows = ((tr("AUC"), one.auc), (tr("Share right"), one.accuracy))
    for row, (title, found) in enumerate(rows, 1):
        grid.addWidget(words(title, "muted"), row, 0)
        grid.addWidget(words(figure_words(found.own)), row, 1)
        grid.addWidget(words(figure_words(found.rival)), row, 2)
        role = _ROLES[verdict(found.difference)]
        told = words(difference_words(found.difference), role, wrap=True)
        grid.addWidget(told, row, 3)
    grid.setColumnStretch(3, 1)
    for extra, note in enumerate(beside_notes(one), 3):
        grid.addWidget(words(note, "muted", wrap=True), extra, 0, 1, 4)
    return frame


# --- how good ----------------------------------------------------------------------


class ColourKey(QWidget):
    """A short line in a class's colour."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place = place
        self.setFixedSize(QSize(18, 12))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the line."""
        painter = QPainter(self)
        painter.fillRect(0, 5, 18, 3, class_colour(self, self._place))
        painter.end()


def good_parts(result: Result) -> Iterator[QWidget]:
    """Yield the parts of the page of ROC, calibration and confusion."""
    validation = result.validation
    if len(validation.roc) == 1:
        roc = _column(heading(tr("ROC")), _roc_row(result), _roc_note(result))
        yield _beside(roc, _calibration(validation, _ROC_PX))
        yield _confusion(validation)
        return
    yield heading(tr("ROC"))
    yield _roc_row(result)
    yield _roc_note(result)
    yield _beside(_confusion(validation), _calibration(validation, _CALIBRATION_PX))


def _confusion(validation: Validation) -> QWidget:
    scores = validation.scores
    right = tr("Right on {accuracy}; each class counted alike: {balanced}.").format(
        accuracy=figure_words(scores.accuracy),
        balanced=figure_words(scores.balanced_accuracy),
    )
    about = tr("Rows are labels, columns what it said; shares are of the row.")
    counts = ConfusionTable(validation.confusion, validation.question.classes)
    return _column(
        heading(tr("Confusion")),
        words(f"{right} {about}", "muted", wrap=True),
        counts,
    )


def _calibration(validation: Validation, side: int) -> QWidget:
    chart = CalibrationChart(validation.calibration, side)
    return _column(heading(tr("Calibration")), chart, _calibration_words(validation))


def _column(*parts: QWidget) -> QWidget:
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACE)
    for part in parts:
        layout.addWidget(part)
    layout.addStretch(1)
    return box


def _beside(*parts: QWidget) -> QWidget:
    box = QWidget()
    layout = QHBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACE * 3)
    for part in parts:
        layout.addWidget(part, 1)
    return box


def _roc_row(result: Result) -> QWidget:
    """Return a chart a class, so that the intervals do not lie over each other."""
    curves = [curve for curve in result.validation.roc if curve.points]
    classes = result.validation.question.classes
    names = class_words(result.validation.question)
    side = _ROC_PX if len(curves) == 1 else _SMALL_ROC_PX
    box = QWidget()
    grid = QGridLayout(box)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(SPACE * 2)
    for number, curve in enumerate(curves):
        row, column = divmod(number, _ROC_COLUMNS)
        place = classes.index(curve.name)
        chart = RocChart(curve, result.bands.get(curve.name), place, side)
        text = tr("{name}: AUC {auc}, {n} clips").format(
            name=names[place], auc=figure_words(curve.auc), n=curve.positives
        )
        grid.addWidget(chart, 2 * row, column)
        grid.addWidget(_keyed(place, text), 2 * row + 1, column)
    return box


def _keyed(place: int, text: str) -> QWidget:
    key = QWidget()
    row = QHBoxLayout(key)
    row.setContentsMargins(0, 0, 0, SPACE)
    row.addWidget(ColourKey(place), 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(words(text, wrap=True), 1)
    return key


def _roc_note(result: Result) -> QWidget:
    if not result.bands:
        text = tr("No shade: the library does not hold all of these clips.")
    elif len(result.validation.roc) == 1:
        text = tr("Shaded: where 95 % of the curves of other patients would lie.")
    else:
        text = tr(
            "Each class against all others. Shaded: where 95 % of the curves of other "
            "patients would lie."
        )
    none = [curve.name for curve in result.validation.roc if not curve.points]
    if none:
        more = tr("No clip has the label {names}: no curve can be drawn for it.")
        text = f"{text} {more.format(names=', '.join(none))}"
    return words(text, "muted", wrap=True)


def _calibration_words(validation: Validation) -> QWidget:
    classes = validation.question.classes
    if len(classes) == 2:
        text = tr("How often '{name}' held where it was given that probability.")
        text = text.format(name=classes[1])
    else:
        text = tr("How often its answer held where it was given that probability.")
    more = tr("Off by {ece} on average. Figures beside the dots count clips.")
    ece = figure_words(validation.calibration.ece)
    return words(f"{text} {more.format(ece=ece)}", "muted", wrap=True)


# --- how it decides ----------------------------------------------------------------


class TreePage(QWidget):
    """The tree, drawn or in words."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        nodes = result.validation.tree or ()
        classes = class_words(result.validation.question)
        self.drawn = TreeView(nodes, classes)
        self.in_words = TreeInWords(nodes, classes)
        self.stack = QStackedWidget()
        top = QHBoxLayout()
        self._choices = QButtonGroup(self)
        views = ((tr("Drawn"), self.drawn), (tr("In words"), self.in_words))
        for place, (text, view) in enumerate(views):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setChecked(place == 0)
            self._choices.addButton(button, place)
            self.stack.addWidget(view)
            top.addWidget(button)
        self._choices.idClicked.connect(self.stack.setCurrentIndex)
        for place, name in enumerate(classes):
            top.addSpacing(SPACE if place else SPACE * 2)
            top.addWidget(ColourKey(place))
            top.addWidget(words(name, "muted"))
        top.addStretch(1)
        how = ElidedLabel(how_to_move(), "muted")
        top.addSpacing(SPACE * 2)
        self._choices.idClicked.connect(lambda place: how.setVisible(place == 0))
        top.addWidget(how)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        layout.addLayout(top)
        layout.addWidget(self.stack, 1)

    def button(self, place: int) -> QAbstractButton:
        """Return the button that shows the tree drawn (0) or in words (1)."""
        return self._choices.button(place)


def features_parts(result: Result) -> Iterator[QWidget]:
    """Yield the parts of the page of what matters, the most telling first."""
    weights = result.validation.importance
    how = tr(
        "By how much the AUC falls where a value is shuffled between clips. Values "
        "that say the same share what they are worth: each then seems to matter little."
    )
    yield words(how, "muted", wrap=True)
    if weights:
        yield _bars(weights)
    else:
        yield words(tr("Shuffling any one of them changed nothing."), wrap=True)


def _bars(weights: tuple[Weight, ...]) -> QWidget:
    box = QWidget()
    grid = QGridLayout(box)
    grid.setContentsMargins(0, SPACE, 0, 0)
    grid.setHorizontalSpacing(SPACE * 2)
    grid.setVerticalSpacing(SPACE)
    most = max(weight.fall for weight in weights) or 1.0
    for row, weight in enumerate(weights):
        name = ElidedLabel(input_words(weight.feature, weight.words))
        meter = Meter(weight.feature)
        meter.set_value(weight.fall / most)
        number = words(f"{weight.fall:.3f}")
        number.setFont(theme.font(number.font()))
        for column, part in enumerate((name, meter, number)):
            grid.addWidget(part, row, column)
    grid.setColumnStretch(0, 2)
    grid.setColumnStretch(1, 3)
    return box


# --- what it gets wrong, how it was found, where it is from ------------------------


class WrongPage(QWidget):
    """The clips it gets wrong; a click opens one."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        validation = result.validation
        self.table = WrongTable(validation.wrong, result.clips)
        text = tr(
            "{n} of {all} clips, the surest of them first. A label may be wrong too: "
            "click a clip to look at it."
        )
        if not validation.wrong:
            text = tr("It answered all {all} clips as they are labelled.")
        n, total = len(validation.wrong), validation.provenance.clips
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        layout.setSpacing(SPACE)
        layout.addWidget(words(text.format(n=n, all=total), "muted", wrap=True))
        layout.addWidget(self.table, 1)


def found_parts(result: Result) -> Iterator[QWidget]:
    """Yield the page's widgets: the kinds, and the parts of the patients."""
    validation = result.validation
    yield words(chosen_words(validation), "muted", wrap=True)
    early = validation.stopped_early
    if early is not None:
        text = tr(
            "Stopped early. Kinds not tried: {left}. Parts in which not all settings "
            "were tried: {folds}. Settings left out of the last choice: {settings}."
        )
        left = ", ".join(map(kind_of, early.kinds_left_out)) or tr("none")
        folds, settings = early.folds_untried, early.settings_untried
        shown = text.format(left=left, folds=folds, settings=settings)
        yield words(shown, "warning", wrap=True)
    yield heading(tr("Kinds that were tried"))
    yield KindsTable(validation.kinds)
    yield heading(tr("Parts left out in turn"))
    yield FoldsTable(validation.folds)


def origin_parts(result: Result) -> Iterator[QWidget]:
    """Yield the parts of the page of provenance and the model card."""
    form_box = QWidget()
    form = QFormLayout(form_box)
    form.setContentsMargins(0, 0, 0, 0)
    form.setHorizontalSpacing(SPACE * 3)
    select = Qt.TextInteractionFlag
    for name, value in provenance_rows(result.validation.provenance):
        label = words(value, wrap=True)
        label.setTextInteractionFlags(
            select.TextSelectableByMouse | select.TextSelectableByKeyboard
        )
        label.setAccessibleName(f"{name}: {value}")
        form.addRow(words(name, "muted"), label)
    yield form_box
    yield heading(tr("Model card"))
    text = QTextBrowser()
    text.setAccessibleName(tr("Model card"))
    text.setOpenLinks(False)
    text.setMarkdown(result.card)
    text.setMinimumHeight(420)
    yield text
