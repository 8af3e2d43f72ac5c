"""Learning from the clips that the library's list shows, or that are selected in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from lusviewer.gui.learning.child import by_input
from lusviewer.gui.learning.wishes import in_runs
from lusviewer.gui.study.listing.clip_list_view import ClipListView
from lusviewer.gui.study.listing.work import Choice
from tests.gui.conftest import WAIT_MS
from tests.gui.learning.conftest import looked, words_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.learning.panel import LearningPanel

    Show = Callable[[], LearningPanel]


def offered(panel: LearningPanel) -> list[str]:
    field = panel.tabs.experts.form.clips
    return [field.itemText(place) for place in range(field.count())]


def possible(panel: LearningPanel) -> list[bool]:
    model = panel.tabs.experts.form.clips.model()
    flags = [model.flags(model.index(row, 0)) for row in range(model.rowCount())]
    return [bool(flag & Qt.ItemFlag.ItemIsEnabled) for flag in flags]


def test_the_form_follows_what_is_listed_and_selected_in_the_library(
    qtbot: QtBot, library: Path, shown: Show
) -> None:
    panel = shown()
    view = ClipListView(panel._study)
    qtbot.addWidget(view)
    form = panel.tabs.experts.form
    form.question.task.choose("severity")
    assert "36 clips of 12 patients" in looked(qtbot, panel)
    view.clips.choose(Choice(text="P1"))
    qtbot.waitUntil(
        lambda: "Those in the library's list now (9)" in offered(panel),
        timeout=WAIT_MS,
    )
    assert possible(panel) == [True, True, False]
    form.clips.choose("listed")
    said = looked(qtbot, panel)
    assert "9 clips of 3 patients" in said
    assert "Chosen: 9 of the library's 36 clips." in said
    assert not panel.tabs.experts.box.start.isEnabled()
    view.clips.choose(Choice())
    qtbot.waitUntil(
        lambda: "36 clips of 12 patients" in words_in(panel.tabs.experts.box.check),
        timeout=WAIT_MS,
    )
    view.selectAll()
    assert "Those selected in the list (36)" in offered(panel)
    form.clips.choose("selected")
    assert panel.tabs.experts.wish is not None
    assert "1-36" in panel.tabs.experts.wish.arguments()
    view.clearSelection()
    assert "No clip is chosen in the library's list." in looked(qtbot, panel)
    assert not panel.tabs.experts.box.start.isEnabled()


@pytest.mark.parametrize(
    ("numbers", "words"),
    [((3,), "3"), ((9, 2, 1, 3, 7, 9), "1-3,7,9"), ((5, 6), "5-6")],
)
def test_clips_are_named_in_runs(numbers: tuple[int, ...], words: str) -> None:
    assert in_runs(numbers) == words


def test_a_long_list_is_sent_and_not_written_on_the_command_line() -> None:
    every_other = in_runs(range(1, 20_000, 2))
    call = ["train", "expert", "--clips", every_other, "--seed", "0"]
    short, line = by_input(call)
    assert short == ["train", "expert", "--clips", "-", "--seed", "0"]
    assert line == every_other
    assert by_input(["train", "expert"]) == (["train", "expert"], None)
