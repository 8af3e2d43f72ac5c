"""Measuring a bundle on simulated scenes that it never saw."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import lusviewer.phantom
from lusviewer.cancel import CancelToken
from lusviewer.files import written
from lusviewer.findings import CLASSES
from lusviewer.inference.frames import run_grid
from lusviewer.training.data.targets import KEYS
from lusviewer.training.measure.clip_store import code_hash
from lusviewer.training.measure.figures import plain
from lusviewer.training.measure.metrics import dice_scores, roc_auc

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.inference.bundle import ModelBundle

    Scenes = dict[str, NDArray[np.uint8]]

_ARRAYS: Final = ("frames", "labels", "truth")


def measure_phantom(
    bundle: ModelBundle, scenes: int, seed: int, cache: Path
) -> dict[str, Any]:
    """Return Dice by class and AUC by label on ``scenes`` simulated frames."""
    made = _scenes(scenes, seed, cache)
    predicted, scores = [], []
    for frame in made["frames"]:
        outputs = run_grid(bundle, frame, CancelToken())
        predicted.append(outputs["labels"][0])
        scores.append(
            np.concatenate([outputs["biomarkers"][0], outputs["findings"][0]])
        )
    dice = dice_scores(np.stack(predicted), made["labels"], len(CLASSES))
    score, truth = np.stack(scores).astype(np.float64), made["truth"].astype(np.float64)
    areas = [roc_auc(truth[:, i], score[:, i]) for i in range(len(KEYS))]
    return {
        "collection": "phantom",
        "scenes": scenes,
        "seed": seed,
        "dice": {k: plain(float(v)) for k, v in zip(CLASSES, dice, strict=True)},
        "frame_auc": {k: plain(v) for k, v in zip(KEYS, areas, strict=True)},
    }


def _scenes(scenes: int, seed: int, cache: Path) -> Scenes:
    """Return frames, labels and truth of the scenes, rendered once into ``cache``."""
    from lusviewer.training.data.phantom_set import (  # noqa: PLC0415 - the renderer
        RenderPlan,
        render_scene,
    )

    code = [import_module(name) for name in _renderer()]
    path = cache / f"phantom-{code_hash(code)}-{seed}-{scenes}.npz"
    if not path.is_file():
        plan = RenderPlan(seed, 1)
        parts = zip(*(render_scene(i, plan) for i in range(scenes)), strict=True)
        arrays = [np.concatenate(part) for part in parts]
        cache.mkdir(parents=True, exist_ok=True)
        with written(path) as file:
            named = dict(zip(_ARRAYS, arrays, strict=True))
            np.savez_compressed(file, allow_pickle=False, **named)
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in _ARRAYS}


def _renderer() -> list[str]:
    """Return the modules that a simulated frame depends on."""
    names = [part.name for part in iter_modules(lusviewer.phantom.__path__)]
    return [f"lusviewer.phantom.{name}" for name in names]
