"""What is compared: network, labels and frames of each run, and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch

from lusviewer.findings import CLASSES
from lusviewer.training.config import Paced, RunSettings
from lusviewer.training.lines.labels import LINES, UNKNOWN
from lusviewer.training.nets.encoder import freeze_wide_filters, load_imagenet
from lusviewer.training.nets.losses import CLASS_WEIGHTS
from lusviewer.training.nets.network import FrameNetwork
from lusviewer.training.nets.unet import UNet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor, nn

BACKGROUND_WEIGHT: Final = 0.7
"""What a pixel of the sparse background weighs: the mean of the classes it joins.

So the lines weigh as much against the rest as with dense labels.
"""

_OUTSIDE: Final = CLASSES.index("outside")
_LINES: Final = tuple(CLASSES.index(name) for name in LINES)


@dataclass(frozen=True, slots=True)
class SegmentationSettings(RunSettings, Paced):
    """The settings of ``segmentation``.

    ``frames`` is the folder of simulated frames, ``lines`` that of the lines drawn on
    real frames, ``cache`` where decoded frames are kept, ``results`` where the figures
    are written. Each step sees ``batch`` frames, of which ``line_frames`` are real in
    the runs with drawn lines. ``scenes`` simulated scenes are measured.
    """

    frames: str = "runs/lite/phantom-frames"
    cache: str = "runs/lite/real"
    lines: str = "resources/line-labels"
    results: str = "docs/results"
    steps: int = 720
    batch: int = 8
    line_frames: int = 3
    rate: float = 2e-3
    encoder_rate: float = 5e-4
    weight_decay: float = 0.02
    warm_up: int = 40
    average: float = 0.99
    unet_channels: int = 16
    checkpoint_every: int = 60
    report_every: int = 20
    scenes: int = 250
    imagenet: bool = True


@dataclass(frozen=True, slots=True)
class Variant:
    """One run: "product" or "unet", dense or sparse labels, with drawn lines or not."""

    network: str
    dense: bool
    real: bool

    @property
    def name(self) -> str:
        """Its name, as in the table of results."""
        labels = "dense" if self.dense else "sparse"
        return f"{self.network}/{labels}/{'phantom+real' if self.real else 'phantom'}"

    @property
    def stem(self) -> str:
        """Its name as part of a file name."""
        return self.name.replace("/", "-").replace("+", "-")

    def folder(self, settings: SegmentationSettings) -> Path:
        """Where its checkpoint and graph lie."""
        return settings.run_folder / self.stem

    def teaches(self, labels: Tensor) -> Tensor:
        """Return dense ``labels`` as this run sees them."""
        return labels if self.dense else sparse_labels(labels)

    @property
    def weights(self) -> Mapping[str, float]:
        """What a pixel of each class weighs."""
        if self.dense:
            return CLASS_WEIGHTS
        return CLASS_WEIGHTS | {"outside": BACKGROUND_WEIGHT}


VARIANTS: Final = (
    Variant("product", dense=True, real=False),
    Variant("product", dense=False, real=False),
    Variant("product", dense=True, real=True),
    Variant("product", dense=False, real=True),
    Variant("unet", dense=True, real=True),
)


COMPARED: Final = (
    ("product/dense/phantom", "product/sparse/phantom"),
    ("product/dense/phantom+real", "product/sparse/phantom+real"),
    ("product/dense/phantom+real", "product/dense/phantom"),
    ("product/sparse/phantom+real", "product/sparse/phantom"),
    ("product/dense/phantom+real", "unet/dense/phantom+real"),
)
"""The pairs of runs whose difference is given."""


def sparse_labels(labels: Tensor) -> Tensor:
    """Return dense ``labels`` with only pleura, A-lines and B-lines kept.

    All else becomes one background, what is not known stays so: the same as
    ``lines.labels.sparse``, for a batch.
    """
    kept = torch.isin(labels, torch.tensor([*_LINES, UNKNOWN]))
    return torch.where(kept, labels, _OUTSIDE)


def build(variant: Variant, settings: SegmentationSettings) -> nn.Module:
    """Return the untrained network of ``variant``, with ImageNet weights if it may."""
    if variant.network == "unet":
        return UNet(settings.unet_channels)
    network = FrameNetwork()
    if settings.imagenet:
        load_imagenet(network.encoder)
        freeze_wide_filters(network.encoder)
    return network


def dense_logits(network: nn.Module, frames: Tensor) -> Tensor:
    """Return the logits ``(n, 9, 112, 112)`` of either network."""
    out = network(frames)
    logits: Tensor = out.segmentation if isinstance(network, FrameNetwork) else out
    return logits
