"""The window as a person uses it: drop, keys, panels, banner, closing."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDockWidget,
    QTabBar,
    QWidget,
)

from lusviewer.errors import InferenceError
from lusviewer.gui.actions import ACTIONS
from lusviewer.gui.dialogs import KeyboardDialog
from lusviewer.gui.export_dialog import ExportDialog
from lusviewer.gui.main_window import MainWindow
from lusviewer.gui.preferences import PreferencesDialog
from lusviewer.gui.viewer_model import ViewerModel
from tests.gui.conftest import WAIT_MS, load

if TYPE_CHECKING:
    from pathlib import Path

BUTTONS = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)


def drop(window: MainWindow, *paths: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action = Qt.DropAction.CopyAction
    entered = QDragEnterEvent(QPoint(300, 300), action, mime, *BUTTONS)
    QApplication.sendEvent(window, entered)
    assert entered.isAccepted()
    dropped = QDropEvent(QPointF(300, 300), action, mime, *BUTTONS)
    QApplication.sendEvent(window, dropped)


@pytest.fixture
def opened(qtbot, window: MainWindow, viewer, clip_path) -> MainWindow:
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(clip_path)
    qtbot.waitUntil(lambda: viewer.clip.cached(23) is not None, timeout=WAIT_MS)
    return window


@pytest.fixture
def finished(qtbot, window: MainWindow, viewer, clip_path) -> MainWindow:
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.open_path(clip_path)
        load(viewer)
    return window


def test_a_dropped_file_is_opened_and_remembered(
    qtbot, window, viewer, settings, clip_path
):
    with qtbot.waitSignal(viewer.image_changed, timeout=WAIT_MS):
        drop(window, clip_path)
    assert viewer.clip.identity.path == clip_path
    assert settings.recent() == [str(clip_path)]
    assert clip_path.name in window.windowTitle()


def test_a_dropped_folder_is_listed(qtbot, window, viewer, exam_folder):
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        drop(window, exam_folder)
    assert window.exam_panel.clips.rowCount() == 3


def test_the_title_says_what_the_program_is_not(window):
    assert "not a medical device" in window.windowTitle()


def test_a_failing_file_shows_the_banner_with_what_to_do(
    qtbot, window, viewer, tmp_path
):
    bad = tmp_path / "bad.dcm"
    bad.write_text("no clip")
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS):
        drop(window, bad)
    assert window.banner.isVisible()
    assert "bad.dcm" in window.banner.message.text()
    assert window.banner.hint.text()


def test_the_banner_goes_when_another_clip_opens_but_not_while_the_model_is_missing(
    qtbot, window, viewer, tmp_path, clip_path
):
    viewer.analysis.bundle_path = tmp_path / "nothing"
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS):
        load(viewer)
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(clip_path)
    assert window.banner.isVisible()
    (tmp_path / "bad.dcm").touch()
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS):
        viewer.open_path(tmp_path / "bad.dcm")
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(clip_path)
    assert not window.banner.isVisible()


@pytest.mark.parametrize(
    ("keys", "frame"),
    [
        ([Qt.Key.Key_Right], 6),
        ([Qt.Key.Key_Left, Qt.Key.Key_Left], 3),
        ([Qt.Key.Key_Home], 0),
        ([Qt.Key.Key_End], 23),
    ],
)
def test_keys_move_through_the_frames(qtbot, opened, viewer, keys, frame):
    viewer.set_frame(5)
    for key in keys:
        qtbot.keyClick(opened, key)
    assert viewer.frame_index == frame


def test_shift_moves_ten_frames(qtbot, opened, viewer):
    qtbot.keyClick(opened, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert viewer.frame_index == 10
    qtbot.keyClick(opened, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert viewer.frame_index == 0


def test_the_keys_work_wherever_the_focus_is(qtbot, opened, viewer):
    opened.exam_panel.view.setFocus()
    qtbot.keyClick(opened.exam_panel.view, Qt.Key.Key_Right)
    assert viewer.frame_index == 1
    opened.cine_bar.slider.setFocus()
    qtbot.keyClick(opened.cine_bar.slider, Qt.Key.Key_End)
    assert viewer.frame_index == 23


def test_space_plays_and_stops_and_a_step_stops_too(qtbot, opened, viewer):
    qtbot.keyClick(opened, Qt.Key.Key_Space)
    assert viewer.playing
    assert opened.actions_by_name["play"].isChecked()
    qtbot.keyClick(opened, Qt.Key.Key_Space)
    assert not viewer.playing
    viewer.set_playing(True)
    qtbot.keyClick(opened, Qt.Key.Key_Right)
    assert not viewer.playing


def test_the_brackets_set_the_loop(qtbot, opened, viewer):
    viewer.set_frame(4)
    qtbot.keyClick(opened, Qt.Key.Key_BracketLeft)
    viewer.set_frame(9)
    qtbot.keyClick(opened, Qt.Key.Key_BracketRight)
    assert viewer.loop == (4, 9)
    opened.actions_by_name["loop_clear"].trigger()
    assert viewer.loop is None


def test_comma_and_full_stop_change_the_speed(qtbot, opened, viewer):
    qtbot.keyClick(opened, Qt.Key.Key_Comma)
    assert viewer.speed == 0.75
    qtbot.keyClick(opened, Qt.Key.Key_Period)
    qtbot.keyClick(opened, Qt.Key.Key_Period)
    assert viewer.speed == 1.5
    assert "1.5" in opened.cine_bar.speed.currentText()


def test_keys_switch_overlays_saliency_and_layers(qtbot, opened, viewer):
    qtbot.keyClick(opened, Qt.Key.Key_O)
    assert not viewer.layers.overlays
    qtbot.keyClick(opened, Qt.Key.Key_S)
    assert viewer.layers.saliency
    qtbot.keyClick(opened, Qt.Key.Key_3)
    assert not viewer.layers.classes["b_line"].visible
    assert not opened.actions_by_name["layer_b_line"].isChecked()


def test_the_page_keys_walk_through_the_exam(qtbot, window, viewer, exam_folder):
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(exam_folder)
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        qtbot.keyClick(window, Qt.Key.Key_PageDown)
    assert viewer.exam.position == 1
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        qtbot.keyClick(window, Qt.Key.Key_PageUp)
    assert viewer.exam.position == 0


def test_the_slider_seeks_and_follows(qtbot, opened, viewer):
    opened.cine_bar.slider.setValue(12)
    assert viewer.frame_index == 12
    viewer.set_frame(3)
    assert opened.cine_bar.slider.value() == 3
    assert "4 / 24" in opened.cine_bar.position.text()


def test_a_click_on_the_slider_jumps_there(qtbot, opened, viewer):
    slider = opened.cine_bar.slider
    spot = QPoint(slider.width() * 3 // 4, slider.height() // 2)
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=spot)
    assert 15 <= viewer.frame_index <= 19


def test_nothing_can_be_done_to_a_clip_that_is_not_there(qtbot, window, viewer):
    for name in ("play", "export", "next_frame", "analyse", "loop_in", "close"):
        assert not window.actions_by_name[name].isEnabled()
    assert not window.cine_bar.isEnabled()


def test_what_needs_a_report_waits_for_it(qtbot, finished, viewer):
    assert finished.actions_by_name["export"].isEnabled()
    assert not finished.actions_by_name["cancel_analysis"].isEnabled()
    viewer.close_clip()
    assert not finished.actions_by_name["export"].isEnabled()


def test_the_status_names_device_and_model(qtbot, finished):
    strip = finished.statusBar()
    assert strip.device.text() == "CPU"
    assert strip.model.text() == "tiny 0.0.1"
    assert not strip.progress.isVisible()
    assert "24" in strip.message.text()


def test_an_analysis_can_be_stopped_from_the_status(qtbot, window, viewer, clip_path):
    with qtbot.waitSignal(viewer.analysis_started, timeout=WAIT_MS):
        viewer.open_path(clip_path)
        load(viewer)
    assert window.statusBar().stop.isVisible()
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        window.statusBar().stop.click()
    assert not window.statusBar().stop.isVisible()
    assert not viewer.analysis.complete


def test_closing_amid_an_analysis_leaves_no_thread(
    qtbot, bundle_folder, settings, clip_path
):
    before = threading.active_count()
    viewer = ViewerModel()
    viewer.analysis.bundle_path = bundle_folder
    window = MainWindow(viewer, settings)
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitSignal(viewer.analysis_started, timeout=WAIT_MS):
        viewer.open_path(clip_path)
        load(viewer)
    viewer.set_playing(True)
    window.close()
    assert threading.active_count() == before


def test_results_are_exported_in_the_background(qtbot, finished, tmp_path):
    written: list[Path] = []
    finished.commands.exporter.wrote.connect(written.append)
    finished.commands.export(tmp_path, ("json", "csv", "npz", "mp4", "png"))
    qtbot.waitUntil(lambda: len(written) == 5, timeout=WAIT_MS)
    report = json.loads((tmp_path / "cine.dcm.json").read_text())
    assert report["model"]["name"] == "tiny"
    with np.load(tmp_path / "cine.dcm.npz") as arrays:
        assert arrays["labels"].shape == (24, 224, 224)
    assert (tmp_path / "cine.dcm.png").read_bytes().startswith(b"\x89PNG")
    assert len((tmp_path / "cine.dcm.csv").read_text().splitlines()) == 25


def test_an_exported_picture_says_what_it_is_and_whose(qtbot, finished, tmp_path):
    finished.commands.export(tmp_path, ("png",), "view")
    qtbot.waitUntil((tmp_path / "view.png").is_file, timeout=WAIT_MS)
    picture = QImage(str(tmp_path / "view.png"))
    assert picture.text("Disclaimer") == "Research use only. Not a medical device."
    assert "tiny" in picture.text("Source")
    assert len(picture.text("Model SHA-256")) == 64
    assert picture.height() > finished.clip_view.height()


def test_an_export_into_a_place_that_cannot_be_shows_the_banner(
    qtbot, finished, viewer, tmp_path
):
    (tmp_path / "file").touch()
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS):
        finished.commands.export(tmp_path / "file" / "folder", ("json",))
    assert finished.banner.isVisible()


def test_an_edit_is_undone_and_redone_by_keys(qtbot, finished, viewer):
    with qtbot.waitSignal(viewer.predictions_changed, timeout=WAIT_MS):
        viewer.edit_biomarker("b_lines.many", 0.0)
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(finished, Qt.Key.Key_Z, control)
    assert dict(viewer.edits) == {}
    with qtbot.waitSignal(viewer.predictions_changed, timeout=WAIT_MS):
        qtbot.keyClick(
            finished, Qt.Key.Key_Z, control | Qt.KeyboardModifier.ShiftModifier
        )
    assert dict(viewer.edits) == {"b_lines.many": 0.0}


def test_panels_come_back_where_they_were(qtbot, viewer, settings):
    first = MainWindow(viewer, settings)
    qtbot.addWidget(first)
    first.show()
    first.docks[0].hide()
    first.docks[2].setFloating(True)
    first.close()
    second = MainWindow(viewer, settings)
    qtbot.addWidget(second)
    second.restore()
    second.show()
    assert second.docks[0].isHidden()
    assert second.docks[2].isFloating()
    second.reset_layout()
    assert not second.docks[0].isHidden()
    assert not second.docks[2].isFloating()
    second.close()


def test_every_action_is_reached_by_a_menu(window):
    in_menus = set()
    for menu_action in window.menuBar().actions():
        in_menus |= {action.objectName() for action in menu_action.menu().actions()}
    assert {spec.name for spec in ACTIONS} <= in_menus


def test_no_key_is_given_twice():
    keys = [key for spec in ACTIONS for key in spec.keys]
    assert len(keys) == len(set(keys))


def test_keys_can_be_a_persons_own(qtbot, viewer, settings):
    settings.put("keys/play", "P")
    window = MainWindow(viewer, settings)
    qtbot.addWidget(window)
    assert window.actions_by_name["play"].shortcut().toString() == "P"
    window.close()


def test_every_control_has_a_name_for_a_screen_reader(finished):
    nameless = [
        widget
        for widget in finished.findChildren(QAbstractButton)
        if widget.isVisible()
        and not (widget.accessibleName() or widget.text() or widget.toolTip())
        and not isinstance(widget.parent(), QDockWidget)
    ]
    assert nameless == []


def test_the_tab_key_reaches_clip_list_slider_and_findings(qtbot, finished):
    reached, widget = set(), finished.nextInFocusChain()
    while widget is not finished:
        widget = widget.nextInFocusChain()
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
            reached.add(widget)
    wanted: tuple[QWidget, ...] = (
        finished.exam_panel.view,
        finished.clip_view,
        finished.cine_bar.slider,
        finished.timeline_view,
    )
    assert set(wanted) <= reached


def test_a_bug_is_no_banner(qtbot, window, viewer):
    viewer.failed.emit(InferenceError("told", hint="do this"))
    assert window.banner.message.text() == "told"
    window.banner.hide()
    with pytest.raises(ZeroDivisionError):
        viewer.report_failure(ZeroDivisionError())
    assert not window.banner.isVisible()


def test_a_question_mark_opens_the_keyboard_map_and_the_window_goes_on(
    qtbot, opened, viewer
):
    qtbot.keyClicks(opened, "?")
    maps = opened.findChildren(KeyboardDialog)
    assert len(maps) == 1
    assert maps[0].isVisible()
    viewer.set_frame(7)
    assert "8 / 24" in opened.cine_bar.position.text()
    maps[0].close()


def test_exporting_asks_for_kinds_and_folder_and_remembers_it(
    qtbot, finished, settings, tmp_path
):
    finished.actions_by_name["export"].trigger()
    dialog = finished.findChildren(ExportDialog)[0]
    dialog.folder.setText(str(tmp_path / "new"))
    with qtbot.waitSignal(finished.commands.exporter.wrote, timeout=WAIT_MS):
        dialog.accept()
    assert settings.text("export_folder") == str(tmp_path / "new")
    qtbot.waitUntil((tmp_path / "new" / "cine.dcm.csv").is_file, timeout=WAIT_MS)


def test_accepted_preferences_come_true(qtbot, window, viewer):
    window.actions_by_name["preferences"].trigger()
    dialog = window.findChildren(PreferencesDialog)[0]
    dialog.cache.setValue(256)
    dialog.accept()
    assert viewer.cache_bytes == 256 * 2**20


def test_an_export_says_what_a_person_changed(qtbot, finished, viewer, tmp_path):
    with qtbot.waitSignal(viewer.predictions_changed, timeout=WAIT_MS):
        viewer.edit_biomarker("b_lines.many", 0.0)
    finished.commands.export(tmp_path, ("json",))
    qtbot.waitUntil((tmp_path / "cine.dcm.json").is_file, timeout=WAIT_MS)
    report = json.loads((tmp_path / "cine.dcm.json").read_text())
    told = " ".join(report["warnings"])
    assert "A person set 'B-lines: many or coalescing' (b_lines.many) to 0." in told
    assert "severity-tree says" in told
    model_value = viewer.report.biomarkers["b_lines.many"].probability
    assert report["biomarkers"]["b_lines.many"]["probability"] == model_value


def test_a_recent_path_is_opened_from_the_menu(qtbot, window, viewer, clip_path):
    window.commands.open([clip_path])
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.close_clip()
    window._recent.aboutToShow.emit()
    entries = window._recent.actions()
    assert clip_path.name in entries[0].text()
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        entries[0].trigger()
    entries[-1].trigger()
    window._recent.aboutToShow.emit()
    assert len(window._recent.actions()) == 2


@pytest.mark.parametrize(
    ("title", "name"), [("Learn", "learning"), ("Label next", "queue")]
)
def test_a_click_on_a_tab_shows_its_panel(qtbot, window, title, name):
    place = getattr(window, name)
    assert not place.findChildren(QWidget)
    tabs = {
        bar.tabText(number): (bar, number)
        for bar in window.findChildren(QTabBar)
        for number in range(bar.count())
    }
    bar, number = tabs[title]
    middle = bar.tabRect(number).center()
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=middle)
    inside = Qt.FindChildOption.FindDirectChildrenOnly
    qtbot.waitUntil(
        lambda: any(
            one.isVisible() for one in place.findChildren(QWidget, None, inside)
        )
    )


@pytest.mark.parametrize(("place", "name"), [(1, "queue"), (2, "learning")])
def test_a_panel_without_anything_to_go_by_leads_to_the_library(
    qtbot, window, place, name
):
    study, dock = window.study_docks[0], window.study_docks[place]
    dock.raise_()
    qtbot.waitUntil(lambda: getattr(window, name).made is not None, timeout=WAIT_MS)

    def ways() -> list[QAbstractButton]:
        buttons = dock.findChildren(QAbstractButton)
        shown = [one for one in buttons if one.isVisible()]
        return [one for one in shown if one.text() == "Show the library"]

    qtbot.waitUntil(lambda: bool(ways()), timeout=WAIT_MS)
    assert study.visibleRegion().isEmpty()
    qtbot.mouseClick(ways()[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not study.visibleRegion().isEmpty(), timeout=WAIT_MS)
