"""The error of a training as it falls, and what it was where the pointer stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QPointF, QTimer
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from lusviewer.gui.learning.curve_plot import CurvePlot, nearest
from lusviewer.gui.learning.trainings import Curve
from lusviewer.gui.theme import DARK, LIGHT, apply_theme
from tests.gui.conftest import WAIT_MS
from tests.gui.watchdog import Watch

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.gui.watchdog import WatchedApplication

STEPS = list(range(10, 410, 10))
LIMIT_MS = 16.0


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


def watched_growing(qtbot: QtBot, qapp: WatchedApplication) -> Watch:
    """Make a plot and add step after step, each in an event that is measured."""
    host = QWidget()
    column = QVBoxLayout(host)
    qtbot.addWidget(host)
    host.resize(300, 300)
    host.show()
    qtbot.waitExposed(host)
    curves, watch = falling(), Watch()
    curve, made = curves["temporal"], list[CurvePlot]()

    def go_on() -> None:
        if not made:
            made.append(CurvePlot())
            column.addWidget(made[0])
        curve.steps.append(curve.steps[-1] + 10)
        curve.loss.append(0.02)
        made[0].show_curves(curves)

    steps, reference = QTimer(), QTimer()
    steps.timeout.connect(go_on)
    reference.timeout.connect(watch.measure_reference)
    qapp.watch = watch
    steps.start(15)
    reference.start(15)
    try:
        qtbot.waitUntil(lambda: len(watch.references_ms) > 40, timeout=WAIT_MS)
    finally:
        qapp.watch = None
        steps.stop()
        reference.stop()
    assert len(curve.steps) > len(STEPS) + 10
    return watch


def test_neither_making_a_plot_nor_a_new_step_holds_the_window_up(
    qtbot: QtBot, qapp: WatchedApplication
) -> None:
    over: list[tuple[float, str]] = []
    for _ in range(3):
        watch = watched_growing(qtbot, qapp)
        over = watch.over(LIMIT_MS * watch.slowness)
        if not over:
            break
    assert over == []
