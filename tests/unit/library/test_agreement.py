"""Agreement of two raters against values worked out by hand and by scikit-learn."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from lusviewer import cli
from lusviewer.errors import LibraryError
from lusviewer.library import NOT_ASSESSABLE, Answer, Library, Line
from lusviewer.library.agreement import Apart, agreement
from lusviewer.library.agreement_figures import (
    bland_altman,
    confusion,
    kappa,
    kappa_estimate,
)
from lusviewer.library.tasks import Kind, Task

A_LINE = Line("a_line", ((0.0, 0.0), (9.0, 0.0)))
B_LINE = Line("b_line", ((0.0, 0.0), (0.0, 9.0)))


def answers(
    library: Library, rater: str, task: str, values: dict[int, str | None]
) -> None:
    library.labels.give(*(Answer(c, task, v, rater) for c, v in values.items()))


# --- kappa ---------------------------------------------------------------------------


def test_kappa_of_a_table_worked_out_by_hand() -> None:
    # 20 and 15 of 50 alike: 0.7 observed, 0.5 by chance (0.5 * 0.6 + 0.5 * 0.4).
    assert float(kappa(np.array([[20.0, 5.0], [10.0, 15.0]]))) == pytest.approx(0.4)


def test_a_near_miss_is_half_a_miss_where_kappa_is_weighted() -> None:
    # Distances: 1 case at 1 of 4 = 0.25 observed. Margins (2, 1, 1) and (2, 2, 0) over
    # 4: expected sum |i - j| p q = (2*2*1 + 1*2*1 + 1*2*2 + 1*2*1) / 16 = 12 / 16.
    table = np.array([[2.0, 0, 0], [0, 1, 0], [0, 1, 0]])
    assert float(kappa(table, linear=True)) == pytest.approx(1 - 0.25 / (12 / 16))


def test_kappa_is_not_defined_where_all_is_of_one_class() -> None:
    assert math.isnan(float(kappa(np.array([[7.0, 0.0], [0.0, 0.0]]))))


@pytest.mark.parametrize("linear", [False, True])
def test_kappa_is_that_of_scikit_learn(linear: bool) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    chance = np.random.default_rng(3)
    first = chance.integers(0, 4, 90)
    second = np.clip(first + chance.integers(-1, 2, 90), 0, 3)
    theirs = metrics.cohen_kappa_score(
        first, second, weights="linear" if linear else None
    )
    ours = float(kappa(confusion(first, second, 4), linear=linear))
    assert ours == pytest.approx(theirs)


def test_the_interval_is_wider_where_the_clips_are_of_few_patients() -> None:
    chance = np.random.default_rng(5)
    first = np.repeat(chance.integers(0, 2, 40), 5)
    wrong = np.repeat(chance.random(40) < 0.25, 5)
    second = np.where(wrong, 1 - first, first)
    of_few = kappa_estimate(first, second, [f"P{i // 5}" for i in range(200)], 2)
    alone = kappa_estimate(first, second, [f"P{i}" for i in range(200)], 2)
    assert of_few.value == alone.value
    assert of_few.lower < alone.lower < alone.value < alone.upper < of_few.upper


def test_one_patient_gives_no_interval() -> None:
    found = kappa_estimate([0, 1, 1], [0, 1, 0], ["A", "A", "A"], 2)
    assert math.isfinite(found.value)
    assert math.isnan(found.lower)


# --- Bland and Altman ----------------------------------------------------------------


def test_limits_of_agreement_worked_out_by_hand() -> None:
    # Differences 1, -1, 2, 2: mean 1, squares about it 0, 4, 1, 1 -> sd = sqrt(2).
    found = bland_altman([3, 2, 5, 6], [2, 3, 3, 4], ["A", "B", "C", "D"])
    assert found.bias.value == pytest.approx(1.0)
    assert found.sd == pytest.approx(math.sqrt(2))
    assert found.upper.value == pytest.approx(1 + 1.96 * math.sqrt(2))
    assert found.lower.value == pytest.approx(1 - 1.96 * math.sqrt(2))
    assert found.bias.lower < 1 < found.bias.upper


def test_the_interval_of_the_bias_is_about_two_standard_errors() -> None:
    chance = np.random.default_rng(1)
    first, n = chance.normal(2.0, 3.0, 400), 400
    found = bland_altman(first, np.zeros(n), [str(i) for i in range(n)])
    half = 1.96 * found.sd / math.sqrt(n)
    assert found.bias.upper - found.bias.value == pytest.approx(half, rel=0.1)
    # Bland and Altman 1999: the standard error of a limit is sqrt(3 sd^2 / n).
    half = 1.96 * math.sqrt(3 * found.sd**2 / n)
    assert found.upper.upper - found.upper.value == pytest.approx(half, rel=0.15)


# --- in a library --------------------------------------------------------------------


def test_findings_grades_and_sets_are_compared_on_the_clips_both_labelled(
    filled: Library,
) -> None:
    first, second, third = filled.clips.ids()
    answers(filled, "anna", "finding.b_lines", {first: "yes", second: "no"})
    answers(filled, "bert", "finding.b_lines", {first: "yes", second: "yes"})
    answers(filled, "bert", "finding.b_lines", {third: "no"})
    answers(filled, "anna", "severity", {first: "0", second: "2"})
    answers(filled, "bert", "severity", {first: "0", second: "3"})
    answers(filled, "anna", "group.a_lines", {first: "weak+stacked", second: "none"})
    answers(filled, "bert", "group.a_lines", {first: "weak", second: "none"})
    found = agreement(filled, "anna", "bert")
    tasks = {one.name: one for one in found.tasks}
    assert found.common == 2
    b_lines = tasks["finding.b_lines"]
    assert (b_lines.clips, b_lines.agreed, b_lines.apart) == (
        2,
        0.5,
        (Apart(second, "no", "yes"),),
    )
    assert b_lines.confusion == ((1, 0), (1, 0))  # yes, no down and across
    assert tasks["severity"].weighted
    assert not b_lines.weighted
    assert tasks["group.a_lines: weak"].agreed == 1.0
    assert tasks["group.a_lines: stacked"].apart == (Apart(first, "yes", "no"),)
    assert "group.a_lines: bold" not in tasks


def test_what_either_could_not_assess_is_left_out_and_counted(filled: Library) -> None:
    first, second, third = filled.clips.ids()
    answers(
        filled,
        "anna",
        "severity",
        {first: "0", second: "2", third: NOT_ASSESSABLE},
    )
    answers(filled, "bert", "severity", {first: "0", second: "2", third: "1"})
    [one] = agreement(filled, "anna", "bert").tasks
    assert (one.clips, one.not_assessable, one.kappa.value) == (2, 1, 1.0)


def test_an_answer_taken_back_counts_no_more(filled: Library) -> None:
    first, second, _ = filled.clips.ids()
    for rater in ("anna", "bert"):
        answers(filled, rater, "severity", {first: "0", second: "2"})
    answers(filled, "bert", "severity", {second: None})
    with pytest.raises(LibraryError, match="both labelled: 1"):
        agreement(filled, "anna", "bert")


def test_lines_drawn_on_the_same_frames_are_counted(filled: Library) -> None:
    first, second, _ = filled.clips.ids()
    draw = filled.drawings.draw
    draw(first, 0, [B_LINE, B_LINE, A_LINE], rater="anna")
    draw(first, 0, [B_LINE, A_LINE], rater="bert")
    draw(second, 0, [B_LINE], rater="anna")
    draw(second, 0, [], rater="bert")
    draw(second, 1, [B_LINE], rater="anna")
    found = {one.what: one for one in agreement(filled, "anna", "bert").numbers}
    pairs = [(p.clip_id, p.frame, p.first, p.second) for p in found["b_line"].pairs]
    assert pairs == [(first, 0, 2.0, 1.0), (second, 0, 1.0, 0.0)]
    assert found["b_line"].figures.bias.value == 1.0
    assert found["a_line"].figures.bias.value == 0.0


def test_numbers_of_ones_own_are_compared(filled: Library) -> None:
    filled.labels.define(Task("ribs", "ribs seen", Kind.NUMBER, lower=0), who="anna")
    first, second, _ = filled.clips.ids()
    answers(filled, "anna", "ribs", {first: "3", second: "4"})
    answers(filled, "bert", "ribs", {first: "2", second: "3"})
    [one] = agreement(filled, "anna", "bert").numbers
    assert (one.words, one.figures.bias.value, one.figures.sd) == ("ribs seen", 1.0, 0)


def test_nobody_is_compared_with_who_said_nothing_or_with_oneself(
    filled: Library,
) -> None:
    clip, _, _ = filled.clips.ids()
    answers(filled, "anna", "severity", {clip: "0"})
    with pytest.raises(LibraryError, match="bert has not labelled any clip"):
        agreement(filled, "anna", "bert")
    with pytest.raises(LibraryError, match="No model has looked"):
        agreement(filled, "anna", "model")
    with pytest.raises(LibraryError, match="raters are one"):
        agreement(filled, "anna", "anna")


# --- on the command line -------------------------------------------------------------


def asked(library: Library, raters: str, *more: str) -> int:
    folder = str(library.folder)
    return cli.main(
        ["library", "agreement", "--raters", raters, "--library", folder, *more]
    )


def test_the_command_tells_kappas_and_limits(
    filled: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = filled.clips.ids()
    answers(filled, "anna", "severity", {first: "0", second: "2", third: "1"})
    answers(filled, "bert", "severity", {first: "0", second: "3", third: "1"})
    answers(filled, "anna", "s_f", {first: "300", second: "400"})
    answers(filled, "bert", "s_f", {first: "310", second: "420"})
    assert asked(filled, "anna,bert") == 0
    told = capsys.readouterr().out
    assert "67%      3        1 weighted" in told
    assert "S/F ratio: 2 pairs, bias -15.00" in told
    assert asked(filled, "anna,bert", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    [task] = found["tasks"]
    assert (task["agreed"], task["kappa"]["lower"]) == (pytest.approx(2 / 3), None)
    apart = [{"clip": second, "said": ["2", "3"]}]
    assert (task["weights"], task["apart"]) == ("linear", apart)
    assert found["numbers"][0]["pairs"] == 2


def test_the_command_says_what_it_needs(
    filled: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(filled, "anna") == 1
    assert "two raters" in capsys.readouterr().err
    assert asked(filled, "anna,bert") == 1
    assert "anna has not labelled any clip" in capsys.readouterr().err
