"""Real viewers and windows on tiny bundles and clips."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSettings

from lusviewer.gui.main_window import MainWindow
from lusviewer.gui.settings import Settings
from lusviewer.gui.study.model import StudyModel
from lusviewer.gui.viewer_model import ViewerModel
from tests.bundles import make_bundle
from tests.gui.watchdog import WatchedApplication
from tests.small_clips import write_dicom, write_video

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

WAIT_MS = 20_000
"""How long an event is waited for: this machine may be busy with other things."""


@pytest.fixture(scope="session")
def qapp_cls() -> type[WatchedApplication]:
    """The application of all tests can measure its events."""
    return WatchedApplication


@pytest.fixture(autouse=True)
def collected_on_this_thread() -> Iterator[None]:
    """Collect garbage as the window does: never on a worker's thread."""
    gc.disable()
    yield
    gc.collect()
    gc.freeze()  # What is left is not looked at again: that would cost 0.1 s a test.
    gc.enable()


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny bundle with two experts."""
    return make_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="session")
def clip_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DICOM cine of 24 frames with 0 to 3 B-lines."""
    return write_dicom(tmp_path_factory.mktemp("clip") / "cine.dcm", n_frames=24)


@pytest.fixture(scope="session")
def exam_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three clips and a file that is none."""
    folder = tmp_path_factory.mktemp("exam")
    write_dicom(folder / "a.dcm", n_frames=12)
    write_dicom(folder / "b.dcm", n_frames=8)
    write_video(folder / "c.avi", n_frames=10)
    (folder / "notes.txt").write_text("left upper zone")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    made = Settings(store)
    made.put("library", str(tmp_path / "library"))
    made.put("rater", "anna")
    return made


@pytest.fixture
def viewer(qtbot: QtBot, bundle_folder: Path) -> Iterator[ViewerModel]:
    """A viewer that will load the tiny bundle; shut down after the test."""
    made = ViewerModel()
    made.analysis.bundle_path = bundle_folder
    yield made
    made.shutdown()


@pytest.fixture
def study(viewer: ViewerModel, tmp_path: Path) -> Iterator[StudyModel]:
    """What the window knows of a library that is made when it is needed."""
    made = StudyModel(viewer, tmp_path / "library", "anna")
    yield made
    made.shutdown()


@pytest.fixture
def analysed(
    qtbot: QtBot, viewer: ViewerModel, clip_path: Path
) -> Callable[[], ViewerModel]:
    """Opens the clip and waits for the report when called."""

    def analyse() -> ViewerModel:
        with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
            viewer.open_path(clip_path)
            load(viewer)
        assert viewer.analysis.complete
        return viewer

    return analyse


def load(viewer: ViewerModel) -> None:
    """Load the models, unless opening a clip has begun that already."""
    if viewer.analysis.models is None and not viewer.analysis.loading:
        viewer.analysis.load(viewer.analysis.bundle_path, "cpu")


@pytest.fixture
def window(
    qtbot: QtBot, viewer: ViewerModel, settings: Settings
) -> Iterator[MainWindow]:
    made = MainWindow(viewer, settings)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()
