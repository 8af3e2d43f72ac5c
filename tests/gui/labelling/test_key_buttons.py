"""The buttons of a question keep their words: in one line, in two, or a short form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lusviewer.gui import theme
from lusviewer.gui.labelling.model import Labelling
from lusviewer.gui.labelling.questions import Given, question_of
from lusviewer.gui.labelling.row import Controls
from lusviewer.library.tasks import BUILT_IN
from tests.gui.conftest import WAIT_MS

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from lusviewer.gui.labelling.row import KeyButton
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.viewer_model import ViewerModel


@pytest.fixture
def controls(qtbot: QtBot, viewer: ViewerModel, study: StudyModel) -> Controls:
    """The buttons of a question that the model has answered, as has a person."""
    made = Controls(Labelling(viewer, study))
    qtbot.addWidget(made)
    made.show_question(question_of(BUILT_IN["finding.b_lines"]), "yes", None)
    return made


def shown_at(controls: Controls, letters: int, scale: float) -> tuple[KeyButton, ...]:
    """Show the buttons in a width of so many letters; return all in view."""
    buttons = (
        controls.agree,
        controls.change,
        controls.unsure,
        controls.not_assessable,
    )
    for one in (*buttons, controls.take_back):
        one.setFont(theme.font(one.font(), scale=scale))
    controls.resize(letters * buttons[0].fontMetrics().averageCharWidth(), 90)
    controls.show()
    return buttons


@pytest.mark.parametrize(
    ("letters", "scale", "lines", "word"),
    [
        (70, 1.0, 1, "X not assessable"),
        (45, 1.5, 2, "X not assessable"),
        (29, 1.5, 2, "X not assess."),
    ],
)
def test_no_button_loses_its_words_at_a_large_font(
    qtbot: QtBot, controls: Controls, letters: int, scale: float, lines: int, word: str
) -> None:
    buttons = shown_at(controls, letters, scale)
    texts = [one.text() for one in buttons]
    assert texts == ["Y agree", "N change", "U unsure", word]
    qtbot.waitUntil(lambda: len({one.y() for one in buttons}) == lines, timeout=WAIT_MS)
    assert all(one.width() >= one.sizeHint().width() for one in buttons)


def test_in_two_lines_taking_back_leaves_the_room_to_the_words(
    qtbot: QtBot, controls: Controls
) -> None:
    shown_at(controls, 29, 1.5)
    mine = Given("yes", "anna")
    controls.show_question(question_of(BUILT_IN["finding.b_lines"]), "yes", mine)
    assert controls.not_assessable.text() == "X not assess."
    assert controls.take_back.isVisible()
    above, below = controls.agree, controls.not_assessable
    qtbot.waitUntil(lambda: below.y() > above.y(), timeout=WAIT_MS)
    assert controls.take_back.y() == above.y()
    assert controls.take_back.x() > controls.change.x()


def test_words_without_any_room_are_still_said(controls: Controls) -> None:
    *_, last = shown_at(controls, 16, 1.5)
    assert last.text() == "X"
    assert last.accessibleName() == "Not assessable in this clip"
    assert "Not assessable" in last.toolTip()
