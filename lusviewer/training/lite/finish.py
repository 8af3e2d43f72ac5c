"""The last stage: calibration, experts and the bundle's folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError
from lusviewer.findings import CLASSES
from lusviewer.training.lite.bundle_writer import BundleWords, write_bundle
from lusviewer.training.lite.calibrate import Calibration, calibrate
from lusviewer.training.lite.clip_scores import ScoredClip, score
from lusviewer.training.lite.domain import fit_lung_view
from lusviewer.training.lite.experts_recipe import ExpertWords, write_experts
from lusviewer.training.lite.run_state import (
    drawn_frames,
    embedded,
    exported_frame_graph,
    load_frame_network,
    load_temporal_network,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lusviewer.training.config import TrainingConfig

_LEARNED = ("train", "validation")

QUALITY = {"pleura_frames_min": 0.1, "brightness_min": 6.0, "contrast_min": 10.0}
"""Below what the training patients' clips show: 9.6 grey levels, a spread of 23.5."""

SIMULATED_LICENCE = "Apache-2.0"
REAL_LICENCE = (
    "Research use, non-commercial: trained in part on clips under CC BY-NC-SA and "
    "CC BY-NC licences; see MODEL_CARD.md for the attributions."
)


def finish_bundle(config: TrainingConfig) -> Iterator[dict[str, Any]]:
    """Write the bundle named in ``config``; yield what was measured on the way."""
    if not config.bundle:
        msg = "The setting 'bundle' is empty."
        raise TrainingError(msg, hint="Name the folder to write the bundle to.")
    networks = load_frame_network(config), load_temporal_network(config)
    graph = exported_frame_graph(config, networks[0])
    parts = {
        part: score(networks[1], embedded(config, graph, part))
        for part in (("train", "validation", "test") if config.tested else _LEARNED)
    }
    validation = parts["validation"]
    calibration = calibrate(
        [c for c in validation if c.known is not None],
        [c for c in validation if c.truth is not None],
    )
    gate: dict[str, Any] = {}
    if config.other_frames:
        fitted = fit_lung_view(config, graph)
        gate = {"lung_view": fitted.as_numbers()}
        yield {"event": "lung view", **fitted.figures}
    folder = Path(config.bundle)
    real = any(clip.known is not None for clip in parts["train"])
    words = BundleWords(
        name=folder.name,
        version=config.version,
        trained_on=_trained_on(parts["train"], config),
        licence=REAL_LICENCE if real else SIMULATED_LICENCE,
        quality=QUALITY | gate,
    )
    differences = write_bundle(folder, networks, calibration, words)
    yield {"event": "bundle", "folder": str(folder), "differences": differences}
    if real:
        expert_words = ExpertWords(
            config.version,
            "POCUS clips; the inputs are this bundle's probabilities",
            REAL_LICENCE,
        )
        metrics = write_experts(folder / "experts", parts, calibration, expert_words)
        yield {"event": "experts", "metrics": metrics}
    _save_calibration(calibration, config.run_folder / "calibration.json")


def _trained_on(clips: Sequence[ScoredClip], config: TrainingConfig) -> str:
    known = [clip.known for clip in clips if clip.known is not None]
    patients = len({clip.patient for clip in known})
    frames = config.frame_shards * 100 * 8 // 10
    text = f"about {frames} simulated scenes (phantom) with {len(CLASSES)} dense labels"
    if known:
        text += f", {len(known)} POCUS files of {patients} patients, weakly labelled"
    if drawn := drawn_frames(config, "train", CancelToken()):
        clips_drawn = len({frame.clip for frame in drawn})
        text += f", and lines drawn on {len(drawn)} frames of {clips_drawn} of them"
    if config.start:
        before = _lineage(Path(config.start))
        text += f"; going on from {before}"
    return text if known else f"{text}; no real clip"


def _lineage(folder: Path) -> str:
    """Return a bundle's name, version and what it was trained on, as one phrase."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    name, version = manifest["name"], manifest["version"]
    return f"{name} {version}, trained on {manifest['trained_on']}"


def _save_calibration(calibration: Calibration, path: Path) -> None:
    table = {
        "pairs": {k: np.round(v, 5).tolist() for k, v in calibration.pairs.items()},
        "thresholds": calibration.thresholds,
        "basis": calibration.basis,
    }
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
