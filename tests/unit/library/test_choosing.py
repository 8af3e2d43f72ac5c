"""Lists of clips by name, by patient, by what was analysed and where experts differ."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, update

from lusviewer.errors import LibraryError
from lusviewer.library import Answer, ClipFilter, open_library
from lusviewer.library.tables import EXPERTS, PREDICTIONS
from lusviewer.library.values import NOT_ASSESSABLE, ClipPrediction

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.library import Library

MODEL = "a" * 64
CLASSES = ("0", "1", "2")


def judge(
    library: Library, clip_id: int, best: str, *, abstained: bool = False
) -> None:
    expert = {
        "id": 1,
        "name": "tree",
        "version": "1",
        "sha256": "e" * 64,
        "target": "severity",
        "classes": '["0", "1", "2"]',
    }
    utc = "2026-01-01T00:00:00.000+00:00"
    said = {
        "clip_id": clip_id,
        "model_sha256": MODEL,
        "expert_id": 1,
        "best": best,
        "probability": 0.8,
        "probabilities": "[0.1, 0.1, 0.8]",
        "abstained": abstained,
        "why": "",
        "frame": None,
        "reasons": "[]",
        "analysed_utc": utc,
        "made_utc": utc,
        "superseded_utc": None,
    }
    with library.database.writing("test") as change:
        connection = change.connection
        connection.execute(insert(EXPERTS).prefix_with("OR IGNORE"), [expert])
        connection.execute(
            update(PREDICTIONS)
            .where(PREDICTIONS.c.clip_id == clip_id)
            .values(superseded_utc=utc)
        )
        connection.execute(insert(PREDICTIONS), [said])


def label(library: Library, clip_id: int, value: str | None, rater: str) -> None:
    library.labels.give(Answer(clip_id, "severity", value, rater=rater))


def differing(library: Library) -> tuple[int, ...]:
    found = library.clips.ids(ClipFilter(differing=True))
    others = library.clips.ids(ClipFilter(differing=False))
    assert sorted(found + others) == [1, 2, 3]
    marked = [
        clip.id
        for clip in library.clips.page()
        if any(one.differs(clip.labels.get(one.target)) for one in clip.predictions)
    ]
    assert sorted(found) == sorted(marked)
    return found


def test_a_text_finds_files_and_patients(filled: Library) -> None:
    filled.clips.assign(2, "Bern-7", who="anna")
    assert filled.clips.ids(ClipFilter(text="clip1")) == (2,)
    assert filled.clips.ids(ClipFilter(text="bern")) == (2,)
    assert filled.clips.ids(ClipFilter(text="%")) == ()
    assert len(filled.clips.ids(ClipFilter(text="png"))) == 3
    assert filled.clips.count_patients(ClipFilter(text="png")) == 2
    assert filled.clips.count_patients(ClipFilter(text="bern")) == 1


def test_where_a_person_and_an_expert_differ_is_found(filled: Library) -> None:
    for clip_id in (1, 2, 3):
        judge(filled, clip_id, "2")
    assert differing(filled) == ()
    label(filled, 1, "2", "anna")
    label(filled, 2, "1", "anna")
    assert differing(filled) == (2,)


def test_the_newest_label_is_what_the_expert_is_held_against(filled: Library) -> None:
    judge(filled, 1, "2")
    label(filled, 1, "1", "anna")
    label(filled, 1, "2", "ben")
    assert differing(filled) == ()
    label(filled, 1, "0", "ben")
    assert differing(filled) == (1,)
    label(filled, 1, None, "ben")
    assert differing(filled) == (1,)


@pytest.mark.parametrize("value", ["3", NOT_ASSESSABLE])
def test_what_an_expert_could_not_say_is_no_difference(
    filled: Library, value: str
) -> None:
    judge(filled, 1, "2")
    label(filled, 1, value, "anna")
    assert differing(filled) == ()


def test_an_expert_that_abstained_or_left_differs_from_nobody(filled: Library) -> None:
    label(filled, 1, "1", "anna")
    judge(filled, 1, "2", abstained=True)
    assert differing(filled) == ()
    judge(filled, 1, "2")
    assert differing(filled) == (1,)
    judge(filled, 1, "1")
    assert differing(filled) == ()


def test_a_prediction_knows_what_it_differs_from() -> None:
    one = ClipPrediction("severity", "tree", "1", "2", 0.8, False, MODEL, CLASSES)
    assert [one.differs(label) for label in ("2", "1", "3", None)] == [
        False,
        True,
        False,
        False,
    ]
    assert not replace(one, abstained=True).differs("1")


def test_clips_no_model_has_seen_are_found(filled: Library) -> None:
    assert filled.clips.count(ClipFilter(analysed=True)) == 0
    assert filled.clips.count(ClipFilter(analysed=False)) == 3


def test_a_change_by_another_is_noticed_and_none_of_ones_own(filled: Library) -> None:
    watch = filled.database.watch()
    assert not watch.changed()
    label(filled, 1, "2", "anna")
    assert not watch.changed()
    with open_library(filled.folder) as other:
        label(other, 1, "1", "ben")
        assert watch.changed()
        assert not watch.changed()
        label(other, 2, "1", "ben")
        # One's own that comes between does not hide it.
        label(filled, 2, "2", "anna")
    assert watch.changed()
    assert not watch.changed()


def test_writers_in_one_process_wait_for_each_other_and_then_say_so(
    filled_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(filled_folder, tmp_path / "filled")
    with open_library(tmp_path / "filled", wait_s=0.05) as library:
        with library.database.writing("anna"):
            with pytest.raises(LibraryError) as told:
                label(library, 1, "1", "ben")
            assert "being changed by another" in told.value.message
        label(library, 1, "1", "ben")


def test_only_those_who_are_seen_are_held_against_the_expert(filled: Library) -> None:
    judge(filled, 1, "2")
    label(filled, 1, "1", "anna")
    label(filled, 1, "2", "ben")
    for raters, found in ((("anna",), (1,)), (("ben",), ()), (("anna", "ben"), ())):
        assert filled.clips.ids(ClipFilter(differing=True, raters=raters)) == found
