"""A trained segmentation network as what is kept of it: graph, manifest, card."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from lusviewer.errors import TrainingError
from lusviewer.findings import CLASSES
from lusviewer.geometry import GRID
from lusviewer.inference.frames import MEAN, STD
from lusviewer.training.lines.labels import LINES
from lusviewer.training.lite.bundle_writer import sha256_of, write_json
from lusviewer.training.nets.checkpoint import load_mean
from lusviewer.training.nets.export_onnx import export_by_frame
from lusviewer.training.nets.network import dense_labels
from lusviewer.training.segmentation.trainer import STATE
from lusviewer.training.segmentation.variants import build, dense_logits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lusviewer.training.segmentation.variants import (
        SegmentationSettings,
        Variant,
    )

GRAPH: Final = "frame.onnx"
OUTPUTS: Final = ("labels", "probabilities")
LICENCE: Final = {
    False: "Apache-2.0",
    True: "Research use, non-commercial: trained in part on POCUS clips under CC BY, "
    "CC BY-NC and CC BY-NC-SA licences.",
}
"""By whether real frames taught."""


class SegmentationGraph(nn.Module):
    """A network as its graph: the class of each pixel, and how likely each class is."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        """Return labels ``(n, 224, 224)`` and probabilities ``(n, 9, 112, 112)``."""
        logits = dense_logits(self.network, frame)
        return dense_labels(logits), functional.softmax(logits, 1)


def load_trained(settings: SegmentationSettings, variant: Variant) -> nn.Module:
    """Return the network of ``variant`` with the averaged weights of its run."""
    path = variant.folder(settings) / STATE
    if not path.is_file():
        msg = f"{path} is not there: {variant.name} was not trained."
        raise TrainingError(msg, hint="Run the stages 'phantom' and 'lines' first.")
    network = build(variant, settings.with_values(imagenet=False))
    load_mean([path], network)
    return network.eval()


def write_graph(settings: SegmentationSettings, variant: Variant) -> dict[str, Any]:
    """Write the graph and manifest of ``variant``; return how it was exported.

    Raises ``TrainingError`` where onnxruntime disagrees with torch.
    """
    network = load_trained(settings, variant)
    folder = variant.folder(settings)
    path = folder / GRAPH
    difference = export_by_frame(SegmentationGraph(network), path, OUTPUTS)
    kept = "all" if variant.dense else f"{', '.join(LINES)}; the rest is 'outside'"
    manifest = {
        "schema": 1,
        "name": f"segmentation-{variant.stem}",
        "graph": {
            "file": GRAPH,
            "sha256": sha256_of(path),
            "input": {"name": "frame", "layout": "NCHW", "shape": [1, 1, GRID, GRID]},
            "outputs": {
                "labels": [1, GRID, GRID],
                "probabilities": [1, len(CLASSES), GRID // 2, GRID // 2],
            },
        },
        "preprocess": {"region_crop": True, "mean": MEAN, "std": STD},
        "classes": list(CLASSES),
        "classes_taught": kept,
        "trained_on": _trained_on(settings, variant),
        "licence": LICENCE[variant.real],
        "intended_use": "Comparing ways of training. Not for reading clips.",
    }
    write_json(folder / "manifest.json", manifest)
    return {"difference": difference}


def count_parameters(settings: SegmentationSettings, variant: Variant) -> int:
    """Return how many weights the classes depend on: those of unused heads do not."""
    network = load_trained(settings, variant)
    frame = torch.zeros(1, 1, GRID, GRID)
    dense_logits(network, frame).sum().backward()
    return sum(p.numel() for p in network.parameters() if p.grad is not None)


def _trained_on(settings: SegmentationSettings, variant: Variant) -> str:
    real = settings.line_frames if variant.real else 0
    text = f"{settings.steps} steps of {settings.batch - real} simulated frames"
    return f"{text} and {real} drawn POCUS frames" if real else text


def write_card(folder: Path, figures: Mapping[str, Any]) -> None:
    """Write the card of a run from its manifest and its ``figures``."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    real = figures["real"]
    dice = {name: found["value"] for name, found in real["dice"].items()}
    lines = [
        f"# {manifest['name']}",
        "",
        f"Trained on {manifest['trained_on']}. {manifest['intended_use']}",
        f"Licence: {manifest['licence']}",
        "",
        f"On {real['frames']} drawn frames of {real['patients']} test patients (drawn "
        "by the project, not by clinicians) the Dice scores are "
        + ", ".join(f"{name} {value}" for name, value in dice.items())
        + ". All figures: docs/results/segmentation.json.",
    ]
    (folder / "MODEL_CARD.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
