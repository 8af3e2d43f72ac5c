"""Saying something of several clips at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
)

from lusviewer.gui.narrow import Pair
from lusviewer.gui.panel_parts import words
from lusviewer.gui.study.answer_field import AnswerField
from lusviewer.gui.study.chooser import fill_tasks, narrow_combo
from lusviewer.gui.study.listing import work
from lusviewer.gui.study.patient_dialog import PatientDialog
from lusviewer.gui.study.work import Said
from lusviewer.gui.task_words import (
    NOT_ASSESSABLE,
    UNSURE,
    title_of,
    value_words,
)
from lusviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lusviewer.gui.study.model import StudyModel
    from lusviewer.library.tasks import Task

_FEWEST: Final = 2


class LabelBar(QFrame):
    """A question and its answer for the clips that are selected, and a menu of more.

    It stands below the list while several clips are selected. All it does can be
    undone as one step.

    Signals
    -------
    cleared()
        Nothing is to be selected any more.
    """

    cleared = Signal()

    def __init__(self, study: StudyModel) -> None:
        super().__init__()
        self._study = study
        self._clips: tuple[int, ...] = ()
        self._tasks: Mapping[str, Task] = {}
        self.setProperty("role", "card")
        self.setAccessibleName(self.tr("Label the selected clips"))
        self.selected = words("", wrap=True)
        self.more = QToolButton()
        self.more.setText(self.tr("More ..."))
        self.more.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.more.setAccessibleName(self.tr("More for the selected clips"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.more.setMenu(self.menu)
        self.task_box = narrow_combo(self.tr("Question"))
        self.answer = AnswerField()
        self.unsure = QCheckBox(self.tr("Unsure"))
        self.not_assessable = QCheckBox(self.tr("Not assessable"))
        for box in (self.unsure, self.not_assessable):
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.give = QPushButton(self.tr("Label"))
        self.give.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._lay_out()
        self._connect()
        self.hide()

    def _lay_out(self) -> None:
        top, middle = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.selected, 1)
        top.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)
        middle.addWidget(self.answer, 1)
        middle.addWidget(self.give)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE // 2, SPACE, SPACE)
        column.setSpacing(SPACE // 2)
        column.addLayout(top)
        column.addWidget(self.task_box)
        column.addLayout(middle)
        column.addWidget(Pair(self.unsure, self.not_assessable, shares=(0, 1)))
        self.answer.setFixedHeight(self.task_box.sizeHint().height())

    def _connect(self) -> None:
        self.task_box.currentIndexChanged.connect(self._on_task)
        self.answer.changed.connect(self._show_ready)
        self.not_assessable.toggled.connect(self._show_ready)
        self.give.clicked.connect(self._label)

    def set_tasks(self, tasks: Mapping[str, Task]) -> None:
        """Offer these tasks."""
        changed = tasks != self._tasks
        self._tasks = tasks
        fill_tasks(self.task_box, tasks)
        if changed:
            self._on_task()

    @Slot(object)
    def set_clips(self, clips: tuple[int, ...]) -> None:
        """Speak of these clips; of a single one only by the menu."""
        self._clips = clips
        self.selected.setText(self.tr("{n} clips selected").format(n=len(clips)))
        self.setVisible(len(clips) >= _FEWEST)

    def show_menu(self, place: QPoint) -> None:
        """Show all that can be said of the selected clips, at a place on screen."""
        if self._clips:
            self.menu.popup(place)

    # --- labelling -------------------------------------------------------------------

    @Slot()
    def _on_task(self) -> None:
        task = self._tasks.get(self.task_box.currentData())
        if task is not None:
            self.not_assessable.setChecked(False)
            self.answer.set_task(task)

    @property
    def _value(self) -> str:
        return NOT_ASSESSABLE if self.not_assessable.isChecked() else self.answer.value

    @Slot()
    def _show_ready(self) -> None:
        self.answer.setEnabled(not self.not_assessable.isChecked())
        self.give.setEnabled(bool(self._value))

    @Slot()
    def _label(self) -> None:
        key, value = self.task_box.currentData(), self._value
        if not value:
            return
        certainty = UNSURE if self.unsure.isChecked() else 1.0
        told = self.tr("{task} {value} for {n} clips").format(
            task=title_of(key, self._tasks),
            value=value_words(key, value),
            n=len(self._clips),
        )
        self._study.label([Said(key, value, certainty)], told, self._clips)

    def _take_back(self) -> None:
        key = self.task_box.currentData()
        told = self.tr("No {task} for {n} clips").format(
            task=title_of(key, self._tasks).lower(), n=len(self._clips)
        )
        self._study.label([Said(key, None)], told, self._clips)

    # --- zone and patient ------------------------------------------------------------

    @Slot()
    def _fill_menu(self) -> None:
        menu = self.menu
        menu.clear()
        zones = menu.addMenu(self.tr("Set the zone"))
        for scheme, choices in work.zone_choices():
            text = self.tr("{scheme} zones").format(scheme=scheme)
            if not scheme.isdigit():
                text = self.tr("{scheme} points").format(scheme=scheme)
            part = zones.addMenu(text)
            for key, told in choices:
                action = part.addAction(f"{key}  {told}")
                action.triggered.connect(partial(self.set_zone, f"{scheme}:{key}"))
        zones.addSeparator()
        no_zone = zones.addAction(self.tr("No zone"))
        no_zone.triggered.connect(partial(self.set_zone, ""))
        patient = menu.addAction(self.tr("Assign to a patient ..."))
        patient.triggered.connect(self._ask_patient)
        task = title_of(self.task_box.currentData(), self._tasks)
        back = menu.addAction(self.tr("Take back my answer: {task}").format(task=task))
        back.triggered.connect(self._take_back)
        menu.addSeparator()
        clear = menu.addAction(self.tr("Select none"))
        clear.triggered.connect(self.cleared)

    def set_zone(self, zone: str, _checked: bool = False) -> None:  # noqa: FBT001, FBT002
        """Say that the clips were taken in ``zone``, as ``8:R1``; "" takes it back."""
        what = work.Zoning(self._clips, zone, self._study.rater)
        text = self.tr("Zone {zone} for {n} clips") if zone else self.tr("No zone")
        told = text.format(zone=zone, n=len(self._clips))
        do, back = partial(work.set_zone, what), partial(work.zone_back, what)
        self._study.push(told, do, back)

    @Slot()
    def _ask_patient(self) -> None:
        clips = self._clips
        dialog = PatientDialog(self._study, len(clips), self.window())
        dialog.accepted.connect(lambda: self.assign(dialog.patient, clips))
        dialog.open()

    def assign(self, patient: str, clips: Sequence[int]) -> None:
        """Give clips to a patient, made where there is none of that name."""
        what = work.Moving(tuple(clips), patient, self._study.rater)
        text = self.tr("Patient {name} for {n} clips")
        told = text.format(name=patient, n=len(clips))
        self._study.push(told, partial(work.move, what), partial(work.move_back, what))
