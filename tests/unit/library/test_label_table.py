"""Labels as CSV: what goes out comes in again, and training reads it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from lusviewer.cancel import CancelToken
from lusviewer.errors import LibraryError
from lusviewer.library import NOT_ASSESSABLE, Answer, open_library
from lusviewer.library.adding import Outcome, Step
from lusviewer.library.label_table import read_label_table, write_label_table
from lusviewer.library.records import ClipRecord, Said, add_records
from lusviewer.library.tasks import Kind, Task
from lusviewer.library.zones import Zone

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.library import Library


def take(library: Library, table: Path, who: str = "anna") -> list[Step]:
    records = read_label_table(table, library.labels.tasks())
    steps = add_records(library, records, CancelToken(), who=who)
    return [step for step in steps if step.outcome is not None]


def said(library: Library) -> dict[tuple[str, str, str], tuple[str | None, float]]:
    names = {clip.id: clip.name for clip in library.clips.all()}
    return {
        (names[a.clip_id], a.rater, a.task): (a.value, a.certainty)
        for a in (label.answer for label in library.labels.current())
    }


@pytest.fixture
def table(exam: Path, tmp_path: Path) -> Path:
    """A table whose folder is not the clips'."""
    rows = [
        ["file", "patient", "b_lines", "severity", "zone", "spo2", "fact.age"],
        [str(exam / "clip0.png"), "A", "no", "0", "BLUE:R1", "97", "61"],
        [str(exam / "clip1.png"), "A", "yes", "", "", "", ""],
        [str(exam / "clip2.png"), "B", "Yes", "3", "", "", ""],
    ]
    path = tmp_path / "own.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_a_table_adds_clips_patients_and_labels(library: Library, table: Path) -> None:
    steps = take(library, table)
    assert [step.outcome for step in steps] == [Outcome.ADDED] * 3
    assert [p.pseudonym for p in library.patients.all()] == ["A", "B"]
    assert library.clips.get(1).zone == Zone("BLUE", "R1")
    assert library.clips.get(3).labels == {"finding.b_lines": "yes", "severity": "3"}
    (kept,) = library.labels.of_task("s_f")
    assert kept.answer.detail == {"spo2": 97.0}
    assert float(kept.answer.value or 0) == pytest.approx(97 / 0.21)
    assert library.patients.exams()[0].facts == {"age": 61.0}


def test_reading_a_table_twice_changes_nothing(library: Library, table: Path) -> None:
    take(library, table)
    entries = len(library.log())
    assert {step.outcome for step in take(library, table)} == {Outcome.KNOWN}
    assert len(library.log()) == entries


def test_what_is_exported_is_read_back_the_same(
    filled: Library, tmp_path: Path
) -> None:
    own = Task("dyspnoea", "Dyspnoea", Kind.CLASS, ("mild", "severe"))
    filled.labels.define(own, who="anna")
    filled.labels.give(
        Answer(1, "finding.b_lines", "yes", "anna", certainty=0.5),
        Answer(1, "finding.effusion", NOT_ASSESSABLE, "anna", certainty=0.123456789),
        Answer(1, "severity", NOT_ASSESSABLE, "anna"),
        Answer(1, "group.a_lines", "weak+stacked", "anna"),
        Answer(1, "s_f", None, "anna", detail={"spo2": 90, "fio2": 0.4}, certainty=0.0),
        Answer(2, "dyspnoea", "mild", "anna"),
    )
    filled.labels.give(Answer(1, "finding.b_lines", "no", "ben"))
    filled.clips.set_zone([2], Zone("8", "L4"), who="anna")
    filled.patients.set_facts("A", "1", {"age": 61.0}, who="anna")
    table = tmp_path / "labels.csv"
    assert write_label_table(filled, table) == 3

    with open_library(tmp_path / "other") as other:
        other.labels.define(own, who="anna")
        take(other, table)
        assert said(other) == said(filled)
        assert other.labels.of_task("s_f")[0].answer.detail == {
            "spo2": 90.0,
            "fio2": 0.4,
        }
        assert other.clips.find("clip1.png").zone == Zone("8", "L4")
        assert other.patients.exams() == filled.patients.exams()


def test_only_one_raters_labels_can_be_exported(
    filled: Library, tmp_path: Path
) -> None:
    filled.labels.give(Answer(1, "severity", "1", "anna"))
    filled.labels.give(Answer(1, "severity", "3", "ben"))
    assert write_label_table(filled, tmp_path / "ben.csv", "ben") == 1
    with (tmp_path / "ben.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["rater"], row["severity"]) == ("ben", "3")


def test_training_reads_what_the_library_exports(
    filled: Library, exam: Path, tmp_path: Path
) -> None:
    from lusviewer.training.data.collection import Said as Word
    from lusviewer.training.data.collection import read_own

    filled.labels.give(
        Answer(1, "finding.b_lines", "yes", "anna"),
        Answer(1, "finding.a_lines", NOT_ASSESSABLE, "anna"),
        Answer(1, "severity", "2", "anna"),
        Answer(2, "diagnosis", "COVID-19", "anna"),
    )
    write_label_table(filled, tmp_path / "labels.csv")
    first, second = read_own(tmp_path / "labels.csv")
    assert first.path == exam / "clip0.png"
    assert first.patient == "A"
    assert first.severity == 2
    assert first.findings["b_lines"].said is Word.YES
    assert first.findings["a_lines"].said is Word.NOT_MENTIONED
    assert second.diagnosis == "COVID-19"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,b_lines\nclip0.png,yes\n", "no column patient"),
        ("file,patient,mood\nclip0.png,A,good\n", "no task: mood"),
        ("file,patient,severity,severity\nclip0.png,A,1,1\n", "twice"),
        ("file,patient,severity\nclip0.png,A,1\nclip1.png,B,7\n", "line 3: '7' is no"),
        ("file,patient,severity\nclip0.png,,1\n", "line 2: the patient is missing"),
        ("file,patient,zone\nclip0.png,A,8:R9\n", "line 2: .* no zone 'R9'"),
        ("file,patient,spo2\nclip0.png,A,high\n", "line 2: spo2 is 'high'"),
        ("file,patient,fact.age\nclip0.png,A,nan\n", "line 2: fact.age is 'nan'"),
        ("file,patient,not_assessable\nclip0.png,A,lungs\n", "'lungs' is no task"),
        ("file,patient,certainty\nclip0.png,A,lungs=0.5\n", "'lungs' is no task"),
        ("file,patient,certainty\nclip0.png,A,severity=7\n", "certainty of 7 cannot"),
        ("file,patient,certainty\nclip0.png,A,severity\n", "certainty is '', not a"),
        (
            "file,patient,severity,not_assessable\nclip0.png,A,1,severity\n",
            "line 2: severity is not assessable and '1' at once",
        ),
        (
            "file,patient,severity\nclip0.png,A,1,2\n",
            "line 2: it has more cells .* '2'",
        ),
        (
            "file,patient,severity\nclip0.png,A,1\n./clip0.png,A,2\n",
            "line 3: severity of clip0.png is not as before",
        ),
        ("Datei;Patient\nclip0.png;A\n", "no column file, patient"),
        ("file,patient\n", "names no clip"),
        ("", "names no clip"),
    ],
)
def test_a_table_that_is_wrong_is_refused_whole(
    library: Library, exam: Path, tmp_path: Path, text: str, words: str
) -> None:
    table = tmp_path / "wrong.csv"
    table.write_text(text)
    with pytest.raises(LibraryError, match=words) as told:
        take(library, table)
    assert told.value.hint
    assert library.clips.count() == 0


def test_text_that_is_not_utf_8_is_refused_and_commas_at_the_end_are_no_matter(
    library: Library, exam: Path, tmp_path: Path
) -> None:
    table = tmp_path / "own.csv"
    head = f"file,patient,severity\n{exam / 'clip0.png'}"
    table.write_bytes(f"{head},Müller,1\n".encode("latin-1"))
    with pytest.raises(LibraryError, match="line 2: patient is not written in UTF-8"):
        take(library, table)
    table.write_text(f"{head},Müller,1,,\n", encoding="utf-8")
    assert take(library, table)[0].outcome is Outcome.ADDED


def test_a_table_with_semicolons_is_told_to_take_commas(
    library: Library, tmp_path: Path
) -> None:
    (tmp_path / "labels.csv").write_text("file;patient\nclip0.png;A\n")
    with pytest.raises(LibraryError) as told:
        take(library, tmp_path / "labels.csv")
    assert "save it with commas" in told.value.hint


def test_a_table_that_is_not_there_or_is_a_clip_is_refused(
    library: Library, exam: Path
) -> None:
    with pytest.raises(LibraryError, match=r"none.csv cannot be read: No such file"):
        take(library, exam / "none.csv")
    with pytest.raises(LibraryError):
        take(library, exam / "clip0.png")


def test_a_file_that_is_no_clip_is_refused_with_its_line(
    library: Library, tmp_path: Path
) -> None:
    (tmp_path / "notes.mp4").write_text("not a clip at all")
    (tmp_path / "own.csv").write_text("file,patient\nnotes.mp4,A\n")
    (step,) = take(library, tmp_path / "own.csv")
    assert step.outcome is Outcome.REFUSED
    assert "line 2: notes.mp4 is a text file" in str(step.error)
    assert library.clips.count() == 0


def test_a_clip_that_is_not_there_is_named_with_its_line(
    library: Library, exam: Path, tmp_path: Path
) -> None:
    table = tmp_path / "some.csv"
    rows = [["file", "patient"], ["gone.mp4", "A"], [str(exam / "clip1.png"), "A"]]
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    refused, added = take(library, table)
    assert refused.outcome is Outcome.REFUSED
    assert str(refused.error).startswith("some.csv, line 2: gone.mp4 does not exist")
    assert added.outcome is Outcome.ADDED


def test_a_table_names_patients_we_had_made_up_but_not_those_a_person_gave(
    library: Library, exam: Path
) -> None:
    from lusviewer.library.adding import add_paths

    list(add_paths(library, [exam], CancelToken(), who="anna"))
    record = ClipRecord(exam / "clip0.png", "B", labels={"severity": Said("1")})
    (step,) = add_records(library, [record], CancelToken(), who="anna")
    assert step.outcome is Outcome.KNOWN
    assert library.clips.get(1).patient == "B"
    other = ClipRecord(exam / "clip0.png", "C", labels={"severity": Said("2")})
    (step,) = add_records(library, [other], CancelToken(), who="anna")
    assert step.outcome is Outcome.REFUSED
    assert "belongs to patient B" in str(step.error)
    assert [p.pseudonym for p in library.patients.all()] == ["B", "P0001"]
    assert library.clips.get(1).labels == {"severity": "1"}
