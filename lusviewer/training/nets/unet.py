"""The classic U-Net (Ronneberger et al. 2015, arXiv 1505.04597), from scratch."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from lusviewer.findings import CLASSES

LEVELS = 4
"""How often the picture is halved on the way down."""


class UNet(nn.Module):
    """Double convolutions down and up again, with the fine features handed across.

    It works on the 112x112 grid of blocks of 2x2 pixels, which come in as four
    channels, and ends on the same grid as ``FrameNetwork``: no pixel is lost, and
    a step costs a quarter. ``channels`` is the width of the finest level.
    """

    def __init__(self, channels: int = 24) -> None:
        super().__init__()
        widths = [channels * 2**level for level in range(LEVELS + 1)]
        self.down = nn.ModuleList(
            _double(inner, outer) for inner, outer in pairwise([4, *widths])
        )
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(widths[level + 1], widths[level], 2, 2)
            for level in range(LEVELS)
        )
        self.join = nn.ModuleList(
            _double(2 * widths[level], widths[level]) for level in range(LEVELS)
        )
        self.classes = nn.Conv2d(channels, len(CLASSES), 1)

    def forward(self, frames: Tensor) -> Tensor:
        """Return logits ``(n, 9, 112, 112)`` of frames ``(n, 1, 224, 224)``."""
        x = self.down[0](functional.pixel_unshuffle(frames, 2))
        taps = []
        for block in self.down[1:]:
            taps.append(x)
            x = block(functional.max_pool2d(x, 2))
        for level in reversed(range(LEVELS)):
            x = self.join[level](torch.cat([taps[level], self.up[level](x)], 1))
        logits: Tensor = self.classes(x)
        return logits


def _double(inner: int, outer: int) -> nn.Sequential:
    parts: list[nn.Module] = []
    for inputs in (inner, outer):
        parts += [
            nn.Conv2d(inputs, outer, 3, padding=1, bias=False),
            nn.BatchNorm2d(outer),
            nn.ReLU(),
        ]
    return nn.Sequential(*parts)
