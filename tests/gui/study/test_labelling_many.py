"""Labelling far more clips than are written in one go."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from lusviewer.cancel import CancelToken
from lusviewer.errors import LibraryError
from lusviewer.gui.study.listing.work import Zoning, set_zone, zone_back
from lusviewer.gui.study.model import StudyModel
from lusviewer.gui.study.panel import StudyPanel
from lusviewer.gui.study.work import (
    PART,
    Changed,
    Labelling,
    Said,
    Shelf,
    give,
    take_back,
)
from lusviewer.library import ClipFilter
from tests.gui.conftest import WAIT_MS
from tests.gui.study.large_library import make_large

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.settings import Settings
    from lusviewer.gui.viewer_model import ViewerModel

MANY = 400
TURN_S = 0.5


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """A library of many clips; anna labelled two thirds of them."""
    made = Shelf(make_large(tmp_path / "library", MANY))
    yield made
    made.close()


def said(shelf: Shelf) -> dict[int, str | None]:
    kept = shelf.library().labels.of_task("severity", "anna")
    return {one.answer.clip_id: one.answer.value for one in kept if one.answer.value}


def labelling(value: str = "3") -> Labelling:
    clips = tuple(range(1, MANY + 1))
    return Labelling(clips, (Said("severity", value),), "anna")


def run(work: Callable[[Shelf, CancelToken], Iterable[Changed]], shelf: Shelf) -> None:
    for _ in work(shelf, CancelToken()):
        pass


def test_an_answer_to_many_clips_is_kept_in_parts_and_undone_as_one(
    qtbot: QtBot, viewer: ViewerModel, settings: Settings, shelf: Shelf
) -> None:
    before = said(shelf)
    study = StudyModel(viewer, shelf.folder, "anna")
    panel = StudyPanel(viewer, study, settings)
    qtbot.addWidget(panel)
    panel.show()
    study.open()
    card = panel.writing_card
    told: list[tuple[int, str, bool]] = []

    def note(changed: Changed) -> None:
        if changed.total:
            told.append((changed.done, card.told.text(), card.isVisible()))

    study.changed.connect(note)
    study.label([Said("severity", "3")], "Severity 3", range(1, MANY + 1))
    qtbot.waitUntil(lambda: not study.writing, timeout=WAIT_MS)
    assert len(told) >= MANY / PART
    assert [done for done, _, _ in told] == sorted({done for done, _, _ in told})
    assert told[0][1:] == (f"{told[0][0]} of {MANY} clips", True)
    assert told[-1][0] == MANY
    assert not card.isVisible()
    assert set(said(shelf).values()) == {"3"}
    assert viewer.undo_stack.count() == 1
    viewer.undo_stack.back()
    qtbot.waitUntil(lambda: not study.writing, timeout=WAIT_MS)
    assert said(shelf) == before
    study.shutdown()


@pytest.fixture
def panel(
    qtbot: QtBot, viewer: ViewerModel, settings: Settings, shelf: Shelf
) -> Iterator[StudyPanel]:
    """The list of the many clips."""
    study = StudyModel(viewer, shelf.folder, "anna")
    made = StudyPanel(viewer, study, settings)
    qtbot.addWidget(made)
    made.resize(280, 700)
    made.show()
    study.open()
    qtbot.waitUntil(lambda: made.view.clips.rowCount() == MANY, timeout=WAIT_MS)
    yield made
    study.shutdown()


def stop_at_once(qtbot: QtBot, panel: StudyPanel, begin: Callable[[], None]) -> int:
    """Press the card's button after the first part; return of how many it tells."""
    card, study = panel.writing_card, panel.label_bar._study

    def press(changed: Changed) -> None:
        if card.stop.isVisible() and not changed.stopped:
            card.stop.click()

    study.changed.connect(press)
    begin()
    qtbot.waitUntil(lambda: not study.writing, timeout=WAIT_MS)
    study.changed.disconnect(press)
    assert card.isVisible()
    assert not card.stop.isVisible()
    assert card.close_button.isVisible()
    told = re.fullmatch(
        rf"Stopped after (\d+) of {MANY} clips. These are changed, the others are as "
        "they were. Undo takes it back.",
        card.told.text(),
    )
    assert told is not None, card.told.text()
    return int(told[1])


def test_a_stop_keeps_whole_parts_says_how_many_and_undo_takes_just_these_back(
    qtbot: QtBot, panel: StudyPanel, viewer: ViewerModel, shelf: Shelf
) -> None:
    before, bar = said(shelf), panel.label_bar
    panel.view.selectAll()
    assert bar.selected.text() == f"{MANY} clips selected"
    bar.task_box.setCurrentIndex(bar.task_box.findData("severity"))
    bar.answer.classes.setCurrentIndex(bar.answer.classes.findData("3"))
    done = stop_at_once(qtbot, panel, bar.give.click)
    assert 0 < done < MANY
    assert panel.writing_card.title.full_text == f"Severity 3 for {MANY} clips"
    now = said(shelf)
    changed = {clip for clip in now if now[clip] != before.get(clip)}
    labelled = set(panel.view.selected_ids()[:done])
    assert {now[clip] for clip in labelled} == {"3"}
    assert changed <= labelled
    undo = viewer.undo_stack
    assert undo.undoText() == f"Severity 3 for {MANY} clips"
    for step, kept in ((undo.back, before), (undo.forth, now), (undo.back, before)):
        step()
        qtbot.waitUntil(lambda: not panel.label_bar._study.writing, timeout=WAIT_MS)
        assert said(shelf) == kept
        assert not panel.writing_card.isVisible()
    assert not undo.canUndo()


def test_what_is_being_taken_back_is_not_stopped_half_way(
    qtbot: QtBot, panel: StudyPanel, viewer: ViewerModel, shelf: Shelf
) -> None:
    study, card, before = panel.label_bar._study, panel.writing_card, said(shelf)
    study.label([Said("severity", "3")], "Severity 3", range(1, MANY + 1))
    qtbot.waitUntil(lambda: not study.writing, timeout=WAIT_MS)
    shown: list[tuple[str, bool]] = []

    def note(changed: Changed) -> None:
        if changed.total and card.isVisible():
            shown.append((card.title.full_text, card.stop.isVisible()))

    study.changed.connect(note)
    viewer.undo_stack.back()
    qtbot.waitUntil(lambda: not study.writing, timeout=WAIT_MS)
    assert set(shown) == {("Taking back: Severity 3", False)}
    assert said(shelf) == before


def test_zones_and_patients_of_many_clips_can_be_stopped_too(
    qtbot: QtBot, panel: StudyPanel, viewer: ViewerModel, shelf: Shelf
) -> None:
    def places() -> list[tuple[str, str]]:
        clips = shelf.library().clips.all(ClipFilter())
        return [(str(clip.zone), clip.patient) for clip in clips]

    before, bar = places(), panel.label_bar
    panel.view.selectAll()
    for begin, where in (
        (lambda: bar.set_zone("BLUE:L1"), (0, "BLUE:L1")),
        (lambda: bar.assign("Bern-7", bar._clips), (1, "Bern-7")),
    ):
        done = stop_at_once(qtbot, panel, begin)
        now = places()
        assert 0 < done < MANY
        assert sum(one[where[0]] == where[1] for one in now) == done
        viewer.undo_stack.back()
        qtbot.waitUntil(lambda: not bar._study.writing, timeout=WAIT_MS)
        assert places() == before
        viewer.undo_stack.forth()
        qtbot.waitUntil(lambda: not bar._study.writing, timeout=WAIT_MS)
        assert places() == now
        viewer.undo_stack.back()
        qtbot.waitUntil(lambda: not bar._study.writing, timeout=WAIT_MS)


def test_a_stop_that_comes_too_late_says_that_all_were_changed(
    qtbot: QtBot, panel: StudyPanel
) -> None:
    stop, card = CancelToken(), panel.writing_card
    going = Changed(frozenset(), MANY - 1, MANY, words="Severity 3", stop=stop)
    panel.label_bar._study.tell(going)
    assert card.told.text() == f"{MANY - 1} of {MANY} clips"
    card.stop.click()
    assert stop.cancelled
    assert card.told.text() == "Stopping ..."
    assert not card.stop.isEnabled()
    panel.label_bar._study.tell(replace(going, done=MANY))
    assert card.isVisible()
    assert card.told.text() == f"All {MANY} clips were changed before it could stop."
    card.close_button.click()
    assert not card.isVisible()


OTHER = """
import sys
from pathlib import Path
from lusviewer.library import Answer, open_library
with open_library(Path(sys.argv[1])) as library:
    print("ready", flush=True)
    for line in sys.stdin:
        library.labels.give(Answer(1, "severity", line.strip(), rater="carl"))
        print("kept", flush=True)
"""


def test_others_who_write_have_their_turn_in_between(shelf: Shelf) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(shelf.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        steps = give(labelling(), shelf, CancelToken())
        next(steps)
        other.stdin.write("1\n")
        other.stdin.flush()
        # Were the lock held until the last clip, this would never come.
        assert other.stdout.readline() == "kept\n"
        list(steps)
        other.stdin.close()
    theirs, ours = (
        [one.id for one in shelf.library().labels.of_task("severity", rater)]
        for rater in ("carl", "anna")
    )
    assert theirs[0] < max(ours)


def test_no_part_holds_others_up_for_long(shelf: Shelf) -> None:
    what = labelling()
    names = ("a_lines", "b_lines", "consolidation", "effusion")
    what.said += tuple(Said(f"finding.{name}", "no") for name in names)
    took_s, steps = [], give(what, shelf, CancelToken())
    for _ in range(3):
        begun = time.thread_time()
        assert len(next(steps).clips) <= PART // 5
        took_s.append(time.thread_time() - begun)
    assert min(took_s) < TURN_S


def test_what_fails_half_way_says_how_many_are_kept_and_is_undone(
    shelf: Shelf,
) -> None:
    before, what = said(shelf), labelling()
    what.clips = (*range(1, 2 * PART + 1), 10**6, *range(2 * PART + 1, MANY + 1))
    with pytest.raises(LibraryError) as told:
        run(partial(give, what), shelf)
    done = len(what.before)
    assert PART < done <= 2 * PART
    assert told.value.message.startswith(f"Only {done} of {MANY + 1} clips")
    assert "1000000" in told.value.message
    assert "Undo" in told.value.hint
    assert {said(shelf).get(clip) for clip in range(1, done + 1)} == {"3"}
    run(partial(take_back, what), shelf)
    assert said(shelf) == before


def test_given_again_after_half_was_taken_back_it_still_knows_what_was_before(
    shelf: Shelf,
) -> None:
    before, what = said(shelf), labelling()
    run(partial(give, what), shelf)
    next(iter(take_back(what, shelf, CancelToken())))
    run(partial(give, what), shelf)
    run(partial(take_back, what), shelf)
    assert said(shelf) == before


def test_the_zones_of_many_clips_are_set_in_parts_too(shelf: Shelf) -> None:
    def zones() -> set[str]:
        return {str(clip.zone) for clip in shelf.library().clips.all(ClipFilter())}

    before, what = zones(), Zoning(tuple(range(1, MANY + 1)), "8:R1", "anna")
    parts = list(set_zone(what, shelf, CancelToken()))
    assert [(one.done, one.total) for one in parts][-1] == (MANY, MANY)
    assert len(parts) >= MANY / PART
    assert zones() == {"8:R1"}
    run(partial(zone_back, what), shelf)
    assert zones() == before
