"""Measuring a bundle on COVID-BLUeS, an outside hospital's clips: never to choose."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError
from lusviewer.experts.expert import load_experts
from lusviewer.findings import FINDINGS
from lusviewer.training.measure.clip_store import ClipStore, ReadClip, Source
from lusviewer.training.measure.pocus import (
    finding_scores,
    not_assessable,
    predictions,
    threshold_of,
)
from lusviewer.training.measure.questions import (
    Answers,
    question_figures,
    severity_figures,
)
from lusviewer.training.measure.worst import Case

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lusviewer.inference.bundle import ModelBundle

SEVERE: Final = 2
"""The least severity asked for in 'severity 2 or more'."""

_COLUMNS: Final = {"a_lines": "A-lines", "b_lines": "B-lines"}


@dataclass(frozen=True, slots=True)
class BluesLabels:
    """What is known of a clip: None where the table does not say."""

    a_lines: bool | None
    b_lines: bool | None
    severity: int | None

    def shows(self, finding: str) -> bool | None:
        """Return whether the clip shows ``finding``."""
        return self.a_lines if finding == "a_lines" else self.b_lines


def blues_sources(folder: Path) -> tuple[list[Source], dict[str, BluesLabels]]:
    """Return the clips that are there, and the labels of the table by name."""
    labels = {
        row["video_file"]: _labels(row)
        for row in read_rows(folder, "severity.csv")
        if row["video_file"]
    }
    sources = [
        Source(name, blues_patient(name), path)
        for name in labels
        if (path := folder / "videos" / f"{name}.mp4").is_file()
    ]
    return sources, labels


def read_rows(folder: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a table of the collection, their values stripped."""
    path = folder / name
    if not path.is_file():
        msg = f"{path} is not there."
        raise TrainingError(msg, hint=f"Give the folder that holds {name}.")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            {key: (value or "").strip() for key, value in row.items()}
            for row in csv.DictReader(file)
        ]


def blues_patient(name: str) -> str:
    """Return the patient of a clip named like patient_15_L2 or patient_15_L2_2."""
    return "_".join(name.split("_")[:2])


def _labels(row: Mapping[str, str]) -> BluesLabels:
    said = {"yes": True, "no": False}
    grade = row["Severity Score"]
    return BluesLabels(
        said.get(row["A-lines"]),
        said.get(row["B-lines"]),
        round(float(grade)) if grade else None,
    )


def measure_covid_blues(
    bundle: ModelBundle, folder: Path, store: ClipStore
) -> tuple[dict[str, Any], list[Case]]:
    """Return zero-shot figures for A-lines, B-lines and severity; each answer given."""
    sources, labels = blues_sources(folder)
    clips = store.read_all(bundle, sources, CancelToken())
    graded = [clip for clip in clips if labels[clip.name].severity is not None]
    grades = np.array([labels[clip.name].severity for clip in graded], np.intp)
    patients = tuple(clip.patient for clip in graded)
    questions = {key: _finding(bundle, key, clips, labels) for key in _COLUMNS}
    severity = {}
    for expert in load_experts(bundle.folder / "experts"):
        if expert.manifest.target == "severity":
            name = expert.manifest.name
            said = [one.probabilities for one in predictions(expert, graded)]
            table = np.array(said, np.float64)
            score = table[:, SEVERE:].sum(axis=1)
            severe = Answers((grades >= SEVERE).astype(np.float64), score, patients)
            questions[f"severity 2 or more, {name}"] = question_figures(severe, 0.5)
            severity[name] = severity_figures(grades, table, patients)
    found = {
        "collection": "covid-blues",
        "clips": len(clips),
        "patients": len({clip.patient for clip in clips}),
        "not_assessable": not_assessable(bundle, clips),
        "questions": questions,
        "severity": severity,
    }
    return found, _cases(bundle, clips, labels)


def _finding(
    bundle: ModelBundle,
    key: str,
    clips: Sequence[ReadClip],
    labels: Mapping[str, BluesLabels],
) -> dict[str, Any]:
    known = [clip for clip in clips if labels[clip.name].shows(key) is not None]
    answers = Answers(
        np.array([labels[clip.name].shows(key) for clip in known], np.float64),
        finding_scores(known, FINDINGS.index(key)),
        tuple(clip.patient for clip in known),
    )
    return question_figures(answers, threshold_of(bundle, key))


def _cases(
    bundle: ModelBundle,
    clips: Sequence[ReadClip],
    labels: Mapping[str, BluesLabels],
) -> list[Case]:
    cases = []
    for key in _COLUMNS:
        scores = finding_scores(clips, FINDINGS.index(key))
        for clip, said in zip(clips, scores, strict=True):
            truth = labels[clip.name].shows(key)
            if truth is not None:
                limit = threshold_of(bundle, key)
                cases.append(
                    Case(
                        clip.name,
                        clip.patient,
                        key,
                        truth=truth,
                        said=float(said),
                        threshold=limit,
                    )
                )
    return cases
