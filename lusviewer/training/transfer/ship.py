"""The classifier as what is kept of it: graph, manifest and card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from lusviewer.geometry import GRID
from lusviewer.inference.frames import MEAN, STD
from lusviewer.training.lite.bundle_writer import sha256_of, write_json
from lusviewer.training.measure.regression import regression
from lusviewer.training.nets.export_onnx import export_by_frame
from lusviewer.training.segmentation.graph import LICENCE
from lusviewer.training.transfer.classifier import Classifier, started
from lusviewer.training.transfer.settings import ASKED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lusviewer.training.transfer.settings import Clips, TransferSettings

_CARD: Final = """# transfer

Regular, bacterial pneumonia or COVID-19, by a linear head on pooled features of a
network that learned dense labels of simulated frames. {use}
Licence: {licence}

Fitted on all {clips} POCUS clips of {patients} patients. By heads fitted on other
patients (5 folds) the accuracy is {accuracy}, balanced {balanced}; there is no other
test. A clip's source goes with its diagnosis in this collection: expect less elsewhere.
"""
_USE: Final = "Comparing ways of training. Not for reading clips."


def write_classifier(
    settings: TransferSettings,
    clips: Clips,
    features: NDArray[np.float32],
    figures: Mapping[str, Any],
) -> dict[str, Any]:
    """Write the head fitted on all ``clips`` with its network; return where.

    Raises ``TrainingError`` where onnxruntime disagrees with torch.
    """
    wide = features.astype(np.float64)
    head = regression(wide, clips.classes, clips.patients)
    network = Classifier(
        started(settings, "dense"),
        torch.from_numpy(head.means).float(),
        torch.from_numpy(head.scales).float(),
    )
    with torch.no_grad():
        network.head.weight.copy_(torch.from_numpy(head.model.coef_))
        network.head.bias.copy_(torch.from_numpy(head.model.intercept_))
    path = settings.run_folder / "classifier.onnx"
    difference = export_by_frame(network, path, ("diagnosis",))
    write_json(
        settings.run_folder / "manifest.json",
        {
            "schema": 1,
            "name": "transfer",
            "graph": {
                "file": path.name,
                "sha256": sha256_of(path),
                "input": {
                    "name": "frame",
                    "layout": "NCHW",
                    "shape": [1, 1, GRID, GRID],
                },
                "outputs": {"diagnosis": [1, len(ASKED)]},
            },
            "pooling": "mean of the logits over frames, then softmax",
            "preprocess": {"region_crop": True, "mean": MEAN, "std": STD},
            "classes": list(ASKED),
            "licence": LICENCE[True],
            "intended_use": _USE,
        },
    )
    card = _CARD.format(
        use=_USE,
        licence=LICENCE[True],
        clips=len(clips.files),
        patients=len(set(clips.patients)),
        accuracy=figures["accuracy"]["value"],
        balanced=figures["balanced_accuracy"]["value"],
    )
    (settings.run_folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    return {"file": str(path), "difference": difference}
