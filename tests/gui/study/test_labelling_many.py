"""Labelling far more clips than are written in one go."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from lusviewer.cancel import CancelToken
from lusviewer.errors import LibraryError
from lusviewer.gui.study.listing.work import Zoning, set_zone, zone_back
from lusviewer.gui.study.model import StudyModel
from lusviewer.gui.study.panel import StudyPanel
from lusviewer.gui.study.work import PART, Labelling, Said, Shelf, give, take_back
from lusviewer.library import ClipFilter
from tests.gui.conftest import WAIT_MS
from tests.gui.study.large_library import make_large

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from lusviewer.gui.settings import Settings
    from lusviewer.gui.study.work import Changed
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
