"""What lies under the pointer, how an edit changes a line, how wide a B-line is."""

from __future__ import annotations

import numpy as np
import pytest

from lusviewer.gui.cine_bar import SeekSlider
from lusviewer.gui.drawing.sketch import Sketch
from lusviewer.gui.drawing.strokes import (
    KINDS,
    Grip,
    Stroke,
    distance,
    grip_at,
    shifted,
    widened,
    width_handles,
    with_inserted,
    with_point,
    without_point,
)
from lusviewer.gui.drawing.work import Sheet, Spot, line_of, width_of
from lusviewer.gui.study.work import Place
from lusviewer.io import open_clip
from lusviewer.library import Line
from lusviewer.library.values import LINE_KINDS

PLEURA = Line("pleura", ((0.0, 10.0), (50.0, 10.0), (100.0, 20.0)))
B_LINE = Line("b_line", ((50.0, 10.0), (50.0, 110.0)), 20.0)
LINES = (PLEURA, B_LINE)


def test_the_kinds_are_those_of_the_library():
    assert KINDS == LINE_KINDS


@pytest.mark.parametrize(
    ("kind", "at", "expected"),
    [
        ("pleura", (51.0, 12.0), Grip(0, point=1)),
        ("pleura", (25.0, 12.0), Grip(0, segment=0)),
        ("pleura", (80.0, 16.0), Grip(0, segment=1)),
        ("pleura", (25.0, 30.0), None),
        ("b_line", (25.0, 12.0), None),
        ("b_line", (50.0, 11.0), Grip(1, point=0)),
        ("b_line", (59.0, 60.0), Grip(1, edge=True)),
        ("b_line", (51.0, 80.0), Grip(1, segment=0)),
    ],
)
def test_points_go_before_edges_and_segments_and_only_the_kind_in_hand(
    kind, at, expected
):
    assert grip_at(LINES, kind, at, 5.0) == expected


def test_a_point_beyond_a_segment_is_as_far_as_its_end():
    assert distance((-3.0, 14.0), (0.0, 10.0), (50.0, 10.0)) == pytest.approx(5.0)
    assert distance((3.0, 14.0), (0.0, 10.0), (0.0, 10.0)) == pytest.approx(5.0)


def test_edits_change_what_they_say_and_nothing_else():
    assert with_point(PLEURA, 1, (5.0, 6.0)).points[1] == (5.0, 6.0)
    assert with_inserted(PLEURA, 0, (25.0, 9.0)).points[:3] == (
        (0.0, 10.0),
        (25.0, 9.0),
        (50.0, 10.0),
    )
    assert without_point(PLEURA, 0) == Line("pleura", PLEURA.points[1:])
    assert without_point(B_LINE, 0) is None
    moved = shifted(B_LINE, (2.0, -3.0))
    assert moved == Line("b_line", ((52.0, 7.0), (52.0, 107.0)), 20.0)


def test_a_b_line_is_held_by_its_edges_half_way_down():
    assert sorted(width_handles(B_LINE)) == [(40.0, 60.0), (60.0, 60.0)]
    assert width_handles(PLEURA) == ()
    assert widened(B_LINE, (65.0, 40.0)).width_px == 30.0
    assert widened(B_LINE, (50.0, 40.0)).width_px == 1.0


def test_a_b_line_is_measured_across_its_whole_band_not_one_of_its_streaks():
    rng = np.random.default_rng(0)
    frame = rng.integers(10, 30, (300, 300)).astype(np.uint8)
    streaks = rng.integers(80, 255, (1, 40))
    frame[60:, 130:170] = np.broadcast_to(streaks, (240, 40))
    points = np.array([(150.0, 60.0), (150.0, 280.0)], np.float32)
    assert width_of(frame, points) == pytest.approx(40.0, abs=8.0)


def test_a_line_stays_as_drawn_where_its_frame_does_not_decode():
    stroke = Stroke("pleura", ((1.0, 2.0), (30.0, 4.0), (60.0, 2.0)))
    assert line_of(stroke, None, snaps=True) == Line("pleura", stroke.points)
    b_line = Stroke("b_line", ((1.0, 2.0), (3.0, 90.0)))
    assert line_of(b_line, None, snaps=True).width_px == 0.0


def test_a_line_never_leaves_its_frame():
    frame = np.zeros((40, 60), np.uint8)
    stroke = Stroke("a_line", ((-9.0, 10.0), (90.0, 10.0)))
    line = line_of(stroke, frame, snaps=False)
    assert line.points == ((-0.5, 10.0), (59.5, 10.0))


def test_points_that_a_double_click_sets_twice_are_set_once(clip_path):
    with open_clip(clip_path) as clip:
        spot = Spot(clip_path, 0, "anna")
        sketch = Sketch("pleura", Sheet(clip, Place(clip_path), spot, None))
    for at in ((10.0, 10.0), (40.0, 12.0), (41.0, 12.0)):
        sketch.add(at, 1.0)
    assert sketch.points == ((10.0, 10.0), (40.0, 12.0))
    assert sketch.stroke() == Stroke("pleura", sketch.points)
    assert sketch.shorten()
    assert sketch.stroke() is None
    assert not sketch.shorten()


def test_drawn_frames_are_marked_under_the_groove(qtbot):
    slider = SeekSlider()
    qtbot.addWidget(slider)
    slider.setRange(0, 100)
    slider.resize(300, 24)
    bare = slider.grab().toImage()
    slider.set_marks((50,))
    marked = slider.grab().toImage()
    changed = {
        x
        for x in range(300)
        for y in range(24)
        if marked.pixelColor(x, y) != bare.pixelColor(x, y)
    }
    assert changed
    assert all(abs(x - 150) <= 2 for x in changed)
