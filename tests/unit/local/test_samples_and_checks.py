"""Which clips take part, and what is told before anything is fitted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lusviewer.errors import LibraryError, TrainingError
from lusviewer.experts.features import feature_words
from lusviewer.library import NOT_ASSESSABLE, Answer, open_library
from lusviewer.library.tasks import BUILT_IN
from lusviewer.training.local.checks import check
from lusviewer.training.local.question import ask
from lusviewer.training.local.samples import Choice, read_samples
from tests.unit.local.conftest import CLIPS, EMBEDDING, PATIENTS, relabel

SEVERITY = ask(BUILT_IN["severity"])


@pytest.fixture
def library(own_study):
    with open_library(own_study) as opened:
        yield opened


def read(library, model, question=SEVERITY, **choice):
    return read_samples(library, question, model.sha256, Choice(**choice))


def test_every_labelled_and_analysed_clip_takes_part(library, model):
    samples = read(library, model)
    assert len(samples.clips) == PATIENTS * CLIPS
    assert samples.features.shape == (len(samples.clips), len(samples.names))
    assert samples.raters == ("anna",)
    assert not samples.left_out
    first = samples.clips[0]
    assert SEVERITY.classes[samples.classes[0]] == first.labels["severity"]


def test_inputs_are_those_asked_for_and_never_what_is_the_answer(library, model):
    embedding = read(library, model, inputs=("embedding",))
    assert embedding.names[0] == "embedding.mean.000"
    assert len(embedding.names) == EMBEDDING
    assert read(library, model, inputs=("clinical",)).names == ("clinical.age",)
    with_oxygen = replace_facts(library)
    assert (
        "clinical.oxygen_liter" in read(with_oxygen, model, inputs=("clinical",)).names
    )
    parted = ask(BUILT_IN["s_f"], cuts=(350,))
    names = read(with_oxygen, model, parted, inputs=("clinical",)).names
    assert names == ("clinical.age",)


def replace_facts(library):
    for number in range(PATIENTS):
        facts = {"oxygen_liter": float(number)}
        library.patients.set_facts(f"P{number}", "1", facts, who="anna")
    return library


def test_the_newest_answer_counts_whoever_gave_it(library, model):
    before = read(library, model)
    clip = before.clips[0].id
    library.labels.give(Answer(clip, "severity", "2", "berta"))
    after = read(library, model)
    assert after.classes[0] == 2
    assert after.raters == ("anna", "berta")
    assert read(library, model, rater="anna").classes[0] == before.classes[0]


def test_doubtful_and_not_assessable_clips_are_left_out_and_counted(library, model):
    library.labels.give(
        Answer(1, "severity", NOT_ASSESSABLE, "anna"),
        Answer(2, "severity", "1", "anna", certainty=0.2),
    )
    samples = read(library, model)
    assert len(samples.clips) == PATIENTS * CLIPS - 2
    assert samples.left_out == {"labelled not assessable": 1, "less certain": 1}
    assert any("labelled not assessable" in text for text in check(samples))


def test_labels_taken_back_do_not_count(library, model):
    relabel(library, "severity", {1: None})
    assert len(read(library, model).clips) == PATIENTS * CLIPS - 1


def test_an_unknown_input_is_refused_by_name(library, model):
    with pytest.raises(TrainingError, match="no input x-ray"):
        read(library, model, inputs=("x-ray",))


def test_a_library_the_model_never_saw_is_refused(library):
    with pytest.raises(LibraryError, match="No clip of the library was analysed"):
        read_samples(library, SEVERITY, "f" * 64, Choice())


def test_three_clips_are_too_few(library, model):
    relabel(library, "severity", dict.fromkeys(range(4, PATIENTS * CLIPS + 1)))
    with pytest.raises(TrainingError, match=r"3 clips have a label.*10 are needed"):
        check(read(library, model))


def test_one_class_is_nothing_to_tell_apart(library, model):
    relabel(library, "severity", dict.fromkeys(range(1, PATIENTS * CLIPS + 1), "1"))
    with pytest.raises(TrainingError, match="All clips are '1'"):
        check(read(library, model))


def test_a_class_of_one_patient_is_refused_by_name(library, model):
    relabel(library, "severity", {1: "3", 2: "3"})
    with pytest.raises(TrainingError, match=r"Only 1 of the patients.*'3'"):
        check(read(library, model))


def test_a_class_that_no_clip_shows_is_told(library, model):
    told = " ".join(check(read(library, model)))
    assert "No clip is '3': the expert will never say so." in told


def test_a_patient_with_most_of_the_clips_is_told(library, model):
    for clip in range(1, 20):
        library.clips.assign(clip, "P0", who="anna")
    told = " ".join(check(read(library, model)))
    assert "Patient P0 has" in told


def test_inputs_that_are_mostly_missing_are_told(library, model):
    samples = read(library, model)
    features = samples.features.copy()
    features[: len(features) * 2 // 3, 0] = np.nan
    told = " ".join(check(replace(samples, features=features)))
    words = feature_words(samples.names[0])
    assert f"Not known of most clips: {words} (missing in 24 of 36)" in told


def test_every_gap_in_the_clinical_values_is_told(library, model):
    for number in range(2, PATIENTS):
        library.patients.set_facts(
            f"P{number}", "1", {"pulse": 60 + number}, who="anna"
        )
    samples = read(library, model, inputs=("clinical",))
    told = " ".join(check(samples))
    assert "pulse per minute (missing in 6 of 36)" in told
    assert "leave the clinical values out" in told


def test_raters_who_disagree_are_told_unless_one_is_chosen(library, model):
    first, second = (clip.id for clip in list(library.clips.all())[:2])
    same = read(library, model).clips[1].labels["severity"]
    library.labels.give(
        Answer(first, "severity", "2", "berta"),
        Answer(second, "severity", same, "berta"),
    )
    told = " ".join(check(read(library, model)))
    assert "1 clip is labelled differently by several people" in told
    alone = " ".join(check(read(library, model, rater="anna")))
    assert "labelled differently" not in alone
