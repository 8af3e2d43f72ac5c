"""Lines drawn with real events on the real window, as they land in the library."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pydicom
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest

from lusviewer.errors import LibraryError
from lusviewer.gui.focus_keys import keys_of
from lusviewer.library import Line, open_library
from tests.gui.conftest import WAIT_MS
from tests.gui.watchdog import Watch
from tests.small_clips import COLUMNS, ROWS, write_dicom

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from lusviewer.gui.clip_view import ClipView
    from lusviewer.gui.main_window import MainWindow

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier
RIDGE_X = np.arange(20, 200)


def ridge_y(x: Any, frame: int) -> Any:
    """Return where the bright ridge lies: a bow that sinks from frame to frame."""
    return 70.0 + 8.0 * np.sin(x / 40.0) + 0.5 * frame


@pytest.fixture(scope="session")
def ridge_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DICOM cine of twelve frames, each with one bright bow on speckle."""
    path = write_dicom(tmp_path_factory.mktemp("ridge") / "ridge.dcm", n_frames=12)
    dataset = pydicom.dcmread(path)
    rng = np.random.default_rng(3)
    pictures = np.empty((12, ROWS, COLUMNS), np.uint8)
    for i, picture in enumerate(pictures):
        picture[:] = rng.integers(20, 50, picture.shape)
        curve = np.stack([RIDGE_X, ridge_y(RIDGE_X, i)], 1)
        shape = np.rint(curve * 16).astype(np.int32)
        cv2.polylines(picture, [shape], False, 220, 3, cv2.LINE_AA, shift=4)
        picture[:, :3] = picture[:, -3:] = 0
    dataset.PixelData = pictures.tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def drawing(qtbot: QtBot, window: MainWindow, ridge_path: Path) -> MainWindow:
    """The window with the clip open, its frames decoded and the library read."""
    open_in(qtbot, window, ridge_path)
    return window


def open_in(qtbot: QtBot, window: MainWindow, path: Path) -> None:
    viewer = window._viewer
    viewer.auto_analyse = False
    with qtbot.waitSignal(viewer.image_changed, timeout=WAIT_MS):
        viewer.open_path(path)
    clip = viewer.clip
    assert clip is not None
    qtbot.waitUntil(lambda: clip.cached(11) is not None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.drawing.model.ready, timeout=WAIT_MS)


def on_screen(view: ClipView, x: float, y: float) -> QPoint:
    return view.mapFromScene(QPointF(x + 0.5, y + 0.5))


def click(window: MainWindow, x: float, y: float) -> None:
    view = window.clip_view
    where = on_screen(view, x, y)
    QTest.mouseMove(view.viewport(), where)
    # Apart in time, so that two clicks near each other are no double click.
    QTest.mouseClick(view.viewport(), LEFT, NONE, where, 600)


def press_key(window: MainWindow, key: Qt.Key, modifier=NONE) -> None:
    QTest.keyClick(window.clip_view, key, modifier)


def drag(window: MainWindow, *points: tuple[float, float], button=LEFT) -> None:
    view = window.clip_view
    port = view.viewport()
    places = [on_screen(view, *point) for point in points]
    QTest.mousePress(port, button, NONE, places[0], 600)
    for place in places[1:]:
        QTest.mouseMove(port, place)
    QTest.mouseRelease(port, button, NONE, places[-1])


def kept(window: MainWindow) -> dict[int, tuple[Line, ...]]:
    """Return what anna drew, by frame, straight from the database."""
    folder = window.study.shelf.folder
    if not (folder / "library.db").is_file():
        return {}
    with open_library(folder) as library:
        assert library.verify().holds
        return {
            one.frame: one.lines
            for clip in library.clips.page()
            for one in library.drawings.of_clip(clip.id, "anna")
        }


def settle(qtbot: QtBot, window: MainWindow) -> None:
    def settled() -> bool:
        return not window.drawing.model._waiting and not window.study.writing

    qtbot.waitUntil(settled, timeout=WAIT_MS)


def from_ridge(line: Line, frame: int = 0) -> float:
    """Return the mean distance, in px down, of a line from the ridge."""
    x, y = np.array(line.points).T
    at = np.arange(np.ceil(x.min()), x.max())
    order = np.argsort(x)
    away = np.interp(at, x[order], y[order]) - ridge_y(at, frame)
    return float(np.abs(away).mean())


def draw_pleura(window: MainWindow, offset: float = 4.0) -> None:
    """Click a pleura ``offset`` px below the ridge, and end it with Enter."""
    frame = window._viewer.frame_index
    window.actions_by_name["draw_pleura"].trigger()
    for x in (40.0, 90.0, 140.0, 180.0):
        click(window, x, float(ridge_y(x, frame)) + offset)
    press_key(window, Qt.Key.Key_Return)


def draw_b_line(window: MainWindow) -> None:
    window.actions_by_name["draw_b_line"].trigger()
    click(window, 100.0, 80.0)
    click(window, 104.0, 200.0)


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


def test_drawing_keeps_the_window_busy_for_less_than_a_frame_at_a_time(
    qtbot, qapp, drawing
):
    draw_pleura(drawing)  # Once before, for what is loaded and laid out only once.
    settle(qtbot, drawing)
    drawing.resize(1440, 900)
    watch = Watch()
    timer = QTimer()
    timer.timeout.connect(watch.measure_reference)
    timer.start(20)
    qapp.watch = watch
    try:
        for index in (3, 6, 9):
            drawing._viewer.set_frame(index)
            drawing.actions_by_name["draw_pleura"].trigger()
            xs = np.arange(30.0, 190.0, 2.0)
            drag(drawing, *((x, float(ridge_y(x, index)) - 3.0) for x in xs))
            draw_b_line(drawing)
            settle(qtbot, drawing)
            qtbot.wait(200)
    finally:
        timer.stop()
        qapp.watch = None
    assert list(kept(drawing)) == [0, 3, 6, 9]
    assert watch.worst[0] < 16.0 * watch.slowness, watch.worst
