"""A frame network on clips: by itself, with temporal shift, with convolution.

Temporal shift is that of Lin et al. 2019 (arXiv 1811.08383), as Gare et al. 2022
(arXiv 2206.08398) use it: an eighth of the channels comes from the frame before, an
eighth from the frame after, inside the residual branch.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from lusviewer.errors import TrainingError
from lusviewer.training.biomarkers.settings import (
    CONVOLUTION,
    FRAMES,
    MAX,
    MEAN,
    SHIFT,
)
from lusviewer.training.nets.encoder import (
    InvertedResidual,
    freeze_wide_filters,
    load_imagenet,
)
from lusviewer.training.nets.from_onnx import network_from
from lusviewer.training.nets.layers import measure_statistics
from lusviewer.training.nets.network import (
    N_LABELS,
    FrameNetwork,
    TemporalNetwork,
)

if TYPE_CHECKING:
    from lusviewer.training.biomarkers.settings import BiomarkerSettings

FIXED: Final = 3
"""The encoder's first stages stay as they are and are computed once for all ways."""

_FINE: Final = 4
"""The stage whose output the decoder joins with the last one's."""

_PARTS: Final = 8
"""An eighth of the channels moves each way."""


def shifted(x: Tensor) -> Tensor:
    """Return features ``(clips * FRAMES, channels, r, c)``, some from beside.

    The first eighth of the channels is that of the frame before, the next eighth that
    of the frame after; beyond the ends there is zero.
    """
    clips = x.unflatten(0, (-1, FRAMES))
    part = x.shape[1] // _PARTS
    before, after = clips[:, :-1, :part], clips[:, 1:, part : 2 * part]
    nothing = torch.zeros_like(clips[:, :1, :part])
    moved = (
        torch.cat([nothing, before], 1),
        torch.cat([after, nothing], 1),
        clips[:, :, 2 * part :],
    )
    return torch.cat(moved, 2).flatten(0, 1)


class ShiftedResidual(nn.Module):
    """An inverted residual block whose branch sees the frames beside."""

    def __init__(self, block: InvertedResidual) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output for the frames ``x`` of whole clips."""
        seen = shifted(x).contiguous(memory_format=torch.channels_last)
        block = self.block
        result: Tensor = x + block.project(block.filter(block.expand(seen)))
        return result


class Trunk(nn.Module):
    """A frame network without the decoder's fine levels, its first stages fixed."""

    def __init__(self, frame: FrameNetwork, *, shift: bool = False) -> None:
        super().__init__()
        self.frame = frame
        fixed = [frame.encoder.stem, *frame.encoder.stages[:FIXED]]
        for unused in (*fixed, *frame.merges[:3], frame.classes):
            unused.requires_grad_(requires_grad=False)
        freeze_wide_filters(frame.encoder)
        if shift:
            for stage in frame.encoder.stages[FIXED:]:
                for i, block in enumerate(stage):
                    if block.skips:
                        stage[i] = ShiftedResidual(block)

    @torch.no_grad()
    def early(self, frames: Tensor) -> Tensor:
        """Return what the fixed stages make of frames ``(n, 1, 224, 224)``."""
        x: Tensor = self.frame.encoder.stem(frames)
        for stage in self.frame.encoder.stages[:FIXED]:
            x = stage(x)
        return x

    def late(self, x: Tensor) -> Tensor:
        """Return embeddings ``(clips, FRAMES, 128)`` of what ``early`` gave."""
        fine = x
        for i, stage in enumerate(self.frame.encoder.stages):
            if i >= FIXED:
                x = stage(x)
            if i == _FINE:
                fine = x
        features = self.frame.head_features(self.frame.merges[3](x, fine))
        return features.mean((2, 3)).unflatten(0, (-1, FRAMES))

    def own(self, embeddings: Tensor) -> Tensor:
        """Return logits ``(clips, FRAMES, 43)`` of each frame's embedding alone."""
        head = self.frame.head
        return functional.linear(embeddings, head.weight[:, :, 0, 0], head.bias)


class ClipGraph(nn.Module):
    """A way as its graph: logits of each frame of a clip."""

    def __init__(self, trunk: Trunk, temporal: TemporalNetwork | None) -> None:
        super().__init__()
        self.trunk, self.temporal = trunk, temporal

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``(n, FRAMES, 38)`` and ``(n, FRAMES, 5)`` of ``(n, FRAMES, 1, ...)``.

        The 38 labels' logits, and the findings'.
        """
        embeddings = self.trunk.late(self.trunk.early(frames.flatten(0, 1)))
        logits = (self.temporal or self.trunk.own)(embeddings)
        return logits[:, :, :N_LABELS], logits[:, :, N_LABELS:]


class Networks(nn.Module):
    """The networks of all ways, side by side; they share no weight that learns.

    The convolution works on the embeddings of way ``max`` and does not change them.
    """

    def __init__(self, frame: FrameNetwork) -> None:
        super().__init__()
        self.trunks = nn.ModuleDict(
            {
                way: Trunk(deepcopy(frame), shift=way == SHIFT)
                for way in (MAX, MEAN, SHIFT)
            }
        )
        self.convolution = TemporalNetwork()
        self.convolution.start_from(frame)

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """Return each way's logits ``(clips, FRAMES, 43)``."""
        x = self.trunks[MAX].early(frames)
        embeddings = {way: trunk.late(x) for way, trunk in self.trunks.items()}
        logits = {w: self.trunks[w].own(e) for w, e in embeddings.items()}
        return logits | {CONVOLUTION: self.convolution(embeddings[MAX].detach())}

    @property
    def parts(self) -> list[nn.Module]:
        """The networks that learn apart."""
        return [*self.trunks.values(), self.convolution]

    def graph(self, way: str) -> ClipGraph:
        """Return the graph of ``way``."""
        if way == CONVOLUTION:
            return ClipGraph(self.trunks[MAX], self.convolution)
        return ClipGraph(self.trunks[way], None)


def first_frame_network(settings: BiomarkerSettings, frames: Tensor) -> FrameNetwork:
    """Return the frame network that all ways start from.

    From ImageNet the new parts get their statistics from ``frames``. Raises
    ``TrainingError`` where the bundle's graph is not there.
    """
    torch.manual_seed(settings.seed)
    network = FrameNetwork()
    if not settings.start:
        load_imagenet(network.encoder)
        new = nn.ModuleList([network.merges, network.head_filter, network.head_mix])
        with torch.no_grad():
            measure_statistics(new, lambda: network(frames))
        return network
    path = Path(settings.start) / "frame.onnx"
    if not path.is_file():
        msg = f"{path} is not there: all ways start from that graph."
        hint = "Name a bundle's folder, or set 'start' to \"\" for ImageNet."
        raise TrainingError(msg, hint=hint)
    return network_from(path)
