"""Answering by keys: what is said is kept, and shown beside the model's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from lusviewer.findings import Prediction
from lusviewer.gui.labelling.questions import GROUP_KEYS, question_of
from lusviewer.gui.task_words import NOT_ASSESSABLE, title_of, value_words
from lusviewer.library import NOT_ASSESSABLE as THE_LIBRARYS
from lusviewer.library import Answer, open_library
from lusviewer.library.tasks import BUILT_IN, Kind, Task
from tests.gui.conftest import WAIT_MS, load

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.labelling.row import LabelledRow
    from lusviewer.gui.main_window import MainWindow
    from lusviewer.gui.viewer_model import ViewerModel

SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
Key = Qt.Key


@pytest.fixture
def labelled(
    qtbot: QtBot, window: MainWindow, viewer: ViewerModel, clip_path: Path
) -> MainWindow:
    """A window with an analysed clip whose questions are there."""
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.open_path(clip_path)
        load(viewer)
    asked = window.findings_panel.labelling.questions
    qtbot.waitUntil(lambda: bool(asked or window.study.current), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: bool(viewer.predictions), timeout=WAIT_MS)
    return window


def press(qtbot: QtBot, window: MainWindow, keys: str) -> None:
    for letter in keys:
        qtbot.keyClick(window, letter)


def row(window: MainWindow, key: str) -> LabelledRow:
    panel = window.findings_panel
    found = panel.rows.get(key) or panel.labels_section.rows[key]
    assert found is not None
    return found


def shown(window: MainWindow, key: str) -> str:
    strip = row(window, key).strip
    visible = strip.isVisibleTo(window) and strip.said.isVisibleTo(window)
    return strip.said.full_text if visible else ""


def settle(qtbot: QtBot, window: MainWindow) -> None:
    def still() -> bool:
        current = window.study.current
        return not window.study.writing and bool(current and current.entry)

    qtbot.waitUntil(still, timeout=WAIT_MS)


def kept(qtbot: QtBot, window: MainWindow) -> dict[str, str | None]:
    """Return what the database says once all is written."""
    qtbot.waitUntil(lambda: not window.study.writing, timeout=WAIT_MS)
    with open_library(window.study.shelf.folder) as library:
        said = library.labels.current(window.study.rater)
        return {one.answer.task: one.answer.value for one in said}


def model_says(window: MainWindow, key: str) -> str | None:
    return window.findings_panel.labelling.word(key).value


def open_groups(qtbot: QtBot, window: MainWindow) -> None:
    section = window.findings_panel.labels_section
    section.groups.heading.setChecked(True)
    qtbot.waitUntil(lambda: GROUP_KEYS[-1] in section.rows, timeout=WAIT_MS)


def test_the_word_for_not_assessable_is_the_librarys() -> None:
    assert NOT_ASSESSABLE == THE_LIBRARYS


def test_agreeing_keeps_the_models_word_and_shows_it(
    qtbot: QtBot, labelled: MainWindow
) -> None:
    says = model_says(labelled, "finding.a_lines")
    press(qtbot, labelled, "JY")
    assert shown(labelled, "a_lines") == says
    assert kept(qtbot, labelled) == {"finding.a_lines": says}
    assert not row(labelled, "a_lines").strip.corrected.isVisible()


def test_the_first_key_only_shows_which_question_is_asked(
    qtbot: QtBot, labelled: MainWindow, viewer: ViewerModel
) -> None:
    press(qtbot, labelled, "Y")
    assert labelled.findings_panel.labelling.selected == "finding.a_lines"
    assert not viewer.undo_stack.canUndo()
    assert not labelled.study.shelf.made


def test_changing_says_the_opposite_and_what_the_model_had_said(
    qtbot: QtBot, labelled: MainWindow, viewer: ViewerModel
) -> None:
    says = model_says(labelled, "finding.b_lines")
    press(qtbot, labelled, "JJN")
    other = "no" if says == "yes" else "yes"
    assert kept(qtbot, labelled) == {"finding.b_lines": other}
    assert row(labelled, "b_lines").strip.corrected.isVisible()
    with open_library(labelled.study.shelf.folder) as library:
        [label] = library.labels.current("anna")
    assert viewer.report is not None
    assert label.answer.corrected is not None
    assert label.answer.corrected.value == says
    assert label.answer.corrected.model_sha256 == viewer.report.model.sha256
    settle(qtbot, labelled)
    tip = row(labelled, "b_lines").strip._line.toolTip()
    assert "anna, 20" in tip
    assert f"The model said: {says}" in tip


def test_an_answer_can_be_unsure_not_assessable_and_taken_back(
    qtbot: QtBot, labelled: MainWindow
) -> None:
    says = model_says(labelled, "finding.a_lines")
    press(qtbot, labelled, "JYU")
    assert shown(labelled, "a_lines") == f"{says}, unsure"
    settle(qtbot, labelled)
    with open_library(labelled.study.shelf.folder) as library:
        assert library.labels.current()[0].answer.certainty == 0.5
    press(qtbot, labelled, "X")
    assert kept(qtbot, labelled) == {"finding.a_lines": NOT_ASSESSABLE}
    qtbot.keyClick(labelled, Key.Key_Backspace)
    assert shown(labelled, "a_lines") == ""
    assert kept(qtbot, labelled) == {"finding.a_lines": None}


def test_an_expert_with_classes_of_its_own_is_named_and_comes_after_one_with_grades(
    qtbot: QtBot, labelled: MainWindow, viewer: ViewerModel
) -> None:
    parted = Prediction("parted", "severity", ("below 2", "2 or more"), (0.1, 0.9))
    graded = Prediction("graded", "severity", ("0", "1", "2"), (0.05, 0.05, 0.9))

    def shown_of(*said: Prediction) -> str:
        with qtbot.waitSignal(viewer.predictions_changed, timeout=WAIT_MS):
            viewer.analysis._show_predictions(tuple((one, None) for one in said))
        return labelled.findings_panel.labels_section.rows["severity"].model.full_text

    assert shown_of(parted) == "Model: 2 or more (parted)"
    assert model_says(labelled, "severity") is None
    assert shown_of(parted, graded) == "Model: 2"
    assert model_says(labelled, "severity") == "2"


def test_an_answer_is_undone_and_redone(qtbot: QtBot, labelled: MainWindow) -> None:
    press(qtbot, labelled, "JX")
    settle(qtbot, labelled)
    qtbot.keyClick(labelled, Key.Key_Z, CONTROL)
    qtbot.waitUntil(lambda: shown(labelled, "a_lines") == "", timeout=WAIT_MS)
    assert kept(qtbot, labelled) == {"finding.a_lines": None}
    qtbot.keyClick(labelled, Key.Key_Z, CONTROL | SHIFT)
    qtbot.waitUntil(
        lambda: shown(labelled, "a_lines") == NOT_ASSESSABLE, timeout=WAIT_MS
    )
    assert kept(qtbot, labelled) == {"finding.a_lines": NOT_ASSESSABLE}


def test_severity_is_set_by_one_key_while_the_clip_plays(
    qtbot: QtBot, labelled: MainWindow, viewer: ViewerModel
) -> None:
    qtbot.keyClick(labelled, Key.Key_Space)
    qtbot.keyClick(labelled, Key.Key_2, SHIFT)
    assert viewer.playing
    assert shown(labelled, "severity") == "2"
    assert kept(qtbot, labelled) == {"severity": "2"}


def test_a_class_is_chosen_by_its_digit_and_layers_stay_as_they_are(
    qtbot: QtBot, labelled: MainWindow, viewer: ViewerModel
) -> None:
    labelled.findings_panel.labelling.select("diagnosis")
    press(qtbot, labelled, "N")
    labelling = labelled.findings_panel.labelling
    assert labelling.choosing == "diagnosis"
    before = viewer.layers
    press(qtbot, labelled, "3")
    assert viewer.layers == before
    assert labelling.choosing == ""
    assert kept(qtbot, labelled) == {"diagnosis": "COVID-19"}
    press(qtbot, labelled, "3")
    assert viewer.layers != before


def test_digits_choose_where_the_panel_floats_and_the_clip_has_the_focus(
    qtbot: QtBot, labelled: MainWindow, viewer: ViewerModel
) -> None:
    labelled.docks[1].setFloating(True)
    before = viewer.layers
    labelled.findings_panel.labelling.select("diagnosis")
    press(qtbot, labelled, "N3")
    assert kept(qtbot, labelled) == {"diagnosis": "COVID-19"}
    assert viewer.layers == before


def test_a_guess_is_chosen_with_its_certainty(
    qtbot: QtBot, labelled: MainWindow
) -> None:
    labelled.findings_panel.labelling.select("diagnosis")
    press(qtbot, labelled, "UU")
    qtbot.keyClick(labelled, Key.Key_Down)
    qtbot.keyClick(labelled, Key.Key_Return)
    assert shown(labelled, "diagnosis") == "regular, a guess"


def test_escape_closes_the_chooser_and_says_nothing(
    qtbot: QtBot, labelled: MainWindow
) -> None:
    labelled.findings_panel.labelling.select("diagnosis")
    press(qtbot, labelled, "N")
    qtbot.keyClick(labelled, Key.Key_Escape)
    assert row(labelled, "diagnosis").strip.chooser is None
    assert not labelled.study.shelf.made


def test_the_labels_of_a_group_are_chosen_together(
    qtbot: QtBot, labelled: MainWindow
) -> None:
    open_groups(qtbot, labelled)
    labelled.findings_panel.labelling.select("group.b_lines")
    press(qtbot, labelled, "N")
    chooser = row(labelled, "group.b_lines").strip.chooser
    assert chooser is not None
    for button in chooser.buttons.values():
        button.setChecked(False)
    press(qtbot, labelled, "24")
    qtbot.keyClick(labelled, Key.Key_Return)
    assert shown(labelled, "group.b_lines") == "few (1-3), many or coalescing"
    assert kept(qtbot, labelled) == {"group.b_lines": "few+many"}


def test_the_s_f_ratio_is_worked_out_from_saturation_and_oxygen(
    qtbot: QtBot, labelled: MainWindow
) -> None:
    labelled.findings_panel.labelling.select("s_f")
    press(qtbot, labelled, "N")
    chooser = row(labelled, "s_f").strip.chooser
    assert chooser is not None
    qtbot.keyClicks(chooser.fields["spo2"], "95")
    qtbot.keyClicks(chooser.fields["oxygen_l_min"], "2,0")
    qtbot.keyClick(chooser.fields["oxygen_l_min"], Key.Key_Return)
    settle(qtbot, labelled)
    qtbot.waitUntil(lambda: shown(labelled, "s_f") == "327.6", timeout=WAIT_MS)
    assert "oxygen 2 l/min" in row(labelled, "s_f").strip._line.toolTip()


def test_a_value_that_cannot_be_is_said_and_not_shown_as_kept(
    qtbot: QtBot, labelled: MainWindow, viewer: ViewerModel
) -> None:
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS) as told:
        labelled.findings_panel.labelling.say("s_f", "", 1.0, {"spo2": 3.0})
    assert "SpO2 3 %" in told.args[0].message
    assert shown(labelled, "s_f") == ""


def test_a_clip_the_library_did_not_know_is_said_to_be_added_once(
    qtbot: QtBot, labelled: MainWindow, viewer: ViewerModel
) -> None:
    told: list[str] = []
    viewer.status_changed.connect(told.append)
    press(qtbot, labelled, "JY")
    settle(qtbot, labelled)
    press(qtbot, labelled, "JY")
    settle(qtbot, labelled)
    added = [text for text in told if "Added" in text]
    assert added == ["Added to the library as a clip of patient P0001"]


def test_a_second_rater_sees_neither_answers_of_the_first_until_asked(
    qtbot: QtBot, labelled: MainWindow
) -> None:
    press(qtbot, labelled, "JX")
    settle(qtbot, labelled)
    section = labelled.findings_panel.labels_section
    field = section.rater.lineEdit()
    assert field is not None
    field.selectAll()
    qtbot.keyClicks(field, "bert")
    qtbot.keyClick(field, Key.Key_Return)
    assert labelled.study.rater == "bert"
    assert labelled._settings.text("rater") == "bert"
    strip = row(labelled, "a_lines").strip
    assert shown(labelled, "a_lines") == ""
    assert not strip.others.isVisibleTo(labelled)
    section.others.click()
    assert strip.others.full_text == "anna: not assessable"
    assert labelled.actions_by_name["label_others"].isChecked()
    press(qtbot, labelled, "Y")
    assert kept(qtbot, labelled) == {
        "finding.a_lines": model_says(labelled, "finding.a_lines")
    }
    labelled.study.set_rater("anna")
    assert shown(labelled, "a_lines") == NOT_ASSESSABLE
    assert not strip.others.isVisibleTo(labelled)


def test_letters_typed_as_a_raters_name_answer_nothing(
    qtbot: QtBot, labelled: MainWindow
) -> None:
    labelled.activateWindow()
    labelled.findings_panel.labelling.select("finding.a_lines")
    field = labelled.findings_panel.labels_section.rater.lineEdit()
    assert field is not None
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "yx")
    assert not labelled.study.shelf.made
    assert field.text() == "yx"


def test_the_arrows_go_from_row_to_row_where_one_has_the_focus(
    qtbot: QtBot, labelled: MainWindow, viewer: ViewerModel
) -> None:
    labelled.activateWindow()
    first = row(labelled, "a_lines")
    first.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(first.hasFocus, timeout=WAIT_MS)
    assert viewer.selection == "finding.a_lines"
    qtbot.keyClick(first, Key.Key_Down)
    assert viewer.selection == "finding.b_lines"
    assert row(labelled, "b_lines").hasFocus()


def test_only_the_selected_row_offers_answers(
    qtbot: QtBot, labelled: MainWindow
) -> None:
    press(qtbot, labelled, "JJ")
    for key in ("a_lines", "b_lines", "severity"):
        controls = row(labelled, key).strip.controls
        visible = controls is not None and controls.isVisibleTo(labelled)
        assert visible is (key == "b_lines")


def test_buttons_do_what_their_keys_do(qtbot: QtBot, labelled: MainWindow) -> None:
    qtbot.mouseClick(row(labelled, "effusion"), Qt.MouseButton.LeftButton)
    controls = row(labelled, "effusion").strip.controls
    assert controls is not None
    says = model_says(labelled, "finding.effusion")
    assert controls.agree.toolTip() == f"Agree with the model: {says} (Y)"
    controls.agree.click()
    controls.unsure.click()
    assert shown(labelled, "effusion") == f"{says}, unsure"
    controls.take_back.click()
    assert shown(labelled, "effusion") == ""


def test_questions_of_ones_own_are_asked_too(
    qtbot: QtBot, labelled: MainWindow
) -> None:
    press(qtbot, labelled, "JY")
    settle(qtbot, labelled)
    task = Task("dyspnoea", "dyspnoea", Kind.CLASS, ("none", "mild", "severe"))
    with open_library(labelled.study.shelf.folder) as library:
        library.labels.define(task, who="anna")
        clip = library.clips.page()[0].id
        library.labels.give(Answer(clip, "dyspnoea", "mild", "anna"))
    labelled.study._read_current()
    section = labelled.findings_panel.labels_section
    qtbot.waitUntil(lambda: "dyspnoea" in section.rows, timeout=WAIT_MS)
    assert section.rows["dyspnoea"].title.text() == "Dyspnoea"
    assert shown(labelled, "dyspnoea") == "mild"


def test_findings_can_be_labelled_where_no_model_looked(
    qtbot: QtBot, window: MainWindow, viewer: ViewerModel, clip_path: Path
) -> None:
    viewer.auto_analyse = False
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(clip_path)
    labelling = window.findings_panel.labelling
    qtbot.waitUntil(lambda: bool(labelling.questions), timeout=WAIT_MS)
    press(qtbot, window, "JYJN")
    assert row(window, "b_lines").isVisible()
    assert kept(qtbot, window) == {"finding.a_lines": "yes", "finding.b_lines": "no"}


def test_what_can_be_chosen_is_scrolled_into_sight(
    qtbot: QtBot, labelled: MainWindow
) -> None:
    panel = labelled.findings_panel
    labelled.resize(1100, 560)
    open_groups(qtbot, labelled)
    panel.labelling.select("group.effusion")
    press(qtbot, labelled, "N")
    strip = row(labelled, "group.effusion").strip

    def seen() -> bool:
        chooser = strip.chooser
        assert chooser is not None
        foot = chooser.mapTo(panel.viewport(), chooser.rect().bottomLeft())
        return 0 < foot.y() <= panel.viewport().height()

    qtbot.waitUntil(seen, timeout=WAIT_MS)


@pytest.mark.parametrize("key", list(BUILT_IN))
def test_the_list_of_the_library_says_an_answer_as_the_panel_does(key: str) -> None:
    task = BUILT_IN[key]
    values = task.classes or ("312.5",)
    if task.kind is Kind.SET:
        values = ("+".join(task.classes[:2]), *task.classes)
    question = question_of(task)
    said = [question.words(value) for value in (*values, NOT_ASSESSABLE)]
    assert said == [value_words(key, value) for value in (*values, NOT_ASSESSABLE)]
    assert not {"present", "absent", "S f"} & {*said, question.title}
    if key not in GROUP_KEYS:
        assert question.title == title_of(key, BUILT_IN)
