"""What a person at the window waits for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph
import pytest

from lusviewer import paths
from lusviewer.gui.clip_view import ClipView
from lusviewer.gui.timeline_view import TimelineView
from lusviewer.gui.viewer_model import ViewerModel
from tests.bench.clips import pictures, write_jpeg_dicom, write_rle_dicom, write_video
from tests.bundles import make_bundle
from tests.small_clips import write_dicom

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_benchmark.fixture import BenchmarkFixture
    from pytestqt.qtbot import QtBot

    from tests.bench.conftest import Figures

WAIT_MS = 120_000
START = Path(__file__).parent / "start.py"


def started(*arguments: object) -> dict[str, float]:
    """Return when the window of a new process was painted, and what it showed."""
    ended = subprocess.run(
        [sys.executable, str(START), repr(time.time()), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    told: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return told


def test_the_window_stands_soon_after_the_start(figures: Figures) -> None:
    seconds = [started()["window_s"] for _ in range(6)]
    note = f"median of {len(seconds)}: {median(seconds):.2f} s"
    figures.add("window painted after the start", min(seconds), "s", 0.6, note)


@pytest.mark.parametrize("kind", ["mp4", "dcm"])
def test_the_first_frame_comes_soon_after_the_window(
    kind: str, figures: Figures
) -> None:
    sample = paths.resources() / "samples" / f"simulated-b-lines.{kind}"
    told = [started(sample) for _ in range(6)]
    waits_ms = [(t["frame_s"] - t["window_s"]) * 1e3 for t in told]
    note = f"median of {len(waits_ms)}: {median(waits_ms):.0f} ms"
    figures.add(
        f"first frame ({kind}) after the window", min(waits_ms), "ms", 150, note
    )


@pytest.fixture
def viewer(qtbot: QtBot, tmp_path: Path) -> Iterator[ViewerModel]:
    viewer = ViewerModel()
    viewer.analysis.bundle_path = make_bundle(tmp_path / "tiny")
    yield viewer
    viewer.shutdown()
    viewer.deleteLater()


@pytest.fixture
def opened(qtbot: QtBot, viewer: ViewerModel) -> Callable[[Path], ViewerModel]:
    """Opens a clip and waits until it is analysed."""

    def open_and_wait(path: Path) -> ViewerModel:
        with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
            viewer.open_path(path)
        qtbot.waitUntil(lambda: viewer.analysis.complete, timeout=WAIT_MS)
        assert viewer.clip is not None
        return viewer

    return open_and_wait


def waits_ms(
    qtbot: QtBot, viewer: ViewerModel, view: ClipView, wanted: list[int]
) -> list[float]:
    """Return how long each frame took from the wish to the painted view."""
    taken = []
    for index in wanted:
        started_s = time.perf_counter()
        with qtbot.waitSignal(
            viewer.image_changed,
            timeout=WAIT_MS,
            check_params_cb=lambda _pixels, shown, index=index: shown == index,
        ):
            viewer.set_frame(index)
        view.viewport().repaint()
        taken.append((time.perf_counter() - started_s) * 1e3)
    return taken


def shown_view(qtbot: QtBot, viewer: ViewerModel) -> ClipView:
    view = ClipView(viewer)
    qtbot.addWidget(view)
    view.resize(900, 700)
    with qtbot.waitExposed(view):
        view.show()
    return view


def test_scrubbing_in_a_decoded_clip_is_immediate(
    qtbot: QtBot,
    opened: Callable[[Path], ViewerModel],
    viewer: ViewerModel,
    tmp_path: Path,
    figures: Figures,
) -> None:
    view = shown_view(qtbot, viewer)
    opened(write_jpeg_dicom(tmp_path / "cine.dcm", pictures(60)))
    wanted = [int(i) for i in np.random.default_rng(0).permutation(np.arange(1, 60))]
    assert viewer.clip is not None
    for index in wanted:
        viewer.clip.frame(index)
    taken = waits_ms(qtbot, viewer, view, wanted)
    note = f"median of {len(taken)}: {median(taken):.1f} ms"
    slow = float(np.percentile(taken, 95))
    figures.add("scrubbing, decoded: 95 of 100", slow, "ms", 16, note)


WRITERS = {
    "JPEG": lambda path, frames: write_jpeg_dicom(path / "j.dcm", frames),
    "RLE": lambda path, frames: write_rle_dicom(path / "r.dcm", frames),
    "MJPEG": lambda path, frames: write_video(path / "m.avi", frames, "mjpeg", 60),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_scrubbing_in_a_clip_that_is_not_decoded_hardly_waits(
    kind: str,
    qtbot: QtBot,
    opened: Callable[[Path], ViewerModel],
    viewer: ViewerModel,
    tmp_path: Path,
    figures: Figures,
) -> None:
    view = shown_view(qtbot, viewer)
    viewer.cache_bytes = 600 * 800  # one frame: each has to be decoded
    opened(WRITERS[kind](tmp_path, pictures(60)))
    assert viewer.clip is not None
    wanted = [int(i) for i in np.random.default_rng(0).permutation(np.arange(1, 60))]
    assert viewer.clip.cached(wanted[-1]) is None
    taken = waits_ms(qtbot, viewer, view, wanted)
    note = f"median of {len(taken)}: {median(taken):.1f} ms"
    slow = float(np.percentile(taken, 95))
    figures.add(f"scrubbing, {kind} not decoded: 95 of 100", slow, "ms", 50, note)


def peer_update(qtbot: QtBot) -> Callable[[int], None]:
    """Return the same picture with an overlay, drawn by pyqtgraph."""
    frames = pictures(8)
    overlay = np.zeros((*frames.shape[1:], 4), np.uint8)
    overlay[200:230] = (240, 228, 66, 140)
    layout = pyqtgraph.GraphicsLayoutWidget()
    box = layout.addViewBox()
    image, above = (pyqtgraph.ImageItem(axisOrder="row-major") for _ in range(2))
    box.addItem(image)
    box.addItem(above)
    layout.resize(900, 700)
    qtbot.addWidget(layout)
    with qtbot.waitExposed(layout):
        layout.show()

    def update(index: int) -> None:
        image.setImage(frames[index % 8], autoLevels=False, levels=(0, 255))
        above.setImage(np.roll(overlay, index, axis=0), autoLevels=False)
        layout.viewport().repaint()

    return update


def median_ms(step: Callable[[int], None], n: int = 40, batches: int = 5) -> float:
    """Return the median of the batch that was disturbed least."""
    medians = []
    for _ in range(batches):
        taken = []
        for index in range(n):
            started_s = time.perf_counter()
            step(index)
            taken.append((time.perf_counter() - started_s) * 1e3)
        medians.append(median(taken))
    return min(medians)


@pytest.mark.benchmark(group="window")
def test_a_frame_with_two_overlays_is_drawn_quickly(
    qtbot: QtBot,
    opened: Callable[[Path], ViewerModel],
    viewer: ViewerModel,
    tmp_path: Path,
    benchmark: BenchmarkFixture,
    figures: Figures,
) -> None:
    view = shown_view(qtbot, viewer)
    opened(write_jpeg_dicom(tmp_path / "cine.dcm", pictures(60)))
    for name in viewer.layers.classes:
        viewer.set_layer(name, visible=name in ("pleura", "b_line"))

    def step(index: int) -> None:
        viewer.set_frame(index % 59 + 1)
        view.viewport().repaint()

    ours_ms = median_ms(step)
    benchmark.pedantic(step, args=(30,), rounds=3)
    peer_ms = median_ms(peer_update(qtbot))
    note = f"pyqtgraph's ImageItem: {peer_ms:.1f} ms"
    figures.add("a frame of 800x600 with two overlays", ours_ms, "ms", 5, note)


@pytest.mark.benchmark(group="window")
def test_timelines_are_drawn_quickly(
    qtbot: QtBot,
    opened: Callable[[Path], ViewerModel],
    viewer: ViewerModel,
    tmp_path: Path,
    benchmark: BenchmarkFixture,
    figures: Figures,
) -> None:
    opened(write_dicom(tmp_path / "long.dcm", n_frames=1000))
    view = TimelineView(viewer)
    qtbot.addWidget(view)
    view.resize(1000, 900)
    view.set_expanded(True)
    with qtbot.waitExposed(view):
        view.show()

    def redraw(index: int) -> None:
        # Another row is selected: everything is drawn anew.
        viewer.select("finding.b_lines" if index % 2 else "finding.a_lines")
        view.viewport().repaint()

    def move(index: int) -> None:
        viewer.set_frame(index % 999 + 1)
        view.viewport().repaint()

    figures.add("38 timelines of 1,000 frames drawn", median_ms(redraw), "ms", 10)
    benchmark.pedantic(redraw, args=(0,), rounds=3)
    figures.add("their cursor moved", median_ms(move), "ms", 1)
