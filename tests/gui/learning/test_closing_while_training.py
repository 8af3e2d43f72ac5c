"""Closing the whole window while an expert is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gui.conftest import WAIT_MS, load
from tests.gui.learning.conftest import press, words_in

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.learning.closing import CloseGuard
    from lusviewer.gui.learning.trainings import Training
    from lusviewer.gui.main_window import MainWindow

LONG_MS = 3 * WAIT_MS


@pytest.fixture
def training(
    qtbot: QtBot, library: Path, window: MainWindow, bundle_folder: Path
) -> Training:
    """A training of every kind that runs in the window."""
    load(window._viewer)
    qtbot.waitUntil(lambda: window._viewer.analysis.models is not None, timeout=WAIT_MS)
    panel = window.learning.panel
    window.study_docks[-1].raise_()
    experts = panel.tabs.experts
    qtbot.waitUntil(lambda: experts.offer is not None, timeout=WAIT_MS)
    experts.form.question.task.choose("severity")
    qtbot.waitUntil(lambda: experts.box.checker.check.possible, timeout=WAIT_MS)
    experts.box.start.click()
    made = panel.trainings.all[-1]
    qtbot.waitUntil(lambda: bool(made.told.kinds), timeout=LONG_MS)
    return made


def asked(window: MainWindow) -> CloseGuard:
    """Try to close the window; return who asks what comes of the training."""
    assert not window.close()
    assert window.isVisible()
    guard = window.learning.panel.closing
    assert guard.box is not None
    assert "What is to become of it?" in words_in(guard.box)
    assert "Severity" in words_in(guard.box)
    return guard


def test_closing_asks_and_the_window_may_stay_open(
    qtbot: QtBot, window: MainWindow, training: Training, library: Path
) -> None:
    guard = asked(window)
    assert guard.box is not None
    press(qtbot, guard.box, "Keep the window open")
    assert window.isVisible()
    assert training.state.value == "running"
    guard = asked(window)
    assert guard.box is not None
    press(qtbot, guard.box, "Cancel it and close")
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=LONG_MS)
    assert not (library / "experts").exists()


def test_closing_twice_closes_though_the_second_question_was_not_answered(
    qtbot: QtBot, window: MainWindow, training: Training, library: Path
) -> None:
    guard = asked(window)
    assert guard.box is not None
    press(qtbot, guard.box, "Cancel it and close")
    assert training.state.value == "cancelling"
    guard = asked(window)
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=LONG_MS)
    assert guard.box is None
    assert not guard.closing


def test_closing_can_keep_the_best_expert_so_far(
    qtbot: QtBot, window: MainWindow, training: Training, library: Path
) -> None:
    guard = asked(window)
    assert guard.box is not None
    press(qtbot, guard.box, "Stop early, keep the best")
    assert window.isVisible()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=LONG_MS)
    assert (library / "experts" / "severity-local-1" / "manifest.json").is_file()


def test_closing_asks_nothing_where_nothing_is_trained(window: MainWindow) -> None:
    assert window.close()
    assert window.learning.panel.closing.box is None
