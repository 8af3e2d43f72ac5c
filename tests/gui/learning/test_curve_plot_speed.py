"""Neither the plot of a training's errors nor a new step in it holds the window up."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lusviewer.gui.learning.curve_plot import CurvePlot
from tests.gui.conftest import WAIT_MS
from tests.gui.learning.test_curve_plot import STEPS, falling
from tests.gui.watchdog import over_at_best, watching

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.gui.watchdog import WatchedApplication


def watched_growing(qtbot: QtBot, qapp: WatchedApplication) -> list[tuple[float, str]]:
    """Make a plot and add step after step, each in an event that is measured."""
    host = QWidget()
    column = QVBoxLayout(host)
    qtbot.addWidget(host)
    host.resize(300, 300)
    host.show()
    qtbot.waitExposed(host)
    curves = falling()
    curve, made = curves["temporal"], list[CurvePlot]()

    def go_on() -> None:
        if not made:
            made.append(CurvePlot())
            column.addWidget(made[0])
        curve.steps.append(curve.steps[-1] + 10)
        curve.loss.append(0.02)
        made[0].show_curves(curves)

    steps = QTimer()
    steps.timeout.connect(go_on)
    steps.start(15)
    with watching(qapp, every_ms=15) as watch:
        qtbot.waitUntil(lambda: len(watch.references_ms) > 40, timeout=WAIT_MS)
    steps.stop()
    assert len(curve.steps) > len(STEPS) + 10
    return watch.over


def test_neither_making_a_plot_nor_a_new_step_holds_the_window_up(
    qtbot: QtBot, qapp: WatchedApplication
) -> None:
    assert over_at_best(partial(watched_growing, qtbot, qapp)) == []
