"""The networks: frames to labels, biomarkers and maps; embeddings to refined logits."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from lusviewer.findings import CLASSES, FINDINGS, LABELS
from lusviewer.geometry import GRID
from lusviewer.training.nets.encoder import CHANNELS, Encoder
from lusviewer.training.nets.layers import FrozenNormConv

EMBEDDING = 128
N_LABELS = len(LABELS)
N_HEAD = N_LABELS + len(FINDINGS)
_MAP = GRID // 16
_DECODER = (32, 48, 64, EMBEDDING)


class Outputs(NamedTuple):
    """What the network gives for a batch: all but ``segmentation`` are float32.

    ``segmentation`` ``(n, 9, 112, 112)`` logits, ``head`` ``(n, 43)`` logits of the
    38 labels then the 5 findings, ``embedding`` ``(n, 128)``, ``saliency``
    ``(n, 43, 14, 14)``.
    """

    segmentation: Tensor
    head: Tensor
    embedding: Tensor
    saliency: Tensor


class Merge(nn.Module):
    """Bring coarse features to a finer scale and join them with that scale's own."""

    def __init__(self, coarse: int, fine: int, channels: int) -> None:
        super().__init__()
        self.coarse = FrozenNormConv((coarse, channels), active=False)
        self.fine = FrozenNormConv((fine, channels), active=False)
        self.filter = FrozenNormConv((channels, channels), 3, depthwise=True)
        self.mix = FrozenNormConv((channels, channels))

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """Return the joined features at the fine scale."""
        upper = functional.interpolate(self.coarse(coarse), scale_factor=2.0)
        return self.mix(self.filter(upper + self.fine(fine)))


class FrameNetwork(nn.Module):
    """One encoder; a decoder for dense labels; a head whose maps are its reasons."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        inputs = (*_DECODER[1:], CHANNELS[4])
        self.merges = nn.ModuleList(
            Merge(inputs[i], CHANNELS[i], _DECODER[i]) for i in range(4)
        )
        self.classes = nn.Conv2d(_DECODER[0], len(CLASSES), 1)
        self.position = nn.Parameter(torch.zeros(1, EMBEDDING, _MAP, _MAP))
        self.head_filter = FrozenNormConv((EMBEDDING, EMBEDDING), 3, depthwise=True)
        self.head_mix = FrozenNormConv((EMBEDDING, EMBEDDING))
        self.head = nn.Conv2d(EMBEDDING, N_HEAD, 1)

    def forward(self, frames: Tensor) -> Outputs:
        """Return the outputs for ``frames`` ``(n, 1, 224, 224)``, normalised."""
        taps = self.encoder(frames)
        x = self.merges[3](taps[4], taps[3])
        features = self.head_features(x)
        embedding = features.mean((2, 3))
        weight, bias = self.head.weight, self.head.bias
        saliency = functional.conv2d(features, weight)
        for i in (2, 1, 0):
            x = self.merges[i](x, taps[i])
        logits = functional.conv2d(
            x, self.classes.weight.to(x.dtype), self.classes.bias.to(x.dtype)
        )
        head = functional.linear(embedding, weight[:, :, 0, 0], bias)
        return Outputs(logits, head, embedding, saliency)

    def head_features(self, x: Tensor) -> Tensor:
        """Return float32 ``(n, 128, 14, 14)`` of the decoder's level at stride 16."""
        placed = x + self.position.to(x.dtype)
        features: Tensor = self.head_mix(self.head_filter(placed)).float()
        return features


class ExportedFrame(nn.Module):
    """The network as it is shipped: class indices instead of logits."""

    def __init__(self, network: FrameNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, frame: Tensor) -> tuple[Tensor, ...]:
        """Return labels, biomarkers, findings, embedding and saliency."""
        out = self.network(frame)
        return (
            dense_labels(out.segmentation),
            out.head[:, :N_LABELS],
            out.head[:, N_LABELS:],
            out.embedding,
            out.saliency,
        )


def dense_labels(segmentation: Tensor) -> Tensor:
    """Return uint8 ``(n, 224, 224)``: the class of each pixel."""
    logits = functional.interpolate(
        segmentation.float(), scale_factor=2.0, mode="bilinear", align_corners=False
    )
    return logits.argmax(1).to(torch.uint8)


class TemporalNetwork(nn.Module):
    """Logits of each frame from the embeddings around it, about a second wide.

    It starts as the frame's own head: the part that looks around adds zero at first.
    """

    def __init__(
        self, channels: int = 64, dilations: tuple[int, ...] = (1, 2, 4, 4)
    ) -> None:
        super().__init__()
        self.own = nn.Linear(EMBEDDING, N_HEAD)
        self.into = nn.Conv1d(EMBEDDING, channels, 1)
        self.around = nn.ModuleList(
            nn.Conv1d(channels, channels, 3, padding=d, dilation=d) for d in dilations
        )
        self.out = nn.Conv1d(channels, N_HEAD, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Return ``(n, frames, 43)`` logits of ``embeddings`` ``(n, frames, 128)``."""
        x = self.into(embeddings.transpose(1, 2))
        for convolution in self.around:
            x = x + functional.relu(convolution(x))
        return self.own(embeddings) + self.out(x).transpose(1, 2)

    @torch.no_grad()
    def start_from(self, network: FrameNetwork) -> None:
        """Take over the frame network's head."""
        self.own.weight.copy_(network.head.weight[:, :, 0, 0])
        self.own.bias.copy_(network.head.bias)


class ExportedTemporal(nn.Module):
    """The temporal network as it is shipped: two outputs."""

    def __init__(self, network: TemporalNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """Return the biomarkers' and the findings' logits of each frame."""
        logits = self.network(embeddings)
        return logits[:, :, :N_LABELS], logits[:, :, N_LABELS:]
