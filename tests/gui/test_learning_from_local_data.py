"""From a folder of one's own to an expert in use, and back, all in the window."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest

from lusviewer.library import open_library
from tests.bundles import grey_of
from tests.gui.conftest import WAIT_MS, load
from tests.gui.hospital import Hospital
from tests.small_clips import COLUMNS, ROWS, label_map

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from lusviewer.gui.main_window import MainWindow
    from lusviewer.gui.viewer_model import ViewerModel

PATIENTS, GRADES = 12, 3


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """A folder laid out as COVID-BLUeS: two videos a patient, more B-lines if ill."""
    folder = tmp_path / "blues"
    (folder / "videos").mkdir(parents=True)
    scores = ["video_file,Severity Score,A-lines,B-lines,comments"]
    facts = [
        "patient_id,respiratory_rate,pulse,oxygen_saturation_without_ox,"
        "oxygen_saturation_with_ox,oxygen_liter,pat_age,pat_sex,pat_bmi"
    ]
    for patient in range(PATIENTS):
        grade = patient % GRADES
        facts.append(f"{patient},16,80,{98 - 4 * grade},-99,,60.0,1,25.0")
        for place, point in enumerate(("L1", "R1")):
            name = f"patient_{patient}_{point}"
            scores.append(f"{name},{grade}.0,no,{'yes' if grade else 'no'},")
            path = folder / "videos" / f"{name}.mp4"
            write_grade(path, grade, mark=8 * (2 * patient + place) + 8)
    (folder / "severity.csv").write_text("\n".join(scores) + "\n")
    (folder / "clinical_variables.csv").write_text("\n".join(facts) + "\n")
    return folder


def write_grade(path: Path, grade: int, mark: int) -> None:
    """Write a video of four frames with two B-lines, and one more for each grade."""
    picture = grey_of(label_map(2 + grade))
    picture[4:12, mark : mark + 4] = 255  # No two are the same file.
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=20, options={"qscale": "2"})
        stream.width, stream.height, stream.pix_fmt = COLUMNS, ROWS, "yuvj420p"
        stream.time_base = Fraction(1, 20)
        for _ in range(4):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "gray")))
        container.mux(stream.encode(None))


def test_a_hospital_learns_from_its_own_clips(
    qtbot: QtBot, window: MainWindow, viewer: ViewerModel, collection: Path
) -> None:
    hospital = Hospital(qtbot, window, 3 * WAIT_MS)
    load(viewer)
    window.study.open()
    hospital.import_folder(collection)
    with open_library(window.study.shelf.folder) as library:
        assert library.clips.count() == 2 * PATIENTS
        assert len(library.patients.all()) == PATIENTS
        ids = library.clips.ids()

    hospital.until(lambda: viewer.bundle is not None)
    hospital.open_clip(ids[0])
    viewer.set_playing(True)
    hospital.analyse_all()
    hospital.until(lambda: not window.study.busy and not window.study.writing)
    assert viewer.playing
    assert hospital.analysed() == 2 * PATIENTS

    before = {clip: hospital.severity_of(clip) for clip in ids[:5]}
    assert set(before.values()) == {None}
    for clip in ids[:5]:
        hospital.correct(clip, 3)
    with open_library(window.study.shelf.folder) as library:
        assert {library.clips.get(clip).labels["severity"] for clip in ids[:5]} == {"3"}
        assert library.verify().holds

    # The first rater's labels go on: what was corrected is undone here.
    for _ in range(5):
        window.actions_by_name["undo"].trigger()
    hospital.until(lambda: not window.study.writing)
    training = hospital.train("tree", 3)
    assert training.told.made is not None, training.log
    shown = hospital.result(Path(training.told.made.folder))
    assert "AUC" in shown.figure.text()

    before_experts = hospital.experts()
    assert "severity-local" not in before_experts
    hospital.promote(shown)
    hospital.until(lambda: "severity-local" in hospital.experts())
    hospital.until(lambda: hospital.judged_by("severity-local") == 2 * PATIENTS)

    hospital.roll_back(shown)
    hospital.until(lambda: hospital.experts() == before_experts)
