"""The library is analysed in the window until its disk is full."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from lusviewer.library import ClipFilter, open_library
from tests.gui.conftest import WAIT_MS, load
from tests.gui.study.conftest import ALL, wait_for
from tests.small_disk import fill_up, mounted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.errors import LusViewerError
    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.study.panel import StudyPanel
    from lusviewer.gui.viewer_model import ViewerModel

DISK_KIB = 1024


@pytest.fixture
def folder(folder: Path, tmp_path: Path) -> Iterator[Path]:
    """The library of four clips, on a disk of one MiB."""
    with mounted(tmp_path / "disk", DISK_KIB) as disk:
        yield shutil.copytree(folder, disk / "library")


def analysed(folder: Path) -> int:
    with open_library(folder) as library:
        return library.clips.count(ClipFilter(analysed=True))


def test_a_full_disk_is_told_once_with_what_is_left_and_it_goes_on_when_there_is_room(
    qtbot: QtBot,
    viewer: ViewerModel,
    study: StudyModel,
    panel: StudyPanel,
    folder: Path,
) -> None:
    wait_for(qtbot, panel, ALL)
    load(viewer)
    qtbot.waitUntil(lambda: viewer.bundle is not None, timeout=WAIT_MS)
    with closing(sqlite3.connect(folder / "library.db")) as bare:
        bare.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ballast = fill_up(folder.parent)
    failed: list[LusViewerError] = []
    viewer.failed.connect(failed.append)
    card = panel.analysis

    def analyse() -> None:
        study.analyse_all()
        card.begin()
        qtbot.waitUntil(lambda: not study.busy and not study.writing, timeout=WAIT_MS)

    analyse()
    assert [error.message for error in failed] == [
        f"The disk is full: {folder} can hold no more analyses. "
        "Still to be analysed: 4 of 4 clips."
    ]
    assert card.isVisible()
    assert card.told.text() == f"0 clips analysed. {failed[0]}"
    assert "Make room there" in card.told.text()
    assert card.result is None
    assert not card.stop.isVisible()
    assert card.close_button.isVisible()
    ballast.unlink()
    analyse()
    assert card.told.text() == "4 clips analysed."
    assert len(failed) == 1
    assert analysed(folder) == 4
