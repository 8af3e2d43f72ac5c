"""The panel on a tiny library, with the training's own process."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from lusviewer.gui.learning.trainings import State
from lusviewer.gui.panel_parts import Meter
from lusviewer.library import open_library
from tests.gui.conftest import WAIT_MS
from tests.gui.learning.conftest import looked, press, reads, words_in
from tests.unit.local.conftest import relabel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.learning.panel import LearningPanel
    from lusviewer.gui.learning.trainings import Training

    Show = Callable[[], LearningPanel]

LONG_MS = 3 * WAIT_MS


def started(qtbot: QtBot, panel: LearningPanel, kind: str) -> Training:
    """Start a training of severity and return it."""
    form = panel.tabs.experts.form
    form.question.task.choose("severity")
    form.kind.choose(kind)
    form.folds.setValue(3)
    looked(qtbot, panel)
    press(qtbot, panel, "Start training")
    return panel.trainings.all[-1]


def files_of(library: Path) -> list[Path]:
    """Return what lies in a library beside its database."""
    found = sorted(library.rglob("*"))
    return [path for path in found if not path.name.startswith("library.db")]


def ended(qtbot: QtBot, training: Training) -> None:
    qtbot.waitUntil(lambda: training.state.over, timeout=LONG_MS)


def test_the_form_offers_the_tasks_with_their_labels_and_the_inputs(
    qtbot: QtBot, library: Path, shown: Show
) -> None:
    panel = shown()
    form = panel.tabs.experts.form
    offered = [
        (form.question.task.itemText(i), form.question.task.itemData(i))
        for i in range(form.question.task.count())
    ]
    assert ("Severity (36 clips)", "severity") in offered
    assert ("B-lines (36 clips)", "finding.b_lines") in offered
    form.question.task.choose("diagnosis")
    assert form.question.asked is not None
    said = words_in(form)
    assert "38 values" in said
    assert "8 values" in said
    assert form.inputs["biomarkers"].isChecked()
    assert not form.inputs["embedding"].isChecked()


def test_it_is_told_beforehand_how_many_clips_and_patients_there_are(
    qtbot: QtBot, library: Path, shown: Show
) -> None:
    panel = shown()
    panel.tabs.experts.form.question.task.choose("severity")
    said = looked(qtbot, panel)
    assert "36 clips of 12 patients" in said
    assert "known from 4 patients only" in said
    assert panel.tabs.experts.box.start.isEnabled()
    panel.tabs.experts.form.question.parting.choose("2")
    assert not panel.tabs.experts.box.start.isEnabled()
    said = looked(qtbot, panel)
    assert "below 2" in said
    assert "24 clips" in said


def test_labels_that_are_all_alike_cannot_be_learned_and_it_says_what_to_do(
    qtbot: QtBot, library: Path, shown: Show
) -> None:
    with open_library(library) as opened:
        relabel(opened, "severity", dict.fromkeys(range(1, 37), "1"))
    panel = shown()
    panel.tabs.experts.form.question.task.choose("severity")
    said = looked(qtbot, panel)
    assert "All clips are '1'" in said
    assert "Label clips that are something else as well." in said
    assert not panel.tabs.experts.box.start.isEnabled()
    assert panel.tabs.experts.box.reason.text() == "Cannot be started: see above."


def test_a_limit_that_is_no_number_is_told_and_not_passed_over(
    qtbot: QtBot, library: Path, shown: Show
) -> None:
    panel = shown()
    question = panel.tabs.experts.form.question
    question.task.choose("s_f")
    question.cuts.clear()
    qtbot.keyClicks(question.cuts, "180, abc")
    said = looked(qtbot, panel)
    assert "'abc' is no number, so it is no limit." in said
    assert not panel.tabs.experts.box.start.isEnabled()


def test_nothing_of_the_form_is_cut_in_a_narrow_dock_with_large_letters(
    qtbot: QtBot, library: Path, shown: Show
) -> None:
    panel = shown()
    looked(qtbot, panel)
    font = panel.font()
    font.setPointSizeF(1.5 * font.pointSizeF())
    panel.setFont(font)
    panel.resize(280, 700)
    tab = panel.tabs.experts
    qtbot.waitUntil(lambda: tab.width() < 280, timeout=WAIT_MS)
    assert all(tab.rect().contains(box.geometry()) for box in (tab.form, tab.box))


def test_limits_that_the_labels_allow_are_offered_and_taken(
    qtbot: QtBot, library: Path, shown: Show
) -> None:
    panel = shown()
    question = panel.tabs.experts.form.question
    question.task.choose("s_f")
    assert question.cuts.isVisible()
    assert question.cuts.text() == "180, 275, 430"
    question.cuts.clear()
    panel.tabs.experts.form.changed.emit()
    assert "is a number" in looked(qtbot, panel)
    press(qtbot, panel.tabs.experts.box.check, "Part the values at 275")
    assert question.cuts.text() == "275"
    assert "below 275" in looked(qtbot, panel)


def test_an_expert_without_inputs_is_refused_at_once(
    qtbot: QtBot, library: Path, shown: Show
) -> None:
    panel = shown()
    for box in panel.tabs.experts.form.inputs.values():
        box.setChecked(False)
    assert "nothing to decide by" in looked(qtbot, panel)
    assert not panel.tabs.experts.box.start.isEnabled()


def test_a_new_label_is_counted_without_being_asked_for(
    qtbot: QtBot, library: Path, shown: Show
) -> None:
    from lusviewer.gui.study.work import Said

    panel = shown()
    panel.tabs.experts.form.question.task.choose("severity")
    assert "36 clips" in looked(qtbot, panel)
    panel._study.label([Said("severity", None)], "Nothing", clips=[1, 2, 3])
    qtbot.waitUntil(
        lambda: "33 clips of 11 patients" in words_in(panel.tabs.experts.box.check),
        timeout=WAIT_MS,
    )


def test_a_training_shows_how_it_goes_and_its_result_is_opened_and_deleted(
    qtbot: QtBot, library: Path, shown: Show
) -> None:
    panel = shown()
    training = started(qtbot, panel, "tree")
    card = panel.tabs.experts.runs.cards[training]
    assert card.title.full_text == "Severity"
    assert panel.tabs.experts.box.reason.text().startswith("Waits until")
    qtbot.waitUntil(lambda: card.bar.value() > 0, timeout=LONG_MS)
    assert "Decision tree" in card.doing.text()
    card.log.heading.click()
    ended(qtbot, training)
    assert training.state is State.DONE
    said = words_in(card)
    assert "On patients it never saw: AUC" in said
    assert "in AUC" in said
    assert "AUC of each kind (95 % interval)" in said
    [bar] = card.kinds.findChildren(Meter)
    assert bar.isVisible()
    card.kinds.resize(150, card.kinds.height())
    assert not bar.isVisible()
    with qtbot.waitSignal(panel.result_wanted, timeout=WAIT_MS) as wanted:
        press(qtbot, card, "Show the result")
    assert wanted.args == [library / "experts" / "severity-local-1"]
    earlier = panel.tabs.experts.earlier
    reads(qtbot, earlier, "severity-local-1")
    assert "36 clips" in words_in(earlier)
    assert "Severity: 0 / 1 / 2" in words_in(earlier)
    qtbot.waitUntil(
        lambda: '"event": "expert"' in card.log.text.toPlainText(), timeout=WAIT_MS
    )
    press(qtbot, card, "Put away")
    assert not panel.tabs.experts.runs.cards
    panel.hide()
    check_earlier_result(qtbot, shown(), library)


def check_earlier_result(qtbot: QtBot, panel: LearningPanel, library: Path) -> None:
    """A panel made anew lists it, and deletes it only when that is meant."""
    earlier = panel.tabs.experts.earlier
    reads(qtbot, earlier, "severity-local-1")
    reads(qtbot, earlier, "36 clips")
    folder = library / "experts" / "severity-local-1"
    with qtbot.waitSignal(panel.result_wanted, timeout=WAIT_MS) as wanted:
        press(qtbot, earlier, "Show the result")
    assert wanted.args == [folder]
    press(qtbot, earlier, "Delete ...")
    assert earlier.asking is not None
    press(qtbot, earlier.asking, "Keep it")
    assert folder.is_dir()
    press(qtbot, earlier, "Delete ...")
    press(qtbot, earlier.asking, "Delete")
    reads(qtbot, earlier, "None yet")
    assert not list(folder.parent.iterdir())


def test_of_two_trainings_one_waits_and_may_leave_the_queue(
    qtbot: QtBot, library: Path, shown: Show
) -> None:
    panel = shown()
    first = started(qtbot, panel, "all")
    second = started(qtbot, panel, "tree")
    third = started(qtbot, panel, "logistic")
    states = [one.state for one in panel.trainings.all]
    assert states == [State.RUNNING, State.WAITING, State.WAITING]
    assert "Waits for the training before it." in words_in(
        panel.tabs.experts.runs.cards[second]
    )
    press(qtbot, panel.tabs.experts.runs.cards[third], "Leave the queue")
    assert panel.trainings.all == [first, second]
    press(qtbot, panel.tabs.experts.runs.cards[first], "Cancel")
    qtbot.waitUntil(lambda: first not in panel.trainings.all, timeout=LONG_MS)
    ended(qtbot, second)
    assert second.state is State.DONE
    assert [one.name for one in (library / "experts").iterdir()] == ["severity-local-1"]


def test_stopping_early_keeps_the_best_so_far(
    qtbot: QtBot, library: Path, shown: Show
) -> None:
    panel = shown()
    training = started(qtbot, panel, "all")
    card = panel.tabs.experts.runs.cards[training]
    qtbot.waitUntil(lambda: bool(training.told.kinds), timeout=LONG_MS)
    reads(qtbot, card.kinds, "Decision tree")
    press(qtbot, card, "Stop early, keep the best")
    ended(qtbot, training)
    assert training.state is State.DONE
    assert len(training.told.kinds) < 5
    assert "stopped early" in card.doing.text()
    assert (library / "experts" / "severity-local-1" / "manifest.json").is_file()


def test_cancelling_leaves_no_trace(qtbot: QtBot, library: Path, shown: Show) -> None:
    panel = shown()
    before = files_of(library)
    training = started(qtbot, panel, "forest")
    qtbot.waitUntil(lambda: training.told.progress is not None, timeout=LONG_MS)
    press(qtbot, panel.tabs.experts.runs.cards[training], "Cancel")
    qtbot.waitUntil(lambda: not panel.trainings.all, timeout=LONG_MS)
    assert not panel.tabs.experts.runs.cards
    # A child that does not end in time is killed, and its lock taken away after.
    qtbot.waitUntil(lambda: files_of(library) == before, timeout=WAIT_MS)


@pytest.mark.logs_warnings
@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such signal")
def test_a_training_that_is_killed_says_so_and_where_the_log_is(
    qtbot: QtBot, library: Path, shown: Show
) -> None:
    panel = shown()
    training = started(qtbot, panel, "forest")
    qtbot.waitUntil(lambda: training.told.progress is not None, timeout=LONG_MS)
    os.kill(training.process_id, signal.SIGKILL)
    ended(qtbot, training)
    assert training.state is State.FAILED
    said = words_in(panel.tabs.experts.runs.cards[training])
    assert "ended unexpectedly" in said
    assert "lusviewer.log" in said
    assert panel.tabs.experts.runs.cards[training].result.property("role") == "banner"
    press(qtbot, panel.tabs.experts.runs.cards[training], "Put away")
    assert not panel.trainings.all


def test_a_library_without_labels_says_where_to_give_them(
    qtbot: QtBot, shown: Show
) -> None:
    panel = shown()
    assert "nothing to learn from yet" in words_in(panel)
    assert not panel.tabs.experts.form.isVisible()
    assert not panel.tabs.experts.box.start.isVisible()


def test_a_program_without_its_training_says_how_to_get_it(
    qtbot: QtBot, library: Path, shown: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    panel = shown()
    assert "Training needs sklearn" in words_in(panel)
    assert "pip install 'lusviewer[training]'" in words_in(panel)
    assert not panel.tabs.experts.box.start.isVisible()
