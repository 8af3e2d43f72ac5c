"""Parts that make do with little room: nothing is cut without a sign of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lusviewer.gui.narrow import NarrowCombo, Pair
from lusviewer.gui.panel_parts import words

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

LONG = "Predicted otherwise than labelled"


@pytest.fixture
def combo(qtbot: QtBot) -> NarrowCombo:
    made = NarrowCombo()
    made.addItems([LONG, "All"])
    qtbot.addWidget(made)
    made.show()
    return made


def test_words_without_room_end_in_an_ellipsis(combo: NarrowCombo) -> None:
    combo.resize(combo.room() + 40, combo.height())
    assert combo.shown_text() == LONG
    combo.resize(90, combo.height())
    assert combo.shown_text().endswith("…")
    combo.setCurrentIndex(1)
    assert combo.shown_text() == "All"


def test_the_room_of_a_box_is_enough_for_its_words(combo: NarrowCombo) -> None:
    combo.resize(combo.room(), combo.height())
    assert combo.shown_text() == LONG


def test_nothing_chosen_shows_the_placeholder(combo: NarrowCombo) -> None:
    combo.setPlaceholderText("Answer")
    combo.setCurrentIndex(-1)
    combo.resize(200, combo.height())
    assert combo.shown_text() == "Answer"
    assert not combo.grab().isNull()


def test_two_boxes_stand_one_above_the_other_where_both_lack_room(
    qtbot: QtBot,
) -> None:
    first, second = NarrowCombo(), NarrowCombo()
    first.addItems([LONG, "All"])
    second.addItem("By patient")
    pair = Pair(first, second)
    qtbot.addWidget(pair)
    pair.resize(900, 60)
    pair.show()
    stood = [pair.stacked]
    pair.resize(first.room() + 10, 60)
    stood.append(pair.stacked)
    first.setCurrentIndex(1)
    pair.arrange()
    stood.append(pair.stacked)
    assert stood == [False, True, False]


def test_a_pair_asks_for_no_more_than_its_wider_part_needs(qtbot: QtBot) -> None:
    pair = Pair(words("Clinical values"), words("none"), shares=(0, 1))
    qtbot.addWidget(pair)
    pair.show()
    widest = max(
        part.minimumSizeHint().width() for part in pair.findChildren(type(words("")))
    )
    assert pair.minimumSizeHint().width() == widest


def test_pairs_that_are_joined_stand_alike(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    pairs = [
        Pair(words("Biomarkers"), words(text), shares=(0, 1))
        for text in ("38 values", "15 values, of which some are missing in 33 clips")
    ]
    for pair in pairs:
        column.addWidget(pair)
    Pair.join(pairs)
    page.resize(600, 100)
    page.show()
    assert not any(pair.stacked for pair in pairs)
    page.resize(250, 200)
    assert all(pair.stacked for pair in pairs)
