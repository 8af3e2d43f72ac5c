"""The settings that both pretraining recipes have."""

from __future__ import annotations

from dataclasses import dataclass

from lusviewer.training.config import RunSettings


@dataclass(frozen=True, slots=True)
class PretrainSettings(RunSettings):
    """How long and how fast the encoder learns, and from where.

    ``clips`` is the folder of decoded clips (made where it is not there), ``size``
    the side of the squares it sees in px, ``results`` where the result is written.
    ``threads``, ``seed`` and ``bfloat16`` as everywhere.
    """

    clips: str = "runs/lite/real"
    version: str = "0.1.0"
    steps: int = 400
    size: int = 128
    rate: float = 3e-4
    weight_decay: float = 1e-4
    warm_up: int = 30
    average: float = 0.99
    checkpoint_every: int = 25
    report_every: int = 10
    imagenet: bool = True
    results: str = "docs/results"
