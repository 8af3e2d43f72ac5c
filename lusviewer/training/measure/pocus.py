"""Measuring a bundle on the POCUS collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError
from lusviewer.experts.expert import load_experts
from lusviewer.findings import FINDINGS, LABELS
from lusviewer.training.data.pocus_labels import DIAGNOSES, PocusClip, read_table
from lusviewer.training.data.split import shipped_split
from lusviewer.training.measure.clip_store import ClipStore, ReadClip, Source
from lusviewer.training.measure.figures import plain
from lusviewer.training.measure.questions import (
    Answers,
    question_figures,
    severity_figures,
)
from lusviewer.training.measure.worst import Case

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lusviewer.experts.expert import Expert
    from lusviewer.findings import Prediction
    from lusviewer.inference.bundle import ModelBundle

SUPPORTED: Final = 0.99
"""The least weight of a label that the comment, the diagnosis or a tick supports."""

_FIRST_FINDING: Final = len(LABELS)
_LEAST: Final = {"all": 0.0, "supported": SUPPORTED}


def pocus_sources(
    folder: Path, part: str | None = None
) -> tuple[list[Source], dict[str, PocusClip]]:
    """Return the clips of ``part`` of the split, or all, and their labels by file."""
    known = read_table(folder)
    if part is not None:
        files = frozenset(shipped_split()[part])
        known = tuple(clip for clip in known if clip.file in files)
    sources = [Source(clip.file, clip.patient, folder / clip.file) for clip in known]
    if not sources:
        msg = f"{folder} lists no clip of the part '{part}'."
        raise TrainingError(msg, hint="Give the folder of the POCUS collection.")
    return sources, {clip.file: clip for clip in known}


def measure_pocus(
    bundle: ModelBundle, folder: Path, part: str, store: ClipStore
) -> tuple[dict[str, Any], list[Case]]:
    """Return the figures on ``part`` of the collection, and each answer given."""
    sources, known = pocus_sources(folder, part)
    clips = store.read_all(bundle, sources, CancelToken())
    truths = [known[clip.name] for clip in clips]
    experts = load_experts(bundle.folder / "experts")
    said = {expert.manifest.name: predictions(expert, clips) for expert in experts}
    found = {
        "collection": "pocus",
        "part": part,
        "clips": len(clips),
        "patients": len({clip.patient for clip in clips}),
        "not_assessable": not_assessable(bundle, clips),
        "findings": {
            key: {
                name: _finding(bundle, index, clips, truths, least)
                for name, least in _LEAST.items()
            }
            for index, key in enumerate(FINDINGS)
        },
        "experts": {
            expert.manifest.name: _expert(expert, said[expert.manifest.name], truths)
            for expert in experts
        },
        "severity": {
            expert.manifest.name: _severity(said[expert.manifest.name], clips, truths)
            for expert in experts
            if expert.manifest.target == "severity"
        },
    }
    return found, _cases(bundle, clips, truths)


def predictions(expert: Expert, clips: Sequence[ReadClip]) -> list[Prediction]:
    """Return what ``expert`` says of each clip."""
    return [expert.predict(clip.features(), CancelToken()) for clip in clips]


def not_assessable(bundle: ModelBundle, clips: Sequence[ReadClip]) -> int:
    """Return how many clips the viewer would call not assessable."""
    return sum(not clip.quality(bundle).assessable for clip in clips)


def threshold_of(bundle: ModelBundle, finding: str) -> float:
    """Return the threshold that ships for ``finding``."""
    return bundle.manifest.thresholds.get(f"finding.{finding}", 0.5)


def finding_scores(clips: Sequence[ReadClip], index: int) -> np.ndarray:
    """Return the probability of finding ``index`` in each clip."""
    return np.array([clip.probabilities[_FIRST_FINDING + index] for clip in clips])


def _finding(
    bundle: ModelBundle,
    index: int,
    clips: Sequence[ReadClip],
    truths: Sequence[PocusClip],
    least: float,
) -> dict[str, Any]:
    kept = np.array([truth.weights[index] > least for truth in truths], np.bool_)
    answers = Answers(
        np.array([truth.values[index] for truth in truths], np.float64)[kept],
        finding_scores(clips, index)[kept],
        tuple(np.array([clip.patient for clip in clips])[kept].tolist()),
    )
    return question_figures(answers, threshold_of(bundle, FINDINGS[index]))


def _expert(
    expert: Expert, said: Sequence[Prediction], truths: Sequence[PocusClip]
) -> dict[str, Any]:
    """Return how often an expert is right, and how often it answers."""
    severity = expert.manifest.target == "severity"
    answers = [
        (
            one.best == (str(true.severity) if severity else DIAGNOSES[true.diagnosis]),
            one.abstained,
        )
        for one, true in zip(said, truths, strict=True)
        if not severity or true.severity is not None
    ]
    right, silent = np.array(answers, np.bool_).reshape(-1, 2).T
    return {
        "clips": len(right),
        "accuracy": _mean(right),
        "answered": int((~silent).sum()),
        "accuracy_where_answered": _mean(right[~silent]),
    }


def _mean(right: np.ndarray) -> float | None:
    return plain(float(right.mean())) if len(right) else None


def _severity(
    said: Sequence[Prediction],
    clips: Sequence[ReadClip],
    truths: Sequence[PocusClip],
) -> dict[str, Any]:
    rows = [
        (true.severity, one.probabilities, clip.patient)
        for one, clip, true in zip(said, clips, truths, strict=True)
        if true.severity is not None
    ]
    if not rows:
        return {"n": 0}
    grades = np.array([row[0] for row in rows], np.intp)
    probabilities = np.array([row[1] for row in rows], np.float64)
    return severity_figures(grades, probabilities, [row[2] for row in rows])


def _cases(
    bundle: ModelBundle, clips: Sequence[ReadClip], truths: Sequence[PocusClip]
) -> list[Case]:
    return [
        Case(
            clip.name,
            clip.patient,
            key,
            truth=bool(true.values[i]),
            said=float(clip.probabilities[_FIRST_FINDING + i]),
            threshold=threshold_of(bundle, key),
        )
        for clip, true in zip(clips, truths, strict=True)
        for i, key in enumerate(FINDINGS)
        if true.weights[i] > SUPPORTED
    ]
