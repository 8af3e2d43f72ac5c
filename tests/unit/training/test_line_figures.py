from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lusviewer.findings import CLASSES
from lusviewer.geometry import GRID, FrameGeometry, Sector
from lusviewer.training.lines.labels import UNKNOWN, Drawn, LabelledFrame
from lusviewer.training.measure.frame_lines import (
    match,
    overlaps,
    pleura_score,
    presence_scores,
)
from lusviewer.training.measure.line_figures import a_profile, line_figures
from lusviewer.training.measure.true_lines import (
    TrueFrame,
    geometry_from,
    geometry_values,
    origins_of,
)
from tests.drawing import INDEX, chest, linear
from tests.unit.training.true_frames import drawn


def figures(*truth: TrueFrame, predicted=None):
    maps = predicted or [true.labels for true in truth]
    return line_figures(truth, maps)


def test_a_perfect_map_has_perfect_figures():
    found = figures(
        drawn(b_lines=(60, 150)), drawn("b", "q", a_line=True), drawn("c", "r")
    )

    assert found["dice"]["pleura"]["value"] == 1
    assert found["dice"]["effusion"]["value"] is None
    assert found["pleura"]["distance_percent"]["value"] == 0
    assert found["pleura"]["line_distance_percent"]["value"] < 1
    assert found["pleura"]["columns_recall"]["value"] == 1
    assert found["frame_auc"]["a_line"]["value"] == 1
    assert found["frame_auc"]["b_line"]["value"] == 1
    assert found["b_lines"]["origin_precision"]["value"] == 1
    assert found["b_lines"]["origin_recall"]["value"] == 1
    assert found["b_lines"]["count_error"]["value"] == 0
    assert found["patients"] == 3


def test_a_stray_patch_of_pleura_is_no_part_of_the_line_the_viewer_draws():
    true = drawn()
    stray = true.labels.copy()
    stray[200:204, 40:60] = CLASSES.index("pleura")

    pleura = figures(true, predicted=[stray])["pleura"]

    assert pleura["distance_percent"]["value"] > 2
    assert pleura["line_distance_percent"]["value"] < 1


def test_what_is_not_known_is_neither_right_nor_wrong():
    truth = chest(60, 4)
    truth[:, 100:] = UNKNOWN
    said = chest(60, 4)
    said[60:64, 100:] = INDEX["lung"]

    shared, areas = overlaps(said, truth)

    assert np.array_equal(shared, areas)
    assert areas[INDEX["pleura"]] == 2 * 4 * 100


def test_the_distance_of_the_pleura_is_a_share_of_the_beams_height():
    score = pleura_score(chest(64, 4), chest(60, 4), linear())

    assert score.shared == GRID
    assert score.distance / score.shared == pytest.approx(4 / GRID)
    assert score.hits == GRID


def test_a_pleura_far_off_is_found_but_no_hit():
    score = pleura_score(chest(90, 4), chest(60, 4), linear())

    assert score.found == GRID
    assert score.hits == 0


def test_a_pleura_said_where_nothing_is_known_does_not_count():
    truth = chest(60, 4)
    truth[:, :112] = UNKNOWN

    score = pleura_score(chest(60, 4), truth, linear())

    assert (score.found, score.drawn) == (112, 112)


def test_areas_above_the_pleura_make_no_line_present():
    labels = chest(100, 4)
    labels[20:40] = INDEX["a_line"]
    assert presence_scores(labels, linear()) == (0, 0)

    labels[150:155] = INDEX["a_line"]
    assert presence_scores(labels, linear())[0] > 0


def test_what_lies_where_nothing_is_known_makes_no_line_present():
    labels = chest(60, 4)
    labels[100:200, 40:80] = INDEX["b_line"]
    known = np.ones(labels.shape, np.bool_)
    known[90:, 30:90] = False
    assert presence_scores(labels, linear())[1] > 0
    assert presence_scores(labels, linear(), known=known)[1] == 0


def test_probabilities_count_before_they_win():
    probabilities = np.zeros((9, GRID, GRID), np.float32)
    probabilities[INDEX["b_line"]] = 0.25

    _, b_line = presence_scores(chest(60, 4), linear(), probabilities)

    assert b_line == pytest.approx(0.25)


def test_each_drawn_origin_is_matched_once_and_the_nearest_first():
    found = np.array([(0, 0), (0, 1), (0, 50)], np.float32)
    origins = np.array([(0, 1.2), (0, 90)], np.float32)

    assert match(found, origins, 5) == [False, True, False]


def test_a_b_line_too_far_from_the_drawn_one_is_wrong():
    truth = drawn(b_lines=(60,))
    near, far = drawn(b_lines=(64,)), drawn(b_lines=(80,))

    assert figures(truth, predicted=[near.labels])["b_lines"]["origin_recall"][
        "value"
    ] == pytest.approx(1)
    wrong = figures(truth, predicted=[far.labels])["b_lines"]
    assert wrong["origin_recall"]["value"] == 0
    assert wrong["origin_precision"]["value"] == 0
    assert wrong["count_error"]["value"] == 0


def test_b_lines_on_clips_with_a_lines_alone_are_false_ones():
    clear = drawn("clear", "p", a_line=True)
    other = drawn("other", "q", (60,), a_line=True)
    said = drawn(b_lines=(60, 150)).labels

    found = figures(clear, clear, other, predicted=[said, clear.labels, said])
    false = found["b_lines"]["false_on_a_profile"]

    assert list(a_profile([clear, clear, other])) == [True, True, False]
    assert false["frames"] == 2
    assert false["value"] == 1


def test_a_false_b_line_counts_even_where_nothing_is_known():
    clear = drawn("clear", "p", a_line=True)
    hidden = clear.labels.copy()
    hidden[:, 130:170] = UNKNOWN
    said = drawn(b_lines=(150,)).labels

    found = figures(replace(clear, labels=hidden), predicted=[said])["b_lines"]

    assert found["origin_precision"]["value"] is None
    assert found["false_on_a_profile"]["value"] == 1


def test_an_interval_widens_where_patients_disagree():
    good, bad = drawn("a", "p", (60,)), drawn("b", "q", (60,))
    found = figures(good, bad, predicted=[good.labels, drawn().labels])

    assert found["b_lines"]["origin_recall"] == {"value": 0.5, "interval": [0, 1]}


def test_an_origin_is_the_first_point_as_row_and_column():
    line = Drawn("b_line", np.array([(10, 20), (12, 90)], np.float32), 4)
    frame = LabelledFrame(0, "sure", (line,))

    assert origins_of(frame).tolist() == [[20, 10]]


@pytest.mark.parametrize(
    "geometry",
    [
        FrameGeometry(90, 120, (5, 0, 90, 100), (0.2, 0.3)),
        FrameGeometry(
            90, 120, (5, 0, 90, 100), sector=Sector((0, 50), (5, 80), (-1, 1))
        ),
    ],
)
def test_a_geometry_is_read_back_as_it_was(geometry):
    assert geometry_from(geometry_values(geometry)) == geometry
