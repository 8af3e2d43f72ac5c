"""Writing a bundle folder: graphs, manifest, card; checked by opening it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lusviewer.findings import CLASSES, FINDINGS, LABELS
from lusviewer.geometry import GRID
from lusviewer.inference.bundle import open_bundle
from lusviewer.inference.frames import MEAN, STD
from lusviewer.training.nets.export_onnx import export_frame, export_temporal
from lusviewer.training.nets.network import EMBEDDING, N_HEAD, N_LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lusviewer.training.lite.calibrate import Calibration
    from lusviewer.training.nets.network import FrameNetwork, TemporalNetwork

INTENDED_USE: Final = (
    "Research on lung-ultrasound clips. Not a medical device; never the basis of a "
    "clinical decision."
)
_MAP: Final = GRID // 16


@dataclass(frozen=True, slots=True)
class BundleWords:
    """What a manifest says in words."""

    name: str
    version: str
    trained_on: str
    licence: str
    intended_use: str = INTENDED_USE
    quality: Mapping[str, Any] = field(default_factory=dict)


def write_bundle(
    folder: Path,
    networks: tuple[FrameNetwork, TemporalNetwork],
    calibration: Calibration,
    words: BundleWords,
) -> tuple[float, float]:
    """Write graphs and manifest to ``folder``; return how far they are from torch.

    Raises ``TrainingError`` where onnxruntime disagrees with torch, ``ManifestError``
    where the bundle does not open.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frame, temporal = folder / "frame.onnx", folder / "temporal.onnx"
    differences = (
        export_frame(networks[0], frame),
        export_temporal(networks[1], temporal),
    )
    manifest = {
        "schema": 1,
        "name": words.name,
        "version": words.version,
        "graphs": {
            "frame": _graph(frame, _FRAME_SIGNATURE),
            "temporal": _graph(temporal, _TEMPORAL_SIGNATURE),
        },
        "preprocess": {
            "region_crop": True,
            "mean": MEAN,
            "std": STD,
            "spacing_mm": None,
        },
        "classes": list(CLASSES),
        "biomarkers": [label.key for label in LABELS],
        "findings": list(FINDINGS),
        "calibration": {
            key: [round(value, 5) for value in pair]
            for key, pair in calibration.pairs.items()
        },
        "thresholds": {
            key: round(value, 4) for key, value in calibration.thresholds.items()
        },
        "checked_on": {
            key: "real" if basis == "real" else "phantom"
            for key, basis in calibration.basis.items()
        },
        "quality": dict(words.quality),
        "context_frames": 1,
        "trained_on": words.trained_on,
        "licence": words.licence,
        "intended_use": words.intended_use,
    }
    write_json(folder / "manifest.json", manifest)
    open_bundle(folder, device="cpu")
    return differences


def _float(*shape: int) -> dict[str, Any]:
    return {"dtype": "float32", "shape": list(shape)}


_FRAME_SIGNATURE: Final = {
    "input": {"name": "frame", "layout": "NCHW", **_float(1, 1, GRID, GRID)},
    "outputs": {
        "labels": {"dtype": "uint8", "shape": [1, GRID, GRID]},
        "biomarkers": _float(1, N_LABELS),
        "findings": _float(1, N_HEAD - N_LABELS),
        "embedding": _float(1, EMBEDDING),
        "saliency": _float(1, N_HEAD, _MAP, _MAP),
    },
}
_TEMPORAL_SIGNATURE: Final = {
    "input": {"name": "embeddings", "layout": "NTC", **_float(1, -1, EMBEDDING)},
    "outputs": {
        "biomarkers": _float(1, -1, N_LABELS),
        "findings": _float(1, -1, N_HEAD - N_LABELS),
    },
}


def _graph(file: Path, signature: Mapping[str, Any]) -> dict[str, Any]:
    return {"file": file.name, "sha256": sha256_of(file), **signature}


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of ``file``."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write ``value`` as readable JSON."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
