"""A training as a card: what it does now, what came so far, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lusviewer.gui.learning.fraction_plot import FractionPlot
from lusviewer.gui.learning.trainings import State
from lusviewer.gui.learning.wishes import ADAPT
from lusviewer.gui.learning.words import (
    ANOTHER,
    auc_words,
    beside_words,
    figure_words,
    joined,
    kind_words,
    step_words,
    time_left,
    time_taken,
)
from lusviewer.gui.panel_parts import (
    ElidedLabel,
    Meter,
    Section,
    clear,
    link,
    set_role,
    words,
)
from lusviewer.gui.theme import SPACE, font

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtGui import QResizeEvent

    from lusviewer.gui.learning.curve_plot import CurvePlot
    from lusviewer.gui.learning.plots import Plots
    from lusviewer.gui.learning.trainings import Training

_LOG_HEIGHT: Final = 120
_METER: Final = 24
"""The least width of a bar in px: in a narrow dock the words need the room."""


class RunCard(QFrame):
    """One training, from the queue to its end.

    Signals
    -------
    result_wanted(Path)
        The result in this folder is to be shown.
    put_away()
    """

    result_wanted = Signal(object)
    put_away = Signal()

    def __init__(self, training: Training, log_path: Path, plots: Plots) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.training = training
        self._log_path = log_path
        self._plots = plots
        self._pausing = False
        self.curves: CurvePlot | None = None
        self.fractions: FractionPlot | None = None
        self.title = ElidedLabel(training.title)
        self.title.setFont(font(self.title.font(), bold=True))
        self.setAccessibleName(training.title)
        self.doing = words("", "muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setAccessibleName(self.tr("How much is done"))
        self.result = words("", wrap=True)
        self.kinds = _KindTable()
        self.log = _LogSection(training)
        self._wide, self._buttons = QVBoxLayout(), QHBoxLayout()
        for row in (self._wide, self._buttons):
            row.setSpacing(SPACE // 2)
        self._lay_out()
        training.changed.connect(self._on_changed)
        training.progressed.connect(self._on_progressed)
        self._on_changed()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(SPACE // 2)
        for widget in (self.title, self.doing, self.bar, self.result, self.kinds):
            column.addWidget(widget)
        self._curve_place = QVBoxLayout()
        column.addLayout(self._curve_place)
        column.addLayout(self._wide)
        column.addLayout(self._buttons)
        column.addWidget(self.log)

    @Slot()
    def _on_changed(self) -> None:
        state = self.training.state
        under_way = state in (State.RUNNING, State.ENDING, State.CANCELLING)
        self.bar.setVisible(under_way)
        self.log.setVisible(state is not State.WAITING)
        self._fill_buttons()
        self._on_progressed()

    def _fill_buttons(self) -> None:
        for row in (self._wide, self._buttons):
            clear(row)
        training, state = self.training, self.training.state
        self._pausing = training.can_pause
        if state is State.WAITING:
            tip = self.tr("Do not run this training.")
            self._button(self.tr("Leave the queue"), tip, training.cancel)
        if state is State.RUNNING:
            tip = self.tr("End now with the best found so far, and its figures.")
            best = self.tr("Stop early, keep the best")
            self._wide.addWidget(self._button(best, tip, training.stop_early))
        if training.can_pause:
            tip = self.tr("End now, and go on from here another time.")
            self._button(self.tr("Go on later"), tip, training.pause)
        if state in (State.RUNNING, State.ENDING):
            tip = self.tr("End now and keep nothing: as if it had never begun.")
            self._button(self.tr("Cancel"), tip, training.cancel)
        if state is State.DONE:
            self._result_button()
        if state in (State.DONE, State.FAILED):
            tip = self.tr("Take this card away. What was written stays.")
            self._button(self.tr("Put away"), tip, self.put_away.emit)

    def _result_button(self) -> None:
        if self.training.arguments[:2] == ADAPT:
            tip = self.tr("Analyse clips with this model from now on.")
            self._button(self.tr("Use this model"), tip, self._want_result)
        else:
            tip = self.tr("Figures, curves, the clips it gets wrong, and its use.")
            self._button(self.tr("Show the result"), tip, self._want_result)

    def _button(self, text: str, tip: str, act: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setAccessibleDescription(tip)
        button.clicked.connect(lambda _checked=False: act())
        self._buttons.addWidget(button)
        return button

    def _want_result(self) -> None:
        if (made := self.training.told.made) is not None:
            self.result_wanted.emit(made.folder)

    @Slot()
    def _on_progressed(self) -> None:
        told = self.training.told
        if self._pausing is not self.training.can_pause:
            self._fill_buttons()
        self.doing.setText(self._doing())
        self.doing.setVisible(bool(self.doing.text()))
        progress = told.progress
        total = 0 if progress is None else progress.total
        self.bar.setRange(0, total)
        self.bar.setValue(0 if progress is None else progress.done)
        text = self._result()
        self.result.setText(text)
        self.result.setVisible(bool(text))
        failed = self.training.state is State.FAILED
        set_role(self.result, "banner" if failed else "")
        self.kinds.show_kinds(self.training)
        self._show_curves()
        self.log.show_log()

    def _doing(self) -> str:
        told, state = self.training.told, self.training.state
        if state is State.RUNNING and told.progress is not None:
            left = time_left(told.progress.seconds_left)
            doing = joined([step_words(told.progress), left])
            # Who is waited for, and what to do, where that is another machine.
            waits = told.progress.what == ANOTHER
            return "\n".join([doing, *told.warnings[-1:]]) if waits else doing
        if state is State.DONE and told.made is not None:
            kept = self.tr("stopped early") if told.kept else ""
            took = self.tr("took {time}").format(time=time_taken(told.made.seconds))
            return joined([told.made.folder.name, took, kept])
        says = {
            State.WAITING: self.tr("Waits for the training before it."),
            State.RUNNING: self.tr("Getting ready ..."),
            State.ENDING: self.tr("Ending early; the best so far is kept ..."),
            State.CANCELLING: self.tr("Cancelling ..."),
        }
        return says.get(state, "")

    def _result(self) -> str:
        told = self.training.told
        if self.training.state is State.FAILED:
            return self._failure()
        if self.training.state is not State.DONE:
            return ""
        said = [] if told.fractions is None else [told.fractions.verdict]
        said += [told.made.note] if told.made is not None and told.made.note else []
        if told.figures is not None:
            said.append(auc_words(told.figures.auc))
            said += [beside_words(one) for one in told.figures.beside]
        return "\n".join(said)

    def _failure(self) -> str:
        error = self.training.told.error
        if error is not None:
            return f"{error.message}\n{error.hint}".strip()
        last = "\n".join(self.training.last_errors[-3:])
        told = self.tr(
            "The training ended unexpectedly and wrote no result. Start it again; if "
            "that happens once more, send the log, {path}."
        )
        return f"{told.format(path=self._log_path)}\n{last}".strip()

    def _show_curves(self) -> None:
        told = self.training.told
        if told.curves and self.curves is None:
            self.curves = self._plots.curves()
            if self.curves is not None:
                self._curve_place.addWidget(self.curves)
        if self.curves is not None:
            self.curves.show_curves(told.curves)
        if told.fractions is not None and self.fractions is None:
            self.fractions = FractionPlot()
            self.fractions.show_fractions(told.fractions)
            self._curve_place.addWidget(self.fractions)


class _KindTable(QWidget):
    """The AUC of each kind of expert, as they come."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACE)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[ElidedLabel, Meter, QLabel]] = []
        self.hide()

    def show_kinds(self, training: Training) -> None:
        """Add the kinds that are new."""
        kinds = list(training.told.kinds.items())
        if kinds and not self._shown:
            heading = words(self.tr("AUC of each kind (95 % interval)"), "muted")
            self._grid.addWidget(heading, 0, 0, 1, 3)
        for row in range(self._shown + 1, len(kinds) + 1):
            kind, auc = kinds[row - 1]
            meter = Meter()
            meter.setMinimumWidth(_METER)
            if auc is not None:
                # Half is chance: what is above it fills the bar.
                meter.set_value(max(0.0, 2 * auc.value - 1))
                meter.setToolTip(self.tr("From chance, 0.5, to perfect, 1"))
            name, figure = ElidedLabel(kind_words(kind)), words("", "muted")
            figure.setText(figure_words(auc))
            self._rows.append((name, meter, figure))
            for column, part in enumerate(self._rows[-1]):
                self._grid.addWidget(part, row, column)
        if len(kinds) > self._shown:
            self._share_room()
        self._shown = len(kinds)
        self.setVisible(bool(kinds))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """See again whether there is room for the bars."""
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        """Leave the bars out where the names would be cut: the figures say as much."""
        sides = [
            name.sizeHint().width() + figure.sizeHint().width()
            for name, _, figure in self._rows
        ]
        roomy = max(sides, default=0) + 2 * SPACE + _METER <= self.width()
        for _, meter, _ in self._rows:
            meter.setVisible(roomy)


class _LogSection(Section):
    """The last lines the training told, to be copied."""

    def __init__(self, training: Training) -> None:
        super().__init__(self.tr("Log"), opened=False)
        self._training = training
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName(self.tr("Log of the training"))
        self.text.setFixedHeight(_LOG_HEIGHT)
        self.content.addWidget(self.text)
        tip = self.tr("Copy the log")
        row = QHBoxLayout()
        row.addWidget(link(self.tr("Copy"), tip, self._copy))
        row.addStretch(1)
        self.content.addLayout(row)
        self.toggled.connect(self.show_log)

    @Slot()
    def show_log(self) -> None:
        """Show the lines, if the section is open."""
        if self.heading.isChecked():
            self.text.setPlainText("\n".join(self._training.log))
            bar = self.text.verticalScrollBar()
            bar.setValue(bar.maximum())

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(self._training.log))
