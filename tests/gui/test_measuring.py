"""Distances: their units, how they are drawn by hand, and taken back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoStack

from lusviewer.geometry import FrameGeometry, UltrasoundRegion
from lusviewer.gui.measuring import (
    Measurement,
    Measurements,
    MeasuringTool,
    length_of,
    words_of,
)

CALIBRATED = FrameGeometry(100, 200, (0, 0, 100, 200), pixel_spacing_mm=(0.5, 0.25))
UNCALIBRATED = FrameGeometry(100, 200, (0, 0, 100, 200))


@pytest.fixture
def tool(qapp):
    owner = QObject()
    stack = QUndoStack(owner)
    made = MeasuringTool(Measurements(stack, owner), owner)
    made.take_up(active=True)
    yield made
    owner.deleteLater()


@pytest.fixture
def stack(tool):
    return tool.measurements._undo_stack


def is_about(length, value, unit):
    return length[1] == unit and abs(length[0] - value) < 1e-6


def test_a_calibrated_length_follows_the_spacing_of_rows_and_columns():
    measurement = Measurement((10.0, 20.0), (16.0, 36.0))
    assert is_about(length_of(measurement, CALIBRATED), 5.0, "mm")
    assert words_of(measurement, CALIBRATED) == "5.0 mm"


def test_an_uncalibrated_length_stays_in_px():
    measurement = Measurement((10.0, 20.0), (13.0, 24.0))
    assert is_about(length_of(measurement, UNCALIBRATED), 5.0, "px")
    assert words_of(measurement, None) == "5 px"


def test_a_length_across_two_regions_is_never_in_mm():
    regions = (
        UltrasoundRegion((0, 0, 100, 100), "2d", "tissue", (0.1, 0.1)),
        UltrasoundRegion((0, 100, 100, 200), "2d", "tissue", (0.2, 0.2)),
    )
    two = FrameGeometry(
        100, 200, (0, 0, 100, 100), pixel_spacing_mm=(0.1, 0.1), regions=regions
    )
    left, right, across = (
        length_of(Measurement((50.0, a), (50.0, b)), two)
        for a, b in ((10.0, 60.0), (110.0, 160.0), (10.0, 160.0))
    )
    assert is_about(left, 5.0, "mm")
    assert is_about(right, 10.0, "mm")
    assert is_about(across, 150.0, "px")


def test_a_drag_measures_and_can_be_undone_and_redone(tool, stack):
    assert tool.press((10.0, 10.0), 1.0)
    assert tool.drag((40.0, 50.0))
    assert tool.release(1.0)
    assert tool.measurements.shown == (Measurement((10.0, 10.0), (40.0, 50.0)),)
    stack.undo()
    assert tool.measurements.shown == ()
    stack.redo()
    assert len(tool.measurements.shown) == 1


def test_a_click_measures_nothing(tool, stack):
    tool.press((10.0, 10.0), 1.0)
    tool.release(1.0)
    assert tool.measurements.shown == ()
    assert stack.count() == 0


def test_several_measurements_stand_side_by_side(tool):
    for column in (10.0, 60.0):
        tool.press((10.0, column), 1.0)
        tool.drag((50.0, column))
        tool.release(1.0)
    assert len(tool.measurements.shown) == 2


def test_an_end_can_be_moved_also_with_the_tool_put_down(tool, stack):
    tool.measurements.add(Measurement((10.0, 10.0), (40.0, 50.0)))
    tool.take_up(active=False)
    assert tool.press((41.0, 51.0), 1.0)
    assert tool.shown == ()
    tool.drag((60.0, 60.0))
    tool.release(1.0)
    assert tool.measurements.shown == (Measurement((10.0, 10.0), (60.0, 60.0)),)
    stack.undo()
    assert tool.measurements.shown == (Measurement((10.0, 10.0), (40.0, 50.0)),)


def test_reach_is_in_px_of_the_screen(tool):
    tool.measurements.add(Measurement((10.0, 10.0), (40.0, 50.0)))
    tool.take_up(active=False)
    assert not tool.press((46.0, 50.0), 0.25)
    assert tool.press((46.0, 50.0), 1.0)


def test_the_chosen_measurement_is_deleted_else_the_last(tool, stack):
    first = Measurement((10.0, 10.0), (40.0, 50.0))
    second = Measurement((10.0, 110.0), (40.0, 150.0))
    third = Measurement((80.0, 110.0), (80.0, 150.0))
    for one in (first, second, third):
        tool.measurements.add(one)
    tool.delete()
    assert tool.measurements.shown == (first, second)
    tool.press(first.second, 1.0)
    tool.release(1.0)
    tool.delete()
    assert tool.measurements.shown == (second,)
    stack.undo()
    assert tool.measurements.shown == (first, second)


def test_all_are_deleted_in_one_step(tool, stack):
    for column in (10.0, 60.0):
        tool.measurements.add(Measurement((0.0, column), (50.0, column)))
    tool.measurements.remove_all()
    assert tool.measurements.shown == ()
    stack.undo()
    assert len(tool.measurements.shown) == 2
    tool.measurements.forget()
    assert tool.measurements.shown == ()
