"""The settings of ``video-ssl``."""

from __future__ import annotations

from dataclasses import dataclass

from lusviewer.training.pretrain.settings import PretrainSettings


@dataclass(frozen=True, slots=True)
class VideoSettings(PretrainSettings):
    """The settings of ``video-ssl``.

    ``patients`` real ones are seen a step, two clips of four frames of each, and
    ``scenes`` simulated ones from the folder ``simulated`` ("" for none).
    """

    patients: int = 10
    scenes: int = 2
    simulated: str = "runs/lite/phantom-clips"
