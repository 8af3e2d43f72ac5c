from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from lusviewer.training.measure import baselines, diagnosis, metrics, pocus
from lusviewer.training.measure.baselines import measure_baselines
from lusviewer.training.measure.clip_store import ClipStore
from lusviewer.training.measure.diagnosis import Clips, by_frame, by_patient
from lusviewer.training.measure.end_to_end import BATCH, OUTPUTS, Lesson, batch
from lusviewer.training.measure.imagenet import spread
from lusviewer.training.measure.regression import patient_folds, regression
from tests.unit.training.small_collections import split, write_blues, write_pocus


def test_baselines_are_measured_on_both_collections(tmp_path, monkeypatch):
    monkeypatch.setattr(pocus, "shipped_split", split)
    monkeypatch.setattr(baselines, "STEPS", 1)
    few = partial(metrics.resampled_rows, rounds=20)
    monkeypatch.setattr(metrics, "resampled_rows", lambda who, seed, _: few(who, seed))
    folders = write_pocus(tmp_path / "pocus"), write_blues(tmp_path / "blues")

    work = tmp_path / "work"
    found = measure_baselines(*folders, ClipStore(work), work)

    assert set(found["pocus"]) == {"prevalence", "imagenet", "end_to_end"}
    assert found["pocus"]["prevalence"]["b_lines"]["auc"]["value"] == 0.5
    assert found["pocus"]["imagenet"]["b_lines"]["auc"]["value"] == 1
    assert set(found["covid-blues"]["imagenet"]) == {"a_lines", "b_lines", "severe"}


def _random_clips(seed: int) -> Clips:
    """Return clips whose features say who the patient is, and nothing of the class."""
    rng = np.random.default_rng(seed)
    frames = [rng.normal(0, 1, (1, 8)) + rng.normal(0, 0.01, (6, 8)) for _ in range(60)]
    classes = np.arange(60) % 3
    names = tuple(str(i) for i in range(60))
    return Clips(tuple(frames), classes, names, names)


def test_a_split_by_frame_rewards_knowing_the_clip_and_one_by_patient_does_not():
    clips = Clips(*_wide(_random_clips(0)))

    leaky = by_frame(clips)["accuracy"]["value"]
    honest = float((by_patient(clips) == clips.classes).mean())

    assert leaky > 0.9
    assert honest < 0.6


def _wide(clips: Clips):
    """Return the clips with so many features that each can be learned by heart."""
    rng = np.random.default_rng(1)
    mixed = tuple(np.tanh(f @ rng.normal(0, 3, (8, 400))) for f in clips.frames)
    return mixed, clips.classes, clips.patients, clips.names


def test_no_patient_is_in_both_parts_of_a_fold():
    patients = [str(i // 3) for i in range(30)]
    classes = np.array([i // 3 % 2 for i in range(30)])
    left_out = []
    for kept, left in patient_folds(patients, classes, 5):
        assert not {patients[i] for i in kept} & {patients[i] for i in left}
        left_out += list(left)
    assert sorted(left_out) == list(range(30))


def test_a_regression_finds_what_tells_the_classes_apart():
    rng = np.random.default_rng(0)
    classes = np.arange(80) % 2
    features = rng.normal(0, 1, (80, 10))
    features[:, 3] += 4 * classes
    head = regression(features, classes, [str(i // 2 * 2 + i % 2) for i in range(80)])
    said = head.predict(features)[:, 1] > 0.5
    assert (said == classes).mean() > 0.9


def test_a_clip_without_a_known_label_does_not_count():
    rng = np.random.default_rng(0)
    features, classes = rng.normal(0, 1, (40, 3)), np.arange(40) % 2
    features[:, 0] += 3 * classes
    wrong, weights = classes.copy(), np.ones(40)
    wrong[:8] = 1 - wrong[:8]
    weights[:8] = 0
    owners = [str(i) for i in range(40)]
    head = regression(features, wrong, owners, weights)
    assert (head.predict(features)[:8].argmax(axis=1) == classes[:8]).mean() > 0.8


def test_a_batch_is_the_same_each_time_and_not_the_same_each_step():
    frames = np.full((3, 224, 224), 90, np.uint8)
    ones = np.ones(len(OUTPUTS), np.float32)
    lessons = [Lesson(frames, str(i), i * ones, ones) for i in range(3)]
    first, values, _ = batch(lessons, 4)
    assert first.shape == (BATCH, 224, 224)
    assert np.array_equal(first, batch(lessons, 4)[0])
    assert not np.array_equal(first, batch(lessons, 5)[0])
    assert len(np.unique(values)) > 1


@pytest.mark.parametrize(("count", "expected"), [(3, [0, 1, 2]), (100, 12)])
def test_frames_are_spread_over_the_clip(count, expected):
    chosen = spread(count)
    assert chosen[0] == 0
    assert chosen[-1] == count - 1
    if isinstance(expected, list):
        assert list(chosen) == expected
    else:
        assert len(chosen) == expected


def test_only_the_diagnoses_asked_for_are_read(tmp_path):
    folder = write_pocus(tmp_path / "pocus")
    table = folder / "labels.csv"
    text = table.read_text().replace("COVID-19", "Viral pneumonia", 1)
    table.write_text(text)
    clips = diagnosis.read_clips(folder, lambda _: np.ones((2, 3), np.float32))
    assert len(clips.names) == 19
