"""Scores of whole clips, as the viewer makes them: the most over the frames."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from lusviewer.files import written
from lusviewer.training.nets.temporal import EmbeddedClip, embed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.inference.session import OnnxSession
    from lusviewer.training.data.pocus_labels import PocusClip
    from lusviewer.training.data.shards import Shard
    from lusviewer.training.nets.network import TemporalNetwork


@dataclass(frozen=True, slots=True)
class ScoredClip:
    """A clip's uncalibrated logits ``(43,)``, the labels' then the findings'.

    ``truth`` ``(43,)`` is given for simulated clips, ``known`` for real ones.
    """

    logits: NDArray[np.float64]
    truth: NDArray[np.uint8] | None = None
    known: PocusClip | None = None


def simulated_clips(
    graph: OnnxSession, shards: Iterable[Shard], store: Path
) -> list[EmbeddedClip]:
    """Return the clips of rendered ``shards``, embedded once into ``store``."""
    clips = []
    for shard in shards:
        for scene in np.unique(shard.scene):
            rows = shard.scene == scene
            name = f"scene-{scene}"
            frames = shard.frames[rows]
            clips.append(
                EmbeddedClip(_kept(graph, frames, store / name), shard.truth[rows])
            )
    return clips


def real_clips(
    graph: OnnxSession, cache: Path, known: Sequence[PocusClip], store: Path
) -> list[EmbeddedClip]:
    """Return the decoded clips among ``known``, embedded once into ``store``."""
    from lusviewer.training.data.real_clips import (  # noqa: PLC0415 - decoding libraries
        is_cached,
        open_cached,
    )

    clips = []
    for clip in known:
        if is_cached(cache, clip.file):
            name = hashlib.sha256(clip.file.encode()).hexdigest()[:20]
            frames = open_cached(cache, clip.file).frames
            clips.append(EmbeddedClip(_kept(graph, frames, store / name), known=clip))
    return clips


def _kept(
    graph: OnnxSession, frames: NDArray[np.uint8], stem: Path
) -> NDArray[np.float32]:
    """Return the embeddings of ``frames``, from the file if they were made before."""
    path = stem.with_name(f"{stem.name}.npy")
    if path.is_file():
        stored: NDArray[np.float32] = np.load(path)
        return stored
    embeddings = embed(graph, frames)
    path.parent.mkdir(parents=True, exist_ok=True)
    with written(path) as file:
        np.save(file, embeddings)
    return embeddings


@torch.no_grad()
def score(temporal: TemporalNetwork, clips: Sequence[EmbeddedClip]) -> list[ScoredClip]:
    """Return each clip's largest logit over its frames."""
    scored = []
    for clip in clips:
        logits = temporal(torch.from_numpy(clip.embeddings)[None])[0].numpy()
        truth = None if clip.truth is None else clip.truth.max(0)
        scored.append(ScoredClip(logits.max(0).astype(np.float64), truth, clip.known))
    return scored
