from __future__ import annotations

import numpy as np
import pytest

from lusviewer.training.measure.figures import accuracy, quadratic_kappa, spearman
from lusviewer.training.measure.questions import (
    Answers,
    calibration_figures,
    question_figures,
    roc_points,
    severity_figures,
)


def answers(truth, score, patients=None) -> Answers:
    names = patients or [str(i) for i in range(len(truth))]
    return Answers(np.array(truth, float), np.array(score, float), tuple(names))


def test_a_patient_has_what_any_of_its_clips_has_at_the_highest_probability():
    both = answers([0, 1, 0], [0.2, 0.4, 0.9], ["a", "a", "b"]).by_patient()
    assert both.patients == ("a", "b")
    assert both.truth.tolist() == [1, 0]
    assert both.score.tolist() == [0.4, 0.9]


def test_decisions_are_taken_at_the_threshold_that_ships():
    said = answers([1, 1, 0, 0], [0.9, 0.3, 0.3, 0.1])
    strict, mild = question_figures(said, 0.5), question_figures(said, 0.3)
    assert strict["sensitivity"]["value"] == 0.5
    assert strict["specificity"]["value"] == 1
    assert mild["sensitivity"]["value"] == 1
    assert mild["specificity"]["value"] == 0.5
    assert strict["auc"]["value"] == mild["auc"]["value"] == 0.875


def test_probabilities_that_come_true_as_often_as_said_have_no_calibration_error():
    said = answers([1, 0, 0, 0] * 5 + [1, 1, 1, 0] * 5, [0.25] * 20 + [0.75] * 20)
    found = calibration_figures(said)
    assert found["ece"]["value"] == 0
    assert [b["n"] for b in found["bins"]] == [20, 20]


def test_the_calibration_error_is_the_mean_gap_over_clips():
    found = calibration_figures(answers([0, 0, 0, 1], [0.05, 0.05, 0.05, 0.65]))
    assert found["ece"]["value"] == pytest.approx(0.75 * 0.05 + 0.25 * 0.35, abs=1e-3)


def test_a_probability_of_one_falls_into_the_last_bin():
    assert calibration_figures(answers([1], [1.0]))["bins"][0]["seen"] == 1


def test_the_roc_curve_goes_from_nothing_called_to_everything_called():
    false, true = roc_points(np.array([1.0, 0, 1, 0]), np.array([0.9, 0.8, 0.4, 0.1]))
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert list(zip(false, true, strict=True))[1:3] == [(0, 0.5), (0.5, 0.5)]
    assert roc_points(np.ones(3), np.ones(3)) == []


def test_kappa_punishes_far_grades_more_than_near_ones():
    truth = np.array([0, 1, 2, 3])
    near, far = np.array([1, 1, 2, 3]), np.array([3, 1, 2, 3])
    assert quadratic_kappa(truth, truth, 4) == 1
    assert quadratic_kappa(truth, near, 4) > quadratic_kappa(truth, far, 4)
    assert np.isnan(quadratic_kappa(np.ones(3, int), np.ones(3, int), 4))


def test_spearman_asks_for_the_order_alone():
    values = np.array([1.0, 2, 3, 4])
    assert spearman(values, values**5) == pytest.approx(1)
    assert spearman(values, -values) == pytest.approx(-1)
    assert np.isnan(spearman(values, np.ones(4)))
    tied = spearman(np.array([1.0, 1, 2, 2]), np.array([1.0, 2, 3, 4]))
    assert tied == pytest.approx(0.894, abs=1e-3)


def test_severity_of_a_patient_is_that_of_its_worst_clip():
    grades = np.array([0, 3, 1])
    said = np.eye(4)[[0, 3, 1]]
    found = severity_figures(grades, said, ["a", "a", "b"])
    assert found["kappa"]["value"] == 1
    assert found["n"] == 3
    assert found["by_patient"]["n"] == 2
    assert found["by_patient"]["accuracy"]["value"] == 1


def test_balanced_accuracy_counts_each_class_alike():
    truth, said = np.array([0, 0, 0, 1]), np.zeros(4, int)
    found = accuracy(truth, said, list("abcd"))
    assert found["accuracy"]["value"] == 0.75
    assert found["balanced_accuracy"]["value"] == 0.5
