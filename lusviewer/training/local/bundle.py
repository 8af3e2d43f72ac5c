"""A fitted expert as a folder: graph, manifest, card, and what it was tested on."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer import __version__
from lusviewer.errors import TrainingError
from lusviewer.experts.expert import open_expert
from lusviewer.experts.features import feature_words
from lusviewer.experts.store import VALIDATION
from lusviewer.experts.validation import SCHEMA
from lusviewer.files import whole_folder
from lusviewer.training.lite.bundle_writer import INTENDED_USE, sha256_of, write_json
from lusviewer.training.lite.faithful import check_faithful
from lusviewer.training.local.graphs import linear_rows, write_expert

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lusviewer.training.lite.expert_heads import TreeHead
    from lusviewer.training.local.trained import Trained

    Found = dict[str, Any]

LICENCE: Final = "As the clips it was fitted on: for use where those may be used."
_TOLERANCE: Final = 1e-3
_FOREST_TOLERANCE: Final = 0.03
"""A value that lies on a tree's threshold may fall to either side in float32."""


def write_folder(trained: Trained, out: Path) -> None:
    """Write the expert to the new folder ``out``, whole or not at all.

    Raises ``TrainingError`` where the graph does not say what the expert says, or
    where ``out`` is there already.
    """
    if out.exists():
        msg = f"{out} is there already."
        raise TrainingError(msg, hint="Name a new folder with --out.")
    with whole_folder(out, TrainingError) as part:
        file = part / "head.onnx"
        n_classes = len(trained.samples.question.classes)
        tree = write_expert(trained.fitted, n_classes, file)
        write_json(part / "manifest.json", _manifest(trained, file, tree))
        write_json(part / VALIDATION, _validation(trained))
        card = _card(trained, tree)
        (part / "MODEL_CARD.md").write_text(card, encoding="utf-8")
        _check_faithful(part, trained)


def _manifest(trained: Trained, file: Path, tree: TreeHead | None) -> Found:
    samples, head = trained.samples, trained.fitted.head
    kind = trained.fitted.choice.kind
    n_classes = len(samples.question.classes)
    rows = linear_rows(head, n_classes).tolist() if kind == "logistic" else None
    clips, patients = len(samples.clips), len(set(samples.patients))
    words = f"{clips} clips of {patients} patients of a study library"
    return {
        "schema": 1,
        "name": trained.name,
        "version": datetime.now(UTC).strftime("%Y%m%d.%H%M%S"),
        "target": samples.question.task,
        "classes": list(samples.question.classes),
        "feature_names": list(samples.names),
        "kind": kind,
        "file": file.name,
        "sha256": sha256_of(file),
        "calibrated": True,
        "abstain_below": trained.abstain_below,
        "tree": None if tree is None else tree.fields(),
        "coefficients": rows,
        "feature_means": head.middle.tolist(),
        "feature_scales": head.spread.tolist(),
        "trained_on": {"clips": clips, "patients": patients, "text": words},
        "metrics": {
            "auc": trained.figures["auc"],
            "accuracy": trained.figures["accuracy"],
        },
        "checked_on": "real",
        "licence": LICENCE,
        "intended_use": INTENDED_USE,
        "model_sha256": samples.model_sha256,
    }


def _validation(trained: Trained) -> Found:
    """Return figures and provenance, and what was said of each clip left out."""
    samples, validated = trained.samples, trained.validated
    return {
        "schema": SCHEMA,
        "question": {
            "task": samples.question.task,
            "classes": list(samples.question.classes),
            "cuts": list(samples.question.cuts),
            "has": samples.question.has,
        },
        "figures": dict(trained.figures),
        "provenance": provenance(trained),
        "clips": [
            {
                "sha256": clip.sha256,
                "label": samples.question.classes[int(samples.classes[row])],
                "fold": int(validated.fold[row]) + 1,
                "probabilities": [
                    round(float(p), 5) for p in validated.probabilities[row]
                ],
            }
            for row, clip in enumerate(samples.clips)
        ],
    }


def provenance(trained: Trained) -> Found:
    """Return what is needed to have the same expert again."""
    samples = trained.samples
    lines = sorted(
        f"{clip.sha256} {place}"
        for clip, place in zip(samples.clips, samples.classes, strict=True)
    )
    packages = ("numpy", "scikit-learn", "torch", "onnx")
    return {
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": f"lusviewer {__version__}",
        "packages": {name: version(name) for name in packages},
        "model": trained.model,
        "model_sha256": samples.model_sha256,
        "labels_sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        "raters": list(samples.raters),
        "left_out": dict(samples.left_out),
        "clips": len(samples.clips),
        "patients": len(set(samples.patients)),
        "folds": trained.settings["folds"],
        "seed": trained.settings["seed"],
        "stopped_early": trained.figures["stopped_early"] is not None,
        "settings": dict(trained.settings),
    }


def _card(trained: Trained, tree: TreeHead | None) -> str:
    samples, figures = trained.samples, trained.figures
    came = provenance(trained)
    counts = np.bincount(samples.classes, minlength=len(samples.question.classes))
    classes = ", ".join(
        f"{name} ({n})"
        for name, n in zip(samples.question.classes, counts, strict=True)
    )
    left = ", ".join(f"{n} {why}" for why, n in samples.left_out.items()) or "none"
    parts = [
        f"# {trained.name}",
        f"A {trained.fitted.choice.kind} for {samples.question.task}: {classes} "
        f"clips of {len(set(samples.patients))} patients. {INTENDED_USE}",
        f"On patients left out ({trained.settings['folds']} folds, whole patients): "
        f"AUC {_with_interval(figures['auc'])}, "
        f"accuracy {_with_interval(figures['accuracy'])}. "
        "The figures are those of the procedure that chose it, not of other hospitals.",
        "## Where it comes from",
        f"- Model: {trained.model}, {samples.model_sha256}",
        f"- Labels: {came['labels_sha256']}; raters: {', '.join(samples.raters)}; left "
        f"out: {left}",
        f"- Clips: {_chosen_words(trained)}",
        f"- Settings: {json.dumps(came['settings'])}",
        f"- Software: {came['software']}, {json.dumps(came['packages'])}, "
        f"{came['created_utc']}",
        f"- Licence: {LICENCE}",
    ]
    if stopped := figures["stopped_early"]:
        parts.insert(3, _stopped_words(stopped))
    if worth := figures.get("importance"):
        told = [f"- {feature_words(name)}: {fall:.3f}" for name, fall in worth.items()]
        parts += ["## How far the AUC falls without", *told]
    if tree is not None:
        parts += ["## The tree", "```", *_drawn(tree, trained), "```"]
    return "\n".join(parts) + "\n"


def _chosen_words(trained: Trained) -> str:
    chosen = trained.samples.chosen
    if chosen is None:
        return "all that were labelled"
    many = f"those labelled of {len(chosen.clips)} chosen from {chosen.of}"
    return f"{many} (by {' and '.join(chosen.by)}); {chosen.sha256}"


def _stopped_words(stopped: Mapping[str, Any]) -> str:
    left = ", ".join(stopped["kinds_left_out"]) or "no kind"
    parts = [f"It was stopped early, after {', '.join(stopped['kinds'])}"]
    parts.append(f"kinds not tried: {left}")
    if folds := stopped["folds_untried"]:
        parts.append(f"folds in which not all settings were tried: {folds}")
    if settings := stopped["settings_untried"]:
        parts.append(f"settings not tried for this expert: {settings}")
    return f"{'; '.join(parts)}."


def _with_interval(figure: Mapping[str, Any]) -> str:
    low, high = figure["interval"]
    return f"{figure['value']} ({low} to {high})"


def _drawn(
    tree: TreeHead, trained: Trained, node: int = 0, depth: int = 0
) -> list[str]:
    """Return the tree in words, a line a branch."""
    names, indent = trained.samples.names, "  " * depth
    if tree.left[node] < 0:
        said = zip(
            trained.samples.question.classes, tree.probabilities[node], strict=True
        )
        return [indent + ", ".join(f"{name} {share:.2f}" for name, share in said)]
    words = feature_words(names[tree.feature[node]])
    limit = f"{tree.threshold[node]:.3g}"
    return [
        f"{indent}{words} not above {limit}:",
        *_drawn(tree, trained, tree.left[node], depth + 1),
        f"{indent}{words} above {limit}:",
        *_drawn(tree, trained, tree.right[node], depth + 1),
    ]


def _check_faithful(folder: Path, trained: Trained) -> None:
    """Refuse a graph that says something else than the expert that was fitted."""
    expert, fitted = open_expert(folder), trained.fitted
    features = trained.samples.features
    filled = np.where(np.isnan(features), fitted.head.middle, features)
    wanted = fitted.says(filled, len(trained.samples.question.classes))
    limit = _FOREST_TOLERANCE if fitted.choice.kind == "forest" else _TOLERANCE
    check_faithful(expert, filled, wanted, trained.name, limit)
