"""The list of an exam's clips: pictures, badges and what opens a clip."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QLabel, QPushButton

from lusviewer.gui.exam_panel import ExamPanel, Role
from lusviewer.gui.theme import apply_theme
from lusviewer.paths import samples
from tests.gui.conftest import WAIT_MS, load
from tests.small_clips import write_dicom


@pytest.fixture
def panel(qtbot, qapp, viewer) -> ExamPanel:
    apply_theme(qapp, "dark")
    made = ExamPanel(viewer)
    qtbot.addWidget(made)
    made.resize(250, 500)
    made.show()
    return made


@pytest.fixture
def listed(qtbot, viewer, panel: ExamPanel, exam_folder) -> ExamPanel:
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(exam_folder)
    return panel


def pixels(panel: ExamPanel) -> np.ndarray:
    image = panel.view.grab().toImage()
    flat = np.frombuffer(image.constBits(), np.uint8).copy()  # the image goes
    return flat.reshape(image.height(), image.bytesPerLine() // 4, 4)[..., :3]


def test_without_clips_it_says_what_to_do(panel):
    assert not panel.view.isVisible()
    assert "Ctrl+O" in panel.findChild(QLabel).text()


def test_the_samples_are_a_click_away(qtbot, viewer, panel):
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        qtbot.mouseClick(panel.findChild(QPushButton), Qt.MouseButton.LeftButton)
    assert viewer.clip.identity.path.parent == samples()


def test_it_lists_the_clips_by_name_and_marks_the_open_one(listed):
    clips = listed.clips
    names = [clips.index(row).data() for row in range(clips.rowCount())]
    assert names == ["a.dcm", "b.dcm", "c.avi"]
    assert [clips.index(row).data(Role.OPEN) for row in range(3)] == [
        True,
        False,
        False,
    ]
    assert listed.view.currentIndex().row() == 0


def test_thumbnails_come_from_the_background(qtbot, listed):
    def pictured() -> bool:
        rows = range(listed.clips.rowCount())
        return all(
            not QPixmap(listed.clips.index(row).data(Role.PICTURE)).isNull()
            for row in rows
        )

    qtbot.waitUntil(pictured, timeout=WAIT_MS)
    assert "8 frames" in listed.clips.index(1).data(Role.SUBTITLE)
    assert pixels(listed)[20:80, 20:80].max() > 100


def test_a_click_opens_the_clip(qtbot, viewer, listed):
    place = listed.view.visualRect(listed.clips.index(1)).center()
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        qtbot.mouseClick(listed.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert viewer.exam.position == 1


def test_enter_opens_the_clip_chosen_with_the_arrow_keys(qtbot, viewer, listed):
    qtbot.keyClick(listed.view, Qt.Key.Key_Down)
    qtbot.keyClick(listed.view, Qt.Key.Key_Down)
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        qtbot.keyClick(listed.view, Qt.Key.Key_Return)
    assert viewer.exam.position == 2


def test_badges_tell_what_was_found(qtbot, viewer, listed):
    before = pixels(listed)
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        load(viewer)
    first = listed.clips.index(0)
    words = first.data(Qt.ItemDataRole.ToolTipRole)
    assert first.data(Role.FINDINGS) is not None
    assert "Found" in words
    assert not np.array_equal(before, pixels(listed))
    assert listed.clips.index(1).data(Role.FINDINGS) is None


def test_another_model_takes_the_badges_away(qtbot, viewer, listed):
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        load(viewer)
    with qtbot.waitSignal(viewer.models_changed, check_params_cb=bool, timeout=WAIT_MS):
        viewer.choose_device("cpu")
    assert listed.clips.index(0).data(Role.FINDINGS) is None


def test_a_clip_that_does_not_open_says_so_in_its_place(qtbot, viewer, panel, tmp_path):
    write_dicom(tmp_path / "good.dcm", n_frames=4)
    broken = write_dicom(tmp_path / "zbroken.dcm", n_frames=4)
    content = broken.read_bytes()
    broken.write_bytes(content[: len(content) // 2])
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(tmp_path)
    qtbot.waitUntil(
        lambda: bool(panel.clips.index(1).data(Role.WARNING)), timeout=WAIT_MS
    )
    assert panel.clips.index(1).data(Role.SUBTITLE)


def test_all_clips_of_an_exam_are_analysed_one_after_the_other(qtbot, viewer, listed):
    progress: list[tuple[int, int]] = []
    viewer.exam.progressed.connect(lambda done, total: progress.append((done, total)))
    viewer.analyse_exam()
    qtbot.waitUntil(lambda: (3, 3) in progress, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: progress[-1] == (0, 0), timeout=WAIT_MS)
    rows = range(listed.clips.rowCount())
    found = [listed.clips.index(row).data(Role.FINDINGS) for row in rows]
    assert None not in found
    started: list[int] = []
    viewer.analysis_started.connect(lambda: started.append(1))
    with qtbot.waitSignal(viewer.report_changed, check_params_cb=bool, timeout=WAIT_MS):
        viewer.step_clip(1)
    assert started == []


def test_the_rest_of_an_exam_waits_for_the_clip_that_is_opened(qtbot, viewer, listed):
    viewer.analyse_exam()
    qtbot.waitUntil(lambda: viewer.exam.busy, timeout=WAIT_MS)
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_position(2)
    qtbot.waitUntil(
        lambda: all(viewer.exam.kept(c.path) for c in viewer.exam.clips),
        timeout=WAIT_MS,
    )
    viewer.exam.forget_results()
    viewer.analyse_exam()
    viewer.cancel_analysis()
    assert not viewer.exam.busy


def test_a_clip_that_does_not_open_does_not_stop_the_others(
    qtbot, viewer, panel, tmp_path
):
    write_dicom(tmp_path / "a.dcm", n_frames=4)
    write_dicom(tmp_path / "b.dcm", n_frames=4)
    write_dicom(tmp_path / "c.dcm", n_frames=4)
    with qtbot.waitSignal(viewer.clip_opened, timeout=WAIT_MS):
        viewer.open_path(tmp_path)
    (tmp_path / "b.dcm").unlink()
    viewer.analyse_exam()
    qtbot.waitUntil(
        lambda: viewer.exam.kept(tmp_path / "c.dcm") is not None, timeout=WAIT_MS
    )
    assert viewer.exam.kept(tmp_path / "b.dcm") is None
