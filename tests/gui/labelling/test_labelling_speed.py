"""Answering by keys never keeps the window while a clip is played and analysed."""

from __future__ import annotations

from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer

from lusviewer.gui.main_window import MainWindow
from lusviewer.gui.theme import apply_theme
from lusviewer.gui.viewer_model import ViewerModel
from tests.gui.conftest import WAIT_MS, load
from tests.gui.watchdog import WatchedApplication, over_at_best, watching
from tests.small_clips import write_video

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.settings import Settings

ANSWERS = 60
KEYS = "jyjnjujxjyj2n2kujn1j"


def _watched(
    qtbot: QtBot, qapp: WatchedApplication, folder: Path, settings: Settings, clip: Path
) -> list[tuple[float, str]]:
    """Answer question after question while a clip is played and analysed."""
    apply_theme(qapp, "dark")
    viewer = ViewerModel()
    viewer.analysis.bundle_path = folder
    window = MainWindow(viewer, settings)
    qtbot.addWidget(window)
    window.resize(1440, 900)
    window.show()
    load(viewer)
    viewer.open_path(clip)
    labelling = window.findings_panel.labelling
    qtbot.waitUntil(lambda: bool(labelling.questions), timeout=WAIT_MS)
    viewer.set_playing(True)
    keys, pressed = cycle(KEYS), []

    def press() -> None:
        pressed.append(next(keys))
        shift = pressed[-1] == "2" and not labelling.choosing
        modifier = Qt.KeyboardModifier.ShiftModifier
        none = Qt.KeyboardModifier.NoModifier
        qtbot.keyClick(window, pressed[-1], modifier if shift else none)

    timer = QTimer(interval=60)
    timer.timeout.connect(press)
    timer.start()
    with watching(qapp, every_ms=60) as watch:
        qtbot.waitUntil(lambda: len(pressed) >= ANSWERS, timeout=60_000)
    timer.stop()
    window.close()
    assert labelling.mine("finding.a_lines") is not None
    return watch.over


def test_no_event_takes_longer_than_a_frame_while_answering(
    qtbot: QtBot,
    qapp: WatchedApplication,
    bundle_folder: Path,
    settings: Settings,
    tmp_path: Path,
) -> None:
    clip = write_video(tmp_path / "clip.avi", n_frames=60)
    run = partial(_watched, qtbot, qapp, bundle_folder, settings, clip)
    assert over_at_best(run) == []
