"""The error of a training as it falls, and what it was where the pointer stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QPointF
from PySide6.QtWidgets import QApplication

from lusviewer.gui.learning.curve_plot import CurvePlot, nearest
from lusviewer.gui.learning.trainings import Curve
from lusviewer.gui.theme import DARK, LIGHT, apply_theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.gui.watchdog import WatchedApplication

STEPS = list(range(10, 410, 10))


def falling() -> dict[str, Curve]:
    losses = [10.0 / step for step in STEPS]
    return {"temporal": Curve(list(STEPS), losses, STEPS[::4], [2.0] * 10)}


@pytest.fixture
def plot(qtbot: QtBot, qapp: WatchedApplication) -> CurvePlot:
    apply_theme(qapp, "dark")
    made = CurvePlot()
    qtbot.addWidget(made)
    made.resize(300, 200)
    made.show()
    qtbot.waitExposed(made)
    made.show_curves(falling())
    # It is laid out before it is pointed at.
    made.grab()
    return made


def pointed(plot: CurvePlot, step: float) -> None:
    """Move the pointer over a step."""
    place = plot.axes.view.mapViewToScene(QPointF(step, 0.5))
    plot.axes.widget.scene().sigMouseMoved.emit(place)


def test_the_last_errors_are_told_below_the_curve(plot: CurvePlot) -> None:
    assert plot.key.text() == (
        "Error by step. Solid: clips it learns from, 0.025\n"
        "Dashed: clips that only judge, 2.000"
    )
    assert plot.axes.widget.accessibleDescription() == plot.key.text()
    across, up = plot.axes.view.viewRange()
    assert across[0] <= 10 < 400 <= across[1]
    assert up[0] <= 0.025 < 2.0 <= up[1]


def test_the_errors_where_the_pointer_stands_are_read_out_until_it_leaves(
    plot: CurvePlot,
) -> None:
    pointed(plot, 21.0)
    assert plot.axes.pointer.isVisible()
    assert plot.axes.pointer.value() == 20
    assert "Error at step 20. Solid: clips it learns from, 0.500" in plot.key.text()
    pointed(plot, -500.0)
    assert "step 10." in plot.key.text()
    QApplication.sendEvent(plot.axes.widget, QEvent(QEvent.Type.Leave))
    assert "Error by step." in plot.key.text()
    assert not plot.axes.pointer.isVisible()


def test_no_step_is_nearest_where_there_is_none() -> None:
    assert nearest([], 3.0) is None
    assert nearest([1, 5], None) is None
    assert nearest([1, 5], 3.5) == 5


def test_the_lines_follow_the_theme(plot: CurvePlot, qapp: WatchedApplication) -> None:
    def colour() -> str:
        return str(plot.learned.opts["pen"].color().name())

    try:
        assert colour() == DARK.accent
        apply_theme(qapp, "light")
        assert colour() == LIGHT.accent
    finally:
        apply_theme(qapp, "dark")
