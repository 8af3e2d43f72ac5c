"""The window without a mouse: what has the focus gets the keys it needs."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.gui.conftest import WAIT_MS, load
from tests.small_clips import write_png


@pytest.fixture
def finished(qtbot, window, viewer, clip_path):
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.open_path(clip_path)
        load(viewer)
    window.activateWindow()
    return window


def give_focus(qtbot, widget) -> None:
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is widget, timeout=WAIT_MS)


def first_line(window):
    group = window.findings_panel.editor.groups["b_lines"]
    group.heading.setChecked(True)
    return next(iter(group.lines.values()))


def test_space_ticks_the_biomarker_that_has_the_focus(qtbot, finished, viewer):
    line = first_line(finished)
    give_focus(qtbot, line.check)
    was = line.check.isChecked()
    qtbot.keyClick(line.check, Qt.Key.Key_Space)
    assert line.check.isChecked() is not was
    assert dict(viewer.edits) == {line.key: 0.0 if was else 1.0}
    assert not viewer.playing


def test_arrows_set_the_slider_that_has_the_focus(qtbot, finished, viewer):
    line = first_line(finished)
    viewer.edit_biomarker(line.key, 0.5)
    give_focus(qtbot, line.slider)
    qtbot.keyClick(line.slider, Qt.Key.Key_Right)
    assert viewer.edits[line.key] == pytest.approx(0.55)
    assert viewer.frame_index == 0


def test_enter_presses_a_button_that_has_the_focus(qtbot, finished, viewer):
    heading = finished.findings_panel.experts_section.heading
    give_focus(qtbot, heading)
    qtbot.keyClick(heading, Qt.Key.Key_Return)
    assert not heading.isChecked()


def test_a_clicked_link_leaves_space_to_the_cine(qtbot, finished, viewer):
    finished.clip_view.setFocus()
    row = finished.findings_panel.rows["b_lines"]
    qtbot.mouseClick(row.frame_button, Qt.MouseButton.LeftButton)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert viewer.playing


def test_a_still_image_does_not_leave_play_pressed(qtbot, window, viewer, tmp_path):
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(write_png(tmp_path / "still.png"))
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert not viewer.playing
    assert not window.actions_by_name["play"].isChecked()


def test_a_long_message_does_not_widen_the_window(qtbot, window, viewer):
    width = window.minimumSizeHint().width()
    viewer.status_changed.emit("Wrote " + "a-long-folder/" * 40)
    qtbot.wait(50)
    assert window.minimumSizeHint().width() <= width + 1
    assert window.statusBar().message.toolTip().endswith("a-long-folder/")


def test_what_was_said_before_gives_way_to_an_analysis(qtbot, finished, viewer):
    viewer.status_changed.emit("Wrote a file")
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.analyse()
    assert "24" in finished.statusBar().message.full_text


def test_escape_puts_the_measuring_tool_down_before_it_stops_an_analysis(
    qtbot, finished, viewer
):
    stop = finished.actions_by_name["cancel_analysis"]
    stop.setEnabled(True)
    stopped: list[bool] = []
    stop.triggered.connect(lambda: stopped.append(True))
    give_focus(qtbot, finished.clip_view)
    finished.clip_view.set_measuring(True)
    qtbot.keyClick(finished.clip_view, Qt.Key.Key_Escape)
    assert not finished.clip_view.measuring
    assert stopped == []
    qtbot.keyClick(finished.clip_view, Qt.Key.Key_Escape)
    assert len(stopped) == 1
