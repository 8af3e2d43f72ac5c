"""Drawn frames on the model's grid, with their dense labels and what they show."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.files import written
from lusviewer.findings import FINDINGS
from lusviewer.inference.frames import crop_to_grid
from lusviewer.io import open_clip
from lusviewer.training.data.line_frame import LineFrame
from lusviewer.training.data.phantom_set import labels_to_grid
from lusviewer.training.lines.labels import (
    LabelledClip,
    LabelledFrame,
    as_json,
    dense,
    read_folder,
)
from lusviewer.training.lines.split import line_split

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.cancel import CancelToken
    from lusviewer.geometry import FrameGeometry

_KINDS: Final = {
    "a_lines": "a_line",
    "b_lines": "b_line",
    "consolidation": "consolidation",
    "effusion": "effusion",
}
_DRAWING: Final = 3
"""Counts the ways drawn things were made into class maps, for the cache's sake."""

_PROBABLE: Final = 0.6
_PARTLY_UNSURE: Final = 0.5
"""How much an absence counts where part of the frame is unsure."""


def line_frames(
    folder: Path, collection: Path, part: str, cache: Path, cancel: CancelToken
) -> list[LineFrame]:
    """Return the drawn frames of ``part``, decoded once into ``cache``.

    ``folder`` holds the labels, ``collection`` the clips they were drawn on.
    """
    files = frozenset(line_split()[part])
    found = []
    for labelled in read_folder(folder):
        if labelled.clip in files:
            cancel.check()
            found += _frames_of(labelled, collection, cache, cancel)
    if not found:
        msg = f"{folder} holds no drawn frames of the part '{part}'."
        raise TrainingError(msg, hint="docs/line-labels.md says what it should hold.")
    return found


def _frames_of(
    labelled: LabelledClip, collection: Path, cache: Path, cancel: CancelToken
) -> list[LineFrame]:
    said = f"{_DRAWING} {as_json(labelled)}"
    key = hashlib.sha256(said.encode()).hexdigest()[:20]
    path = cache / f"lines-{key}.npz"
    if not path.is_file():
        frames, labels = _decoded(labelled, collection, cancel)
        cache.mkdir(parents=True, exist_ok=True)
        with written(path) as file:
            np.savez_compressed(file, frames=frames, labels=labels)
    with np.load(path) as stored:
        frames, labels = stored["frames"], stored["labels"]
    return [
        LineFrame(labelled.clip, drawn.index, frame, label, *what_it_shows(drawn))
        for drawn, frame, label in zip(labelled.frames, frames, labels, strict=True)
    ]


def _decoded(
    labelled: LabelledClip, collection: Path, cancel: CancelToken
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    clip = open_clip(collection / labelled.clip)
    try:
        geometry = clip.locate(cancel)
        frames = [
            crop_to_grid(clip.frame(drawn.index), geometry) for drawn in labelled.frames
        ]
    finally:
        clip.close()
    labels = [dense_on_grid(drawn, geometry) for drawn in labelled.frames]
    return np.stack(frames), np.stack(labels)


def dense_on_grid(drawn: LabelledFrame, geometry: FrameGeometry) -> NDArray[np.uint8]:
    """Return the dense labels of a drawn frame on the model's grid."""
    return labels_to_grid(dense(drawn, geometry), geometry)


def what_it_shows(
    drawn: LabelledFrame,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the values and weights ``(5,)`` of the findings on a drawn frame."""
    sure = 1.0 if drawn.certainty == "sure" else _PROBABLE
    absent = sure * (_PARTLY_UNSURE if drawn.of("unsure") else 1.0)
    values = np.zeros(len(FINDINGS), np.float32)
    weights = np.zeros(len(FINDINGS), np.float32)
    for finding, kind in _KINDS.items():
        at = FINDINGS.index(finding)
        values[at] = bool(drawn.of(kind))
        weights[at] = sure if values[at] else absent
    return values, weights
