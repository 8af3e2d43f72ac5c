"""The encoder alone, as a feature vector of a frame: what pretraining gives on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor, nn

from lusviewer.files import written
from lusviewer.geometry import GRID
from lusviewer.training.nets.checkpoint import tensors
from lusviewer.training.nets.encoder import (
    CHANNELS,
    Encoder,
    freeze_wide_filters,
    load_imagenet,
)
from lusviewer.training.nets.layers import measure_statistics

if TYPE_CHECKING:
    from pathlib import Path

FEATURES: Final = CHANNELS[3] + CHANNELS[4]
"""Length of a frame's feature vector: the encoder's two coarsest levels."""


class FrameFeatures(nn.Module):
    """The encoder's levels at strides 16 and 32, each averaged over the frame."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()

    def forward(self, frames: Tensor) -> Tensor:
        """Return float32 ``(n, 432)`` of ``frames`` ``(n, 1, rows, columns)``."""
        taps = self.encoder(frames)
        return torch.cat([taps[i].float().mean((2, 3)) for i in (3, 4)], 1)


def start_features(start: str, seed: int) -> FrameFeatures:
    """Return new features: ``start`` is "imagenet" or "scratch" (random weights).

    Random weights get their statistics from noise that is smooth like an image.
    """
    torch.manual_seed(seed)
    features = FrameFeatures()
    if start == "imagenet":
        load_imagenet(features.encoder)
        freeze_wide_filters(features.encoder)
    else:
        coarse = torch.rand(4, 1, GRID // 8, GRID // 8)
        frames = nn.functional.interpolate(coarse, size=(GRID, GRID), mode="bilinear")
        measure_statistics(features, lambda: features(frames * 2 - 1))
    return features


def save_features(features: FrameFeatures, path: Path) -> None:
    """Write the weights to ``path`` as plain arrays."""
    arrays = {name: value.numpy() for name, value in features.state_dict().items()}
    with written(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_features(path: Path) -> FrameFeatures:
    """Return what ``save_features`` wrote to ``path``."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    features = FrameFeatures()
    features.load_state_dict(tensors(arrays, ""))
    freeze_wide_filters(features.encoder)
    return features
