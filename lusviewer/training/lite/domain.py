"""Fitting what tells lung from anything else, on the embeddings of frames."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.inference.bundle import LungView
from lusviewer.training.data.augment import Look, apply_look
from lusviewer.training.data.not_lung import OTHER_KINDS, misplaced, not_lung_frames
from lusviewer.training.data.real_clips import is_cached, open_cached
from lusviewer.training.data.shards import open_shards
from lusviewer.training.lite.run_state import embedded, known_clips, part_of
from lusviewer.training.nets.temporal import embed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lusviewer.inference.session import OnnxSession
    from lusviewer.training.config import TrainingConfig

    Floats = NDArray[np.floating]

_SEEDS: Final = {"train": 710_001, "validation": 720_001}
_STRENGTHS: Final = (0.01, 0.03, 0.1)
"""How far the weights may grow: the inverse of the ridge, on unit features."""

_PASS_REAL: Final = 0.97
_PASS_SIMULATED: Final = 0.90
"""The shares of validation clips and of simulated frames that have to pass."""

_LOOKS: Final = 8
_FRAMES: Final = 10
"""How many changed frames, and how many of its own, a real clip teaches with."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Embeddings ``(n, features)``: ``lung`` by source, and ``other`` by what it is.

    ``clips`` holds those of each real clip.
    """

    clips: tuple[Floats, ...]
    lung: Mapping[str, Floats]
    other: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class FittedView:
    """A gate, and the shares of held-out examples that it turns away."""

    view: LungView
    figures: Mapping[str, Any]

    def as_numbers(self) -> dict[str, Any]:
        """Return what a manifest says of it."""
        return {
            "weights": [round(weight, 6) for weight in self.view.weights],
            "bias": round(self.view.bias, 6),
            "threshold": round(self.view.threshold, 4),
        }


def fit_lung_view(config: TrainingConfig, graph: OnnxSession) -> FittedView:
    """Return the gate for the embeddings that ``graph`` makes.

    It learns from training patients and scenes; its ridge and its threshold are chosen
    on validation ones. No frame is real that is not lung.
    """
    return best_view(
        gather(config, graph, "train"), gather(config, graph, "validation")
    )


def gather(config: TrainingConfig, graph: OnnxSession, part: str) -> Examples:
    """Return the examples of ``part``, embedded."""
    rng = np.random.default_rng([config.seed, _SEEDS[part]])
    real = [clip for clip in embedded(config, graph, part) if clip.known is not None]
    clips = tuple(_spread(clip.embeddings, _FRAMES) for clip in real)
    lung = {"simulated": embed(graph, _simulated(config, part))}
    frames, looks = _changed(config, part, rng)
    if clips:
        lung["real"] = np.concatenate(clips)
        lung["real, changed"] = embed(graph, looks)
    count = config.other_frames // (1 if part == "train" else 5)
    path = Path(config.work) / "other-frames" / f"{part}.npy"
    made = embed(graph, not_lung_frames(path, _SEEDS[part], count, CancelToken()))
    n_kinds = len(OTHER_KINDS)
    other = {kind: made[k::n_kinds] for k, kind in enumerate(OTHER_KINDS)}
    if clips:
        other["real, misplaced"] = embed(graph, frames)
    return Examples(clips, lung, other)


def _simulated(config: TrainingConfig, part: str) -> NDArray[np.uint8]:
    shards = open_shards(config.frames_folder, part)
    each = 15 if part == "train" else 40
    return np.concatenate([shard.frames[:each] for shard in shards])


def _changed(
    config: TrainingConfig, part: str, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return frames of real clips turned or cut up, and others as augmented."""
    turned: list[NDArray[np.uint8]] = []
    looks: list[NDArray[np.uint8]] = []
    for clip in part_of(known_clips(config), part):
        if is_cached(config.cache_folder, clip.file):
            frames = open_cached(config.cache_folder, clip.file).frames
            turned += [misplaced(rng, f) for f in _drawn(rng, frames, _LOOKS // 2)]
            looks += [
                apply_look(Look.draw(rng, len(f)), f, rng)
                for f in _drawn(rng, frames, _LOOKS)
            ]
    return np.array(turned, np.uint8), np.array(looks, np.uint8)


def _drawn(
    rng: np.random.Generator, frames: NDArray[np.uint8], count: int
) -> list[NDArray[np.uint8]]:
    return [np.array(frames[i]) for i in rng.integers(len(frames), size=count)]


def _spread(rows: Floats, most: int) -> Floats:
    count = min(len(rows), most)
    return rows[np.unique(np.linspace(0, len(rows) - 1, count).round().astype(int))]


def best_view(train: Examples, validation: Examples) -> FittedView:
    """Return the gate that turns away most of the held-out frames that are not lung."""
    fits = [fit(train, validation, strength) for strength in _STRENGTHS]
    best = max(fits, key=lambda found: found.figures["turned_away_mean"])
    unseen = {
        kind: _unseen(train, validation, kind, best.figures["strength"])
        for kind in best.figures["turned_away"]
        if len(train.other) > 1
    }
    return replace(best, figures={**best.figures, "turned_away_unseen": unseen})


def _unseen(train: Examples, validation: Examples, kind: str, strength: float) -> float:
    """Return the share of ``kind`` turned away where the fit saw all but that."""
    rest = {name: rows for name, rows in train.other.items() if name != kind}
    found = fit(replace(train, other=rest), validation, strength)
    return float(found.figures["turned_away"][kind])


def fit(train: Examples, validation: Examples, strength: float) -> FittedView:
    """Return the gate of one ridge, its threshold chosen on ``validation``."""
    weights, bias = _logistic(train, strength)
    view = LungView(weights, bias, 0.0)
    clips = [float(np.median(view.scores(clip))) for clip in validation.clips]
    simulated = view.scores(validation.lung["simulated"])
    threshold = _threshold(clips, simulated)
    away = {
        kind: round(float(np.mean(view.scores(rows) < threshold)), 3)
        for kind, rows in validation.other.items()
        if len(rows)
    }
    figures = {
        "strength": strength,
        "turned_away": away,
        "turned_away_mean": round(float(np.mean(list(away.values()))), 3),
        "validation_clips": len(clips),
        "validation_clips_passed": int(np.sum(np.array(clips) >= threshold)),
        "simulated_lung_passed": round(float(np.mean(simulated >= threshold)), 3),
    }
    return FittedView(LungView(weights, bias, threshold), figures)


def _threshold(clips: Sequence[float], simulated: Floats) -> float:
    """Return the highest threshold that lets enough lung pass."""
    least = float(np.quantile(simulated, 1 - _PASS_SIMULATED))
    if clips:
        missed = math.floor((1 - _PASS_REAL) * len(clips))
        least = min(least, sorted(clips)[missed])
    # A little lower: the manifest rounds, and a clip at the limit has to pass.
    return least - 1e-3


def _logistic(train: Examples, strength: float) -> tuple[tuple[float, ...], float]:
    """Return weights and bias; each source of lung counts as much as the others."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to load

    lung = list(train.lung.values())
    shares = [1.0 if name == "simulated" else 0.5 for name in train.lung]
    other = np.concatenate(list(train.other.values()))
    rows = np.concatenate([*lung, other])
    parts = [*zip(lung, shares, strict=True), (other, sum(shares))]
    weight = np.concatenate([np.full(len(r), s / len(r)) for r, s in parts])
    weight *= len(rows) / weight.sum()
    truth = np.arange(len(rows)) < len(rows) - len(other)
    mean = np.average(rows, axis=0, weights=weight)
    spread = rows.std(axis=0) + 1e-6
    model = LogisticRegression(C=strength, max_iter=3000)
    model.fit((rows - mean) / spread, truth, sample_weight=weight)
    slope = model.coef_[0] / spread
    return tuple(map(float, slope)), float(model.intercept_[0] - slope @ mean)
