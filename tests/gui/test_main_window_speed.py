"""The window stays quick while everything goes on at once, and never leaks."""

from __future__ import annotations

import gc
from functools import partial
from typing import TYPE_CHECKING

import av
import cv2
import psutil
import pytest
from PySide6.QtCore import QTimer

from lusviewer.gui.main_window import MainWindow
from lusviewer.gui.theme import apply_theme
from lusviewer.gui.viewer_model import ViewerModel
from lusviewer.paths import default_bundle
from tests.gui.conftest import WAIT_MS, load
from tests.gui.watchdog import over_at_best, watching
from tests.small_clips import frames

if TYPE_CHECKING:
    from pathlib import Path

ROWS, COLUMNS = 600, 800
N_FRAMES = 120
UPDATES = 3000
REFERENCE_EVERY_MS = 50


@pytest.fixture(scope="session")
def large_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Motion JPEG cine of the size and rate of a real one."""
    path = tmp_path_factory.mktemp("large") / "large.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=30, options={"qscale": "3"})
        stream.width, stream.height, stream.pix_fmt = COLUMNS, ROWS, "yuvj420p"
        for small in frames(N_FRAMES):
            picture = cv2.resize(
                small, (COLUMNS, ROWS), interpolation=cv2.INTER_NEAREST
            )
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "gray")))
        container.mux(stream.encode(None))
    return path


def _watched(qtbot, qapp, folder: Path, settings, clip: Path):
    """Open, analyse and play at once in a new window, through the whole clip."""
    apply_theme(qapp, "dark")
    viewer = ViewerModel()
    viewer.analysis.bundle_path = folder
    window = MainWindow(viewer, settings)
    qtbot.addWidget(window)
    window.resize(1440, 900)
    window.show()
    load(viewer)
    qtbot.waitUntil(lambda: viewer.bundle is not None, timeout=WAIT_MS)
    shown: list[int] = []
    viewer.image_changed.connect(lambda frame, index: shown.append(index))
    viewer.select("finding.b_lines")
    viewer.set_saliency(True)
    with watching(qapp, REFERENCE_EVERY_MS) as watch:
        viewer.open_path(clip)
        qtbot.waitUntil(lambda: viewer.clip is not None, timeout=WAIT_MS)
        viewer.set_playing(True)
        qtbot.waitUntil(
            lambda: viewer.analysis.complete and len(shown) > N_FRAMES, timeout=90_000
        )
    window.close()
    assert len(watch.spent_ms) > N_FRAMES
    return watch.over


def test_no_event_takes_longer_than_a_frame_while_playing_and_analysing(
    qtbot, qapp, bundle_folder, settings, large_clip
):
    run = partial(_watched, qtbot, qapp, bundle_folder, settings, large_clip)
    assert over_at_best(run) == []


@pytest.mark.slow
def test_no_event_takes_longer_than_a_frame_with_the_shipped_model(
    qtbot, qapp, settings, large_clip
):
    if not (default_bundle() / "manifest.json").is_file():
        pytest.skip("the shipped model is not there")
    run = partial(_watched, qtbot, qapp, default_bundle(), settings, large_clip)
    assert over_at_best(run) == []


def test_three_thousand_frame_updates_neither_crash_nor_leak(
    qtbot, window, analysed, clip_path
):
    viewer = analysed()
    window.resize(900, 620)
    shown, memory = [], []

    def go_on(_frame, index):
        shown.append(index)
        if len(shown) in (1000, UPDATES):
            gc.collect()
            memory.append(psutil.Process().memory_info().rss)

    viewer.image_changed.connect(go_on)
    timer = QTimer()
    timer.timeout.connect(
        lambda: viewer.set_frame((viewer.frame_index + 7) % len(viewer.clip))
    )
    timer.start(0)
    qtbot.waitUntil(lambda: len(shown) >= UPDATES, timeout=280_000)
    timer.stop()
    assert memory[1] - memory[0] < 20 * 2**20
