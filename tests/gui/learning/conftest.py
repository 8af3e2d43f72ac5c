"""A learning panel on a tiny library that real trainings can be run on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from lusviewer.gui.learning.panel import LearningPanel
from lusviewer.gui.study.model import StudyModel
from lusviewer.inference import open_bundle
from tests.gui.conftest import WAIT_MS, load
from tests.unit.local.conftest import fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.settings import Settings
    from lusviewer.gui.viewer_model import ViewerModel


@pytest.fixture(scope="session")
def filled(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of 12 patients with 3 clips each, to be left as it is."""
    folder = tmp_path_factory.mktemp("filled") / "library"
    fill(folder, open_bundle(bundle_folder, device="cpu").identity)
    return folder


@pytest.fixture
def library(filled: Path, tmp_path: Path) -> Path:
    """A copy of it where the window looks for its library."""
    return Path(shutil.copytree(filled, tmp_path / "library"))


@pytest.fixture
def shown(
    qtbot: QtBot, viewer: ViewerModel, settings: Settings, tmp_path: Path
) -> Iterator[Callable[[], LearningPanel]]:
    """Shows the panel when called, once the library and the labels were looked at."""
    made: list[LearningPanel] = []
    study = StudyModel(viewer, tmp_path / "library", "anna")

    def show() -> LearningPanel:
        load(viewer)
        qtbot.waitUntil(lambda: viewer.analysis.models is not None, timeout=WAIT_MS)
        panel = LearningPanel(viewer, study, settings)
        made.append(panel)
        qtbot.addWidget(panel)
        panel.resize(380, 900)
        panel.show()
        qtbot.waitUntil(lambda: panel.tabs.experts.offer is not None, timeout=WAIT_MS)
        return panel

    yield show
    for panel in made:
        panel.shutdown()
    study.shutdown()


def words_in(widget: QWidget) -> str:
    """Return all that can be read in a widget now."""
    labels = [one for one in widget.findChildren(QLabel) if one.isVisible()]
    return "\n".join(one.text() for one in labels)


def press(qtbot: QtBot, widget: QWidget, text: str) -> None:
    """Press the button that says ``text``, once it is there."""

    def found() -> list[QPushButton]:
        buttons = [one for one in widget.findChildren(QPushButton) if one.isVisible()]
        return [one for one in buttons if one.text() == text]

    # What is added to a layout is shown a moment later.
    qtbot.waitUntil(lambda: len(found()) == 1, timeout=WAIT_MS)
    [button] = found()
    assert button.isEnabled()
    button.click()


def reads(qtbot: QtBot, widget: QWidget, text: str) -> None:
    """Wait until ``text`` can be read in a widget."""
    qtbot.waitUntil(lambda: text in words_in(widget), timeout=WAIT_MS)


def looked(qtbot: QtBot, panel: LearningPanel) -> str:
    """Wait until the labels were looked at; return what is said of them."""
    experts = panel.tabs.experts
    # What is added to a layout is shown a moment later.
    qtbot.waitUntil(
        lambda: experts.box.checker.check.done and bool(words_in(experts.box.check)),
        timeout=WAIT_MS,
    )
    return words_in(experts.box.check)
