"""Experts of every kind, written as ONNX, say what was fitted."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from lusviewer.cancel import CancelToken
from lusviewer.inference.session import OnnxSession
from lusviewer.training.experts.heads import KINDS, Choice, fit_head
from lusviewer.training.local.calibrate import calibrated
from lusviewer.training.local.folds import Fitted
from lusviewer.training.local.graphs import write_expert

SETTING = {"tree": 3, "forest": 2, "svm": 1.0, "mlp": 2, "logistic": 0.1}


@pytest.mark.parametrize("n_classes", [2, 3, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_the_graph_says_what_the_fitted_expert_says(kind, n_classes, tmp_path):
    rng = np.random.default_rng(1)
    classes = np.arange(90) % n_classes
    features = rng.normal(classes[:, None], 1.0, (90, 5))
    choice = Choice(kind, SETTING[kind])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # A fit that stops early does here.
        head = fit_head(features, classes, np.ones(90), choice)
    calibration = calibrated(head.scores(features, n_classes), classes)
    fitted = Fitted(choice, head, calibration, classes[:0])
    write_expert(fitted, n_classes, tmp_path / "head.onnx")
    session = OnnxSession(tmp_path / "head.onnx", "cpu")
    asked = rng.normal(1, 2, (40, 5)).astype(np.float32)
    got = [
        session.run({"features": row[None]}, CancelToken())["probabilities"][0]
        for row in asked
    ]
    wanted = fitted.says(asked.astype(np.float64), n_classes)
    np.testing.assert_allclose(got, wanted, atol=1e-4)
    assert len(set(wanted.argmax(axis=1))) > 1


def test_a_class_nobody_showed_stays_improbable(tmp_path):
    rng = np.random.default_rng(2)
    classes = np.arange(40) % 2 * 2  # 0 and 2 of three classes
    features = rng.normal(classes[:, None], 0.5, (40, 3))
    choice = Choice("logistic", 0.1)
    head = fit_head(features, classes, np.ones(40), choice)
    calibration = calibrated(head.scores(features, 3), classes)
    fitted = Fitted(choice, head, calibration, classes[:0])
    write_expert(fitted, 3, tmp_path / "head.onnx")
    session = OnnxSession(tmp_path / "head.onnx", "cpu")
    row = features[:1].astype(np.float32)
    got = session.run({"features": row}, CancelToken())["probabilities"][0]
    np.testing.assert_allclose(got, fitted.says(features[:1], 3)[0], atol=1e-4)
    assert got.argmax() == 0
    assert got[1] < 0.05


def test_calibration_makes_scores_of_two_classes_hold():
    rng = np.random.default_rng(3)
    true = rng.random(4000)
    classes = (rng.random(4000) < true).astype(np.intp)
    bold = 1 / (1 + np.exp(-3 * np.log(true / (1 - true))))
    said = calibrated(np.stack([1 - bold, bold], axis=1), classes).apply(
        np.stack([1 - bold, bold], axis=1)
    )[:, 1]
    inside = (bold > 0.05) & (bold < 0.95)
    assert np.abs(said - true)[inside].mean() < 0.05
    assert np.abs(bold - true)[inside].mean() > 0.1
