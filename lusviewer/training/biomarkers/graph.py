"""Each way as what is kept of it: graph, manifest, card; and what it costs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.findings import FINDINGS, LABELS
from lusviewer.geometry import GRID
from lusviewer.inference.frames import MEAN as GREY_MEAN
from lusviewer.inference.frames import STD as GREY_STD
from lusviewer.inference.session import OnnxSession
from lusviewer.training.biomarkers.network import ClipGraph, ShiftedResidual, Trunk
from lusviewer.training.biomarkers.settings import (
    CONVOLUTION,
    FRAMES,
    MAX,
    MEAN,
    SHIFT,
    START,
    WAYS,
)
from lusviewer.training.biomarkers.trainer import load_first, load_networks
from lusviewer.training.lite.bundle_writer import INTENDED_USE, sha256_of, write_json
from lusviewer.training.lite.card import attributions
from lusviewer.training.lite.finish import REAL_LICENCE
from lusviewer.training.nets.export_onnx import export_by_clip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lusviewer.training.biomarkers.settings import BiomarkerSettings
    from lusviewer.training.data.pocus_labels import PocusClip

GRAPH: Final = "clip.onnx"
OUTPUTS: Final = ("biomarkers", "findings")
ABOUT: Final = {
    START: "The frame network that the others start from; a clip's value is that of "
    "its highest frame.",
    MAX: "Frames by themselves; a clip's value is that of its highest frame.",
    MEAN: "Frames by themselves; a clip's value is the mean over its frames.",
    CONVOLUTION: "Dilated convolution over time on the frames' embeddings; a clip's "
    "value is that of its highest frame.",
    SHIFT: "Temporal shift of an eighth of the channels each way in the encoder's "
    "residual blocks at strides 16 and 32; a clip's value is that of its highest "
    "frame.",
}
_TIMED: Final = 5


def write_graphs(settings: BiomarkerSettings) -> dict[str, dict[str, float]]:
    """Write each way's graph; return its difference to torch and its cost.

    Raises ``TrainingError`` where onnxruntime disagrees with torch.
    """
    networks = load_networks(settings)
    found = {}
    for way in WAYS:
        graph = (
            ClipGraph(Trunk(load_first(settings)), None)
            if way == START
            else networks.graph(way)
        )
        path = settings.folder(way) / GRAPH
        path.parent.mkdir(parents=True, exist_ok=True)
        difference = export_by_clip(graph.float(), path, OUTPUTS, FRAMES)
        found[way] = {"difference": difference, **cost(graph, path)}
        write_json(settings.folder(way) / "cost.json", found[way])
    return found


def cost(graph: ClipGraph, path: Path) -> dict[str, float]:
    """Return what a frame costs, and how many frames after it its value needs.

    Time is that of one thread, the least of several clips.
    """
    session = OnnxSession(path, "cpu")
    clip = np.zeros((1, FRAMES, 1, GRID, GRID), np.float32)
    spent = []
    for _ in range(_TIMED):
        # The thread's own time: it leaves out what other programs take.
        started = time.thread_time()
        session.run({"frames": clip}, CancelToken())
        spent.append(time.thread_time() - started)
    return {
        "milliseconds_a_frame": round(1000 * min(spent) / FRAMES, 2),
        "frames_ahead": frames_ahead(graph),
    }


def frames_ahead(graph: ClipGraph) -> int:
    """Return how many later frames a frame's value depends on: 0 can be streamed."""
    shifts = sum(isinstance(m, ShiftedResidual) for m in graph.modules())
    around = () if graph.temporal is None else graph.temporal.around
    return shifts + sum(int(layer.dilation[0]) for layer in around)


def write_papers(
    settings: BiomarkerSettings,
    way: str,
    figures: Mapping[str, Any],
    clips: Sequence[PocusClip],
) -> None:
    """Write manifest and card of ``way``; ``clips`` are the real ones that taught."""
    folder = settings.folder(way)
    taught = f"{len(clips)} POCUS files and simulated clips, by labels of whole clips"
    manifest = {
        "schema": 1,
        "kind": "clip",
        "name": f"biomarkers-{way}",
        "version": settings.version,
        "graph": {
            "file": GRAPH,
            "sha256": sha256_of(folder / GRAPH),
            "input": {"name": "frames", "shape": [1, FRAMES, 1, GRID, GRID]},
            "outputs": {
                "biomarkers": [1, FRAMES, len(LABELS)],
                "findings": [1, FRAMES, len(FINDINGS)],
            },
            "values": "logits of each frame, not calibrated",
        },
        "preprocess": {"region_crop": True, "mean": GREY_MEAN, "std": GREY_STD},
        "biomarkers": [label.key for label in LABELS],
        "findings": list(FINDINGS),
        "trained_on": "what lus-lite saw so far" if way == START else taught,
        "licence": REAL_LICENCE,
        "intended_use": INTENDED_USE,
    }
    write_json(folder / "manifest.json", manifest)
    card = _card(manifest, ABOUT[way], figures, clips)
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")


def _card(
    manifest: Mapping[str, Any],
    about: str,
    figures: Mapping[str, Any],
    clips: Sequence[PocusClip],
) -> str:
    simulated = figures["simulated"]["test"]["labels"]["value"]
    real = figures["pocus"]["test"]["mean"]["value"] if "pocus" in figures else None
    measured = "not measured" if real is None else f"{real}"
    return (
        f"# {manifest['name']} {manifest['version']}\n\n{about}\n\n"
        f"{manifest['intended_use']}\n\nTrained on {manifest['trained_on']}, from the "
        f"weights of a frame network of lus-lite. {manifest['licence']}\n\n"
        f"Mean AUC of the 38 labels on simulated clips {simulated}, of the findings "
        f"with both kinds among POCUS test patients {measured}; the 38 labels were "
        "not checked on real clips. All figures, with intervals: "
        f"`docs/results/biomarkers.json`.\n\n## Attributions\n\n{attributions(clips)}"
    )
