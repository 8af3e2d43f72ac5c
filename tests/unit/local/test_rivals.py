"""What an expert in use is asked of, so that its figures hold for new patients."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from lusviewer.errors import TrainingError
from lusviewer.experts.store import ExpertStore
from lusviewer.experts.validation import read_validation
from lusviewer.library import open_library
from lusviewer.training.local.comparing import compare_experts
from lusviewer.training.local.control import Control
from lusviewer.training.local.run import train_local
from tests.unit.local.conftest import CLIPS, PATIENTS, relabel

ALL = PATIENTS * CLIPS


@pytest.fixture
def first(own_study, settings, model, tmp_path):
    """Settings of an expert in use that learned from two clips of each patient."""
    asked = replace(settings, library=own_study, kinds=("tree",))
    third = [key for key in range(1, ALL + 1) if key % CLIPS == 0]
    with open_library(own_study) as library:
        before = {key: library.clips.get(key).labels["severity"] for key in third}
        relabel(library, "severity", dict.fromkeys(third))
    list(train_local(asked, model, Control()))
    ExpertStore(asked.store).install(asked.out)
    with open_library(own_study) as library:
        relabel(library, "severity", before)
    return asked


def test_clips_of_patients_that_taught_the_one_in_use_do_not_count(
    first, model, tmp_path
):
    """It knows such a patient: beside it any new expert would look worse."""
    asked = replace(first, out=tmp_path / "second")
    events = list(train_local(asked, model, Control()))
    (figures,) = (event for event in events if event["event"] == "figures")
    by_name = {one["expert"]: one for one in figures["side_by_side"]}
    kept, shipped = by_name["severity-local"], by_name["severity"]
    assert (kept["clips"], kept["learned_from"]) == (ALL - PATIENTS, PATIENTS)
    assert kept["of_left_out_patients"] == ALL - PATIENTS
    assert (shipped["clips"], shipped["learned_from"]) == (ALL, 0)
    read = {one.expert: one for one in read_validation(asked.out).beside}
    assert read["severity-local"].learned_from == PATIENTS
    path = asked.out / "validation.json"
    stored = json.loads(path.read_text())
    for one in stored["figures"]["side_by_side"]:
        del one["learned_from"]  # As it was written before that was counted.
    path.write_text(json.dumps(stored))
    assert {one.learned_from for one in read_validation(asked.out).beside} == {0}


def test_two_experts_are_compared_on_clips_fair_to_both(first, model, tmp_path):
    with open_library(first.library) as library:
        relabel(library, "severity", dict.fromkeys(range(1, ALL + 1, CLIPS)))
    second = replace(first, out=tmp_path / "second")
    list(train_local(second, model, Control()))
    experts = {"first": first.out, "second": second.out}
    found = compare_experts(first.library, experts, model.sha256)
    assert found["clips"] == PATIENTS
    assert np.isfinite(found["auc"]["difference"]["value"])
    with open_library(first.library) as library:
        labelled = library.labels.of_task("severity")
        middle = [one for one in labelled if one.answer.clip_id % CLIPS == 2]
        firsts = range(1, ALL + 1, CLIPS)
        relabel(library, "severity", {one.answer.clip_id: None for one in middle})
        relabel(library, "severity", {key: str(key % 2) for key in firsts})
    with pytest.raises(TrainingError, match="learned from the patients of every clip"):
        compare_experts(first.library, experts, model.sha256)
