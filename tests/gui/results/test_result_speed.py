"""No page of a result, nor that of two raters, holds the window up."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QTimer

from lusviewer.gui.theme import apply_theme
from lusviewer.library import Answer, Line, open_library
from tests.gui.conftest import WAIT_MS
from tests.gui.results.conftest import page, shown
from tests.gui.watchdog import over_at_best, watching

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.main_window import MainWindow
    from tests.gui.watchdog import WatchedApplication

Watched = Callable[[Callable[[], object]], list[tuple[float, str]]]


@pytest.fixture
def watched(qtbot: QtBot, qapp: WatchedApplication) -> Watched:
    """Does something and returns the events that held the window up meanwhile."""

    def run(act: Callable[[], object]) -> list[tuple[float, str]]:
        with watching(qapp) as watch:
            act()
            # Until it is painted, and enough is known of the machine.
            enough = len(watch.references_ms) + 25
            qtbot.waitUntil(lambda: len(watch.references_ms) > enough, timeout=WAIT_MS)
        assert watch.spent_ms
        return watch.over

    return run


def test_no_page_of_a_result_holds_the_window_up(
    qtbot: QtBot,
    qapp: WatchedApplication,
    main: MainWindow,
    tree_expert: Path,
    watched: Watched,
) -> None:
    apply_theme(qapp, "dark")

    def opened() -> list[tuple[float, str]]:
        over = watched(lambda: shown(qtbot, main, tree_expert))
        window = main.results.windows[-1]
        assert window.tabs.count() == 7
        for place in range(1, window.tabs.count()):
            title = window.tabs.tabText(place)
            slow = watched(partial(page, qtbot, window, title))
            over += [(spent, f"{title}: {event}") for spent, event in slow]
        window.close()
        qtbot.waitUntil(lambda: not main.results.windows, timeout=WAIT_MS)
        return over

    assert over_at_best(opened) == []


def test_comparing_two_raters_does_not_hold_the_window_up(
    qtbot: QtBot, qapp: WatchedApplication, main: MainWindow, watched: Watched
) -> None:
    apply_theme(qapp, "dark")
    line = Line("b_line", ((0.0, 0.0), (0.0, 9.0)))
    with open_library(main.study.shelf.folder) as library:
        clips = [clip.id for clip in library.clips.all()]
        said = [Answer(n, "severity", str(n % 4), "bert") for n in clips]
        library.labels.give(*said)
        for clip in clips:
            library.drawings.draw(clip, 0, [line] * (clip % 5), rater="anna")
            library.drawings.draw(clip, 0, [line] * (clip % 3), rater="bert")

    def compared() -> list[tuple[float, str]]:
        labelling = main.labelling

        def chart_is_there() -> bool:
            page = labelling.agreement
            return page is not None and page.chart is not None

        action = main.actions_by_name["label_agreement"]

        def act() -> None:
            QTimer.singleShot(0, action.trigger)
            qtbot.waitUntil(chart_is_there, timeout=WAIT_MS)

        over = watched(act)
        assert labelling.agreement is not None
        labelling.agreement.close()
        qtbot.waitUntil(lambda: labelling.agreement is None, timeout=WAIT_MS)
        return over

    assert over_at_best(compared) == []
