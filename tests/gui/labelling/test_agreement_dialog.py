"""The page on which two raters are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from lusviewer.cancel import CancelToken
from lusviewer.gui.study.work import Changed
from lusviewer.library import Answer, Line, open_library
from lusviewer.library.records import ClipRecord, add_records
from tests.gui.conftest import WAIT_MS
from tests.small_clips import write_video

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.labelling.agreement_dialog import AgreementDialog
    from lusviewer.gui.main_window import MainWindow
    from lusviewer.gui.viewer_model import ViewerModel

B_LINE = Line("b_line", ((0.0, 0.0), (0.0, 9.0)))


@pytest.fixture
def clips(window: MainWindow, tmp_path: Path) -> list[int]:
    """Three clips of two patients in the library of the window."""
    paths = [write_video(tmp_path / f"{n}.avi", n_frames=4 + n) for n in range(3)]
    whose = ("A", "A", "B")
    with open_library(window.study.shelf.folder) as library:
        records = [
            ClipRecord(path, patient=patient)
            for path, patient in zip(paths, whose, strict=True)
        ]
        list(add_records(library, records, CancelToken(), who="anna"))
        ids = {clip.path: clip.id for clip in library.clips.page()}
    return [ids[path] for path in paths]


def give(window: MainWindow, rater: str, task: str, said: dict[int, str]) -> None:
    with open_library(window.study.shelf.folder) as library:
        library.labels.give(*(Answer(c, task, v, rater) for c, v in said.items()))


def page(qtbot: QtBot, window: MainWindow) -> AgreementDialog:
    window.study.open()
    action = window.actions_by_name["label_agreement"]
    qtbot.waitUntil(action.isEnabled, timeout=WAIT_MS)
    action.trigger()
    qtbot.waitUntil(lambda: window.labelling.agreement is not None, timeout=WAIT_MS)
    dialog = window.labelling.agreement
    assert dialog is not None
    qtbot.waitUntil(lambda: bool(dialog.note.text()), timeout=WAIT_MS)
    return dialog


def test_kappas_stand_in_a_table_and_clips_apart_below(
    qtbot: QtBot, window: MainWindow, viewer: ViewerModel, clips: list[int]
) -> None:
    one, two, three = clips
    give(window, "anna", "severity", {one: "0", two: "2", three: "1"})
    give(window, "bert", "severity", {one: "0", two: "3", three: "1"})
    dialog = page(qtbot, window)
    assert (dialog.first.currentText(), dialog.second.currentText()) == ("anna", "bert")
    [row] = dialog.tasks.texts.rows
    assert row[2:] == ("67 %", "3", "2")
    assert row[0] == "Severity, weighted"
    assert "Of fewer than 10 patients an interval says little." in dialog.note.text()
    assert "1 of 3 clips" in dialog.apart_title.text()
    [apart] = dialog.apart.texts.rows
    assert apart == ("A · 1.avi", "2", "3")
    where = dialog.apart.visualRect(dialog.apart.texts.index(0, 0)).center()
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        qtbot.mouseClick(dialog.apart.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert viewer.clip is not None
    assert viewer.clip.identity.path.name == "1.avi"


def test_lines_counted_by_both_are_drawn_as_bland_and_altman_do(
    qtbot: QtBot, window: MainWindow, clips: list[int]
) -> None:
    with open_library(window.study.shelf.folder) as library:
        for clip, more in zip(clips, (1, 0, 2), strict=True):
            library.drawings.draw(clip, 0, [B_LINE] * (1 + more), rater="anna")
            library.drawings.draw(clip, 0, [B_LINE], rater="bert")
    give(window, "anna", "severity", {clips[0]: "0"})
    give(window, "bert", "severity", {clips[0]: "0"})
    dialog = page(qtbot, window)
    assert dialog.number.currentText() == "B-lines drawn"
    chart = dialog.chart
    assert chart is not None
    qtbot.waitUntil(chart.isVisible, timeout=WAIT_MS)
    assert "Bias 1.00" in dialog.number_words.text()
    assert "3 pairs of 3 clips, 2 patients" in dialog.number_words.text()


def test_too_few_common_clips_are_said_with_what_is_needed(
    qtbot: QtBot, window: MainWindow, clips: list[int]
) -> None:
    give(window, "anna", "severity", {clips[0]: "0", clips[1]: "1"})
    give(window, "bert", "severity", {clips[0]: "0"})
    dialog = page(qtbot, window)
    assert "both labelled: 1" in dialog.note.text()
    assert "at least two clips" in dialog.note.text()
    assert not dialog.tasks.isVisible()
    give(window, "bert", "severity", {clips[1]: "1"})
    window.study.open()
    qtbot.waitUntil(dialog.tasks.isVisible, timeout=WAIT_MS)


def test_the_model_is_a_rater_once_it_has_looked(
    qtbot: QtBot, window: MainWindow, viewer: ViewerModel, clips: list[int]
) -> None:
    give(window, "anna", "finding.b_lines", dict.fromkeys(clips, "yes"))
    viewer.analysis.load(viewer.analysis.bundle_path, "cpu")
    window.study.open()
    qtbot.waitUntil(lambda: viewer.analysis.models is not None, timeout=WAIT_MS)
    window.study.analyse_all()
    qtbot.waitUntil(lambda: not window.study.busy, timeout=WAIT_MS)
    dialog = page(qtbot, window)
    assert dialog.second.currentText() == "the model"
    rows = dialog.tasks.texts.rows
    assert [row[0] for row in rows] == ["B-lines"]
    assert rows[0][3] == "3"


def test_it_follows_a_library_that_changes_often_one_look_at_a_time(
    qtbot: QtBot, window: MainWindow, clips: list[int]
) -> None:
    give(window, "anna", "severity", {clips[0]: "0", clips[1]: "1"})
    give(window, "bert", "severity", {clips[0]: "0", clips[1]: "1"})
    dialog = page(qtbot, window)
    qtbot.waitUntil(lambda: not dialog._lane.busy, timeout=WAIT_MS)
    give(window, "bert", "severity", {clips[2]: "1"})
    give(window, "anna", "severity", {clips[2]: "1"})
    for _ in range(20):
        window.study.tell(Changed())
    assert not dialog._lane._jobs
    qtbot.waitUntil(lambda: dialog.tasks.texts.rows[0][3] == "3", timeout=WAIT_MS)
