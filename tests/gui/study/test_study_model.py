from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from lusviewer.cancel import CancelToken
from lusviewer.errors import LusViewerError
from lusviewer.gui.study.model import StudyModel
from lusviewer.gui.study.work import Said
from lusviewer.library import Answer, Line, open_library
from lusviewer.library.adding import add_paths
from tests.gui.conftest import WAIT_MS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.viewer_model import ViewerModel

PLEURA = Line("pleura", ((10.0, 20.0), (40.0, 21.0)))


@pytest.fixture
def study(viewer: ViewerModel, tmp_path: Path) -> Iterator[StudyModel]:
    made = StudyModel(viewer, tmp_path / "library", "anna")
    yield made
    made.shutdown()


def opened(qtbot: QtBot, viewer: ViewerModel, path: Path) -> None:
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(path)


def labels(study: StudyModel) -> dict[str, str | None]:
    kept = () if study.current is None else study.current.labels
    return {one.answer.task: one.answer.value for one in kept}


def wait_for(qtbot: QtBot, study: StudyModel, wanted: dict[str, str]) -> None:
    qtbot.waitUntil(
        lambda: labels(study) == wanted and not study.writing, timeout=WAIT_MS
    )


def test_a_label_brings_the_clip_into_a_library_made_for_it(
    qtbot: QtBot, viewer: ViewerModel, study: StudyModel, clip_path: Path
) -> None:
    opened(qtbot, viewer, clip_path)
    assert not study.shelf.made
    study.label([Said("severity", "2")], "Severity 2")
    wait_for(qtbot, study, {"severity": "2"})
    with open_library(study.shelf.folder) as library:
        [clip] = library.clips.page()
        assert (clip.path, clip.labels) == (clip_path, {"severity": "2"})


def test_labels_are_undone_and_redone_in_the_order_they_were_given(
    qtbot: QtBot, viewer: ViewerModel, study: StudyModel, clip_path: Path
) -> None:
    opened(qtbot, viewer, clip_path)
    study.label([Said("severity", "1")], "Severity 1")
    study.label([Said("severity", "3"), Said("finding.b_lines", "yes")], "More")
    viewer.undo_stack.back()
    wait_for(qtbot, study, {"severity": "1"})
    viewer.undo_stack.back()
    wait_for(qtbot, study, {})
    viewer.undo_stack.forth()
    viewer.undo_stack.forth()
    wait_for(qtbot, study, {"severity": "3", "finding.b_lines": "yes"})


def test_a_label_of_another_clip_can_still_be_undone_but_not_its_edits(
    qtbot: QtBot, viewer: ViewerModel, study: StudyModel, exam_folder: Path
) -> None:
    opened(qtbot, viewer, exam_folder)
    study.label([Said("severity", "1")], "Severity 1")
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.step_clip(1)
    assert labels(study) == {}
    viewer.undo_stack.back()
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.step_clip(-1)
    wait_for(qtbot, study, {})


def test_clips_opened_together_go_to_one_patient(
    qtbot: QtBot, viewer: ViewerModel, study: StudyModel, exam_folder: Path
) -> None:
    opened(qtbot, viewer, exam_folder)
    study.label([Said("severity", "1")], "Severity 1")
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.step_clip(1)
    study.label([Said("severity", "2")], "Severity 2")
    wait_for(qtbot, study, {"severity": "2"})
    with open_library(study.shelf.folder) as library:
        assert len(library.patients.all()) == 1


def test_a_label_outside_its_classes_is_said_and_nothing_is_kept(
    qtbot: QtBot, viewer: ViewerModel, study: StudyModel, clip_path: Path
) -> None:
    opened(qtbot, viewer, clip_path)
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS) as told:
        study.label([Said("severity", "9")], "Severity 9")
    assert "'9'" in told.args[0].message
    wait_for(qtbot, study, {})


def test_closing_keeps_what_was_said_a_moment_before(
    qtbot: QtBot, viewer: ViewerModel, tmp_path: Path, clip_path: Path
) -> None:
    study = StudyModel(viewer, tmp_path / "library", "anna")
    opened(qtbot, viewer, clip_path)
    for value in "0123":
        study.label([Said("severity", value)], value)
    study.shutdown()
    with open_library(tmp_path / "library") as library:
        [clip] = library.clips.page()
        assert clip.labels == {"severity": "3"}


def test_lines_drawn_on_a_frame_are_kept_and_undone(
    qtbot: QtBot, viewer: ViewerModel, study: StudyModel, clip_path: Path
) -> None:
    opened(qtbot, viewer, clip_path)
    study.draw(3, [PLEURA], "Draw the pleura")

    def drawn() -> list[tuple[int, int]]:
        kept = () if study.current is None else study.current.drawings
        return [(one.frame, len(one.lines)) for one in kept]

    qtbot.waitUntil(lambda: drawn() == [(3, 1)], timeout=WAIT_MS)
    viewer.undo_stack.back()
    qtbot.waitUntil(lambda: drawn() == [], timeout=WAIT_MS)


def test_the_whole_library_is_analysed_behind_the_clip_being_watched(
    qtbot: QtBot,
    viewer: ViewerModel,
    study: StudyModel,
    exam_folder: Path,
    tmp_path: Path,
) -> None:
    folder = shutil.copytree(exam_folder, tmp_path / "clips")
    opened(qtbot, viewer, folder)
    for position in (0, 1):
        if viewer.exam.position != position:
            with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
                viewer.open_position(position)
        study.label([Said("severity", "1")], "Severity 1")
    wait_for(qtbot, study, {"severity": "1"})
    study.analyse_all()
    qtbot.waitUntil(lambda: not study.busy and not study.writing, timeout=WAIT_MS)
    viewer.analysis.load(viewer.analysis.bundle_path, "cpu")
    study.analyse_all()
    qtbot.waitUntil(lambda: not study.busy and not study.writing, timeout=WAIT_MS)
    models = viewer.analysis.models
    assert models is not None
    with open_library(study.shelf.folder) as library:
        assert len(library.analyses.table(models.bundle.identity.sha256).clip_ids) == 2


def test_a_library_that_cannot_be_read_is_told_of_once_for_each_look(
    qtbot: QtBot, viewer: ViewerModel, study: StudyModel, clip_path: Path
) -> None:
    study.shelf.folder.mkdir()
    (study.shelf.folder / "library.db").write_bytes(b"no library" * 1000)
    told: list[Exception] = []
    study.failed.connect(told.append)
    viewer.auto_analyse = False
    opened(qtbot, viewer, clip_path)
    qtbot.waitUntil(lambda: len(told) == 1, timeout=WAIT_MS)
    opened(qtbot, viewer, clip_path)
    qtbot.waitUntil(lambda: len(told) >= 2, timeout=WAIT_MS)
    # Were each failure to be followed by another look, there would be no end of them.
    qtbot.wait(200)
    assert len(told) == 2


def test_a_library_that_cannot_be_opened_leaves_the_one_that_is_open(
    qtbot: QtBot,
    viewer: ViewerModel,
    study: StudyModel,
    clip_path: Path,
    tmp_path: Path,
) -> None:
    opened(qtbot, viewer, clip_path)
    before = study.shelf
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "library.db").write_bytes(b"no library" * 1000)
    with qtbot.waitSignal(study.failed, timeout=WAIT_MS):
        study.open(tmp_path / "other")
    assert study.shelf is before
    study.label([Said("severity", "2")], "Severity 2")
    wait_for(qtbot, study, {"severity": "2"})


def test_what_is_said_while_another_library_opens_is_said_in_the_one_shown(
    qtbot: QtBot,
    viewer: ViewerModel,
    study: StudyModel,
    exam_folder: Path,
    tmp_path: Path,
) -> None:
    first, other = study.shelf.folder, tmp_path / "other"
    for folder, name in ((first, "a.dcm"), (other, "b.dcm")):
        with open_library(folder) as library:
            paths = [exam_folder / name]
            list(add_paths(library, paths, CancelToken(), who="anna"))
    study.open(other)
    study.label([Said("severity", "2")], "Severity 2", [1])
    qtbot.waitUntil(lambda: study.shelf.folder == other, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not study.writing, timeout=WAIT_MS)
    said = {}
    for folder in (first, other):
        with open_library(folder) as library:
            said[folder.name] = library.clips.get(1).labels
    assert said == {"library": {"severity": "2"}, "other": {}}


def test_a_folder_that_the_system_refuses_is_told_of_and_is_no_bug(
    qtbot: QtBot, viewer: ViewerModel, clip_path: Path, tmp_path: Path
) -> None:
    """As one of another person is; whoever tests may be allowed to read all."""
    study = StudyModel(viewer, tmp_path / ("long" * 80), "anna")
    assert not study.shelf.made
    study.open()
    opened(qtbot, viewer, clip_path)
    with qtbot.waitSignal(study.failed, timeout=WAIT_MS) as told:
        study.label([Said("severity", "2")], "Severity 2")
    assert told.args is not None
    assert isinstance(told.args[0], LusViewerError)
    study.shutdown()


def test_undoing_takes_back_what_was_said_in_the_library_open_before(
    qtbot: QtBot,
    viewer: ViewerModel,
    study: StudyModel,
    exam_folder: Path,
    tmp_path: Path,
) -> None:
    first, other = study.shelf.folder, tmp_path / "other"
    for folder in (first, other):
        with open_library(folder) as library:
            paths = [exam_folder / "a.dcm"]
            list(add_paths(library, paths, CancelToken(), who="anna"))
            library.labels.give(Answer(1, "severity", "1", "anna"))
    study.label([Said("severity", "2")], "Severity 2", [1])
    with qtbot.waitSignal(study.opened, timeout=WAIT_MS):
        study.open(other)
    viewer.undo_stack.back()
    qtbot.waitUntil(lambda: not study.writing, timeout=WAIT_MS)
    for folder, said in ((first, ["1", "2", "1"]), (other, ["1"])):
        with open_library(folder) as library:
            history = library.labels.history(1)
            assert [one.answer.value for one in history] == said
