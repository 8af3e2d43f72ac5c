"""Tasks of the library as questions to an expert."""

from __future__ import annotations

import pytest

from lusviewer.errors import TrainingError
from lusviewer.library.tasks import BUILT_IN
from lusviewer.training.local.question import ask


def test_classes_keep_the_order_of_the_task():
    assert ask(BUILT_IN["severity"]).classes == ("0", "1", "2", "3")


def test_a_finding_puts_no_before_yes_so_that_yes_is_the_positive_one():
    question = ask(BUILT_IN["finding.b_lines"])
    assert question.classes == ("no", "yes")
    assert question.class_of("yes") == 1


@pytest.mark.parametrize(
    ("value", "place"), [("1", 0), ("2", 1), ("3", 1), ("x", None)]
)
def test_grades_can_be_parted(value, place):
    question = ask(BUILT_IN["severity"], cuts=(2,))
    assert question.classes == ("below 2", "2 or more")
    assert question.class_of(value) == place


def test_numbers_are_parted_at_each_cut():
    question = ask(BUILT_IN["s_f"], cuts=(275, 180))
    assert question.classes == ("below 180", "180 to 275", "275 or more")
    assert [question.class_of(v) for v in ("100", "180", "300")] == [0, 1, 2]


def test_of_a_set_one_label_is_asked_for():
    question = ask(BUILT_IN["group.b_lines"], has="many")
    assert question.class_of("few+many") == 1
    assert question.class_of("few") == 0


@pytest.mark.parametrize(
    ("task", "options", "words"),
    [
        ("s_f", {}, "is a number"),
        ("group.b_lines", {}, "several labels"),
        ("group.b_lines", {"has": "none at all"}, "several labels"),
        ("diagnosis", {"cuts": (2,)}, "is no number"),
        ("severity", {"has": "2"}, "takes one value"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_to_do(task, options, words):
    with pytest.raises(TrainingError, match=words) as caught:
        ask(BUILT_IN[task], **options)
    assert caught.value.hint
