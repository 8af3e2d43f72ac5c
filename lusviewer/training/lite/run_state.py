"""What a run has made so far: networks, embeddings; and the real clips' labels."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.training.data.pocus_labels import PocusClip, read_table
from lusviewer.training.data.shards import open_shards, shard_indices
from lusviewer.training.data.split import shipped_split
from lusviewer.training.lite.clip_scores import real_clips, simulated_clips
from lusviewer.training.lite.trainer import FRAME_STATE, SNAPSHOTS
from lusviewer.training.nets.checkpoint import load_mean, tensors
from lusviewer.training.nets.network import FrameNetwork, TemporalNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lusviewer.cancel import CancelToken
    from lusviewer.inference.session import OnnxSession
    from lusviewer.training.config import RunSettings, TrainingConfig
    from lusviewer.training.data.line_frame import LineFrame
    from lusviewer.training.nets.temporal import EmbeddedClip

TEMPORAL_STATE: Final = "temporal-state.npz"
"""The trained temporal head, in the run's folder."""


def known_clips(config: RunSettings) -> tuple[PocusClip, ...]:
    """Return the real clips' labels; none where the run is on the phantom alone."""
    folder = real_folder(config)
    return () if folder is None else read_table(folder)


def part_of(clips: tuple[PocusClip, ...], part: str) -> tuple[PocusClip, ...]:
    """Return the clips of ``part`` in the shipped split."""
    files = frozenset(shipped_split()[part])
    return tuple(clip for clip in clips if clip.file in files)


def drawn_frames(
    config: TrainingConfig, part: str, cancel: CancelToken
) -> list[LineFrame]:
    """Return the drawn real frames of ``part``; none where the run has no lines."""
    from lusviewer.training.lines.frames import line_frames  # noqa: PLC0415 - decoders

    folder = real_folder(config)
    if not config.lines or folder is None:
        return []
    labels = Path(config.lines)
    return line_frames(labels, folder, part, config.cache_folder, cancel)


def load_frame_network(config: TrainingConfig) -> FrameNetwork:
    """Return the frame network with the mean of the snapshots' averaged weights.

    Late in training the network fits the simulator more and more, real clips less;
    the mean over the way keeps both. ``snapshots_from`` and ``snapshots_to`` bound it.
    """
    network = FrameNetwork()
    paths = [
        path
        for path in sorted((config.run_folder / SNAPSHOTS).glob("*.npz"))
        if config.snapshots_from <= int(path.stem) <= config.snapshots_to
    ]
    load_mean(paths or [config.run_folder / FRAME_STATE], network)
    return network.eval()


def load_temporal_network(config: TrainingConfig) -> TemporalNetwork:
    """Return the trained temporal head."""
    network = TemporalNetwork()
    path = config.run_folder / TEMPORAL_STATE
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    network.load_state_dict(tensors(arrays, "avg/"))
    return network.eval()


def exported_frame_graph(config: TrainingConfig, network: FrameNetwork) -> OnnxSession:
    """Return ``network`` as the graph that is shipped, written to the run's folder."""
    from lusviewer.inference.session import OnnxSession  # noqa: PLC0415 - onnxruntime
    from lusviewer.training.nets.export_onnx import export_frame  # noqa: PLC0415

    path = config.run_folder / "frame.onnx"
    export_frame(network, path)
    return OnnxSession(path, "cpu")


def embedded(
    config: TrainingConfig, graph: OnnxSession, part: str
) -> list[EmbeddedClip]:
    """Return the simulated and real clips of ``part``, embedded."""
    sha256 = hashlib.sha256(graph.path.read_bytes()).hexdigest()
    store = config.run_folder / f"embeddings-{sha256[:16]}"
    simulated = []
    if shard_indices(config.clips_folder, part):
        simulated = simulated_clips(
            graph, open_shards(config.clips_folder, part), store
        )
    known = part_of(known_clips(config), part)
    return simulated + real_clips(graph, config.cache_folder, known, store)


def real_folder(config: RunSettings) -> Path | None:
    """Return the POCUS folder of the settings or the environment, None for neither."""
    named = config.real or os.environ.get("LUSVIEWER_REAL_DATA", "")
    if not named:
        return None
    folder = Path(named)
    return folder if (folder / "labels.csv").is_file() else folder / "pocus"


def needed_real_folder(config: RunSettings) -> Path:
    """Return the POCUS folder; raise ``TrainingError`` where none is given."""
    folder = real_folder(config)
    if folder is None:
        msg = "The folder of the POCUS collection is not given."
        raise TrainingError(msg, hint="Give it with --real or LUSVIEWER_REAL_DATA.")
    return folder


def decode_files(
    config: RunSettings, files: Sequence[str], cache: Path, cancel: CancelToken
) -> Iterator[dict[str, Any]]:
    """Decode the collection's ``files`` into ``cache``; yield those skipped."""
    from lusviewer.training.data.real_clips import cache_clips  # noqa: PLC0415

    for file, error in cache_clips(needed_real_folder(config), files, cache, cancel):
        if error:
            yield {"event": "skipped", "file": file, "why": error}
