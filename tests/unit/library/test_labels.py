"""What is said of clips: kept, superseded, never lost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from lusviewer.errors import LibraryError
from lusviewer.library import NOT_ASSESSABLE, Answer, ClipFilter
from lusviewer.library.tasks import BUILT_IN, Kind, Task, s_f_ratio
from lusviewer.library.values import Correction
from lusviewer.library.zones import SCHEMES, Zone, read_zone

if TYPE_CHECKING:
    from lusviewer.library import Library


def test_a_newer_answer_supersedes_and_the_older_one_stays(filled: Library) -> None:
    first, second = (
        filled.labels.give(Answer(1, "severity", value, "anna"))[0]
        for value in ("1", "2")
    )
    assert [label.answer.value for label in filled.labels.of_clip(1)] == ["2"]
    history = filled.labels.history(1)
    assert [(one.answer.value, one.current) for one in history] == [
        ("1", False),
        ("2", True),
    ]
    assert second.supersedes == first.id


def test_two_raters_stand_beside_each_other(filled: Library) -> None:
    filled.labels.give(Answer(1, "severity", "1", "anna"))
    filled.labels.give(Answer(1, "severity", "3", "ben"))
    said = {one.answer.rater: one.answer.value for one in filled.labels.of_clip(1)}
    assert said == {"anna": "1", "ben": "3"}
    assert filled.labels.raters() == ("anna", "ben")
    assert filled.clips.get(1).labels == {"severity": "3"}


def test_the_same_answer_again_changes_nothing(filled: Library) -> None:
    answer = Answer(1, "finding.b_lines", "yes", "anna", certainty=0.6)
    entries = len(filled.log())
    first = filled.labels.give(answer)
    assert filled.labels.give(answer) == first
    assert len(filled.log()) == entries + 1


def test_everything_said_with_an_answer_is_kept(filled: Library) -> None:
    answer = Answer(
        2,
        "finding.effusion",
        "no",
        "anna",
        certainty=0.25,
        corrected=Correction("yes", "ab" * 32),
        note="rib",
    )
    (kept,) = filled.labels.give(answer)
    assert kept.answer == answer
    assert filled.labels.of_clip(2) == (kept,)


def test_an_answer_taken_back_leaves_the_clip_unlabelled(filled: Library) -> None:
    filled.labels.give(Answer(1, "severity", "1", "anna"))
    filled.labels.give(Answer(1, "severity", None, "anna"))
    unlabelled = filled.clips.page(ClipFilter(unlabelled="severity"))
    assert [clip.id for clip in unlabelled] == [1, 2, 3]
    assert filled.clips.get(1).labels == {}
    assert len(filled.labels.history(1)) == 2


@pytest.mark.parametrize("task", BUILT_IN)
def test_not_assessable_is_a_value_of_every_task(filled: Library, task: str) -> None:
    (kept,) = filled.labels.give(Answer(1, task, NOT_ASSESSABLE, "anna"))
    assert kept.answer.value == NOT_ASSESSABLE


@pytest.mark.parametrize(
    ("task", "value", "kept"),
    [
        ("finding.b_lines", " Yes ", "yes"),
        ("diagnosis", "covid-19", "COVID-19"),
        ("group.a_lines", "stacked + weak", "weak+stacked"),
        ("s_f", "300.50", "300.5"),
    ],
)
def test_values_are_kept_in_one_spelling(
    filled: Library, task: str, value: str, kept: str
) -> None:
    assert filled.labels.give(Answer(1, task, value, "a"))[0].answer.value == kept


@pytest.mark.parametrize(
    ("task", "value"),
    [
        ("severity", "4"),
        ("finding.b_lines", "perhaps"),
        ("group.a_lines", "weak+many"),
        ("s_f", "nan"),
        ("s_f", "9000"),
        ("diagnosis", ""),
    ],
)
def test_a_value_outside_the_classes_is_refused_with_what_there_is(
    filled: Library, task: str, value: str
) -> None:
    with pytest.raises(LibraryError) as told:
        filled.labels.give(Answer(1, task, value, "anna"))
    assert task in told.value.message
    assert "It takes" in told.value.hint
    assert filled.labels.history(1) == ()


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (Answer(1, "mood", "good", "anna"), "no task 'mood'"),
        (Answer(99, "severity", "1", "anna"), "no clip 99"),
        (Answer(1, "severity", "1", " "), "needs a rater"),
        (Answer(1, "severity", "1", "anna", certainty=1.5), "certainty of 1.5"),
        (Answer(1, "s_f", None, "anna", detail={"spo2": math.nan}), "is not known"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(
    filled: Library, answer: Answer, word: str
) -> None:
    with pytest.raises(LibraryError, match=word):
        filled.labels.give(answer)


def test_answers_given_together_are_kept_together_or_not_at_all(
    filled: Library,
) -> None:
    good, bad = (Answer(1, "severity", v, "anna") for v in ("1", "9"))
    with pytest.raises(LibraryError):
        filled.labels.give(good, bad)
    assert filled.labels.history(1) == ()
    many = [Answer(clip, "severity", "2", "anna") for clip in (1, 2, 3)]
    assert len(filled.labels.give(*many)) == 3


def test_the_s_f_ratio_comes_with_what_it_rests_on(filled: Library) -> None:
    detail = {"spo2": 94.0, "oxygen_l_min": 4.0}
    (kept,) = filled.labels.give(Answer(1, "s_f", None, "anna", detail=detail))
    assert kept.answer.value is not None
    assert float(kept.answer.value) == pytest.approx(94 / 0.37)
    assert kept.answer.detail == detail


@pytest.mark.parametrize(
    ("detail", "ratio"),
    [
        ({"spo2": 98.0}, 98 / 0.21),
        ({"spo2": 90.0, "fio2": 0.5}, 180.0),
        ({"spo2": 90.0, "oxygen_l_min": 60.0}, 90.0),
    ],
)
def test_the_s_f_ratio_by_hand(detail: dict[str, float], ratio: float) -> None:
    assert s_f_ratio(detail) == pytest.approx(ratio)


@pytest.mark.parametrize(
    "detail", [{}, {"spo2": 140.0}, {"spo2": 90.0, "fio2": 40.0}, {"spo2": math.nan}]
)
def test_oxygen_that_cannot_be_is_refused(detail: dict[str, float]) -> None:
    with pytest.raises(LibraryError, match="cannot be"):
        s_f_ratio(detail)


def test_a_task_of_ones_own_takes_its_classes(filled: Library) -> None:
    task = Task("dyspnoea", "Dyspnoea", Kind.CLASS, ("none", "mild", "severe"))
    filled.labels.define(task, who="anna")
    filled.labels.give(Answer(1, "dyspnoea", "mild", "anna"))
    assert filled.labels.tasks()["dyspnoea"] == task
    with pytest.raises(LibraryError, match="'awful' is no value of dyspnoea"):
        filled.labels.give(Answer(2, "dyspnoea", "awful", "anna"))


def test_a_task_keeps_the_classes_that_labels_use(filled: Library) -> None:
    own = Task("diagnosis", "Diagnosis", Kind.CLASS, ("oedema", "pneumonia"))
    filled.labels.define(own, who="anna")
    filled.labels.give(Answer(1, "diagnosis", "oedema", "anna"))
    narrower = Task("diagnosis", "Diagnosis", Kind.CLASS, ("pneumonia", "other"))
    with pytest.raises(LibraryError, match="say 'oedema'"):
        filled.labels.define(narrower, who="anna")
    wider = Task("diagnosis", "Diagnosis", Kind.CLASS, ("oedema", "pneumonia", "x"))
    filled.labels.define(wider, who="anna")


def test_what_is_built_in_stays_as_it_is(filled: Library) -> None:
    with pytest.raises(LibraryError, match="severity is built in"):
        filled.labels.define(Task("severity", "S", Kind.CLASS, ("a",)), who="anna")


@pytest.mark.parametrize(
    ("key", "classes"),
    [("Two Words", ("a",)), ("patient", ("a",)), ("b_lines", ("a",)), ("x", ())],
)
def test_a_task_that_could_not_be_a_column_is_refused(
    key: str, classes: tuple[str, ...]
) -> None:
    with pytest.raises(LibraryError):
        Task(key, key, Kind.CLASS, classes)


def test_labels_cannot_be_edited_or_deleted_behind_the_librarys_back(
    filled: Library,
) -> None:
    filled.labels.give(Answer(1, "severity", "1", "anna"))
    for sql in ("UPDATE labels SET value = '3'", "DELETE FROM labels"):
        with (
            pytest.raises(IntegrityError, match="superseded"),
            filled.database.writing("x") as change,
        ):
            change.connection.exec_driver_sql(sql)
    assert filled.labels.of_clip(1)[0].answer.value == "1"


def test_every_scheme_has_its_zones_on_both_sides() -> None:
    assert {name: len(zones) for name, zones in SCHEMES.items()} == {
        "12": 12,
        "8": 8,
        "6": 6,
        "BLUE": 6,
    }
    assert read_zone("blue:l3") == Zone("BLUE", "L3")
    assert Zone("BLUE", "L3").words == "left PLAPS point"


@pytest.mark.parametrize("text", ["8:R5", "10:R1", "R1", ""])
def test_a_zone_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(LibraryError):
        read_zone(text)
