"""Fitted experts say the same as ONNX graphs as they did as models."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lusviewer.cancel import CancelToken
from lusviewer.experts.expert import open_expert
from lusviewer.training.data.pocus_labels import PocusClip
from lusviewer.training.data.targets import KEYS
from lusviewer.training.lite.calibrate import Calibration
from lusviewer.training.lite.clip_scores import ScoredClip
from lusviewer.training.lite.expert_heads import (
    Samples,
    abstain_below,
    fit_logistic,
    fit_tree,
    folds,
)
from lusviewer.training.lite.experts_recipe import (
    QUESTIONS,
    ExpertWords,
    graded,
    samples_of,
    write_experts,
)

_CALIBRATION = Calibration(dict.fromkeys(KEYS, (1.0, 0.0)), {}, {})


def _clips(seed, count=60):
    """Clips whose class shows in one finding each, as it should."""
    rng = np.random.default_rng(seed)
    clips = []
    for i in range(count):
        kind = int(rng.integers(4))
        logits = rng.normal(-2, 1, len(KEYS))
        logits[len(KEYS) - 5 + kind] += 5
        known = PocusClip(
            file=f"{i}.mp4",
            patient=f"{seed}-{i // 2}",
            diagnosis=kind,
            severity=kind,
            values=np.zeros(5, np.float32),
            weights=np.ones(5, np.float32),
            licence="",
            probe="",
            source="",
        )
        clips.append(ScoredClip(logits, known=known))
    return clips


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    pytest.importorskip("sklearn")
    folder = tmp_path_factory.mktemp("experts")
    parts = {"train": _clips(1), "validation": _clips(2), "test": _clips(3)}
    metrics = write_experts(
        folder, parts, _CALIBRATION, ExpertWords("1.0", "made up clips", "none")
    )
    return folder, metrics


def test_every_question_gets_a_tree_and_a_regression(written):
    folder, metrics = written
    assert sorted(p.name for p in folder.iterdir()) == sorted(metrics)
    assert len(metrics) == 4


def test_what_shows_in_the_features_is_learned(written):
    _, metrics = written
    for figures in metrics.values():
        assert figures["accuracy"][0] > figures["accuracy_of_the_commonest_class"]
        assert figures["mean_auc"][0] > 0.8


@pytest.mark.parametrize("name", ["severity-tree", "diagnosis-logistic"])
def test_a_written_expert_predicts_with_reasons(written, name):
    expert = open_expert(written[0] / name)
    features = dict.fromkeys(KEYS, 0.1)
    prediction = expert.predict(features, CancelToken())
    assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-4)
    assert prediction.reasons


def test_the_manifest_counts_patients_and_clips(written):
    manifest = json.loads((written[0] / "severity-tree" / "manifest.json").read_text())
    assert manifest["trained_on"]["clips"] == 120
    assert manifest["trained_on"]["patients"] == 60


def _samples(seed):
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 3, 50)
    features = rng.random((50, 4))
    features[np.arange(50), classes] += 1
    patients = tuple(f"{seed}-{i // 2}" for i in range(50))
    return Samples(features, classes, patients, rng.random(50) < 0.5, np.ones(50))


def test_a_class_never_seen_stays_improbable():
    pytest.importorskip("sklearn")
    for fit in (fit_tree, fit_logistic):
        head, said = fit(_samples(0), 4)
        assert head.predict(_samples(1).features)[:, 3].max() < 0.1
        assert said.shape == (50, 4)


def _right_is(classes):
    count = len(classes)
    patients = tuple("abcd"[:count])
    features = np.zeros((count, 1))
    unseen = np.ones(count, np.bool_)
    return Samples(features, np.array(classes), patients, unseen, np.ones(count))


def test_abstaining_keeps_the_answers_that_are_right():
    samples = _right_is((0, 0, 0, 1))
    sure = np.array([[0.9, 0.1], [0.9, 0.1], [0.8, 0.2], [0.55, 0.45]])
    assert 0.55 < abstain_below(sure, samples) <= 0.8


def test_an_expert_that_is_always_right_never_abstains():
    samples = _right_is((0, 1))
    assert abstain_below(np.array([[0.9, 0.1], [0.4, 0.6]]), samples) == 0


@pytest.mark.parametrize(
    ("shown", "severity"),
    [
        ((), 0),
        (("b_lines.few", "finding.b_lines"), 0),
        (("b_lines.some", "finding.b_lines"), 1),
        (("finding.pleural_irregularity",), 1),
        (("b_lines.many",), 2),
        (("finding.consolidation",), 2),
        (("finding.consolidation", "consolidation.over_10mm"), 3),
        (("b_lines.white",), 3),
    ],
)
def test_simulated_clips_are_graded_by_what_they_show(shown, severity):
    truth = np.array([key in shown for key in KEYS], np.uint8)
    assert graded(truth) == severity


def test_simulated_clips_teach_severity_alone_and_are_never_judged():
    clips = [
        *_clips(1, 4),
        ScoredClip(np.zeros(len(KEYS)), np.zeros(len(KEYS), np.uint8)),
    ]
    for question, count in zip(QUESTIONS, (5, 4), strict=True):
        samples = samples_of(question, clips, _CALIBRATION, seen=False)
        assert len(samples.classes) == count
        assert samples.unseen.sum() == 4
        assert (samples.trust[:4] == 1).all()


def test_no_patient_is_both_in_and_out_of_a_fold():
    patients = [f"p{i % 7}" for i in range(30)]
    parts = folds(patients)
    assert sum(part.sum() for part in parts) == 30
    for part in parts:
        inside = {p for p, out in zip(patients, part, strict=True) if out}
        outside = {p for p, out in zip(patients, part, strict=True) if not out}
        assert not inside & outside
