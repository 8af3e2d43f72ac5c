"""The library while it is analysed, and while others change it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from lusviewer.gui.study.cards import Pace
from lusviewer.gui.study.watcher import Watcher
from lusviewer.gui.study.work import Changed, Said
from lusviewer.library import Answer, open_library
from tests.gui.conftest import WAIT_MS, load
from tests.gui.study.conftest import ALL, wait_for
from tests.small_clips import write_dicom

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from pytestqt.qtbot import QtBot

    from lusviewer.gui.study.model import StudyModel
    from lusviewer.gui.study.panel import StudyPanel
    from lusviewer.gui.viewer_model import ViewerModel


def analysed(study: StudyModel) -> int:
    with open_library(study.shelf.folder) as library:
        return sum(bool(clip.analysed_by) for clip in library.clips.page())


def test_the_whole_library_is_analysed_with_its_progress_shown(
    qtbot: QtBot,
    viewer: ViewerModel,
    study: StudyModel,
    panel: StudyPanel,
    tmp_path: Path,
) -> None:
    wait_for(qtbot, panel, ALL)
    (tmp_path / "clips" / "a" / "b.dcm").write_bytes(b"broken")
    told: list[str] = []
    study.analysing.connect(lambda *_: told.append(panel.analysis.told.text()))
    study.analyse_all()
    panel.analysis.begin()
    assert panel.analysis.isVisible()
    assert panel.analysis.told.text() == "Waiting for the model ..."
    load(viewer)
    qtbot.waitUntil(lambda: not study.busy and not study.writing, timeout=WAIT_MS)
    assert any("of 4 clips" in text for text in told)
    assert analysed(study) == 3
    card = panel.analysis
    assert card.told.text() == "3 clips analysed. 1 could not be analysed."
    assert card.wrong.isVisible()
    assert card.wrong.text() == "A problem with 1 of 4 clips"
    assert card.details.text() == "Show 1 failed clip"
    assert card.result is not None
    assert [one.path.name for one in card.result.told] == ["b.dcm"]
    assert card.result.told[0].why

    def seen() -> list[bool]:
        rows = [panel.view.clips.row(number) for number in range(4)]
        return [row.analysed for row in rows if row is not None]

    qtbot.waitUntil(lambda: seen() == [True, False, True, True], timeout=WAIT_MS)
    (tmp_path / "clips" / "a" / "b.dcm").write_bytes(
        (tmp_path / "clips" / "b" / "far.dcm").read_bytes().removesuffix(b" ")
    )
    for told_now in ("1 clip analysed.", "All clips were analysed before."):
        study.analyse_all()
        panel.analysis.begin()
        qtbot.waitUntil(lambda: not study.busy and not study.writing, timeout=WAIT_MS)
        assert card.told.text() == told_now
        assert not card.wrong.isVisible()


def test_it_pauses_while_the_open_clip_is_analysed_and_goes_on(
    qtbot: QtBot,
    viewer: ViewerModel,
    study: StudyModel,
    panel: StudyPanel,
    tmp_path: Path,
) -> None:
    wait_for(qtbot, panel, ALL)
    watched = write_dicom(tmp_path / "watched.dcm", n_frames=60)
    load(viewer)
    qtbot.waitUntil(lambda: viewer.bundle is not None, timeout=WAIT_MS)
    meanwhile: list[tuple[int, int]] = []
    at_once: list[bool] = []

    def note(done: int, total: int) -> None:
        if viewer.analysis.busy and total:
            meanwhile.append((done, total))

    study.analysing.connect(note)
    viewer.analysis_started.connect(
        lambda: at_once.append(study._analysis.busy or not study.busy)
    )
    with qtbot.waitSignal(viewer.analysis_ended, timeout=WAIT_MS):
        study.analyse_all()
        panel.analysis.begin()
        viewer.open_path(watched)
    assert viewer.analysis.complete
    assert at_once == [False]
    assert meanwhile == []
    qtbot.waitUntil(lambda: not study.busy and not study.writing, timeout=WAIT_MS)
    assert analysed(study) == 4


def test_it_is_stopped_by_its_card(
    qtbot: QtBot,
    viewer: ViewerModel,
    study: StudyModel,
    panel: StudyPanel,
) -> None:
    wait_for(qtbot, panel, ALL)
    study.analyse_all()
    panel.analysis.begin()
    panel.analysis.stop.click()
    assert not study.busy
    assert not panel.analysis.isVisible()


def test_the_time_left_goes_by_the_clips_that_were_not_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter((0.0, 2.0, 4.0, 100.0, 102.0))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    pace = Pace()
    pace.tick()
    assert pace.left_s(10) is None
    pace.tick()
    pace.tick()
    assert pace.left_s(10) == 20.0
    pace.pause()
    pace.tick()
    pace.tick()
    assert pace.left_s(5) == 10.0


OTHER = """
import sys
from pathlib import Path
from lusviewer.library import Answer, open_library
with open_library(Path(sys.argv[1])) as library:
    library.labels.give(Answer(3, "severity", "1", rater="POCUS"))
"""


def test_what_another_process_says_is_shown(
    qtbot: QtBot,
    study: StudyModel,
    panel: StudyPanel,
) -> None:
    wait_for(qtbot, panel, ALL)

    def severity() -> str:
        row = panel.view.clips.row(2)
        return "" if row is None else row.severity

    assert severity() == ""
    qtbot.waitUntil(
        lambda: any(one._eye._watch for one in panel.findChildren(Watcher)),
        timeout=WAIT_MS,
    )
    folder = str(study.shelf.folder)
    subprocess.run([sys.executable, "-c", OTHER, folder], check=True)
    qtbot.waitUntil(lambda: severity() == "1", timeout=WAIT_MS)


def test_ones_own_writing_is_told_once_and_not_by_the_watcher_too(
    qtbot: QtBot, study: StudyModel
) -> None:
    watcher = Watcher(study, study, interval_ms=10)
    looked = [watcher._latest.ready] * 2
    with qtbot.waitSignals(looked, timeout=WAIT_MS):
        study.open()
    changes: list[Changed] = []
    study.changed.connect(changes.append)
    study.label([Said("severity", "1")], "Severity 1", [1])
    qtbot.waitUntil(lambda: not study.writing, timeout=WAIT_MS)
    with qtbot.waitSignals(looked, timeout=WAIT_MS):
        pass
    assert changes == [Changed(frozenset({1}))]
    with open_library(study.shelf.folder) as library:
        library.labels.give(Answer(2, "severity", "1", rater="carl"))
    qtbot.waitUntil(lambda: len(changes) > 1, timeout=WAIT_MS)
    assert changes[1:] == [Changed()]
