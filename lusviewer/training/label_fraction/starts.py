"""The starts that are compared, each a graph from a frame to a vector."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.files import written
from lusviewer.inference.session import OnnxSession
from lusviewer.training.data.real_clips import open_cached
from lusviewer.training.nets.export_onnx import export_features
from lusviewer.training.nets.features import (
    FrameFeatures,
    load_features,
    start_features,
)
from lusviewer.training.nets.temporal import embed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken

FRAMES: Final = 12
"""Frames of a clip that are looked at, spread evenly."""

GRAPH: Final = "encoder.onnx"
"""The graph that pretraining leaves in its run's folder ``encoder``."""

WEIGHTS: Final = "features.npz"
"""The weights that pretraining leaves in its run's folder."""

_PLAIN: Final = ("scratch", "imagenet")


@dataclass(frozen=True, slots=True)
class Start:
    """Where features come from; ``run`` is the run's folder or the bundle's.

    "scratch" (random weights) and "imagenet" need none.
    """

    name: str
    run: Path

    def graph(self, folder: Path, seed: int) -> OnnxSession:
        """Return the graph, made in ``folder`` where it is made here."""
        if self.name in _PLAIN:
            path = folder / f"{self.name}-{seed}.onnx"
            if not path.is_file():
                folder.mkdir(parents=True, exist_ok=True)
                export_features(start_features(self.name, seed), path)
            return OnnxSession(path, "cpu")
        inside = (self.run / "encoder" / GRAPH, self.run / "frame.onnx")
        found = [path for path in inside if path.is_file()]
        if not found:
            msg = f"The start '{self.name}' has no graph in {self.run}."
            raise TrainingError(msg, hint=f"Run 'lusviewer train {self.name}' first.")
        return OnnxSession(found[0], "cpu")

    def weights(self, seed: int) -> FrameFeatures:
        """Return the features as a network to train on; not of a bundle."""
        if self.name in _PLAIN:
            return start_features(self.name, seed)
        path = self.run / WEIGHTS
        if not path.is_file():
            msg = f"The start '{self.name}' has no weights in {self.run}."
            raise TrainingError(msg, hint=f"Run 'lusviewer train {self.name}' first.")
        return load_features(path)


def spread(frames: NDArray[np.uint8], count: int = FRAMES) -> NDArray[np.uint8]:
    """Return at most ``count`` of ``frames``, from the first to the last."""
    chosen = np.unique(np.linspace(0, len(frames) - 1, count).round().astype(int))
    return np.asarray(frames[chosen], np.uint8)


def clip_vector(graph: OnnxSession, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a clip's mean and its largest features over 12 frames ``(2 d,)``."""
    vectors = embed(graph, spread(frames))
    return np.concatenate([vectors.mean(0), vectors.max(0)])


def clip_vectors(
    graph: OnnxSession,
    cache: Path,
    files: Sequence[str],
    store: Path,
    cancel: CancelToken,
) -> NDArray[np.float32]:
    """Return the vectors ``(clips, 2 d)`` of decoded ``files``, made once for a graph.

    ``cache`` holds the decoded clips, ``store`` gets the vectors.
    """
    content = hashlib.sha256(graph.path.read_bytes())
    content.update("\n".join(files).encode())
    path = store / f"{content.hexdigest()[:20]}.npy"
    if path.is_file():
        stored: NDArray[np.float32] = np.load(path)
        return stored
    vectors = []
    for file in files:
        cancel.check()
        vectors.append(clip_vector(graph, open_cached(cache, file).frames))
    result = np.stack(vectors)
    store.mkdir(parents=True, exist_ok=True)
    with written(path) as out:
        np.save(out, result)
    return result
