"""The dock of the library: what is listed, found, opened and chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from lusviewer.cancel import CancelToken
from lusviewer.gui.study.listing.work import Order, Show
from lusviewer.gui.study.model import StudyModel
from lusviewer.gui.study.panel import StudyPanel
from lusviewer.library import open_library
from lusviewer.library.adding import Whose, add_paths
from tests.gui.conftest import WAIT_MS
from tests.gui.study.conftest import ALL, names, wait_for
from tests.small_clips import write_png

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.main_window import MainWindow
    from lusviewer.gui.settings import Settings
    from lusviewer.gui.viewer_model import ViewerModel


def choose(panel: StudyPanel, show: Show, task: str = "severity") -> None:
    chooser = panel.chooser
    chooser.task_box.setCurrentIndex(chooser.task_box.findData(task))
    chooser.show_box.setCurrentIndex(chooser.show_box.findData(show))


def test_every_clip_is_listed_and_counted(qtbot: QtBot, panel: StudyPanel) -> None:
    wait_for(qtbot, panel, ALL)
    assert panel.count.full_text == "4 clips, 2 patients"
    told = panel.view.clips.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Patient A" in told
    assert "B-lines: yes" in told
    assert "Severity: 2" in told
    assert "Not analysed" in told


def test_a_text_finds_files_and_patients(qtbot: QtBot, panel: StudyPanel) -> None:
    panel.chooser.search.setText(".dcm")
    wait_for(qtbot, panel, ["a.dcm", "b.dcm", "far.dcm"])
    assert panel.count.full_text == "3 of 4 clips, 2 patients"
    panel.chooser.search.setText("nobody")
    wait_for(qtbot, panel, [])
    button = panel.pages.currentWidget().findChild(QPushButton)
    assert isinstance(button, QPushButton)
    assert button.text() == "Show all clips"
    button.click()
    wait_for(qtbot, panel, ALL)


def test_clips_are_shown_by_whether_they_are_labelled(
    qtbot: QtBot, panel: StudyPanel
) -> None:
    assert not panel.chooser.task_box.isVisible()
    choose(panel, Show.LABELLED)
    wait_for(qtbot, panel, ["a.dcm", "b.dcm"])
    assert panel.chooser.task_box.isVisible()
    choose(panel, Show.LABELLED, "finding.b_lines")
    wait_for(qtbot, panel, ["a.dcm"])
    choose(panel, Show.UNLABELLED, "finding.b_lines")
    wait_for(qtbot, panel, ["b.dcm", "c.avi", "far.dcm"])
    choose(panel, Show.UNANALYSED)
    wait_for(qtbot, panel, ALL)
    choose(panel, Show.DIFFERING)
    wait_for(qtbot, panel, [])
    assert panel.nothing.text() == "Nowhere do a label and a prediction differ."
    assert panel.count.full_text == "None of 4 clips"


def test_rows_grow_with_the_font(qtbot: QtBot, panel: StudyPanel) -> None:
    wait_for(qtbot, panel, ALL)
    before, narrow = panel.view.sizeHintForRow(0), panel.minimumWidth()
    font = panel.font()
    font.setPointSizeF(2 * font.pointSizeF())
    panel.view.setFont(font)
    assert panel.view.sizeHintForRow(0) > before
    large = StudyPanel.least_width(panel.view.fontMetrics())
    assert large > narrow == StudyPanel.least_width(panel.fontMetrics())


def test_the_order_can_be_chosen(qtbot: QtBot, panel: StudyPanel) -> None:
    box = panel.chooser.order_box
    box.setCurrentIndex(box.findData(Order.NEWEST))
    wait_for(qtbot, panel, list(reversed(ALL)))
    box.setCurrentIndex(box.findData(Order.LABEL))
    wait_for(qtbot, panel, ALL)


def test_enter_opens_a_clip_among_those_of_its_exam(
    qtbot: QtBot, panel: StudyPanel, viewer: ViewerModel
) -> None:
    wait_for(qtbot, panel, ALL)
    panel.view.setFocus()
    panel.view.setCurrentIndex(panel.view.clips.index(1))
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    assert viewer.clip is not None
    assert viewer.clip.identity.path.name == "b.dcm"
    assert [clip.path.name for clip in viewer.exam.clips] == ALL[:3]
    qtbot.waitUntil(lambda: panel.view.clips.open_id == 2, timeout=WAIT_MS)


def test_a_double_click_opens_another_clip_of_the_exam_at_once(
    qtbot: QtBot, panel: StudyPanel, viewer: ViewerModel
) -> None:
    wait_for(qtbot, panel, ALL)
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        panel.open_clip(1)
    listed = viewer.exam.clips
    place = panel.view.visualRect(panel.view.clips.index(2)).center()
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        port, left = panel.view.viewport(), Qt.MouseButton.LeftButton
        qtbot.mouseClick(port, left, pos=place)
        qtbot.mouseDClick(port, left, pos=place)
    assert viewer.exam.clips is listed
    assert viewer.exam.position == 2


def test_a_clip_whose_file_is_gone_is_told_and_nothing_else_opened(
    qtbot: QtBot, panel: StudyPanel, viewer: ViewerModel, tmp_path: Path
) -> None:
    (tmp_path / "clips" / "a" / "b.dcm").unlink()
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS) as told:
        panel.open_clip(2)
    assert "b.dcm is not there any more" in told.args[0].message
    assert "Find moved clips" in told.args[0].hint
    assert viewer.clip is None


def test_pictures_are_made_for_the_rows_in_view(
    qtbot: QtBot, panel: StudyPanel, folder: Path
) -> None:
    qtbot.waitUntil(lambda: len(panel.view.pictures) == 4, timeout=WAIT_MS)
    assert len(list((folder / "thumbnails").rglob("*.jpg"))) == 4


def test_a_selection_stays_when_other_clips_come_and_go(
    qtbot: QtBot, panel: StudyPanel, study: StudyModel
) -> None:
    wait_for(qtbot, panel, ALL)
    panel.view.selectAll()
    assert panel.view.selected_ids() == (1, 2, 3, 4)
    choose(panel, Show.LABELLED)
    wait_for(qtbot, panel, ["a.dcm", "b.dcm"])
    assert panel.view.selected_ids() == (1, 2)
    choose(panel, Show.ALL)
    wait_for(qtbot, panel, ALL)
    assert panel.view.selected_ids() == (1, 2)


def test_an_empty_library_says_how_to_begin(
    qtbot: QtBot, viewer: ViewerModel, settings: Settings, tmp_path: Path
) -> None:
    study = StudyModel(viewer, tmp_path / "other", "anna")
    panel = StudyPanel(viewer, study, settings)
    qtbot.addWidget(panel)
    panel.show()
    with qtbot.waitSignal(panel.view.clips.listed, timeout=WAIT_MS):
        study.open()
    assert not panel.chooser.isVisible()
    buttons = panel.pages.currentWidget().findChildren(QPushButton)
    wanted: list[str] = []
    panel.wanted.connect(wanted.append)
    for button in buttons:
        button.click()
    assert wanted == ["study_add_folder", "study_collection"]
    assert not study.shelf.made
    study.shutdown()


def test_another_library_shows_none_of_the_rows_of_the_one_before(
    qtbot: QtBot, panel: StudyPanel, study: StudyModel, tmp_path: Path
) -> None:
    wait_for(qtbot, panel, ALL)
    other = tmp_path / "other"
    with open_library(other) as library:
        whose, paths = Whose("Z"), [write_png(tmp_path / "x.png")]
        list(add_paths(library, paths, CancelToken(), who="x", whose=whose))
    shown: list[list[str]] = []
    panel.view.clips.modelReset.connect(lambda: shown.append(names(panel)))
    study.open(other)
    wait_for(qtbot, panel, ["x.png"])
    assert shown == [[], ["x.png"]]
    assert panel.count.full_text == "1 clip, 1 patient"


def test_the_keys_of_a_list_move_through_it_not_through_the_exam(
    qtbot: QtBot, folder: Path, viewer: ViewerModel, window: MainWindow
) -> None:
    window.study.open()
    window.actions_by_name["study_find"].trigger()
    panel = window.study_panel
    wait_for(qtbot, panel, ALL)
    qtbot.keyClicks(panel.chooser.search, "far")
    qtbot.keyClick(panel.chooser.search, Qt.Key.Key_Return)
    assert window.focusWidget() is panel.view
    wait_for(qtbot, panel, ["far.dcm"])
    panel.chooser.reset()
    wait_for(qtbot, panel, ALL)
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        panel.open_clip(1)
    view = panel.view
    view.setFocus()
    view.setCurrentIndex(view.clips.index(0))
    for key, row in (
        (Qt.Key.Key_Down, 1),
        (Qt.Key.Key_End, 3),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_PageDown, 3),
        (Qt.Key.Key_Up, 2),
    ):
        qtbot.keyClick(window.windowHandle(), key)
        assert view.currentIndex().row() == row
    assert viewer.exam.position == 0
    assert viewer.frame_index == 0
    qtbot.keyClick(
        window.windowHandle(), Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier
    )
    assert view.selected_ids() == (1, 2, 3, 4)
    qtbot.keyClick(window.windowHandle(), Qt.Key.Key_Right)
    assert viewer.frame_index == 1
