"""The network and the loss: contrast of patients, order of frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from lusviewer.training.nets.features import FEATURES, FrameFeatures
from lusviewer.training.pretrain.contrast import found_partners, nt_xent, projector
from lusviewer.training.video_ssl.pairs import ORDERS, SHOWN, clip_batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.training.video_ssl.pairs import Patient
    from lusviewer.training.video_ssl.settings import VideoSettings

TEMPERATURE: Final = 0.05
_PROJECTION: Final = (256, 128)
_REDUCED: Final = 64


class VideoNetwork(nn.Module):
    """Features of four frames: their mean projected, and their order told.

    The encoder sees single frames, unlike the 3D network of the paper: the order is
    read from the four frames' features side by side.
    """

    def __init__(self, features: FrameFeatures) -> None:
        super().__init__()
        self.features = features
        self.project = projector(FEATURES, *_PROJECTION)
        self.reduce = nn.Linear(FEATURES, _REDUCED)
        self.order = projector(SHOWN * _REDUCED, 128, len(ORDERS))

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return projections ``(clips, 128)`` and logits of the orders ``(clips, 24)``.

        ``frames`` ``(clips * 4, 1, rows, columns)``, clip by clip.
        """
        features = self.features(frames).unflatten(0, (-1, SHOWN))
        reduced = functional.relu(self.reduce(features))
        return self.project(features.mean(1)), self.order(reduced.flatten(1))


class VideoObjective:
    """NT-Xent over two clips of a patient, plus the cross-entropy of the order."""

    def __init__(
        self,
        settings: VideoSettings,
        features: FrameFeatures,
        groups: Sequence[tuple[Sequence[Patient], int]],
    ) -> None:
        self.features = features
        self.network = VideoNetwork(features)
        self._settings, self._groups = settings, groups

    def loss(self, step: int) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of ``step``, and how many partners and orders were found."""
        settings = self._settings
        batch = clip_batch(self._groups, settings.size, [settings.seed, 3, step])
        frames = batch.frames.to(memory_format=torch.channels_last)
        frames = frames.to(torch.bfloat16) if settings.bfloat16 else frames
        projected, logits = self.network(frames)
        left, right = projected.chunk(2)
        contrast = nt_xent(left, right, TEMPERATURE)
        order = functional.cross_entropy(logits, batch.order)
        right_order = (logits.detach().argmax(1) == batch.order).float().mean()
        figures = {
            "contrast": contrast.item(),
            "order": order.item(),
            "found": found_partners(left.detach(), right.detach()),
            "right_order": right_order.item(),
        }
        return contrast + order, figures
