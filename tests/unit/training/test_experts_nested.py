from __future__ import annotations

import numpy as np
import pytest

from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError
from lusviewer.training.experts.export import write_regression
from lusviewer.training.experts.heads import CHOICES, KINDS, Choice, fit_head
from lusviewer.training.experts.nested import Asked, Group, grouped, nested, options_of
from lusviewer.training.experts.oxygen import bin_of, number, oxygen_question, ratio
from lusviewer.training.measure.clip_store import ReadClip
from lusviewer.training.measure.metrics import roc_auc

TREE = Choice("tree", 2)
REGRESSION = Choice("logistic", 0.1)


def asked(n: int = 60, *, told: float = 0.0, seed: int = 0) -> Asked:
    """Return clips of patients in threes, whose first feature tells the class."""
    rng = np.random.default_rng(seed)
    classes = np.arange(n) // 3 % 2
    features = rng.normal(0, 1, (n, 6))
    features[:, 0] += told * classes
    patients = tuple(f"p{i // 3}" for i in range(n))
    noise = rng.normal(0, 1, (n, 6))
    return Asked({"good": features, "noise": noise}, classes, patients, 2)


def test_no_patient_teaches_the_expert_that_judges_it():
    question = asked()
    left_out = []
    for kept, left in grouped(question, np.arange(60), 5, seed=0):
        names = [{question.patients[i] for i in rows} for rows in (kept, left)]
        assert not names[0] & names[1]
        assert len(set(question.classes[left])) == 2
        left_out += list(left)
    assert sorted(left_out) == list(range(60))


def test_what_is_there_to_be_found_is_found():
    question = asked(told=3)
    options = options_of(["good", "noise"], [TREE, REGRESSION])
    found = nested(question, {"all": Group(tuple(options))}, (5, 3), CancelToken())

    area = roc_auc(question.classes.astype(float), found["all"].scores[:, 1])
    assert area > 0.85
    assert all(name == "good" for name, _ in found["all"].chosen)


def test_where_nothing_is_there_choosing_among_many_finds_nothing():
    areas = []
    for seed in range(5):
        question = asked(seed=seed)
        options = options_of(["good", "noise"], [TREE, REGRESSION])
        group = {"all": Group(tuple(options))}
        found = nested(question, group, (5, 3), CancelToken())["all"]
        areas.append(roc_auc(question.classes.astype(float), found.scores[:, 1]))
    assert 0.3 < np.mean(areas) < 0.65


def test_scores_of_two_classes_are_probabilities_on_one_scale():
    question = asked(told=2)
    groups = {
        "one": Group((("good", TREE),)),
        "both": Group((("good", TREE), ("good", REGRESSION)), best=2),
    }
    found = nested(question, groups, (4, 3), CancelToken())

    assert np.allclose(found["both"].scores.sum(axis=1), 1)
    assert len(found["both"].chosen) == 8
    assert found["one"].counted() == {"tree on good": 4}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_tells_classes_apart_and_knows_its_size(kind):
    question = asked(told=4)
    choice = next(choice for choice in CHOICES if choice.kind == kind)
    head = question.fitted(np.arange(60), ("good", choice))
    said = question.said(head, np.arange(60), "good")

    assert said.shape == (60, 2)
    assert (said.argmax(axis=1) == question.classes).mean() > 0.85
    assert head.size_bytes() > 0


def test_a_class_never_seen_has_no_chance():
    features = np.random.default_rng(0).normal(0, 1, (20, 3))
    classes = np.arange(20) % 2 * 2
    head = fit_head(features, classes, np.ones(20), REGRESSION)
    assert (head.scores(features, 4)[:, [1, 3]] == 0).all()


def test_missing_values_are_taken_as_usual():
    features = np.random.default_rng(0).normal(5, 1, (20, 3))
    features[:, 1] = np.nan
    features[0, 0] = np.nan
    head = fit_head(features, np.arange(20) % 2, np.ones(20), REGRESSION)
    assert np.isfinite(head.scores(features, 2)).all()


def test_many_clips_of_a_patient_count_little_more_than_one():
    question = Asked({}, np.zeros(5, np.intp), ("a", "a", "a", "a", "b"), 2)
    weights = question.weights(np.arange(5))
    assert weights.sum() == pytest.approx(5)
    assert weights[:4].sum() == pytest.approx(2 * weights[4])


def test_a_written_regression_says_what_was_fitted(tmp_path):
    rng = np.random.default_rng(0)
    classes = np.arange(60) % 3
    table = np.clip(rng.normal(0.3 + 0.2 * classes[:, None], 0.1, (60, 38)), 0, 1)
    question = Asked(
        {"38 probabilities": table}, classes, tuple(str(i) for i in range(60)), 3
    )
    figures = {"accuracy": {"value": 0.5, "interval": [0.4, 0.6]}}
    folder = tmp_path / "diagnosis-regression"
    difference = write_regression(folder, question, ("a", "b", "c"), figures, "lus 1")

    assert difference < 1e-4
    assert "lus 1" in (folder / "MODEL_CARD.md").read_text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("95.0", 95), ("90-92", 91), (" 98 ", 98)],
)
def test_a_cell_is_a_number_or_the_middle_of_a_range(text, expected):
    assert number(text) == expected


@pytest.mark.parametrize("text", ["", "-99", "-96.0", "unknown"])
def test_what_is_missing_is_no_number(text):
    assert np.isnan(number(text))


def row(without="", with_="-99", litres="", **facts):
    names = ("patient_id", "pat_sex", "pat_age", "pat_bmi", "respiratory_rate", "pulse")
    return dict.fromkeys(names, "") | {
        "oxygen_saturation_without_ox": without,
        "oxygen_saturation_with_ox": with_,
        "oxygen_liter": litres,
        **facts,
    }


def test_the_ratio_counts_the_oxygen_that_is_given():
    assert ratio(row("94.5")) == pytest.approx(450)
    assert ratio(row("80", "93", "2.0")) == pytest.approx(93 / 0.29)
    assert ratio(row("80", "95", "15.0")) == pytest.approx(95 / 0.81)
    assert ratio(row("", "95", "30")) == pytest.approx(95)
    assert np.isnan(ratio(row("-99.0")))


def test_bins_go_from_the_best_oxygenation_to_the_worst():
    assert [bin_of(v) for v in (450, 430, 275, 200, 100)] == [0, 1, 2, 2, 3]


def test_a_clinical_table_without_a_column_is_refused():
    with pytest.raises(TrainingError, match="no column pulse"):
        oxygen_question([], [{k: v for k, v in row().items() if k != "pulse"}])


def test_a_patient_is_one_row_and_one_without_a_ratio_is_left_out():
    def clip(name, patient):
        frames = np.full((4, 43), 0.3, np.float32)
        return ReadClip(
            name, patient, frames, frames[:, :8], np.ones((14, 4), np.float32)
        )

    clips = [
        clip("a", "patient_1"),
        clip("b", "patient_1"),
        clip("c", "patient_2"),
        clip("d", "patient_3"),
    ]
    rows = [row("95", patient_id="1", pat_age="70"), row("-99", patient_id="2")]
    question = oxygen_question(clips, rows)

    assert question.patients == ("patient_1",)
    assert question.classes.tolist() == [0]
    assert question.inputs["clinical facts"][0, 1] == 70
    assert question.inputs["measured values"].shape == (1, 26)
