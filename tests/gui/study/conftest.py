"""A library of four clips of two patients, in the dock."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from lusviewer.cancel import CancelToken
from lusviewer.gui.study.model import StudyModel
from lusviewer.gui.study.panel import StudyPanel
from lusviewer.library import Answer, open_library
from lusviewer.library.adding import Whose, add_paths
from tests.gui.conftest import WAIT_MS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.settings import Settings
    from lusviewer.gui.viewer_model import ViewerModel

ALL = ["a.dcm", "b.dcm", "c.avi", "far.dcm"]


@pytest.fixture
def folder(exam_folder: Path, tmp_path: Path) -> Path:
    """A library of two patients: A with three clips, B with one; some labelled."""
    clips = tmp_path / "clips"
    shutil.copytree(exam_folder, clips / "a")
    (clips / "b").mkdir()
    (clips / "b" / "far.dcm").write_bytes((exam_folder / "b.dcm").read_bytes() + b" ")
    made = tmp_path / "library"
    with open_library(made) as library:
        for name in "ab":
            whose = Whose(name.upper())
            list(
                add_paths(library, [clips / name], CancelToken(), who="x", whose=whose)
            )
        library.labels.give(
            Answer(1, "severity", "2", rater="POCUS"),
            Answer(1, "finding.b_lines", "yes", rater="POCUS"),
            Answer(2, "severity", "0", rater="POCUS"),
        )
    return made


@pytest.fixture
def study(viewer: ViewerModel, folder: Path) -> Iterator[StudyModel]:
    made = StudyModel(viewer, folder, "anna")
    yield made
    made.shutdown()


@pytest.fixture
def panel(
    qtbot: QtBot, viewer: ViewerModel, study: StudyModel, settings: Settings
) -> StudyPanel:
    made = StudyPanel(viewer, study, settings)
    qtbot.addWidget(made)
    made.resize(280, 700)
    made.show()
    study.open()
    qtbot.waitUntil(lambda: names(made)[:1] == ["a.dcm"], timeout=WAIT_MS)
    return made


def names(panel: StudyPanel) -> list[str]:
    clips = panel.view.clips
    return [str(clips.index(row).data()) for row in range(clips.rowCount())]


def wait_for(qtbot: QtBot, panel: StudyPanel, wanted: list[str]) -> None:
    qtbot.waitUntil(lambda: names(panel) == wanted, timeout=WAIT_MS)
