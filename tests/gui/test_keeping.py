"""What a person made stays; what a model or a clip showed does not outlive it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from lusviewer.errors import CorruptFrameError
from lusviewer.gui.measuring import Measurement
from lusviewer.gui.player import Player
from tests.gui.conftest import WAIT_MS, load

if TYPE_CHECKING:
    from pathlib import Path


def test_a_persons_edits_outlive_another_analysis(qtbot, analysed):
    viewer = analysed()
    viewer.edit_biomarker("b_lines.many", 1.0)
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.analyse()
    assert dict(viewer.edits) == {"b_lines.many": 1.0}
    viewer.undo_stack.undo()
    assert dict(viewer.edits) == {}


def test_a_persons_edits_outlive_another_device(
    qtbot, viewer, exam_folder, bundle_folder
):
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.open_path(exam_folder)
        load(viewer)
    viewer.edit_biomarker("b_lines.many", 1.0)
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.step_clip(1)
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.choose_device("cpu")
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.step_clip(-1)
    assert dict(viewer.edits) == {"b_lines.many": 1.0}


def test_a_saliency_map_does_not_outlive_its_clip(qtbot, analysed):
    viewer = analysed()
    maps: list[object] = []
    viewer.saliency_changed.connect(lambda heat, _key: maps.append(heat))
    viewer.select("finding.b_lines")
    viewer.set_saliency(True)
    qtbot.waitUntil(lambda: bool(maps), timeout=WAIT_MS)
    viewer.set_frame(9)  # Asked for, and still on its way when the clip is closed.
    viewer.close_clip()
    assert maps[-1] is None
    number = len(maps)
    qtbot.wait(200)
    assert len(maps) == number


def test_coming_back_to_a_clip_shows_its_saliency_again(qtbot, viewer, exam_folder):
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.open_path(exam_folder)
        load(viewer)
    viewer.select("finding.b_lines")
    viewer.set_saliency(True)
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.step_clip(1)
    with qtbot.waitSignal(
        viewer.saliency_changed,
        timeout=WAIT_MS,
        check_params_cb=lambda heat, _key: heat is not None,
    ):
        viewer.step_clip(-1)


def test_nothing_of_a_model_stays_when_another_is_chosen(
    qtbot, analysed, bundle_folder, tmp_path
):
    viewer = analysed()
    other = bad_bundle(bundle_folder, tmp_path)
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS):
        viewer.choose_bundle(other)
    assert not viewer.timelines.analysed.any()
    assert viewer.findings == {}


def test_after_a_bad_bundle_the_one_before_can_be_asked_again(
    qtbot, analysed, bundle_folder, tmp_path
):
    viewer = analysed()
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS):
        viewer.choose_bundle(bad_bundle(bundle_folder, tmp_path))
    qtbot.waitUntil(lambda: not viewer.analysis.loading, timeout=WAIT_MS)
    with qtbot.waitSignal(viewer.report_changed, timeout=WAIT_MS, check_params_cb=bool):
        viewer.analyse()
    assert viewer.analysis.bundle_path == bundle_folder


def bad_bundle(good: Path, folder: Path) -> Path:
    bad = folder / "bad"
    shutil.copytree(good, bad)
    manifest = json.loads((bad / "manifest.json").read_text())
    manifest["graphs"]["frame"]["sha256"] = "0" * 64
    (bad / "manifest.json").write_text(json.dumps(manifest))
    return bad


def test_every_frame_goes_on_past_a_broken_one(qtbot, viewer, clip_path):
    player = Player(viewer)
    viewer.auto_analyse = False
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(clip_path)
    qtbot.waitUntil(lambda: viewer.clip.cached(23) is not None, timeout=WAIT_MS)
    viewer.clip._broken[3] = CorruptFrameError("cut short")
    viewer.clip._cache._frames.pop(3)
    player.set_every_frame(True)
    viewer.set_speed(4.0)
    viewer.set_playing(True)
    qtbot.waitUntil(lambda: viewer.frame_index >= 6, timeout=5_000)


def test_forth_and_back_is_shown_and_starts_anew_with_each_clip(
    qtbot, window, viewer, exam_folder
):
    viewer.auto_analyse = False
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(exam_folder)
    window.actions_by_name["sweep"].setChecked(True)
    assert window.player.sweeping
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.step_clip(1)
    assert not window.player.sweeping
    assert not window.actions_by_name["sweep"].isChecked()


def test_an_exam_goes_on_past_a_clip_that_does_not_open(
    qtbot, viewer, exam_folder, tmp_path
):
    folder = tmp_path / "exam"
    shutil.copytree(exam_folder, folder)
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.open_path(folder)
        load(viewer)
    (folder / "b.dcm").unlink()
    viewer.analyse_exam()
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS):
        viewer.step_clip(1)
    qtbot.waitUntil(
        lambda: viewer.exam.kept(folder / "c.avi") is not None, timeout=WAIT_MS
    )


def test_a_drop_that_holds_no_clip_leaves_the_exam_at_work(
    qtbot, viewer, exam_folder, tmp_path
):
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.open_path(exam_folder)
        load(viewer)
    viewer.analyse_exam()
    (tmp_path / "notes.txt").write_text("no clip")
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS):
        viewer.open_path(tmp_path / "notes.txt")
    qtbot.waitUntil(
        lambda: viewer.exam.kept(exam_folder / "c.avi") is not None, timeout=WAIT_MS
    )


def test_measurements_are_there_again_when_one_comes_back(
    qtbot, window, viewer, exam_folder
):
    viewer.auto_analyse = False
    measurements = window.clip_view.measurements
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(exam_folder)
    measured = Measurement((10.0, 10.0), (40.0, 50.0))
    measurements.add(measured)
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.step_clip(1)
    assert measurements.shown == ()
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.step_clip(-1)
    assert measurements.shown == (measured,)


def test_no_loop_is_kept_for_a_clip_that_is_not_there(qtbot, viewer, clip_path):
    Player(viewer)
    viewer.set_loop((5, 60))
    assert viewer.loop is None
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(clip_path)
    viewer.set_loop((5, 60))
    assert viewer.loop == (5, 23)
