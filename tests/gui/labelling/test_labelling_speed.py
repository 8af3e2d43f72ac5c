"""Answering by keys never keeps the window while a clip is played and analysed."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer

from lusviewer.gui.main_window import MainWindow
from lusviewer.gui.theme import apply_theme
from lusviewer.gui.viewer_model import ViewerModel
from tests.gui.conftest import WAIT_MS, load
from tests.gui.watchdog import Watch, WatchedApplication
from tests.small_clips import write_video

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.settings import Settings

LIMIT_MS = 16.0
ANSWERS = 60
KEYS = "jyjnjujxjyj2n2kujn1j"


def _watched(
    qtbot: QtBot, qapp: WatchedApplication, folder: Path, settings: Settings, clip: Path
) -> Watch:
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
    watch, keys, pressed = Watch(), cycle(KEYS), []

    def press() -> None:
        watch.measure_reference()
        pressed.append(next(keys))
        shift = pressed[-1] == "2" and not labelling.choosing
        modifier = Qt.KeyboardModifier.ShiftModifier
        none = Qt.KeyboardModifier.NoModifier
        qtbot.keyClick(window, pressed[-1], modifier if shift else none)

    timer = QTimer(interval=60)
    timer.timeout.connect(press)
    timer.start()
    qapp.watch = watch
    try:
        qtbot.waitUntil(lambda: len(pressed) >= ANSWERS, timeout=60_000)
    finally:
        timer.stop()
        qapp.watch = None
        window.close()
    assert labelling.mine("finding.a_lines") is not None
    return watch


def test_no_event_takes_longer_than_a_frame_while_answering(
    qtbot: QtBot,
    qapp: WatchedApplication,
    bundle_folder: Path,
    settings: Settings,
    tmp_path: Path,
) -> None:
    clip = write_video(tmp_path / "clip.avi", n_frames=60)
    over: list[tuple[float, str]] = []
    for _ in range(3):
        watch = _watched(qtbot, qapp, bundle_folder, settings, clip)
        over = watch.over(LIMIT_MS * watch.slowness)
        if not over:
            break
    assert over == []
