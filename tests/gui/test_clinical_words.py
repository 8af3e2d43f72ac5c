"""The words that findings and predictions are read out in."""

from __future__ import annotations

import pytest

from lusviewer.experts.features import FEATURES
from lusviewer.findings import INDEX, Prediction
from lusviewer.gui.clinical_words import (
    headline,
    label_words,
    likely_range,
    target_words,
    timeline_key,
)


@pytest.mark.parametrize(
    ("probabilities", "grades"),
    [
        ((0.05, 0.2, 0.61, 0.14), (1, 2)),
        ((0.9, 0.05, 0.03, 0.02), (0, 0)),
        ((0.25, 0.25, 0.25, 0.25), (0, 3)),
        ((0.0, 0.1, 0.3, 0.6), (2, 3)),
        ((0.1, 0.1, 0.1, 0.1), (0, 3)),
    ],
)
def test_a_grade_comes_with_the_shortest_range_that_holds_most(probabilities, grades):
    assert likely_range(probabilities) == grades


def test_grades_have_a_range_names_have_none():
    grades = Prediction("e", "severity", ("0", "1", "2", "3"), (0.05, 0.2, 0.61, 0.14))
    assert headline(grades) == "2 (1-2)"
    sure = Prediction("e", "severity", ("0", "1"), (0.1, 0.9))
    assert headline(sure) == "1"
    names = Prediction("e", "diagnosis", ("regular", "COVID-19"), (0.4, 0.6))
    assert headline(names) == "COVID-19"
    assert headline(Prediction("e", "t", ("a", "b"), (0.5, 0.5), True)) == "no call"


def test_every_feature_of_an_expert_leads_to_a_timeline_or_says_it_does_not():
    without = [f for f in FEATURES if timeline_key(f) == ""]
    assert without == ["measured.pleura_frames_fraction"]
    assert all(timeline_key(f) in INDEX for f in FEATURES if f not in without)
    assert timeline_key("measured.b_line_count_max") == "measured.b_line_count"


def test_labels_and_targets_are_words():
    assert label_words("b_lines.some") == "some (4-6)"
    assert target_words("lung_severity") == "Lung severity"
