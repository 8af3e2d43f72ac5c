"""The bars on top of the docks: no title is said twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lusviewer.gui.dock_title import DockTitle
from tests.gui.conftest import WAIT_MS

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDockWidget
    from pytestqt.qtbot import QtBot

    from lusviewer.gui.main_window import MainWindow


def bar_of(dock: QDockWidget) -> DockTitle:
    bar = dock.titleBarWidget()
    assert isinstance(bar, DockTitle)
    return bar


def test_a_dock_among_tabs_does_not_repeat_its_title(
    qtbot: QtBot, window: MainWindow
) -> None:
    exam, _, timelines = window.docks
    qtbot.waitUntil(lambda: not bar_of(exam).title.isVisible(), timeout=WAIT_MS)
    assert bar_of(timelines).title.isVisible()
    assert bar_of(timelines).title.full_text == "Timelines"
    bar_of(exam).float_button.click()
    assert exam.isFloating()
    qtbot.waitUntil(bar_of(exam).title.isVisible, timeout=WAIT_MS)
    bar_of(exam).float_button.click()
    qtbot.waitUntil(lambda: not bar_of(exam).title.isVisible(), timeout=WAIT_MS)


def test_a_dock_is_closed_by_its_bar(qtbot: QtBot, window: MainWindow) -> None:
    timelines = window.docks[2]
    bar_of(timelines).close_button.click()
    assert not timelines.isVisible()
    assert not timelines.toggleViewAction().isChecked()


def test_the_last_dock_of_a_side_says_its_title(
    qtbot: QtBot, window: MainWindow
) -> None:
    findings, learning = window.docks[1], window.study_docks[2]
    assert not bar_of(findings).title.isVisible()
    learning.close()
    qtbot.waitUntil(bar_of(findings).title.isVisible, timeout=WAIT_MS)
