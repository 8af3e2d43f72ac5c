"""Adding, importing, exporting and checking from the dock of the library."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QFileDialog

from lusviewer.gui.study.filling import work
from lusviewer.gui.study.filling.dialogs import ResultsDialog, WhoseDialog
from lusviewer.gui.study.filling.work import Adding
from lusviewer.gui.theme import DARK, style_sheet
from lusviewer.library import Answer, Line, open_library
from tests.gui.conftest import WAIT_MS
from tests.small_clips import write_png
from tests.unit.training.small_collections import write_blues, write_pocus

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.main_window import MainWindow
    from lusviewer.gui.settings import Settings
    from lusviewer.gui.study.filling.model import Result


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Two folders of pictures, and a file called like a clip that is none."""
    folder = tmp_path / "clips"
    for name, count in (("one", 2), ("two", 1)):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            write_png(folder / name / f"{name}{number}.png", number + count)
    (folder / "two" / "bad.dcm").write_bytes(b"no clip")
    return folder


def ended(qtbot: QtBot, window: MainWindow) -> Result:
    """Wait until what was begun is done, and return what came of it."""
    filling, card = window.study_panel.filling, window.study_panel.filling_card
    qtbot.waitUntil(lambda: not filling.busy, timeout=WAIT_MS)
    assert card.result is not None
    return card.result


def add(qtbot: QtBot, window: MainWindow, *paths: Path) -> Result:
    window.study_commands.add(Adding(paths))
    return ended(qtbot, window)


def choose(qtbot: QtBot, window: MainWindow, action: str, path: Path) -> None:
    """Trigger an action, and choose ``path`` in the dialog that it opens."""
    window.actions_by_name[action].trigger()
    dialog = window.study_commands.asked
    assert isinstance(dialog, QFileDialog)
    dialog.filesSelected.emit([str(path)])
    dialog.reject()


def outcomes(result: Result) -> list[tuple[str, str]]:
    return sorted((one.path.name, one.outcome) for one in result.told)


def test_a_folder_is_added_each_folder_as_another_patient(
    qtbot: QtBot, window: MainWindow, clips: Path
) -> None:
    choose(qtbot, window, "study_add_folder", clips)
    dialog = window.study_commands.asked
    assert isinstance(dialog, WhoseDialog)
    assert dialog.by_folder.isChecked()
    dialog.accept()
    result = ended(qtbot, window)
    assert outcomes(result) == [
        ("bad.dcm", "refused"),
        ("one0.png", "added"),
        ("one1.png", "added"),
        ("two0.png", "added"),
    ]
    card = window.study_panel.filling_card
    assert card.told.text().startswith("3 added, 1 refused")
    assert card.sign.isVisible()
    assert card.wrong.text() == "A problem with 1 of 4 files"
    assert card.details.text() == "Show all 4 files"
    count = window.study_panel.count
    qtbot.waitUntil(lambda: count.full_text == "3 clips, 2 patients", timeout=WAIT_MS)
    assert "3 known before" in add_again(qtbot, window, clips)


def add_again(qtbot: QtBot, window: MainWindow, clips: Path) -> str:
    add(qtbot, window, clips)
    return window.study_panel.filling_card.told.text()


def test_all_can_be_of_one_patient(
    qtbot: QtBot, window: MainWindow, clips: Path
) -> None:
    window.study_commands.ask_whose([clips])
    dialog = window.study_commands.asked
    assert isinstance(dialog, WhoseDialog)
    assert not dialog.patient.isEnabled()
    dialog.one.setChecked(True)
    dialog.patient.setText(" Bern-7 ")
    dialog.accept()
    ended(qtbot, window)
    with open_library(window.study.shelf.folder) as library:
        assert {clip.patient for clip in library.clips.page()} == {"Bern-7"}


def test_what_was_refused_is_listed_first_with_the_reason(
    qtbot: QtBot, window: MainWindow, clips: Path
) -> None:
    result = add(qtbot, window, clips)
    dialog = ResultsDialog(result, window)
    qtbot.addWidget(dialog)
    model = dialog.table.model()
    first = [str(model.index(0, column).data()) for column in range(3)]
    assert first[:2] == ["bad.dcm", "refused"]
    assert len(first[2]) > 20
    dialog.copy.click()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 4
    assert lines[0].startswith(str(clips / "two" / "bad.dcm"))
    window.study_panel.filling_card.details.click()
    shown = window.findChild(ResultsDialog)
    assert isinstance(shown, ResultsDialog)
    shown.close()


def test_a_folder_dropped_on_the_dock_is_added_not_opened(
    qtbot: QtBot, window: MainWindow, clips: Path
) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(clips))])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    window.study_panel.dropEvent(QDropEvent(QPoint(5, 5), copy, data, left, none))
    dialog = window.study_commands.asked
    assert isinstance(dialog, WhoseDialog)
    dialog.accept()
    assert len(ended(qtbot, window).told) == 4


def test_labels_go_out_and_come_in_as_a_table(
    qtbot: QtBot, window: MainWindow, clips: Path, tmp_path: Path
) -> None:
    add(qtbot, window, clips)
    with open_library(window.study.shelf.folder) as library:
        library.labels.give(Answer(1, "severity", "2", rater="ben"))
    table = clips / "labels.csv"
    choose(qtbot, window, "study_export_labels", table)
    ended(qtbot, window)
    assert "written" in window.study_panel.filling_card.told.text()
    with qtbot.waitSignal(window.study.opened, timeout=WAIT_MS):
        window.study_commands.open_library([tmp_path / "other"])
    choose(qtbot, window, "study_import_labels", table)
    ended(qtbot, window)
    with open_library(tmp_path / "other") as library:
        found = [clip.labels for clip in library.clips.page() if clip.labels]
        assert found == [{"severity": "2"}]


def test_corrected_biomarkers_go_out_as_a_table(
    qtbot: QtBot, window: MainWindow, clips: Path
) -> None:
    add(qtbot, window, clips)
    with open_library(window.study.shelf.folder) as library:
        library.corrections.correct(1, {"b_lines.many": 1.0}, rater="ben")
    window.actions_by_name["study_export_corrections"].trigger()
    dialog = window.study_commands.asked
    assert isinstance(dialog, QFileDialog)
    assert Path(dialog.selectedFiles()[0]).name == "corrections.csv"
    dialog.reject()
    table = clips / "mine.csv"
    choose(qtbot, window, "study_export_corrections", table)
    ended(qtbot, window)
    assert "written" in window.study_panel.filling_card.told.text()
    _, row = table.read_text().splitlines()
    assert "ben,b_lines.many,1,," in row


def test_what_waits_is_done_in_the_library_it_was_asked_for(
    qtbot: QtBot, window: MainWindow, clips: Path, tmp_path: Path
) -> None:
    first, other = window.study.shelf.folder, tmp_path / "other"
    add(qtbot, window, clips)
    table = clips / "labels.csv"
    table.write_text("file,patient,severity\none/one0.png,p,2\n")
    filling = window.study_panel.filling
    filling.run("Checking", partial(work.verify, True))
    filling.run("Importing", partial(work.import_labels, table))
    window.study_commands.open_library([other])
    qtbot.waitUntil(
        lambda: not filling.busy and window.study.shelf.folder == other,
        timeout=WAIT_MS,
    )
    assert window.study_panel.filling_card.result is not None
    assert not (other / "library.db").exists()
    with open_library(first) as library:
        found = [clip.labels for clip in library.clips.page() if clip.labels]
        assert found == [{"severity": "2"}]


def test_another_library_is_remembered_once_it_is_open(
    qtbot: QtBot, window: MainWindow, settings: Settings, tmp_path: Path
) -> None:
    before, broken = settings.text("library"), tmp_path / "broken"
    broken.mkdir()
    (broken / "library.db").write_bytes(b"no library" * 1000)
    with qtbot.waitSignal(window.study.failed, timeout=WAIT_MS):
        window.study_commands.open_library([broken])
    assert settings.text("library") == before
    with qtbot.waitSignal(window.study.opened, timeout=WAIT_MS):
        window.study_commands.open_library([tmp_path / "other"])
    assert settings.text("library") == str(tmp_path / "other")


def test_a_table_with_a_wrong_value_is_refused_in_words(
    qtbot: QtBot, window: MainWindow, clips: Path
) -> None:
    table = clips / "labels.csv"
    table.write_text("file,patient,severity\none/one0.png,A,9\n")
    choose(qtbot, window, "study_import_labels", table)
    result = ended(qtbot, window)
    assert result.error is not None
    card = window.study_panel.filling_card
    assert "'9'" in card.told.text()
    assert result.error.hint in card.told.text()
    assert card.wrong.isVisible()
    assert card.wrong.text() == "It failed"


def test_only_a_card_that_tells_of_trouble_has_its_sign_and_colour(
    qtbot: QtBot, window: MainWindow, clips: Path
) -> None:
    def ground() -> str:
        return card.grab().toImage().pixelColor(card.width() // 2, 3).name()

    card = window.study_panel.filling_card
    window.setStyleSheet(style_sheet(DARK))
    add(qtbot, window, clips / "two" / "bad.dcm")
    assert card.wrong.text() == "A problem with the file"
    add(qtbot, window, clips)
    with_trouble, sign = ground(), card.sign.isVisible()
    add(qtbot, window, clips / "one")
    assert card.told.text() == "2 known before."
    assert sign
    assert not card.sign.isVisible()
    assert not card.wrong.isVisible()
    assert card.details.text() == "Show all 2 files"
    assert ground() != with_trouble


def test_lines_go_out_and_come_in(
    qtbot: QtBot, window: MainWindow, clips: Path, tmp_path: Path
) -> None:
    add(qtbot, window, clips)
    line = Line("pleura", ((10.0, 60.0), (200.0, 62.0)))
    with open_library(window.study.shelf.folder) as library:
        clip = library.clips.find("two0.png")
        library.drawings.draw(clip.id, 0, [line], rater="ben")
    (tmp_path / "lines").mkdir()
    choose(qtbot, window, "study_export_ohif", tmp_path / "lines")
    ended(qtbot, window)
    (file,) = (tmp_path / "lines").glob("*.json")
    assert "frame_annotations" in json.loads(file.read_text())
    with open_library(window.study.shelf.folder) as library:
        library.drawings.draw(clip.id, 0, [], rater="ben")
    stray = Path(shutil.copy(file, tmp_path / "stray.json"))
    choose(qtbot, window, "study_import_lines", stray)
    (refused,) = ended(qtbot, window).told
    assert refused.outcome == "refused"
    assert "called like its clip" in refused.hint
    choose(qtbot, window, "study_import_lines", file)
    assert outcomes(ended(qtbot, window)) == [(file.name, "added")]
    with open_library(window.study.shelf.folder) as library:
        (kept,) = library.drawings.of_clip(clip.id, "ben")
        assert kept.lines[0].kind == "pleura"


def test_lines_of_other_clips_go_out_where_one_clip_is_gone(
    qtbot: QtBot, window: MainWindow, clips: Path, tmp_path: Path
) -> None:
    add(qtbot, window, clips)
    line = Line("pleura", ((10.0, 60.0), (200.0, 62.0)))
    with open_library(window.study.shelf.folder) as library:
        gone, there, *_ = library.clips.all()
        for clip in (gone, there):
            library.drawings.draw(clip.id, 0, [line], rater="ben")
    gone.path.unlink()
    (tmp_path / "lines").mkdir()
    choose(qtbot, window, "study_export_slicer", tmp_path / "lines")
    assert outcomes(ended(qtbot, window)) == [
        (gone.name, "missing"),
        (f"{there.path.stem}.json", "written"),
    ]


def test_moved_clips_are_missed_and_found_again(
    qtbot: QtBot, window: MainWindow, clips: Path, tmp_path: Path
) -> None:
    add(qtbot, window, clips)
    window.actions_by_name["study_verify"].trigger()
    assert [one.outcome for one in ended(qtbot, window).told] == ["sound"]
    shutil.move(clips, tmp_path / "moved")
    window.actions_by_name["study_verify"].trigger()
    result = ended(qtbot, window)
    assert [one.outcome for one in result.told] == ["missing"] * 3 + ["sound"]
    assert "Find moved clips" in result.told[0].hint
    (tmp_path / "empty").mkdir()
    choose(qtbot, window, "study_relocate", tmp_path / "empty")
    result = ended(qtbot, window)
    assert [one.outcome for one in result.told] == ["missing"] * 3
    assert "lusviewer library" not in result.told[0].hint
    choose(qtbot, window, "study_relocate", tmp_path / "moved")
    result = ended(qtbot, window)
    assert [one.outcome for one in result.told] == ["found again"] * 3


@pytest.mark.parametrize(
    ("write", "clips", "task"),
    [(write_pocus, 20, "finding.b_lines"), (write_blues, 8, "severity")],
)
def test_a_collection_is_imported_with_its_labels(
    qtbot: QtBot,
    window: MainWindow,
    tmp_path: Path,
    write: Callable[[Path], Path],
    clips: int,
    task: str,
) -> None:
    folder = write(tmp_path / "collection")
    media = [file for file in folder.rglob("*") if file.suffix in (".png", ".mp4")]
    for file in media:  # Else they were the same few clips under many names.
        file.write_bytes(file.read_bytes() + file.name.encode())
    choose(qtbot, window, "study_collection", folder)
    result = ended(qtbot, window)
    assert [one.outcome for one in result.told] == ["added"] * clips
    with open_library(window.study.shelf.folder) as library:
        assert all(task in clip.labels for clip in library.clips.page())


def test_a_folder_that_is_no_collection_is_refused(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    choose(qtbot, window, "study_collection", tmp_path)
    result = ended(qtbot, window)
    assert result.error is not None
    assert str(tmp_path) in window.study_panel.filling_card.told.text()


def test_an_import_is_stopped_and_goes_on_where_it_was(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    first = write_png(folder / "0.png")
    content = first.read_bytes()
    for number in range(1, 80):
        (folder / f"{number}.png").write_bytes(content + bytes([number]))
    filling = window.study_panel.filling
    window.study_commands.add(Adding((folder,)))
    with qtbot.waitSignal(filling.progressed, timeout=WAIT_MS):
        pass
    window.study_panel.filling_card.stop.click()
    result = ended(qtbot, window)
    assert result.stopped
    assert "stopped before the end" in window.study_panel.filling_card.told.text()
    with open_library(window.study.shelf.folder) as library:
        kept = library.clips.count()
    assert 0 < kept < 80
    told = outcomes(add(qtbot, window, folder))
    assert sum(outcome == "known" for _, outcome in told) == kept
    with open_library(window.study.shelf.folder) as library:
        assert library.clips.count() == 80
        assert len(library.patients.all()) == 1


def test_the_search_is_a_key_away(qtbot: QtBot, window: MainWindow) -> None:
    dock = window.study_docks[0]
    dock.close()
    window.actions_by_name["study_find"].trigger()
    assert dock.isVisible()
    assert window.focusWidget() is window.study_panel.chooser.search
