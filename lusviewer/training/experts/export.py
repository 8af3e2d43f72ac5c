"""The compared experts that a viewer can open: graph, manifest and card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.experts.expert import open_expert
from lusviewer.findings import LABELS
from lusviewer.training.experts.heads import CHOICES
from lusviewer.training.experts.nested import choose, options_of
from lusviewer.training.lite.bundle_writer import INTENDED_USE, sha256_of, write_json
from lusviewer.training.lite.expert_heads import LogisticHead, write_logistic
from lusviewer.training.lite.faithful import check_faithful

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lusviewer.training.experts.nested import Asked

INPUT: Final = "38 probabilities"
LICENCE: Final = (
    "Research use, non-commercial: fitted on POCUS clips, some under CC BY-NC-SA and "
    "CC BY-NC licences."
)
_TOLERANCE: Final = 1e-4
_CARD: Final = """# {name}

A regression on the 38 label probabilities of {bundle}, fitted on {clips} POCUS clips of
{patients} patients. {use} Licence: {licence}

Experts fitted on other patients in the same way reach an accuracy of {accuracy}
(docs/results/experts.json). A clip's source goes with its diagnosis in this collection.
"""


def write_regression(
    folder: Path,
    asked: Asked,
    classes: tuple[str, ...],
    figures: Mapping[str, Any],
    bundle: str,
) -> float:
    """Write the regression of a question to ``folder``; return the graph's difference.

    Its strength is chosen by patient. Raises ``TrainingError`` where the graph does not
    say what the fitted expert says.
    """
    rows = np.arange(len(asked.classes))
    options = options_of([INPUT], [c for c in CHOICES if c.kind == "logistic"])
    head = asked.fitted(rows, choose(asked, rows, options, 4))
    weights = np.zeros((len(classes), len(LABELS) + 1))
    weights[head.classes] = np.column_stack([head.model.coef_, head.model.intercept_])
    plain = LogisticHead(head.middle, head.spread, weights)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "head.onnx"
    write_logistic(plain, file)
    patients = len(set(asked.patients))
    manifest = {
        **_regression_manifest(folder.name, classes, plain),
        "file": file.name,
        "sha256": sha256_of(file),
        "trained_on": {
            "clips": len(rows),
            "patients": patients,
            "text": f"POCUS clips, as {bundle} sees them",
        },
        "metrics": dict(figures),
    }
    write_json(folder / "manifest.json", manifest)
    words = _CARD.format(
        name=folder.name,
        bundle=bundle,
        clips=len(rows),
        patients=patients,
        use=INTENDED_USE,
        licence=LICENCE,
        accuracy=figures["accuracy"]["value"],
    )
    (folder / "MODEL_CARD.md").write_text(words, encoding="utf-8")
    expert, inputs = open_expert(folder, "cpu"), asked.inputs[INPUT]
    wanted = plain.predict(inputs)
    return check_faithful(expert, inputs, wanted, folder.name, _TOLERANCE)


def _regression_manifest(
    name: str, classes: tuple[str, ...], head: LogisticHead
) -> dict[str, Any]:
    return {
        "schema": 1,
        "name": name,
        "version": "0.1.0",
        "target": name.partition("-")[0],
        "classes": list(classes),
        "feature_names": [label.key for label in LABELS],
        "kind": "logistic",
        "calibrated": False,
        "abstain_below": 0.0,
        "tree": None,
        "coefficients": head.coefficients[:, :-1].tolist(),
        "feature_means": head.means.tolist(),
        "feature_scales": head.scales.tolist(),
        "checked_on": "real",
        "licence": LICENCE,
        "intended_use": INTENDED_USE,
    }
