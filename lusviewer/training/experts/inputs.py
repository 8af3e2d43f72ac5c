"""What experts decide by: a clip's probabilities, measured values and embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from lusviewer.experts.features import MEASURED_FEATURES
from lusviewer.findings import LABELS
from lusviewer.training.measure.pocus import predictions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lusviewer.experts.expert import Expert
    from lusviewer.training.measure.clip_store import ReadClip

    Array = NDArray[np.float64]

N_LABELS: Final = len(LABELS)
MEASURED: Final = tuple(MEASURED_FEATURES)


def labels(clips: Sequence[ReadClip]) -> Array:
    """Return the probabilities of the 38 labels ``(n, 38)``, the highest of frames."""
    return np.stack([clip.probabilities[:N_LABELS] for clip in clips])


def said(clips: Sequence[ReadClip]) -> Array:
    """Return all 43 probabilities, highest and mean, and what is measured."""
    highest = np.stack([clip.probabilities for clip in clips])
    mean = np.stack([clip.frames.mean(axis=0) for clip in clips])
    return np.concatenate([highest, mean, measured(clips)], axis=1)


def measured(clips: Sequence[ReadClip]) -> Array:
    """Return the measured features ``(n, 13)``, NaN where there is none."""
    rows = []
    for clip in clips:
        features = clip.features()
        rows.append([features[key] for key in MEASURED])
    return np.array(rows, np.float64)


def answers(clips: Sequence[ReadClip], experts: Sequence[Expert]) -> Array:
    """Return what the shipped models say: five findings, then each expert's classes."""
    findings = np.stack([clip.probabilities[N_LABELS:] for clip in clips])
    said_of = [
        np.array([one.probabilities for one in predictions(expert, clips)], np.float64)
        for expert in experts
    ]
    return np.concatenate([findings, *said_of], axis=1)


def embedding(clips: Sequence[ReadClip]) -> Array:
    """Return the embedding ``(n, 128)``, the mean over frames."""
    return np.stack([clip.embeddings.mean(axis=0) for clip in clips]).astype(np.float64)
