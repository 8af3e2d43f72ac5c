"""Labelling several clips at once: answers, zones and patients, each undone at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from lusviewer.gui.narrow import Pair
from lusviewer.gui.study.panel import StudyPanel
from lusviewer.gui.study.patient_dialog import PatientDialog
from lusviewer.library import open_library
from tests.gui.conftest import WAIT_MS
from tests.gui.study.conftest import ALL, names, wait_for

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from lusviewer.gui.study.label_bar import LabelBar
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel


@pytest.fixture
def bar(qtbot: QtBot, panel: StudyPanel) -> LabelBar:
    """The bar with the first three clips selected."""
    wait_for(qtbot, panel, ALL)
    view, shift = panel.view, Qt.KeyboardModifier.ShiftModifier
    port, left = view.viewport(), Qt.MouseButton.LeftButton
    assert not panel.label_bar.isVisible()
    for row, keys in ((0, Qt.KeyboardModifier.NoModifier), (2, shift)):
        place = view.visualRect(view.clips.index(row)).center()
        qtbot.mouseClick(port, left, keys, place)
    assert view.selected_ids() == (1, 2, 3)
    assert panel.label_bar.isVisible()
    assert panel.label_bar.selected.text() == "3 clips selected"
    return panel.label_bar


def whole(bar: LabelBar) -> bool:
    """Whether all words of the bar have the room they need."""
    boxes = (bar.unsure, bar.not_assessable, bar.more)
    high = bar.selected.heightForWidth(bar.selected.width())
    return high <= bar.selected.height() and all(
        box.width() >= box.sizeHint().width() for box in boxes
    )


def test_no_word_of_the_bar_is_cut_at_a_large_font_in_a_narrow_dock(
    qtbot: QtBot, bar: LabelBar, panel: StudyPanel
) -> None:
    pair = bar.findChild(Pair)
    assert isinstance(pair, Pair)
    for scale in (1.0, 1.5):
        font = panel.font()
        font.setPointSizeF(scale * font.pointSizeF())
        for part in (bar, *bar.findChildren(QWidget)):
            part.setFont(font)
        least = StudyPanel.least_width(bar.fontMetrics())
        panel.setMinimumWidth(least)
        panel.resize(least, 700)
        qtbot.waitUntil(lambda: whole(bar), timeout=WAIT_MS)
        below = bar.not_assessable.y() > bar.unsure.y()
        assert below is pair.stacked


def ask(bar: LabelBar, task: str) -> None:
    bar.task_box.setCurrentIndex(bar.task_box.findData(task))


def said(study: StudyModel, task: str) -> dict[int, tuple[str | None, float]]:
    with open_library(study.shelf.folder) as library:
        return {
            one.answer.clip_id: (one.answer.value, one.answer.certainty)
            for one in library.labels.of_task(task, "anna")
            if one.answer.value is not None
        }


def kept(qtbot: QtBot, study: StudyModel) -> None:
    qtbot.waitUntil(lambda: not study.writing, timeout=WAIT_MS)


def test_an_answer_is_given_to_all_and_undone_as_one(
    qtbot: QtBot,
    bar: LabelBar,
    study: StudyModel,
    viewer: ViewerModel,
) -> None:
    ask(bar, "severity")
    assert not bar.give.isEnabled()
    bar.answer.classes.setCurrentIndex(bar.answer.classes.findData("3"))
    bar.give.click()
    kept(qtbot, study)
    assert said(study, "severity") == dict.fromkeys((1, 2, 3), ("3", 1.0))
    assert viewer.undo_stack.undoText() == "Severity 3 for 3 clips"
    viewer.undo_stack.back()
    kept(qtbot, study)
    assert said(study, "severity") == {}


def test_unsure_and_not_assessable_are_answers_too(
    qtbot: QtBot,
    bar: LabelBar,
    study: StudyModel,
) -> None:
    ask(bar, "finding.b_lines")
    bar.answer.classes.setCurrentIndex(0)
    bar.unsure.click()
    bar.give.click()
    kept(qtbot, study)
    assert said(study, "finding.b_lines") == dict.fromkeys((1, 2, 3), ("yes", 0.5))
    ask(bar, "diagnosis")
    bar.unsure.click()
    bar.not_assessable.click()
    bar.give.click()
    kept(qtbot, study)
    assert set(said(study, "diagnosis").values()) == {("not assessable", 1.0)}


def test_sets_and_numbers_can_be_given(
    qtbot: QtBot,
    bar: LabelBar,
    study: StudyModel,
) -> None:
    ask(bar, "group.b_lines")
    assert not bar.give.isEnabled()
    for action in bar.answer.several.menu().actions()[1:3]:
        action.trigger()
    bar.give.click()
    ask(bar, "s_f")
    bar.answer.number.setText("9000")
    assert not bar.give.isEnabled()
    bar.answer.number.setText("310")
    bar.give.click()
    kept(qtbot, study)
    assert said(study, "group.b_lines")[1] == ("few+some", 1.0)
    assert said(study, "s_f")[3] == ("310", 1.0)


def test_a_zone_is_set_and_undone(
    qtbot: QtBot,
    bar: LabelBar,
    study: StudyModel,
    viewer: ViewerModel,
) -> None:
    def zones() -> list[str]:
        with open_library(study.shelf.folder) as library:
            return [str(clip.zone) for clip in library.clips.page()]

    bar.set_zone("8:R1")
    kept(qtbot, study)
    assert zones() == ["8:R1", "8:R1", "8:R1", "None"]
    bar.set_zone("BLUE:L3")
    viewer.undo_stack.back()
    kept(qtbot, study)
    assert zones() == ["8:R1", "8:R1", "8:R1", "None"]
    viewer.undo_stack.back()
    kept(qtbot, study)
    assert zones() == ["None"] * 4


def test_clips_go_to_another_patient_and_back(
    qtbot: QtBot,
    bar: LabelBar,
    study: StudyModel,
    panel: StudyPanel,
    viewer: ViewerModel,
) -> None:
    bar._ask_patient()
    dialog = bar.window().findChild(PatientDialog)
    assert isinstance(dialog, PatientDialog)
    qtbot.waitUntil(lambda: dialog.name.completer() is not None, timeout=WAIT_MS)
    assert not dialog.agree.isEnabled()
    dialog.name.setText("B")
    dialog.agree.click()
    count = panel.count
    qtbot.waitUntil(lambda: count.full_text == "4 clips, 1 patient", timeout=WAIT_MS)
    viewer.undo_stack.back()
    qtbot.waitUntil(lambda: count.full_text == "4 clips, 2 patients", timeout=WAIT_MS)
    with open_library(study.shelf.folder) as library:
        found = [(clip.patient, clip.exam) for clip in library.clips.page()]
    assert found == [("A", "1")] * 3 + [("B", "1")]


def test_the_menu_offers_every_zone_and_takes_answers_back(
    qtbot: QtBot,
    bar: LabelBar,
    study: StudyModel,
) -> None:
    ask(bar, "severity")
    bar.answer.classes.setCurrentIndex(1)
    bar.give.click()
    bar.menu.aboutToShow.emit()
    entries = {action.text(): action for action in bar.menu.actions()}
    zones = entries["Set the zone"].menu()
    assert isinstance(zones, QMenu)
    titles = [action.text() for action in zones.actions()]
    assert "8 zones" in titles
    assert "BLUE points" in titles
    entries["Take back my answer: Severity"].trigger()
    kept(qtbot, study)
    assert said(study, "severity") == {}


def test_the_rows_show_the_new_labels_at_once(
    qtbot: QtBot,
    bar: LabelBar,
    panel: StudyPanel,
) -> None:
    ask(bar, "severity")
    bar.answer.classes.setCurrentIndex(bar.answer.classes.findData("1"))
    bar.give.click()

    def shown() -> list[str]:
        rows = [panel.view.clips.row(number) for number in range(4)]
        return [row.severity for row in rows if row is not None]

    qtbot.waitUntil(lambda: shown() == ["1", "1", "1", ""], timeout=WAIT_MS)
    assert names(panel) == ALL
