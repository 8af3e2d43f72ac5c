"""A library whose labels the tiny model half explains, and experts trained on it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt

from lusviewer.cancel import CancelToken
from lusviewer.gui.main_window import MainWindow
from lusviewer.gui.results.piecemeal import Piecemeal
from lusviewer.inference import open_bundle
from lusviewer.library import open_library
from lusviewer.library.records import ClipRecord, Said, add_records
from lusviewer.training.local.control import Control
from lusviewer.training.local.run import train_local
from lusviewer.training.local.settings import LocalSettings
from tests.bundles import grey_of
from tests.gui.conftest import WAIT_MS, load
from tests.small_clips import label_map
from tests.unit.local.conftest import report_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from lusviewer.findings import ModelIdentity
    from lusviewer.gui.results.window import ResultWindow
    from lusviewer.gui.settings import Settings
    from lusviewer.gui.viewer_model import ViewerModel

PATIENTS, CLIPS, GRADES = 12, 3, 3


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promotions go to a store of the test's own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture(scope="session")
def identity(bundle_folder: Path) -> ModelIdentity:
    return open_bundle(bundle_folder, device="cpu").identity


@pytest.fixture(scope="session")
def filled(identity: ModelIdentity, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of 12 patients with 3 pictures each, severity 0 to 2."""
    clips = tmp_path_factory.mktemp("pictures")
    folder = tmp_path_factory.mktemp("filled") / "library"
    rng = np.random.default_rng(0)
    records, grades = [], []
    for number in range(PATIENTS):
        for clip in range(CLIPS):
            picture = grey_of(label_map(clip))
            picture[0, number] = 255  # No two are the same file.
            path = clips / f"clip_{number}_{clip}.png"
            cv2.imwrite(str(path), picture)
            grades.append(number % GRADES)
            said = {"severity": Said(str(grades[-1]))}
            records.append(ClipRecord(path, f"P{number}", labels=said))
    with open_library(folder) as library:
        list(add_records(library, records, CancelToken(), who="anna"))
        by_path = {clip.path: clip.id for clip in library.clips.all()}
        for record, grade in zip(records, grades, strict=True):
            # Every third misleads: an expert that is never wrong shows nothing.
            seen = int(rng.integers(GRADES)) if rng.random() < 1 / 3 else grade
            report = report_of(identity, seen, rng)
            library.analyses.keep(by_path[record.path], report, {})
    return folder


def trained_in(library: Path, bundle: Path, identity: ModelIdentity, kind: str) -> Path:
    """Train an expert of one kind beside ``library`` and return its folder."""
    out = library.parent / f"severity-{kind}-1"
    settings = LocalSettings(
        library=library,
        task="severity",
        bundle=bundle,
        kinds=(kind,),
        folds=3,
        name=f"severity-{kind}-local",
        out=out,
        store=library.parent / "no-store",
    )
    list(train_local(settings, identity, Control()))
    return out


@pytest.fixture(scope="session")
def tree_expert(filled: Path, bundle_folder: Path, identity: ModelIdentity) -> Path:
    """The folder of a decision tree; stays as it is."""
    return trained_in(filled, bundle_folder, identity, "tree")


@pytest.fixture(scope="session")
def logistic_expert(filled: Path, bundle_folder: Path, identity: ModelIdentity) -> Path:
    """The folder of a logistic head; stays as it is."""
    return trained_in(filled, bundle_folder, identity, "logistic")


@pytest.fixture
def copied(tree_expert: Path, tmp_path: Path) -> Path:
    """A copy of the tree that may be harmed."""
    return Path(shutil.copytree(tree_expert, tmp_path / "copied"))


@pytest.fixture
def main(
    qtbot: QtBot,
    viewer: ViewerModel,
    settings: Settings,
    filled: Path,
    tmp_path: Path,
) -> Iterator[MainWindow]:
    """The window on a copy of the library, its models loaded."""
    shutil.copytree(filled, tmp_path / "library")
    made = MainWindow(viewer, settings)
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitSignal(made.study.opened, timeout=WAIT_MS):
        made.study.open()
    with qtbot.waitSignal(viewer.models_changed, timeout=WAIT_MS, check_params_cb=bool):
        load(viewer)
    yield made
    made.close()


def shown(qtbot: QtBot, main: MainWindow, folder: Path) -> ResultWindow:
    """Open the result in ``folder`` and wait until its first page is there."""
    main.results.show_result(folder)
    qtbot.waitUntil(lambda: bool(main.results.windows), timeout=WAIT_MS)
    window = main.results.windows[-1]
    qtbot.waitUntil(lambda: window.result is not None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: is_filled(window), timeout=WAIT_MS)
    return window


def page(qtbot: QtBot, window: ResultWindow, title: str) -> None:
    """Turn to the page of that title and wait until all of it is there."""
    tabs = window.tabs
    titles = [tabs.tabText(place) for place in range(tabs.count())]
    middle = tabs.tabBar().tabRect(titles.index(title)).center()
    qtbot.mouseClick(tabs.tabBar(), Qt.MouseButton.LeftButton, pos=middle)
    assert tabs.tabText(tabs.currentIndex()) == title
    qtbot.waitUntil(lambda: is_filled(window), timeout=WAIT_MS)


def is_filled(window: ResultWindow) -> bool:
    """Whether all of the page that is open is there."""
    if not window.tabs.count():
        return False
    pages = window.tabs.currentWidget().findChildren(Piecemeal)
    return not any(one.filling for one in pages)
