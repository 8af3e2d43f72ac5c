"""The one place of state, on real clips and a real, tiny model."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lusviewer.analysis import analyse, summarise
from lusviewer.cancel import CancelToken
from lusviewer.errors import ClipError, LusViewerError, ManifestError
from lusviewer.experts import load_experts
from lusviewer.experts.store import ExpertStore
from lusviewer.findings import ClipReport, FrameFindings, Timelines
from lusviewer.gui.actions import ACTIONS
from lusviewer.gui.viewer_model import ViewerModel
from lusviewer.inference.bundle import open_bundle
from lusviewer.io import open_clip
from lusviewer.paths import user_experts
from tests.bundles import make_tree
from tests.gui.conftest import WAIT_MS, load
from tests.small_clips import write_dicom


def test_opening_shows_the_first_frame_and_finds_the_beam(qtbot, viewer, clip_path):
    shown = []
    viewer.image_changed.connect(lambda frame, index: shown.append((index, frame)))
    with qtbot.waitSignals([viewer.clip_opened, viewer.image_changed], timeout=WAIT_MS):
        viewer.open_path(clip_path)
    assert shown[0][0] == 0
    assert shown[0][1].shape == (224, 224)
    assert len(viewer.clip) == 24
    qtbot.waitUntil(lambda: viewer.clip.located, timeout=WAIT_MS)


def test_several_files_are_opened_with_one_of_them_first(qtbot, viewer, exam_folder):
    paths = [exam_folder / name for name in ("a.dcm", "b.dcm", "c.avi")]
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(paths, first=paths[1])
    assert viewer.clip.identity.path == paths[1]
    assert [clip.path for clip in viewer.exam.clips] == paths
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(exam_folder)
    assert viewer.exam.position == 0


def test_an_analysis_streams_findings_and_ends_with_a_report(qtbot, viewer, clip_path):
    arrived: list[FrameFindings] = []
    reports: list[ClipReport | None] = []
    progress: list[float] = []
    viewer.findings_arrived.connect(arrived.extend)
    viewer.report_changed.connect(reports.append)
    viewer.progress_changed.connect(progress.append)
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.open_path(clip_path)
        load(viewer)
    assert sorted(f.frame_index for f in arrived) == list(range(24))
    assert progress[0] == 0.0
    assert progress[-1] == 1.0
    assert viewer.report is reports[-1]
    assert viewer.timelines.analysed.all()
    assert len(viewer.predictions) == 2


def test_the_window_and_the_core_agree_to_the_last_digit(
    analysed, clip_path, bundle_folder
):
    viewer = analysed()
    clip, cancel = open_clip(clip_path), CancelToken()
    bundle = open_bundle(bundle_folder, device="cpu")
    timelines = Timelines(clip.frame_times_s)
    for findings in analyse(clip, bundle, cancel):
        timelines.add(findings)
    experts = load_experts(bundle_folder / "experts")
    report = summarise(clip, bundle, experts, timelines, cancel)
    clip.close()
    assert viewer.report.findings == report.findings
    assert viewer.report.biomarkers == report.biomarkers
    assert viewer.report.measured == report.measured
    assert viewer.report.predictions == report.predictions
    np.testing.assert_array_equal(viewer.timelines.values, timelines.values)


def test_without_a_model_the_clip_can_still_be_looked_at(
    qtbot, viewer, clip_path, tmp_path
):
    viewer.analysis.bundle_path = tmp_path / "nothing"
    with qtbot.waitSignals([viewer.failed, viewer.image_changed], timeout=WAIT_MS):
        viewer.open_path(clip_path)
        load(viewer)
    assert viewer.bundle is None
    viewer.set_frame(3)
    assert viewer.frame_index == 3


def test_a_model_chosen_later_analyses_the_open_clip(
    qtbot, viewer, clip_path, tmp_path, bundle_folder
):
    viewer.analysis.bundle_path = tmp_path / "nothing"
    with qtbot.waitSignals([viewer.failed, viewer.clip_opened], timeout=WAIT_MS):
        viewer.open_path(clip_path)
        load(viewer)
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.choose_bundle(bundle_folder)
    assert viewer.report.model.name == "tiny"


def test_a_bundle_with_a_wrong_hash_says_so(qtbot, viewer, tmp_path, bundle_folder):
    for file in bundle_folder.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "frame.onnx").write_bytes(b"something else")
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS) as failed:
        viewer.choose_bundle(tmp_path)
    assert isinstance(failed.args[0], ManifestError)


@pytest.mark.parametrize("name", ["missing.dcm", "text.dcm", "empty.dcm"])
def test_a_file_that_cannot_be_opened_fails_by_its_name(qtbot, viewer, tmp_path, name):
    if name == "text.dcm":
        (tmp_path / name).write_text("this is no clip at all")
    if name == "empty.dcm":
        (tmp_path / name).touch()
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS) as failed:
        viewer.open_path(tmp_path / name)
    assert isinstance(failed.args[0], LusViewerError)
    assert name in failed.args[0].message
    assert viewer.clip is None


def test_a_folder_without_clips_fails_with_a_hint(qtbot, viewer, tmp_path):
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS) as failed:
        viewer.open_path(tmp_path)
    assert isinstance(failed.args[0], ClipError)
    assert failed.args[0].hint


def test_one_bad_path_among_several_is_told_and_the_rest_opens(
    qtbot, viewer, clip_path, tmp_path
):
    with qtbot.waitSignals([viewer.failed, viewer.clip_opened], timeout=WAIT_MS):
        viewer.open_path([tmp_path, clip_path])
    assert viewer.clip.identity.path == clip_path


def test_frames_stay_within_the_clip(qtbot, viewer, clip_path):
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(clip_path)
    viewer.set_frame(1000)
    assert viewer.frame_index == 23
    viewer.step(-1000)
    assert viewer.frame_index == 0


def test_the_frame_asked_for_last_is_shown_last(qtbot, viewer, clip_path):
    shown = []
    viewer.image_changed.connect(lambda frame, index: shown.append(index))
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(clip_path)
    for index in (20, 3, 17, 5, 11):
        viewer.set_frame(index)
    qtbot.waitUntil(lambda: bool(shown) and shown[-1] == 11, timeout=WAIT_MS)


def test_a_cancelled_analysis_keeps_what_was_found_and_ends(qtbot, viewer, clip_path):
    with qtbot.waitSignal(viewer.findings_arrived, timeout=WAIT_MS):
        viewer.open_path(clip_path)
        load(viewer)
    found = len(viewer.findings)
    if viewer.analysis.busy:
        with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
            viewer.cancel_analysis()
        assert not viewer.analysis.complete
    assert len(viewer.findings) == found


def test_opening_another_clip_silences_the_one_before(
    qtbot, viewer, clip_path, tmp_path
):
    other = write_dicom(tmp_path / "other.dcm", n_frames=8)
    with qtbot.waitSignal(viewer.analysis_started, timeout=WAIT_MS):
        viewer.open_path(clip_path)
        load(viewer)
    with qtbot.waitSignal(viewer.clip_closed, timeout=WAIT_MS):
        viewer.open_path(other)
    arrived: list[FrameFindings] = []
    viewer.findings_arrived.connect(arrived.extend)
    qtbot.waitUntil(lambda: viewer.analysis.complete, timeout=WAIT_MS)
    assert viewer.clip.identity.path == other
    assert sorted(f.frame_index for f in arrived) == list(range(8))


def test_an_edit_makes_the_experts_predict_again_and_can_be_undone(qtbot, analysed):
    viewer = analysed()
    severity, second = next(p for p in viewer.predictions if p[0].target == "severity")
    assert second is None
    with qtbot.waitSignal(viewer.predictions_changed, timeout=WAIT_MS):
        viewer.edit_biomarker("b_lines.many", 0.0)
    with qtbot.waitSignal(viewer.predictions_changed, timeout=WAIT_MS):
        viewer.edit_biomarker("measured.b_line_count_max", 0.0)
    before, after = next(p for p in viewer.predictions if p[0].target == "severity")
    assert before == severity
    assert after.best == "0"
    assert after.best != before.best
    viewer.undo_stack.undo()
    viewer.undo_stack.undo()
    assert dict(viewer.edits) == {}
    assert [p[1] for p in viewer.predictions] == [None, None]
    with qtbot.waitSignal(viewer.predictions_changed, timeout=WAIT_MS):
        viewer.undo_stack.redo()
    assert dict(viewer.edits) == {"b_lines.many": 0.0}


def test_the_best_frame_is_the_one_the_report_names(qtbot, analysed):
    viewer = analysed()
    viewer.go_to_best_frame("finding.b_lines")
    assert viewer.selection == "finding.b_lines"
    assert viewer.frame_index == viewer.report.findings["b_lines"].frame
    assert viewer.frame_index % 4 == 3


def test_saliency_follows_the_frame_and_the_selection(qtbot, analysed):
    viewer = analysed()
    viewer.select("finding.b_lines")
    with qtbot.waitSignal(viewer.saliency_changed, timeout=WAIT_MS) as shown:
        viewer.set_saliency(True)
    heat, key = shown.args
    assert key == "finding.b_lines"
    assert heat.shape == (224, 224)
    assert 0.0 <= float(heat.min()) <= float(heat.max()) <= 1.0
    with qtbot.waitSignal(viewer.saliency_changed, timeout=WAIT_MS) as shown:
        viewer.set_frame(2)
    assert shown.args[0].max() > 0
    with qtbot.waitSignal(viewer.saliency_changed, timeout=WAIT_MS) as shown:
        viewer.set_saliency(False)
    assert shown.args[0] is None


def test_what_was_measured_has_no_saliency(qtbot, analysed):
    viewer = analysed()
    maps = []
    viewer.saliency_changed.connect(lambda heat, key: maps.append(heat))
    viewer.set_saliency(True)
    viewer.select("measured.b_line_count")
    assert maps == []


def test_coming_back_to_a_clip_costs_no_second_analysis(qtbot, viewer, exam_folder):
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.open_path(exam_folder)
        load(viewer)
    first = viewer.report
    viewer.edit_biomarker("b_lines.many", 1.0)
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        viewer.step_clip(1)
    assert viewer.report is not first
    assert dict(viewer.edits) == {}
    started = []
    viewer.analysis_started.connect(lambda: started.append(1))
    with qtbot.waitSignal(viewer.report_changed, timeout=WAIT_MS, check_params_cb=bool):
        viewer.step_clip(-1)
    assert viewer.report is first
    assert dict(viewer.edits) == {"b_lines.many": 1.0}
    assert started == []


def test_the_clips_of_a_folder_are_walked_through_and_stop_at_its_ends(
    qtbot, viewer, exam_folder
):
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(exam_folder)
    assert [clip.path.name for clip in viewer.exam.clips] == ["a.dcm", "b.dcm", "c.avi"]
    viewer.step_clip(-1)
    assert viewer.exam.position == 0
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.step_clip(2)
    viewer.step_clip(1)
    assert viewer.exam.position == 2


def test_a_loop_lies_within_the_clip_whatever_is_asked(qtbot, viewer, clip_path):
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(clip_path)
    viewer.set_loop((200, 5))
    assert viewer.loop == (5, 23)
    viewer.set_loop(None)
    assert viewer.loop is None


def test_closing_a_clip_forgets_everything_about_it(qtbot, analysed):
    viewer = analysed()
    viewer.set_loop((2, 5))
    viewer.edit_biomarker("b_lines.many", 1.0)
    with qtbot.waitSignal(viewer.clip_closed, timeout=WAIT_MS):
        viewer.close_clip()
    assert viewer.clip is None
    assert viewer.report is None
    assert viewer.timelines is None
    assert viewer.loop is None
    assert viewer.findings == {}
    assert dict(viewer.edits) == {}
    assert not viewer.undo_stack.canUndo()


def test_a_bug_in_a_job_is_not_taken_for_something_to_tell(qtbot, viewer):
    told: list[object] = []
    viewer.failed.connect(told.append)
    with pytest.raises(ZeroDivisionError):
        viewer.report_failure(ZeroDivisionError("a bug"))
    assert told == []


def test_shutting_down_amid_everything_leaves_no_thread(
    qtbot, bundle_folder, clip_path
):
    viewer = ViewerModel()
    viewer.analysis.bundle_path = bundle_folder
    with qtbot.waitSignal(viewer.analysis_started, timeout=WAIT_MS):
        viewer.open_path(clip_path)
        load(viewer)
    viewer.set_saliency(True)
    viewer.select("finding.b_lines")
    viewer.set_frame(20)
    viewer.shutdown()


def test_a_clip_that_vanished_meanwhile_is_told(qtbot, viewer, tmp_path):
    folder = tmp_path / "exam"
    folder.mkdir()
    for name in ("a.dcm", "b.dcm"):
        write_dicom(folder / name, n_frames=4)
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(folder)
    Path(folder / "b.dcm").unlink()
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS) as failed:
        viewer.step_clip(1)
    assert "b.dcm" in failed.args[0].message


def test_a_coloured_clip_is_shown_in_colour_and_a_gray_one_is_not(
    qtbot, viewer, tmp_path
):
    picture = np.full((120, 160, 3), 90, np.uint8)
    assert cv2.imwrite(str(tmp_path / "gray.png"), picture)
    picture[40:80, 40:80] = (0, 0, 255)
    assert cv2.imwrite(str(tmp_path / "red.png"), picture)
    viewer.auto_analyse = False
    with qtbot.waitSignal(viewer.image_changed, timeout=WAIT_MS) as shown:
        viewer.open_path(tmp_path / "red.png")
    assert shown.args[0].shape == (120, 160, 3)
    assert tuple(shown.args[0][60, 60]) == (255, 0, 0)
    with qtbot.waitSignal(viewer.image_changed, timeout=WAIT_MS) as shown:
        viewer.open_path(tmp_path / "gray.png")
    assert shown.args[0].shape == (120, 160)


def test_a_damaged_expert_of_ones_own_is_told_and_the_model_answers_all_the_same(
    qtbot, viewer, bundle_folder, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    store = ExpertStore(user_experts(bundle_folder))
    own = store.install(make_tree(tmp_path / "made"), "mine")
    own.manifest.file.write_bytes(b"half")
    with qtbot.waitSignal(viewer.failed, timeout=WAIT_MS) as told:
        load(viewer)
    assert "head.onnx" in told.args[0].message
    assert viewer.bundle is not None
    assert len(viewer.experts) == 2


def test_every_action_stands_in_the_table_once():
    names = [spec.name for spec in ACTIONS]
    assert len(names) == len(set(names))
