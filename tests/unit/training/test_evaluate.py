"""Measuring a bundle: the figures are right, and what is missing is named."""

from __future__ import annotations

import csv
import json

import cv2
import numpy as np
import pytest
import torch

from lusviewer.training.data.pocus_labels import PocusClip
from lusviewer.training.data.targets import KEYS
from lusviewer.training.evaluate import main
from lusviewer.training.lite.bundle_writer import BundleWords, write_bundle
from lusviewer.training.lite.calibrate import Calibration, calibrate
from lusviewer.training.lite.clip_scores import ScoredClip
from lusviewer.training.measure import pocus as measured_pocus
from lusviewer.training.measure.blues import blues_patient
from lusviewer.training.nets.network import FrameNetwork, TemporalNetwork
from tests.unit.training.pocus_table import POCUS_FIELDS


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    torch.manual_seed(0)
    frame = FrameNetwork().eval()
    temporal = TemporalNetwork().eval()
    temporal.start_from(frame)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    calibration = Calibration(dict.fromkeys(KEYS, (1.0, 0.0)), {}, {})
    words = BundleWords("tiny", "0.0.1", "nothing", "none")
    write_bundle(folder, (frame, temporal), calibration, words)
    return folder


def places(bundle, tmp_path):
    """Return the options that keep a run away from the project's own results."""
    named = {"model": bundle, "work": tmp_path / "work", "docs": tmp_path / "docs"}
    return [word for key, path in named.items() for word in (f"--{key}", str(path))]


def test_the_phantom_measures_every_class_and_label(bundle, tmp_path, capsys):
    arguments = ["phantom", "--scenes", "4", *places(bundle, tmp_path)]
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["version"] == "0.0.1"
    assert set(found["frame_auc"]) == set(KEYS)
    assert 0 <= found["dice"]["outside"] <= 1


def test_a_folder_that_is_no_collection_is_refused(bundle, tmp_path, capsys):
    for name in ("pocus", "covid-blues"):
        assert main([name, str(tmp_path), *places(bundle, tmp_path)]) == 1
        assert str(tmp_path) in capsys.readouterr().err


@pytest.fixture
def pocus(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    files = tuple(f"{i}.png" for i in range(6))
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, POCUS_FIELDS)
        writer.writeheader()
        for i, name in enumerate(files):
            picture = rng.integers(1, 255, (80, 80), np.uint8)
            cv2.imwrite(str(tmp_path / name), picture)
            row = dict.fromkeys(POCUS_FIELDS, "0.0") | {
                "file": name,
                "Label": "regular",
            }
            row |= {"Patient ID / Name": str(i), "B-lines": f"{i % 2}.0"}
            writer.writerow(row)
    monkeypatch.setattr(measured_pocus, "shipped_split", lambda: {"test": files})
    return tmp_path


def test_pocus_figures_count_clips_and_patients(bundle, pocus, tmp_path, capsys):
    out = tmp_path / "figures.json"
    arguments = ["pocus", str(pocus), "--json", str(out), *places(bundle, tmp_path)]
    assert main(arguments) == 0
    capsys.readouterr()
    found = json.loads(out.read_text())
    assert (found["clips"], found["patients"]) == (6, 6)
    auc = found["findings"]["b_lines"]["all"]["auc"]
    assert (auc["n"], auc["positives"]) == (6, 3)
    assert auc["interval"][0] <= auc["value"] <= auc["interval"][1]
    assert found["findings"]["effusion"]["all"]["auc"]["value"] is None
    looks = json.loads((tmp_path / "docs" / "results" / "looks.json").read_text())
    assert [look["collection"] for look in looks["looks"]] == ["pocus test"]


def test_repeated_clips_of_one_patient_are_not_another_patient():
    names = ("patient_15_L2", "patient_15_L2_2", "patient_1_R1")
    patients = [blues_patient(name) for name in names]
    assert patients == ["patient_15", "patient_15", "patient_1"]


def _real(value, logit):
    known = PocusClip(
        "a",
        "a",
        0,
        0,
        np.full(5, value, np.float32),
        np.ones(5, np.float32),
        "",
        "",
        "",
    )
    return ScoredClip(np.full(len(KEYS), logit), known=known)


def _simulated(value, logit):
    truth = np.full(len(KEYS), value, np.uint8)
    return ScoredClip(np.full(len(KEYS), logit), truth=truth)


def test_findings_are_calibrated_on_real_clips_and_labels_on_the_phantom():
    rng = np.random.default_rng(0)
    real = [_real(i % 2, rng.normal(i % 2, 0.5)) for i in range(40)]
    made = [_simulated(i % 2, rng.normal(4 * (i % 2), 1)) for i in range(100)]
    found = calibrate(real, made)
    assert found.basis["finding.b_lines"] == "real"
    assert found.basis["b_lines.many"] == "phantom"
    assert 0.3 < found.thresholds["b_lines"] < 0.7


def test_a_threshold_from_four_positives_is_their_share_not_the_lowest_of_them():
    rng = np.random.default_rng(1)
    real = [_real(1, logit) for logit in (-1.5, 2.0, 2.5, 3.0)]
    real += [_real(0, float(logit)) for logit in rng.normal(-2, 0.3, 16)]
    assert calibrate(real, []).thresholds["effusion"] == pytest.approx(0.2)


def test_few_real_clips_are_pooled_with_simulated_ones():
    real = [_real(1, 1.0), _real(0, 0.0)]
    made = [_simulated(i % 2, 2.0 * (i % 2)) for i in range(50)]
    assert calibrate(real, made).basis["finding.effusion"] == "pooled"


def test_without_real_clips_the_phantom_calibrates_all():
    made = [_simulated(i % 2, 2.0 * (i % 2)) for i in range(50)]
    found = calibrate([], made)
    assert set(found.basis.values()) == {"phantom"}
    probabilities = found.probabilities(made[1])
    assert probabilities.min() > 0.5
