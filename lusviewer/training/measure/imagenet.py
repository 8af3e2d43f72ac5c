"""Features of an encoder that has seen nothing but ImageNet: the usual baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.files import written
from lusviewer.inference.frames import MEAN, STD
from lusviewer.inference.session import OnnxSession

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.training.measure.clip_store import ClipStore, Source

FRAMES: Final = 12
"""Frames taken of a clip, spread evenly."""

_GRAPH: Final = "imagenet-lite0.onnx"


def spread(count: int, wanted: int = FRAMES) -> NDArray[np.intp]:
    """Return up to ``wanted`` of ``count`` frames' indices, spread evenly."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round()).astype(
        np.intp
    )


class ImageNetFeatures:
    """EfficientNet-Lite0's two coarsest levels, averaged: made once into ``folder``."""

    def __init__(self, folder: Path, store: ClipStore) -> None:
        self._folder = folder / "imagenet"
        self._store = store
        self._session: OnnxSession | None = None

    def of(self, source: Source) -> NDArray[np.float32]:
        """Return the features ``(n, 432)`` of twelve frames, fewer of short clips."""
        path = self._folder / self._store.file_of(source)
        if path.is_file():
            with np.load(path, allow_pickle=False) as stored:
                kept: NDArray[np.float32] = stored["features"]
                return kept
        frames, _ = self._store.decoded(source, CancelToken())
        features = np.concatenate([self._run(frames[i]) for i in spread(len(frames))])
        path.parent.mkdir(parents=True, exist_ok=True)
        with written(path) as file:
            np.savez(file, allow_pickle=False, features=features)
        return features

    def _run(self, frame: NDArray[np.uint8]) -> NDArray[np.float32]:
        if self._session is None:
            self._session = self._open()
        batch = ((frame.astype(np.float32) - MEAN) / np.float32(STD))[None, None]
        outputs = self._session.run({"frame": batch}, CancelToken())
        features: NDArray[np.float32] = outputs["embedding"]
        return features

    def _open(self) -> OnnxSession:
        from lusviewer.training.nets.export_onnx import (  # noqa: PLC0415 - torch
            export_features,
        )
        from lusviewer.training.nets.features import start_features  # noqa: PLC0415

        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / _GRAPH
        if not path.is_file():
            export_features(start_features("imagenet", 0), path)
        return OnnxSession(path, "cpu")
