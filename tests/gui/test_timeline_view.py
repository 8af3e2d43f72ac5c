"""The timelines on screen: seeking, looping, selecting, and what is painted."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from lusviewer.findings import FINDINGS, LABELS
from lusviewer.gui import theme
from lusviewer.gui.timeline_rows import CURVES
from lusviewer.gui.timeline_view import TimelineView
from tests.gui.conftest import WAIT_MS

LEFT = Qt.MouseButton.LeftButton
B_LINES = "finding.b_lines"


@pytest.fixture
def view(qtbot, viewer):
    made = TimelineView(viewer)
    qtbot.addWidget(made)
    made.resize(760, 320)
    made.show()
    qtbot.waitExposed(made)
    return made


def at(view, key, frame):
    return view.position_of(key, frame).toPoint()


def drag(view, start, end):
    port = view.viewport()
    QTest.mousePress(port, LEFT, pos=start)
    QTest.mouseMove(port, (start + end) / 2)
    QTest.mouseMove(port, end)
    QTest.mouseRelease(port, LEFT, pos=end)


def shot(view):
    QTest.qWait(1)  # What has just arrived is drawn in a turn of its own.
    return view.viewport().grab().toImage()


def test_a_click_lands_on_the_frame_and_selects_the_row(view, viewer, analysed):
    analysed()
    for frame in (17, 0, 23, 5):
        QTest.mouseClick(view.viewport(), LEFT, pos=at(view, B_LINES, frame))
        assert viewer.frame_index == frame
    assert viewer.selection == B_LINES


def test_a_drag_loops_the_range_in_either_direction(view, viewer, analysed):
    analysed()
    drag(view, at(view, B_LINES, 5), at(view, B_LINES, 15))
    assert viewer.loop == (5, 15)
    drag(view, at(view, B_LINES, 20), at(view, B_LINES, 10))
    assert viewer.loop == (10, 20)


def test_the_ends_of_a_loop_can_be_dragged(view, viewer, analysed):
    analysed()
    viewer.set_loop((5, 15))
    y = at(view, B_LINES, 0).y()
    start, end = view._scale.band_of(5, 15)
    drag(view, QPoint(round(end), y), at(view, B_LINES, 19))
    assert viewer.loop == (5, 19)
    drag(view, QPoint(round(start), y), at(view, B_LINES, 2))
    assert viewer.loop == (2, 19)


def test_escape_and_a_double_click_end_the_loop(qtbot, view, viewer, analysed):
    analysed()
    viewer.set_loop((5, 15))
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert viewer.loop is None
    viewer.set_loop((5, 15))
    QTest.mouseDClick(view.viewport(), LEFT, pos=at(view, B_LINES, 10))
    assert viewer.loop is None


def test_the_cursor_and_the_time_axis_scrub(view, viewer, analysed):
    analysed()
    viewer.set_frame(4)
    drag(view, at(view, B_LINES, 4), at(view, B_LINES, 18))
    assert viewer.frame_index == 18
    assert viewer.loop is None
    axis = QPoint(at(view, B_LINES, 9).x(), 6)
    QTest.mouseClick(view.viewport(), LEFT, pos=axis)
    assert viewer.frame_index == 9


def test_a_click_on_a_name_selects_without_seeking(view, viewer, analysed):
    analysed()
    viewer.set_frame(7)
    y = at(view, "finding.effusion", 0).y()
    QTest.mouseClick(view.viewport(), LEFT, pos=QPoint(20, y))
    assert viewer.selection == "finding.effusion"
    assert viewer.frame_index == 7


def test_a_double_click_on_a_name_goes_to_its_best_frame(view, viewer, analysed):
    analysed()
    viewer.set_frame(0)
    y = at(view, B_LINES, 0).y()
    QTest.mouseDClick(view.viewport(), LEFT, pos=QPoint(20, y))
    assert viewer.frame_index == viewer.report.findings["b_lines"].frame
    assert viewer.frame_index % 4 == 3


def test_keys_walk_the_rows_and_go_to_the_best_frame(qtbot, view, viewer, analysed):
    analysed()
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert viewer.selection == CURVES[0]
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert viewer.selection == B_LINES
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert viewer.frame_index == viewer.report.findings["b_lines"].frame
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert viewer.selection == CURVES[0]
    before = viewer.frame_index
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert viewer.frame_index == before - 1


def test_the_cursor_stands_where_the_frame_is(view, viewer, analysed):
    analysed()
    viewer.set_frame(12)
    image = shot(view)
    x = at(view, B_LINES, 12).x()
    bright = [image.pixelColor(x + d, 100).value() for d in (-1, 0, 1)]
    away = [image.pixelColor(x + d, 100).value() for d in (-12, 12)]
    assert max(bright) > max(away) + 60 or min(bright) < min(away) - 60


def test_a_step_of_the_cine_repaints_no_curves(view, viewer, analysed):
    analysed()
    shot(view)
    still = view._still
    assert still is not None
    viewer.set_frame(3)
    shot(view)
    assert view._still is still
    viewer.select("finding.effusion")
    shot(view)
    assert view._still is not still


def test_the_values_are_those_of_the_frame(view, viewer, analysed):
    analysed()
    viewer.set_frame(2)
    assert view.value_shown("measured.b_line_count") == "2"
    probability = viewer.report.timelines.row(B_LINES)[2]
    assert view.value_shown(B_LINES) == f"{probability:.2f}"
    assert view.value_shown("measured.pleura_with_b_lines_fraction").endswith(" %")


def test_what_is_not_analysed_is_hatched_until_it_is(
    qtbot, view, viewer, clip_path, bundle_folder
):
    viewer.auto_analyse = False
    with qtbot.waitSignal(viewer.image_changed, timeout=WAIT_MS):
        viewer.open_path(clip_path)
    assert view.value_shown(B_LINES) == "-"
    y = round(view.position_of(B_LINES, 0).y())

    def colours():
        image = shot(view)
        left = view._scale.left
        return {image.pixelColor(round(left + x), y).name() for x in range(300, 420)}

    assert len(colours()) > 1
    viewer.auto_analyse = True
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.analysis.load(bundle_folder, "cpu")
    gaps = view._canvas or view._made_canvas()
    assert gaps.scenery.timelines.analysed.all()


def test_the_38_labels_can_be_shown_and_hidden(view, viewer, analysed):
    analysed()
    assert view.row_of(LABELS[0].key) is None
    assert view.verticalScrollBar().maximum() == 0
    view.set_expanded(True)
    assert all(view.row_of(label.key) for label in LABELS)
    assert view.verticalScrollBar().maximum() > 0
    view.set_expanded(False)
    assert view.row_of(LABELS[-1].key) is None


def test_walking_the_rows_scrolls_to_them(qtbot, view, viewer, analysed):
    analysed()
    view.set_expanded(True)
    viewer.select(LABELS[-2].key)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert viewer.selection == LABELS[-1].key
    place = view.position_of(LABELS[-1].key, 0).y()
    assert 0 < place < view.viewport().height()


def test_the_selected_row_is_marked(view, viewer, analysed):
    analysed()
    y = at(view, "finding.effusion", 0).y()
    accent = QColor(theme.theme_of(view).accent)
    assert shot(view).pixelColor(1, y) != accent
    viewer.select("finding.effusion")
    assert shot(view).pixelColor(1, y) == accent


def test_the_best_frame_is_marked_above_its_curve(view, viewer, analysed):
    analysed()
    viewer.set_frame(0)
    best = viewer.report.findings["b_lines"].frame
    row = view.row_of(B_LINES)
    x = at(view, B_LINES, best).x()
    top = row.top + view._look().axis + 2
    marked = shot(view).pixelColor(x, top)
    beside = shot(view).pixelColor(x + 9, top)
    assert abs(marked.value() - beside.value()) > 60


def test_the_pointer_reads_values_and_leaves_no_trace(view, viewer, analysed):
    analysed()
    without = shot(view)
    QTest.mouseMove(view.viewport(), at(view, B_LINES, 9))
    assert shot(view) != without
    QTest.mouseMove(view.viewport(), QPoint(5, 5))
    assert shot(view) == without


def test_thresholds_come_from_the_manifest(view, viewer, analysed):
    analysed()
    scenery = view._made_canvas().scenery
    assert scenery.thresholds == {f"finding.{key}": 0.5 for key in FINDINGS}


def test_without_a_clip_it_is_empty_and_does_nothing(qtbot, view, viewer):
    QTest.mouseClick(view.viewport(), LEFT, pos=QPoint(300, 100))
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert viewer.selection == ""
    assert view.position_of(B_LINES, 0) is None
    assert view.value_shown(B_LINES) == "-"


def test_a_closed_clip_takes_its_curves_along(view, viewer, analysed):
    analysed()
    viewer.close_clip()
    assert view.position_of(B_LINES, 0) is None
    assert view.timelines is None
