from __future__ import annotations

import math

from lusviewer.experts.features import (
    FEATURES,
    clip_features,
    feature_range,
    feature_words,
)
from lusviewer.findings import FINDINGS, LABELS, Evidence


def test_there_is_a_feature_for_each_label_and_finding():
    assert FEATURES[:38] == tuple(label.key for label in LABELS)
    assert FEATURES[38:43] == tuple(f"finding.{key}" for key in FINDINGS)
    assert len(set(FEATURES)) == len(FEATURES)


def test_the_features_of_a_clip_are_its_probabilities_and_measures():
    named = clip_features(
        {"b_lines.many": Evidence(0.8, 3)},
        {"b_lines": Evidence(0.9, 4), "effusion": None},
        {"b_line_count_max": 5, "pleura_depth_mm": None, "b_line_frame": 12},
    )

    assert tuple(named) == FEATURES
    assert named["b_lines.many"] == 0.8
    assert named["finding.b_lines"] == 0.9
    assert named["measured.b_line_count_max"] == 5.0
    missing = ["a_lines.weak", "finding.effusion", "measured.pleura_depth_mm"]
    assert all(math.isnan(named[key]) for key in missing)


def test_every_feature_has_words_and_a_range():
    for key in FEATURES:
        assert feature_words(key)
        lower, upper = feature_range(key)
        assert lower < upper


def test_known_clinical_columns_have_words_with_units_and_others_stay_as_written():
    assert feature_words("clinical.pat_bmi") == "BMI in kg/m²"
    assert feature_words("clinical.oxygen_liter") == "oxygen in L/min"
    assert feature_words("clinical.my_score_2") == "my_score_2"


def test_a_share_is_at_most_one_and_a_count_has_no_end():
    assert feature_range("measured.effusion_fraction") == (0, 1)
    assert feature_range("finding.effusion") == (0, 1)
    assert feature_range("measured.b_line_count_max") == (0, math.inf)
