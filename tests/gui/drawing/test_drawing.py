"""Lines drawn with real events on the real window, as they land in the library."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lusviewer.errors import LibraryError
from lusviewer.gui.focus_keys import keys_of
from lusviewer.library import Line
from tests.gui.conftest import WAIT_MS
from tests.gui.drawing.pen import (
    ALT,
    LEFT,
    NONE,
    RIGHT,
    click,
    drag,
    draw_b_line,
    draw_pleura,
    from_ridge,
    kept,
    on_screen,
    open_in,
    press_key,
    ridge_y,
    settle,
)


def test_a_rough_line_lands_on_the_bright_ridge_and_in_the_library(qtbot, drawing):
    draw_pleura(drawing)
    (stroke,) = drawing.drawing.model.waiting
    assert len(stroke.points) == 4
    settle(qtbot, drawing)
    ((line,),) = kept(drawing).values()
    assert line.kind == "pleura"
    assert from_ridge(line) < 1.0
    assert drawing.drawing.model.lines(0) == (line,)


@pytest.mark.parametrize("how", ["alt", "toggle"])
def test_a_line_stays_as_drawn_where_that_is_asked_for(qtbot, drawing, how):
    drawing.actions_by_name["draw_pleura"].trigger()
    if how == "toggle":
        drawing.actions_by_name["draw_as_drawn"].trigger()
    for x in (40.0, 100.0, 160.0):
        click(drawing, x, 90.0)
    press_key(drawing, Qt.Key.Key_Return, ALT if how == "alt" else NONE)
    settle(qtbot, drawing)
    ((line,),) = kept(drawing).values()
    assert len(line.points) == 3
    zoom = drawing.clip_view.zoom
    for (x, y), expected in zip(line.points, (40.0, 100.0, 160.0), strict=True):
        assert abs(x - expected) <= 1 / zoom
        assert abs(y - 90.0) <= 1 / zoom


def test_lines_are_in_px_of_the_frame_also_zoomed_and_panned(qtbot, drawing):
    view = drawing.clip_view
    drawing.actions_by_name["draw_a_line"].trigger()
    view.zoom_in()
    view.zoom_in()
    before = view.viewportTransform()
    drag(drawing, (100.0, 100.0), (108.0, 104.0), button=RIGHT)
    assert view.viewportTransform() != before
    click(drawing, 90.0, 120.0)
    click(drawing, 140.0, 124.0)
    press_key(drawing, Qt.Key.Key_Return, ALT)
    settle(qtbot, drawing)
    ((line,),) = kept(drawing).values()
    assert line.kind == "a_line"
    flat = [n for point in line.points for n in point]
    assert flat == pytest.approx([90.0, 120.0, 140.0, 124.0], abs=1 / view.zoom)


def test_a_line_is_drawn_in_one_go_and_simplified(qtbot, drawing):
    drawing.actions_by_name["draw_pleura"].trigger()
    xs = np.arange(30.0, 190.0, 2.0)
    drag(drawing, *((x, float(ridge_y(x, 0)) - 3.0) for x in xs))
    settle(qtbot, drawing)
    ((line,),) = kept(drawing).values()
    assert 3 <= len(line.points) < 40
    assert from_ridge(line) < 1.0


def test_a_double_click_ends_a_line(qtbot, drawing):
    drawing.actions_by_name["draw_pleura"].trigger()
    click(drawing, 40.0, 80.0)
    click(drawing, 90.0, 84.0)
    where = on_screen(drawing.clip_view, 150.0, 70.0)
    port = drawing.clip_view.viewport()
    QTest.mouseClick(port, LEFT, NONE, where, 600)
    QTest.mouseDClick(port, LEFT, NONE, where)
    assert drawing.drawing.tool.sketch is None
    settle(qtbot, drawing)
    ((line,),) = kept(drawing).values()
    assert line.points[-1][0] == pytest.approx(150.0, abs=5.0)


def test_a_b_line_takes_two_clicks_and_is_measured_across(qtbot, drawing):
    draw_b_line(drawing)
    settle(qtbot, drawing)
    ((line,),) = kept(drawing).values()
    assert line.kind == "b_line"
    assert line.width_px > 0
    (x1, y1), (x2, y2) = line.points
    flat = (x1, y1, x2, y2)
    assert flat == pytest.approx((100.0, 80.0, 104.0, 200.0), abs=1.0)


def test_the_width_of_a_b_line_is_set_by_its_edge(qtbot, drawing):
    draw_b_line(drawing)
    settle(qtbot, drawing)
    click(drawing, 101.0, 110.0)
    ((line,),) = kept(drawing).values()
    edge = 102.0 + line.width_px / 2
    drag(drawing, (edge, 140.0), (edge + 10, 140.0), (122.0, 140.0))
    settle(qtbot, drawing)
    ((wider,),) = kept(drawing).values()
    assert wider.width_px == pytest.approx(40.0, abs=3.0)
    assert wider.points == line.points


def test_keys_shorten_and_abandon_a_line_and_put_the_pen_down(qtbot, drawing):
    drawing.actions_by_name["draw_pleura"].trigger()
    tool = drawing.drawing.tool
    for x in (40.0, 90.0, 140.0):
        click(drawing, x, 90.0)
    assert Qt.Key.Key_Return in keys_of(drawing.clip_view)
    press_key(drawing, Qt.Key.Key_Backspace)
    assert tool.sketch is not None
    assert len(tool.sketch.points) == 2
    press_key(drawing, Qt.Key.Key_Escape)
    assert tool.sketch is None
    assert Qt.Key.Key_Return not in keys_of(drawing.clip_view)
    assert Qt.Key.Key_Backspace in keys_of(drawing.clip_view)
    assert drawing.actions_by_name["draw"].isChecked()
    press_key(drawing, Qt.Key.Key_Escape)
    assert not drawing.actions_by_name["draw"].isChecked()
    assert keys_of(drawing.clip_view) == frozenset()
    assert drawing.study.current.entry is None


def test_points_and_lines_are_moved_added_and_deleted_each_undoable(qtbot, drawing):
    stack = drawing._viewer.undo_stack
    drawing.actions_by_name["draw_as_drawn"].trigger()
    draw_pleura(drawing, 20.0)
    settle(qtbot, drawing)
    model = drawing.drawing.model
    seen = [model.lines(0)]
    (x, y) = seen[0][0].points[1]
    drag(drawing, (x, y), (x, y + 10), (x, y + 30))
    seen.append(model.lines(0))
    assert seen[1][0].points[1] == pytest.approx((x, y + 30), abs=1.0)
    a, b = seen[1][0].points[2:4]
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    drag(drawing, middle, (middle[0] + 5, middle[1]), (middle[0] + 15, middle[1]))
    seen.append(model.lines(0))
    assert seen[2][0].points[0][0] == pytest.approx(a[0] - 140 + 40 + 15, abs=2.0)
    click(drawing, middle[0] + 15, middle[1])
    seen.append(model.lines(0))
    assert len(seen[3][0].points) == 5
    press_key(drawing, Qt.Key.Key_Delete)
    seen.append(model.lines(0))
    assert len(seen[4][0].points) == 4
    click(drawing, middle[0] + 15, middle[1])
    press_key(drawing, Qt.Key.Key_Delete)
    assert model.lines(0) is None
    for before in reversed(seen):
        stack.back()
        assert model.lines(0) == before
    settle(qtbot, drawing)
    assert kept(drawing) == {0: seen[0]}
    for after in seen[1:]:
        stack.forth()
        assert model.lines(0) == after
    settle(qtbot, drawing)
    assert kept(drawing) == {0: seen[-1]}


def test_undoing_the_first_line_of_a_frame_says_nothing_of_it(qtbot, drawing):
    draw_pleura(drawing)
    settle(qtbot, drawing)
    drawing._viewer.set_frame(7)
    drawing._viewer.undo_stack.back()
    assert drawing._viewer.frame_index == 0
    settle(qtbot, drawing)
    assert kept(drawing) == {}
    assert drawing.cine_bar.slider.marks == ()
    drawing._viewer.undo_stack.forth()
    settle(qtbot, drawing)
    assert list(kept(drawing)) == [0]


def test_that_there_are_no_lines_is_said_on_purpose(qtbot, drawing):
    drawing.actions_by_name["draw_none"].trigger()
    settle(qtbot, drawing)
    assert kept(drawing) == {0: ()}
    assert drawing.cine_bar.slider.marks == (0,)
    drawing._viewer.undo_stack.back()
    settle(qtbot, drawing)
    assert kept(drawing) == {}


def test_lines_are_never_replaced_by_saying_that_there_are_none(qtbot, drawing):
    draw_pleura(drawing)
    settle(qtbot, drawing)
    drawing.actions_by_name["draw_none"].trigger()
    assert "delete them first" in drawing.drawing.tool.hint()
    settle(qtbot, drawing)
    assert len(kept(drawing)[0]) == 1


def test_lines_of_a_frame_before_are_copied_onto_the_echo_of_this_one(qtbot, drawing):
    draw_pleura(drawing)
    draw_b_line(drawing)
    settle(qtbot, drawing)
    drawing._viewer.set_frame(8)
    drawing.actions_by_name["draw_copy"].trigger()
    assert "frame 1" in drawing.drawing.tool.hint()
    settle(qtbot, drawing)
    lines = kept(drawing)
    (before, b_before), (here, b_here) = lines[0], lines[8]
    assert from_ridge(before, 8) > 3.0
    assert from_ridge(here, 8) < 1.0
    assert b_here == b_before
    assert drawing.cine_bar.slider.marks == (0, 8)
    drawing.actions_by_name["draw_previous"].trigger()
    assert drawing._viewer.frame_index == 0
    drawing.actions_by_name["draw_next"].trigger()
    assert drawing._viewer.frame_index == 8


def test_without_a_drawn_frame_before_nothing_is_copied(qtbot, drawing):
    drawing._viewer.set_frame(3)
    drawing.actions_by_name["draw_copy"].trigger()
    assert "No frame before" in drawing.drawing.tool.hint()
    settle(qtbot, drawing)
    assert kept(drawing) == {}


def test_two_lines_ended_at_once_are_both_kept(qtbot, drawing):
    draw_pleura(drawing)
    draw_b_line(drawing)
    assert len(drawing.drawing.model.waiting) >= 1
    settle(qtbot, drawing)
    assert [line.kind for line in kept(drawing)[0]] == ["pleura", "b_line"]


def test_a_line_half_drawn_is_kept_on_its_own_frame(qtbot, drawing):
    drawing.actions_by_name["draw_pleura"].trigger()
    for x in (40.0, 100.0, 160.0):
        click(drawing, x, 80.0)
    drawing._viewer.set_frame(5)
    settle(qtbot, drawing)
    assert list(kept(drawing)) == [0]


def test_a_line_ended_as_the_clip_is_closed_is_kept(qtbot, drawing):
    draw_pleura(drawing)
    drawing._viewer.close_clip()
    settle(qtbot, drawing)
    assert [line.kind for line in kept(drawing)[0]] == ["pleura"]


def test_a_line_ended_as_the_window_is_closed_is_kept(qtbot, drawing):
    draw_pleura(drawing)
    drawing.close()
    assert [line.kind for line in kept(drawing)[0]] == ["pleura"]


def test_drawings_come_back_with_their_clip_and_add_up(
    qtbot, drawing, ridge_path, clip_path
):
    draw_pleura(drawing)
    settle(qtbot, drawing)
    viewer, model = drawing._viewer, drawing.drawing.model
    for path in (clip_path, ridge_path):
        with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
            viewer.open_path(path)
        qtbot.waitUntil(lambda: model.ready, timeout=WAIT_MS)
    assert drawing.cine_bar.slider.marks == (0,)
    draw_b_line(drawing)
    settle(qtbot, drawing)
    assert [line.kind for line in kept(drawing)[0]] == ["pleura", "b_line"]


def test_a_drawing_is_undone_also_while_another_clip_is_open(
    qtbot, drawing, ridge_path, clip_path
):
    draw_pleura(drawing)
    settle(qtbot, drawing)
    viewer, model = drawing._viewer, drawing.drawing.model
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(clip_path)
    viewer.undo_stack.back()
    settle(qtbot, drawing)
    assert kept(drawing) == {}
    open_in(qtbot, drawing, ridge_path)
    assert model.lines(0) is None
    viewer.undo_stack.forth()
    settle(qtbot, drawing)
    assert [line.kind for line in kept(drawing)[0]] == ["pleura"]


def test_a_line_that_cannot_be_kept_is_not_shown_as_if_it_were(
    qtbot, window, ridge_path, tmp_path
):
    path = Path(shutil.copy(ridge_path, tmp_path / "gone.dcm"))
    open_in(qtbot, window, path)
    path.unlink()
    with qtbot.waitSignal(window.study.failed, timeout=WAIT_MS) as told:
        draw_pleura(window)
    assert "gone.dcm" in told.args[0].message
    assert window.drawing.model.lines(0) is None
    assert window.cine_bar.slider.marks == ()


def test_what_is_still_being_kept_stays_in_sight_when_something_else_fails(
    qtbot, drawing
):
    model, failed = drawing.drawing.model, drawing.study.failed
    line = Line("pleura", ((20.0, 70.0), (90.0, 71.0)))
    model.keep((line,), "Draw the pleura")
    failed.emit(LibraryError("Another file is not there.", hint="Look for it."))
    assert model.lines(0) == (line,)
    assert len(drawing.cine_bar.slider.marks) == 1
    settle(qtbot, drawing)
    assert kept(drawing) == {0: (line,)}


def test_lines_of_others_are_shown_only_when_asked_for(qtbot, drawing):
    draw_pleura(drawing)
    settle(qtbot, drawing)
    study = drawing.study
    qtbot.waitUntil(lambda: bool(study.current.drawings), timeout=WAIT_MS)
    drawing.study.set_rater("ben")
    assert drawing.drawing.model.lines(0) is None
    assert drawing.cine_bar.slider.marks == ()
    press_key(drawing, Qt.Key.Key_Escape)
    without = drawing.clip_view.viewport().grab().toImage()
    drawing.actions_by_name["draw_others"].trigger()
    assert drawing.clip_view.viewport().grab().toImage() != without
    drawing.actions_by_name["draw_others"].trigger()
    assert drawing.clip_view.viewport().grab().toImage() == without


def test_the_first_press_stops_the_cine(qtbot, drawing):
    drawing.actions_by_name["draw_pleura"].trigger()
    drawing._viewer.set_playing(True)
    click(drawing, 50.0, 80.0)
    assert not drawing._viewer.playing
    assert drawing.drawing.tool.sketch is not None


def test_one_tool_is_in_hand_at_a_time_and_the_cursor_tells_which(qtbot, drawing):
    view, actions = drawing.clip_view, drawing.actions_by_name
    press_key(drawing, Qt.Key.Key_M)
    assert view.measuring
    press_key(drawing, Qt.Key.Key_D)
    assert (view.measuring, view.drawing) == (False, True)
    assert view.viewport().cursor().shape() is Qt.CursorShape.CrossCursor
    assert not actions["measure"].isChecked()
    press_key(drawing, Qt.Key.Key_B)
    assert [actions[f"draw_{k}"].isChecked() for k in ("pleura", "b_line")] == [0, 1]
    press_key(drawing, Qt.Key.Key_M)
    assert (view.measuring, view.drawing) == (True, False)
    assert not actions["draw"].isChecked()


def test_the_models_lines_become_an_editable_drawing(qtbot, window, analysed):
    viewer = analysed()
    qtbot.waitUntil(lambda: window.drawing.model.ready, timeout=WAIT_MS)
    viewer.set_frame(2)
    window.actions_by_name["draw_take"].trigger()
    settle(qtbot, window)
    lines = kept(window)[2]
    assert [line.kind for line in lines if line.kind != "a_line"] == [
        "pleura",
        "b_line",
        "b_line",
    ]
    pleura = np.array(lines[0].points)
    assert pleura[:, 1] == pytest.approx(53.0, abs=3.0)
    assert all(line.width_px > 0 for line in lines if line.kind == "b_line")
