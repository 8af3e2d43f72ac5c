"""Drawn lines snap to the echo beside them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lusviewer.tracing import along, simplified, snap

ROWS, COLUMNS = 120, 200


def _arc(x):
    return 60 + 8 * np.sin(np.asarray(x) / 40)


@pytest.fixture
def frame():
    """A bright arc, 4 px thick, in speckle."""
    picture = np.random.default_rng(0).integers(0, 40, (ROWS, COLUMNS), np.uint8)
    x = np.arange(COLUMNS)
    points = np.stack([x, _arc(x)], axis=1)
    curve = np.rint(points * 16).astype(np.int32)[:, None]
    cv2.polylines(picture, [curve], isClosed=False, color=220, thickness=4, shift=4)
    return picture


def test_a_line_drawn_beside_an_echo_lands_on_it(frame):
    drawn = np.array([[20, _arc(20) + 4], [100, _arc(100) + 4], [180, _arc(180) + 4]])
    found = along(snap(frame, drawn, reach=10).points, 2.0)
    away = np.abs(found[:, 1] - _arc(found[:, 0]))
    assert np.median(away) < 1.0
    assert np.percentile(away, 90) < 2.0


def test_the_width_is_that_of_the_echo(frame):
    drawn = np.array([[20, _arc(20)], [100, _arc(100)], [180, _arc(180)]])
    assert snap(frame, drawn, reach=10).width == pytest.approx(4.5, abs=1.5)


def test_a_line_out_of_reach_of_any_echo_stays_near_where_it_was_drawn(frame):
    drawn = np.array([[20.0, 110.0], [180.0, 110.0]])
    found = snap(frame, drawn, reach=5).points
    assert np.abs(found[:, 1] - 110).max() <= 5.5


def test_places_along_a_line_are_evenly_spaced_and_keep_the_ends():
    places = along(np.array([[0, 0], [10, 0], [10, 10]], np.float32), 2.0)
    assert len(places) == 11
    assert places[0].tolist() == [0, 0]
    assert places[-1].tolist() == [10, 10]


def test_points_on_a_straight_line_are_left_out():
    line = np.stack([np.arange(50), np.arange(50) * 0.5], axis=1).astype(np.float32)
    assert len(simplified(line)) == 2
