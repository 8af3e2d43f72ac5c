"""Adapting the shipped model on a tiny library, interrupted and gone on with."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lusviewer.cancel import CancelToken
from lusviewer.gui.learning.deeper_work import read_deeper
from lusviewer.gui.learning.panel import LearningPanel
from lusviewer.gui.learning.trainings import State
from lusviewer.gui.study.model import StudyModel
from lusviewer.library import open_library
from lusviewer.library.records import ClipRecord, Said, add_records
from lusviewer.paths import default_bundle
from tests.gui.conftest import WAIT_MS, load
from tests.gui.learning.conftest import press, reads
from tests.small_clips import write_video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.settings import Settings
    from lusviewer.gui.viewer_model import ViewerModel

LONG_MS = 6 * WAIT_MS
PATIENTS = 10

pytestmark = pytest.mark.slow


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Clips of ten patients, every second of whom shows B-lines."""
    records = []
    for number in range(PATIENTS):
        path = write_video(tmp_path / f"{number}.avi", n_frames=9 + number)
        said = {"finding.b_lines": Said("yes" if number % 2 else "no")}
        records.append(ClipRecord(path, f"P{number:02d}", labels=said))
    with open_library(tmp_path / "library") as opened:
        list(add_records(opened, records, CancelToken(), who="anna"))
    return tmp_path / "library"


@pytest.fixture
def panel(
    qtbot: QtBot, viewer: ViewerModel, settings: Settings, library: Path
) -> Iterator[LearningPanel]:
    """The panel with the tab of the adaptations before."""
    study = StudyModel(viewer, library, "anna")
    viewer.analysis.bundle_path = default_bundle()
    load(viewer)
    qtbot.waitUntil(lambda: viewer.analysis.models is not None, timeout=WAIT_MS)
    made = LearningPanel(viewer, study, settings)
    qtbot.addWidget(made)
    made.resize(380, 900)
    made.tabs.setCurrentIndex(1)
    made.show()
    qtbot.waitUntil(lambda: made.tabs.deeper.offer is not None, timeout=WAIT_MS)
    yield made
    made.shutdown()
    study.shutdown()


def test_a_part_that_learns_goes_on_after_an_interruption_and_is_used(
    qtbot: QtBot, viewer: ViewerModel, panel: LearningPanel, library: Path
) -> None:
    deeper = panel.tabs.deeper
    qtbot.waitUntil(lambda: deeper.box.checker.check.done, timeout=LONG_MS)
    reads(qtbot, deeper.box.check, "10 clips of 10 patients")
    reads(qtbot, deeper.box.check, "Patients: 4 learn, 2 judge, 4 test")
    assert deeper.box.reason.text().startswith("Takes about")
    press(qtbot, deeper, "Start training")
    [training] = panel.trainings.all
    assert training.title == "B-lines: the part that follows the frames"
    card = deeper.runs.cards[training]
    qtbot.waitUntil(lambda: training.can_pause, timeout=LONG_MS)
    assert training.told.curves["temporal"].judged
    qtbot.waitUntil(lambda: card.curves is not None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: bool(_calls(library)), timeout=WAIT_MS)
    press(qtbot, card, "Go on later")
    qtbot.waitUntil(lambda: not panel.trainings.all, timeout=LONG_MS)
    reads(qtbot, deeper.list, "Interrupted at step")

    press(qtbot, deeper.list, "Go on")
    [training] = panel.trainings.all
    assert "--resume" in training.arguments
    card = deeper.runs.cards[training]
    qtbot.waitUntil(lambda: training.told.checkpoint is not None, timeout=LONG_MS)
    assert training.told.checkpoint is not None
    assert training.told.checkpoint.step > 25
    press(qtbot, card, "Stop early, keep the best")
    qtbot.waitUntil(lambda: training.state.over, timeout=LONG_MS)
    assert training.state is State.DONE
    reads(qtbot, card, "gain in AUC with all labels")
    reads(qtbot, card, "stopped early")
    qtbot.waitUntil(lambda: card.fractions is not None, timeout=WAIT_MS)
    assert card.fractions is not None
    assert "with all labels is like compared with like" in card.fractions.fair.text()
    reads(qtbot, deeper.list, "lus-lite-temporal-1")
    assert not _calls(library)

    press(qtbot, card, "Use this model")
    assert viewer.analysis.bundle_path == library / "models" / "lus-lite-temporal-1"
    qtbot.waitUntil(lambda: viewer.analysis.models is not None, timeout=WAIT_MS)
    reads(qtbot, deeper.list, "In use")


def test_a_run_begun_on_the_command_line_goes_on_in_the_window(
    qtbot: QtBot, viewer: ViewerModel, panel: LearningPanel, library: Path
) -> None:
    asked = ["--what", "temporal", "--task", "finding.b_lines", "--steps", "60"]
    asked += ["--library", str(library), "--checkpoint-every", "10", "--seed", "3"]
    call = [sys.executable, "-m", "lusviewer", "train", "adapt", *asked]
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "checkpoint":
                # Nobody may go on with it while it is under way itself.
                [found] = read_deeper(library, CancelToken())
                assert found.interrupted == ()
                process.kill()
                break
    deeper = panel.tabs.deeper
    deeper.list_found()
    reads(qtbot, deeper.list, "B-lines: temporal")
    reads(qtbot, deeper.list, "begun on the command line")
    reads(qtbot, deeper.list, "of 60")
    press(qtbot, deeper.list, "Go on")
    [training] = panel.trainings.all
    assert training.library == library
    assert "--seed=3" in training.arguments
    qtbot.waitUntil(lambda: training.told.checkpoint is not None, timeout=LONG_MS)
    assert training.told.checkpoint is not None
    assert training.told.checkpoint.step > 10
    qtbot.waitUntil(lambda: training.state.over, timeout=LONG_MS)
    assert training.state is State.DONE
    reads(qtbot, deeper.list, "lus-lite-temporal-1")


def _calls(library: Path) -> list[Path]:
    return list((library / "adapting").glob("*/call.json"))


def test_what_needs_no_labels_asks_for_none(qtbot: QtBot, panel: LearningPanel) -> None:
    form = panel.tabs.deeper.form
    assert form.question.isVisible()
    assert not form.method.isVisible()
    form.what.choose("pretrain")
    assert not form.question.isVisible()
    assert form.method.isVisible()
    wish = panel.tabs.deeper.wish
    assert wish is not None
    assert wish.arguments()[:6] == [
        *("train", "adapt", "--what", "pretrain", "--method", "uscl")
    ]
    assert "--task" not in wish.arguments()


def test_a_damaged_note_of_a_run_is_passed_over(tmp_path: Path) -> None:
    for name, text in (("a", "{"), ("b", '{"arguments": ["train"]}'), ("c", "[]")):
        (tmp_path / "adapting" / name).mkdir(parents=True)
        (tmp_path / "adapting" / name / "call.json").write_text(text)
    [found] = read_deeper(tmp_path, CancelToken())
    assert found.interrupted == ()
    assert found.models == ()
