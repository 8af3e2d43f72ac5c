"""The settings of the recipe biomarkers, and the ways that it compares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lusviewer.training.config import Paced, RunSettings

if TYPE_CHECKING:
    from pathlib import Path

FRAMES: Final = 8
"""Frames of a clip, spread over the recording."""

START, MAX, MEAN, CONVOLUTION, SHIFT = "start", "max", "mean", "convolution", "shift"

TAUGHT: Final = (MAX, MEAN, CONVOLUTION, SHIFT)
"""What is trained: frames alone with the highest or the mean frame as the clip's
value; convolution over time on the frames' embeddings; temporal shift."""

WAYS: Final = (START, *TAUGHT)
"""What is measured: also the network that all start from, by its highest frame."""


@dataclass(frozen=True, slots=True)
class BiomarkerSettings(RunSettings, Paced):
    """The settings of ``biomarkers``.

    ``clips`` is the folder of rendered clips, ``clip_shards`` of them by
    ``clip_seed``, ``cache`` that of the decoded real ones. ``start`` is the folder of
    the bundle whose frame network all ways start from, "" for ImageNet. A
    step sees ``simulated`` and ``bags`` clips; the real ones weigh ``real_weight``.
    ``views`` says how often a real clip is sampled when it is measured, ``rounds`` how
    often patients are drawn for an interval.
    """

    clips: str = "runs/lite/phantom-clips"
    clip_shards: int = 6
    clip_seed: int = 32
    cache: str = "runs/lite/real"
    start: str = ""
    results: str = "docs/results"
    version: str = "0.1.0"
    steps: int = 120
    simulated: int = 5
    bags: int = 3
    real_weight: float = 0.5
    rate: float = 3e-4
    encoder_rate: float = 3e-4
    weight_decay: float = 0.02
    warm_up: int = 15
    average: float = 0.98
    views: int = 2
    rounds: int = 1000
    checkpoint_every: int = 30
    report_every: int = 10

    def folder(self, way: str) -> Path:
        """Return the folder of a way's graph, manifest and card."""
        return self.run_folder / way
