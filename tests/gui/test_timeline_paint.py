"""Where time lies on the timelines, and what each column of px shows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtGui import QColor

from lusviewer.findings import BIOMARKERS, LABELS
from lusviewer.gui.timeline_paint import Columns, curve_image, heat_image
from lusviewer.gui.timeline_rows import CURVES, TimeScale, lay_out, value_words

UNEVEN = np.array([0.0, 0.1, 0.15, 0.5, 0.6, 1.0])


def scale_of(n, left=0.0, width=300.0):
    return TimeScale.of(np.arange(n) / 25.0, left, width)


def columns_of(n, width, analysed=None):
    seen = np.ones(n, bool) if analysed is None else analysed
    return Columns.of(scale_of(n), seen, width)


def top_of(image, column):
    """Return the first row of a column with a strong pixel, None without any."""
    for row in range(image.height()):
        if image.pixelColor(column, row).alpha() > 100:
            return row
    return None


@pytest.mark.parametrize("times", [UNEVEN, np.arange(92) / 25.0, np.array([0.0])])
def test_a_frame_s_place_leads_back_to_the_frame(times):
    scale = TimeScale.of(times, 120.0, 640.0)
    assert [scale.frame_at(scale.x_of(i)) for i in range(len(times))] == list(
        range(len(times))
    )
    assert scale.frame_at(-1e6) == 0
    assert scale.frame_at(1e6) == len(times) - 1


def test_uneven_times_take_uneven_room():
    scale = TimeScale.of(UNEVEN, 0.0, 100.0)
    widths = [scale.band_of(i, i)[1] - scale.band_of(i, i)[0] for i in range(5)]
    assert widths[2] == pytest.approx(7 * widths[1])


def test_times_on_the_axis_are_round_and_apart():
    ticks = TimeScale.of(np.arange(100) / 25.0, 0.0, 500.0).ticks_s(60.0)
    assert ticks == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]
    long = TimeScale.of(np.arange(18_000) / 30.0, 0.0, 500.0).ticks_s(60.0)
    assert long == [0.0, 120.0, 240.0, 360.0, 480.0, 600.0]


def test_a_peak_of_one_frame_shows_in_a_clip_of_thousands():
    values = np.zeros(5000, np.float32)
    values[3210] = 1.0
    columns = columns_of(5000, 300)
    image = curve_image(values, (0.0, 1.0), columns, 40, QColor("#E69F00"))
    assert top_of(image, int(columns.column[3210])) <= 4
    assert top_of(image, 20) >= 30


def test_a_curve_is_as_high_as_its_value():
    values = np.linspace(0, 1, 50).astype(np.float32)
    image = curve_image(values, (0.0, 1.0), columns_of(50, 300), 46, QColor("white"))
    tops = [top_of(image, column) for column in (5, 150, 295)]
    assert tops[0] > 38
    assert tops[1] == pytest.approx(23, abs=2)
    assert tops[2] <= 4


def test_there_is_no_curve_where_a_frame_has_no_value():
    values = np.full(30, 0.5, np.float32)
    values[10:20] = np.nan
    image = curve_image(values, (0.0, 1.0), columns_of(30, 300), 40, QColor("white"))
    assert top_of(image, 50) is not None
    assert top_of(image, 150) is None
    nothing = np.full(30, np.nan, np.float32)
    empty = curve_image(nothing, (0.0, 1.0), columns_of(30, 300), 40, QColor("white"))
    assert top_of(empty, 150) is None


def test_a_coarse_first_pass_already_has_its_shape():
    analysed = np.zeros(64, bool)
    analysed[::8] = True
    values = np.full(64, np.nan, np.float32)
    values[::8] = np.linspace(0, 1, 8)
    columns = columns_of(64, 320, analysed)
    image = curve_image(values, (0.0, 1.0), columns, 40, QColor("white"))
    assert top_of(image, 160) is not None
    assert len(columns.gaps()) == 8
    assert all(end > start for start, end in columns.gaps())


def test_nothing_is_left_out_once_all_is_analysed():
    assert columns_of(64, 320).gaps() == []
    assert columns_of(5000, 320).gaps() == []


def test_heat_is_strong_where_a_label_is_likely():
    values = np.zeros((2, 40), np.float32)
    values[1, 20:] = 1.0
    image = heat_image(values, columns_of(40, 200), [QColor("red"), QColor("blue")])
    assert (image.width(), image.height()) == (200, 2)
    assert image.pixelColor(50, 1).alpha() == 0
    assert image.pixelColor(150, 1).getRgb() == (0, 0, 255, 255)
    assert image.pixelColor(150, 0).alpha() == 0


def test_heat_keeps_peaks_and_fills_what_is_not_analysed_from_its_neighbour():
    values = np.full((1, 2000), 0.0, np.float32)
    values[0, 777] = 1.0
    columns = columns_of(2000, 100)
    image = heat_image(values, columns, [QColor("red")])
    assert image.pixelColor(int(columns.column[777]), 0).alpha() > 250
    sparse = np.full((1, 16), np.nan, np.float32)
    sparse[0, [0, 8]] = (1.0, 0.0)
    seen = np.isfinite(sparse[0])
    image = heat_image(sparse, columns_of(16, 160, seen), [QColor("red")])
    assert image.pixelColor(25, 0).alpha() == 255
    assert image.pixelColor(75, 0).alpha() == 0


def test_rows_follow_each_other_without_gaps():
    rows = lay_out(30, 14, 20, expanded=True)
    assert [row.key for row in rows if row.kind == "curve"] == list(CURVES)
    assert sum(row.kind == "strip" for row in rows) == len(LABELS)
    assert sum(row.kind == "heading" for row in rows) == 9
    assert all(a.bottom == b.top for a, b in pairwise(rows))


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("finding.b_lines", 0.914, "0.91"),
        ("measured.b_line_count", 3.0, "3"),
        ("measured.pleura_with_b_lines_fraction", 0.62, "62 %"),
        ("measured.pleura_thickness_mm", 1.26, "1.3 mm"),
        ("measured.pleura_irregularity", 0.4, "0.40"),
        ("finding.effusion", float("nan"), "-"),
    ],
)
def test_values_are_written_with_their_unit(key, value, words):
    assert value_words(key, value) == words


def test_every_biomarker_can_be_written():
    assert all(value_words(b.key, b.upper) for b in BIOMARKERS)
