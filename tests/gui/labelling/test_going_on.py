"""From clip to clip of the library without one's answer, by one key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from lusviewer.cancel import CancelToken
from lusviewer.gui.status_strip import StatusStrip
from lusviewer.library import Answer, open_library
from lusviewer.library.adding import Whose, add_paths
from tests.gui.conftest import WAIT_MS

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.main_window import MainWindow
    from lusviewer.gui.viewer_model import ViewerModel

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def study_window(
    qtbot: QtBot, viewer: ViewerModel, window: MainWindow, exam_folder: Path
) -> MainWindow:
    """A window whose library has a clip of each of three patients; the third is open.

    The second was answered for by ben, whose labels are not anna's.
    """
    viewer.auto_analyse = False
    with open_library(window.study.shelf.folder) as library:
        for name, patient in (("a.dcm", "p_11"), ("b.dcm", "p_3"), ("c.avi", "p_2")):
            paths, whose = [exam_folder / name], Whose(patient)
            list(add_paths(library, paths, CancelToken(), who="x", whose=whose))
        library.labels.give(
            Answer(2, "severity", "1", rater="ben"),
            Answer(2, "finding.b_lines", "no", rater="ben"),
        )
    window.study.open()
    with qtbot.waitSignal(window.study.opened, timeout=WAIT_MS):
        pass
    open_and_wait(qtbot, window, 3)
    return window


def open_and_wait(qtbot: QtBot, window: MainWindow, clip: int) -> None:
    window.study.open_clip(clip)
    wait_for(qtbot, window, clip)


def wait_for(qtbot: QtBot, window: MainWindow, clip: int) -> None:
    def shown() -> bool:
        current = window.study.current
        here = None if current is None or current.entry is None else current.entry.id
        return here == clip and not window.study.writing

    qtbot.waitUntil(shown, timeout=WAIT_MS)


@pytest.mark.parametrize(
    ("key", "value"), [("severity", "2"), ("finding.b_lines", "yes")]
)
def test_each_clip_without_ones_own_answer_comes_in_turn_until_none_is_left(
    qtbot: QtBot,
    study_window: MainWindow,
    viewer: ViewerModel,
    key: str,
    value: str,
) -> None:
    labelling = study_window.findings_panel.labelling
    told: list[str] = []
    viewer.status_changed.connect(told.append)
    labelling.select(key)
    for clip in (2, 1):
        labelling.say(key, value)
        qtbot.keyClick(study_window, Qt.Key.Key_J, CONTROL)
        wait_for(qtbot, study_window, clip)
        assert labelling.selected == key
        strip = study_window.statusBar()
        assert isinstance(strip, StatusStrip)
        assert "without your answer" in strip.message.full_text
    title = labelling.questions[key].title
    assert f"{title}: 2 clips without your answer" in told
    assert f"{title}: the last clip without your answer" in told
    labelling.say(key, value)
    qtbot.keyClick(study_window, Qt.Key.Key_J, CONTROL)
    none = f"{title}: you have answered for every other clip"
    qtbot.waitUntil(lambda: none in told, timeout=WAIT_MS)


def test_clips_whose_files_are_gone_are_passed_over(
    qtbot: QtBot, study_window: MainWindow
) -> None:
    gone = "UPDATE clips SET missing = 1 WHERE id = 2"
    library = study_window.study.shelf.library()
    with library.database.writing("x") as change:
        change.connection.exec_driver_sql(gone)
    study_window.findings_panel.labelling.select("severity")
    qtbot.keyClick(study_window, Qt.Key.Key_J, CONTROL)
    wait_for(qtbot, study_window, 1)
