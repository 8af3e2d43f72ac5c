"""The clip on screen: its pixels, zoom, readouts and the measuring tool."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QImage,
    QPainter,
    QTransform,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lusviewer.findings import CLASSES
from lusviewer.geometry import FrameGeometry
from lusviewer.gui import readouts
from lusviewer.gui.clip_view import ClipView, words_of
from lusviewer.gui.frame_view import image_of, placed_grid
from lusviewer.gui.measuring import words_of as length_words
from tests.bundles import GREY_STEP
from tests.gui.conftest import WAIT_MS
from tests.small_clips import write_video

LEFT = Qt.MouseButton.LeftButton
LUNG = CLASSES.index("lung") * GREY_STEP


@pytest.fixture
def view(qtbot, viewer):
    made = ClipView(viewer)
    qtbot.addWidget(made)
    made.resize(600, 500)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def opened(qtbot, viewer, view, clip_path):
    """A view that shows the clip, without any analysis."""
    viewer.auto_analyse = False
    with qtbot.waitSignal(viewer.image_changed, timeout=WAIT_MS):
        viewer.open_path(clip_path)
    qtbot.waitUntil(lambda: viewer.clip.located, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: viewer.clip.cached(23) is not None, timeout=WAIT_MS)
    return view


def on_screen(view, row, column):
    """Return the viewport's point of the middle of a pixel of the clip."""
    return view.mapFromScene(QPointF(column + 0.5, row + 0.5))


def colour_at(view, row, column):
    image = view.viewport().grab().toImage()
    return image.pixelColor(on_screen(view, row, column))


def drag(view, start, end):
    port = view.viewport()
    QTest.mousePress(port, LEFT, pos=on_screen(view, *start))
    QTest.mouseMove(port, on_screen(view, *end))
    QTest.mouseRelease(port, LEFT, pos=on_screen(view, *end))


def wheel(view, at, steps):
    port = view.viewport()
    where = QPointF(at)
    event = QWheelEvent(
        where,
        QPointF(port.mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(port, event)


def test_without_a_clip_it_says_what_can_be_dropped(view):
    image = view.viewport().grab().toImage()
    middle = {image.pixelColor(x, 235).name() for x in range(150, 450)}
    assert len(middle) > 3


def test_the_pixels_on_screen_are_those_of_the_frame(opened):
    assert colour_at(opened, 150, 112) == QColor(LUNG, LUNG, LUNG)
    assert colour_at(opened, 20, 112).red() == GREY_STEP


def test_another_frame_is_shown_when_it_is_asked_for(opened, viewer):
    viewer.set_frame(2)
    b_line = CLASSES.index("b_line") * GREY_STEP
    assert colour_at(opened, 150, 30).red() == pytest.approx(b_line, abs=2)


def test_zoom_and_place_are_kept_between_frames(opened, viewer):
    opened.zoom_in()
    opened.zoom_in()
    drag(opened, (100, 100), (130, 80))
    before = opened.viewportTransform()
    viewer.set_frame(7)
    assert opened.viewportTransform() == before


def test_fitting_again_shows_the_whole_frame(opened):
    opened.zoom_in()
    opened.fit()
    fitted = opened.zoom
    corner = opened.mapFromScene(QPointF(0, 0))
    assert opened.viewport().rect().contains(corner)
    opened.resize(300, 260)
    assert opened.zoom < fitted


def test_the_wheel_zooms_at_the_pointer(opened):
    at = on_screen(opened, 60, 170)
    before = opened.mapToScene(at)
    wheel(opened, at, 3)
    after = opened.mapToScene(at)
    assert opened.zoom > 1.5 * 500 / 224 * 0.9
    assert (after - before).manhattanLength() < 2.0


def test_zoom_has_limits(opened):
    for _ in range(40):
        opened.zoom_in()
    assert opened.zoom <= 40.0
    for _ in range(80):
        opened.zoom_out()
    assert opened.zoom >= 0.1


def test_a_drag_pans_when_not_measuring(opened):
    opened.zoom_in()
    place = on_screen(opened, 100, 100)
    port = opened.viewport()
    QTest.mousePress(port, LEFT, pos=place)
    QTest.mouseMove(port, place + QPoint(40, 25))
    QTest.mouseRelease(port, LEFT, pos=place + QPoint(40, 25))
    assert on_screen(opened, 100, 100) == place + QPoint(40, 25)
    assert opened.measurements.shown == ()


def test_a_drag_with_the_tool_measures_in_mm_and_can_be_undone(opened, viewer):
    opened.set_measuring(True)
    drag(opened, (60, 40), (160, 40))
    (measured,) = opened.measurements.shown
    words = length_words(measured, viewer.geometry)
    assert words.endswith(" mm")
    assert float(words.split()[0]) == pytest.approx(100 * 0.2, abs=0.5)
    viewer.undo_stack.undo()
    assert opened.measurements.shown == ()
    viewer.undo_stack.redo()
    assert opened.measurements.shown == (measured,)


def test_a_measurement_is_drawn_over_the_image(opened):
    before = colour_at(opened, 110, 60)
    opened.set_measuring(True)
    drag(opened, (110, 20), (110, 100))
    opened.set_measuring(False)
    near = [colour_at(opened, 110 + d / 4, 60).value() for d in range(-6, 7)]
    assert max(near) > 190
    assert min(near) < 120
    assert before.value() < 200


def test_keys_delete_a_measurement_and_put_the_tool_down(qtbot, opened):
    opened.set_measuring(True)
    drag(opened, (60, 40), (160, 40))
    qtbot.keyClick(opened, Qt.Key.Key_Delete)
    assert opened.measurements.shown == ()
    with qtbot.waitSignal(opened.measuring_changed) as told:
        qtbot.keyClick(opened, Qt.Key.Key_Escape)
    assert told.args == [False]


def test_keys_of_the_cine_are_left_to_the_window(qtbot, opened):
    opened.zoom_in()
    before = opened.viewportTransform()
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_PageDown):
        qtbot.keyClick(opened, key)
    assert opened.viewportTransform() == before


def test_the_hint_says_what_is_missing_until_it_is_there(view, viewer, analysed):
    assert view.hint() == ""
    analysed()
    assert view.hint() == ""
    viewer.analysis.findings.pop(5)
    viewer.set_frame(5)
    assert view.hint() == "not analysed yet"
    assert view.b_lines() is None


def test_b_lines_are_counted_per_frame(view, viewer, analysed):
    analysed()
    counted = []
    for index in range(4):
        viewer.set_frame(index)
        counted.append(view.b_lines())
    assert counted == [0, 1, 2, 3]


def test_overlays_colour_what_was_found_and_can_be_taken_away(view, viewer, analysed):
    analysed()
    viewer.set_frame(2)
    grey = CLASSES.index("b_line") * GREY_STEP
    shown = colour_at(view, 150, 28)
    assert shown.red() > shown.blue() + 30
    viewer.set_layer("b_line", visible=False)
    assert colour_at(view, 150, 28).red() == pytest.approx(grey, abs=3)
    viewer.set_layer("b_line", visible=True)
    viewer.set_overlays(False)
    assert colour_at(view, 150, 28).saturation() == 0


def test_a_fainter_layer_colours_less(view, viewer, analysed):
    analysed()
    viewer.set_frame(2)
    viewer.set_layer("b_line", opacity=0.9)
    strong = colour_at(view, 150, 28).saturation()
    viewer.set_layer("b_line", opacity=0.2)
    assert colour_at(view, 150, 28).saturation() < strong - 20


def test_saliency_is_laid_over_with_its_legend(qtbot, view, viewer, analysed):
    analysed()
    viewer.set_frame(3)
    viewer.select("finding.b_lines")
    without = view.viewport().grab().toImage()
    with qtbot.waitSignal(
        viewer.saliency_changed,
        timeout=WAIT_MS,
        check_params_cb=lambda heat, _key: heat is not None,
    ):
        viewer.set_saliency(True)
    shown = view.viewport().grab().toImage()
    size = view.viewport().size()
    corner = QPoint(size.width() - 60, size.height() - 40)
    assert shown.pixelColor(corner) != without.pixelColor(corner)
    viewer.set_saliency(False)
    qtbot.waitUntil(lambda: view.viewport().grab().toImage() == without)


def test_a_closed_clip_leaves_nothing_behind(opened, viewer):
    opened.set_measuring(True)
    drag(opened, (60, 40), (160, 40))
    viewer.close_clip()
    assert opened.measurements.shown == ()
    assert opened.hint() == ""
    image = opened.viewport().grab().toImage()
    assert image.pixelColor(20, 20) == image.pixelColor(580, 480)


def test_a_video_without_scale_has_no_ruler_and_measures_px(
    qtbot, view, viewer, tmp_path
):
    viewer.auto_analyse = False
    with qtbot.waitSignal(viewer.image_changed, timeout=WAIT_MS):
        viewer.open_path(write_video(tmp_path / "c.avi"))
    assert readouts.ruler_spacing_mm(viewer.geometry) is None
    view.set_measuring(True)
    drag(view, (60, 40), (160, 40))
    (measured,) = view.measurements.shown
    assert length_words(measured, viewer.geometry).endswith(" px")


def ruler_drawn(qapp, geometry):
    image = QImage(300, 220, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    size = QPointF(300, 220)
    font = qapp.font()
    drawn = readouts.depth_ruler(painter, font, geometry, QTransform(), size)
    painter.end()
    blank = QImage(image)
    blank.fill(QColor("black"))
    assert drawn == (image != blank)
    return image if drawn else None


def test_a_ruler_is_drawn_only_where_the_clip_is_calibrated(qapp):
    bare = FrameGeometry(200, 200, (0, 0, 200, 200))
    assert ruler_drawn(qapp, bare) is None
    scaled = FrameGeometry(200, 200, (0, 0, 200, 200), pixel_spacing_mm=(0.25, 0.25))
    image = ruler_drawn(qapp, scaled)
    ticks = [y for y in range(210) if image.pixelColor(217, y).value() > 100]
    assert ticks == [0, 40, 80, 120, 160, 200]


def test_a_long_hint_is_folded_to_the_width_of_the_view(qapp):
    metrics = QFontMetrics(qapp.font())
    words = "Double-click or Enter ends the line; with Alt it stays as drawn"
    assert readouts.folded(words, metrics, 10_000) == [words]
    lines = readouts.folded(words, metrics, 150)
    assert len(lines) > 2
    assert " ".join(lines) == words
    assert all(metrics.horizontalAdvance(line) <= 150 for line in lines)


def test_the_grid_lies_on_the_beam():
    geometry = FrameGeometry(400, 300, (100, 50, 300, 250))
    placed = placed_grid(geometry, (224, 224))
    assert placed.getRect() == pytest.approx((50, 100, 200, 200))


def test_gray_and_colour_pixels_become_images_of_their_kind():
    gray = np.arange(12, dtype=np.uint8).reshape(3, 4)
    image = image_of(gray)
    assert (image.width(), image.height()) == (4, 3)
    assert image.pixelColor(3, 2).red() == 11
    colour = np.zeros((3, 4, 3), np.uint8)
    colour[1, 2] = (10, 20, 30)
    assert image_of(colour).pixelColor(2, 1) == QColor(10, 20, 30)


def test_biomarkers_are_named_in_words():
    assert words_of("b_lines.many") == "B-lines: many or coalescing"
    assert words_of("something else") == "something else"
