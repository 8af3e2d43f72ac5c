"""Perceptrons: they learn, stop early by patient, and give probabilities that hold."""

from __future__ import annotations

import numpy as np
import pytest

from lusviewer.training.experts.heads import Choice, fit_head
from lusviewer.training.experts.perceptron import fit_perceptron


def rings(n, rng):
    """Two classes that no line parts."""
    inputs = rng.normal(0, 1, (n, 2))
    return inputs, (np.linalg.norm(inputs, axis=1) > 1.2).astype(np.intp)


@pytest.mark.parametrize("layers", [1, 2])
def test_it_learns_what_no_line_parts(layers):
    rng = np.random.default_rng(0)
    inputs, classes = rings(400, rng)
    model = fit_perceptron(inputs, classes, np.ones(400), None, layers)
    asked, truth = rings(400, rng)
    assert (model.predict_proba(asked).argmax(axis=1) == truth).mean() > 0.9
    assert len(model.coefs_) == layers + 1


def test_the_same_clips_give_the_same_numbers():
    inputs, classes = rings(120, np.random.default_rng(1))
    both = [fit_perceptron(inputs, classes, np.ones(120), None, 2) for _ in range(2)]
    for one, other in zip(both[0].coefs_, both[1].coefs_, strict=True):
        np.testing.assert_array_equal(one, other)
    assert both[0].curve == both[1].curve


def test_noise_is_given_up_early():
    rng = np.random.default_rng(2)
    inputs, classes = rng.normal(0, 1, (120, 40)), rng.integers(0, 2, 120)
    model = fit_perceptron(inputs, classes, np.ones(120), None, 1)
    assert len(model.curve.validation) < 100
    assert model.curve.train[-1] < model.curve.validation[-1]


def test_it_stops_by_patients_it_was_not_fitted_on():
    """Clips told apart only by whose they are look learned unless patients part."""
    rng = np.random.default_rng(3)
    own = np.repeat(rng.normal(0, 1, (30, 20)), 6, axis=0)
    inputs = own + rng.normal(0, 0.05, own.shape)
    classes = np.repeat(rng.integers(0, 2, 30), 6).astype(np.intp)
    patients = [str(row // 6) for row in range(180)]
    by_patient = fit_perceptron(inputs, classes, np.ones(180), patients, 1)
    by_clip = fit_perceptron(inputs, classes, np.ones(180), None, 1)
    assert min(by_patient.curve.validation) > 2 * min(by_clip.curve.validation)


def test_a_rare_class_keeps_its_probability():
    rng = np.random.default_rng(4)
    classes = (rng.random(1000) < 0.1).astype(np.intp)
    inputs = rng.normal(classes[:, None] * 0.5, 1, (1000, 2))
    model = fit_perceptron(inputs, classes, np.ones(1000), None, 1)
    said = model.predict_proba(inputs)
    assert said[:, 1].mean() == pytest.approx(classes.mean(), abs=0.04)
    np.testing.assert_allclose(said.sum(axis=1), 1)


def test_few_patients_are_enough_to_fit_without_stopping_early():
    inputs, classes = rings(30, np.random.default_rng(5))
    patients = [str(row % 3) for row in range(30)]
    model = fit_perceptron(inputs, classes, np.ones(30), patients, 1)
    assert not model.curve.validation


def test_what_is_missing_is_taken_from_the_clips_it_learned_from():
    features = np.array([[1.0, 5.0], [3.0, np.nan], [np.nan, 9.0], [2.0, 7.0]] * 4)
    classes = np.array([0, 1, 0, 1] * 4)
    head = fit_head(features, classes, np.ones(16), Choice("logistic", 0.1))
    np.testing.assert_allclose(head.middle, [2.0, 7.0])
    gap, mean = np.array([[np.nan, 7.0]]), np.array([[2.0, 7.0]])
    np.testing.assert_array_equal(head.scores(gap, 2), head.scores(mean, 2))
