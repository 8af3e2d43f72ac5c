"""A question of one's own, asked for in a dialog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from lusviewer.gui.labelling.task_dialog import TaskDialog
from lusviewer.library import open_library
from lusviewer.library.tasks import Kind
from tests.gui.conftest import WAIT_MS

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    from lusviewer.gui.study.model import StudyModel


@pytest.fixture
def dialog(qtbot: QtBot, study: StudyModel, parent: QWidget) -> TaskDialog:
    made = TaskDialog(study, parent)
    made.show()
    return made


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    from PySide6.QtWidgets import QWidget

    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def test_a_question_with_its_answers_is_kept_and_told(
    qtbot: QtBot, dialog: TaskDialog, study: StudyModel
) -> None:
    qtbot.keyClicks(dialog.name, "Lung sliding")
    qtbot.keyClicks(dialog.classes, "yes, no, not sure")
    with qtbot.waitSignals([dialog.accepted, study.changed], timeout=WAIT_MS):
        dialog.agree.click()
    with open_library(study.shelf.folder) as library:
        task = library.labels.tasks()["lung_sliding"]
    assert (task.words, task.classes) == ("Lung sliding", ("yes", "no", "not sure"))


def test_a_number_has_a_lowest_and_a_highest_value(
    qtbot: QtBot, dialog: TaskDialog, study: StudyModel
) -> None:
    qtbot.keyClicks(dialog.name, "Ribs")
    dialog.kind.setCurrentIndex(dialog.kind.findData("number"))
    assert dialog.highest.isVisible()
    assert not dialog.classes.isVisible()
    dialog.highest.setText("12")
    with qtbot.waitSignal(dialog.accepted, timeout=WAIT_MS):
        qtbot.keyClick(dialog, Qt.Key.Key_Return)
    with open_library(study.shelf.folder) as library:
        task = library.labels.tasks()["ribs"]
    assert (task.kind, task.lower, task.upper) == (Kind.NUMBER, 0.0, 12.0)


def test_a_number_with_its_ends_the_wrong_way_round_is_refused(
    qtbot: QtBot, dialog: TaskDialog, study: StudyModel
) -> None:
    qtbot.keyClicks(dialog.name, "Ribs")
    dialog.kind.setCurrentIndex(dialog.kind.findData("number"))
    dialog.lowest.setText("9,5")
    dialog.highest.setText("2")
    dialog.agree.click()
    qtbot.waitUntil(lambda: "9.5 to 2" in dialog.wrong.text(), timeout=WAIT_MS)
    dialog.reject()


@pytest.mark.parametrize(
    ("name", "classes", "told"),
    [
        ("Severity", "a, b", "severity is built in"),
        ("Patient", "a, b", "'patient' cannot name a task"),
        ("Sliding", "", "The classes of sliding are not usable"),
        ("Sliding", "a, a", "The classes of sliding are not usable"),
    ],
)
def test_what_is_wrong_is_said_in_the_dialog_which_stays_open(
    qtbot: QtBot, dialog: TaskDialog, name: str, classes: str, told: str
) -> None:
    qtbot.keyClicks(dialog.name, name)
    qtbot.keyClicks(dialog.classes, classes)
    dialog.agree.click()
    qtbot.waitUntil(lambda: told in dialog.wrong.text(), timeout=WAIT_MS)
    assert dialog.wrong.isVisible()
    assert dialog.agree.isEnabled()
    dialog.reject()
