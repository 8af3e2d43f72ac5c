"""The window and the command line give the same numbers, to the last digit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lusviewer import cli, paths
from lusviewer.export.tabular import report_dict, write_timelines
from lusviewer.gui.viewer_model import ViewerModel
from lusviewer.inference.bundle import read_model_manifest
from tests.bundles import make_bundle
from tests.small_clips import write_dicom, write_png, write_video

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.findings import ClipReport

WRITERS: dict[str, Callable[[Path], Path]] = {
    "cine.dcm": lambda path: write_dicom(path, n_frames=37),
    "cine.avi": lambda path: write_video(path, n_frames=21),
    "still.png": write_png,
}
LIMIT_MS = 120_000


@pytest.fixture
def viewer(qtbot: QtBot) -> Iterator[ViewerModel]:
    viewer = ViewerModel()
    yield viewer
    viewer.shutdown()
    viewer.deleteLater()


def in_the_window(
    qtbot: QtBot, viewer: ViewerModel, clip: Path, bundle: Path
) -> ClipReport:
    """Open ``clip`` as a person would, look at another frame, and wait."""
    viewer.choose_bundle(bundle)
    with qtbot.waitSignal(viewer.clip_opened, timeout=LIMIT_MS):
        viewer.open_path(clip)
    viewer.set_frame(5)
    qtbot.waitUntil(lambda: viewer.analysis.complete, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: not viewer.analysis.busy, timeout=LIMIT_MS)
    assert viewer.report is not None
    return viewer.report


def on_the_command_line(clip: Path, bundle: Path, out: Path) -> dict[str, Any]:
    words = ["analyse", clip, "--out", out, "--model", bundle, "--quiet"]
    assert cli.main([str(word) for word in words]) == 0
    content = (out / f"{clip.name}.json").read_text(encoding="utf-8")
    report: dict[str, Any] = json.loads(content)
    return report


def compare(
    qtbot: QtBot, viewer: ViewerModel, clip: Path, bundle: Path, out: Path
) -> dict[str, Any]:
    shown = in_the_window(qtbot, viewer, clip, bundle)
    window = json.loads(json.dumps(report_dict(shown)))
    command = on_the_command_line(clip, bundle, out)
    assert window.keys() == command.keys()
    for key in window.keys() - {"created_utc"}:
        assert window[key] == command[key], key
    there = write_timelines(shown, out, "window").read_bytes()
    assert there == (out / f"{clip.name}.csv").read_bytes()
    return command


@pytest.mark.parametrize("name", WRITERS)
def test_a_clip_gives_the_same_report_in_the_window_and_on_the_command_line(
    name: str, qtbot: QtBot, viewer: ViewerModel, tmp_path: Path
) -> None:
    bundle = make_bundle(tmp_path / "tiny")
    clip = WRITERS[name](tmp_path / name)
    report = compare(qtbot, viewer, clip, bundle, tmp_path / "out")
    assert len(report["predictions"]) == 2
    assert report["findings"]["b_lines"] is not None


@pytest.mark.slow
def test_the_sample_gives_the_same_report_with_the_model_that_ships(
    qtbot: QtBot, viewer: ViewerModel, tmp_path: Path
) -> None:
    clip = paths.resources() / "samples" / "simulated-b-lines.dcm"
    bundle = paths.default_bundle()
    report = compare(qtbot, viewer, clip, bundle, tmp_path / "out")
    present = read_model_manifest(bundle)[0].thresholds["finding.b_lines"]
    assert report["findings"]["b_lines"]["probability"] > present
    assert report["measured"]["b_line_count_max"] >= 2
    assert report["quality"]["assessable"]
