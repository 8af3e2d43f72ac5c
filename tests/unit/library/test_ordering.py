"""Lists of clips in the order a person asks for, and of those that say one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lusviewer.library import (
    NOT_ASSESSABLE,
    Answer,
    ClipFilter,
    ClipOrder,
    Library,
    OrderBy,
)
from lusviewer.library.tasks import Kind, Task

if TYPE_CHECKING:
    from collections.abc import Mapping

DYSPNOEA = Task("dyspnoea", "dyspnoea", Kind.CLASS, ("none", "mild", "bad"))


def say(library: Library, task: str, values: Mapping[int, str], rater: str) -> None:
    answers = [Answer(key, task, value, rater) for key, value in values.items()]
    library.labels.give(*answers)


def by_label(task: str, *, rater: str | None = None, down: bool = False) -> ClipFilter:
    order = ClipOrder(OrderBy.LABEL, task, descending=down)
    return ClipFilter(rater=rater, order=order)


@pytest.mark.parametrize(
    ("task", "values", "up", "down"),
    [
        ("severity", {1: "2", 2: "0", 3: "1"}, (2, 3, 1), (1, 3, 2)),
        ("s_f", {1: "99", 2: "400", 3: "105"}, (1, 3, 2), (2, 3, 1)),
        ("s_f", {1: NOT_ASSESSABLE, 2: "90"}, (2, 1, 3), (2, 1, 3)),
        ("dyspnoea", {1: "bad", 2: "none", 3: "mild"}, (2, 3, 1), (1, 3, 2)),
        ("dyspnoea", {1: NOT_ASSESSABLE, 3: "bad"}, (3, 1, 2), (3, 1, 2)),
    ],
)
def test_labels_order_by_size_or_as_the_task_names_them(
    filled: Library,
    task: str,
    values: Mapping[int, str],
    up: tuple[int, ...],
    down: tuple[int, ...],
) -> None:
    filled.labels.define(DYSPNOEA, who="anna")
    say(filled, task, values, "anna")
    assert filled.clips.ids(by_label(task)) == up
    assert filled.clips.ids(by_label(task, down=True)) == down
    page = filled.clips.page(by_label(task), start=1, limit=1)
    assert [clip.id for clip in page] == [up[1]]


def test_sets_come_by_what_they_hold(filled: Library) -> None:
    few, many = sorted(filled.labels.tasks()["group.b_lines"].classes)[:2]
    say(filled, "group.b_lines", {2: many, 3: few}, "anna")
    assert filled.clips.ids(by_label("group.b_lines")) == (3, 2, 1)


def test_the_newest_label_counts_or_that_of_one_rater(filled: Library) -> None:
    say(filled, "severity", {1: "3", 2: "2", 3: "1"}, "anna")
    say(filled, "severity", {1: "0"}, "ben")
    assert filled.clips.ids(by_label("severity")) == (1, 3, 2)
    assert filled.clips.ids(by_label("severity", rater="anna")) == (3, 2, 1)
    assert filled.clips.ids(by_label("severity", rater="ben")) == (1, 2, 3)


def test_a_task_nobody_knows_orders_nothing(filled: Library) -> None:
    assert filled.clips.ids(by_label("mood")) == filled.clips.ids()


def test_clips_come_by_path_and_by_when_they_were_added(filled: Library) -> None:
    paths = [clip.path for clip in filled.clips.entries((1, 2, 3))]
    assert paths == sorted(paths)
    for by in (OrderBy.PATH, OrderBy.ADDED, OrderBy.PATIENT):
        assert filled.clips.ids(ClipFilter(order=ClipOrder(by))) == (1, 2, 3)
    filled.clips.assign(2, "B", who="anna")
    down = ClipFilter(order=ClipOrder(OrderBy.PATIENT, descending=True))
    assert filled.clips.ids(down) == (2, 1, 3)
    for by in (OrderBy.PATH, OrderBy.ADDED):
        backwards = ClipFilter(order=ClipOrder(by, descending=True))
        assert filled.clips.ids(backwards) == (3, 2, 1)


def test_clips_are_chosen_by_what_a_label_says(filled: Library) -> None:
    say(filled, "severity", {1: "2", 2: "1", 3: NOT_ASSESSABLE}, "anna")
    say(filled, "severity", {2: "2"}, "ben")
    two = ClipFilter(labelled="severity", value="2")
    assert filled.clips.ids(two) == (1, 2)
    annas = ClipFilter(labelled="severity", value="2", rater="anna")
    assert filled.clips.ids(annas) == (1,)
    unseen = ClipFilter(labelled="severity", value=NOT_ASSESSABLE)
    assert filled.clips.ids(unseen) == (3,)


def test_a_set_is_chosen_by_each_thing_it_holds(filled: Library) -> None:
    first, second, *_ = filled.labels.tasks()["group.b_lines"].classes
    say(filled, "group.b_lines", {1: f"{first}+{second}", 2: second}, "anna")
    for value, found in ((first, (1,)), (second, (1, 2)), (second[:-1], ())):
        chosen = ClipFilter(labelled="group.b_lines", value=value)
        assert filled.clips.ids(chosen) == found


def test_clips_that_are_gone_are_left_out_of_what_is_asked_for(
    filled: Library,
) -> None:
    assert [clip.id for clip in filled.clips.entries((3, 99, 1))] == [3, 1]
    assert filled.clips.entries(()) == ()


def test_patients_come_as_people_count_them(filled: Library) -> None:
    for clip, patient in ((1, "patient_11"), (2, "Patient_3"), (3, "patient_2")):
        filled.clips.assign(clip, patient, who="anna")
    assert filled.clips.ids() == (3, 2, 1)
    down = ClipFilter(order=ClipOrder(OrderBy.PATIENT, descending=True))
    assert filled.clips.ids(down) == (1, 2, 3)
    assert [clip.id for clip in filled.clips.page(start=1, limit=1)] == [2]
    for clip, patient in ((1, "007"), (2, "7"), (3, "10-2")):
        filled.clips.assign(clip, patient, who="anna")
    assert filled.clips.ids() == (1, 2, 3)


def test_a_list_knows_only_the_raters_it_is_to_know(filled: Library) -> None:
    say(filled, "severity", {1: "3", 2: "2"}, "anna")
    say(filled, "severity", {2: "0", 3: "1"}, "ben")
    annas = ("anna",)
    for chosen, found in (
        (ClipFilter(unlabelled="severity", raters=annas), (3,)),
        (ClipFilter(labelled="severity", raters=annas), (1, 2)),
        (ClipFilter(labelled="severity", raters=("anna", "ben")), (1, 2, 3)),
        (ClipFilter(labelled="severity", raters=annas, rater="ben"), ()),
    ):
        assert filled.clips.ids(chosen) == found
    by = ClipFilter(raters=annas, order=ClipOrder(OrderBy.LABEL, "severity"))
    assert filled.clips.ids(by) == (2, 1, 3)
    shown = [clip.labels for clip in filled.clips.page(by)]
    assert shown == [{"severity": "2"}, {"severity": "3"}, {}]
    assert [clip.labels for clip in filled.clips.entries((2,), annas)] == shown[:1]
    assert filled.clips.get(2).labels == {"severity": "0"}
