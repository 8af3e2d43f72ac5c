"""Figures of merit on cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from lusviewer.training.measure.metrics import (
    auc_figure,
    dice_scores,
    interval,
    platt,
    roc_auc,
    youden_threshold,
)


def test_a_perfect_score_has_area_one():
    assert roc_auc(np.array([0.0, 0, 1, 1]), np.array([1.0, 2, 3, 4])) == 1


def test_ties_count_half():
    assert roc_auc(np.array([0.0, 1]), np.array([2.0, 2])) == 0.5


def test_the_area_of_one_class_is_not_defined():
    assert np.isnan(roc_auc(np.ones(3), np.arange(3.0)))


def test_the_area_agrees_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    truth = (rng.random(60) < 0.4).astype(float)
    score = np.round(truth + rng.normal(0, 1.5, 60), 1)
    assert roc_auc(truth, score) == pytest.approx(metrics.roc_auc_score(truth, score))


def test_an_interval_resamples_patients_not_clips():
    values = np.repeat([0.0, 1.0], 50)
    one_each = [str(i) for i in range(100)]
    two = ["a"] * 50 + ["b"] * 50

    def mean(rows):
        return float(values[rows].mean())

    narrow, wide = interval(mean, one_each), interval(mean, two)
    assert wide == (0.0, 1.0)
    assert 0.3 < narrow[0] < narrow[1] < 0.7


def test_a_figure_says_how_many_clips_it_rests_on():
    truth, score = np.array([0.0, 0, 1, 1]), np.array([1.0, 2, 3, 4])
    figure = auc_figure(truth, score, ["a", "b", "c", "d"])
    assert figure.words().startswith("1.000 (")
    assert "2 of 4 positive" in figure.words()


def test_calibration_finds_the_scale_and_offset_that_made_the_labels():
    rng = np.random.default_rng(0)
    logit = rng.normal(0, 2, 20000)
    truth = rng.random(20000) < 1 / (1 + np.exp(-(0.5 * logit - 1)))
    scale, offset = platt(truth.astype(float), logit)
    assert (scale, offset) == pytest.approx((0.5, -1), abs=0.05)


def test_calibration_never_turns_a_score_round():
    scale, _ = platt(np.array([1.0, 1, 0, 0]), np.array([-4.0, -3, 3, 4]))
    assert scale > 0


def test_calibration_of_a_separable_few_stays_finite():
    scale, offset = platt(np.array([0.0, 0, 1, 1]), np.array([-9.0, -8, 8, 9]))
    assert np.isfinite([scale, offset]).all()


def test_calibration_of_very_sure_scores_does_not_overshoot():
    rng = np.random.default_rng(0)
    truth = (rng.random(40) < 0.3).astype(float)
    logit = rng.normal(12 * truth - 9, 5)
    scale, offset = platt(truth, logit)
    probability = 1 / (1 + np.exp(-(scale * logit + offset)))
    assert probability.mean() == pytest.approx(truth.mean(), abs=0.03)
    assert scale < 1


def test_the_threshold_parts_the_classes():
    truth, probability = np.array([0.0, 0, 1, 1]), np.array([0.1, 0.2, 0.6, 0.9])
    assert 0.2 < youden_threshold(truth, probability) < 0.6


def test_the_threshold_of_one_class_is_a_half():
    assert youden_threshold(np.zeros(3), np.array([0.1, 0.2, 0.3])) == 0.5


def test_dice_is_the_share_that_overlaps():
    predicted = np.array([0, 0, 1, 1], np.uint8)
    truth = np.array([0, 1, 1, 1], np.uint8)
    scores = dice_scores(predicted, truth, 3)
    assert scores[:2] == pytest.approx([2 / 3, 4 / 5])
    assert np.isnan(scores[2])
