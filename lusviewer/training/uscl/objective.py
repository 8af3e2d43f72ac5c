"""The network and the loss of USCL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from lusviewer.training.data.pocus_labels import DIAGNOSES
from lusviewer.training.nets.features import FEATURES, FrameFeatures
from lusviewer.training.pretrain.contrast import found_partners, nt_xent, projector
from lusviewer.training.uscl.pairs import pair_batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.training.pretrain.clips import Recording
    from lusviewer.training.uscl.settings import UsclSettings

TEMPERATURE: Final = 0.5
LABEL_WEIGHT: Final = 0.2
PROJECTION: Final = 256


class UsclNetwork(nn.Module):
    """Features with a projector for the contrast and a classifier for the labels."""

    def __init__(self, features: FrameFeatures) -> None:
        super().__init__()
        self.features = features
        self.project = projector(FEATURES, FEATURES, PROJECTION)
        self.classify = nn.Linear(FEATURES, len(DIAGNOSES))

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return projections ``(n, 256)`` and logits of the diagnoses ``(n, 4)``."""
        features = self.features(frames)
        return self.project(features), self.classify(features)


def label_loss(logits: Tensor, diagnosis: Tensor) -> Tensor:
    """Return the cross-entropy of the labelled samples; 0 where there is none."""
    labelled = diagnosis >= 0
    if not bool(labelled.any()):
        return logits.new_zeros(())
    return functional.cross_entropy(logits[labelled], diagnosis[labelled])


class UsclObjective:
    """NT-Xent over the sample pairs, and 0.2 of both samples' cross-entropies."""

    def __init__(
        self,
        settings: UsclSettings,
        features: FrameFeatures,
        videos: Sequence[Recording],
    ) -> None:
        self.features = features
        self.network = UsclNetwork(features)
        self._settings, self._videos = settings, videos

    def loss(self, step: int) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of ``step``, and the share of samples that found theirs."""
        settings = self._settings
        seed = [settings.seed, 2, step]
        batch = pair_batch(self._videos, settings.size, settings.videos, seed)
        frames = torch.cat([batch.left, batch.right])
        frames = frames.to(memory_format=torch.channels_last)
        frames = frames.to(torch.bfloat16) if settings.bfloat16 else frames
        projected, logits = self.network(frames)
        left, right = projected.chunk(2)
        contrast = nt_xent(left, right, TEMPERATURE)
        labels = [label_loss(part, batch.diagnosis) for part in logits.chunk(2)]
        figures = {
            "contrast": contrast.item(),
            "labels": (labels[0] + labels[1]).item(),
            "found": found_partners(left.detach(), right.detach()),
        }
        return contrast + LABEL_WEIGHT * (labels[0] + labels[1]), figures
