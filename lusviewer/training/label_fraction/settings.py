"""The settings of the label-fraction curve."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lusviewer.training.config import RunSettings


@dataclass(frozen=True, slots=True)
class FractionSettings(RunSettings):
    """The settings of ``label-fraction``.

    ``clips`` is the folder of decoded POCUS clips; ``blues`` COVID-BLUeS (else beside
    POCUS; "none" leaves it out). ``uscl`` and ``video_ssl`` are the runs' folders,
    ``model`` a bundle; "" leaves a start out. ``draws`` of each fraction for the
    frozen features, ``tuned_draws`` for networks trained ``tuned_steps`` steps.
    """

    clips: str = "runs/lite/real"
    blues: str = ""
    uscl: str = "runs/uscl/run"
    video_ssl: str = "runs/video-ssl/run"
    model: str = "models/lus-lite"
    draws: int = 20
    tuned_draws: int = 2
    tuned_steps: int = 60
    tuned_batch: int = 24
    tuned_size: int = 128
    rate: float = 1e-3
    encoder_rate: float = 3e-4
    results: str = "docs/results"
    images: str = "docs/images"

    @property
    def blues_cache(self) -> Path:
        """Where the decoded COVID-BLUeS clips lie."""
        return Path(self.work) / "covid-blues"
