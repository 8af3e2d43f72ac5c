"""The named values of a clip that experts decide by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.findings import BIOMARKERS, FINDINGS, LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lusviewer.findings import ClipReport, Evidence, Timelines

MEASURED_FEATURES: Final = {
    "measured.b_line_count_max": "highest count of B-lines",
    "measured.b_line_count_median": "usual count of B-lines",
    "measured.pleura_with_b_lines_fraction": "share of the pleura with B-lines",
    "measured.a_line_count_median": "usual count of A-lines",
    "measured.pleura_depth_mm": "depth of the pleura in mm",
    "measured.pleura_depth_px": "depth of the pleura in px",
    "measured.pleura_thickness_mm": "thickness of the pleura in mm",
    "measured.pleura_thickness_px": "thickness of the pleura in px",
    "measured.pleura_irregularity": "irregularity of the pleura",
    "measured.rib_shadow_fraction": "share of the beam in rib shadow",
    "measured.consolidation_fraction": "largest share that is consolidated",
    "measured.effusion_fraction": "largest share that is effusion",
    "measured.pleura_frames_fraction": "share of frames that show the pleura",
}
"""Measured features and their words; lengths in px differ between devices."""

FEATURES: Final = (
    *(label.key for label in LABELS),
    *(f"finding.{key}" for key in FINDINGS),
    *MEASURED_FEATURES,
)
"""Every named feature an expert may ask for, in order."""

CLINICAL: Final = "clinical."
"""What the name of a value of the exam begins with; a clip alone does not know it."""

_CLINICAL_WORDS: Final = {
    "cov_test": "COVID-19 test as coded in the table",
    "pat_sex": "sex as coded in the table",
    "pat_bmi": "BMI in kg/m²",
    "pat_age": "age in years",
    "respiratory_rate": "breaths per minute",
    "pulse": "pulse per minute",
    "oxygen_saturation_without_ox": "SpO2 without oxygen in %",
    "oxygen_saturation_with_ox": "SpO2 with oxygen in %",
    "oxygen_liter": "oxygen in L/min",
    "pO2_find": "partial pressure of oxygen in the unit of the table",
    "clin_diagn#healthy_lung": "clinical diagnosis of a healthy lung",
    "clin_diagn#bacterial_pneumonia": "clinical diagnosis of bacterial pneumonia",
    "clin_diagn#COVID19_pneumonia": "clinical diagnosis of COVID-19 pneumonia",
    "clin_diagn#other_viral_pneumonia": "clinical diagnosis of other viral pneumonia",
    "clin_diagn#other_lung_disease": "clinical diagnosis of other lung disease",
}
"""The columns of COVID-BLUeS's clinical table and their words."""

_EMBEDDING: Final = re.compile(r"embedding\.mean\.(\d{3})")
_CLINICAL: Final = re.compile(r"clinical\.[^\s;=]+")

_WORDS: Final = {b.key: b.label.replace(": ", " ") for b in BIOMARKERS}


def features_of(report: ClipReport) -> dict[str, float]:
    """Return every feature of an analysed clip; NaN where it has no value."""
    return clip_features(report.biomarkers, report.findings, report.measured)


def clip_features(
    biomarkers: Mapping[str, Evidence],
    findings: Mapping[str, Evidence | None],
    measured: Mapping[str, float | int | None],
) -> dict[str, float]:
    """Return the features of what is known of a clip, keyed and ordered as asked."""
    named: dict[str, float] = dict.fromkeys(FEATURES, float("nan"))
    named |= {key: evidence.probability for key, evidence in biomarkers.items()}
    named |= {
        f"finding.{key}": evidence.probability
        for key, evidence in findings.items()
        if evidence is not None
    }
    for key in MEASURED_FEATURES:
        value = measured.get(key.partition(".")[2])
        if value is not None:
            named[key] = float(value)
    return named


def embedding_names(size: int) -> tuple[str, ...]:
    """Return the names of the mean of an embedding of ``size`` values over a clip."""
    return tuple(f"embedding.mean.{i:03}" for i in range(size))


def embedding_features(timelines: Timelines) -> dict[str, float]:
    """Return the mean of the embedding over the analysed frames; none without any."""
    embeddings, analysed = timelines.embeddings, timelines.analysed
    if embeddings is None or not analysed.any():
        return {}
    mean = np.asarray(embeddings[analysed].mean(axis=0), np.float32)
    return dict(zip(embedding_names(len(mean)), mean.tolist(), strict=True))


def is_feature(key: str) -> bool:
    """Whether an expert may ask for ``key``."""
    known = _EMBEDDING.fullmatch(key) or _CLINICAL.fullmatch(key)
    return key in FEATURES or known is not None


def feature_words(key: str) -> str:
    """Return what a clinician calls the feature; columns of one's own as written."""
    if key.startswith(CLINICAL):
        column = key.removeprefix(CLINICAL)
        return _CLINICAL_WORDS.get(column, column)
    if found := _EMBEDDING.fullmatch(key):
        return f"value {int(found[1])} of the embedding"
    return MEASURED_FEATURES.get(key) or _WORDS[key]


def feature_range(key: str) -> tuple[float, float]:
    """Return the lowest and highest value the feature can have."""
    if key not in FEATURES:
        return -float("inf"), float("inf")
    if key.startswith("measured.") and not key.endswith("_fraction"):
        return 0.0, float("inf")
    return 0.0, 1.0
