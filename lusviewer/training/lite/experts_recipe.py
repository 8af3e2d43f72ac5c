"""Fitting the shipped experts: severity and diagnosis, a tree and a regression each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.experts.expert import open_expert
from lusviewer.findings import FINDINGS
from lusviewer.training.data.pocus_labels import DIAGNOSES
from lusviewer.training.data.targets import KEYS
from lusviewer.training.lite.bundle_writer import INTENDED_USE, sha256_of, write_json
from lusviewer.training.lite.expert_heads import (
    LogisticHead,
    Samples,
    TreeHead,
    abstain_below,
    fit_logistic,
    fit_tree,
    write_logistic,
    write_tree,
)
from lusviewer.training.lite.faithful import check_faithful
from lusviewer.training.measure.metrics import interval, roc_auc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.training.lite.calibrate import Calibration
    from lusviewer.training.lite.clip_scores import ScoredClip

SEVERITIES: Final = ("0", "1", "2", "3")

FEATURES: Final = (
    *(f"finding.{key}" for key in FINDINGS),
    "a_lines.bold",
    "a_lines.stacked",
    "b_lines.few",
    "b_lines.some",
    "b_lines.many",
    "b_lines.white",
    "pleural_thickness.over_5mm",
    "pleural_indent.over_10mm",
    "pleural_break.over_10mm",
    "consolidation.from_5_to_10mm",
    "consolidation.over_10mm",
    "effusion.over_5mm",
)
"""What the experts decide by: too few clips are labelled for all 38 labels.

Labels that deny are left out: somewhere in most clips a frame lacks the finding.
"""

_COLUMNS: Final = [KEYS.index(key) for key in FEATURES]
_TOLERANCE: Final = 1e-4

_SIMULATED: Final = "simulated "
_SIMULATED_TRUST: Final = 0.05
"""How much a simulated clip counts: all together about as much as the real ones."""


@dataclass(frozen=True, slots=True)
class Question:
    """What an expert answers: its target, its classes."""

    target: str
    classes: tuple[str, ...]

    def answer(self, clip: ScoredClip) -> int | None:
        """Return the true class of ``clip``, None where it is not known."""
        severity = self.target == "severity"
        if clip.known is None:
            return graded(clip.truth) if severity and clip.truth is not None else None
        return clip.known.severity if severity else clip.known.diagnosis


QUESTIONS: Final = (
    Question("severity", SEVERITIES),
    Question("diagnosis", DIAGNOSES),
)


@dataclass(frozen=True, slots=True)
class ExpertWords:
    """What an expert's manifest says in words."""

    version: str
    text: str
    licence: str


def samples_of(
    question: Question,
    clips: Sequence[ScoredClip],
    calibration: Calibration,
    *,
    seen: bool,
) -> Samples:
    """Return the clips whose answer is known, as calibrated probabilities.

    ``seen`` says that the network learned from them: it knows them too well, and
    they count half.
    """
    rows = [
        (calibration.probabilities(clip)[_COLUMNS], answer, _owner(clip, number))
        for number, clip in enumerate(clips)
        if (answer := question.answer(clip)) is not None
    ]
    real = np.array([not row[2].startswith(_SIMULATED) for row in rows], np.bool_)
    return Samples(
        np.array([row[0] for row in rows]).reshape(-1, len(FEATURES)),
        np.array([row[1] for row in rows], np.intp),
        tuple(row[2] for row in rows),
        real & (not seen),
        np.where(real, 0.5 if seen else 1.0, _SIMULATED_TRUST),
    )


def _owner(clip: ScoredClip, number: int) -> str:
    return f"{_SIMULATED}{number}" if clip.known is None else clip.known.patient


def pooled(first: Samples, second: Samples) -> Samples:
    """Return the samples of both."""
    return Samples(
        np.concatenate([first.features, second.features]),
        np.concatenate([first.classes, second.classes]),
        first.patients + second.patients,
        np.concatenate([first.unseen, second.unseen]),
        np.concatenate([first.trust, second.trust]),
    )


def graded(truth: NDArray[np.uint8]) -> int:
    """Return the severity of a simulated clip, by a rule in the manner of Soldati.

    3 for a white lung or a large consolidation, 2 for many B-lines or a smaller
    consolidation, 1 for some B-lines or an irregular pleura, else 0.
    """

    def shows(*keys: str) -> bool:
        return any(truth[KEYS.index(key)] for key in keys)

    if shows("b_lines.white", "consolidation.over_10mm"):
        return 3
    if shows("b_lines.many", "finding.consolidation"):
        return 2
    return int(shows("b_lines.some", "finding.pleural_irregularity"))


def write_experts(
    folder: Path,
    parts: Mapping[str, Sequence[ScoredClip]],
    calibration: Calibration,
    words: ExpertWords,
) -> dict[str, dict[str, Any]]:
    """Fit on "train" and "validation", judge on "test" if it is given; write each.

    Settings are chosen on the validation patients, each left out of the fit in turn.
    Returns each expert's metrics by name.
    """
    metrics = {}
    for question in QUESTIONS:
        samples = {
            part: samples_of(
                question,
                clips if part != "test" else [c for c in clips if c.known is not None],
                calibration,
                seen=part == "train",
            )
            for part, clips in parts.items()
        }
        pool = pooled(samples["train"], samples["validation"])
        n_classes = len(question.classes)
        for kind, fit in (("tree", fit_tree), ("logistic", fit_logistic)):
            head, said = fit(pool, n_classes)
            name = f"{question.target}-{kind}"
            fitted = Fitted(question, head, pool, said)
            metrics[name] = _judge(fitted, samples.get("test"))
            _write(folder / name, fitted, metrics[name], words)
    return metrics


def _judge(fitted: Fitted, test: Samples | None) -> dict[str, Any]:
    """Return the figures on ``test``, else on validation patients left out."""
    if test is not None:
        said = fitted.head.predict(test.features)
        return {"part": "test", **judge(said, test)}
    unseen = fitted.pool.unseen
    figures = judge(fitted.left_out[unseen], fitted.pool.where(unseen))
    return {"part": "validation", **figures}


def judge(probabilities: NDArray[np.float64], samples: Samples) -> dict[str, Any]:
    """Return accuracy and mean one-against-rest AUC, with intervals over patients."""
    truth, n_classes = samples.classes, probabilities.shape[1]

    def accuracy(rows: np.ndarray) -> float:
        return float((probabilities[rows].argmax(1) == truth[rows]).mean())

    def area(rows: np.ndarray) -> float:
        values = [
            roc_auc((truth[rows] == c).astype(float), probabilities[rows, c])
            for c in range(n_classes)
        ]
        kept = [v for v in values if not np.isnan(v)]
        return float(np.mean(kept)) if kept else float("nan")

    everything = np.arange(len(truth))
    common = np.bincount(truth, minlength=n_classes).max() / len(truth)
    return {
        "clips": len(truth),
        "patients": len(set(samples.patients)),
        "accuracy": _with_interval(accuracy, everything, samples.patients),
        "mean_auc": _with_interval(area, everything, samples.patients),
        "accuracy_of_the_commonest_class": round(float(common), 3),
    }


def _with_interval(
    measure: Any,  # noqa: ANN401 - a function of row indices
    rows: np.ndarray,
    patients: Sequence[str],
) -> list[float]:
    low, high = interval(measure, patients)
    return [round(float(value), 3) for value in (measure(rows), low, high)]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted head, what it learned from, and what it said of each left out."""

    question: Question
    head: TreeHead | LogisticHead
    pool: Samples
    left_out: NDArray[np.float64]


def _write(
    folder: Path, fitted: Fitted, metrics: Mapping[str, Any], words: ExpertWords
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    question, head, pool = fitted.question, fitted.head, fitted.pool
    unseen = pool.unseen
    real = [not patient.startswith(_SIMULATED) for patient in pool.patients]
    file = folder / "head.onnx"
    if isinstance(head, TreeHead):
        write_tree(head, len(FEATURES), file)
    else:
        write_logistic(head, file)
    manifest = {
        "schema": 1,
        "name": folder.name,
        "version": words.version,
        "target": question.target,
        "classes": list(question.classes),
        "feature_names": list(FEATURES),
        "kind": "tree" if isinstance(head, TreeHead) else "logistic",
        "file": file.name,
        "sha256": sha256_of(file),
        "calibrated": True,
        "abstain_below": abstain_below(fitted.left_out[unseen], pool.where(unseen)),
        "tree": head.fields() if isinstance(head, TreeHead) else None,
        "coefficients": _coefficients(head),
        "feature_means": _means(head, pool),
        "feature_scales": None if isinstance(head, TreeHead) else head.scales.tolist(),
        "trained_on": {
            "clips": sum(real),
            "patients": len({p for p, r in zip(pool.patients, real, strict=True) if r}),
            "text": _seen_words(words.text, len(real) - sum(real)),
        },
        "metrics": dict(metrics),
        "checked_on": "real",
        "licence": words.licence,
        "intended_use": INTENDED_USE,
    }
    write_json(folder / "manifest.json", manifest)
    expert, wanted = open_expert(folder, "cpu"), head.predict(pool.features)
    check_faithful(expert, pool.features, wanted, folder.name, _TOLERANCE)


def _seen_words(text: str, simulated: int) -> str:
    if not simulated:
        return text
    return f"{text}; and {simulated} simulated clips graded by a rule, at low weight"


def _coefficients(head: TreeHead | LogisticHead) -> list[list[float]] | None:
    if isinstance(head, TreeHead):
        return None
    rows: list[list[float]] = head.coefficients[:, :-1].tolist()
    return rows


def _means(head: TreeHead | LogisticHead, train: Samples) -> list[float]:
    means: list[float] = (
        train.features.mean(0) if isinstance(head, TreeHead) else head.means
    ).tolist()
    return means
