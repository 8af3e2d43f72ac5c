"""Corrected biomarkers are kept in the library, as their rater's, clip by clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lusviewer.cancel import CancelToken
from lusviewer.gui.main_window import MainWindow
from lusviewer.gui.study.watcher import Watcher
from lusviewer.gui.study.work import Said
from lusviewer.gui.viewer_model import ViewerModel
from lusviewer.library import open_library
from lusviewer.library.adding import Whose, add_paths
from tests.gui.conftest import WAIT_MS, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.errors import LusViewerError
    from lusviewer.gui.settings import Settings

    Open = Callable[[Path], MainWindow]

MANY, WHITE = "b_lines.many", "b_lines.white"


@pytest.fixture
def library(tmp_path: Path, exam_folder: Path) -> Path:
    """A library that knows the first two clips of the exam, but not the third."""
    folder = tmp_path / "library"
    with open_library(folder) as made:
        clips = [exam_folder / "a.dcm", exam_folder / "b.dcm"]
        list(add_paths(made, clips, CancelToken(), who="x", whose=Whose("A")))
    return folder


@pytest.fixture
def opened(
    qtbot: QtBot, bundle_folder: Path, settings: Settings, library: Path
) -> Iterator[Open]:
    """Opens a clip in a window of its own, and waits until it is analysed."""
    viewers: list[ViewerModel] = []
    windows: list[MainWindow] = []

    def open_clip(path: Path) -> MainWindow:
        viewer = ViewerModel()
        viewer.analysis.bundle_path = bundle_folder
        viewers.append(viewer)
        window = MainWindow(viewer, settings)
        windows.append(window)
        qtbot.addWidget(window)
        window.show()
        window.study.open()
        with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
            viewer.open_path(path)
            load(viewer)
        read(qtbot, window)
        return window

    yield open_clip
    for window, viewer in zip(windows, viewers, strict=True):
        window.close()
        viewer.shutdown()


def read(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until the window knows what the library has of its clip."""
    clip = window._viewer.clip
    assert clip is not None

    def known() -> bool:
        current = window.study.current
        return current is not None and current.path == clip.identity.path

    qtbot.waitUntil(known, timeout=WAIT_MS)


def step(qtbot: QtBot, window: MainWindow, n: int) -> None:
    viewer = window._viewer
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.step_clip(n)
    read(qtbot, window)


def edit(qtbot: QtBot, window: MainWindow, key: str, value: float | None) -> None:
    window._viewer.edit_biomarker(key, value)
    kept(qtbot, window)


def kept(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.study.writing, timeout=WAIT_MS)


def in_force(library: Path, clip: int = 1) -> dict[str, Mapping[str, float]]:
    with open_library(library) as opened:
        return {one.rater: one.values for one in opened.corrections.of_clip(clip)}


def edits(window: MainWindow) -> dict[str, float]:
    return dict(window._viewer.edits)


def advice(window: MainWindow) -> str:
    label = window.findings_panel.editor.advice
    assert not label.isHidden()
    return label.text()


def test_a_correction_is_there_again_in_the_next_window_and_the_experts_heed_it(
    qtbot: QtBot, opened: Open, exam_folder: Path, library: Path
) -> None:
    clip = exam_folder / "a.dcm"
    window = opened(clip)
    assert "What you set is kept in the library as anna's correction." in advice(window)
    report = window._viewer.report
    assert report is not None
    said = report.biomarkers[MANY].probability
    value = 0.0 if said > 0.5 else 1.0
    window._viewer.edit_biomarker(MANY, value)
    # What was said a moment before closing is kept, too.
    window.close()
    assert in_force(library) == {"anna": {MANY: value}}
    with open_library(library) as now:
        (one,) = now.corrections.of_clip(1)
        assert one.model_values == {MANY: pytest.approx(said)}
        assert one.model_sha256 == report.model.sha256
    again = opened(clip)
    qtbot.waitUntil(lambda: edits(again) == {MANY: value}, timeout=WAIT_MS)
    assert "anna's correction. The last one is of 20" in advice(again)
    group = again.findings_panel.editor.groups["b_lines"]
    assert group.summary.text() == "1 edited"
    opinions = again._viewer
    qtbot.waitUntil(
        lambda: any(after is not None for _, after in opinions.predictions),
        timeout=WAIT_MS,
    )


def test_of_a_clip_the_library_does_not_know_it_lasts_until_the_window_is_closed(
    qtbot: QtBot, opened: Open, exam_folder: Path, library: Path
) -> None:
    window = opened(exam_folder / "c.avi")
    assert "What you set lasts until the window is closed" in advice(window)
    edit(qtbot, window, MANY, 1.0)
    with open_library(library) as now:
        assert now.clips.count() == 2
    window.close()
    again = opened(exam_folder / "c.avi")
    assert edits(again) == {}


def test_it_is_kept_once_the_library_knows_the_clip(
    qtbot: QtBot, opened: Open, exam_folder: Path, library: Path
) -> None:
    window = opened(exam_folder / "c.avi")
    edit(qtbot, window, MANY, 1.0)
    window.study.label([Said("severity", "2")], "Severity 2")
    qtbot.waitUntil(lambda: in_force(library, 3) == {"anna": {MANY: 1.0}})
    assert edits(window) == {MANY: 1.0}
    kept(qtbot, window)
    qtbot.waitUntil(lambda: "The last one is of" in advice(window), timeout=WAIT_MS)


def test_undo_redo_and_reset_are_kept_as_well_and_the_history_has_all(
    qtbot: QtBot, opened: Open, exam_folder: Path, library: Path
) -> None:
    window = opened(exam_folder / "a.dcm")
    stack = window._viewer.undo_stack
    edit(qtbot, window, MANY, 1.0)
    stack.back()
    kept(qtbot, window)
    assert in_force(library) == {}
    stack.forth()
    edit(qtbot, window, WHITE, 0.5)
    assert in_force(library) == {"anna": {MANY: 1.0, WHITE: 0.5}}
    window.findings_panel.reset_all.click()
    kept(qtbot, window)
    assert in_force(library) == {}
    assert edits(window) == {}
    with open_library(library) as now:
        first, *_, last = now.corrections.history(1)
        assert (first.values, last.values) == ({MANY: 1.0}, {})
        assert now.verify().holds


def test_what_is_set_in_quick_succession_ends_as_it_was_set_last(
    qtbot: QtBot, opened: Open, exam_folder: Path, library: Path
) -> None:
    window = opened(exam_folder / "a.dcm")
    for number in range(1, 101):
        window._viewer.edit_biomarker(MANY, number / 100)
        window._viewer.edit_biomarker(WHITE, number / 200)
    kept(qtbot, window)
    assert in_force(library) == {"anna": {MANY: 1.0, WHITE: 0.5}}
    with open_library(library) as now:
        # One that waits for its turn takes all that was set until then.
        assert len(now.corrections.history(1)) < 100
    qtbot.wait(50)
    assert edits(window) == {MANY: 1.0, WHITE: 0.5}


def test_coming_back_to_a_clip_shows_it_and_undoing_in_another_does_not_touch_it(
    qtbot: QtBot, opened: Open, exam_folder: Path, library: Path
) -> None:
    window = opened(exam_folder)
    window._viewer.edit_biomarker(MANY, 1.0)
    step(qtbot, window, 1)
    assert edits(window) == {}
    window._viewer.undo_stack.back()
    step(qtbot, window, -1)
    kept(qtbot, window)
    assert edits(window) == {MANY: 1.0}
    assert in_force(library) == {"anna": {MANY: 1.0}}
    assert in_force(library, 2) == {}


def test_each_rater_sees_and_changes_only_what_is_his(
    qtbot: QtBot, opened: Open, exam_folder: Path, library: Path
) -> None:
    window = opened(exam_folder)
    edit(qtbot, window, MANY, 1.0)
    window.study.set_rater("carl")
    assert edits(window) == {}
    assert "as carl's correction." in advice(window)
    assert not window._viewer.undo_stack.canUndo()
    edit(qtbot, window, WHITE, 0.5)
    step(qtbot, window, 1)
    step(qtbot, window, -1)
    assert edits(window) == {WHITE: 0.5}
    window.study.set_rater("anna")
    assert edits(window) == {MANY: 1.0}
    kept(qtbot, window)
    assert in_force(library) == {"anna": {MANY: 1.0}, "carl": {WHITE: 0.5}}


def test_in_a_clip_that_is_not_in_the_library_too_each_rater_has_his_own(
    qtbot: QtBot, opened: Open, exam_folder: Path
) -> None:
    window = opened(exam_folder / "c.avi")
    window._viewer.edit_biomarker(MANY, 1.0)
    window.study.set_rater("carl")
    assert edits(window) == {}
    window._viewer.edit_biomarker(WHITE, 0.5)
    window.study.set_rater("anna")
    assert edits(window) == {MANY: 1.0}
    window.study.set_rater("carl")
    assert edits(window) == {WHITE: 0.5}


def test_what_another_window_of_the_same_rater_sets_is_shown(
    qtbot: QtBot, opened: Open, exam_folder: Path, library: Path
) -> None:
    window = opened(exam_folder / "a.dcm")
    edit(qtbot, window, MANY, 1.0)
    watchers = window.study_panel.findChildren(Watcher)
    qtbot.waitUntil(lambda: any(one._eye._watch for one in watchers), timeout=WAIT_MS)
    with open_library(library) as other:
        other.corrections.correct(1, {WHITE: 0.25}, rater="anna")
    qtbot.waitUntil(lambda: edits(window) == {WHITE: 0.25}, timeout=WAIT_MS)
    kept(qtbot, window)
    assert in_force(library) == {"anna": {WHITE: 0.25}}


def test_what_could_not_be_kept_is_told_stays_and_is_kept_later(
    qtbot: QtBot, opened: Open, exam_folder: Path, library: Path
) -> None:
    window = opened(exam_folder)
    # Else the report of the other clip could not be kept either, which is told, too.
    window._viewer.auto_analyse = False
    told: list[LusViewerError] = []
    window._viewer.failed.connect(told.append)
    database = window.study.shelf.library().database

    def may_be_written(*, yes: bool) -> None:
        with database._writers.connect() as connection:
            only = "OFF" if yes else "ON"
            connection.exec_driver_sql(f"PRAGMA query_only = {only}")

    edit(qtbot, window, WHITE, 0.5)
    may_be_written(yes=False)
    window._viewer.edit_biomarker(MANY, 1.0)
    qtbot.waitUntil(lambda: len(told) == 1, timeout=WAIT_MS)
    assert "may not be written to" in told[0].message
    both = {WHITE: 0.5, MANY: 1.0}
    assert edits(window) == both
    step(qtbot, window, 1)
    may_be_written(yes=True)
    step(qtbot, window, -1)
    kept(qtbot, window)
    assert edits(window) == both
    assert in_force(library) == {"anna": both}
    assert len(told) == 1
