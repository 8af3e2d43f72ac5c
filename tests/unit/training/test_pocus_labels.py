"""What is read from the POCUS table and its comments."""

from __future__ import annotations

import csv

import pytest

from lusviewer.errors import TrainingError
from lusviewer.findings import FINDINGS
from lusviewer.training.data.pocus_labels import (
    DOUBTFUL_NEGATIVE,
    WEAK_NEGATIVE,
    mentions_few_b_lines,
    read_comment,
    read_table,
)
from tests.unit.training.pocus_table import POCUS_FIELDS


def _row(**values):
    row = dict.fromkeys(POCUS_FIELDS, "")
    row |= {"file": "a.mp4", "Label": "COVID-19", "Patient ID / Name": "7.0"}
    for name in (
        "Effusion",
        "Consolidations",
        "B-lines",
        "A-lines",
        "Pleural line irregularities",
    ):
        row[name] = "0.0"
    return row | values


@pytest.fixture
def table(tmp_path):
    def write(*rows):
        with (tmp_path / "labels.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, POCUS_FIELDS)
            writer.writeheader()
            writer.writerows(rows)
        return read_table(tmp_path)

    return write


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("Minimal pleural thickening, few B-lines", ("b_lines", "pleural")),
        ("Multiple b lines", ("b_lines",)),
        ("diffuse white lung", ("b_lines",)),
        ("Pleural irregularities (left side), confluent B lines", ("b_lines", "pleu")),
        ("hepatization of the lung, consolidation", ("consolidation",)),
        ("moderate effusion, B-lines", ("b_lines", "effusion")),
        ("healthy lung, couple of a-lines", ("a_lines",)),
    ],
)
def test_a_comment_affirms_what_it_names(comment, said):
    found = read_comment(comment)
    assert all(found.values())
    assert len(found) == len(said)
    assert all(any(key.startswith(part) for key in found) for part in said)


def test_a_denied_finding_is_known_to_be_absent():
    found = read_comment("No effusion, clear consolidation in one part of the lung")
    assert found == {"effusion": False, "consolidation": True}


def test_no_a_lines_is_not_read_as_a_lines():
    assert read_comment("no A lines") == {"a_lines": False}


def test_no_lines_denies_both_kinds():
    assert read_comment("no lines in my opinion") == {
        "a_lines": False,
        "b_lines": False,
    }


def test_what_the_doctor_doubts_is_not_known():
    assert read_comment("B-lines, still cannot be sure about consolidation") == {
        "b_lines": True
    }
    assert read_comment("maybe some pleural thickening") == {}


def test_a_comment_that_names_nothing_says_nothing():
    assert read_comment("normal lung") == {}


def test_few_b_lines_are_told_from_many():
    assert mentions_few_b_lines("Normal lung, single B line")
    assert not mentions_few_b_lines("lots of B-lines")


def test_the_comment_goes_before_the_table(table):
    (clip,) = table(
        _row(**{"Comments first medical doctor (MD1)": "moderate effusion"})
    )
    index = FINDINGS.index("effusion")
    assert (clip.values[index], clip.weights[index]) == (1.0, 1.0)


def test_a_zero_that_nothing_supports_counts_little(table):
    (clip,) = table(_row())
    assert clip.values.sum() == 0
    assert clip.weights == pytest.approx([WEAK_NEGATIVE] * 5)


def test_an_empty_cell_is_not_known(table):
    (clip,) = table(_row(Consolidations=""))
    assert clip.weights[FINDINGS.index("consolidation")] == 0


def test_a_healthy_lung_has_no_lesions_but_may_have_a_lines(table):
    (clip,) = table(_row(Label="regular"))
    assert clip.weights[FINDINGS.index("consolidation")] == 1
    assert clip.weights[FINDINGS.index("a_lines")] == pytest.approx(DOUBTFUL_NEGATIVE)


def test_files_of_one_numbered_set_are_one_patient(table):
    clips = table(
        _row(file="Pneu_northumbria_0409_set2_vid1.avi", **{"Patient ID / Name": "1"}),
        _row(file="Pneu_northumbria_0409_set2_vid2.avi", **{"Patient ID / Name": "2"}),
        _row(file="Pneu_northumbria_0409_set3_vid1.avi", **{"Patient ID / Name": "3"}),
    )
    assert clips[0].patient == clips[1].patient != clips[2].patient


def test_clips_of_one_published_case_are_one_patient(table):
    page = "https://litfl.com/pneumonia-case-003/"
    clips = table(
        _row(file="a.mp4", **{"Patient ID / Name": "1", "URL (Video Name)": page}),
        _row(file="b.mp4", **{"Patient ID / Name": "2", "URL (Video Name)": page}),
    )
    assert clips[0].patient == clips[1].patient


def test_a_file_the_doctor_advises_against_is_left_out(table):
    assert table(_row(**{"Comments first medical doctor (MD1)": "do not use"})) == ()


def test_a_folder_without_a_table_is_refused_by_name(tmp_path):
    with pytest.raises(TrainingError, match=r"labels\.csv"):
        read_table(tmp_path)


def test_severity_and_diagnosis_are_read(table):
    (clip,) = table(_row(**{"Lung Severity Score": "2.0", "Label": "Viral pneumonia"}))
    assert (clip.severity, clip.diagnosis) == (2, 3)
