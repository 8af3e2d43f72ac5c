"""Measuring a bundle on collections of clips, through the graphs that are shipped."""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import ClipError, TrainingError
from lusviewer.experts.expert import Expert, load_experts
from lusviewer.findings import CLASSES, FINDINGS, LABELS
from lusviewer.inference.frames import run_grid, run_temporal
from lusviewer.training.data.pocus_labels import DIAGNOSES, PocusClip, read_table
from lusviewer.training.data.real_clips import grid_frames
from lusviewer.training.data.split import shipped_split
from lusviewer.training.data.targets import KEYS
from lusviewer.training.measure.metrics import Figure, auc_figure, dice_scores, roc_auc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.inference.bundle import ModelBundle

_FIRST_FINDING = len(LABELS)


@dataclass(frozen=True, slots=True)
class MeasuredClip:
    """A clip's probabilities ``(43,)``: the most over its frames."""

    name: str
    patient: str
    probabilities: NDArray[np.float64]


def clip_probabilities(
    bundle: ModelBundle, frames: Iterable[NDArray[np.uint8]]
) -> NDArray[np.float64]:
    """Return the probabilities ``(43,)`` of a clip's frames on the model's grid."""
    cancel = CancelToken()
    manifest = bundle.manifest
    embeddings = []
    for frame in frames:
        batch = (frame.astype(np.float32) - manifest.mean) / np.float32(manifest.std)
        outputs = bundle.frame.run({"frame": batch[None, None]}, cancel)
        embeddings.append(outputs["embedding"][0])
    biomarkers, findings = run_temporal(bundle, np.stack(embeddings), cancel)
    both = np.concatenate([biomarkers, findings], axis=1)
    return np.asarray(both.max(0), np.float64)


def measure_pocus(bundle: ModelBundle, folder: Path, part: str) -> dict[str, Any]:
    """Return the figures on the ``part`` of the POCUS collection in ``folder``."""
    files = frozenset(shipped_split()[part])
    known = [clip for clip in read_table(folder) if clip.file in files]
    paths = [(clip.file, clip.patient, folder / clip.file) for clip in known]
    clips = _measure(bundle, paths)
    by_name = {clip.file: clip for clip in known}
    truths = [by_name[clip.name] for clip in clips]
    return {
        "collection": "pocus",
        "part": part,
        "clips": len(clips),
        "patients": len({clip.patient for clip in clips}),
        "findings": {
            key: _finding(bundle, index, key, clips, truths)
            for index, key in enumerate(FINDINGS)
        },
        "experts": _experts(bundle, clips, truths),
    }


def _measure(
    bundle: ModelBundle, paths: Sequence[tuple[str, str, Path]]
) -> list[MeasuredClip]:
    clips = []
    for number, (name, patient, path) in enumerate(paths):
        print(f"{number + 1}/{len(paths)} {name}", file=sys.stderr)
        try:
            frames = grid_frames(path, CancelToken())
        except ClipError as error:
            print(error, file=sys.stderr)
            continue
        clips.append(MeasuredClip(name, patient, clip_probabilities(bundle, frames)))
    if not clips:
        msg = "None of the clips could be read."
        raise TrainingError(msg, hint="Give the folder of the collection.")
    return clips


def _finding(
    bundle: ModelBundle,
    index: int,
    key: str,
    clips: Sequence[MeasuredClip],
    truths: Sequence[PocusClip],
) -> dict[str, Any]:
    """Return the figures with all zeros as negatives, and with supported ones only."""
    found: dict[str, Any] = {}
    for name, least in (("all", 0.0), ("supported", 0.99)):
        rows = [
            (t.values[index], c.probabilities[_FIRST_FINDING + index], c.patient)
            for c, t in zip(clips, truths, strict=True)
            if t.weights[index] > least
        ]
        truth = np.array([row[0] for row in rows], np.float64)
        score = np.array([row[1] for row in rows], np.float64)
        patients = [row[2] for row in rows]
        threshold = bundle.manifest.thresholds.get(f"finding.{key}", 0.5)
        found[name] = _figures(truth, score, patients, threshold)
    return found


def _figures(
    truth: NDArray[np.float64],
    score: NDArray[np.float64],
    patients: Sequence[str],
    threshold: float,
) -> dict[str, Any]:
    positive, said = truth > 0.5, score >= threshold
    return {
        "auc": _plain(auc_figure(truth, score, patients)),
        "threshold": round(threshold, 4),
        "sensitivity": _share(said, positive),
        "specificity": _share(~said, ~positive),
    }


def _share(hit: NDArray[np.bool_], among: NDArray[np.bool_]) -> float | None:
    return round(float(hit[among].mean()), 3) if among.any() else None


def _plain(figure: Figure) -> dict[str, Any]:
    def number(value: float) -> float | None:
        return None if np.isnan(value) else round(value, 3)

    return {
        "value": number(figure.value),
        "interval": [number(figure.lower), number(figure.upper)],
        "n": figure.n,
        "positives": figure.positives,
    }


def _experts(
    bundle: ModelBundle, clips: Sequence[MeasuredClip], truths: Sequence[PocusClip]
) -> dict[str, Any]:
    """Return how often each expert is right, and how often it answers."""
    found = {}
    for expert in load_experts(bundle.folder / "experts"):
        severity = expert.manifest.target == "severity"
        answers = []
        for clip, truth in zip(clips, truths, strict=True):
            if severity and truth.severity is None:
                continue
            prediction = expert.predict(_features(clip), CancelToken())
            right = str(truth.severity) if severity else DIAGNOSES[truth.diagnosis]
            answers.append((prediction.best == right, prediction.abstained))
        table = np.array(answers, np.bool_).reshape(-1, 2)
        kept = ~table[:, 1]
        found[expert.manifest.name] = {
            "clips": len(table),
            "accuracy": round(float(table[:, 0].mean()), 3) if len(table) else None,
            "answered": int(kept.sum()),
            "accuracy_where_answered": _share(table[:, 0], kept),
        }
    return found


def _features(clip: MeasuredClip) -> dict[str, float]:
    return dict(zip(KEYS, map(float, clip.probabilities), strict=True))


def measure_covid_blues(bundle: ModelBundle, folder: Path) -> dict[str, Any]:
    """Return zero-shot figures on COVID-BLUeS: A-lines, B-lines, severity 2 or more."""
    path = folder / "severity.csv"
    if not path.is_file():
        msg = f"{path} is not there."
        raise TrainingError(msg, hint="Give the folder that holds severity.csv.")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [
            {k: (v or "").strip() for k, v in r.items()} for r in csv.DictReader(file)
        ]
    paths = [
        (row["video_file"], blues_patient(row["video_file"]), clip)
        for row in rows
        if (clip := folder / "videos" / f"{row['video_file']}.mp4").is_file()
    ]
    clips = _measure(bundle, paths)
    truth = {row["video_file"]: row for row in rows}
    experts = [
        expert
        for expert in load_experts(bundle.folder / "experts")
        if expert.manifest.target == "severity"
    ]
    found: dict[str, Any] = {
        "collection": "covid-blues",
        "clips": len(clips),
        "patients": len({clip.patient for clip in clips}),
    }
    for key, column in (("a_lines", "A-lines"), ("b_lines", "B-lines")):
        labelled = [c for c in clips if truth[c.name][column] in ("yes", "no")]
        found[key] = _figures(
            np.array([truth[c.name][column] == "yes" for c in labelled], np.float64),
            _scores(labelled, FINDINGS.index(key)),
            [c.patient for c in labelled],
            bundle.manifest.thresholds.get(f"finding.{key}", 0.5),
        )
    graded = [c for c in clips if truth[c.name]["Severity Score"]]
    severe = np.array(
        [float(truth[c.name]["Severity Score"]) >= 2 for c in graded], np.float64
    )
    for expert in experts:
        score = np.array([_severe(expert, clip) for clip in graded])
        found[f"severity 2 or more, {expert.manifest.name}"] = _figures(
            severe, score, [c.patient for c in graded], 0.5
        )
    return found


def blues_patient(name: str) -> str:
    """Return the patient of a clip named like patient_15_L2 or patient_15_L2_2."""
    return "_".join(name.split("_")[:2])


def _scores(clips: Sequence[MeasuredClip], finding: int) -> NDArray[np.float64]:
    return np.array([clip.probabilities[_FIRST_FINDING + finding] for clip in clips])


def _severe(expert: Expert, clip: MeasuredClip) -> float:
    prediction = expert.predict(_features(clip), CancelToken())
    return sum(prediction.probabilities[2:])


def measure_phantom(bundle: ModelBundle, scenes: int, seed: int) -> dict[str, Any]:
    """Return Dice by class and AUC by label on ``scenes`` simulated frames."""
    from lusviewer.training.data.phantom_set import (  # noqa: PLC0415 - the renderer
        RenderPlan,
        render_scene,
    )

    predicted, truth, probabilities, labels = [], [], [], []
    plan = RenderPlan(seed, 1)
    for scene in range(scenes):
        frames, masks, known = render_scene(scene, plan)
        cancel = CancelToken()
        outputs = run_grid(bundle, frames[0], cancel)
        predicted.append(outputs["labels"][0])
        truth.append(masks[0])
        logits = [outputs["biomarkers"][0], outputs["findings"][0]]
        probabilities.append(np.concatenate(logits))
        labels.append(known[0])
    dice = dice_scores(np.stack(predicted), np.stack(truth), len(CLASSES))
    score, wanted = np.stack(probabilities), np.stack(labels).astype(np.float64)
    areas = [roc_auc(wanted[:, i], score[:, i]) for i in range(len(KEYS))]
    return {
        "collection": "phantom",
        "scenes": scenes,
        "seed": seed,
        "dice": {
            name: None if np.isnan(value) else round(float(value), 3)
            for name, value in zip(CLASSES, dice, strict=True)
        },
        "frame_auc": {
            key: None if np.isnan(value) else round(value, 3)
            for key, value in zip(KEYS, areas, strict=True)
        },
    }
