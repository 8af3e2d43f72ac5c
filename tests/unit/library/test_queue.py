"""The queue over a library: what it asks, what it proposes, what a person confirms."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from lusviewer import cli
from lusviewer.errors import LibraryError
from lusviewer.library import NOT_ASSESSABLE, Answer, Library, open_library
from lusviewer.library.queue import confirm, make_queue
from lusviewer.library.tasks import Kind, Task
from tests.analysed_library import N, fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

A, B = "finding.a_lines", "finding.b_lines"


@pytest.fixture(scope="module")
def analysed_folder(
    empty_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A library of analysed clips, three of each patient, the last not assessable."""
    folder = tmp_path_factory.mktemp("analysed") / "library"
    shutil.copytree(empty_folder, folder)
    fill(folder)
    return folder


@pytest.fixture
def study(analysed_folder: Path, tmp_path: Path) -> Iterator[Library]:
    shutil.copytree(analysed_folder, tmp_path / "study")
    with open_library(tmp_path / "study") as opened:
        yield opened


def label(library: Library, rows: range, *, a_lines: bool = True) -> None:
    """Label clips as they look: A-lines where there are no B-lines."""
    says = {True: "yes", False: "no"}
    for row in rows:
        library.labels.give(Answer(row + 1, B, says[row % 2 == 1], "anna"))
        if a_lines:
            library.labels.give(Answer(row + 1, A, says[row % 2 == 0], "anna"))


def test_without_labels_the_findings_are_asked_by_what_the_model_says(
    study: Library,
) -> None:
    queue = make_queue(study, ["b_lines"], 4)
    assert queue.tasks == (B,)
    assert queue.asks[0].clip.id == 1
    assert "hard to tell, yes at 50 %" in queue.asks[0].why[0]
    assert len({ask.clip.patient for ask in queue.asks}) == 4
    assert (queue.waiting, queue.proposals, queue.learned) == (N - 1, (), ())
    assert len(make_queue(study).tasks) == 5


def test_clips_labelled_lost_or_not_assessable_are_not_asked(study: Library) -> None:
    label(study, range(1, 4))
    study.labels.give(
        Answer(5, A, NOT_ASSESSABLE, "anna"), Answer(5, B, NOT_ASSESSABLE, "anna")
    )
    queue = make_queue(study, count=100)
    assert queue.tasks == (A, B)
    asked = {ask.clip.id for ask in queue.asks}
    assert asked == set(range(1, N)) - {2, 3, 4, 5}
    assert all(ask.why for ask in queue.asks)
    assert not study.labels.of_clip(1)


def test_only_the_open_task_of_a_clip_is_asked(study: Library) -> None:
    label(study, range(1, 20), a_lines=False)
    label(study, range(1, 10))
    (ask,) = (a for a in make_queue(study, count=100).asks if a.clip.id == 15)
    assert ask.tasks == (A,)


def test_sure_answers_are_proposed_and_a_person_confirms_them(study: Library) -> None:
    label(study, range(1, 25))
    queue = make_queue(study)
    assert queue.learned == (A, B)
    proposed = {(one.clip.id, one.task): one.value for one in queue.proposals}
    assert proposed[30, B] == "yes"
    assert proposed[30, A] == "no"
    assert (N, B) not in proposed
    assert not study.labels.of_clip(30)

    kept = confirm(study, 30, {"b_lines": "yes"}, rater="ben")
    assert [(one.answer.task, one.answer.value) for one in kept] == [(B, "yes")]
    assert kept[0].answer.rater == "ben"
    assert "confirmed a proposal" in kept[0].answer.note
    assert [one.answer.task for one in confirm(study, 30, {}, rater="ben")] == [A]
    assert study.verify().holds


def test_what_is_not_proposed_cannot_be_confirmed(study: Library) -> None:
    label(study, range(1, 25))
    for said in ({B: "no"}, {B: "yes", A: "yes"}):
        with pytest.raises(LibraryError, match="is not proposed"):
            confirm(study, 30, said, rater="ben")
    with pytest.raises(LibraryError, match="nothing is proposed"):
        confirm(study, 2, {}, rater="ben")
    assert not study.labels.of_clip(30)


def test_a_proposal_that_another_label_contradicts_is_dropped(study: Library) -> None:
    label(study, range(1, 25))
    study.labels.give(Answer(30, A, "yes", "anna"))
    proposals = make_queue(study).proposals
    assert 30 not in {one.clip.id for one in proposals}
    assert 32 in {one.clip.id for one in proposals}


def test_a_task_of_several_classes_is_asked_between_the_likeliest(
    study: Library,
) -> None:
    for row in range(1, 25):
        study.labels.give(Answer(row + 1, "severity", str(2 * (row % 2)), "anna"))
    queue = make_queue(study, ["severity"], 20)
    (unsure,) = (ask for ask in queue.asks if ask.clip.id == 1)
    assert unsure.why[0].startswith("severity: ")
    assert "0 or 2" in unsure.why[0] or "2 or 0" in unsure.why[0]
    values = {one.clip.id: one.value for one in queue.proposals}
    assert (values[30], values[31]) == ("2", "0")


def test_wrong_questions_are_refused(study: Library, filled: Library) -> None:
    study.labels.define(Task("age", "age", Kind.NUMBER, (), 0, 120), who="anna")
    with pytest.raises(LibraryError, match="age has no classes"):
        make_queue(study, ["age"])
    with pytest.raises(LibraryError, match="no task 'nonsense'"):
        make_queue(study, ["nonsense"])
    with pytest.raises(LibraryError, match="No clip of the library was analysed"):
        make_queue(filled)


def test_the_command_shows_the_queue_and_keeps_what_is_confirmed(
    study: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    label(study, range(1, 25))
    where = ["--library", str(study.folder)]
    assert cli.main(["queue", *where, "--count", "2", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["kind"] for one in told] == ["ask", "ask", "proposal", "proposal"]
    assert told[0]["why"]
    assert cli.main(["queue", "--task", "b_lines", *where]) == 0
    shown = capsys.readouterr().out
    assert f"clips wait for {B}" in shown
    assert "To confirm" in shown
    assert cli.main(["queue", "confirm", "30", "b_lines=yes", *where]) == 0
    assert f"{B}=yes" in capsys.readouterr().out
    assert cli.main(["queue", "confirm", "30", "b_lines=no", *where]) == 1
    assert "not proposed" in capsys.readouterr().err
    assert cli.main(["queue", "confirm", "30", "b_lines", *where]) == 1
