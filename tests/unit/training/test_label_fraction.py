"""The label-fraction curve: what is drawn, what is measured, what it compares."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError
from lusviewer.findings import FINDINGS
from lusviewer.training.data.collection import Label, Record, Said
from lusviewer.training.data.split import shipped_split
from lusviewer.training.label_fraction.collections import (
    blues_library,
    own_library,
    pocus_library,
)
from lusviewer.training.label_fraction.curve import (
    FRACTIONS,
    Scores,
    drawn,
    labelled,
    learned_scores,
    scores_at,
)
from lusviewer.training.label_fraction.figures import measured
from lusviewer.training.label_fraction.judge import LOOKS, described, judged, tell_look
from lusviewer.training.label_fraction.library import (
    Fold,
    Library,
    Question,
    held_out,
    patient_folds,
)
from lusviewer.training.label_fraction.picture import curves_picture, series_of
from lusviewer.training.label_fraction.recipe import starts
from lusviewer.training.label_fraction.settings import FractionSettings
from lusviewer.training.label_fraction.starts import Start, clip_vector, spread
from lusviewer.training.label_fraction.tune import Tuning, balanced, clip_scores, tuned
from lusviewer.training.label_fraction.tuned_runs import tuned_figures, tuned_scores
from lusviewer.training.measure.looks import read_looks
from lusviewer.training.measure.results import seconds_spent, write_result
from lusviewer.training.nets.export_onnx import export_features
from lusviewer.training.nets.features import (
    FEATURES,
    load_features,
    save_features,
    start_features,
)

PEOPLE = tuple(f"p{i // 3:02d}" for i in range(60))
"""Twenty patients of three clips each."""


@pytest.fixture
def library():
    """Five folds; two patients of five have what is asked, in all their clips."""
    truth = np.array([int(int(name[1:]) % 5 < 2) for name in PEOPLE], np.intp)
    truth[7] = -1
    return Library("own", PEOPLE, (Question("asked", truth),), patient_folds(PEOPLE, 5))


def _features(library, strength):
    """Return features of which the first tells the truth as far as ``strength``."""
    truth = library.questions[0].truth
    features = np.random.default_rng(3).normal(0, 1, (len(truth), 20))
    features[:, 0] += strength * truth
    return features


def test_folds_test_each_patient_once_and_never_one_that_was_learned_from():
    folds = patient_folds(PEOPLE, 4, seed=9)
    tested = np.concatenate([fold.test for fold in folds])
    assert sorted(tested) == list(range(len(PEOPLE)))
    names = np.array(PEOPLE)
    for fold in folds:
        assert not set(names[fold.learn]) & set(names[fold.test])


def test_a_patient_on_both_sides_of_a_fold_is_refused():
    question = Question("asked", np.array([0, 1, 0], np.intp))
    leaking = Fold(np.array([0, 1]), np.array([2]))
    with pytest.raises(TrainingError, match="anna"):
        Library("own", ("anna", "ben", "anna"), (question,), (leaking,))


def test_too_few_patients_for_the_folds_are_refused():
    with pytest.raises(TrainingError, match="2 patients"):
        patient_folds(("a", "b", "b"), 3)


@pytest.mark.parametrize("fraction", FRACTIONS)
def test_whole_patients_are_drawn_and_every_class_is_among_them(fraction):
    truth = np.array([int(name == "p19") for name in PEOPLE], np.intp)
    for draw in range(5):
        chosen = drawn([truth], PEOPLE, fraction, [0, draw])
        names = {PEOPLE[i] for i in chosen}
        assert len(chosen) == 3 * len(names)
        assert set(truth[chosen]) == {0, 1}
        wanted = max(1, round(fraction * 20))
        assert wanted <= len(names) <= wanted + 1


def test_more_labels_hold_the_fewer_ones_of_the_same_draw():
    truth = np.array([int(name[1:]) % 2 for name in PEOPLE], np.intp)
    few, many = (set(drawn([truth], PEOPLE, f, [0, 4])) for f in (0.25, 0.5))
    assert few < many
    assert few != set(drawn([truth], PEOPLE, 0.25, [0, 5]))


def test_clips_of_unknown_truth_are_neither_learned_from_nor_tested(library):
    question = library.questions[0]
    for fold in library.folds:
        assert 7 not in labelled(library, question, fold, 1.0, [0])
    scores = scores_at(library, question, _features(library, 1), 1.0, 3)
    assert np.isnan(scores.values[:, 7]).all()
    assert not np.isnan(np.delete(scores.values, 7, 1)).any()


def test_all_labels_are_drawn_once_and_fewer_as_often_as_asked(library):
    features, question = _features(library, 1), library.questions[0]
    assert len(scores_at(library, question, features, 1.0, 6).values) == 1
    few = scores_at(library, question, features, 0.1, 6)
    assert len(few.values) == 6
    assert few.patients < 4


def test_heads_learn_each_class_of_several():
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(3), 40)
    features = rng.normal(0, 1, (120, 10))
    features[np.arange(120), truth] += 4
    scores = learned_scores(features[::2], truth[::2], features[1::2], 3)
    assert (scores.argmax(1) == truth[1::2]).mean() > 0.9


def test_a_fold_that_lacks_a_class_says_nothing_of_it():
    features = np.random.default_rng(0).normal(size=(9, 4))
    only = learned_scores(features[:6], np.zeros(6, np.intp), features[6:], 2)
    assert (only == 0).all()
    two_of_three = learned_scores(
        features[:6], np.array([0, 1] * 3, np.intp), features[6:], 3
    )
    assert (two_of_three[:, 2] == 0).all()
    assert (two_of_three[:, :2] != 0).all()


def test_the_area_is_that_of_pairs_within_a_fold(library):
    """A shift between the folds' heads must not change it; one fold is the usual."""
    question = library.questions[0]
    value = np.random.default_rng(1).normal(size=len(PEOPLE))
    whole = Library("own", PEOPLE, (question,), held_out(PEOPLE, PEOPLE[30:]))
    test = whole.folds[0].test
    scores = Scores(1.0, np.stack([-value, value], 1)[None], 1, 1)
    expected = roc_auc_score(question.truth[test], value[test])
    assert measured(whole, question, scores)["auc"].value == pytest.approx(expected)
    shifted = value.copy()
    for number, fold in enumerate(library.folds):
        shifted[fold.test] += 10 * number
    moved = Scores(1.0, np.stack([-shifted, shifted], 1)[None], 1, 1)
    plain = measured(library, question, scores)["auc"].value
    assert measured(library, question, moved)["auc"].value == pytest.approx(plain)


def test_the_interval_holds_the_value_and_comes_of_patients(library):
    question = library.questions[0]
    value = question.truth + np.random.default_rng(1).normal(0, 1, len(PEOPLE))
    scores = Scores(1.0, np.stack([-value, value], 1)[None], 1, 1)
    figure = measured(library, question, scores)["auc"].plain()
    low, high = figure["interval"]
    assert low < figure["value"] < high
    assert high - low > 0.05


def test_better_features_lie_above_the_baseline_and_more_labels_help(library):
    vectors = {
        "imagenet": _features(library, 0.3).astype(np.float32),
        "better": _features(library, 3).astype(np.float32),
    }
    rows = judged(library, library.questions[0], vectors, (0.1, 1.0), 4)
    few, all_labels = rows["better"]
    assert all_labels["auc"]["value"] > few["auc"]["value"]
    assert all_labels["auc"]["value"] > 0.9
    gain = all_labels["auc_above_imagenet"]
    assert gain["interval"][0] > 0
    difference = all_labels["auc"]["value"] - rows["imagenet"][1]["auc"]["value"]
    assert gain["value"] == pytest.approx(difference, abs=0.0015)
    assert "auc_above_imagenet" not in rows["imagenet"][0]


def test_each_look_is_recorded_with_what_looked(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"")
    for name in ("pocus", "covid-blues"):
        tell_look(tmp_path / LOOKS, name, {"uscl": tmp_path / "a.onnx"})
    looks = read_looks(tmp_path / LOOKS)
    assert [look["collection"] for look in looks] == ["pocus test", "covid-blues"]
    assert {look["model"] for look in looks} == {"uscl"}


def test_what_is_tested_is_counted(library):
    assert described(library, library.questions[0]) == {
        "tested_clips": 59,
        "tested_patients": 20,
        "of_each_class": [35, 24],
    }


def _record(name, patient, **fields):
    findings = {
        key: Label(Said.NO, fields.pop(f"sure_{key}", 1.0))
        for key in ("a_lines", "b_lines", "consolidation")
    }
    return Record(Path(name), name, patient, findings, **fields)


def test_pocus_is_tested_on_patients_that_pretraining_never_saw():
    split = shipped_split()
    records = [
        _record(split["train"][0], "a", diagnosis="regular"),
        _record(split["validation"][0], "b", diagnosis="viral pneumonia"),
        _record(split["test"][0], "c", diagnosis="COVID-19", sure_b_lines=0.3),
    ]
    found = pocus_library(records)
    assert list(found.folds[0].learn) == [0]
    assert list(found.folds[0].test) == [1, 2]
    truths = {question.name: list(question.truth) for question in found.questions}
    assert truths["diagnosis"] == [0, -1, 2]
    assert truths["b_lines"] == [0, 0, -1]


def test_severity_of_two_and_more_is_asked_of_the_hospital():
    records = [_record(f"v{i}", f"p{i}", severity=i % 4) for i in range(8)]
    truths = {q.name: list(q.truth) for q in blues_library(records).questions}
    assert truths["severity_2_or_more"] == [0, 0, 1, 1] * 2


def test_a_library_of_ones_own_asks_what_both_answers_are_known_of():
    records = [_record(f"v{i}", f"p{i // 2}", severity=i // 4) for i in range(16)]
    with_b = [
        replace(r, findings={**r.findings, "b_lines": Label(Said.YES)})
        for r in records[:4]
    ]
    rest = {key: Label(Said.NOT_MENTIONED) for key in FINDINGS}
    full = [
        replace(r, findings=rest | dict(r.findings)) for r in (*with_b, *records[4:])
    ]
    found = own_library("own", full)
    assert [q.name for q in found.questions] == ["b_lines", "severity_2_or_more"]
    assert len(found.folds) == 5
    with pytest.raises(TrainingError, match="own: no finding"):
        own_library("own", [replace(r, severity=None) for r in full[4:]])


def test_the_picture_has_a_chart_for_each_question(library):
    vectors = {"imagenet": _features(library, 1).astype(np.float32)}
    rows = judged(library, library.questions[0], vectors, (0.5, 1.0), 2)
    line = series_of("imagenet", rows["imagenet"])
    assert list(line.x) == [50, 100]
    assert list(line.y) == [row["auc"]["value"] for row in rows["imagenet"]]
    found = {"own": {"asked": {"starts": rows}, "again": {"starts": rows}}}
    one = curves_picture({"own": {"asked": {"starts": rows}}})
    assert curves_picture(found).shape == one.shape
    assert (curves_picture(found) < 255).sum() > 1.5 * (one < 255).sum()


def test_a_start_that_was_not_made_names_what_makes_it(tmp_path):
    start = Start("uscl", tmp_path)
    for make in (lambda: start.graph(tmp_path, 0), lambda: start.weights(0)):
        with pytest.raises(TrainingError, match="uscl") as caught:
            make()
        assert "lusviewer train uscl" in str(caught.value.hint)


def test_starts_that_are_not_wanted_are_left_out():
    few = FractionSettings(work="w", uscl="", model="")
    assert [one.name for one in starts(few)] == ["scratch", "imagenet", "video-ssl"]


def test_a_clip_is_its_mean_and_largest_features_as_torch_makes_them(tmp_path):
    features = start_features("scratch", 0)
    assert export_features(features, tmp_path / "f.onnx") < 1e-4
    save_features(features, tmp_path / "features.npz")
    again = load_features(tmp_path / "features.npz").state_dict()
    for name, value in features.state_dict().items():
        assert (again[name] == value).all()
    frames = np.random.default_rng(0).integers(0, 255, (2, 224, 224), dtype=np.uint8)
    graph = Start("scratch", tmp_path).graph(tmp_path, 0)
    vector = clip_vector(graph, frames)
    assert vector.shape == (2 * FEATURES,)
    assert (vector[FEATURES:] >= vector[:FEATURES]).all()
    reversed_vector = clip_vector(graph, frames[::-1])
    np.testing.assert_allclose(vector, reversed_vector, atol=1e-5)


def test_frames_are_spread_from_the_first_to_the_last():
    frames = np.arange(50, dtype=np.uint8)[:, None, None]
    kept = spread(frames)[:, 0, 0]
    assert len(kept) == 12
    assert kept[0] == 0
    assert kept[-1] == 49
    assert len(spread(frames[:3])) == 3


def test_rare_classes_are_seen_as_often_as_common_ones():
    truth = np.array([0] * 30 + [1, -1], np.intp)
    chosen = balanced(
        [Question("asked", truth)], np.arange(32), 400, np.random.default_rng(0)
    )
    assert 31 not in chosen
    assert 0.4 < (chosen == 30).mean() < 0.6


def test_tuning_learns_to_tell_bright_clips_from_dark_ones():
    rng = np.random.default_rng(0)
    dark = rng.integers(1, 40, (3, 4, 224, 224), dtype=np.uint8)
    bright = rng.integers(150, 255, (3, 4, 224, 224), dtype=np.uint8)
    clips = [*dark, *bright]
    question = Question("bright", np.array([0, 0, 0, 1, 1, 1], np.intp))
    tuning = Tuning(12, 8, 64, 1e-2, 1e-3, bfloat16=False, seed=0)
    network = tuned(
        start_features("imagenet", 0),
        clips,
        [question],
        np.array([0, 1, 3, 4]),
        tuning,
        CancelToken(),
    )
    low, high = (clip_scores(network, clips[i], tuning)[0] for i in (2, 5))
    assert np.exp(low).sum() == pytest.approx(1, abs=0.05)
    assert high[1] - high[0] > low[1] - low[0]


@pytest.fixture
def tuned_run(tmp_path):
    """Two dark and two bright patients of one clip each, and settings for two steps."""
    rng = np.random.default_rng(0)
    levels = {"a": 10, "b": 200, "c": 20, "d": 190}
    for name, level in levels.items():
        noise = rng.integers(0, 40, (3, 224, 224), dtype=np.uint8)
        path = tmp_path / f"{hashlib.sha256(name.encode()).hexdigest()[:20]}.npy"
        np.save(path, noise + np.uint8(level))
    truth = Question("bright", np.array([0, 1, 0, 1], np.intp))
    names = tuple(levels)
    library = Library("own", names, (truth,), held_out(names, ("c", "d")))
    settings = FractionSettings(
        work=str(tmp_path),
        clips=str(tmp_path),
        tuned_steps=2,
        tuned_batch=2,
        tuned_size=32,
        tuned_draws=1,
        bfloat16=False,
    )
    return settings, library, tmp_path


def test_tuned_networks_are_kept_as_scores_and_not_trained_again(tuned_run):
    settings, library, folder = tuned_run
    starting = [Start("scratch", folder)]

    def train():
        files = list(library.patients)
        return list(tuned_scores(settings, library, files, starting, CancelToken()))

    assert [event["run"] for event in train()] == ["scratch-10-0", "scratch-100-0"]
    assert train() == []
    rows = tuned_figures(settings, library)["bright"]["starts"]["scratch"]
    assert [row["fraction"] for row in rows] == [0.1, 1.0]
    assert rows[1]["patients"] == rows[1]["clips"] == 2
    assert rows[1]["auc"]["value"] in (0, 0.5, 1)


def test_the_result_holds_the_figures_and_what_made_them(tuned_run, tmp_path):
    settings = tuned_run[0].with_values(seed=4)
    figures = {"auc": 0.5}
    log = tmp_path / "log.jsonl"
    events = [{"stage": "tune", "seconds": 1.25}, {"stage": "tune", "seconds": 2}]
    log.write_text("".join(json.dumps(event) + "\n" for event in events))
    spent = seconds_spent(tmp_path)
    write_result(tmp_path / "r" / "label-fraction.json", settings, "s", figures, spent)
    found = json.loads((tmp_path / "r" / "label-fraction.json").read_text())
    assert found["figures"] == figures
    assert found["seed"] == 4
    assert found["seconds"] == {"tune": 3.2}
    assert found["settings"]["tuned_steps"] == 2
    assert "work" not in found["settings"]
