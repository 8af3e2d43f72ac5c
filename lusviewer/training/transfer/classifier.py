"""The classifier: what the segmenter's encoder and decoder see, pooled, and a head."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn

from lusviewer.training.data.batches import BatchMaker
from lusviewer.training.data.shards import open_shards
from lusviewer.training.nets.encoder import CHANNELS, freeze_wide_filters
from lusviewer.training.nets.network import FrameNetwork, dense_labels
from lusviewer.training.segmentation.graph import load_trained
from lusviewer.training.segmentation.trainer import untrained
from lusviewer.training.segmentation.variants import SegmentationSettings, Variant
from lusviewer.training.transfer.settings import ASKED

if TYPE_CHECKING:
    from lusviewer.training.transfer.settings import TransferSettings

ENCODER_FEATURES: Final = sum(CHANNELS)
"""How many of the features are the encoder's; they come first."""

_STATISTICS_FRAMES: Final = 8


class Pooled(nn.Module):
    """Each level of the segmenter's encoder and decoder, averaged over the frame."""

    def __init__(self, network: FrameNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return features ``(n, 784)`` and class logits ``(n, 9, 112, 112)``."""
        levels = self.network.encoder(frames)
        x = levels[-1]
        for i in (3, 2, 1, 0):
            x = self.network.merges[i](x, levels[i])
            levels.append(x)
        features = torch.cat([level.float().mean((2, 3)) for level in levels], 1)
        return features, self.network.classes(x.float())


class PooledGraph(nn.Module):
    """The features as a graph, with the label of each pixel."""

    def __init__(self, pooled: Pooled) -> None:
        super().__init__()
        self.pooled = pooled

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        """Return features ``(1, 784)`` and labels ``(1, 224, 224)``."""
        features, logits = self.pooled(frame)
        return features, dense_labels(logits)


class Classifier(nn.Module):
    """Pooled features, standardised by fixed numbers, and a linear head."""

    def __init__(self, pooled: Pooled, mean: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.pooled = pooled
        self.head = nn.Linear(len(mean), len(ASKED))
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)

    def forward(self, frames: Tensor) -> tuple[Tensor]:
        """Return the diagnoses' logits ``(n, 3)``."""
        features, _ = self.pooled(frames)
        return (self.head((features - self.mean) / self.scale),)


def started(settings: TransferSettings, start: str) -> Pooled:
    """Return the features of one of ``STARTS``.

    The pretrained ones saw simulated frames alone: no clip that is asked about.
    Where ``start`` is "imagenet", the decoder is as it was before any training.
    """
    other = SegmentationSettings(settings.segmentation, seed=settings.seed)
    variant = Variant("product", dense=start == "dense", real=False)
    if start == "imagenet":
        maker = BatchMaker(open_shards(Path(settings.frames), "train"), [], other.seed)
        frames = maker.make(0, _STATISTICS_FRAMES, 0, 0).frames
        network = untrained(other, variant, frames)
    else:
        network = load_trained(other, variant)
    freeze_wide_filters(network.encoder)
    return Pooled(network).eval()
