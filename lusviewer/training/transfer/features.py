"""Frozen features of clips, and of clips without the tissue above the pleura."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.files import written
from lusviewer.inference.session import OnnxSession
from lusviewer.training.data.batches import normalised
from lusviewer.training.data.real_clips import open_cached
from lusviewer.training.measure.frame_lines import pleura_rows
from lusviewer.training.measure.imagenet import spread
from lusviewer.training.nets.export_onnx import export_by_frame
from lusviewer.training.transfer.classifier import PooledGraph, started

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lusviewer.training.transfer.settings import Clips, TransferSettings

    Floats = NDArray[np.float32]
    Frame = NDArray[np.uint8]

OUTPUTS: Final = ("features", "labels")
_SEEN_LEAST: Final = 0.1
"""Share of columns that must show a pleura, else nothing is masked."""

_KEPT_ABOVE: Final = 4
"""Rows kept above the middle of the pleura: the line itself stays."""


def feature_graph(settings: TransferSettings, start: str) -> OnnxSession:
    """Return the graph from a frame to the features of ``start``, written once."""
    path = settings.run_folder / f"features-{start}.onnx"
    if not path.is_file():
        export_by_frame(PooledGraph(started(settings, start)), path, OUTPUTS)
    return OnnxSession(path, "cpu")


def clip_features(
    settings: TransferSettings, start: str, clips: Clips, *, masked: bool
) -> Floats:
    """Return the mean features ``(clips, 784)`` of ``start``, made once.

    ``masked`` blackens what lies above the pleura that the dense start finds
    (arXiv 2201.07368).
    """
    path = settings.run_folder / f"features-{start}{'-masked' * masked}.npy"
    if path.is_file():
        stored: Floats = np.load(path)
        if len(stored) == len(clips.files):
            return stored
    graph = feature_graph(settings, start)
    finder = feature_graph(settings, "dense") if masked else None
    rows = []
    for file in clips.files:
        frames = open_cached(Path(settings.cache), file).frames
        chosen = [frames[i] for i in spread(len(frames), settings.clip_frames)]
        rows.append(np.mean([_features(graph, frame, finder) for frame in chosen], 0))
    features = np.stack(rows).astype(np.float32)
    with written(path) as out:
        np.save(out, features)
    return features


def _features(graph: OnnxSession, frame: Frame, finder: OnnxSession | None) -> Floats:
    if finder is not None:
        frame = without_chest_wall(frame, _run(finder, frame, "labels"))
    return _run(graph, frame, "features")


def _run(graph: OnnxSession, frame: Frame, output: str) -> NDArray[Any]:
    values = normalised(frame[None]).numpy()
    found: NDArray[Any] = graph.run({"frame": values}, CancelToken())[output][0]
    return found


def without_chest_wall(frame: Frame, labels: Frame) -> Frame:
    """Return ``frame`` black above the pleura of ``labels``, both ``(224, 224)``.

    Between and beside the columns that show it the pleura is carried on. A frame
    that hardly shows any stays as it is.
    """
    rows = pleura_rows(labels)
    seen = np.flatnonzero(np.isfinite(rows))
    if len(seen) < _SEEN_LEAST * len(rows):
        return frame
    depth = np.interp(np.arange(len(rows)), seen, rows[seen]) - _KEPT_ABOVE
    above = np.arange(len(frame))[:, None] < depth[None]
    return np.where(above, 0, frame).astype(np.uint8)
