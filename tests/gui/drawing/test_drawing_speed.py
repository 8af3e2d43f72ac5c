"""Drawing lines never keeps the window busy for longer than a frame."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tests.gui.drawing.pen import drag, draw_b_line, draw_pleura, kept, ridge_y, settle
from tests.gui.watchdog import over_at_best, watching

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from lusviewer.gui.main_window import MainWindow
    from tests.gui.watchdog import WatchedApplication

FRAMES = (3, 6, 9)
Over = list[tuple[float, str]]


def drawn(qtbot: QtBot, qapp: WatchedApplication, window: MainWindow) -> Over:
    """Draw a pleura in one go and a B-line on each of three frames."""
    with watching(qapp) as watch:
        for index in FRAMES:
            window._viewer.set_frame(index)
            window.actions_by_name["draw_pleura"].trigger()
            xs = np.arange(30.0, 190.0, 2.0)
            drag(window, *((x, float(ridge_y(x, index)) - 3.0) for x in xs))
            draw_b_line(window)
            settle(qtbot, window)
            qtbot.wait(200)
    return watch.over


def test_drawing_keeps_the_window_busy_for_less_than_a_frame_at_a_time(
    qtbot: QtBot, qapp: WatchedApplication, drawing: MainWindow
) -> None:
    draw_pleura(drawing)  # Once before, for what is loaded and laid out only once.
    settle(qtbot, drawing)
    drawing.resize(1440, 900)
    over = over_at_best(partial(drawn, qtbot, qapp, drawing))
    assert list(kept(drawing)) == [0, *FRAMES]
    assert over == []
