"""The arithmetic of the queue: heads, margins over correlated labels, spread."""

from __future__ import annotations

import numpy as np
import pytest

from lusviewer.library.asking import Asked
from lusviewer.library.heads import STRENGTH, calibrated, fitted, scaled
from lusviewer.library.margins import (
    contradictions,
    correlation,
    margin,
    together,
    worth,
)
from lusviewer.library.spread import spread_out

TWO = np.arange(2)


def opposed(n: int) -> np.ndarray:
    """Return answers of two questions of which exactly one is yes on each clip."""
    first = np.arange(n) % 2
    return np.column_stack([first, 1 - first]).astype(np.float64)


def test_a_head_is_where_the_penalised_loss_is_least() -> None:
    draw = np.random.default_rng(0)
    inputs = scaled([draw.normal(size=(80, 5)), draw.normal(size=(80, 30))])
    truth = (inputs[:, 0] + inputs[:, 6] > 0).astype(np.float64)
    head = fitted(inputs, truth)
    wrong = head.probabilities(inputs) - truth
    np.testing.assert_allclose(inputs.T @ wrong + head.weights / STRENGTH, 0, atol=1e-4)
    assert wrong.sum() == pytest.approx(0, abs=1e-3)


def test_a_head_that_saw_one_answer_is_not_certain_of_it() -> None:
    head = fitted(np.ones((4, 2)), np.ones(4))
    np.testing.assert_allclose(head.probabilities(np.zeros((1, 2))), 5 / 6)


def test_scaling_fills_what_is_not_known_and_weighs_blocks_alike() -> None:
    table = np.array([[1.0, 3.0], [np.nan, 3.0], [3.0, 3.0]])
    wide = np.random.default_rng(0).normal(size=(3, 50))
    inputs = scaled([table[:, :1], wide])
    assert inputs[1, 0] == 0
    lengths = [(part**2).sum(axis=1).mean() for part in np.split(inputs, [1], axis=1)]
    np.testing.assert_allclose(lengths, [2 / 3, 1])
    assert not scaled([table])[:, 1].any()


def test_a_head_is_no_surer_than_it_is_right_on_other_patients() -> None:
    draw = np.random.default_rng(0)
    inputs = scaled([draw.normal(size=(60, 40))])
    patients = np.repeat(np.arange(20), 3)
    noise = (draw.random(60) < 0.5).astype(np.float64)
    plain = np.abs(fitted(inputs, noise).probabilities(inputs) - 0.5).mean()
    meek = np.abs(calibrated(inputs, noise, patients).probabilities(inputs) - 0.5)
    assert meek.mean() < plain / 3
    clear = (inputs[:, 0] > 0).astype(np.float64)
    block = scaled([inputs[:, :1]])
    assert calibrated(block, clear, patients).weights[0] == pytest.approx(
        fitted(block, clear).weights[0]
    )


def test_labels_that_exclude_each_other_speak_against_both() -> None:
    found = correlation(opposed(40), TWO)
    assert found.phi[0, 1] == found.phi[1, 0] < -0.8
    assert not found.phi.diagonal().any()
    both = np.array([[0.9, 0.9]])
    mixed = together(both, np.full((1, 2), np.nan), found)
    assert (mixed < 0.65).all()
    known = together(both, np.array([[np.nan, 1.0]]), found)
    assert known[0, 0] < mixed[0, 0]


def test_labels_that_do_not_go_together_change_nothing() -> None:
    answers = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]] * 10)
    said = np.array([[0.9, 0.2]])
    mixed = together(said, np.full((1, 2), np.nan), correlation(answers, TWO))
    np.testing.assert_allclose(mixed, said, atol=1e-9)


def test_two_clips_prove_little_and_no_labels_nothing() -> None:
    few = correlation(opposed(2), TWO).phi[0, 1]
    assert -0.5 < few < 0
    none = correlation(np.full((5, 2), np.nan), TWO)
    np.testing.assert_allclose(none.phi, 0, atol=1e-12)


def test_classes_of_one_task_are_not_held_against_each_other() -> None:
    assert not correlation(opposed(40), np.zeros(2, np.intp)).phi.any()


def test_an_answer_against_another_is_contradicted() -> None:
    found = correlation(opposed(40), TWO)
    nothing = np.full((2, 2), np.nan)
    against = contradictions(np.array([[0.95, 0.95], [0.95, 0.3]]), nothing, found)
    assert against[1, 0, 0, 1]
    assert not against[0, 0, 0, 1]
    assert against[1, 1, 1, 0]
    assert not against[:, 1, 0].any()


def test_the_margin_is_between_the_two_likeliest_classes() -> None:
    np.testing.assert_allclose(margin(np.array([[0.5], [0.1]])), [0, 0.8])
    classes = np.array([[0.5, 0.3, 0.2], [0.4, 0.4, 0.0]])
    np.testing.assert_allclose(margin(classes), [0.2, 0], atol=1e-12)


def test_what_is_settled_is_worth_nothing() -> None:
    unsure = np.full((3, 2), 0.5)
    settled = np.array([[True, True], [True, False], [False, False]])
    np.testing.assert_allclose(worth(unsure, settled, TWO), [0, 0.5, 1])


def test_picks_are_far_apart_and_of_many_patients() -> None:
    points = np.array([[0.0], [0.1], [5.0], [5.1], [10.0]])
    patients = np.array([0, 0, 1, 1, 1])
    taken = np.array([True, False, False, False, False])
    picks = spread_out(np.ones(5), points, patients, taken, 9)
    assert [pick.row for pick in picks][:2] == [4, 2]
    assert sorted(pick.row for pick in picks) == [1, 2, 3, 4]
    assert [pick.of_patient for pick in picks][:2] == [0, 1]
    worth_little = np.array([1, 1, 1, 1, 0.01])
    assert spread_out(worth_little, points, patients, taken, 1)[0].row == 3


def test_without_labels_the_least_sure_clip_comes_first() -> None:
    prior = np.array([[0.9], [0.55], [0.1]])
    asked = Asked(
        inputs=np.eye(3),
        answers=np.full((3, 1), np.nan),
        settled=np.zeros((3, 1), np.bool_),
        tasks=np.zeros(1, np.intp),
        prior=prior,
        patients=np.arange(3),
        askable=np.ones(3, np.bool_),
    )
    np.testing.assert_array_equal(asked.probabilities, prior)
    assert [pick.row for pick in asked.picks(1)] == [1]
    assert not asked.proposed().any()


def test_an_answer_that_a_label_contradicts_is_not_proposed() -> None:
    n = 40
    answers = opposed(n)
    inputs = scaled([answers.copy()]) * 5
    answers[-2:] = np.nan
    answers[-1, 1] = 1 - opposed(n)[-1, 1]
    asked = Asked(
        inputs=inputs,
        answers=answers,
        settled=np.isfinite(answers),
        tasks=TWO,
        prior=np.full((n, 2), np.nan),
        patients=np.arange(n) // 2,
        askable=np.ones(n, np.bool_),
    )
    sure, checked = asked.proposed(validated=False), asked.proposed()
    assert sure[:, -2:].sum() == 3
    np.testing.assert_array_equal(checked[:, -2], sure[:, -2])
    assert not checked[:, -1].any()
    assert not sure[:, :-2].any()
