"""Patients are never shared between the parts of a split."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lusviewer.training.data.pocus_labels import PocusClip, read_table
from lusviewer.training.data.split import (
    COPIES,
    PARTS,
    save_split,
    shipped_split,
    split_patients,
)


def _clip(number, patient, diagnosis=0):
    return PocusClip(
        file=f"{number}.mp4",
        patient=patient,
        diagnosis=diagnosis,
        severity=None,
        values=np.zeros(5, np.float32),
        weights=np.zeros(5, np.float32),
        licence="CC BY 4.0",
        probe="convex",
        source="",
    )


@pytest.fixture
def clips():
    rng = np.random.default_rng(0)
    return [
        _clip(i, f"patient {int(rng.integers(40))}", int(rng.integers(4)))
        for i in range(120)
    ]


def test_no_patient_is_in_two_parts(clips):
    split = split_patients(clips, 0)
    patient = {clip.file: clip.patient for clip in clips}
    groups = [{patient[f] for f in split[part]} for part in PARTS]
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]
    assert not groups[1] & groups[2]


def test_every_clip_is_in_one_part(clips):
    split = split_patients(clips, 0)
    files = [file for part in PARTS for file in split[part]]
    assert sorted(files) == sorted(clip.file for clip in clips)


def test_the_parts_are_near_60_20_20(clips):
    split = split_patients(clips, 0)
    shares = [len(split[part]) / len(clips) for part in PARTS]
    assert shares == pytest.approx([0.6, 0.2, 0.2], abs=0.08)


def test_the_same_seed_gives_the_same_split(clips):
    assert split_patients(clips, 3) == split_patients(clips, 3)


def test_a_split_is_saved_as_file_names_alone(clips, tmp_path):
    split = split_patients(clips, 0)
    save_split(split, tmp_path / "split.json")
    stored = json.loads((tmp_path / "split.json").read_text())
    assert {part: tuple(files) for part, files in stored.items()} == split


def test_the_shipped_split_shares_no_file_between_parts():
    split = shipped_split()
    files = [file for part in PARTS for file in split[part]]
    assert len(files) == len(set(files)) > 100


@pytest.mark.real
def test_the_shipped_split_is_the_one_the_table_gives(real_data):
    clips = read_table(real_data / "pocus")
    made = split_patients(clips, 0)
    kept = {p: tuple(f for f in files if f not in COPIES) for p, files in made.items()}
    assert kept == shipped_split()


def test_copies_of_a_recording_stand_in_no_part():
    assert not COPIES & set().union(*shipped_split().values())
