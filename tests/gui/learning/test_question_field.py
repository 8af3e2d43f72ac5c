"""What to learn, and how its values become classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from lusviewer.gui.learning.question import QuestionField
from lusviewer.gui.learning.wishes import Asked
from lusviewer.gui.learning.work import Offer, TaskOffer

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

OFFER = Offer(
    made=True,
    tasks=(
        TaskOffer("group.b_lines", "b lines", "set", ("few", "many"), 4),
        TaskOffer("severity", "severity", "class", ("0", "1", "2", "3"), 9),
        TaskOffer("diagnosis", "diagnosis", "class", ("a", "b", "c"), 8),
        TaskOffer("s_f", "S/F ratio", "number", (), 7),
        TaskOffer("cough", "cough", "class", ("no", "yes"), 0),
    ),
)


@pytest.fixture
def field(qtbot: QtBot) -> QuestionField:
    made = QuestionField()
    qtbot.addWidget(made)
    made.show_offer(OFFER)
    return made


def items(field: QuestionField) -> list[str]:
    return [field.task.itemData(place) for place in range(field.task.count())]


def test_the_task_with_most_labels_is_proposed_and_those_without_stand_last(
    field: QuestionField,
) -> None:
    assert field.asked == Asked("severity")
    assert items(field) == ["severity", "diagnosis", "s_f", "group.b_lines", "cough"]
    model = field.task.model()
    possible = [
        bool(model.flags(model.index(place, 0)) & Qt.ItemFlag.ItemIsEnabled)
        for place in range(5)
    ]
    assert possible == [True, True, True, True, False]


def test_grades_can_be_parted_and_sets_asked_for_one_value(
    field: QuestionField,
) -> None:
    field.parting.choose("2")
    assert field.asked == Asked("severity", (2.0,))
    assert field.words == "Severity: 2 or more"
    field.task.choose("group.b_lines")
    field.parting.choose("many")
    assert field.asked == Asked("group.b_lines", has="many")
    assert field.words == "B-lines, how many: many or coalescing"
    field.task.choose("diagnosis")
    assert field.asked == Asked("diagnosis")


def test_what_is_chosen_stays_when_more_is_labelled(field: QuestionField) -> None:
    field.parting.choose("2")
    field.show_offer(OFFER)
    assert field.asked == Asked("severity", (2.0,))
    field.task.choose("s_f")
    field.set_cuts((200.0, 300.0))
    field.show_offer(OFFER)
    assert field.asked == Asked("s_f", (200.0, 300.0))


def test_where_two_answers_are_all_nothing_with_more_is_offered(qtbot: QtBot) -> None:
    field = QuestionField(two_only=True)
    qtbot.addWidget(field)
    field.show_offer(OFFER)
    assert "diagnosis" not in items(field)
    assert field.asked == Asked("severity", (1.0,))
    field.task.choose("s_f")
    assert field.asked == Asked("s_f", (275.0,))
    field.set_cuts((180.0, 240.0, 430.0))
    assert field.asked == Asked("s_f", (240.0,))


@pytest.mark.parametrize(
    ("typed", "misread", "cuts"),
    [
        ("180, 275", "", (180.0, 275.0)),
        ("180, x", "x", (180.0,)),
        ("nan", "nan", ()),
        ("", "", ()),
    ],
)
def test_what_is_no_number_is_named(
    field: QuestionField, typed: str, misread: str, cuts: tuple[float, ...]
) -> None:
    field.task.choose("s_f")
    field.cuts.setText(typed)
    assert field.misread == misread
    assert field.asked == Asked("s_f", cuts)
    field.task.choose("severity")
    assert field.misread == ""
