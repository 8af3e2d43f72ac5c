"""Labelled collections, whatever their tables look like."""

from __future__ import annotations

import csv

import pytest

from lusviewer.errors import TrainingError
from lusviewer.findings import FINDINGS
from lusviewer.training.data.collection import (
    BLUES_LICENCE,
    Said,
    read_collection,
    s_f_ratio,
)
from tests.unit.training.pocus_table import POCUS_FIELDS


def _write(path, fields, *rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fields, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def blues(tmp_path):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "patient_7_L1.mp4").touch()
    _write(
        tmp_path / "severity.csv",
        ("video_file", "Severity Score", "A-lines", "B-lines", "comments"),
        {"video_file": " patient_7_L1 ", "Severity Score": "2.0", "B-lines": "yes "},
        {"video_file": "patient_7_L2", "Severity Score": "1.0", "A-lines": "no"},
    )
    _write(
        tmp_path / "clinical_variables.csv",
        ("patient_id", "oxygen_saturation_with_ox", "oxygen_liter", "pulse"),
        {"patient_id": "7", "oxygen_saturation_with_ox": "95", "oxygen_liter": "2"}
        | {"pulse": "-99.0"},
    )
    return tmp_path


def test_covid_blues_names_patient_findings_severity_and_licence(blues):
    (record,) = read_collection(blues)
    assert (record.patient, record.severity) == ("patient_7", 2)
    assert record.licence == BLUES_LICENCE
    assert record.findings["b_lines"].said is Said.YES


def test_what_a_table_leaves_empty_is_not_mentioned(blues):
    (record,) = read_collection(blues)
    assert record.findings["a_lines"].said is Said.NOT_MENTIONED
    assert record.findings["effusion"].said is Said.NOT_MENTIONED


def test_clips_that_are_not_there_are_told_only_where_they_are_wanted(blues):
    names = [one.name for one in read_collection(blues, missing=True)]
    assert names == ["patient_7_L1", "patient_7_L2"]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("Severity Score", "Grade", r"severity.csv has no column 'Severity Score'"),
        ("video_file", "clip", r"severity.csv has no column 'video_file'"),
        ("2.0", "9.0", "line 2: Severity Score is '9.0', not one of 0, 1, 2, 3"),
        ("2.0", "nan", "line 2: Severity Score is 'nan'"),
        ("yes", "maybe", "line 2: B-lines is 'maybe', not one of yes, no"),
        ("patient_7", "patient_8", r"severity.csv names no clip that can be used"),
    ],
)
def test_a_table_of_covid_blues_that_is_wrong_is_told(blues, before, after, words):
    table = blues / "severity.csv"
    table.write_text(table.read_text().replace(before, after))
    with pytest.raises(TrainingError, match=words) as told:
        read_collection(blues)
    assert told.value.hint


def test_a_collection_without_its_second_table_is_told(blues):
    (blues / "clinical_variables.csv").unlink()
    with pytest.raises(TrainingError, match="cannot be read: No such file"):
        read_collection(blues)


def test_a_clinical_value_of_minus_99_is_missing(blues):
    (record,) = read_collection(blues)
    assert record.facts == {"oxygen_saturation_with_ox": 95.0, "oxygen_liter": 2.0}


@pytest.mark.parametrize(
    ("facts", "ratio"),
    [
        ({"oxygen_saturation_with_ox": 95.0, "oxygen_liter": 2.0}, 95 / 0.29),
        ({"oxygen_saturation_without_ox": 96.0}, 96 / 0.21),
        ({"oxygen_saturation_with_ox": 90.0, "oxygen_liter": 30.0}, 90.0),
        ({"oxygen_liter": 4.0}, None),
    ],
)
def test_the_s_f_ratio_estimates_the_oxygen_that_is_breathed(facts, ratio):
    found = s_f_ratio(facts)
    assert found == (None if ratio is None else pytest.approx(ratio))


def test_a_pocus_zero_beside_a_disease_is_a_weak_no(tmp_path):
    row = dict.fromkeys(POCUS_FIELDS, "")
    row |= {"file": "a.mp4", "Label": "COVID-19", "Patient ID / Name": "7.0"}
    row |= {"B-lines": "1", "Effusion": "0", "License": "CC BY 4.0"}
    _write(tmp_path / "labels.csv", POCUS_FIELDS, row)
    (record,) = read_collection(tmp_path)
    assert record.findings["b_lines"].said is Said.YES
    effusion = record.findings["effusion"]
    assert effusion.said is Said.NO
    assert effusion.certainty < 1
    assert record.findings["a_lines"].said is Said.NOT_MENTIONED
    assert (record.diagnosis, record.licence) == ("COVID-19", "CC BY 4.0")


def test_a_csv_of_ones_own_clips_is_read_from_its_folder(tmp_path):
    path = _write(
        tmp_path / "mine.csv",
        ("file", "patient", "b_lines", "severity", "diagnosis"),
        {"file": "a.dcm", "patient": "p1", "b_lines": "No", "severity": "3"},
    )
    (record,) = read_collection(path)
    assert record.path == tmp_path / "a.dcm"
    assert record.findings["b_lines"].said is Said.NO
    assert record.severity == 3
    assert record.diagnosis is None
    assert set(record.findings) == set(FINDINGS)


@pytest.mark.parametrize(
    ("fields", "row", "named"),
    [
        (("file",), {"file": "a"}, "patient"),
        (("file", "patient"), {"file": "a"}, "line 2"),
        (
            ("file", "patient", "b_lines"),
            {"file": "a", "patient": "p", "b_lines": "perhaps"},
            "b_lines is 'perhaps'",
        ),
        (
            ("file", "patient", "severity"),
            {"file": "a", "patient": "p", "severity": "9"},
            "severity",
        ),
    ],
)
def test_a_wrong_csv_is_refused_by_the_name_of_what_is_wrong(
    tmp_path, fields, row, named
):
    path = _write(tmp_path / "mine.csv", fields, row)
    with pytest.raises(TrainingError, match=r"mine\.csv") as raised:
        read_collection(path)
    assert named in str(raised.value)


def test_an_empty_csv_and_a_folder_without_a_table_are_refused(tmp_path):
    with pytest.raises(TrainingError, match="is no collection"):
        read_collection(tmp_path)
    empty = _write(tmp_path / "mine.csv", ("file", "patient"))
    with pytest.raises(TrainingError, match="names no clip"):
        read_collection(empty)


def test_the_public_collections_are_read_whole(real_data):
    pocus = read_collection(real_data / "pocus")
    assert len(pocus) == 153
    assert len({record.patient for record in pocus}) == 85
    blues = read_collection(real_data / "covid-blues")
    assert len(blues) == 249
    assert len({record.patient for record in blues}) == 43
    assert sum(s_f_ratio(record.facts) is not None for record in blues) > 200
