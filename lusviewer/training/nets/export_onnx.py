"""From torch to ONNX, checked: onnxruntime must give what torch gave."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError
from lusviewer.geometry import GRID
from lusviewer.inference.session import OnnxSession
from lusviewer.training.nets.network import (
    EMBEDDING,
    ExportedFrame,
    ExportedTemporal,
    FrameNetwork,
    TemporalNetwork,
)

if TYPE_CHECKING:
    from pathlib import Path

    from lusviewer.training.nets.features import FrameFeatures

TOLERANCE = 1e-4
"""The largest difference between torch and onnxruntime that is accepted."""

FRAME_OUTPUTS = ("labels", "biomarkers", "findings", "embedding", "saliency")
TEMPORAL_OUTPUTS = ("biomarkers", "findings")
FEATURE_OUTPUTS = ("embedding",)
_OPSET = 17
_MAX_LABELS_MOVED = 1e-4


def export_frame(network: FrameNetwork, path: Path) -> float:
    """Write the frame graph to ``path``; return its largest difference to torch.

    Raises ``TrainingError`` where onnxruntime and torch disagree.
    """
    return export_by_frame(ExportedFrame(network.float()), path, FRAME_OUTPUTS)


def export_features(features: FrameFeatures, path: Path) -> float:
    """Write the graph from a frame to its feature vector; return the difference."""
    return export_by_frame(_Listed(features.float()), path, FEATURE_OUTPUTS)


class _Listed(nn.Module):
    """A module of one output, which it gives as a tuple like the others."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, frame: Tensor) -> tuple[Tensor]:
        return (self.module(frame),)


def export_by_frame(module: nn.Module, path: Path, outputs: tuple[str, ...]) -> float:
    """Write the graph of ``module``, from one frame to a tuple of ``outputs``.

    Return the largest difference to torch; raises ``TrainingError`` as the others do.
    """
    module = module.eval()
    sample = _speckle(3)
    _write(module, sample[:1], path, ("frame", outputs, {}))
    names = ("frame", outputs)
    return max(_difference(module, sample[i : i + 1], path, names) for i in range(3))


def export_by_clip(
    module: nn.Module, path: Path, outputs: tuple[str, ...], frames: int
) -> float:
    """Write the graph of ``module``, from a clip of ``frames`` to ``outputs``.

    The clip is ``(1, frames, 1, rows, columns)``. Return the largest difference to
    torch; raises ``TrainingError`` as the others do.
    """
    module = module.eval()
    sample = _speckle(frames)[None]
    _write(module, sample, path, ("frames", outputs, {}))
    return _difference(module, sample, path, ("frames", outputs))


def export_temporal(network: TemporalNetwork, path: Path) -> float:
    """Write the temporal graph to ``path``; return its largest difference to torch."""
    module = ExportedTemporal(network.float()).eval()
    generator = torch.Generator().manual_seed(0)
    sample = torch.randn(1, 30, EMBEDDING, generator=generator)
    free = {1: "frames"}
    axes = {"embeddings": free, "biomarkers": free, "findings": free}
    _write(module, sample, path, ("embeddings", TEMPORAL_OUTPUTS, axes))
    lengths = (1, 7, 30)
    names = ("embeddings", TEMPORAL_OUTPUTS)
    return max(_difference(module, sample[:, :n], path, names) for n in lengths)


def _speckle(n: int) -> Tensor:
    """Return frames that excite the network more like an image than noise does."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(n, 1, GRID // 8, GRID // 8, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size=(GRID, GRID), mode="bilinear")
    speckle = torch.rand(n, 1, GRID, GRID, generator=generator)
    return smooth * speckle * 2 - 1


def _write(
    module: nn.Module,
    sample: Tensor,
    path: Path,
    names: tuple[str, tuple[str, ...], dict[str, dict[int, str]]],
) -> None:
    source, outputs, axes = names
    with torch.no_grad(), warnings.catch_warnings():
        # The tracing exporter warns of its own deprecation at each call.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (sample,),
            str(path),
            input_names=[source],
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=_OPSET,
            dynamo=False,
        )


def _difference(
    module: nn.Module,
    sample: Tensor,
    path: Path,
    signature: tuple[str, tuple[str, ...]],
) -> float:
    with torch.no_grad():
        expected = [t.numpy() for t in module(sample)]
    session = OnnxSession(path, "cpu")
    source, names = signature
    got = session.run({source: sample.numpy()}, CancelToken())
    worst = 0.0
    for name, value in zip(names, expected, strict=True):
        if name == "labels":
            # Two classes may tie to the last bit: such pixels are not an error.
            moved = float(np.mean(value != got[name]))
            error = 0.0 if moved <= _MAX_LABELS_MOVED else moved
        else:
            error = float(np.abs(value - got[name]).max())
        worst = max(worst, error)
    if worst >= TOLERANCE:
        msg = f"{path.name}: onnxruntime differs from torch by {worst:.2g}"
        raise TrainingError(msg, hint="The graph was not exported faithfully.")
    return worst
