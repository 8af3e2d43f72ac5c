"""Dense labels of real frames from a network, where it agrees with itself over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.files import written
from lusviewer.findings import CLASSES, FINDINGS
from lusviewer.training.data.batches import normalised
from lusviewer.training.data.line_frame import LineFrame
from lusviewer.training.lines.labels import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.inference.session import OnnxSession
    from lusviewer.training.data.real_clips import CachedClip

    Labels = NDArray[np.uint8]

_OUTSIDE: Final = CLASSES.index("outside")


def agreeing(before: Labels, now: Labels, after: Labels) -> tuple[Labels, float]:
    """Return the labels ``now`` where its neighbours in time say the same.

    255 where they do not; and the share of the pixels that any of the three takes for
    more than the outside on which they agree.
    """
    same = (before == now) & (now == after)
    shown = (before != _OUTSIDE) | (now != _OUTSIDE) | (after != _OUTSIDE)
    share = float(same[shown].mean()) if shown.any() else 0.0
    return np.where(same, now, UNKNOWN).astype(np.uint8), share


def taught_frames(
    graph: OnnxSession, clip: CachedClip, most: int, agreed: float
) -> list[LineFrame]:
    """Return up to ``most`` frames of a clip, spread evenly, with labels of ``graph``.

    Frames whose neighbours agree on less than ``agreed`` of it are left out; of the
    findings nothing is known.
    """
    last = len(clip.frames) - 1
    if last < 2:
        return []
    nothing = np.zeros(len(FINDINGS), np.float32)
    found = []
    for index in np.unique(np.linspace(1, last - 1, most).round().astype(int)):
        maps = [labels_of(graph, clip.frames[i]) for i in (index - 1, index, index + 1)]
        labels, share = agreeing(*maps)
        if share >= agreed:
            frame = np.array(clip.frames[index])
            found.append(
                LineFrame(clip.file, int(index), frame, labels, nothing, nothing)
            )
    return found


def labels_of(graph: OnnxSession, frame: NDArray[np.uint8]) -> Labels:
    """Return the class map ``(224, 224)`` of a frame on the grid."""
    said = graph.run({"frame": normalised(frame[None]).numpy()}, CancelToken())
    return np.asarray(said["labels"][0], np.uint8)


def save_taught(path: Path, frames: Sequence[LineFrame]) -> None:
    """Write frames with a teacher's labels to ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written(path) as file:
        np.savez_compressed(
            file,
            allow_pickle=False,
            clip=np.array([one.clip for one in frames]),
            index=np.array([one.index for one in frames]),
            frame=np.stack([one.frame for one in frames]),
            labels=np.stack([one.labels for one in frames]),
        )


def load_taught(path: Path) -> list[LineFrame]:
    """Return the frames that ``save_taught`` wrote."""
    nothing = np.zeros(len(FINDINGS), np.float32)
    with np.load(path, allow_pickle=False) as stored:
        arrays = [stored[name] for name in ("clip", "index", "frame", "labels")]
    return [
        LineFrame(str(clip), int(index), frame, labels, nothing, nothing)
        for clip, index, frame, labels in zip(*arrays, strict=True)
    ]
